//! Retention in SQL: who is a member of which cohort, when each came back, and the counts of all cohorts and brackets.

use serde_json::Value;

use super::histories::Sales;
use super::{HOUR, Mean, Retention};
use crate::Result;
use crate::analysis::actors::ActorPlan;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::sql::{Steps, bucket, count_distinct, literal, place, sum, time_units, to_float, to_units};
use crate::event::{Column, ColumnType, Schema};
use crate::kernel::bucket::Every;
use crate::kernel::number::pow10;
use crate::kernel::values::{ValueType, digits};
use crate::sql::Dialect;

/// Beyond so many periods they are not written one by one.
const FEW: usize = 8;

/// One statement being made.
struct Statement<'a> {
    question: &'a Retention,
    schema: &'a Schema,
    dialect: Dialect,
    plan: ActorPlan,
    sales: Option<Sales>,
    steps: Steps,
}

impl Retention {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let (plan, sales) = (self.columns.plan(schema)?, self.sales(schema)?);
        let mut statement = Statement { question: self, schema, dialect, plan, sales, steps: Steps::default() };
        statement.events()?;
        statement.members()?;
        statement.brackets();
        if self.each.is_some() {
            return statement.each_member();
        }
        statement.lines();
        if statement.sales.is_some() {
            statement.sold();
        }
        statement.answer()
    }
}

