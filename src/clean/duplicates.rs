//! `drop_duplicates`: of rows that are equal, one is kept.

use super::{Action, Work, groups};
use crate::Result;
use crate::error::spec::{Spec, unknown};
use crate::kernel::values::Rows;

/// `drop_duplicates`: of rows that are equal in some columns, or in all, keeps the first or the last. Null is equal to null,
/// and values are equal however they are written.
#[derive(Debug)]
pub(super) struct DropDuplicates {
    by: Option<Vec<String>>,
    last: bool,
}

impl DropDuplicates {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let by = match spec.get("by") {
            None => None,
            Some(_) => Some(spec.texts("by")?).filter(|by| !by.is_empty()),
        };
        let last = match spec.text("keep")?.unwrap_or("first") {
            "first" => false,
            "last" => true,
            other => return Err(unknown(&format!("\"keep\" {other:?}"), other, &["first", "last"])),
        };
        Ok(Self { by, last })
    }
}

impl Action for DropDuplicates {
    fn needs_all_rows(&self) -> bool {
        true
    }

    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let by = match &self.by {
            Some(names) => work.table.indices_of(names)?,
            None => (0..work.table.names().len()).collect(),
        };
        let (groups, n_groups) = groups::numbers(&work.table, &by)?;
        let mut is_kept = vec![false; groups.len()];
        let mut seen = vec![false; n_groups];
        let mut see = |row: usize| is_kept[row] = !std::mem::replace(&mut seen[groups[row] as usize], true);
        if self.last {
            (0..groups.len()).rev().for_each(&mut see);
        } else {
            (0..groups.len()).for_each(&mut see);
        }
        work.report.duplicate = work.keep_marked(&is_kept)?;
        Ok(())
    }
}

impl Work<'_> {
    /// Keeps the rows that are marked; says how many others there were.
    pub(super) fn keep_marked(&mut self, marks: &[bool]) -> Result<u64> {
        let mut first = 0;
        let chosen = self.table.batches().iter().map(|batch| {
            let marks = &marks[first..first + batch.n_rows];
            first += batch.n_rows;
            if !marks.contains(&false) {
                return Rows::All(batch.n_rows);
            }
            Rows::Some((0..batch.n_rows as u32).filter(|&row| marks[row as usize]).collect())
        });
        let chosen: Vec<Rows> = chosen.collect();
        self.table.keep(&chosen)
    }
}
