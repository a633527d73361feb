//! Conversion of each item: how many actors went all the way from seeing it to buying it, and how sure that share is.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: for each item, how many actors
//! got to each step. Whole actors make it add up.

mod sql;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use serde_json::Value;

use super::actors::{ActorColumns, ActorReader, length};
use super::filter::columns_of;
use super::key::{Key, KeyPlan};
use super::list::Choice;
use super::marks::{Marks, TAKES_PART, conditions};
use super::spec::Spec;
use super::table::{Table, TableColumn, empty};
use super::{Question, Zones, named};
use crate::event::{ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::column;
use crate::kernel::ids::NULL;
use crate::kernel::order::{self, SortKey};
use crate::kernel::statistics::wilson;
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::sql::Dialect;
use crate::{Error, Result};

/// Steps that a way may have, as a funnel's.
const MOST_STEPS: usize = 32;
const USUAL_CONFIDENCE: f64 = 0.95;

/// The question `{"kind": "conversion", …}`.
///
/// Each actor goes a way of its own with each item: the events of that actor with that item alone are a funnel, ClickHouse's
/// `windowFunnel` in its default mode, as of [`Funnel`](super::funnel::Funnel). An event may be several steps; events of one
/// time come in the order of their steps.
///
/// * `steps`: two to 32 conditions, in order.
/// * `by`: the column of items, that with the role item where it is not given.
/// * `within`: the longest time from the first step to the last, both ends included; any where it is not given.
/// * `confidence`: of the interval, above 0 and below 1, 0.95 by default.
/// * `min_actors`: items that fewer actors did the first step with have no row; 1 by default, and at the least.
/// * `where`, `actor`, `time`, `having`, `order_by`, `limit`: as everywhere. Rows without an actor, a time or an item take
///   part in nothing.
///
/// Answer: one row for each item, called as its column and of its type, with `actors_1` to `actors_k`, how many actors got to each
/// step with it, `rate`, the share of the first step's actors that got to the last one, and `low` and `high`, Wilson's score
/// interval around it (E. B. Wilson, Journal of the American Statistical Association 22, 1927; without correction for
/// continuity). Most actors of the first step first, ties by the item; that order also decides where `order_by` leaves rows
/// alike.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,item_id,action,ts\n7,a,view,2024-03-10 10:00\n7,a,buy,2024-03-10 10:30\n8,a,view,2024-03-10 11:00\n")?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "conversion", "steps": [{"action": "view"}, {"action": "buy"}], "confidence": 0.9}"#,
/// ).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// let (counts, interval) = answer.split_at(answer.find(",0.1").expect("the interval"));
/// assert_eq!(counts, "item_id,actors_1,actors_2,rate,low,high\na,2,1,0.5");
/// assert!(interval.starts_with(",0.120"));
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Conversion {
    columns: ActorColumns,
    filter: Vec<Value>,
    by: Option<String>,
    steps: Vec<Vec<Value>>,
    /// In seconds.
    within: Option<i64>,
    confidence: f64,
    min_actors: i64,
    choice: Choice,
}

impl Conversion {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        spec.need("steps")?;
        let conversion = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            by: spec.text("by")?.map(str::to_owned),
            steps: spec.list("steps")?.iter().map(conditions).collect(),
            within: spec.text("within")?.map(|text| length("within", text)).transpose()?,
            confidence: spec.get("confidence").map(confidence).transpose()?.unwrap_or(USUAL_CONFIDENCE),
            min_actors: spec.count("min_actors")?.map_or(1, |actors| i64::try_from(actors).unwrap_or(i64::MAX)).max(1),
            choice: Choice::parse(&mut spec)?,
        };
        spec.finish()?;
        if !(2..=MOST_STEPS).contains(&conversion.steps.len()) {
            let sentence = format!("a conversion has 2 to {MOST_STEPS} \"steps\", found {}", conversion.steps.len());
            return Err(Error::bad_query(sentence).at_column("steps"));
        }
        Ok(conversion)
    }

    /// The answer's columns.
    fn answer(&self, item: &str, item_type: ValueType) -> Vec<(String, ValueType)> {
        let counts = (1..=self.steps.len()).map(|step| (format!("actors_{step}"), ValueType::Of(ColumnType::Int)));
        let shares = ["rate", "low", "high"].map(|name| (name.to_owned(), ValueType::Float));
        [(item.to_owned(), item_type)].into_iter().chain(counts).chain(shares).collect()
    }
}

