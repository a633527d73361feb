//! How often each value of a column occurs, without groups: what a profile of the column is told from, exactly.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};

use super::lists::{from_column, is_text, to_column, write_value};
use crate::event::ColumnType;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::values::Values;
use crate::{Error, Result};

/// Counts each different value of one column, and its nulls.
///
/// It holds a counter of 8 bytes for each different value beside the value itself. The state lists the values with their
/// counts, and has the count of the nulls.
#[derive(Debug)]
pub struct Occurrences {
    column_type: ColumnType,
    ids: Option<Ids>,
    /// By the values' numbers; 0 for those that have a number and did not occur.
    counts: Vec<i64>,
}

impl Occurrences {
    /// Of no value yet of a column of that type.
    pub fn new(column_type: ColumnType) -> Self {
        Self { column_type, ids: None, counts: vec![0] }
    }

    /// The type of the column.
    pub fn column_type(&self) -> ColumnType {
        self.column_type
    }

    /// How many values have come, nulls among them.
    pub fn n_rows(&self) -> i64 {
        self.counts.iter().sum()
    }

    /// How many of them are null.
    pub fn n_nulls(&self) -> i64 {
        self.counts[NULL as usize]
    }

    /// The numbers of the values that occur, null's apart, and how often each does; in no order that means anything.
    pub fn counted(&self) -> (Vec<u32>, Vec<i64>) {
        let known = self.counts.iter().zip(0..).skip(1);
        known.filter(|(count, _)| **count > 0).map(|(&count, number)| (number, count)).unzip()
    }

    /// The values by their numbers; none while all are null.
    pub fn ids(&self) -> Option<&Ids> {
        self.ids.as_ref()
    }

    /// Takes values in; integers may come as places, as from [`gather_ranked`](crate::kernel::values::gather_ranked).
    ///
    /// # Errors
    ///
    /// When the values have another shape than before.
    pub fn update(&mut self, values: &Values) -> Result<()> {
        self.take_in(values, |_| 1)
    }

    /// The state: the list of the values, and the count of the nulls; one row.
    ///
    /// # Errors
    ///
    /// When the list takes more than 2 GiB.
    pub fn state(&self) -> Result<[ArrayRef; 2]> {
        let (numbers, counts) = self.counted();
        let values = self.ids.as_ref().map(|ids| ids.values(&numbers));
        let mut list = vec![];
        for (row, count) in counts.iter().enumerate() {
            values.iter().for_each(|values| write_value(values, row, &mut list));
            list.extend_from_slice(&count.to_le_bytes());
        }
        Ok([to_column(&[list])?, Arc::new(Int64Array::from(vec![self.n_nulls()]))])
    }

    /// Takes in another's state.
    ///
    /// # Errors
    ///
    /// When the columns are not such a state.
    pub fn merge(&mut self, [list, nulls]: [&ArrayRef; 2]) -> Result<()> {
        let not_a_state = || Error::bad_state("not the state of a column's values");
        let nulls = nulls.as_primitive_opt::<Int64Type>().filter(|nulls| nulls.values().len() == 1).ok_or_else(not_a_state)?;
        if list.len() != 1 {
            return Err(not_a_state());
        }
        let listed = from_column::<8>(list, &[0], is_text(self.column_type))?;
        self.counts[NULL as usize] += nulls.value(0);
        if listed.groups.is_empty() {
            return Ok(());
        }
        self.take_in(&listed.values, |row| i64::from_le_bytes(listed.rest[row]))
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.ids.as_ref().map_or(0, Ids::size) + 8 * self.counts.capacity()
    }

    fn take_in(&mut self, values: &Values, count: impl Fn(usize) -> i64) -> Result<()> {
        let ids = self.ids.get_or_insert_with(|| Ids::like(values));
        let numbers = ids.of(values)?;
        self.counts.resize(ids.len(), 0);
        numbers.iter().enumerate().for_each(|(row, &number)| self.counts[number as usize] += count(row));
        Ok(())
    }
}
