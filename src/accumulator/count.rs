//! `count(*)` and `count(column)`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::DataType;

use super::{Accumulator, held};
use crate::event::ColumnType;
use crate::kernel::values::{ValueType, Values};
use crate::{Error, Result};

/// Counts rows, or values that are not null. Result: `Int`, 0 for no rows.
#[derive(Debug, Default)]
pub struct Count {
    /// Of the last `n_recent` rows: half as wide, for twice as many of them are in the cache.
    recent: Vec<u32>,
    n_recent: u64,
    /// Of all before.
    counts: Vec<i64>,
}

/// Few groups are counted in so many places each, in turn: adding to a place that was added to just before waits for it.
const TURNS: usize = 4;
const FEW_GROUPS: usize = 1_024;

impl Count {
    fn counts(&self, groups: &[u32]) -> Vec<i64> {
        let recent = held(&self.recent, groups).into_iter().map(i64::from);
        recent.zip(held(&self.counts, groups)).map(|(recent, before)| recent + before).collect()
    }

    /// Makes room for counts of that many rows more.
    fn make_room(&mut self, n_rows: usize, n_groups: usize) {
        if self.n_recent + n_rows as u64 > u64::from(u32::MAX) {
            self.counts.resize(self.recent.len().max(self.counts.len()), 0);
            self.counts.iter_mut().zip(&self.recent).for_each(|(count, &recent)| *count += i64::from(recent));
            self.recent.clear();
            self.n_recent = 0;
        }
        self.n_recent += n_rows as u64;
        self.recent.resize(n_groups, 0);
    }
}

#[inline(never)]
fn count_few(groups: &[u32], counts: &mut [u32]) {
    let mut turns = [[0u32; FEW_GROUPS]; TURNS];
    for groups in groups.chunks(TURNS) {
        groups.iter().zip(&mut turns).for_each(|(&group, counts)| counts[group as usize % FEW_GROUPS] += 1);
    }
    for turn in turns {
        counts.iter_mut().zip(turn).for_each(|(count, more)| *count += more);
    }
}

#[inline(never)]
fn count_many(groups: &[u32], counts: &mut [u32]) {
    groups.iter().for_each(|&group| counts[group as usize] += 1);
}

impl Accumulator for Count {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.make_room(groups.len(), n_groups);
        match columns.first().and_then(|values| values.valid.as_ref()) {
            Some(valid) => groups.iter().zip(valid).for_each(|(&group, &valid)| self.recent[group as usize] += u32::from(valid)),
            None if n_groups <= FEW_GROUPS => count_few(groups, &mut self.recent),
            None => count_many(groups, &mut self.recent),
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(Int64Array::from(self.counts(groups)))])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        self.counts.resize(n_groups, 0);
        let counts = state[0].as_primitive_opt::<Int64Type>().ok_or_else(|| Error::bad_state("not the state of a count"))?;
        groups.iter().zip(counts.values()).for_each(|(&group, count)| self.counts[group as usize] += count);
        Ok(())
    }

    fn result_type(&self) -> ValueType {
        ValueType::Of(ColumnType::Int)
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        Ok(Values::ints(self.counts(groups)))
    }

    fn size(&self) -> usize {
        8 * self.counts.capacity() + 4 * self.recent.capacity()
    }
}
