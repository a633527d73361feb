//! A store that rows come to in small batches, and whose oldest rows go: its memory follows the rows that are kept.

use arrow_array::Array;
use arrow_buffer::NullBuffer;

use super::places::Places;
use super::{Chunk, Store, StoredColumn};
use crate::kernel::column;
use crate::kernel::form::Forms;
use crate::kernel::order;
use crate::kernel::values::{Rows, Values, gather};
use crate::{Error, Result};

/// Chunks are joined to no more rows, and not again once they have half as many.
const CHUNK_ROWS: usize = 1 << 14;
/// So many chunks are joined at a time: each row is copied once for each power of that.
const JOINED: usize = 8;
/// Texts that no row has are forgotten once so many rows have gone, and as many as are kept,
const FORGETTING_ROWS: usize = 1 << 16;
/// and so many texts have come, and as many as were left the last time, or as rows are kept where those are fewer.
const FORGETTING_TEXTS: usize = 1 << 14;

impl Store {
    /// Joins the last chunks where many are small and alike in size: each row is copied a few times in all, however small the
    /// batches are that it comes in.
    ///
    /// # Errors
    ///
    /// Never, unless a chunk is of another type than its column.
    pub fn join_small(&mut self) -> Result<()> {
        while let Some(&last) = self.chunk_rows.last() {
            let (mut n_chunks, mut n_rows) = (0, 0);
            for &chunk in self.chunk_rows.iter().rev() {
                if power(chunk) > power(last) || chunk >= CHUNK_ROWS / 2 || n_rows + chunk > CHUNK_ROWS {
                    break;
                }
                (n_chunks, n_rows) = (n_chunks + 1, n_rows + chunk);
            }
            if n_chunks < 2 || n_chunks < JOINED && n_rows < CHUNK_ROWS / 2 {
                break;
            }
            let joined = self.chunk_rows.split_off(self.chunk_rows.len() - n_chunks);
            self.columns.iter_mut().try_for_each(|column| column.join_last(&joined))?;
            self.chunk_rows.push(n_rows);
        }
        Ok(())
    }

    /// Puts the rows in an order that follows from them alone, whatever order they came in: by `time`, if there is such a column,
    /// then by their values. They are numbered so from 0 on.
    ///
    /// # Errors
    ///
    /// When text came in after the last [`seal`](Store::seal).
    pub fn order_by_values(&mut self, time: Option<usize>) -> Result<()> {
        let n_rows = self.n_rows();
        let chunks = 0..self.n_batches();
        let values = |column: &StoredColumn| {
            let parts = chunks.clone().map(|at| gather(&column.array(at)?, &Rows::All(self.chunk_rows[at])));
            Values::concat(parts.collect::<Result<_>>()?)
        };
        let columns = self.columns.iter().map(values).collect::<Result<Vec<_>>>()?;
        let order = order::canonical(n_rows, &columns, time);
        self.reorder(&order)?;
        self.places = Places::default();
        self.arranged = None;
        Ok(())
    }

    /// Drops the first rows. Those that are left are numbered from 0 on.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` where the rows are no longer in the order in which they came.
    pub fn drop_first(&mut self, n_rows: usize) -> Result<()> {
        if self.arranged.is_some() {
            return Err(Error::bad_state("the oldest rows are dropped of a store that is in another order"));
        }
        let (mut n_left, mut n_chunks) = (n_rows, 0);
        while n_chunks < self.chunk_rows.len() && self.chunk_rows[n_chunks] <= n_left {
            n_left -= self.chunk_rows[n_chunks];
            n_chunks += 1;
        }
        for column in &mut self.columns {
            column.drop_first(n_chunks, n_left);
        }
        self.chunk_rows.drain(..n_chunks);
        if let Some(first) = self.chunk_rows.first_mut() {
            *first -= n_left;
        }
        self.places = Places::default();
        self.n_gone = self.n_gone.saturating_add(n_rows);
        let n_kept = self.n_rows();
        if self.n_gone >= n_kept.max(FORGETTING_ROWS) {
            for column in &mut self.columns {
                if column.dictionary.len() > FORGETTING_TEXTS + 2 * column.n_left_texts.min(n_kept) {
                    self.n_gone = 0;
                    column.forget_texts()?;
                }
            }
        }
        Ok(())
    }
}

/// Chunks are alike where this is: it tells which power of [`JOINED`] they have rows of.
fn power(n_rows: usize) -> u32 {
    n_rows.max(1).ilog(JOINED)
}

impl Chunk {
    fn n_nulls(&self) -> usize {
        match self {
            Self::Values { array, .. } => array.null_count(),
            Self::Codes { nulls, .. } => nulls.as_ref().map_or(0, NullBuffer::null_count),
        }
    }

    fn slice(&self, from: usize) -> Self {
        match self {
            Self::Values { array, forms } => {
                let forms = match forms {
                    Forms::Each(each) => Forms::Each(each.iter().skip(from).copied().collect()),
                    alike => alike.clone(),
                };
                Self::Values { array: array.slice(from, array.len() - from), forms }
            }
            Self::Codes { codes, nulls } => Self::Codes {
                codes: codes[from..].to_vec(),
                nulls: nulls.as_ref().map(|nulls| nulls.slice(from, nulls.len() - from)),
            },
        }
    }

    /// Text as codes into its column's dictionary.
    fn into_codes(self) -> Result<(Vec<u32>, Option<NullBuffer>)> {
        match self {
            Self::Codes { codes, nulls } => Ok((codes, nulls)),
            Self::Values { array, .. } => Ok((column::codes(&array)?.0, array.nulls().cloned())),
        }
    }
}

