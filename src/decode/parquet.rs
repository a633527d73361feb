//! Parquet files: from a footer and stretches of bytes to typed batches.
//!
//! <https://parquet.apache.org/docs/file-format/>. Written here, since another's reader would weigh more than all else of a
//! core in a browser, and gives a text of its own for each row where the file has a place in a dictionary. Columns are the
//! schema's leaves, their names joined by dots; lists are texts of JSON, and what lies in lists of lists is left out.

mod chunk;
pub(super) mod codec;
mod delta;
mod footer;
mod hybrid;
mod page;
mod schema;
mod thrift;
mod values;

use std::ops::Range;

use footer::{Footer, Group};
use schema::Leaf;

use super::Options;
use super::indexed::{Need, Pieces, Tail};
use super::typed::Typed;
use crate::kernel::batch::Batch;
use crate::{Error, Result};

/// How a file ends: the length of its footer in four bytes, and a word.
const END: usize = 8;

/// Bytes of a column that some writers did not count: <https://issues.apache.org/jira/browse/PARQUET-816>.
const UNCOUNTED: u64 = 100;

/// A file whose footer was read.
#[derive(Debug)]
pub(super) struct Parquet {
    groups: Vec<Group>,
    columns: Vec<Column>,
    names: Vec<String>,
    left_out: Vec<String>,
}

#[derive(Debug)]
struct Column {
    /// Which of a group's columns it is.
    at: usize,
    leaf: Leaf,
    values: Typed,
}

impl Parquet {
    /// Whether a file ends as Parquet files do.
    pub(super) fn is_at_the_end_of(tail: &[u8]) -> bool {
        tail.ends_with(b"PAR1") || tail.ends_with(b"PARE")
    }

    /// Reads the footer.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when it is none, or the file is encrypted.
    pub(super) fn open(tail: Tail<'_>, options: &Options) -> Result<Need<Self>> {
        let length = tail.bytes.split_last_chunk::<END>().ok_or_else(|| damaged("it ends too early"))?.1;
        if length.ends_with(b"PARE") {
            return Err(footer::encrypted());
        }
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize + END;
        if length as u64 > tail.file_size {
            return Err(damaged("its footer is longer than the file"));
        }
        if length > tail.bytes.len() {
            return Ok(Need::More(length as u64));
        }
        let footer = &tail.bytes[tail.bytes.len() - length..tail.bytes.len() - END];
        Self::of(Footer::read(footer)?, tail.file_size, options).map(Need::Nothing)
    }

    fn of(mut footer: Footer, file_size: u64, options: &Options) -> Result<Self> {
        let leaves = schema::leaves(&footer.schema)?;
        let names = super::csv::sniff::unique_names(leaves.iter().map(|leaf| leaf.name.clone()));
        let (mut columns, mut left_out) = (vec![], vec![]);
        for (at, (mut leaf, name)) in leaves.iter().cloned().zip(&names).enumerate() {
            if !options.wants(name) {
                continue;
            }
            if leaf.most_repeated > 1 {
                left_out.push(name.clone());
                continue;
            }
            let values = Typed::new(name, leaf.meaning, options.fixed(name), options.kind_of(name));
            leaf.name.clone_from(name);
            columns.push(Column { at, leaf, values });
        }
        if columns.is_empty() {
            return Err(Error::bad_input("the Parquet file has no column that can be read"));
        }
        let n_rows = footer.groups.iter().try_fold(0u64, |sum, group| sum.checked_add(group.n_rows));
        if n_rows.is_none_or(|n_rows| n_rows > u64::from(u32::MAX)) {
            return Err(Error::bad_input("the Parquet file has more rows than the 4,294,967,295 that one data set holds"));
        }
        for group in &mut footer.groups {
            if group.chunks.len() != leaves.len() {
                return Err(damaged("a group of rows has other columns than the schema"));
            }
            for column in &columns {
                let chunk = &mut group.chunks[column.at];
                let behind = chunk.start.checked_add(chunk.n_bytes).and_then(|end| file_size.checked_sub(end));
                let behind = behind.ok_or_else(|| damaged("a column lies outside of the file"))?;
                // Reading ends with the last row, where there are no lists.
                if column.leaf.most_repeated == 0 {
                    chunk.n_bytes += behind.min(UNCOUNTED);
                }
            }
        }
        let names = columns.iter().map(|column| column.leaf.name.clone()).collect();
        Ok(Self { groups: footer.groups, columns, names, left_out })
    }
}

impl Pieces for Parquet {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn n_pieces(&self) -> usize {
        self.groups.len()
    }

    fn ranges(&self, piece: usize) -> Vec<Range<u64>> {
        let chunks = self.columns.iter().map(|column| &self.groups[piece].chunks[column.at]);
        chunks.map(|chunk| chunk.start..chunk.start + chunk.n_bytes).collect()
    }

    fn read(&mut self, piece: usize, bytes: &[&[u8]]) -> Result<Vec<Batch>> {
        let group = &self.groups[piece];
        let mut batches: Vec<Batch> = vec![];
        for (place, (column, bytes)) in self.columns.iter_mut().zip(bytes).enumerate() {
            let chunk = &group.chunks[column.at];
            let read = chunk::read(&column.leaf, chunk, bytes, group.n_rows, &mut column.values)?;
            if place == 0 {
                batches = read.iter().map(|first| Batch { columns: vec![], n_rows: first.array.len() }).collect();
            }
            if read.len() != batches.len() {
                return Err(damaged("its columns are not of the same number of rows"));
            }
            for (batch, column) in batches.iter_mut().zip(read) {
                if column.array.len() != batch.n_rows {
                    return Err(damaged("its columns are not of the same number of rows"));
                }
                batch.columns.push(column);
            }
        }
        Ok(batches)
    }
}

/// That a file is not what it says.
pub(super) fn damaged(what: &str) -> Error {
    Error::bad_input(format!("the Parquet file is damaged: {what}"))
}
