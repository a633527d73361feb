//! A question that is asked of rows as they come: of slices of them, each by a fold of its own, or of rows that are kept.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};

use crate::analysis::Zones;
use crate::event::{ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::batch::{Batch, BatchColumn, record_batch};
use crate::kernel::column;
use crate::kernel::form::Forms;
use crate::kernel::values::{Rows, gather};
use crate::query::{Query, ROW};
use crate::store::Store;
use crate::{Error, Result};

/// Rows that came together.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// One for each column.
    pub(super) arrays: Vec<ArrayRef>,
    /// Where each row is among all that came.
    pub(super) places: Int64Array,
}

impl Part {
    /// The rows of a batch, of which the first is at `place`, as columns of these types.
    ///
    /// # Errors
    ///
    /// When a column cannot be held as its type.
    pub(super) fn of(batch: &Batch, types: &[ColumnType], place: i64) -> Result<Self> {
        let array = |(at, &to): (usize, &ColumnType)| match batch.columns.get(at) {
            None => column::nulls(to, batch.n_rows),
            Some(own) if own.column_type == to => Ok(own.array.clone()),
            Some(own) => match column::widen(&own.array, &own.forms, own.column_type, to)? {
                Some((array, _)) => Ok(array),
                None => Err(Error::bad_state("a column is wider than its type")),
            },
        };
        let arrays = types.iter().enumerate().map(array).collect::<Result<_>>()?;
        Ok(Self { arrays, places: (place..place + batch.n_rows as i64).collect() })
    }

    pub(super) fn n_rows(&self) -> usize {
        self.places.len()
    }

    /// Some of the rows, one behind the other.
    pub(super) fn slice(&self, from: usize, n_rows: usize) -> Self {
        let arrays = self.arrays.iter().map(|array| array.slice(from, n_rows)).collect();
        Self { arrays, places: self.places.slice(from, n_rows) }
    }

    /// Some of the rows.
    pub(super) fn take(&self, rows: &[u32], types: &[ColumnType]) -> Result<Self> {
        let rows = Rows::Some(rows.to_vec());
        let array = |(array, &to): (&ArrayRef, &ColumnType)| column::hold(gather(array, &rows)?, to);
        let arrays = self.arrays.iter().zip(types).map(array).collect::<Result<_>>()?;
        let Rows::Some(rows) = rows else { return Ok(self.clone()) };
        Ok(Self { arrays, places: rows.iter().map(|&row| self.places.value(row as usize)).collect() })
    }

    /// Bytes held, texts that other parts share among them.
    pub(super) fn size(&self) -> usize {
        self.arrays.iter().map(|array| array.get_array_memory_size()).sum::<usize>() + 8 * self.n_rows()
    }

    /// As a store takes them.
    pub(super) fn to_batch(&self, types: &[ColumnType]) -> Batch {
        let column = |(array, &column_type): (&ArrayRef, &ColumnType)| BatchColumn {
            array: array.clone(),
            forms: Forms::Plain,
            column_type,
        };
        Batch { columns: self.arrays.iter().zip(types).map(column).collect(), n_rows: self.n_rows() }
    }
}

/// A question and the columns that it is asked of.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) query: Query,
    pub(super) zones: Arc<Zones>,
    pub(super) schema: Schema,
    pub(super) types: Vec<ColumnType>,
}

impl Asker {
    /// # Errors
    ///
    /// As [`Query::fold`].
    pub(super) fn new(query: Query, zones: Arc<Zones>, schema: &Schema) -> Result<Self> {
        query.fold(schema, &zones)?;
        let types = schema.columns().iter().map(|column| column.column_type).collect();
        Ok(Self { query, zones, schema: schema.clone(), types })
    }

    pub(super) fn fold(&self) -> Result<Box<dyn Fold>> {
        self.query.fold(&self.schema, &self.zones)
    }

    /// Whether the answer depends on rows that are not next to each other: a fold cannot take them as they come.
    pub(super) fn looks_at_order(&self) -> bool {
        self.query.is_of_actors() || self.query.wants_row_numbers()
    }

    /// The column of event time.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` where there is none.
    pub(super) fn time(&self) -> Result<usize> {
        let sentence = "windows are of event time: tell with \"schema\" which column has the role time, and its type, time, where it has no \
                        value yet";
        let at = self.schema.index_of_role(Role::Time).filter(|&at| matches!(self.types[at], ColumnType::Time { .. }));
        at.ok_or_else(|| Error::bad_query(sentence).at_column("window"))
    }

    /// The rows as the question's fold takes them.
    pub(super) fn rows(&self, part: &Part) -> Result<RecordBatch> {
        let names = self.schema.columns().iter().map(|column| column.name.as_str());
        let places = self.query.wants_row_numbers().then(|| (ROW, part.places.clone()));
        record_batch(names, part.arrays.clone(), part.n_rows(), places, HashMap::new())
    }

    /// The answer to the question about these rows alone: ties go by the rows' values, so that it is the same in whatever
    /// order they came.
    pub(super) fn answer(&self, parts: &[&Part]) -> Result<RecordBatch> {
        let mut store = Store::of_types(&self.types)?;
        for part in parts {
            store.append(part.to_batch(&self.types))?;
        }
        store.seal()?;
        let time = self.schema.index_of_role(Role::Time);
        store.order_by_values(time)?;
        if let Some((actor, time)) = self.query.needs_actors(&self.schema)? {
            store.arrange(actor, Some(time))?;
        }
        let names: Vec<&str> = self.schema.columns().iter().map(|column| column.name.as_str()).collect();
        let row_numbers = self.query.wants_row_numbers().then_some(ROW);
        let mut fold = self.fold()?;
        for at in 0..store.n_batches() {
            fold.update(&store.batch(at, &names, row_numbers)?)?;
        }
        fold.finish()
    }
}
