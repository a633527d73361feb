//! Halving with time, the same on every machine: by the operations alone that IEEE 754 rounds one way.

/// A half to the power of `time / half_life`; 0 beyond a thousand half-lives.
///
/// ```
/// # use clickfold::kernel::decay::halved;
/// assert_eq!([halved(0, 7), halved(7, 7), halved(21, 7)], [1.0, 0.5, 0.125]);
/// ```
pub fn halved(time: u128, half_life: u128) -> f64 {
    let Some(whole) = u64::try_from(time / half_life).ok().filter(|whole| *whole <= 1000) else { return 0.0 };
    halved_once((time % half_life) as f64, half_life as f64) * f64::from_bits((1023 - whole) << 52)
}

/// The same of a time up to one half-life: from 1 down to a half, within a share of 2⁻⁵⁰.
pub fn halved_once(time: f64, half_life: f64) -> f64 {
    let exponent = -std::f64::consts::LN_2 * time / half_life;
    (1..=20).rev().fold(1.0, |sum, n| 1.0 + sum * exponent / f64::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact_and_the_rest_is_near() {
        for (time, half_life, expected) in [
            (0, 7, 1.0),
            (7, 7, 0.5),
            (70, 7, 1.0 / 1024.0),
            (7_007, 7, 0.0),
            (u128::MAX, 1, 0.0),
            (1, 2, 0.5f64.sqrt()),
            (5, 3, 0.5f64.powf(5.0 / 3.0)),
        ] {
            let found = halved(time, half_life);
            assert!((found - expected).abs() <= 2e-16 * expected, "{time} / {half_life}: {found} and {expected}");
        }
    }

    #[test]
    fn is_near_all_the_way() {
        for time in 0..=10_000 {
            let (found, expected) = (halved_once(time.into(), 1e4), (-f64::from(time) / 1e4).exp2());
            assert!((found / expected - 1.0).abs() <= 2f64.powi(-51), "{time}: {found} and {expected}");
        }
    }
}
