//! Values as dense numbers 1, 2, 3, … in the order in which they first came; 0 is null.
//!
//! Grouping, counting distinct values and comparing text all work on these numbers. Integers whose range
//! is small are looked up in a table, others by hash; text is looked up once per dictionary entry.

mod ranked;

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{Array, StringArray};
use ranked::RankedIds;

use super::dictionary::Dictionary;
use super::hash::mix64;
use super::values::{Data, Texts, Values};
use crate::{Error, Result};

/// The number of null.
pub const NULL: u32 = 0;

/// Distinct values of one column.
#[derive(Debug)]
pub enum Ids {
    /// Of integers, decimals, times or booleans.
    Ints(IntIds),
    /// Of integers that come as places in a list of distinct ones: a place plus 1 is its number, whether it occurs or not.
    Ranked(RankedIds),
    /// Of decimals beyond 64 bits, and of UUIDs.
    Wide(HashedIds<i128>),
    /// Of text.
    Texts(Box<TextIds>),
}

/// All values of the parts, one part behind the other; texts, which may be of a dictionary for each part, by the places of one.
///
/// # Errors
///
/// As [`Values::concat`], and where one dictionary would outgrow 2 GiB.
#[cfg(feature = "live")]
pub fn concat(parts: Vec<Values>) -> Result<Values> {
    if !parts.iter().any(|part| matches!(part.data, Data::Codes(..))) {
        return Values::concat(parts);
    }
    let mut ids = Ids::no_texts();
    let numbers = parts.iter().map(|part| ids.of(part)).collect::<Result<Vec<_>>>()?;
    Ok(ids.values(&numbers.concat()))
}

impl Ids {
    /// No values yet, of the shape of `values`.
    pub fn like(values: &Values) -> Self {
        match &values.data {
            Data::Ints(_) | Data::Floats(_) => Self::Ints(IntIds::default()),
            Data::Ranked(_, steps) => Self::Ranked(RankedIds::new(steps.clone())),
            Data::Wide(_) => Self::Wide(HashedIds::default()),
            Data::Codes(..) => Self::Texts(Box::default()),
        }
    }

    /// No texts yet.
    pub fn no_texts() -> Self {
        Self::Texts(Box::default())
    }

    /// The text of a number; empty for null, and where the values are no text.
    pub fn text(&self, number: u32) -> &str {
        match self {
            Self::Texts(ids) if number != NULL => ids.text(number - 1),
            _ => "",
        }
    }

    /// One more than the highest number given.
    pub fn len(&self) -> usize {
        1 + match self {
            Self::Ints(ids) => ids.known.values.len(),
            Self::Ranked(ids) => ids.n_values(),
            Self::Wide(ids) => ids.values.len(),
            Self::Texts(ids) => ids.dictionary.len(),
        }
    }

    /// Whether numbers stand for values that may not have come.
    pub fn are_ranked(&self) -> bool {
        matches!(self, Self::Ranked(_))
    }

