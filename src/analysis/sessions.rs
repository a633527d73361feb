//! Sessions: what an actor does without a long pause, counted, measured, and listed.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: that of an aggregate of the
//! sessions, of a list of them, or their counts and durations. Whole actors make it add up.

mod answer;
mod found;
mod split;
mod sql;
mod summary;

use std::collections::BTreeSet;

use answer::{Answer, Answers};
use arrow_array::RecordBatch;
use found::{Carried, Found, What, seconds_type};
use serde_json::{Map, Value};
use split::Splitter;

use super::actors::{ActorColumns, ActorReader, length};
use super::aggregate::Aggregate;
use super::filter::columns_of;
use super::key::Key;
use super::list::Choice;
use super::marks::{Marks, conditions};
use super::spec::Spec;
use super::{Question, Zones};
use crate::event::{Column, ColumnType, Role, Schema, TimeUnit};
use crate::fold::Fold;
use crate::kernel::bucket::{Every, Zone};
use crate::kernel::values::digits;
use crate::sql::Dialect;
use crate::{Error, Result};

/// The question `{"kind": "sessions", …}`.
///
/// An actor's events in the order of time, those of one time in the order of the data, wherever they stand in the file. A
/// session ends where the time to the actor's next event is longer than `gap` (30m; a gap of just that length does not end
/// it, as in Spark's `session_window`), where `midnight` is true and the next event is on another day (of `timezone`, by
/// default UTC), and where the next event has another value than the session so far in one of the columns `split_on`; null is
/// no other value.
///
/// The file's own sessions win: the column that `session` names, or else the one with the role. All rows of an actor with one
/// value of it are a session, whatever the gaps; those with null in it are sessions as above, as if the others were not there.
/// `"session": false` leaves the role aside. `where` is applied before. Rows without an actor or a time take part in nothing.
///
/// Answer: one row: `sessions`, `actors`, `bounce_rate` (the share of the sessions with one event), `events_per_session`,
/// `median_seconds` and `p90_seconds` (from a session's first event to its last, interpolated as `quantile`), and with
/// `conversion`, a condition or a list of them, `conversion_rate`: the share of the sessions with such an event. Null where
/// there are no sessions.
///
/// `measures`, `group_by`, `having`, `rank`, `order_by` and `limit` are those of `aggregate`, over a table that has a row for
/// each session: the actor's column, `session` (from 1, the actor's sessions in the order of their first events), `started`
/// and `ended`, `seconds` (an integer, or a decimal where times have fractions), `events`, `bounced` (1 or 0), `converted` (1
/// or 0; with `conversion`), `entry` and `exit` (the values of the column `step`, by default the one with the role action, at
/// the first and the last event), and each other column of the file: its value at the session's first event that has one.
/// Where the file has a column of such a name, the session's is meant.
///
/// With `"each": "session"` that table is the answer, without the file's other columns; `having`, `order_by` and `limit` choose
/// among its rows, ties by the actor and `session`.
///
/// SQL knows no order of the data, by which events of one time come: it says this question where nothing depends on that, so
/// without `split_on`, entries, exits, and other columns of the file.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,ts\n7,view,2024-03-10 10:00\n7,buy,2024-03-10 10:30\n7,view,2024-03-10 11:01\n")?;
/// let query: Query = serde_json::from_str(r#"{"kind": "sessions", "group_by": ["entry"], "measures": {
///     "sessions": {"fn": "count"}, "bounced": {"fn": "avg", "column": "bounced"}, "exit": {"fn": "min", "column": "exit"}
/// }}"#).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "entry,sessions,bounced,exit\nview,2,0.5,buy\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sessions {
    columns: ActorColumns,
    filter: Vec<Value>,
    /// In seconds.
    gap: i64,
    midnight: bool,
    timezone: Option<String>,
    split_on: Vec<String>,
    own: Own,
    step: Option<String>,
    conversion: Option<Vec<Value>>,
    asked: Asked,
}

