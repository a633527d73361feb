//! Records that are cut one by one: lines of JSON, of a log, of cells between blanks.

use std::ops::Range;

use super::cells::{Cells, Span};
use super::column::{ColumnBuilder, first_kind, misfit};
use super::part::{Output, Reader};
use super::{BATCH_ROWS, BLOCK_ROWS, LONGEST_RECORD, Options};
use crate::Result;
use crate::kernel::batch::Batch;

/// Bytes of cells that stand in another way in the text, for which a block of rows is read early.
const MOST_ARENA: usize = 16 << 20;

/// What comes next in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A record, and where what follows it begins.
    Record { record: Range<usize>, next: usize },
    /// Nothing that is a record, up to there.
    Nothing { next: usize },
    /// The bytes end before the record does.
    Partial,
}

/// How one format's records are found and cut.
pub(super) trait Cutter: std::fmt::Debug {
    /// What begins at `at`; `at_end` says that no bytes follow. A record is a line where nothing else is said.
    fn next(&mut self, bytes: &[u8], at: usize, at_end: bool) -> Next {
        next_line(bytes, at, at_end)
    }

    /// Cuts a record into the cells of rows: of one mostly.
    ///
    /// # Errors
    ///
    /// Why it is none.
    fn cut(&mut self, bytes: &[u8], record: Range<usize>, rows: &mut Rows) -> std::result::Result<(), String>;

    /// The columns' names; those that come up later stand behind.
    fn names(&self) -> &[String];

    /// A record of more bytes is none.
    fn longest(&self) -> usize {
        LONGEST_RECORD
    }

    /// Whether what follows a record that is given up can be read from the next line on.
    fn goes_on_with_lines(&self) -> bool {
        true
    }
}

/// The line at `at`, without its end; an empty one is no record.
pub(super) fn next_line(bytes: &[u8], at: usize, at_end: bool) -> Next {
    let (end, next) = match memchr::memchr(b'\n', &bytes[at..]) {
        Some(length) => (at + length, at + length + 1),
        None if at_end => (bytes.len(), bytes.len()),
        None => return Next::Partial,
    };
    let end = if end > at && bytes[end - 1] == b'\r' { end - 1 } else { end };
    if bytes[at..end].trim_ascii().is_empty() { Next::Nothing { next } } else { Next::Record { record: at..end, next } }
}

/// The cells of a block of rows, column by column.
#[derive(Debug, Default)]
pub(super) struct Rows {
    columns: Vec<Vec<Span>>,
    n_rows: usize,
    arena: Vec<u8>,
}

impl Rows {
    /// Gives the row that is being made a cell. A cell that is not given is null, one that is given twice the latter.
    #[inline]
    pub(super) fn set(&mut self, column: usize, cell: Span) {
        if column >= self.columns.len() {
            self.columns.resize(column + 1, vec![]);
        }
        let (column, n_rows) = (&mut self.columns[column], self.n_rows);
        if column.len() > n_rows {
            column[n_rows] = cell;
            return;
        }
        if column.len() < n_rows {
            column.resize(n_rows, Span::default());
        }
        column.push(cell);
    }

    /// Ends the row that is being made.
    #[inline]
    pub(super) fn end_row(&mut self) {
        self.n_rows += 1;
    }

    /// Makes a cell that does not stand in the text.
    pub(super) fn cell(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let from = self.arena.len();
        write(&mut self.arena);
        Span::in_arena(from, self.arena.len())
    }

    /// Cuts a record of a sample; one that is none is left out.
    pub(super) fn cut(&mut self, cutter: &mut dyn Cutter, bytes: &[u8], record: Range<usize>) {
        let n_before = self.n_rows;
        if cutter.cut(bytes, record, self).is_err() {
            self.truncate(n_before);
        }
    }

    /// The cells of a column that some rows have.
    pub(super) fn column<'a>(&'a self, bytes: &'a [u8], at: usize) -> impl Iterator<Item = &'a [u8]> + Clone {
        let cells = self.columns.get(at).map(|_| self.cells(bytes, at));
        cells.into_iter().flat_map(|cells| (0..cells.n_rows()).map(move |row| cells.get(row, 0)))
    }

