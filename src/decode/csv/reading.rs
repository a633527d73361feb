//! A file whose shape is known: rows that are cut into cells become columns, or rejects.

use std::ops::Range;

use super::split::{Cells, Record, Splitter};
use super::{BATCH_ROWS, BLOCK_ROWS};
use crate::Result;
use crate::decode::Rejects;
use crate::decode::column::ColumnBuilder;
use crate::decode::kind::{Kind, epoch_unit, sounds_like_time};
use crate::kernel::batch::Batch;
use crate::kernel::number::parse_int;

/// The shape of the file, once its first bytes are seen.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) splitter: Splitter,
    pub(super) separator: u8,
    pub(super) header: bool,
    pub(super) names: Vec<String>,
    pub(super) fixed: Vec<Option<String>>,
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
    /// How many bytes and lines the first record takes, and the empty lines before it.
    pub(super) fn pass_header(&mut self, bytes: &[u8], at_end: bool) -> (usize, u64) {
        self.splitter.start(bytes);
        let mut at = 0;
        loop {
            match self.splitter.record(bytes, at, at_end) {
                Record::Empty { next } => at = next,
                Record::Whole { next, .. } => return (next, self.splitter.lines()),
                Record::Partial => return (at, self.splitter.lines()),
            }
        }
    }

    /// Reads the columns of the `rows` of `stretch` that are cut into cells; gives how many were rows indeed.
    #[inline(never)]
    pub(super) fn read_columns(
        &mut self,
        stretch: &[u8],
        rows: &[Range<usize>],
        start: Position,
        rejects: &mut Rejects,
        batches: &mut Vec<Batch>,
    ) -> Result<u64> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(0) };
        let width = self.names.len();
        let all_utf8 = self.splitter.is_ascii() || std::str::from_utf8(&stretch[first.start..last.end]).is_ok();
        if !all_utf8 || self.fixed.iter().any(Option::is_some) {
            let cells = self.splitter.cells(stretch, width);
            let reasons: Vec<Option<String>> = (0..rows.len()).map(|row| self.misfit(&cells, row)).collect();
            let keep: Vec<bool> = reasons.iter().map(Option::is_none).collect();
            for (row, reason) in rows.iter().zip(reasons) {
                if let Some(reason) = reason {
                    let line = start.lines + 1 + count_lines(&stretch[..row.start]);
                    rejects.push(line, start.byte + row.start as u64, || reason, &stretch[row.clone()]);
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
        self.finish_rows(n_rows, batches)?;
        Ok(n_rows as u64)
    }

    /// Reads the columns of the next `n_rows` records, which begin at `start`, are cut alike and need no second look, and
    /// gives where the record after them begins; `None` where each has to be looked at.
    #[inline(never)]
    pub(super) fn read_uniform(
        &mut self,
        stretch: &[u8],
        start: usize,
        n_rows: usize,
        batches: &mut Vec<Batch>,
    ) -> Result<Option<usize>> {
        let width = self.names.len();
        let (cells, next) = self.splitter.uniform(stretch, width, n_rows);
        let is_utf8 = self.splitter.is_ascii() || std::str::from_utf8(&stretch[start..next]).is_ok();
        if !is_utf8 || self.fixed.iter().any(Option::is_some) {
            return Ok(None);
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.push(&cells, at)?;
        }
        self.splitter.pass_uniform(width, n_rows);
        self.finish_rows(n_rows, batches)?;
        Ok(Some(next))
    }

    /// Counts the rows in; a batch that has no room for another block is done.
    fn finish_rows(&mut self, n_rows: usize, batches: &mut Vec<Batch>) -> Result<()> {
        self.rows_in_batch += n_rows;
        if self.rows_in_batch + BLOCK_ROWS > BATCH_ROWS {
            batches.push(self.take_batch()?);
        }
        Ok(())
    }

    /// Why a row of the right width is no row all the same.
    fn misfit(&self, cells: &Cells<'_>, row: usize) -> Option<String> {
        self.names.iter().zip(&self.fixed).enumerate().find_map(|(at, (name, fixed))| {
            let cell = cells.get(row, at);
            let Ok(text) = std::str::from_utf8(cell) else { return Some(format!("column {name}: the text is not UTF-8")) };
            let fixed = fixed.as_ref().filter(|fixed| Kind::fixed(fixed, cell).is_none())?;
            Some(format!("column {name}: expected {fixed}, found {text:?}"))
        })
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

/// The kind that holds the sample's cells of a column.
pub(super) fn first_kind(name: &str, fixed: Option<&str>, at: usize, sample: &[Vec<Vec<u8>>], width: usize) -> Kind {
    let cells = || sample.iter().filter(|row| row.len() == width).map(|row| row[at].as_slice());
    if let Some(fixed) = fixed {
        let kind = cells().filter_map(|cell| Kind::fixed(fixed, cell)).fold(Kind::Null, Kind::join);
        return if fixed == "text" { Kind::Text } else { kind };
    }
    let kind = cells().map(Kind::of).fold(Kind::Null, Kind::join);
    if kind == Kind::Int && sounds_like_time(name) {
        let mut units = cells().filter_map(parse_int).map(epoch_unit);
        if let Some(Some(unit)) = units.next()
            && units.all(|u| u == Some(unit))
        {
            return Kind::Epoch(unit);
        }
    }
    kind
}
