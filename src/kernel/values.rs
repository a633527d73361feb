//! Columns as the folds read them: few shapes, one value per chosen row.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit as ArrowUnit};

use super::column;
use super::uuid::{UUID_SCALE, uuid_texts};
use crate::event::{ColumnType, TimeUnit};
use crate::{Error, Result};

/// Which rows of a batch.
#[derive(Clone, Debug)]
pub enum Rows {
    /// All of so many.
    All(usize),
    /// These, in order.
    Some(Vec<u32>),
}

impl Rows {
    /// How many rows are chosen.
    pub fn len(&self) -> usize {
        match self {
            Self::All(n) => *n,
            Self::Some(rows) => rows.len(),
        }
    }

    /// Whether none is chosen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The values of a column at some rows; where `valid` is false there is none.
#[derive(Clone, Debug)]
pub struct Values {
    /// The values; anything where there is none.
    pub data: Data,
    /// False at nulls; absent when there are no nulls.
    pub valid: Option<Vec<bool>>,
}

/// The shapes that values come in.
#[derive(Clone, Debug)]
pub enum Data {
    /// Integers, unscaled decimals, counts of a time unit, 0 and 1 for booleans.
    Ints(Vec<i64>),
    /// Integers by their places among distinct ones in ascending order; only from [`gather_ranked`].
    Ranked(Vec<u32>, Steps),
    /// Unscaled decimals beyond 64 bits, and UUIDs.
    Wide(Vec<i128>),
    /// Text by its place in a dictionary that may hold more, and the same text twice.
    Codes(Vec<u32>, Texts),
    /// Results of divisions.
    Floats(Vec<f64>),
}

impl Data {
    /// Integers of any width at the greatest.
    ///
    /// # Errors
    ///
    /// When they are no integers.
    pub fn wide(&self) -> Result<Cow<'_, [i128]>> {
        match self {
            Self::Wide(wide) => Ok(Cow::Borrowed(wide)),
            Self::Ints(ints) => Ok(Cow::Owned(ints.iter().map(|&int| i128::from(int)).collect())),
            _ => Err(Error::bad_state("values are no integers")),
        }
    }
}

/// Distinct integers in ascending order; cheap to clone, and known again by its memory.
#[derive(Clone, Debug)]
pub struct Steps(pub Arc<Int64Array>);

impl Steps {
    /// Whether both are the very same memory.
    pub fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.0.values().as_ref(), other.0.values().as_ref())
    }

    /// The integers at some places; 0 beyond the last.
    pub fn at(&self, places: &[u32]) -> Vec<i64> {
        let steps = self.0.values();
        places.iter().map(|&place| steps.get(place as usize).copied().unwrap_or(0)).collect()
    }
}

/// A dictionary; cheap to clone, and known again by its memory.
#[derive(Clone, Debug)]
pub struct Texts(pub Arc<StringArray>);

impl Texts {
    /// Whether both are the very same memory.
    pub fn is(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        a.len() == b.len()
            && std::ptr::eq(a.value_data().as_ptr(), b.value_data().as_ptr())
            && std::ptr::eq(a.value_offsets(), b.value_offsets())
    }

    /// The text of a code.
    #[inline]
    pub fn get(&self, code: u32) -> &str {
        self.0.value(code as usize)
    }
}

/// The type of a fold's input or output column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A column of the data, or what keeps its type.
    Of(ColumnType),
    /// The result of a division, Arrow's `Float64`.
    Float,
}

impl ValueType {
    /// The name that error messages show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Of(column_type) => column_type.name(),
            Self::Float => "float",
        }
    }

    /// The Arrow type of an answer's column; UUIDs are given as text, but are 128 bits in a state.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Of(ColumnType::Null | ColumnType::Text | ColumnType::Dates { .. }) => DataType::Utf8,
            Self::Of(ColumnType::Bool) => DataType::Boolean,
            Self::Of(ColumnType::Int) => DataType::Int64,
            Self::Of(ColumnType::Decimal { scale }) => DataType::Decimal128(38, scale as i8),
            Self::Of(ColumnType::Uuid) => DataType::Decimal128(38, UUID_SCALE as i8),
            Self::Of(ColumnType::Time { unit }) => DataType::Timestamp(unit.arrow(), Some("UTC".into())),
            Self::Float => DataType::Float64,
        }
    }
}

/// The values of `array` at `rows`.
///
/// # Errors
///
/// When the array is of a type that no event column or fold state has.
pub fn gather(array: &dyn Array, rows: &Rows) -> Result<Values> {
    let mut values = gather_ranked(array, rows)?;
    values.unrank();
    Ok(values)
}

