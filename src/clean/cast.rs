//! Steps that give a column another type: `cast` and `parse`. What cannot be read becomes null, and is counted.

use std::collections::BTreeMap;

use arrow_array::Array;

use super::numeral::Style;
use super::pattern::Pattern;
use super::recipe::{columns, need_text};
use super::table::Builder;
use super::zone::{Clock, names_to_look_up, unit_of};
use super::{Action, Work};
use crate::error::spec::{Spec, unknown};
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::batch::BatchColumn;
use crate::kernel::column;
use crate::kernel::instant::parse_instant;
use crate::kernel::number::{MAX_DIGITS, pow10};
use crate::{Error, Result};

/// What a column is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Int,
    Decimal,
    Time,
    Bool,
    Text,
}

const TARGETS: [(&str, Target); 5] =
    [("int", Target::Int), ("decimal", Target::Decimal), ("time", Target::Time), ("bool", Target::Bool), ("text", Target::Text)];

/// A value that was read: units of `10^-digits`, or of `10^-digits` seconds since 1970.
pub(super) type Number = (i128, u8);

impl Target {
    /// The value that a text writes, white space around it apart. Integers may have leading zeros, a plus sign, or a
    /// fraction of zeros; decimals at most 18 digits after the point; times are in ISO 8601 or counts since 1970 of the years
    /// 1990 to 2100; booleans are true, false, yes, no, t, f, y, n, 1 or 0 in any case.
    pub(super) fn read(self, text: &str) -> Option<Number> {
        let text = text.trim();
        match self {
            Self::Int => {
                let (units, scale) = Style::PLAIN.read(text)?;
                let step = pow10(u32::from(scale));
                let int = (units % step == 0).then_some(units / step)?;
                i64::try_from(int).is_ok().then_some((int, 0))
            }
            Self::Decimal => Style::PLAIN.read(text),
            Self::Time => read_time(text),
            Self::Bool => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "t" | "y" | "1" => Some((1, 0)),
                "false" | "no" | "f" | "n" | "0" => Some((0, 0)),
                _ => None,
            },
            Self::Text => None,
        }
    }

    /// The target that keeps a type.
    pub(super) fn of(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Int => Self::Int,
            ColumnType::Decimal { .. } => Self::Decimal,
            ColumnType::Time { .. } => Self::Time,
            ColumnType::Bool => Self::Bool,
            _ => Self::Text,
        }
    }

    /// The type that holds values of so many digits.
    pub(super) fn column_type(self, digits: u8) -> ColumnType {
        match self {
            Self::Int => ColumnType::Int,
            Self::Decimal => ColumnType::Decimal { scale: digits },
            Self::Time => ColumnType::Time { unit: unit_of(digits) },
            Self::Bool => ColumnType::Bool,
            Self::Text => ColumnType::Text,
        }
    }
}

fn read_time(text: &str) -> Option<Number> {
    if let Some(instant) = parse_instant(text.as_bytes()) {
        let unit = instant.unit();
        return Some((i128::from(instant.count(unit)?), digits_of(unit)));
    }
    let (count, 0) = Style::PLAIN.read(text)? else { return None };
    let is_told_in = |unit: &TimeUnit| {
        let scale = i128::from(unit.per_second());
        (631_152_000 * scale..4_102_444_800 * scale).contains(&count)
    };
    let unit = [TimeUnit::Second, TimeUnit::Milli, TimeUnit::Micro, TimeUnit::Nano].into_iter().find(is_told_in)?;
    Some((count, digits_of(unit)))
}

fn digits_of(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Milli => 3,
        TimeUnit::Micro => 6,
        TimeUnit::Nano => 9,
    }
}

/// `cast`: reads columns as another type, from how their values are written.
#[derive(Debug)]
pub(super) struct Cast {
    columns: Vec<String>,
    to: Target,
}

impl Cast {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let columns = columns(spec)?;
        let to = need_text(spec, "to")?;
        let names = TARGETS.map(|(name, _)| name);
        let target = TARGETS.iter().find(|(name, _)| *name == to);
        let Some(&(_, to)) = target else { return Err(unknown(&format!("type {to:?} to cast to"), &to, &names)) };
        Ok(Self { columns, to })
    }
}

impl Action for Cast {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        for at in work.table.indices_of(&self.columns)? {
            if Target::of(work.table.types()[at]) == self.to && work.table.types()[at] != ColumnType::Uuid {
                continue;
            }
            if self.to == Target::Text {
                let columns = work.table.written(at)?;
                work.table.put(at, ColumnType::Text, columns)?;
                continue;
            }
            reread(work, at, self.to, &mut |text| self.to.read(text))?;
        }
        Ok(())
    }
}

