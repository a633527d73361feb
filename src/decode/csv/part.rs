//! A stretch of a file, read on its own: several readers then share a file.
//!
//! A part that begins in the middle cannot know whether its first line end is one of a quoted cell. It takes the line
//! end for a record's and says where it began; the part before it says where its last record ended. Where the two differ,
//! the later part was read wrongly, and is to be read again from where the earlier one ended.

use serde::{Deserialize, Serialize};

use super::reading::Reading;
use super::split::Splitter;
use super::{Decoder, Options, State};
use crate::Result;
use crate::decode::Rejects;
use crate::decode::column::ColumnBuilder;
use crate::decode::kind::Kind;
use crate::event::ColumnType;
use crate::kernel::batch::Batch;

/// What the first bytes of a file say of all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// The byte between cells.
    pub separator: u8,
    /// The byte around cells that hold separators or line ends.
    pub quote: u8,
    /// Whether the first row names the columns.
    pub header: bool,
    /// The columns' names.
    pub names: Vec<String>,
    /// Where the first row of data begins.
    pub first_byte: u64,
    /// Lines before it.
    pub first_line: u64,
    kinds: Vec<Kind>,
}

impl Shape {
    /// The shape of the file that begins with `bytes`, or has no more than them; `None` where they do not tell.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the bytes are no delimited text.
    pub fn of(bytes: &[u8], are_all: bool, options: Options) -> Result<Option<Self>> {
        let quote = options.quote.unwrap_or(b'"');
        let mut decoder = Decoder::new(options);
        decoder.limit = 0; // no row is read
        decoder.bytes = bytes.to_vec();
        decoder.begin(are_all)?;
        let first_line = decoder.lines;
        Ok(decoder.reading().map(|reading| Self {
            separator: reading.separator,
            quote,
            header: reading.header,
            names: reading.names.clone(),
            first_byte: decoder.offset,
            first_line,
            kinds: reading.columns.iter().map(ColumnBuilder::kind).collect(),
        }))
    }

    /// The same of a file whose columns were found to have these types, or wider ones than its first rows told.
    pub fn widened(mut self, types: &[ColumnType]) -> Self {
        for (kind, &column_type) in self.kinds.iter_mut().zip(types) {
            let counted = matches!(kind, Kind::Epoch(_));
            *kind = Kind::of_type(kind.column_type().join(column_type), counted);
        }
        self
    }
}

/// A reader of the records that begin in one stretch of a file. It is given bytes and gives batches.
///
/// Lines of its rejects count from the part's first; bytes are the file's.
#[derive(Debug)]
pub struct Part {
    decoder: Decoder,
    start: Option<u64>,
}

impl Part {
    /// A reader of the records that begin at byte `from` or behind it, and before `to`. It is given the file's bytes from
    /// [`first_byte`](Part::first_byte) on. `exact` says that a record begins at `from`; else one begins behind the first
    /// line end that is not before the byte ahead of `from`.
    pub fn new(shape: &Shape, options: &Options, from: u64, to: u64, exact: bool) -> Self {
        let Shape { separator, quote, header, names, kinds, .. } = shape.clone();
        let fixed: Vec<_> = names.iter().map(|name| options.types.get(name).cloned()).collect();
        let columns = kinds.into_iter().zip(&fixed).map(|(kind, fixed)| ColumnBuilder::new(kind, fixed.clone())).collect();
        let splitter = Splitter::new(separator, quote);
        let reading = Reading { splitter, separator, header, names, fixed, columns, rows_in_batch: 0, skipping: false };
        let mut decoder = Decoder::new(Options::default());
        decoder.state = State::Reading(Box::new(reading));
        decoder.offset = if exact { from } else { from - 1 };
        decoder.limit = to;
        Self { decoder, start: exact.then_some(from) }
    }

    /// The byte of the file from which on it wants to be given bytes.
    pub fn first_byte(&self) -> u64 {
        self.decoder.offset
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
            self.decoder.offset += passed as u64;
            if line_end.is_none() {
                return Ok(true);
            }
            self.start = Some(self.decoder.offset);
            bytes = &bytes[passed..];
        }
        self.decoder.push(bytes)?;
        Ok(!matches!(self.decoder.state, State::Ended(_)))
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// When a column outgrows what can be held.
    pub fn finish(&mut self) -> Result<()> {
        self.start.get_or_insert(self.decoder.offset);
        self.decoder.end()
    }

    /// The columns' names.
    pub fn names(&self) -> &[String] {
        self.decoder.names()
    }

    /// Where its first record began, or would have; none before it came.
    pub fn start(&self) -> Option<u64> {
        self.start
    }

    /// Where its last record ended, once all is read.
    pub fn end(&self) -> u64 {
        self.decoder.offset
    }

    /// Lines read so far.
    pub fn n_lines(&self) -> u64 {
        self.decoder.lines
    }

    /// Rows read so far.
    pub fn n_rows(&self) -> u64 {
        self.decoder.n_rows
    }

    /// The rows that could not be read so far.
    pub fn rejects(&self) -> &Rejects {
        &self.decoder.rejects
    }

