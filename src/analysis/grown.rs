//! Columns that grow row by row while a question is answered.

use super::table::empty;
use crate::event::ColumnType;
use crate::kernel::ids::Ids;
use crate::kernel::values::{Data, ValueType, Values};
use crate::{Error, Result};

/// A column that grows; text as numbers of its own.
#[derive(Debug)]
pub(super) struct Grown {
    value_type: ValueType,
    ints: Vec<i64>,
    wide: Vec<i128>,
    floats: Vec<f64>,
    numbers: Vec<u32>,
    texts: Option<Ids>,
    valid: Vec<bool>,
}

impl Grown {
    pub(super) fn new(value_type: ValueType) -> Self {
        let is_text = matches!(value_type, ValueType::Of(ColumnType::Text | ColumnType::Null));
        let texts = is_text.then(Ids::no_texts);
        Self { value_type, ints: vec![], wide: vec![], floats: vec![], numbers: vec![], texts, valid: vec![] }
    }

    /// # Errors
    ///
    /// `BAD_STATE` for values of another shape than those before.
    pub(super) fn push(&mut self, values: &Values) -> Result<()> {
        match (&values.data, &mut self.texts) {
            (Data::Codes(..), Some(texts)) => self.numbers.extend(texts.of(values)?),
            (Data::Ints(v), None) if self.wide.is_empty() => self.ints.extend_from_slice(v),
            (Data::Ints(v), None) => self.wide.extend(v.iter().map(|&v| i128::from(v))),
            (Data::Wide(v), None) => {
                self.wide.extend(std::mem::take(&mut self.ints).into_iter().map(i128::from));
                self.wide.extend_from_slice(v);
            }
            (Data::Floats(v), None) => self.floats.extend_from_slice(v),
            _ => return Err(Error::bad_state("a column changed its type between two batches")),
        }
        self.valid.extend((0..values.len()).map(|row| values.is_valid(row)));
        Ok(())
    }

    pub(super) fn values(&self) -> Values {
        if self.valid.is_empty() {
            return empty(self.value_type);
        }
        let data = match &self.texts {
            Some(texts) => texts.values(&self.numbers).data,
            None if !self.wide.is_empty() => Data::Wide(self.wide.clone()),
            None if !self.floats.is_empty() => Data::Floats(self.floats.clone()),
            None => Data::Ints(self.ints.clone()),
        };
        let all_valid = self.valid.iter().all(|&valid| valid);
        Values { data, valid: (!all_valid).then(|| self.valid.clone()) }
    }

    /// The given rows alone, in that order.
    pub(super) fn retain(&mut self, rows: &[u32]) {
        fn keep<T: Copy>(values: &mut Vec<T>, rows: &[u32]) {
            if !values.is_empty() {
                *values = rows.iter().map(|&row| values[row as usize]).collect();
            }
        }
        keep(&mut self.ints, rows);
        keep(&mut self.wide, rows);
        keep(&mut self.floats, rows);
        keep(&mut self.numbers, rows);
        keep(&mut self.valid, rows);
    }

    pub(super) fn size(&self) -> usize {
        8 * (self.ints.capacity() + self.floats.capacity())
            + 16 * self.wide.capacity()
            + 4 * self.numbers.capacity()
            + self.valid.capacity()
            + self.texts.as_ref().map_or(0, Ids::size)
    }
}
