//! Where one session ends and the next begins.

use arrow_array::RecordBatch;

use crate::Result;
use crate::analysis::actors::ActorRows;
use crate::analysis::key::KeyPlan;
use crate::kernel::ids::NULL;
use crate::kernel::values::{Rows, gather};

/// The session of a row that takes no part.
pub(super) const NONE: u32 = u32::MAX;

/// What a session ends by.
pub(super) struct Splitter {
    /// The longest time between two events of a session, in the unit of the times.
    pub(super) gap: u64,
    /// The days, where a session ends with its day.
    pub(super) days: Option<KeyPlan>,
    /// A session ends where one of these columns has another value.
    pub(super) split_on: Vec<KeyPlan>,
    /// The file's own sessions.
    pub(super) own: Option<KeyPlan>,
    /// Of the actor whose rows come: how many sessions it has.
    n_sessions: u32,
    /// Of its rows without a session of the file: the session they are in.
    current: Option<Current>,
    /// The last value of each column of `split_on` in it.
    values: Vec<u32>,
    /// By the number of a value of the file's own column: which actor had it, and as which of its sessions.
    known: Vec<(u32, u32)>,
    /// The number of the actor.
    actor: u32,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    session: u32,
    time: i64,
    day: u32,
}

/// The sessions of a batch's rows, by their places among all that are held.
#[derive(Debug, Default)]
pub(super) struct Split {
    pub(super) sessions: Vec<u32>,
    /// Which of its actor's sessions each new one is, from 1.
    pub(super) ordinals: Vec<i64>,
}

/// What a batch's rows are split by.
struct Parts {
    days: Vec<u32>,
    split_on: Vec<Vec<u32>>,
    own: Vec<u32>,
}

impl Splitter {
    pub(super) fn new(gap: u64, days: Option<KeyPlan>, split_on: Vec<KeyPlan>, own: Option<KeyPlan>) -> Self {
        let values = vec![NULL; split_on.len()];
        Self { gap, days, split_on, own, n_sessions: 0, current: None, values, known: vec![], actor: 1 }
    }

    /// How many of the last sessions held may have more events.
    pub(super) fn n_open(&self) -> usize {
        if self.own.is_some() { self.n_sessions as usize } else { usize::from(self.current.is_some()) }
    }

    /// The session of each row, where `n_held` are held already.
    pub(super) fn split(&mut self, batch: &RecordBatch, rows: &ActorRows, n_held: usize) -> Result<Split> {
        let parts = self.parts(batch, rows)?;
        let mut split = Split { sessions: vec![NONE; rows.marks.len()], ordinals: vec![] };
        // Where the actor's first session is held, or would be.
        let mut base = (n_held as u32).wrapping_sub(self.n_sessions);
        for (range, goes_on) in rows.ranges() {
            for row in range.filter(|&row| rows.marks[row] != 0) {
                let n_before = self.n_sessions;
                let session = match parts.own.get(row) {
                    Some(&own) if own != NULL => self.own_session(own),
                    _ => self.session_by_gap(rows.instants()[row], row, &parts),
                };
                split.sessions[row] = base.wrapping_add(session);
                if self.n_sessions > n_before {
                    split.ordinals.push(i64::from(self.n_sessions));
                }
            }
            if !goes_on {
                base = base.wrapping_add(self.n_sessions);
                self.actor += 1;
                (self.n_sessions, self.current) = (0, None);
            }
        }
        Ok(split)
    }

    fn parts(&mut self, batch: &RecordBatch, rows: &ActorRows) -> Result<Parts> {
        let all = Rows::All(batch.num_rows());
        let numbers = |key: &mut KeyPlan| key.numbers(&gather(batch.column(key.at), &all)?);
        let parts = Parts {
            days: self.days.as_mut().map(|days| days.numbers(&rows.times)).transpose()?.unwrap_or_default(),
            split_on: self.split_on.iter_mut().map(numbers).collect::<Result<_>>()?,
            own: self.own.as_mut().map(numbers).transpose()?.unwrap_or_default(),
        };
        self.known.resize(self.own.as_ref().map_or(0, KeyPlan::n_numbers), (0, 0));
        Ok(parts)
    }

    fn own_session(&mut self, own: u32) -> u32 {
        let known = &mut self.known[own as usize];
        if known.0 != self.actor {
            *known = (self.actor, self.n_sessions);
            self.n_sessions += 1;
        }
        known.1
    }

    #[inline]
    fn session_by_gap(&mut self, time: i64, row: usize, parts: &Parts) -> u32 {
        let day = parts.days.get(row).copied().unwrap_or(NULL);
        let ends = |current: &Current| time.wrapping_sub(current.time) as u64 > self.gap || day != current.day;
        let changes = |(value, numbers): (&u32, &Vec<u32>)| *value != NULL && numbers[row] != NULL && *value != numbers[row];
        let goes_on = |current: &Current| !ends(current) && !self.values.iter().zip(&parts.split_on).any(changes);
        let session = match self.current.filter(goes_on) {
            Some(current) => current.session,
            None => {
                self.values.fill(NULL);
                self.n_sessions += 1;
                self.n_sessions - 1
            }
        };
        for (value, numbers) in self.values.iter_mut().zip(&parts.split_on).filter(|(_, numbers)| numbers[row] != NULL) {
            *value = numbers[row];
        }
        self.current = Some(Current { session, time, day });
        session
    }
}
