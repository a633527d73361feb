//! Published data sets that come without a header: their columns are told by what stands in them, and get the names that
//! their pages give them.

use crate::decode::kind::{Kind, epoch_unit};
use crate::event::TimeUnit;
use crate::kernel::number::parse_int;

/// What the cells of a column must be.
enum Cell {
    Int,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An integer, or that word.
    IntOr(&'static str),
    /// Seconds since 1970.
    Seconds,
    /// `2014-04-07T10:51:09.277Z`.
    Utc,
}

const KNOWN: [&[(&str, Cell)]; 3] = [
    &[
        ("user_id", Cell::Int),
        ("item_id", Cell::Int),
        ("category_id", Cell::Int),
        ("behavior", Cell::Word(&["pv", "buy", "cart", "fav"])),
        ("timestamp", Cell::Seconds),
    ],
    &[("session_id", Cell::Int), ("timestamp", Cell::Utc), ("item_id", Cell::Int), ("category", Cell::IntOr("S"))],
    &[("session_id", Cell::Int), ("timestamp", Cell::Utc), ("item_id", Cell::Int), ("price", Cell::Int), ("quantity", Cell::Int)],
];

impl Cell {
    fn is(&self, cell: &[u8]) -> bool {
        match self {
            Self::Int => parse_int(cell).is_some(),
            Self::Word(words) => words.iter().any(|word| word.as_bytes() == cell),
            Self::IntOr(word) => word.as_bytes() == cell || parse_int(cell).is_some(),
            Self::Seconds => parse_int(cell).and_then(epoch_unit) == Some(TimeUnit::Second),
            Self::Utc => cell.len() == 24 && cell.ends_with(b"Z") && Kind::of(cell) == Kind::Time(TimeUnit::Milli),
        }
    }
}

/// The names of the columns of the data set that all these rows are of, if it is a known one.
pub(super) fn names(rows: &[Vec<Vec<u8>>]) -> Option<Vec<String>> {
    let fits = |columns: &[(&str, Cell)], row: &Vec<Vec<u8>>| {
        row.len() == columns.len() && columns.iter().zip(row).all(|((_, kind), cell)| kind.is(cell))
    };
    let known = KNOWN.iter().find(|columns| rows.iter().all(|row| fits(columns, row)))?;
    Some(known.iter().map(|(name, _)| (*name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Preset;

    #[test]
    fn knows_rows_that_all_fit() {
        for (text, preset) in [
            ("1,2268318,2520377,pv,1511544070\n1,2333346,2520771,fav,1511561733", Some("Taobao user behavior")),
            ("1,2268318,2520377,pv,1511544070\n1,2333346,2520771,view,1511561733", None),
            ("1,2268318,2520377,pv,15\n1,2333346,2520771,pv,16", None),
            ("1,2268318,2520377,pv,1511544070\n1,2", None),
            ("1,2014-04-07T10:51:09.277Z,214536502,0\n2,2014-04-07T10:54:09.868Z,214536500,S", Some("YOOCHOOSE clicks")),
            ("1,2014-04-07T10:51:09.277,214536502,0\n2,2014-04-07T10:54:09.868,214536500,S", None),
            ("420374,2014-04-06T18:44:58.314Z,214537888,12462,1", Some("YOOCHOOSE buys")),
        ] {
            let row = |line: &str| line.split(',').map(|cell| cell.as_bytes().to_vec()).collect();
            let names = names(&text.lines().map(row).collect::<Vec<_>>());
            assert_eq!(names.map(|names| Preset::of(&names).unwrap().name), preset, "{text}");
        }
    }
}
