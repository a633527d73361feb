//! The rows of some actors, and what a fold found in them.
//!
//! Rows that came lately are held as values, which are cheap to add to; all others as narrow arrays, in the order in which
//! they are folded.

use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::Result;
use crate::event::ColumnType;
use crate::kernel::column;
use crate::kernel::values::{Data, Rows, Values, gather};

/// Rows of whole actors; the last column holds their places in the data.
#[derive(Default)]
pub(super) struct Bucket {
    arranged: Vec<ArrayRef>,
    recent: Vec<Values>,
    /// The first and the last place of a row; none where there are no rows.
    places: Option<(i64, i64)>,
    /// What a fold found in the rows, if they are still the same.
    pub(super) state: Option<RecordBatch>,
}

impl Bucket {
    /// Takes some rows of `columns` in.
    pub(super) fn push(&mut self, columns: &[Values], rows: &[u32]) -> Result<()> {
        self.state = None;
        if let Some(Values { data: Data::Ints(places), .. }) = columns.last() {
            self.places = span(self.places, rows.iter().map(|&row| places[row as usize]));
        }
        if self.recent.is_empty() {
            self.recent = columns.iter().map(|values| values.take(rows)).collect();
            return Ok(());
        }
        self.recent.iter_mut().zip(columns).try_for_each(|(recent, values)| append(recent, values, rows))
    }

    /// Makes these its rows, all of them, in order.
    pub(super) fn set(&mut self, columns: Vec<Values>, types: &[ColumnType]) -> Result<()> {
        self.places = match columns.last() {
            Some(Values { data: Data::Ints(places), .. }) => span(None, places.iter().copied()),
            _ => None,
        };
        self.recent.clear();
        self.arranged.clear();
        if self.places.is_some() {
            let held = columns.into_iter().zip(types).map(|(values, &column_type)| column::hold(values, column_type));
            self.arranged = held.collect::<Result<_>>()?;
        }
        Ok(())
    }

    /// The values of all rows.
    pub(super) fn values(&self) -> Result<Vec<Values>> {
        let n_columns = self.arranged.len().max(self.recent.len());
        let column = |at: usize| {
            let arranged = self.arranged.get(at).map(|array| gather(array, &Rows::All(array.len()))).transpose()?;
            Values::concat(arranged.into_iter().chain(self.recent.get(at).cloned()).collect())
        };
        (0..n_columns).map(column).collect()
    }

    pub(super) fn n_rows(&self) -> usize {
        self.arranged.last().map_or(0, |places| places.len()) + self.n_recent()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_none()
    }

    /// The share of the rows that are before that place, as if they were spread evenly over their places; none where no row is.
    pub(super) fn share_before(&self, before: i64) -> Option<f64> {
        let (first, last) = self.places.filter(|&(first, _)| first < before)?;
        Some(before.abs_diff(first) as f64 / (last.abs_diff(first) as f64 + 1.0))
    }

    /// Whether all rows are in order.
    pub(super) fn is_arranged(&self) -> bool {
        self.recent.is_empty()
    }

    /// Whether so many rows came that they are to be put in order before anybody asks; more than `few`.
    pub(super) fn is_outgrown(&self, few: usize) -> bool {
        self.n_recent() > few.max(self.n_rows() / 2)
    }

    fn n_recent(&self) -> usize {
        self.recent.last().map_or(0, Values::len)
    }

    pub(super) fn size(&self) -> usize {
        let arranged: usize = self.arranged.iter().map(|array| array.get_array_memory_size()).sum();
        let width = |values: &Values| if matches!(values.data, Data::Wide(_)) { 17 } else { 9 };
        let recent: usize = self.recent.iter().map(|values| width(values) * values.len()).sum();
        arranged + recent + self.state.as_ref().map_or(0, RecordBatch::get_array_memory_size)
    }
}

/// The first and the last of some places, and of others if there are any.
fn span(known: Option<(i64, i64)>, places: impl Iterator<Item = i64>) -> Option<(i64, i64)> {
    places.fold(known, |known, place| Some(known.map_or((place, place), |(first, last)| (first.min(place), last.max(place)))))
}

/// Adds some of the values behind those that are there.
fn append(to: &mut Values, values: &Values, rows: &[u32]) -> Result<()> {
    if to.valid.is_some() || values.valid.is_some() {
        let n_before = to.len();
        let valid = to.valid.get_or_insert_with(|| vec![true; n_before]);
        valid.extend(rows.iter().map(|&row| values.is_valid(row as usize)));
    }
    match (&mut to.data, &values.data) {
        (Data::Ints(to), Data::Ints(ints)) => to.extend(rows.iter().map(|&row| ints[row as usize])),
        (to, of) => {
            let of = of.wide()?;
            let mut wide = to.wide()?.into_owned();
            wide.extend(rows.iter().map(|&row| of[row as usize]));
            *to = Data::Wide(wide);
        }
    }
    Ok(())
}
