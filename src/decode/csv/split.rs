//! Cuts delimited text into records and cells, as csv-core does, but a block of rows at a time.
//!
//! A record ends at `\n`, `\r` or `\r\n`; empty lines are no records. A cell that begins with the quote
//! runs to the closing quote, a doubled quote inside stands for one; what follows a closing quote before
//! the separator is taken as it stands. A quote elsewhere in a cell is a character like any other.

use std::ops::Range;

use crate::decode::cells::{Cells, Span};
use crate::kernel::scan::Marks;

/// What a record turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// A whole record of `cells` cells; the next begins at `next`.
    Whole { cells: usize, next: usize },
    /// An empty line; the next record begins at `next`.
    Empty { next: usize },
    /// The bytes end before the record does.
    Partial,
}

/// The records found in one stretch of bytes.
#[derive(Debug)]
pub(super) struct Splitter {
    separator: u8,
    quote: u8,
    marks: Marks,
    /// The place of the next mark; the one before it ends the last record.
    next_mark: usize,
    /// The place among the newlines of the next.
    next_newline: usize,
    spans: Vec<Span>,
    arena: Vec<u8>,
    /// Line ends passed since [`Splitter::start`], inside quotes too.
    lines: u64,
}

impl Splitter {
    pub(super) fn new(separator: u8, quote: u8) -> Self {
        let marks = Marks::default();
        Self { separator, quote, marks, next_mark: 1, next_newline: 0, spans: vec![], arena: vec![], lines: 0 }
    }

    /// Begins on `bytes`, which must be shorter than 2 GiB.
    pub(super) fn start(&mut self, bytes: &[u8]) {
        self.next_mark = 1;
        self.next_newline = 0;
        self.lines = 0;
        self.clear();
        self.marks.scan(bytes, self.separator, self.quote);
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Whether the bytes it began on are all ASCII.
    pub(super) fn is_ascii(&self) -> bool {
        self.marks.is_ascii
    }

    /// Forgets the cells found so far.
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.arena.clear();
    }

    /// Forgets the last `cells` cells.
    pub(super) fn forget(&mut self, cells: usize) {
        self.spans.truncate(self.spans.len() - cells);
    }

    /// The cells found so far as rows of `width`.
    pub(super) fn cells<'a>(&'a self, bytes: &'a [u8], width: usize) -> Cells<'a> {
        Cells::of_spans(bytes, &self.spans, &self.arena, width)
    }

    /// How many of the next records have `width` cells, at least two, and neither quotes nor `\r`.
    pub(super) fn n_uniform(&mut self, width: usize, most: usize) -> usize {
        if self.marks.has_others || width < 2 {
            return 0;
        }
        let newlines = &self.marks.newlines()[self.next_newline..];
        self.next_newline += newlines.iter().take_while(|&&at| (at as usize) < self.next_mark).count();
        let newlines = self.marks.newlines()[self.next_newline..].iter().take(most);
        let due = (self.next_mark + width - 1..).step_by(width);
        newlines.zip(due).take_while(|&(&at, due)| at as usize == due).count()
    }

