//! Funnels: how many actors get how far on a way of steps, how fast, and where they drop out.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: for each group and step, how
//! many actors got there after how long. Whole actors make it add up.

mod attempts;
mod durations;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use attempts::Attempts;
use durations::Durations;
use serde_json::Value;

use super::actors::{ActorColumns, ActorReader, length};
use super::filter::columns_of;
use super::key::{Key, KeyPlan};
use super::marks::{Marks, conditions};
use super::spec::{Spec, unknown};
use super::table::{Table, TableColumn, empty};
use super::{Question, Zones};
use crate::event::{ColumnType, Schema};
use crate::fold::Fold;
use crate::kernel::column;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// Steps that a funnel may have, as ClickHouse's.
const MOST_STEPS: usize = 32;

/// Which events may lie between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Any.
    Default,
    /// Those of steps reached before; others end the actor's way.
    StrictOrder,
    /// Any but one of a step that was reached already, the first step apart; that ends the actor's way.
    StrictDeduplication,
    /// Any, but each step is later than the one before, not at the same time.
    StrictIncrease,
}

const MODES: [(&str, Mode); 4] = [
    ("default", Mode::Default),
    ("strict_order", Mode::StrictOrder),
    ("strict_deduplication", Mode::StrictDeduplication),
    ("strict_increase", Mode::StrictIncrease),
];

/// The question `{"kind": "funnel", …}`.
///
/// How far an actor gets is ClickHouse's `windowFunnel`: an attempt begins with an event of the first step and takes the
/// others in their order, all `within` the time since its first event, both ends included; the farthest attempt counts. Events of
/// one time come in the order of their steps, then in that of the data; an event may be several steps. `where` is
/// applied before, so that what it leaves out breaks no strict order. Rows without an actor or a time take part in nothing.
/// Unlike ClickHouse (<https://github.com/ClickHouse/ClickHouse/pull/112629>), `strict_increase` finds the farthest attempt where
/// events of one step tie with those of another, too.
///
/// Answer: one row for each step, in order: `step` (from 1), `actors` that reached it, `rate` (their share of the first step's),
/// `rate_from_previous` (of the step before, null for the first), both null where that is nobody, and `median_seconds`, the
/// median time from the first step to this one, null for the first and for nobody, interpolated as `median`. An actor's times
/// are those of the farthest attempt, among equally far ones the earliest, each step taken as early as can be.
///
/// With `split_by` that column is first: the actor's value at its first event of the first step, ascending, null last.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,ts\n7,view,2024-03-10 10:00\n7,buy,2024-03-10 10:30\n8,view,2024-03-10 11:00\n")?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "funnel", "steps": [{"action": "view"}, {"action": "buy"}], "within": "24h"}"#,
/// ).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "step,actors,rate,rate_from_previous,median_seconds\n1,2,1,,\n2,1,0.5,0.5,1800\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Funnel {
    columns: ActorColumns,
    filter: Vec<Value>,
    steps: Vec<Vec<Value>>,
    /// In seconds.
    within: Option<i64>,
    mode: Mode,
    split_by: Option<Key>,
}

impl Funnel {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let mode = spec.text("mode")?.unwrap_or("default");
        let known = MODES.iter().find(|(name, _)| *name == mode);
        let (_, mode) = known.ok_or_else(|| unknown(&format!("\"mode\" {mode:?}"), mode, &MODES.map(|(name, _)| name)))?;
        spec.need("steps")?;
        let funnel = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            steps: spec.list("steps")?.iter().map(conditions).collect(),
            within: spec.text("within")?.map(|text| length("within", text)).transpose()?,
            mode: *mode,
            split_by: spec.text("split_by")?.map(|column| Key::parse(&column.into())).transpose()?,
        };
        spec.finish()?;
        if funnel.steps.is_empty() || funnel.steps.len() > MOST_STEPS {
            let sentence = format!("a funnel has 1 to {MOST_STEPS} \"steps\", found {}", funnel.steps.len());
            return Err(Error::bad_query(sentence).at_column("steps"));
        }
        Ok(funnel)
    }
}

impl Question for Funnel {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let lookup = columns_of(schema);
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, &self.steps, &lookup)?;
        let split = self.split_by.as_ref().map(|key| key.plan(schema, zones)).transpose()?;
        if let Some(name) = self.split_by.as_ref().map(|key| &key.name).filter(|name| COLUMNS.contains(&name.as_str())) {
            return Err(Error::bad_query(format!("two columns of the answer are called {name:?}")).at_column(name));
        }
        let n_steps = self.steps.len();
        let per_second = plan.unit.per_second();
        let window = self.within.map_or(u64::MAX, |seconds| (seconds as u64).saturating_mul(per_second as u64));
        Ok(Box::new(FunnelFold {
            reader: ActorReader::new(plan, marks),
            name: self.split_by.as_ref().map(|key| key.name.clone()),
            split,
            attempts: Attempts::new(self.mode, n_steps, window),
            found: Durations::new(n_steps),
            per_second: per_second as f64,
        }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }
}

