//! CSV and its relatives, from bytes in any chunking to typed batches.
//!
//! The first bytes decide separator, header and types; then blocks of rows are cut into cells and read
//! column by column. A cell that does not fit its column widens the column's type; a row that cannot be
//! a row of this file is rejected.

mod part;
mod reading;
mod records;
mod sniff;
mod split;

use std::collections::BTreeMap;
use std::ops::Range;

pub use part::{Part, Shape};
use reading::{Position, Reading, first_kind};
pub use records::{first_record, guess_separator, records};
pub use split::Cells;
use split::{Record, Splitter};

use super::Rejects;
use super::column::ColumnBuilder;
use super::kind::Kind;
use crate::event::ColumnType;
use crate::kernel::batch::Batch;
use crate::{Error, Result};

/// Rows in a batch, the last one apart.
pub const BATCH_ROWS: usize = 1 << 14;
/// Rows cut into cells before their columns are read: cells of a block stay in the cache.
const BLOCK_ROWS: usize = 4_096;
/// Bytes looked at before the first row is read.
const SAMPLE: usize = 256 << 10;
/// A longer record is no record.
const LONGEST_RECORD: usize = 16 << 20;

const UNCLOSED: &str = "a quote is opened in this row and never closed";
const TOO_LONG: &str = "the row, or a quote opened in it, does not end within 16 MiB";

/// What is known of a file beforehand; all else is found out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The byte between cells.
    pub separator: Option<u8>,
    /// The byte around cells that hold separators or line ends; `"` if not given.
    pub quote: Option<u8>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// The columns' names, for a file without a header.
    pub names: Option<Vec<String>>,
    /// Types fixed by the user, by column name: `int`, `decimal`, `time`, `bool` or `text`. A cell that does not
    /// fit makes its row a reject.
    pub types: BTreeMap<String, String>,
}

/// A reader that is given bytes and gives batches; it reads nothing by itself.
#[derive(Debug)]
pub struct Decoder {
    options: Options,
    state: State,
    bytes: Vec<u8>,
    at_start: bool,
    /// Bytes of the source before `bytes`.
    offset: u64,
    /// Lines of the source before `bytes`.
    lines: u64,
    rejects: Rejects,
    n_rows: u64,
    batches: Vec<Batch>,
    /// The kinds that the columns have already.
    kinds: Option<Vec<Kind>>,
    /// Records that begin at this byte of the source or behind it are another's.
    limit: u64,
}

#[derive(Debug)]
enum State {
    Sampling,
    Reading(Box<Reading>),
    /// The record at the limit was reached.
    Ended(Box<Reading>),
}

