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
}

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
            for (first, &second) in firsts.iter_mut().zip(seconds) {
                *first = self.by_hash((*first, second));
            }
            return;
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
            for (i, &pair) in self.pairs.iter().enumerate() {
                self.hashed.insert_unique(hash_pair(pair), i as u32, |&i| hash_pair(self.pairs[i as usize]));
            }
        } else if len > self.direct.len() || stride != self.stride {
            self.stride = stride;
            self.direct = vec![0; len.max(self.direct.len())];
            for (i, &(a, b)) in self.pairs.iter().enumerate() {
                self.direct[a as usize * stride + b as usize] = i as u32 + 1;
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
        8 * self.pairs.capacity() + 4 * self.direct.capacity() + 5 * self.hashed.capacity()
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
}
