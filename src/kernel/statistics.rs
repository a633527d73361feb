//! Statistics of shares: the normal distribution, and intervals that a share is likely to lie in.
//!
//! Floats of a last step, made of exact counts; never part of a state.

mod tails;

use std::f64::consts::{PI, SQRT_2};

pub use tails::{chi_square_sf, student_t_cdf};

/// The share of a standard normal distribution below `x`.
///
/// Near the middle by the series in G. Marsaglia, "Evaluating the Normal Distribution" (Journal of Statistical Software 11(4),
/// 2004), in the tails by Laplace's continued fraction: to a relative 1e-13, in the lower tail too, where 0 is as far as a
/// float goes. Not a number for one that is none.
///
/// ```
/// # use clickfold::kernel::statistics::normal_cdf;
/// assert_eq!(normal_cdf(0.0), 0.5);
/// assert!((normal_cdf(1.96) - 0.975_002_104_851_779_5).abs() < 1e-15);
/// ```
pub fn normal_cdf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let density = (-0.5 * x * x).exp() / (SQRT_2 * PI.sqrt());
    if x.abs() > 2.5 {
        // From the 120th fraction on, what lies below changes no digit.
        let below = (1..=120).rev().fold(x.abs(), |below, n| x.abs() + f64::from(n) / below);
        let tail = density / below;
        return if x < 0.0 { tail } else { 1.0 - tail };
    }
    let (mut term, mut sum, mut odd) = (x, 0.0, 1.0);
    while sum + term != sum {
        sum += term;
        odd += 2.0;
        term *= x * x / odd;
    }
    0.5 + density * sum
}

/// The number that a share `p` of a standard normal distribution lies below, infinite for 0 and 1.
///
/// M. J. Wichura's algorithm AS 241, PPND16 (Applied Statistics 37(3), 1988): to a relative 1e-15. Not a number for what is no
/// share.
///
/// ```
/// # use clickfold::kernel::statistics::normal_quantile;
/// assert_eq!(normal_quantile(0.5), 0.0);
/// assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let from_middle = p - 0.5;
    if from_middle.abs() <= 0.425 {
        return from_middle * ratio(&MIDDLE, 0.180_625 - from_middle * from_middle);
    }
    let tail = if from_middle < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return from_middle.signum() * f64::INFINITY;
    }
    let root = (-tail.ln()).sqrt();
    let quantile = if root <= 5.0 { ratio(&TAIL, root - 1.6) } else { ratio(&FAR_TAIL, root - 5.0) };
    from_middle.signum() * quantile
}

/// Where the share lies that `successes` of `n` are a sample of, at a `confidence` from 0 to 1: both ends of E. B. Wilson's score
/// interval (Journal of the American Statistical Association 22, 1927), without correction for continuity; none of no sample.
///
/// ```
/// # use clickfold::kernel::statistics::wilson;
/// let (low, high) = wilson(200, 4_000, 0.95).expect("a sample");
/// assert!((low - 0.043_667).abs() < 1e-6 && (high - 0.057_196).abs() < 1e-6);
/// assert_eq!(wilson(0, 0, 0.95), None);
/// ```
pub fn wilson(successes: i64, n: i64, confidence: f64) -> Option<(f64, f64)> {
    let z = normal_quantile(0.5 + confidence / 2.0);
    let (k, size) = (successes as f64, n as f64);
    let above = k + z * z / 2.0 + z * (k * (size - k) / size + z * z / 4.0).sqrt();
    // The product of both ends is a quotient: the lower one is it divided by the upper one, so that nothing cancels out.
    let low = if successes == 0 { 0.0 } else { k / size * k / above };
    let high = if successes == n { 1.0 } else { above / (size + z * z) };
    (n > 0).then_some((low, high))
}

/// A polynomial above another, of ascending powers.
type Ratio = ([f64; 8], [f64; 8]);

fn ratio((above, below): &Ratio, x: f64) -> f64 {
    let value = |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient);
    value(above) / value(below)
}

