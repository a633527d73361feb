//! Thrift's compact protocol, as far as Parquet's footers and page headers are written in it.
//!
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

use super::damaged;
use crate::Result;

/// Structures lie at most so deep in each other.
const DEEPEST: usize = 32;

/// Reads values one behind the other.
#[derive(Debug)]
pub(super) struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A field whose value comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its number in the structure.
    pub(super) id: i16,
    kind: u8,
}

impl Field {
    /// Whether its value is an integer.
    pub(super) fn is_int(self) -> bool {
        matches!(self.kind, 3..=6)
    }
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Reads a structure: `take` reads each field's value, or has it skipped.
    pub(super) fn structure(&mut self, take: &mut dyn FnMut(&mut Self, Field) -> Result<()>) -> Result<()> {
        let mut id = 0i16;
        loop {
            let header = self.byte()?;
            let kind = header & 15;
            if kind == 0 {
                return Ok(());
            }
            id = match header >> 4 {
                0 => i16::try_from(self.signed()?).map_err(|_| damaged("a field has no number"))?,
                delta => id.checked_add(i16::from(delta)).ok_or_else(|| damaged("a field has no number"))?,
            };
            take(self, Field { id, kind })?;
        }
    }

    /// Reads a list of structures or numbers: `take` reads each.
    pub(super) fn list(&mut self, field: Field, take: &mut dyn FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if !matches!(field.kind, 9 | 10) {
            return Err(damaged("a list is none"));
        }
        let (n, _) = self.list_header()?;
        (0..n).try_for_each(|_| take(self))
    }

    /// An integer of any width.
    pub(super) fn int(&mut self, field: Field) -> Result<i64> {
        match field.kind {
            3 => Ok(i64::from(self.byte()? as i8)),
            4..=6 => self.signed(),
            _ => Err(damaged("an integer is none")),
        }
    }

    pub(super) fn bool(&mut self, field: Field) -> Result<bool> {
        match field.kind {
            TRUE => Ok(true),
            FALSE => Ok(false),
            _ => Err(damaged("a flag is none")),
        }
    }

    pub(super) fn text(&mut self, field: Field) -> Result<String> {
        if field.kind != 8 {
            return Err(damaged("a text is none"));
        }
        Ok(String::from_utf8_lossy(self.binary()?).into_owned())
    }

    /// Passes over a field's value.
    pub(super) fn skip(&mut self, field: Field) -> Result<()> {
        self.skip_kind(field.kind, 0)
    }

    fn skip_kind(&mut self, kind: u8, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(damaged("its structures are too deep"));
        }
        match kind {
            TRUE | FALSE => Ok(()),
            3 => self.byte().map(drop),
            4..=6 => self.unsigned().map(drop),
            7 => self.take(8).map(drop),
            8 => self.binary().map(drop),
            9 | 10 => {
                let (n, kind) = self.list_header()?;
                (0..n).try_for_each(|_| self.skip_element(kind, depth))
            }
            11 => {
                let n = self.unsigned()?;
                let kinds = if n == 0 { 0 } else { self.byte()? };
                (0..n).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 15, depth)
                })
            }
            12 => loop {
                let header = self.byte()?;
                if header & 15 == 0 {
                    return Ok(());
                }
                if header >> 4 == 0 {
                    self.unsigned()?;
                }
                self.skip_kind(header & 15, depth + 1)?;
            },
            _ => Err(damaged("a field has no type")),
        }
    }

    /// As [`skip_kind`](Self::skip_kind), of what a list holds: a flag is a byte there.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Result<()> {
        if matches!(kind, TRUE | FALSE) { self.byte().map(drop) } else { self.skip_kind(kind, depth + 1) }
    }

    /// An integer that is an element of a list.
    pub(super) fn signed(&mut self) -> Result<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn unsigned(&mut self) -> Result<u64> {
        varint(self.bytes, &mut self.at).ok_or_else(|| damaged("it ends within a number"))
    }

    fn list_header(&mut self) -> Result<(u64, u8)> {
        let header = self.byte()?;
        let n = if header >> 4 == 15 { self.unsigned()? } else { u64::from(header >> 4) };
        Ok((n, header & 15))
    }

    fn binary(&mut self) -> Result<&'a [u8]> {
        let n = self.unsigned()?;
        self.take(usize::try_from(n).unwrap_or(usize::MAX))
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(n).ok_or_else(|| damaged("it ends too early"))?;
        let taken = self.bytes.get(self.at..end).ok_or_else(|| damaged("it ends too early"))?;
        self.at = end;
        Ok(taken)
    }
}

/// An unsigned integer, seven bits a byte, the lowest first; `None` beyond the bytes or 64 bits.
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let &byte = bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integers_as_they_are_written() {
        for (bytes, value) in [
            (&[0x00][..], Some(0)),
            (&[0x7f], Some(127)),
            (&[0xac, 0x02], Some(300)),
            (&[0xff; 3], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Some(u64::MAX)),
            (&[0x80; 11], None),
        ] {
            assert_eq!(varint(bytes, &mut 0), value, "{bytes:?}");
        }
    }

    #[test]
    fn passes_over_what_nobody_asked_for() {
        // 1: i32 5, 2: list of flags, 3: struct {1: binary "ab"}, 4: map, 5: f64, 6: i32 -3.
        let bytes = [
            0x15, 0x0a, 0x19, 0x21, 1, 2, 0x1c, 0x18, 2, b'a', b'b', 0, 0x1b, 1, 0x88, 1, b'k', 1, b'v', 0x17, 0, 0, 0, 0, 0, 0,
            0, 0, 0x15, 0x05, 0,
        ];
        let mut ints = vec![];
        let mut thrift = Thrift::new(&bytes);
        let take = &mut |thrift: &mut Thrift<'_>, field: Field| match field.id {
            1 | 6 => {
                ints.push(thrift.int(field)?);
                Ok(())
            }
            _ => thrift.skip(field),
        };
        thrift.structure(take).unwrap();
        assert_eq!(ints, [5, -3]);
        for end in 0..bytes.len() - 1 {
            let mut thrift = Thrift::new(&bytes[..end]);
            assert!(thrift.structure(&mut |thrift, field| thrift.skip(field)).is_err(), "{end}");
        }
        let deep = [0x1c; 10_000];
        assert!(Thrift::new(&deep).structure(&mut |thrift, field| thrift.skip(field)).is_err());
    }
}
