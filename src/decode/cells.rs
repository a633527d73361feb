//! Rows of cells that were cut out of a text, not yet typed.

use crate::kernel::dictionary::Dictionary;
use crate::kernel::number::parse_int_within;

/// Marks a span of the arena rather than of the file's bytes.
const IN_ARENA: u32 = 1 << 31;

/// Where a cell's bytes are, its quotes taken off.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Of the text's bytes, which must be shorter than 2 GiB.
    #[inline]
    pub(super) fn of(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// Of the arena, where the cell stands in another way in the text.
    #[inline]
    pub(super) fn in_arena(start: usize, end: usize) -> Self {
        Self { start: start as u32 | IN_ARENA, end: end as u32 }
    }
}

/// Rows of cells, not yet typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    bytes: &'a [u8],
    cut: Cut<'a>,
    width: usize,
}

#[derive(Clone, Copy, Debug)]
enum Cut<'a> {
    /// Rows without quotes: where each cell ends, behind where the cell before the first does.
    Marks(&'a [u32]),
    Spans {
        spans: &'a [Span],
        arena: &'a [u8],
    },
}

impl<'a> Cells<'a> {
    /// Rows of `width` cells that lie one behind the other: `marks` says where each ends, behind where the one before the
    /// first does.
    pub(super) fn of_marks(bytes: &'a [u8], marks: &'a [u32], width: usize) -> Self {
        Self { bytes, cut: Cut::Marks(marks), width }
    }

    /// Rows of `width` cells.
    pub(super) fn of_spans(bytes: &'a [u8], spans: &'a [Span], arena: &'a [u8], width: usize) -> Self {
        Self { bytes, cut: Cut::Spans { spans, arena }, width }
    }

    /// How many rows there are.
    #[inline]
    pub(super) fn n_rows(&self) -> usize {
        match self.cut {
            Cut::Marks(marks) => (marks.len() - 1) / self.width,
            Cut::Spans { spans, .. } => spans.len() / self.width,
        }
    }

    /// The cell at `row` and `column`, without its quotes.
    #[inline]
    pub(super) fn get(&self, row: usize, column: usize) -> &'a [u8] {
        let at = row * self.width + column;
        match self.cut {
            Cut::Marks(marks) => &self.bytes[marks[at].wrapping_add(1) as usize..marks[at + 1] as usize],
            Cut::Spans { spans, arena } => {
                let Span { start, end } = spans[at];
                if start & IN_ARENA == 0 {
                    &self.bytes[start as usize..end as usize]
                } else {
                    &arena[(start & !IN_ARENA) as usize..end as usize]
                }
            }
        }
    }

    /// Reads the codes of texts from `column` into `values`, row `from` first, up to the first that is not short or did
    /// not come lately; gives their number.
    #[inline(never)]
    pub(super) fn read_codes(&self, column: usize, from: usize, dictionary: &Dictionary, values: &mut [i64]) -> usize {
        self.read_while(column, from, values, dictionary)
    }

    /// Reads integers from `column` into `values`, row `from` first, up to the first cell that is not read eight digits
    /// at a time; gives their number.
    #[inline(never)]
    pub(super) fn read_ints(&self, column: usize, from: usize, values: &mut [i64]) -> usize {
        self.read_while(column, from, values, &Ints)
    }

    #[inline(always)]
    fn read_while(&self, column: usize, from: usize, values: &mut [i64], reader: &impl CellReader) -> usize {
        let n_values = values.len().min(self.n_rows() - from);
        let first = from * self.width + column;
        match self.cut {
            Cut::Marks(marks) => {
                let starts = marks[first.min(marks.len())..].iter().step_by(self.width);
                let ends = marks[(first + 1).min(marks.len())..].iter().step_by(self.width);
                for (n_read, (value, (&start, &end))) in values.iter_mut().zip(starts.zip(ends)).enumerate() {
                    match reader.read(self.bytes, start.wrapping_add(1) as usize, end as usize) {
                        Some(read) => *value = read,
                        None => return n_read,
                    }
                }
            }
            Cut::Spans { spans, .. } => {
                let spans = spans[first.min(spans.len())..].iter().step_by(self.width);
                for (n_read, (value, &Span { start, end })) in values.iter_mut().zip(spans).enumerate() {
                    match reader.read(self.bytes, start as usize, end as usize) {
                        Some(read) => *value = read,
                        None => return n_read,
                    }
                }
            }
        }
        n_values
    }
}

/// Reads the cell that starts and ends there in the bytes. A start in the arena is behind every end.
trait CellReader {
    fn read(&self, bytes: &[u8], start: usize, end: usize) -> Option<i64>;
}

struct Ints;

impl CellReader for Ints {
    #[inline(always)]
    fn read(&self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        parse_int_within(bytes, start, end)
    }
}

impl CellReader for Dictionary {
    #[inline(always)]
    fn read(&self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        self.code_within(bytes, start, end).map(i64::from)
    }
}
