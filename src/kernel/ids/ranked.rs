//! Numbers of integers that come as places in a list of distinct ones.

use super::{IntIds, NULL};
use crate::kernel::values::Steps;

/// Distinct integers: first those of a list, whether they occur or not, then others as they come.
#[derive(Debug)]
pub struct RankedIds {
    steps: Steps,
    others: IntIds,
    /// Another list that came last, and the numbers of its integers; `NULL` for those that are not in `steps`.
    moved: Option<(Steps, Vec<u32>)>,
}

impl RankedIds {
    pub(super) fn new(steps: Steps) -> Self {
        Self { steps, others: IntIds::default(), moved: None }
    }

    pub(super) fn n_values(&self) -> usize {
        self.steps.0.len() + self.others.known.values.len()
    }

    pub(super) fn value(&self, number: u32) -> i64 {
        let steps = self.steps.0.values();
        let at = number as usize - 1;
        steps.get(at).copied().unwrap_or_else(|| self.others.known.values[at - steps.len()])
    }

    /// All values, in the order of their numbers.
    pub(super) fn all(&self) -> Vec<i64> {
        self.steps.0.values().iter().chain(&self.others.known.values).copied().collect()
    }

    /// The list, where all values are in it.
    pub(super) fn only_steps(&self) -> Option<&Steps> {
        self.others.known.values.is_empty().then_some(&self.steps)
    }

    /// Bytes held, the list apart, which is the store's.
    pub(super) fn size(&self) -> usize {
        self.others.size() + self.moved.as_ref().map_or(0, |(_, moved)| 4 * moved.capacity())
    }

    /// The numbers of the integers at `places` of `steps`. What null rows hold gets no number of its own.
    pub(super) fn of(&mut self, places: &[u32], steps: &Steps, valid: Option<&[bool]>) -> Vec<u32> {
        if self.steps.is(steps) {
            return places.iter().map(|place| place + 1).collect();
        }
        if self.moved.as_ref().is_none_or(|(known, _)| !known.is(steps)) {
            self.moved = Some((steps.clone(), self.common(steps)));
        }
        let moved = self.moved.as_ref().map_or(&[][..], |(_, moved)| moved);
        let mut numbers: Vec<u32> = places.iter().map(|&place| moved.get(place as usize).copied().unwrap_or(NULL)).collect();
        let is_other = |row: usize| valid.is_none_or(|valid| valid[row]);
        let rows: Vec<usize> = (0..numbers.len()).filter(|&row| numbers[row] == NULL && is_other(row)).collect();
        let others = self.others.of(&steps.at(&rows.iter().map(|&row| places[row]).collect::<Vec<_>>()));
        let first = self.steps.0.len() as u32;
        rows.into_iter().zip(others).for_each(|(row, other)| numbers[row] = first + other);
        numbers
    }

    /// The number of each integer of another list that is in this one, too. Both ascend: one walk through both.
    fn common(&self, other: &Steps) -> Vec<u32> {
        let mut own = self.steps.0.values().iter().zip(1..).peekable();
        let mut number_of = |value: &i64| {
            while own.next_if(|(step, _)| *step < value).is_some() {}
            own.peek().filter(|(step, _)| *step == value).map_or(NULL, |&(_, number)| number)
        };
        other.0.values().iter().map(&mut number_of).collect()
    }
}
