//! A stretch of a file, read on its own: several readers then share a file.
//!
//! A part that begins in the middle cannot know whether its first line end is one of a quoted cell. It takes the line
//! end for a record's and says where it began; the part before it says where its last record ended. Where the two differ,
//! the later part was read wrongly, and is to be read again from where the earlier one ended.

use serde::{Deserialize, Serialize};

use super::csv::{self, Csv};
use super::kind::Kind;
use super::{Format, Options, Rejects};
#[cfg(feature = "formats")]
use super::{blanks, json, log, records};
use crate::event::ColumnType;
use crate::kernel::batch::Batch;
use crate::{Error, Result};

/// What the first bytes of a file say of all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// How the records are written.
    pub format: Format,
    /// The byte between cells.
    pub separator: u8,
    /// The byte around cells that hold separators or line ends.
    pub quote: u8,
    /// Whether the first row names the columns.
    pub header: bool,
    /// The names of the columns that were seen.
    pub names: Vec<String>,
    /// Where the first row of data begins.
    pub first_byte: u64,
    /// Lines before it.
    pub first_line: u64,
    /// Whether a reader can begin in the middle.
    pub divisible: bool,
    /// How records lie in a JSON document.
    #[cfg(feature = "formats")]
    #[serde(default)]
    pub(super) layout: json::Layout,
    /// What is on a log's lines.
    #[cfg(feature = "formats")]
    pub(super) pattern: Option<String>,
    pub(super) kinds: Vec<Kind>,
}

impl Shape {
    /// The shape of the file that begins with `bytes`, or has no more than them; `None` where they do not tell.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the bytes are no table of events.
    pub fn of(bytes: &[u8], are_all: bool, options: &Options) -> Result<Option<Self>> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if are_all && text.trim_ascii().is_empty() {
            return Err(Error::bad_input("the file is empty"));
        }
        let first_byte = (bytes.len() - text.len()) as u64;
        match options.format.map_or_else(|| Format::of(text, are_all), Ok)? {
            Format::Csv => csv::shape_of(text, first_byte, are_all, options),
            #[cfg(feature = "formats")]
            Format::Blanks => Ok(blanks::shape_of(text, first_byte, are_all, options)),
            #[cfg(feature = "formats")]
            Format::Log => log::shape_of(text, first_byte, are_all, options),
            #[cfg(feature = "formats")]
            format @ (Format::Ndjson | Format::Json) => json::shape_of(format, text, first_byte, are_all, options),
            #[cfg(feature = "parquet")]
            format @ (Format::Parquet | Format::Arrow) => Ok(Some(Self { format, ..Self::default() })),
            #[cfg(not(feature = "parquet"))]
            format => Err(Error::new(crate::ErrorKind::Unsupported, format!("this core does not read {}", format.name()))),
        }
    }

    /// The same of a file whose columns were found to have these types, or wider ones than its first rows told.
    pub fn widened(mut self, types: &[ColumnType]) -> Self {
        for (kind, &column_type) in self.kinds.iter_mut().zip(types) {
            *kind = kind.retyped(kind.column_type().join(column_type));
        }
        self
    }

    /// What is on a log's lines: a known log's name, a server's format string, or a `#Fields:` directive; nothing of
    /// other formats.
    pub fn pattern(&self) -> Option<&str> {
        #[cfg(feature = "formats")]
        return self.pattern.as_deref();
        #[cfg(not(feature = "formats"))]
        None
    }

    fn reader(&self, options: &Options, limit: u64) -> Box<dyn Reader> {
        let named = self.names.iter().zip(&self.kinds);
        let columns = named.map(|(name, &kind)| options.column(name, kind)).collect();
        #[cfg(feature = "formats")]
        {
            let cutter: Box<dyn records::Cutter> = match self.format {
                Format::Csv => return Box::new(Csv::new(self, columns, limit)),
                Format::Blanks => Box::new(blanks::Blanks::new(&self.names)),
                Format::Log => Box::new(log::Log::of(self)),
                Format::Ndjson | Format::Json => Box::new(json::Json::new(&self.names, &self.layout)),
                #[cfg(feature = "parquet")]
                Format::Parquet | Format::Arrow => return Box::new(super::indexed::Gathered::new(options)),
                #[cfg(not(feature = "parquet"))]
                Format::Parquet | Format::Arrow => return Box::new(Csv::new(self, columns, limit)), // of no shape
            };
            Box::new(records::Records::new(cutter, columns, options, limit))
        }
        #[cfg(not(feature = "formats"))]
        Box::new(Csv::new(self, columns, limit))
    }
}

