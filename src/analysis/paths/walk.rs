//! The way of one actor, value by value, away from where it begins.

use std::collections::VecDeque;

use crate::kernel::ids::NULL;

/// The bit of events that paths begin at, or end at.
pub(super) const ANCHOR: u64 = 1;

/// Which events make up a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Whether paths go from their last event to earlier ones.
    pub(super) backward: bool,
    pub(super) depth: usize,
    /// Whether equal values one behind the other are one.
    pub(super) fold: bool,
    /// The longest time between two events, in the unit of the times.
    pub(super) within: u64,
}

/// The actor whose events come.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// The values that lie on the path, or on one that may end here, in the order of time.
    nodes: VecDeque<u32>,
    /// When the last event was.
    time: i64,
    /// Whether the path has ended.
    is_over: bool,
    /// Of paths that go back: the values before the last anchor, it among them.
    before_anchor: Vec<u32>,
}

impl Walk {
    /// Takes in the actor's next event.
    #[inline]
    pub(super) fn take(&mut self, rules: &Rules, value: u32, time: i64, mark: u64) {
        let is_anchor = mark & ANCHOR != 0;
        if self.is_over || value == NULL || self.nodes.is_empty() && !is_anchor && !rules.backward {
            return;
        }
        if !self.nodes.is_empty() && time.wrapping_sub(self.time) as u64 > rules.within {
            if !rules.backward {
                self.is_over = true;
                return;
            }
            self.nodes.clear();
        }
        self.time = time;
        if !(rules.fold && self.nodes.back() == Some(&value)) {
            self.nodes.push_back(value);
        }
        if rules.backward {
            if self.nodes.len() > rules.depth + 1 {
                self.nodes.pop_front();
            }
            if is_anchor {
                self.before_anchor.clear();
                self.before_anchor.extend(&self.nodes);
            }
        } else {
            self.is_over = self.nodes.len() > rules.depth;
        }
    }

    /// The path, from where it begins or, backward, ends; empty where the actor has none.
    pub(super) fn path(&self, rules: &Rules) -> Vec<u32> {
        if rules.backward { self.before_anchor.iter().rev().copied().collect() } else { self.nodes.iter().copied().collect() }
    }

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.before_anchor.clear();
        self.is_over = false;
    }
}
