//! A funnel's answer with a row for each step.
//!
//! State: for each group and step, how many actors got there after how long. Whole actors make it add up.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};

use super::durations::Durations;
use super::walk::{Counted, Walk};
use crate::analysis::list::Choice;
use crate::analysis::table::{Table, TableColumn, empty, floats};
use crate::event::ColumnType;
use crate::fold::Fold;
use crate::kernel::column;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

const INT: ValueType = ValueType::Of(ColumnType::Int);

/// The answer's columns, but for the one that it is split by.
pub(super) const COLUMNS: [(&str, ValueType); 7] = [
    ("step", INT),
    ("actors", INT),
    ("rate", ValueType::Float),
    ("rate_from_previous", ValueType::Float),
    ("median_seconds", ValueType::Float),
    ("p90_seconds", ValueType::Float),
    ("tied", INT),
];

pub(super) struct StepsFold {
    pub(super) walk: Walk,
    /// What the answer is split by.
    pub(super) split_name: Option<String>,
    /// Of the actors that have come to their end.
    pub(super) found: Durations,
    pub(super) per_second: f64,
    pub(super) choice: Choice,
}

impl StepsFold {
    /// What is found of all rows so far, those of the last actor too.
    fn found(&self) -> Result<Durations> {
        let mut found = self.found.clone();
        self.walk.show_last(|counted| add(&mut found, counted))?;
        Ok(found)
    }

    /// The groups that have actors, ascending, and their values.
    fn groups(&self, found: &Durations) -> (Vec<u32>, Option<(ValueType, Values)>) {
        let Some(key) = &self.walk.split else { return (vec![0], None) };
        let groups: Vec<u32> = found.groups().collect();
        let mut values = key.values(&groups);
        values.unrank();
        if values.is_empty() {
            values = empty(key.value_type);
        }
        let rows = order::sort(groups.len(), &[SortKey::new(&values, false)], usize::MAX);
        let groups = rows.iter().map(|&row| groups[row as usize]).collect();
        (groups, Some((key.value_type, values.take(&rows))))
    }
}

impl Fold for StepsFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        self.walk.update(batch, |counted| add(&mut self.found, counted))
    }

    fn state(&self) -> Result<RecordBatch> {
        let found = self.found()?;
        let (groups, values) = self.groups(&found);
        let (mut places, mut columns) = (vec![], [const { vec![] }; 4]);
        for (place, &group) in groups.iter().enumerate() {
            for row in found.of(group) {
                places.push(place as u32);
                columns.iter_mut().zip(row).for_each(|(column, value): (&mut Vec<i64>, _)| column.push(value));
            }
        }
        let mut arrays: Vec<ArrayRef> = vec![];
        if let Some((ValueType::Of(column_type), values)) = values {
            arrays.push(column::hold(values.take(&places), column_type)?);
        }
        arrays.extend(columns.map(|column| Arc::new(Int64Array::from(column)) as ArrayRef));
        let field = |(at, array): (usize, &ArrayRef)| Field::new(format!("{at}"), array.data_type().clone(), true);
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let n_keys = usize::from(self.walk.split.is_some());
        let is_state = state.num_columns() == n_keys + 4
            && state.columns()[n_keys..].iter().all(|column| *column.data_type() == DataType::Int64);
        if !is_state {
            return Err(Error::bad_state("not the state of such a funnel"));
        }
        let all = Rows::All(state.num_rows());
        let groups = match &mut self.walk.split {
            Some(key) if state.num_rows() > 0 => key.numbers_of_state(&gather(state.column(0), &all)?)?,
            _ => vec![0; state.num_rows()],
        };
        let ints = |at: usize| match gather(state.column(n_keys + at), &all)?.data {
            Data::Ints(ints) => Ok(ints),
            _ => Err(Error::bad_state("not the state of such a funnel")),
        };
        let (steps, durations, actors, tied) = (ints(0)?, ints(1)?, ints(2)?, ints(3)?);
        for (row, group) in groups.into_iter().enumerate() {
            let step = usize::try_from(steps[row]).ok().filter(|&step| step < self.found.n_steps());
            let step = step.ok_or_else(|| Error::bad_state("not the state of such a funnel"))?;
            self.found.add(group, step, durations[row], actors[row], tied[row]);
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let found = self.found()?;
        let n_steps = found.n_steps();
        let (groups, values) = self.groups(&found);
        let n_rows = groups.len() * n_steps;
        let cells = || groups.iter().flat_map(|&group| (0..n_steps).map(move |step| (group, step)));
        let counts: Vec<i64> = cells().map(|(group, step)| found.actors(group, step)).collect();
        let rate = |of: &dyn Fn(usize) -> Option<usize>| {
            let rates = (0..n_rows).map(|row| {
                let whole = of(row).map_or(0, |of| counts[of]);
                (whole > 0).then(|| counts[row] as f64 / whole as f64)
            });
            floats(rates)
        };
        let quantiles: Vec<[Option<f64>; 2]> =
            cells().map(|(group, step)| found.quantiles([0.5, 0.9], group, step, self.per_second)).collect();
        let columns = [
            Values::ints(cells().map(|(_, step)| step as i64 + 1).collect()),
            Values::ints(counts.clone()),
            rate(&|row| Some(row - row % n_steps)),
            rate(&|row| Some(row).filter(|row| row % n_steps > 0).map(|row| row - 1)),
            floats(quantiles.iter().map(|quantiles| quantiles[0])),
            floats(quantiles.iter().map(|quantiles| quantiles[1])),
            Values::ints(cells().map(|(group, step)| found.tied(group, step)).collect()),
        ];
        let split = self.split_name.iter().zip(values).map(|(name, (value_type, values))| {
            let rows: Vec<u32> = (0..n_rows).map(|row| (row / n_steps) as u32).collect();
            TableColumn::exact(name, value_type, values.take(&rows))
        });
        let columns =
            COLUMNS.iter().zip(columns).map(|((name, value_type), values)| TableColumn::exact(name, *value_type, values));
        let table = Table { columns: split.chain(columns).collect(), n_rows };
        let ties: Vec<&str> = self.split_name.iter().map(String::as_str).chain(["step"]).collect();
        self.choice.of(table, &ties)
    }

    fn size(&self) -> usize {
        self.found.size() + self.walk.size()
    }
}

fn add(found: &mut Durations, counted: Counted<'_>) {
    for (step, time) in counted.times.iter().enumerate() {
        let tied = i64::from(step >= counted.n_later);
        found.add(counted.group, step, time.saturating_sub(counted.times[0]), 1, tied);
    }
}
