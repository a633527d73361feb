//! Integers as differences, and byte strings by them: their lengths, and how many bytes each shares with the one before.

use super::damaged;
use super::hybrid::word;
use super::thrift::varint;
use crate::Result;

/// Reads integers written as `DELTA_BINARY_PACKED`.
#[derive(Clone, Debug, Default)]
pub(super) struct Deltas<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Miniblocks in a block, and values in each.
    n_minis: usize,
    per_mini: usize,
    /// Values not yet read.
    left: u64,
    next: i64,
    is_first: bool,
    least: i64,
    /// Where the widths of the block's miniblocks are, and how many of them have begun.
    widths: usize,
    begun: usize,
    /// Of the miniblock: values not yet read, their width, and the bit at which the next one is.
    mini_left: usize,
    width: u32,
    bit: usize,
}

impl<'a> Deltas<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let mut deltas = Self { bytes, is_first: true, ..Self::default() };
        let per_block = deltas.varint()?;
        let n_minis = deltas.varint()?;
        deltas.left = deltas.varint()?;
        deltas.next = deltas.signed()?;
        let per_mini = per_block.checked_div(n_minis).unwrap_or(0);
        if per_block > 1 << 20 || per_mini == 0 || per_mini % 8 != 0 {
            return Err(damaged("a page's blocks are of no size"));
        }
        (deltas.n_minis, deltas.per_mini) = (n_minis as usize, per_mini as usize);
        deltas.begun = deltas.n_minis;
        Ok(deltas)
    }

    /// The next integer.
    pub(super) fn read(&mut self) -> Result<i64> {
        self.left = self.left.checked_sub(1).ok_or_else(|| damaged("a page holds fewer values than it says"))?;
        if std::mem::take(&mut self.is_first) {
            return Ok(self.next);
        }
        if self.mini_left == 0 {
            self.begin_mini()?;
        }
        self.mini_left -= 1;
        let delta = self.unpack()?;
        self.next = self.next.wrapping_add(self.least).wrapping_add(delta as i64);
        Ok(self.next)
    }

    /// The bytes behind all integers.
    pub(super) fn rest(mut self) -> Result<&'a [u8]> {
        self.left = self.left.saturating_sub(u64::from(std::mem::take(&mut self.is_first)));
        while self.left > 0 {
            if self.mini_left == 0 {
                self.begin_mini()?;
            }
            let passed = self.left.min(self.mini_left as u64);
            self.left -= passed;
            self.mini_left -= passed as usize;
        }
        Ok(self.bytes.get(self.at..).unwrap_or(&[]))
    }

    /// Goes on to the next miniblock; `at` stands behind it then.
    fn begin_mini(&mut self) -> Result<()> {
        let early = || damaged("a page ends too early");
        if self.begun == self.n_minis {
            self.least = self.signed()?;
            self.widths = self.at;
            self.at += self.n_minis;
            self.begun = 0;
        }
        self.width = u32::from(*self.bytes.get(self.widths + self.begun).ok_or_else(early)?);
        if self.width > 64 {
            return Err(damaged("a number has more than 64 bits"));
        }
        self.begun += 1;
        self.bit = self.at * 8;
        self.mini_left = self.per_mini;
        self.at += self.per_mini / 8 * self.width as usize;
        Ok(())
    }

    #[inline]
    fn unpack(&mut self) -> Result<u64> {
        let (byte, shift) = (self.bit / 8, self.bit % 8);
        self.bit += self.width as usize;
        if self.bit > self.bytes.len() * 8 {
            return Err(damaged("a page ends too early"));
        }
        let mut value = word(self.bytes, byte) >> shift;
        if shift > 0 {
            value |= u64::from(self.bytes.get(byte + 8).copied().unwrap_or(0)) << (64 - shift);
        }
        Ok(if self.width == 64 { value } else { value & ((1 << self.width) - 1) })
    }

    fn varint(&mut self) -> Result<u64> {
        varint(self.bytes, &mut self.at).ok_or_else(|| damaged("a page ends too early"))
    }

    fn signed(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

/// Reads byte strings written as `DELTA_LENGTH_BYTE_ARRAY`.
#[derive(Debug)]
pub(super) struct Strings<'a> {
    lengths: Deltas<'a>,
    bytes: &'a [u8],
}

impl<'a> Strings<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let lengths = Deltas::new(bytes)?;
        let bytes = lengths.clone().rest()?;
        Ok(Self { lengths, bytes })
    }

    /// The next string.
    pub(super) fn read(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.lengths.read()?).map_err(|_| damaged("a text's length is negative"))?;
        let (text, rest) = self.bytes.split_at_checked(length).ok_or_else(|| damaged("a page ends too early"))?;
        self.bytes = rest;
        Ok(text)
    }
}

/// Reads byte strings written as `DELTA_BYTE_ARRAY`: each begins as the one before does.
#[derive(Debug)]
pub(super) struct Fronts<'a> {
    shared: Deltas<'a>,
    ends: Strings<'a>,
    last: Vec<u8>,
}

impl<'a> Fronts<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let shared = Deltas::new(bytes)?;
        let ends = Strings::new(shared.clone().rest()?)?;
        Ok(Self { shared, ends, last: vec![] })
    }

    /// The next string.
    pub(super) fn read(&mut self) -> Result<&[u8]> {
        let shared = usize::try_from(self.shared.read()?).ok().filter(|&shared| shared <= self.last.len());
        self.last.truncate(shared.ok_or_else(|| damaged("a text shares more than the text before it has"))?);
        self.last.extend_from_slice(self.ends.read()?);
        Ok(&self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_formats_own_examples() {
        // 1 to 5: first value 1, differences of 1 take no bit; 7, 5, 3, 1, 2, 3, 4, 5: differences −2 and up in two bits.
        let five = [128, 1, 4, 5, 2, 2, 0, 0, 0, 0];
        let mut deltas = Deltas::new(&five).unwrap();
        let read: Vec<i64> = (0..5).map(|_| deltas.read().unwrap()).collect();
        assert_eq!(read, [1, 2, 3, 4, 5]);
        assert!(deltas.read().is_err());
        let mut eight = vec![128, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111];
        eight.extend([0; 6]);
        let mut deltas = Deltas::new(&eight).unwrap();
        let read: Vec<i64> = (0..8).map(|_| deltas.read().unwrap()).collect();
        assert_eq!(read, [7, 5, 3, 1, 2, 3, 4, 5]);
        eight.extend(*b"rest");
        assert_eq!(Deltas::new(&eight).unwrap().rest().unwrap(), b"rest");
    }

    #[test]
    fn blocks_of_no_size_are_refused() {
        for bytes in [&[][..], &[0, 0, 0, 0], &[128, 1, 0, 5, 2], &[128, 1, 128, 1, 5, 2], &[0xff, 0xff, 0xff, 0x7f, 1, 5, 2]] {
            assert!(Deltas::new(bytes).is_err(), "{bytes:?}");
        }
        let mut cut = Deltas::new(&[128, 1, 4, 0xff, 0xff, 3, 2, 2, 65, 0, 0, 0]).unwrap();
        cut.read().unwrap();
        assert!(cut.read().is_err());
        assert!(cut.rest().is_err());
    }
}