/// Where the file's own sessions are.
#[derive(Clone, Debug)]
enum Own {
    WithRole,
    Column(String),
    Nowhere,
}

/// What is asked of the sessions.
#[derive(Clone, Debug)]
enum Asked {
    Summary,
    /// And the names of the columns that it reads.
    Aggregate(Box<Aggregate>, BTreeSet<String>),
    Each(Choice),
}

/// The keys that are an aggregate's.
const AGGREGATE_KEYS: [&str; 6] = ["group_by", "measures", "having", "rank", "order_by", "limit"];

/// The bit of events that convert.
const CONVERTS: u64 = 1;

/// Sessions that wait until they are aggregated or listed together.
const WAITING: usize = 1 << 16;

impl Sessions {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let sessions = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            gap: length("gap", spec.text("gap")?.unwrap_or("30m"))?,
            midnight: flag("midnight", spec.get("midnight"))?,
            timezone: spec.text("timezone")?.filter(|zone| *zone != "UTC").map(str::to_owned),
            split_on: spec.texts("split_on")?,
            own: Own::parse(spec.get("session"))?,
            step: spec.text("step")?.map(str::to_owned),
            conversion: spec.get("conversion").map(conditions),
            asked: Asked::parse(&mut spec)?,
        };
        spec.finish()?;
        Ok(sessions)
    }

    /// The columns of the table of sessions on data of that schema.
    fn table(&self, schema: &Schema) -> Result<Vec<(Column, What)>> {
        let plan = self.columns.plan(schema)?;
        let (time, unit) = (ColumnType::Time { unit: plan.unit }, plan.unit);
        let column = |name: &str, column_type: ColumnType, what: What| {
            let role = (what == What::Started).then_some(Role::Time);
            (Column { name: name.to_owned(), column_type, role }, what)
        };
        let actor = &schema.columns()[plan.actor];
        let mut columns = vec![
            column(&actor.name, actor.column_type, What::First(plan.actor)),
            column("session", ColumnType::Int, What::Session),
            column("started", time, What::Started),
            column("ended", time, What::Ended),
            column("seconds", seconds_type(digits(ColumnType::Time { unit })), What::Seconds),
            column("events", ColumnType::Int, What::Events),
            column("bounced", ColumnType::Int, What::Bounced),
        ];
        if self.conversion.is_some() {
            columns.push(column("converted", ColumnType::Int, What::Converted));
        }
        if let Some(step) = self.step(schema)? {
            let step_type = schema.columns()[step].column_type;
            columns.extend([column("entry", step_type, What::Entry), column("exit", step_type, What::Exit)]);
        }
        if let Some((twice, _)) = columns[1..].iter().find(|(column, _)| column.name == actor.name) {
            let sentence = format!("two columns of the sessions are called {:?}; rename the actor's", twice.name);
            return Err(Error::bad_query(sentence).at_column(&twice.name));
        }
        let Asked::Aggregate(_, names) = &self.asked else { return Ok(columns) };
        let others =
            schema.columns().iter().enumerate().map(|(at, other)| (Column { role: None, ..other.clone() }, What::First(at)));
        let others: Vec<_> = others.filter(|(other, _)| columns.iter().all(|(known, _)| known.name != other.name)).collect();
        columns.extend(others);
        let known = Schema::new(columns.iter().map(|(column, _)| column.clone()).collect());
        names.iter().try_for_each(|name| known.index_of(name).map(|_| ()))?;
        // Measures of the first and the last value order by the start, where they name nothing else.
        columns.retain(|(column, what)| names.contains(&column.name) || *what == What::Started);
        Ok(columns)
    }

    /// The column of entries and exits.
    fn step(&self, schema: &Schema) -> Result<Option<usize>> {
        match &self.step {
            Some(name) => schema.index_of(name).map(Some),
            None => Ok(schema.index_of_role(Role::Action)),
        }
    }

    /// The column of the file's own sessions.
    fn own(&self, schema: &Schema) -> Result<Option<usize>> {
        match &self.own {
            Own::WithRole => Ok(schema.index_of_role(Role::Session)),
            Own::Column(name) => schema.index_of(name).map(Some),
            Own::Nowhere => Ok(None),
        }
    }

    fn splitter(&self, schema: &Schema, zones: &Zones, unit: TimeUnit, time: usize) -> Result<Splitter> {
        let plain = |name: &str| Key::parse(&name.into())?.plan(schema, zones);
        let days = Key::buckets(&schema.columns()[time].name, Every::Days(1), self.timezone.as_deref());
        let days = self.midnight.then(|| days.plan(schema, zones)).transpose()?;
        let split_on = self.split_on.iter().map(|name| plain(name)).collect::<Result<_>>()?;
        let own = self.own(schema)?.map(|at| plain(&schema.columns()[at].name)).transpose()?;
        let gap = (self.gap as u64).saturating_mul(unit.per_second() as u64);
        Ok(Splitter::new(gap, days, split_on, own))
    }
}

