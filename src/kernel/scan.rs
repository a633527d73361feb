//! Where the bytes are that give a delimited text its shape: separators, quotes and line ends.
//!
//! Sixteen bytes at a time with 128-bit SIMD (WebAssembly `simd128`, x86-64 SSE2), byte by byte elsewhere.
//! The two are held to each other, and both to csv-core, by property tests.

/// Appends the position of every separator, quote, `\n` and `\r` in `bytes` to `marks`, in order; says whether all bytes are
/// ASCII.
///
/// `bytes` must be shorter than 4 GiB.
pub fn scan(bytes: &[u8], separator: u8, quote: u8, marks: &mut Vec<u32>) -> bool {
    marks.reserve(bytes.len() / 8);
    let (done, is_ascii) = lanes::scan(bytes, separator, quote, marks);
    scan_bytes(&bytes[done..], done, separator, quote, marks);
    is_ascii && bytes[done..].is_ascii()
}

/// The obvious scan, for the last few bytes and for machines without the lanes.
fn scan_bytes(bytes: &[u8], offset: usize, separator: u8, quote: u8, marks: &mut Vec<u32>) {
    let found = bytes.iter().enumerate().filter(|&(_, &b)| b == separator || b == quote || b == b'\n' || b == b'\r');
    marks.extend(found.map(|(i, _)| (offset + i) as u32));
}

/// Appends `base` + the index of every set bit.
#[allow(dead_code)] // only where there are lanes
#[inline(always)]
fn push_bits(mut bits: u64, base: usize, marks: &mut Vec<u32>) {
    while bits != 0 {
        marks.push((base + bits.trailing_zeros() as usize) as u32);
        bits &= bits - 1;
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    use core::arch::wasm32::{i8x16_bitmask, i8x16_eq, i8x16_splat, v128, v128_load, v128_or};

    pub(super) fn scan(bytes: &[u8], separator: u8, quote: u8, marks: &mut Vec<u32>) -> (usize, bool) {
        let splat = |b: u8| i8x16_splat(b as i8);
        let (separator, quote, lf, cr) = (splat(separator), splat(quote), splat(b'\n'), splat(b'\r'));
        let mut all = splat(0);
        for (block, chunk) in bytes.chunks_exact(64).enumerate() {
            let mut bits = 0u64;
            for lane in 0..4 {
                // SAFETY: `chunk` is 64 bytes and v128_load has no alignment requirement.
                let v = unsafe { v128_load(chunk.as_ptr().add(lane * 16).cast::<v128>()) };
                all = v128_or(all, v);
                let separators = v128_or(i8x16_eq(v, separator), i8x16_eq(v, quote));
                let ends = v128_or(i8x16_eq(v, lf), i8x16_eq(v, cr));
                bits |= u64::from(i8x16_bitmask(v128_or(separators, ends))) << (lane * 16);
            }
            super::push_bits(bits, block * 64, marks);
        }
        (bytes.len() / 64 * 64, i8x16_bitmask(all) == 0)
    }
}

#[cfg(target_arch = "x86_64")]
mod lanes {
    use core::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};

    pub(super) fn scan(bytes: &[u8], separator: u8, quote: u8, marks: &mut Vec<u32>) -> (usize, bool) {
        // SAFETY: SSE2 is part of every x86-64.
        let splat = |b: u8| unsafe { _mm_set1_epi8(b as i8) };
        let (separator, quote, lf, cr) = (splat(separator), splat(quote), splat(b'\n'), splat(b'\r'));
        let mut all = splat(0);
        for (block, chunk) in bytes.chunks_exact(64).enumerate() {
            let mut bits = 0u64;
            for lane in 0..4 {
                // SAFETY: `chunk` is 64 bytes, the load is unaligned, and SSE2 is part of every x86-64.
                let mask = unsafe {
                    let v = _mm_loadu_si128(chunk.as_ptr().add(lane * 16).cast::<__m128i>());
                    all = _mm_or_si128(all, v);
                    let separators = _mm_or_si128(_mm_cmpeq_epi8(v, separator), _mm_cmpeq_epi8(v, quote));
                    let ends = _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr));
                    _mm_movemask_epi8(_mm_or_si128(separators, ends))
                };
                bits |= u64::from(mask as u16) << (lane * 16);
            }
            super::push_bits(bits, block * 64, marks);
        }
        // SAFETY: SSE2 is part of every x86-64.
        (bytes.len() / 64 * 64, unsafe { _mm_movemask_epi8(all) } == 0)
    }
}

#[cfg(not(any(all(target_arch = "wasm32", target_feature = "simd128"), target_arch = "x86_64")))]
mod lanes {
    pub(super) fn scan(_: &[u8], _: u8, _: u8, _: &mut Vec<u32>) -> (usize, bool) {
        (0, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(bytes: &[u8], separator: u8) -> (Vec<u32>, Vec<u32>) {
        let (mut fast, mut plain) = (vec![], vec![]);
        scan(bytes, separator, b'"', &mut fast);
        scan_bytes(bytes, 0, separator, b'"', &mut plain);
        (fast, plain)
    }

    #[test]
    fn finds_a_mark_at_every_position_of_a_block() {
        for at in 0..200 {
            for mark in *b",\"\n\r" {
                let mut bytes = vec![b'x'; 200];
                bytes[at] = mark;
                assert_eq!(both(&bytes, b','), (vec![at as u32], vec![at as u32]));
            }
        }
    }

    #[test]
    fn tells_ascii_at_every_position_of_a_block() {
        for at in 0..200 {
            let mut bytes = vec![0x7f; 200];
            assert!(scan(&bytes, b',', b'"', &mut vec![]));
            bytes[at] = 0x80;
            assert!(!scan(&bytes, b',', b'"', &mut vec![]), "{at}");
        }
    }

    #[test]
    fn equals_the_obvious_scan_on_every_byte_value() {
        let bytes: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for separator in *b",;\t|" {
            let (fast, plain) = both(&bytes, separator);
            assert_eq!(fast, plain);
        }
    }
}
