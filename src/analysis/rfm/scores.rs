//! Scores: the bin that each of many values falls into, when as many are to be in each bin as in any other.

use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Values};

/// Where equal values go that lie across the border of two bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ties {
    /// All into one bin, by their mean rank.
    Together,
    /// Into both, as SQL's `NTILE`.
    Ntile,
}

/// Bins from 1 on, for ascending values.
pub(super) struct Bins {
    pub(super) together: Vec<i64>,
    pub(super) ntile: Vec<i64>,
}

impl Bins {
    /// The bins of values, null the lowest; `NTILE` has ties by `actors`.
    pub(super) fn new(values: &[Option<i128>], actors: &SortKey, bins: i64) -> Self {
        let (n, wide_bins) = (values.len() as i64, i128::from(bins));
        let keys = [key(values), actors.clone()];
        let rows = order::sort(values.len(), &keys, usize::MAX);
        let (mut together, mut ntile) = (vec![0; values.len()], vec![0; values.len()]);
        let mut before = 0;
        for alike in rows.chunk_by(|&a, &b| keys[0].equal(a, b)) {
            let twice = 2 * before + alike.len() as i64;
            let bin = (wide_bins * i128::from(twice) + 2 * i128::from(n) - 1) / (2 * i128::from(n));
            for (&row, place) in alike.iter().zip(before..) {
                together[row as usize] = bin as i64;
                ntile[row as usize] = tile(place, n, bins);
            }
            before += alike.len() as i64;
        }
        Self { together, ntile }
    }

    pub(super) fn of(&self, ties: Ties) -> &[i64] {
        match ties {
            Ties::Together => &self.together,
            Ties::Ntile => &self.ntile,
        }
    }
}

fn key(values: &[Option<i128>]) -> SortKey {
    let narrow = |value: &Option<i128>| value.map_or(Some(i64::MIN), |value| i64::try_from(value).ok().filter(|v| *v > i64::MIN));
    let data = match values.iter().map(narrow).collect() {
        Some(ints) => Data::Ints(ints),
        None => Data::Wide(values.iter().map(|value| value.unwrap_or(i128::MIN)).collect()),
    };
    SortKey::new(&Values { data, valid: None }, false)
}

/// SQL's `NTILE`: the first `n mod bins` tiles have one more.
fn tile(place: i64, n: i64, bins: i64) -> i64 {
    let (size, larger) = (n / bins, n % bins);
    let in_larger = larger * (size + 1);
    if place < in_larger { place / (size + 1) + 1 } else { larger + (place - in_larger) / size.max(1) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_stay_together_or_are_split() {
        let actors = SortKey::new(&Values::ints((0..10).collect()), false);
        for (values, bins, together, ntile) in [
            // Six customers of one order have one score, where NTILE gives them three.
            (vec![1, 1, 1, 1, 1, 1, 2, 3, 4, 5], 5, vec![2, 2, 2, 2, 2, 2, 4, 4, 5, 5], vec![1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
            (vec![3, 1, 2], 5, vec![5, 1, 3], vec![3, 1, 2]),
            (vec![7; 4], 3, vec![2; 4], vec![1, 1, 2, 3]),
            (vec![9], 10, vec![5], vec![1]),
        ] {
            let values: Vec<Option<i128>> = values.into_iter().map(Some).collect();
            let found = Bins::new(&values, &actors, bins);
            assert_eq!((found.together, found.ntile), (together, ntile));
        }
    }

    #[test]
    fn null_is_below_the_least() {
        let actors = SortKey::new(&Values::ints(vec![0, 1]), false);
        for least in [-5, i128::from(i64::MIN), -i128::from(u64::MAX)] {
            assert_eq!(Bins::new(&[Some(least), None], &actors, 2).ntile, [2, 1]);
            assert_eq!(Bins::new(&[Some(least), None], &actors, 2).together, [2, 1]);
        }
    }
}
