//! What an expression is in the rows of a batch.

use std::borrow::Cow;

use super::Zones;
use super::expr::{Expr, Function, Operator};
use super::table::Table;
use super::zone::Clock;
use crate::event::ColumnType;
use crate::kernel::civil::civil_from_days;
use crate::kernel::instant::instant_text;
use crate::kernel::number::{MAX_DIGITS, decimal_text, pow10};
use crate::kernel::uuid::write_uuid;
use crate::kernel::values::{Values, digits};
use crate::{Error, Result};

/// Digits after the point of a quotient.
const QUOTIENT_SCALE: u8 = 6;

/// The rows that an expression is told for: those of a batch, or none, to find out its kind.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) table: &'a Table,
    pub(super) batch: Option<usize>,
    pub(super) zones: &'a Zones,
}

/// What an expression's values are; it follows from the columns' types alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Number {
        scale: u8,
    },
    /// Counts since 1970, of `10^-digits` seconds.
    Time {
        digits: u8,
    },
    Uuid,
    Text,
}

/// The values of an expression.
pub(super) struct Cells<'a> {
    pub(super) kind: Kind,
    pub(super) data: Data<'a>,
}

pub(super) enum Data<'a> {
    Numbers(Vec<Option<i128>>),
    Texts(Vec<Option<Cow<'a, str>>>),
}

/// What became null that should not have been.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) overflows: u64,
    pub(super) zero_divisions: u64,
}

impl Context<'_> {
    fn n_rows(&self) -> usize {
        self.batch.map_or(0, |batch| self.table.batches()[batch].n_rows)
    }
}

/// The expression's values.
///
/// # Errors
///
/// `UNKNOWN_COLUMN`; `BAD_QUERY` where a function cannot be told of such values.
pub(super) fn evaluate<'a>(expr: &Expr, context: &Context<'a>, faults: &mut Faults) -> Result<Cells<'a>> {
    let n_rows = context.n_rows();
    Ok(match expr {
        Expr::Number { units, scale } => numbers(Kind::Number { scale: *scale }, vec![Some(*units); n_rows]),
        Expr::Text(text) => texts(vec![Some(Cow::Owned(text.clone())); n_rows]),
        Expr::Column(name) => column(context, name)?,
        Expr::Negate(inner) => {
            let (scale, values) = as_numbers(evaluate(inner, context, faults)?, "-")?;
            numbers(Kind::Number { scale }, values.into_iter().map(|value| value.map(|value| -value)).collect())
        }
        Expr::Binary(operator, a, b) => {
            let (a, b) = (evaluate(a, context, faults)?, evaluate(b, context, faults)?);
            binary(*operator, a, b, faults)?
        }
        Expr::Call(Function::Coalesce, arguments) => {
            let cells = arguments.iter().map(|argument| evaluate(argument, context, faults));
            coalesce(cells.collect::<Result<_>>()?, faults)?
        }
        Expr::Call(function, arguments) if function.is_of_clock() => {
            let clock = match arguments.get(1) {
                None => Clock::Utc,
                Some(Expr::Text(zone)) => Clock::of(zone, context.zones)?,
                Some(_) => return Err(Error::bad_query(format!("the time zone of {} is a text", function.name()))),
            };
            part_of_time(*function, evaluate(&arguments[0], context, faults)?, &clock)?
        }
        Expr::Call(Function::Split, arguments) => {
            let parts = texts_of(&arguments[0], context, faults)?;
            let (Expr::Text(separator), Expr::Number { units: n @ 1.., scale: 0 }) = (&arguments[1], &arguments[2]) else {
                return Err(Error::bad_query("split takes a text, a separator in quotes, and which part, from 1 on"));
            };
            if separator.is_empty() {
                return Err(Error::bad_query("split's separator is empty"));
            }
            let n = usize::try_from(*n - 1).unwrap_or(usize::MAX);
            let part = |text: Cow<'a, str>| text.split(separator.as_str()).nth(n).map(|part| Cow::Owned(part.to_owned()));
            texts(parts.into_iter().map(|text| text.and_then(part)).collect())
        }
        Expr::Call(Function::Length, arguments) => {
            let lengths = texts_of(&arguments[0], context, faults)?.into_iter();
            let lengths = lengths.map(|text| text.map(|text| text.chars().count() as i128));
            numbers(Kind::Number { scale: 0 }, lengths.collect())
        }
        Expr::Call(Function::Concat, arguments) => {
            let mut joined = vec![String::new(); n_rows];
            for argument in arguments {
                let parts = texts_of(argument, context, faults)?;
                joined.iter_mut().zip(parts).for_each(|(joined, part)| joined.push_str(&part.unwrap_or_default()));
            }
            texts(joined.into_iter().map(|text| (!text.is_empty()).then_some(Cow::Owned(text))).collect())
        }
        Expr::Call(function, arguments) => {
            let upper = *function == Function::Upper;
            let written = texts_of(&arguments[0], context, faults)?.into_iter();
            let change = |text: Cow<'a, str>| Cow::Owned(if upper { text.to_uppercase() } else { text.to_lowercase() });
            texts(written.map(|text| text.map(change)).collect())
        }
    })
}

