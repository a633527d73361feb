//! `var` and `stddev` of a sample: both keep (sum, sum of squares, count), exactly.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{ArrayRef, Decimal128Array, Int64Array};
use arrow_schema::DataType;

use super::{Accumulator, held, only};
use crate::event::ColumnType;
use crate::kernel::number::{MAX_DIGITS, pow10};
use crate::kernel::values::{Data, ValueType, Values, digits};
use crate::{Error, ErrorKind, Result};

/// The variance of numbers, divided by one less than their count as SQL's `var_samp` is, or its root. `Float64`, null
/// for fewer than two values. Only the last division and the root round.
#[derive(Debug)]
pub struct Spread {
    column_type: ColumnType,
    is_root: bool,
    sums: Vec<i128>,
    squares: Vec<i128>,
    counts: Vec<i64>,
}

impl Spread {
    /// The variance of a column of that type.
    pub fn variance(column_type: ColumnType) -> Self {
        Self { column_type, is_root: false, sums: vec![], squares: vec![], counts: vec![] }
    }

    /// The standard deviation of a column of that type.
    pub fn deviation(column_type: ColumnType) -> Self {
        Self { is_root: true, ..Self::variance(column_type) }
    }

    fn add(&mut self, group: usize, sum: i128, squares: i128, count: i64) -> Option<()> {
        let within = |sum: i128| (sum.unsigned_abs() < pow10(MAX_DIGITS) as u128).then_some(sum);
        self.sums[group] = self.sums[group].checked_add(sum).and_then(within)?;
        self.squares[group] = self.squares[group].checked_add(squares).and_then(within)?;
        self.counts[group] += count;
        Some(())
    }

    fn resize(&mut self, n_groups: usize) {
        self.sums.resize(n_groups, 0);
        self.squares.resize(n_groups, 0);
        self.counts.resize(n_groups, 0);
    }

    fn add_all(&mut self, groups: &[u32], numbers: impl Iterator<Item = i128>, values: &Values) -> Option<()> {
        for (row, (&group, number)) in groups.iter().zip(numbers).enumerate() {
            if values.is_valid(row) {
                self.add(group as usize, number, number.checked_mul(number)?, 1)?;
            }
        }
        Some(())
    }

    fn result(&self, sum: i128, squares: i128, count: i64) -> Option<f64> {
        // n·Σx² - (Σx)², the variance times n·(n - 1).
        let n = i128::from(count);
        let above = n.checked_mul(squares)?.checked_sub(sum.checked_mul(sum)?)?;
        let unit = pow10(digits(self.column_type)) as f64;
        let variance = above as f64 / (n * (n - 1)) as f64;
        Some(if self.is_root { variance.sqrt() / unit } else { variance / (unit * unit) })
    }
}

fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a sum of squares is too large to be exact; filter the rows or group them further")
}

impl Accumulator for Spread {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.resize(n_groups);
        let values = only(columns)?;
        match &values.data {
            Data::Ints(ints) => self.add_all(groups, ints.iter().map(|&v| i128::from(v)), values),
            Data::Wide(wide) => self.add_all(groups, wide.iter().copied(), values),
            _ => return Err(Error::bad_state("a variance of values that are no numbers")),
        }
        .ok_or_else(overflow)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Decimal128(38, 0), DataType::Decimal128(38, 0), DataType::Int64]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        let exact = |sums| Decimal128Array::from(held(sums, groups)).with_precision_and_scale(38, 0);
        let counts = Int64Array::from(held(&self.counts, groups));
        Ok(vec![Arc::new(exact(&self.sums)?), Arc::new(exact(&self.squares)?), Arc::new(counts)])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        self.resize(n_groups);
        let exact = |at: usize| state[at].as_primitive_opt::<Decimal128Type>();
        let (Some(sums), Some(squares), Some(counts)) = (exact(0), exact(1), state[2].as_primitive_opt::<Int64Type>()) else {
            return Err(Error::bad_state("not the state of a variance"));
        };
        for (row, &group) in groups.iter().enumerate() {
            self.add(group as usize, sums.value(row), squares.value(row), counts.value(row)).ok_or_else(overflow)?;
        }
        Ok(())
    }

    fn result_type(&self) -> ValueType {
        ValueType::Float
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let counts = held(&self.counts, groups);
        let sums = held(&self.sums, groups).into_iter().zip(held(&self.squares, groups));
        let result = |((sum, squares), &count): ((i128, i128), &i64)| match count {
            0 | 1 => Ok(0.0),
            _ => self.result(sum, squares, count).ok_or_else(overflow),
        };
        let data = Data::Floats(sums.zip(&counts).map(result).collect::<Result<_>>()?);
        let valid: Vec<bool> = counts.iter().map(|&count| count > 1).collect();
        Ok(Values { data, valid: valid.contains(&false).then_some(valid) })
    }

    fn size(&self) -> usize {
        16 * (self.sums.capacity() + self.squares.capacity()) + 8 * self.counts.capacity()
    }
}
