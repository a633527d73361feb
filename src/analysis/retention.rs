//! Retention: of the actors that began in a period, how many came back so many periods later?
//!
//! Actor folds: rows come in the order of (actor, time), an actor's all to one fold. State: one row for each cohort and
//! period, and the last event's time. Whole actors make it add up.

mod answer;
mod brackets;
mod cohorts;
mod histories;
mod plain;
mod sql;
mod whole;

use brackets::Brackets;
use cohorts::Shape;
use histories::{Histories, Returns, Sales};
use plain::PlainFold;
use serde_json::Value;
use whole::{CohortsFold, MembersFold};

use super::actors::{ActorColumns, ActorReader};
use super::filter::columns_of;
use super::key::Key;
use super::list::Choice;
use super::marks::{Marks, conditions};
use super::spec::Spec;
use super::{Question, Zones, named};
use crate::event::{Role, Schema};
use crate::fold::Fold;
use crate::kernel::bucket::Every;
use crate::sql::Dialect;
use crate::{Error, Result};

/// The question `{"kind": "retention", …}`.
///
/// An actor's cohort is the bucket, as of `group_by`, that its first `start` event lies in. It is counted in each period in which
/// it has a `return` event (`"counting": "on"`), or in which or after which it has one (`on_or_after`), also where that lies beyond the
/// last period. Period n is the nth bucket after the cohort's: by the calendar of the zone for days and longer ones, by
/// elapsed time for shorter ones. Return events before the first start event's time do not count; those of the same time do.
/// `where` is applied before. Rows without an actor or a time take part in nothing.
///
/// | key | says |
/// |---|---|
/// | `start`, `return` | a condition or a list of them; any event, if not told |
/// | `every` | a period, `1d` if not told; and `timezone`, whose calendar it is of |
/// | `periods` | the last period, 7 if not told |
/// | `brackets` | `[[0, 0], [1, 3], [4, 7]]` instead: the first and last period of each; they ascend and do not overlap |
/// | `counting` | `on` or `on_or_after`: in the period (the bracket), or from its beginning on |
/// | `clock` | `calendar`, or `24h` as Amplitude: period n is the nth time that `every` has passed since the hour (in UTC) of the actor's own start event. There a month is 30 days, a quarter 90 and a year 365, and `every` is an hour or longer. Cohorts are of the calendar all the same |
/// | `cohorts` | `first`, or `recurring` as PostHog: an actor is in the cohort of every bucket in which it has a start event, and its returns are counted from the first one in it |
/// | `mean` | `weighted` or `simple`: further rows behind all others, whose `cohort` is null, for each period that some cohort has completed, over those cohorts alone: the sum of their actors / the sum of their sizes, or the mean of their rates |
/// | `value` | a column of integers or decimals: what return events are worth |
/// | `order` | the column that says which return events are one order; if not told, the one with the role order. An order's rows count as one; a return event without an order is one of its own, as is each where there is no such column |
/// | `each` | `actor`: who was counted, instead of how many |
///
/// Answer: one row for each cohort and period, in that order. Periods that begin after the last event that takes part are left
/// out; with the clock `24h`, those that begin after it for all of a cohort's actors.
///
/// | column | holds |
/// |---|---|
/// | `cohort` | its bucket's start |
/// | `period` | int; with `brackets` their first one, and `until`, their last |
/// | `actors` | int: how many of the cohort are counted |
/// | `rate` | float: their share of the cohort's |
/// | `size` | int: the cohort's actors; of a simple mean null, as is `actors` |
/// | `complete` | bool: whether the period (the bracket) is over: the last event that takes part lies in a later one; with the clock `24h`, at or after its end for all of the cohort's actors |
/// | `orders` | int, with `value`, as all further ones: the orders of the return events in the period, whatever `counting` is. An order of two periods is in both, and one of two actors is two |
/// | `value` | exact sum of these events' values, of the column's type; null values add nothing |
/// | `cumulative_value` | the same of all return events up to and including the period |
/// | `value_per_actor` | float: `cumulative_value` / `size` |
/// | `average_order` | float: `value` / `orders`, null where there is none |
/// | `repeat_rate` | float: the share of the cohort's that have at least two orders up to and including the period |
///
/// Of a weighted mean these are the sums over its cohorts and their quotients; of a simple one the last three are means, of
/// `average_order` over those that have one, and the others are null.
///
/// With `"each": "actor"`: one row for each actor, cohort and period in which it is counted: the actor's column, `cohort` and `period`
/// (of a bracket the first), as `having`, `order_by` and `limit` say; ties by these three.
///
/// # Errors
///
/// `OVERFLOW` where a sum of values leaves the range of its type.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,ts\n7,2024-03-10 10:00\n8,2024-03-10 11:00\n7,2024-03-11 10:30\n")?;
/// let query: Query = serde_json::from_str(r#"{"kind": "retention", "every": "1d", "periods": 7}"#).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "cohort,period,actors,rate,size,complete\n\
///     2024-03-10T00:00:00Z,0,2,1,2,true\n\
///     2024-03-10T00:00:00Z,1,1,0.5,2,false\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Retention {
    columns: ActorColumns,
    filter: Vec<Value>,
    start: Vec<Value>,
    returns: Vec<Value>,
    every: Every,
    timezone: Option<String>,
    brackets: Brackets,
    on_or_after: bool,
    /// The seconds of a period of the rolling clock.
    rolling: Option<i64>,
    is_recurring: bool,
    mean: Option<Mean>,
    value: Option<String>,
    order: Option<String>,
    /// Which rows of actors, where they are asked for.
    each: Option<Choice>,
}

