//! Columns of integers, at the width their values need, and the casts that widening a type asks for.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type,
};
use arrow_array::{Array, ArrayRef, ArrowNativeTypeOp, BooleanArray, DictionaryArray, Int64Array, PrimitiveArray, StringArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;

use super::dictionary::Dictionary;
use super::form::{Form, Forms};
use super::instant::write_instant;
use super::number::{pow10, write_decimal};
use super::ranks::Ranks;
use super::uuid::{UUID_SCALE, write_uuid};
use super::values::{Data, Rows, Values, gather};
use crate::event::{ColumnType, TimeUnit};
use crate::{Error, Result};

/// Integers at the narrowest width that holds them all.
pub fn narrow_ints(values: &[i64], nulls: Option<NullBuffer>) -> ArrayRef {
    let (min, max) = values.iter().fold((0, 0), |(min, max): (i64, i64), &v| (min.min(v), max.max(v)));
    if min >= i64::from(i8::MIN) && max <= i64::from(i8::MAX) {
        primitive::<Int8Type>(values.iter().map(|&v| v as i8), nulls)
    } else if min >= i64::from(i16::MIN) && max <= i64::from(i16::MAX) {
        primitive::<Int16Type>(values.iter().map(|&v| v as i16), nulls)
    } else if min >= i64::from(i32::MIN) && max <= i64::from(i32::MAX) {
        primitive::<Int32Type>(values.iter().map(|&v| v as i32), nulls)
    } else {
        primitive::<Int64Type>(values.iter().copied(), nulls)
    }
}

/// Decimals of one scale at the narrowest width that holds them all; at [`UUID_SCALE`], any 128 bits.
pub fn narrow_decimals(values: &[i128], scale: u8, nulls: Option<NullBuffer>) -> ArrayRef {
    let most = if scale > 18 { u128::MAX } else { values.iter().map(|v| v.unsigned_abs()).max().unwrap_or(0) };
    let scale_of = scale as i8;
    if scale <= 9 && most < pow10(9) as u128 {
        let array = plain::<Decimal32Type>(values.iter().map(|&v| v as i32), nulls);
        Arc::new(array.with_data_type(DataType::Decimal32(9, scale_of)))
    } else if most < pow10(18) as u128 {
        let array = plain::<Decimal64Type>(values.iter().map(|&v| v as i64), nulls);
        Arc::new(array.with_data_type(DataType::Decimal64(18, scale_of)))
    } else {
        let array = plain::<Decimal128Type>(values.iter().copied(), nulls);
        Arc::new(array.with_data_type(DataType::Decimal128(38, scale_of)))
    }
}

/// Instants as counts of `unit` since 1970, in UTC.
pub fn instants(values: Vec<i64>, unit: TimeUnit, nulls: Option<NullBuffer>) -> ArrayRef {
    fn of<T: arrow_array::types::ArrowTimestampType>(values: Vec<i64>, nulls: Option<NullBuffer>) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::new(values.into(), nulls).with_timezone("UTC"))
    }
    match unit {
        TimeUnit::Second => of::<TimestampSecondType>(values, nulls),
        TimeUnit::Milli => of::<TimestampMillisecondType>(values, nulls),
        TimeUnit::Micro => of::<TimestampMicrosecondType>(values, nulls),
        TimeUnit::Nano => of::<TimestampNanosecondType>(values, nulls),
    }
}

/// Values as a column of that type, at the width they need.
///
/// # Errors
///
/// When they are not of that type.
pub fn hold(values: Values, column_type: ColumnType) -> Result<ArrayRef> {
    let nulls = values.valid.map(NullBuffer::from);
    Ok(match (column_type, values.data) {
        (ColumnType::Text | ColumnType::Null, Data::Codes(codes, dictionary)) => texts(&codes, dictionary.0, nulls)?,
        (ColumnType::Int, Data::Ranked(places, steps)) => coded(&places, steps.0, nulls)?,
        (ColumnType::Int, Data::Ints(ints)) => narrow_ints(&ints, nulls),
        (ColumnType::Bool, Data::Ints(ints)) => bools(&ints, nulls),
        (ColumnType::Time { unit }, Data::Ints(ints)) => narrow_instants(&ints, unit, nulls),
        (ColumnType::Decimal { scale }, data) => narrow_decimals(&data.wide()?, scale, nulls),
        (ColumnType::Uuid, data) => narrow_decimals(&data.wide()?, UUID_SCALE, nulls),
        (other, _) => return Err(Error::bad_state(format!("values are not of type {}", other.name()))),
    })
}