/// The answer's columns.
const COLUMNS: [&str; 5] = ["step", "actors", "rate", "rate_from_previous", "median_seconds"];

struct FunnelFold {
    reader: ActorReader,
    /// What the answer is split by.
    name: Option<String>,
    split: Option<KeyPlan>,
    /// Of the actor whose rows come.
    attempts: Attempts,
    /// Of the actors before.
    found: Durations,
    per_second: f64,
}

impl FunnelFold {
    /// What is found of all rows so far, those of the last actor too.
    fn found(&self) -> Durations {
        let mut found = self.found.clone();
        self.attempts.clone().end(&mut found);
        found
    }

    /// The groups that have actors, ascending, and their values.
    fn groups(&self, found: &Durations) -> (Vec<u32>, Option<(ValueType, Values)>) {
        let Some(key) = &self.split else { return (vec![0], None) };
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

impl Fold for FunnelFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let groups = match &mut self.split {
            Some(key) => key.numbers(&gather(batch.column(key.at), &Rows::All(batch.num_rows()))?)?,
            None => vec![],
        };
        for (range, goes_on) in rows.ranges() {
            let groups = groups.get(range.clone()).unwrap_or_default();
            self.attempts.take(&rows.instants()[range.clone()], &rows.marks[range], groups)?;
            if !goes_on {
                self.attempts.end(&mut self.found);
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        let found = self.found();
        let (groups, values) = self.groups(&found);
        let (mut places, mut columns) = (vec![], [vec![], vec![], vec![]]);
        for (place, &group) in groups.iter().enumerate() {
            for (step, duration, actors) in found.of(group) {
                places.push(place as u32);
                columns.iter_mut().zip([step as i64, duration, actors]).for_each(|(column, value)| column.push(value));
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
        let n_keys = usize::from(self.split.is_some());
        let is_state = state.num_columns() == n_keys + 3
            && state.columns()[n_keys..].iter().all(|column| *column.data_type() == DataType::Int64);
        if !is_state {
            return Err(Error::bad_state("not the state of such a funnel"));
        }
        let all = Rows::All(state.num_rows());
        let groups = match &mut self.split {
            Some(key) if state.num_rows() > 0 => key.numbers_of_state(&gather(state.column(0), &all)?)?,
            _ => vec![0; state.num_rows()],
        };
        let ints = |at: usize| match gather(state.column(n_keys + at), &all)?.data {
            Data::Ints(ints) => Ok(ints),
            _ => Err(Error::bad_state("not the state of such a funnel")),
        };
        let (steps, durations, actors) = (ints(0)?, ints(1)?, ints(2)?);
        for (row, group) in groups.into_iter().enumerate() {
            self.found.add(group, steps[row] as usize, durations[row], actors[row]);
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let found = self.found();
        let n_steps = found.n_steps();
        let (groups, values) = self.groups(&found);
        let n_rows = groups.len() * n_steps;
        let counts: Vec<i64> = groups
            .iter()
            .flat_map(|&group| (0..n_steps).map(move |step| (group, step)))
            .map(|(group, step)| found.actors(group, step))
            .collect();
        let rate = |of: &dyn Fn(usize) -> Option<usize>| {
            let rates = (0..n_rows).map(|row| {
                let whole = of(row).map_or(0, |of| counts[of]);
                (whole > 0).then(|| counts[row] as f64 / whole as f64)
            });
            floats(rates)
        };
        let median = |row: usize| found.median(groups[row / n_steps], row % n_steps, self.per_second);
        let int = ValueType::Of(ColumnType::Int);
        let columns = [
            (int, Values::ints((0..n_rows).map(|row| (row % n_steps) as i64 + 1).collect())),
            (int, Values::ints(counts.clone())),
            (ValueType::Float, rate(&|row| Some(row - row % n_steps))),
            (ValueType::Float, rate(&|row| Some(row).filter(|row| row % n_steps > 0).map(|row| row - 1))),
            (ValueType::Float, floats((0..n_rows).map(median))),
        ];
        let split = self.name.iter().zip(values).map(|(name, (value_type, values))| {
            let rows: Vec<u32> = (0..n_rows).map(|row| (row / n_steps) as u32).collect();
            TableColumn::exact(name, value_type, values.take(&rows))
        });
        let columns =
            COLUMNS.iter().zip(columns).map(|(name, (value_type, values))| TableColumn::exact(name, value_type, values));
        let columns: Vec<TableColumn> = split.chain(columns).collect();
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        Table { columns, n_rows }.to_batch(&names, true)
    }

    fn size(&self) -> usize {
        self.found.size() + self.attempts.size()
    }
}

fn floats(values: impl Iterator<Item = Option<f64>>) -> Values {
    let (valid, floats): (Vec<bool>, Vec<f64>) = values.map(|value| (value.is_some(), value.unwrap_or_default())).unzip();
    Values { data: Data::Floats(floats), valid: Some(valid) }
}
