//! Amounts in descending order, their classes, and how unequal they are: exact up to the last division.

/// Amounts above 0, the largest first.
pub(super) struct Shares {
    pub(super) amounts: Vec<i128>,
    pub(super) total: i128,
    /// How many amounts are larger, and one more.
    pub(super) places: Vec<i64>,
    /// From 0.
    pub(super) classes: Vec<usize>,
}

impl Shares {
    /// Those of amounts that are in order, in classes that end at shares of the total; none where that is too large.
    pub(super) fn new(amounts: Vec<i128>, bounds: &[f64]) -> Option<Self> {
        let total = amounts.iter().try_fold(0i128, |sum, &amount| sum.checked_add(amount))?;
        let mut shares = Self { places: Vec::with_capacity(amounts.len()), classes: vec![], amounts: vec![], total };
        let mut before = 0;
        for alike in amounts.chunk_by(|a, b| a == b) {
            let begin = shares.of(before).unwrap_or_default();
            let class = bounds.iter().position(|&bound| bound > begin).unwrap_or(bounds.len());
            let n = shares.places.len();
            shares.places.resize(n + alike.len(), n as i64 + 1);
            shares.classes.resize(n + alike.len(), class);
            before += alike.iter().sum::<i128>();
        }
        Some(Self { amounts, ..shares })
    }

    /// The share of the total that an amount is.
    pub(super) fn of(&self, amount: i128) -> Option<f64> {
        (self.total > 0).then(|| amount as f64 / self.total as f64)
    }

    /// The amounts of a class.
    pub(super) fn class(&self, class: usize) -> &[i128] {
        let begin = self.classes.partition_point(|&other| other < class);
        &self.amounts[begin..self.classes.partition_point(|&other| other <= class)]
    }

    /// The share of the largest so many percent of amounts, at least one.
    pub(super) fn top(&self, percent: u64) -> Option<f64> {
        let n = (self.amounts.len() as u64 * percent).div_ceil(100);
        self.of(self.amounts[..n as usize].iter().sum())
    }

    /// The sum of each one's place above the middle times it, `2i - n - 1` in ascending order, by `n` times the total.
    pub(super) fn gini(&self) -> Option<f64> {
        let n = self.amounts.len() as i128;
        let weighted = self.amounts.iter().enumerate().map(|(at, &amount)| (n - 1 - 2 * at as i128, amount));
        let exact = weighted.clone().try_fold(0i128, |sum, (weight, amount)| sum.checked_add(weight.checked_mul(amount)?));
        let sum = exact.map_or_else(|| weighted.map(|(weight, amount)| weight as f64 * amount as f64).sum(), |sum| sum as f64);
        (n > 0).then(|| sum / (n as f64 * self.total as f64))
    }

    /// The sum of the squared shares.
    pub(super) fn herfindahl(&self) -> Option<f64> {
        let exact = self.amounts.iter().try_fold(0i128, |sum, amount| sum.checked_add(amount.checked_mul(*amount)?));
        let squares = || self.amounts.iter().map(|&amount| amount as f64 * amount as f64).sum();
        let sum = exact.map_or_else(squares, |sum| sum as f64);
        (self.total > 0).then(|| sum / (self.total as f64 * self.total as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_crosses_a_bound_is_still_in_the_class() {
        for (amounts, classes, places) in [
            (vec![80, 15, 5], vec![0, 1, 2], vec![1, 2, 3]),
            (vec![79, 16, 5], vec![0, 0, 2], vec![1, 2, 3]),
            (vec![4, 4, 1, 1], vec![0, 0, 1, 1], vec![1, 1, 3, 3]),
            (vec![7], vec![0], vec![1]),
            (vec![], vec![], vec![]),
        ] {
            let shares = Shares::new(amounts, &[0.8, 0.95]).unwrap();
            assert_eq!((&shares.classes, &shares.places), (&classes, &places), "{:?}", shares.amounts);
        }
    }

    #[test]
    fn concentration_is_as_by_its_formulas() {
        // The mean absolute difference of 1, 2, 3 and 4 is 1.25, half of it by their mean of 2.5 is a quarter.
        let shares = Shares::new(vec![4, 3, 2, 1], &[]).unwrap();
        assert_eq!((shares.gini(), shares.herfindahl(), shares.top(20)), (Some(0.25), Some(0.3), Some(0.4)));
        let equal = Shares::new(vec![5; 100], &[]).unwrap();
        assert_eq!((equal.gini(), equal.herfindahl(), equal.top(5)), (Some(0.0), Some(0.01), Some(0.05)));
        let none = Shares::new(vec![], &[0.5]).unwrap();
        assert_eq!((none.gini(), none.herfindahl(), none.top(1)), (None, None, None));
    }

    #[test]
    fn what_leaves_128_bits_is_told_or_computed_in_floats() {
        assert!(Shares::new(vec![i128::MAX, 1], &[]).is_none());
        let large = Shares::new(vec![4 << 123, 3 << 123, 2 << 123, 1 << 123], &[]).unwrap();
        assert_eq!((large.gini(), large.herfindahl()), (Some(0.25), Some(0.3)));
    }
}
