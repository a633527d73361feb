//! A text's records as plain cells, for whoever wants no types and no rejects.

use super::sniff;

/// Bytes in which the first record is looked for.
const FIRST: usize = 256 << 10;

/// The byte that most likely separates the cells of a text: of `,`, tab, `;` and `|`, the one that cuts its first
/// lines most evenly, and into more cells.
pub fn guess_separator(bytes: &[u8], quote: u8) -> u8 {
    sniff::separator(bytes, quote, true)
}

/// Whether most of the first lines have several cells.
pub(in crate::decode) fn has_columns(bytes: &[u8], are_all: bool) -> bool {
    let separator = sniff::separator(bytes, b'"', are_all);
    let rows = sniff::rows(bytes, separator, b'"', are_all, sniff::ROWS);
    rows.iter().filter(|row| row.len() > 1).count() * 2 > rows.len()
}

/// All records of a text as cells, without types or rejects; a record whose quote never closes is left out.
pub fn records(bytes: &[u8], separator: u8, quote: u8) -> Vec<Vec<String>> {
    first_records(bytes, separator, quote, usize::MAX)
}

/// The cells of the first record.
pub fn first_record(bytes: &[u8], separator: u8, quote: u8) -> Vec<String> {
    first_records(&bytes[..bytes.len().min(FIRST)], separator, quote, 1).pop().unwrap_or_default()
}

fn first_records(bytes: &[u8], separator: u8, quote: u8, most: usize) -> Vec<Vec<String>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = |row: &Vec<Vec<u8>>| row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
    sniff::rows(bytes, separator, quote, true, most).iter().map(text).collect()
}
