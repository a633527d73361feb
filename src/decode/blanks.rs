//! Cells between blanks, as many as one likes, such as the columns that a program lined up.

use std::ops::Range;

use super::cells::Span;
use super::column::first_kind;
use super::csv::sniff::{has_header, unique_names};
use super::part::Shape;
use super::records::{Cutter, Rows};
use super::{Format, Options};
use crate::decode::kind::Kind;

/// Lines of the sample that are looked at.
const LINES: usize = 200;

/// Cuts lines at their blanks.
#[derive(Debug)]
pub(super) struct Blanks {
    names: Vec<String>,
}

impl Blanks {
    pub(super) fn new(names: &[String]) -> Self {
        Self { names: names.to_vec() }
    }
}

impl Cutter for Blanks {
    fn cut(&mut self, bytes: &[u8], record: Range<usize>, rows: &mut Rows) -> Result<(), String> {
        let (mut n_cells, width) = (0, self.names.len());
        for cell in cells(&bytes[record.clone()]) {
            if n_cells < width {
                rows.set(n_cells, Span::of(record.start + cell.start, record.start + cell.end));
            }
            n_cells += 1;
        }
        if n_cells != width {
            return Err(format!("expected {width} fields, found {n_cells}"));
        }
        rows.end_row();
        Ok(())
    }

    fn names(&self) -> &[String] {
        &self.names
    }
}

/// Where the cells of a line are.
fn cells(line: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_blank = |&byte: &u8| byte == b' ' || byte == b'\t';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].iter().position(|byte| !is_blank(byte))?;
        let end = line[start..].iter().position(is_blank).map_or(line.len(), |length| start + length);
        at = end;
        Some(start..end)
    })
}

fn rows(sample: &[u8], are_all: bool) -> Vec<Vec<Vec<u8>>> {
    let mut lines: Vec<&[u8]> = sample.split(|&byte| byte == b'\n').collect();
    if !are_all {
        lines.pop();
    }
    let lines = lines.into_iter().map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).take(LINES);
    lines.map(|line| cells(line).map(|cell| line[cell].to_vec()).collect()).collect()
}

/// Whether blanks cut the sample's lines into equally many cells, and nothing else separates them.
///
/// Sentences are not taken for such lines: some cells are numbers or times, and there are three of them or more, or
/// more blanks between two than one.
pub(super) fn cuts_evenly(sample: &[u8], are_all: bool) -> bool {
    if memchr::memchr3(b',', b';', b'|', sample).is_some() || sample.contains(&b'"') || sample.contains(&b'\t') {
        return false;
    }
    let rows = rows(sample, are_all);
    let Some(width) = rows.last().map(Vec::len) else { return false };
    let body = &rows[usize::from(rows.len() > 1)..];
    let is_even = rows.iter().all(|row| row.len() == width);
    // A time of day behind its date is one time.
    let is_typed = |row: &Vec<Vec<u8>>| row.iter().any(|cell| matches!(Kind::of(cell), Kind::Int | Kind::Decimal(_)));
    let is_wide = width > 2 || width == 2 && memchr::memmem::find(sample, b"  ").is_some();
    is_even && is_wide && body.iter().all(is_typed)
}

/// What the first lines say of the whole; `None` where they do not tell.
pub(super) fn shape_of(text: &[u8], first_byte: u64, are_all: bool, options: &Options) -> Option<Shape> {
    let rows = rows(text, are_all);
    let first = rows.first()?;
    let header = options.header.unwrap_or_else(|| has_header(&rows));
    let named = first.iter().map(|cell| if header { String::from_utf8_lossy(cell).into_owned() } else { String::new() });
    let names = options.names.clone().unwrap_or_else(|| unique_names(named));
    let sample: Vec<_> = rows[usize::from(header)..].iter().filter(|row| row.len() == names.len()).collect();
    let kind = |(at, name): (usize, &String)| first_kind(name, options.fixed(name), sample.iter().map(|row| row[at].as_slice()));
    let kinds = options.kinds.clone().unwrap_or_else(|| names.iter().enumerate().map(kind).collect());
    let lead = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let passed = if header { memchr::memchr(b'\n', &text[lead..]).map_or(text.len(), |end| lead + end + 1) } else { 0 };
    let first_line = memchr::memchr_iter(b'\n', &text[..passed]).count() as u64;
    let first_byte = first_byte + passed as u64;
    Some(Shape { format: Format::Blanks, header, names, first_byte, first_line, kinds, divisible: true, ..Shape::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Decoder;
    use crate::decode::csv::tests::cells;

    #[test]
    fn tells_columns_from_sentences() {
        for (text, expected) in [
            (" id  date n\r\n 00001 19970101  1\r\n 00002 19970112 12\r\n", true),
            ("1 2 3\n4 5 6\n", true),
            ("hat  1\ncap  2\n", true),
            ("10 hats\n11 caps\n", false),
            ("2017-12-03 10:00:00\n2017-12-03 10:00:01\n", false),
            ("the red hat\na blue cap\n", false),
            ("a b c,1\nd e f,2\n", false),
            ("1 2 3\n4 5\n", false),
        ] {
            assert_eq!(cuts_evenly(text.as_bytes(), true), expected, "{text:?}");
        }
    }

    #[test]
    fn reads_lined_up_columns_in_any_chunks() {
        let text = " id  date n\r\n 00001 19970101  1\r\n\r\n 00002 19970112 12 9\r\n 00003   19970113\t3";
        for chunk in [1, 2, 3, 7, 100] {
            let mut decoder = Decoder::new(Options { format: Some(Format::Blanks), ..Options::default() });
            text.as_bytes().chunks(chunk).for_each(|piece| decoder.push(piece).unwrap());
            decoder.finish().unwrap();
            let rows: Vec<Vec<String>> =
                cells(decoder.take_batches()).into_iter().map(|row| row.into_iter().flatten().collect()).collect();
            assert_eq!(rows, [["00001", "19970101", "1"], ["00003", "19970113", "3"]], "chunks of {chunk}");
            let reject = &decoder.rejects().kept[0];
            assert_eq!((reject.line, reject.reason.as_str()), (4, "expected 3 fields, found 4"));
        }
    }
}
