//! Sequences: whose events follow a pattern, and how often?
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: how many actors, how many that match,
//! and all matches; or a row for each actor. Whole actors make it add up.

mod matcher;
mod pattern;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use matcher::Matcher;
use pattern::Pattern;
use serde_json::Value;

use super::actors::{ActorColumns, ActorReader};
use super::filter::columns_of;
use super::list::{Choice, List};
use super::marks::{Marks, TAKES_PART, conditions};
use super::spec::Spec;
use super::table::{Table, TableColumn};
use super::{Question, Zones};
use crate::event::{ColumnType, Schema};
use crate::fold::Fold;
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// Named events that a question may have, as ClickHouse's conditions.
const MOST_EVENTS: usize = 32;

const INT: ValueType = ValueType::Of(ColumnType::Int);

/// The question `{"kind": "sequence", …}`.
///
/// `events` names conditions, and `pattern` says in which order an actor's events must fulfil them. An event that fulfils
/// none of them is as if it were not there; one that fulfils several may be any of them. Events of one time are in the
/// order of the data. `where` is applied before. Rows without an actor or a time take part in nothing.
///
/// In a pattern,
///
/// * `view cart` means that a cart is the very next event after a view. Commas and the word `then` may stand anywhere between,
///   and mean nothing more: `view, then cart` is the same;
/// * `view ... cart`: any of the named events may lie between;
/// * `view (within 1h) cart`: the same, and the cart comes an hour later at most; `(after 1h)`: an hour later at least. The
///   time is from the event before to the one behind, in s, m, h, d or w;
/// * `not buy` at the end: no buy comes after the last event; `(within 1d) not buy`: none comes in the day after it, the day's end
///   included.
///
/// A pattern that begins with `(?` is read as ClickHouse's `sequenceMatch` reads it
/// (<https://clickhouse.com/docs/sql-reference/aggregate-functions/parametric-functions#sequencematch>), with the
/// conditions numbered in the order of `events`: `(?1)`, `.` for any named event, `.*` for any number of them, and
/// `(?t<=3600)` with `<`, `<=`, `==`, `>=` or `>` for the seconds between two events, with any events between. Between two
/// events stands one `.*` or one time at most.
///
/// A match ends as early as it can, and the next one begins behind it, as ClickHouse's `sequenceCount` counts. One that
/// must not be followed by an event, but is, is no match; the events before it may still be part of a later one.
///
/// Answer: one row: `actors` (that have any of the events), `matched` (that have a match), `rate` (their share, null where
/// there is nobody), and `matches` (all of them). With `"each": "actor"` one row for each of the actors: its column, and
/// `matches`, which may be 0. `having`, `order_by` and `limit` choose among the answer's rows.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,ts\n7,view,2024-03-10 10:00\n7,cart,2024-03-10 10:30\n8,view,2024-03-10 11:00\n")?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "sequence", "events": {"view": {"action": "view"}, "cart": {"action": "cart"}, "buy": {"action": "buy"}},
///         "pattern": "view (within 1h) cart, then not buy"}"#,
/// ).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "actors,matched,rate,matches\n2,1,0.5,1\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequence {
    columns: ActorColumns,
    filter: Vec<Value>,
    events: Vec<Vec<Value>>,
    pattern: Pattern,
    is_of_each: bool,
    choice: Choice,
}

impl Sequence {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let events = spec.need("events")?.as_object().filter(|events| (1..=MOST_EVENTS).contains(&events.len()));
        let events = events.ok_or_else(|| {
            let sentence = format!("\"events\" must be an object of 1 to {MOST_EVENTS} names with their conditions");
            Error::bad_query(sentence).at_column("events")
        })?;
        let names: Vec<&str> = events.keys().map(String::as_str).collect();
        let is_word = |name: &str| {
            let is_of_words = |c: char| c.is_alphanumeric() || "_-.:/".contains(c);
            !name.is_empty() && name.chars().all(is_of_words) && !["then", "not", "..."].contains(&name)
        };
        if let Some(name) = names.iter().find(|name| !is_word(name)) {
            let sentence = format!("an event's name must be a word that a pattern can tell, found {name:?}");
            return Err(Error::bad_query(sentence).at_column("events"));
        }
        spec.need("pattern")?;
        let pattern = Pattern::parse(spec.text("pattern")?.unwrap_or_default(), &names)?;
        let each = spec.one_of("each", &["actor"])?;
        let sequence = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            events: events.values().map(conditions).collect(),
            pattern,
            is_of_each: each.is_some(),
            choice: Choice::parse(&mut spec)?,
        };
        spec.finish()?;
        Ok(sequence)
    }
}

impl Question for Sequence {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, _zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, &self.events, &columns_of(schema))?;
        let actor = &schema.columns()[plan.actor];
        let columns: Vec<(String, ValueType)> = if self.is_of_each {
            vec![(actor.name.clone(), ValueType::Of(actor.column_type)), ("matches".to_owned(), INT)]
        } else {
            SUMMARY.iter().map(|(name, value_type)| ((*name).to_owned(), *value_type)).collect()
        };
        if columns.len() == 2 && columns[0].0 == columns[1].0 {
            return Err(Error::bad_query("two columns of the answer are called \"matches\"").at_column("matches"));
        }
        self.choice.check(&columns)?;
        Ok(Box::new(SequenceFold {
            reader: ActorReader::new(plan, marks),
            matcher: Matcher::new(self.pattern.clone(), plan.unit.per_second()),
            actor: plan.actor,
            kept: Kept::default(),
            totals: Totals::default(),
            list: self.is_of_each.then(|| List::new(columns.clone())),
            columns,
            choice: self.choice.clone(),
        }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }
}

