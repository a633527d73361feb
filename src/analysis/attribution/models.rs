//! The credits that each channel has by each model, told from the sums of all journeys.

use std::collections::BTreeMap;

use super::journey::{Entry, Sum, Tally, WHOLE, What};
use super::markov::Chain;
use crate::kernel::ids::NULL;
use crate::{Error, Result};

/// So many channels have at most a million ways from one to another.
const MOST_CHANNELS: usize = 1_000;

/// How a conversion is shared among the touches before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    First,
    Last,
    Linear,
    Position,
    TimeDecay,
    Markov,
    Shapley,
}

pub(super) const MODELS: [(&str, Model); 7] = [
    ("first", Model::First),
    ("last", Model::Last),
    ("linear", Model::Linear),
    ("position", Model::Position),
    ("time_decay", Model::TimeDecay),
    ("markov", Model::Markov),
    ("shapley", Model::Shapley),
];

/// What is known of the channels that have journeys, null among them, in the order of their numbers' list.
pub(super) struct Credits<'a> {
    channels: Vec<u32>,
    /// The sums of each of these channels.
    sums: Vec<Vec<(Entry, Sum)>>,
    tally: &'a Tally,
}

impl<'a> Credits<'a> {
    /// Those of `channels`, whose order is that in which floats are added.
    pub(super) fn new(tally: &'a Tally, channels: &[u32]) -> Self {
        let mut sums: BTreeMap<u32, Vec<(Entry, Sum)>> = BTreeMap::new();
        for (entry, sum) in &tally.0 {
            sums.entry(entry.channel).or_default().push((*entry, *sum));
        }
        let sums = channels.iter().map(|channel| sums.remove(channel).unwrap_or_default()).collect();
        Self { channels: channels.to_vec(), sums, tally }
    }

    /// A channel's touches, and the journeys that it is part of.
    pub(super) fn touches(&self, at: usize) -> i128 {
        if self.channels[at] == NULL { 0 } else { self.count(at, &[What::Touches, What::LostTouches]) }
    }

    pub(super) fn journeys(&self, at: usize) -> i128 {
        self.count(at, &[What::Journeys, What::LostJourneys])
    }

    /// Each channel's credits by a model, in conversions or else in units of the values.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for more channels than a Markov chain is solved for.
    pub(super) fn of(&self, model: Model, is_value: bool) -> Result<Vec<f64>> {
        let part = |sum: &Sum| if is_value { sum.value } else { sum.count };
        if model == Model::Markov {
            return self.markov(part);
        }
        let credit = |sums: &Vec<(Entry, Sum)>| -> f64 {
            // First whole credits, then shares in ascending order of what they are shares of.
            let of =
                |what: What| sums.iter().filter(move |(entry, _)| entry.what == what).map(|(entry, sum)| (entry.n, part(sum)));
            let all = |what: What| total(of(what).map(|(_, sum)| sum as f64));
            let shared = |what: What| total(of(what).map(|(n, sum)| sum as f64 / n as f64));
            match model {
                Model::First => all(What::Firsts),
                Model::Last => all(What::Lasts),
                Model::Linear => shared(What::Touches),
                Model::TimeDecay => all(What::Decayed) / WHOLE as f64,
                Model::Position => position(sums, part),
                _ => shared(What::Journeys),
            }
        };
        Ok(self.sums.iter().map(credit).collect())
    }

    fn count(&self, at: usize, what: &[What]) -> i128 {
        self.sums[at].iter().filter(|(entry, _)| what.contains(&entry.what)).map(|(_, sum)| sum.count).sum()
    }

    fn markov(&self, part: impl Fn(&Sum) -> i128) -> Result<Vec<f64>> {
        let all = |at: usize| {
            let firsts = self.sums[at].iter().filter(|(entry, _)| entry.what == What::Firsts);
            total(firsts.map(|(_, sum)| part(sum) as f64))
        };
        let places: Vec<usize> = (0..self.channels.len()).filter(|&at| self.channels[at] != NULL).collect();
        let n = places.len();
        if n > MOST_CHANNELS {
            let sentence = format!(
                "the model \"markov\" takes at most {MOST_CHANNELS} channels, found {n}; group them by \"rules\", or leave it out of \
                 \"models\""
            );
            return Err(Error::bad_query(sentence).at_column("models"));
        }
        let counts = |what: &[What]| places.iter().map(|&at| self.count(at, what) as f64).collect::<Vec<f64>>();
        let mut moves = vec![0.0; n * n];
        let numbers: BTreeMap<u32, usize> = places.iter().enumerate().map(|(n, &at)| (self.channels[at], n)).collect();
        for (entry, sum) in self.tally.0.iter().filter(|(entry, _)| entry.what == What::Moves) {
            moves[numbers[&entry.channel] * n + numbers[&entry.next]] = sum.count as f64;
        }
        let chain = Chain {
            begins: counts(&[What::Firsts, What::LostFirsts]),
            moves,
            converts: counts(&[What::Lasts]),
            leaves: counts(&[What::LostLasts]),
        };
        let attributed = total(places.iter().map(|&at| all(at)));
        let shares: BTreeMap<usize, f64> = places.iter().copied().zip(chain.shares()).collect();
        let credit = |at: usize| shares.get(&at).map_or_else(|| all(at), |share| share * attributed);
        Ok((0..self.channels.len()).map(credit).collect())
    }
}

/// 40 % to the first touch, 40 % to the last, the rest to those between; half to each of two.
fn position(sums: &[(Entry, Sum)], part: impl Fn(&Sum) -> i128) -> f64 {
    let mut touches: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (entry, sum) in sums {
        match entry.what {
            What::Touches => touches.entry(entry.n).or_default().0 += part(sum) as f64,
            What::Firsts | What::Lasts => touches.entry(entry.n).or_default().1 += part(sum) as f64,
            _ => {}
        }
    }
    let credit = |(&n, &(touches, ends)): (&i64, &(f64, f64))| match n {
        1 | 2 => touches / n as f64,
        _ => 2.0 * ends / 5.0 + (touches - ends) / (5 * (n - 2)) as f64,
    };
    total(touches.iter().map(credit))
}

/// The sum, which of nothing is 0; the standard library's is -0.
fn total(floats: impl Iterator<Item = f64>) -> f64 {
    floats.fold(0.0, |sum, float| sum + float)
}
