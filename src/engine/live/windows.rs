//! Where windows of event time begin and end: fixed lengths, or days and months by the clock of a time zone, each a hop after
//! the one before.
//!
//! A window is made of panes, each as long as the hop: a row belongs to one pane, and a pane to `size / hop` windows.

use crate::event::TimeUnit;
use crate::kernel::bucket::{Bucketer, Every, Zone};
use crate::{Error, Result};

/// Tumbling windows, or hopping ones, whose hop is shorter than they are.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    panes: Bucketer,
    /// In the unit of the times: from a pane's start on, so much lies in the pane behind it.
    to_next: i64,
    /// How many panes a window has.
    n_panes: usize,
}

/// Half a day: what a day or a month may be longer or shorter than another is less.
const SLACK: i64 = 43_200;

impl Windows {
    /// Windows of times counted in `unit`, whose boundaries are those of time buckets as wide as the hop.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` where the hop is not a whole part of the size, and for a time zone of windows shorter than days.
    pub(super) fn new(size: &str, hop: Option<&str>, zone: Option<Zone>, unit: TimeUnit) -> Result<Self> {
        let parsed = |key: &str, text: &str| {
            Every::parse(text).map_err(|_| {
                let sentence = format!(
                    "the {key} of a window must be a number from 1 to 100,000 and s, m, h, d, w, mo, q or y, such as \"15m\", found {text:?}"
                );
                Error::bad_query(sentence).at_column("window")
            })
        };
        let every = parsed("size", size)?;
        let pane = hop.map_or(Ok(every), |hop| parsed("hop", hop))?;
        if zone.is_some() && matches!(pane, Every::Seconds(_)) {
            let sentence =
                "windows by the clock of a time zone begin with days, weeks or months; leave \"timezone\" out for shorter ones";
            return Err(Error::bad_query(sentence).at_column("window"));
        }
        let n_panes = match (every, pane) {
            (Every::Seconds(size), Every::Seconds(hop))
            | (Every::Days(size), Every::Days(hop))
            | (Every::Months(size), Every::Months(hop)) => (size % hop == 0).then_some(size / hop),
            (Every::Days(size), Every::Seconds(hop)) if zone.is_none() => {
                (size * 86_400 % hop == 0).then_some(size * 86_400 / hop)
            }
            _ => None,
        };
        let n_panes = n_panes.filter(|n| (1..=MOST_PANES).contains(n)).ok_or_else(|| {
            let hop = hop.unwrap_or(size);
            let sentence = format!(
                "a window of {size:?} cannot go on by {hop:?}: the hop must go a whole number of times into the size, {MOST_PANES} \
                 times at the most"
            );
            Error::bad_query(sentence).at_column("window")
        })?;
        let seconds = match pane {
            Every::Seconds(n) => n,
            Every::Days(n) if zone.is_none() => n * 86_400,
            Every::Days(n) => n * 86_400 + SLACK,
            Every::Months(n) => n * 31 * 86_400 + SLACK,
        };
        let to_next = seconds * unit.per_second();
        Ok(Self { panes: Bucketer::new(pane, zone, unit), to_next, n_panes: n_panes as usize })
    }

    /// The start of the pane that a time falls into.
    pub(super) fn pane_of(&mut self, time: i64) -> i64 {
        self.panes.start(time)
    }

    /// The start of the pane behind the one that starts at `start`.
    pub(super) fn next(&mut self, start: i64) -> i64 {
        let next = self.panes.start(start.saturating_add(self.to_next));
        if next > start { next } else { i64::MAX }
    }

    /// The start of the window whose last pane starts at `start`.
    pub(super) fn window_ending_with(&mut self, start: i64) -> i64 {
        (1..self.n_panes).fold(start, |start, _| self.panes.start(start.saturating_sub(1)))
    }

    /// The start of the window before the one that starts at `start`; none before the first of all times.
    pub(super) fn before(&mut self, start: i64) -> Option<i64> {
        let before = self.panes.start(start.saturating_sub(1));
        (before < start).then_some(before)
    }

