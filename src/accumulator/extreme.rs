//! `min` and `max`, of any type; text by bytes.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::{Accumulator, held, only};
use crate::event::ColumnType;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// The least or greatest value. Result: the column's type, null for no values.
#[derive(Debug)]
pub struct Extreme {
    greatest: bool,
    column_type: ColumnType,
    best: Vec<Option<i128>>,
    /// Text is compared by its number's text: `best` holds the number.
    texts: Option<Ids>,
}

impl Extreme {
    /// The least value of a column of that type.
    pub fn min(column_type: ColumnType) -> Self {
        Self { greatest: false, column_type, best: vec![], texts: None }
    }

    /// The greatest value of a column of that type.
    pub fn max(column_type: ColumnType) -> Self {
        Self { greatest: true, ..Self::min(column_type) }
    }

    fn take_in(&mut self, groups: &[u32], n_groups: usize, values: &Values) -> Result<()> {
        self.best.resize(n_groups, None);
        match &values.data {
            Data::Ints(ints) => self.compare(groups, ints.iter().map(|&v| i128::from(v)), values),
            Data::Wide(wide) => self.compare(groups, wide.iter().copied(), values),
            Data::Codes(..) => self.compare_texts(groups, values)?,
            Data::Floats(_) | Data::Ranked(..) => return Err(Error::bad_state("an extreme of values of another shape")),
        }
        Ok(())
    }

    #[inline]
    fn compare(&mut self, groups: &[u32], numbers: impl Iterator<Item = i128>, values: &Values) {
        for (row, (&group, number)) in groups.iter().zip(numbers).enumerate() {
            let best = &mut self.best[group as usize];
            if values.is_valid(row) && best.is_none_or(|best| if self.greatest { number > best } else { number < best }) {
                *best = Some(number);
            }
        }
    }

    fn compare_texts(&mut self, groups: &[u32], values: &Values) -> Result<()> {
        let ids = self.texts.get_or_insert_with(|| Ids::like(values));
        for (&group, number) in groups.iter().zip(ids.of(values)?) {
            let best = &mut self.best[group as usize];
            let better = |best: i128| {
                let (old, new) = (ids.text(best as u32), ids.text(number));
                best != i128::from(number) && if self.greatest { new > old } else { new < old }
            };
            if number != NULL && best.is_none_or(better) {
                *best = Some(i128::from(number));
            }
        }
        Ok(())
    }
}

impl Accumulator for Extreme {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.take_in(groups, n_groups, only(columns)?)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![self.result_type().arrow()]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(groups)?.to_array(self.result_type())?])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        let values = gather(&state[0], &Rows::All(state[0].len()))?;
        self.take_in(groups, n_groups, &values)
    }

    fn result_type(&self) -> ValueType {
        ValueType::Of(self.column_type)
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let best = held(&self.best, groups);
        let valid = best.contains(&None).then(|| best.iter().map(Option::is_some).collect());
        let numbers = best.into_iter().map(Option::unwrap_or_default);
        let data = match self.column_type {
            ColumnType::Text | ColumnType::Null => {
                let numbers: Vec<u32> = numbers.map(|n| n as u32).collect();
                match &self.texts {
                    Some(ids) => ids.values(&numbers).data,
                    None => Ids::no_texts().values(&numbers).data,
                }
            }
            ColumnType::Decimal { .. } | ColumnType::Uuid => Data::Wide(numbers.collect()),
            _ => Data::Ints(numbers.map(|n| n as i64).collect()),
        };
        Ok(Values { data, valid })
    }

    fn size(&self) -> usize {
        32 * self.best.capacity() + self.texts.as_ref().map_or(0, Ids::size)
    }
}
