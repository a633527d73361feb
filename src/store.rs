//! The rows of a data set: batches of narrow columns in the order in which they came.
//!
//! Text is held once, as codes into one dictionary per column. A column that arrives with a wider type
//! than the rows before it takes those along: they are widened in place.

mod arrange;
mod dates;
mod exchange;
mod join;
mod places;
#[cfg(feature = "live")]
mod rolling;
#[cfg(feature = "formats")]
mod whole;

use arrange::Arranged;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_buffer::NullBuffer;
pub use exchange::Exchange;
pub use join::Matches;
use places::Places;

use crate::event::ColumnType;
use crate::kernel::batch::{Batch, BatchColumn, GROUPED_BY, record_batch};
use crate::kernel::column;
use crate::kernel::dictionary::Dictionary;
use crate::kernel::form::{Form, Forms};
use crate::kernel::instant::form_of_times;
use crate::{Error, Result};

/// Columns of the same rows, cut into chunks.
#[derive(Clone, Debug, Default)]
pub struct Store {
    columns: Vec<StoredColumn>,
    chunk_rows: Vec<usize>,
    places: Places,
    /// How the first rows are arranged; none while all are as they came.
    arranged: Option<Arranged>,
    /// Whether other stores may have rows of the same actors.
    is_mixed: bool,
    /// Rows dropped since texts were forgotten.
    #[cfg(feature = "live")]
    n_gone: usize,
}

#[derive(Clone, Debug)]
struct StoredColumn {
    column_type: ColumnType,
    chunks: Vec<Chunk>,
    dictionary: Dictionary,
    /// How many texts were left when some were last forgotten.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "texts are forgotten where rows go"))]
    n_left_texts: usize,
    n_nulls: u64,
    /// Whether [`Store::rank_integers`] has nothing to do.
    is_ranked: bool,
}

/// Bytes that ranking may take for each row while it works.
const RANKING_BYTES: usize = 16;

#[derive(Clone, Debug)]
enum Chunk {
    /// Ready to be read.
    Values { array: ArrayRef, forms: Forms },
    /// Text that came since the last [`Store::seal`].
    Codes { codes: Vec<u32>, nulls: Option<NullBuffer> },
}

