//! Answers as text: CSV that no spreadsheet takes for a formula, JSON, and a table to read.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit as ArrowUnit};

use crate::event::TimeUnit;
use crate::kernel::instant::instant_text;
use crate::kernel::number::decimal_text;

/// A cell as text; `None` for null. Times in ISO 8601 in UTC, decimals with all their digits.
pub fn cell(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Decimal128(_, scale) => decimal_text(array.as_primitive::<Decimal128Type>().value(row), *scale as u8),
        DataType::Timestamp(ArrowUnit::Second, _) => {
            instant_text(array.as_primitive::<TimestampSecondType>().value(row), TimeUnit::Second)
        }
        DataType::Timestamp(ArrowUnit::Millisecond, _) => {
            instant_text(array.as_primitive::<TimestampMillisecondType>().value(row), TimeUnit::Milli)
        }
        DataType::Timestamp(ArrowUnit::Microsecond, _) => {
            instant_text(array.as_primitive::<TimestampMicrosecondType>().value(row), TimeUnit::Micro)
        }
        DataType::Timestamp(ArrowUnit::Nanosecond, _) => {
            instant_text(array.as_primitive::<TimestampNanosecondType>().value(row), TimeUnit::Nano)
        }
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        other => format!("<{other}>"),
    })
}

/// RFC 4180 with `\n` line ends: a header, nulls empty. Text that a spreadsheet would run as a formula gets a `'` before it.
pub fn to_csv(batch: &RecordBatch) -> String {
    write_csv(batch, defuse)
}

/// The same with every text as it stands, for whoever reads it again by itself.
pub fn to_plain_csv(batch: &RecordBatch) -> String {
    write_csv(batch, str::to_owned)
}

fn write_csv(batch: &RecordBatch, safe: fn(&str) -> String) -> String {
    let mut out = String::new();
    let schema = batch.schema();
    for (i, field) in schema.fields().iter().enumerate() {
        push_field(&mut out, i, &safe(field.name()));
    }
    out.push('\n');
    for row in 0..batch.num_rows() {
        for (i, column) in batch.columns().iter().enumerate() {
            let text = cell(column, row).unwrap_or_default();
            let text = if *column.data_type() == DataType::Utf8 { safe(&text) } else { text };
            push_field(&mut out, i, &text);
        }
        out.push('\n');
    }
    out
}

fn push_field(out: &mut String, at: usize, text: &str) {
    if at > 0 {
        out.push(',');
    }
    if text.contains([',', '"', '\n', '\r']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

/// See OWASP, "CSV Injection".
fn defuse(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// A list of objects; integers and decimals as numbers with all their digits, times as ISO 8601 text.
pub fn to_json(batch: &RecordBatch) -> String {
    let schema = batch.schema();
    let mut out = String::from("[");
    for row in 0..batch.num_rows() {
        out.push_str(if row == 0 { "\n{" } else { ",\n{" });
        for (i, (field, column)) in schema.fields().iter().zip(batch.columns()).enumerate() {
            let is_text = matches!(column.data_type(), DataType::Utf8 | DataType::Timestamp(..));
            let value = match cell(column, row) {
                None => "null".to_owned(),
                Some(text) if is_text => serde_json::Value::String(text).to_string(),
                Some(text) => text,
            };
            let name = serde_json::Value::String(field.name().clone());
            let _ = write!(out, "{}{name}:{value}", if i > 0 { "," } else { "" });
        }
        out.push('}');
    }
    out.push_str("\n]\n");
    out
}

/// Columns side by side, numbers to the right; control characters are shown as `�`.
pub fn to_table(batch: &RecordBatch) -> String {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let shown = |text: String| text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>();
        let mut cells = vec![shown(field.name().clone())];
        cells.extend((0..batch.num_rows()).map(|row| cell(column, row).map(shown).unwrap_or_default()));
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        (cells, width, !matches!(column.data_type(), DataType::Utf8))
    });
    let columns: Vec<(Vec<String>, usize, bool)> = columns.collect();
    let mut out = String::new();
    for row in 0..=batch.num_rows() {
        let mut line = String::new();
        for (cells, width, right) in &columns {
            let _ = if *right { write!(line, "{:>width$}  ", cells[row]) } else { write!(line, "{:<width$}  ", cells[row]) };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn hostile_text_stays_text() {
        let item: ArrayRef = Arc::new(StringArray::from(vec![Some("=cmd()"), Some("a,\"b\"\n"), None, Some("-1")]));
        let n: ArrayRef = Arc::new(Int64Array::from(vec![-1, 2_053_013_555_631_882_655, 3, 4]));
        let batch = RecordBatch::try_from_iter([("@item", item), ("n", n)]).unwrap();
        assert_eq!(to_csv(&batch), "'@item,n\n'=cmd(),-1\n\"a,\"\"b\"\"\n\",2053013555631882655\n,3\n'-1,4\n");
        assert_eq!(to_plain_csv(&batch), "@item,n\n=cmd(),-1\n\"a,\"\"b\"\"\n\",2053013555631882655\n,3\n-1,4\n");
        assert!(to_json(&batch).contains(r#"{"@item":"a,\"b\"\n","n":2053013555631882655}"#));
        assert!(to_table(&batch).lines().count() == 5);
    }
}