    /// Whether no value has come yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 1
    }

    /// The number of each value; new values get new numbers.
    ///
    /// # Errors
    ///
    /// When the values are of another shape, or hold more than 2 GiB of distinct text.
    pub fn of(&mut self, values: &Values) -> Result<Vec<u32>> {
        if let (Self::Ints(ids), Data::Wide(_)) = (&*self, &values.data) {
            // A decimal column has grown beyond 64 bits between two batches.
            let values = ids.known.values.iter().map(|&v| i128::from(v)).collect();
            *self = Self::Wide(HashedIds { values, slots: vec![] });
        }
        if let (Self::Ranked(ids), Data::Ints(_)) = (&*self, &values.data) {
            *self = Self::Ints(IntIds::from_values(&ids.all()));
        }
        let valid = values.valid.as_deref();
        let mut numbers = match (self, &values.data) {
            (Self::Ranked(ids), Data::Ranked(places, steps)) => ids.of(places, steps, valid),
            (Self::Ints(ids), Data::Ranked(places, steps)) => ids.of(&without_nulls(&steps.at(places), valid)),
            (Self::Ints(ids), Data::Ints(values)) => ids.of(&without_nulls(values, valid)),
            (Self::Wide(ids), values @ (Data::Wide(_) | Data::Ints(_))) => ids.of(&without_nulls(&values.wide()?, valid)),
            (Self::Texts(ids), Data::Codes(codes, texts)) => ids.of(codes, texts, values.valid.as_deref())?,
            _ => return Err(Error::bad_state("a column changed its type between two batches")),
        };
        numbers.resize(values.len(), NULL);
        if let Some(valid) = &values.valid {
            numbers.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(number, _)| *number = NULL);
        }
        Ok(numbers)
    }

    /// The values of some numbers.
    pub fn values(&self, numbers: &[u32]) -> Values {
        let valid = numbers.contains(&NULL).then(|| numbers.iter().map(|&n| n != NULL).collect());
        let data = match self {
            Self::Ints(ids) => {
                Data::Ints(numbers.iter().map(|&n| if n == NULL { 0 } else { ids.known.values[n as usize - 1] }).collect())
            }
            Self::Ranked(ids) => Data::Ints(numbers.iter().map(|&n| if n == NULL { 0 } else { ids.value(n) }).collect()),
            Self::Wide(ids) => {
                Data::Wide(numbers.iter().map(|&n| if n == NULL { 0 } else { ids.values[n as usize - 1] }).collect())
            }
            Self::Texts(ids) if numbers.len() < ids.dictionary.len() / 4 => {
                let text = |&number: &u32| if number == NULL { "" } else { ids.text(number - 1) };
                let codes = (0..numbers.len() as u32).collect();
                Data::Codes(codes, Texts(Arc::new(StringArray::from_iter_values(numbers.iter().map(text)))))
            }
            Self::Texts(ids) => {
                // Number n stands at place n: the first place is null's.
                let texts = std::iter::once("").chain((0..ids.dictionary.len() as u32).map(|code| ids.text(code)));
                Data::Codes(numbers.to_vec(), Texts(Arc::new(StringArray::from_iter_values(texts))))
            }
        };
        Values { data, valid }
    }

    /// The same, integers as places in a list of distinct ones where they came so.
    pub fn ranked_values(&self, numbers: &[u32]) -> Values {
        let Self::Ranked(ids) = self else { return self.values(numbers) };
        let Some(steps) = ids.only_steps() else { return self.values(numbers) };
        let valid = numbers.contains(&NULL).then(|| numbers.iter().map(|&n| n != NULL).collect());
        Values { data: Data::Ranked(numbers.iter().map(|n| n.saturating_sub(1)).collect(), steps.clone()), valid }
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        match self {
            Self::Ints(ids) => ids.size(),
            Self::Ranked(ids) => ids.size(),
            Self::Wide(ids) => ids.size(),
            Self::Texts(ids) => ids.dictionary.size() + 4 * ids.moved.capacity(),
        }
    }
}

/// The values with one that is there in the place of nulls: what a null row holds must not get a number. All null,
/// there is no value at all.
fn without_nulls<'a, T: Copy>(values: &'a [T], valid: Option<&[bool]>) -> Cow<'a, [T]> {
    let Some(valid) = valid else { return Cow::Borrowed(values) };
    let Some(first) = valid.iter().position(|&valid| valid) else { return Cow::Owned(vec![]) };
    Cow::Owned(values.iter().zip(valid).map(|(&value, &valid)| if valid { value } else { values[first] }).collect())
}

/// The widest range that has a table: four bytes an entry make 32 MiB.
const WIDEST_DIRECT: i128 = 1 << 23;
/// A table may have so many entries for each value that has come: clearing it must cost less than hashing them.
const ENTRIES_PER_VALUE: i128 = 2;

/// Values that are looked up together.
const CHUNK: usize = 1_024;

/// Distinct 64-bit integers.
#[derive(Debug, Default)]
pub struct IntIds {
    known: HashedIds<i64>,
    /// Values that have come, equal ones too.
    n_seen: usize,
    /// The least and the greatest.
    range: Option<(i64, i64)>,
    /// The number of `base + i`, 0 if it has none yet. Empty where the range is too wide for the values so far: they are
    /// then looked up by hash.
    direct: Vec<u32>,
    base: i64,
}

impl IntIds {
    /// Distinct values, numbered in their order.
    fn from_values(values: &[i64]) -> Self {
        let mut ids = Self::default();
        ids.of(values);
        ids
    }

    fn size(&self) -> usize {
        self.known.size() + 4 * self.direct.capacity()
    }

    fn of(&mut self, values: &[i64]) -> Vec<u32> {
        let Some(&first) = values.first() else { return vec![] };
        self.n_seen += values.len();
        let range = values.iter().fold(self.range.unwrap_or((first, first)), |(min, max), &v| (min.min(v), max.max(v)));
        self.range = Some(range);
        self.cover(range);
        if self.direct.is_empty() { self.known.of(values) } else { self.by_table_all(values) }
    }

