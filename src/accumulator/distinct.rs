//! `count(distinct column)`, exact.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::DataType;

use super::lists::{from_column, is_text, no_lists, to_column, write_value};
use super::{Accumulator, held, only};
use crate::event::ColumnType;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::set::PairSet;
use crate::kernel::values::{ValueType, Values};
use crate::{Error, Result};

/// Counts different values; nulls are none. Result: `Int`, 0 for no values.
///
/// The state lists each group's values, and says how many more values there are that no other state has, which
/// therefore need no list.
#[derive(Debug)]
pub struct CountDistinct {
    column_type: ColumnType,
    ids: Option<Ids>,
    seen: PairSet,
    counts: Vec<i64>,
    /// Of values that come grouped: each group's last one, and how many there were.
    grouped: Vec<(u32, u32)>,
    /// Of other states' values that nobody else has.
    merged: Vec<i64>,
}

impl CountDistinct {
    /// A distinct count of a column of that type.
    pub fn new(column_type: ColumnType) -> Self {
        Self { column_type, ids: None, seen: PairSet::default(), counts: vec![], grouped: vec![], merged: vec![] }
    }

    /// Each group's values that no other accumulator has.
    fn own(&self, groups: &[u32]) -> Vec<i64> {
        let grouped = held(&self.grouped, groups).into_iter().map(|(_, count)| i64::from(count));
        grouped.zip(held(&self.merged, groups)).map(|(grouped, merged)| grouped + merged).collect()
    }

    fn take_in(&mut self, groups: &[u32], n_groups: usize, values: &Values) -> Result<()> {
        self.counts.resize(n_groups, 0);
        let numbers = self.ids.get_or_insert_with(|| Ids::like(values)).of(values)?;
        self.seen.reserve(groups.len());
        for (&group, &number) in groups.iter().zip(&numbers) {
            if number != NULL && self.seen.insert(group, number) {
                self.counts[group as usize] += 1;
            }
        }
        Ok(())
    }
}

impl Accumulator for CountDistinct {
    fn takes_ranked(&self) -> bool {
        true
    }

    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.take_in(groups, n_groups, only(columns)?)
    }

    fn update_grouped(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        let values = only(columns)?;
        let numbers = self.ids.get_or_insert_with(|| Ids::like(values)).of(values)?;
        self.grouped.resize(n_groups, (NULL, 0));
        for (&group, &number) in groups.iter().zip(&numbers) {
            let (last, count) = &mut self.grouped[group as usize];
            if number != NULL && number != *last {
                *last = number;
                *count += 1;
            }
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Binary, DataType::Int64]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        let own = Arc::new(Int64Array::from(self.own(groups)));
        if self.counts.is_empty() {
            return Ok(vec![no_lists(groups.len()), own]);
        }
        // Where each group's list goes; nowhere for groups that are not asked for.
        let mut places = vec![usize::MAX; self.counts.len()];
        for (place, &group) in groups.iter().enumerate().filter(|&(_, &group)| (group as usize) < self.counts.len()) {
            places[group as usize] = place;
        }
        let mut pairs: Vec<(u32, u32)> = self.seen.iter().filter(|&(group, _)| places[group as usize] != usize::MAX).collect();
        pairs.sort_unstable();
        let numbers: Vec<u32> = pairs.iter().map(|&(_, number)| number).collect();
        let values = self.ids.as_ref().map(|ids| ids.values(&numbers));
        let mut lists = vec![Vec::new(); groups.len()];
        for (row, &(group, _)) in pairs.iter().enumerate() {
            values.iter().for_each(|values| write_value(values, row, &mut lists[places[group as usize]]));
        }
        Ok(vec![to_column(&lists)?, own])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        self.counts.resize(n_groups, 0);
        let not_a_state = || Error::bad_state("not the state of a distinct count");
        let own = state[1].as_primitive_opt::<Int64Type>().ok_or_else(not_a_state)?;
        self.merged.resize(n_groups, 0);
        groups.iter().zip(own.values()).for_each(|(&group, count)| self.merged[group as usize] += count);
        let listed = from_column::<0>(&state[0], groups, is_text(self.column_type))?;
        if listed.groups.is_empty() { Ok(()) } else { self.take_in(&listed.groups, n_groups, &listed.values) }
    }

    fn result_type(&self) -> ValueType {
        ValueType::Of(ColumnType::Int)
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let listed = held(&self.counts, groups);
        Ok(Values::ints(listed.into_iter().zip(self.own(groups)).map(|(listed, own)| listed + own).collect()))
    }

    fn size(&self) -> usize {
        self.ids.as_ref().map_or(0, Ids::size)
            + self.seen.size()
            + 8 * (self.counts.capacity() + self.grouped.capacity() + self.merged.capacity())
    }
}
