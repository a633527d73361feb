//! Funnels: how many actors get how far on a way of steps, how fast, and where they drop out.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. `steps` and `each` say their states.

mod any_order;
mod attempts;
mod durations;
mod each;
mod sql;
mod steps;
mod walk;

use durations::Durations;
use each::EachFold;
use serde_json::Value;
use steps::StepsFold;
use walk::{Judge, Walk};

use super::actors::{ActorColumns, ActorReader, length};
use super::filter::columns_of;
use super::key::Key;
use super::list::{Choice, List};
use super::marks::{Marks, conditions};
use super::spec::Spec;
use super::{Question, Zones};
use crate::event::{Column, Role, Schema};
use crate::fold::Fold;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;
use crate::{Error, Result};

/// Steps that a funnel may have, as ClickHouse's.
const MOST_STEPS: usize = 32;
/// Each has a bit of a row's marks, as each step has.
const MOST_EXCLUSIONS: usize = 30;

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
    /// Any, and the steps come in any order.
    AnyOrder,
}

const MODES: [(&str, Mode); 5] = [
    ("default", Mode::Default),
    ("strict_order", Mode::StrictOrder),
    ("strict_deduplication", Mode::StrictDeduplication),
    ("strict_increase", Mode::StrictIncrease),
    ("any_order", Mode::AnyOrder),
];

const SPLITS: [&str; 2] = ["first", "last"];

/// The question `{"kind": "funnel", …}`.
///
/// How far an actor gets is ClickHouse's `windowFunnel`: an attempt begins with an event of the first step and takes the
/// others in their order, all `within` the time since its first event, both ends included; the farthest attempt counts, of
/// equally far ones the earliest, and it takes each step as early as can be. Events of one time come in the order of their
/// steps, then in that of the data; an event may be several steps. `where` is applied before, so that what it leaves out
/// breaks no strict order. Rows without an actor or a time take part in nothing.
///
/// `mode` says what may lie between two steps. `default`: any event. `strict_order`: an event of no step, or of one whose
/// previous step was not reached, ends the actor's way. `strict_deduplication`: so does an event of a step, but for the
/// first, that was reached already. `strict_increase`: any event, but each step is later than the one before; unlike
/// ClickHouse (<https://github.com/ClickHouse/ClickHouse/pull/112629>), it finds the farthest attempt where events of one
/// step tie with those of another, too. `any_order`: an attempt is any events `within` the time since the first of them,
/// which may be of any step. Each is one step at most, and each step is one event, so that a step that is there twice needs
/// two. An attempt's level is the most steps that its events can be; its kth step is the event with which, in the order of
/// time and of the data, they can first be k steps. So `step` k stands for any k of the steps.
///
/// `exclude` is a list of `{"where": condition, "after": 1, "before": 3}`, steps from 1, by default the first and the last
/// one. An actor counts in no step if an event that fulfils the condition is later than that of step `after`, and earlier
/// than that of step `before`, in the attempt that counts; if it did not reach `before`, then if the event is still
/// `within` the time since its first event. Events of the very time of either step exclude nobody. In `any_order` the steps
/// are those that were done first, second and so on.
///
/// `per` counts the funnel for each pair of an actor and a value of that column, such as an item; `session` is the column
/// with that role, and `actor`, the default, is none. `actors` then counts pairs. Null makes no pair.
///
/// Answer: one row for each step, in order: `step` (from 1), `actors` that reached it, `rate` (their share of the first
/// step's), `rate_from_previous` (of the step before, null for the first), both null where that is nobody, `median_seconds`
/// and `p90_seconds`, the median time from the first step to this one and the one that nine tenths need at most, null for
/// the first and for nobody, interpolated as `quantile`, and `tied`: how many of `actors` could not reach the step, in the
/// same mode, if each step had to be later than the one before. They are there only because events of one time count in the
/// order of the steps.
///
/// With `split_by` that column is first: the actor's value at its first event of the first step (in `any_order`, of any
/// step), or with `"split_at": "last"` at the event of the last step reached, the first such event of that time; ascending,
/// null last.
///
/// With `"each": "actor"` the answer has one row for each actor, or pair, that reached the first step and is not excluded:
/// the actor's column, that of `per`, that of `split_by`, `reached` (the highest step), `started` (the time of the first
/// step), and `seconds` from then to the highest step, null where that is the first; in the order of the actors, then of
/// `per`.
///
/// `having`, `order_by` and `limit` choose among the answer's rows.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,ts\n7,view,2024-03-10 10:00\n7,buy,2024-03-10 10:30\n8,view,2024-03-10 11:00\n")?;
/// let mut data = loader.finish()?;
/// let mut ask = |query: &str| {
///     let query: Query = serde_json::from_str(query).expect("a query");
///     data.query(&query, &Default::default()).map(|answer| text::to_csv(&answer))
/// };
/// assert_eq!(
///     ask(r#"{"kind": "funnel", "steps": [{"action": "view"}, {"action": "buy"}], "within": "24h"}"#)?,
///     "step,actors,rate,rate_from_previous,median_seconds,p90_seconds,tied\n1,2,1,,,,0\n2,1,0.5,0.5,1800,1800,0\n"
/// );
/// // Who did not buy?
/// assert_eq!(
///     ask(r#"{"kind": "funnel", "steps": [{"action": "view"}, {"action": "buy"}], "within": "24h",
///             "each": "actor", "having": [{"column": "reached", "eq": 1}]}"#)?,
///     "user_id,reached,started,seconds\n8,1,2024-03-10T11:00:00Z,\n"
/// );
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Funnel {
    columns: ActorColumns,
    filter: Vec<Value>,
    steps: Vec<Vec<Value>>,
    exclude: Vec<Excluding>,
    /// In seconds.
    within: Option<i64>,
    mode: Mode,
    per: Option<String>,
    split_by: Option<Key>,
    at_last: bool,
    is_of_each: bool,
    choice: Choice,
}