    /// Forgets the rows behind the first `n_rows`.
    fn truncate(&mut self, n_rows: usize) {
        self.columns.iter_mut().for_each(|column| column.truncate(n_rows));
        self.n_rows = n_rows;
    }

    fn clear(&mut self) {
        self.truncate(0);
        self.arena.clear();
    }

    fn cells<'a>(&'a self, bytes: &'a [u8], column: usize) -> Cells<'a> {
        Cells::of_spans(bytes, &self.columns[column], &self.arena, 1)
    }
}

/// Reads the records that a cutter cuts.
#[derive(Debug)]
pub(super) struct Records {
    cutter: Box<dyn Cutter>,
    columns: Vec<ColumnBuilder>,
    options: Options,
    rows_in_batch: usize,
    rows: Rows,
    /// The record that each of the rows comes from, and its line.
    records: Vec<(Range<usize>, u64)>,
    /// Bytes of a record whose end has not come.
    bytes: Vec<u8>,
    limit: u64,
    has_ended: bool,
    /// Inside a record that was given up: skip to the next line.
    skipping: bool,
}

impl Records {
    /// A reader of records whose columns are these so far, those apart that begin at byte `limit` or behind it.
    pub(super) fn new(cutter: Box<dyn Cutter>, columns: Vec<ColumnBuilder>, options: &Options, limit: u64) -> Self {
        Self {
            cutter,
            columns,
            options: options.clone(),
            rows_in_batch: 0,
            rows: Rows::default(),
            records: vec![],
            bytes: vec![],
            limit,
            has_ended: false,
            skipping: false,
        }
    }

