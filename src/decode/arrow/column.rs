//! The values of one column of a batch.

use std::borrow::Cow;
use std::ops::Range;

use super::body::Body;
use super::damaged;
use super::fields::{Field, Layout};
use crate::Result;
use crate::decode::BATCH_ROWS;
use crate::decode::known::{Known, Texts};
use crate::decode::lists::Lists;
use crate::decode::typed::{Meaning, Typed};
use crate::kernel::batch::BatchColumn;
use crate::kernel::half::half;
use crate::kernel::uuid::uuid_of;

/// How values are stored, integers in so many bytes, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Nothing,
    Bit,
    Int(usize),
    Unsigned(usize),
    Half,
    Single,
    Bytes(usize),
    Offsets { wide: bool },
    Views,
}

/// A column of the file.
#[derive(Debug)]
pub(super) struct Column {
    stored: Stored,
    /// The number of its dictionary, and how the places in it are stored.
    dictionary: Option<(i64, Stored)>,
    known: Known,
    /// Which of the dictionary's values are there, if not all.
    known_valid: Vec<bool>,
    typed: Typed,
}

impl Column {
    pub(super) fn new(stored: Stored, dictionary: Option<(i64, Stored)>, typed: Typed) -> Self {
        Self { stored, dictionary, known: Known::Narrow(vec![]), known_valid: vec![], typed }
    }

    /// The number of its dictionary.
    pub(super) fn dictionary(&self) -> Option<i64> {
        self.dictionary.map(|(id, _)| id)
    }

    /// Takes in the values that its places refer to, behind those that are there where `is_more`.
    pub(super) fn read_dictionary(&mut self, body: &mut Body<'_>, is_more: bool) -> Result<()> {
        let values = Values::read(self.stored, body)?;
        if !is_more || self.known_valid.is_empty() {
            self.known_valid.clear();
            self.known = match self.typed.meaning {
                Meaning::Text => Known::Texts(Texts::default()),
                meaning if meaning.is_wide() => Known::Wide(vec![]),
                _ => Known::Narrow(vec![]),
            };
        }
        let mut typed = Typed::new("", self.typed.meaning, None, None);
        for at in 0..values.n {
            let is_valid = values.is_valid(at);
            self.known_valid.push(is_valid);
            match &mut self.known {
                Known::Texts(texts) => texts.push(if is_valid { values.bytes(at)? } else { b"" }),
                Known::Narrow(_) | Known::Wide(_) if is_valid => values.push(at, &mut typed)?,
                Known::Narrow(_) | Known::Wide(_) => typed.push(0),
            }
        }
        match &mut self.known {
            Known::Texts(_) => {}
            Known::Narrow(known) => known.append(&mut typed.narrow),
            Known::Wide(known) => known.append(&mut typed.wide),
        }
        Ok(())
    }

    /// Reads the values of a batch.
    fn read(&mut self, body: &mut Body<'_>, rows: &Rows) -> Result<Vec<BatchColumn>> {
        let places = self.dictionary.map(|(_, stored)| stored);
        let values = Values::read(places.unwrap_or(self.stored), body)?;
        if values.n != rows.n {
            return Err(damaged("a column has another number of values than its batch"));
        }
        let n_rows = rows.lists.as_ref().map_or(rows.n, Vec::len);
        let mut batches = vec![];
        for from in (0..n_rows).step_by(BATCH_ROWS) {
            let to = n_rows.min(from + BATCH_ROWS);
            self.known.begin_batch();
            let column = match &rows.lists {
                None => {
                    self.push(&values, from..to, rows)?;
                    self.typed.take()?
                }
                Some(lists) => {
                    let mut listed = Lists::default();
                    for list in &lists[from..to] {
                        listed.begin_of(list.as_ref().map(Range::len));
                        self.push(&values, list.clone().unwrap_or(0..0), rows)?;
                    }
                    listed.take(&self.typed.take()?)?
                }
            };
            batches.push(column);
        }
        Ok(batches)
    }

    fn push(&mut self, values: &Values<'_>, range: Range<usize>, rows: &Rows) -> Result<()> {
        for at in range {
            let is_valid = rows.valid.as_ref().is_none_or(|valid| valid[at]) && values.is_valid(at);
            if !is_valid {
                self.typed.push_nulls(1);
            } else if self.dictionary.is_none() {
                values.push(at, &mut self.typed)?;
            } else {
                let place = values.place(at)?;
                match self.known_valid.get(place as usize) {
                    Some(false) => self.typed.push_nulls(1),
                    _ => self
                        .known
                        .look_up(&[place], &mut self.typed)?
                        .ok_or_else(|| damaged("a value is not in its dictionary"))?,
                }
            }
        }
        Ok(())
    }
}

