//! What slices of the rows say of a question, and all of some slices together.

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

    fn parts(&self) -> &[Part] {
        match self {
            Self::Fold { .. } => &[],
            Self::Rows { parts, .. } => parts,
        }
    }

    fn fold(&self) -> Option<&dyn Fold> {
        match self {
            Self::Fold { fold, .. } => Some(fold.as_ref()),
            Self::Rows { .. } => None,
        }
    }
}

/// What the panes but the last say together: as a rule only the last one changes.
#[derive(Default)]
pub(super) struct Merged {
    /// Of how many panes from which on, and how many rows they had.
    of: (i64, usize, u64),
    state: Option<RecordBatch>,
}

impl Merged {
    /// The answer of some panes together, in order, of which the first is called `first`.
    pub(super) fn answer(&mut self, asker: &Asker, first: i64, panes: &[&Pane]) -> Result<RecordBatch> {
        let folds: Option<Vec<&dyn Fold>> = panes.iter().map(|pane| pane.fold()).collect();
        let Some(folds) = folds else {
            return asker.answer(&panes.iter().flat_map(|pane| pane.parts()).collect::<Vec<_>>());
        };
        let (last, before) = match folds.split_last() {
            None => return asker.fold()?.finish(),
            Some((last, [])) => return last.finish(),
            Some(split) => split,
        };
        let of = (first, before.len(), panes[..before.len()].iter().map(|pane| pane.n_rows()).sum());
        let mut all = asker.fold()?;
        match &self.state {
            Some(state) if self.of == of => all.merge(state)?,
            _ => {
                before.iter().try_for_each(|fold| all.merge(&fold.state()?))?;
                *self = Self { of, state: Some(all.state()?) };
            }
        }
        all.merge(&last.state()?)?;
        all.finish()
    }
}
