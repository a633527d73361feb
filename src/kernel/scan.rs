//! Where the bytes are that give a delimited text its shape: separators, quotes and line ends.
//!
//! Sixteen bytes at a time with 128-bit SIMD (WebAssembly `simd128`, x86-64 SSE2), byte by byte elsewhere.
//! The two are held to each other, and both to csv-core, by property tests.

/// The bytes of shape in one stretch of text, shorter than 4 GiB.
#[derive(Debug, Default)]
pub struct Marks {
    positions: Places,
    newlines: Places,
    /// Whether there is a quote or a `\r`.
    pub has_others: bool,
    /// Whether all bytes are ASCII.
    pub is_ascii: bool,
}

impl Marks {
    /// The position of every separator, quote, `\n` and `\r`, in order, behind one that stands for the line end before
    /// the stretch: `u32::MAX`, so that adding 1 gives where the first record begins.
    pub fn positions(&self) -> &[u32] {
        self.positions.all()
    }

    /// The places in [`Marks::positions`] of every `\n`.
    pub fn newlines(&self) -> &[u32] {
        self.newlines.all()
    }

    /// Begins anew with `bytes`.
    pub fn scan(&mut self, bytes: &[u8], separator: u8, quote: u8) {
        self.positions.len = 0;
        self.newlines.len = 0;
        self.has_others = false;
        self.is_ascii = true;
        self.positions.make_room();
        self.positions.push(u32::MAX);
        let done = lanes::scan(bytes, separator, quote, self);
        self.scan_bytes(bytes, done, separator, quote);
    }

    /// The obvious scan, for the last few bytes and for machines without the lanes.
    fn scan_bytes(&mut self, bytes: &[u8], from: usize, separator: u8, quote: u8) {
        for (at, &byte) in bytes.iter().enumerate().skip(from) {
            self.positions.make_room();
            self.newlines.make_room();
            self.is_ascii &= byte.is_ascii();
            if byte == b'\n' {
                self.newlines.push(self.positions.len as u32);
            }
            self.has_others |= byte == quote || byte == b'\r';
            if byte == separator || byte == quote || byte == b'\n' || byte == b'\r' {
                self.positions.push(at as u32);
            }
        }
    }

    /// Takes in 64 bytes from `base` on: a bit for each mark, and for each newline among them.
    #[allow(dead_code)] // only where there are lanes
    #[inline(always)]
    fn push_bits(&mut self, mut marks: u64, mut newlines: u64, base: usize) {
        self.positions.make_room();
        self.newlines.make_room();
        let n_before = self.positions.len as u32;
        while newlines != 0 {
            let below = (newlines & newlines.wrapping_neg()) - 1;
            self.newlines.push(n_before + (marks & below).count_ones());
            newlines &= newlines - 1;
        }
        while marks != 0 {
            self.positions.push((base + marks.trailing_zeros() as usize) as u32);
            marks &= marks - 1;
        }
    }
}

/// A vector that is asked for room once for many pushes, and keeps it.
#[derive(Debug, Default)]
struct Places {
    room: Vec<u32>,
    len: usize,
}

impl Places {
    fn all(&self) -> &[u32] {
        &self.room[..self.len]
    }

    /// Room for 64 more.
    #[inline(always)]
    fn make_room(&mut self) {
        if self.room.len() < self.len + 64 {
            self.room.resize((2 * self.len).max(4_096), 0);
        }
    }

    #[inline(always)]
    fn push(&mut self, place: u32) {
        self.room[self.len] = place;
        self.len += 1;
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    use core::arch::wasm32::{i8x16_bitmask, i8x16_eq, i8x16_splat, v128, v128_any_true, v128_load, v128_or};

    use super::Marks;

    pub(super) fn scan(bytes: &[u8], separator: u8, quote: u8, marks: &mut Marks) -> usize {
        let splat = |b: u8| i8x16_splat(b as i8);
        let (separator, quote, lf, cr) = (splat(separator), splat(quote), splat(b'\n'), splat(b'\r'));
        let (mut all_bytes, mut all_others) = (splat(0), splat(0));
        for (block, chunk) in bytes.chunks_exact(64).enumerate() {
            let (mut bits, mut newlines) = (0u64, 0u64);
            for lane in 0..4 {
                // SAFETY: `chunk` is 64 bytes and v128_load has no alignment requirement.
                let v = unsafe { v128_load(chunk.as_ptr().add(lane * 16).cast::<v128>()) };
                let others = v128_or(i8x16_eq(v, quote), i8x16_eq(v, cr));
                let ends = i8x16_eq(v, lf);
                all_bytes = v128_or(all_bytes, v);
                all_others = v128_or(all_others, others);
                newlines |= u64::from(i8x16_bitmask(ends)) << (lane * 16);
                bits |= u64::from(i8x16_bitmask(v128_or(v128_or(i8x16_eq(v, separator), ends), others))) << (lane * 16);
            }
            marks.push_bits(bits, newlines, block * 64);
        }
        marks.has_others = v128_any_true(all_others);
        marks.is_ascii = i8x16_bitmask(all_bytes) == 0;
        bytes.len() / 64 * 64
    }
}

#[cfg(target_arch = "x86_64")]
mod lanes {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128,
    };