impl Question for Conversion {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, &self.steps, &columns_of(schema))?;
        let item = &schema.columns()[named::column(self.by.as_deref(), "by", Role::Item, schema)?].name;
        let items = Key::parse(&item.as_str().into())?.plan(schema, zones)?;
        let columns = self.answer(item, items.value_type);
        named::unique(columns.iter().map(|(name, _)| name.as_str()))?;
        self.choice.check(&columns)?;
        let per_second = plan.unit.per_second() as u64;
        Ok(Box::new(ConversionFold {
            reader: ActorReader::new(plan, marks),
            columns,
            items,
            window: self.within.map_or(u64::MAX, |seconds| (seconds as u64).saturating_mul(per_second)),
            confidence: self.confidence,
            min_actors: self.min_actors,
            choice: self.choice.clone(),
            reached: Reached { n_steps: self.steps.len(), actors: vec![] },
            events: vec![],
        }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement(schema, dialect)
    }
}

fn confidence(value: &Value) -> Result<f64> {
    value.as_f64().filter(|share| *share > 0.0 && *share < 1.0).ok_or_else(|| {
        let sentence = format!("\"confidence\" must be a share above 0 and below 1, such as 0.95, found {value}");
        Error::bad_query(sentence).at_column("confidence")
    })
}

struct ConversionFold {
    reader: ActorReader,
    columns: Vec<(String, ValueType)>,
    items: KeyPlan,
    window: u64,
    confidence: f64,
    min_actors: i64,
    choice: Choice,
    /// By the actors before.
    reached: Reached,
    /// Of the actor whose rows come.
    events: Vec<Event>,
}

/// An event of some steps.
#[derive(Clone, Copy)]
struct Event {
    item: u32,
    time: i64,
    steps: u64,
}

/// How many actors got to each step with each item, by its number.
#[derive(Clone)]
struct Reached {
    n_steps: usize,
    actors: Vec<i64>,
}

impl Reached {
    fn add(&mut self, item: u32, step: usize, actors: i64) {
        let first = item as usize * self.n_steps;
        if self.actors.len() < first + self.n_steps {
            self.actors.resize(first + self.n_steps, 0);
        }
        self.actors[first + step] += actors;
    }

    fn of(&self, item: u32) -> &[i64] {
        &self.actors[item as usize * self.n_steps..][..self.n_steps]
    }

    /// The items that so many actors did the first step with.
    fn items(&self, min_actors: i64) -> Vec<u32> {
        let items = self.actors.chunks(self.n_steps).enumerate();
        items.filter(|(_, actors)| actors[0] >= min_actors).map(|(item, _)| item as u32).collect()
    }

    /// Adds an actor with all its events.
    fn add_actor(&mut self, events: &mut [Event], window: u64) {
        events.sort_unstable_by_key(|event| (event.item, event.time));
        for events in events.chunk_by(|a, b| a.item == b.item) {
            for step in 0..farthest(events, self.n_steps, window) {
                self.add(events[0].item, step, 1);
            }
        }
    }
}

/// How many steps are reached by events in the order of time.
///
/// Of all attempts that have come to a step, the one that began last can still go on for the longest: no other need be known.
fn farthest(events: &[Event], n_steps: usize, window: u64) -> usize {
    let mut begins = [None; MOST_STEPS];
    for events in events.chunk_by(|a, b| a.time == b.time) {
        let time = events[0].time;
        let steps = events.iter().fold(0, |steps, event| steps | event.steps);
        for step in (0..n_steps).filter(|step| steps >> step & 1 != 0) {
            let begin = match step {
                0 => Some(time),
                _ => begins[step - 1].filter(|&begin| time.wrapping_sub(begin) as u64 <= window),
            };
            begins[step] = begin.or(begins[step]);
        }
    }
    begins.iter().take_while(|begin| begin.is_some()).count()
}

impl ConversionFold {
    /// What is reached in all rows so far, those of the last actor too.
    fn reached(&self) -> Reached {
        let mut reached = self.reached.clone();
        reached.add_actor(&mut self.events.clone(), self.window);
        reached
    }

    fn values(&self, items: &[u32]) -> Values {
        let mut values = self.items.values(items);
        values.unrank();
        if values.is_empty() { empty(self.items.value_type) } else { values }
    }
}

