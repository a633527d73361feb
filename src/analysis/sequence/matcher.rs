//! Finds a pattern's matches among one actor's events, in one walk.
//!
//! For each event of the pattern it is known when it was reached. Which of those times matters follows from what lies between it and
//! the next: the last one for a time at most, the first one for a time at least. So no way is ever gone back.

use super::pattern::{Compare, Gap, Pattern};

#[derive(Clone, Debug)]
pub(super) struct Matcher {
    pattern: Pattern,
    per_second: i64,
    /// When each event of the pattern was reached since the last match, ascending, each time once where all matter.
    reached: Vec<Reached>,
}

#[derive(Clone, Debug, Default)]
struct Reached {
    /// By the event just before.
    is_just_now: bool,
    first: Option<i64>,
    last: Option<i64>,
    all: Vec<i64>,
}

impl Matcher {
    pub(super) fn new(pattern: Pattern, per_second: i64) -> Self {
        let reached = vec![Reached::default(); pattern.items.len()];
        Self { pattern, per_second, reached }
    }

    /// How many matches there are, each beginning behind the one before, of events in the order of time; each event's names are
    /// bits, at least one.
    pub(super) fn count(&mut self, times: &[i64], marks: &[u64]) -> i64 {
        let comes = self.comes(times, marks);
        let mut n_matches = 0;
        self.reached.iter_mut().for_each(Reached::clear);
        for (row, (&time, &mark)) in times.iter().zip(marks).enumerate() {
            if self.take(time, mark) && !comes.as_ref().is_some_and(|comes| comes[row]) {
                n_matches += 1;
                self.reached.iter_mut().for_each(Reached::clear);
            }
        }
        n_matches
    }

    /// For each event, whether the one that must not come does so after it.
    fn comes(&self, times: &[i64], marks: &[u64]) -> Option<Vec<bool>> {
        let (event, within) = self.pattern.never?;
        let mut next = None;
        let mut comes = vec![false; times.len()];
        for row in (0..times.len()).rev() {
            comes[row] =
                next.is_some_and(|next| within.is_none_or(|within| self.is_so(Compare::LessOrEqual, within, times[row], next)));
            if marks[row] >> event & 1 != 0 {
                next = Some(times[row]);
            }
        }
        Some(comes)
    }

    /// Takes one event in: whether it is the last one of a match.
    fn take(&mut self, time: i64, mark: u64) -> bool {
        // From the last one back, so that an event is but one of the pattern's.
        for at in (0..self.reached.len()).rev() {
            let item = self.pattern.items[at];
            let is_it = item.event.is_none_or(|event| mark >> event & 1 != 0);
            let is_now = is_it && (at == 0 || self.is_ready(at - 1, item.gap, time));
            let keeps_all = matches!(self.pattern.items.get(at + 1).map(|next| next.gap), Some(Gap::Time(Compare::Equal, _)));
            let reached = &mut self.reached[at];
            reached.is_just_now = is_now;
            if is_now {
                reached.first = reached.first.or(Some(time));
                if keeps_all && reached.last != Some(time) {
                    reached.all.push(time);
                }
                reached.last = Some(time);
            }
        }
        self.reached.last().is_some_and(|last| last.is_just_now)
    }

    /// Whether what lies between the event at `at`, where that was reached, and one at `time` is the gap.
    fn is_ready(&self, at: usize, gap: Gap, time: i64) -> bool {
        let reached = &self.reached[at];
        let is_so = |compare, seconds, since: Option<i64>| since.is_some_and(|since| self.is_so(compare, seconds, since, time));
        match gap {
            Gap::Next => reached.is_just_now,
            Gap::Any => reached.first.is_some(),
            Gap::Time(compare @ (Compare::Less | Compare::LessOrEqual), seconds) => is_so(compare, seconds, reached.last),
            Gap::Time(compare @ (Compare::Greater | Compare::GreaterOrEqual), seconds) => is_so(compare, seconds, reached.first),
            Gap::Time(Compare::Equal, seconds) => {
                let since = seconds.checked_mul(self.per_second).and_then(|length| time.checked_sub(length));
                since.is_some_and(|since| reached.all.binary_search(&since).is_ok())
            }
        }
    }

    /// How the time between two instants compares.
    fn is_so(&self, compare: Compare, seconds: i64, from: i64, to: i64) -> bool {
        let (length, bound) = (i128::from(to) - i128::from(from), i128::from(seconds) * i128::from(self.per_second));
        match compare {
            Compare::Less => length < bound,
            Compare::LessOrEqual => length <= bound,
            Compare::Equal => length == bound,
            Compare::GreaterOrEqual => length >= bound,
            Compare::Greater => length > bound,
        }
    }
}

impl Reached {
    fn clear(&mut self) {
        self.is_just_now = false;
        (self.first, self.last) = (None, None);
        self.all.clear();
    }
}
