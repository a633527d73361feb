//! The rows themselves, chosen, ranked, ordered and cut.
//!
//! A row fold: any split of the rows answers alike. State: the chosen rows with their place in the data.

#[cfg(feature = "events")]
mod sql;

use arrow_array::RecordBatch;
use serde_json::Value;

use super::filter::{Filter, columns_of};
use super::grown::Grown;
use super::rank::Rank;
use super::spec::Spec;
use super::table::{OrderBy, Table, TableColumn};
use super::{Question, Zones};
use crate::event::{ColumnType, Schema};
use crate::fold::Fold;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows as Chosen, ValueType, Values, gather};
#[cfg(feature = "events")]
use crate::sql::Dialect;
use crate::{Error, Result};

/// The name of the column that counts the rows of the data from 0, last in each batch that this fold is given.
pub const ROW: &str = "\0row";

/// The question `{"kind": "rows", …}`.
///
/// Answer: the columns of `select` (all, if not given), then the rank. Order: `order_by`, and ties in the order
/// of the data. `rank` and `order_by` may name columns that are not selected.
#[derive(Clone, Debug)]
pub struct Rows {
    filter: Vec<Value>,
    select: Option<Vec<String>>,
    rank: Option<Rank>,
    order_by: Vec<OrderBy>,
    limit: usize,
}

impl Rows {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let rows = Self {
            filter: spec.list("where")?.to_vec(),
            select: spec.get("select").is_some().then(|| spec.texts("select")).transpose()?,
            rank: spec.get("rank").map(Rank::parse).transpose()?,
            order_by: spec.texts("order_by")?.iter().map(|by| OrderBy::parse(by)).collect(),
            limit: spec.count("limit")?.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        };
        spec.finish()?;
        Ok(rows)
    }
}

impl Question for Rows {
    fn wants_row_numbers(&self) -> bool {
        true
    }

    fn reads_all(&self) -> bool {
        self.select.is_none()
    }

    fn fold(&self, schema: &Schema, _: &Zones) -> Result<Box<dyn Fold>> {
        let lookup = columns_of(schema);
        let select = match &self.select {
            Some(select) => select.clone(),
            None => schema.columns().iter().map(|c| c.name.clone()).collect(),
        };
        let mut answer = select.clone();
        let mut needed = select;
        if let Some(rank) = &self.rank {
            let by = rank.by.iter().map(|by| &by.column);
            needed.extend(rank.within.iter().chain(by).map(String::as_str).chain(rank.column()).map(str::to_owned));
            answer.push(rank.name.clone());
        }
        let of_rank = |by: &&OrderBy| self.rank.as_ref().is_none_or(|rank| rank.name != by.column);
        needed.extend(self.order_by.iter().filter(of_rank).map(|by| by.column.clone()));
        if let Some(twice) = answer.iter().enumerate().find_map(|(i, name)| answer[..i].contains(name).then_some(name)) {
            return Err(Error::bad_query(format!("two columns of the answer are called {twice:?}")).at_column(twice));
        }
        if let Some(rank) = self.rank.as_ref().filter(|rank| needed.contains(&rank.name)) {
            return Err(Error::bad_query(format!("the rank is called {:?} as a column is; rename it by \"as\"", rank.name))
                .at_column(&rank.name));
        }
        let mut columns: Vec<Held> = Vec::new();
        for name in needed {
            if columns.iter().all(|column| column.name != name) {
                let (at, value_type) = lookup(&name)?;
                columns.push(Held { at, name, value_type, values: Grown::new(value_type) });
            }
        }
        let filter = Filter::parse(&self.filter, &lookup)?;
        Ok(Box::new(RowsFold { spec: self.clone(), answer, filter, columns, places: vec![] }))
    }

    #[cfg(feature = "events")]
    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.fold(schema, &Zones::new())?;
        self.statement(schema, dialect)
    }
}

struct RowsFold {
    spec: Rows,
    answer: Vec<String>,
    filter: Filter,
    columns: Vec<Held>,
    /// Each held row's place in the data.
    places: Vec<i64>,
}

struct Held {
    at: usize,
    name: String,
    value_type: ValueType,
    values: Grown,
}

/// Rows held beyond the limit before the surplus is dropped.
const SLACK: usize = 1 << 16;

impl RowsFold {
    fn push(&mut self, values: impl Fn(usize, &Held) -> Result<Values>, places: &Values) -> Result<()> {
        for at in 0..self.columns.len() {
            let values = values(at, &self.columns[at])?;
            self.columns[at].values.push(&values)?;
        }
        match &places.data {
            Data::Ints(places) => self.places.extend_from_slice(places),
            _ => return Err(Error::bad_state("the rows are not numbered")),
        }
        // A rank looks at all rows; without one, no row beyond the limit can come back.
        if self.spec.rank.is_none() && self.places.len() > self.spec.limit.saturating_mul(2).saturating_add(SLACK) {
            let rows = self.first_rows(&self.table()?)?;
            self.columns.iter_mut().for_each(|column| column.values.retain(&rows));
            self.places = rows.iter().map(|&row| self.places[row as usize]).collect();
        }
        Ok(())
    }

    fn table(&self) -> Result<Table> {
        let columns = self.columns.iter().map(|c| TableColumn::exact(&c.name, c.value_type, c.values.values()));
        let mut columns: Vec<TableColumn> = columns.collect();
        columns.push(TableColumn::exact(ROW, ValueType::Of(ColumnType::Int), Values::ints(self.places.clone())));
        Ok(Table { columns, n_rows: self.places.len() })
    }

    /// The rows of the answer, in its order.
    fn first_rows(&self, table: &Table) -> Result<Vec<u32>> {
        let mut keys = table.sort_keys(&self.spec.order_by)?;
        keys.push(SortKey::new(table.values(ROW)?, false));
        Ok(order::sort(table.n_rows, &keys, self.spec.limit))
    }
}

impl Fold for RowsFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let all = Chosen::All(batch.num_rows());
        let rows = self.filter.select(batch.num_rows(), &|column| gather(batch.column(column), &all))?;
        let places = batch.columns().last().ok_or_else(|| Error::bad_state("the rows are not numbered"))?;
        let places = gather(places, &rows)?;
        self.push(|_, held| gather(batch.column(held.at), &rows), &places)
    }

    fn state(&self) -> Result<RecordBatch> {
        let table = self.table()?;
        let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        table.to_batch(&names, false)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        if state.num_columns() != self.columns.len() + 1 {
            let expected = self.columns.len() + 1;
            return Err(Error::bad_state(format!("expected a state of {expected} columns, found {}", state.num_columns())));
        }
        let all = Chosen::All(state.num_rows());
        let places = gather(state.column(self.columns.len()), &all)?;
        self.push(|at, _| gather(state.column(at), &all), &places)
    }

    fn finish(&self) -> Result<RecordBatch> {
        let mut table = self.table()?;
        if let Some(rank) = &self.spec.rank {
            let ties = [SortKey::new(table.values(ROW)?, false)];
            table = rank.apply(table, &ties)?;
        }
        let rows = self.first_rows(&table)?;
        table.take(&rows).to_batch(&self.answer, true)
    }

    fn size(&self) -> usize {
        8 * self.places.capacity() + self.columns.iter().map(|column| column.values.size()).sum::<usize>()
    }
}
