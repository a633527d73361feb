//! How often each value occurs: what `mode`, `median` and `quantile` are told from, exactly.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::lists::{from_column, is_text, to_column, write_value};
use super::{Accumulator, only};
use crate::event::ColumnType;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::number::pow10;
use crate::kernel::order::SortKey;
use crate::kernel::pairs::Pairs;
use crate::kernel::values::{Data, ValueType, Values, digits};
use crate::{Error, Result};

/// What is asked of the occurrences.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked {
    /// The most frequent value; of several, the least.
    Mode,
    /// The value below which a share of the values lies.
    Quantile(f64),
}

/// Counts each group's different values. Null for no values.
///
/// The mode is of the column's type. A quantile is `Float64`, interpolated between the two values next to its place,
/// as SQL's `percentile_cont` and DuckDB's `quantile_cont` do (type 7 of Hyndman and Fan, 1996).
///
/// The state lists each group's values with their counts.
#[derive(Debug)]
pub struct Tally {
    asked: Asked,
    column_type: ColumnType,
    ids: Option<Ids>,
    /// Of a group and a value's number.
    pairs: Pairs,
    counts: Vec<i64>,
}

impl Tally {
    /// The most frequent value of a column of that type.
    pub fn mode(column_type: ColumnType) -> Self {
        Self { asked: Asked::Mode, column_type, ids: None, pairs: Pairs::default(), counts: vec![] }
    }

    /// The value at the share `q` of a column of numbers, from 0, the least, to 1, the greatest.
    pub fn quantile(q: f64, column_type: ColumnType) -> Self {
        Self { asked: Asked::Quantile(q), ..Self::mode(column_type) }
    }

    fn take_in(&mut self, groups: &[u32], n_groups: usize, values: &Values, count: impl Fn(usize) -> i64) -> Result<()> {
        let ids = self.ids.get_or_insert_with(|| Ids::like(values));
        let numbers = ids.of(values)?;
        let mut pairs = groups.to_vec();
        self.pairs.of(&mut pairs, n_groups, &numbers, ids.len());
        self.counts.resize(self.pairs.len(), 0);
        pairs.iter().enumerate().for_each(|(row, &pair)| self.counts[pair as usize] += count(row));
        Ok(())
    }

    /// For each of some groups, its values in ascending order with their counts. The values are places in the first.
    pub(super) fn sorted(&self, groups: &[u32]) -> (Values, Vec<Vec<(u32, i64)>>) {
        let n_numbers = self.ids.as_ref().map_or(1, Ids::len) as u32;
        let numbers: Vec<u32> = (0..n_numbers).collect();
        let empty = || Values { data: Data::Ints(vec![0]), valid: None };
        let values = self.ids.as_ref().map_or_else(empty, |ids| ids.values(&numbers));
        let key = SortKey::new(&values, false);
        let most = groups.iter().max().map_or(0, |&group| group as usize + 1);
        let mut places = vec![usize::MAX; most];
        groups.iter().enumerate().for_each(|(place, &group)| places[group as usize] = place);
        let mut lists = vec![vec![]; groups.len()];
        for (pair, &count) in self.counts.iter().enumerate() {
            let (group, number) = self.pairs.get(pair as u32);
            if let (Some(&place @ 0..usize::MAX), true) = (places.get(group as usize), number != NULL) {
                lists[place].push((number, count));
            }
        }
        for list in &mut lists {
            list.sort_unstable_by(|a, b| key.compare(a.0, b.0));
        }
        (values, lists)
    }
}

/// The value at a place, counted from 0, of the sorted values.
pub(super) fn at_place(list: &[(u32, i64)], place: i64) -> Option<u32> {
    let mut before = 0;
    let reaches = |&&(_, count): &&(u32, i64)| {
        before += count;
        before > place
    };
    list.iter().find(reaches).map(|&(number, _)| number)
}

/// The value at the share `q` of values in ascending order with their counts, interpolated between two that are next to each
/// other. What a number stands for says `value`; there must be one.
pub fn quantile(q: f64, list: &[(u32, i64)], value: impl Fn(u32) -> f64) -> f64 {
    let n: i64 = list.iter().map(|(_, count)| count).sum();
    let place = q * (n - 1) as f64;
    let low = place.floor();
    let at = |place: i64| at_place(list, place).map_or(0.0, &value);
    let (below, above) = (at(low as i64), at((low as i64 + 1).min(n - 1)));
    // As DuckDB does: the difference of two values far from zero on both sides would lose digits of both.
    let share = place - low;
    if below == above { below } else { below * (1.0 - share) + above * share }
}

impl Accumulator for Tally {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.take_in(groups, n_groups, only(columns)?, |_| 1)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Binary]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        let (values, lists) = self.sorted(groups);
        let bytes = |list: &Vec<(u32, i64)>| {
            let mut bytes = vec![];
            for &(number, count) in list {
                write_value(&values, number as usize, &mut bytes);
                bytes.extend_from_slice(&count.to_le_bytes());
            }
            bytes
        };
        Ok(vec![to_column(&lists.iter().map(bytes).collect::<Vec<_>>())?])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        let listed = from_column::<8>(&state[0], groups, is_text(self.column_type))?;
        if listed.groups.is_empty() {
            return Ok(());
        }
        self.take_in(&listed.groups, n_groups, &listed.values, |row| i64::from_le_bytes(listed.rest[row]))
    }

    fn result_type(&self) -> ValueType {
        match self.asked {
            Asked::Mode => ValueType::Of(self.column_type),
            Asked::Quantile(_) => ValueType::Float,
        }
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let (values, lists) = self.sorted(groups);
        match self.asked {
            Asked::Mode => {
                // Of equally frequent values the first, which is the least.
                let mode = |list: &Vec<(u32, i64)>| list.iter().rev().max_by_key(|(_, count)| *count).map_or(NULL, |&(n, _)| n);
                let numbers: Vec<u32> = lists.iter().map(mode).collect();
                Ok(match &self.ids {
                    Some(ids) => ids.values(&numbers),
                    None if is_text(self.column_type) => Ids::no_texts().values(&numbers),
                    None => Values { data: Data::Ints(vec![0; numbers.len()]), valid: Some(vec![false; numbers.len()]) },
                })
            }
            Asked::Quantile(q) => {
                let unit = pow10(digits(self.column_type)) as f64;
                let value = |number: u32| match &values.data {
                    Data::Ints(v) => v[number as usize] as f64 / unit,
                    Data::Wide(v) => v[number as usize] as f64 / unit,
                    _ => 0.0,
                };
                if !matches!(values.data, Data::Ints(_) | Data::Wide(_)) {
                    return Err(Error::bad_state("a quantile of values that are no numbers"));
                }
                let data = lists.iter().map(|list| if list.is_empty() { 0.0 } else { quantile(q, list, value) });
                let data = Data::Floats(data.collect());
                let valid: Vec<bool> = lists.iter().map(|list| !list.is_empty()).collect();
                Ok(Values { data, valid: valid.contains(&false).then_some(valid) })
            }
        }
    }

    fn size(&self) -> usize {
        self.ids.as_ref().map_or(0, Ids::size) + self.pairs.size() + 8 * self.counts.capacity()
    }
}
