//! Places of integers among their distinct values, without hashing or sorting: a bitmap with counts.
//!
//! A bit for each value of the range says whether it occurs; the place of a value is the number of bits below its
//! own: a count kept for every 64 bits, and those of one word. Known as rank on a bit vector (Jacobson, 1989).

/// Distinct integers within a range, to be asked for their places.
#[derive(Debug)]
pub struct Ranks {
    base: i64,
    words: Vec<u64>,
    /// The bits set before each word.
    before: Vec<u32>,
}

impl Ranks {
    /// No integers yet, of those from `min` to `max`; `None` where that takes more than `n_bytes`.
    pub fn new(min: i64, max: i64, n_bytes: usize) -> Option<Self> {
        let n_words = (i128::from(max) - i128::from(min)) as u128 / 64 + 1;
        (n_words <= n_bytes as u128 / 12).then(|| Self { base: min, words: vec![0; n_words as usize], before: vec![] })
    }

    /// Takes integers in, all within the range.
    pub fn insert(&mut self, values: impl Iterator<Item = i64>) {
        for value in values {
            let at = value.wrapping_sub(self.base) as usize;
            self.words[at / 64] |= 1 << (at % 64);
        }
    }

    /// Counts, after the last integer is taken in: how many distinct ones there are.
    pub fn count(&mut self) -> usize {
        let mut n = 0;
        self.before = Vec::with_capacity(self.words.len());
        for word in &self.words {
            self.before.push(n);
            n += word.count_ones();
        }
        n as usize
    }

    /// The place of an integer that was taken in, from 0 on.
    #[inline]
    pub fn place(&self, value: i64) -> u32 {
        let at = value.wrapping_sub(self.base) as usize;
        let below = self.words[at / 64] & ((1 << (at % 64)) - 1);
        self.before[at / 64] + below.count_ones()
    }

    /// All distinct integers, in ascending order.
    pub fn values(&self) -> impl Iterator<Item = i64> {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let base = self.base.wrapping_add(64 * at as i64);
            std::iter::successors((word != 0).then_some(word), |word| Some(word & (word - 1)).filter(|&rest| rest != 0))
                .map(move |rest| base.wrapping_add(i64::from(rest.trailing_zeros())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_sorted_distinct_values() {
        for base in [i64::MIN, -100, 0, i64::MAX - 5_000] {
            let values: Vec<i64> = (0..700i64).map(|i| base + i * i % 4_999).collect();
            let mut sorted = values.clone();
            sorted.sort_unstable();
            sorted.dedup();
            let mut ranks = Ranks::new(sorted[0], sorted[sorted.len() - 1], 1 << 20).unwrap();
            ranks.insert(values.iter().copied());
            assert_eq!(ranks.count(), sorted.len());
            assert_eq!(ranks.values().collect::<Vec<_>>(), sorted);
            for value in values {
                assert_eq!(sorted[ranks.place(value) as usize], value);
            }
        }
    }

    #[test]
    fn a_range_that_is_too_wide_has_none() {
        assert!(Ranks::new(i64::MIN, i64::MAX, 1 << 30).is_none());
        assert!(Ranks::new(0, 63, 12).is_some() && Ranks::new(0, 64, 12).is_none());
    }
}