impl Own {
    fn parse(value: Option<&Value>) -> Result<Self> {
        match value {
            None => Ok(Self::WithRole),
            Some(Value::Bool(false)) => Ok(Self::Nowhere),
            Some(Value::String(name)) => Ok(Self::Column(name.clone())),
            Some(other) => {
                Err(Error::bad_query(format!("\"session\" must be a column, or false, found {other}")).at_column("session"))
            }
        }
    }
}

impl Asked {
    fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        if spec.one_of("each", &["session"])?.is_some() {
            return Choice::parse(spec).map(Self::Each);
        }
        let asked = AGGREGATE_KEYS.iter().filter_map(|key| Some(((*key).to_owned(), spec.get(key)?.clone())));
        let mut asked: Map<String, Value> = asked.collect();
        if asked.is_empty() {
            return Ok(Self::Summary);
        }
        if !asked.contains_key("group_by") && !asked.contains_key("measures") {
            let key = asked.keys().next().map_or("", String::as_str);
            let sentence = format!("{key:?} of sessions needs \"measures\", \"group_by\" or \"each\"");
            return Err(Error::bad_query(sentence).at_column(key));
        }
        let mut names = BTreeSet::new();
        let keys = asked.get("group_by").and_then(Value::as_array).into_iter().flatten();
        names.extend(keys.filter_map(|key| key.as_str().or_else(|| key["column"].as_str())).map(str::to_owned));
        for measure in asked.get("measures").and_then(Value::as_object).into_iter().flat_map(Map::values) {
            names.extend(["column", "by"].iter().filter_map(|key| measure[key].as_str()).map(str::to_owned));
        }
        asked.insert("kind".to_owned(), "aggregate".into());
        Ok(Self::Aggregate(Box::new(Aggregate::parse(&Value::Object(asked))?), names))
    }
}