/// The same as a data set holds them: seconds of the years 1970 to 2106 as `UInt32`.
pub fn narrow_instants(values: &[i64], unit: TimeUnit, nulls: Option<NullBuffer>) -> ArrayRef {
    let fits = unit == TimeUnit::Second && values.iter().all(|&value| u32::try_from(value).is_ok());
    if fits { primitive::<UInt32Type>(values.iter().map(|&v| v as u32), nulls) } else { instants(values.to_vec(), unit, nulls) }
}

/// Codes into `texts`, at the narrowest width for a dictionary of its length.
///
/// # Errors
///
/// When a code has no text.
pub fn texts(codes: &[u32], texts: Arc<StringArray>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    coded(codes, texts, nulls)
}

fn coded(codes: &[u32], values: ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(if values.len() <= 1 << 8 {
        let keys = plain::<UInt8Type>(codes.iter().map(|&c| c as u8), nulls);
        Arc::new(DictionaryArray::try_new(keys, values)?)
    } else if values.len() <= 1 << 16 {
        let keys = plain::<UInt16Type>(codes.iter().map(|&c| c as u16), nulls);
        Arc::new(DictionaryArray::try_new(keys, values)?)
    } else {
        let keys = plain::<UInt32Type>(codes.iter().copied(), nulls);
        Arc::new(DictionaryArray::try_new(keys, values)?)
    })
}

fn plain<T: ArrowPrimitiveType>(values: impl Iterator<Item = T::Native>, nulls: Option<NullBuffer>) -> PrimitiveArray<T> {
    PrimitiveArray::<T>::new(values.collect::<Vec<_>>().into(), nulls)
}

fn primitive<T: ArrowPrimitiveType>(values: impl Iterator<Item = T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(plain::<T>(values, nulls))
}

/// The distinct integers of a column as an array, and their places; `None` where the places would take more than `n_bytes`
/// to find, or the column has more than `most` distinct integers.
///
/// # Errors
///
/// When the arrays are not of integers.
pub fn rank_ints(arrays: &[&ArrayRef], n_bytes: usize, most: usize) -> Result<Option<(Arc<Int64Array>, Ranks)>> {
    let known = |array: &ArrayRef| -> Result<Vec<i64>> {
        let ints = ints(array)?;
        Ok(match array.nulls() {
            None => ints,
            Some(nulls) => ints.into_iter().zip(nulls).filter(|(_, valid)| *valid).map(|(int, _)| int).collect(),
        })
    };
    let mut range = None;
    for array in arrays {
        for value in known(array)? {
            let (min, max) = range.unwrap_or((value, value));
            range = Some((value.min(min), value.max(max)));
        }
    }
    let Some(mut ranks) = range.and_then(|(min, max)| Ranks::new(min, max, n_bytes)) else { return Ok(None) };
    for array in arrays {
        ranks.insert(known(array)?.into_iter());
    }
    let n_distinct = ranks.count();
    Ok((n_distinct <= most).then(|| (Arc::new(Int64Array::from_iter_values(ranks.values())), ranks)))
}

/// A column of integers as places in `steps`, its distinct ones.
///
/// # Errors
///
/// When the array is not of integers.
pub fn ranked(array: &ArrayRef, ranks: &Ranks, steps: &Arc<Int64Array>) -> Result<ArrayRef> {
    let nulls = array.nulls().cloned();
    let ints = ints(array)?;
    let is_valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let places = ints.iter().enumerate().map(|(row, &int)| if is_valid(row) { ranks.place(int) } else { 0 });
    coded(&places.collect::<Vec<_>>(), steps.clone(), nulls)
}

fn ints(array: &ArrayRef) -> Result<Vec<i64>> {
    match gather(array, &Rows::All(array.len()))?.data {
        Data::Ints(ints) => Ok(ints),
        _ => Err(unexpected(array)),
    }
}

