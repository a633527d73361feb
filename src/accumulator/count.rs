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
    counts: Vec<i64>,
}

impl Accumulator for Count {
    fn update(&mut self, groups: &[u32], n_groups: usize, values: Option<&Values>) -> Result<()> {
        self.counts.resize(n_groups, 0);
        match values.and_then(|values| values.valid.as_ref()) {
            Some(valid) => groups.iter().zip(valid).for_each(|(&group, &valid)| self.counts[group as usize] += i64::from(valid)),
            None => groups.iter().for_each(|&group| self.counts[group as usize] += 1),
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(Int64Array::from(held(&self.counts, groups)))])
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
        Ok(Values::ints(held(&self.counts, groups)))
    }

    fn size(&self) -> usize {
        8 * self.counts.capacity()
    }
}