    use super::Marks;

    pub(super) fn scan(bytes: &[u8], separator: u8, quote: u8, marks: &mut Marks) -> usize {
        // SAFETY: SSE2 is part of every x86-64.
        let splat = |b: u8| unsafe { _mm_set1_epi8(b as i8) };
        let (separator, quote, lf, cr) = (splat(separator), splat(quote), splat(b'\n'), splat(b'\r'));
        // SAFETY: as above.
        let (mut all_bytes, mut all_others) = unsafe { (_mm_setzero_si128(), _mm_setzero_si128()) };
        for (block, chunk) in bytes.chunks_exact(64).enumerate() {
            let (mut bits, mut newlines) = (0u64, 0u64);
            for lane in 0..4 {
                // SAFETY: `chunk` is 64 bytes, the load is unaligned, and SSE2 is part of every x86-64.
                let (mark, newline) = unsafe {
                    let v = _mm_loadu_si128(chunk.as_ptr().add(lane * 16).cast::<__m128i>());
                    let others = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, cr));
                    let ends = _mm_cmpeq_epi8(v, lf);
                    all_bytes = _mm_or_si128(all_bytes, v);
                    all_others = _mm_or_si128(all_others, others);
                    let all = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, separator), ends), others);
                    (_mm_movemask_epi8(all), _mm_movemask_epi8(ends))
                };
                bits |= u64::from(mark as u16) << (lane * 16);
                newlines |= u64::from(newline as u16) << (lane * 16);
            }
            marks.push_bits(bits, newlines, block * 64);
        }
        // SAFETY: as above.
        unsafe {
            marks.has_others = _mm_movemask_epi8(all_others) != 0;
            marks.is_ascii = _mm_movemask_epi8(all_bytes) == 0;
        }
        bytes.len() / 64 * 64
    }
}

#[cfg(not(any(all(target_arch = "wasm32", target_feature = "simd128"), target_arch = "x86_64")))]
mod lanes {
    pub(super) fn scan(_: &[u8], _: u8, _: u8, _: &mut super::Marks) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the lanes and the obvious scan find.
    fn both(bytes: &[u8], separator: u8) -> [(Vec<u32>, Vec<u32>, bool, bool); 2] {
        let mut fast = Marks::default();
        fast.scan(bytes, separator, b'"');
        let mut plain = Marks::default();
        plain.scan(b"", separator, b'"');
        plain.scan_bytes(bytes, 0, separator, b'"');
        [fast, plain].map(|m| (m.positions().to_vec(), m.newlines().to_vec(), m.has_others, m.is_ascii))
    }

    #[test]
    fn finds_a_byte_of_shape_at_every_position_of_a_block() {
        for at in 0..200 {
            for mark in *b",\"\n\r\x80" {
                let mut bytes = vec![b'x'; 200];
                bytes[at] = mark;
                let positions = if mark == 0x80 { vec![u32::MAX] } else { vec![u32::MAX, at as u32] };
                let newlines = if mark == b'\n' { vec![1] } else { vec![] };
                let found = (positions, newlines, mark == b'"' || mark == b'\r', mark != 0x80);
                assert_eq!(both(&bytes, b','), [found.clone(), found]);
            }
        }
    }

    #[test]
    fn equals_the_obvious_scan_on_every_byte_value() {
        let bytes: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for separator in *b",;\t|" {
            let [fast, plain] = both(&bytes, separator);
            assert_eq!(fast, plain);
            assert!(fast.1.len() > 4);
        }
    }
}
