//! Small integers as Parquet packs them: runs of one value, and stretches of values of a fixed number of bits.

use super::damaged;
use super::thrift::varint;
use crate::Result;

/// Reads levels, places in a dictionary, and flags.
#[derive(Debug, Default)]
pub(super) struct Hybrid<'a> {
    bytes: &'a [u8],
    at: usize,
    width: u32,
    run: Run,
}

#[derive(Debug, Default)]
enum Run {
    #[default]
    None,
    /// So many more of one value.
    Same { left: u64, value: u32 },
    /// So many more values, the next of them at that bit.
    Packed { left: u64, bit: usize },
}

impl<'a> Hybrid<'a> {
    /// Integers of `width` bits each, at most 32.
    pub(super) fn new(bytes: &'a [u8], width: u32) -> Result<Self> {
        if width > 32 {
            return Err(damaged("a number has more than 32 bits"));
        }
        Ok(Self { bytes, at: 0, width, run: Run::None })
    }

    /// Reads as many as there is room for.
    pub(super) fn read(&mut self, out: &mut [u32]) -> Result<()> {
        let mut rest = out;
        while !rest.is_empty() {
            let left = match self.run {
                Run::None => 0,
                Run::Same { left, .. } | Run::Packed { left, .. } => left,
            };
            let n = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_mut(n);
            match &mut self.run {
                Run::Same { left, value } if n > 0 => {
                    now.fill(*value);
                    *left -= n as u64;
                }
                Run::Packed { left, bit } if n > 0 => {
                    unpack(self.bytes, *bit, self.width, now)?;
                    *bit += n * self.width as usize;
                    *left -= n as u64;
                }
                _ => self.begin_run()?,
            }
            rest = later;
        }
        Ok(())
    }

    fn begin_run(&mut self) -> Result<()> {
        if self.width == 0 && self.at >= self.bytes.len() {
            // All values are 0, which some writers take no byte to say.
            self.run = Run::Same { left: u64::MAX, value: 0 };
            return Ok(());
        }
        let early = || damaged("a page ends too early");
        let header = varint(self.bytes, &mut self.at).ok_or_else(early)?;
        self.run = if header & 1 == 0 {
            let n_bytes = self.width.div_ceil(8) as usize;
            let bytes = self.bytes.get(self.at..self.at + n_bytes).ok_or_else(early)?;
            self.at += n_bytes;
            let value = bytes.iter().rev().fold(0u32, |value, &byte| value << 8 | u32::from(byte));
            Run::Same { left: header >> 1, value }
        } else {
            let n_groups = usize::try_from(header >> 1).unwrap_or(usize::MAX);
            let bit = self.at * 8;
            // The last stretch may be cut off behind the last value that is needed.
            let n_bytes = n_groups.saturating_mul(self.width as usize);
            self.at = self.at.saturating_add(n_bytes).min(self.bytes.len());
            Run::Packed { left: (n_groups as u64).saturating_mul(8), bit }
        };
        Ok(())
    }
}

/// Values of `width` bits each, from bit `bit` on, the lowest bit first.
fn unpack(bytes: &[u8], mut bit: usize, width: u32, out: &mut [u32]) -> Result<()> {
    if bit + out.len() * width as usize > bytes.len() * 8 {
        return Err(damaged("a page ends too early"));
    }
    let mask = (1u64 << width) - 1;
    for value in out {
        *value = (word(bytes, bit / 8) >> (bit % 8) & mask) as u32;
        bit += width as usize;
    }
    Ok(())
}

/// Eight bytes from `at` on, those beyond the last as 0.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 8) {
        Some(&[a, b, c, d, e, f, g, h]) => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => bytes.get(at..).unwrap_or(&[]).iter().take(8).rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_runs_and_stretches_in_pieces() {
        // The format's own example: 0 to 7 in three bits; then five times 4, and four times 300 in nine bits.
        let packed = [0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010, 10, 4];
        let expected = [0, 1, 2, 3, 4, 5, 6, 7, 4, 4, 4, 4, 4];
        for piece in 1..=13 {
            let mut hybrid = Hybrid::new(&packed, 3).unwrap();
            let mut out = [9; 13];
            out.chunks_mut(piece).for_each(|piece| hybrid.read(piece).unwrap());
            assert_eq!(out, expected, "pieces of {piece}");
            assert!(hybrid.read(&mut [0]).is_err());
        }
        let mut out = [0; 4];
        Hybrid::new(&[8, 44, 1], 9).unwrap().read(&mut out).unwrap();
        assert_eq!(out, [300; 4]);
        Hybrid::new(&[], 0).unwrap().read(&mut out).unwrap();
        assert_eq!(out, [0; 4]);
    }

    #[test]
    fn bytes_that_are_cut_are_refused() {
        for bytes in [&[][..], &[0xff], &[3, 1], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], &[8]] {
            assert!(Hybrid::new(bytes, 3).unwrap().read(&mut [0; 9]).is_err(), "{bytes:?}");
        }
        assert!(Hybrid::new(&[], 33).is_err());
    }
}
