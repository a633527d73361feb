//! The pages of a column: what their headers say, and their bytes unpacked.

use std::borrow::Cow;

use super::codec::{Codec, unpack};
use super::damaged;
use super::schema::Leaf;
use super::thrift::Thrift;
use super::values::counted;
use crate::Result;

/// Reads the pages of a column one behind the other.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    bytes: &'a [u8],
    codec: Codec,
}

/// A page of values, or of those that others refer to.
#[derive(Debug)]
pub(super) enum Page<'a> {
    Dictionary {
        n_values: usize,
        bytes: Cow<'a, [u8]>,
    },
    Data {
        /// Values, nulls too.
        n_values: u64,
        encoding: i64,
        /// Where the levels and the values are in the bytes; nowhere, where all levels are the highest.
        repeated: (usize, usize),
        defined: (usize, usize),
        values: usize,
        bytes: Cow<'a, [u8]>,
    },
}

#[derive(Debug, Default)]
struct Header {
    kind: i64,
    unpacked: i64,
    packed: i64,
    crc: Option<i64>,
    n_values: i64,
    encoding: i64,
    /// How levels are encoded, in pages of the first kind.
    levels: [i64; 2],
    /// Bytes of levels, in pages of the second kind.
    n_repeated: i64,
    n_defined: i64,
    is_plain: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(bytes: &'a [u8], codec: Codec) -> Self {
        Self { bytes, codec }
    }

    /// The next page; `None` behind the last one.
    pub(super) fn next(&mut self, leaf: &Leaf) -> Result<Option<Page<'a>>> {
        loop {
            if self.bytes.is_empty() {
                return Ok(None);
            }
            let mut thrift = Thrift::new(self.bytes);
            let header = Header::read(&mut thrift)?;
            let rest = &self.bytes[thrift.position()..];
            let length = size(header.packed)?;
            let (packed, rest) = rest.split_at_checked(length).ok_or_else(|| damaged("a page ends too early"))?;
            self.bytes = rest;
            if header.crc.is_some_and(|crc| crc as u32 != checksum(packed)) {
                return Err(damaged(&format!("a page of column {} does not have its checksum", leaf.name)));
            }
            match header.kind {
                0 => return self.first_kind(leaf, &header, packed).map(Some),
                2 => {
                    let bytes = self.unpack(packed, size(header.unpacked)?)?;
                    return Ok(Some(Page::Dictionary { n_values: size(header.n_values)?, bytes }));
                }
                3 => return self.second_kind(leaf, &header, packed).map(Some),
                _ => {} // an index
            }
        }
    }

    fn unpack(&self, packed: &'a [u8], size: usize) -> Result<Cow<'a, [u8]>> {
        unpack(self.codec, packed, size).ok_or_else(|| damaged("a page cannot be unpacked, or has more than 256 MiB"))
    }

    fn first_kind(&self, leaf: &Leaf, header: &Header, packed: &'a [u8]) -> Result<Page<'a>> {
        let bytes = self.unpack(packed, size(header.unpacked)?)?;
        let mut at = 0;
        let mut spans = [(0, 0); 2];
        let most = [leaf.most_repeated, leaf.most_defined];
        for ((span, most), encoding) in spans.iter_mut().zip(most).zip(header.levels) {
            if most > 0 {
                if encoding != 3 {
                    return Err(damaged(&format!("the levels of column {} are in no known encoding", leaf.name)));
                }
                let (levels, rest) = counted(&bytes[at..])?;
                let end = bytes.len() - rest.len();
                *span = (end - levels.len(), end);
                at = end;
            }
        }
        let [repeated, defined] = spans;
        let n_values = size(header.n_values)? as u64;
        Ok(Page::Data { n_values, encoding: header.encoding, repeated, defined, values: at, bytes })
    }

    fn second_kind(&self, leaf: &Leaf, header: &Header, packed: &'a [u8]) -> Result<Page<'a>> {
        let (n_repeated, n_defined) = (size(header.n_repeated)?, size(header.n_defined)?);
        let n_levels = n_repeated + n_defined;
        let (levels, values) = packed.split_at_checked(n_levels).ok_or_else(|| damaged("a page ends too early"))?;
        let unpacked = size(header.unpacked)?.checked_sub(n_levels).ok_or_else(|| damaged("a page ends too early"))?;
        let bytes = if header.is_plain || values.is_empty() {
            Cow::Borrowed(packed)
        } else {
            Cow::Owned([levels, &self.unpack(values, unpacked)?].concat())
        };
        let levels = |most: u32, from: usize, to: usize| if most > 0 { (from, to) } else { (0, 0) };
        Ok(Page::Data {
            n_values: size(header.n_values)? as u64,
            encoding: header.encoding,
            repeated: levels(leaf.most_repeated, 0, n_repeated),
            defined: levels(leaf.most_defined, n_repeated, n_levels),
            values: n_levels,
            bytes,
        })
    }
}

impl Header {
    fn read(thrift: &mut Thrift<'_>) -> Result<Self> {
        let mut header = Self { levels: [3; 2], ..Self::default() };
        thrift.structure(&mut |thrift, field| {
            match field.id {
                1 => header.kind = thrift.int(field)?,
                2 => header.unpacked = thrift.int(field)?,
                3 => header.packed = thrift.int(field)?,
                4 => header.crc = Some(thrift.int(field)?),
                5 | 7 | 8 => header.read_kind(thrift, field.id == 8)?,
                _ => thrift.skip(field)?,
            }
            Ok(())
        })?;
        Ok(header)
    }

    fn read_kind(&mut self, thrift: &mut Thrift<'_>, is_second: bool) -> Result<()> {
        thrift.structure(&mut |thrift, field| {
            match (field.id, is_second) {
                (1, _) => self.n_values = thrift.int(field)?,
                (2, false) | (4, true) => self.encoding = thrift.int(field)?,
                // A dictionary has a flag there.
                (3, false) if field.is_int() => self.levels[1] = thrift.int(field)?,
                (4, false) if field.is_int() => self.levels[0] = thrift.int(field)?,
                (5, true) => self.n_defined = thrift.int(field)?,
                (6, true) => self.n_repeated = thrift.int(field)?,
                (7, true) => self.is_plain = !thrift.bool(field)?,
                _ => thrift.skip(field)?,
            }
            Ok(())
        })
    }
}

fn size(number: i64) -> Result<usize> {
    u32::try_from(number).map(|number| number as usize).map_err(|_| damaged("a page's size is none"))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
