//! Columns of values that a file says the types of, on their way to the types that a data set has.
//!
//! | in the file | here |
//! |---|---|
//! | integers | int; text where one is beyond 64 bits with a sign; a time where the column is called like one and all count it |
//! | decimals, of at most 38 digits | decimal; without digits after the point, int or text |
//! | floating point | decimal, as the shortest text that reads back; NaN is null; text where a value has more digits, or is infinite |
//! | dates, instants | time, of the coarsest unit that holds a batch's; text where one is outside of the years 1 to 9999 |
//! | times of day | text |
//! | text | time or uuid where a batch's texts all are, text otherwise |
//! | bytes | the same where they are UTF-8, hexadecimal digits behind `0x` otherwise |
//!
//! As everywhere, types widen from one batch to the next, and nothing is lost by it.

mod shown;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

use shown::{clock_text, decimal_of, is_valid, plain, times, written};

use super::cells::{Cells, Span};
use super::column::ColumnBuilder;
use super::kind::{Fixed, Kind, epoch_unit, sounds_like_time};
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::batch::BatchColumn;
use crate::kernel::column;
use crate::kernel::dictionary::Dictionary;
use crate::kernel::form::{Form, Forms};
use crate::kernel::instant::{DATE, EPOCH, InstantReader, iso_form};
use crate::kernel::number::{MAX_DIGITS, pow10};
use crate::kernel::uuid::{UUID_SCALE, parse_uuid};
use crate::{Error, Result};

/// What a column's values are in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// None, all are null.
    Nothing,
    Bool,
    Int,
    /// Integers of 64 bits without a sign.
    Unsigned,
    /// The bits of a 64-bit floating point number; where it is `single`, of one that 32 bits held.
    Float {
        single: bool,
    },
    /// Days since 1970.
    Date,
    /// Units since midnight.
    Clock(TimeUnit),
    /// Units since 1970; `utc` says that it is an instant, not a clock's reading.
    Time {
        unit: TimeUnit,
        utc: bool,
    },
    /// Nanoseconds since 1970, of more than 64 bits.
    Nanos,
    Decimal {
        scale: u8,
    },
    Uuid,
    Text,
}

impl Meaning {
    /// Whether values have 128 bits.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Self::Nanos | Self::Decimal { .. } | Self::Uuid)
    }
}

/// A column being read.
#[derive(Debug)]
pub(super) struct Typed {
    name: String,
    pub(super) meaning: Meaning,
    fixed: Option<Fixed>,
    /// Values of 64 bits, the codes of texts, and, of nulls, 0.
    pub(super) narrow: Vec<i64>,
    /// Values of 128 bits.
    pub(super) wide: Vec<i128>,
    pub(super) dictionary: Dictionary,
    null_rows: Vec<u32>,
    counts: Counts,
    /// Whether a text came that is neither a time nor a UUID.
    is_plain: bool,
}

/// Whether integers count time.
#[derive(Clone, Copy, Debug)]
enum Counts {
    Unknown,
    Nothing,
    Time(TimeUnit),
}

impl Typed {
    /// A column of that name. `fixed` is the type that the user fixed, `known` what rows before these were.
    pub(super) fn new(name: &str, meaning: Meaning, fixed: Option<Fixed>, known: Option<Kind>) -> Self {
        let counts = match known {
            Some(Kind::Epoch(unit)) => Counts::Time(unit),
            None | Some(Kind::Null) if sounds_like_time(name) && fixed.is_none() => Counts::Unknown,
            _ => Counts::Nothing,
        };
        Self {
            name: name.to_owned(),
            meaning,
            fixed,
            narrow: vec![],
            wide: vec![],
            dictionary: Dictionary::default(),
            null_rows: vec![],
            counts,
            is_plain: false,
        }
    }

    /// Rows that have come since the last batch.
    pub(super) fn len(&self) -> usize {
        self.narrow.len().max(self.wide.len())
    }

    /// Takes in an integer, of any meaning but text.
    #[inline]
    pub(super) fn push(&mut self, value: i64) {
        if self.meaning.is_wide() { self.wide.push(i128::from(value)) } else { self.narrow.push(value) }
    }

