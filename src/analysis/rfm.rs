//! RFM: how recently, how often and for how much each actor bought, scored among all, and the segments that the scores make.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: one row for each actor who bought:
//! the last purchase's time, how many orders and how much money. Whole actors make it a list.

mod answers;
mod customers;
mod scores;
mod segments;
mod sql;

use std::sync::Arc;

use answers::Shape;
use arrow_array::RecordBatch;
use customers::{Amounts, Customers, Orders};
use scores::Ties;
use serde_json::Value;

use super::actors::{ActorColumns, ActorPlan, ActorReader};
use super::filter::columns_of;
use super::list::Choice;
use super::literal::Point;
use super::marks::{Marks, conditions};
use super::spec::Spec;
use super::{Question, Zones};
use crate::event::{ColumnType, Role, Schema, TimeUnit};
use crate::fold::Fold;
use crate::kernel::instant::{DateStyle, InstantReader};
use crate::kernel::values::{Rows, ValueType, gather};
use crate::sql::Dialect;
use crate::{Error, Result};

/// The question `{"kind": "rfm", …}`.
///
/// Each actor with a purchase gets three scores from 1 to `bins`, the best: for recency (the time since the last purchase, the
/// shorter the better), frequency (the number of orders) and monetary (the sum of money).
///
/// * `purchase`: a condition or a list of them that says which rows are purchases; all are where it is not given.
///   `where` is applied before. Rows without an actor or a time take part in nothing.
/// * `as_of`: a date or time, as in conditions, that the column of times can hold. Purchases at it or later do not count. Where it is
///   not given, all count, and recency is up to the last purchase of all. With `timezone`, dates without a zone
///   are by that zone's clock, else in UTC.
/// * `order`: a column whose distinct values among an actor's purchases are its orders, that with the role order where it is not
///   given. Purchases without a value are an order each; so is each purchase where there is no such column.
/// * `value`: the column of money, that with the role price where it is not given. With `quantity`, another column, money is the
///   product of both, exactly. Nulls are left out; an actor with nothing else has null, the lowest of all. Where the data has no such
///   column of numbers, `monetary`, `m` and `value` are null, and segments are by r and f alone.
/// * `bins`: 2 to 10, 5 where it is not given.
/// * `ties`: with `together`, as where it is not given, equal actors have one score, ⌈bins · (midrank − ½) / actors⌉ of
///   their mean rank, the worst being 1. With `ntile` it is SQL's `NTILE(bins)`, ties by the actor ascending: bins as equal as can be,
///   and different scores for equal actors.
///
/// Segments are by r across and the mean of f and m, rounded half up, down; scores s of other `bins` than 5 as ⌈5 · s / bins⌉. The
/// names are those that are widely used for such a grid (<https://www.putler.com/rfm-analysis/>):
///
/// | | 1 | 2 | 3 | 4 | 5 |
/// |---|---|---|---|---|---|
/// | **5** | Cannot lose them | Cannot lose them | Loyal | Loyal | Champions |
/// | **4** | At risk | At risk | Loyal | Loyal | Champions |
/// | **3** | At risk | At risk | Need attention | Potential loyalists | Potential loyalists |
/// | **2** | Lost | Hibernating | About to sleep | Potential loyalists | Potential loyalists |
/// | **1** | Lost | Hibernating | About to sleep | Promising | New customers |
///
/// Answer, by `group`:
///
/// * `segment`, as where it is not given: one row for each segment that has actors, in the order Champions, Loyal, Potential loyalists, New
///   customers, Promising, Need attention, About to sleep, At risk, Cannot lose them, Hibernating, Lost: `segment`, `actors`, `rate`
///   (their share of all), `recency_days`, `frequency` and `monetary` (means, the last of actors that have money), and `value`,
///   the exact sum of their money.
/// * `cells`: one row for each r and f that actors have, the best first: `r`, `f`, `actors`, `value`.
/// * `bins`: one row for each bin of each score: `score` (`recency`, `frequency`, `monetary`), `bin`, `actors`, `least` and `most`
///   (in days, orders, money; null without any), and `moved`: how many of these actors `NTILE` would have put into another bin.
///
/// With two dates in `as_of`, the earlier one first, how actors moved between segments: one row for each pair, `from`, `to`
/// and `actors`, in the order of the segments. `from` is null, and first, for those who had not bought before the first date.
///
/// With `"each": "actor"`, one row for each: the actor's column, `recency_days`, `frequency`, `monetary`, `r`, `f`, `m` and
/// `segment`; `having`, `order_by` and `limit` choose among them, ties by the actor.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,ts,price\n7,buy,2024-03-01 10:00,5.50\n7,buy,2024-03-09 10:00,2\n8,buy,2024-03-02 12:00,1\n")?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "rfm", "purchase": {"action": "buy"}, "as_of": "2024-03-10", "each": "actor"}"#,
/// ).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "user_id,recency_days,frequency,monetary,r,f,m,segment\n\
///                     7,0.5833333333333334,2,7.50,4,4,4,Loyal\n8,7.5,1,1.00,2,2,2,Hibernating\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rfm {
    columns: ActorColumns,
    filter: Vec<Value>,
    purchase: Vec<Value>,
    order: Option<String>,
    value: Option<String>,
    quantity: Option<String>,
    as_of: Vec<Value>,
    timezone: Option<String>,
    bins: i64,
    ties: Ties,
    group: Group,
    choice: Choice,
}