/// Events that exclude an actor where they lie between two steps, counted from 0.
#[derive(Clone, Debug)]
struct Excluding {
    conditions: Vec<Value>,
    after: usize,
    before: usize,
}

/// The same with the events as a bit of the rows' marks.
#[derive(Clone, Copy, Debug)]
struct Exclusion {
    bit: u64,
    after: usize,
    before: usize,
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
        spec.need("steps")?;
        let steps: Vec<Vec<Value>> = spec.list("steps")?.iter().map(conditions).collect();
        let excluding = |value| Excluding::parse(value, steps.len());
        let mode = MODES[spec.one_of("mode", &MODES.map(|(name, _)| name))?.unwrap_or(0)].1;
        let funnel = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            exclude: spec.list("exclude")?.iter().map(excluding).collect::<Result<_>>()?,
            within: spec.text("within")?.map(|text| length("within", text)).transpose()?,
            mode,
            per: spec.text("per")?.filter(|per| *per != "actor").map(str::to_owned),
            split_by: spec.text("split_by")?.map(|column| Key::parse(&column.into())).transpose()?,
            at_last: spec.one_of("split_at", &SPLITS)? == Some(1),
            is_of_each: spec.one_of("each", &["actor"])?.is_some(),
            choice: Choice::parse(&mut spec)?,
            steps,
        };
        spec.finish()?;
        if funnel.steps.is_empty() || funnel.steps.len() > MOST_STEPS {
            let sentence = format!("a funnel has 1 to {MOST_STEPS} \"steps\", found {}", funnel.steps.len());
            return Err(Error::bad_query(sentence).at_column("steps"));
        }
        if funnel.exclude.len() > MOST_EXCLUSIONS {
            let sentence = format!("a funnel may \"exclude\" {MOST_EXCLUSIONS} times at most, found {}", funnel.exclude.len());
            return Err(Error::bad_query(sentence).at_column("exclude"));
        }
        Ok(funnel)
    }

    /// The answer's columns and their types.
    fn answer_columns(&self, schema: &Schema) -> Result<Vec<(String, ValueType)>> {
        let plan = self.columns.plan(schema)?;
        let named = |column: &Column| (column.name.clone(), ValueType::Of(column.column_type));
        let own = |columns: &[(&str, ValueType)]| columns.iter().map(|(name, of)| ((*name).to_owned(), *of)).collect::<Vec<_>>();
        let of_key = |key: Option<&Key>| key.map(|key| schema.column(&key.name).map(named)).transpose();
        let mut columns = vec![];
        if self.is_of_each {
            columns.push(named(&schema.columns()[plan.actor]));
            columns.extend(of_key(self.per(schema)?.as_ref())?);
        }
        columns.extend(of_key(self.split_by.as_ref())?);
        if self.is_of_each {
            columns.extend(own(&each::columns(schema.columns()[plan.time].column_type)));
        } else {
            columns.extend(own(&steps::COLUMNS));
        }
        let is_double = |at: usize| columns[..at].iter().any(|(name, _)| *name == columns[at].0);
        if let Some(at) = (0..columns.len()).find(|&at| is_double(at)) {
            let name = &columns[at].0;
            return Err(Error::bad_query(format!("two columns of the answer are called {name:?}")).at_column(name));
        }
        Ok(columns)
    }

    /// The column whose values make pairs with the actors.
    fn per(&self, schema: &Schema) -> Result<Option<Key>> {
        let Some(name) = &self.per else { return Ok(None) };
        let by_role = schema.index_of_role(Role::Session).filter(|_| name == Role::Session.name());
        let at = by_role.map_or_else(|| schema.index_of(name), Ok)?;
        Key::parse(&schema.columns()[at].name.as_str().into()).map(Some)
    }
}

