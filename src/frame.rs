//! Batches as bytes and back: the one place that knows the wire. Answers leave in the format of Arrow's IPC streams.

mod packed;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;

pub use packed::{pack, unpack};

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
