//! Goes over the rows of whole actors, and finds of each one the attempt at the funnel that counts.
//!
//! An actor whose rows lie in one batch is looked at where they lie; of one that goes on over several, those that matter are kept.

use arrow_array::RecordBatch;

use super::any_order::AnyOrder;
use super::attempts::Attempts;
use super::{Exclusion, Mode};
use crate::Result;
use crate::analysis::actors::ActorReader;
use crate::analysis::key::KeyPlan;
use crate::analysis::marks::TAKES_PART;
use crate::kernel::ids::NULL;
use crate::kernel::values::{Rows, gather};

/// Events of one actor, or of one of its pairs, in the order of time: of each its time, its marks, the number of its pair's value
/// and of the value that the answer is split by, where there are such.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Events<'a> {
    pub(super) times: &'a [i64],
    pub(super) marks: &'a [u64],
    pub(super) pairs: &'a [u32],
    pub(super) groups: &'a [u32],
}

/// An attempt that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    /// When it reached each step.
    pub(super) times: &'a [i64],
    /// How many steps can be reached where each must be later than the one before.
    pub(super) n_later: usize,
    pub(super) pair: u32,
    pub(super) group: u32,
    /// A row of the actor in the batch; none where it began in one before.
    pub(super) row: Option<u32>,
}

/// The rows of actors, as they come.
pub(super) struct Walk {
    pub(super) reader: ActorReader,
    /// The column whose values make pairs with the actors, and the one that the answer is split by.
    pub(super) per: Option<KeyPlan>,
    pub(super) split: Option<KeyPlan>,
    judge: Judge,
    /// What is kept of the actor that may go on, and its first row in the last batch.
    kept: Kept,
    pub(super) last_row: Option<u32>,
}

/// What tells which attempt counts.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    finder: Finder,
    mode: Mode,
    exclusions: Vec<Exclusion>,
    /// The longest time from the first step to the last.
    window: u64,
    n_steps: usize,
    /// Whether the group is the last event's, not the first one's.
    at_last: bool,
    times: Vec<i64>,
    later: Vec<i64>,
}

#[derive(Clone, Debug)]
enum Finder {
    InOrder(Attempts),
    AnyOrder(AnyOrder),
}

#[derive(Clone, Debug, Default)]
struct Kept {
    times: Vec<i64>,
    marks: Vec<u64>,
    pairs: Vec<u32>,
    groups: Vec<u32>,
}

impl Walk {
    pub(super) fn new(reader: ActorReader, judge: Judge, per: Option<KeyPlan>, split: Option<KeyPlan>) -> Self {
        Self { reader, per, split, judge, kept: Kept::default(), last_row: None }
    }

    /// Takes rows in, and shows the attempts of the actors that they end.
    pub(super) fn update(&mut self, batch: &RecordBatch, mut show: impl FnMut(Counted<'_>)) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let numbers = |key: &mut Option<KeyPlan>| match key {
            Some(key) => key.numbers(&gather(batch.column(key.at), &Rows::All(batch.num_rows()))?),
            None => Ok(vec![]),
        };
        let (pairs, groups) = (numbers(&mut self.per)?, numbers(&mut self.split)?);
        for (range, goes_on) in rows.ranges() {
            let row = (!range.is_empty()).then_some(range.start as u32);
            let events = Events {
                times: &rows.instants()[range.clone()],
                marks: &rows.marks[range.clone()],
                pairs: pairs.get(range.clone()).unwrap_or_default(),
                groups: groups.get(range).unwrap_or_default(),
            };
            if goes_on {
                self.last_row = row;
                self.kept.extend(events, self.judge.relevant());
            } else if self.kept.times.is_empty() {
                self.judge.show(events, row, self.per.is_some(), &mut show)?;
            } else {
                self.kept.extend(events, self.judge.relevant());
                self.judge.show(self.kept.events(), None, self.per.is_some(), &mut show)?;
                self.kept.clear();
            }
        }
        Ok(())
    }

    /// Shows the attempts of the actor that may go on, as if it did not.
    pub(super) fn show_last(&self, mut show: impl FnMut(Counted<'_>)) -> Result<()> {
        self.judge.clone().show(self.kept.events(), None, self.per.is_some(), &mut show)
    }

    pub(super) fn size(&self) -> usize {
        let attempts = if let Finder::InOrder(attempts) = &self.judge.finder { attempts.size() } else { 0 };
        attempts + 16 * self.kept.times.capacity() + 4 * (self.kept.pairs.capacity() + self.kept.groups.capacity())
    }
}

impl Judge {
    pub(super) fn new(mode: Mode, n_steps: usize, window: u64, exclusions: Vec<Exclusion>, at_last: bool) -> Self {
        let finder = match mode {
            Mode::AnyOrder => Finder::AnyOrder(AnyOrder::new(n_steps, window)),
            _ => Finder::InOrder(Attempts::new(mode, n_steps, window)),
        };
        Self { finder, mode, exclusions, window, n_steps, at_last, times: vec![], later: vec![] }
    }

