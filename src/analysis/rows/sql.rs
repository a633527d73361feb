//! Rows in SQL, which knows no order of the data: only where rows that tie are alike.

use super::Rows;
use crate::Result;
use crate::analysis::filter::{Filter, columns_of};
use crate::analysis::sql::{Steps, check_names, idents, limit, order_by, unsupported};
use crate::event::Schema;
use crate::sql::Dialect;

impl Rows {
    /// The whole question.
    pub(super) fn statement(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let all = || schema.columns().iter().map(|column| column.name.clone()).collect();
        let select: Vec<String> = self.select.clone().unwrap_or_else(all);
        if !self.is_ordered(&select) {
            return Err(unsupported("an answer that depends on the order of the data's rows", dialect));
        }
        let columns = schema.columns().iter().map(|column| &column.name);
        check_names(columns.chain(self.rank.iter().map(|rank| &rank.name)).map(String::as_str), dialect)?;
        let filter = Filter::parse(&self.filter, &columns_of(schema))?;
        let filter = if filter.passes_all() { String::new() } else { format!("\nWHERE {}", filter.sql(schema, dialect)?) };
        let names = select.iter().chain(self.rank.as_ref().map(|rank| &rank.name)).map(String::as_str);
        let end = format!("\n{}{}", order_by(&self.order_by, dialect), limit(self.limit));
        let shown = idents(names, dialect);
        let Some(rank) = &self.rank else { return Ok(format!("SELECT {shown}\nFROM events{filter}{end}")) };
        let mut steps = Steps::default();
        steps.add("chosen", &format!("SELECT *\nFROM events{filter}"));
        steps.add("ranked", &rank.sql("chosen", &[], dialect)?);
        let kept = rank.kept_sql(dialect).map(|kept| format!("\nWHERE {kept}")).unwrap_or_default();
        Ok(steps.statement(&format!("SELECT {shown}\nFROM ranked{kept}{end}")))
    }

    /// Whether rows that the question does not order are alike in the answer.
    fn is_ordered(&self, select: &[String]) -> bool {
        let orders = |name: &String| self.order_by.iter().any(|by| by.column == *name);
        if !select.iter().all(orders) {
            return false;
        }
        let Some(rank) = &self.rank else { return true };
        let ranks: Vec<&String> = rank.within.iter().chain(rank.by.iter().map(|by| &by.column)).collect();
        if !rank.leaves_ties() {
            return orders(&rank.name) || ranks.into_iter().all(orders);
        }
        let told = |name: &str| ranks.iter().any(|known| *known == name);
        let others = self.order_by.iter().map(|by| by.column.as_str()).filter(|name| *name != rank.name);
        orders(&rank.name) && others.chain(rank.column()).all(told)
    }
}