    /// The batches that are ready.
    pub fn take_batches(&mut self) -> Vec<Batch> {
        self.decoder.take_batches()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::cells;
    use super::*;
    use crate::decode::Reject;

    type Read = (Vec<Vec<Option<String>>>, Vec<Reject>, u64);

    fn read_whole(text: &[u8], options: &Options, chunk: usize) -> Read {
        let mut decoder = Decoder::new(options.clone());
        text.chunks(chunk).for_each(|piece| decoder.push(piece).unwrap());
        decoder.end().unwrap();
        (cells(decoder.take_batches()), decoder.rejects.kept, decoder.lines)
    }

    fn read_part(text: &[u8], mut part: Part, chunk: usize) -> Part {
        for piece in text[part.first_byte() as usize..].chunks(chunk) {
            if !part.push(piece).unwrap() {
                break;
            }
        }
        part.finish().unwrap();
        part
    }

    /// Reads the text in parts that are cut at `cuts`, and again those that were cut inside a quoted cell; gives how many.
    fn read_parts(text: &[u8], options: &Options, cuts: &[u64], chunk: usize) -> (Read, usize) {
        let shape = Shape::of(text, true, options.clone()).unwrap().unwrap();
        let cuts: Vec<u64> = cuts.iter().copied().filter(|&cut| cut > shape.first_byte).collect();
        let ends = cuts.iter().copied().chain([u64::MAX]);
        let parts = [shape.first_byte].into_iter().chain(cuts.iter().copied()).zip(ends);
        let (mut rows, mut rejects, mut lines, mut end, mut n_again) = (vec![], vec![], shape.first_line, shape.first_byte, 0);
        for (at, (from, to)) in parts.enumerate() {
            let mut part = read_part(text, Part::new(&shape, options, from, to, at == 0), chunk);
            if part.start() != Some(end) {
                n_again += 1;
                part = read_part(text, Part::new(&shape, options, end, to, true), chunk);
            }
            rows.extend(cells(part.take_batches()));
            rejects.extend(part.rejects().kept.iter().cloned().map(|reject| Reject { line: reject.line + lines, ..reject }));
            lines += part.n_lines();
            end = part.end();
        }
        assert_eq!(end, text.len() as u64);
        ((rows, rejects, lines), n_again)
    }

    /// Texts of few characters, all of which mean something.
    fn dirty(seed: u64, n: usize) -> Vec<u8> {
        let mut state = crate::kernel::hash::mix64(seed) | 1;
        let mut pick = |n: usize| {
            state = crate::kernel::hash::mix64(state.wrapping_add(1));
            (state >> 33) as usize % n
        };
        let cells = [
            "1",
            "22",
            "1.5",
            "x",
            "",
            "\"a\nb\"",
            "\"\r\n,\"\"q\"",
            "\"",
            "a\"b",
            "2024-01-01 00:00:00",
            "\"c\"\"\n\n\"\"d\"",
            "\u{e9}",
        ];
        let ends = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n\r\n"];
        let mut text = String::from("id,name,at\n1,x,2024-01-01\n");
        while text.len() < n {
            let width = if pick(8) == 0 { 1 + pick(4) } else { 3 };
            // A quote that is never closed would make one cell of all that follows: rarely.
            let cell = |pick: &mut dyn FnMut(usize) -> usize| loop {
                let cell = cells[pick(cells.len())];
                if cell != "\"" || pick(20) == 0 {
                    break cell;
                }
            };
            let row: Vec<&str> = (0..width).map(|_| cell(&mut pick)).collect();
            text += &row.join(",");
            text += ends[pick(ends.len())];
        }
        text.into_bytes()
    }

    #[test]
    fn every_cut_reads_as_the_whole_does() {
        let mut n_again = 0;
        for seed in 0..40 {
            let text = dirty(seed, 300);
            let options = Options { separator: Some(b','), header: Some(true), ..Options::default() };
            let whole = read_whole(&text, &options, text.len());
            for cut in 1..text.len() as u64 {
                let (parts, again) = read_parts(&text, &options, &[cut], 1 + (cut as usize * 7) % 90);
                assert_eq!(parts, whole, "seed {seed}, cut at {cut}: {}", String::from_utf8_lossy(&text));
                n_again += again;
            }
            for step in 1..40 {
                let cuts: Vec<u64> = (1..).map(|i| i * step).take_while(|&cut| cut < text.len() as u64).collect();
                let (parts, again) = read_parts(&text, &options, &cuts, 64);
                assert_eq!(parts, whole, "seed {seed}, cut every {step}: {}", String::from_utf8_lossy(&text));
                n_again += again;
            }
        }
        assert!(n_again > 1_000, "{n_again} parts began inside a cell");
    }

    #[test]
    fn a_fixed_type_rejects_alike_in_every_part() {
        let text = b"id,n\n1,2\nx,3\n4,y\n5,6\n";
        let types = [("id".to_owned(), "int".to_owned()), ("n".to_owned(), "int".to_owned())].into();
        let options = Options { types, ..Options::default() };
        let whole = read_whole(text, &options, 100);
        assert_eq!(whole.1.len(), 2);
        for cut in 1..text.len() as u64 {
            assert_eq!(read_parts(text, &options, &[cut], 100).0, whole, "cut at {cut}");
        }
    }
}
