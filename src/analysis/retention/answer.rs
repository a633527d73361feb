//! The lines of an answer: cohorts by brackets, and their mean.

use arrow_array::RecordBatch;

use super::Mean;
use super::cohorts::{Cell, Cohort, Shape, overflow, plus};
use crate::Result;
use crate::analysis::table::{Table, TableColumn};
use crate::event::ColumnType;
use crate::kernel::number::pow10;
use crate::kernel::values::{Data, ValueType, Values, digits};

/// One line: a cohort's cell with all that came before it.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    cell: Cell,
    size: i64,
    cumulative: i128,
    /// The actors with two orders so far.
    repeaters: i64,
}

/// The quotients of a line.
#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    rate: f64,
    value_per_actor: f64,
    average_order: Option<f64>,
    repeat_rate: f64,
}

/// All lines so far.
pub(super) struct Lines<'a> {
    shape: &'a Shape,
    /// Of each line its cohort's place, its bracket, and whether that is complete.
    keys: Vec<(Option<u32>, usize, bool)>,
    /// None where the line is a mean of quotients.
    lines: Vec<Option<Line>>,
    rates: Vec<Rates>,
}

impl Line {
    fn add(&mut self, other: &Self) -> Result<()> {
        self.cell.add(&other.cell)?;
        self.size += other.size;
        self.cumulative = plus(self.cumulative, other.cumulative)?;
        self.repeaters += other.repeaters;
        Ok(())
    }

    /// Of values of which `unit` are one.
    fn rates(&self, unit: f64) -> Rates {
        let size = self.size as f64;
        let average = self.cell.value as f64 / (self.cell.orders as f64 * unit);
        Rates {
            rate: self.cell.actors as f64 / size,
            value_per_actor: self.cumulative as f64 / (size * unit),
            average_order: (self.cell.orders > 0).then_some(average),
            repeat_rate: self.repeaters as f64 / size,
        }
    }
}

/// Says of a bracket whether it has begun, and whether it is complete.
type Progress<'a> = &'a dyn Fn(&(i64, i64)) -> (bool, bool);

impl<'a> Lines<'a> {
    pub(super) fn new(shape: &'a Shape) -> Self {
        Self { shape, keys: vec![], lines: vec![], rates: vec![] }
    }

    /// Adds those of a cohort.
    pub(super) fn add(&mut self, place: u32, cohort: &Cohort, progress: Progress<'_>) -> Result<()> {
        let mut line = Line { size: cohort.size, ..Line::default() };
        for (at, bounds) in self.shape.brackets.bounds().iter().enumerate() {
            let (has_begun, is_complete) = progress(bounds);
            if !has_begun {
                break;
            }
            line.cell = cohort.cells.get(at).copied().unwrap_or_default();
            line.cumulative = plus(line.cumulative, line.cell.value_since)?;
            line.repeaters += line.cell.repeaters;
            self.push((Some(place), at, is_complete), line);
        }
        Ok(())
    }

    /// The answer of cohorts that start at these times.
    pub(super) fn finish(mut self, starts: &Values, value_type: ValueType) -> Result<RecordBatch> {
        if let Some(mean) = self.shape.mean {
            let mut complete = vec![vec![]; self.shape.brackets.len()];
            self.keys.iter().enumerate().filter(|(_, key)| key.2).for_each(|(at, key)| complete[key.1].push(at));
            complete.iter().enumerate().try_for_each(|(bracket, of)| self.add_mean(bracket, of, mean))?;
        }
        let bounds = |key: &(Option<u32>, usize, bool)| self.shape.brackets.bounds()[key.1];
        let places: Vec<Option<u32>> = self.keys.iter().map(|key| key.0).collect();
        let cohorts = if starts.is_empty() { starts.clone() } else { starts.take_known(&places) };
        let mut columns = vec![
            TableColumn::exact("cohort", value_type, cohorts),
            TableColumn::exact("period", INT, Values::ints(self.keys.iter().map(|key| bounds(key).0).collect())),
        ];
        if self.shape.brackets.are_custom {
            columns.push(TableColumn::exact("until", INT, Values::ints(self.keys.iter().map(|key| bounds(key).1).collect())));
        }
        let is_complete = Values::ints(self.keys.iter().map(|key| i64::from(key.2)).collect());
        columns.extend([
            TableColumn::exact("actors", INT, self.ints(|line| line.cell.actors)),
            TableColumn::exact("rate", ValueType::Float, self.floats(|rates| Some(rates.rate))),
            TableColumn::exact("size", INT, self.ints(|line| line.size)),
            TableColumn::exact("complete", ValueType::Of(ColumnType::Bool), is_complete),
        ]);
        if let Some(column_type) = self.shape.value_type {
            columns.extend([
                TableColumn::exact("orders", INT, self.ints(|line| line.cell.orders)),
                TableColumn::exact("value", ValueType::Of(column_type), self.sums(column_type, |line| line.cell.value)?),
                TableColumn::exact(
                    "cumulative_value",
                    ValueType::Of(column_type),
                    self.sums(column_type, |line| line.cumulative)?,
                ),
                TableColumn::exact("value_per_actor", ValueType::Float, self.floats(|rates| Some(rates.value_per_actor))),
                TableColumn::exact("average_order", ValueType::Float, self.floats(|rates| rates.average_order)),
                TableColumn::exact("repeat_rate", ValueType::Float, self.floats(|rates| Some(rates.repeat_rate))),
            ]);
        }
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        Table { columns, n_rows: self.keys.len() }.to_batch(&names, true)
    }