impl Question for Sessions {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn zones(&self) -> Vec<String> {
        let asked = if let Asked::Aggregate(aggregate, _) = &self.asked { aggregate.zones() } else { vec![] };
        self.timezone.iter().cloned().chain(asked).collect()
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let conversion: Vec<Vec<Value>> = self.conversion.iter().cloned().collect();
        let marks = Marks::new(&self.filter, &conversion, &columns_of(schema))?;
        let columns = self.table(schema)?;
        let step = self.step(schema)?;
        let mut carried = vec![];
        for (_, what) in columns.iter().filter(|_| !matches!(self.asked, Asked::Summary)) {
            let at = match what {
                What::First(at) => Some(*at),
                What::Entry | What::Exit => step,
                _ => None,
            };
            let key = at.map(|at| Key::parse(&schema.columns()[at].name.as_str().into())?.plan(schema, zones)).transpose()?;
            carried.extend(key.map(|key| Carried::new(*what, key)));
        }
        let answers = Answers {
            asked: self.asked.clone(),
            columns,
            zones: zones.clone(),
            unit: plan.unit,
            has_conversion: self.conversion.is_some(),
        };
        let answer = answers.begin()?;
        Ok(Box::new(SessionsFold {
            reader: ActorReader::new(plan, marks),
            splitter: self.splitter(schema, zones, plan.unit, plan.time)?,
            carried,
            found: Found::default(),
            answers,
            answer,
        }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let zones = Question::zones(self).into_iter().map(|name| (name, Zone::default())).collect();
        self.fold(schema, &zones)?;
        self.statement(schema, &zones, dialect)
    }
}

fn flag(key: &str, value: Option<&Value>) -> Result<bool> {
    let wrong = |value| Error::bad_query(format!("{key:?} in the query must be true or false, found {value}")).at_column(key);
    value.map_or(Ok(false), |value| value.as_bool().ok_or_else(|| wrong(value)))
}

struct SessionsFold {
    reader: ActorReader,
    splitter: Splitter,
    carried: Vec<Carried>,
    /// Those that the answer has not taken in yet.
    found: Found,
    answers: Answers,
    answer: Answer,
}

impl SessionsFold {
    /// What an answer says that has taken in all sessions, those too that may have more events.
    fn with_all<T>(&self, say: impl Fn(&Answer) -> Result<T>) -> Result<T> {
        if self.found.len() == 0 {
            return say(&self.answer);
        }
        let mut answer = self.answers.begin()?;
        answer.merge(&self.answer.state()?)?;
        answer.take(&self.found, self.found.len(), &self.answers, &self.carried)?;
        say(&answer)
    }
}

impl Fold for SessionsFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let split = self.splitter.split(batch, &rows, self.found.len())?;
        self.found.take(&rows, &split);
        self.found.carry(&mut self.carried, batch, &split)?;
        let n_whole = self.found.len() - self.splitter.n_open();
        if n_whole >= WAITING || matches!(self.answer, Answer::Summary(_)) {
            self.answer.take(&self.found, n_whole, &self.answers, &self.carried)?;
            self.found.forget(n_whole);
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        self.with_all(Answer::state)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.answer.merge(state)
    }

    fn finish(&self) -> Result<RecordBatch> {
        self.with_all(|answer| answer.finish(&self.answers))
    }

    fn size(&self) -> usize {
        self.answer.size() + self.found.size()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_what_sessions_cannot_be() {
        let column =
            |(name, column_type, role): (&str, ColumnType, Role)| Column { name: name.to_owned(), column_type, role: Some(role) };
        let time = ColumnType::Time { unit: TimeUnit::Second };
        let columns = [("who", ColumnType::Int, Role::Actor), ("at", time, Role::Time), ("act", ColumnType::Text, Role::Action)];
        let schema = Schema::new(columns.map(column).to_vec());
        let measures = json!({"n": {"fn": "sum", "column": "secnds"}});
        for (key, value, expected) in [
            ("gap", json!("1mo"), "\"gap\" must be a number and s, m, h, d or w, such as \"30m\" or \"24h\", found \"1mo\""),
            ("midnight", json!("yes"), "\"midnight\" in the query must be true or false, found \"yes\""),
            ("session", json!(true), "\"session\" must be a column, or false, found true"),
            ("session", json!("whoo"), "unknown column \"whoo\"; did you mean \"who\"?"),
            ("each", json!("actor"), "unknown \"each\" \"actor\"; known are session"),
            ("limit", json!(3), "\"limit\" of sessions needs \"measures\", \"group_by\" or \"each\""),
            ("measures", measures, "unknown column \"secnds\"; did you mean \"seconds\"?"),
            ("group_by", json!(["converted"]), "unknown column \"converted\"; the data has none of that name"),
        ] {
            let mut query = json!({"kind": "sessions"});
            query[key] = value;
            let error =
                Sessions::parse(&query).and_then(|sessions| sessions.fold(&schema, &Zones::new()).map(|_| ())).unwrap_err();
            assert_eq!(error.to_string(), expected, "{query}");
        }
    }
}
