//! The rows of some actors, and what a fold found in them.
//!
//! Rows that came lately are held by their numbers among those of all buckets; all others as narrow arrays, in the order in
//! which they are folded.

use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::Result;
use crate::event::ColumnType;
use crate::kernel::column;
use crate::kernel::values::{Data, Rows, Values, gather};

/// Rows of whole actors; the last column holds their places in the data.
#[derive(Default)]
pub(super) struct Bucket {
    pub(super) arranged: Vec<ArrayRef>,
    recent: Vec<u32>,
    /// The first and the last place of a row; none where there are no rows.
    places: Option<(i64, i64)>,
    /// What a fold found in the rows, if they are still the same.
    pub(super) state: Option<RecordBatch>,
    /// Whether rows came or went since the last answer.
    pub(super) is_changed: bool,
}

impl Bucket {
    /// Takes in a row by its number among the recent ones.
    pub(super) fn push(&mut self, row: u32, place: i64) {
        self.void();
        self.recent.push(row);
        self.places = span(self.places, [place].into_iter());
    }

    /// Rows come or go: what was found in them holds no more.
    pub(super) fn void(&mut self) {
        self.state = None;
        self.is_changed = true;
    }

    /// Makes these its rows, all of them, in order.
    pub(super) fn set(&mut self, columns: impl Iterator<Item = Values>, types: &[ColumnType]) -> Result<()> {
        let columns: Vec<Values> = columns.collect();
        self.places = match columns.last() {
            Some(Values { data: Data::Ints(places), .. }) => span(None, places.iter().copied()),
            _ => None,
        };
        self.state = None;
        self.recent.clear();
        self.arranged.clear();
        if self.places.is_some() {
            let held = columns.into_iter().zip(types).map(|(values, &column_type)| column::hold(values, column_type));
            self.arranged = held.collect::<Result<_>>()?;
        }
        Ok(())
    }

    /// The values of all rows; `recent` are those of all buckets.
    pub(super) fn values(&self, recent: &[Values]) -> Result<Vec<Values>> {
        let n_columns = self.arranged.len().max(recent.len());
        let column = |at: usize| {
            let arranged = self.arranged.get(at).map(|array| gather(array, &Rows::All(array.len()))).transpose()?;
            let recent = recent.get(at).filter(|_| !self.recent.is_empty()).map(|values| values.take(&self.recent));
            Values::concat(arranged.into_iter().chain(recent).collect())
        };
        (0..n_columns).map(column).collect()
    }

    pub(super) fn n_rows(&self) -> usize {
        self.arranged.last().map_or(0, |places| places.len()) + self.recent.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_none()
    }

    /// Whether all rows are in order, and none is before that place.
    pub(super) fn is_arranged(&self, before: i64) -> bool {
        self.recent.is_empty() && self.share_before(before).is_none()
    }

    /// The share of the rows that are before that place, as if they were spread evenly over their places; none where no row is.
    pub(super) fn share_before(&self, before: i64) -> Option<f64> {
        let (first, last) = self.places.filter(|&(first, _)| first < before)?;
        Some(before.abs_diff(first) as f64 / (last.abs_diff(first) as f64 + 1.0))
    }

    pub(super) fn size(&self) -> usize {
        let arranged: usize = self.arranged.iter().map(|array| array.get_array_memory_size()).sum();
        arranged + 4 * self.recent.capacity() + self.state.as_ref().map_or(0, RecordBatch::get_array_memory_size)
    }
}

/// The first and the last of some places, and of others if there are any.
fn span(known: Option<(i64, i64)>, places: impl Iterator<Item = i64>) -> Option<(i64, i64)> {
    places.fold(known, |known, place| Some(known.map_or((place, place), |(first, last)| (first.min(place), last.max(place)))))
}