    /// The start of the last window that has ended by a time.
    pub(super) fn last_ended(&mut self, time: i64) -> Option<i64> {
        let pane = self.pane_of(time);
        // The last pane of all times ends with a time that is in it, and so may a day of which the clock has an hour twice.
        let mut start = if self.next(pane) <= time {
            pane
        } else {
            let before = self.before(pane)?;
            self.window_ending_with(before)
        };
        while self.end(start) > time {
            start = self.before(start)?;
        }
        Some(start)
    }

    /// The end of the window that starts at `start`.
    pub(super) fn end(&mut self, start: i64) -> i64 {
        (0..self.n_panes).fold(start, |start, _| self.next(start))
    }
}

/// An hour by the second: each answer merges so many panes.
const MOST_PANES: i64 = 3_600;

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn windows_begin_with_each_hop() {
        let mut windows = Windows::new("1h", Some("15m"), None, TimeUnit::Second).unwrap();
        assert_eq!(windows.pane_of(3_600 + 1_000), 3_600 + 900);
        assert_eq!(windows.window_ending_with(4_500), 1_800);
        assert_eq!(windows.end(1_800), 5_400);
        assert_eq!(windows.next(-900), 0);
        let ended = [5_399, 5_400, 6_299, 6_300].map(|time| windows.last_ended(time));
        assert_eq!(ended, [Some(900), Some(1_800), Some(1_800), Some(2_700)]);
        let mut tumbling = Windows::new("1m", None, None, TimeUnit::Milli).unwrap();
        assert_eq!(
            (tumbling.pane_of(61_500), tumbling.end(60_000), tumbling.window_ending_with(60_000)),
            (60_000, 120_000, 60_000)
        );
    }

    #[test]
    fn days_are_as_long_as_the_clock_makes_them() {
        // Clocks go from 0 to 1 hour east at noon of day 10.
        let zone = Zone::new(vec![(i64::MIN, 0), (10 * DAY + 43_200, 3_600)]);
        let mut windows = Windows::new("2d", Some("1d"), Some(zone), TimeUnit::Second).unwrap();
        assert_eq!(windows.next(10 * DAY), 11 * DAY - 3_600);
        assert_eq!(windows.end(10 * DAY), 12 * DAY - 3_600);
        assert_eq!(windows.window_ending_with(11 * DAY - 3_600), 10 * DAY);
        // Clocks go back to the day before, just after midnight: that day has begun once, and is over twice.
        let zone = Zone::new(vec![(i64::MIN, 0), (10 * DAY + 60, -3_600)]);
        let mut windows = Windows::new("2d", Some("1d"), Some(zone), TimeUnit::Second).unwrap();
        for time in (9 * DAY..12 * DAY).step_by(600) {
            let start = windows.last_ended(time).unwrap();
            let next = windows.next(start);
            assert!(windows.end(start) <= time && windows.end(next) > time, "{time}: {start}");
        }
        let mut months = Windows::new("1mo", None, None, TimeUnit::Second).unwrap();
        let starts: Vec<i64> = std::iter::successors(Some(0), |&start| Some(months.next(start))).take(4).collect();
        assert_eq!(starts, [0, 31 * DAY, 59 * DAY, 90 * DAY]);
    }

    #[test]
    fn the_last_of_all_times_has_an_end() {
        let mut windows = Windows::new("1h", Some("15m"), None, TimeUnit::Nano).unwrap();
        for time in [i64::MAX, i64::MIN, 0] {
            let pane = windows.pane_of(time);
            assert!(windows.next(pane) > pane && windows.end(pane) > pane);
            assert!(windows.window_ending_with(pane) <= pane);
            assert!(windows.last_ended(time).is_none_or(|start| windows.end(start) <= time));
        }
    }

    #[test]
    fn a_hop_that_does_not_fit_is_refused() {
        let zone = || Some(Zone::default());
        for (size, hop, zone, expected) in [
            ("1h", Some("7m"), None, "a whole number of times"),
            ("1m", Some("1h"), None, "a whole number of times"),
            ("1mo", Some("1d"), None, "a whole number of times"),
            ("1w", Some("1s"), None, "3600 times at the most"),
            ("1h", Some("0m"), None, "the hop of a window must be a number from 1"),
            ("1 h", None, None, "the size of a window must be a number from 1"),
            ("1h", None, zone(), "time zone"),
            ("1d", Some("12h"), zone(), "time zone"),
        ] {
            let error = Windows::new(size, hop, zone, TimeUnit::Second).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
