//! Conversion in SQL: a step for each step of the way, that joins the attempts with the events that may follow.

use super::Conversion;
use crate::Result;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::named;
use crate::analysis::sql::{Steps, float, time_units, to_float};
use crate::event::{Role, Schema};
use crate::kernel::statistics::normal_quantile;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

impl Conversion {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let plan = self.columns.plan(schema)?;
        let item = &schema.columns()[named::column(self.by.as_deref(), "by", Role::Item, schema)?];
        let columns = self.answer(&item.name, ValueType::Of(item.column_type));
        named::unique(columns.iter().map(|(name, _)| name.as_str()))?;
        let lookup = columns_of(schema);
        let condition = |list: &[_]| Filter::parse(list, &lookup)?.sql_in("e", schema, dialect);
        let column = |at: usize| format!("e.{}", dialect.ident(&schema.columns()[at].name));
        let (actor, time, item_name) = (column(plan.actor), column(plan.time), dialect.ident(&item.name));
        let units = time_units(&time, plan.unit, dialect)?;

        let mut steps = Steps::default();
        let is_step = |(at, step): (usize, &Vec<_>)| Ok(format!(",\n  {} AS is_step_{}", condition(step)?, at + 1));
        let marks = self.steps.iter().enumerate().map(is_step).collect::<Result<String>>()?;
        let mut known = vec![actor.clone(), time, format!("e.{item_name}")];
        known.iter_mut().for_each(|column| *column += " IS NOT NULL");
        if !self.filter.is_empty() {
            known.push(condition(&self.filter)?);
        }
        let known = known.join(" AND ");
        steps.add(
            "marked",
            &format!("SELECT {actor} AS who, e.{item_name} AS what, {units} AS moment{marks}\nFROM events AS e\nWHERE {known}"),
        );
        steps.add("attempts_1", "SELECT DISTINCT who, what, moment AS begun, moment AS reached\nFROM marked\nWHERE is_step_1");
        let window = self.within.map(|seconds| i128::from(seconds) * i128::from(plan.unit.per_second()));
        let in_time = window.map_or_else(String::new, |window| format!(" AND m.moment <= a.begun + {window}"));
        for step in 2..=self.steps.len() {
            let before = step - 1;
            let follows = format!("m.is_step_{step} AND m.moment >= a.reached{in_time}");
            steps.add(
                &format!("attempts_{step}"),
                &format!(
                    "SELECT a.who, a.what, a.begun, min(m.moment) AS reached\nFROM attempts_{before} AS a\n\
                     JOIN marked AS m ON m.who = a.who AND m.what = a.what\nWHERE {follows}\nGROUP BY a.who, a.what, a.begun"
                ),
            );
        }
        let reached = |step: usize| format!("SELECT who, what, {step} AS step FROM attempts_{step}");
        let all: Vec<String> = (1..=self.steps.len()).map(reached).collect();
        steps.add(
            "farthest",
            &format!(
                "SELECT who, what, max(step) AS steps\nFROM (\n  {}\n) AS r\nGROUP BY who, what",
                all.join("\n  UNION ALL\n  ")
            ),
        );
        let n_steps = self.steps.len();
        let count = |step: usize| format!("sum(CASE WHEN steps >= {step} THEN 1 ELSE 0 END)");
        let integer = |sum: String| match dialect {
            Dialect::ClickHouse => format!("toInt64({sum})"),
            Dialect::DuckDb | Dialect::Spark => format!("CAST({sum} AS BIGINT)"),
        };
        let counts: Vec<String> = (1..=n_steps).map(|step| format!("{} AS actors_{step}", integer(count(step)))).collect();
        let min_actors = self.min_actors;
        steps.add(
            "counted",
            &format!("SELECT what, {}\nFROM farthest\nGROUP BY what\nHAVING {} >= {min_actors}", counts.join(", "), count(1)),
        );
        let z = normal_quantile(0.5 + self.confidence / 2.0);
        let (half, quarter, square) = (float(z * z / 2.0, dialect)?, float(z * z / 4.0, dialect)?, float(z * z, dialect)?);
        let (k, n, z) = (to_float(&format!("actors_{n_steps}"), dialect), to_float("actors_1", dialect), float(z, dialect)?);
        steps.add("shares", &format!("SELECT *, {k} AS k, {n} AS n\nFROM counted"));
        steps.add("ends", &format!("SELECT *, k + {half} + {z} * sqrt(k * (n - k) / n + {quarter}) AS above\nFROM shares"));
        let names: Vec<String> = (1..=n_steps).map(|step| format!("actors_{step}")).collect();
        steps.add(
            "told",
            &format!(
                "SELECT what AS {item_name}, {}, k / n AS rate,\n  CASE WHEN k = 0 THEN 0e0 ELSE k / n * k / above END AS low,\n  \
                 CASE WHEN k = n THEN 1e0 ELSE above / (n + {square}) END AS high,\n  \
                 row_number() OVER (ORDER BY actors_1 DESC, what) AS told_order\nFROM ends",
                names.join(", "),
            ),
        );
        Ok(steps.statement(&self.choice.sql("told", &columns, &["told_order"], dialect)?))
    }
}