const MIDDLE: Ratio = (
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);
const TAIL: Ratio = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);
const FAR_TAIL: Ratio = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_7e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(found: f64, expected: f64, error: f64) -> bool {
        (found - expected).abs() <= error * expected.abs()
    }

    /// The expected values are those of SciPy, `ndtr` and `ndtri`, which are Cephes'.
    #[test]
    fn the_normal_distribution_is_as_published() {
        for (x, expected) in [
            (-37.5, 4.605_353_009_581_954e-308),
            (-20.0, 2.753_624_118_606_155_6e-89),
            (-8.0, 6.220_960_574_271_74e-16),
            (-5.0, 2.866_515_718_791_933e-7),
            (-3.0, 0.001_349_898_031_630_093_3),
            (-2.500_000_1, 0.006_209_663_572_946_309),
            (-2.5, 0.006_209_665_325_776_132),
            (-1.0, 0.158_655_253_931_457_07),
            (-0.3, 0.382_088_577_811_047_4),
            (0.3, 0.617_911_422_188_952_6),
            (1.0, 0.841_344_746_068_542_9),
            (2.5, 0.993_790_334_674_223_8),
            (3.0, 0.998_650_101_968_369_9),
            (8.0, 0.999_999_999_999_999_3),
        ] {
            assert!(is_near(normal_cdf(x), expected, 1e-13), "{x}: {} and {expected}", normal_cdf(x));
        }
        for (p, expected) in [
            (1.0e-300, -37.047_096_299_361_2),
            (1.0e-20, -9.262_340_089_798_409),
            (1.0e-9, -5.997_807_015_007_686_5),
            (0.001, -3.090_232_306_167_813),
            (0.01, -2.326_347_874_040_840_8),
            (0.074_9, -1.440_238_267_527_963_5),
            (0.075, -1.439_531_470_938_456_3),
            (0.075_1, -1.438_825_392_752_540_3),
            (0.25, -0.674_489_750_196_081_7),
            (0.4, -0.253_347_103_135_799_7),
            (0.9, 1.281_551_565_544_600_4),
            (0.975, 1.959_963_984_540_054),
            (0.995, 2.575_829_303_548_900_4),
            (0.999_5, 3.290_526_731_491_925_5),
        ] {
            assert!(is_near(normal_quantile(p), expected, 2e-15), "{p}: {} and {expected}", normal_quantile(p));
        }
    }

    /// The expected values are those of statsmodels, `proportion_confint` with the method `wilson`.
    #[test]
    fn intervals_are_as_published() {
        for (successes, n, confidence, low, high) in [
            (0, 10, 0.95, 0.0, 0.277_532_799_862_889_2),
            (10, 10, 0.95, 0.722_467_200_137_110_7, 0.999_999_999_999_999_9),
            (1, 1, 0.95, 0.206_549_314_377_237_45, 1.0),
            (200, 4000, 0.95, 0.043_667_138_340_424_475, 0.057_196_360_620_306_88),
            (1, 1_000_000, 0.99, 1.174_054_749_996_328e-7, 8.517_433_834_755_594e-6),
            (3, 7, 0.8, 0.225_988_111_614_525_78, 0.658_302_946_379_093_4),
            (999, 1000, 0.999, 0.987_388_279_390_775_6, 0.999_921_558_013_780_6),
        ] {
            let found = wilson(successes, n, confidence).unwrap();
            assert!(is_near(found.0, low, 1e-12) && is_near(found.1, high, 1e-12), "{successes} of {n}: {found:?}");
        }
        assert_eq!(wilson(0, 3, 0.95).map(|ends| ends.0), Some(0.0));
        assert_eq!(wilson(3, 3, 0.95).map(|ends| ends.1), Some(1.0));
        assert_eq!(wilson(1, 4, 0.0), Some((0.25, 0.25)));
    }

    #[test]
    fn what_is_no_share_has_no_quantile() {
        assert_eq!([0.0, 1.0].map(normal_quantile), [f64::NEG_INFINITY, f64::INFINITY]);
        assert!([-0.1, 1.1, f64::NAN].map(normal_quantile).into_iter().all(f64::is_nan));
        assert_eq!([f64::NEG_INFINITY, f64::INFINITY].map(normal_cdf), [0.0, 1.0]);
        assert!(normal_cdf(f64::NAN).is_nan());
    }

    #[test]
    fn the_quantile_is_the_inverse() {
        for n in 1..1_000 {
            let p = f64::from(n) / 1_000.0;
            assert!(is_near(normal_cdf(normal_quantile(p)), p, 1e-13), "{p}");
            assert!(is_near(normal_quantile(1.0 - p), -normal_quantile(p), 1e-11) || n == 500, "{p}");
        }
    }
}