impl Statement<'_> {
    /// The events that take part, with their buckets and places in time.
    fn events(&mut self) -> Result<()> {
        let Self { question, dialect, .. } = *self;
        let (actor, time) = (self.column(self.plan.actor), self.column(self.plan.time));
        let condition = |list: &[Value]| Filter::parse(list, &columns_of(self.schema))?.sql_in("e", self.schema, dialect);
        let (starts, returns, filter) =
            (condition(&question.start)?, condition(&question.returns)?, condition(&question.filter)?);
        let mut shown = vec![
            format!("{actor} AS actor"),
            format!("{time} AS happened_at"),
            format!("{starts} AS is_start"),
            format!("{returns} AS is_return"),
        ];
        if let Some(sales) = &self.sales {
            shown.push(format!("{} AS sold", self.column(sales.value())));
            shown.extend(sales.order().map(|order| format!("{} AS order_id", self.column(order))));
        }
        let known = format!("{actor} IS NOT NULL AND {time} IS NOT NULL");
        let filter = if question.filter.is_empty() { known } else { format!("{known} AND {filter}") };
        let rows = format!("SELECT\n  {}\nFROM events AS e\nWHERE {filter}", shown.join(",\n  "));
        self.steps.add("taking_part", &rows);
        let bucketed = self.bucket("happened_at")?;
        self.steps.add("bucketed", &format!("SELECT *, {bucketed} AS bucket\nFROM taking_part"));
        let position = match question.rolling {
            Some(_) => time_units("happened_at", self.plan.unit, dialect)?,
            None => self.place("bucket")?,
        };
        self.steps.add("placed", &format!("SELECT *, {position} AS position\nFROM bucketed"));
        Ok(())
    }

    /// Each actor in each of its cohorts, where its periods begin, and the periods in which it came back.
    fn members(&mut self) -> Result<()> {
        let of = if self.question.is_recurring { "actor, bucket" } else { "actor" };
        let first = format!("SELECT actor, min(happened_at) AS started\nFROM bucketed\nWHERE is_start\nGROUP BY {of}");
        self.steps.add("first_starts", &first);
        let cohort = self.bucket("started")?;
        self.steps.add("in_cohorts", &format!("SELECT actor, started, {cohort} AS cohort\nFROM first_starts"));
        let begins = match self.question.rolling {
            Some(_) => {
                let (units, hour) = (time_units("started", self.plan.unit, self.dialect)?, HOUR * self.per_second());
                format!("{units} - (({units} % {hour}) + {hour}) % {hour}")
            }
            None => self.place("cohort")?,
        };
        self.steps.add("members", &format!("SELECT actor, started, cohort, {begins} AS begins\nFROM in_cohorts"));
        let period = self.periods("m.begins", "p.position");
        let mut shown = vec!["m.actor AS actor".to_owned(), "m.cohort AS cohort".to_owned(), format!("{period} AS period")];
        if let Some(sales) = &self.sales {
            shown.push("p.sold AS sold".to_owned());
            shown.extend(sales.order().map(|_| "p.order_id AS order_id".to_owned()));
        }
        // Where clocks go back, the bucket before comes again.
        let is_later = match (self.question.rolling, &self.question.timezone) {
            (None, Some(_)) => format!(" AND p.position + {} >= m.begins", self.half()),
            _ => String::new(),
        };
        let came_back = format!(
            "SELECT\n  {}\nFROM members AS m\nJOIN placed AS p ON p.actor = m.actor\nWHERE p.is_return AND p.happened_at >= \
             m.started{is_later}",
            shown.join(",\n  "),
        );
        self.steps.add("came_back", &came_back);
        Ok(())
    }

    fn brackets(&mut self) {
        let bounds = self.question.brackets.bounds();
        let n = bounds.len();
        let select = if self.question.brackets.are_custom || n <= FEW {
            let each = bounds.iter().map(|(first, last)| format!("SELECT {first} AS first_period, {last} AS last_period"));
            each.collect::<Vec<_>>().join("\nUNION ALL ")
        } else {
            let all = match self.dialect {
                Dialect::DuckDb => format!("SELECT unnest(range({n})) AS n"),
                Dialect::ClickHouse => format!("SELECT arrayJoin(range({n})) AS n"),
                Dialect::Spark => format!("SELECT explode(sequence(0, {})) AS n", n - 1),
            };
            format!("SELECT n AS first_period, n AS last_period\nFROM ({all}) AS numbers")
        };
        self.steps.add("brackets", &select);
    }

    /// One row for each actor, cohort and bracket.
    fn each_member(mut self) -> Result<String> {
        let actor = &self.schema.columns()[self.plan.actor];
        let name = self.dialect.ident(&actor.name);
        let counted = self.counted();
        let select = format!(
            "SELECT DISTINCT r.actor AS {name}, r.cohort AS cohort, b.first_period AS period\nFROM came_back AS r\nCROSS JOIN \
             brackets AS b\nWHERE {counted}"
        );
        self.steps.add("counted", &select);
        let Some(choice) = &self.question.each else { return Ok(String::new()) };
        let time = ValueType::Of(self.time().column_type);
        let columns = [
            (actor.name.clone(), ValueType::Of(actor.column_type)),
            ("cohort".to_owned(), time),
            ("period".to_owned(), ValueType::Of(ColumnType::Int)),
        ];
        let last = choice.sql("counted", &columns, &[actor.name.as_str(), "cohort", "period"], self.dialect)?;
        Ok(self.steps.statement(&last))
    }

    /// Each cohort and bracket that has begun, and how many are counted in it.
    fn lines(&mut self) {
        let now = "SELECT position\nFROM placed\nORDER BY happened_at DESC\nLIMIT 1";
        self.steps.add("last_event", now);
        let cohorts = "SELECT cohort, count(*) AS size, min(begins) AS earliest, max(begins) AS latest\nFROM members\nGROUP BY \
                       cohort";
        self.steps.add("cohorts", cohorts);
        let (has_begun, is_complete) = match self.rolling() {
            Some(width) => (
                format!("c.earliest + b.first_period * {width} <= l.position"),
                format!("c.latest + (b.last_period + 1) * {width} <= l.position"),
            ),
            None => {
                let now = self.periods("c.earliest", "l.position");
                (format!("b.first_period <= {now}"), format!("b.last_period < {now}"))
            }
        };
        let lines = format!(
            "SELECT\n  c.cohort AS cohort,\n  b.first_period AS first_period,\n  b.last_period AS last_period,\n  c.size AS \
             size,\n  {is_complete} AS complete\nFROM cohorts AS c\nCROSS JOIN brackets AS b\nCROSS JOIN last_event AS l\nWHERE \
             {has_begun}"
        );
        self.steps.add("lines", &lines);
        let actors = count_distinct("r.actor", self.dialect);
        let counted = self.counted();
        self.of_brackets("counted", &format!("{actors} AS actors"), counted);
    }

    /// Orders and their values, in brackets and up to them.
    fn sold(&mut self) {
        let Some(sales) = &self.sales else { return };
        let (column_type, has_orders) = (sales.column_type(), sales.order().is_some());
        let total = sum("r.sold", column_type, "", self.dialect);
        let inside = "r.period BETWEEN b.first_period AND b.last_period";
        self.of_brackets("sold_inside", &format!("{total} AS value"), inside.to_owned());
        self.of_brackets("sold_so_far", &format!("{total} AS cumulative_value"), "r.period <= b.last_period".to_owned());
        let (orders, first) = if has_orders {
            let distinct = count_distinct("r.order_id", self.dialect);
            (
                format!("{distinct} + count(*) - count(r.order_id) AS orders"),
                "SELECT cohort, actor, min(r.period) AS period\nFROM came_back AS r\nWHERE order_id IS NOT NULL\nGROUP BY cohort, \
                 actor, order_id\nUNION ALL SELECT cohort, actor, period\nFROM came_back\nWHERE order_id IS NULL",
            )
        } else {
            ("count(*) AS orders".to_owned(), "SELECT cohort, actor, period\nFROM came_back")
        };
        let of_actors = format!(
            "SELECT r.cohort AS cohort, b.first_period AS first_period, r.actor AS actor, {orders}\nFROM came_back AS r\nCROSS \
             JOIN brackets AS b\nWHERE {inside}\nGROUP BY r.cohort, b.first_period, r.actor"
        );
        self.steps.add("orders_of_actors", &of_actors);
        let ordered =
            "SELECT cohort, first_period, sum(o.orders) AS orders\nFROM orders_of_actors AS o\nGROUP BY cohort, first_period";
        self.steps.add("ordered", ordered);
        self.steps.add("first_of_orders", first);
        let numbered = "SELECT cohort, period, row_number() OVER (PARTITION BY cohort, actor ORDER BY period) AS nth\nFROM \
                        first_of_orders";
        self.steps.add("numbered_orders", numbered);
        let repeated = "SELECT r.cohort AS cohort, b.first_period AS first_period, count(*) AS repeaters\nFROM numbered_orders \
                        AS r\nCROSS JOIN brackets AS b\nWHERE r.nth = 2 AND r.period <= b.last_period\nGROUP BY r.cohort, \
                        b.first_period";
        self.steps.add("repeated", repeated);
    }

    /// The numbers of all lines, their quotients, and the mean.
    fn answer(mut self) -> Result<String> {
        let value_type = self.sales.as_ref().map(Sales::column_type);
        let counts = |names: &[&str]| names.iter().map(|name| format!("sum(n.{name}) AS {name}")).collect::<Vec<_>>();
        let mut shown: Vec<String> =
            ["cohort", "first_period", "last_period", "complete", "size"].map(|name| format!("l.{name} AS {name}")).to_vec();
        let mut joined = vec!["counted"];
        shown.push("coalesce(counted.actors, 0) AS actors".to_owned());
        let mut sums = counts(&["size", "actors"]);
        if let Some(column_type) = value_type {
            let zero = literal(0, column_type, self.dialect)?;
            for (step, name, zero) in [
                ("ordered", "orders", "0"),
                ("sold_inside", "value", zero.as_str()),
                ("sold_so_far", "cumulative_value", zero.as_str()),
                ("repeated", "repeaters", "0"),
            ] {
                joined.push(step);
                shown.push(format!("coalesce({step}.{name}, {zero}) AS {name}"));
            }
            sums.extend(counts(&["orders"]));
            sums.extend(
                ["value", "cumulative_value"]
                    .map(|name| format!("{} AS {name}", sum(&format!("n.{name}"), column_type, "", self.dialect))),
            );
            sums.extend(counts(&["repeaters"]));
        }
        let joins = joined
            .iter()
            .map(|step| format!("\nLEFT JOIN {step} ON {step}.cohort = l.cohort AND {step}.first_period = l.first_period"));
        let numbers = format!("SELECT\n  {}\nFROM lines AS l{}", shown.join(",\n  "), joins.collect::<String>());
        self.steps.add("numbers", &numbers);
        let mut step = "numbers";
        if self.question.mean == Some(Mean::Weighted) {
            let sums = sums.join(", ");
            let means = format!(
                "SELECT *\nFROM numbers\nUNION ALL SELECT NULL AS cohort, first_period, last_period, TRUE AS complete, \
                 {sums}\nFROM numbers AS n\nWHERE n.complete\nGROUP BY first_period, last_period"
            );
            self.steps.add("with_mean", &means);
            step = "with_mean";
        }
        let rated = format!("SELECT\n  {}\nFROM {step}", self.rated(value_type).join(",\n  "));
        self.steps.add("rated", &rated);
        let mut step = "rated";
        let mut names = vec!["cohort", "period"];
        names.extend(self.question.brackets.are_custom.then_some("until"));
        names.extend(["actors", "rate", "size", "complete"]);
        if value_type.is_some() {
            names.extend(["orders", "value", "cumulative_value", "value_per_actor", "average_order", "repeat_rate"]);
        }
        if self.question.mean == Some(Mean::Simple) {
            let mean = |name: &&str| match *name {
                "period" | "until" => (*name).to_owned(),
                "complete" => "TRUE AS complete".to_owned(),
                "rate" | "value_per_actor" | "average_order" | "repeat_rate" => format!("avg(r.{name}) AS {name}"),
                name => format!("NULL AS {name}"),
            };
            let means: Vec<String> = names.iter().map(mean).collect();
            let keys = if self.question.brackets.are_custom { "period, until" } else { "period" };
            let select = format!(
                "SELECT {}\nFROM rated\nUNION ALL SELECT {}\nFROM rated AS r\nWHERE r.complete\nGROUP BY {keys}",
                names.join(", "),
                means.join(", ")
            );
            self.steps.add("with_mean", &select);
            step = "with_mean";
        }
        let last = format!("SELECT {}\nFROM {step}\nORDER BY cohort ASC NULLS LAST, period", names.join(", "));
        Ok(self.steps.statement(&last))
    }

    /// The columns of the answer, of a step of numbers.
    fn rated(&self, value_type: Option<ColumnType>) -> Vec<String> {
        let float = |number: &str| to_float(number, self.dialect);
        let mut shown = vec!["cohort".to_owned(), "first_period AS period".to_owned(), "last_period AS until".to_owned()];
        shown.extend(["actors".to_owned(), format!("{} / size AS rate", float("actors"))]);
        shown.extend(["size".to_owned(), "complete".to_owned()]);
        if let Some(column_type) = value_type {
            let unit = pow10(digits(column_type));
            let units = |number: &str| float(&to_units(number, column_type, self.dialect));
            shown.extend(["orders", "value", "cumulative_value"].map(str::to_owned));
            shown.push(format!("{} / (size * {unit}) AS value_per_actor", units("cumulative_value")));
            shown.push(format!("CASE WHEN orders > 0 THEN {} / (orders * {unit}) END AS average_order", units("value")));
            shown.push(format!("{} / size AS repeat_rate", float("repeaters")));
        }
        shown
    }

    /// A step of one row for each cohort and bracket that has return events for which the condition holds.
    fn of_brackets(&mut self, name: &str, measure: &str, condition: String) {
        let select = format!(
            "SELECT r.cohort AS cohort, b.first_period AS first_period, {measure}\nFROM came_back AS r\nCROSS JOIN brackets AS \
             b\nWHERE {condition}\nGROUP BY r.cohort, b.first_period"
        );
        self.steps.add(name, &select);
    }

    /// Whether a return event is counted in a bracket.
    fn counted(&self) -> String {
        match self.question.on_or_after {
            true => "r.period >= b.first_period".to_owned(),
            false => "r.period BETWEEN b.first_period AND b.last_period".to_owned(),
        }
    }

    /// How many periods it is from one position to another, 0 at the least.
    fn periods(&self, from: &str, to: &str) -> String {
        let half = self.half();
        let passed = if half == 0 { format!("{to} - {from}") } else { format!("{to} - {from} + {half}") };
        let passed = format!("greatest({passed}, 0)");
        let width = self.rolling().unwrap_or(match self.question.every {
            Every::Seconds(n) => n.saturating_mul(self.per_second()),
            Every::Days(n) | Every::Months(n) => n,
        });
        match (width, self.dialect) {
            (1, _) => passed,
            (_, Dialect::DuckDb) => format!("({passed} // {width})"),
            (_, Dialect::ClickHouse) => format!("intDiv({passed}, {width})"),
            (_, Dialect::Spark) => format!("({passed} DIV {width})"),
        }
    }

    /// By how much more than full periods are rounded up where a period is a time of the clock.
    fn half(&self) -> i64 {
        match self.question.every {
            Every::Seconds(n) if self.question.rolling.is_none() => n / 2 * self.per_second(),
            _ => 0,
        }
    }

    fn rolling(&self) -> Option<i64> {
        self.question.rolling.map(|seconds| seconds.saturating_mul(self.per_second()))
    }

    fn bucket(&self, time: &str) -> Result<String> {
        bucket(time, self.question.every, self.question.timezone.as_deref(), self.plan.unit, self.dialect)
    }

    fn place(&self, start: &str) -> Result<String> {
        place(start, self.question.every, self.question.timezone.as_deref(), self.plan.unit, self.dialect)
    }

    fn per_second(&self) -> i64 {
        self.plan.unit.per_second()
    }

    fn time(&self) -> &Column {
        &self.schema.columns()[self.plan.time]
    }

    /// A column of the events.
    fn column(&self, at: usize) -> String {
        format!("e.{}", self.dialect.ident(&self.schema.columns()[at].name))
    }
}
