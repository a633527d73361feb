//! Answers with a row for each actor, or for each of another thing: collected by a fold, then chosen, ordered and cut.

mod sql;

use arrow_array::RecordBatch;
use serde_json::Value;

use super::filter::Filter;
use super::grown::Grown;
use super::spec::Spec;
use super::table::{OrderBy, Table, TableColumn, unknown_output};
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// The rows that a fold has found, of named columns.
#[derive(Debug)]
pub(super) struct List {
    columns: Vec<(String, ValueType, Grown)>,
    n_rows: usize,
}

/// Which of the rows are the answer, and in what order: the keys `having`, `order_by` and `limit`.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    having: Vec<Value>,
    order_by: Vec<OrderBy>,
    limit: usize,
}

impl List {
    pub(super) fn new(columns: impl IntoIterator<Item = (String, ValueType)>) -> Self {
        let columns = columns.into_iter().map(|(name, value_type)| (name, value_type, Grown::new(value_type)));
        Self { columns: columns.collect(), n_rows: 0 }
    }

    /// Takes in rows: as many values of each column.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` for values of another shape than those before.
    pub(super) fn push(&mut self, values: &[Values]) -> Result<()> {
        self.n_rows += values.first().map_or(0, Values::len);
        self.columns.iter_mut().zip(values).try_for_each(|((.., grown), values)| grown.push(values))
    }

    pub(super) fn table(&self) -> Table {
        let columns = self.columns.iter().map(|(name, value_type, grown)| TableColumn::exact(name, *value_type, grown.values()));
        Table { columns: columns.collect(), n_rows: self.n_rows }
    }

    /// # Errors
    ///
    /// When the rows outgrow an Arrow batch.
    pub(super) fn state(&self) -> Result<RecordBatch> {
        let names: Vec<String> = self.columns.iter().map(|(name, ..)| name.clone()).collect();
        self.table().to_batch(&names, false)
    }

    /// # Errors
    ///
    /// `BAD_STATE` when it is no state of such a list.
    pub(super) fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        if state.num_columns() != self.columns.len() {
            let expected = self.columns.len();
            return Err(Error::bad_state(format!("expected a state of {expected} columns, found {}", state.num_columns())));
        }
        let all = Rows::All(state.num_rows());
        let values: Vec<Values> = state.columns().iter().map(|column| gather(column, &all)).collect::<Result<_>>()?;
        self.push(&values)
    }

    pub(super) fn size(&self) -> usize {
        self.columns.iter().map(|(.., grown)| grown.size()).sum()
    }
}

impl Choice {
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        Ok(Self {
            having: spec.list("having")?.to_vec(),
            order_by: spec.texts("order_by")?.iter().map(|by| OrderBy::parse(by)).collect(),
            limit: spec.count("limit")?.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        })
    }

    /// Whether all rows are the answer, in their own order.
    pub(super) fn is_all(&self) -> bool {
        self.having.is_empty() && self.order_by.is_empty() && self.limit == usize::MAX
    }

    /// Checks what is asked of columns of these names and types.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN`, or `BAD_QUERY` where a column's type does not fit.
    pub(super) fn check(&self, columns: &[(String, ValueType)]) -> Result<()> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let find = |name: &str| {
            let at = names.iter().position(|known| *known == name).ok_or_else(|| unknown_output(name, &names))?;
            Ok((at, columns[at].1))
        };
        self.order_by.iter().try_for_each(|by| find(&by.column).map(|_| ()))?;
        Filter::parse(&self.having, &find).map(|_| ())
    }

    /// The rows that are chosen, in order; ties by the columns called `ties`, ascending, nulls last.
    ///
    /// # Errors
    ///
    /// As [`check`](Choice::check).
    pub(super) fn of(&self, mut table: Table, ties: &[&str]) -> Result<RecordBatch> {
        let lookup = |name: &str| {
            let at = table.index_of(name)?;
            Ok((at, table.columns[at].value_type))
        };
        let mut having = Filter::parse(&self.having, &lookup)?;
        if let Rows::Some(rows) = having.select(table.n_rows, &|at| Ok(table.columns[at].values.clone()))? {
            table = table.take(&rows);
        }
        let mut keys = table.sort_keys(&self.order_by)?;
        for name in ties {
            keys.push(SortKey::new(table.values(name)?, false));
        }
        let rows = order::sort(table.n_rows, &keys, self.limit);
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        table.take(&rows).to_batch(&names, true)
    }
}