    /// Takes in a text, or bytes that are none.
    #[inline]
    pub(super) fn push_text(&mut self, text: &[u8]) -> Result<()> {
        let code = code_of(&mut self.dictionary, text)?;
        self.narrow.push(i64::from(code));
        Ok(())
    }

    /// Takes in rows without a value.
    pub(super) fn push_nulls(&mut self, n: usize) {
        let first = self.len();
        self.null_rows.extend((first..first + n).map(|row| row as u32));
        if self.meaning.is_wide() { self.wide.resize(first + n, 0) } else { self.narrow.resize(first + n, 0) }
    }

    /// Spreads the values from row `first` on over the rows that have one, and makes the others null.
    pub(super) fn spread(&mut self, first: usize, n_rows: usize, is_valid: impl Fn(usize) -> bool) {
        fn spread<T: Copy + Default>(values: &mut Vec<T>, first: usize, n_rows: usize, is_valid: impl Fn(usize) -> bool) {
            let mut from = values.len();
            values.resize(first + n_rows, T::default());
            for row in (0..n_rows).rev() {
                values[first + row] = if is_valid(row) && from > first {
                    from -= 1;
                    values[from]
                } else {
                    T::default()
                };
            }
        }
        if self.meaning.is_wide() {
            spread(&mut self.wide, first, n_rows, &is_valid);
        } else {
            spread(&mut self.narrow, first, n_rows, &is_valid);
        }
        self.null_rows.extend((0..n_rows).filter(|&row| !is_valid(row)).map(|row| (first + row) as u32));
    }

    /// The rows so far as a column, of the narrowest type that holds them; no row is left.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` where a value is not of the type that the user fixed.
    pub(super) fn take(&mut self) -> Result<BatchColumn> {
        let nulls = column::null_buffer(&self.null_rows, self.len());
        let column = match self.meaning {
            Meaning::Nothing => plain(column::nulls(ColumnType::Null, self.len())?, ColumnType::Null, Forms::Plain),
            Meaning::Bool => plain(column::bools(&self.narrow, nulls), ColumnType::Bool, Forms::Plain),
            Meaning::Int => self.ints(nulls),
            Meaning::Unsigned if self.narrow.iter().all(|&value| value >= 0) => self.ints(nulls),
            Meaning::Unsigned => {
                self.written(nulls, |value, out| out.extend_from_slice((value as u64).to_string().as_bytes()))?
            }
            Meaning::Float { single } => self.floats(nulls, single)?,
            Meaning::Date => self.times(nulls, 86_400, TimeUnit::Second, DATE)?,
            Meaning::Time { unit, utc } => self.times(nulls, 1, unit, iso_form(unit, utc))?,
            Meaning::Nanos => self.nanos(nulls)?,
            Meaning::Clock(unit) => {
                self.written(nulls, |value, out| out.extend_from_slice(clock_text(value, unit).as_bytes()))?
            }
            Meaning::Decimal { scale } => self.decimals(nulls, scale)?,
            Meaning::Uuid => plain(column::narrow_decimals(&self.wide, UUID_SCALE, nulls), ColumnType::Uuid, Forms::Plain),
            Meaning::Text => self.texts(nulls)?,
        };
        self.narrow.clear();
        self.wide.clear();
        self.null_rows.clear();
        self.dictionary.clear();
        self.fixed.map_or(Ok(column.clone()), |fixed| fix(column, &self.name, fixed))
    }

    fn ints(&mut self, nulls: Option<NullBuffer>) -> BatchColumn {
        if matches!(self.counts, Counts::Unknown) {
            let known = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            let mut units = self.narrow.iter().enumerate().filter(|&(row, _)| known(row)).map(|(_, &value)| epoch_unit(value));
            self.counts = match units.next() {
                None => Counts::Unknown,
                Some(Some(unit)) if units.all(|other| other == Some(unit)) => Counts::Time(unit),
                Some(_) => Counts::Nothing,
            };
        }
        match self.counts {
            Counts::Time(unit) => {
                plain(column::narrow_instants(&self.narrow, unit, nulls), ColumnType::Time { unit }, Forms::Alike(EPOCH))
            }
            _ => plain(column::narrow_ints(&self.narrow, nulls), ColumnType::Int, Forms::Plain),
        }
    }

