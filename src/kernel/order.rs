//! Orderings: SQL's `ORDER BY` with nulls last both ways, text by bytes.

use std::cmp::Ordering;

use arrow_array::Array;

use super::values::{Data, Texts, Values};

/// One column's part in an ordering: rows compare as their keys do.
#[derive(Clone, Debug)]
pub enum SortKey {
    /// Keys of 64 bits.
    Narrow(Vec<i64>),
    /// Keys of 128 bits: of wide decimals, and where the greatest 64-bit key and null both occur.
    Wide(Vec<i128>),
}

impl SortKey {
    /// The key of a column, ascending or descending; nulls come last in both.
    pub fn new(values: &Values, descending: bool) -> Self {
        let keys = match &values.data {
            Data::Ints(v) => v.clone(),
            Data::Ranked(places, _) => places.iter().map(|&place| i64::from(place)).collect(),
            Data::Wide(v) => return Self::wide(v, values, descending),
            Data::Floats(v) => v.iter().map(|&v| float_key(v)).collect(),
            Data::Codes(codes, texts) => {
                let places = text_places(texts);
                codes.iter().map(|&code| i64::from(places.get(code as usize).copied().unwrap_or(0))).collect()
            }
        };
        Self::narrow(keys, values, descending)
    }

    fn narrow(mut keys: Vec<i64>, values: &Values, descending: bool) -> Self {
        if descending {
            keys.iter_mut().for_each(|key| *key = !*key); // turns the order around and cannot overflow
        }
        if let Some(valid) = &values.valid {
            if keys.contains(&i64::MAX) {
                return Self::wide(&keys.iter().map(|&key| key.into()).collect::<Vec<_>>(), values, false);
            }
            keys.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(key, _)| *key = i64::MAX);
        }
        Self::Narrow(keys)
    }

    fn wide(keys: &[i128], values: &Values, descending: bool) -> Self {
        let mut keys: Vec<i128> = keys.iter().map(|&key| if descending { !key } else { key }).collect();
        if let Some(valid) = &values.valid {
            if keys.contains(&i128::MAX) {
                // Null is behind the greatest of all, too: keys are then places among them.
                return Self::narrow(places(keys.len(), &Self::Wide(keys)), values, false);
            }
            keys.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(key, _)| *key = i128::MAX);
        }
        Self::Wide(keys)
    }

    /// How two rows compare.
    #[inline]
    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        match self {
            Self::Narrow(keys) => keys[a as usize].cmp(&keys[b as usize]),
            Self::Wide(keys) => keys[a as usize].cmp(&keys[b as usize]),
        }
    }

    /// Whether two rows are alike.
    pub fn equal(&self, a: u32, b: u32) -> bool {
        self.compare(a, b).is_eq()
    }
}

/// The place of each key among all; equal ones share theirs.
fn places(n_keys: usize, key: &SortKey) -> Vec<i64> {
    let mut places = vec![0; n_keys];
    let rows = sort(n_keys, std::slice::from_ref(key), usize::MAX);
    for (place, alike) in rows.chunk_by(|&a, &b| key.equal(a, b)).enumerate() {
        alike.iter().for_each(|&row| places[row as usize] = place as i64);
    }
    places
}