impl State {
    fn end(&mut self) {
        if let Self::Reading(reading) = std::mem::replace(self, Self::Sampling) {
            *self = Self::Ended(reading);
        }
    }
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Sampling,
            bytes: Vec::new(),
            at_start: true,
            offset: 0,
            lines: 0,
            rejects: Rejects::default(),
            n_rows: 0,
            batches: Vec::new(),
            kinds: None,
            limit: u64::MAX,
        }
    }

    /// Begins with these types rather than those of the first rows: of data that more rows come to. `counted` says
    /// which times are written as integers.
    pub fn start_from(&mut self, types: &[ColumnType], counted: &[bool]) {
        let kinds = types.iter().zip(counted);
        self.kinds = Some(kinds.map(|(&column_type, &counted)| Kind::of_type(column_type, counted)).collect());
    }

    /// Takes the source's next bytes, however they are cut.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the bytes are no delimited text.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        match self.state {
            State::Sampling => {
                self.bytes.extend_from_slice(bytes);
                return if self.bytes.len() < SAMPLE { Ok(()) } else { self.begin(false) };
            }
            State::Ended(_) => return Ok(()),
            State::Reading(_) => {}
        }
        // Only the record that is cut by the pieces is copied together, all others are read where they are.
        let cut = if self.bytes.is_empty() { 0 } else { memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1) };
        let (first, rest) = bytes.split_at(cut);
        self.bytes.extend_from_slice(first);
        self.read(false)?;
        if !self.bytes.is_empty() {
            self.bytes.extend_from_slice(rest);
            return self.read(false);
        }
        let used = self.read_bytes(rest, false)?;
        self.offset += used as u64;
        self.bytes.extend_from_slice(&rest[used..]);
        Ok(())
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when there was nothing, or a header alone.
    pub fn finish(&mut self) -> Result<()> {
        self.end()?;
        if self.n_rows == 0 && self.rejects.count == 0 {
            let reading = self.reading().expect("reading has begun");
            return Err(Error::bad_input(format!("the file has a header ({}) but no rows", reading.names.join(", "))));
        }
        if self.n_rows == 0 {
            let first = &self.rejects.kept[0];
            return Err(Error::bad_input(format!(
                "no row of the file could be read; the first, on line {}: {}",
                first.line, first.reason
            ))
            .at_line(first.line));
        }
        Ok(())
    }

    /// Reads what is left.
    fn end(&mut self) -> Result<()> {
        if matches!(self.state, State::Sampling) {
            self.begin(true)?;
        }
        self.read(true)?;
        if let State::Reading(reading) | State::Ended(reading) = &mut self.state
            && reading.rows_in_batch > 0
        {
            self.batches.push(reading.take_batch()?);
        }
        // A block's rows of the wrong width are found before its misfits.
        self.rejects.kept.sort_by_key(|reject| reject.byte);
        Ok(())
    }

    /// The batches that are ready.
    pub fn take_batches(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.batches)
    }

    /// The rows that could not be read so far.
    pub fn rejects(&self) -> &Rejects {
        &self.rejects
    }

    /// The rows read so far.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// The columns' names; none before the first 256 KiB or the end were seen.
    pub fn names(&self) -> &[String] {
        self.reading().map_or(&[], |r| &r.names)
    }

    /// The byte between cells, once known.
    pub fn separator(&self) -> Option<u8> {
        self.reading().map(|r| r.separator)
    }

    /// Whether the first row named the columns, once known.
    pub fn header(&self) -> Option<bool> {
        self.reading().map(|r| r.header)
    }

    fn reading(&self) -> Option<&Reading> {
        match &self.state {
            State::Reading(reading) | State::Ended(reading) => Some(reading),
            State::Sampling => None,
        }
    }

    /// Decides on the shape of the file from what has come so far.
    fn begin(&mut self, at_end: bool) -> Result<()> {
        if self.at_start && self.bytes.starts_with(b"\xef\xbb\xbf") {
            self.bytes.drain(..3);
            self.offset = 3;
        }
        self.at_start = false;
        if self.bytes.trim_ascii().is_empty() && at_end {
            return Err(Error::bad_input("the file is empty"));
        }
        sniff::refuse_other_formats(&self.bytes)?;
        let quote = self.options.quote.unwrap_or(b'"');
        // What is decided must not depend on how many more bytes happen to be here.
        let sniff = |sample: &[u8]| {
            let at_end = at_end && sample.len() == self.bytes.len();
            let separator = self.options.separator.unwrap_or_else(|| sniff::separator(sample, quote, at_end));
            (separator, sniff::rows(sample, separator, quote, at_end, sniff::ROWS))
        };
        let (mut separator, mut rows) = sniff(&self.bytes[..self.bytes.len().min(SAMPLE)]);
        if rows.is_empty() {
            (separator, rows) = sniff(&self.bytes);
        }
        let Some(first) = rows.first() else {
            return match () {
                () if at_end => Err(Error::bad_input("a quote on the first line is never closed; this is not a CSV file")),
                () if self.bytes.len() > LONGEST_RECORD => {
                    Err(Error::bad_input("the first line does not end within 16 MiB; this is not a CSV file of events"))
                }
                () => Ok(()),
            };
        };
        let header = self.options.header.unwrap_or_else(|| sniff::has_header(&rows));
        let names = match &self.options.names {
            Some(names) => names.clone(),
            None if header => sniff::unique_names(first.iter().map(|cell| String::from_utf8_lossy(cell).into_owned())),
            None => sniff::unique_names(first.iter().map(|_| String::new())),
        };
        let fixed: Vec<_> = names.iter().map(|name| self.options.types.get(name).cloned()).collect();
        let sample = &rows[usize::from(header)..];
        let kinds = self.kinds.take().unwrap_or_else(|| {
            (0..names.len()).map(|i| first_kind(&names[i], fixed[i].as_deref(), i, sample, names.len())).collect()
        });
        let columns = kinds.into_iter().zip(&fixed).map(|(kind, fixed)| ColumnBuilder::new(kind, fixed.clone())).collect();
        let splitter = Splitter::new(separator, quote);
        let mut reading = Reading { splitter, separator, header, names, fixed, columns, rows_in_batch: 0, skipping: false };
        if header {
            let (n_bytes, n_lines) = reading.pass_header(&self.bytes, at_end);
            self.lines += n_lines;
            self.offset += n_bytes as u64;
            self.bytes.drain(..n_bytes);
        }
        self.state = State::Reading(Box::new(reading));
        self.read(at_end)
    }

    /// Reads all whole records of `bytes`, and the rest too when no more come.
    fn read(&mut self, at_end: bool) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let used = self.read_bytes(&bytes, at_end)?;
        self.offset += used as u64;
        bytes.drain(..used);
        self.bytes = bytes;
        Ok(())
    }

    /// Reads `bytes` up to the limit, and the whole of the record that lies across it; says how many need not be seen again.
    fn read_bytes(&mut self, bytes: &[u8], at_end: bool) -> Result<usize> {
        let mut at = 0;
        loop {
            if !self.skip_given_up(bytes, &mut at) {
                return Ok(at);
            }
            let limit = usize::try_from(self.limit.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            if limit > bytes.len() {
                return self.read_from(bytes, at, at_end);
            }
            at = self.read_from(&bytes[..limit.max(at)], at, at_end && limit == bytes.len())?;
            let State::Reading(reading) = &self.state else { return Ok(at) };
            if reading.skipping {
                continue;
            }
            if at >= limit {
                self.state.end();
                return Ok(at);
            }
            match self.read_long_record(bytes, &mut at, at_end)? {
                Stop::Partial if at_end => self.give_up_record(bytes, &mut at, UNCLOSED),
                Stop::Partial if bytes.len() - at > LONGEST_RECORD => self.give_up_record(bytes, &mut at, TOO_LONG),
                Stop::Partial => return Ok(at),
                Stop::Block | Stop::End => {}
            }
        }
    }

    /// Passes over the rest of a record that was given up; says whether its end is there.
    fn skip_given_up(&mut self, bytes: &[u8], at: &mut usize) -> bool {
        let State::Reading(reading) = &mut self.state else { return true };
        if reading.skipping {
            let line_end = memchr::memchr(b'\n', &bytes[*at..]);
            *at = line_end.map_or(bytes.len(), |i| *at + i + 1);
            self.lines += u64::from(line_end.is_some());
            reading.skipping = line_end.is_none();
        }
        !reading.skipping
    }

    /// Reads `bytes` from `at` on, and says how far.
    fn read_from(&mut self, bytes: &[u8], mut at: usize, at_end: bool) -> Result<usize> {
        loop {
            match self.read_block(bytes, &mut at, at_end)? {
                Stop::Block => {}
                Stop::End => return Ok(at),
                Stop::Partial if at_end => self.give_up_record(bytes, &mut at, UNCLOSED),
                Stop::Partial if bytes.len() - at > LONGEST_RECORD => self.give_up_record(bytes, &mut at, TOO_LONG),
                Stop::Partial => return Ok(at),
            }
        }
    }

    /// Rejects the first line of a record that does not end, so that the lines after it are read on their own.
    fn give_up_record(&mut self, bytes: &[u8], at: &mut usize, reason: &str) {
        let State::Reading(reading) = &mut self.state else { return };
        let line_end = memchr::memchr(b'\n', &bytes[*at..]).map(|i| *at + i + 1);
        let end = line_end.unwrap_or(bytes.len());
        self.rejects.push(self.lines + 1, self.offset + *at as u64, || reason.to_owned(), &bytes[*at..end]);
        reading.skipping = line_end.is_none();
        self.lines += u64::from(line_end.is_some());
        *at = end;
    }

    /// Cuts rows from `at` on until a block is full or the bytes end, then reads their columns.
    #[inline(never)]
    fn read_block(&mut self, bytes: &[u8], at: &mut usize, at_end: bool) -> Result<Stop> {
        let State::Reading(reading) = &mut self.state else { return Ok(Stop::End) };
        let width = reading.names.len();
        // Scanning no further than a few blocks keeps the marks in the cache.
        let scanned = &bytes[..bytes.len().min(*at + (1 << 20))];
        let last_stretch = scanned.len() == bytes.len();
        reading.splitter.start(&scanned[*at..]);
        let stretch = &scanned[*at..];
        let mut next = 0;
        let mut rows: Vec<Range<usize>> = Vec::with_capacity(BLOCK_ROWS);
        let stop = loop {
            let n_uniform = if rows.is_empty() { reading.splitter.n_uniform(width, BLOCK_ROWS) } else { 0 };
            if n_uniform > 0
                && let Some(after) = reading.read_uniform(stretch, next, n_uniform, &mut self.batches)?
            {
                self.n_rows += n_uniform as u64;
                next = after;
                continue;
            }
            next = reading.splitter.plain_records(stretch, next, width, BLOCK_ROWS, &mut rows);
            if rows.len() == BLOCK_ROWS {
                let start = Position { lines: self.lines, byte: self.offset + *at as u64 };
                self.n_rows += reading.read_columns(stretch, &rows, start, &mut self.rejects, &mut self.batches)?;
                rows.clear();
                continue;
            }
            if next == stretch.len() {
                break if last_stretch { Stop::End } else { Stop::Block };
            }
            let line = self.lines + reading.splitter.lines() + 1;
            match reading.splitter.record(stretch, next, at_end && last_stretch) {
                Record::Whole { cells, next: after } if cells == width => {
                    rows.push(next..after);
                    next = after;
                }
                Record::Whole { cells, next: after } => {
                    reading.splitter.forget(cells);
                    let reason = || format!("expected {width} fields, found {cells}");
                    self.rejects.push(line, self.offset + (*at + next) as u64, reason, &stretch[next..after]);
                    next = after;
                }
                Record::Empty { next: after } => next = after,
                Record::Partial if !last_stretch && next > 0 => break Stop::Block,
                Record::Partial if !last_stretch => {
                    // One record is longer than the stretch: look at all there is.
                    return self.read_long_record(bytes, at, at_end);
                }
                Record::Partial => break Stop::Partial,
            }
        };
        let start = Position { lines: self.lines, byte: self.offset + *at as u64 };
        self.n_rows += reading.read_columns(stretch, &rows, start, &mut self.rejects, &mut self.batches)?;
        self.lines += reading.splitter.lines();
        *at += next;
        Ok(stop)
    }

    /// Reads the one record at `at`, longer than a stretch.
    fn read_long_record(&mut self, bytes: &[u8], at: &mut usize, at_end: bool) -> Result<Stop> {
        let State::Reading(reading) = &mut self.state else { return Ok(Stop::End) };
        let width = reading.names.len();
        let rest = &bytes[*at..bytes.len().min(*at + LONGEST_RECORD + (1 << 20))];
        reading.splitter.start(rest);
        match reading.splitter.record(rest, 0, at_end && *at + rest.len() == bytes.len()) {
            Record::Whole { cells, next } => {
                if cells == width {
                    let start = Position { lines: self.lines, byte: self.offset + *at as u64 };
                    let row = 0..next;
                    self.n_rows +=
                        reading.read_columns(rest, std::slice::from_ref(&row), start, &mut self.rejects, &mut self.batches)?;
                } else {
                    let reason = || format!("expected {width} fields, found {cells}");
                    self.rejects.push(self.lines + 1, self.offset + *at as u64, reason, &rest[..next]);
                }
                self.lines += reading.splitter.lines();
                *at += next;
                Ok(Stop::Block)
            }
            Record::Empty { next } => {
                self.lines += 1;
                *at += next;
                Ok(Stop::Block)
            }
            Record::Partial => Ok(Stop::Partial),
        }
    }
}

/// Why a block ended.
enum Stop {
    /// There is more to read.
    Block,
    /// All bytes are read.
    End,
    /// The next record is not all there.
    Partial,
}

#[cfg(test)]
mod tests;
