//! Orderings: SQL's `ORDER BY` with nulls last both ways, text by bytes.

use std::cmp::Ordering;

use arrow_array::Array;

use super::values::{Data, Texts, Values};

/// One column's part in an ordering: rows compare as their keys do.
#[derive(Clone, Debug)]
pub struct SortKey(Vec<i128>);

const NULL_LAST: i128 = i128::MAX;

impl SortKey {
    /// The key of a column, ascending or descending; nulls come last in both.
    pub fn new(values: &Values, descending: bool) -> Self {
        let mut keys: Vec<i128> = match &values.data {
            Data::Ints(v) => v.iter().map(|&v| i128::from(v)).collect(),
            Data::Wide(v) => v.clone(),
            Data::Floats(v) => v.iter().map(|&v| i128::from(float_key(v))).collect(),
            Data::Codes(codes, texts) => {
                let places = text_places(texts);
                codes.iter().map(|&code| i128::from(places.get(code as usize).copied().unwrap_or(0))).collect()
            }
        };
        if descending {
            keys.iter_mut().for_each(|key| *key = -*key);
        }
        if let Some(valid) = &values.valid {
            keys.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(key, _)| *key = NULL_LAST);
        }
        Self(keys)
    }

    /// Whether two rows are alike.
    pub fn equal(&self, a: u32, b: u32) -> bool {
        self.0[a as usize] == self.0[b as usize]
    }
}

/// An integer that orders as the float does.
fn float_key(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64; // -0 is 0
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The place of each text among all, by bytes; equal texts share theirs.
fn text_places(texts: &Texts) -> Vec<u32> {
    let mut order: Vec<u32> = (0..texts.0.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| texts.get(a).cmp(texts.get(b)));
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

/// How two rows compare under several keys, the first that differs deciding.
pub fn compare(keys: &[SortKey], a: u32, b: u32) -> Ordering {
    let (a, b) = (a as usize, b as usize);
    keys.iter().map(|key| key.0[a].cmp(&key.0[b])).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// The rows in order; of more than `limit` rows, the first `limit` alone, found without sorting the others.
///
/// Rows that all keys leave alike are ordered by their number.
pub fn sort(mut rows: Vec<u32>, keys: &[SortKey], limit: usize) -> Vec<u32> {
    let by = |&a: &u32, &b: &u32| compare(keys, a, b).then(a.cmp(&b));
    if limit == 0 {
        return vec![];
    }
    if limit < rows.len() {
        rows.select_nth_unstable_by(limit - 1, by);
        rows.truncate(limit);
    }
    rows.sort_unstable_by(by);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_come_last_both_ways() {
        let values = Values { data: Data::Ints(vec![2, 0, 1, i64::MAX]), valid: Some(vec![true, false, true, true]) };
        let order = |descending| sort(vec![0, 1, 2, 3], &[SortKey::new(&values, descending)], 9);
        assert_eq!((order(false), order(true)), (vec![2, 0, 3, 1], vec![3, 0, 2, 1]));
    }

    #[test]
    fn floats_order_as_numbers() {
        let values = Values { data: Data::Floats(vec![1.5, -2.0, 0.0, -0.0, f64::INFINITY]), valid: None };
        assert_eq!(sort(vec![0, 1, 2, 3, 4], &[SortKey::new(&values, false)], 9), [1, 2, 3, 0, 4]);
    }

    #[test]
    fn the_first_few_are_those_of_the_whole_order() {
        let data: Vec<i64> = (0..1_000).map(|i: i64| i.wrapping_mul(7_919) % 101).collect();
        let keys = [SortKey::new(&Values::ints(data), true)];
        let whole = sort((0..1_000).collect(), &keys, usize::MAX);
        for limit in [0, 1, 20, 999, 1_000] {
            assert_eq!(sort((0..1_000).collect(), &keys, limit), whole[..limit]);
        }
    }
}