fn numbers<'a>(kind: Kind, values: Vec<Option<i128>>) -> Cells<'a> {
    Cells { kind, data: Data::Numbers(values) }
}

fn texts(values: Vec<Option<Cow<'_, str>>>) -> Cells<'_> {
    Cells { kind: Kind::Text, data: Data::Texts(values) }
}

fn column<'a>(context: &Context<'a>, name: &str) -> Result<Cells<'a>> {
    let at = context.table.index_of(name)?;
    let column_type = context.table.types()[at];
    let kind = match column_type {
        ColumnType::Null => Kind::Null,
        ColumnType::Bool => Kind::Bool,
        ColumnType::Int => Kind::Number { scale: 0 },
        ColumnType::Decimal { scale } => Kind::Number { scale },
        ColumnType::Time { .. } => Kind::Time { digits: digits(column_type) as u8 },
        ColumnType::Uuid => Kind::Uuid,
        ColumnType::Text | ColumnType::Dates { .. } => return Ok(texts(written(context, at)?)),
    };
    let Some(batch) = context.batch else { return Ok(numbers(kind, vec![])) };
    if kind == Kind::Null {
        return Ok(numbers(kind, vec![None; context.n_rows()]));
    }
    let values = context.table.values(batch, at)?;
    Ok(numbers(kind, known(&values)?))
}

/// The integers of values, none where there is none.
pub(super) fn known(values: &Values) -> Result<Vec<Option<i128>>> {
    let wide = values.data.wide()?;
    Ok(wide.iter().enumerate().map(|(row, &value)| values.is_valid(row).then_some(value)).collect())
}

/// A column's values as they were written.
fn written<'a>(context: &Context<'a>, at: usize) -> Result<Vec<Option<Cow<'a, str>>>> {
    let Some(batch) = context.batch else { return Ok(vec![]) };
    let written = context.table.written_in(batch, at)?;
    Ok((0..context.n_rows()).map(|row| written.get(row).map(|text| Cow::Owned(text.to_owned()))).collect())
}

/// The expression as text: a column's values as they were written, numbers with all digits, times in ISO 8601.
fn texts_of<'a>(expr: &Expr, context: &Context<'a>, faults: &mut Faults) -> Result<Vec<Option<Cow<'a, str>>>> {
    if let Expr::Column(name) = expr {
        return written(context, context.table.index_of(name)?);
    }
    let cells = evaluate(expr, context, faults)?;
    let values = match cells.data {
        Data::Texts(texts) => return Ok(texts),
        Data::Numbers(values) => values,
    };
    let text = |value: i128| match cells.kind {
        Kind::Number { scale } => decimal_text(value, scale),
        Kind::Bool => (value != 0).to_string(),
        Kind::Uuid => String::from_utf8_lossy(&write_uuid(value)).into_owned(),
        Kind::Time { digits } => instant_text(value as i64, super::zone::unit_of(digits)),
        Kind::Null | Kind::Text => String::new(),
    };
    Ok(values.into_iter().map(|value| value.map(|value| Cow::Owned(text(value)))).collect())
}

