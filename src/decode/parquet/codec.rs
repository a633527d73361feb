//! Unpacks what pages are packed with; what they unpack to is known beforehand, and no more is made of them.

use std::borrow::Cow;
use std::io::Read;

use super::damaged;
use crate::{Error, ErrorKind, Result};

/// A page that unpacks to more was made to fill the memory.
const LARGEST: usize = 256 << 20;
/// Snappy and LZ4 make at most so many bytes of one, and a few.
const MOST_RATIO: usize = 256;

/// The bytes that some were packed from, which are to be `size`;
/// `None` when they unpack to another number of bytes, or `size` is more than 256 MiB.
pub(in crate::decode) fn unpack(codec: Codec, packed: &[u8], size: usize) -> Option<Cow<'_, [u8]>> {
    if size > LARGEST {
        return None;
    }
    let has_room = size / MOST_RATIO <= packed.len() + 64;
    let bytes = match codec {
        Codec::None => return Some(Cow::Borrowed(packed)),
        Codec::Snappy if has_room => {
            let told = snap::raw::decompress_len(packed).ok().filter(|&told| told == size);
            told.and_then(|_| snap::raw::Decoder::new().decompress_vec(packed).ok())
        }
        Codec::Lz4 if has_room => lz4(packed, size),
        Codec::Lz4Hadoop if has_room => hadoop(packed, size).or_else(|| frame(packed, size)).or_else(|| lz4(packed, size)),
        Codec::Lz4Frame => frame(packed, size),
        Codec::Snappy | Codec::Lz4 | Codec::Lz4Hadoop => None,
        Codec::Gzip => all(flate2::read::MultiGzDecoder::new(packed), size),
        Codec::Brotli => all(brotli_decompressor::Decompressor::new(packed, 1 << 16), size),
        Codec::Zstd => zstd(packed, size),
    };
    bytes.filter(|bytes| bytes.len() == size).map(Cow::Owned)
}

/// What bytes are packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Codec {
    None,
    Snappy,
    Gzip,
    Brotli,
    /// A block of LZ4.
    Lz4,
    /// The same in Hadoop's frame; some writers have left it out, or written LZ4's own.
    Lz4Hadoop,
    /// Frames of LZ4.
    Lz4Frame,
    Zstd,
}

impl Codec {
    /// As a Parquet file says it.
    pub(super) fn of(number: i64) -> Result<Self> {
        Ok(match number {
            0 => Self::None,
            1 => Self::Snappy,
            2 => Self::Gzip,
            4 => Self::Brotli,
            5 => Self::Lz4Hadoop,
            6 => Self::Zstd,
            7 => Self::Lz4,
            3 => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "the Parquet file is packed with LZO; write it with another codec",
                ));
            }
            _ => return Err(damaged("a column is packed with no known codec")),
        })
    }
}

fn all(unpacked: impl Read, size: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    unpacked.take(size as u64 + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn lz4(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    lz4_flex::block::decompress(packed, size).ok()
}

fn frame(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    all(lz4_flex::frame::FrameDecoder::new(packed), size)
}

/// Blocks behind the lengths that they unpack to and have.
fn hadoop(mut packed: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size);
    while !packed.is_empty() {
        let (lengths, rest) = packed.split_at_checked(8)?;
        let [unpacked, length] =
            [0, 4].map(|at| u32::from_be_bytes([lengths[at], lengths[at + 1], lengths[at + 2], lengths[at + 3]]));
        let (block, rest) = rest.split_at_checked(length as usize)?;
        if unpacked as usize > size - bytes.len() {
            return None;
        }
        bytes.extend_from_slice(&lz4(block, unpacked as usize)?);
        packed = rest;
    }
    Some(bytes)
}

fn zstd(mut packed: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    while !packed.is_empty() && bytes.len() <= size {
        let decoder = ruzstd::decoding::StreamingDecoder::new(&mut packed).ok()?;
        bytes.extend(all(decoder, size - bytes.len())?);
    }
    Some(bytes)
}
