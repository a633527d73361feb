//! An actor's touches since its last conversion, and what all journeys add up to: sums that say every model's credits.

use std::collections::BTreeMap;

use crate::kernel::decay::halved;
use crate::kernel::ids::NULL;
use crate::{Error, ErrorKind, Result};

/// The credit of one conversion by time: shares are whole numbers of this part, so that they add up in any order.
pub(super) const WHOLE: i128 = 1 << 60;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A channel's touches in converted journeys of so many touches, and how many of them are the first and the last.
    Touches,
    Firsts,
    Lasts,
    /// A channel's credits by time, in parts of [`WHOLE`].
    Decayed,
    /// The converted journeys of so many distinct channels that a channel is one of.
    Journeys,
    /// A channel's touches in journeys without conversion, how many of them are the first and the last, and those journeys.
    LostTouches,
    LostFirsts,
    LostLasts,
    LostJourneys,
    /// How often a channel follows directly upon another.
    Moves,
}

impl What {
    pub(super) const ALL: [Self; 10] = [
        Self::Touches,
        Self::Firsts,
        Self::Lasts,
        Self::Decayed,
        Self::Journeys,
        Self::LostTouches,
        Self::LostFirsts,
        Self::LostLasts,
        Self::LostJourneys,
        Self::Moves,
    ];
}

/// What a sum is of: channels by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) what: What,
    pub(super) channel: u32,
    /// The channel that follows.
    pub(super) next: u32,
    /// Touches of a journey, or channels.
    pub(super) n: i64,
}

/// How often, and of what value in the units of its column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) count: i128,
    pub(super) value: i128,
}

/// The sums of all journeys that have ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(pub(super) BTreeMap<Entry, Sum>);

/// How journeys are told apart and weighed, times in their column's unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) lookback: Option<i64>,
    /// None where nobody asks for credits by time.
    pub(super) half_life: Option<i64>,
    /// Whether anybody asks what follows upon what.
    pub(super) counts_moves: bool,
}

/// An actor's touches since its last conversion: channels and times.
#[derive(Clone, Debug, Default)]
pub(super) struct Journey {
    touches: Vec<(u32, i64)>,
}

impl Tally {
    /// # Errors
    ///
    /// `OVERFLOW`.
    pub(super) fn add(&mut self, entry: Entry, count: i128, value: i128) -> Result<()> {
        let sum = self.0.entry(entry).or_default();
        sum.count = sum.count.checked_add(count).ok_or_else(overflow)?;
        sum.value = sum.value.checked_add(value).ok_or_else(overflow)?;
        Ok(())
    }

    pub(super) fn size(&self) -> usize {
        self.0.len() * size_of::<(Entry, Sum)>()
    }
}

fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a sum of values is too large to be exact; filter the rows")
}

impl Journey {
    pub(super) fn touch(&mut self, channel: u32, time: i64) {
        self.touches.push((channel, time));
    }

    /// The channels of the journey that a conversion at that time ends; what lies too far before is none of it.
    pub(super) fn convert(&mut self, time: i64, lookback: Option<i64>) -> &[(u32, i64)] {
        let is_near = |touch: &(u32, i64)| lookback.is_none_or(|most| i128::from(time) - i128::from(touch.1) <= i128::from(most));
        let from = self.touches.iter().position(is_near).unwrap_or(self.touches.len());
        self.touches.drain(..from);
        &self.touches
    }

    /// Adds the journey that ended with a conversion, and begins another.
    pub(super) fn end_converted(&mut self, rules: &Rules, value: i128, tally: &mut Tally) -> Result<()> {
        let n = self.touches.len() as i64;
        let mut add = |what, channel, n, count| {
            let value = value.checked_mul(count).ok_or_else(overflow)?;
            tally.add(Entry { what, channel, next: NULL, n }, count, value)
        };
        let Some((first, last)) = self.touches.first().zip(self.touches.last()) else {
            // As a journey of one touch by no channel.
            [What::Touches, What::Firsts, What::Lasts, What::Journeys]
                .map(|what| add(what, NULL, 1, 1))
                .into_iter()
                .collect::<Result<()>>()?;
            return if rules.half_life.is_some() { add(What::Decayed, NULL, 0, WHOLE) } else { Ok(()) };
        };
        add(What::Firsts, first.0, n, 1)?;
        add(What::Lasts, last.0, n, 1)?;
        let channels = self.channels();
        for &(channel, touches) in &channels {
            add(What::Touches, channel, n, touches)?;
            add(What::Journeys, channel, channels.len() as i64, 1)?;
        }
        if let Some(half_life) = rules.half_life {
            for (channel, share) in self.decayed(half_life) {
                add(What::Decayed, channel, 0, share)?;
            }
        }
        self.end(rules, tally)
    }

    /// Adds the journey that no conversion ended.
    pub(super) fn end_lost(&mut self, rules: &Rules, tally: &mut Tally) -> Result<()> {
        let mut add = |what, channel, count| tally.add(Entry { what, channel, next: NULL, n: 0 }, count, 0);
        if let Some((first, last)) = self.touches.first().zip(self.touches.last()) {
            add(What::LostFirsts, first.0, 1)?;
            add(What::LostLasts, last.0, 1)?;
        }
        for (channel, touches) in self.channels() {
            add(What::LostTouches, channel, touches)?;
            add(What::LostJourneys, channel, 1)?;
        }
        self.end(rules, tally)
    }

    fn end(&mut self, rules: &Rules, tally: &mut Tally) -> Result<()> {
        if rules.counts_moves {
            for pair in self.touches.windows(2) {
                tally.add(Entry { what: What::Moves, channel: pair[0].0, next: pair[1].0, n: 0 }, 1, 0)?;
            }
        }
        self.touches.clear();
        Ok(())
    }

    /// Each channel once, and its touches.
    fn channels(&self) -> Vec<(u32, i128)> {
        let mut channels: Vec<u32> = self.touches.iter().map(|touch| touch.0).collect();
        channels.sort_unstable();
        channels.chunk_by(|a, b| a == b).map(|alike| (alike[0], alike.len() as i128)).collect()
    }

    /// Each touch's share of [`WHOLE`]: half of another's that is a half-life later.
    fn decayed(&self, half_life: i64) -> Vec<(u32, i128)> {
        let last = self.touches.last().map_or(0, |touch| touch.1);
        let before = |time: i64| (i128::from(last) - i128::from(time)).unsigned_abs();
        let weights: Vec<f64> =
            self.touches.iter().map(|touch| halved(before(touch.1), half_life.unsigned_abs().into())).collect();
        let all: f64 = weights.iter().sum();
        let share = |weight: &f64| (weight / all * WHOLE as f64) as i128;
        let mut shares: Vec<i128> = weights.iter().map(share).collect();
        let rest = WHOLE - shares.iter().sum::<i128>();
        shares.last_mut().into_iter().for_each(|share| *share += rest);
        self.touches.iter().zip(shares).map(|(touch, share)| (touch.0, share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_time_are_one_in_all() {
        let mut journey = Journey::default();
        for (channel, time) in [(1, i64::MIN), (2, 0), (1, 5), (3, 9), (2, i64::MAX)] {
            journey.touch(channel, time);
        }
        for half_life in [1, 3, 1_000, i64::MAX] {
            let shares = journey.decayed(half_life);
            assert_eq!(shares.iter().map(|share| share.1).sum::<i128>(), WHOLE, "{half_life}");
            assert!(shares.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{half_life}: {shares:?}");
        }
    }
}
