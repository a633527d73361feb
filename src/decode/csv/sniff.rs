//! What the first bytes of a delimited text say: what separates its cells, has it a header.

use super::split::{Record, Splitter};
use crate::decode::kind::Kind;

const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Rows of the sample that are looked at.
pub(super) const ROWS: usize = 200;
/// Bytes in which a row is expected to end; where it does not, it is looked for in more.
const REACH: usize = 128;

/// The separator with which most of the sample's lines have the same number of cells, and the more cells the better.
pub(super) fn separator(sample: &[u8], quote: u8, at_end: bool) -> u8 {
    let score = |separator: u8| {
        let widths = widths(sample, separator, quote, at_end);
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for &width in &widths {
            match counts.iter_mut().find(|(w, _)| *w == width) {
                Some((_, n)) => *n += 1,
                None => counts.push((width, 1)),
            }
        }
        let (width, alike) = counts.into_iter().filter(|&(w, _)| w > 1).max_by_key(|&(w, n)| (n, w)).unwrap_or((1, 0));
        (alike * 100 / widths.len().max(1), width)
    };
    SEPARATORS.into_iter().rev().max_by_key(|&s| score(s)).expect("there are separators")
}

fn widths(sample: &[u8], separator: u8, quote: u8, at_end: bool) -> Vec<usize> {
    rows(sample, separator, quote, at_end, ROWS).iter().map(Vec::len).collect()
}

/// The sample's first whole rows, at most so many.
pub(super) fn rows(sample: &[u8], separator: u8, quote: u8, at_end: bool, most: usize) -> Vec<Vec<Vec<u8>>> {
    // Marks are not looked for where no row of those will be.
    let mut reach = most.saturating_mul(REACH).min(sample.len());
    loop {
        let is_all = reach == sample.len();
        let rows = rows_within(&sample[..reach], separator, quote, at_end && is_all, most);
        if is_all || rows.len() == most {
            return rows;
        }
        reach = reach.saturating_mul(4).min(sample.len());
    }
}

fn rows_within(sample: &[u8], separator: u8, quote: u8, at_end: bool, most: usize) -> Vec<Vec<Vec<u8>>> {
    let mut splitter = Splitter::new(separator, quote);
    splitter.start(sample);
    let (mut at, mut rows) = (0, vec![]);
    while at < sample.len() && rows.len() < most {
        splitter.clear();
        match splitter.record(sample, at, at_end) {
            Record::Whole { cells, next } => {
                let row = splitter.cells(sample, cells);
                rows.push((0..cells).map(|c| row.get(0, c).to_vec()).collect());
                at = next;
            }
            Record::Empty { next } => at = next,
            Record::Partial => break,
        }
    }
    rows
}

/// How many bytes and lines the first record takes, and the empty lines before it.
pub(super) fn pass_record(bytes: &[u8], separator: u8, quote: u8, at_end: bool) -> (usize, u64) {
    let mut splitter = Splitter::new(separator, quote);
    splitter.start(bytes);
    let mut at = 0;
    loop {
        match splitter.record(bytes, at, at_end) {
            Record::Empty { next } => at = next,
            Record::Whole { next, .. } => return (next, splitter.lines()),
            Record::Partial => return (at, splitter.lines()),
        }
    }
}

/// Whether the first row names the columns.
///
/// It does not when one of its cells is a number, a time or a UUID, or when a column has the first row's word
/// again further down. It does when below a word there are only values of another kind.
pub(in crate::decode) fn has_header(rows: &[Vec<Vec<u8>>]) -> bool {
    let Some((first, rest)) = rows.split_first() else { return false };
    let named = first.iter().all(|cell| matches!(Kind::of(cell), Kind::Text | Kind::Null));
    if !named || first.iter().all(|cell| cell.is_empty()) {
        return false;
    }
    let rest: Vec<_> = rest.iter().filter(|row| row.len() == first.len()).collect();
    let column_kind = |i: usize| rest.iter().fold(Kind::Null, |kind, row| kind.join(Kind::of(&row[i])));
    let typed = (0..first.len()).any(|i| !first[i].is_empty() && !matches!(column_kind(i), Kind::Null | Kind::Text));
    typed || !(0..first.len()).any(|i| !first[i].is_empty() && rest.iter().any(|row| row[i] == first[i]))
}

/// Unique column names: an empty one becomes `column` and its number, a repeated one gets `_2`, `_3`, …
pub(in crate::decode) fn unique_names(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for (i, name) in names.enumerate() {
        let name = if name.trim().is_empty() { format!("column{}", i + 1) } else { name.trim().to_owned() };
        let mut candidate = name.clone();
        let mut n = 2;
        while unique.contains(&candidate) {
            candidate = format!("{name}_{n}");
            n += 1;
        }
        unique.push(candidate);
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_separator() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2;3\n2,5;1;1\n", b';'),
            ("a\tb\n1,2\t3\n", b'\t'),
            ("a|b|c\n\"1,2\"|2|3\n", b'|'),
            ("one\ntwo\n", b','),
            ("name,what\n\"a;b;c\",\"x;y;z\"\n", b','),
        ] {
            assert_eq!(separator(text.as_bytes(), b'"', true), expected, "{text:?}");
        }
    }

    #[test]
    fn finds_the_same_rows_however_far_it_looks_for_them() {
        let long =
            format!("{},\"{}\r\n\"\"{}\"\r\n\r\nc,d\r\n\"e\",\"never closed", "a".repeat(200), "b".repeat(600), "b".repeat(1000));
        for text in [long.as_str(), "a,b\r\n", "", "\n\n", "a,b\nc,d", &"x\r".repeat(300)] {
            for most in [1, 2, 3, ROWS, usize::MAX] {
                for at_end in [false, true] {
                    let found = rows(text.as_bytes(), b',', b'"', at_end, most);
                    assert_eq!(found, rows_within(text.as_bytes(), b',', b'"', at_end, most), "{text:?}, {most}, {at_end}");
                }
            }
        }
        assert_eq!(rows(long.as_bytes(), b',', b'"', true, 2)[0][1].len(), 1_603);
    }

    #[test]
    fn tells_a_header_from_a_row() {
        for (text, expected) in [
            ("user_id,item_id\n1,2\n", true),
            ("1,2268318,2520377,pv,1511544070\n1,2333346,2520771,pv,1511561733\n", false),
            ("name,color\nann,red\nbob,blue\n", true),
            ("ann,view\nbob,view\n", false),
            (",user\n0,ann\n", true),
            ("a,b\n", true),
            ("ann,72d76fde-8bb3-4e00-8c23-a032dfed738c\nbob,72d76fde-8bb3-4e00-8c23-a032dfed738d\n", false),
        ] {
            assert_eq!(has_header(&rows(text.as_bytes(), b',', b'"', true, ROWS)), expected, "{text:?}");
        }
    }

    #[test]
    fn names_are_unique() {
        let names = ["id", "", "id", "id_2", " price "].map(str::to_owned);
        assert_eq!(unique_names(names.into_iter()), ["id", "column2", "id_2", "id_2_2", "price"]);
    }
}
