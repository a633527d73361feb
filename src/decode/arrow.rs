//! Arrow's files and streams: from messages to typed batches.
//!
//! <https://arrow.apache.org/docs/format/Columnar.html>. The messages' headers are read by Arrow's own code, which checks
//! them; the columns here, since Arrow's reads all types that there are and ends the program where buffers are too short.
//! Fields of structures are columns, their names joined by dots; lists are texts of JSON, and what lies in lists of lists,
//! unions and runs is left out.

mod body;
mod column;
mod fields;

use std::ops::Range;

use arrow_ipc::{DictionaryBatch, MessageHeader, RecordBatch, root_as_footer, root_as_message};

use body::Body;
use column::Column;
use fields::Field;

use super::Options;
use super::indexed::{Need, Pieces, Tail};
use crate::kernel::batch::{Batch, BatchColumn};
use crate::{Error, Result};

const MAGIC: &[u8] = b"ARROW1";
/// What a message begins with, but for those of the oldest streams.
const CONTINUES: [u8; 4] = [0xff; 4];
/// Rows of one batch.
const MOST_ROWS: usize = 1 << 28;
/// Rows of one batch of which no column says anything.
const MOST_EMPTY: usize = 1 << 24;

/// A file or stream whose messages are known.
#[derive(Debug)]
pub(super) struct Arrow {
    fields: Vec<Field>,
    columns: Vec<Column>,
    names: Vec<String>,
    left_out: Vec<String>,
    /// Where the messages of dictionaries and rows are, their headers and their bodies.
    messages: Vec<Range<u64>>,
}

impl Arrow {
    /// Whether a file ends as Arrow files do.
    pub(super) fn is_at_the_end_of(tail: &[u8]) -> bool {
        tail.ends_with(MAGIC)
    }

    /// Whether bytes begin as Arrow streams do.
    pub(super) fn is_stream(bytes: &[u8]) -> bool {
        bytes.starts_with(&CONTINUES)
    }

