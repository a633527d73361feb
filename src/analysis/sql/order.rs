//! Which rows an answer has, and in which order, in SQL.

use crate::Result;
use crate::analysis::filter::Filter;
use crate::analysis::list::Choice;
use crate::analysis::table::OrderBy;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

/// `ORDER BY` these: nulls come last, also in descending order. Nothing for none.
pub(in crate::analysis) fn order_by(by: &[OrderBy], dialect: Dialect) -> String {
    if by.is_empty() { String::new() } else { format!("ORDER BY {}", orders(by, dialect)) }
}

/// What stands behind `ORDER BY`, each column once.
pub(in crate::analysis) fn orders(by: &[OrderBy], dialect: Dialect) -> String {
    let is_first = |(at, one): &(usize, &OrderBy)| by[..*at].iter().all(|before| before.column != one.column);
    let order = |(_, by): (usize, &OrderBy)| {
        let direction = if by.descending { "DESC" } else { "ASC" };
        format!("{} {direction} NULLS LAST", dialect.ident(&by.column))
    };
    by.iter().enumerate().filter(is_first).map(order).collect::<Vec<_>>().join(", ")
}

/// Ascending orders by the columns of these names.
pub(in crate::analysis) fn ascending<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<OrderBy> {
    names.into_iter().map(|name| OrderBy { column: name.to_owned(), descending: false }).collect()
}

/// Columns by their names, with commas.
pub(in crate::analysis) fn idents<'a>(names: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> String {
    names.into_iter().map(|name| dialect.ident(name)).collect::<Vec<_>>().join(", ")
}

/// `LIMIT`, in a line of its own, where there is one that can cut an answer.
pub(in crate::analysis) fn limit(rows: usize) -> String {
    if i32::try_from(rows).is_err() { String::new() } else { format!("\nLIMIT {rows}") }
}

impl Choice {
    /// `SELECT` the chosen rows of a step that has columns of these names and types, in order; ties by the columns called
    /// `ties`, ascending.
    ///
    /// # Errors
    ///
    /// As [`check`](Choice::check); `UNSUPPORTED` where the dialect cannot say a condition.
    pub(in crate::analysis) fn sql(
        &self,
        step: &str,
        columns: &[(String, ValueType)],
        ties: &[&str],
        dialect: Dialect,
    ) -> Result<String> {
        self.check(columns)?;
        let names = columns.iter().map(|(name, _)| name.as_str());
        let having = Filter::of_columns(&self.having, columns)?;
        let filter = if having.passes_all() { String::new() } else { format!("\nWHERE {}", having.sql_of(columns, dialect)?) };
        let order: Vec<OrderBy> = self.order_by.iter().cloned().chain(ascending(ties.iter().copied())).collect();
        let select = format!("SELECT {}\nFROM {step}", idents(names, dialect));
        Ok(format!("{select}{filter}\n{}{}", order_by(&order, dialect), limit(self.limit)))
    }
}
