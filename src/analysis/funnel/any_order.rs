//! Steps of a funnel in any order: how many of them the events of a window can be, each event one step and each step one event.
//!
//! Events that can be the same steps are one class. As the window moves on over an actor's events, the steps stay given to
//! classes; an event that comes or goes changes at most one step's class, but for exchanges among those that have steps
//! (Kuhn's augmenting paths).

use super::walk::Events;
use crate::{Error, Result};

#[derive(Clone, Debug)]
pub(super) struct AnyOrder {
    n_steps: usize,
    /// The longest time from the first event to the last.
    window: u64,
    /// Of the event that did the last step in the attempt that counts: its place.
    pub(super) last: usize,
}

/// An event, or all of one time: when, the steps that it can be, and its place.
type Entry = (i64, u64, usize);

impl AnyOrder {
    pub(super) fn new(n_steps: usize, window: u64) -> Self {
        Self { n_steps, window, last: 0 }
    }

    /// Finds the times of the steps in the attempt that counts; where `later`, the events of one time are one step at most.
    /// Tells whether there are several events of one time.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` when the times do not ascend.
    pub(super) fn find(&mut self, events: Events<'_>, later: bool, times: &mut Vec<i64>) -> Result<bool> {
        times.clear();
        let all_steps = (1 << self.n_steps) - 1;
        let places = events.times.iter().zip(events.marks).enumerate();
        let mut entries: Vec<Entry> = places.map(|(at, (&time, &mark))| (time, mark & all_steps, at)).collect();
        entries.retain(|entry| entry.1 != 0);
        if !entries.is_sorted_by_key(|entry| entry.0) {
            return Err(Error::bad_state("an actor's rows are not in the order of time"));
        }
        let n_entries = entries.len();
        let mut merged = entries.clone();
        merged.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 |= if is_same { next.1 } else { 0 };
            is_same
        });
        let is_tied = merged.len() < n_entries;
        if later {
            entries = merged;
        }
        let mut classes: Vec<u64> = entries.iter().map(|entry| entry.1).collect();
        classes.sort_unstable();
        classes.dedup();
        let first = self.best_start(&entries, &classes);
        let rest = first.map_or(&[][..], |first| &entries[first..]);
        let n_within = rest.iter().take_while(|entry| self.is_within(rest[0].0, entry.0)).count();
        let mut matching = Matching::new(&classes, self.n_steps);
        for &(time, steps, at) in &rest[..n_within] {
            if matching.add(steps) {
                times.push(time);
                self.last = at;
            }
        }
        Ok(is_tied)
    }

    /// The first event of the window that has the most steps, of those the earliest.
    fn best_start(&self, entries: &[Entry], classes: &[u64]) -> Option<usize> {
        let mut matching = Matching::new(classes, self.n_steps);
        let (mut end, mut best) = (0, None);
        for (first, &(start, steps, _)) in entries.iter().enumerate() {
            while let Some(&(_, steps, _)) = entries.get(end).filter(|entry| self.is_within(start, entry.0)) {
                matching.add(steps);
                end += 1;
            }
            if best.is_none_or(|(n_steps, _)| matching.n_steps > n_steps) {
                best = Some((matching.n_steps, first));
            }
            if matching.n_steps == self.n_steps {
                break;
            }
            matching.remove(steps);
        }
        best.map(|(_, first)| first)
    }

    fn is_within(&self, start: i64, time: i64) -> bool {
        time.wrapping_sub(start) as u64 <= self.window
    }
}

/// As many steps as can be, given to events.
struct Matching<'a> {
    /// The steps that the events of each class can be, ascending.
    classes: &'a [u64],
    /// The events of each class, and how many of them have a step.
    counts: Vec<(usize, usize)>,
    /// The class whose event each step is.
    owners: Vec<Option<usize>>,
    n_steps: usize,
}

impl<'a> Matching<'a> {
    fn new(classes: &'a [u64], n_steps: usize) -> Self {
        Self { classes, counts: vec![(0, 0); classes.len()], owners: vec![None; n_steps], n_steps: 0 }
    }

    /// Takes an event in; whether there is one more step for it.
    fn add(&mut self, steps: u64) -> bool {
        let class = self.class(steps);
        self.counts[class].0 += 1;
        self.give(class)
    }

    /// Leaves an event out.
    fn remove(&mut self, steps: u64) {
        let class = self.class(steps);
        let (count, used) = &mut self.counts[class];
        *count -= 1;
        if used <= count {
            return;
        }
        *used -= 1;
        self.n_steps -= 1;
        let step = self.owners.iter().position(|owner| *owner == Some(class)).expect("a class that is used has a step");
        self.owners[step] = None;
        // What was full may not be so any more: one event at most gets a step for it.
        let _ = (0..self.classes.len()).any(|class| self.counts[class].1 < self.counts[class].0 && self.give(class));
    }

    fn class(&self, steps: u64) -> usize {
        self.classes.partition_point(|&class| class < steps)
    }

    fn give(&mut self, class: usize) -> bool {
        let is_given = self.augment(class, &mut 0);
        self.counts[class].1 += usize::from(is_given);
        self.n_steps += usize::from(is_given);
        is_given
    }

    fn augment(&mut self, class: usize, seen: &mut u64) -> bool {
        for step in (0..self.owners.len()).filter(|step| self.classes[class] >> step & 1 != 0) {
            if *seen >> step & 1 != 0 {
                continue;
            }
            *seen |= 1 << step;
            if self.owners[step].is_none_or(|owner| self.augment(owner, seen)) {
                self.owners[step] = Some(class);
                return true;
            }
        }
        false
    }
}
