//! A question asked of all rows that are kept, whose answer follows the rows that come and go.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use super::asker::{Asker, Part};
use super::by_actor::ByActor;
use super::panes::{Merged, Pane};
use crate::Result;

/// Slices of so many bytes are made ready at once.
const PREPARED_BYTES: usize = 1 << 18;

/// What the rows say so far.
pub(super) enum Whole {
    /// By the slices in which the rows go. `next`: all but the first of them, made ready little by little before that goes.
    Slices { panes: BTreeMap<i64, Pane>, merged: Merged, next: Merged },
    /// Whole actors.
    Actors(Box<ByActor>),
}

impl Whole {
    pub(super) fn new(asker: &Asker) -> Result<Self> {
        Ok(if asker.query.is_of_actors() {
            Self::Actors(Box::new(ByActor::new(&asker.query, &asker.schema, &asker.zones, false)?))
        } else {
            Self::Slices { panes: BTreeMap::new(), merged: Merged::default(), next: Merged::default() }
        })
    }

    pub(super) fn take(&mut self, asker: &Asker, part: Part, slice: u64) -> Result<()> {
        match self {
            Self::Actors(actors) => actors.take(&part.to_batch(&asker.types), &part.places),
            Self::Slices { panes, merged, next } => {
                let slice = slice as i64;
                merged.take(asker, slice, &part)?;
                next.take(asker, slice, &part)?;
                let pane = match panes.entry(slice) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Pane::new(asker, false)?),
                };
                pane.take(asker, part)
            }
        }
    }

    /// Does some of the work that is to be done before the oldest slice goes, a part of all at the least; whether nothing is left.
    pub(super) fn prepare(&mut self, asker: &Asker, n_parts: usize) -> Result<bool> {
        let Self::Slices { panes, merged, next } = self else { return Ok(true) };
        if merged.end().is_none() {
            return Ok(true); // nobody has asked for more than one slice
        }
        let done = next.end().unwrap_or(i64::MIN);
        let (mut room, mut n_least) = (PREPARED_BYTES, panes.len().div_ceil(n_parts.max(1)));
        for (&number, pane) in panes.iter_mut().skip(1).filter(|(number, _)| **number >= done) {
            if (room, n_least) == (0, 0) {
                return Ok(false);
            }
            n_least = n_least.saturating_sub(1);
            next.extend(asker, number, pane)?;
            room = room.saturating_sub(pane.size());
        }
        Ok(true)
    }

    /// Forgets the rows of the oldest slice, and all before `place`.
    pub(super) fn forget(&mut self, slice: u64, place: i64) -> Result<()> {
        match self {
            Self::Actors(actors) => actors.forget(place),
            Self::Slices { panes, merged, next } => {
                panes.remove(&(slice as i64));
                let next = std::mem::take(next);
                if next.end() == panes.last_key_value().map(|(&last, _)| last + 1) {
                    *merged = next.open_ended();
                }
                Ok(())
            }
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Actors(actors) => actors.size(),
            Self::Slices { panes, merged, next } => panes.values().map(Pane::size).sum::<usize>() + merged.size() + next.size(),
        }
    }

    pub(super) fn answer(&mut self, asker: &Asker) -> Result<RecordBatch> {
        match self {
            Self::Actors(actors) => actors.answer(),
            Self::Slices { panes, merged, .. } => {
                let first = panes.first_key_value().map_or(0, |(&slice, _)| slice);
                merged.answer(asker, first..i64::MAX, panes.values_mut().collect())
            }
        }
    }
}
