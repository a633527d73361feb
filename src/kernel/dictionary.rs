//! Distinct texts, numbered in the order in which they came.

use arrow_array::StringArray;
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use hashbrown::HashTable;

use super::hash::{hash64, mix64};
use crate::{Error, Result};

/// Distinct texts with codes 0, 1, 2, …
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Each code behind a part of its text's hash: growing the table, and passing by another text, look at no text.
    codes: HashTable<(u32, u32)>,
    /// Texts of up to seven bytes, by a hash of the text: event types, yes and no, country codes.
    short: ShortTexts,
}

impl Dictionary {
    /// How many texts it holds.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a code.
    ///
    /// # Panics
    ///
    /// When no text has that code.
    pub fn get(&self, code: u32) -> &[u8] {
        text(&self.bytes, &self.ends, code)
    }

    /// The code of a text, new or known.
    ///
    /// # Errors
    ///
    /// When the texts together pass 2 GiB, more than an Arrow array holds.
    #[inline]
    pub fn code(&mut self, value: &[u8]) -> Result<u32> {
        match self.short.find(value) {
            Some(code) => Ok(code),
            None => self.code_by_hash(value),
        }
    }

    /// The code of the text `bytes[start..end]`, if it is short and came lately.
    #[inline(always)]
    pub fn code_within(&self, bytes: &[u8], start: usize, end: usize) -> Option<u32> {
        self.short.find_key(pack_within(bytes, start, end)?)
    }

    /// The code of a text that is known.
    #[cfg(feature = "live")]
    pub fn find(&self, value: &[u8]) -> Option<u32> {
        self.short.find(value).or_else(|| self.find_by_hash(part_of(value), value))
    }

    fn find_by_hash(&self, part: u32, value: &[u8]) -> Option<u32> {
        let is_same = |&(other, code): &(u32, u32)| other == part && self.get(code) == value;
        self.codes.find(hash_of(part), is_same).map(|&(_, code)| code)
    }

    fn code_by_hash(&mut self, value: &[u8]) -> Result<u32> {
        let part = part_of(value);
        if let Some(code) = self.find_by_hash(part, value) {
            self.short.remember(value, code);
            return Ok(code);
        }
        let Self { bytes, ends, codes, short } = self;
        if bytes.len() + value.len() > i32::MAX as usize {
            return Err(Error::bad_input(
                "one column holds more than 2 GiB of distinct text; drop that column or split the file",
            ));
        }
        let code = ends.len() as u32;
        bytes.extend_from_slice(value);
        ends.push(bytes.len() as u32);
        codes.insert_unique(hash_of(part), (part, code), |&(part, _)| hash_of(part));
        short.remember(value, code);
        Ok(code)
    }

    /// The texts as an Arrow array, at their codes' places.
    pub fn to_array(&self) -> StringArray {
        let offsets = std::iter::once(0).chain(self.ends.iter().map(|&e| e as i32));
        let offsets = OffsetBuffer::new(ScalarBuffer::from_iter(offsets));
        StringArray::new(offsets, Buffer::from_slice_ref(&self.bytes), None)
    }

    /// Forgets all texts, keeping the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.codes.clear();
        self.short = ShortTexts::default();
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.bytes.capacity() + 4 * self.ends.capacity() + self.codes.capacity() * 9 + size_of::<ShortTexts>()
    }
}

fn part_of(text: &[u8]) -> u32 {
    (hash64(text) >> 32) as u32
}

fn hash_of(part: u32) -> u64 {
    mix64(u64::from(part))
}

fn text<'a>(bytes: &'a [u8], ends: &[u32], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] as usize };
    &bytes[start..ends[code] as usize]
}

const SLOTS: usize = 64;

/// A direct-mapped memo in front of the hash table: the text itself, packed into a word, is the key.
#[derive(Clone, Debug)]
struct ShortTexts {
    keys: [u64; SLOTS],
    codes: [u32; SLOTS],
}

impl Default for ShortTexts {
    fn default() -> Self {
        Self { keys: [u64::MAX; SLOTS], codes: [0; SLOTS] }
    }
}

impl ShortTexts {
    #[inline]
    fn find(&self, value: &[u8]) -> Option<u32> {
        self.find_key(pack(value)?)
    }

    #[inline]
    fn find_key(&self, key: u64) -> Option<u32> {
        (self.keys[slot(key)] == key).then(|| self.codes[slot(key)])
    }

    fn remember(&mut self, value: &[u8], code: u32) {
        if let Some(key) = pack(value) {
            self.keys[slot(key)] = key;
            self.codes[slot(key)] = code;
        }
    }
}

/// Up to seven bytes and their number in one word; never `u64::MAX`, since the number is at most 7.
#[inline]
fn pack(value: &[u8]) -> Option<u64> {
    if value.len() > 7 {
        return None;
    }
    let mut word = [0u8; 8];
    for (to, from) in word.iter_mut().zip(value) {
        *to = *from;
    }
    word[7] = value.len() as u8;
    Some(u64::from_le_bytes(word))
}

/// The same of `bytes[start..end]`, from one word; not of an empty text, nor of one within the first eight bytes.
#[inline(always)]
fn pack_within(bytes: &[u8], start: usize, end: usize) -> Option<u64> {
    let len = end.wrapping_sub(start);
    if len.wrapping_sub(1) >= 7 {
        return None;
    }
    let word = u64::from_le_bytes(bytes.get(end.wrapping_sub(8)..end)?.try_into().ok()?);
    Some(word >> (64 - 8 * len as u32) | (len as u64) << 56)
}

#[inline]
fn slot(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_texts_as_they_come() {
        let mut d = Dictionary::default();
        let texts = ["pv", "", "cart", "a text of more than eight bytes", "pv", "", "pv\0"];
        let codes: Vec<u32> = texts.iter().map(|t| d.code(t.as_bytes()).unwrap()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 0, 1, 4]);
        assert_eq!(
            d.to_array().iter().flatten().collect::<Vec<_>>(),
            ["pv", "", "cart", "a text of more than eight bytes", "pv\0"]
        );
    }

    #[test]
    fn finds_short_texts_where_they_lie() {
        let line = b"a,pv,purchase,view,cart,\0\0\0,";
        let mut d = Dictionary::default();
        for start in 0..line.len() {
            for end in start..line.len() {
                let code = d.code(&line[start..end]).unwrap();
                let found = d.code_within(line, start, end);
                let short = (1..=7).contains(&(end - start)) && end >= 8;
                assert_eq!(found, short.then_some(code), "{start}..{end}");
            }
        }
        assert_eq!(d.code_within(line, 2, line.len() + 1), None);
    }

    #[test]
    fn keeps_many_apart() {
        let mut d = Dictionary::default();
        for round in 0..2 {
            for i in 0..20_000u32 {
                assert_eq!(d.code(i.to_string().as_bytes()).unwrap(), i, "round {round}");
            }
        }
        assert_eq!(d.get(12_345), b"12345");
    }
}
