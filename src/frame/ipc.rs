//! Answers as Arrow IPC streams: schema, batch, end, as <https://arrow.apache.org/docs/format/Columnar.html> says.
//!
//! Arrow's own writer can write all types there are, and takes all of them along: it would be a sixth of the core's weight
//! in a browser. This writes those that an answer's columns have.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_ipc::{
    BoolBuilder, Buffer, DecimalBuilder, Endianness, FieldBuilder, FieldNode, FloatingPointBuilder, IntBuilder, KeyValueBuilder,
    MessageBuilder, MessageHeader, MetadataVersion, Precision, RecordBatchBuilder, SchemaBuilder, TimeUnit, TimestampBuilder,
    Type, Utf8Builder,
};
use arrow_schema::{DataType, Field};
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};

use super::values::bytes_of;
use crate::{Error, Result};

/// A batch as an Arrow IPC stream.
///
/// # Errors
///
/// `BAD_STATE` for a column of a type that no answer has.
pub fn write(batch: &RecordBatch) -> Result<Vec<u8>> {
    let body = Body::of(batch)?;
    let mut stream = Vec::with_capacity(body.bytes.len() + 4096);
    message(&mut stream, MessageHeader::Schema, 0, |builder| {
        let fields = batch.schema_ref().fields().iter().map(|field| write_field(builder, field)).collect::<Result<Vec<_>>>()?;
        let fields = builder.create_vector(&fields);
        let mut schema = SchemaBuilder::new(builder);
        schema.add_endianness(Endianness::Little);
        schema.add_fields(fields);
        Ok(schema.finish().as_union_value())
    })?;
    message(&mut stream, MessageHeader::RecordBatch, body.bytes.len(), |builder| {
        let (nodes, buffers) = (builder.create_vector(&body.nodes), builder.create_vector(&body.buffers));
        let mut header = RecordBatchBuilder::new(builder);
        header.add_length(batch.num_rows() as i64);
        header.add_nodes(nodes);
        header.add_buffers(buffers);
        Ok(header.finish().as_union_value())
    })?;
    stream.extend_from_slice(&body.bytes);
    stream.extend_from_slice(&CONTINUES);
    stream.extend_from_slice(&0u32.to_le_bytes());
    Ok(stream)
}

const CONTINUES: [u8; 4] = [0xff; 4];

/// Buffers and messages begin at multiples of so many bytes.
const ALIGNMENT: usize = 8;

type Header = WIPOffset<UnionWIPOffset>;

fn message<'a>(
    stream: &mut Vec<u8>,
    header_type: MessageHeader,
    n_body: usize,
    header: impl FnOnce(&mut FlatBufferBuilder<'a>) -> Result<Header>,
) -> Result<()> {
    let mut builder = FlatBufferBuilder::new();
    let header = header(&mut builder)?;
    let mut message = MessageBuilder::new(&mut builder);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(header_type);
    message.add_bodyLength(n_body as i64);
    message.add_header(header);
    let message = message.finish();
    builder.finish(message, None);
    let bytes = builder.finished_data();
    stream.extend_from_slice(&CONTINUES);
    stream.extend_from_slice(&(bytes.len().next_multiple_of(ALIGNMENT) as u32).to_le_bytes());
    stream.extend_from_slice(bytes);
    pad(stream);
    Ok(())
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
}

fn write_field<'a>(builder: &mut FlatBufferBuilder<'a>, field: &Field) -> Result<WIPOffset<arrow_ipc::Field<'a>>> {
    let name = builder.create_string(field.name());
    let mut pairs = Vec::new();
    for (key, value) in super::metadata(field) {
        let (key, value) = (builder.create_string(key), builder.create_string(value));
        let mut pair = KeyValueBuilder::new(builder);
        pair.add_key(key);
        pair.add_value(value);
        pairs.push(pair.finish());
    }
    let pairs = builder.create_vector(&pairs);
    let children = builder.create_vector::<WIPOffset<arrow_ipc::Field<'_>>>(&[]);
    let (type_type, type_) = write_type(builder, field.data_type())?;
    let mut written = FieldBuilder::new(builder);
    written.add_name(name);
    written.add_nullable(field.is_nullable());
    written.add_type_type(type_type);
    written.add_type_(type_);
    written.add_children(children);
    written.add_custom_metadata(pairs);
    Ok(written.finish())
}

