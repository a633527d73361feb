//! A question asked of all rows that are kept, whose answer follows the rows that come and go.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use super::asker::{Asker, Part};
use super::by_actor::ByActor;
use super::panes::{Merged, Pane};
use crate::Result;

/// What the rows say so far.
pub(super) enum Whole {
    /// By the slices in which the rows go.
    Slices { panes: BTreeMap<u64, Pane>, merged: Merged },
    /// Whole actors.
    Actors(Box<ByActor>),
}

impl Whole {
    pub(super) fn new(asker: &Asker) -> Result<Self> {
        Ok(if asker.query.is_of_actors() {
            Self::Actors(Box::new(ByActor::new(&asker.query, &asker.schema, &asker.zones, false)?))
        } else {
            Self::Slices { panes: BTreeMap::new(), merged: Merged::default() }
        })
    }

    pub(super) fn take(&mut self, asker: &Asker, part: Part, slice: u64) -> Result<()> {
        match self {
            Self::Actors(actors) => actors.take(&part.to_batch(&asker.types), &part.places),
            Self::Slices { panes, merged } => {
                merged.take(asker, slice as i64, &part)?;
                let pane = match panes.entry(slice) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Pane::new(asker, false)?),
                };
                pane.take(asker, part)
            }
        }
    }

    /// Forgets the rows of a slice, and all before `place`.
    pub(super) fn forget(&mut self, slice: u64, place: i64) -> Result<()> {
        match self {
            Self::Actors(actors) => actors.forget(place),
            Self::Slices { panes, .. } => {
                panes.remove(&slice);
                Ok(())
            }
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Actors(actors) => actors.size(),
            Self::Slices { panes, merged } => panes.values().map(Pane::size).sum::<usize>() + merged.size(),
        }
    }

    pub(super) fn answer(&mut self, asker: &Asker) -> Result<RecordBatch> {
        match self {
            Self::Actors(actors) => actors.answer(),
            Self::Slices { panes, merged } => {
                let first = panes.first_key_value().map_or(0, |(&slice, _)| slice as i64);
                merged.answer(asker, first..i64::MAX, panes.values_mut().collect())
            }
        }
    }
}