/// What the answer's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Segments,
    Cells,
    Bins,
    Moves,
    Actors,
}

const GROUPS: [(&str, Group); 3] = [("segment", Group::Segments), ("cells", Group::Cells), ("bins", Group::Bins)];
const TIES: [(&str, Ties); 2] = [("together", Ties::Together), ("ntile", Ties::Ntile)];

impl Rfm {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let bins = spec.count("bins")?.unwrap_or(5);
        if !(2..=10).contains(&bins) {
            return Err(Error::bad_query(format!("\"bins\" may be 2 to 10, found {bins}")).at_column("bins"));
        }
        let as_of: Vec<Value> = match spec.get("as_of") {
            Some(Value::Array(dates)) if dates.len() == 2 => dates.clone(),
            Some(Value::Array(dates)) => {
                let sentence =
                    format!("\"as_of\" may be one date, or a list of two to tell moves between, found {}", dates.len());
                return Err(Error::bad_query(sentence).at_column("as_of"));
            }
            date => date.cloned().into_iter().collect(),
        };
        let each = spec.one_of("each", &["actor"])?;
        let asked = spec.one_of("group", &GROUPS.map(|(name, _)| name))?.map(|at| GROUPS[at].1);
        let group = match (asked, each, as_of.len()) {
            (None, None, 2) => Group::Moves,
            (None, Some(_), 0 | 1) => Group::Actors,
            (group, None, 0 | 1) => group.unwrap_or(Group::Segments),
            _ => {
                let sentence = "\"group\", \"each\" and two dates in \"as_of\" ask for different answers; give one of them";
                return Err(Error::bad_query(sentence).at_column("group"));
            }
        };
        let rfm = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            purchase: spec.get("purchase").map(conditions).unwrap_or_default(),
            order: spec.text("order")?.map(str::to_owned),
            value: spec.text("value")?.map(str::to_owned),
            quantity: spec.text("quantity")?.map(str::to_owned),
            as_of,
            timezone: spec.text("timezone")?.filter(|zone| *zone != "UTC").map(str::to_owned),
            bins: bins as i64,
            ties: spec.one_of("ties", &TIES.map(|(name, _)| name))?.map_or(Ties::Together, |at| TIES[at].1),
            group,
            choice: Choice::parse(&mut spec)?,
        };
        spec.finish()?;
        if group != Group::Actors && !rfm.choice.is_all() {
            return Err(Error::bad_query("\"having\", \"order_by\" and \"limit\" need \"each\": \"actor\"").at_column("each"));
        }
        Ok(rfm)
    }

    /// The dates, in the units of the column of times.
    fn dates(&self, column: &str, unit: TimeUnit, zones: &Zones) -> Result<Vec<i64>> {
        let zone = self.timezone.as_ref().map(|name| {
            zones.get(name).cloned().map(Arc::new).ok_or_else(|| {
                let sentence = format!("unknown time zone {name:?}; write an IANA name such as \"Asia/Shanghai\"");
                Error::bad_query(sentence).at_column("timezone")
            })
        });
        let mut reader = InstantReader::new(DateStyle::Plain, zone.transpose()?);
        let date = |literal: &Value| {
            let point = Point::parse(literal, column, ColumnType::Time { unit })?;
            let written = literal.as_str().and_then(|text| reader.read(text.as_bytes()));
            let at = written.map_or_else(|| i64::try_from(point.floor).ok(), |instant| instant.count(unit));
            at.filter(|_| point.floor == point.ceil)
                .ok_or_else(|| Error::bad_query(format!("column {column:?} cannot hold \"as_of\" {literal}")).at_column("as_of"))
        };
        let dates: Vec<i64> = self.as_of.iter().map(date).collect::<Result<_>>()?;
        if !dates.is_sorted_by(|a, b| a < b) {
            let sentence =
                format!("the first date in \"as_of\" must be before the second, found {}", Value::from(self.as_of.clone()));
            return Err(Error::bad_query(sentence).at_column("as_of"));
        }
        Ok(dates)
    }

    /// The column that tells orders apart.
    fn order_at(&self, schema: &Schema) -> Result<Option<usize>> {
        match &self.order {
            Some(name) => schema.index_of(name).map(Some),
            None => Ok(schema.index_of_role(Role::Order)),
        }
    }

    fn shape(&self, schema: &Schema, plan: &ActorPlan, amounts: &Amounts, dates: Vec<i64>) -> Shape {
        let actor = &schema.columns()[plan.actor];
        Shape {
            actor: actor.name.clone(),
            actor_type: ValueType::Of(actor.column_type),
            money_type: amounts.column_type,
            has_money: amounts.value.is_some(),
            per_day: i128::from(plan.unit.per_second()) * 86_400,
            dates,
            bins: self.bins,
            ties: self.ties,
            group: self.group,
            choice: self.choice.clone(),
        }
    }
}

