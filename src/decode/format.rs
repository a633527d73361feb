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
    /// A request to a web server on each line.
    Log,
    /// A Parquet file.
    Parquet,
    /// An Arrow file or stream.
    Arrow,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] = [Self::Csv, Self::Ndjson, Self::Json, Self::Blanks, Self::Log, Self::Parquet, Self::Arrow];

    /// The format's name in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Blanks => "blanks",
            Self::Log => "log",
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
        _ if super::log::pattern_of(sample, are_all).is_some() => Format::Log,
        _ if super::blanks::cuts_evenly(sample, are_all) => Format::Blanks,
        _ => Format::Csv,
    }
}

#[cfg(not(feature = "formats"))]
fn guess(_: &[u8], _: bool) -> Format {
    Format::Csv
}

/// Whether a source that begins with these bytes, or has no more than them, is plainly CSV, or no table at all: all other
/// formats may be told by what is not there. Then a build without the feature `formats` can read it.
pub fn is_plain_csv(bytes: &[u8], are_all: bool) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if refuse_others(text).is_err() {
        return !COLUMNAR.iter().any(|signature| text.starts_with(signature));
    }
    let sample = &text[..text.len().min(super::SAMPLE)];
    let is_log = memchr::memmem::find(&sample[..sample.len().min(4_096)], b"HTTP/").is_some();
    let begins_otherwise = matches!(sample.trim_ascii_start().first(), Some(b'{' | b'[' | b'#'));
    !is_log && !begins_otherwise && super::csv::has_columns(sample, are_all)
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

/// Whether bytes begin a file that is no text in any encoding, such as an image.
pub fn is_no_text(bytes: &[u8]) -> bool {
    SIGNATURES.iter().any(|(signature, what)| !what.contains("text") && bytes.starts_with(signature))
}

/// First bytes of files whose values lie column by column.
const COLUMNAR: [&[u8]; 4] = [b"PAR1", b"PARE", b"ARROW1", b"\xff\xff\xff\xff"];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plainly_csv_is_taken_for_it() {
        for (text, is_plain) in [
            ("user,item\n1,2\n", true),
            ("\u{feff}user;item\n1;2\n", true),
            ("item\nhat\ncap\n", false),
            ("{\"user\":1,\"item\":2}\n", false),
            (" [{\"user\":1,\"item\":2}]", false),
            ("#Fields: date time\n2020-01-01 10:00\n", false),
            ("1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"Mozilla (KHTML, like Gecko)\"\n", false),
            ("00001 19970101 1 11.77\n", false),
            ("PAR1....", false),
            ("%PDF-1.4", true),
        ] {
            assert_eq!(is_plain_csv(text.as_bytes(), true), is_plain, "{text:?}");
        }
    }
}
