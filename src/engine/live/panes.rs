//! What slices of the rows say of a question, and all of some slices together.

use std::ops::Range;

use arrow_array::RecordBatch;

use super::asker::{Asker, Part};
use crate::Result;
use crate::fold::Fold;

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

    pub(super) fn take(&mut self, asker: &Asker, part: Part) -> Result<()> {
        match self {
            Self::Fold { fold, n_rows } => {
                *n_rows += part.n_rows() as u64;
                fold.update(&asker.rows(&part)?)
            }
            Self::Rows { parts, n_rows } => {
                *n_rows += part.n_rows() as u64;
                parts.push(part);
                Ok(())
            }
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
}

impl Merged {
    /// Takes in rows that one of the panes has taken.
    pub(super) fn take(&mut self, asker: &Asker, pane: i64, part: &Part) -> Result<()> {
        let Some(fold) = self.fold.as_mut().filter(|_| self.range.contains(&pane)) else { return Ok(()) };
        self.n_rows += part.n_rows() as u64;
        fold.update(&asker.rows(part)?)
    }

    pub(super) fn size(&self) -> usize {
        self.fold.as_ref().map_or(0, |fold| fold.size())
    }

    /// Makes room for one more pane behind those that are merged, and merges it.
    pub(super) fn extend(&mut self, asker: &Asker, number: i64, pane: &mut Pane) -> Result<()> {
        let n_rows = pane.n_rows();
        let Some(fold) = pane.fold() else { return Ok(()) };
        let all = match &mut self.fold {
            Some(all) => all,
            none => {
                self.range.start = number;
                none.insert(asker.fold()?)
            }
        };
        all.merge(&fold.state()?)?;
        self.n_rows += n_rows;
        self.range.end = number + 1;
        Ok(())
    }

    /// Takes in further panes as they come.
    pub(super) fn open_ended(self) -> Self {
        Self { range: self.range.start..i64::MAX, ..self }
    }

    /// The end of the panes that are merged, as long as there are some.
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
                *self = Self { range, fold: Some(all), n_rows };
                answer
            }
        }
    }
}
