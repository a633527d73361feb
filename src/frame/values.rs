//! The values of arrays of one width as bytes, and back.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

/// Calls a function of the array type of a data type; gives `None` for types of which a store or an answer has no arrays.
macro_rules! by_type {
    ($data_type:expr, $function:ident($($argument:expr),*)) => {
        match $data_type {
            DataType::Int8 => $function::<Int8Type>($($argument),*),
            DataType::Int16 => $function::<Int16Type>($($argument),*),
            DataType::Int32 => $function::<Int32Type>($($argument),*),
            DataType::Int64 => $function::<Int64Type>($($argument),*),
            DataType::UInt8 => $function::<UInt8Type>($($argument),*),
            DataType::UInt16 => $function::<UInt16Type>($($argument),*),
            DataType::UInt32 => $function::<UInt32Type>($($argument),*),
            DataType::Float64 => $function::<Float64Type>($($argument),*),
            DataType::Decimal32(..) => $function::<Decimal32Type>($($argument),*),
            DataType::Decimal64(..) => $function::<Decimal64Type>($($argument),*),
            DataType::Decimal128(..) => $function::<Decimal128Type>($($argument),*),
            DataType::Timestamp(TimeUnit::Second, _) => $function::<TimestampSecondType>($($argument),*),
            DataType::Timestamp(TimeUnit::Millisecond, _) => $function::<TimestampMillisecondType>($($argument),*),
            DataType::Timestamp(TimeUnit::Microsecond, _) => $function::<TimestampMicrosecondType>($($argument),*),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => $function::<TimestampNanosecondType>($($argument),*),
            _ => None,
        }
    };
}

/// An array's values as they lie in memory.
pub(super) fn bytes_of(array: &ArrayRef) -> Option<&[u8]> {
    fn bytes<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<&[u8]> {
        Some(array.as_primitive_opt::<T>()?.values().inner().as_slice())
    }
    by_type!(array.data_type(), bytes(array))
}

/// The array of values that lie so in memory; none for a type of other arrays, or lengths that do not fit each other.
pub(super) fn array_of(data_type: &DataType, bytes: &[u8], nulls: Option<NullBuffer>) -> Option<ArrayRef> {
    fn array<T: ArrowPrimitiveType>(data_type: &DataType, bytes: &[u8], nulls: Option<NullBuffer>) -> Option<ArrayRef> {
        if !bytes.len().is_multiple_of(size_of::<T::Native>()) {
            return None;
        }
        let values = ScalarBuffer::from(Buffer::from_slice_ref(bytes));
        Some(Arc::new(PrimitiveArray::<T>::try_new(values, nulls).ok()?.with_data_type(data_type.clone())))
    }
    by_type!(data_type, array(data_type, bytes, nulls))
}
