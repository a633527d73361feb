//! Counts pairs of items over their baskets and keeps the best.

use serde_json::Value;

use crate::analysis::literal::number;
use crate::analysis::spec::unknown;
use crate::kernel::number::pow10;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Values};
use crate::{Error, Result};

/// The most pairs that are counted, those of one basket for each basket.
const MOST_PAIRS: u64 = 4_000_000_000;

/// The most digits after the point of a share: so many times a count of rows is an integer of 64 bits.
const MOST_DIGITS: u8 = 9;

/// Rows that are kept beyond the limit before the worst are dropped.
const MORE_ROWS: usize = 4_096;

/// The least count, or the least share of a whole, as an exact decimal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Least {
    units: i128,
    scale: u32,
    is_share: bool,
}

/// What rules are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    Baskets,
    Support,
    Confidence,
    Lift,
    Cosine,
}

const RANKS: [(&str, Rank); 5] = [
    ("baskets", Rank::Baskets),
    ("support", Rank::Support),
    ("confidence", Rank::Confidence),
    ("lift", Rank::Lift),
    ("cosine", Rank::Cosine),
];

/// What is asked of items by their places.
pub(super) struct Rules {
    pub(super) n_baskets: u64,
    /// In how many baskets each item is.
    pub(super) sizes: Vec<u32>,
    pub(super) min_support: Least,
    pub(super) min_confidence: Option<Least>,
    pub(super) rank: Rank,
    pub(super) limit: usize,
}

/// Ordered pairs, and how many baskets have both.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) items: Vec<u32>,
    pub(super) others: Vec<u32>,
    pub(super) baskets: Vec<i64>,
}

impl Least {
    pub(super) fn count(count: u32) -> Self {
        Self { units: count.into(), scale: 0, is_share: false }
    }

    /// Reads `min_support`.
    pub(super) fn support(value: &Value) -> Result<Self> {
        let least = Self::parse(value).filter(|least| least.units > 0);
        least.ok_or_else(|| {
            let sentence =
                format!("\"min_support\" must be a count from 1 on, such as 10, or a share below 1, such as 0.01, found {value}");
            Error::bad_query(sentence).at_column("min_support")
        })
    }

    /// Reads `min_confidence`.
    pub(super) fn confidence(value: &Value) -> Result<Self> {
        let least = Self::parse(value).filter(|least| (0..=pow10(least.scale)).contains(&least.units));
        let least = least.ok_or_else(|| {
            let sentence = format!("\"min_confidence\" must be a share from 0 to 1, such as 0.25, found {value}");
            Error::bad_query(sentence).at_column("min_confidence")
        })?;
        Ok(Self { is_share: true, ..least })
    }

    fn parse(value: &Value) -> Option<Self> {
        // Without an exponent, which JSON may have.
        let plain = number(&Value::String(value.as_f64()?.to_string()));
        let decimal = plain.filter(|decimal| decimal.scale <= MOST_DIGITS && decimal.units.abs() < pow10(18))?;
        let scale = u32::from(decimal.scale);
        Some(Self { units: decimal.units, scale, is_share: decimal.units < pow10(scale) })
    }

    pub(super) fn holds(&self, count: u64, whole: u64) -> bool {
        let whole = if self.is_share { i128::from(whole) } else { 1 };
        i128::from(count) * pow10(self.scale) >= self.units * whole
    }

    /// The same in SQL, of integers.
    pub(super) fn sql(&self, count: &str, whole: &str) -> String {
        let of_one = pow10(self.scale);
        match self.is_share {
            true if self.scale == 0 => format!("{count} >= {} * {whole}", self.units),
            true => format!("{count} * {of_one} >= {} * {whole}", self.units),
            false => format!("{count} >= {}", (self.units + of_one - 1) / of_one),
        }
    }
}

impl Rank {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let known = RANKS.iter().find(|(name, _)| *name == text);
        known.map(|(_, rank)| *rank).ok_or_else(|| unknown(&format!("\"rank\" {text:?}"), text, &RANKS.map(|(name, _)| name)))
    }
}