/// An integer that orders as the float does.
fn float_key(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64; // -0 is 0
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The place of each text among all, by bytes; equal texts share theirs.
fn text_places(texts: &Texts) -> Vec<u32> {
    let mut order: Vec<u32> = (0..texts.0.len() as u32).collect();
    sort_by(&mut order, &|a, b| texts.get(a).cmp(texts.get(b)));
    let mut places = vec![0; order.len()];
    let mut place = 0;
    for (i, &code) in order.iter().enumerate() {
        if i > 0 && texts.get(order[i - 1]) != texts.get(code) {
            place = i as u32;
        }
        places[code as usize] = place;
    }
    places
}

/// How two rows compare under several keys, the first that differs deciding; alike, by their number.
#[inline]
pub fn compare(keys: &[SortKey], a: u32, b: u32) -> Ordering {
    keys.iter().map(|key| key.compare(a, b)).find(|o| o.is_ne()).unwrap_or_else(|| a.cmp(&b))
}

/// The rows in an order that says nothing of how they came: by the `time` column, if there is one, then by the value of each
/// column in turn, nulls last. Rows that are alike in all of them stay as they are.
pub fn canonical(n_rows: usize, columns: &[Values], time: Option<usize>) -> Vec<u32> {
    let Some(time) = time else {
        let mut rows: Vec<u32> = (0..n_rows as u32).collect();
        sort_by(&mut rows, &|a, b| compare_values(columns, a, b));
        return rows;
    };
    // Few rows tie in time, and only for those are texts compared.
    let time = [SortKey::new(&columns[time], false)];
    let mut rows = sort(n_rows, &time, usize::MAX);
    for ties in rows.chunk_by_mut(|&a, &b| time[0].equal(a, b)).filter(|ties| ties.len() > 1) {
        sort_by(ties, &|a, b| compare_values(columns, a, b));
    }
    rows
}

/// How two rows compare by their values in each column in turn, nulls last.
pub fn compare_values(columns: &[Values], a: u32, b: u32) -> Ordering {
    let compare = |column: &Values| {
        let (row, other) = (a as usize, b as usize);
        match (column.is_valid(row), column.is_valid(other)) {
            (true, true) => {}
            (is_valid, other_is_valid) => return other_is_valid.cmp(&is_valid),
        }
        match &column.data {
            Data::Ints(v) => v[row].cmp(&v[other]),
            Data::Ranked(places, _) => places[row].cmp(&places[other]),
            Data::Wide(v) => v[row].cmp(&v[other]),
            Data::Floats(v) => float_key(v[row]).cmp(&float_key(v[other])),
            Data::Codes(codes, _) if codes[row] == codes[other] => Ordering::Equal,
            Data::Codes(codes, texts) => texts.get(codes[row]).cmp(texts.get(codes[other])),
        }
    };
    columns.iter().map(compare).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// The longest prefix that is kept sorted while the rows pass by, rather than found by sorting all.
pub const FEW: usize = 256;

/// The rows 0, 1, 2, … `n_rows` in order; of more than `limit`, the first `limit` alone.
///
/// Rows that all keys leave alike are ordered by their number.
pub fn sort(n_rows: usize, keys: &[SortKey], limit: usize) -> Vec<u32> {
    if limit <= FEW {
        return first_few(n_rows as u32, keys, limit);
    }
    let mut rows: Vec<u32> = (0..n_rows as u32).collect();
    sort_rows(&mut rows, keys);
    rows.truncate(limit);
    rows
}

/// Puts rows in an order that is told, alike ones as they are. A sort for each way to compare would be kilobytes of WebAssembly
/// each, and an unstable one twice as many.
#[inline(never)]
pub fn sort_by(rows: &mut [u32], compare: &dyn Fn(u32, u32) -> Ordering) {
    rows.sort_by(|&a, &b| compare(a, b));
}

/// Puts rows in order.
pub fn sort_rows(rows: &mut [u32], keys: &[SortKey]) {
    let Some(mut packed) = packed(rows, keys) else {
        return sort_by(rows, &|a, b| compare(keys, a, b));
    };
    packed.sort_unstable();
    rows.iter_mut().zip(packed).for_each(|(row, (_, sorted))| *row = sorted);
}

/// All keys of each row as one number that orders as they do, and the row; `None` where 64 bits do not hold them.
#[inline(never)]
fn packed(rows: &[u32], keys: &[SortKey]) -> Option<Vec<(u64, u32)>> {
    let mut packed: Vec<(u64, u32)> = rows.iter().map(|&row| (0, row)).collect();
    let mut n_bits = 0;
    for key in keys {
        let SortKey::Narrow(key) = key else { return None };
        // Nulls are the greatest key; they come right behind the greatest value.
        let known = rows.iter().map(|&row| key[row as usize]).filter(|&key| key != i64::MAX);
        let (min, max) = known.fold((i64::MAX, i64::MIN), |(min, max), key| (min.min(key), max.max(key)));
        let null = if min <= max { (i128::from(max) - i128::from(min)) as u64 + 1 } else { 0 };
        let bits = u64::BITS - null.leading_zeros();
        n_bits += bits;
        if n_bits > u64::BITS || null == 0 && min <= max {
            return None;
        }
        for (packed, row) in &mut packed {
            let key = key[*row as usize];
            let code = if key == i64::MAX { null } else { key.wrapping_sub(min) as u64 };
            *packed = packed.checked_shl(bits).unwrap_or(0) | code;
        }
    }
    Some(packed)
}

/// The rows that may be among the first `limit` when `key` decides first: all that are not behind the last of them.
pub fn front(n_rows: usize, key: &SortKey, limit: usize) -> Vec<u32> {
    let keys = std::slice::from_ref(key);
    match first_few(n_rows as u32, keys, limit).last() {
        Some(&last) => (0..n_rows as u32).filter(|&row| key.compare(row, last).is_le()).collect(),
        None => vec![],
    }
}

#[inline(never)]
fn first_few(n_rows: u32, keys: &[SortKey], limit: usize) -> Vec<u32> {
    let mut first: Vec<u32> = Vec::with_capacity(limit + 1);
    for row in 0..n_rows {
        let place = match first.last() {
            Some(&last) if first.len() == limit && compare(keys, last, row).is_lt() => continue,
            _ => first.partition_point(|&other| compare(keys, other, row).is_lt()),
        };
        first.insert(place, row);
        first.truncate(limit);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_come_last_both_ways() {
        let values = Values { data: Data::Ints(vec![2, 0, 1, i64::MAX]), valid: Some(vec![true, false, true, true]) };
        let order = |descending| sort(4, &[SortKey::new(&values, descending)], 9);
        assert_eq!((order(false), order(true)), (vec![2, 0, 3, 1], vec![3, 0, 2, 1]));
    }

    #[test]
    fn floats_order_as_numbers() {
        let values = Values { data: Data::Floats(vec![1.5, -2.0, 0.0, -0.0, f64::INFINITY]), valid: None };
        assert_eq!(sort(5, &[SortKey::new(&values, false)], 9), [1, 2, 3, 0, 4]);
    }

    #[test]
    fn nulls_come_behind_the_greatest_of_128_bits() {
        let data = Data::Wide(vec![i128::MAX, 5, i128::MIN, 7, i128::MIN, i128::MAX]);
        let values = Values { data, valid: Some(vec![true, false, true, true, true, true]) };
        let order = |descending| sort(6, &[SortKey::new(&values, descending)], 9);
        assert_eq!((order(false), order(true)), (vec![2, 4, 3, 0, 5, 1], vec![0, 5, 3, 2, 4, 1]));
    }

    proptest::proptest! {
        #[test]
        fn packed_keys_order_as_keys(columns in proptest::collection::vec((0u32..64, 0usize..4, proptest::collection::vec(proptest::num::i64::ANY, 30)), 1..5)) {
            let key = |(bits, nulls, data): (u32, usize, Vec<i64>)| {
                let data: Vec<i64> = data.into_iter().map(|v| v >> bits).collect();
                let valid = (0..30).map(|i| nulls == 0 || i % nulls.max(1) != 0).collect();
                SortKey::new(&Values { data: Data::Ints(data), valid: (nulls > 0).then_some(valid) }, bits % 2 == 0)
            };
            let keys: Vec<SortKey> = columns.into_iter().map(key).collect();
            let mut rows: Vec<u32> = (0..30).rev().collect();
            sort_rows(&mut rows, &keys);
            let mut expected: Vec<u32> = (0..30).collect();
            expected.sort_by(|&a, &b| compare(&keys, a, b));
            assert_eq!(rows, expected);
        }
    }

    /// A time, the place of a text, and a number of 128 bits.
    type Row = (Option<i64>, Option<usize>, i128);

    proptest::proptest! {
        #[test]
        fn the_canonical_order_is_the_same_whatever_order_rows_come_in(
            rows in proptest::collection::vec((proptest::option::of(0i64..3), proptest::option::of(0usize..4), -1i128..2), 0..40),
            seed in proptest::num::u64::ANY,
        ) {
            const TEXTS: [&str; 4] = ["b", "", "ä", "a"];
            // Each arrival has a dictionary of its own.
            let columns = |rows: &[Row], shift: usize| {
                let texts = Texts(std::sync::Arc::new((0..4).map(|at| Some(TEXTS[(at + shift) % 4])).collect()));
                let valid = |known: &dyn Fn(&Row) -> bool| Some(rows.iter().map(known).collect());
                let codes = rows.iter().map(|row| row.1.map_or(shift, |text| (text + 4 - shift) % 4) as u32);
                [
                    Values { data: Data::Codes(codes.collect(), texts), valid: valid(&|row| row.1.is_some()) },
                    Values { data: Data::Ints(rows.iter().map(|row| row.0.unwrap_or(-9)).collect()), valid: valid(&|row| row.0.is_some()) },
                    Values { data: Data::Wide(rows.iter().map(|row| row.2).collect()), valid: None },
                ]
            };
            let mut others = rows.clone();
            for at in 1..others.len() {
                others.swap(at, (crate::kernel::hash::mix64(seed ^ at as u64) % (at as u64 + 1)) as usize);
            }
            for time in [None, Some(1)] {
                let sorted = |rows: &[Row], shift| -> Vec<_> {
                    canonical(rows.len(), &columns(rows, shift), time).into_iter().map(|row| rows[row as usize]).collect()
                };
                let expected = sorted(&rows, 0);
                proptest::prop_assert_eq!(&sorted(&others, 1 + (seed % 3) as usize), &expected);
                let last = |value: Option<i64>| value.unwrap_or(i64::MAX);
                let text = |row: &Row| (row.1.is_none(), row.1.map(|text| TEXTS[text]));
                let first = |row: &Row| if time.is_some() { last(row.0) } else { 0 };
                proptest::prop_assert!(expected.is_sorted_by_key(|row| (first(row), text(row), last(row.0), row.2)));
            }
        }
    }

    #[test]
    fn the_first_few_are_those_of_the_whole_order() {
        let data: Vec<i64> = (0..1_000).map(|i: i64| i.wrapping_mul(7_919) % 101).collect();
        let keys = [SortKey::new(&Values::ints(data), true)];
        let whole = sort(1_000, &keys, usize::MAX);
        for limit in [0, 1, 20, 256, 999, 1_000] {
            assert_eq!(sort(1_000, &keys, limit), whole[..limit]);
        }
    }
}