    fn push(&mut self, key: (Option<u32>, usize, bool), line: Line) {
        let unit = self.shape.value_type.map_or(1.0, |column_type| pow10(digits(column_type)) as f64);
        self.keys.push(key);
        self.rates.push(line.rates(unit));
        self.lines.push(Some(line));
    }

    /// Adds the mean of a bracket of the cohorts that have completed it, whose lines are these, if there are some.
    fn add_mean(&mut self, bracket: usize, of: &[usize], mean: Mean) -> Result<()> {
        if of.is_empty() {
            return Ok(());
        }
        if mean == Mean::Weighted {
            let mut sum = Line::default();
            of.iter().filter_map(|&at| self.lines[at]).try_for_each(|line| sum.add(&line))?;
            self.push((None, bracket, true), sum);
            return Ok(());
        }
        let mean = |value: &dyn Fn(&Rates) -> Option<f64>| {
            let values: Vec<f64> = of.iter().filter_map(|&at| value(&self.rates[at])).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let rates = Rates {
            rate: mean(&|rates| Some(rates.rate)).unwrap_or_default(),
            value_per_actor: mean(&|rates| Some(rates.value_per_actor)).unwrap_or_default(),
            average_order: mean(&|rates| rates.average_order),
            repeat_rate: mean(&|rates| Some(rates.repeat_rate)).unwrap_or_default(),
        };
        self.keys.push((None, bracket, true));
        self.lines.push(None);
        self.rates.push(rates);
        Ok(())
    }

    fn ints(&self, value: impl Fn(&Line) -> i64) -> Values {
        let ints = self.lines.iter().map(|line| line.as_ref().map_or(0, &value)).collect();
        Values { data: Data::Ints(ints), valid: self.valid() }
    }

    fn sums(&self, column_type: ColumnType, value: impl Fn(&Line) -> i128) -> Result<Values> {
        let sums = self.lines.iter().map(|line| line.as_ref().map_or(0, &value));
        let data = match column_type {
            ColumnType::Int => Data::Ints(sums.map(|sum| i64::try_from(sum).map_err(|_| overflow())).collect::<Result<_>>()?),
            _ => {
                let within = |sum: i128| if sum.unsigned_abs() < pow10(38) as u128 { Ok(sum) } else { Err(overflow()) };
                Data::Wide(sums.map(within).collect::<Result<_>>()?)
            }
        };
        Ok(Values { data, valid: self.valid() })
    }

    fn floats(&self, value: impl Fn(&Rates) -> Option<f64>) -> Values {
        let values: Vec<Option<f64>> = self.rates.iter().map(value).collect();
        let valid = values.contains(&None).then(|| values.iter().map(Option::is_some).collect());
        Values { data: Data::Floats(values.into_iter().map(Option::unwrap_or_default).collect()), valid }
    }

    fn valid(&self) -> Option<Vec<bool>> {
        self.lines.iter().any(Option::is_none).then(|| self.lines.iter().map(Option::is_some).collect())
    }
}

const INT: ValueType = ValueType::Of(ColumnType::Int);