    fn decimals(&self, nulls: Option<NullBuffer>, scale: u8) -> Result<BatchColumn> {
        if self.wide.iter().any(|value| value.unsigned_abs() >= pow10(MAX_DIGITS) as u128) {
            let sentence = format!("column {}: a decimal has more than {MAX_DIGITS} digits", self.name);
            return Err(Error::bad_input(sentence).at_column(&self.name));
        }
        if scale > 0 {
            let array = column::narrow_decimals(&self.wide, scale, nulls);
            return Ok(plain(array, ColumnType::Decimal { scale }, Forms::Alike(Form(u32::from(scale)))));
        }
        let ints: Option<Vec<i64>> = self.wide.iter().map(|&value| i64::try_from(value).ok()).collect();
        match ints {
            Some(ints) => Ok(plain(column::narrow_ints(&ints, nulls), ColumnType::Int, Forms::Plain)),
            None => written(&self.wide, nulls, |value, out| out.extend_from_slice(value.to_string().as_bytes())),
        }
    }

    fn floats(&self, nulls: Option<NullBuffer>, single: bool) -> Result<BatchColumn> {
        let n_rows = self.narrow.len();
        let float = |row: usize| f64::from_bits(self.narrow[row] as u64);
        let valid: Vec<bool> = (0..n_rows).map(|row| !float(row).is_nan() && is_valid(&nulls, row)).collect();
        let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
        let mut scale = 0;
        let mut decimals = Vec::with_capacity(n_rows);
        let mut forms = Forms::default();
        for row in 0..n_rows {
            let decimal = if is_valid(&nulls, row) { decimal_of(float(row), single) } else { decimal_of(0.0, single) };
            let Some(decimal) = decimal else { break };
            scale = scale.max(decimal.scale);
            forms.push(row, decimal.form);
            decimals.push((decimal.units, decimal.scale));
        }
        let widened = |&(units, own): &(i128, u8)| {
            units.checked_mul(pow10(u32::from(scale - own))).filter(|units| units.unsigned_abs() < pow10(MAX_DIGITS) as u128)
        };
        let units: Option<Vec<i128>> = decimals.iter().map(widened).collect();
        match units {
            Some(units) if units.len() == n_rows => {
                Ok(plain(column::narrow_decimals(&units, scale, nulls), ColumnType::Decimal { scale }, forms))
            }
            _ => self.written(nulls, |bits, out| {
                let float = f64::from_bits(bits as u64);
                out.extend_from_slice(if single { format!("{}", float as f32) } else { format!("{float}") }.as_bytes());
            }),
        }
    }

    fn times(&self, nulls: Option<NullBuffer>, factor: i128, unit: TimeUnit, form: Form) -> Result<BatchColumn> {
        let counts: Vec<i128> = self.narrow.iter().map(|&value| i128::from(value) * factor).collect();
        times(&counts, nulls, unit, form)
    }

    fn nanos(&self, nulls: Option<NullBuffer>) -> Result<BatchColumn> {
        times(&self.wide, nulls, TimeUnit::Nano, iso_form(TimeUnit::Nano, false))
    }

    fn texts(&mut self, nulls: Option<NullBuffer>) -> Result<BatchColumn> {
        let typed = if self.is_plain || self.dictionary.is_empty() { None } else { self.typed_texts(&nulls) };
        if let Some(typed) = typed {
            return Ok(typed);
        }
        self.is_plain |= !self.dictionary.is_empty();
        if self.dictionary.is_empty() {
            self.dictionary.code(b"")?; // nulls point at something
        }
        let codes: Vec<u32> = self.narrow.iter().map(|&code| code as u32).collect();
        Ok(plain(column::texts(&codes, Arc::new(self.dictionary.to_array()), nulls)?, ColumnType::Text, Forms::Plain))
    }