/// Bytes of an array without the dictionary that it shares with others.
pub fn own_size(array: &ArrayRef) -> usize {
    let shared = array.as_any_dictionary_opt().map_or(0, |dictionary| dictionary.values().get_array_memory_size());
    array.get_array_memory_size() - shared
}

/// The codes and the dictionary of a text column.
///
/// # Errors
///
/// When the column is no dictionary of text.
pub fn codes(array: &dyn Array) -> Result<(Vec<u32>, Arc<StringArray>)> {
    fn of<K>(array: &dyn Array) -> (Vec<u32>, Arc<StringArray>)
    where
        K: arrow_array::types::ArrowDictionaryKeyType,
        K::Native: Into<u32>,
    {
        let array = array.as_dictionary::<K>();
        let values = array.values().as_string::<i32>().clone();
        (array.keys().values().iter().map(|&k| k.into()).collect(), Arc::new(values))
    }
    match array.data_type() {
        DataType::Dictionary(key, _) => match key.as_ref() {
            DataType::UInt8 => Ok(of::<UInt8Type>(array)),
            DataType::UInt16 => Ok(of::<UInt16Type>(array)),
            DataType::UInt32 => Ok(of::<UInt32Type>(array)),
            _ => Err(unexpected(array)),
        },
        _ => Err(unexpected(array)),
    }
}

/// The integers of a column of integers, decimals (unscaled), times or booleans; nulls as anything.
///
/// # Errors
///
/// When the column is of text.
pub fn integers(array: &dyn Array) -> Result<Vec<i128>> {
    fn of<T: ArrowPrimitiveType>(array: &dyn Array) -> Vec<i128>
    where
        T::Native: ArrowNativeTypeOp + Into<i128>,
    {
        array.as_primitive::<T>().values().iter().map(|&v| v.into()).collect()
    }
    Ok(match array.data_type() {
        DataType::Int8 => of::<Int8Type>(array),
        DataType::Int16 => of::<Int16Type>(array),
        DataType::Int32 => of::<Int32Type>(array),
        DataType::Int64 => of::<Int64Type>(array),
        DataType::UInt32 => of::<UInt32Type>(array),
        DataType::Decimal32(..) => of::<Decimal32Type>(array),
        DataType::Decimal64(..) => of::<Decimal64Type>(array),
        DataType::Decimal128(..) => of::<Decimal128Type>(array),
        DataType::Timestamp(arrow_schema::TimeUnit::Second, _) => of::<TimestampSecondType>(array),
        DataType::Timestamp(arrow_schema::TimeUnit::Millisecond, _) => of::<TimestampMillisecondType>(array),
        DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, _) => of::<TimestampMicrosecondType>(array),
        DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, _) => of::<TimestampNanosecondType>(array),
        DataType::Boolean => array.as_boolean().values().iter().map(i128::from).collect(),
        DataType::Dictionary(_, values) if **values == DataType::Int64 => match gather(array, &Rows::All(array.len()))?.data {
            Data::Ints(ints) => ints.into_iter().map(i128::from).collect(),
            _ => return Err(unexpected(array)),
        },
        _ => return Err(unexpected(array)),
    })
}

fn unexpected(array: &dyn Array) -> Error {
    Error::bad_state(format!("a column has the unexpected type {}", array.data_type()))
}

/// An all-null column of that type.
pub fn nulls(column_type: ColumnType, n_rows: usize) -> Result<ArrayRef> {
    let nulls = Some(NullBuffer::new_null(n_rows));
    Ok(match column_type {
        ColumnType::Null | ColumnType::Text | ColumnType::Dates { .. } => {
            texts(&vec![0; n_rows], Arc::new(StringArray::from_iter_values([""])), nulls)?
        }
        ColumnType::Bool => Arc::new(BooleanArray::new(BooleanBuffer::new_unset(n_rows), nulls)),
        ColumnType::Int => narrow_ints(&vec![0; n_rows], nulls),
        ColumnType::Decimal { scale } => narrow_decimals(&vec![0; n_rows], scale, nulls),
        ColumnType::Uuid => narrow_decimals(&vec![0; n_rows], UUID_SCALE, nulls),
        ColumnType::Time { unit } => narrow_instants(&vec![0; n_rows], unit, nulls),
    })
}

