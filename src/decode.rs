//! From bytes to typed batches; what cannot be read is kept apart and counted.

#[cfg(feature = "parquet")]
mod arrow;
#[cfg(feature = "formats")]
mod blanks;
mod cells;
mod column;
pub mod csv;
mod decoder;
mod format;
#[cfg(feature = "parquet")]
mod indexed;
#[cfg(feature = "formats")]
pub mod json;
mod kind;
#[cfg(feature = "parquet")]
mod known;
#[cfg(feature = "parquet")]
mod lists;
#[cfg(feature = "formats")]
mod log;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
#[cfg(feature = "formats")]
mod records;
#[cfg(feature = "parquet")]
mod typed;

pub use decoder::Decoder;
pub use format::{Format, is_no_text, is_plain_csv};
#[cfg(feature = "parquet")]
pub use indexed::{Indexed, Need};
pub use kind::Fixed;
#[cfg(feature = "formats")]
pub use log::check as check_pattern;
pub use part::{Part, Shape};

use std::sync::Arc;

use crate::event::ColumnType;
use crate::kernel::bucket::Zone;
use crate::kernel::form::Form;
use crate::kernel::order;
use column::ColumnBuilder;
use kind::Kind;

/// Rows in a batch, the last one apart.
pub const BATCH_ROWS: usize = 1 << 14;
/// Rows cut into cells before their columns are read: cells of a block stay in the cache.
const BLOCK_ROWS: usize = 4_096;
/// Bytes looked at before the first row is read.
const SAMPLE: usize = 256 << 10;
/// A longer record is no record.
const LONGEST_RECORD: usize = 16 << 20;

/// What is known of a file beforehand; all else is found out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the bytes are.
    pub format: Option<Format>,
    /// What is on a log's lines: a known log's name, a server's format string, or a `#Fields:` directive.
    pub pattern: Option<String>,
    /// The byte between cells of delimited text.
    pub separator: Option<u8>,
    /// The byte around cells that hold separators or line ends; `"` if not given.
    pub quote: Option<u8>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// The columns' names, for a file without a header.
    pub names: Option<Vec<String>>,
    /// Types fixed by the user, by column name. A cell that does not fit makes its row a reject.
    pub types: Vec<(String, Fixed)>,
    /// The zone by whose clock times are that are written without one; UTC if not given.
    pub zone: Option<Arc<Zone>>,
    /// The columns that are wanted, of a file that has them apart; all, if not given.
    #[cfg(feature = "parquet")]
    pub select: Option<Vec<String>>,
    /// The kinds that the columns have already.
    pub(crate) kinds: Option<Vec<Kind>>,
}

impl Options {
    /// Begins with these types rather than those of the first rows: of data that more rows come to. `forms` says how
    /// times are written.
    pub fn start_from(&mut self, types: &[ColumnType], forms: &[Form]) {
        let kinds = types.iter().zip(forms);
        self.kinds = Some(kinds.map(|(&column_type, &form)| Kind::of_type(column_type, form)).collect());
    }

    /// The type that the user fixed for a column.
    fn fixed(&self, name: &str) -> Option<Fixed> {
        self.types.iter().find(|(fixed, _)| fixed == name).map(|&(_, fixed)| fixed)
    }

    /// The types of columns that have no value yet.
    pub fn types_of(&self, names: &[String]) -> Vec<ColumnType> {
        names.iter().map(|name| self.fixed(name).map_or(ColumnType::Null, Fixed::narrowest)).collect()
    }

    /// A reader of the column of that name, which begins with that kind.
    fn column(&self, name: &str, kind: Kind) -> ColumnBuilder {
        ColumnBuilder::new(kind, self.fixed(name), self.zone.clone())
    }

    /// Whether a column is wanted.
    #[cfg(feature = "parquet")]
    fn wants(&self, name: &String) -> bool {
        self.select.as_ref().is_none_or(|names| names.contains(name))
    }

    /// The kind that a column has already.
    #[cfg(feature = "parquet")]
    fn kind_of(&self, name: &String) -> Option<Kind> {
        let at = self.names.as_ref()?.iter().position(|known| known == name)?;
        self.kinds.as_ref()?.get(at).copied()
    }
}

/// How many rejected rows are kept whole; the rest is counted.
pub const KEPT_REJECTS: usize = 1_000;

/// How much of a rejected row is kept.
const KEPT_BYTES: usize = 64 << 10;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "events", derive(serde::Deserialize))]
pub struct Reject {
    /// Of several sources: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line the row starts on, counted from 1.
    pub line: u64,
    /// The byte the row starts at, counted from 0.
    pub byte: u64,
    /// Why, such as `expected 7 fields, found 6`.
    pub reason: String,
    /// The row as it stands in the file, its first 64 KiB; bytes that are not UTF-8 shown as `�`.
    pub text: String,
}

/// The rows that could not be read: all counted, the first [`KEPT_REJECTS`] kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejects {
    /// How many rows were rejected.
    pub count: u64,
    /// The first of them, in file order.
    pub kept: Vec<Reject>,
}

impl Rejects {
    /// Adds another source's rejects.
    pub fn extend(&mut self, other: &Self) {
        self.count += other.count;
        let room = KEPT_REJECTS.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.iter().take(room).cloned());
    }

    /// Puts those that are kept in the order of the source.
    fn sort(&mut self) {
        let mut order: Vec<u32> = (0..self.kept.len() as u32).collect();
        order::sort_by(&mut order, &|a, b| (self.kept[a as usize].byte, a).cmp(&(self.kept[b as usize].byte, b)));
        let mut kept: Vec<Option<Reject>> = std::mem::take(&mut self.kept).into_iter().map(Some).collect();
        self.kept = order.into_iter().filter_map(|at| kept[at as usize].take()).collect();
    }

    /// Counts a row, and keeps it while there is room.
    pub fn push(&mut self, line: u64, byte: u64, reason: impl FnOnce() -> String, row: &[u8]) {
        self.count += 1;
        if self.kept.len() < KEPT_REJECTS {
            let row = row.strip_suffix(b"\n").unwrap_or(row);
            let row = row.strip_suffix(b"\r").unwrap_or(row);
            let text = String::from_utf8_lossy(&row[..row.len().min(KEPT_BYTES)]).into_owned();
            self.kept.push(Reject { file: None, line, byte, reason: reason(), text });
        }
    }
}
