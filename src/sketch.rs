//! Sketches: what is kept of numbers where an answer may be wrong by a stated share.
//!
//! As DDSketch does (Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
//! Guarantees", VLDB 2019), numbers are counted in bins whose ends lie within a ratio. The bins are those of its linearly
//! interpolated kind: each power of two is cut into equally wide ones. That takes 44 % more bins than logarithms do, but
//! integers alone, so every platform puts a number into the same bin: states of different machines merge.

/// Bins that are so narrow that one value stands for all of a bin's, up to a relative error.
///
/// A number of 64 bits falls into one of at most `128 * n + 1` bins, one of 128 bits into one of `256 * n + 1`, `n` being
/// half the error's inverse: 51 bins for each power of two at an error of 0.01. No bin is ever merged into
/// another, so the error holds for all numbers. Integers below `n` have a bin of their own.
///
/// ```
/// # use clickfold::sketch::Bins;
/// let bins = Bins::new(0.01);
/// assert_eq!(bins.value(bins.of(42)), 42.0);
/// assert!((bins.value(bins.of(123_456)) - 123_456.0).abs() <= 0.01 * 123_456.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bins {
    /// How many bins a power of two is cut into.
    per_octave: u64,
}

/// The leading bits of a number that its bin is told from, the first one apart.
const BITS: u32 = 32;

impl Bins {
    /// Bins for a relative error, from 0.0001 up to 1.
    pub fn new(error: f64) -> Self {
        // In the lowest of n bins from 1 to 2 the best value is wrong by 1 / (2n + 1), which is less than the error by far
        // more than what the cut leading bits and the rounding of floats add.
        Self { per_octave: (0.5 / error.clamp(0.000_1, 1.0)) as u64 + 1 }
    }

    /// The bin of a number: 0 for 0, and greater for greater numbers.
    #[inline]
    pub fn of(&self, number: i64) -> i64 {
        let magnitude = number.unsigned_abs();
        if magnitude == 0 {
            return 0;
        }
        let exponent = magnitude.ilog2();
        let leading = magnitude << (63 - exponent) >> (63 - BITS);
        self.bin(exponent, leading, number < 0)
    }

    /// The same for a number of any width.
    pub fn of_wide(&self, number: i128) -> i64 {
        if let Ok(narrow) = i64::try_from(number) {
            return self.of(narrow);
        }
        let magnitude = number.unsigned_abs();
        let exponent = magnitude.ilog2();
        self.bin(exponent, (magnitude >> (exponent - BITS)) as u64, number < 0)
    }

    #[inline]
    fn bin(&self, exponent: u32, leading: u64, is_negative: bool) -> i64 {
        let part = ((leading - (1 << BITS)) * self.per_octave) >> BITS;
        let bin = (1 + u64::from(exponent) * self.per_octave + part) as i64;
        if is_negative { -bin } else { bin }
    }

    /// The value that stands for all numbers of a bin: `2ab / (a + b)` of the least, `a`, and the greatest, `b`.
    pub fn value(&self, bin: i64) -> f64 {
        let Some(at) = bin.unsigned_abs().checked_sub(1) else { return 0.0 };
        let (exponent, part) = ((at / self.per_octave).min(127) as u32, at % self.per_octave);
        let leading = |part: u64| (1 << BITS) + (part << BITS).div_ceil(self.per_octave);
        let (first, next) = (leading(part), leading(part + 1));
        let (least, greatest) = match exponent.checked_sub(BITS) {
            None => {
                let unit = 1 << (BITS - exponent);
                (first.div_ceil(unit) as f64, (next.div_ceil(unit) - 1) as f64)
            }
            Some(more) => {
                let unit = (1u128 << more) as f64;
                (first as f64 * unit, next as f64 * unit - 1.0)
            }
        };
        let value = least + least * ((greatest - least) / (greatest + least));
        if bin < 0 { -value } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the bin's value is within the error of the number.
    fn check(error: f64, number: i128) {
        let bins = Bins::new(error);
        let (value, exact) = (bins.value(bins.of_wide(number)), number as f64);
        assert!((value - exact).abs() <= error * exact.abs(), "{value} for {number}, error {error}");
        assert!(bins.of_wide(number).unsigned_abs() <= 128 * bins.per_octave);
        assert!(i64::try_from(number).is_err() || bins.of_wide(number).unsigned_abs() <= 64 * bins.per_octave);
    }

    #[test]
    fn the_error_holds_at_both_ends_of_every_bin() {
        for error in [0.000_1, 0.001, 0.01, 0.02, 0.05, 0.3, 0.5, 0.999] {
            let bins = Bins::new(error);
            for exponent in 0..127 {
                for part in 0..bins.per_octave {
                    let about = (1i128 << exponent) + ((part as i128) << exponent) / bins.per_octave as i128;
                    (-1..=1).for_each(|step| check(error, about + step));
                }
            }
            for number in [0, 1, i128::MAX, i128::MIN, i128::from(i64::MAX), i128::from(i64::MIN)] {
                check(error, number);
            }
        }
    }

    #[test]
    fn small_integers_are_exact() {
        for (error, most) in [(0.01, 51), (0.001, 501), (0.000_1, 5_001)] {
            let bins = Bins::new(error);
            (-most..=most).for_each(|number| assert_eq!(bins.value(bins.of(number)), number as f64));
        }
    }

    proptest::proptest! {
        #[test]
        fn bins_keep_the_order_and_the_error(
            a in proptest::num::i128::ANY, b in proptest::num::i128::ANY, shift in 0u32..127, error in 0.000_1f64..1.0,
        ) {
            let (a, b) = (a >> shift, b >> shift);
            let bins = Bins::new(error);
            assert!(bins.of_wide(a.min(b)) <= bins.of_wide(a.max(b)));
            check(error, a);
            check(error, b);
        }
    }

    /// The same on every platform, as states are merged between them.
    #[test]
    fn bins_are_these() {
        let numbers = [1, 2, 3, 51, 63, 64, 100, 101, 999, 123_456_789, i64::MAX, i64::MIN];
        let bins = Bins::new(0.01);
        assert_eq!(numbers.map(|number| bins.of(number)), [1, 52, 77, 286, 305, 307, 335, 336, 508, 1_369, 3_213, -3_214]);
        assert_eq!(bins.of_wide(i128::MIN), -6_478);
        assert_eq!([336, 508, 1_369].map(|bin| bins.value(bin)), [101.0, 998.479_719_579_369_1, 123_029_399.163_316_07]);
    }
}
