//! How a typed value was written, so that it can be written back byte for byte.

/// How one value was written, beyond its value; its bits belong to the type's own module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form(pub u32);

/// The forms of a column's values in one batch: as a rule all are written alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Forms {
    /// Nothing written yet, or nothing but the type's plain form.
    #[default]
    Plain,
    /// All values are written alike.
    Alike(Form),
    /// One form for each row, nulls included.
    Each(Vec<Form>),
}

impl Forms {
    /// Notes the form of the value at `row`; rows that were passed over keep any form.
    #[inline]
    pub fn push(&mut self, row: usize, form: Form) {
        match self {
            Self::Alike(seen) if *seen == form => {}
            _ => self.push_other(row, form),
        }
    }

    #[cold]
    fn push_other(&mut self, row: usize, form: Form) {
        match self {
            Self::Plain => *self = Self::Alike(form),
            Self::Alike(seen) => {
                let mut each = vec![*seen; row];
                each.push(form);
                *self = Self::Each(each);
            }
            Self::Each(each) => {
                each.resize(row, Form::default());
                each.push(form);
            }
        }
    }

    /// The form of the value at `row`.
    pub fn get(&self, row: usize) -> Form {
        match self {
            Self::Plain => Form::default(),
            Self::Alike(form) => *form,
            Self::Each(each) => each.get(row).copied().unwrap_or_default(),
        }
    }

    /// The forms at some rows, in that order.
    pub fn take(&self, rows: &[u32]) -> Self {
        match self {
            Self::Each(_) => Self::Each(rows.iter().map(|&row| self.get(row as usize)).collect()),
            alike => alike.clone(),
        }
    }

    /// Bytes held on the heap.
    pub fn size(&self) -> usize {
        match self {
            Self::Each(each) => 4 * each.capacity(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_each_value_s_form() {
        let mut forms = Forms::default();
        for (row, form) in [(0, 2), (1, 2), (4, 2), (5, 3), (9, 2)] {
            forms.push(row, Form(form));
        }
        assert_eq!([0, 1, 4, 5, 9].map(|row| forms.get(row).0), [2, 2, 2, 3, 2]);
    }
}
