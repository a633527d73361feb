//! `sum` and `avg`: both keep (sum, count), exactly, and a mean is one division of them as floats.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{ArrayRef, Decimal128Array, Int64Array};
use arrow_schema::DataType;

use super::{Accumulator, held, only};
use crate::event::ColumnType;
use crate::kernel::number::pow10;
use crate::kernel::values::{Data, ValueType, Values, digits};
use crate::{Error, ErrorKind, Result};

/// Adds integers or decimals, or takes their mean; null for no values.
///
/// A sum is of the column's type, exact or an `OVERFLOW` error. A mean is `Float64`: the exact sum divided by the count.
#[derive(Debug)]
pub struct Sum {
    column_type: ColumnType,
    is_mean: bool,
    sums: Vec<i128>,
    counts: Vec<i64>,
}

impl Sum {
    /// A sum of a column of that type.
    pub fn new(column_type: ColumnType) -> Self {
        Self { column_type, is_mean: false, sums: vec![], counts: vec![] }
    }

    /// A mean of a column of that type.
    pub fn mean(column_type: ColumnType) -> Self {
        Self { is_mean: true, ..Self::new(column_type) }
    }

    fn resize(&mut self, n_groups: usize) {
        self.sums.resize(n_groups, 0);
        self.counts.resize(n_groups, 0);
    }

    #[inline]
    fn add(
        &mut self,
        groups: &[u32],
        numbers: impl Iterator<Item = i128>,
        values: &Values,
        plus: impl Fn(i128, i128) -> Result<i128>,
    ) -> Result<()> {
        for (row, (&group, number)) in groups.iter().zip(numbers).enumerate() {
            if values.is_valid(row) {
                let sum = &mut self.sums[group as usize];
                *sum = plus(*sum, number)?;
                self.counts[group as usize] += 1;
            }
        }
        Ok(())
    }
}

fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a sum is too large to be exact; filter the rows or group them further")
}

impl Accumulator for Sum {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.resize(n_groups);
        let values = only(columns)?;
        match &values.data {
            // i64 values cannot overflow an i128 before 2^64 rows.
            Data::Ints(ints) => self.add(groups, ints.iter().map(|&v| i128::from(v)), values, |a, b| Ok(a + b)),
            Data::Wide(wide) => self.add(groups, wide.iter().copied(), values, |a, b| a.checked_add(b).ok_or_else(overflow)),
            _ => Err(Error::bad_state("a sum of values that are no numbers")),
        }
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Decimal128(38, 0), DataType::Int64]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        let sums = Decimal128Array::from(held(&self.sums, groups)).with_precision_and_scale(38, 0)?;
        Ok(vec![Arc::new(sums), Arc::new(Int64Array::from(held(&self.counts, groups)))])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        self.resize(n_groups);
        let columns = state[0].as_primitive_opt::<Decimal128Type>().zip(state[1].as_primitive_opt::<Int64Type>());
        let (sums, counts) = columns.ok_or_else(|| Error::bad_state("not the state of a sum"))?;
        for ((&group, sum), count) in groups.iter().zip(sums.values()).zip(counts.values()) {
            let total = &mut self.sums[group as usize];
            *total = total.checked_add(*sum).ok_or_else(overflow)?;
            self.counts[group as usize] += count;
        }
        Ok(())
    }

    fn result_type(&self) -> ValueType {
        if self.is_mean { ValueType::Float } else { ValueType::Of(self.column_type) }
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let counts = held(&self.counts, groups);
        let sums = held(&self.sums, groups).into_iter();
        let data = match self.column_type {
            _ if self.is_mean => {
                let unit = pow10(digits(self.column_type)) as f64;
                let mean = |(sum, &count): (i128, &i64)| if count == 0 { 0.0 } else { sum as f64 / (count as f64 * unit) };
                Data::Floats(sums.zip(&counts).map(mean).collect())
            }
            ColumnType::Int => Data::Ints(sums.map(|sum| i64::try_from(sum).map_err(|_| overflow())).collect::<Result<_>>()?),
            _ => {
                let within = |sum: i128| if sum.unsigned_abs() < pow10(38) as u128 { Ok(sum) } else { Err(overflow()) };
                Data::Wide(sums.map(within).collect::<Result<_>>()?)
            }
        };
        let valid = counts.contains(&0).then(|| counts.iter().map(|&count| count > 0).collect());
        Ok(Values { data, valid })
    }

    fn size(&self) -> usize {
        16 * self.sums.capacity() + 8 * self.counts.capacity()
    }
}
