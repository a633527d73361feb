//! What slices of the rows say of a question, and all of some slices together.

use std::ops::Range;

use arrow_array::RecordBatch;

use super::asker::{Asker, Part};
use crate::fold::Fold;
use crate::{Error, Result};

/// Rows as panes take them.
pub(super) enum Taken {
    /// As folds read them.
    Batch(RecordBatch),
    /// To be kept.
    Part(Part),
}

/// One slice of the rows.
pub(super) enum Pane {
    /// What they say, where that does not depend on their order.
    Fold { fold: Box<dyn Fold>, n_rows: u64 },
    /// The rows themselves.
    Rows { parts: Vec<Part>, n_rows: u64 },
}

impl Pane {
    pub(super) fn new(asker: &Asker, keeps_rows: bool) -> Result<Self> {
        Ok(if keeps_rows { Self::Rows { parts: vec![], n_rows: 0 } } else { Self::Fold { fold: asker.fold()?, n_rows: 0 } })
    }

    pub(super) fn take(&mut self, rows: Taken) -> Result<()> {
        match (self, rows) {
            (Self::Fold { fold, n_rows }, Taken::Batch(batch)) => {
                *n_rows += batch.num_rows() as u64;
                fold.update(&batch)
            }
            (Self::Rows { parts, n_rows }, Taken::Part(part)) => {
                *n_rows += part.n_rows() as u64;
                parts.push(part);
                Ok(())
            }
            _ => Err(Error::bad_state("a pane is given rows in another way than it takes them")),
        }
    }

    /// How many rows it has taken: another number says that the answer may be another.
    pub(super) fn n_rows(&self) -> u64 {
        match self {
            Self::Fold { n_rows, .. } | Self::Rows { n_rows, .. } => *n_rows,
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Fold { fold, .. } => fold.size(),
            Self::Rows { parts, .. } => parts.iter().map(Part::size).sum(),
        }
    }

    fn parts(&self) -> &[Part] {
        match self {
            Self::Fold { .. } => &[],
            Self::Rows { parts, .. } => parts,
        }
    }

    fn fold(&mut self) -> Option<&mut dyn Fold> {
        match self {
            Self::Fold { fold, .. } => Some(fold.as_mut()),
            Self::Rows { .. } => None,
        }
    }
}

/// What some panes say together, kept up to date: an answer of many panes then costs what its own rows do.
#[derive(Default)]
pub(super) struct Merged {
    /// The panes that begin in it.
    range: Range<i64>,
    fold: Option<Box<dyn Fold>>,
    n_rows: u64,
    /// Groups of the last pane that are still to be merged.
    left: Option<RecordBatch>,
    /// How many groups that pane had.
    n_begun: usize,
}

impl Merged {
    /// Takes in rows that one of the panes has taken.
    pub(super) fn take(&mut self, pane: i64, batch: &RecordBatch) -> Result<()> {
        let Some(fold) = self.fold.as_mut().filter(|_| self.range.contains(&pane)) else { return Ok(()) };
        self.n_rows += batch.num_rows() as u64;
        fold.update(batch)
    }

    pub(super) fn size(&self) -> usize {
        let left = self.left.as_ref().map_or(0, RecordBatch::get_array_memory_size);
        self.fold.as_ref().map_or(0, |fold| fold.size()) + left
    }

    /// Begins to merge one more pane, behind those that are merged.
    pub(super) fn begin(&mut self, asker: &Asker, number: i64, pane: &mut Pane) -> Result<()> {
        let n_rows = pane.n_rows();
        let Some(fold) = pane.fold() else { return Err(Error::bad_state("a pane of rows cannot be merged")) };
        let state = fold.state()?;
        if self.fold.is_none() {
            self.fold = Some(asker.fold()?);
            self.range.start = number;
        }
        self.range.end = number + 1; // its further rows are taken as they come
        self.n_rows += n_rows;
        self.n_begun = state.num_rows();
        self.left = Some(state);
        Ok(())
    }

    /// How many groups the pane had that was begun last.
    pub(super) fn n_begun(&self) -> usize {
        self.n_begun
    }

    /// Merges so many groups at the most of the pane that was begun, or all that cannot be told apart; gives how many, and whether
    /// none is left.
    pub(super) fn go_on(&mut self, n_most: usize) -> Result<(usize, bool)> {
        let (Some(state), Some(fold)) = (self.left.take(), &mut self.fold) else { return Ok((0, true)) };
        let n_all = state.num_rows();
        let n = if fold.has_groups() || n_most == 0 { n_most.min(n_all) } else { n_all };
        fold.merge(&state.slice(0, n))?;
        self.left = (n < n_all).then(|| state.slice(n, n_all - n));
        Ok((n, n == n_all))
    }

    /// Whether all panes up to this one are merged.
    pub(super) fn is_up_to(&self, last: Option<i64>) -> bool {
        self.left.is_none() && self.end() == last.map(|last| last + 1)
    }

    /// Takes in further panes as they come.
    pub(super) fn open_ended(self) -> Self {
        Self { range: self.range.start..i64::MAX, ..self }
    }

    /// The end of the panes that are merged or begun, as long as there are some.
    pub(super) fn end(&self) -> Option<i64> {
        self.fold.is_some().then_some(self.range.end)
    }

    /// The answer of the panes that begin in a range, in order.
    pub(super) fn answer(&mut self, asker: &Asker, range: Range<i64>, mut panes: Vec<&mut Pane>) -> Result<RecordBatch> {
        if panes.iter().any(|pane| matches!(pane, Pane::Rows { .. })) {
            return asker.answer(&panes.iter().flat_map(|pane| pane.parts()).collect::<Vec<_>>());
        }
        let n_rows = panes.iter().map(|pane| pane.n_rows()).sum();
        let mut folds: Vec<&mut dyn Fold> = panes.iter_mut().filter_map(|pane| pane.fold()).collect();
        if let [only] = &mut folds[..] {
            return only.follow();
        }
        match &mut self.fold {
            Some(fold) if (&self.range, self.n_rows) == (&range, n_rows) => fold.follow(),
            _ => {
                let mut all = asker.fold()?;
                folds.iter().try_for_each(|fold| all.merge(&fold.state()?))?;
                let answer = all.follow();
                *self = Self { range, fold: Some(all), n_rows, ..Self::default() };
                answer
            }
        }
    }
}
