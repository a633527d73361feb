//! The share that each channel has in conversions by its removal, from a Markov chain of first order.

/// How often journeys go where, of channels numbered from 0.
pub(super) struct Chain {
    /// To each channel first.
    pub(super) begins: Vec<f64>,
    /// From a channel, row by row, to each other.
    pub(super) moves: Vec<f64>,
    /// From each channel to a conversion, and to the end without one.
    pub(super) converts: Vec<f64>,
    pub(super) leaves: Vec<f64>,
}

impl Chain {
    /// The removal effect of each channel, 1 - P(conversion without it) / P(conversion), as its share of all; zeros where nothing
    /// converts.
    ///
    /// A chain that loses a channel loses the conversions of the ways that come to it: P(ever there) · P(conversion from there).
    /// Both are told by the inverse of the matrix of who leaves whom, so that one elimination serves all channels.
    pub(super) fn shares(&self) -> Vec<f64> {
        let n = self.begins.len();
        let at = |row: usize, column: usize| row * n + column;
        let mut matrix: Vec<f64> = self.moves.iter().map(|moves| -moves).collect();
        for row in 0..n {
            let moves: f64 = self.moves[at(row, 0)..at(row + 1, 0)].iter().sum();
            matrix[at(row, row)] += moves + self.converts[row] + self.leaves[row];
        }
        let inverse = inverse(matrix, n);
        let begun: f64 = self.begins.iter().sum();
        let effect = |channel: usize| {
            let visits: f64 = (0..n).map(|from| self.begins[from] / begun * inverse[at(from, channel)]).sum();
            let converts: f64 = (0..n).map(|last| inverse[at(channel, last)] * self.converts[last]).sum();
            visits / inverse[at(channel, channel)] * converts
        };
        let effects: Vec<f64> = (0..n).map(effect).collect();
        let all: f64 = effects.iter().sum();
        effects.iter().map(|effect| if all > 0.0 { effect / all } else { 0.0 }).collect()
    }
}

/// The inverse of a matrix of `n` rows, by Gauss and Jordan's elimination. No row needs to be exchanged: outside of the diagonal
/// nothing is above 0, the diagonal is no less than the rest of its row, and each channel leads to an end, so all pivots are above
/// 0; and what no way leads to stays exactly 0.
fn inverse(mut matrix: Vec<f64>, n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    (0..n).for_each(|row| inverse[row * n + row] = 1.0);
    for column in 0..n {
        let pivot = matrix[column * n + column];
        for all in [&mut matrix, &mut inverse] {
            all[column * n..(column + 1) * n].iter_mut().for_each(|value| *value /= pivot);
        }
        for row in (0..n).filter(|&row| row != column) {
            let factor = matrix[row * n + column];
            if factor != 0.0 {
                for all in [&mut matrix, &mut inverse] {
                    (0..n).for_each(|at| all[row * n + at] -= factor * all[column * n + at]);
                }
            }
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths A>B>C to a conversion, A>B to none, C and B>C to one, A to none, solved by hand.
    #[test]
    fn known_credits_are_found() {
        let chain = Chain {
            begins: vec![3.0, 1.0, 1.0],
            moves: vec![0.0, 2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0],
            converts: vec![0.0, 0.0, 3.0],
            leaves: vec![1.0, 1.0, 0.0],
        };
        // Removal effects of 4/9, 2/3 and 1.
        for (share, expected) in chain.shares().into_iter().zip([4.0 / 19.0, 6.0 / 19.0, 9.0 / 19.0]) {
            assert!((share - expected).abs() < 1e-15, "{share} and {expected}");
        }
    }

    #[test]
    fn a_channel_after_itself_changes_nothing() {
        let chain = |again: f64| Chain {
            begins: vec![2.0, 1.0],
            moves: vec![again, 1.0, 1.0, 3.0 * again],
            converts: vec![1.0, 1.0],
            leaves: vec![1.0, 0.0],
        };
        for (share, expected) in chain(5.0).shares().into_iter().zip(chain(0.0).shares()) {
            assert!((share - expected).abs() < 1e-15, "{share} and {expected}");
        }
    }

    #[test]
    fn nothing_converts() {
        let chain = Chain { begins: vec![1.0], moves: vec![0.0], converts: vec![0.0], leaves: vec![1.0] };
        assert_eq!(chain.shares(), [0.0]);
        assert!(Chain { begins: vec![], moves: vec![], converts: vec![], leaves: vec![] }.shares().is_empty());
    }
}
