//! The sessions that are held: column by column, and as batches of a table.

use std::collections::HashMap;

use arrow_array::{ArrayRef, RecordBatch};

use super::split::{NONE, Split};
use crate::Result;
use crate::analysis::actors::ActorRows;
use crate::analysis::key::KeyPlan;
use crate::analysis::table::empty;
use crate::event::{Column, ColumnType};
use crate::kernel::batch::record_batch;
use crate::kernel::column;
use crate::kernel::ids::NULL;
use crate::kernel::values::{Rows, ValueType, Values, gather_ranked};

/// What a column of the table of sessions holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Session,
    Started,
    Ended,
    Seconds,
    Events,
    Bounced,
    Converted,
    /// Of the first and of the last event.
    Entry,
    Exit,
    /// The first value that is not null, of the column at that place of the file.
    First(usize),
}

/// Sessions in the order in which they began, an actor's behind those of the actor before.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) ordinals: Vec<i64>,
    pub(super) started: Vec<i64>,
    pub(super) ended: Vec<i64>,
    pub(super) events: Vec<i64>,
    /// The bits of all events.
    pub(super) marks: Vec<u64>,
    /// Of each [`Carried`] the numbers of the values.
    values: Vec<Vec<u32>>,
}

/// A value of its events that a session has.
pub(super) struct Carried {
    pub(super) what: What,
    key: KeyPlan,
}

impl Carried {
    pub(super) fn new(what: What, key: KeyPlan) -> Self {
        Self { what, key }
    }

    fn take(&mut self, found: &mut Vec<u32>, n_sessions: usize, batch: &RecordBatch, split: &Split) -> Result<()> {
        let values = gather_ranked(batch.column(self.key.at), &Rows::All(batch.num_rows()))?;
        let numbers = self.key.numbers(&values)?;
        let mut n_begun = found.len();
        found.resize(n_sessions, NULL);
        for (&session, number) in split.sessions.iter().zip(numbers).filter(|(session, _)| **session != NONE) {
            let session = session as usize;
            let is_first = session >= n_begun;
            n_begun = n_begun.max(session + 1);
            let takes = match self.what {
                What::Entry => is_first,
                What::Exit => true,
                _ => found[session] == NULL,
            };
            found[session] = if takes { number } else { found[session] };
        }
        Ok(())
    }

    fn values(&self, numbers: &[u32]) -> Values {
        if numbers.is_empty() { empty(self.key.value_type) } else { self.key.values(numbers) }
    }
}

impl Found {
    pub(super) fn len(&self) -> usize {
        self.ordinals.len()
    }

    /// Takes in the events of a batch.
    pub(super) fn take(&mut self, rows: &ActorRows, split: &Split) {
        self.ordinals.extend_from_slice(&split.ordinals);
        for ((&session, &time), &mark) in split.sessions.iter().zip(rows.instants()).zip(&rows.marks) {
            if session == NONE {
                continue;
            }
            let session = session as usize;
            if session == self.started.len() {
                self.started.push(time);
                self.ended.push(time);
                self.events.push(1);
                self.marks.push(mark);
            } else {
                self.ended[session] = time;
                self.events[session] += 1;
                self.marks[session] |= mark;
            }
        }
    }

    /// Takes in those values of its events that sessions have.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` for a column that changed its type.
    pub(super) fn carry(&mut self, carried: &mut [Carried], batch: &RecordBatch, split: &Split) -> Result<()> {
        self.values.resize(carried.len(), vec![]);
        let n_sessions = self.len();
        let mut pairs = carried.iter_mut().zip(&mut self.values);
        pairs.try_for_each(|(carried, values)| carried.take(values, n_sessions, batch, split))
    }

    /// The sessions of a range as rows of a table of these columns.
    ///
    /// # Errors
    ///
    /// When they outgrow an Arrow batch.
    pub(super) fn batch(
        &self,
        range: std::ops::Range<usize>,
        columns: &[(Column, What)],
        carried: &[Carried],
    ) -> Result<RecordBatch> {
        let n_rows = range.len();
        let array = |(column, what): &(Column, What)| -> Result<ArrayRef> {
            let flags = |is: &dyn Fn(usize) -> bool| Values::ints(range.clone().map(|at| i64::from(is(at))).collect());
            let values = match what {
                What::Session => Values::ints(self.ordinals[range.clone()].to_vec()),
                What::Started => Values::ints(self.started[range.clone()].to_vec()),
                What::Ended => Values::ints(self.ended[range.clone()].to_vec()),
                What::Seconds => Values::ints(range.clone().map(|at| self.duration(at)).collect()),
                What::Events => Values::ints(self.events[range.clone()].to_vec()),
                What::Bounced => flags(&|at| self.events[at] == 1),
                What::Converted => flags(&|at| self.is_converted(at)),
                What::Entry | What::Exit | What::First(_) => {
                    let at = carried.iter().position(|carried| carried.what == *what);
                    let numbers = |at: usize| self.values.get(at).map_or(&[][..], |numbers| &numbers[range.clone()]);
                    at.map_or_else(|| empty(ValueType::Of(column.column_type)), |at| carried[at].values(numbers(at)))
                }
            };
            column::hold(values, column.column_type)
        };
        let arrays = columns.iter().map(array).collect::<Result<_>>()?;
        record_batch(columns.iter().map(|(column, _)| column.name.as_str()), arrays, n_rows, None, HashMap::new())
    }

    /// Forgets the first sessions.
    pub(super) fn forget(&mut self, n: usize) {
        self.ordinals.drain(..n);
        self.started.drain(..n);
        self.ended.drain(..n);
        self.events.drain(..n);
        self.marks.drain(..n);
        self.values.iter_mut().for_each(|values| drop(values.drain(..n)));
    }

    /// How long a session lasts, in the unit of the times.
    pub(super) fn duration(&self, at: usize) -> i64 {
        self.ended[at].saturating_sub(self.started[at])
    }

    pub(super) fn is_converted(&self, at: usize) -> bool {
        self.marks[at] & super::CONVERTS != 0
    }

    pub(super) fn size(&self) -> usize {
        40 * self.ordinals.capacity() + self.values.iter().map(|values| 4 * values.capacity()).sum::<usize>()
    }
}

/// The type of a count of seconds where times are of that type.
pub(super) fn seconds_type(digits: u32) -> ColumnType {
    if digits == 0 { ColumnType::Int } else { ColumnType::Decimal { scale: digits as u8 } }
}