    fn read(&mut self, at_end: bool, out: &mut Output) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let used = self.read_bytes(&bytes, at_end, out)?;
        out.offset += used as u64;
        bytes.drain(..used);
        self.bytes = bytes;
        Ok(())
    }

    /// Reads the whole records of `bytes`, and the rest too when no more come; says how many need not be seen again.
    fn read_bytes(&mut self, bytes: &[u8], at_end: bool, out: &mut Output) -> Result<usize> {
        let mut at = 0;
        loop {
            if self.skipping && !self.skip(bytes, &mut at, out) {
                return Ok(at);
            }
            if out.offset + at as u64 >= self.limit {
                self.has_ended = true;
                break;
            }
            if at == bytes.len() {
                break;
            }
            let next = match self.cutter.next(bytes, at, at_end) {
                Next::Record { record, next } => {
                    self.cut(bytes, record, out);
                    next
                }
                Next::Nothing { next } => next,
                Next::Partial if at_end => {
                    self.give_up(bytes, at, "the record does not end", out);
                    break;
                }
                Next::Partial if bytes.len() - at > self.cutter.longest() => {
                    self.give_up(bytes, at, "the record does not end within 16 MiB", out);
                    continue;
                }
                Next::Partial => break,
            };
            out.lines += count_lines(&bytes[at..next]);
            at = next;
            if self.rows.n_rows >= BLOCK_ROWS || self.rows.arena.len() > MOST_ARENA {
                self.flush(bytes, out)?;
            }
        }
        self.flush(bytes, out)?;
        Ok(at)
    }

    #[inline]
    fn cut(&mut self, bytes: &[u8], record: Range<usize>, out: &mut Output) {
        let n_before = self.rows.n_rows;
        match self.cutter.cut(bytes, record.clone(), &mut self.rows) {
            Ok(()) => {
                let line = out.lines + 1;
                self.records.extend((n_before..self.rows.n_rows).map(|_| (record.clone(), line)));
            }
            Err(reason) => {
                self.rows.truncate(n_before);
                out.rejects.push(out.lines + 1, out.offset + record.start as u64, || reason, &bytes[record]);
            }
        }
    }

    /// Passes over the rest of a line that was given up; says whether its end is there.
    fn skip(&mut self, bytes: &[u8], at: &mut usize, out: &mut Output) -> bool {
        let line_end = memchr::memchr(b'\n', &bytes[*at..]);
        *at = line_end.map_or(bytes.len(), |i| *at + i + 1);
        out.lines += u64::from(line_end.is_some());
        self.skipping = line_end.is_none();
        !self.skipping
    }

    /// Rejects what begins at `at`.
    fn give_up(&mut self, bytes: &[u8], at: usize, reason: &str, out: &mut Output) {
        let goes_on = self.cutter.goes_on_with_lines();
        let reason = || if goes_on { reason.to_owned() } else { format!("{reason}; what follows is not read") };
        out.rejects.push(out.lines + 1, out.offset + at as u64, reason, &bytes[at..]);
        self.skipping = true;
        if !goes_on {
            self.limit = 0;
        }
    }

    /// Reads the columns of the rows that are cut.
    fn flush(&mut self, bytes: &[u8], out: &mut Output) -> Result<()> {
        let (Some((first, _)), Some((last, _))) = (self.records.first(), self.records.last()) else { return Ok(()) };
        let names = self.cutter.names();
        for name in &names[self.columns.len()..] {
            let fixed = self.options.fixed(name);
            let mut column = self.options.column(name, first_kind(name, fixed, std::iter::empty()));
            column.push_missing(self.rows_in_batch);
            self.columns.push(column);
        }
        let n_rows = self.rows.n_rows;
        self.rows.columns.resize(names.len(), vec![]);
        self.rows.columns.iter_mut().for_each(|column| column.resize(n_rows, Span::default()));
        let is_utf8 = std::str::from_utf8(&bytes[first.start..last.end]).is_ok();
        let fit = |(at, column): (usize, &ColumnBuilder)| column.fits(&self.rows.cells(bytes, at), 0);
        if !is_utf8 || !self.columns.iter().enumerate().all(fit) {
            let reason = |row| misfit(names, &self.columns, is_utf8, |at| self.rows.cells(bytes, at).get(row, 0));
            let reasons: Vec<Option<String>> = (0..n_rows).map(reason).collect();
            let keep: Vec<bool> = reasons.iter().map(Option::is_none).collect();
            for ((record, line), reason) in self.records.iter().zip(reasons) {
                if let Some(reason) = reason {
                    out.rejects.push(*line, out.offset + record.start as u64, || reason, &bytes[record.clone()]);
                }
            }
            for column in &mut self.rows.columns {
                let mut keep = keep.iter();
                column.retain(|_| keep.next() == Some(&true));
            }
            self.rows.n_rows = keep.iter().filter(|&&keep| keep).count();
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.push(&self.rows.cells(bytes, at), 0)?;
        }
        self.rows_in_batch += self.rows.n_rows;
        out.n_rows += self.rows.n_rows as u64;
        self.rows.clear();
        self.records.clear();
        if self.rows_in_batch + BLOCK_ROWS > BATCH_ROWS {
            out.batches.push(self.take_batch()?);
        }
        Ok(())
    }

    fn take_batch(&mut self) -> Result<Batch> {
        let n_rows = std::mem::take(&mut self.rows_in_batch);
        Ok(Batch { columns: self.columns.iter_mut().map(ColumnBuilder::take).collect::<Result<_>>()?, n_rows })
    }
}

impl Reader for Records {
    fn push(&mut self, bytes: &[u8], out: &mut Output) -> Result<()> {
        if self.has_ended {
            return Ok(());
        }
        // Only the record that is cut by the pieces is copied together, all others are read where they are.
        let cut = if self.bytes.is_empty() { 0 } else { memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1) };
        let (first, rest) = bytes.split_at(cut);
        self.bytes.extend_from_slice(first);
        self.read(false, out)?;
        if !self.bytes.is_empty() {
            self.bytes.extend_from_slice(rest);
            return self.read(false, out);
        }
        let used = self.read_bytes(rest, false, out)?;
        out.offset += used as u64;
        self.bytes.extend_from_slice(&rest[used..]);
        Ok(())
    }

    fn end(&mut self, out: &mut Output) -> Result<()> {
        self.read(true, out)?;
        if self.rows_in_batch > 0 {
            out.batches.push(self.take_batch()?);
        }
        Ok(())
    }

    fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn names(&self) -> &[String] {
        self.cutter.names()
    }

    fn n_unclear(&self) -> u64 {
        self.columns.iter().map(ColumnBuilder::n_unclear).sum()
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
