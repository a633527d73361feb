//! Measures of rows in SQL.

use super::Measure;
use crate::Result;
use crate::analysis::sql::{count_distinct, mean, quantile, sum, time_units, to_float, to_units, unsupported};
use crate::event::{ColumnType, Role, Schema};
use crate::kernel::number::pow10;
use crate::kernel::values::digits;
use crate::sql::Dialect;

impl Measure {
    /// The measure of the rows of a table called `table`.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED` where the dialect cannot say it exactly.
    pub(in crate::analysis) fn sql(&self, table: &str, schema: &Schema, dialect: Dialect) -> Result<String> {
        if self.function == "trend" {
            // A sum of floats, whose last digits are those of an order of the rows.
            return Err(unsupported("the function trend", dialect));
        }
        let Some(name) = &self.column else { return Ok("count(*)".to_owned()) };
        let column = format!("{table}.{}", dialect.ident(name));
        let column_type = schema.column(name)?.column_type;
        Ok(match self.function.as_str() {
            "count_distinct" => count_distinct(&column, dialect),
            "sum" => sum(&column, column_type, "", dialect),
            "avg" => mean(&column, column_type, dialect),
            "stddev" | "var" => spread(&column, column_type, self.function == "stddev", dialect),
            "median" | "quantile" => quantile(self.q, &to_float(&column, dialect), dialect),
            "mode" => mode(&column, dialect),
            "first" | "last" => self.edge(table, &column, schema, dialect)?,
            "count" | "min" | "max" => format!("{}({column})", self.function),
            function => return Err(unsupported(&format!("the function {function}"), dialect)),
        })
    }

    /// Whether the last digit of the measure may differ from that of the dialect's SQL.
    pub(in crate::analysis) fn is_rounded(&self, dialect: Dialect) -> bool {
        dialect == Dialect::ClickHouse && matches!(self.function.as_str(), "median" | "quantile")
    }

    /// The value where the column that orders is least or greatest; of several such rows, the least value.
    fn edge(&self, table: &str, column: &str, schema: &Schema, dialect: Dialect) -> Result<String> {
        let at = match &self.by {
            Some(name) => Some(schema.index_of(name)?),
            None => schema.index_of_role(Role::Time),
        };
        let Some(by) = at.map(|at| &schema.columns()[at]) else { return Err(unsupported("no order", dialect)) };
        let place = format!("{table}.{}", dialect.ident(&by.name));
        let known = format!("{column} IS NOT NULL AND {place} IS NOT NULL");
        if dialect == Dialect::DuckDb {
            let direction = if self.function == "last" { " DESC" } else { "" };
            return Ok(format!("first({column} ORDER BY {place}{direction}, {column}) FILTER (WHERE {known})"));
        }
        let order = match by.column_type {
            _ if self.function == "first" => place,
            ColumnType::Time { unit } => format!("-{}", time_units(&place, unit, dialect)?),
            _ => format!("-{}", to_units(&place, by.column_type, dialect)),
        };
        Ok(match dialect {
            Dialect::ClickHouse => format!("argMinIf({column}, ({order}, {column}), {known})"),
            _ => format!("min_by({column}, struct({order}, {column})) FILTER (WHERE {known})"),
        })
    }
}

/// The most frequent value; of several, the least.
fn mode(column: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::DuckDb => format!("mode({column} ORDER BY {column})"),
        Dialect::ClickHouse => {
            // Its values are in ascending order.
            let counts = format!("sumMapIf([assumeNotNull({column})], [1], {column} IS NOT NULL)");
            let most = format!("indexOf(tupleElement({counts}, 2), arrayMax(tupleElement({counts}, 2)))");
            format!("if(count({column}) = 0, NULL, arrayElement(tupleElement({counts}, 1), {most}))")
        }
        Dialect::Spark => format!("mode({column}, TRUE)"),
    }
}

/// The variance of a sample or its root, from exact sums.
fn spread(column: &str, column_type: ColumnType, is_root: bool, dialect: Dialect) -> String {
    let (n, units) = (format!("count({column})"), to_units(column, column_type, dialect));
    let above = to_float(&format!("({n} * sum({units} * {units}) - sum({units}) * sum({units}))"), dialect);
    let (variance, unit) = (format!("{above} / nullif({n} * ({n} - 1), 0)"), pow10(digits(column_type)) as f64);
    if is_root { format!("sqrt({variance}) / {unit:e}") } else { format!("{variance} / {:e}", unit * unit) }
}
