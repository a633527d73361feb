//! The question in SQL: purchases, customers, their scores and segments, then the answer.

use super::customers::Amounts;
use super::scores::Ties;
use super::segments::{NAMES, cells};
use super::{Group, Rfm};
use crate::Result;
use crate::analysis::Zones;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::sql::{Steps, count_distinct, literal, mean, sum, time_units, to_float, unsupported};
use crate::event::{ColumnType, Schema, TimeUnit};
use crate::kernel::values::{ValueType, digits};
use crate::sql::Dialect;

/// Digits after the point that Spark's products keep for sure.
const SPARK_DIGITS: u32 = 6;

impl Rfm {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        if self.timezone.is_some() && !self.as_of.is_empty() {
            return Err(unsupported("a date by a zone's clock, which may show it twice,", dialect));
        }
        let plan = self.columns.plan(schema)?;
        let time_type = ColumnType::Time { unit: plan.unit };
        let dates = match self.as_of[..] {
            [] => vec![],
            _ => self.dates(&schema.columns()[plan.time].name, plan.unit, &Zones::new())?,
        };
        let dates: Vec<String> = dates.iter().map(|&at| literal(at.into(), time_type, dialect)).collect::<Result<_>>()?;
        let amounts = Amounts::plan(self.value.as_deref(), self.quantity.as_deref(), schema)?;
        if amounts.value.is_none() {
            return Err(unsupported("scores without money", dialect));
        }
        let sql = Sql { rfm: self, dialect, unit: plan.unit, money_type: amounts.column_type };
        let mut steps = Steps::default();
        steps.add("purchases", &sql.purchases(schema, &amounts)?);
        match &dates[..] {
            [before, after] => {
                sql.add_customers(&mut steps, "_before", Some(before))?;
                sql.add_customers(&mut steps, "_after", Some(after))?;
                Ok(steps.statement(&sql.moves()))
            }
            dates => {
                sql.add_customers(&mut steps, "", dates.first().map(String::as_str))?;
                match self.group {
                    Group::Actors => {
                        let shape = self.shape(schema, &plan, &amounts, vec![]);
                        let columns: Vec<(String, ValueType)> =
                            shape.columns().iter().map(|(name, value_type)| ((*name).to_owned(), *value_type)).collect();
                        let name = dialect.ident(&shape.actor);
                        let values = format!(
                            "SELECT s.actor AS {name}, {} AS recency_days, s.orders AS frequency, s.money AS monetary, s.r AS r, s.f AS f, \
                             s.m AS m, s.segment AS segment\nFROM segmented AS s",
                            sql.days("s.recency", "1")
                        );
                        steps.add("answer", &values);
                        Ok(steps.statement(&self.choice.sql("answer", &columns, &[&shape.actor], dialect)?))
                    }
                    Group::Cells => {
                        let money = sum("money", amounts.column_type, "", dialect);
                        let select = format!("SELECT r, f, count(*) AS actors, {money} AS value\nFROM segmented");
                        Ok(steps.statement(&format!("{select}\nGROUP BY r, f\nORDER BY r DESC, f DESC")))
                    }
                    Group::Bins => {
                        sql.add_bins(&mut steps);
                        Ok(steps.statement(BINS))
                    }
                    Group::Segments | Group::Moves => Ok(steps.statement(&sql.segments())),
                }
            }
        }
    }
}

/// What the steps are made of.
struct Sql<'a> {
    rfm: &'a Rfm,
    dialect: Dialect,
    unit: TimeUnit,
    money_type: ColumnType,
}

const BINS: &str = "SELECT
  CASE number WHEN 1 THEN 'recency' WHEN 2 THEN 'frequency' ELSE 'monetary' END AS score,
  bin,
  count(CASE WHEN own = bin THEN 1 END) AS actors,
  min(CASE WHEN own = bin THEN value END) AS least,
  max(CASE WHEN own = bin THEN value END) AS most,
  count(CASE WHEN own = bin AND tile <> bin THEN 1 END) AS moved
FROM scores CROSS JOIN bins
GROUP BY number, bin
ORDER BY number, bin";