impl Rules {
    /// The best rules, in order. `members` are baskets and their items' places, by basket. With `only`, those of one item; of
    /// none where that is not among them.
    pub(super) fn find(&self, mut members: Vec<(u32, u32)>, only: Option<Option<u32>>) -> Result<Found> {
        members.sort_unstable();
        let mut found = Found::default();
        if only == Some(None) {
            return Ok(found);
        }
        let only = only.flatten();
        let mut starts: Vec<u32> = vec![];
        // The baskets of each item, by the places of the item's rows among the members.
        let mut rows_of: Vec<Vec<u32>> = vec![vec![]; self.sizes.len()];
        let mut n_pairs = 0;
        for basket in members.chunk_by(|a, b| a.0 == b.0) {
            let start = starts.len() as u32;
            let size = basket.len() as u64;
            n_pairs += match only {
                Some(only) if basket.binary_search_by_key(&only, |(_, item)| *item).is_ok() => size,
                Some(_) => 0,
                None => size * size / 2,
            };
            for (row, (_, item)) in (start..).zip(basket) {
                rows_of[*item as usize].push(row);
                starts.push(start);
            }
        }
        if n_pairs > MOST_PAIRS {
            let sentence = format!(
                "the baskets have {n_pairs} pairs of items, more than the {MOST_PAIRS} that can be counted; raise \"min_support\", or \
                 leave the largest baskets out"
            );
            return Err(Error::bad_query(sentence).at_column("min_support"));
        }
        let (mut together, mut others) = (vec![0u32; self.sizes.len()], vec![]);
        let mut worst = f64::NEG_INFINITY;
        for item in only.map_or(0..self.sizes.len() as u32, |only| only..only + 1) {
            for &row in &rows_of[item as usize] {
                let start = starts[row as usize];
                // Of all items, each is counted with those behind it.
                let from = if only.is_some() { start } else { row };
                let behind =
                    members[from as usize..].iter().zip(&starts[from as usize..]).take_while(|(_, other)| **other == start);
                for ((_, other), _) in behind {
                    let together = &mut together[*other as usize];
                    if *together == 0 {
                        others.push(*other);
                    }
                    *together += 1;
                }
            }
            for other in others.drain(..) {
                let baskets = std::mem::take(&mut together[other as usize]);
                if other == item || !self.min_support.holds(baskets.into(), self.n_baskets) {
                    continue;
                }
                self.add(&mut found, &mut worst, item, other, baskets);
                if only.is_none() {
                    self.add(&mut found, &mut worst, other, item, baskets);
                }
            }
        }
        self.keep_best(&mut found);
        Ok(found)
    }

    /// Adds a rule, if it may be among the best. `worst` is what the last of them has, once there are enough.
    fn add(&self, found: &mut Found, worst: &mut f64, item: u32, other: u32, baskets: u32) {
        let of_item = self.sizes[item as usize].into();
        if !self.min_confidence.is_none_or(|least| least.holds(baskets.into(), of_item)) {
            return;
        }
        if self.order(self.rank, item, other, baskets.into()) < *worst {
            return;
        }
        found.items.push(item);
        found.others.push(other);
        found.baskets.push(baskets.into());
        if found.items.len() >= 2 * self.limit + MORE_ROWS {
            self.keep_best(found);
            let last = found.items.len().checked_sub(1);
            *worst = last.map_or(f64::INFINITY, |at| self.order(self.rank, found.items[at], found.others[at], found.baskets[at]));
        }
    }

    fn keep_best(&self, found: &mut Found) {
        let each = || found.items.iter().zip(&found.others).zip(&found.baskets);
        let ranks = each().map(|((&item, &other), &baskets)| self.order(self.rank, item, other, baskets)).collect();
        let places = |items: &[u32]| SortKey::new(&Values::ints(items.iter().map(|&item| i64::from(item)).collect()), false);
        let keys = [
            SortKey::new(&Values { data: Data::Floats(ranks), valid: None }, true),
            SortKey::new(&Values::ints(found.baskets.clone()), true),
            places(&found.items),
            places(&found.others),
        ];
        let rows = order::sort(found.items.len(), &keys, self.limit);
        *found = Found {
            items: rows.iter().map(|&row| found.items[row as usize]).collect(),
            others: rows.iter().map(|&row| found.others[row as usize]).collect(),
            baskets: rows.iter().map(|&row| found.baskets[row as usize]).collect(),
        };
    }

    /// What a rule is ordered by: one division of exact integers, so that equal rules are equal. A cosine's is its square.
    fn order(&self, rank: Rank, item: u32, other: u32, baskets: i64) -> f64 {
        let (of_item, of_other) = (u64::from(self.sizes[item as usize]), u64::from(self.sizes[other as usize]));
        let together = baskets as u64;
        match rank {
            Rank::Baskets | Rank::Support => together as f64,
            Rank::Confidence => together as f64 / of_item as f64,
            Rank::Lift => (together * self.n_baskets) as f64 / (of_item * of_other) as f64,
            Rank::Cosine => (together * together) as f64 / (of_item * of_other) as f64,
        }
    }

