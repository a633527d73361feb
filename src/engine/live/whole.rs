//! A question asked of all rows that are kept, whose answer follows the rows that come and go.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use super::asker::{Asker, Part};
use super::by_actor::ByActor;
use super::panes::{Merged, Pane, Taken};
use crate::Result;

/// So many groups are merged ahead with a batch, unless that would not do.
const PREPARED_GROUPS: usize = 1 << 12;

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
                let (slice, batch) = (slice as i64, asker.rows(&part)?);
                merged.take(slice, &batch)?;
                next.take(slice, &batch)?;
                let pane = match panes.entry(slice) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Pane::new(asker, false)?),
                };
                pane.take(Taken::Batch(batch))
            }
        }
    }

    /// Does some of the work that is to be done before the oldest slice goes, a part of all at the least; whether nothing is left.
    pub(super) fn prepare(&mut self, asker: &Asker, n_parts: usize) -> Result<bool> {
        let Self::Slices { panes, merged, next } = self else { return Ok(true) };
        if merged.end().is_none() {
            return Ok(true); // nobody has asked for more than one slice
        }
        let (mut n_done, n_panes) = (0, panes.len());
        loop {
            let n_most = PREPARED_GROUPS.max(next.n_begun() * n_panes / n_parts.max(1));
            let (n_merged, is_done) = next.go_on(n_most.saturating_sub(n_done))?;
            n_done += n_merged;
            if !is_done {
                return Ok(false);
            }
            let behind = next.end().unwrap_or(i64::MIN);
            let Some((&number, pane)) = panes.iter_mut().skip(1).find(|(number, _)| **number >= behind) else { return Ok(true) };
            next.begin(asker, number, pane)?;
        }
    }

    /// Forgets the rows of the oldest slice, and all before `place`.
    pub(super) fn forget(&mut self, slice: u64, place: i64) -> Result<()> {
        match self {
            Self::Actors(actors) => actors.forget(place),
            Self::Slices { panes, merged, next } => {
                panes.remove(&(slice as i64));
                let next = std::mem::take(next);
                if next.is_up_to(panes.last_key_value().map(|(&last, _)| last)) {
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