/// `parse`: reads a column's texts by a pattern of times (`src/clean/pattern.rs`), or as numbers that are written as an
/// example is. Times without a zone of their own are by the clock of `timezone`, or of Greenwich.
#[derive(Debug)]
pub(super) struct Reread {
    column: String,
    format: Format,
    zone: Option<String>,
}

#[derive(Debug)]
enum Format {
    Time(Pattern),
    Number(Style),
}

impl Reread {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let (column, format) = (need_text(spec, "column")?, need_text(spec, "format")?);
        let zone = spec.text("timezone")?.map(str::to_owned);
        let format = match format.contains('%') {
            true => Format::Time(Pattern::parse(&format)?),
            false => Format::Number(Style::of_example(&format)?),
        };
        if zone.is_some() && matches!(format, Format::Number(_)) {
            return Err(Error::bad_query("numbers have no \"timezone\"").at_column("timezone"));
        }
        Ok(Self { column, format, zone })
    }
}

impl Action for Reread {
    fn zones(&self) -> Vec<String> {
        names_to_look_up(self.zone.iter().cloned().collect())
    }

    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let at = work.table.index_of(&self.column)?;
        match &self.format {
            Format::Number(style) => reread(work, at, Target::Decimal, &mut |text| style.read(text)),
            Format::Time(pattern) => {
                let clock = self.zone.as_ref().map_or(Ok(Clock::Utc), |zone| Clock::of(zone, work.zones))?;
                reread(work, at, Target::Time, &mut |text| {
                    let local = pattern.read(text)?;
                    let seconds = local.offset.map_or_else(|| clock.utc(local.seconds), |offset| local.seconds - offset);
                    let digits = digits_of(unit_of(local.digits));
                    let fraction = i128::from(local.nanos) / pow10(9 - u32::from(digits));
                    Some((i128::from(seconds) * pow10(u32::from(digits)) + fraction, digits))
                })
            }
        }
    }
}

/// Reads a column anew from how its values are written, and notes what could not be read.
fn reread(work: &mut Work<'_>, at: usize, to: Target, read: Read<'_>) -> Result<()> {
    let written = work.table.written(at)?;
    let (column_type, columns, unread) = read_texts(&written, to, read)?;
    if unread.n > 0 {
        work.report.changed += unread.n;
        let name = &work.table.names()[at];
        work.report.note(format!("{} values of column {name} cannot be read and are null, such as {:?}", unread.n, unread.first));
    }
    work.table.put(at, column_type, columns)
}

/// Reads a text.
pub(super) type Read<'a> = &'a mut dyn FnMut(&str) -> Option<Number>;

/// Values that could not be read.
#[derive(Debug, Default)]
pub(super) struct Unread {
    pub(super) n: u64,
    pub(super) first: String,
}

/// Columns of text as what is read in them: at the scale, or in the unit, that all values need. Each distinct text is read
/// once. Numbers of integers alone are integers.
pub(super) fn read_texts(columns: &[BatchColumn], to: Target, read: Read<'_>) -> Result<(ColumnType, Vec<BatchColumn>, Unread)> {
    let mut values: Vec<Vec<Option<Number>>> = vec![];
    let mut unread = Unread::default();
    let mut known: BTreeMap<u32, Option<Number>> = BTreeMap::new();
    let mut digits = 0;
    // All batches have one dictionary.
    for column in columns {
        let (codes, texts) = column::codes(&column.array)?;
        let mut read_one = |(row, &code): (usize, &u32)| {
            if column.array.is_null(row) {
                return None;
            }
            let text = texts.value(code as usize);
            let value = *known.entry(code).or_insert_with(|| read(text));
            match value {
                Some((_, more)) => digits = digits.max(more),
                None => {
                    unread.n += 1;
                    if unread.n == 1 {
                        unread.first = text.chars().take(100).collect();
                    }
                }
            }
            value
        };
        values.push(codes.iter().enumerate().map(&mut read_one).collect());
    }
    let fits = |value: i128, to: Target| match to {
        Target::Decimal => value.unsigned_abs() < pow10(MAX_DIGITS) as u128,
        _ => i64::try_from(value).is_ok(),
    };
    let is_int = digits == 0 && values.iter().flatten().flatten().all(|&(value, _)| fits(value, Target::Int));
    let to = if to == Target::Decimal && is_int { Target::Int } else { to };
    let column_type = to.column_type(digits);
    let mut builder = Builder::new(column_type);
    for values in values {
        let scaled = values.into_iter().map(|value| {
            let (units, own) = value?;
            let scaled = units.checked_mul(pow10(u32::from(digits - own))).filter(|&units| fits(units, to));
            unread.n += u64::from(scaled.is_none());
            scaled
        });
        builder.push_numbers(scaled.collect())?;
    }
    Ok((column_type, builder.finish()?, unread))
}
