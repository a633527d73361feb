//! CSV and its relatives, from bytes in any chunking to typed batches.
//!
//! The first bytes decide separator, header and types; then blocks of rows are cut into cells and read
//! column by column. A cell that does not fit its column widens the column's type; a row that cannot be
//! a row of this file is rejected.

mod sniff;
mod split;

use std::collections::BTreeMap;
use std::ops::Range;

pub use split::Cells;
use split::{Record, Splitter};

use super::Rejects;
use super::column::ColumnBuilder;
use super::kind::{Kind, epoch_unit, sounds_like_time};
use crate::event::ColumnType;
use crate::kernel::batch::Batch;
use crate::kernel::number::parse_int;
use crate::{Error, Result};

/// Rows in a batch, the last one apart.
pub const BATCH_ROWS: usize = 1 << 16;
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
}

#[derive(Debug)]
enum State {
    Sampling,
    Reading(Box<Reading>),
}

/// The shape of the file, once its first bytes are seen.
#[derive(Debug)]
struct Reading {
    splitter: Splitter,
    separator: u8,
    header: bool,
    names: Vec<String>,
    fixed: Vec<Option<String>>,
    columns: Vec<ColumnBuilder>,
    rows_in_batch: usize,
    /// Inside a record that was given up: skip to the next line.
    skipping: bool,
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
        self.bytes.extend_from_slice(bytes);
        match self.state {
            State::Sampling if self.bytes.len() < SAMPLE => Ok(()),
            State::Sampling => self.begin(false),
            State::Reading(_) => self.read(false),
        }
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when there was nothing, or a header alone.
    pub fn finish(&mut self) -> Result<()> {
        if matches!(self.state, State::Sampling) {
            self.begin(true)?;
        }
        self.read(true)?;
        self.emit()?;
        // A block's rows of the wrong width are found before its misfits.
        self.rejects.kept.sort_by_key(|reject| reject.byte);
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
            State::Reading(reading) => Some(reading),
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
        let separator = self.options.separator.unwrap_or_else(|| sniff::separator(&self.bytes, quote, at_end));
        let rows = sniff::rows(&self.bytes, separator, quote, at_end, sniff::ROWS);
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
        self.state = State::Reading(Box::new(Reading {
            splitter,
            separator,
            header,
            names,
            fixed,
            columns,
            rows_in_batch: 0,
            skipping: false,
        }));
        if header {
            self.skip_header(at_end);
        }
        self.read(at_end)
    }

