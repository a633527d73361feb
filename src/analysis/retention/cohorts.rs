//! What is found of each cohort, and the answer that is made of it.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{Array, ArrayRef, Decimal128Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};

use super::brackets::Brackets;
use super::{Mean, answer};
use crate::analysis::key::KeyPlan;
use crate::event::ColumnType;
use crate::kernel::bucket::Bucketer;
use crate::kernel::ids::NULL;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Rows, ValueType, gather};
use crate::{Error, ErrorKind, Result};

/// What an answer is made for.
pub(super) struct Shape {
    pub(super) brackets: Brackets,
    pub(super) mean: Option<Mean>,
    /// The type of the values of sales.
    pub(super) value_type: Option<ColumnType>,
    /// A period of the rolling clock, in the unit of the times.
    pub(super) rolling: Option<i64>,
}

/// What actors of a cohort did in a bracket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) actors: i64,
    pub(super) orders: i64,
    /// Those whose second order is in the bracket, or between it and the one before.
    pub(super) repeaters: i64,
    pub(super) value: i128,
    /// The same with what lies between the bracket and the one before.
    pub(super) value_since: i128,
}

#[derive(Clone, Debug)]
pub(super) struct Cohort {
    pub(super) size: i64,
    /// The earliest and the latest begin of its actors' rolling clocks.
    pub(super) begins: (i64, i64),
    /// One for each bracket, up to the last one in which there is something.
    pub(super) cells: Vec<Cell>,
}

/// The cohorts by the numbers of their buckets, and the time of the last event.
#[derive(Clone, Debug, Default)]
pub(super) struct Cohorts {
    all: Vec<Cohort>,
    pub(super) last: Option<i64>,
}

impl Default for Cohort {
    fn default() -> Self {
        Self { size: 0, begins: (i64::MAX, i64::MIN), cells: vec![] }
    }
}

impl Cell {
    pub(super) fn add(&mut self, other: &Self) -> Result<()> {
        self.actors += other.actors;
        self.orders += other.orders;
        self.repeaters += other.repeaters;
        self.value = plus(self.value, other.value)?;
        self.value_since = plus(self.value_since, other.value_since)?;
        Ok(())
    }
}

/// # Errors
///
/// `OVERFLOW`.
pub(super) fn plus(a: i128, b: i128) -> Result<i128> {
    a.checked_add(b).ok_or_else(overflow)
}

pub(super) fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a sum is too large to be exact; filter the rows")
}

impl Cohort {
    pub(super) fn cell(&mut self, bracket: usize) -> &mut Cell {
        if self.cells.len() <= bracket {
            self.cells.resize(bracket + 1, Cell::default());
        }
        &mut self.cells[bracket]
    }

    /// Adds an actor whose clock begins then.
    pub(super) fn add_actor(&mut self, begin: i64) {
        self.size += 1;
        self.widen((begin, begin));
    }

    fn widen(&mut self, (earliest, latest): (i64, i64)) {
        self.begins = (self.begins.0.min(earliest), self.begins.1.max(latest));
    }
}

impl Cohorts {
    /// Those of some buckets' numbers.
    pub(super) fn new(all: Vec<Cohort>, last: Option<i64>) -> Self {
        Self { all, last }
    }

    pub(super) fn cohort(&mut self, number: u32) -> &mut Cohort {
        if self.all.len() <= number as usize {
            self.all.resize(number as usize + 1, Cohort::default());
        }
        &mut self.all[number as usize]
    }

