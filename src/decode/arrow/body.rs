//! The nodes and buffers of a batch, one behind the other.

use std::borrow::Cow;

use arrow_ipc::{CompressionType, RecordBatch};

use super::damaged;
use crate::Result;
use crate::decode::parquet::codec::{Codec, unpack};

/// What is left of a batch while its columns are read.
#[derive(Debug)]
pub(super) struct Body<'a> {
    batch: RecordBatch<'a>,
    bytes: &'a [u8],
    codec: Codec,
    node: usize,
    buffer: usize,
    view: usize,
}

impl<'a> Body<'a> {
    pub(super) fn new(batch: RecordBatch<'a>, bytes: &'a [u8]) -> Result<Self> {
        let codec = match batch.compression().map(|packed| packed.codec()) {
            None => Codec::None,
            Some(CompressionType::LZ4_FRAME) => Codec::Lz4Frame,
            Some(CompressionType::ZSTD) => Codec::Zstd,
            Some(_) => return Err(damaged("a batch is packed with no known codec")),
        };
        Ok(Self { batch, bytes, codec, node: 0, buffer: 0, view: 0 })
    }

    /// The next column's number of values, and whether there are nulls among them.
    pub(super) fn node(&mut self) -> Result<(usize, bool)> {
        let missing = || damaged("a batch has fewer columns than the schema");
        let nodes = self.batch.nodes().ok_or_else(missing)?;
        if self.node >= nodes.len() {
            return Err(missing());
        }
        let node = nodes.get(self.node);
        self.node += 1;
        let length = usize::try_from(node.length()).ok().filter(|&n| n <= super::MOST_ROWS);
        Ok((length.ok_or_else(|| damaged("a column has more values than that of any table"))?, node.null_count() != 0))
    }

    /// The next buffer.
    pub(super) fn buffer(&mut self) -> Result<Cow<'a, [u8]>> {
        let (start, n_bytes) = self.place()?;
        let end = start.checked_add(n_bytes).ok_or_else(|| damaged("a buffer lies outside of its batch"))?;
        let bytes = self.bytes.get(start..end).ok_or_else(|| damaged("a buffer lies outside of its batch"))?;
        if self.codec == Codec::None || bytes.is_empty() {
            return Ok(Cow::Borrowed(bytes));
        }
        let (size, packed) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged("a buffer cannot be unpacked"))?;
        match i64::from_le_bytes(*size) {
            -1 => Ok(Cow::Borrowed(packed)),
            size => {
                let unpacked = usize::try_from(size).ok().and_then(|size| unpack(self.codec, packed, size));
                unpacked.ok_or_else(|| damaged("a buffer cannot be unpacked, or has more than 256 MiB"))
            }
        }
    }

    /// Passes over buffers.
    pub(super) fn skip(&mut self, n_buffers: usize) -> Result<()> {
        (0..n_buffers).try_for_each(|_| self.place().map(drop))
    }

    /// How many buffers the next column of views has behind its own two.
    pub(super) fn n_views(&mut self) -> Result<usize> {
        let missing = || damaged("a batch has fewer buffers than the schema");
        let counts = self.batch.variadicBufferCounts().ok_or_else(missing)?;
        if self.view >= counts.len() {
            return Err(missing());
        }
        let n = counts.get(self.view);
        self.view += 1;
        usize::try_from(n).map_err(|_| missing())
    }

    fn place(&mut self) -> Result<(usize, usize)> {
        let missing = || damaged("a batch has fewer buffers than the schema");
        let buffers = self.batch.buffers().ok_or_else(missing)?;
        if self.buffer >= buffers.len() {
            return Err(missing());
        }
        let buffer = buffers.get(self.buffer);
        self.buffer += 1;
        let size = |number: i64| usize::try_from(number).map_err(|_| damaged("a buffer lies outside of its batch"));
        Ok((size(buffer.offset())?, size(buffer.length())?))
    }
}