/// What stands behind the cohorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mean {
    /// Each actor counts alike.
    Weighted,
    /// Each cohort counts alike.
    Simple,
}

/// The bits of start and return events.
const START: u64 = 1;
const RETURN: u64 = 2;

const HOUR: i64 = 3_600;

impl Retention {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let on_or_after = spec.one_of("counting", &["on", "on_or_after"])? == Some(1);
        let is_recurring = spec.one_of("cohorts", &["first", "recurring"])? == Some(1);
        let is_rolling = spec.one_of("clock", &["calendar", "24h"])? == Some(1);
        let mean = spec.one_of("mean", &["weighted", "simple"])?.map(|at| [Mean::Weighted, Mean::Simple][at]);
        let is_each = spec.one_of("each", &["actor"])?.is_some();
        let every = spec.text("every")?.unwrap_or("1d");
        let retention = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            start: spec.get("start").map(conditions).unwrap_or_default(),
            returns: spec.get("return").map(conditions).unwrap_or_default(),
            every: Every::parse(every)?,
            timezone: spec.text("timezone")?.filter(|zone| *zone != "UTC").map(str::to_owned),
            brackets: Brackets::parse(&mut spec)?,
            on_or_after,
            rolling: is_rolling.then(|| rolling_seconds(every)).transpose()?,
            is_recurring,
            mean,
            value: spec.text("value")?.map(str::to_owned),
            order: spec.text("order")?.map(str::to_owned),
            each: is_each.then(|| Choice::parse(&mut spec)).transpose()?,
        };
        spec.finish()?;
        retention.check_together()?;
        Ok(retention)
    }

    /// Refuses a key that means nothing beside others.
    fn check_together(&self) -> Result<()> {
        let is_each = self.each.is_some();
        let sentence = match () {
            () if self.order.is_some() && self.value.is_none() => {
                ("order", "\"order\" needs a \"value\", of which orders are counted")
            }
            () if is_each && self.mean.is_some() => ("mean", "\"mean\" is of cohorts and does not go with \"each\""),
            () if is_each && self.value.is_some() => ("value", "\"value\" is of cohorts and does not go with \"each\""),
            () => return Ok(()),
        };
        Err(Error::bad_query(sentence.1).at_column(sentence.0))
    }

    /// The columns of values and orders.
    fn sales(&self, schema: &Schema) -> Result<Option<Sales>> {
        let Some(name) = &self.value else { return Ok(None) };
        let (value, column_type) = named::number_column("value", name, schema)?;
        let order = match &self.order {
            Some(name) => Some(schema.index_of(name)?),
            None => schema.index_of_role(Role::Order),
        };
        Ok(Some(Sales::new(value, column_type, order)))
    }
}

