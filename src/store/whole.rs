//! All rows of a store as batches in the order of the data, and a store of such.

use arrow_array::Array;

use super::places::Places;
use super::{Chunk, Store, StoredColumn};
use crate::Result;
use crate::event::ColumnType;
use crate::kernel::batch::{Batch, BatchColumn};
use crate::kernel::column;
use crate::kernel::form::Forms;
use crate::kernel::order;
use crate::kernel::values::Texts;

impl Store {
    /// All rows, in the order of their places in the data. The store may hold them in that order afterwards.
    ///
    /// # Errors
    ///
    /// When text came in after the last [`seal`](Store::seal).
    pub fn batches(&mut self) -> Result<Vec<Batch>> {
        let places: Vec<u32> = (0..self.n_rows()).map(|row| self.places.get(row)).collect();
        if !places.is_sorted() {
            let mut order: Vec<u32> = (0..places.len() as u32).collect();
            order::sort_by(&mut order, &|a, b| places[a as usize].cmp(&places[b as usize]));
            self.reorder(&order)?;
            self.places = Places::listed(order.iter().map(|&row| places[row as usize]).collect());
            self.arranged = None;
        }
        let batch = |(at, &n_rows): (usize, &usize)| {
            let columns = self.columns.iter().map(|column| column.batch_column(at));
            Ok(Batch { columns: columns.collect::<Result<_>>()?, n_rows })
        };
        self.chunk_rows.iter().enumerate().map(batch).collect()
    }

    /// A store of these rows. All batches have columns of these types, and those of text have one dictionary throughout, of
    /// which only the texts in use are kept.
    ///
    /// # Errors
    ///
    /// When a batch has other columns.
    pub fn of_batches(types: &[ColumnType], batches: Vec<Batch>) -> Result<Self> {
        let mut store = Self::of_types(types)?;
        let mut moved: Vec<Option<(Texts, Vec<u32>)>> = vec![None; types.len()];
        for batch in batches {
            for ((stored, column), moved) in store.columns.iter_mut().zip(batch.columns).zip(&mut moved) {
                if stored.holds_texts() {
                    stored.append_texts(&column, moved)?;
                } else {
                    stored.append(column)?;
                }
            }
            store.chunk_rows.push(batch.n_rows);
        }
        store.seal()?;
        Ok(store)
    }
}

/// The place of a text that no row had yet.
const UNSEEN: u32 = u32::MAX;

impl StoredColumn {
    fn batch_column(&self, at: usize) -> Result<BatchColumn> {
        let forms = match &self.chunks[at] {
            Chunk::Values { forms, .. } => forms.clone(),
            Chunk::Codes { .. } => Forms::Plain,
        };
        Ok(BatchColumn { array: self.array(at)?, forms, column_type: self.column_type })
    }

    /// Takes in texts by the code that each of them has here, which is looked up when a row has it.
    fn append_texts(&mut self, column: &BatchColumn, moved: &mut Option<(Texts, Vec<u32>)>) -> Result<()> {
        let (mut codes, texts) = column::codes(&column.array)?;
        let texts = Texts(texts);
        let known = match moved {
            Some((of, known)) if of.is(&texts) => known,
            _ => &mut moved.insert((texts.clone(), vec![UNSEEN; texts.0.len()])).1,
        };
        let nulls = column.array.nulls().cloned();
        for (row, code) in codes.iter_mut().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                *code = 0;
                continue;
            }
            let place = &mut known[*code as usize];
            if *place == UNSEEN {
                *place = self.dictionary.code(texts.get(*code).as_bytes())?;
            }
            *code = *place;
        }
        if self.dictionary.is_empty() {
            self.dictionary.code(b"")?; // nulls point at something
        }
        self.n_nulls += column.array.null_count() as u64;
        self.chunks.push(Chunk::Codes { codes, nulls });
        Ok(())
    }
}