impl Store {
    /// A store of no rows.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn of_types(types: &[ColumnType]) -> Result<Self> {
        let mut store = Self::default();
        store.widen(types)?;
        Ok(store)
    }

    /// Takes a batch in behind the rows that are here. Columns that it has more are null for those.
    ///
    /// # Errors
    ///
    /// When the batch has fewer columns, or a text column outgrows 2 GiB of distinct text.
    pub fn append(&mut self, batch: Batch) -> Result<()> {
        self.add_columns(batch.columns.iter().map(|column| column.column_type))?;
        if self.columns.len() != batch.columns.len() {
            return Err(Error::bad_state(format!("expected {} columns, found {}", self.columns.len(), batch.columns.len())));
        }
        for (stored, column) in self.columns.iter_mut().zip(batch.columns) {
            stored.append(column)?;
        }
        self.chunk_rows.push(batch.n_rows);
        Ok(())
    }

    /// Adds the columns that are not here yet; no row has a value in them.
    fn add_columns(&mut self, types: impl Iterator<Item = ColumnType>) -> Result<()> {
        let new = types.skip(self.columns.len()).map(|t| StoredColumn::new(t).missing_in(&self.chunk_rows));
        let new: Vec<_> = new.collect::<Result<_>>()?;
        self.columns.extend(new);
        Ok(())
    }

    /// Says that the next rows have the places in the data from `place` on, where these are not those behind the last row's.
    pub fn go_on_at(&mut self, place: u32) {
        self.places.go_on(self.n_rows(), place);
    }

    /// Has the columns in another order: `at` says where each stands now, or that no row has it.
    ///
    /// # Errors
    ///
    /// Never, unless text outgrows 2 GiB.
    pub fn arrange_columns(&mut self, at: &[Option<usize>]) -> Result<()> {
        let mut columns: Vec<Option<StoredColumn>> = std::mem::take(&mut self.columns).into_iter().map(Some).collect();
        let column = |at: &Option<usize>| match at.and_then(|at| columns.get_mut(at)?.take()) {
            Some(column) => Ok(column),
            None => StoredColumn::new(ColumnType::Null).missing_in(&self.chunk_rows),
        };
        self.columns = at.iter().map(column).collect::<Result<_>>()?;
        Ok(())
    }

    /// Takes all rows of another store, which are in their own order, behind those that are here.
    ///
    /// # Errors
    ///
    /// As [`append`](Store::append).
    pub fn absorb(&mut self, other: Self) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = other.columns;
        } else {
            for (stored, column) in self.columns.iter_mut().zip(other.columns) {
                stored.absorb(column)?;
            }
        }
        self.chunk_rows.extend(other.chunk_rows);
        Ok(())
    }

    /// Widens each column to that type at the least. One whose values that type cannot hold becomes text; where there are
    /// more types than columns, further ones are added, which are null.
    ///
    /// # Errors
    ///
    /// When there are fewer types than columns.
    pub fn widen(&mut self, types: &[ColumnType]) -> Result<()> {
        self.add_columns(types.iter().map(|column_type| column_type.held()))?;
        if self.columns.len() != types.len() {
            return Err(Error::bad_state(format!("expected {} types, found {}", self.columns.len(), types.len())));
        }
        self.columns.iter_mut().zip(types).try_for_each(|(column, &to)| column.widen_for(to.held()))
    }

    /// Makes the batches ready to be read: text that came since the last call joins the shared dictionaries.
    ///
    /// # Errors
    ///
    /// Never, unless a code lost its text.
    pub fn seal(&mut self) -> Result<()> {
        self.columns.iter_mut().try_for_each(StoredColumn::seal)
    }

    /// Holds a column's integers as places in the list of its distinct ones, where that takes less memory than another
    /// copy of them: questions then group by them without hashing.
    ///
    /// # Errors
    ///
    /// Never, unless a chunk is of another type than its column.
    pub fn rank_integers(&mut self, column: usize) -> Result<()> {
        let n_rows = self.n_rows();
        self.columns[column].rank_integers(n_rows)
    }

    /// The type of each column.
    pub fn types(&self) -> impl Iterator<Item = ColumnType> {
        self.columns.iter().map(|c| c.column_type)
    }

    /// The form of a time in a column that tells how all of them are read, where there is one.
    pub fn form_of_times(&self, column: usize) -> Form {
        let first = self.columns[column].chunks.iter().find_map(|chunk| match chunk {
            Chunk::Values { forms, .. } => form_of_times(forms),
            Chunk::Codes { .. } => None,
        });
        first.unwrap_or_default()
    }

    /// How many nulls a column has.
    pub fn n_nulls(&self, column: usize) -> u64 {
        self.columns[column].n_nulls
    }

    /// Bytes that a column holds.
    pub fn column_size(&self, column: usize) -> usize {
        self.columns[column].size()
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.chunk_rows.iter().sum()
    }

    /// How many batches [`batch`](Store::batch) can give.
    pub fn n_batches(&self) -> usize {
        self.chunk_rows.len()
    }

    /// A batch of the rows, its columns called by `names`; with `row_numbers`, a last column of that name says where each
    /// row is in the data, from 0 on. A batch of rows arranged by a column says so in its schema: [`GROUPED_BY`].
    ///
    /// # Errors
    ///
    /// When text came in after the last [`seal`](Store::seal).
    pub fn batch(&self, at: usize, names: &[&str], row_numbers: Option<&str>) -> Result<RecordBatch> {
        let arrays = self.columns.iter().map(|c| c.array(at)).collect::<Result<Vec<_>>>()?;
        let n_rows = self.chunk_rows[at];
        let places = row_numbers.map(|name| {
            let first: usize = self.chunk_rows[..at].iter().sum();
            let places = (first..first + n_rows).map(|row| i64::from(self.places.get(row)));
            (name, Int64Array::from_iter_values(places))
        });
        let metadata = self.grouped_by().map(|actor| (GROUPED_BY.to_owned(), names[actor].to_owned()));
        record_batch(names.iter().copied(), arrays, n_rows, places, metadata.into_iter().collect())
    }

    /// Bytes that the rows take, the texts apart that columns of text point at.
    pub fn size_of_rows(&self) -> usize {
        self.columns.iter().map(StoredColumn::size_of_rows).sum()
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.columns.iter().map(StoredColumn::size).sum::<usize>() + self.places.size()
    }
}