fn as_numbers(cells: Cells<'_>, for_what: &str) -> Result<(u8, Vec<Option<i128>>)> {
    match (cells.kind, cells.data) {
        (Kind::Number { scale }, Data::Numbers(values)) => Ok((scale, values)),
        (Kind::Null, Data::Numbers(values)) => Ok((0, values)),
        (kind, _) => Err(Error::bad_query(format!("{for_what} needs numbers, found {}", kind.name()))),
    }
}

fn binary<'a>(operator: Operator, a: Cells<'a>, b: Cells<'a>, faults: &mut Faults) -> Result<Cells<'a>> {
    if let (Operator::Subtract, Kind::Time { digits: x }, Kind::Time { digits: y }) = (operator, a.kind, b.kind) {
        // Seconds between two times.
        let number = |cells: Cells<'a>, scale| Cells { kind: Kind::Number { scale }, ..cells };
        return binary(operator, number(a, x), number(b, y), faults);
    }
    let name = match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
    };
    let ((x, left), (y, right)) = (as_numbers(a, name)?, as_numbers(b, name)?);
    let scale = match operator {
        Operator::Add | Operator::Subtract => x.max(y),
        Operator::Multiply => x + y,
        Operator::Divide => QUOTIENT_SCALE,
    };
    if u32::from(scale) >= MAX_DIGITS {
        return Err(Error::bad_query(format!(
            "the product would have {scale} digits after the point; most are {}",
            MAX_DIGITS - 1
        )));
    }
    let mut of = |a: Option<i128>, b: Option<i128>| {
        let (a, b) = (a?, b?);
        let result = match operator {
            Operator::Add => scaled(a, x, scale).zip(scaled(b, y, scale)).and_then(|(a, b)| a.checked_add(b)),
            Operator::Subtract => scaled(a, x, scale).zip(scaled(b, y, scale)).and_then(|(a, b)| a.checked_sub(b)),
            Operator::Multiply => a.checked_mul(b),
            Operator::Divide if b == 0 => {
                faults.zero_divisions += 1;
                return None;
            }
            Operator::Divide => quotient(a, x, b, y),
        };
        let result = result.filter(|result| result.unsigned_abs() < pow10(MAX_DIGITS) as u128);
        faults.overflows += u64::from(result.is_none());
        result
    };
    let values = left.into_iter().zip(right).map(|(a, b)| of(a, b)).collect();
    Ok(numbers(Kind::Number { scale }, values))
}

/// The same number at another scale, which is not smaller.
pub(super) fn scaled(value: i128, from: u8, to: u8) -> Option<i128> {
    value.checked_mul(pow10(u32::from(to - from)))
}

/// `a / b` at [`QUOTIENT_SCALE`], rounded half away from zero; `b` is not 0.
fn quotient(a: i128, a_scale: u8, b: i128, b_scale: u8) -> Option<i128> {
    let shift = i32::from(QUOTIENT_SCALE) + i32::from(b_scale) - i32::from(a_scale);
    let (a, b) = match u32::try_from(shift) {
        Ok(shift) if shift > MAX_DIGITS => return None,
        Ok(shift) => (a.checked_mul(pow10(shift))?, b),
        Err(_) => (a, b.checked_mul(pow10(shift.unsigned_abs()))?),
    };
    let (whole, rest) = (a / b, (a % b).unsigned_abs());
    let up = rest >= b.unsigned_abs() - rest;
    Some(if !up {
        whole
    } else if (a < 0) == (b < 0) {
        whole + 1
    } else {
        whole - 1
    })
}