fn write_type(builder: &mut FlatBufferBuilder<'_>, data_type: &DataType) -> Result<(Type, Header)> {
    Ok(match data_type {
        DataType::Boolean => (Type::Bool, BoolBuilder::new(builder).finish().as_union_value()),
        DataType::Utf8 => (Type::Utf8, Utf8Builder::new(builder).finish().as_union_value()),
        DataType::Int64 => {
            let mut int = IntBuilder::new(builder);
            int.add_bitWidth(64);
            int.add_is_signed(true);
            (Type::Int, int.finish().as_union_value())
        }
        DataType::Float64 => {
            let mut float = FloatingPointBuilder::new(builder);
            float.add_precision(Precision::DOUBLE);
            (Type::FloatingPoint, float.finish().as_union_value())
        }
        DataType::Decimal128(precision, scale) => {
            let mut decimal = DecimalBuilder::new(builder);
            decimal.add_precision(i32::from(*precision));
            decimal.add_scale(i32::from(*scale));
            decimal.add_bitWidth(128);
            (Type::Decimal, decimal.finish().as_union_value())
        }
        DataType::Timestamp(unit, zone) => {
            let zone = zone.as_ref().map(|zone| builder.create_string(zone));
            let mut timestamp = TimestampBuilder::new(builder);
            timestamp.add_unit(match unit {
                arrow_schema::TimeUnit::Second => TimeUnit::SECOND,
                arrow_schema::TimeUnit::Millisecond => TimeUnit::MILLISECOND,
                arrow_schema::TimeUnit::Microsecond => TimeUnit::MICROSECOND,
                arrow_schema::TimeUnit::Nanosecond => TimeUnit::NANOSECOND,
            });
            zone.into_iter().for_each(|zone| timestamp.add_timezone(zone));
            (Type::Timestamp, timestamp.finish().as_union_value())
        }
        other => return Err(Error::bad_state(format!("an answer's column of type {other} cannot be written"))),
    })
}

/// The columns' buffers, one behind the other.
#[derive(Default)]
struct Body {
    nodes: Vec<FieldNode>,
    buffers: Vec<Buffer>,
    bytes: Vec<u8>,
}

impl Body {
    fn of(batch: &RecordBatch) -> Result<Self> {
        let mut body = Self::default();
        for array in batch.columns() {
            body.nodes.push(FieldNode::new(array.len() as i64, array.null_count() as i64));
            let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
            body.push(nulls.map(|nulls| nulls.inner().sliced()).as_deref().unwrap_or(&[]));
            if let Some(bytes) = bytes_of(array) {
                body.push(bytes);
            } else if let Some(bools) = array.as_boolean_opt() {
                body.push(&bools.values().sliced());
            } else if let Some(texts) = array.as_string_opt::<i32>() {
                let first = texts.offsets()[0];
                let offsets: Vec<u8> = texts.offsets().iter().flat_map(|offset| (offset - first).to_le_bytes()).collect();
                body.push(&offsets);
                body.push(&texts.value_data()[first as usize..texts.offsets()[texts.len()] as usize]);
            }
        }
        Ok(body)
    }

    fn push(&mut self, bytes: &[u8]) {
        self.buffers.push(Buffer::new(self.bytes.len() as i64, bytes.len() as i64));
        self.bytes.extend_from_slice(bytes);
        pad(&mut self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::Cursor;
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatchOptions, StringArray,
        TimestampMillisecondArray, TimestampSecondArray,
    };
    use arrow_ipc::reader::StreamReader;
    use arrow_schema::Schema;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<RecordBatch> {
        StreamReader::try_new(Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn arrows_own_reader_reads_what_was_written() {
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(1), None, Some(i64::MIN), Some(4)])),
            Arc::new(Float64Array::from(vec![0.5, -0.0, f64::INFINITY, 1e-300])),
            Arc::new(
                Decimal128Array::from(vec![Some(1), None, Some(-(1 << 100)), Some(3)]).with_precision_and_scale(38, 2).unwrap(),
            ),
            Arc::new(TimestampSecondArray::from(vec![Some(-1), Some(0), None, Some(3)]).with_timezone("UTC")),
            Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3, 4])),
            Arc::new(StringArray::from(vec![Some("a"), None, Some(""), Some("ä🦀")])),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)])),
            Arc::new(StringArray::from(vec![None::<&str>; 4])),
        ];
        let error = HashMap::from([("error".to_owned(), "0.01 relative".to_owned())]);
        let field = |(at, array): (usize, &ArrayRef)| {
            let field = Field::new(format!("column {at} \"ä\""), array.data_type().clone(), at != 4);
            if at == 1 { field.with_metadata(error.clone()) } else { field }
        };
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        for batch in [batch.clone(), batch.slice(1, 2), batch.slice(3, 1), batch.slice(0, 0)] {
            assert_eq!(read(&write(&batch).unwrap()), [batch]);
        }
    }

    #[test]
    fn rows_without_columns_are_counted() {
        let options = RecordBatchOptions::new().with_row_count(Some(5));
        let bare = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
        assert_eq!(read(&write(&bare).unwrap()), [bare]);
    }
}
