//! The choice among rows in SQL.

use super::Choice;
use crate::Result;
use crate::analysis::filter::Filter;
use crate::analysis::sql::{ascending, idents, limit, order_by};
use crate::analysis::table::OrderBy;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

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