impl StoredColumn {
    fn new(column_type: ColumnType) -> Self {
        Self { column_type, chunks: vec![], dictionary: Dictionary::default(), n_left_texts: 0, n_nulls: 0, is_ranked: false }
    }

    /// The same, of rows that have no value.
    fn missing_in(mut self, chunk_rows: &[usize]) -> Result<Self> {
        for &n_rows in chunk_rows {
            let array = column::nulls(self.column_type, n_rows)?;
            self.append(BatchColumn { array, forms: Forms::Plain, column_type: self.column_type })?;
        }
        Ok(self)
    }

    fn append(&mut self, mut column: BatchColumn) -> Result<()> {
        self.widen_for(column.column_type)?;
        while column.column_type != self.column_type {
            match column::widen(&column.array, &column.forms, column.column_type, self.column_type)? {
                Some((array, forms)) => column = BatchColumn { array, forms, column_type: self.column_type },
                None => self.widen_for(ColumnType::Text)?,
            }
        }
        self.n_nulls += column.array.null_count() as u64;
        self.is_ranked = false;
        let chunk = self.chunk(column.array, column.forms)?;
        self.chunks.push(chunk);
        Ok(())
    }

    fn absorb(&mut self, mut other: Self) -> Result<()> {
        while self.column_type != other.column_type {
            self.widen_for(other.column_type)?;
            other.widen_for(self.column_type)?;
        }
        let mut moved = Vec::with_capacity(other.dictionary.len());
        for code in 0..other.dictionary.len() as u32 {
            moved.push(self.dictionary.code(other.dictionary.get(code))?);
        }
        for chunk in &mut other.chunks {
            match chunk {
                Chunk::Codes { codes, .. } => codes.iter_mut().for_each(|code| *code = moved[*code as usize]),
                Chunk::Values { array, forms } if self.holds_texts() => *chunk = self.chunk(array.clone(), forms.clone())?,
                Chunk::Values { .. } => {}
            }
        }
        self.n_nulls += other.n_nulls;
        self.is_ranked = false;
        self.chunks.append(&mut other.chunks);
        Ok(())
    }

    fn holds_texts(&self) -> bool {
        matches!(self.column_type, ColumnType::Text | ColumnType::Null)
    }

    /// Text goes into the dictionary; all else is kept as it is.
    fn chunk(&mut self, array: ArrayRef, forms: Forms) -> Result<Chunk> {
        if !self.holds_texts() {
            return Ok(Chunk::Values { array, forms });
        }
        let (mut codes, texts) = column::codes(&array)?;
        let mut moved = Vec::with_capacity(texts.len());
        for text in texts.iter() {
            moved.push(self.dictionary.code(text.unwrap_or("").as_bytes())?);
        }
        codes.iter_mut().for_each(|code| *code = moved[*code as usize]);
        Ok(Chunk::Codes { codes, nulls: array.nulls().cloned() })
    }

    /// Makes room for values of that type, too.
    fn widen_for(&mut self, other: ColumnType) -> Result<()> {
        let (from, to) = (self.column_type, self.column_type.join(other));
        if from == to {
            return Ok(());
        }
        let widened = self.chunks.iter().map(|chunk| match chunk {
            Chunk::Values { array, forms } => column::widen(array, forms, from, to),
            Chunk::Codes { codes, .. } => Ok(Some((column::nulls(to, codes.len())?, Forms::Plain))), // only null is narrower than text
        });
        let Some(widened) = widened.collect::<Result<Option<Vec<_>>>>()? else { return self.widen_for(ColumnType::Text) };
        self.column_type = to;
        self.is_ranked = false;
        self.chunks.clear();
        for (array, forms) in widened {
            let chunk = self.chunk(array, forms)?;
            self.chunks.push(chunk);
        }
        Ok(())
    }