impl StoredColumn {
    /// Joins the last chunks, which have so many rows.
    fn join_last(&mut self, n_rows: &[usize]) -> Result<()> {
        let last = self.chunks.len() - n_rows.len()..self.chunks.len();
        let forms = self.forms(last.clone(), n_rows);
        let chunks: Vec<Chunk> = self.chunks.drain(last).collect();
        let joined = if self.holds_texts() {
            let (mut codes, mut valid) = (Vec::with_capacity(n_rows.iter().sum()), vec![]);
            for chunk in chunks {
                let (more, nulls) = chunk.into_codes()?;
                valid.extend((0..more.len()).map(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))));
                codes.extend(more);
            }
            let has_nulls = valid.contains(&false);
            Chunk::Codes { codes, nulls: has_nulls.then(|| valid.into()) }
        } else {
            let values = chunks.iter().filter_map(Chunk::array).map(|array| gather(array, &Rows::All(array.len())));
            let values = Values::concat(values.collect::<Result<_>>()?)?;
            Chunk::Values { array: column::hold(values, self.column_type)?, forms }
        };
        self.chunks.push(joined);
        Ok(())
    }

    fn drop_first(&mut self, n_chunks: usize, n_rows: usize) {
        for chunk in self.chunks.drain(..n_chunks) {
            self.n_nulls -= chunk.n_nulls() as u64;
        }
        if let Some(first) = self.chunks.first_mut().filter(|_| n_rows > 0) {
            let rest = first.slice(n_rows);
            self.n_nulls -= (first.n_nulls() - rest.n_nulls()) as u64;
            *first = rest;
        }
    }

    /// Forgets the texts that no row has.
    fn forget_texts(&mut self) -> Result<()> {
        if !self.holds_texts() {
            return Ok(());
        }
        let before = std::mem::take(&mut self.dictionary);
        let mut moved = vec![u32::MAX; before.len()];
        for chunk in &mut self.chunks {
            let whole = std::mem::replace(chunk, Chunk::Codes { codes: vec![], nulls: None });
            let (mut codes, nulls) = whole.into_codes()?;
            for code in &mut codes {
                let new = &mut moved[*code as usize];
                if *new == u32::MAX {
                    *new = self.dictionary.code(before.get(*code))?;
                }
                *code = *new;
            }
            *chunk = Chunk::Codes { codes, nulls };
        }
        self.n_left_texts = self.dictionary.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::arrange::tests::{append, rows, store};
    use super::*;
    use crate::decode::{Decoder, Options};

    #[test]
    fn small_batches_become_large_ones_and_stay_what_they_are() {
        let mut joined = Store::default();
        for at in 0..700 {
            append(&mut joined, at..at + 1);
            joined.join_small().unwrap();
        }
        assert!(joined.n_batches() < 3 * JOINED, "{} chunks", joined.n_batches());
        assert_eq!(rows(joined), rows(store(700)));
    }

    #[test]
    fn the_oldest_rows_go_and_their_texts_with_them() {
        for n_gone in [0, 1, 3, 500, 999, 1_000] {
            let mut rolling = Store::default();
            for at in (0..1_000).step_by(100) {
                append(&mut rolling, at..at + 100);
            }
            rolling.drop_first(n_gone).unwrap();
            rolling.columns.iter_mut().try_for_each(StoredColumn::forget_texts).unwrap();
            let n_nulls: Vec<u64> = (0..7).map(|column| rolling.n_nulls(column)).collect();
            rolling.seal().unwrap();
            let left: Vec<_> = rows(store(1_000)).into_iter().skip(n_gone).collect();
            assert_eq!(n_nulls[0], left.iter().filter(|(_, cells)| cells[0] == "NULL").count() as u64);
            let renumbered: Vec<_> = left.into_iter().enumerate().map(|(at, (_, cells))| (at as i64, cells)).collect();
            assert_eq!(rows(rolling), renumbered);
        }
    }

    #[test]
    fn texts_that_no_row_has_are_forgotten() {
        let mut rolling = Store::default();
        for batch in 0..10 {
            let mut decoder = Decoder::new(Options { header: Some(false), ..Options::default() });
            decoder.push((0..10_000).map(|row| format!("visitor-{batch}-{row}\n")).collect::<String>().as_bytes()).unwrap();
            decoder.finish().unwrap();
            decoder.take_batches().into_iter().for_each(|batch| rolling.append(batch).unwrap());
        }
        let mut texts_after = |n_gone: usize| {
            rolling.n_gone = FORGETTING_ROWS;
            rolling.drop_first(n_gone).unwrap();
            rolling.columns[0].dictionary.len()
        };
        assert_eq!(texts_after(50_000), 50_000);
        assert_eq!(texts_after(20_000), 50_000, "looking for those that no row has would find few");
        assert_eq!(texts_after(25_000), 5_000, "few rows need few texts, however many there were");
    }

    #[test]
    fn a_column_without_any_value_loses_rows_as_others_do() {
        for text in ["1,\n2,\n3,\n", "1,\n2,x\n3,\n"] {
            let mut decoder = Decoder::new(Options { header: Some(false), ..Options::default() });
            decoder.push(text.as_bytes()).unwrap();
            decoder.finish().unwrap();
            let mut rolling = Store::default();
            decoder.take_batches().into_iter().for_each(|batch| rolling.append(batch).unwrap());
            for n_rows in [2, 0] {
                rolling.columns.iter_mut().try_for_each(StoredColumn::forget_texts).unwrap();
                rolling.drop_first(if n_rows == 2 { 1 } else { 2 }).unwrap();
                rolling.seal().unwrap();
                assert_eq!(rolling.n_rows(), n_rows);
            }
        }
    }

    #[test]
    fn rows_in_another_order_are_no_oldest_ones() {
        let mut store = store(100);
        store.arrange(0, Some(1)).unwrap();
        assert!(store.drop_first(1).is_err());
    }
}