    /// The cells of the next `n_rows` records, as [`Splitter::n_uniform`] found them, and where the record after them
    /// begins.
    pub(super) fn uniform<'a>(&'a self, bytes: &'a [u8], width: usize, n_rows: usize) -> (Cells<'a>, usize) {
        let positions = &self.marks.positions()[self.next_mark - 1..][..=n_rows * width];
        let next = positions[n_rows * width].wrapping_add(1) as usize;
        (Cells::of_marks(bytes, positions, width), next)
    }

    /// Goes on behind the next `n_rows` records of `width` cells.
    pub(super) fn pass_uniform(&mut self, width: usize, n_rows: usize) {
        self.next_mark += n_rows * width;
        self.next_newline += n_rows;
        self.lines += n_rows as u64;
    }

    /// Drops the rows of `width` cells for which `keep` is false.
    pub(super) fn retain_rows(&mut self, width: usize, keep: &[bool]) {
        let mut cell = 0;
        self.spans.retain(|_| {
            cell += 1;
            keep[(cell - 1) / width]
        });
    }

    /// Cuts up to `most` records of `width` cells from `from` on, as long as they have no quotes and end in `\n` or
    /// `\r\n`; gives their number and where the next record begins. What this leaves is for [`Splitter::record`].
    #[inline(never)]
    pub(super) fn plain_records(
        &mut self,
        bytes: &[u8],
        from: usize,
        width: usize,
        most: usize,
        rows: &mut Vec<Range<usize>>,
    ) -> usize {
        let Self { separator, marks, next_mark, spans, lines, .. } = self;
        let mut start = from;
        while rows.len() < most {
            let Some((ends, after)) = marks.positions()[*next_mark..].split_at_checked(width) else { break };
            let (&line_end, inner) = ends.split_last().expect("a row has a cell");
            let is_crlf = bytes[line_end as usize] == b'\r'
                && after.first() == Some(&(line_end + 1))
                && bytes[line_end as usize + 1] == b'\n';
            let plain =
                inner.iter().all(|&end| bytes[end as usize] == *separator) && (is_crlf || bytes[line_end as usize] == b'\n');
            if !plain || line_end as usize == start {
                break;
            }
            let row_start = start;
            for &end in ends {
                spans.push(Span::of(start, end as usize));
                start = end as usize + 1;
            }
            start += usize::from(is_crlf);
            *next_mark += width + usize::from(is_crlf);
            *lines += 1;
            rows.push(row_start..start);
        }
        start
    }

    /// Cuts the record that begins at `from`; `at_end` says that no bytes follow.
    ///
    /// The cells of a partial record are forgotten. Records must be asked for in order.
    #[inline]
    pub(super) fn record(&mut self, bytes: &[u8], from: usize, at_end: bool) -> Record {
        let (marks_before, lines_before, cells_before) = (self.next_mark, self.lines, self.spans.len());
        let mut start = from;
        loop {
            let Some((span, end)) = self.cell(bytes, start, at_end) else {
                self.next_mark = marks_before;
                self.lines = lines_before;
                self.spans.truncate(cells_before);
                return Record::Partial;
            };
            let byte = bytes.get(end).copied();
            if byte == Some(self.separator) {
                self.spans.push(span);
                start = end + 1;
                continue;
            }
            let next = match byte {
                Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => {
                    self.next_mark += 1;
                    end + 2
                }
                Some(_) => end + 1,
                None => end,
            };
            if byte.is_some() {
                self.lines += 1;
            }
            if end == from {
                return Record::Empty { next };
            }
            self.spans.push(span);
            return Record::Whole { cells: self.spans.len() - cells_before, next };
        }
    }

    /// The cell that begins at `start`, and where the separator or line end behind it is.
    #[inline]
    fn cell(&mut self, bytes: &[u8], start: usize, at_end: bool) -> Option<(Span, usize)> {
        if bytes.get(start) == Some(&self.quote) {
            return self.quoted(bytes, start, at_end);
        }
        let end = self.cell_end(bytes, at_end)?;
        Some((Span::of(start, end), end))
    }

    /// The next separator or line end, quotes being plain characters; consumes its mark.
    #[inline]
    fn cell_end(&mut self, bytes: &[u8], at_end: bool) -> Option<usize> {
        while let Some(&mark) = self.marks.positions().get(self.next_mark) {
            self.next_mark += 1;
            let byte = bytes[mark as usize];
            if byte != self.quote {
                let cut = byte == b'\r' && mark as usize + 1 == bytes.len() && !at_end;
                return (!cut).then_some(mark as usize);
            }
        }
        at_end.then_some(bytes.len())
    }

    fn quoted(&mut self, bytes: &[u8], start: usize, at_end: bool) -> Option<(Span, usize)> {
        self.next_mark += 1;
        let mut doubled = false;
        let close = loop {
            let &mark = self.marks.positions().get(self.next_mark)?;
            let mark = mark as usize;
            self.next_mark += 1;
            match bytes[mark] {
                b'\n' => self.lines += 1,
                b'\r' if bytes.get(mark + 1) != Some(&b'\n') => self.lines += 1,
                byte if byte == self.quote => match bytes.get(mark + 1) {
                    Some(&next) if next == self.quote => {
                        doubled = true;
                        self.next_mark += 1;
                    }
                    None if !at_end => return None,
                    _ => break mark,
                },
                _ => {}
            }
        };
        let end = self.cell_end(bytes, at_end)?;
        if !doubled && end == close + 1 {
            return Some((Span::of(start + 1, close), end));
        }
        let from = self.arena.len();
        let mut inside = bytes[start + 1..close].iter();
        while let Some(&byte) = inside.next() {
            self.arena.push(byte);
            if byte == self.quote {
                inside.next();
            }
        }
        self.arena.extend_from_slice(&bytes[close + 1..end]);
        Some((Span::in_arena(from, self.arena.len()), end))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// All records of `bytes`, as if they had come in one piece; an unclosed quote runs to the end.
    pub(crate) fn split_all(bytes: &[u8], separator: u8) -> Vec<Vec<Vec<u8>>> {
        let mut splitter = Splitter::new(separator, b'"');
        splitter.start(bytes);
        let (mut at, mut records) = (0, vec![]);
        while at < bytes.len() {
            splitter.clear();
            match splitter.record(bytes, at, true) {
                Record::Whole { cells, next } => {
                    let row = splitter.cells(bytes, cells);
                    records.push((0..cells).map(|c| row.get(0, c).to_vec()).collect());
                    at = next;
                }
                Record::Empty { next } => at = next,
                Record::Partial => break,
            }
        }
        records
    }

    /// The same by csv-core, the slow machine that is right by definition.
    fn csv_core(bytes: &[u8], separator: u8) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv_core::ReaderBuilder::new().delimiter(separator).build();
        let (mut out, mut ends) = (vec![0; bytes.len() + 16], vec![0; bytes.len() + 16]);
        let (mut at, mut records) = (0, vec![]);
        loop {
            let (result, read, _, n_ends) = reader.read_record(&bytes[at..], &mut out, &mut ends);
            at += read;
            if !matches!(result, csv_core::ReadRecordResult::Record) {
                return records;
            }
            let starts = std::iter::once(0).chain(ends[..n_ends].iter().copied());
            records.push(starts.zip(&ends[..n_ends]).map(|(from, &to)| out[from..to].to_vec()).collect());
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 4_000, ..Default::default() })]
        #[test]
        fn splits_as_csv_core_does(text in "[ab,;\"\n\r]{0,40}", padding in 0usize..70) {
            // Padding moves the interesting bytes over the edges of the scanner's blocks.
            for separator in *b",;" {
                let text = format!("{}\n{text}\n", "x".repeat(padding));
                let ours = split_all(text.as_bytes(), separator);
                let theirs = csv_core(text.as_bytes(), separator);
                // A quote that never closes leaves the last record open: neither has it.
                assert_eq!(ours, theirs, "{text:?}");
            }
        }
    }

    #[test]
    fn splits_what_the_standards_say() {
        for (text, rows) in [
            ("a,b\n1,2\n", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a,b\r\n1,2", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a\rb\r", vec![vec!["a"], vec!["b"]]),
            ("\"a,\"\"b\"\"\",c", vec![vec!["a,\"b\"", "c"]]),
            ("\"a\nb\",c\n\n\nd,e", vec![vec!["a\nb", "c"], vec!["d", "e"]]),
            ("a,\n,\n", vec![vec!["a", ""], vec!["", ""]]),
            ("5\" pipe,\"x\"y\n", vec![vec!["5\" pipe", "xy"]]),
            ("\"\"\n", vec![vec![""]]),
        ] {
            let got = split_all(text.as_bytes(), b',');
            let got: Vec<Vec<String>> =
                got.iter().map(|r| r.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect()).collect();
            assert_eq!(got, rows, "{text:?}");
        }
    }
}
