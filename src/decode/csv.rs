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
mod stretch;

use std::collections::BTreeMap;

pub use part::{Part, Shape};
use reading::{Reading, first_kind};
pub use records::{first_record, guess_separator, records};
pub use split::Cells;
use split::Splitter;

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
    /// Types fixed by the user, by column name: `int`, `decimal`, `time`, `bool`, `uuid` or `text`. A cell that does not
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
}

#[cfg(test)]
mod tests;
