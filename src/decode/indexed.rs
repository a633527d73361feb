//! Files that are read from their end: a footer says where the pieces of their columns are.
//!
//! Such a file need not be held whole: whoever has it gives its last bytes, then, for each piece, those that are asked for.

use std::ops::Range;

use arrow_array::ArrayRef;

use super::arrow::Arrow;
use super::parquet::Parquet;
use super::part::{Output, Reader, Shape};
use super::{Format, Options};
use crate::event::ColumnType;
use crate::kernel::batch::{Batch, BatchColumn};
use crate::kernel::column;
use crate::kernel::form::Forms;
use crate::{Error, Result};

/// Bytes from the end that hold most footers.
const TAIL: u64 = 64 << 10;

/// What is still needed to make something.
#[derive(Debug)]
pub enum Need<T> {
    /// So many bytes of the end of the file.
    More(u64),
    /// Nothing: here it is.
    Nothing(T),
}

/// The last bytes of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) file_size: u64,
}

/// The pieces of a file. They are read in their order, each once.
pub(super) trait Pieces: std::fmt::Debug {
    /// The columns' names.
    fn names(&self) -> &[String];

    /// The names of the columns that cannot be read.
    fn left_out(&self) -> &[String];

    fn n_pieces(&self) -> usize;

    /// Where the bytes of a piece are.
    fn ranges(&self, piece: usize) -> Vec<Range<u64>>;

    /// The rows of a piece, of the bytes of its ranges.
    fn read(&mut self, piece: usize, bytes: &[&[u8]]) -> Result<Vec<Batch>>;
}

/// A file whose footer was read.
#[derive(Debug)]
pub struct Indexed {
    pieces: Box<dyn Pieces>,
    format: Format,
    next: usize,
    /// The columns' names, and where each is in the file: columns that rows before these have stand first.
    names: Vec<String>,
    places: Vec<Option<usize>>,
}

impl Indexed {
    /// Reads the footer of a file of `file_size` bytes, of which `tail` are the last.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the file is neither Parquet nor Arrow, is damaged or encrypted, or has no column that can be read.
    pub fn open(tail: &[u8], file_size: u64, options: &Options) -> Result<Need<Self>> {
        if (tail.len() as u64) < TAIL.min(file_size) {
            return Ok(Need::More(TAIL.min(file_size)));
        }
        let tail = Tail { bytes: tail, file_size };
        if Parquet::is_at_the_end_of(tail.bytes) {
            return Ok(match Parquet::open(tail, options)? {
                Need::More(n_bytes) => Need::More(n_bytes),
                Need::Nothing(file) => Need::Nothing(Self::of(Box::new(file), Format::Parquet, options)),
            });
        }
        if Arrow::is_at_the_end_of(tail.bytes) {
            return Ok(match Arrow::open(tail, options)? {
                Need::More(n_bytes) => Need::More(n_bytes),
                Need::Nothing(file) => Need::Nothing(Self::of(Box::new(file), Format::Arrow, options)),
            });
        }
        Err(Error::bad_input("the file does not end as Parquet or Arrow files do; it may have been cut off"))
    }

    /// The same of a whole file, or of an Arrow stream.
    fn of_all(bytes: &[u8], options: &Options) -> Result<Self> {
        if Arrow::is_stream(bytes) {
            return Ok(Self::of(Box::new(Arrow::of_stream(bytes, options)?), Format::Arrow, options));
        }
        match Self::open(bytes, bytes.len() as u64, options)? {
            Need::Nothing(file) => Ok(file),
            Need::More(_) => Err(Error::bad_state("a file is shorter than itself")),
        }
    }

    fn of(pieces: Box<dyn Pieces>, format: Format, options: &Options) -> Self {
        let own = pieces.names();
        let mut names = options.names.clone().unwrap_or_default();
        names.extend(own.iter().filter(|name| options.names.as_ref().is_none_or(|names| !names.contains(name))).cloned());
        let places = names.iter().map(|name| own.iter().position(|own| own == name)).collect();
        Self { pieces, format, next: 0, names, places }
    }

    /// The columns' names: those of the options, and behind them any that only this file has.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of the columns that cannot be read.
    pub fn left_out(&self) -> &[String] {
        self.pieces.left_out()
    }

    /// What its first bytes would say.
    pub fn shape(&self) -> Shape {
        Shape { format: self.format, ..Shape::default() }
    }

    /// Where the bytes of the next piece are; `None` behind the last one.
    pub fn next_ranges(&self) -> Option<Vec<Range<u64>>> {
        (self.next < self.pieces.n_pieces()).then(|| self.pieces.ranges(self.next))
    }

    /// The rows of the next piece, of the bytes of its ranges.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the bytes are no such rows, or a value is not of a type that the options fix; `BAD_STATE` when the
    /// bytes are not as many as were asked for.
    pub fn read(&mut self, bytes: &[&[u8]]) -> Result<Vec<Batch>> {
        let ranges = self.next_ranges().unwrap_or_default();
        let fit = ranges.len() == bytes.len() && ranges.iter().zip(bytes).all(|(r, b)| r.end - r.start == b.len() as u64);
        if !fit || self.next >= self.pieces.n_pieces() {
            return Err(Error::bad_state("a piece of the file is not of the bytes that were asked for"));
        }
        self.next += 1;
        let batches = self.pieces.read(self.next - 1, bytes)?;
        batches.into_iter().map(|batch| self.arranged(batch)).collect()
    }

    fn arranged(&self, batch: Batch) -> Result<Batch> {
        let Batch { columns, n_rows } = batch;
        let column = |place: &Option<usize>| match place {
            Some(place) => Ok(columns[*place].clone()),
            None => Ok(missing(column::nulls(ColumnType::Null, n_rows)?)),
        };
        Ok(Batch { columns: self.places.iter().map(column).collect::<Result<_>>()?, n_rows })
    }
}

fn missing(array: ArrayRef) -> BatchColumn {
    BatchColumn { array, forms: Forms::Plain, column_type: ColumnType::Null }
}

/// Gathers a file that comes in pieces, to read it once it is whole.
#[derive(Debug)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    options: Options,
    names: Vec<String>,
}

impl Gathered {
    pub(super) fn new(options: &Options) -> Self {
        Self { bytes: vec![], options: options.clone(), names: vec![] }
    }
}

impl Reader for Gathered {
    fn push(&mut self, bytes: &[u8], _: &mut Output) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self, out: &mut Output) -> Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        let mut file = Indexed::of_all(&bytes, &self.options)?;
        while let Some(ranges) = file.next_ranges() {
            let pieces: Vec<&[u8]> = ranges.iter().map(|range| &bytes[range.start as usize..range.end as usize]).collect();
            let batches = file.read(&pieces)?;
            out.n_rows += batches.iter().map(|batch| batch.n_rows as u64).sum::<u64>();
            out.batches.extend(batches);
        }
        out.offset += bytes.len() as u64;
        out.left_out = file.left_out().to_vec();
        self.names = file.names;
        Ok(())
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn n_unclear(&self) -> u64 {
        0
    }

    fn names(&self) -> &[String] {
        &self.names
    }
}
