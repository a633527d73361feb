//! The values of a page, in whichever way they are encoded.

use super::damaged;
use super::delta::{Deltas, Fronts, Strings};
use super::hybrid::Hybrid;
use super::schema::{Leaf, Physical};
use crate::Result;
use crate::decode::known::{Known, Texts};
use crate::decode::typed::{Meaning, Typed};
use crate::kernel::half::half;
use crate::kernel::uuid::uuid_of;

/// Reads a dictionary's page of `n` values.
pub(super) fn read_dictionary(leaf: &Leaf, bytes: &[u8], n: usize) -> Result<Known> {
    // Each value takes a byte at the least, but for flags.
    if n > bytes.len().saturating_mul(8) {
        return Err(damaged("a dictionary ends too early"));
    }
    let mut plain = Plain { bytes, bit: 0 };
    if leaf.meaning == Meaning::Text {
        let mut texts = Texts::default();
        for _ in 0..n {
            texts.push(plain.text(leaf.physical)?);
        }
        return Ok(Known::Texts(texts));
    }
    let mut values = Typed::new("", leaf.meaning, None, None);
    plain.read(leaf, n, &mut values)?;
    Ok(if leaf.meaning.is_wide() { Known::Wide(values.wide) } else { Known::Narrow(values.narrow) })
}