/// The first value that is not null, of values of one kind.
fn coalesce<'a>(all: Vec<Cells<'a>>, faults: &mut Faults) -> Result<Cells<'a>> {
    let mut kind = Kind::Null;
    for cells in &all {
        kind = match (kind, cells.kind) {
            (Kind::Null, kind) | (kind, Kind::Null) => kind,
            (Kind::Number { scale: a }, Kind::Number { scale: b }) => Kind::Number { scale: a.max(b) },
            (Kind::Time { digits: a }, Kind::Time { digits: b }) => Kind::Time { digits: a.max(b) },
            (a, b) if a == b => a,
            (a, b) => {
                return Err(Error::bad_query(format!("coalesce needs values of one type, found {} and {}", a.name(), b.name())));
            }
        };
    }
    let n_rows = all.first().map_or(0, Cells::len);
    if kind == Kind::Text {
        let mut first: Vec<Option<Cow<'a, str>>> = vec![None; n_rows];
        for cells in all {
            let Data::Texts(more) = cells.data else { continue };
            first.iter_mut().zip(more).filter(|(first, _)| first.is_none()).for_each(|(first, more)| *first = more);
        }
        return Ok(texts(first));
    }
    let digits_of = |kind| match kind {
        Kind::Number { scale: digits } | Kind::Time { digits } => digits,
        _ => 0,
    };
    let mut first = vec![None; n_rows];
    for cells in all {
        let from = digits_of(cells.kind);
        let Data::Numbers(more) = cells.data else { continue };
        for (first, more) in first.iter_mut().zip(more).filter(|(first, _)| first.is_none()) {
            let Some(more) = more else { continue };
            *first = if cells.kind == kind { Some(more) } else { scaled(more, from, digits_of(kind)) };
            *first = first.filter(|value| kind == Kind::Uuid || value.unsigned_abs() < pow10(MAX_DIGITS) as u128);
            let fits = !matches!(kind, Kind::Time { .. }) || first.is_none_or(|value| i64::try_from(value).is_ok());
            if !fits || first.is_none() {
                *first = None;
                faults.overflows += 1;
            }
        }
    }
    Ok(numbers(kind, first))
}

/// A part of what a clock shows; weekdays are 1 for Monday to 7 for Sunday.
fn part_of_time<'a>(function: Function, cells: Cells<'a>, clock: &Clock) -> Result<Cells<'a>> {
    let (digits, values) = match (cells.kind, cells.data) {
        (Kind::Time { digits }, Data::Numbers(values)) => (digits, values),
        (Kind::Null, Data::Numbers(values)) => (0, values),
        (kind, _) => return Err(Error::bad_query(format!("{} needs a time, found {}", function.name(), kind.name()))),
    };
    let per_second = pow10(u32::from(digits));
    let part = |value: i128| {
        let utc = value.div_euclid(per_second) as i64;
        let local = utc.saturating_add(clock.offset(utc));
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        // Years that no calendar has are those at its ends.
        let (year, month, day) = civil_from_days(days.clamp(-100_000_000, 100_000_000));
        i128::from(match function {
            Function::Year => i64::from(year),
            Function::Month => i64::from(month),
            Function::Day => i64::from(day),
            Function::Hour => second / 3_600,
            _ => (days + 3).rem_euclid(7) + 1,
        })
    };
    Ok(numbers(Kind::Number { scale: 0 }, values.into_iter().map(|value| value.map(part)).collect()))
}

impl Cells<'_> {
    fn len(&self) -> usize {
        match &self.data {
            Data::Numbers(values) => values.len(),
            Data::Texts(values) => values.len(),
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Number { .. } => "a number",
            Self::Time { .. } => "a time",
            Self::Uuid => "uuid",
            Self::Text => "a text",
        }
    }
}