const SUMMARY: [(&str, ValueType); 4] = [("actors", INT), ("matched", INT), ("rate", ValueType::Float), ("matches", INT)];

struct SequenceFold {
    reader: ActorReader,
    matcher: Matcher,
    /// The column of the actors.
    actor: usize,
    kept: Kept,
    totals: Totals,
    /// The actors and their matches, where each is asked for.
    list: Option<List>,
    columns: Vec<(String, ValueType)>,
    choice: Choice,
}

/// The events of the actor that may go on, and who it is.
#[derive(Debug, Default)]
struct Kept {
    actor: Option<Values>,
    times: Vec<i64>,
    marks: Vec<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    actors: i64,
    matched: i64,
    matches: i64,
}

impl Kept {
    /// Takes in those rows that are events. Tells the first of them.
    fn extend(&mut self, times: &[i64], marks: &[u64], rows: Range<usize>) -> Result<Option<usize>> {
        let mut first = None;
        for row in rows.filter(|&row| marks[row] & !TAKES_PART != 0) {
            if self.times.last().is_some_and(|last| times[row] < *last) {
                return Err(Error::bad_state("an actor's rows are not in the order of time"));
            }
            first = first.or(Some(row));
            self.times.push(times[row]);
            self.marks.push(marks[row]);
        }
        Ok(first)
    }
}

impl Totals {
    fn add(&mut self, matches: i64) {
        self.actors += 1;
        self.matched += i64::from(matches > 0);
        self.matches += matches;
    }
}

impl SequenceFold {
    /// The matches of the actor that may go on, if it has any events.
    fn last(&self) -> Option<i64> {
        (!self.kept.times.is_empty()).then(|| self.matcher.clone().count(&self.kept.times, &self.kept.marks))
    }

    fn totals(&self) -> Totals {
        let mut totals = self.totals;
        self.last().into_iter().for_each(|matches| totals.add(matches));
        totals
    }

    /// The rows of all actors, the last one too.
    fn whole(&self, list: &List) -> Result<List> {
        let mut whole = List::new(self.columns.iter().cloned());
        whole.merge(&list.state()?)?;
        if let (Some(matches), Some(actor)) = (self.last(), &self.kept.actor) {
            whole.push(&[actor.clone(), Values::ints(vec![matches])])?;
        }
        Ok(whole)
    }
}

impl Fold for SequenceFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let actors = match &self.list {
            Some(_) => Some(gather(batch.column(self.actor), &Rows::All(batch.num_rows()))?),
            None => None,
        };
        let (mut found, mut counts) = (vec![], vec![]);
        for (range, goes_on) in rows.ranges() {
            let is_new = self.kept.times.is_empty();
            let first = self.kept.extend(rows.instants(), &rows.marks, range)?;
            if let (true, Some(first), Some(actors)) = (is_new, first, &actors) {
                self.kept.actor = Some(actors.take(&[first as u32]));
            }
            if goes_on || self.kept.times.is_empty() {
                continue;
            }
            let matches = self.matcher.count(&self.kept.times, &self.kept.marks);
            self.totals.add(matches);
            match (&mut self.list, is_new, first) {
                (Some(_), true, Some(first)) => {
                    found.push(first as u32);
                    counts.push(matches);
                }
                (Some(list), ..) => {
                    let actor = self.kept.actor.take().ok_or_else(|| Error::bad_state("an actor has no first row"))?;
                    list.push(&[actor, Values::ints(vec![matches])])?;
                }
                _ => {}
            }
            self.kept.times.clear();
            self.kept.marks.clear();
        }
        if let (Some(list), Some(actors), false) = (&mut self.list, actors, found.is_empty()) {
            list.push(&[actors.take(&found), Values::ints(counts)])?;
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        if let Some(list) = &self.list {
            return self.whole(list)?.state();
        }
        let totals = self.totals();
        let values = [totals.actors, totals.matched, totals.matches];
        let arrays = values.map(|value| Arc::new(Int64Array::from(vec![value])) as ArrayRef);
        let fields = ["actors", "matched", "matches"].map(|name| Field::new(name, DataType::Int64, true));
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields.to_vec())), arrays.to_vec())?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        if let Some(list) = &mut self.list {
            return list.merge(state);
        }
        let all = Rows::All(state.num_rows());
        let columns = state.columns().iter().map(|column| gather(column, &all)).collect::<Result<Vec<_>>>()?;
        let ints = |values: &Values| if let Data::Ints(ints) = &values.data { ints.first().copied() } else { None };
        let values: Vec<i64> = columns.iter().filter_map(ints).collect();
        let [actors, matched, matches] = values[..] else {
            return Err(Error::bad_state("not the state of a sequence"));
        };
        self.totals.actors += actors;
        self.totals.matched += matched;
        self.totals.matches += matches;
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        if let Some(list) = &self.list {
            return self.choice.of(self.whole(list)?.table(), &[&self.columns[0].0]);
        }
        let Totals { actors, matched, matches } = self.totals();
        let rate = if actors > 0 { matched as f64 / actors as f64 } else { 0.0 };
        let values = [
            Values::ints(vec![actors]),
            Values::ints(vec![matched]),
            Values { data: Data::Floats(vec![rate]), valid: Some(vec![actors > 0]) },
            Values::ints(vec![matches]),
        ];
        let columns = SUMMARY.iter().zip(values).map(|((name, of), values)| TableColumn::exact(name, *of, values));
        self.choice.of(Table { columns: columns.collect(), n_rows: 1 }, &["actors"])
    }

    fn size(&self) -> usize {
        16 * self.kept.times.capacity() + self.list.as_ref().map_or(0, List::size)
    }
}
