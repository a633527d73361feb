//! From bytes to typed batches; what cannot be read is kept apart and counted.

mod column;
pub mod csv;
mod kind;

/// How many rejected rows are kept whole; the rest is counted.
pub const KEPT_REJECTS: usize = 1_000;

/// How much of a rejected row is kept.
const KEPT_BYTES: usize = 64 << 10;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Reject {
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

    /// Counts a row, and keeps it while there is room.
    pub fn push(&mut self, line: u64, byte: u64, reason: impl FnOnce() -> String, row: &[u8]) {
        self.count += 1;
        if self.kept.len() < KEPT_REJECTS {
            let row = row.strip_suffix(b"\n").unwrap_or(row);
            let row = row.strip_suffix(b"\r").unwrap_or(row);
            let text = String::from_utf8_lossy(&row[..row.len().min(KEPT_BYTES)]).into_owned();
            self.kept.push(Reject { line, byte, reason: reason(), text });
        }
    }
}
