//! Aggregates in SQL: a step that groups the rows, one for each measure of measures, and those that choose and rank.

use super::{Aggregate, AggregateFold};
use crate::Result;
use crate::analysis::Zones;
use crate::analysis::filter::Filter;
use crate::analysis::sql::{Steps, ascending, check_names, idents, limit, order_by, unsupported};
use crate::event::Schema;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

impl Aggregate {
    /// The whole question; the fold is that of the same.
    pub(super) fn statement(&self, fold: &AggregateFold, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement_of("events", Steps::default(), fold, schema, dialect)
    }

    /// The same of the rows of the last of some steps.
    ///
    /// # Errors
    ///
    /// As [`Question::sql`](crate::analysis::Question::sql).
    pub(in crate::analysis) fn sql_of(
        &self,
        step: &str,
        steps: Steps,
        schema: &Schema,
        zones: &Zones,
        dialect: Dialect,
    ) -> Result<String> {
        self.statement_of(step, steps, &AggregateFold::new(self, schema, zones)?, schema, dialect)
    }

    fn statement_of(
        &self,
        table: &str,
        mut steps: Steps,
        fold: &AggregateFold,
        schema: &Schema,
        dialect: Dialect,
    ) -> Result<String> {
        check_names(fold.names().iter().map(String::as_str), dialect)?;
        check_names(schema.columns().iter().map(|column| column.name.as_str()), dialect)?;
        steps.add("grouped", &self.grouped(table, &fold.filter, schema, dialect)?);
        let mut step = "grouped".to_owned();
        let types = fold.table_types();
        let columns: Vec<(String, ValueType)> = fold.table_names().into_iter().map(str::to_owned).zip(types).collect();
        let n_plain = self.keys.len() + self.measures.plain.len();
        for (at, derived) in self.measures.derived.iter().enumerate() {
            let sql = derived.sql(&step, &columns[..n_plain + at], &self.keys, dialect)?;
            step = format!("derived_{}", at + 1);
            steps.add(&step, &sql);
        }
        let having = Filter::of_columns(&self.having, &columns)?;
        self.check_rounded(&having, &columns, dialect)?;
        if !having.passes_all() {
            steps.add("chosen", &format!("SELECT *\nFROM {step}\nWHERE {}", having.sql_of(&columns, dialect)?));
            step = "chosen".to_owned();
        }
        let ties = ascending(self.keys.iter().map(|key| key.name.as_str()));
        let mut kept = String::new();
        if let Some(rank) = &self.rank {
            steps.add("ranked", &rank.sql(&step, &ties, dialect)?);
            step = "ranked".to_owned();
            kept = rank.kept_sql(dialect).map(|kept| format!("\nWHERE {kept}")).unwrap_or_default();
        }
        let names = fold.names();
        let shown = idents(names.iter().map(String::as_str), dialect);
        let order = order_by(&[fold.order(), ties].concat(), dialect);
        let order = if order.is_empty() { order } else { format!("\n{order}") };
        let last = format!("SELECT {shown}\nFROM {step}{kept}{order}{}", limit(self.limit));
        let joins = self.measures.derived.iter().any(|derived| derived.joins());
        let settings = if joins && dialect == Dialect::ClickHouse { "\nSETTINGS join_use_nulls = 1" } else { "" };
        Ok(steps.statement(&last) + settings)
    }

    /// One row for each group: keys and measures of rows.
    fn grouped(&self, table: &str, filter: &Filter, schema: &Schema, dialect: Dialect) -> Result<String> {
        let keys = self.keys.iter().map(|key| Ok((key.sql("e", schema, dialect)?, &key.name)));
        let measures = self.measures.plain.iter().map(|measure| Ok((measure.sql("e", schema, dialect)?, &measure.name)));
        let shown: Vec<(String, &String)> = keys.chain(measures).collect::<Result<_>>()?;
        let shown: Vec<String> = shown.into_iter().map(|(sql, name)| format!("{sql} AS {}", dialect.ident(name))).collect();
        let filter =
            if filter.passes_all() { String::new() } else { format!("\nWHERE {}", filter.sql_in("e", schema, dialect)?) };
        let places: Vec<String> = (1..=self.keys.len()).map(|place| place.to_string()).collect();
        let group = if places.is_empty() { String::new() } else { format!("\nGROUP BY {}", places.join(", ")) };
        Ok(format!("SELECT\n  {}\nFROM {table} AS e{filter}{group}", shown.join(",\n  ")))
    }

    /// Refuses what depends on a measure's last digit, where that may differ.
    fn check_rounded(&self, having: &Filter, columns: &[(String, ValueType)], dialect: Dialect) -> Result<()> {
        let mut used: Vec<&str> = self.order_by.iter().map(|by| by.column.as_str()).collect();
        if let Some(rank) = &self.rank {
            used.extend(rank.within.iter().chain(rank.by.iter().map(|by| &by.column)).map(String::as_str));
        }
        self.measures.derived.iter().for_each(|derived| used.extend(derived.ordered_by()));
        let mut conditions = vec![];
        having.columns(&mut conditions);
        used.extend(conditions.iter().map(|&at| columns[at].0.as_str()));
        let rounded: Vec<&str> =
            self.measures.plain.iter().filter(|measure| measure.is_rounded(dialect)).map(|m| m.name.as_str()).collect();
        let of = |name: &str| self.measures.derived.iter().find(|d| d.name == name).map(|d| columns[d.of].0.as_str());
        match used.into_iter().find(|name| rounded.contains(name) || of(name).is_some_and(|of| rounded.contains(&of))) {
            Some(name) => Err(unsupported(&format!("an order or a choice by {name:?}, whose last digit may differ,"), dialect)),
            None => Ok(()),
        }
    }
}
