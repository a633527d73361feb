//! The answers of windows as one table: whose window each row is of, and how far it has moved since the window before.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};

use super::sessions::{END, PROVISIONAL, START};
use super::windowed::Window;
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::column;
use crate::kernel::ids::{self, Ids};
use crate::kernel::values::{Rows, ValueType, gather};
use crate::{Error, ErrorKind, Result};

const BEFORE: &str = "place_before";
const MOVED: &str = "moved";

/// The rows of all windows, oldest first. With `movement`, the name of a column, the first window is there to be compared with
/// alone, unless it is the only one.
pub(super) fn table(windows: &[Window], unit: TimeUnit, movement: Option<&str>, shown: usize) -> Result<RecordBatch> {
    let Some(Window { answer: newest, .. }) = windows.last() else { return Err(Error::bad_state("no window to be told of")) };
    // An answer of before a column's type changed is of another shape.
    let first_alike = windows.iter().rposition(|window| window.answer.schema() != newest.schema()).map_or(0, |at| at + 1);
    let windows = &windows[first_alike..];
    let shown = &windows[windows.len().saturating_sub(shown)..];
    let n_rows: Vec<usize> = shown.iter().map(|window| window.answer.num_rows()).collect();
    let bound = |of: fn(&Window) -> i64| {
        let values = shown.iter().zip(&n_rows).flat_map(|(window, &n)| std::iter::repeat_n(of(window), n));
        column::instants(values.collect(), unit, None)
    };
    let provisional: Vec<bool> =
        shown.iter().zip(&n_rows).flat_map(|(window, &n)| std::iter::repeat_n(window.is_provisional, n)).collect();
    let mut columns: Vec<(Field, ArrayRef)> = vec![];
    let mut add = |name: &str, array: ArrayRef| columns.push((Field::new(name, array.data_type().clone(), true), array));
    add(START, bound(|window| window.start));
    add(END, bound(|window| window.end));
    add(PROVISIONAL, Arc::new(BooleanArray::from(provisional)));
    for (at, field) in newest.schema().fields().iter().enumerate() {
        let parts = shown.iter().map(|window| gather(window.answer.column(at), &Rows::All(window.answer.num_rows())));
        let array = ids::concat(parts.collect::<Result<_>>()?)?.to_array(value_type(field.data_type())?)?;
        columns.push((field.as_ref().clone(), array));
    }
    if let Some(name) = movement {
        let moved = windows.len() - shown.len();
        let before = moved.checked_sub(1).map(|at| &windows[at]);
        let places = places_before(before, shown, name)?;
        let own = n_rows.iter().flat_map(|&n| 1..=n as i64);
        let moved: Vec<Option<i64>> = places.iter().zip(own).map(|(before, own)| before.map(|before| before - own)).collect();
        for (name, values) in [(BEFORE, places), (MOVED, moved)] {
            let array: ArrayRef = Arc::new(arrow_array::Int64Array::from(values));
            columns.push((Field::new(name, array.data_type().clone(), true), array));
        }
    }
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows.iter().sum()));
    Ok(RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)?)
}

/// For each row of the windows, the place that the value of a column had in the window before.
fn places_before(first: Option<&Window>, windows: &[Window], name: &str) -> Result<Vec<Option<i64>>> {
    let mut places = vec![];
    let mut before = first;
    for window in windows {
        let values = |window: &Window| {
            let unknown =
                || Error::new(ErrorKind::UnknownColumn, format!("the answer has no column {name:?} to tell the movement of"));
            let at = window.answer.schema().index_of(name).map_err(|_| unknown().at_column(name))?;
            gather(window.answer.column(at), &Rows::All(window.answer.num_rows()))
        };
        let own = values(window)?;
        match before {
            None => places.resize(places.len() + own.len(), None),
            Some(before) => {
                let before = values(before)?;
                let mut ids = Ids::like(&before);
                let mut place_of = vec![None; ids.of(&before)?.len() + 1];
                for (row, number) in ids.of(&before)?.into_iter().enumerate() {
                    place_of[number as usize].get_or_insert(row as i64 + 1);
                }
                places.extend(ids.of(&own)?.into_iter().map(|number| place_of.get(number as usize).copied().flatten()));
            }
        }
        before = Some(window);
    }
    Ok(places)
}

/// The type of an answer's column.
fn value_type(data_type: &DataType) -> Result<ValueType> {
    let unit = |unit: &arrow_schema::TimeUnit| match unit {
        arrow_schema::TimeUnit::Second => TimeUnit::Second,
        arrow_schema::TimeUnit::Millisecond => TimeUnit::Milli,
        arrow_schema::TimeUnit::Microsecond => TimeUnit::Micro,
        arrow_schema::TimeUnit::Nanosecond => TimeUnit::Nano,
    };
    Ok(match data_type {
        DataType::Utf8 => ValueType::Of(ColumnType::Text),
        DataType::Boolean => ValueType::Of(ColumnType::Bool),
        DataType::Int64 => ValueType::Of(ColumnType::Int),
        DataType::Decimal128(_, scale) => ValueType::Of(ColumnType::Decimal { scale: *scale as u8 }),
        DataType::Timestamp(own, _) => ValueType::Of(ColumnType::Time { unit: unit(own) }),
        DataType::Float64 => ValueType::Float,
        other => return Err(Error::bad_state(format!("an answer has the unexpected type {other}"))),
    })
}
