//! A file whose shape is known: rows that are cut into cells become columns, or rejects.

use std::ops::Range;

use super::split::Splitter;
use crate::Result;
use crate::decode::cells::Cells;
use crate::decode::column::{ColumnBuilder, misfit};
use crate::decode::part::Output;
use crate::decode::{BATCH_ROWS, BLOCK_ROWS};
use crate::kernel::batch::Batch;

/// The shape of the file, once its first bytes are seen.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) splitter: Splitter,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<ColumnBuilder>,
    pub(super) rows_in_batch: usize,
    /// Inside a record that was given up: skip to the next line.
    pub(super) skipping: bool,
}

/// Where a stretch of bytes begins in the source.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// Lines before it.
    pub(super) lines: u64,
    /// Bytes before it.
    pub(super) byte: u64,
}

impl Reading {
    /// Reads the columns of the `rows` of `stretch` that are cut into cells; rejects those that are no rows.
    #[inline(never)]
    pub(super) fn read_columns(
        &mut self,
        stretch: &[u8],
        rows: &[Range<usize>],
        start: Position,
        out: &mut Output,
    ) -> Result<()> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let width = self.names.len();
        let all_utf8 = self.splitter.is_ascii() || std::str::from_utf8(&stretch[first.start..last.end]).is_ok();
        let cells = self.splitter.cells(stretch, width);
        if !all_utf8 || !self.fit(&cells) {
            let reasons: Vec<Option<String>> =
                (0..rows.len()).map(|row| misfit(&self.names, &self.columns, all_utf8, |at| cells.get(row, at))).collect();
            let keep: Vec<bool> = reasons.iter().map(Option::is_none).collect();
            for (row, reason) in rows.iter().zip(reasons) {
                if let Some(reason) = reason {
                    let line = start.lines + 1 + count_lines(&stretch[..row.start]);
                    out.rejects.push(line, start.byte + row.start as u64, || reason, &stretch[row.clone()]);
                }
            }
            self.splitter.retain_rows(width, &keep);
        }
        let cells = self.splitter.cells(stretch, width);
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.push(&cells, at)?;
        }
        let n_rows = cells.n_rows();
        self.splitter.clear();
        self.finish_rows(n_rows, out)
    }

    /// Reads the columns of the next `n_rows` records, which begin at `start`, are cut alike and need no second look, and
    /// gives where the record after them begins; `None` where each has to be looked at.
    #[inline(never)]
    pub(super) fn read_uniform(
        &mut self,
        stretch: &[u8],
        start: usize,
        n_rows: usize,
        out: &mut Output,
    ) -> Result<Option<usize>> {
        let width = self.names.len();
        let (cells, next) = self.splitter.uniform(stretch, width, n_rows);
        let is_utf8 = self.splitter.is_ascii() || std::str::from_utf8(&stretch[start..next]).is_ok();
        if !is_utf8 || !self.fit(&cells) {
            return Ok(None);
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.push(&cells, at)?;
        }
        self.splitter.pass_uniform(width, n_rows);
        self.finish_rows(n_rows, out)?;
        Ok(Some(next))
    }

    /// Whether all cells are of the types that the user fixed.
    fn fit(&self, cells: &Cells<'_>) -> bool {
        self.columns.iter().enumerate().all(|(at, column)| column.fits(cells, at))
    }

    /// Counts the rows in; a batch that has no room for another block is done.
    fn finish_rows(&mut self, n_rows: usize, out: &mut Output) -> Result<()> {
        out.n_rows += n_rows as u64;
        self.rows_in_batch += n_rows;
        if self.rows_in_batch + BLOCK_ROWS > BATCH_ROWS {
            out.batches.push(self.take_batch()?);
        }
        Ok(())
    }

    pub(super) fn take_batch(&mut self) -> Result<Batch> {
        let n_rows = std::mem::take(&mut self.rows_in_batch);
        Ok(Batch { columns: self.columns.iter_mut().map(ColumnBuilder::take).collect::<Result<_>>()?, n_rows })
    }
}

/// Line ends in `bytes`: `\n`, or `\r` without one.
fn count_lines(bytes: &[u8]) -> u64 {
    let lone = |i: usize| bytes.get(i + 1) != Some(&b'\n');
    memchr::memchr2_iter(b'\n', b'\r', bytes).filter(|&i| bytes[i] == b'\n' || lone(i)).count() as u64
}
