//! A funnel as SQL, where the order of the data does not matter: with all events allowed between two steps.

use super::{Funnel, Mode};
use crate::Result;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::sql::{self, Steps, unsupported};
use crate::event::{Schema, TimeUnit};
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

impl Funnel {
    pub(super) fn statement(&self, schema: &Schema, columns: &[(String, ValueType)], dialect: Dialect) -> Result<String> {
        let is_increasing = self.mode == Mode::StrictIncrease;
        if !is_increasing && self.mode != Mode::Default {
            return Err(unsupported("a funnel of this mode", dialect));
        }
        if !self.exclude.is_empty() {
            return Err(unsupported("a funnel that excludes actors", dialect));
        }
        if self.split_by.is_some() {
            return Err(unsupported("the first value in the order of the data", dialect));
        }
        let unit = self.columns.plan(schema)?.unit;
        let (n_steps, keys) = (self.steps.len(), if self.per.is_some() { "actor, pair" } else { "actor" });
        let mut steps = Steps::default();
        steps.add("moments", &self.moments(schema, dialect)?);
        steps.add("nexts", &nexts(n_steps, keys));
        let reached = reached(n_steps, self.within, unit, dialect)?;
        for (name, next) in [("attempts", if is_increasing { "later" } else { "next" }), ("later_attempts", "later")] {
            steps.add(name, &attempts(n_steps, keys, next));
        }
        steps.add("levels", &format!("SELECT *, {reached} AS reached\nFROM attempts"));
        steps.add("later_levels", &format!("SELECT {keys}, max({reached}) AS later\nFROM later_attempts\nGROUP BY {keys}"));
        let place = format!("row_number() OVER (PARTITION BY {keys} ORDER BY reached DESC, at_1)");
        steps.add("places", &format!("SELECT *, {place} AS place\nFROM levels"));
        let farthest = format!("SELECT *\nFROM places\nJOIN later_levels USING ({keys})\nWHERE place = 1");
        steps.add("farthest", &farthest);
        if self.is_of_each {
            steps.add("each", &each(columns, n_steps, unit, dialect)?);
            let ties: Vec<&str> = columns[..columns.len() - 3].iter().map(|(name, _)| name.as_str()).collect();
            return Ok(steps.statement(&self.choice.sql("each", columns, &ties, dialect)?));
        }
        steps.add("counts", &counts(n_steps, unit, dialect)?);
        let share = |of: &str| format!("{} / nullif({of}, 0)", sql::to_float("actors", dialect));
        let first = share("max(actors) OVER ()");
        let previous = share("max(actors) OVER (ORDER BY step ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)");
        let answer = format!(
            "SELECT step, actors, {first} AS rate, {previous} AS rate_from_previous, median_seconds, p90_seconds, tied\nFROM counts"
        );
        steps.add("rates", &answer);
        Ok(steps.statement(&self.choice.sql("rates", columns, &["step"], dialect)?))
    }

    /// The times at which an actor, or a pair, has events, and whether they are of each step.
    fn moments(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let plan = self.columns.plan(schema)?;
        let of = |at: usize| format!("events.{}", dialect.ident(&schema.columns()[at].name));
        let lookup = columns_of(schema);
        let mut keys = vec![(of(plan.actor), "actor")];
        if let Some(key) = self.per(schema)? {
            keys.push((of(schema.index_of(&key.name)?), "pair"));
        }
        keys.push((of(plan.time), "moment"));
        let mut selected: Vec<String> = keys.iter().map(|(column, name)| format!("{column} AS {name}")).collect();
        for (at, step) in self.steps.iter().enumerate() {
            let condition = Filter::parse(step, &lookup)?.sql_in("events", schema, dialect)?;
            selected.push(format!("max(CASE WHEN {condition} THEN 1 ELSE 0 END) AS step_{}", at + 1));
        }
        let mut conditions: Vec<String> = keys.iter().map(|(column, _)| format!("{column} IS NOT NULL")).collect();
        let filter = Filter::parse(&self.filter, &lookup)?;
        if !filter.passes_all() {
            conditions.push(format!("({})", filter.sql_in("events", schema, dialect)?));
        }
        let groups: Vec<&str> = keys.iter().map(|(column, _)| column.as_str()).collect();
        let (selected, conditions) = (selected.join(",\n  "), conditions.join(" AND "));
        Ok(format!("SELECT {selected}\nFROM events\nWHERE {conditions}\nGROUP BY {}", groups.join(", ")))
    }
}

