//! Pareto in SQL: groups, what lies before each, and what the classes or all of them are.

use serde_json::json;

use super::{Pareto, Summary, TOPS, VALUE};
use crate::Result;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::named;
use crate::analysis::sql::{Steps, float, sum, to_float, to_units};
use crate::event::{ColumnType, Role, Schema};
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

impl Pareto {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let by = &schema.columns()[named::column(self.by.as_deref(), "by", Role::Item, schema)?];
        let summed = self.summed.as_ref().map(|name| schema.column(name)).transpose()?;
        let value_type = summed.map_or(ColumnType::Int, |column| column.column_type);
        self.measure.plan(schema)?;
        let by_type = if by.column_type == ColumnType::Uuid { ColumnType::Text } else { by.column_type };
        let columns = self.answer(&by.name, ValueType::Of(by_type), ValueType::Of(value_type));
        named::unique(columns.iter().map(|(name, _)| name.as_str()))?;
        let mut filter = self.filter.clone();
        filter.push(json!({"column": by.name, "is_null": false}));
        let filter = Filter::parse(&filter, &columns_of(schema))?.sql_in("e", schema, dialect)?;

        let mut steps = Steps::default();
        let (key, measure) = (dialect.ident(&by.name), self.measure.sql("e", schema, dialect)?);
        steps.add(
            "grouped",
            &format!("SELECT e.{key} AS what, {measure} AS amount\nFROM events AS e\nWHERE {filter}\nGROUP BY e.{key}"),
        );
        let units = to_units("amount", value_type, dialect);
        steps.add(
            "valued",
            &format!(
                "SELECT what, amount, {units} AS units, row_number() OVER (ORDER BY amount DESC, what) AS own_order\n\
                 FROM grouped\nWHERE amount > 0"
            ),
        );
        if self.summary != Summary::Concentration {
            self.add_shares(&mut steps, dialect)?;
        }
        let table = match self.summary {
            Summary::Groups => format!(
                "SELECT what AS {key}, amount AS {VALUE}, share, cumulative, {} AS place, class, own_order AS told_order\nFROM classed",
                integer("place", dialect)
            ),
            Summary::Classes => {
                self.add_classes(&mut steps, value_type, dialect);
                let (rate, share) = (to_float("n_groups", dialect), to_float("coalesce(units, 0)", dialect));
                let total = to_float("total", dialect);
                let zero = zero(value_type, dialect);
                format!(
                    "SELECT c.class AS class, coalesce(n_groups, 0) AS {groups},\n  \
                     coalesce({rate}, 0e0) / nullif({all}, 0e0) AS rate, coalesce(amount, {zero}) AS {VALUE},\n  \
                     {share} / {total} AS share, least, most, c.class AS told_order\n\
                     FROM classes AS c CROSS JOIN whole LEFT JOIN of_classes AS o ON o.class = c.class",
                    groups = dialect.ident("groups"),
                    all = to_float("n_all", dialect),
                )
            }
            Summary::Concentration => self.of_all(value_type, dialect),
        };
        steps.add("told", &table);
        let last = self.choice.sql("told", &columns, &["told_order"], dialect)?;
        let joins = self.summary == Summary::Classes && dialect == Dialect::ClickHouse;
        Ok(steps.statement(&last) + if joins { "\nSETTINGS join_use_nulls = 1" } else { "" })
    }

    /// What lies before each group, and its class.
    fn add_shares(&self, steps: &mut Steps, dialect: Dialect) -> Result<()> {
        steps.add(
            "cumulated",
            "SELECT *, sum(units) OVER () AS total, rank() OVER (ORDER BY units DESC) AS place,\n  \
             sum(units) OVER (ORDER BY own_order ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS up_to,\n  \
             sum(units) OVER (ORDER BY units DESC) - sum(units) OVER (PARTITION BY units) AS before\nFROM valued",
        );
        let total = to_float("total", dialect);
        let share = |part: &str| format!("{} / {total}", to_float(part, dialect));
        let when = |(at, bound): (usize, &f64)| {
            Ok(format!(" WHEN {} < {} THEN '{}'", share("before"), float(*bound, dialect)?, letter(at)))
        };
        let whens = self.bounds.iter().enumerate().map(when).collect::<Result<String>>()?;
        let last = letter(self.bounds.len());
        let class = if whens.is_empty() { format!("'{last}'") } else { format!("CASE{whens} ELSE '{last}' END") };
        let (rate, cumulative) = (share("units"), share("up_to"));
        steps.add("classed", &format!("SELECT *, {rate} AS share, {cumulative} AS cumulative, {class} AS class\nFROM cumulated"));
        Ok(())
    }

    /// All classes, and what is in those that have groups.
    fn add_classes(&self, steps: &mut Steps, value_type: ColumnType, dialect: Dialect) {
        let classes: Vec<String> = (0..=self.bounds.len()).map(|at| format!("SELECT '{}' AS class", letter(at))).collect();
        steps.add("classes", &classes.join("\nUNION ALL "));
        let (n, amount) = (integer("count(*)", dialect), sum("v.amount", value_type, "", dialect));
        steps.add("whole", &format!("SELECT {n} AS n_all, sum(units) AS total\nFROM valued"));
        steps.add(
            "of_classes",
            &format!(
                "SELECT v.class AS class, {n} AS n_groups, {amount} AS amount, sum(v.units) AS units,\n  \
                 min(v.amount) AS least, max(v.amount) AS most\nFROM classed AS v\nGROUP BY v.class"
            ),
        );
    }

    /// One row of all groups.
    fn of_all(&self, value_type: ColumnType, dialect: Dialect) -> String {
        let top = |percent: u64| {
            let part = format!("sum(CASE WHEN own_order * 100 < n * {percent} + 100 THEN units END)");
            format!("{} / {} AS top_{percent}", to_float(&part, dialect), to_float("sum(units)", dialect))
        };
        let (n, total) = (to_float("max(n)", dialect), to_float("sum(units)", dialect));
        let place = to_units("n + 1 - 2 * own_order", ColumnType::Int, dialect);
        let weighted = to_float(&format!("sum({place} * units)"), dialect);
        let squares = to_float("sum(units * units)", dialect);
        let without = "(SELECT count(*) FROM grouped) - count(*)";
        format!(
            "SELECT {} AS {groups}, coalesce({amount}, {zero}) AS total, {weighted} / ({n} * {total}) AS gini,\n  \
             {squares} / ({total} * {total}) AS hhi,\n  {tops},\n  {without} AS without, 1 AS told_order\n\
             FROM (SELECT amount, units, {own_order} AS own_order, {all} AS n FROM valued) AS v",
            integer("count(*)", dialect),
            groups = dialect.ident("groups"),
            amount = sum("amount", value_type, "", dialect),
            zero = zero(value_type, dialect),
            tops = TOPS.map(top).join(", "),
            without = integer(without, dialect),
            own_order = integer("own_order", dialect),
            all = integer("count(*) OVER ()", dialect),
        )
    }
}

fn letter(class: usize) -> char {
    char::from(b'A' + class as u8)
}

/// A count as the integer that an answer has.
fn integer(count: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::DuckDb | Dialect::Spark => format!("CAST({count} AS BIGINT)"),
        Dialect::ClickHouse => format!("toInt64({count})"),
    }
}

/// No amount, of the type that amounts have.
fn zero(value_type: ColumnType, dialect: Dialect) -> String {
    match (value_type, dialect) {
        (ColumnType::Decimal { scale }, Dialect::ClickHouse) => format!("toDecimal128('0', {scale})"),
        (ColumnType::Decimal { scale }, _) => format!("CAST(0 AS DECIMAL(38, {scale}))"),
        _ => integer("0", dialect),
    }
}