/// The column as a wider type, nothing lost: as text, each value stands as it was written.
///
/// `None` when a value does not fit, such as a decimal of more than 38 digits at the wider scale.
///
/// # Errors
///
/// When `to` is not wider than `from`, or `array` is not of type `from`.
pub fn widen(array: &dyn Array, forms: &Forms, from: ColumnType, to: ColumnType) -> Result<Option<(ArrayRef, Forms)>> {
    let null_rows = array.nulls().cloned();
    if from == ColumnType::Null {
        return Ok(Some((nulls(to, array.len())?, Forms::Plain)));
    }
    let mut values = integers(array)?;
    let scaled = |values: &mut Vec<i128>, factor: i128| {
        values.iter_mut().try_for_each(|v| {
            *v = v.checked_mul(factor).filter(|v| v.unsigned_abs() < pow10(38) as u128)?;
            Some(())
        })
    };
    let array = match (from, to) {
        (ColumnType::Int, ColumnType::Decimal { scale }) => {
            if scaled(&mut values, pow10(u32::from(scale))).is_none() {
                return Ok(None);
            }
            return Ok(Some((narrow_decimals(&values, scale, null_rows), Forms::Plain)));
        }
        (ColumnType::Decimal { scale: a }, ColumnType::Decimal { scale: b }) if b >= a => {
            if scaled(&mut values, pow10(u32::from(b - a))).is_none() {
                return Ok(None);
            }
            narrow_decimals(&values, b, null_rows)
        }
        (ColumnType::Time { unit: a }, ColumnType::Time { unit: b }) if b >= a => {
            let factor = b.per_second() / a.per_second();
            let scaled: Option<Vec<i64>> = values.iter().map(|&v| (v as i64).checked_mul(factor)).collect();
            let Some(scaled) = scaled else { return Ok(None) };
            narrow_instants(&scaled, b, null_rows)
        }
        (_, ColumnType::Text) => write_all(&values, forms, from, null_rows)?,
        _ => return Err(Error::bad_state(format!("{} is not wider than {}", to.name(), from.name()))),
    };
    Ok(Some((array, if to == ColumnType::Text { Forms::Plain } else { forms.clone() })))
}

fn write_all(values: &[i128], forms: &Forms, from: ColumnType, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let mut dictionary = Dictionary::default();
    let mut text = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    for (row, &value) in values.iter().enumerate() {
        text.clear();
        match from {
            _ if nulls.as_ref().is_some_and(|n| n.is_null(row)) => {}
            ColumnType::Int => text.extend_from_slice(value.to_string().as_bytes()),
            ColumnType::Bool => text.extend_from_slice(bool_text(value != 0, forms.get(row)).as_bytes()),
            ColumnType::Decimal { scale } => write_decimal(value, scale, forms.get(row), &mut text),
            ColumnType::Time { unit } => write_instant(value as i64, unit, forms.get(row), &mut text),
            ColumnType::Uuid => text.extend_from_slice(&write_uuid(value)),
            ColumnType::Null | ColumnType::Text | ColumnType::Dates { .. } => {}
        }
        codes.push(dictionary.code(&text)?);
    }
    texts(&codes, Arc::new(dictionary.to_array()), nulls)
}

fn bool_text(value: bool, form: Form) -> &'static str {
    match (value, form.0) {
        (true, 0) => "true",
        (false, 0) => "false",
        (true, 1) => "True",
        (false, 1) => "False",
        (true, _) => "TRUE",
        (false, _) => "FALSE",
    }
}

/// A column of booleans.
pub fn bools(values: &[i64], nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(BooleanArray::new(values.iter().map(|&v| v != 0).collect(), nulls))
}

/// The null buffer of a column whose null rows are listed in order; `None` when there are none.
pub fn null_buffer(null_rows: &[u32], n_rows: usize) -> Option<NullBuffer> {
    if null_rows.is_empty() {
        return None;
    }
    let mut valid = vec![true; n_rows];
    null_rows.iter().for_each(|&row| valid[row as usize] = false);
    Some(NullBuffer::new(BooleanBuffer::from(valid)))
}
