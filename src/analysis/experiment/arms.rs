//! What an experiment's variants are found to be: rates, means, and how far they are from the control's.

use crate::kernel::statistics::{chi_square_sf, normal_cdf, student_t_cdf};
use crate::{Error, ErrorKind, Result};

/// The actors of a variant, and their values in units of which there are so many in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arm {
    pub(super) actors: i64,
    pub(super) conversions: i64,
    pub(super) sum: i128,
    pub(super) squares: i128,
    /// Actors that saw this variant first, and another one later.
    pub(super) mixed: i64,
}

impl Arm {
    /// # Errors
    ///
    /// `OVERFLOW`.
    pub(super) fn add(&mut self, other: &Self) -> Result<()> {
        self.actors += other.actors;
        self.conversions += other.conversions;
        self.mixed += other.mixed;
        self.sum = self.sum.checked_add(other.sum).ok_or_else(overflow)?;
        self.squares = self.squares.checked_add(other.squares).ok_or_else(overflow)?;
        Ok(())
    }

    pub(super) fn rate(&self) -> Option<f64> {
        (self.actors > 0).then(|| self.conversions as f64 / self.actors as f64)
    }

    /// The mean of the actors' values.
    pub(super) fn mean(&self, unit: f64) -> Option<f64> {
        (self.actors > 0).then(|| self.sum as f64 / (self.actors as f64 * unit))
    }

    /// Their variance, divided by one less than their count; none of fewer than two.
    ///
    /// # Errors
    ///
    /// `OVERFLOW`.
    pub(super) fn variance(&self, unit: f64) -> Result<Option<f64>> {
        if self.actors < 2 {
            return Ok(None);
        }
        let n = i128::from(self.actors);
        // n·Σx² - (Σx)², the variance times n·(n - 1).
        let above = n.checked_mul(self.squares).zip(self.sum.checked_mul(self.sum)).and_then(|(a, b)| a.checked_sub(b));
        Ok(Some(above.ok_or_else(overflow)? as f64 / (n * (n - 1)) as f64 / (unit * unit)))
    }

    /// How much higher the rate is than the control's, as a share of that.
    pub(super) fn lift(&self, control: &Self) -> Option<f64> {
        let (rate, of_control) = (self.rate()?, control.rate()?);
        (of_control > 0.0).then(|| rate / of_control - 1.0)
    }

    /// The difference of the rates in standard errors of the rate of both together.
    pub(super) fn z(&self, control: &Self) -> Option<f64> {
        let difference = self.rate()? - control.rate()?;
        let (n, m) = (self.actors as f64, control.actors as f64);
        let pooled = (self.conversions + control.conversions) as f64 / (n + m);
        let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
        (error > 0.0).then(|| difference / error)
    }

    /// The always-valid p-value of the mixture sequential probability ratio test.
    pub(super) fn p_sequential(&self, control: &Self, tau: f64) -> Option<f64> {
        let (rate, of_control) = (self.rate()?, control.rate()?);
        let variance = rate * (1.0 - rate) / self.actors as f64 + of_control * (1.0 - of_control) / control.actors as f64;
        let (all, difference) = (variance + tau * tau, rate - of_control);
        let log_ratio = 0.5 * (variance / all).ln() + (tau * difference).powi(2) / (2.0 * variance * all);
        (variance > 0.0).then(|| (-log_ratio).exp().min(1.0))
    }

    /// Welch's t of the means, and its degrees of freedom.
    ///
    /// # Errors
    ///
    /// `OVERFLOW`.
    pub(super) fn welch(&self, control: &Self, unit: f64) -> Result<Option<(f64, f64)>> {
        let means = self.mean(unit).zip(control.mean(unit));
        let variances = self.variance(unit)?.zip(control.variance(unit)?);
        Ok(means.zip(variances).and_then(|((mean, of_control), (variance, control_variance))| {
            let (n, m) = (self.actors as f64, control.actors as f64);
            let (own, other) = (variance / n, control_variance / m);
            let degrees = (own + other).powi(2) / (own * own / (n - 1.0) + other * other / (m - 1.0));
            (own + other > 0.0).then(|| ((mean - of_control) / (own + other).sqrt(), degrees))
        }))
    }
}

fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a sum of values is too large to be exact; filter the rows")
}

/// How likely a standard normal value is to be as far from 0.
pub(super) fn two_sided(z: f64) -> f64 {
    2.0 * normal_cdf(-z.abs())
}

/// The same of a value of Student's t distribution.
pub(super) fn two_sided_t(t: f64, degrees: f64) -> f64 {
    2.0 * student_t_cdf(-t.abs(), degrees)
}

/// How likely actors are dealt as unevenly as these by shares of those weights; none where there is nothing to deal.
pub(super) fn mismatch(actors: &[i64], weights: &[f64]) -> Option<f64> {
    let (n, all): (i64, f64) = (actors.iter().sum(), weights.iter().sum());
    let n_shares = weights.iter().filter(|weight| **weight > 0.0).count();
    if n == 0 || n_shares < 2 && n_shares == weights.len() {
        return None;
    }
    let part = |(&actors, &weight): (&i64, &f64)| match n as f64 * (weight / all) {
        0.0 if actors == 0 => 0.0,
        expected => (actors as f64 - expected).powi(2) / expected,
    };
    let distance: f64 = actors.iter().zip(weights).map(part).sum();
    if distance.is_infinite() { Some(0.0) } else { (n_shares > 1).then(|| chi_square_sf(distance, n_shares as u32 - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(actors: i64, conversions: i64) -> Arm {
        Arm { actors, conversions, ..Arm::default() }
    }

    fn is_near(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-12 * expected.abs()
    }

    /// The expected values are those of statsmodels and SciPy.
    #[test]
    fn tests_are_as_published() {
        let (a, b) = (arm(4_000, 240), arm(4_000, 200));
        let z = a.z(&b).unwrap();
        assert!(is_near(z, 1.961_629_675_764_666) || (z - 1.961_63).abs() < 1e-5, "{z}");
        assert!((two_sided(z) - 0.049_805).abs() < 1e-6);
        assert!(is_near(a.lift(&b).unwrap(), 0.2));
        let values = |actors, sum, squares| Arm { actors, sum, squares, ..Arm::default() };
        // 1, 2, 3, 4 and 2, 2, 5.
        let (t, degrees) = values(4, 10, 30).welch(&values(3, 9, 33), 1.0).unwrap().unwrap();
        assert!(is_near(t, -0.420_084_025_208_402_93) && is_near(degrees, 3.597_510_373_443_983), "{t}, {degrees}");
        assert!(is_near(mismatch(&[50, 70], &[0.5, 0.5]).unwrap(), 0.067_889_154_861_829_02));
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        let (none, all) = (arm(0, 0), arm(5, 5));
        assert_eq!([none.rate(), none.lift(&all), none.z(&all), all.z(&all), all.p_sequential(&all, 0.1)], [None; 5]);
        assert_eq!([mismatch(&[], &[]), mismatch(&[3], &[1.0]), mismatch(&[0, 0], &[1.0, 1.0])], [None; 3]);
        assert_eq!(mismatch(&[3, 1], &[1.0, 0.0]), Some(0.0));
        assert_eq!(mismatch(&[3, 0], &[1.0, 0.0]), None);
    }
}