/// Values that are read one behind the other.
#[derive(Debug)]
pub(super) enum Encoded<'a> {
    Plain(Plain<'a>),
    Places(Hybrid<'a>),
    Flags(Hybrid<'a>),
    Deltas(Deltas<'a>),
    Strings(Strings<'a>),
    Fronts(Fronts<'a>),
    /// The first bytes of all values, then their second ones, and so on; `at` values were read of `n`.
    Split {
        bytes: &'a [u8],
        at: usize,
        n: usize,
    },
}

impl<'a> Encoded<'a> {
    /// Values of that encoding.
    pub(super) fn new(encoding: i64, leaf: &Leaf, bytes: &'a [u8]) -> Result<Self> {
        Ok(match (encoding, leaf.physical) {
            (0, _) => Self::Plain(Plain { bytes, bit: 0 }),
            (2 | 8, _) => {
                let (width, places) = bytes.split_first().map_or((0, bytes), |(&width, places)| (width, places));
                Self::Places(Hybrid::new(places, u32::from(width))?)
            }
            (3, Physical::Bool) => Self::Flags(Hybrid::new(counted(bytes)?.0, 1)?),
            (5, Physical::Int32 | Physical::Int64) => Self::Deltas(Deltas::new(bytes)?),
            (6, Physical::Bytes) => Self::Strings(Strings::new(bytes)?),
            (7, Physical::Bytes | Physical::Fixed(_)) => Self::Fronts(Fronts::new(bytes)?),
            (9, physical) if width_of(physical).is_some() => {
                let n = width_of(physical).map_or(0, |width| bytes.len() / width);
                Self::Split { bytes, at: 0, n }
            }
            _ => return Err(damaged(&format!("column {} is in no known encoding", leaf.name))),
        })
    }

    /// Reads `n` values.
    pub(super) fn read(&mut self, leaf: &Leaf, n: usize, dictionary: &mut Option<Known>, values: &mut Typed) -> Result<()> {
        let mut places = [0u32; 1024];
        match self {
            Self::Plain(plain) => plain.read(leaf, n, values)?,
            Self::Places(hybrid) => {
                let known = dictionary.as_mut().ok_or_else(|| damaged("a page's dictionary is missing"))?;
                for_each_piece(n, &mut places, |places| {
                    hybrid.read(places)?;
                    known.look_up(places, values)?.ok_or_else(|| damaged("a value is not in the dictionary"))
                })?;
            }
            Self::Flags(hybrid) => for_each_piece(n, &mut places, |places| {
                hybrid.read(places)?;
                values.narrow.extend(places.iter().map(|&flag| i64::from(flag)));
                Ok(())
            })?,
            Self::Deltas(deltas) => {
                for _ in 0..n {
                    values.push(integer(leaf, deltas.read()? as u64));
                }
            }
            Self::Strings(strings) => {
                for _ in 0..n {
                    push_bytes(leaf, strings.read()?, values)?;
                }
            }
            Self::Fronts(fronts) => {
                for _ in 0..n {
                    push_bytes(leaf, fronts.read()?, values)?;
                }
            }
            Self::Split { bytes, at, n: all } => {
                let mut value = vec![0; width_of(leaf.physical).unwrap_or(0)];
                if n > *all - *at {
                    return Err(damaged("a page ends too early"));
                }
                for _ in 0..n {
                    value.iter_mut().enumerate().for_each(|(byte, value)| *value = bytes[byte * *all + *at]);
                    *at += 1;
                    push_fixed(leaf, &value, values)?;
                }
            }
        }
        Ok(())
    }
}

fn for_each_piece(mut n: usize, buffer: &mut [u32], mut read: impl FnMut(&mut [u32]) -> Result<()>) -> Result<()> {
    while n > 0 {
        let piece = n.min(buffer.len());
        read(&mut buffer[..piece])?;
        n -= piece;
    }
    Ok(())
}

/// Values as they are.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    bytes: &'a [u8],
    /// Of flags: which bit of the first byte is the next.
    bit: u32,
}

impl<'a> Plain<'a> {
    fn read(&mut self, leaf: &Leaf, n: usize, values: &mut Typed) -> Result<()> {
        if leaf.physical == Physical::Bool {
            for _ in 0..n {
                let &byte = self.bytes.first().ok_or_else(|| damaged("a page ends too early"))?;
                values.narrow.push(i64::from(byte >> self.bit & 1));
                self.bit = (self.bit + 1) % 8;
                if self.bit == 0 {
                    self.bytes = &self.bytes[1..];
                }
            }
            return Ok(());
        }
        let Some(width) = width_of(leaf.physical) else {
            return (0..n).try_for_each(|_| push_bytes(leaf, self.text(leaf.physical)?, values));
        };
        let all = self.take(width.checked_mul(n).ok_or_else(|| damaged("a page ends too early"))?)?;
        all.chunks_exact(width).try_for_each(|value| push_fixed(leaf, value, values))
    }

    /// The next byte string.
    fn text(&mut self, physical: Physical) -> Result<&'a [u8]> {
        if let Physical::Fixed(length) = physical {
            return self.take(length);
        }
        let (text, rest) = counted(self.bytes)?;
        self.bytes = rest;
        Ok(text)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(n).ok_or_else(|| damaged("a page ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }
}

/// Bytes behind their number, and what follows them.
pub(super) fn counted(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let early = || damaged("a page ends too early");
    let (n, rest) = bytes.split_first_chunk::<4>().ok_or_else(early)?;
    rest.split_at_checked(u32::from_le_bytes(*n) as usize).ok_or_else(early)
}

fn width_of(physical: Physical) -> Option<usize> {
    match physical {
        Physical::Int32 | Physical::Float => Some(4),
        Physical::Int64 | Physical::Double => Some(8),
        Physical::Int96 => Some(12),
        Physical::Fixed(length) => Some(length),
        Physical::Bool | Physical::Bytes => None,
    }
}

/// An integer or a number's bits, as they are held.
#[inline]
fn integer(leaf: &Leaf, bits: u64) -> i64 {
    match leaf.physical {
        Physical::Int32 if leaf.is_unsigned => i64::from(bits as u32),
        Physical::Int32 => i64::from(bits as i32),
        Physical::Float => f64::from(f32::from_bits(bits as u32)).to_bits() as i64,
        _ => bits as i64,
    }
}

#[inline]
fn push_fixed(leaf: &Leaf, bytes: &[u8], values: &mut Typed) -> Result<()> {
    match (leaf.physical, bytes) {
        (Physical::Int32 | Physical::Float, &[a, b, c, d]) => {
            values.push(integer(leaf, u64::from(u32::from_le_bytes([a, b, c, d]))));
        }
        (Physical::Int64 | Physical::Double, &[a, b, c, d, e, f, g, h]) => {
            values.push(u64::from_le_bytes([a, b, c, d, e, f, g, h]) as i64);
        }
        (Physical::Int96, &[a, b, c, d, e, f, g, h, i, j, k, l]) => {
            // Nanoseconds of the day, and the number of the day: 2,440,588 is the first of 1970.
            let nanos = i128::from(i64::from_le_bytes([a, b, c, d, e, f, g, h]));
            let day = i128::from(u32::from_le_bytes([i, j, k, l])) - 2_440_588;
            values.wide.push(day * 86_400_000_000_000 + nanos);
        }
        _ => push_bytes(leaf, bytes, values)?,
    }
    Ok(())
}

#[inline]
fn push_bytes(leaf: &Leaf, bytes: &[u8], values: &mut Typed) -> Result<()> {
    match (leaf.meaning, bytes) {
        (Meaning::Text, _) => values.push_text(bytes)?,
        (Meaning::Decimal { .. }, _) => values.wide.push(
            big_endian(bytes).ok_or_else(|| damaged(&format!("column {} has a decimal of more than 38 digits", leaf.name)))?,
        ),
        (Meaning::Uuid, _) => values.wide.push(uuid_of(big_endian(bytes).unwrap_or(0) as u128)),
        (Meaning::Float { .. }, &[low, high]) => values.narrow.push(half(u16::from_le_bytes([low, high])).to_bits() as i64),
        _ => return Err(damaged(&format!("column {} holds values of another type", leaf.name))),
    }
    Ok(())
}

/// A signed integer, its highest byte first; `None` beyond 128 bits.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first().is_some_and(|&byte| byte >= 0x80) { -1i128 } else { 0 };
    let extra = bytes.len().saturating_sub(16);
    let (lead, rest) = bytes.split_at(extra);
    let value = rest.iter().fold(sign, |value, &byte| value << 8 | i128::from(byte));
    (lead.iter().all(|&byte| byte == sign as u8) && (value < 0) == (sign < 0)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_signed_bytes_of_any_length() {
        for (bytes, value) in [
            (&[][..], Some(0)),
            (&[0xff], Some(-1)),
            (&[0x01, 0x00], Some(256)),
            (&[0x80, 0x00], Some(-32_768)),
            (&[0xff; 20], Some(-1)),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], Some(5)),
            (&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], None),
            (&[0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], None),
        ] {
            assert_eq!(big_endian(bytes), value, "{bytes:?}");
        }
    }
}
