//! Intervals: how long is it from an actor's nth purchase to its next?
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: for each n, how many went on to
//! the next purchase after how long. Whole actors make it add up.

mod purchases;
mod sql;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use purchases::Purchases;
use serde_json::Value;

use super::actors::{ActorColumns, ActorPlan, ActorReader};
use super::filter::columns_of;
use super::list::{Choice, List};
use super::marks::{Marks, conditions};
use super::spec::Spec;
use super::table::{Table, TableColumn, floats};
use super::{Question, Zones};
use crate::accumulator::quantile;
use crate::event::{ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::values::{ValueType, Values};
use crate::sql::Dialect;
use crate::{Error, Result};

/// The most purchases of an actor that can be told apart.
const MOST: u64 = 1_000;

/// The question `{"kind": "intervals", …}`.
///
/// The time from each actor's nth purchase to its next one: a shop's repeat purchase interval. The events that fulfil
/// `event` are the purchases. Those of one order are one, at the time of its first event; events without an order, or all where
/// there is no such column, are one where they are of the same time. Purchases of the same time are apart by 0 seconds where
/// their orders differ. Rows without an actor or a time take part in nothing.
///
/// | key | says |
/// |---|---|
/// | `event` | a condition or a list of them; any event, if not told |
/// | `order` | the column that says which events are one order; if not told, the one with the role order |
/// | `most` | the last purchase that is told of, 5 if not told |
/// | `where` | applied before all else |
/// | `each` | `actor`: the purchases themselves, instead of how many |
///
/// Answer: one row for each n from 1 to `most`, as far as there is an actor:
///
/// | column | holds |
/// |---|---|
/// | `nth` | int: n |
/// | `actors` | int: how many made an nth purchase |
/// | `again` | int: how many made a next one |
/// | `rate` | float: `again` / `actors` |
/// | `median_seconds`, `p90_seconds` | float: the median and the 0.9 quantile of the time from the nth to the next, interpolated as `quantile`; null where nobody made one |
///
/// With `"each": "actor"`: one row for each actor and purchase up to the `most`th: the actor's column, `nth`, `at` (its time) and
/// `seconds` (float, to the next one; null where there is none), as `having`, `order_by` and `limit` say; ties by actor and `nth`.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,ts\n7,2024-03-10 10:00\n8,2024-03-10 11:00\n7,2024-03-10 10:30\n")?;
/// let query: Query = serde_json::from_str(r#"{"kind": "intervals"}"#).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "nth,actors,again,rate,median_seconds,p90_seconds\n1,2,1,0.5,1800,1800\n2,1,0,0,,\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Intervals {
    columns: ActorColumns,
    filter: Vec<Value>,
    event: Vec<Value>,
    order: Option<String>,
    most: usize,
    /// Which purchases of actors, where they are asked for.
    each: Option<Choice>,
}

impl Intervals {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let most = spec.count("most")?.unwrap_or(5);
        if !(1..=MOST).contains(&most) {
            return Err(Error::bad_query(format!("\"most\" may be 1 to {MOST}, found {most}")).at_column("most"));
        }
        let each = spec.one_of("each", &["actor"])?.map(|_| Choice::parse(&mut spec)).transpose()?;
        let intervals = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            event: spec.get("event").map(conditions).unwrap_or_default(),
            order: spec.text("order")?.map(str::to_owned),
            most: most as usize,
            each,
        };
        spec.finish()?;
        Ok(intervals)
    }

    /// The column of the orders.
    fn order(&self, schema: &Schema) -> Result<Option<usize>> {
        match &self.order {
            Some(name) => schema.index_of(name).map(Some),
            None => Ok(schema.index_of_role(Role::Order)),
        }
    }
}

/// The columns of an answer of purchases.
fn columns(schema: &Schema, plan: ActorPlan) -> [(String, ValueType); 4] {
    let (actor, time) = (&schema.columns()[plan.actor], &schema.columns()[plan.time]);
    [
        (actor.name.clone(), ValueType::Of(actor.column_type)),
        ("nth".to_owned(), ValueType::Of(ColumnType::Int)),
        ("at".to_owned(), ValueType::Of(time.column_type)),
        ("seconds".to_owned(), ValueType::Float),
    ]
}

impl Question for Intervals {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, _zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let reader = ActorReader::new(plan, Marks::new(&self.filter, std::slice::from_ref(&self.event), &columns_of(schema))?);
        let purchases = Purchases::new(reader, plan.actor, self.order(schema)?, self.most);
        let per_second = plan.unit.per_second() as f64;
        let Some(choice) = &self.each else {
            let found = Found { actors: 0, durations: vec![BTreeMap::new(); self.most] };
            return Ok(Box::new(IntervalsFold { purchases, found, per_second }));
        };
        let columns = columns(schema, plan);
        let actor = &columns[0].0;
        if columns[1..].iter().any(|(name, _)| name == actor) {
            return Err(Error::bad_query(format!("two columns of the answer are called {actor:?}")).at_column(actor));
        }
        choice.check(&columns)?;
        let list = List::new(columns.clone());
        Ok(Box::new(PurchasesFold { purchases, columns, list, choice: choice.clone(), per_second }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement(schema, dialect)
    }
}

/// How many actors went on after how long.
#[derive(Clone, Debug)]
struct Found {
    /// Those with a purchase.
    actors: i64,
    /// Of each n, times to the next purchase, and how many took them.
    durations: Vec<BTreeMap<i64, i64>>,
}

impl Found {
    fn add(&mut self, times: &[i64]) {
        self.actors += i64::from(!times.is_empty());
        for (pair, durations) in times.windows(2).zip(&mut self.durations) {
            *durations.entry(pair[1].saturating_sub(pair[0])).or_default() += 1;
        }
    }