    /// That measure of rules.
    pub(super) fn of(&self, found: &Found, rank: Rank) -> Vec<f64> {
        let each = found.items.iter().zip(&found.others).zip(&found.baskets);
        each.map(|((&item, &other), &baskets)| match rank {
            Rank::Support => baskets as f64 / self.n_baskets as f64,
            Rank::Cosine => {
                baskets as f64 / (f64::from(self.sizes[item as usize]) * f64::from(self.sizes[other as usize])).sqrt()
            }
            rank => self.order(rank, item, other, baskets),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(sizes: Vec<u32>, rank: Rank, limit: usize) -> Rules {
        let min_support = Least::count(1);
        Rules { n_baskets: 40, sizes, min_support, min_confidence: None, rank, limit }
    }

    /// 40 baskets of 150 items, the more of an item the lower its place.
    fn members() -> (Vec<(u32, u32)>, Vec<u32>) {
        let has = |basket: u32, item: u32| (basket * 7 + item * item) % 150 >= item;
        let pairs = (0..40).flat_map(|basket| (0..150).map(move |item| (basket, item)));
        let members: Vec<(u32, u32)> = pairs.filter(|&(basket, item)| has(basket, item)).collect();
        let sizes = (0..150).map(|item| members.iter().filter(|(_, own)| *own == item).count() as u32).collect();
        (members, sizes)
    }

    #[test]
    fn the_worst_are_dropped_on_the_way_as_at_the_end() {
        let (members, sizes) = members();
        for (_, rank) in RANKS {
            let all = rules(sizes.clone(), rank, 100_000).find(members.clone(), None).unwrap();
            assert!(all.items.len() > 3 * MORE_ROWS);
            for limit in [0, 1, 100, 5_000] {
                let few = rules(sizes.clone(), rank, limit).find(members.clone(), None).unwrap();
                let first = |found: &Found| (found.items[..limit].to_vec(), found.others[..limit].to_vec());
                assert_eq!((few.items.len(), first(&few)), (limit, first(&all)), "{rank:?} {limit}");
            }
        }
    }

    #[test]
    fn what_goes_with_one_item_is_what_all_rules_say_of_it() {
        let (members, sizes) = members();
        let of = |only| {
            let found = rules(sizes.clone(), Rank::Cosine, 100_000).find(members.clone(), only).unwrap();
            let rows = found.items.into_iter().zip(found.others).zip(found.baskets);
            rows.filter(|((item, _), _)| *item == 17).collect::<Vec<_>>()
        };
        assert_eq!(of(Some(Some(17))), of(None));
        assert_eq!(of(Some(None)), []);
    }

    #[test]
    fn too_many_pairs_are_refused_and_one_item_s_are_not() {
        let members: Vec<(u32, u32)> = (0..90_000).map(|item| (1, item)).collect();
        let asked = rules(vec![1; 90_000], Rank::Lift, 3);
        let error = asked.find(members.clone(), None).unwrap_err();
        let sentence = "the baskets have 4050000000 pairs of items, more than the 4000000000 that can be counted; raise \
                        \"min_support\", or leave the largest baskets out";
        assert_eq!(error.to_string(), sentence);
        assert_eq!(asked.find(members, Some(Some(7))).unwrap().others, [0, 1, 2]);
    }

    #[test]
    fn supports_are_counts_or_shares_exactly() {
        for (value, count, whole, holds) in [
            (json!(2), 2, 9, true),
            (json!(2.5), 2, 9, false),
            (json!(0.1), 3, 30, true),
            (json!(0.3), 3, 10, true),
            (json!(0.3), 2, 10, false),
            (json!(0.000000001), 1, 1_000_000_000, true),
            (json!(1), 1, 30, true),
        ] {
            assert_eq!(Least::support(&value).map(|least| least.holds(count, whole)), Ok(holds), "{value}");
        }
        for value in [json!(0), json!(-1), json!("x"), json!([1]), json!(0.0000000001)] {
            assert!(Least::support(&value).is_err(), "{value}");
        }
        assert!(Least::confidence(&json!(1)).unwrap().holds(5, 5));
        assert!(!Least::confidence(&json!(1)).unwrap().holds(4, 5));
        assert!(Least::confidence(&json!(1.5)).is_err());
    }
}