    /// Makes the table reach over the range, or gives it up.
    fn cover(&mut self, (min, max): (i64, i64)) {
        let (low, high) = (i128::from(min), i128::from(max) + 1);
        let (base, end) = (i128::from(self.base), i128::from(self.base) + self.direct.len() as i128);
        if !self.direct.is_empty() && low >= base && high <= end {
            return;
        }
        if high - low > WIDEST_DIRECT.min(ENTRIES_PER_VALUE * self.n_seen as i128) {
            self.direct = Vec::new();
            return;
        }
        self.known.slots = Vec::new();
        // Some room at both ends, so that the next values' few outliers do not move the table again.
        let room = if self.known.values.is_empty() { 0 } else { (high - low) / 4 };
        self.base = (low - room).max(i128::from(i64::MIN)) as i64;
        self.direct = Vec::new();
        self.direct = vec![0; (high + room - i128::from(self.base)) as usize];
        for (i, &value) in self.known.values.iter().enumerate() {
            self.direct[value.wrapping_sub(self.base) as usize] = i as u32 + 1;
        }
    }

    /// Every value must be within the table. Without a branch on whether a value is new, since nobody could foresee it.
    #[inline(never)]
    fn by_table_all(&mut self, values: &[i64]) -> Vec<u32> {
        let Self { known: HashedIds { values: known, .. }, direct, base, .. } = self;
        let mut n_known = known.len();
        known.resize(n_known + values.len(), 0);
        let number_of = |&value: &i64| {
            let number = &mut direct[value.wrapping_sub(*base) as usize];
            let is_new = *number == 0;
            known[n_known] = value;
            n_known += usize::from(is_new);
            *number = if is_new { n_known as u32 } else { *number };
            *number
        };
        let numbers = values.iter().map(number_of).collect();
        known.truncate(n_known);
        numbers
    }
}

/// What can be looked up by hash.
pub trait Hashed: Copy + Default + Eq {
    /// The same on every machine.
    fn hash(self) -> u64;
}

impl Hashed for i64 {
    fn hash(self) -> u64 {
        mix64(self as u64)
    }
}

impl Hashed for i128 {
    fn hash(self) -> u64 {
        mix64(self as u64 ^ mix64((self >> 64) as u64))
    }
}

/// Distinct values, numbered by their hash.
#[derive(Debug, Default)]
pub struct HashedIds<T> {
    values: Vec<T>,
    /// Numbers by the hash of their value, 0 in a free slot; a power of two of them, at most half of them taken. Empty
    /// before the first is looked up.
    slots: Vec<u32>,
}

impl<T: Hashed> HashedIds<T> {
    fn size(&self) -> usize {
        size_of::<T>() * self.values.capacity() + 4 * self.slots.capacity()
    }

    fn of(&mut self, values: &[T]) -> Vec<u32> {
        let mut numbers = vec![0; values.len()];
        for (values, numbers) in values.chunks(CHUNK).zip(numbers.chunks_mut(CHUNK)) {
            if 2 * (self.values.len() + values.len()) > self.slots.len() {
                self.rehash();
            }
            self.of_chunk(values, numbers);
        }
        numbers
    }

    /// There must be room for all `values`, a chunk at most.
    #[inline(never)]
    fn of_chunk(&mut self, values: &[T], numbers: &mut [u32]) {
        let Self { values: known, slots } = self;
        let mask = slots.len() - 1;
        // All slots first: their cache misses then overlap, which they do not behind branches that nobody foresees.
        let mut found = [(0, 0); CHUNK];
        for (&value, found) in values.iter().zip(&mut found) {
            let slot = value.hash() as usize & mask;
            *found = (slot as u32, slots[slot]);
        }
        for ((&value, number), &(slot, first)) in values.iter().zip(numbers).zip(&found) {
            let mut slot = slot as usize;
            let mut candidate = if first == 0 { slots[slot] } else { first };
            loop {
                if candidate == 0 {
                    known.push(value);
                    candidate = known.len() as u32;
                    slots[slot] = candidate;
                    break;
                }
                if known[candidate as usize - 1] == value {
                    break;
                }
                slot = (slot + 1) & mask;
                candidate = slots[slot];
            }
            *number = candidate;
        }
    }

    /// Makes room for at least as many values as there are, and a chunk.
    fn rehash(&mut self) {
        self.slots = Vec::new();
        self.slots = vec![0; (self.values.len().max(CHUNK) * 4).next_power_of_two()];
        let mask = self.slots.len() - 1;
        for (i, &value) in self.values.iter().enumerate() {
            let mut slot = value.hash() as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = i as u32 + 1;
        }
    }
}