    /// Reads a file's footer.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when it is none.
    pub(super) fn open(tail: Tail<'_>, options: &Options) -> Result<Need<Self>> {
        let early = || damaged("it ends too early");
        let rest = tail.bytes.strip_suffix(MAGIC).ok_or_else(early)?;
        let (rest, length) = rest.split_last_chunk::<4>().ok_or_else(early)?;
        let length = u32::from_le_bytes(*length) as usize;
        let needed = length as u64 + 4 + MAGIC.len() as u64;
        if needed > tail.file_size {
            return Err(damaged("its footer is longer than the file"));
        }
        if length > rest.len() {
            return Ok(Need::More(needed));
        }
        let footer = root_as_footer(&rest[rest.len() - length..]).map_err(|_| damaged("its footer is none"))?;
        let schema = footer.schema().ok_or_else(|| damaged("it has no schema"))?;
        let blocks = footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten());
        let message = |block: &arrow_ipc::Block| {
            let start = u64::try_from(block.offset()).ok()?;
            let lengths = u64::try_from(block.metaDataLength()).ok()?.checked_add(u64::try_from(block.bodyLength()).ok()?)?;
            let end = start.checked_add(lengths)?;
            (end <= tail.file_size).then_some(start..end)
        };
        let messages: Option<Vec<_>> = blocks.map(message).collect();
        let messages = messages.ok_or_else(|| damaged("a batch lies outside of the file"))?;
        Self::of(schema, messages, options).map(Need::Nothing)
    }

    /// Finds the messages of a stream.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when it is none.
    pub(super) fn of_stream(bytes: &[u8], options: &Options) -> Result<Self> {
        let (mut at, mut schema, mut messages) = (0, None, vec![]);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let Some((header, n_before)) = header(rest)? else { break };
            let message = root_as_message(header).map_err(|_| damaged("a message is none"))?;
            let n_body = usize::try_from(message.bodyLength()).map_err(|_| damaged("a message is of no length"))?;
            let n_bytes = n_body.checked_add(n_before + header.len()).filter(|&n| n <= rest.len());
            let end = at + n_bytes.ok_or_else(|| damaged("it ends too early"))?;
            match message.header_type() {
                MessageHeader::Schema if schema.is_none() => schema = message.header_as_schema(),
                MessageHeader::DictionaryBatch | MessageHeader::RecordBatch => messages.push(at as u64..end as u64),
                _ => return Err(damaged("a message is of no known kind")),
            }
            at = end;
        }
        Self::of(schema.ok_or_else(|| damaged("it has no schema"))?, messages, options)
    }

    fn of(schema: arrow_ipc::Schema<'_>, messages: Vec<Range<u64>>, options: &Options) -> Result<Self> {
        let fields::Fields { fields, columns, names, left_out } = fields::read(schema, options)?;
        if columns.is_empty() {
            return Err(Error::bad_input("the Arrow file has no column that can be read"));
        }
        Ok(Self { fields, columns, names, left_out, messages })
    }

    fn read_rows(&mut self, batch: RecordBatch<'_>, body: &[u8]) -> Result<Vec<Batch>> {
        let n_rows = usize::try_from(batch.length()).ok().filter(|&n| n <= MOST_ROWS);
        let n_rows = n_rows.ok_or_else(|| damaged("a batch has more rows than that of any table"))?;
        if body.is_empty() && n_rows > MOST_EMPTY {
            return Err(damaged("a batch has more rows than its bytes can hold"));
        }
        let mut read: Vec<Vec<BatchColumn>> = self.columns.iter().map(|_| vec![]).collect();
        let mut body = Body::new(batch, body)?;
        for field in &self.fields {
            column::read(field, &mut body, n_rows, &mut self.columns, &mut read)?;
        }
        let mut columns: Vec<_> = read.into_iter().map(Vec::into_iter).collect();
        let mut batches = vec![];
        loop {
            let now: Vec<BatchColumn> = columns.iter_mut().filter_map(Iterator::next).collect();
            let Some(first) = now.first() else { return Ok(batches) };
            let n_rows = first.array.len();
            if now.len() != columns.len() || now.iter().any(|column| column.array.len() != n_rows) {
                return Err(damaged("its columns are not of the same number of rows"));
            }
            batches.push(Batch { columns: now, n_rows });
        }
    }

    fn read_dictionary(&mut self, dictionary: DictionaryBatch<'_>, body: &[u8]) -> Result<()> {
        let batch = dictionary.data().ok_or_else(|| damaged("a dictionary has no values"))?;
        for column in self.columns.iter_mut().filter(|column| column.dictionary() == Some(dictionary.id())) {
            column.read_dictionary(&mut Body::new(batch, body)?, dictionary.isDelta())?;
        }
        Ok(())
    }
}

impl Pieces for Arrow {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn n_pieces(&self) -> usize {
        self.messages.len()
    }

    fn ranges(&self, piece: usize) -> Vec<Range<u64>> {
        vec![self.messages[piece].clone()]
    }

    fn read(&mut self, _: usize, bytes: &[&[u8]]) -> Result<Vec<Batch>> {
        let bytes = bytes.first().copied().unwrap_or(&[]);
        let (header, n_before) = header(bytes)?.ok_or_else(|| damaged("a message is none"))?;
        let body = &bytes[n_before + header.len()..];
        let message = root_as_message(header).map_err(|_| damaged("a message is none"))?;
        if let Some(batch) = message.header_as_record_batch() {
            return self.read_rows(batch, body);
        }
        let dictionary = message.header_as_dictionary_batch().ok_or_else(|| damaged("a message is of no known kind"))?;
        self.read_dictionary(dictionary, body).map(|()| vec![])
    }
}

/// The header of the message that bytes begin with, and how many stand before it; `None` where a stream ends.
fn header(bytes: &[u8]) -> Result<Option<(&[u8], usize)>> {
    let early = || damaged("it ends too early");
    let n_before = if bytes.starts_with(&CONTINUES) { 8 } else { 4 };
    let length = bytes.get(n_before - 4..).and_then(<[u8]>::first_chunk::<4>).ok_or_else(early)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 {
        return Ok(None);
    }
    let header = bytes.get(n_before..).and_then(|rest| rest.get(..length)).ok_or_else(early)?;
    Ok(Some((header, n_before)))
}

/// That a file is not what it says.
fn damaged(what: &str) -> Error {
    Error::bad_input(format!("the Arrow file is damaged: {what}"))
}