    /// The marks that matter.
    fn relevant(&self) -> u64 {
        if self.mode == Mode::StrictOrder { u64::MAX } else { !TAKES_PART }
    }

    /// Shows the attempts of an actor that count: one for each pair at most.
    fn show(&mut self, events: Events<'_>, row: Option<u32>, has_pairs: bool, show: &mut impl FnMut(Counted<'_>)) -> Result<()> {
        if !has_pairs {
            return self.show_one(events, NULL, row, show);
        }
        let relevant = self.relevant();
        let mut rows: Vec<usize> = (0..events.times.len()).collect();
        rows.retain(|&row| events.pairs[row] != NULL && events.marks[row] & relevant != 0);
        rows.sort_by_key(|&row| events.pairs[row]);
        let mut own = Kept::default();
        for rows in rows.chunk_by(|&a, &b| events.pairs[a] == events.pairs[b]) {
            own.clear();
            rows.iter().for_each(|&row| own.push(events, row));
            self.show_one(own.events(), events.pairs[rows[0]], row, show)?;
        }
        Ok(())
    }

    fn show_one(&mut self, events: Events<'_>, pair: u32, row: Option<u32>, show: &mut impl FnMut(Counted<'_>)) -> Result<()> {
        let is_increasing = self.mode == Mode::StrictIncrease;
        let is_tied = self.finder.find(events, is_increasing, &mut self.times)?;
        if self.times.is_empty() || self.exclusions.iter().any(|exclusion| self.is_excluded(events, exclusion)) {
            return Ok(());
        }
        let group = if events.groups.is_empty() { NULL } else { events.groups[self.split_event(events)] };
        if is_tied && !is_increasing {
            self.finder.find(events, true, &mut self.later)?;
        } else {
            self.later.clone_from(&self.times);
        }
        show(Counted { times: &self.times, n_later: self.later.len(), pair, group, row });
        Ok(())
    }

    /// Whether an event of the exclusion lies between its steps in the attempt that counts.
    fn is_excluded(&self, events: Events<'_>, exclusion: &Exclusion) -> bool {
        let Some(&after) = self.times.get(exclusion.after) else { return false };
        let is_before = |time: i64| match self.times.get(exclusion.before) {
            Some(&before) => time < before,
            None => time.wrapping_sub(self.times[0]) as u64 <= self.window,
        };
        let mut rows = events.times.iter().zip(events.marks);
        rows.any(|(&time, mark)| mark & exclusion.bit != 0 && time > after && is_before(time))
    }

    /// The event whose value the answer is split by.
    fn split_event(&self, events: Events<'_>) -> usize {
        let n_reached = self.times.len();
        let is_one = |row: usize| match (&self.finder, self.at_last) {
            (Finder::InOrder(_), false) => events.marks[row] & 1 != 0,
            (Finder::InOrder(_), true) => {
                events.marks[row] >> (n_reached - 1) & 1 != 0 && events.times[row] == self.times[n_reached - 1]
            }
            (Finder::AnyOrder(_), false) => events.marks[row] & ((1 << self.n_steps) - 1) != 0,
            (Finder::AnyOrder(any_order), true) => row == any_order.last,
        };
        (0..events.times.len()).find(|&row| is_one(row)).expect("an attempt is of events")
    }
}

impl Finder {
    fn find(&mut self, events: Events<'_>, later: bool, times: &mut Vec<i64>) -> Result<bool> {
        match self {
            Self::InOrder(attempts) => attempts.find(events, later, times),
            Self::AnyOrder(any_order) => any_order.find(events, later, times),
        }
    }
}

impl Kept {
    fn events(&self) -> Events<'_> {
        Events { times: &self.times, marks: &self.marks, pairs: &self.pairs, groups: &self.groups }
    }

    fn extend(&mut self, events: Events<'_>, relevant: u64) {
        let rows = 0..events.times.len();
        rows.filter(|&row| events.marks[row] & relevant != 0).for_each(|row| self.push(events, row));
    }

    fn push(&mut self, events: Events<'_>, row: usize) {
        self.times.push(events.times[row]);
        self.marks.push(events.marks[row]);
        self.pairs.extend(events.pairs.get(row));
        self.groups.extend(events.groups.get(row));
    }

    fn clear(&mut self) {
        self.times.clear();
        self.marks.clear();
        self.pairs.clear();
        self.groups.clear();
    }
}