/// Distinct texts.
#[derive(Debug, Default)]
pub struct TextIds {
    dictionary: Dictionary,
    /// The dictionary of the last batch, and the number of each of its entries, 0 where not yet looked up.
    last: Option<Texts>,
    moved: Vec<u32>,
}

impl TextIds {
    fn of(&mut self, codes: &[u32], texts: &Texts, valid: Option<&[bool]>) -> Result<Vec<u32>> {
        if !self.last.as_ref().is_some_and(|last| last.is(texts)) {
            self.last = Some(texts.clone());
            self.moved = vec![0; texts.0.len()];
        }
        let mut numbers: Vec<u32> = codes.iter().map(|&code| self.moved.get(code as usize).copied().unwrap_or(NULL)).collect();
        if !numbers.contains(&NULL) {
            return Ok(numbers);
        }
        for (row, (number, &code)) in numbers.iter_mut().zip(codes).enumerate().filter(|(_, (number, _))| **number == NULL) {
            if valid.is_none_or(|valid| valid[row]) {
                *number = match self.moved[code as usize] {
                    NULL => self.dictionary.code(texts.get(code).as_bytes())? + 1,
                    known => known,
                };
                self.moved[code as usize] = *number;
            }
        }
        Ok(numbers)
    }

    fn text(&self, code: u32) -> &str {
        std::str::from_utf8(self.dictionary.get(code)).expect("texts come from Arrow strings")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_integers_alike_by_table_and_by_hash() {
        let batches: [&[i64]; 5] = [&[5, 7, 5], &[-3, 9, 7], &[i64::MAX, 5], &[i64::MIN, 9], &[5, -3]];
        let mut ids = Ids::Ints(IntIds::default());
        let numbers: Vec<Vec<u32>> = batches.iter().map(|b| ids.of(&Values::ints(b.to_vec())).unwrap()).collect();
        assert_eq!(numbers, [vec![1, 2, 1], vec![3, 4, 2], vec![5, 1], vec![6, 4], vec![1, 3]]);
        assert!(matches!(ids.values(&[5, 3]).data, Data::Ints(v) if v == [i64::MAX, -3]));
    }

    proptest::proptest! {
        #[test]
        fn numbers_integers_as_they_come(batches in proptest::collection::vec((-9_000i64..9_000, 1i64..30_000, 1usize..4_000), 1..6)) {
            // Ranges that fit a table, outgrow it and fit it again as more values come.
            let (mut ids, mut known) = (IntIds::default(), std::collections::HashMap::new());
            let mut next = 1u64;
            for (low, width, n) in batches {
                let mut value = || {
                    next = mix64(next + 1);
                    low + (next % width as u64) as i64 * if next.is_multiple_of(1_000) { 1_000 } else { 1 }
                };
                let values: Vec<i64> = (0..n).map(|_| value()).collect();
                let expected: Vec<u32> = values
                    .iter()
                    .map(|&v| {
                        let n_known = known.len() as u32;
                        *known.entry(v).or_insert(n_known + 1)
                    })
                    .collect();
                assert_eq!(ids.of(&values), expected);
            }
            assert_eq!(ids.known.values.len(), known.len());
        }
    }

    #[test]
    fn what_stands_at_a_null_gets_no_number() {
        let values = |valid: [bool; 3]| Values { data: Data::Ints(vec![0, 5, 6]), valid: Some(valid.to_vec()) };
        let mut ids = Ids::Ints(IntIds::default());
        assert_eq!(ids.of(&values([false, true, true])).unwrap(), [NULL, 1, 2]);
        assert_eq!(ids.of(&values([false; 3])).unwrap(), [NULL; 3]);
        assert_eq!(ids.len(), 3);
    }

    #[test]
    fn numbers_text_alike_in_any_dictionary() {
        let texts = |t: &[&str]| Texts(Arc::new(StringArray::from_iter_values(t)));
        let values = |codes: &[u32], t: &Texts| Values { data: Data::Codes(codes.to_vec(), t.clone()), valid: None };
        let (first, second) = (texts(&["pv", "buy", "unused"]), texts(&["buy", "cart", "buy"]));
        let mut ids = Ids::Texts(Box::default());
        assert_eq!(ids.of(&values(&[1, 0, 1], &first)).unwrap(), [1, 2, 1]);
        assert_eq!(ids.of(&values(&[0, 1, 2], &second)).unwrap(), [1, 3, 1]);
        assert_eq!(ids.of(&values(&[0], &first)).unwrap(), [2]);
    }
}
