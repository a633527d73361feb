//! Pairs of dense numbers as dense numbers: groups by several keys, one key more at a time.

use hashbrown::HashTable;

use super::hash::mix64;

/// A table of dense products is cheaper than hashing up to this many entries.
const WIDEST_PRODUCT: usize = 1 << 22;

/// Distinct pairs of numbers, numbered 0, 1, 2, … as they come.
#[derive(Debug, Default)]
pub struct Pairs {
    pairs: Vec<(u32, u32)>,
    /// The number plus 1 of `(a, b)` at `a * stride + b`, while that is small.
    direct: Vec<u32>,
    stride: usize,
    hashed: HashTable<u32>,
    is_hashed: bool,
    /// While hashed: the first pair of each number of the side that has more of them, as the other side's number and
    /// the pair's. Such as an item's category, often the only one: only the others are in `hashed`.
    first_pairs: Vec<(u32, u32)>,
    by_second: bool,
}

/// The most numbers that a first pair is kept of, in 128 MiB.
const MOST_FIRST_PAIRS: usize = 1 << 24;
/// Pairs that are looked up together.
const CHUNK: usize = 1_024;
const NO_PAIR: (u32, u32) = (u32::MAX, u32::MAX);

fn hash_pair((a, b): (u32, u32)) -> u64 {
    mix64(u64::from(a) << 32 | u64::from(b))
}

impl Pairs {
    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The pair of a number.
    pub fn get(&self, number: u32) -> (u32, u32) {
        self.pairs[number as usize]
    }

    /// Puts the number of `(firsts[i], seconds[i])` in `firsts[i]`. All firsts are below `n_firsts`, seconds below `n_seconds`.
    pub fn of(&mut self, firsts: &mut [u32], n_firsts: usize, seconds: &[u32], n_seconds: usize) {
        if !self.is_hashed {
            self.cover(n_firsts, n_seconds);
        }
        if self.is_hashed {
            return self.by_first_pair(firsts, n_firsts, seconds, n_seconds);
        }
        for (first, &second) in firsts.iter_mut().zip(seconds) {
            let number = &mut self.direct[*first as usize * self.stride + second as usize];
            if *number == 0 {
                self.pairs.push((*first, second));
                *number = self.pairs.len() as u32;
            }
            *first = *number - 1;
        }
    }

    fn cover(&mut self, n_firsts: usize, n_seconds: usize) {
        let stride = n_seconds.next_power_of_two().max(self.stride);
        let len = n_firsts.next_power_of_two().saturating_mul(stride);
        if len > WIDEST_PRODUCT {
            self.is_hashed = true;
            self.direct = Vec::new();
        } else if len > self.direct.len() || stride != self.stride {
            self.stride = stride;
            self.direct = vec![0; len.max(self.direct.len())];
            for (i, &(a, b)) in self.pairs.iter().enumerate() {
                self.direct[a as usize * stride + b as usize] = i as u32 + 1;
            }
        }
    }

    #[inline(never)]
    fn by_first_pair(&mut self, firsts: &mut [u32], n_firsts: usize, seconds: &[u32], n_seconds: usize) {
        let by_second = n_seconds > n_firsts;
        if by_second != self.by_second || self.first_pairs.is_empty() {
            self.by_second = by_second;
            self.keep_first_pairs();
        }
        let n_kept = n_firsts.max(n_seconds).min(MOST_FIRST_PAIRS);
        if n_kept > self.first_pairs.len() {
            self.first_pairs.resize(n_kept, NO_PAIR);
        }
        for (firsts, seconds) in firsts.chunks_mut(CHUNK).zip(seconds.chunks(CHUNK)) {
            // All loads first: their cache misses then overlap, which they do not behind branches that nobody foresees.
            let mut known = [NO_PAIR; CHUNK];
            let ofs = if by_second { seconds } else { &*firsts };
            for (known, &of) in known.iter_mut().zip(ofs) {
                *known = self.first_pairs.get(of as usize).copied().unwrap_or(NO_PAIR);
            }
            for ((first, &second), &(known, number)) in firsts.iter_mut().zip(seconds).zip(&known) {
                let other = if by_second { *first } else { second };
                *first = if known == other && number != NO_PAIR.1 { number } else { self.by_first_or_hash((*first, second)) };
            }
        }
    }

