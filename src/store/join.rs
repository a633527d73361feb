//! Columns of another store brought in by a key: a catalogue of items, or customers.

use arrow_array::{Array, ArrayRef};

use super::{Chunk, Store, StoredColumn};
use crate::event::ColumnType;
use crate::kernel::column;
use crate::kernel::form::Forms;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::values::{Rows, Values, gather};
use crate::{Error, Result};

/// What did and did not match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// Rows whose key the other store has.
    pub matched: u64,
    /// Distinct keys that it does not have.
    pub keys_without: u64,
    /// Rows of the other store whose key had come before: the first one is taken.
    pub repeated: u64,
    /// For each row of the other store, whether some row here has its key.
    pub used: Vec<bool>,
}

impl Store {
    /// Adds `columns` of another store behind those that are here, for each row those of the other's first row of the same
    /// key, null where there is none or the key is null; behind them, if there is to be an `indicator`, whether there is one.
    /// Keys of different types are compared as they were written.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` when the other store has no rows, or one of them is not sealed.
    pub fn join(&mut self, key: usize, other: &Self, other_key: usize, columns: &[usize], indicator: bool) -> Result<Matches> {
        if other.n_rows() == 0 {
            return Err(Error::bad_state("there is no row to join with"));
        }
        let as_text = self.columns[key].column_type != other.columns[other_key].column_type;
        let (mut ids, first_rows, mut matches) = other.first_rows(other_key, as_text)?;
        let n_known = ids.len();
        let mut joined: Vec<StoredColumn> = columns.iter().map(|&at| other.columns[at].without_rows()).collect();
        let values: Vec<Values> = columns.iter().map(|&at| other.columns[at].values()).collect::<Result<_>>()?;
        let mut is_matched = StoredColumn::new(ColumnType::Bool);
        for chunk in 0..self.n_batches() {
            let numbers = ids.of(&self.columns[key].keys(chunk, as_text)?)?;
            let rows: Vec<Option<u32>> =
                numbers.iter().map(|&number| first_rows.get(number as usize).copied().flatten()).collect();
            for &row in rows.iter().flatten() {
                matches.used[row as usize] = true;
                matches.matched += 1;
            }
            for (to, values) in joined.iter_mut().zip(&values) {
                to.push(match to.column_type {
                    ColumnType::Null => column::nulls(ColumnType::Null, rows.len())?,
                    column_type => column::hold(values.take_known(&rows), column_type)?,
                });
            }
            let flags: Vec<i64> = rows.iter().map(|row| i64::from(row.is_some())).collect();
            is_matched.push(column::bools(&flags, None));
        }
        matches.keys_without = (ids.len() - n_known) as u64;
        self.columns.extend(joined);
        self.columns.extend(indicator.then_some(is_matched));
        Ok(matches)
    }

    /// Adds a column that says of each row what `flags` do.
    pub fn mark(&mut self, flags: &[bool]) {
        let mut column = StoredColumn::new(ColumnType::Bool);
        let mut rest = flags.iter();
        for &n_rows in &self.chunk_rows {
            let flags: Vec<i64> = (0..n_rows).map(|_| i64::from(rest.next() == Some(&true))).collect();
            column.push(column::bools(&flags, None));
        }
        self.columns.push(column);
    }

    /// Numbers for the keys, the first row of each number, and how many rows are no first ones. Null has no row.
    fn first_rows(&self, key: usize, as_text: bool) -> Result<(Ids, Vec<Option<u32>>, Matches)> {
        let mut ids: Option<Ids> = None;
        let (mut first_rows, mut row) = (vec![None], 0);
        let mut matches = Matches { used: vec![false; self.n_rows()], ..Matches::default() };
        for chunk in 0..self.n_batches() {
            let keys = self.columns[key].keys(chunk, as_text)?;
            for number in ids.get_or_insert_with(|| Ids::like(&keys)).of(&keys)? {
                let number = number as usize;
                first_rows.resize(first_rows.len().max(number + 1), None);
                if number != NULL as usize {
                    matches.repeated += u64::from(first_rows[number].is_some());
                    first_rows[number].get_or_insert(row);
                }
                row += 1;
            }
        }
        Ok((ids.unwrap_or_else(Ids::no_texts), first_rows, matches))
    }
}

impl StoredColumn {
    /// One of the same values, which no row has yet.
    fn without_rows(&self) -> Self {
        Self { dictionary: self.dictionary.clone(), ..Self::new(self.column_type) }
    }

    /// Takes further rows of its own type and texts in.
    fn push(&mut self, array: ArrayRef) {
        self.n_nulls += array.null_count() as u64;
        self.chunks.push(Chunk::Values { array, forms: Forms::Plain });
    }

    fn keys(&self, chunk: usize, as_text: bool) -> Result<Values> {
        let Some(Chunk::Values { array, forms }) = self.chunks.get(chunk) else {
            return Err(Error::bad_state("a store is joined before it is sealed"));
        };
        let n_rows = array.len();
        if !as_text || self.holds_texts() {
            return gather(array, &Rows::All(n_rows));
        }
        match column::widen(array, forms, self.column_type, ColumnType::Text)? {
            Some((texts, _)) => gather(&texts, &Rows::All(n_rows)),
            None => Err(Error::bad_state("text holds every value")),
        }
    }

    fn values(&self) -> Result<Values> {
        let chunks = (0..self.chunks.len()).map(|chunk| self.keys(chunk, false));
        Values::concat(chunks.collect::<Result<_>>()?)
    }
}