impl Excluding {
    fn parse(value: &Value, n_steps: usize) -> Result<Self> {
        let mut spec = Spec::new("an exclusion", value)?;
        let conditions = conditions(spec.need("where")?);
        let after = spec.count("after")?.unwrap_or(1);
        let before = spec.count("before")?.unwrap_or(n_steps as u64);
        spec.finish()?;
        if after < 1 || before <= after || before > n_steps as u64 {
            let sentence = format!(
                "an exclusion lies after one of the {n_steps} steps and before a later one, found after {after} and before {before}"
            );
            return Err(Error::bad_query(sentence).at_column("exclude"));
        }
        Ok(Self { conditions, after: after as usize - 1, before: before as usize - 1 })
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
        let events: Vec<Vec<Value>> =
            self.steps.iter().chain(self.exclude.iter().map(|excluding| &excluding.conditions)).cloned().collect();
        let marks = Marks::new(&self.filter, &events, &lookup)?;
        let n_steps = self.steps.len();
        let exclusion = |(at, excluding): (usize, &Excluding)| Exclusion {
            bit: 1 << (n_steps + at),
            after: excluding.after,
            before: excluding.before,
        };
        let per_second = plan.unit.per_second();
        let window = self.within.map_or(u64::MAX, |seconds| (seconds as u64).saturating_mul(per_second as u64));
        let judge =
            Judge::new(self.mode, n_steps, window, self.exclude.iter().enumerate().map(exclusion).collect(), self.at_last);
        let per_key = self.per(schema)?;
        let per = per_key.as_ref().map(|key| key.plan(schema, zones)).transpose()?;
        let split = self.split_by.as_ref().map(|key| key.plan(schema, zones)).transpose()?;

        let columns = self.answer_columns(schema)?;
        self.choice.check(&columns)?;

        let walk = Walk::new(ActorReader::new(plan, marks), judge, per, split);
        let (per_second, choice) = (per_second as f64, self.choice.clone());
        if self.is_of_each {
            let list = List::new(columns.iter().cloned());
            return Ok(Box::new(EachFold { walk, actor: plan.actor, last: None, columns, list, per_second, choice }));
        }
        let split_name = self.split_by.as_ref().map(|key| key.name.clone());
        Ok(Box::new(StepsFold { walk, split_name, found: Durations::new(n_steps), per_second, choice }))
    }

    fn may_go_by(&self, role: Role) -> bool {
        role == Role::Session && self.per.is_some()
    }

    fn is_of_actors(&self) -> bool {
        true
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement(schema, &self.answer_columns(schema)?, dialect)
    }
}