    /// Gives all text chunks the one dictionary, whole.
    fn seal(&mut self) -> Result<()> {
        if !self.chunks.iter().any(|chunk| matches!(chunk, Chunk::Codes { .. })) {
            return Ok(());
        }
        let all = Arc::new(self.dictionary.to_array());
        for chunk in &mut self.chunks {
            let array = match chunk {
                Chunk::Codes { codes, nulls } => column::texts(codes, all.clone(), nulls.take())?,
                Chunk::Values { array, .. } => column::texts(&column::codes(array)?.0, all.clone(), array.nulls().cloned())?,
            };
            *chunk = Chunk::Values { array, forms: Forms::Plain };
        }
        Ok(())
    }

    fn rank_integers(&mut self, n_rows: usize) -> Result<()> {
        if self.is_ranked || self.column_type != ColumnType::Int {
            return Ok(());
        }
        self.is_ranked = true;
        let arrays: Vec<&ArrayRef> = self.chunks.iter().filter_map(Chunk::array).collect();
        let Some((array, ranks)) = column::rank_ints(&arrays, RANKING_BYTES * n_rows, n_rows / 2)? else { return Ok(()) };
        for chunk in &mut self.chunks {
            if let Chunk::Values { array: values, .. } = chunk {
                *values = column::ranked(values, &ranks, &array)?;
            }
        }
        Ok(())
    }

    fn array(&self, at: usize) -> Result<ArrayRef> {
        match &self.chunks[at] {
            Chunk::Values { array, .. } => Ok(array.clone()),
            Chunk::Codes { .. } => Err(Error::bad_state("the store is read before it is sealed")),
        }
    }

    fn size_of_rows(&self) -> usize {
        let chunks = self.chunks.iter().map(|chunk| match chunk {
            Chunk::Values { array, forms } => column::own_size(array) + forms.size(),
            Chunk::Codes { codes, nulls } => 4 * codes.capacity() + nulls.as_ref().map_or(0, |n| n.buffer().len()),
        });
        chunks.sum()
    }

    fn size(&self) -> usize {
        let shared = self.chunks.iter().rev().find_map(Chunk::array).and_then(|array| array.as_any_dictionary_opt());
        let shared = shared.map_or(0, |dictionary| dictionary.values().get_array_memory_size());
        self.size_of_rows() + shared + self.dictionary.size()
    }
}

impl Chunk {
    fn array(&self) -> Option<&ArrayRef> {
        match self {
            Self::Values { array, .. } => Some(array),
            Self::Codes { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Decoder, Options};

    #[test]
    fn takes_earlier_batches_along_when_a_type_widens() {
        let mut store = Store::default();
        let mut decoder = Decoder::new(Options { header: Some(false), ..Options::default() });
        let mut expected = vec![];
        for i in 0..200_000 {
            let cell = if i == 150_000 { "x".to_owned() } else { format!("{i}") };
            decoder.push(format!("{cell},{}\n", if i < 170_000 { "" } else { "1.5" }).as_bytes()).unwrap();
            expected.push(cell);
        }
        decoder.finish().unwrap();
        decoder.take_batches().into_iter().for_each(|b| store.append(b).unwrap());
        store.seal().unwrap();
        assert_eq!(store.types().collect::<Vec<_>>(), [ColumnType::Text, ColumnType::Decimal { scale: 1 }]);
        assert_eq!((store.n_rows(), store.n_nulls(0), store.n_nulls(1)), (200_000, 0, 170_000));
        let mut got = vec![];
        for at in 0..store.n_batches() {
            let batch = store.batch(at, &["a", "b"], None).unwrap();
            let (codes, texts) = column::codes(batch.column(0)).unwrap();
            got.extend(codes.iter().map(|&c| texts.value(c as usize).to_owned()));
        }
        assert!(got == expected);
    }
}
