//! What a question's literal means in a column: the integers it stands for, exactly.

use serde_json::Value;

use crate::event::ColumnType;
use crate::kernel::instant::parse_instant;
use crate::kernel::number::{Decimal, parse_decimal, parse_int, pow10};
use crate::kernel::values::{ValueType, digits};
use crate::{Error, Result};

/// A literal beside a column of integers, decimals, times or booleans: it lies between `floor` and `ceil` in the
/// column's own units, which are equal when the column can hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) floor: i128,
    pub(super) ceil: i128,
    /// The last unit that the literal covers as written: all of `2017-12-03`, or just the number.
    pub(super) last: i128,
}

impl Point {
    fn new(units: i128, scale: u32, column_scale: u32) -> Option<Self> {
        if scale <= column_scale {
            let units = units.checked_mul(pow10(column_scale - scale))?;
            return Some(Self { floor: units, ceil: units, last: units });
        }
        let step = pow10(scale - column_scale);
        let floor = units.div_euclid(step);
        let ceil = floor + i128::from(units.rem_euclid(step) != 0);
        Some(Self { floor, ceil, last: floor })
    }

    /// The literal in a column of that type.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it cannot be read as that type.
    pub(super) fn parse(literal: &Value, column: &str, column_type: ColumnType) -> Result<Self> {
        let point = match (column_type, literal) {
            (ColumnType::Bool, Value::Bool(value)) => Self::new(i128::from(*value), 0, 0),
            (ColumnType::Bool, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "true" => Self::new(1, 0, 0),
                "false" => Self::new(0, 0, 0),
                _ => None,
            },
            (ColumnType::Int | ColumnType::Decimal { .. }, Value::Number(_) | Value::String(_)) => {
                number(literal).and_then(|d| Self::new(d.units, u32::from(d.scale), digits(column_type)))
            }
            (ColumnType::Time { .. }, Value::Number(_)) => {
                number(literal).and_then(|d| Self::new(d.units, u32::from(d.scale), 0))
            }
            (ColumnType::Time { unit }, Value::String(text)) => parse_instant(text.as_bytes()).and_then(|instant| {
                let nanos = i128::from(instant.seconds) * pow10(9) + i128::from(instant.nanos);
                let mut point = Self::new(nanos, 9, digits(column_type))?;
                if instant.seconds_written() > 0 {
                    point.last = point.floor + i128::from(instant.seconds_written()) * i128::from(unit.per_second()) - 1;
                }
                Some(point)
            }),
            _ => None,
        };
        point.ok_or_else(|| {
            let example = match column_type {
                ColumnType::Time { .. } => ", such as \"2017-11-25\" or \"2017-11-25 09:30:00\"",
                _ => "",
            };
            Error::bad_query(format!(
                "column {column:?} is of type {}; cannot compare it with {literal}{example}",
                column_type.name()
            ))
            .at_column(column)
        })
    }
}

/// The exact value of a number, or of a text that writes one.
pub(super) fn number(literal: &Value) -> Option<Decimal> {
    let text = match literal {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    // `2.0` is how JavaScript's numbers may come; an integer column holds it all the same.
    match parse_int(text.as_bytes()) {
        Some(int) => parse_decimal(int.to_string().as_bytes()),
        None => parse_decimal(text.as_bytes()),
    }
}

/// The text that a literal is in a column of text.
///
/// # Errors
///
/// `BAD_QUERY` when it is a list or an object.
pub(super) fn text(literal: &Value, column: &str) -> Result<String> {
    match literal {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string().strip_suffix(".0").map_or_else(|| number.to_string(), str::to_owned)),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Error::bad_query(format!("cannot compare column {column:?} with {literal}")).at_column(column)),
    }
}

/// The literal beside a result of a division.
///
/// # Errors
///
/// `BAD_QUERY` when it is no number.
pub(super) fn float(literal: &Value, column: &str) -> Result<f64> {
    let value = match literal {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    value.ok_or_else(|| {
        let name = ValueType::Float.name();
        Error::bad_query(format!("column {column:?} is of type {name}; cannot compare it with {literal}")).at_column(column)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TimeUnit;
    use serde_json::json;

    #[test]
    fn finds_a_literal_s_place_in_a_column() {
        let (int, cents, seconds) =
            (ColumnType::Int, ColumnType::Decimal { scale: 2 }, ColumnType::Time { unit: TimeUnit::Second });
        for (column_type, literal, floor, ceil, last) in [
            (int, json!(5), 5, 5, 5),
            (int, json!(5.0), 5, 5, 5),
            (int, json!(2.5), 2, 3, 2),
            (int, json!(-2.5), -3, -2, -3),
            (int, json!("2053013555631882655"), 2_053_013_555_631_882_655, 2_053_013_555_631_882_655, 2_053_013_555_631_882_655),
            (cents, json!(9.99), 999, 999, 999),
            (cents, json!("0.005"), 0, 1, 0),
            (ColumnType::Bool, json!("True"), 1, 1, 1),
            (seconds, json!("1970-01-02"), 86_400, 86_400, 172_799),
            (seconds, json!("1970-01-01 01"), 3_600, 3_600, 7_199),
            (seconds, json!("1970-01-01T00:00:01.5Z"), 1, 2, 1),
            (seconds, json!(77), 77, 77, 77),
        ] {
            assert_eq!(Point::parse(&literal, "c", column_type).unwrap(), Point { floor, ceil, last }, "{literal}");
        }
        for (column_type, literal) in
            [(int, json!("five")), (seconds, json!("yesterday")), (int, json!(true)), (ColumnType::Bool, json!(1))]
        {
            assert!(Point::parse(&literal, "c", column_type).is_err(), "{literal}");
        }
    }
}