    fn skip_header(&mut self, at_end: bool) {
        let State::Reading(reading) = &mut self.state else { return };
        reading.splitter.start(&self.bytes);
        let mut at = 0;
        loop {
            match reading.splitter.record(&self.bytes, at, at_end) {
                Record::Empty { next } => at = next,
                Record::Whole { next, .. } => {
                    at = next;
                    break;
                }
                Record::Partial => break,
            }
        }
        self.lines += reading.splitter.lines();
        self.offset += at as u64;
        self.bytes.drain(..at);
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

    /// Reads `bytes`, and says how many need not be seen again.
    fn read_bytes(&mut self, bytes: &[u8], at_end: bool) -> Result<usize> {
        let mut at = 0;
        let State::Reading(reading) = &mut self.state else { return Ok(0) };
        if reading.skipping {
            let Some(line_end) = memchr::memchr(b'\n', bytes) else { return Ok(bytes.len()) };
            reading.skipping = false;
            at = line_end + 1;
            self.lines += 1;
        }
        loop {
            match self.read_block(bytes, &mut at, at_end)? {
                Stop::Block => {}
                Stop::End => return Ok(at),
                Stop::Partial if at_end => self.give_up_record(bytes, &mut at, "a quote is opened in this row and never closed"),
                Stop::Partial if bytes.len() - at > LONGEST_RECORD => {
                    self.give_up_record(bytes, &mut at, "the row, or a quote opened in it, does not end within 16 MiB");
                }
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
            if next == stretch.len() {
                break if last_stretch { Stop::End } else { Stop::Block };
            }
            let line = self.lines + reading.splitter.lines() + 1;
            match reading.splitter.record(stretch, next, at_end && last_stretch) {
                Record::Whole { cells, next: after } if cells == width => {
                    rows.push(next..after);
                    next = after;
                    if rows.len() == BLOCK_ROWS {
                        let start = Position { lines: self.lines, byte: self.offset + *at as u64 };
                        self.n_rows += reading.read_columns(stretch, &rows, start, &mut self.rejects)?;
                        rows.clear();
                        if reading.rows_in_batch + BLOCK_ROWS > BATCH_ROWS {
                            self.batches.push(reading.take_batch()?);
                        }
                    }
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
        self.n_rows += reading.read_columns(stretch, &rows, start, &mut self.rejects)?;
        if reading.rows_in_batch + BLOCK_ROWS > BATCH_ROWS {
            self.batches.push(reading.take_batch()?);
        }
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
                    self.n_rows += reading.read_columns(rest, std::slice::from_ref(&row), start, &mut self.rejects)?;
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

    fn emit(&mut self) -> Result<()> {
        if let State::Reading(reading) = &mut self.state
            && reading.rows_in_batch > 0
        {
            self.batches.push(reading.take_batch()?);
        }
        Ok(())
    }
}

/// Where a stretch of bytes begins in the source.
#[derive(Clone, Copy)]
struct Position {
    /// Lines before it.
    lines: u64,
    /// Bytes before it.
    byte: u64,
}

impl Reading {
    /// Reads the columns of the `rows` of `stretch` that are cut into cells; gives how many were rows indeed.
    #[inline(never)]
    fn read_columns(&mut self, stretch: &[u8], rows: &[Range<usize>], start: Position, rejects: &mut Rejects) -> Result<u64> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(0) };
        let width = self.names.len();
        let all_utf8 = std::str::from_utf8(&stretch[first.start..last.end]).is_ok();
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
        self.rows_in_batch += n_rows;
        self.splitter.clear();
        Ok(n_rows as u64)
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

    fn take_batch(&mut self) -> Result<Batch> {
        let n_rows = std::mem::take(&mut self.rows_in_batch);
        Ok(Batch { columns: self.columns.iter_mut().map(ColumnBuilder::take).collect::<Result<_>>()?, n_rows })
    }
}

/// The byte that most likely separates the cells of a text: of `,`, tab, `;` and `|`, the one that cuts its first
/// lines most evenly, and into more cells.
pub fn guess_separator(bytes: &[u8], quote: u8) -> u8 {
    sniff::separator(bytes, quote, true)
}

/// All records of a text as cells, without types or rejects; a record whose quote never closes is left out.
pub fn records(bytes: &[u8], separator: u8, quote: u8) -> Vec<Vec<String>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = |row: &Vec<Vec<u8>>| row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    sniff::rows(bytes, separator, quote, true, usize::MAX).iter().map(text).collect()
}

/// The cells of the first record.
pub fn first_record(bytes: &[u8], separator: u8, quote: u8) -> Vec<String> {
    records(&bytes[..bytes.len().min(SAMPLE)], separator, quote).into_iter().next().unwrap_or_default()
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

/// Line ends in `bytes`: `\n`, or `\r` without one.
fn count_lines(bytes: &[u8]) -> u64 {
    let lone = |i: usize| bytes.get(i + 1) != Some(&b'\n');
    memchr::memchr2_iter(b'\n', b'\r', bytes).filter(|&i| bytes[i] == b'\n' || lone(i)).count() as u64
}

/// The kind that holds the sample's cells of a column.
fn first_kind(name: &str, fixed: Option<&str>, at: usize, sample: &[Vec<Vec<u8>>], width: usize) -> Kind {
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

#[cfg(test)]
mod tests;
