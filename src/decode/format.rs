//! What a file's first bytes say it is.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How a source's records are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Cells between separators: CSV, TSV and their relatives.
    #[default]
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// One JSON document: an array of objects, or an object with such an array in it; or objects one behind the other.
    Json,
    /// Cells between blanks, as many as one likes.
    Blanks,
    /// A Parquet file.
    Parquet,
    /// An Arrow file or stream.
    Arrow,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [Self::Csv, Self::Ndjson, Self::Json, Self::Blanks, Self::Parquet, Self::Arrow];

    /// The format's name in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Blanks => "blanks",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The format that the first bytes, or all of them, are written in.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when they are in none.
    pub(super) fn of(bytes: &[u8], are_all: bool) -> Result<Self> {
        #[cfg(feature = "parquet")]
        if let Some(format) = Self::told_by(bytes) {
            return Ok(format);
        }
        refuse_others(bytes)?;
        Ok(guess(bytes, are_all))
    }

    /// The format of a file that is no text, if its first bytes say it.
    #[cfg(feature = "parquet")]
    pub fn told_by(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'P', b'A', b'R', b'1' | b'E', ..] => Some(Self::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [0xff, 0xff, 0xff, 0xff, _, _, _, 0, ..] => Some(Self::Arrow),
            _ => None,
        }
    }
}

#[cfg(feature = "formats")]
fn guess(bytes: &[u8], are_all: bool) -> Format {
    let sample = &bytes[..bytes.len().min(super::SAMPLE)];
    let are_all = are_all && sample.len() == bytes.len();
    match sample.trim_ascii_start().first() {
        Some(b'{' | b'[') => super::json::format_of(sample, are_all).unwrap_or_default(),
        _ if super::blanks::cuts_evenly(sample, are_all) => Format::Blanks,
        _ => Format::Csv,
    }
}

#[cfg(not(feature = "formats"))]
fn guess(_: &[u8], _: bool) -> Format {
    Format::Csv
}

/// First bytes of files that are often dropped by mistake.
const SIGNATURES: [(&[u8], &str); 12] = [
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a WebP image or a sound"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"\xff\xfe", "UTF-16 text"),
];

/// Says what `sample` is when it cannot be delimited text.
fn refuse_others(sample: &[u8]) -> Result<()> {
    if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| sample.starts_with(signature)) {
        return Err(not_a_table(what));
    }
    let start = &sample[..sample.len().min(4_096)];
    if start.contains(&0) {
        return Err(not_a_table("a binary file"));
    }
    let controls = start.iter().filter(|&&b| b < 32 && !matches!(b, b'\t' | b'\n' | b'\r' | 12 | 27)).count();
    if controls * 20 > start.len() {
        return Err(not_a_table("a binary file"));
    }
    if start.trim_ascii_start().starts_with(b"<") {
        return Err(not_a_table("HTML or XML"));
    }
    Ok(())
}

fn not_a_table(what: &str) -> Error {
    Error::bad_input(format!("this is {what}, not a table of events; save or export it as CSV text in UTF-8"))
}