impl Sql<'_> {
    fn purchases(&self, schema: &Schema, amounts: &Amounts) -> Result<String> {
        let plan = self.rfm.columns.plan(schema)?;
        let column = |at: usize| format!("e.{}", self.dialect.ident(&schema.columns()[at].name));
        let order = self.rfm.order_at(schema)?.map_or_else(|| "NULL".to_owned(), column);
        let money = match (amounts.value, amounts.quantity) {
            (None, _) => "NULL".to_owned(),
            (Some(value), None) => column(value),
            (Some(value), Some(quantity)) => {
                if self.dialect == Dialect::Spark && digits(self.money_type) > SPARK_DIGITS {
                    return Err(unsupported("a product of so many digits", self.dialect));
                }
                let factor = |at: usize| wide(&column(at), schema.columns()[at].column_type, self.dialect);
                format!("{} * {}", factor(value), factor(quantity))
            }
        };
        let mut conditions = vec![format!("{} IS NOT NULL", column(plan.actor)), format!("{} IS NOT NULL", column(plan.time))];
        for list in [&self.rfm.filter, &self.rfm.purchase] {
            let filter = Filter::parse(list, &columns_of(schema))?;
            if !filter.passes_all() {
                conditions.push(filter.sql_in("e", schema, self.dialect)?);
            }
        }
        Ok(format!(
            "SELECT {} AS actor, {} AS bought_at, {order} AS order_id, {money} AS money\nFROM events AS e\nWHERE {}",
            column(plan.actor),
            column(plan.time),
            conditions.join(" AND ")
        ))
    }

    /// The steps from purchases before a date to segments, their names ending alike.
    fn add_customers(&self, steps: &mut Steps, end: &str, date: Option<&str>) -> Result<()> {
        let (dialect, bins) = (self.dialect, self.rfm.bins);
        let orders = match dialect {
            Dialect::ClickHouse => format!("toInt64({} + countIf(order_id IS NULL))", count_distinct("order_id", dialect)),
            _ => format!("{} + count(*) - count(order_id)", count_distinct("order_id", dialect)),
        };
        let before = date.map(|date| format!("\nWHERE bought_at < {date}")).unwrap_or_default();
        let total = sum("money", self.money_type, "", dialect);
        let customers = format!(
            "SELECT p.actor AS actor, max(p.bought_at) AS last_at, {} AS orders, {} AS money\nFROM purchases AS p{before}\nGROUP BY p.actor",
            orders.replace("order_id", "p.order_id"),
            total.replace("money", "p.money")
        );
        steps.add(&format!("customers{end}"), &customers);
        let until = match date {
            Some(date) => date.to_owned(),
            None => format!("(SELECT max(last_at) FROM customers{end})"),
        };
        let recency = format!("{} - {}", time_units(&until, self.unit, dialect)?, time_units("last_at", self.unit, dialect)?);
        let score = |key: &str, name: &str| {
            let together = format!(
                "{bins} * (2 * rank() OVER (ORDER BY {key} ASC NULLS FIRST) - 2 + count(*) OVER (PARTITION BY {key})) \
                 + 2 * count(*) OVER () - 1"
            );
            let together = self.divided(&together, "2 * count(*) OVER ()");
            let tile = format!("ntile({bins}) OVER (ORDER BY {key} ASC NULLS FIRST, actor ASC)");
            format!("{together} AS {name}_together, {tile} AS {name}_tile")
        };
        let scores = [score("last_at", "r"), score("orders", "f"), score("money", "m")].join(",\n  ");
        let scored = format!("SELECT actor, orders, money, {recency} AS recency,\n  {scores}\nFROM customers{end}");
        steps.add(&format!("scored{end}"), &scored);
        let kind = if self.rfm.ties == Ties::Together { "together" } else { "tile" };
        let own = ["r", "f", "m"].map(|name| format!("{name}_{kind} AS {name}")).join(", ");
        let five = |score: &str| {
            let score = format!("{score}_{kind}");
            if bins == 5 { score } else { self.divided(&format!("5 * {score} + {}", bins - 1), &bins.to_string()) }
        };
        let mean = self.divided(&format!("{} + {} + 1", five("f"), five("m")), "2");
        let segmented = format!("SELECT *, {own},\n  10 * {} + {mean} AS cell\nFROM scored{end}", five("r"));
        steps.add(&format!("celled{end}"), &segmented);
        let names = (0..NAMES.len()).map(|at| {
            let cells: Vec<String> = cells(at).iter().map(|(r, mean)| format!("{r}{mean}")).collect();
            format!("WHEN cell IN ({}) THEN '{}'", cells.join(", "), NAMES[at])
        });
        let names = names.collect::<Vec<_>>().join("\n  ");
        steps.add(&format!("segmented{end}"), &format!("SELECT *, CASE\n  {names}\n  END AS segment\nFROM celled{end}"));
        Ok(())
    }

    fn add_bins(&self, steps: &mut Steps) {
        let money = to_float("money", self.dialect);
        let values = [("r", self.days("recency", "1")), ("f", to_float("orders", self.dialect)), ("m", money)];
        let scores = values.iter().zip(1..).map(|((score, value), number)| {
            format!("SELECT {number} AS number, {score} AS own, {score}_tile AS tile, {value} AS value FROM segmented")
        });
        steps.add("scores", &scores.collect::<Vec<_>>().join("\nUNION ALL "));
        let bins: Vec<String> = (1..=self.rfm.bins).map(|bin| format!("SELECT {bin} AS bin")).collect();
        steps.add("bins", &bins.join(" UNION ALL "));
    }

    fn segments(&self) -> String {
        let dialect = self.dialect;
        let total = to_float("sum(recency)", dialect);
        let n = to_float("count(*)", dialect);
        format!(
            "SELECT\n  segment,\n  count(*) AS actors,\n  {n} / (SELECT count(*) FROM segmented) AS rate,\n  \
             {} AS recency_days,\n  {} / count(*) AS frequency,\n  {} AS monetary,\n  {} AS value\n\
             FROM segmented\nGROUP BY segment\nORDER BY {}",
            self.days(&total, "count(*)"),
            to_float("sum(orders)", dialect),
            mean("money", self.money_type, dialect),
            sum("money", self.money_type, "", dialect),
            place("segment")
        )
    }

    fn moves(&self) -> String {
        let [from, to] = ["from", "to"].map(|name| self.dialect.ident(name));
        format!(
            "SELECT before AS {from}, after AS {to}, count(*) AS actors\nFROM (\n  \
             SELECT actor, max(CASE WHEN is_after = 0 THEN segment END) AS before, max(CASE WHEN is_after = 1 THEN segment END) AS after\n  \
             FROM (\n    SELECT actor, segment, 0 AS is_after FROM segmented_before\n    \
             UNION ALL SELECT actor, segment, 1 AS is_after FROM segmented_after\n  ) AS both_dates\n  \
             GROUP BY actor\n) AS moves\nGROUP BY before, after\nORDER BY {} NULLS FIRST, {}",
            place("before"),
            place("after")
        )
    }

    /// Units of time in days, divided by so many.
    fn days(&self, units: &str, n: &str) -> String {
        let per_day = 86_400 * self.unit.per_second();
        let n = if n == "1" { String::new() } else { format!("{n} * ") };
        format!("{} / ({n}{per_day})", to_float(units, self.dialect))
    }

    fn divided(&self, above: &str, below: &str) -> String {
        match self.dialect {
            Dialect::DuckDb => format!("(({above}) // ({below}))"),
            Dialect::ClickHouse => format!("intDiv({above}, {below})"),
            Dialect::Spark => format!("(({above}) div ({below}))"),
        }
    }
}

/// A segment's place among all.
fn place(segment: &str) -> String {
    let cases = NAMES.iter().zip(1..).map(|(name, place)| format!("WHEN '{name}' THEN {place}"));
    format!("CASE {segment} {} END", cases.collect::<Vec<_>>().join(" "))
}

/// A factor of a product, so wide that the product is exact or an error.
fn wide(number: &str, column_type: ColumnType, dialect: Dialect) -> String {
    let scale = digits(column_type);
    match dialect {
        Dialect::DuckDb if scale == 0 => format!("CAST({number} AS HUGEINT)"),
        Dialect::ClickHouse if scale == 0 => format!("toInt256({number})"),
        Dialect::ClickHouse => format!("toDecimal256({number}, {scale})"),
        Dialect::DuckDb | Dialect::Spark => format!("CAST({number} AS DECIMAL(38, {scale}))"),
    }
}