/// The same, with integers that are held as places left so.
///
/// # Errors
///
/// When the array is of a type that no event column or fold state has.
pub fn gather_ranked(array: &dyn Array, rows: &Rows) -> Result<Values> {
    let valid = array.nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| pick(rows, |row| nulls.is_valid(row)));
    let valid = valid.filter(|valid| valid.contains(&false));
    let data = match array.data_type() {
        DataType::Int8 => ints::<Int8Type>(array, rows),
        DataType::Int16 => ints::<Int16Type>(array, rows),
        DataType::Int32 => ints::<Int32Type>(array, rows),
        DataType::Int64 => ints::<Int64Type>(array, rows),
        DataType::UInt32 => ints::<UInt32Type>(array, rows),
        DataType::Decimal32(..) => ints::<Decimal32Type>(array, rows),
        DataType::Decimal64(..) => ints::<Decimal64Type>(array, rows),
        DataType::Timestamp(ArrowUnit::Second, _) => ints::<TimestampSecondType>(array, rows),
        DataType::Timestamp(ArrowUnit::Millisecond, _) => ints::<TimestampMillisecondType>(array, rows),
        DataType::Timestamp(ArrowUnit::Microsecond, _) => ints::<TimestampMicrosecondType>(array, rows),
        DataType::Timestamp(ArrowUnit::Nanosecond, _) => ints::<TimestampNanosecondType>(array, rows),
        DataType::Decimal128(..) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            Data::Wide(pick(rows, |row| values[row]))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            Data::Floats(pick(rows, |row| values[row]))
        }
        DataType::Boolean => {
            let values = array.as_boolean().values();
            Data::Ints(pick(rows, |row| i64::from(values.value(row))))
        }
        DataType::Utf8 => Data::Codes(pick(rows, |row| row as u32), Texts(Arc::new(array.as_string::<i32>().clone()))),
        DataType::Dictionary(key, _) => match key.as_ref() {
            DataType::UInt8 => coded::<UInt8Type>(array, rows),
            DataType::UInt16 => coded::<UInt16Type>(array, rows),
            _ => coded::<UInt32Type>(array, rows),
        },
        other => return Err(Error::bad_state(format!("a column has the unexpected type {other}"))),
    };
    Ok(Values { data, valid })
}

#[inline(never)]
fn ints<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array, rows: &Rows) -> Data {
    let values = array.as_primitive::<T>().values();
    Data::Ints(pick(rows, |row| values[row].into()))
}

#[inline(never)]
fn coded<K: ArrowDictionaryKeyType<Native: Into<u32>>>(array: &dyn Array, rows: &Rows) -> Data {
    let array = array.as_dictionary::<K>();
    let keys = array.keys().values();
    let codes = pick(rows, |row| keys[row].into());
    match array.values().as_primitive_opt::<Int64Type>() {
        Some(steps) => Data::Ranked(codes, Steps(Arc::new(steps.clone()))),
        None => Data::Codes(codes, Texts(Arc::new(array.values().as_string::<i32>().clone()))),
    }
}

#[inline]
fn pick<T>(rows: &Rows, value: impl Fn(usize) -> T) -> Vec<T> {
    match rows {
        Rows::All(n) => (0..*n).map(value).collect(),
        Rows::Some(rows) => rows.iter().map(|&row| value(row as usize)).collect(),
    }
}

impl Values {
    /// Integers without nulls.
    pub fn ints(values: Vec<i64>) -> Self {
        Self { data: Data::Ints(values), valid: None }
    }

    /// Makes integers of places among them.
    pub fn unrank(&mut self) {
        if let Data::Ranked(places, steps) = &self.data {
            self.data = Data::Ints(steps.at(places));
        }
    }

    /// All values of the parts, one part behind the other.
    ///
    /// # Errors
    ///
    /// When the parts are of different shapes, integers of all widths apart.
    pub fn concat(mut parts: Vec<Self>) -> Result<Self> {
        let n_values = parts.iter().map(Self::len).sum();
        let is_ranked_alike = parts.windows(2).all(|pair| match (&pair[0].data, &pair[1].data) {
            (Data::Ranked(_, a), Data::Ranked(_, b)) => a.is(b),
            (Data::Codes(_, a), Data::Codes(_, b)) => a.is(b),
            _ => false,
        });
        let is_wide = parts.iter().any(|part| matches!(part.data, Data::Wide(_)));
        for part in &mut parts {
            match &part.data {
                Data::Ranked(places, steps) if !is_ranked_alike => part.data = Data::Ints(steps.at(places)),
                Data::Ints(ints) if is_wide => part.data = Data::Wide(ints.iter().map(|&int| i128::from(int)).collect()),
                _ => {}
            }
        }
        let has_nulls = parts.iter().any(|part| part.valid.is_some());
        let valid = has_nulls.then(|| parts.iter().flat_map(|part| (0..part.len()).map(|row| part.is_valid(row))).collect());
        let mut parts = parts.into_iter();
        let Some(Self { mut data, .. }) = parts.next() else { return Ok(Self::ints(vec![])) };
        reserve(&mut data, n_values);
        for part in parts {
            match (&mut data, part.data) {
                (Data::Ints(all), Data::Ints(more)) => all.extend(more),
                (Data::Ranked(all, _), Data::Ranked(more, _)) | (Data::Codes(all, _), Data::Codes(more, _)) => all.extend(more),
                (Data::Wide(all), Data::Wide(more)) => all.extend(more),
                (Data::Floats(all), Data::Floats(more)) => all.extend(more),
                _ => return Err(Error::bad_state("parts of a column are of different shapes")),
            }
        }
        Ok(Self { data, valid })
    }

