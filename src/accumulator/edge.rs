//! `first` and `last`: the value at the least or greatest place in an order.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::lists::is_text;
use super::{Accumulator, held};
use crate::event::ColumnType;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::order::SortKey;
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// The value of a column where another, of 64-bit numbers, is least or greatest. Result: the column's type, null for no
/// row that has both; of several such rows, the least value.
#[derive(Debug)]
pub struct Edge {
    is_last: bool,
    column_type: ColumnType,
    order_type: ColumnType,
    ids: Option<Ids>,
    /// Each group's best row: its place in the order, and its value's number.
    best: Vec<Option<(i64, u32)>>,
}

impl Edge {
    /// The value of a column of that type where one of `order_type` is least.
    pub fn first(column_type: ColumnType, order_type: ColumnType) -> Self {
        Self { is_last: false, column_type, order_type, ids: None, best: vec![] }
    }

    /// The value of a column of that type where one of `order_type` is greatest.
    pub fn last(column_type: ColumnType, order_type: ColumnType) -> Self {
        Self { is_last: true, ..Self::first(column_type, order_type) }
    }

    fn values_of(&self, numbers: &[u32]) -> Values {
        match &self.ids {
            Some(ids) => ids.values(numbers),
            None if is_text(self.column_type) => Ids::no_texts().values(numbers),
            None => Values { data: Data::Ints(vec![0; numbers.len()]), valid: Some(vec![false; numbers.len()]) },
        }
    }

    fn is_less(&self, a: u32, b: u32) -> bool {
        match &self.ids {
            Some(ids) if is_text(self.column_type) => ids.text(a) < ids.text(b),
            _ => SortKey::new(&self.values_of(&[a, b]), false).compare(0, 1).is_lt(),
        }
    }
}

impl Accumulator for Edge {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        let [values, order] = columns else { return Err(Error::bad_state("a first or last value without its order")) };
        let Data::Ints(places) = &order.data else { return Err(Error::bad_state("an order of values that are no numbers")) };
        let numbers = self.ids.get_or_insert_with(|| Ids::like(values)).of(values)?;
        self.best.resize(n_groups, None);
        for (row, (&group, &number)) in groups.iter().zip(&numbers).enumerate() {
            if number == NULL || !order.is_valid(row) {
                continue;
            }
            let better = match self.best[group as usize] {
                None => true,
                Some((place, known)) if place == places[row] => known != number && self.is_less(number, known),
                Some((place, _)) => (places[row] < place) != self.is_last,
            };
            if better {
                self.best[group as usize] = Some((places[row], number));
            }
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![self.result_type().arrow(), ValueType::Of(self.order_type).arrow()]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        let best = held(&self.best, groups);
        let valid: Vec<bool> = best.iter().map(Option::is_some).collect();
        let places = best.iter().map(|best| best.map_or(0, |(place, _)| place)).collect();
        let order = Values { data: Data::Ints(places), valid: valid.contains(&false).then_some(valid) };
        Ok(vec![self.finish(groups)?.to_array(self.result_type())?, order.to_array(ValueType::Of(self.order_type))?])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        let all = Rows::All(groups.len());
        let mut order = gather(&state[1], &all)?;
        if let Data::Wide(wide) = &order.data {
            order.data = Data::Ints(wide.iter().map(|&place| place as i64).collect());
        }
        self.update(groups, n_groups, &[gather(&state[0], &all)?, order])
    }

    fn result_type(&self) -> ValueType {
        ValueType::Of(self.column_type)
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let numbers: Vec<u32> = held(&self.best, groups).iter().map(|best| best.map_or(NULL, |(_, number)| number)).collect();
        Ok(self.values_of(&numbers))
    }

    fn size(&self) -> usize {
        24 * self.best.capacity() + self.ids.as_ref().map_or(0, Ids::size)
    }
}