    fn by_first_or_hash(&mut self, pair: (u32, u32)) -> u32 {
        let (of, other) = if self.by_second { (pair.1, pair.0) } else { pair };
        match self.first_pairs.get_mut(of as usize) {
            Some((known, number)) if *known == other && *number != NO_PAIR.1 => *number,
            Some(first_pair) if *first_pair == NO_PAIR => {
                let number = self.pairs.len() as u32;
                *first_pair = (other, number);
                self.pairs.push(pair);
                number
            }
            _ => self.by_hash(pair),
        }
    }

    /// Sorts the pairs anew into first ones and others.
    fn keep_first_pairs(&mut self) {
        self.first_pairs.clear();
        self.hashed.clear();
        for (number, &pair) in self.pairs.iter().enumerate() {
            let (of, other) = if self.by_second { (pair.1, pair.0) } else { pair };
            let of = of as usize;
            if of < MOST_FIRST_PAIRS && of >= self.first_pairs.len() {
                self.first_pairs.resize(of + 1, NO_PAIR);
            }
            match self.first_pairs.get_mut(of) {
                Some(first_pair) if *first_pair == NO_PAIR => *first_pair = (other, number as u32),
                _ => {
                    self.hashed.insert_unique(hash_pair(pair), number as u32, |&i| hash_pair(self.pairs[i as usize]));
                }
            }
        }
    }

    fn by_hash(&mut self, pair: (u32, u32)) -> u32 {
        let Self { pairs, hashed, .. } = self;
        let hash = hash_pair(pair);
        if let Some(&i) = hashed.find(hash, |&i| pairs[i as usize] == pair) {
            return i;
        }
        pairs.push(pair);
        hashed.insert_unique(hash, pairs.len() as u32 - 1, |&i| hash_pair(pairs[i as usize]));
        pairs.len() as u32 - 1
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        8 * (self.pairs.capacity() + self.first_pairs.capacity()) + 4 * self.direct.capacity() + 5 * self.hashed.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pairs_alike_by_table_and_by_hash() {
        let mut pairs = Pairs::default();
        let mut firsts = vec![1, 2, 1, 0];
        pairs.of(&mut firsts, 3, &[5, 5, 5, 1], 6);
        assert_eq!(firsts, [0, 1, 0, 2]);
        let mut firsts = vec![2, 4_000_000];
        pairs.of(&mut firsts, 4_000_001, &[5, 9], 10);
        assert_eq!((firsts, pairs.get(3)), (vec![1, 3], (4_000_000, 9)));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 40, ..Default::default() })]
        #[test]
        fn numbers_pairs_as_they_come(n_firsts in 1usize..5_000, n_seconds in 1usize..5_000, n in 0usize..300, few in 1u64..40) {
            let (mut pairs, mut known) = (Pairs::default(), vec![]);
            for round in 0..4u64 {
                let number = |i: usize, n: usize| (mix64(i as u64 % few * round.max(1)) % n as u64) as u32;
                let mut firsts: Vec<u32> = (0..n).map(|i| number(i, n_firsts)).collect();
                let seconds: Vec<u32> = (0..n).map(|i| number(i + 1, n_seconds)).collect();
                let expected: Vec<u32> = firsts.iter().zip(&seconds).map(|(&a, &b)| {
                    let at = known.iter().position(|&pair| pair == (a, b)).unwrap_or(known.len());
                    known.resize(known.len().max(at + 1), (a, b));
                    at as u32
                }).collect();
                // The sides grow, and change which of them has more numbers.
                let (more, fewer) = (n_firsts << (2 * round), n_seconds << (2 * (round ^ 2)));
                pairs.of(&mut firsts, more, &seconds, fewer);
                assert_eq!(firsts, expected);
            }
        }
    }
}
