//! The answer that a table of groups becomes: filtered, ranked, ordered and cut.

use std::borrow::Cow;

use arrow_array::RecordBatch;

use super::AggregateFold;
use crate::Result;
use crate::analysis::filter::Filter;
use crate::analysis::rank::Rank;
use crate::analysis::table::{OrderBy, Table};
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::Rows;

impl AggregateFold {
    /// Whether the answer is of so few groups that no other group has a say in it.
    pub(super) fn tells_few(&self) -> bool {
        let names = self.table_names();
        self.spec.limit <= order::FEW
            && !self.keys.is_empty()
            && self.spec.having.is_empty()
            && self.spec.measures.derived.is_empty()
            && !self.looks_ahead()
            && self.order().iter().all(|by| names.contains(&by.column.as_str()))
    }

    /// The first groups of some, in order, where the answer tells few.
    #[cfg(feature = "live")]
    pub(super) fn first_of(&self, groups: &[u32]) -> Result<Vec<u32>> {
        let groups = self.foremost(groups)?;
        let table = self.table(&groups)?;
        let keys = self.sort_keys(&table)?;
        Ok(order::sort(table.n_rows, &keys, self.spec.limit).into_iter().map(|row| groups[row as usize]).collect())
    }

    /// Of many groups those that may be among the first few, where the answer tells few.
    pub(super) fn foremost<'a>(&self, groups: &'a [u32]) -> Result<Cow<'a, [u32]>> {
        let front = self.front(groups.len(), &|name, descending| Ok(SortKey::new(&self.column(name, groups)?, descending)))?;
        Ok(front.map_or(Cow::Borrowed(groups), |rows| rows.into_iter().map(|row| groups[row as usize]).collect()))
    }

    pub(super) fn finished(&self, mut table: Table) -> Result<RecordBatch> {
        let names = self.names();
        if !self.spec.having.is_empty() {
            let types = self.table_types();
            let lookup = |name: &str| {
                let at = table.index_of(name)?;
                Ok((at, types[at]))
            };
            let mut having = Filter::parse(&self.spec.having, &lookup)?;
            if let Rows::Some(rows) = having.select(table.n_rows, &|at| Ok(table.columns[at].values.clone()))? {
                table = table.take(&rows);
            }
        }
        let key = |name: &str, descending: bool| Ok(SortKey::new(table.values(name)?, descending));
        if let Some(rows) = self.front(table.n_rows, &key)? {
            table = table.take(&rows);
        }
        if let Some(rank) = &self.spec.rank {
            if let Some(rows) = rank.may_keep(&table)? {
                table = table.take(&rows);
            }
            let ties = self.key_order(&table);
            table = rank.apply(table, &ties)?;
        }
        let rows = order::sort(table.n_rows, &self.sort_keys(&table)?, self.spec.limit);
        table.take(&rows).to_batch(&names, true)
    }

    /// What the rows of a table are put in order by.
    pub(super) fn sort_keys(&self, table: &Table) -> Result<Vec<SortKey>> {
        Ok(table.sort_keys(&self.order())?.into_iter().chain(self.key_order(table)).collect())
    }

    /// By their group keys.
    fn key_order(&self, table: &Table) -> Vec<SortKey> {
        table.columns[..self.keys.len()].iter().map(|c| SortKey::new(&c.values, false)).collect()
    }

    /// Whether a rank, or the order, needs rows that are behind those that are told.
    pub(super) fn looks_ahead(&self) -> bool {
        let order = self.order();
        let sorted_alike = |rank: &Rank| order.len() >= rank.by.len() && order[..rank.by.len()] == rank.by[..];
        self.spec.rank.as_ref().is_some_and(|rank| {
            let begins_with_rank = order.first().is_some_and(|by| by.column == rank.name);
            !rank.depends_on_rows_before_only() || !sorted_alike(rank) || begins_with_rank
        })
    }

    /// Of many rows of which few are told, those that may be among them; `key` is what a column puts them in order by.
    fn front(&self, n_rows: usize, key: &dyn Fn(&str, bool) -> Result<SortKey>) -> Result<Option<Vec<u32>>> {
        if self.spec.limit > order::FEW.min(n_rows / 2) || self.looks_ahead() {
            return Ok(None);
        }
        let order = self.order();
        let (column, descending) = order.first().map_or((self.table_names()[0], false), |by| (&by.column, by.descending));
        Ok(Some(order::front(n_rows, &key(column, descending)?, self.spec.limit)))
    }

    pub(super) fn order(&self) -> Vec<OrderBy> {
        match &self.spec.rank {
            _ if !self.spec.order_by.is_empty() => self.spec.order_by.clone(),
            Some(rank) => {
                let within = rank.within.iter().map(|column| OrderBy { column: column.clone(), descending: false });
                within.chain(rank.by.iter().cloned()).collect()
            }
            None => vec![],
        }
    }
}