impl Question for Rfm {
    fn zones(&self) -> Vec<String> {
        self.timezone.iter().cloned().collect()
    }

    fn may_go_by(&self, role: Role) -> bool {
        role == Role::Order && self.order.is_none() || role == Role::Price && self.value.is_none()
    }

    fn is_of_actors(&self) -> bool {
        true
    }

    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let lookup = columns_of(schema);
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, std::slice::from_ref(&self.purchase), &lookup)?;
        let amounts = Amounts::plan(self.value.as_deref(), self.quantity.as_deref(), schema)?;
        let dates = self.dates(&schema.columns()[plan.time].name, plan.unit, zones)?;
        let shape = self.shape(schema, &plan, &amounts, dates);
        shape.check()?;
        Ok(Box::new(RfmFold {
            reader: ActorReader::new(plan, marks),
            actor_at: plan.actor,
            orders: self.order_at(schema)?.map(Orders::new),
            amounts,
            customers: Customers::new(shape.actor_type, shape.dates.len().max(1)),
            shape,
            current: None,
        }))
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement(schema, dialect)
    }
}

/// The bit of a purchase.
const PURCHASE: u64 = 1;

struct RfmFold {
    reader: ActorReader,
    actor_at: usize,
    orders: Option<Orders>,
    amounts: Amounts,
    customers: Customers,
    shape: Shape,
    /// The place of the actor whose rows come, once it has a purchase.
    current: Option<usize>,
}

