//! The question in SQL, which knows no order of the data: only where rows of one actor and time may come in any.

use super::found::What;
use super::{Asked, Sessions};
use crate::Result;
use crate::analysis::Zones;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::sql::{Steps, bucket, count_distinct, quantile, time_units, to_float, unsupported};
use crate::event::{Column, ColumnType, Schema};
use crate::kernel::bucket::Every;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

impl Sessions {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, zones: &Zones, dialect: Dialect) -> Result<String> {
        let columns = self.table(schema)?;
        let actor = self.columns.plan(schema)?.actor;
        let has_own = self.own(schema)?.is_some();
        let depends = |what: &What| match what {
            What::Entry | What::Exit => true,
            What::First(at) => *at != actor,
            What::Session => has_own,
            _ => false,
        };
        let is_shown = !matches!(self.asked, Asked::Summary);
        if !self.split_on.is_empty() || is_shown && columns.iter().any(|(_, what)| depends(what)) {
            return Err(unsupported("an answer that depends on the order of the data's rows", dialect));
        }
        let mut steps = Steps::default();
        steps.add("taking_part", &self.taking_part(schema, dialect)?);
        steps.add("opening", &self.opening(schema, dialect)?);
        let stretch = "sum(opens) OVER (PARTITION BY actor, is_own ORDER BY units) AS stretch";
        steps.add("numbered", &format!("SELECT *, {stretch}\nFROM opening"));
        steps.add("lasting", LASTING);
        match &self.asked {
            Asked::Summary => Ok(steps.statement(&self.summary(schema, dialect)?)),
            Asked::Aggregate(aggregate, _) => {
                steps.add("sessions", &Self::sessions(&columns, dialect)?);
                let table = Schema::new(columns.into_iter().map(|(column, _)| column).collect());
                aggregate.sql_of("sessions", steps, &table, zones, dialect)
            }
            Asked::Each(choice) => {
                steps.add("sessions", &Self::sessions(&columns, dialect)?);
                let columns: Vec<(String, ValueType)> =
                    columns.into_iter().map(|(column, _)| (column.name, ValueType::Of(column.column_type))).collect();
                let ties = [columns[0].0.as_str(), columns[1].0.as_str()];
                Ok(steps.statement(&choice.sql("sessions", &columns, &ties, dialect)?))
            }
        }
    }

    fn taking_part(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let plan = self.columns.plan(schema)?;
        let column = |at: usize| format!("e.{}", dialect.ident(&schema.columns()[at].name));
        let (actor, time) = (column(plan.actor), column(plan.time));
        let own = self.own(schema)?.map_or_else(|| "0".to_owned(), column);
        let is_own = self.own(schema)?.map_or_else(|| "0".to_owned(), |_| format!("CASE WHEN {own} IS NULL THEN 0 ELSE 1 END"));
        let day = match self.midnight {
            true => bucket(&time, Every::Days(1), self.timezone.as_deref(), plan.unit, dialect)?,
            false => "0".to_owned(),
        };
        let lookup = columns_of(schema);
        let conversion = Filter::parse(self.conversion.as_deref().unwrap_or_default(), &lookup)?;
        let converts = if self.conversion.is_some() && !conversion.passes_all() {
            format!("CASE WHEN {} THEN 1 ELSE 0 END", conversion.sql_in("e", schema, dialect)?)
        } else {
            "1".to_owned()
        };
        let filter = Filter::parse(&self.filter, &lookup)?;
        let filter = if filter.passes_all() { String::new() } else { format!(" AND {}", filter.sql_in("e", schema, dialect)?) };
        Ok(format!(
            "SELECT {actor} AS actor, {time} AS happened, {} AS units, {own} AS own, {is_own} AS is_own, {day} AS day_of, \
             {converts} AS converts\nFROM events AS e\nWHERE {actor} IS NOT NULL AND {time} IS NOT NULL{filter}",
            time_units(&time, plan.unit, dialect)?
        ))
    }

    /// Whether each event opens a session by the time since the one before.
    fn opening(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let gap = (self.gap as u64).saturating_mul(self.columns.plan(schema)?.unit.per_second() as u64);
        let before = |column: &str| {
            let column = if dialect == Dialect::ClickHouse { format!("toNullable({column})") } else { column.to_owned() };
            format!("lag({column}, 1) OVER (PARTITION BY actor, is_own ORDER BY units)")
        };
        let day = if self.midnight { format!("\n  WHEN day_of <> {} THEN 1", before("day_of")) } else { String::new() };
        Ok(format!(
            "SELECT *, CASE\n  WHEN is_own = 1 THEN 0\n  WHEN {} IS NULL THEN 1\n  WHEN units - {} > {gap} THEN 1{day}\n  \
             ELSE 0 END AS opens\nFROM taking_part",
            before("units"),
            before("units")
        ))
    }

    /// The table of sessions.
    fn sessions(columns: &[(Column, What)], dialect: Dialect) -> Result<String> {
        let shown = columns.iter().map(|(column, what)| {
            let sql = match what {
                What::Session => "row_number() OVER (PARTITION BY l.actor ORDER BY l.first_at)".to_owned(),
                What::Started => "l.first_at".to_owned(),
                What::Ended => "l.last_at".to_owned(),
                What::Seconds if column.column_type == ColumnType::Int => "l.lasts".to_owned(),
                What::Seconds => return Err(unsupported("seconds as a decimal", dialect)),
                What::Events => "l.n_events".to_owned(),
                What::Bounced => "l.is_bounced".to_owned(),
                What::Converted => "l.is_converted".to_owned(),
                What::Entry | What::Exit | What::First(_) => "l.actor".to_owned(),
            };
            Ok(format!("{sql} AS {}", dialect.ident(&column.name)))
        });
        let shown: Vec<String> = shown.collect::<Result<_>>()?;
        Ok(format!("SELECT {}\nFROM lasting AS l", shown.join(", ")))
    }

    fn summary(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let per_second = self.columns.plan(schema)?.unit.per_second();
        let mean = |of: &str| format!("{} / nullif(count(*), 0)", to_float(&format!("sum({of})"), dialect));
        let seconds = format!("{} / {:e}", to_float("lasts", dialect), per_second as f64);
        let mut shown = vec![
            "count(*) AS sessions".to_owned(),
            format!("{} AS actors", count_distinct("actor", dialect)),
            format!("{} AS bounce_rate", mean("is_bounced")),
            format!("{} AS events_per_session", mean("n_events")),
            format!("{} AS median_seconds", quantile(0.5, &seconds, dialect)),
            format!("{} AS p90_seconds", quantile(0.9, &seconds, dialect)),
        ];
        if self.conversion.is_some() {
            shown.push(format!("{} AS conversion_rate", mean("is_converted")));
        }
        Ok(format!("SELECT\n  {}\nFROM lasting", shown.join(",\n  ")))
    }
}

/// A row for each session.
const LASTING: &str = "SELECT actor, min(happened) AS first_at, max(happened) AS last_at, max(units) - min(units) AS lasts,
  count(*) AS n_events, CASE WHEN count(*) = 1 THEN 1 ELSE 0 END AS is_bounced, max(converts) AS is_converted
FROM numbered
GROUP BY actor, is_own, own, stretch";
