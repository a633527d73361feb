//! One hash for tables and states, equal on every platform.
//!
//! Multiply and fold, after FxHash and wyhash; not for keys an attacker gains from colliding, beyond slowness.

use super::values::{Data, Values};

const K: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a byte string, the same on every machine and in every version.
#[inline]
pub fn hash64(bytes: &[u8]) -> u64 {
    let mut h = (bytes.len() as u64).wrapping_mul(K);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("chunks of eight"));
        h = (h.rotate_left(23) ^ word).wrapping_mul(K);
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let mut word = [0u8; 8];
        word[..rest.len()].copy_from_slice(rest);
        h = (h.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(K);
    }
    mix64(h)
}

/// The hash of one 64-bit value: a bijection whose high and low bits both depend on all bits.
#[inline]
pub fn mix64(value: u64) -> u64 {
    let h = (value ^ (value >> 32)).wrapping_mul(K);
    (h ^ (h >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (h >> 32)
}

/// The hash of each value, which follows from the value alone, in whatever shape it comes; of null 0.
pub fn hash_values(values: &Values) -> Vec<u64> {
    let of_wide = |wide: i128| i64::try_from(wide).map_or_else(|_| hash64(&wide.to_le_bytes()), |int| mix64(int as u64));
    let mut hashes: Vec<u64> = match &values.data {
        Data::Ints(ints) => ints.iter().map(|&int| mix64(int as u64)).collect(),
        Data::Ranked(places, steps) => steps.at(places).into_iter().map(|int| mix64(int as u64)).collect(),
        Data::Floats(floats) => floats.iter().map(|float| mix64(float.to_bits())).collect(),
        Data::Wide(wide) => wide.iter().map(|&wide| of_wide(wide)).collect(),
        Data::Codes(codes, texts) => {
            let hash = |(row, &code): (usize, &u32)| if values.is_valid(row) { hash64(texts.get(code).as_bytes()) } else { 0 };
            codes.iter().enumerate().map(hash).collect()
        }
    };
    let nulls = hashes.iter_mut().zip(values.valid.iter().flatten()).filter(|(_, valid)| !**valid);
    nulls.for_each(|(hash, _)| *hash = 0);
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_changes() {
        assert_eq!(hash64(b""), mix64(0));
        let golden: Vec<u64> = [&b""[..], b"pv", b"purchase", b"d72d76fe-8bb3-4e00-8c23-a032dfed738c"].map(hash64).to_vec();
        assert_eq!(golden, GOLDEN);
    }

    const GOLDEN: [u64; 4] = [0, 8_915_965_114_575_119_300, 17_302_507_760_676_856_681, 14_515_036_344_312_628_839];

    #[test]
    fn spreads_small_integers_over_both_ends() {
        let mut high = std::collections::HashSet::new();
        let mut low = std::collections::HashSet::new();
        for i in 0..4096u64 {
            high.insert(mix64(i) >> 52);
            low.insert(mix64(i) & 4095);
        }
        assert!(high.len() > 2_400 && low.len() > 2_400, "{} {}", high.len(), low.len());
    }
}