    /// The texts as times or UUIDs, if all are.
    fn typed_texts(&self, nulls: &Option<NullBuffer>) -> Option<BatchColumn> {
        let mut texts = (0..self.dictionary.len() as u32).map(|code| self.dictionary.get(code));
        let rows = || self.narrow.iter().enumerate();
        if parse_uuid(self.dictionary.get(0)).is_some() {
            let uuids: Vec<i128> = texts.map(parse_uuid).collect::<Option<_>>()?;
            let values: Vec<i128> =
                rows().map(|(row, &code)| if is_valid(nulls, row) { uuids[code as usize] } else { 0 }).collect();
            return Some(plain(column::narrow_decimals(&values, UUID_SCALE, nulls.clone()), ColumnType::Uuid, Forms::Plain));
        }
        let mut reader = InstantReader::default();
        let instants: Vec<_> = texts.by_ref().map(|text| reader.read(text)).collect::<Option<_>>()?;
        let unit = instants.iter().map(|instant| instant.unit()).max()?;
        let counts: Vec<i64> = instants.iter().map(|instant| instant.count(unit)).collect::<Option<_>>()?;
        let mut forms = Forms::default();
        for (row, &code) in rows().filter(|&(row, _)| is_valid(nulls, row)) {
            forms.push(row, instants[code as usize].form);
        }
        let values: Vec<i64> = rows().map(|(row, &code)| if is_valid(nulls, row) { counts[code as usize] } else { 0 }).collect();
        Some(plain(column::narrow_instants(&values, unit, nulls.clone()), ColumnType::Time { unit }, forms))
    }

    fn written(&self, nulls: Option<NullBuffer>, write: impl Fn(i64, &mut Vec<u8>)) -> Result<BatchColumn> {
        written(&self.narrow, nulls, write)
    }
}

/// The code of a text; bytes that are none are written in hexadecimal digits.
pub(super) fn code_of(dictionary: &mut Dictionary, text: &[u8]) -> Result<u32> {
    if text.is_ascii() || std::str::from_utf8(text).is_ok() {
        return dictionary.code(text);
    }
    let digits: Vec<u8> =
        text.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| b"0123456789abcdef"[digit as usize]).collect();
    dictionary.code(&[b"0x", digits.as_slice()].concat())
}

/// The column's values as texts.
pub(super) fn as_text(column: &BatchColumn) -> Result<ArrayRef> {
    if column.column_type == ColumnType::Text {
        return Ok(column.array.clone());
    }
    let widened = column::widen(&column.array, &column.forms, column.column_type, ColumnType::Text)?;
    widened.map(|(array, _)| array).ok_or_else(|| Error::bad_state("a column cannot be written as text"))
}

/// The column as the type that the user fixed.
fn fix(column: BatchColumn, name: &str, fixed: Fixed) -> Result<BatchColumn> {
    if column.column_type.name() == fixed.name() {
        return Ok(column);
    }
    let array = as_text(&column)?;
    if fixed == Fixed::Text {
        return Ok(plain(array, ColumnType::Text, Forms::Plain));
    }
    let (codes, texts) = column::codes(&array)?;
    let (bytes, offsets) = (texts.value_data(), texts.value_offsets());
    let mut spans = Vec::with_capacity(codes.len());
    for (row, &code) in codes.iter().enumerate() {
        let code = if array.is_null(row) { None } else { Some(code as usize) };
        let span = code.map_or(0..0, |code| offsets[code] as usize..offsets[code + 1] as usize);
        let cell = &bytes[span.clone()];
        if Kind::fixed(fixed, cell).is_none() {
            let sentence = format!("column {name}: expected {}, found {:?}", fixed.name(), String::from_utf8_lossy(cell));
            return Err(Error::bad_input(sentence).at_column(name));
        }
        spans.push(Span::of(span.start, span.end));
    }
    let mut builder = ColumnBuilder::new(Kind::Null, Some(fixed), None);
    builder.push(&Cells::of_spans(bytes, &spans, &[], 1), 0)?;
    builder.take()
}
