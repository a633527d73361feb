//! A set of pairs of 32-bit numbers, packed into words with linear probing.

use super::hash::mix64;

/// Pairs whose second number is never 0.
#[derive(Debug, Default)]
pub struct PairSet {
    /// `first << 32 | second`, or 0 for a free slot; a power of two of them.
    slots: Vec<u64>,
    len: usize,
}

impl PairSet {
    /// Makes room for so many more pairs.
    pub fn reserve(&mut self, more: usize) {
        let needed = (self.len + more) * 2;
        if needed > self.slots.len() && self.len * 2 >= self.slots.len() / 2 {
            self.grow(needed.next_power_of_two());
        }
    }

    /// Adds a pair; whether it is new.
    #[inline]
    pub fn insert(&mut self, first: u32, second: u32) -> bool {
        debug_assert!(second != 0);
        if self.len * 4 >= self.slots.len() * 3 {
            self.grow((self.slots.len() * 2).max(64));
        }
        let word = u64::from(first) << 32 | u64::from(second);
        let slot = find(&self.slots, word);
        let is_new = self.slots[slot] == 0;
        self.slots[slot] = word;
        self.len += usize::from(is_new);
        is_new
    }

    /// All pairs, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        self.slots.iter().filter(|&&word| word != 0).map(|&word| ((word >> 32) as u32, word as u32))
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        8 * self.slots.capacity()
    }

    fn grow(&mut self, n_slots: usize) {
        let old = std::mem::replace(&mut self.slots, vec![0; n_slots]);
        for word in old.into_iter().filter(|&word| word != 0) {
            let slot = find(&self.slots, word);
            self.slots[slot] = word;
        }
    }
}

/// The slot that holds `word`, or the free one where it belongs.
#[inline]
fn find(slots: &[u64], word: u64) -> usize {
    let mask = slots.len() - 1;
    let mut slot = mix64(word) as usize & mask;
    while slots[slot] != word && slots[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_each_pair_once() {
        let mut set = PairSet::default();
        for round in 0..2 {
            for first in 0..100 {
                for second in 1..100 {
                    assert_eq!(set.insert(first, second), round == 0);
                }
            }
        }
        assert_eq!(set.iter().count(), 9_900);
    }
}