impl Fold for ConversionFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let items = self.items.numbers(&gather(batch.column(self.items.at), &Rows::All(batch.num_rows()))?)?;
        for (range, goes_on) in rows.ranges() {
            let events =
                range.map(|row| Event { item: items[row], time: rows.instants()[row], steps: rows.marks[row] & !TAKES_PART });
            self.events.extend(events.filter(|event| event.steps != 0 && event.item != NULL));
            if !goes_on {
                self.reached.add_actor(&mut self.events, self.window);
                self.events.clear();
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        let reached = self.reached();
        let items = reached.items(1);
        let ValueType::Of(item_type) = self.items.value_type else { return Err(Error::bad_state("the items are no column")) };
        let mut arrays: Vec<ArrayRef> = vec![column::hold(self.values(&items), item_type)?];
        for step in 0..reached.n_steps {
            arrays.push(Arc::new(Int64Array::from_iter_values(items.iter().map(|&item| reached.of(item)[step]))));
        }
        let field = |(at, array): (usize, &ArrayRef)| Field::new(format!("{at}"), array.data_type().clone(), true);
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let is_state = state.num_columns() == 1 + self.reached.n_steps
            && state.columns()[1..].iter().all(|column| *column.data_type() == DataType::Int64);
        if !is_state {
            return Err(Error::bad_state("not the state of such a conversion"));
        }
        if state.num_rows() == 0 {
            return Ok(());
        }
        let all = Rows::All(state.num_rows());
        let items = self.items.numbers_of_state(&gather(state.column(0), &all)?)?;
        for (step, column) in state.columns()[1..].iter().enumerate() {
            if let Data::Ints(actors) = gather(column, &all)?.data {
                items.iter().zip(actors).for_each(|(&item, actors)| self.reached.add(item, step, actors));
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let reached = self.reached();
        let (mut items, last) = (reached.items(self.min_actors), reached.n_steps - 1);
        let names = self.values(&items);
        let counts = |step: usize| items.iter().map(|&item| reached.of(item)[step]).collect();
        let keys = [SortKey::new(&Values::ints(counts(0)), true), SortKey::new(&names, false)];
        let rows = order::sort(items.len(), &keys, usize::MAX);
        items = rows.iter().map(|&row| items[row as usize]).collect();
        let counts = |step: usize| Values::ints(items.iter().map(|&item| reached.of(item)[step]).collect());
        let mut values = vec![names.take(&rows)];
        values.extend((0..reached.n_steps).map(counts));
        let shares = items.iter().map(|&item| (reached.of(item)[last], reached.of(item)[0]));
        let intervals: Vec<_> = shares.clone().filter_map(|(bought, seen)| wilson(bought, seen, self.confidence)).collect();
        let floats = |floats: Vec<f64>| Values { data: Data::Floats(floats), valid: None };
        values.push(floats(shares.map(|(bought, seen)| bought as f64 / seen as f64).collect()));
        values.push(floats(intervals.iter().map(|interval| interval.0).collect()));
        values.push(floats(intervals.iter().map(|interval| interval.1).collect()));
        let columns = self.columns.iter().zip(values);
        let columns = columns.map(|((name, value_type), values)| TableColumn::exact(name, *value_type, values)).collect();
        self.choice.of(Table { columns, n_rows: rows.len() }, &[])
    }

    fn size(&self) -> usize {
        let items = self.items.ids.as_ref().map_or(0, |ids| ids.size());
        items + 8 * self.reached.actors.capacity() + self.events.capacity() * size_of::<Event>()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_attempt_may_begin_anew_but_not_end_late() {
        let at = |(time, steps): (i64, u64)| Event { item: 1, time, steps };
        for (events, window, expected) in [
            (vec![(0, 1), (5, 2), (9, 4)], 9, 3),
            (vec![(0, 1), (5, 2), (10, 4)], 9, 2),
            // The second attempt is the one that gets there.
            (vec![(0, 1), (2, 2), (4, 1), (6, 2), (13, 4)], 9, 3),
            // The first one has its second step from before the other began.
            (vec![(0, 1), (2, 2), (4, 1), (9, 4)], 9, 3),
            (vec![(0, 2), (1, 4), (2, 1)], 9, 1),
            (vec![(0, 4), (0, 2), (0, 1)], 0, 3),
            (vec![(i64::MIN, 1), (i64::MAX, 2)], u64::MAX - 1, 1),
            (vec![(i64::MIN, 1), (i64::MAX, 2)], u64::MAX, 2),
            (vec![(0, 6)], 9, 0),
        ] {
            let list: Vec<Event> = events.iter().copied().map(at).collect();
            assert_eq!(farthest(&list, 3, window), expected, "{events:?} within {window}");
        }
    }

    #[test]
    fn says_what_cannot_be_asked() {
        let confidence = "\"confidence\" must be a share above 0 and below 1, such as 0.95, found";
        for (key, value, expected) in [
            ("confidence", json!(1), format!("{confidence} 1")),
            ("confidence", json!("95%"), format!("{confidence} \"95%\"")),
            ("steps", json!([{}]), "a conversion has 2 to 32 \"steps\", found 1".to_owned()),
            ("steps", json!(vec![json!({}); 33]), "a conversion has 2 to 32 \"steps\", found 33".to_owned()),
            ("min_actor", json!(1), "unknown key \"min_actor\" in the query; did you mean \"min_actors\"?".to_owned()),
        ] {
            let mut query = json!({"kind": "conversion", "steps": [{}, {}]});
            query[key] = value;
            assert_eq!(Conversion::parse(&query).unwrap_err().to_string(), expected);
        }
    }
}