impl Question for Retention {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn zones(&self) -> Vec<String> {
        self.timezone.iter().cloned().collect()
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, &[self.start.clone(), self.returns.clone()], &columns_of(schema))?;
        let time = &schema.columns()[plan.time].name;
        let buckets = Key::buckets(time, self.every, self.timezone.as_deref()).plan(schema, zones)?;
        let reader = ActorReader::new(plan, marks);
        let sales = self.sales(schema)?;
        let per_second = plan.unit.per_second();
        let shape = Shape {
            brackets: self.brackets.clone(),
            mean: self.mean,
            value_type: sales.as_ref().map(Sales::column_type),
            rolling: self.rolling.map(|seconds| seconds.saturating_mul(per_second)),
        };
        let is_plain = !self.brackets.are_custom && self.rolling.is_none() && !self.is_recurring;
        if is_plain && sales.is_none() && self.each.is_none() {
            return Ok(Box::new(PlainFold::new(reader, buckets, self.on_or_after, shape)));
        }
        let returns = Returns {
            brackets: self.brackets.clone(),
            on_or_after: self.on_or_after,
            is_recurring: self.is_recurring,
            rolling: shape.rolling,
            hour: HOUR * per_second,
        };
        let histories = Histories::new(reader, plan.actor, buckets, returns, sales);
        match &self.each {
            Some(choice) => Ok(Box::new(MembersFold::new(histories, &schema.columns()[plan.actor], choice.clone())?)),
            None => Ok(Box::new(CohortsFold::new(histories, shape))),
        }
    }

    fn may_go_by(&self, role: Role) -> bool {
        role == Role::Order && self.value.is_some()
    }

    fn is_of_actors(&self) -> bool {
        true
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement(schema, dialect)
    }
}

/// The seconds of a period of the rolling clock.
fn rolling_seconds(every: &str) -> Result<i64> {
    let seconds = match Every::parse(every)? {
        Every::Seconds(seconds) => seconds,
        Every::Days(days) => 86_400 * days,
        Every::Months(months) if every.ends_with('y') => 86_400 * 365 * (months / 12),
        Every::Months(months) => 86_400 * 30 * months,
    };
    if seconds < HOUR {
        let sentence = format!("the clock 24h counts from full hours; \"every\" must be an hour or longer, found {every:?}");
        return Err(Error::bad_query(sentence).at_column("every"));
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Retention;
    use crate::Query;
    use crate::engine::{LoadOptions, Loader};

    #[test]
    fn what_means_nothing_is_refused() {
        let refused = |mut query: Value| {
            query["kind"] = json!("retention");
            Retention::parse(&query).map(|_| ()).map_err(|error| error.to_string())
        };
        for (query, sentence) in [
            (json!({"brackets": [[0, 2], [2, 4]]}), "must ascend and not overlap, found [0, 2] before [2, 4]"),
            (json!({"brackets": [[5, 6], [0, 1]]}), "must ascend"),
            (json!({"brackets": [[3, 1]]}), "a bracket ends before it begins: [3,1]"),
            (json!({"brackets": [[1]]}), "such as [1, 3], found [1]"),
            (json!({"brackets": [[0, 10_001]]}), "\"brackets\" may be 10000 at most, found 10001"),
            (json!({"brackets": [[0, 1]], "periods": 3}), "exclude each other"),
            (json!({"periods": 10_001}), "\"periods\" may be 10000 at most"),
            (json!({"clock": "24h", "every": "30m"}), "must be an hour or longer, found \"30m\""),
            (json!({"clock": "12h"}), "unknown \"clock\" \"12h\""),
            (json!({"cohorts": "recuring"}), "did you mean \"recurring\"?"),
            (json!({"order": "order_id"}), "needs a \"value\""),
            (json!({"each": "actor", "mean": "simple"}), "does not go with \"each\""),
            (json!({"each": "actor", "value": "price"}), "does not go with \"each\""),
            (json!({"limit": 3}), "unknown key \"limit\""),
        ] {
            let found = refused(query.clone());
            assert!(found.as_ref().is_err_and(|found| found.contains(sentence)), "{query}: {found:?}");
        }
        assert_eq!(refused(json!({"brackets": [[0, 0], [1.0, 10_000]], "clock": "24h", "every": "1h"})), Ok(()));
    }

    #[test]
    fn sums_beyond_their_type_are_errors() {
        let mut loader = Loader::new(LoadOptions::default()).expect("options");
        let rows = "user_id,ts,coins\n1,2024-01-01 10:00:00,9223372036854775807\n1,2024-01-02 10:00:00,1\n";
        loader.push(rows.as_bytes()).expect("rows");
        let query = json!({"kind": "retention", "value": "coins"});
        let answer = loader.finish().expect("a table").query(&Query::parse(&query).expect("a query"), &Default::default());
        assert_eq!(answer.map(|_| ()).map_err(|error| error.kind().code()), Err("OVERFLOW"));
    }
}