/// What a reader has made of the bytes so far.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Bytes of the source that need not be seen again.
    pub(super) offset: u64,
    /// Lines in them.
    pub(super) lines: u64,
    pub(super) rejects: Rejects,
    pub(super) n_rows: u64,
    pub(super) batches: Vec<Batch>,
    /// The names of columns that cannot be read.
    pub(super) left_out: Vec<String>,
}

/// Reads records from where one begins to a limit.
pub(super) trait Reader: std::fmt::Debug {
    /// Takes the next bytes, however they are cut.
    fn push(&mut self, bytes: &[u8], out: &mut Output) -> Result<()>;

    /// Reads what is left.
    fn end(&mut self, out: &mut Output) -> Result<()>;

    /// Whether the record at the limit was reached.
    fn has_ended(&self) -> bool;

    /// The columns' names so far.
    fn names(&self) -> &[String];

    /// How many times so far the source's clock shows twice or leaves out.
    fn n_unclear(&self) -> u64;
}

/// A reader of the records that begin in one stretch of a file. It is given bytes and gives batches.
///
/// Lines of its rejects count from the part's first; bytes are the file's.
#[derive(Debug)]
pub struct Part {
    reader: Box<dyn Reader>,
    out: Output,
    start: Option<u64>,
}

impl Part {
    /// A reader of the records that begin at byte `from` or behind it, and before `to`. It is given the file's bytes from
    /// [`first_byte`](Part::first_byte) on. `exact` says that a record begins at `from`; else one begins behind the first
    /// line end that is not before the byte ahead of `from`.
    pub fn new(shape: &Shape, options: &Options, from: u64, to: u64, exact: bool) -> Self {
        let offset = if exact { from } else { from - 1 };
        let out = Output { offset, ..Output::default() };
        Self { reader: shape.reader(options, to), out, start: exact.then_some(from) }
    }

    /// A reader of all records of a file.
    pub(super) fn whole(shape: &Shape, options: &Options) -> Self {
        let mut part = Self::new(shape, options, shape.first_byte, u64::MAX, true);
        part.out.lines = shape.first_line;
        part
    }

    /// The byte of the file from which on it wants to be given bytes.
    pub fn first_byte(&self) -> u64 {
        self.out.offset
    }

    /// Takes the file's next bytes, however they are cut; says whether it needs more.
    ///
    /// # Errors
    ///
    /// When a column outgrows what can be held.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<bool> {
        if self.start.is_none() {
            let line_end = memchr::memchr(b'\n', bytes);
            let passed = line_end.map_or(bytes.len(), |at| at + 1);
            self.out.offset += passed as u64;
            if line_end.is_none() {
                return Ok(true);
            }
            self.start = Some(self.out.offset);
            bytes = &bytes[passed..];
        }
        self.reader.push(bytes, &mut self.out)?;
        Ok(!self.reader.has_ended())
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// When a column outgrows what can be held.
    pub fn finish(&mut self) -> Result<()> {
        self.start.get_or_insert(self.out.offset);
        self.reader.end(&mut self.out)?;
        // A block's rows of the wrong width are found before its misfits.
        self.out.rejects.sort();
        Ok(())
    }

    /// The columns' names: those of the shape, and behind them any that only later records have.
    pub fn names(&self) -> &[String] {
        self.reader.names()
    }

    /// Where its first record began, or would have; none before it came.
    pub fn start(&self) -> Option<u64> {
        self.start
    }

    /// Where its last record ended, once all is read.
    pub fn end(&self) -> u64 {
        self.out.offset
    }

    /// Lines read so far.
    pub fn n_lines(&self) -> u64 {
        self.out.lines
    }

    /// How many times were read so far that the clock of [`Options::zone`] shows twice or leaves out.
    pub fn n_unclear(&self) -> u64 {
        self.reader.n_unclear()
    }

    /// Rows read so far.
    pub fn n_rows(&self) -> u64 {
        self.out.n_rows
    }

    /// The rows that could not be read so far.
    pub fn rejects(&self) -> &Rejects {
        &self.out.rejects
    }

    /// The names of columns that cannot be read.
    pub fn left_out(&self) -> &[String] {
        &self.out.left_out
    }

    /// The batches that are ready.
    pub fn take_batches(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.out.batches)
    }
}

#[cfg(test)]
mod tests;
