//! A whole source, from bytes in any chunking to typed batches.

use super::{LONGEST_RECORD, Options, Part, Rejects, SAMPLE, Shape};
use crate::kernel::batch::Batch;
use crate::{Error, Result};

/// A reader that is given bytes and gives batches; it reads nothing by itself.
///
/// The first 256 KiB tell the source's [`Shape`]; then it is one [`Part`].
#[derive(Debug)]
pub struct Decoder {
    options: Options,
    state: State,
}

#[derive(Debug)]
enum State {
    Sampling(Vec<u8>),
    Reading(Box<(Shape, Part)>),
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(options: Options) -> Self {
        Self { options, state: State::Sampling(vec![]) }
    }

    /// Takes the source's next bytes, however they are cut.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the bytes are no table of events.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.state {
            State::Sampling(sample) => {
                sample.extend_from_slice(bytes);
                if sample.len() < SAMPLE { Ok(()) } else { self.begin(false) }
            }
            State::Reading(reading) => reading.1.push(bytes).map(drop),
        }
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when there was no row that could be read.
    pub fn finish(&mut self) -> Result<()> {
        self.end_with(false)
    }

    /// As [`finish`](Decoder::finish), for a table whose rows may all be still to come: a header alone is no error.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when there were rows, and none could be read, or not so much as a header.
    pub fn finish_open(&mut self) -> Result<()> {
        self.end_with(true)
    }

    fn end_with(&mut self, may_be_header: bool) -> Result<()> {
        let part = self.end()?;
        if part.n_rows() > 0 {
            return Ok(());
        }
        if let Some(first) = part.rejects().kept.first() {
            let sentence = format!("no row of the file could be read; the first, on line {}: {}", first.line, first.reason);
            return Err(Error::bad_input(sentence).at_line(first.line));
        }
        if may_be_header && !part.names().is_empty() {
            return Ok(());
        }
        let names = part.names().join(", ");
        Err(Error::bad_input(format!("the file has a header ({names}) but no rows")))
    }

    /// Reads what is left.
    pub(super) fn end(&mut self) -> Result<&mut Part> {
        if matches!(self.state, State::Sampling(_)) {
            self.begin(true)?;
        }
        match &mut self.state {
            State::Reading(reading) => {
                reading.1.finish()?;
                Ok(&mut reading.1)
            }
            State::Sampling(_) => Err(Error::bad_state("all bytes of a source tell its shape")),
        }
    }

    /// The batches that are ready.
    pub fn take_batches(&mut self) -> Vec<Batch> {
        match &mut self.state {
            State::Reading(reading) => reading.1.take_batches(),
            State::Sampling(_) => vec![],
        }
    }

    /// The rows that could not be read so far.
    pub fn rejects(&self) -> &Rejects {
        static NONE: Rejects = Rejects { count: 0, kept: vec![] };
        self.part().map_or(&NONE, Part::rejects)
    }

    /// How many times were read so far that the clock of [`Options::zone`] shows twice or leaves out.
    pub fn n_unclear(&self) -> u64 {
        self.part().map_or(0, Part::n_unclear)
    }

    /// The rows read so far.
    pub fn n_rows(&self) -> u64 {
        self.part().map_or(0, Part::n_rows)
    }

    /// The columns' names; none before the first 256 KiB or the end were seen.
    pub fn names(&self) -> &[String] {
        self.part().map_or(&[], Part::names)
    }

    /// The names of columns that cannot be read.
    pub fn left_out(&self) -> &[String] {
        self.part().map_or(&[], Part::left_out)
    }

    /// The source's shape, once known.
    pub fn shape(&self) -> Option<&Shape> {
        match &self.state {
            State::Reading(reading) => Some(&reading.0),
            State::Sampling(_) => None,
        }
    }

    fn part(&self) -> Option<&Part> {
        match &self.state {
            State::Reading(reading) => Some(&reading.1),
            State::Sampling(_) => None,
        }
    }

    /// Decides on the shape of the source from what has come so far.
    fn begin(&mut self, are_all: bool) -> Result<()> {
        let State::Sampling(sample) = &self.state else { return Ok(()) };
        let Some(shape) = Shape::of(sample, are_all, &self.options)? else {
            let is_long = sample.len() > LONGEST_RECORD;
            return if is_long { Err(Error::bad_input("the first record does not end within 16 MiB")) } else { Ok(()) };
        };
        let mut part = Part::whole(&shape, &self.options);
        let sample = &sample[shape.first_byte as usize..];
        part.push(sample)?;
        self.state = State::Reading(Box::new((shape, part)));
        Ok(())
    }
}
