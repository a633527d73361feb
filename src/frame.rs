//! Batches as bytes and back, in Arrow's IPC stream format: the one place that knows the wire.

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;

use crate::Result;

/// A batch as an Arrow IPC stream: schema, batch, end.
///
/// # Errors
///
/// When the batch outgrows the format.
pub fn write(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}

/// The one batch of an Arrow IPC stream that [`write`](write()) wrote.
///
/// # Errors
///
/// `BAD_STATE` when the bytes are no such stream.
pub fn read(bytes: &[u8]) -> Result<RecordBatch> {
    let mut reader = arrow_ipc::reader::StreamReader::try_new(bytes, None)?;
    reader.next().ok_or_else(|| crate::Error::bad_state("the stream holds no batch"))?.map_err(Into::into)
}