impl Fold for RfmFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let (times, amounts) = (rows.instants(), self.amounts.read(batch)?);
        let orders = self.orders.as_mut().map(|orders| orders.read(batch)).transpose()?;
        let latest = self.shape.dates.last().copied();
        let mut new_rows = vec![];
        for (range, goes_on) in rows.ranges() {
            for row in range {
                let time = times[row];
                if rows.marks[row] & PURCHASE == 0 || latest.is_some_and(|latest| time >= latest) {
                    continue;
                }
                let place = *self.current.get_or_insert_with(|| {
                    new_rows.push(row as u32);
                    self.customers.add()
                });
                let is_new = match (&mut self.orders, &orders) {
                    (Some(known), Some(numbers)) => known.is_new(numbers[row], place),
                    _ => true,
                };
                let amount = amounts.at(row)?;
                for (at, totals) in self.customers.totals.iter_mut().enumerate() {
                    if self.shape.dates.get(at).is_none_or(|&date| time < date) {
                        totals.take(place, time, is_new, amount)?;
                    }
                }
            }
            if !goes_on {
                self.current = None;
            }
        }
        let actors = gather(batch.column(self.actor_at), &Rows::Some(new_rows))?;
        self.customers.actors.push(&actors)
    }

    fn state(&self) -> Result<RecordBatch> {
        self.customers.state(&self.shape)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.customers.merge(state)
    }

    fn finish(&self) -> Result<RecordBatch> {
        self.shape.answer(&self.customers)
    }

    fn size(&self) -> usize {
        self.customers.size() + self.orders.as_ref().map_or(0, Orders::size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_asked_is_refused_with_its_reason() {
        for (query, sentence) in [
            (json!({"kind": "rfm", "bins": 11}), "\"bins\" may be 2 to 10, found 11"),
            (json!({"kind": "rfm", "ties": "nitle"}), "unknown \"ties\" \"nitle\"; did you mean \"ntile\"?"),
            (json!({"kind": "rfm", "each": "segment"}), "unknown \"each\" \"segment\"; known are actor"),
            (
                json!({"kind": "rfm", "as_of": ["2024-03-10"]}),
                "\"as_of\" may be one date, or a list of two to tell moves between, found 1",
            ),
            (
                json!({"kind": "rfm", "as_of": ["2024-03-10", "2024-04-10"], "each": "actor"}),
                "\"group\", \"each\" and two dates in \"as_of\" ask for different answers; give one of them",
            ),
            (json!({"kind": "rfm", "limit": 5}), "\"having\", \"order_by\" and \"limit\" need \"each\": \"actor\""),
        ] {
            assert_eq!(Rfm::parse(&query).unwrap_err().to_string(), sentence, "{query}");
        }
    }

    #[test]
    fn dates_are_by_the_zone_s_clock_and_must_fit_the_column() {
        let zones: Zones = [("Asia/Shanghai".to_owned(), crate::kernel::bucket::Zone::new(vec![(0, 28_800)]))].into();
        let dates = |as_of: Value| {
            let rfm = Rfm::parse(&json!({"kind": "rfm", "as_of": as_of, "timezone": "Asia/Shanghai"}))?;
            rfm.dates("ts", TimeUnit::Second, &zones)
        };
        assert_eq!(dates(json!("1970-01-02")), Ok(vec![57_600]));
        assert_eq!(dates(json!(["1970-01-02T00:00:00Z", "1970-01-02 08:00:01"])), Ok(vec![86_400, 86_401]));
        assert_eq!(dates(json!(77)), Ok(vec![77]));
        for (as_of, sentence) in [
            (json!("1970-01-02 00:00:00.5"), "column \"ts\" cannot hold \"as_of\" \"1970-01-02 00:00:00.5\""),
            (
                json!(["1970-01-02 08:00", "1970-01-02T00:00:00Z"]),
                "the first date in \"as_of\" must be before the second, found [\"1970-01-02 08:00\",\"1970-01-02T00:00:00Z\"]",
            ),
        ] {
            assert_eq!(dates(as_of).unwrap_err().to_string(), sentence);
        }
    }
}
