//! Intervals in SQL: the purchases of each actor, numbered, with the time to the next.

use super::{Intervals, columns};
use crate::Result;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::sql::{Steps, quantile, seconds_between, to_float};
use crate::event::Schema;
use crate::sql::Dialect;

impl Intervals {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let (plan, order) = (self.columns.plan(schema)?, self.order(schema)?);
        let column = |at: usize| format!("e.{}", dialect.ident(&schema.columns()[at].name));
        let (actor, time) = (column(plan.actor), column(plan.time));
        let mut conditions = vec![format!("{actor} IS NOT NULL AND {time} IS NOT NULL")];
        for list in [&self.filter, &self.event].into_iter().filter(|list| !list.is_empty()) {
            conditions.push(Filter::parse(list, &columns_of(schema))?.sql_in("e", schema, dialect)?);
        }
        let order_id = order.map_or_else(String::new, |order| format!(", {} AS order_id", column(order)));
        let bought = format!(
            "SELECT {actor} AS actor, {time} AS bought_at{order_id}\nFROM events AS e\nWHERE {}",
            conditions.join(" AND ")
        );
        let mut steps = Steps::default();
        steps.add("bought", &bought);
        let of_times = "SELECT DISTINCT actor, bought_at\nFROM bought";
        let purchases = match order {
            Some(_) => format!(
                "SELECT actor, min(bought_at) AS bought_at\nFROM bought\nWHERE order_id IS NOT NULL\nGROUP BY actor, \
                 order_id\nUNION ALL {of_times}\nWHERE order_id IS NULL"
            ),
            None => of_times.to_owned(),
        };
        steps.add("purchases", &purchases);
        let of_actor = "OVER (PARTITION BY actor ORDER BY bought_at)";
        let next = match dialect {
            Dialect::DuckDb | Dialect::Spark => format!("lead(bought_at) {of_actor}"),
            // Its `lead` gives 1970 behind the last row.
            Dialect::ClickHouse => "leadInFrame(toNullable(bought_at)) OVER (PARTITION BY actor ORDER BY bought_at ROWS BETWEEN \
                                    UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
                .to_owned(),
        };
        let numbered = format!("SELECT actor, bought_at, row_number() {of_actor} AS nth, {next} AS next_at\nFROM purchases");
        steps.add("numbered", &numbered);
        let seconds = seconds_between("bought_at", "next_at", plan.unit, dialect)?;
        let told = format!("SELECT actor, bought_at, nth, {seconds} AS seconds\nFROM numbered\nWHERE nth <= {}", self.most);
        steps.add("told", &told);
        if let Some(choice) = &self.each {
            let columns = columns(schema, plan);
            let name = dialect.ident(&columns[0].0);
            let named = format!("SELECT actor AS {name}, nth, bought_at AS {}, seconds\nFROM told", dialect.ident("at"));
            steps.add("named", &named);
            let last = choice.sql("named", &columns, &[columns[0].0.as_str(), "nth"], dialect)?;
            return Ok(steps.statement(&last));
        }
        let (again, actors) = ("count(seconds)", "count(*)");
        let last = format!(
            "SELECT\n  nth,\n  {actors} AS actors,\n  {again} AS again,\n  {} / {actors} AS rate,\n  {} AS median_seconds,\n  \
             {} AS p90_seconds\nFROM told\nGROUP BY nth\nORDER BY nth",
            to_float(again, dialect),
            quantile(0.5, "seconds", dialect),
            quantile(0.9, "seconds", dialect)
        );
        Ok(steps.statement(&last))
    }
}