    /// Of each cohort its size, as bracket -1, and its brackets; the last event's time as what no cohort has.
    pub(super) fn state(&self, buckets: &KeyPlan) -> Result<RecordBatch> {
        let (mut numbers, mut brackets, mut ints, mut sums) = (vec![], vec![], [vec![], vec![], vec![]], [vec![], vec![]]);
        let mut add = |number: u32, bracket: i64, counts: [i64; 3], values: [i128; 2]| {
            numbers.push(number);
            brackets.push(bracket);
            ints.iter_mut().zip(counts).for_each(|(column, count)| column.push(count));
            sums.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        };
        self.last.iter().for_each(|&last| add(NULL, -1, [last, 0, 0], [0, 0]));
        for number in self.numbers() {
            let cohort = &self.all[number as usize];
            add(number, -1, [cohort.size, cohort.begins.0, cohort.begins.1], [0, 0]);
            for (bracket, cell) in cohort.cells.iter().enumerate() {
                let counts = [cell.actors, cell.orders, cell.repeaters];
                add(number, bracket as i64, counts, [cell.value, cell.value_since]);
            }
        }
        let starts = buckets.values(&numbers).to_array(ValueType::Of(ColumnType::Int))?;
        let mut arrays: Vec<ArrayRef> = vec![starts, Arc::new(Int64Array::from(brackets))];
        arrays.extend(ints.map(|column| Arc::new(Int64Array::from(column)) as ArrayRef));
        for column in sums {
            arrays.push(Arc::new(Decimal128Array::from(column).with_precision_and_scale(38, 0)?));
        }
        let names = ["cohort", "bracket", "actors", "orders", "repeaters", "value", "value_since"];
        let fields: Vec<Field> =
            names.iter().zip(&arrays).map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    pub(super) fn merge(&mut self, state: &RecordBatch, buckets: &mut KeyPlan, n_brackets: usize) -> Result<()> {
        let not_a_state = || Error::bad_state("not the state of such a retention");
        let is_first = |array: &ArrayRef| *array.data_type() == DataType::Int64;
        if state.num_columns() != 7 || !is_first(state.column(0)) {
            return Err(not_a_state());
        }
        if state.num_rows() == 0 {
            return Ok(());
        }
        let numbers = buckets.numbers_of_state(&gather(state.column(0), &Rows::All(state.num_rows()))?)?;
        let ints = |at: usize| state.column(at).as_primitive_opt::<Int64Type>().ok_or_else(not_a_state);
        let sums = |at: usize| state.column(at).as_primitive_opt::<Decimal128Type>().ok_or_else(not_a_state);
        let (brackets, actors, orders, repeaters, values, since) = (ints(1)?, ints(2)?, ints(3)?, ints(4)?, sums(5)?, sums(6)?);
        for (row, &number) in numbers.iter().enumerate() {
            let (actors, orders, repeaters) = (actors.value(row), orders.value(row), repeaters.value(row));
            match usize::try_from(brackets.value(row)) {
                _ if number == NULL => self.last = self.last.max(Some(actors)),
                Err(_) => {
                    let cohort = self.cohort(number);
                    cohort.size += actors;
                    cohort.widen((orders, repeaters));
                }
                Ok(bracket) if bracket < n_brackets => {
                    let cell = Cell { actors, orders, repeaters, value: values.value(row), value_since: since.value(row) };
                    self.cohort(number).cell(bracket).add(&cell)?;
                }
                Ok(_) => return Err(not_a_state()),
            }
        }
        Ok(())
    }

    /// The answer; `places` says where each bucket is.
    pub(super) fn finish(&self, buckets: &KeyPlan, places: &[i64], shape: &Shape) -> Result<RecordBatch> {
        let numbers: Vec<u32> = self.numbers().collect();
        let starts = buckets.values(&numbers);
        let rows = order::sort(numbers.len(), &[SortKey::new(&starts, false)], usize::MAX);
        let last = self.last.unwrap_or(i64::MIN);
        let mut lines = answer::Lines::new(shape);
        for row in rows {
            let number = numbers[row as usize] as usize;
            let cohort = &self.all[number];
            // In the calendar all of a cohort is as far.
            let place = |bucketer: &Bucketer| bucketer.steps(places[number], bucketer.place_of(last)).max(0);
            let now = buckets.bucketer.as_ref().map_or(0, place);
            let passed = |begin: i64, periods: i64, width: i64| {
                i128::from(begin) + i128::from(periods) * i128::from(width) <= i128::from(last)
            };
            let progress = |&(first, until): &(i64, i64)| match shape.rolling {
                None => (first <= now, until < now),
                Some(width) => (passed(cohort.begins.0, first, width), passed(cohort.begins.1, until + 1, width)),
            };
            lines.add(row, cohort, &progress)?;
        }
        lines.finish(&starts, buckets.value_type)
    }

    pub(super) fn size(&self) -> usize {
        let cells = self.all.iter().map(|cohort| cohort.cells.capacity()).sum::<usize>();
        size_of::<Cell>() * cells + size_of::<Cohort>() * self.all.capacity()
    }

    /// The numbers of the buckets that are cohorts.
    fn numbers(&self) -> impl Iterator<Item = u32> {
        self.all.iter().enumerate().filter(|(_, cohort)| cohort.size > 0).map(|(number, _)| number as u32)
    }
}
