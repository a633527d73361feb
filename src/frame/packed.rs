//! Batches between instances of one version: column by column, the arrays' own buffers behind a few words.
//!
//! Arrow's IPC reader, which can read all that anybody may write, would be a quarter of the core's weight in a browser.
//! This reads what [`pack`] writes: the types that a batch of the store and a state of a fold have.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowDictionaryKeyType, UInt8Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::values::{array_of, bytes_of};
use crate::{Error, Result};

/// A batch as bytes, for [`unpack`] of the same version.
///
/// # Errors
///
/// `BAD_STATE` for a column of a type that neither rows nor states have.
pub fn pack(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut out = Writer(Vec::with_capacity(batch.get_array_memory_size() / 2));
    out.number(batch.num_rows() as u64);
    out.number(batch.num_columns() as u64);
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        out.bytes(field.name().as_bytes());
        out.number(field.metadata().len() as u64);
        for (key, value) in super::metadata(field) {
            out.bytes(key.as_bytes());
            out.bytes(value.as_bytes());
        }
        out.array(array)?;
    }
    Ok(out.0)
}

/// The batch that [`pack`] made bytes of.
///
/// # Errors
///
/// `BAD_STATE` when the bytes are no such batch.
pub fn unpack(bytes: &[u8]) -> Result<RecordBatch> {
    let mut from = Reader(bytes);
    let n_rows = from.count()?;
    let (mut fields, mut arrays) = (vec![], vec![]);
    for _ in 0..from.count()? {
        let name = from.text()?;
        let mut metadata = HashMap::new();
        for _ in 0..from.count()? {
            metadata.insert(from.text()?, from.text()?);
        }
        let array = from.array()?;
        fields.push(Field::new(name, array.data_type().clone(), true).with_metadata(metadata));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
}

fn damaged() -> Error {
    Error::bad_state("rows or a state that came from another worker are damaged")
}

/// The number on the wire of a type whose values are all of one width; what is beyond the number stands in two bytes.
fn tag_of(data_type: &DataType) -> Option<[u8; 3]> {
    Some(match data_type {
        DataType::Int8 => [1, 0, 0],
        DataType::Int16 => [2, 0, 0],
        DataType::Int32 => [3, 0, 0],
        DataType::Int64 => [4, 0, 0],
        DataType::UInt8 => [5, 0, 0],
        DataType::UInt16 => [6, 0, 0],
        DataType::UInt32 => [7, 0, 0],
        DataType::Float64 => [8, 0, 0],
        DataType::Decimal32(precision, scale) => [9, *precision, *scale as u8],
        DataType::Decimal64(precision, scale) => [10, *precision, *scale as u8],
        DataType::Decimal128(precision, scale) => [11, *precision, *scale as u8],
        DataType::Timestamp(unit, zone) => [12, *unit as u8, u8::from(zone.is_some())],
        _ => return None,
    })
}

fn type_of(tag: [u8; 3]) -> Option<DataType> {
    Some(match tag {
        [1, ..] => DataType::Int8,
        [2, ..] => DataType::Int16,
        [3, ..] => DataType::Int32,
        [4, ..] => DataType::Int64,
        [5, ..] => DataType::UInt8,
        [6, ..] => DataType::UInt16,
        [7, ..] => DataType::UInt32,
        [8, ..] => DataType::Float64,
        [9, precision, scale] => DataType::Decimal32(precision, scale as i8),
        [10, precision, scale] => DataType::Decimal64(precision, scale as i8),
        [11, precision, scale] => DataType::Decimal128(precision, scale as i8),
        [12, unit, has_zone] => {
            let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
            let unit = units.into_iter().find(|&known| known as u8 == unit)?;
            DataType::Timestamp(unit, (has_zone != 0).then(|| "UTC".into()))
        }
        _ => return None,
    })
}

const BOOLEAN: u8 = 20;
const UTF8: u8 = 21;
const BINARY: u8 = 22;
const DICTIONARY: u8 = 23;

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn nulls(&mut self, nulls: Option<&NullBuffer>) {
        match nulls {
            None => self.bytes(&[]),
            Some(nulls) => self.bits(nulls.inner()),
        }
    }

    fn bits(&mut self, bits: &BooleanBuffer) {
        self.bytes(bits.sliced().as_slice());
    }

    fn array(&mut self, array: &ArrayRef) -> Result<()> {
        if let Some((tag, values)) = tag_of(array.data_type()).zip(bytes_of(array)) {
            self.0.extend_from_slice(&tag);
            self.nulls(array.nulls());
            self.bytes(values);
            return Ok(());
        }
        match array.data_type() {
            DataType::Boolean => {
                self.0.push(BOOLEAN);
                self.number(array.len() as u64);
                self.nulls(array.nulls());
                self.bits(array.as_boolean().values());
            }
            DataType::Utf8 => {
                let array = array.as_string::<i32>();
                self.0.push(UTF8);
                self.texts(array.offsets(), array.values(), array.nulls());
            }
            DataType::Binary => {
                let array = array.as_binary::<i32>();
                self.0.push(BINARY);
                self.texts(array.offsets(), array.values(), array.nulls());
            }
            DataType::Dictionary(key, _) => {
                self.0.push(DICTIONARY);
                let keys: ArrayRef = match **key {
                    DataType::UInt8 => Arc::new(array.as_dictionary::<UInt8Type>().keys().clone()),
                    DataType::UInt16 => Arc::new(array.as_dictionary::<UInt16Type>().keys().clone()),
                    _ => Arc::new(array.as_dictionary::<UInt32Type>().keys().clone()),
                };
                self.array(&keys)?;
                self.array(array.as_any_dictionary().values())?;
            }
            other => return Err(Error::bad_state(format!("a column of type {other} cannot be sent to another worker"))),
        }
        Ok(())
    }

    fn texts(&mut self, offsets: &OffsetBuffer<i32>, values: &Buffer, nulls: Option<&NullBuffer>) {
        self.nulls(nulls);
        self.bytes(offsets.inner().inner().as_slice());
        self.bytes(&values.as_slice()[..offsets[offsets.len() - 1] as usize]);
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(n).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(first)
    }

    fn count(&mut self) -> Result<usize> {
        let bytes = self.take(8)?.try_into().map_err(|_| damaged())?;
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| damaged())
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let n = self.count()?;
        self.take(n)
    }

    fn text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| damaged())
    }

    /// Bytes as aligned numbers.
    fn numbers<T: arrow_buffer::ArrowNativeType>(&mut self) -> Result<ScalarBuffer<T>> {
        let bytes = self.bytes()?;
        let whole = bytes.len() % size_of::<T>() == 0;
        if whole { Ok(ScalarBuffer::from(Buffer::from_slice_ref(bytes))) } else { Err(damaged()) }
    }

    fn bits(&mut self, n: usize) -> Result<BooleanBuffer> {
        let bytes = self.bytes()?;
        if bytes.len() < n.div_ceil(8) { Err(damaged()) } else { Ok(BooleanBuffer::new(Buffer::from_slice_ref(bytes), 0, n)) }
    }

    /// Which of `n` values are null, given the bytes that say so.
    fn nulls(bytes: &[u8], n: usize) -> Result<Option<NullBuffer>> {
        match bytes.len() {
            0 => Ok(None),
            len if len < n.div_ceil(8) => Err(damaged()),
            _ => Ok(Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_slice_ref(bytes), 0, n)))),
        }
    }

    fn array(&mut self) -> Result<ArrayRef> {
        let tag = self.take(1)?[0];
        if tag < BOOLEAN {
            return self.values(tag);
        }
        Ok(match tag {
            BOOLEAN => {
                let n = self.count()?;
                let nulls = Self::nulls(self.bytes()?, n)?;
                Arc::new(BooleanArray::new(self.bits(n)?, nulls))
            }
            UTF8 => {
                let (offsets, values, nulls) = self.texts()?;
                Arc::new(StringArray::try_new(offsets, values, nulls)?)
            }
            BINARY => {
                let (offsets, values, nulls) = self.texts()?;
                Arc::new(BinaryArray::try_new(offsets, values, nulls)?)
            }
            DICTIONARY => {
                let (keys, values) = (self.array()?, self.array()?);
                match keys.data_type() {
                    DataType::UInt8 => dictionary::<UInt8Type>(&keys, values)?,
                    DataType::UInt16 => dictionary::<UInt16Type>(&keys, values)?,
                    DataType::UInt32 => dictionary::<UInt32Type>(&keys, values)?,
                    _ => return Err(damaged()),
                }
            }
            _ => return Err(damaged()),
        })
    }

    fn values(&mut self, tag: u8) -> Result<ArrayRef> {
        let more = self.take(2)?;
        let data_type = type_of([tag, more[0], more[1]]).ok_or_else(damaged)?;
        let width = data_type.primitive_width().ok_or_else(damaged)?;
        let nulls = self.bytes()?;
        let values = self.bytes()?;
        let n = values.len() / width;
        let nulls = Self::nulls(nulls, n)?;
        array_of(&data_type, values, nulls).ok_or_else(damaged)
    }

    fn texts(&mut self) -> Result<(OffsetBuffer<i32>, Buffer, Option<NullBuffer>)> {
        let nulls = self.bytes()?;
        let offsets = self.numbers::<i32>()?;
        if offsets.first().is_none_or(|&first| first < 0) || !offsets.is_sorted() {
            return Err(damaged());
        }
        let nulls = Self::nulls(nulls, offsets.len() - 1)?;
        Ok((OffsetBuffer::new(offsets), Buffer::from_slice_ref(self.bytes()?), nulls))
    }
}

