//! `count(distinct column)`, exact.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::DataType;

use super::{Accumulator, held};
use crate::event::ColumnType;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::set::PairSet;
use crate::kernel::values::{Data, Texts, ValueType, Values};
use crate::{Error, Result};

/// Counts different values; nulls are none. Result: `Int`, 0 for no values.
///
/// The state lists each group's values: 16 little-endian bytes for a number, four of length and the bytes for a text;
/// and how many more values there are that no other state has, which therefore need no list.
#[derive(Debug)]
pub struct CountDistinct {
    is_text: bool,
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
        let is_text = matches!(column_type, ColumnType::Text | ColumnType::Null);
        Self { is_text, ids: None, seen: PairSet::default(), counts: vec![], grouped: vec![], merged: vec![] }
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

    fn update(&mut self, groups: &[u32], n_groups: usize, values: Option<&Values>) -> Result<()> {
        self.take_in(groups, n_groups, values.ok_or_else(|| Error::bad_state("a distinct count without a column"))?)
    }

    fn update_grouped(&mut self, groups: &[u32], n_groups: usize, values: Option<&Values>) -> Result<()> {
        let values = values.ok_or_else(|| Error::bad_state("a distinct count without a column"))?;
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
            let list: &mut Vec<u8> = &mut lists[places[group as usize]];
            match values.as_ref().map(|values| &values.data) {
                Some(Data::Ints(v)) => list.extend_from_slice(&i128::from(v[row]).to_le_bytes()),
                Some(Data::Wide(v)) => list.extend_from_slice(&v[row].to_le_bytes()),
                Some(Data::Codes(codes, texts)) => {
                    let text = texts.get(codes[row]).as_bytes();
                    list.extend_from_slice(&(text.len() as u32).to_le_bytes());
                    list.extend_from_slice(text);
                }
                Some(Data::Floats(_) | Data::Ranked(..)) | None => {}
            }
        }
        let total: usize = lists.iter().map(Vec::len).sum();
        if total > i32::MAX as usize {
            return Err(Error::bad_state("the distinct values take more than 2 GiB; group or filter further"));
        }
        let mut binary = BinaryBuilder::with_capacity(groups.len(), total);
        lists.iter().for_each(|list| binary.append_value(list));
        Ok(vec![Arc::new(binary.finish()), Arc::new(Int64Array::from(self.own(groups)))])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        self.counts.resize(n_groups, 0);
        let not_a_state = || Error::bad_state("not the state of a distinct count");
        let lists = state[0].as_binary_opt::<i32>().ok_or_else(not_a_state)?;
        let own = state[1].as_primitive_opt::<Int64Type>().ok_or_else(not_a_state)?;
        self.merged.resize(n_groups, 0);
        groups.iter().zip(own.values()).for_each(|(&group, count)| self.merged[group as usize] += count);
        let (mut owners, mut numbers, mut texts) = (vec![], vec![], vec![]);
        for (row, &group) in groups.iter().enumerate() {
            let mut list = lists.value(row);
            while !list.is_empty() {
                owners.push(group);
                if self.is_text {
                    let (length, rest) = list.split_first_chunk::<4>().ok_or_else(not_a_state)?;
                    let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(not_a_state)?;
                    texts.push(std::str::from_utf8(text).map_err(|_| not_a_state())?);
                    list = rest;
                } else {
                    let (number, rest) = list.split_first_chunk::<16>().ok_or_else(not_a_state)?;
                    numbers.push(i128::from_le_bytes(*number));
                    list = rest;
                }
            }
        }
        if owners.is_empty() {
            return Ok(());
        }
        let data = if self.is_text {
            let codes = (0..texts.len() as u32).collect();
            Data::Codes(codes, Texts(Arc::new(arrow_array::StringArray::from_iter_values(texts))))
        } else if let Ok(ints) = numbers.iter().map(|&v| i64::try_from(v)).collect() {
            Data::Ints(ints)
        } else {
            Data::Wide(numbers)
        };
        self.take_in(&owners, n_groups, &Values { data, valid: None })
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