    /// How many values, nulls among them.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Ints(v) => v.len(),
            Data::Ranked(v, _) => v.len(),
            Data::Wide(v) => v.len(),
            Data::Codes(v, _) => v.len(),
            Data::Floats(v) => v.len(),
        }
    }

    /// Whether there is no value, not even null.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is a value at `row`.
    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[row])
    }

    /// The values at `rows`, in that order.
    pub fn take(&self, rows: &[u32]) -> Self {
        fn at<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|&row| values[row as usize]).collect()
        }
        let data = match &self.data {
            Data::Ints(v) => Data::Ints(at(v, rows)),
            Data::Ranked(v, steps) => Data::Ranked(at(v, rows), steps.clone()),
            Data::Wide(v) => Data::Wide(at(v, rows)),
            Data::Codes(v, texts) => Data::Codes(at(v, rows), texts.clone()),
            Data::Floats(v) => Data::Floats(at(v, rows)),
        };
        Self { data, valid: self.valid.as_ref().map(|valid| at(valid, rows)) }
    }

    /// The values at `rows`, in that order; null where there is no row.
    pub fn take_known(&self, rows: &[Option<u32>]) -> Self {
        let places: Vec<u32> = rows.iter().map(|row| row.unwrap_or(0)).collect();
        let mut values = self.take(&places);
        let valid = values.valid.take();
        let is_valid = |(i, row): (usize, &Option<u32>)| row.is_some() && valid.as_ref().is_none_or(|valid| valid[i]);
        values.valid = Some(rows.iter().enumerate().map(is_valid).collect());
        values
    }

    /// UUIDs as texts.
    ///
    /// # Errors
    ///
    /// When the values are none.
    pub fn uuid_texts(&self) -> Result<StringArray> {
        Ok(uuid_texts(&self.data.wide()?, self.valid.as_deref()))
    }

    /// UUIDs as text by its place.
    ///
    /// # Errors
    ///
    /// When the values are none.
    pub fn to_codes(&self) -> Result<Self> {
        let codes = (0..self.len() as u32).collect();
        Ok(Self { data: Data::Codes(codes, Texts(Arc::new(self.uuid_texts()?))), valid: self.valid.clone() })
    }

    /// The values as an answer's column of that type: text as `Utf8`, decimals as `Decimal128(38, scale)`.
    ///
    /// # Errors
    ///
    /// When the values are not of that type, or leave its range.
    pub fn to_array(&self, value_type: ValueType) -> Result<ArrayRef> {
        let nulls = self.valid.as_ref().map(|valid| NullBuffer::from(valid.clone()));
        Ok(match (value_type, &self.data) {
            (ValueType::Of(ColumnType::Bool), Data::Ints(v)) => {
                Arc::new(BooleanArray::new(v.iter().map(|&v| v != 0).collect(), nulls))
            }
            (ValueType::Of(ColumnType::Int), Data::Ints(v)) => Arc::new(Int64Array::new(v.clone().into(), nulls)),
            (ValueType::Of(ColumnType::Time { unit }), Data::Ints(v)) => column::instants(v.clone(), unit, nulls),
            (ValueType::Of(ColumnType::Decimal { scale }), data) => decimals(data.wide()?.into_owned(), scale, nulls)?,
            (ValueType::Of(ColumnType::Uuid), data) => decimals(data.wide()?.into_owned(), UUID_SCALE, nulls)?,
            (ValueType::Of(ColumnType::Text | ColumnType::Null), Data::Codes(codes, texts)) => {
                let text = |(row, &code): (usize, &u32)| self.is_valid(row).then(|| texts.get(code));
                Arc::new(StringArray::from_iter(codes.iter().enumerate().map(text)))
            }
            (ValueType::Float, Data::Floats(v)) => Arc::new(Float64Array::new(v.clone().into(), nulls)),
            _ => return Err(Error::bad_state(format!("values are not of type {}", value_type.name()))),
        })
    }
}

fn reserve(data: &mut Data, n_values: usize) {
    match data {
        Data::Ints(v) => v.reserve_exact(n_values - v.len()),
        Data::Ranked(v, _) | Data::Codes(v, _) => v.reserve_exact(n_values - v.len()),
        Data::Wide(v) => v.reserve_exact(n_values - v.len()),
        Data::Floats(v) => v.reserve_exact(n_values - v.len()),
    }
}

fn decimals(values: Vec<i128>, scale: u8, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(Arc::new(Decimal128Array::new(values.into(), nulls).with_precision_and_scale(38, scale as i8)?))
}

/// Units in which a column counts: decimal digits after the point, those of seconds for times.
pub fn digits(column_type: ColumnType) -> u32 {
    match column_type {
        ColumnType::Decimal { scale } => u32::from(scale),
        ColumnType::Time { unit: TimeUnit::Milli } => 3,
        ColumnType::Time { unit: TimeUnit::Micro } => 6,
        ColumnType::Time { unit: TimeUnit::Nano } => 9,
        _ => 0,
    }
}