fn dictionary<K: ArrowDictionaryKeyType>(keys: &ArrayRef, values: ArrayRef) -> Result<ArrayRef> {
    Ok(Arc::new(DictionaryArray::<K>::try_new(keys.as_primitive::<K>().clone(), values)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ColumnType, TimeUnit as Unit};
    use crate::kernel::column;
    use crate::kernel::uuid::UUID_SCALE;

    fn batch() -> RecordBatch {
        let nulls = || Some(NullBuffer::from(vec![true, false, true]));
        let texts = |texts: [&str; 3]| Arc::new(StringArray::from_iter_values(texts));
        let arrays: Vec<ArrayRef> = vec![
            column::narrow_ints(&[1, 2, 3], None),
            column::narrow_ints(&[1, i64::MAX, 3], nulls()),
            column::narrow_decimals(&[1, 2, 3], 2, None),
            column::narrow_decimals(&[1, 1 << 100, 3], 2, nulls()),
            column::narrow_decimals(&[i128::MIN, 0, i128::MAX], UUID_SCALE, nulls()),
            column::instants(vec![-1, 2, 3], Unit::Nano, None),
            column::narrow_instants(&[1, 2, 3], Unit::Second, None),
            column::bools(&[1, 0, 1], nulls()),
            column::texts(&[2, 0, 1], texts(["a", "", "ä"]), nulls()).unwrap(),
            column::nulls(ColumnType::Text, 3).unwrap(),
            Arc::new(StringArray::from(vec![Some("x"), None, Some("yz")])),
            Arc::new(BinaryArray::from(vec![Some(&b"x"[..]), None, Some(b"\xff")])),
            Arc::new(arrow_array::Float64Array::from(vec![Some(0.1), None, Some(f64::NAN)])),
        ];
        let field = |(at, array): (usize, &ArrayRef)| {
            let field = Field::new(format!("c{at}"), array.data_type().clone(), true);
            if at == 1 { field.with_metadata(HashMap::from([("k".to_owned(), "v".to_owned())])) } else { field }
        };
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    }

    #[test]
    fn comes_back_as_it_went() {
        let batch = batch();
        // A NaN is not equal to itself.
        let show = |batch: &RecordBatch| format!("{batch:?}");
        assert_eq!(show(&unpack(&pack(&batch).unwrap()).unwrap()), show(&batch));
        let sliced = batch.slice(1, 2);
        assert_eq!(show(&unpack(&pack(&sliced).unwrap()).unwrap()), show(&sliced));
        let options = RecordBatchOptions::new().with_row_count(Some(5));
        let bare = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
        assert_eq!(unpack(&pack(&bare).unwrap()).unwrap(), bare);
    }

    #[test]
    fn damage_is_an_error() {
        let bytes = pack(&batch()).unwrap();
        for end in 0..bytes.len() {
            assert!(unpack(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x81;
            let _ = unpack(&bytes); // whatever it is, it must not panic
        }
    }
}