/// What lies above a column's values.
struct Rows {
    /// Values that it has.
    n: usize,
    /// Which of them lie in structures that are there.
    valid: Option<Vec<bool>>,
    /// Of a column within a list: which values each row has.
    lists: Option<Vec<Option<Range<usize>>>>,
}

/// Reads a field of a batch of `n_rows` rows: the columns that it is or holds.
///
/// # Errors
///
/// `BAD_INPUT` when the buffers are too short for it.
pub(super) fn read(
    field: &Field,
    body: &mut Body<'_>,
    n_rows: usize,
    columns: &mut [Column],
    read: &mut [Vec<BatchColumn>],
) -> Result<()> {
    read_in(field, body, &Rows { n: n_rows, valid: None, lists: None }, columns, read)
}

fn read_in(field: &Field, body: &mut Body<'_>, rows: &Rows, columns: &mut [Column], read: &mut [Vec<BatchColumn>]) -> Result<()> {
    if let Some(at) = field.column {
        read[at] = columns[at].read(body, rows)?;
        return Ok(());
    }
    if !field.has_columns() {
        return skip(field, body);
    }
    let (n, has_nulls) = body.node()?;
    let own = valid(&body.buffer()?, n, has_nulls)?;
    if n != rows.n {
        return Err(damaged("a column has another number of values than its batch"));
    }
    let within = rows.valid.as_ref();
    let is_there = |at: usize| within.is_none_or(|valid| valid[at]) && own.as_ref().is_none_or(|valid| valid[at]);
    let below = match field.layout {
        Layout::List { wide } => {
            let offsets = body.buffer()?;
            let end = |at: usize| offset(&offsets, wide, at);
            let list = |at: usize| if is_there(at) { Ok(Some(end(at)?..end(at + 1)?)) } else { Ok(None) };
            let lists: Vec<_> = (0..n).map(list).collect::<Result<_>>()?;
            listed(lists, if n == 0 { 0 } else { end(n)? })?
        }
        Layout::Lists(length) => {
            let n_all =
                n.checked_mul(length).filter(|&n| n <= super::MOST_ROWS).ok_or_else(|| damaged("its lists are too long"))?;
            listed((0..n).map(|at| is_there(at).then(|| at * length..(at + 1) * length)).collect(), n_all)?
        }
        _ => {
            let valid = (within.is_some() || own.is_some()).then(|| (0..n).map(is_there).collect());
            Rows { n, valid, lists: rows.lists.clone() }
        }
    };
    field.children.iter().try_for_each(|child| read_in(child, body, &below, columns, read))
}

/// The rows of lists of values of which there are `n`.
fn listed(lists: Vec<Option<Range<usize>>>, n: usize) -> Result<Rows> {
    let are_in_order = lists.iter().flatten().all(|list| list.start <= list.end && list.end <= n);
    let n_elements = lists.iter().flatten().map(|list| list.len() as u64).sum::<u64>();
    if !are_in_order || n_elements > n as u64 {
        return Err(damaged("a list ends before it begins"));
    }
    Ok(Rows { n, valid: None, lists: Some(lists) })
}

/// Passes over a field.
fn skip(field: &Field, body: &mut Body<'_>) -> Result<()> {
    body.node()?;
    let n_buffers = match field.layout {
        Layout::Nothing => 0,
        Layout::Values | Layout::List { .. } => 2,
        Layout::Offsets => 3,
        Layout::Views => 2 + body.n_views()?,
        Layout::Structure | Layout::Lists(_) => 1,
        Layout::Others(n) => n,
    };
    body.skip(n_buffers)?;
    field.children.iter().try_for_each(|child| skip(child, body))
}

/// Values by their places.
struct Values<'a> {
    stored: Stored,
    n: usize,
    valid: Option<Vec<bool>>,
    /// The values, or where each ends.
    first: Cow<'a, [u8]>,
    /// The bytes that those ends or views refer to.
    rest: Vec<Cow<'a, [u8]>>,
}

impl<'a> Values<'a> {
    fn read(stored: Stored, body: &mut Body<'a>) -> Result<Self> {
        let (n, has_nulls) = body.node()?;
        if stored == Stored::Nothing {
            return Ok(Self { stored, n, valid: Some(vec![false; n]), first: Cow::Borrowed(&[]), rest: vec![] });
        }
        let valid = valid(&body.buffer()?, n, has_nulls)?;
        let first = body.buffer()?;
        let n_bytes = match stored {
            Stored::Nothing => 0,
            Stored::Bit => n.div_ceil(8),
            Stored::Int(width) | Stored::Unsigned(width) | Stored::Bytes(width) => n.saturating_mul(width),
            Stored::Half => n * 2,
            Stored::Single => n * 4,
            Stored::Offsets { .. } if n == 0 => 0,
            Stored::Offsets { wide } => (n + 1) * if wide { 8 } else { 4 },
            Stored::Views => n * 16,
        };
        if first.len() < n_bytes {
            return Err(damaged("a buffer is too short for its column"));
        }
        let n_rest = match stored {
            Stored::Offsets { .. } => 1,
            Stored::Views => body.n_views()?,
            _ => 0,
        };
        let rest = (0..n_rest).map(|_| body.buffer()).collect::<Result<_>>()?;
        Ok(Self { stored, n, valid, first, rest })
    }

