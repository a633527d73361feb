//! CSV and its relatives, from bytes in any chunking to typed batches.
//!
//! The first bytes decide separator, header and types; then blocks of rows are cut into cells and read
//! column by column. A cell that does not fit its column widens the column's type; a row that cannot be
//! a row of this file is rejected.

mod headless;
mod reading;
mod records;
pub(super) mod sniff;
mod split;
mod stretch;

use reading::Reading;
pub(super) use records::has_columns;
pub use records::{first_record, guess_separator, records};
use split::Splitter;

use super::column::{ColumnBuilder, first_kind};
use super::part::{Output, Reader, Shape};
use super::{Format, LONGEST_RECORD, Options, SAMPLE};
use crate::{Error, Result};

/// Reads the records of delimited text.
#[derive(Debug)]
pub(super) struct Csv {
    reading: Reading,
    /// Bytes of a record whose end has not come.
    bytes: Vec<u8>,
    /// Records that begin at this byte of the source or behind it are another's.
    limit: u64,
    has_ended: bool,
}

impl Csv {
    /// A reader of the records of a file of that shape, those apart that begin at byte `limit` or behind it.
    pub(super) fn new(shape: &Shape, columns: Vec<ColumnBuilder>, limit: u64) -> Self {
        let splitter = Splitter::new(shape.separator, shape.quote);
        let reading = Reading { splitter, names: shape.names.clone(), columns, rows_in_batch: 0, skipping: false };
        Self { reading, bytes: Vec::new(), limit, has_ended: false }
    }
}

impl Reader for Csv {
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
        if self.reading.rows_in_batch > 0 {
            out.batches.push(self.reading.take_batch()?);
        }
        Ok(())
    }

    fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn names(&self) -> &[String] {
        &self.reading.names
    }

    fn n_unclear(&self) -> u64 {
        self.reading.columns.iter().map(ColumnBuilder::n_unclear).sum()
    }
}

/// What the first bytes of a delimited text, or all of them, say of the whole; `None` where they do not tell.
///
/// # Errors
///
/// `BAD_INPUT` when the bytes are no delimited text.
pub(super) fn shape_of(bytes: &[u8], first_byte: u64, are_all: bool, options: &Options) -> Result<Option<Shape>> {
    let quote = options.quote.unwrap_or(b'"');
    let is_told = options.separator.is_some() && options.header.is_some() && options.names.is_some() && options.kinds.is_some();
    let n_rows = if is_told { 1 } else { sniff::ROWS };
    // What is decided must not depend on how many more bytes happen to be here.
    let sniff = |sample: &[u8]| {
        let at_end = are_all && sample.len() == bytes.len();
        let separator = options.separator.unwrap_or_else(|| sniff::separator(sample, quote, at_end));
        (separator, sniff::rows(sample, separator, quote, at_end, n_rows))
    };
    let (mut separator, mut rows) = sniff(&bytes[..bytes.len().min(SAMPLE)]);
    if rows.is_empty() {
        (separator, rows) = sniff(bytes);
    }
    let Some(first) = rows.first() else {
        return match () {
            () if are_all => Err(Error::bad_input("a quote on the first line is never closed; this is not a CSV file")),
            () if bytes.len() > LONGEST_RECORD => {
                Err(Error::bad_input("the first line does not end within 16 MiB; this is not a CSV file of events"))
            }
            () => Ok(None),
        };
    };
    let header = options.header.unwrap_or_else(|| sniff::has_header(&rows));
    let names = match &options.names {
        Some(names) => names.clone(),
        None if header => sniff::unique_names(first.iter().map(|cell| String::from_utf8_lossy(cell).into_owned())),
        None => headless::names(&rows).unwrap_or_else(|| sniff::unique_names(first.iter().map(|_| String::new()))),
    };
    let sample: Vec<_> = rows[usize::from(header)..].iter().filter(|row| row.len() == names.len()).collect();
    let kind = |(at, name): (usize, &String)| first_kind(name, options.fixed(name), sample.iter().map(|row| row[at].as_slice()));
    let kinds = options.kinds.clone().unwrap_or_else(|| names.iter().enumerate().map(kind).collect());
    let (passed, first_line) = if header { sniff::pass_record(bytes, separator, quote, are_all) } else { (0, 0) };
    Ok(Some(Shape {
        format: Format::Csv,
        separator,
        quote,
        header,
        names,
        first_byte: first_byte + passed as u64,
        first_line,
        kinds,
        divisible: true,
        ..Shape::default()
    }))
}

#[cfg(test)]
pub(super) mod tests;