    /// Those with a purchase after the nth, which counts from 0.
    fn again(&self, nth: usize) -> i64 {
        self.durations[nth].values().sum()
    }

    /// In units of which there are so many in a second.
    fn quantile(&self, nth: usize, share: f64, per_second: f64) -> Option<f64> {
        let durations: Vec<(i64, i64)> = self.durations[nth].iter().map(|(&duration, &actors)| (duration, actors)).collect();
        let list: Vec<(u32, i64)> = durations.iter().enumerate().map(|(at, &(_, actors))| (at as u32, actors)).collect();
        (!list.is_empty()).then(|| quantile(share, &list, |at| durations[at as usize].0 as f64 / per_second))
    }
}

struct IntervalsFold {
    purchases: Purchases,
    /// Of the actors before the one whose rows come.
    found: Found,
    per_second: f64,
}

impl IntervalsFold {
    /// What is found of all rows so far, those of the last actor too.
    fn found(&self) -> Found {
        let mut found = self.found.clone();
        found.add(&self.purchases.times());
        found
    }
}

impl Fold for IntervalsFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        self.purchases.read(batch, |_, times| {
            self.found.add(times);
            Ok(())
        })
    }

    fn state(&self) -> Result<RecordBatch> {
        let found = self.found();
        // All who bought, as what comes before the first purchase.
        let mut columns = [vec![-1], vec![0], vec![found.actors]];
        for (nth, durations) in found.durations.iter().enumerate() {
            for (&duration, &actors) in durations {
                columns.iter_mut().zip([nth as i64, duration, actors]).for_each(|(column, value)| column.push(value));
            }
        }
        let arrays = columns.map(|column| Arc::new(Int64Array::from(column)) as ArrayRef).to_vec();
        let fields = ["nth", "duration", "actors"].map(|name| Field::new(name, DataType::Int64, true));
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields.to_vec())), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let not_a_state = || Error::bad_state("not the state of such intervals");
        let ints = |at: usize| {
            let column = state.columns().get(at).and_then(|column| column.as_primitive_opt::<Int64Type>());
            column.map(|column| column.values()).ok_or_else(not_a_state)
        };
        for ((&nth, &duration), &actors) in ints(0)?.iter().zip(ints(1)?).zip(ints(2)?) {
            match usize::try_from(nth) {
                Err(_) => self.found.actors += actors,
                Ok(nth) => *self.found.durations.get_mut(nth).ok_or_else(not_a_state)?.entry(duration).or_default() += actors,
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let found = self.found();
        let mut actors = vec![found.actors];
        actors.extend((0..found.durations.len()).map(|nth| found.again(nth)));
        let n_rows = actors[..found.durations.len()].iter().take_while(|&&actors| actors > 0).count();
        let rates = (0..n_rows).map(|nth| Some(actors[nth + 1] as f64 / actors[nth] as f64));
        let seconds = |share: f64| floats((0..n_rows).map(|nth| found.quantile(nth, share, self.per_second)));
        let int = ValueType::Of(ColumnType::Int);
        let columns = vec![
            TableColumn::exact("nth", int, Values::ints((1..=n_rows as i64).collect())),
            TableColumn::exact("actors", int, Values::ints(actors[..n_rows].to_vec())),
            TableColumn::exact("again", int, Values::ints(actors[1..=n_rows].to_vec())),
            TableColumn::exact("rate", ValueType::Float, floats(rates)),
            TableColumn::exact("median_seconds", ValueType::Float, seconds(0.5)),
            TableColumn::exact("p90_seconds", ValueType::Float, seconds(0.9)),
        ];
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        Table { columns, n_rows }.to_batch(&names, true)
    }

    fn size(&self) -> usize {
        // A tree's nodes are about two thirds full.
        self.purchases.size() + self.found.durations.iter().map(|durations| 24 * durations.len()).sum::<usize>()
    }
}

struct PurchasesFold {
    purchases: Purchases,
    columns: [(String, ValueType); 4],
    list: List,
    choice: Choice,
    per_second: f64,
}

impl PurchasesFold {
    /// The rows of all actors so far, those of the last one too.
    fn list(&self) -> Result<List> {
        let mut list = List::new(self.columns.clone());
        list.merge(&self.list.state()?)?;
        if let Some(actor) = self.purchases.actor() {
            list.push(&rows(actor, &self.purchases.times(), self.purchases.most(), self.per_second))?;
        }
        Ok(list)
    }
}

/// A row for each purchase of an actor.
fn rows(actor: &Values, times: &[i64], most: usize, per_second: f64) -> [Values; 4] {
    let n_rows = times.len().min(most);
    let seconds = (0..n_rows).map(|nth| Some(times.get(nth + 1)?.saturating_sub(times[nth]) as f64 / per_second));
    [
        actor.take(&vec![0; n_rows]),
        Values::ints((1..=n_rows as i64).collect()),
        Values::ints(times[..n_rows].to_vec()),
        floats(seconds),
    ]
}

impl Fold for PurchasesFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let (most, per_second) = (self.purchases.most(), self.per_second);
        self.purchases.read(batch, |actor, times| self.list.push(&rows(actor, times, most, per_second)))
    }

    fn state(&self) -> Result<RecordBatch> {
        self.list()?.state()
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.list.merge(state)
    }

    fn finish(&self) -> Result<RecordBatch> {
        let actor = self.columns[0].0.as_str();
        self.choice.of(self.list()?.table(), &[actor, "nth"])
    }

    fn size(&self) -> usize {
        self.list.size() + self.purchases.size()
    }
}
