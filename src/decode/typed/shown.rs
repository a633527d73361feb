//! Times, numbers and what is neither, as the types of a data set hold them.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;

use crate::Result;
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::batch::BatchColumn;
use crate::kernel::column;
use crate::kernel::dictionary::Dictionary;
use crate::kernel::form::{Form, Forms};
use crate::kernel::instant::write_instant;
use crate::kernel::number::{Decimal, parse_decimal};

/// Values as texts.
pub(super) fn written<T: Copy>(values: &[T], nulls: Option<NullBuffer>, write: impl Fn(T, &mut Vec<u8>)) -> Result<BatchColumn> {
    let (mut dictionary, mut text) = (Dictionary::default(), vec![]);
    let mut codes = Vec::with_capacity(values.len());
    for (row, &value) in values.iter().enumerate() {
        text.clear();
        if is_valid(&nulls, row) {
            write(value, &mut text);
        }
        codes.push(dictionary.code(&text)?);
    }
    Ok(plain(column::texts(&codes, Arc::new(dictionary.to_array()), nulls)?, ColumnType::Text, Forms::Plain))
}

/// Seconds of the years 1 to 9999.
const SECONDS: std::ops::Range<i128> = -62_135_596_800..253_402_300_800;

/// Instants in the coarsest unit that holds all of them.
pub(super) fn times(counts: &[i128], nulls: Option<NullBuffer>, unit: TimeUnit, form: Form) -> Result<BatchColumn> {
    let per_second = i128::from(unit.per_second());
    let are_in_range = counts.iter().all(|count| SECONDS.contains(&count.div_euclid(per_second)));
    let units = [TimeUnit::Second, TimeUnit::Milli, TimeUnit::Micro, TimeUnit::Nano];
    let factor = |coarser: &TimeUnit| per_second / i128::from(coarser.per_second());
    let coarsest = units.into_iter().find(|u| *u == unit || counts.iter().all(|count| count % factor(u) == 0)).unwrap_or(unit);
    let factor = factor(&coarsest);
    let values: Option<Vec<i64>> = counts.iter().map(|count| i64::try_from(count / factor).ok()).collect();
    match values {
        Some(values) if are_in_range => {
            let array = column::narrow_instants(&values, coarsest, nulls);
            Ok(plain(array, ColumnType::Time { unit: coarsest }, Forms::Alike(form)))
        }
        _ => written(counts, nulls, |count, out| match i64::try_from(count) {
            Ok(short) if SECONDS.contains(&count.div_euclid(per_second)) => write_instant(short, unit, form, out),
            _ => out.extend_from_slice(count.to_string().as_bytes()),
        }),
    }
}

/// A time of day; what is none is the count itself.
pub(super) fn clock_text(count: i64, unit: TimeUnit) -> String {
    let (seconds, fraction) = (count.div_euclid(unit.per_second()), count.rem_euclid(unit.per_second()));
    if !(0..86_400).contains(&seconds) {
        return count.to_string();
    }
    let digits = unit.per_second().ilog10() as usize;
    let text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if digits == 0 { text } else { format!("{text}.{fraction:0digits$}") }
}

/// The decimal of fewest digits that reads back as the number, if it has at most 38.
pub(super) fn decimal_of(float: f64, single: bool) -> Option<Decimal> {
    // Decimals of so few digits are all different numbers.
    let most = if single { 1e6 } else { 1e15 };
    for (scale, power) in [1.0, 10.0, 100.0, 1e3, 1e4].into_iter().enumerate() {
        let units = (float * power).round();
        if units.abs() >= most {
            break;
        }
        let back = units / power;
        if back == float || single && back as f32 == float as f32 {
            return Some(Decimal { units: units as i128, scale: scale as u8, form: Form(scale as u32) });
        }
    }
    let text = if single { format!("{}", float as f32) } else { format!("{float}") };
    parse_decimal(text.as_bytes())
}

/// Whether a row has a value.
pub(super) fn is_valid(nulls: &Option<NullBuffer>, row: usize) -> bool {
    nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
}

/// A column of that type.
pub(super) fn plain(array: ArrayRef, column_type: ColumnType, forms: Forms) -> BatchColumn {
    BatchColumn { array, forms, column_type }
}