/// Of each moment the next one of each step, it itself counted or not.
fn nexts(n_steps: usize, keys: &str) -> String {
    let next = |step: usize| {
        let over = |from: &str| format!("OVER (PARTITION BY {keys} ORDER BY moment ROWS BETWEEN {from} AND UNBOUNDED FOLLOWING)");
        let moment = format!("min(CASE WHEN step_{step} = 1 THEN moment END)");
        let (now, later) = (over("CURRENT ROW"), over("1 FOLLOWING"));
        format!(",\n  {moment} {now} AS next_{step},\n  {moment} {later} AS later_{step}")
    };
    format!("SELECT {keys}, moment, step_1{}\nFROM moments", (2..=n_steps).map(next).collect::<String>())
}

/// Every attempt, and when it reaches each step.
fn attempts(n_steps: usize, keys: &str, next: &str) -> String {
    let own: Vec<String> = keys.split(", ").map(|key| format!("nexts_1.{key} AS {key}")).collect();
    let mut select = format!("SELECT {}, nexts_1.moment AS at_1", own.join(", "));
    let mut from = String::from("FROM nexts AS nexts_1");
    for step in 2..=n_steps {
        let before = step - 1;
        select += &format!(", nexts_{before}.{next}_{step} AS at_{step}");
        if step < n_steps {
            let same = keys.split(", ").map(|key| format!("nexts_{step}.{key} = nexts_1.{key} AND "));
            let same: String = same.collect();
            from += &format!("\nLEFT JOIN nexts AS nexts_{step} ON {same}nexts_{step}.moment = nexts_{before}.{next}_{step}");
        }
    }
    format!("{select}\n{from}\nWHERE nexts_1.step_1 = 1")
}

/// How many steps an attempt reaches in time.
fn reached(n_steps: usize, within: Option<i64>, unit: TimeUnit, dialect: Dialect) -> Result<String> {
    let mut sum = String::from("1");
    for step in 2..=n_steps {
        let condition = match within {
            Some(seconds) => {
                let time = |at: usize| sql::time_units(&format!("at_{at}"), unit, dialect);
                let window = i128::from(seconds) * i128::from(unit.per_second());
                format!("{} - {} <= {window}", time(step)?, time(1)?)
            }
            None => format!("at_{step} IS NOT NULL"),
        };
        sum += &format!(" + CASE WHEN {condition} THEN 1 ELSE 0 END");
    }
    Ok(sum)
}

fn counts(n_steps: usize, unit: TimeUnit, dialect: Dialect) -> Result<String> {
    let count = |step: usize| -> Result<String> {
        let seconds = sql::seconds_between("at_1", &format!("at_{step}"), unit, dialect)?;
        // To the first step there is none.
        let seconds = format!("CASE WHEN {step} > 1 AND reached >= {step} THEN {seconds} END");
        let actors = format!("count(CASE WHEN reached >= {step} THEN 1 END)");
        let tied = format!("count(CASE WHEN reached >= {step} AND later < {step} THEN 1 END)");
        let [median, p90] = [0.5, 0.9].map(|q| sql::quantile(q, &seconds, dialect));
        Ok(format!(
            "SELECT {step} AS step, {actors} AS actors, {median} AS median_seconds, {p90} AS p90_seconds, {tied} AS tied\nFROM farthest"
        ))
    };
    Ok((1..=n_steps).map(count).collect::<Result<Vec<_>>>()?.join("\nUNION ALL\n"))
}

fn each(columns: &[(String, ValueType)], n_steps: usize, unit: TimeUnit, dialect: Dialect) -> Result<String> {
    let keys = columns[..columns.len() - 3].iter().zip(["actor", "pair"]);
    let keys: Vec<String> = keys.map(|((name, _), key)| format!("{key} AS {}", dialect.ident(name))).collect();
    let lasted = (1..=n_steps).map(|step| {
        let seconds = sql::seconds_between("at_1", &format!("at_{step}"), unit, dialect)?;
        Ok(format!(" WHEN {step} > 1 AND reached = {step} THEN {seconds}"))
    });
    let lasted: String = lasted.collect::<Result<_>>()?;
    Ok(format!("SELECT {}, reached, at_1 AS started, CASE{lasted} END AS seconds\nFROM farthest", keys.join(", ")))
}
