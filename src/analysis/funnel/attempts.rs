//! One actor's attempts at a funnel, as its events come in the order of time.
//!
//! Each event of the first step begins an attempt, which takes every later step as early as it can. Of two attempts, the
//! earlier one is never behind, until its time is over: so those that have come equally far lie side by side, and an event takes
//! all of them one step farther by moving one bound.

use super::Mode;
use super::walk::Events;
use crate::analysis::marks::TAKES_PART;
use crate::{Error, Result};

/// What has become of the attempts so far.
#[derive(Clone, Debug)]
pub(super) struct Attempts {
    mode: Mode,
    n_steps: usize,
    /// The longest time from the first step to the last.
    window: u64,
    /// Whether each step must be later than the one before.
    later: bool,
    /// When each attempt began, ascending.
    starts: Vec<i64>,
    /// How many of them began too long ago.
    n_late: usize,
    /// How many of them have reached each step, but for those that were late; of the first step not used.
    reached: Vec<usize>,
    /// For each step, when an event took attempts to it: up to which one, and when.
    moves: Vec<Vec<(usize, i64)>>,
    /// The steps' times in the farthest attempt, of those the earliest.
    best: Vec<i64>,
    /// The steps of the events of the time that is being looked at, those of several events, and the time.
    steps: u64,
    repeated: u64,
    time: i64,
    /// Whether two steps have come at one time.
    is_tied: bool,
    /// Whether no event can change anything any more.
    is_over: bool,
}

impl Attempts {
    pub(super) fn new(mode: Mode, n_steps: usize, window: u64) -> Self {
        Self {
            mode,
            n_steps,
            window,
            later: false,
            starts: vec![],
            n_late: 0,
            reached: vec![0; n_steps],
            moves: vec![vec![]; n_steps],
            best: vec![],
            steps: 0,
            repeated: 0,
            time: i64::MIN,
            is_tied: false,
            is_over: false,
        }
    }

    /// Finds the times of the steps in the attempt that counts, where `later` if each must be later than the one before.
    /// Tells whether two steps came at one time: if not, they are later anyway.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` when the times do not ascend.
    pub(super) fn find(&mut self, events: Events<'_>, later: bool, times: &mut Vec<i64>) -> Result<bool> {
        self.later = later;
        let taken = self.take(events.times, events.marks);
        self.settle();
        times.clone_from(&self.best);
        let is_tied = std::mem::take(&mut self.is_tied);
        self.starts.clear();
        self.n_late = 0;
        self.reached.fill(0);
        self.moves.iter_mut().for_each(Vec::clear);
        self.best.clear();
        (self.time, self.is_over) = (i64::MIN, false);
        taken.map(|()| is_tied)
    }

    pub(super) fn size(&self) -> usize {
        8 * self.starts.capacity() + 16 * self.moves.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Takes the actor's events: their times, and their steps as bits.
    fn take(&mut self, times: &[i64], marks: &[u64]) -> Result<()> {
        // What takes part and is no step matters in a strict order alone.
        let other = if self.mode == Mode::StrictOrder { TAKES_PART } else { 0 };
        let all_steps = (1 << self.n_steps) - 1;
        for (&time, &mark) in times.iter().zip(marks) {
            let steps = if mark & all_steps == 0 { mark & other } else { mark & all_steps };
            if steps == 0 {
                continue;
            }
            if time != self.time {
                self.settle();
                if self.is_over {
                    return Ok(());
                }
                if time < self.time {
                    return Err(Error::bad_state("an actor's rows are not in the order of time"));
                }
                self.time = time;
            }
            self.repeated |= self.steps & steps;
            self.steps |= steps;
        }
        Ok(())
    }

    /// Takes in the steps of the time that was looked at.
    #[inline]
    fn settle(&mut self) {
        let steps = std::mem::take(&mut self.steps);
        if steps == 1 {
            self.start();
        } else if steps != 0 {
            self.settle_steps(steps);
        }
        self.repeated = 0;
    }

    fn settle_steps(&mut self, mut steps: u64) {
        // What is no step comes before the steps of its time.
        self.is_over |= steps & TAKES_PART != 0 && !self.best.is_empty();
        steps &= !TAKES_PART;
        self.is_tied |= steps.count_ones() > 1;
        while steps != 0 && !self.is_over {
            let step = steps.trailing_zeros() as usize;
            steps &= steps - 1;
            if step == 0 {
                self.start();
                continue;
            }
            match self.mode {
                Mode::StrictOrder => self.is_over |= !self.best.is_empty() && self.best.len() < step,
                Mode::StrictDeduplication => self.is_over |= self.best.len() > step,
                Mode::Default | Mode::StrictIncrease | Mode::AnyOrder => {}
            }
            if !self.is_over {
                self.advance(step);
                let repeats = self.mode == Mode::StrictDeduplication && self.repeated >> step & 1 != 0;
                self.is_over |= repeats && self.best.len() > step;
            }
        }
    }

    #[inline]
    fn start(&mut self) {
        if self.best.is_empty() {
            self.best.push(self.time);
            self.is_over |= self.n_steps == 1;
        } else if self.window == u64::MAX {
            return; // the first attempt is never late
        }
        self.starts.push(self.time);
    }

    /// Takes all attempts that have reached the step before to this one.
    fn advance(&mut self, step: usize) {
        let is_late = |&start: &i64| self.time.wrapping_sub(start) as u64 > self.window;
        self.n_late += self.starts[self.n_late..].iter().take_while(|start| is_late(start)).count();
        let first = self.reached[step].max(self.n_late);
        let end = self.ready(step);
        if first >= end {
            return;
        }
        if self.best.len() == step {
            self.best.clear();
            self.best.push(self.starts[first]);
            for moves in &self.moves[1..step] {
                let at = moves.partition_point(|&(end, _)| end <= first);
                self.best.push(moves[at].1);
            }
            self.best.push(self.time);
            self.is_over = self.best.len() == self.n_steps;
        }
        self.moves[step].push((end, self.time));
        self.reached[step] = end;
    }

    /// How many attempts have reached the step before, at an earlier time if it must be.
    #[inline]
    fn ready(&self, step: usize) -> usize {
        let is_too_late = |time: Option<i64>| self.later && time == Some(self.time);
        if step == 1 {
            return self.starts.len() - usize::from(is_too_late(self.starts.last().copied()));
        }
        let moves = &self.moves[step - 1];
        let n_moves = moves.len() - usize::from(is_too_late(moves.last().map(|&(_, time)| time)));
        n_moves.checked_sub(1).map_or(0, |last| moves[last].0)
    }
}