    fn is_valid(&self, at: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[at])
    }

    /// Takes the value at a place into a column.
    fn push(&self, at: usize, typed: &mut Typed) -> Result<()> {
        let fixed = |width: usize| &self.first[at * width..(at + 1) * width];
        match self.stored {
            Stored::Nothing => typed.push_nulls(1),
            Stored::Bit => typed.push(i64::from(self.first[at / 8] >> (at % 8) & 1)),
            Stored::Int(width @ (16 | 32)) => {
                let too_long = || damaged("a decimal has more than 38 digits");
                typed.wide.push(little_endian(fixed(width)).ok_or_else(too_long)?);
            }
            Stored::Int(width) => typed.push(little_endian(fixed(width)).unwrap_or(0) as i64),
            Stored::Unsigned(width) => typed.push(unsigned(fixed(width)) as i64),
            Stored::Half => typed.push(half(unsigned(fixed(2)) as u16).to_bits() as i64),
            Stored::Single => typed.push(f64::from(f32::from_bits(unsigned(fixed(4)) as u32)).to_bits() as i64),
            Stored::Bytes(_) if typed.meaning == Meaning::Uuid => {
                let bits = self.bytes(at)?.iter().fold(0u128, |bits, &byte| bits << 8 | u128::from(byte));
                typed.wide.push(uuid_of(bits));
            }
            Stored::Bytes(_) | Stored::Offsets { .. } | Stored::Views => typed.push_text(self.bytes(at)?)?,
        }
        Ok(())
    }

    /// The byte string at a place.
    fn bytes(&self, at: usize) -> Result<&[u8]> {
        let outside = || damaged("a text lies outside of its buffer");
        match self.stored {
            Stored::Bytes(width) => Ok(&self.first[at * width..(at + 1) * width]),
            Stored::Offsets { wide } => {
                let (start, end) = (offset(&self.first, wide, at)?, offset(&self.first, wide, at + 1)?);
                self.rest.first().and_then(|bytes| bytes.get(start..end)).ok_or_else(outside)
            }
            Stored::Views => {
                let view = &self.first[at * 16..(at + 1) * 16];
                let word = |at: usize| u32::from_le_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]) as usize;
                let length = word(0);
                if length <= 12 {
                    return Ok(&view[4..4 + length]);
                }
                let (buffer, start) = (word(8), word(12));
                self.rest.get(buffer).and_then(|bytes| bytes.get(start..)?.get(..length)).ok_or_else(outside)
            }
            _ => Err(damaged("a column's values are no texts")),
        }
    }

    /// The place in a dictionary at a place.
    fn place(&self, at: usize) -> Result<u32> {
        let (Stored::Int(width) | Stored::Unsigned(width)) = self.stored else { return Err(damaged("a place is no integer")) };
        let place = little_endian(&self.first[at * width..(at + 1) * width]);
        let place = if width < 4 { Some(i128::from(unsigned(&self.first[at * width..(at + 1) * width]))) } else { place };
        place.and_then(|place| u32::try_from(place).ok()).ok_or_else(|| damaged("a value is not in its dictionary"))
    }
}

/// Which of `n` values are there; `None` where all are.
fn valid(bits: &[u8], n: usize, has_nulls: bool) -> Result<Option<Vec<bool>>> {
    if !has_nulls {
        return Ok(None);
    }
    if bits.len() < n.div_ceil(8) {
        return Err(damaged("a buffer is too short for its column"));
    }
    Ok(Some((0..n).map(|at| bits[at / 8] >> (at % 8) & 1 == 1).collect()))
}

/// The offset at a place, of four or eight bytes.
fn offset(offsets: &[u8], wide: bool, at: usize) -> Result<usize> {
    let width = if wide { 8 } else { 4 };
    let bytes = at.checked_mul(width).and_then(|start| offsets.get(start..start.checked_add(width)?));
    let bytes = bytes.ok_or_else(|| damaged("a buffer is too short for its column"))?;
    usize::try_from(unsigned(bytes)).map_err(|_| damaged("a text lies outside of its buffer"))
}

/// An integer of up to eight bytes.
fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A signed integer; `None` beyond 128 bits.
fn little_endian(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.last().is_some_and(|&byte| byte >= 0x80) { -1i128 } else { 0 };
    let (rest, lead) = bytes.split_at(bytes.len().min(16));
    let value = rest.iter().rev().fold(sign, |value, &byte| value << 8 | i128::from(byte));
    (lead.iter().all(|&byte| byte == sign as u8) && (value < 0) == (sign < 0)).then_some(value)
}
