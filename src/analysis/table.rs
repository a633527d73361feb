//! An answer before it is an Arrow batch: typed columns that can be ranked, filtered, ordered and cut.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};

use crate::error::nearest;
use crate::event::ColumnType;
use crate::kernel::ids::Ids;
use crate::kernel::order::SortKey;
use crate::kernel::pairs::Pairs;
use crate::kernel::values::{Data, ValueType, Values};
use crate::{Error, ErrorKind, Result};

/// Named columns of as many rows.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<TableColumn>,
    pub(super) n_rows: usize,
}

#[derive(Debug)]
pub(super) struct TableColumn {
    pub(super) name: String,
    pub(super) value_type: ValueType,
    pub(super) values: Values,
    /// How far the values may be from the exact ones, as `0.01 relative`; absent where they are exact.
    pub(super) error: Option<String>,
}

/// What an answer's Arrow field says its error bound under.
const ERROR: &str = "error";

/// A column to order by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OrderBy {
    pub(super) column: String,
    pub(super) descending: bool,
}

impl TableColumn {
    /// A column of exact values.
    pub(super) fn exact(name: &str, value_type: ValueType, values: Values) -> Self {
        Self { name: name.to_owned(), value_type, values, error: None }
    }
}

impl OrderBy {
    /// Reads `views` or `-views`.
    pub(super) fn parse(text: &str) -> Self {
        match text.strip_prefix('-') {
            Some(column) => Self { column: column.to_owned(), descending: true },
            None => Self { column: text.to_owned(), descending: false },
        }
    }
}

/// The error for a name that an answer does not have.
pub(super) fn unknown_output(name: &str, names: &[&str]) -> Error {
    let near = nearest(name, names.iter().copied());
    let hint = match near.first() {
        Some(first) => format!("did you mean {first:?}?"),
        None => format!("it has {}", names.join(", ")),
    };
    Error::new(ErrorKind::UnknownColumn, format!("the answer has no column {name:?}; {hint}"))
        .at_column(name)
        .with_candidates(near)
}

/// No values, of the shape that the type has in an answer.
pub(super) fn empty(value_type: ValueType) -> Values {
    match value_type {
        ValueType::Of(ColumnType::Text | ColumnType::Null) => Ids::no_texts().values(&[]),
        ValueType::Float => Values { data: Data::Floats(vec![]), valid: None },
        ValueType::Of(_) => Values::ints(vec![]),
    }
}

/// Floats of which some are null.
#[cfg(feature = "events")]
pub(super) fn floats(values: impl Iterator<Item = Option<f64>>) -> Values {
    let (valid, floats): (Vec<bool>, Vec<f64>) = values.map(|value| (value.is_some(), value.unwrap_or_default())).unzip();
    Values { data: Data::Floats(floats), valid: Some(valid) }
}

/// The number of each row's combination of values, and more than all of them; `None` where a column holds floats.
pub(super) fn combinations(columns: &[&Values], n_rows: usize) -> Result<Option<(Vec<u32>, usize)>> {
    let (mut numbers, mut n_numbers) = (vec![0; n_rows], 1);
    for values in columns {
        if matches!(values.data, Data::Floats(_)) {
            return Ok(None);
        }
        let mut ids = Ids::like(values);
        let (seconds, mut pairs) = (ids.of(values)?, Pairs::default());
        pairs.of(&mut numbers, n_numbers, &seconds, ids.len());
        n_numbers = pairs.len();
    }
    Ok(Some((numbers, n_numbers)))
}

impl Table {
    /// The place of a column.
    pub(super) fn index_of(&self, name: &str) -> Result<usize> {
        self.columns.iter().position(|c| c.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
            unknown_output(name, &names)
        })
    }

    pub(super) fn values(&self, name: &str) -> Result<&Values> {
        Ok(&self.columns[self.index_of(name)?].values)
    }

    pub(super) fn sort_keys<'a>(&self, by: impl IntoIterator<Item = &'a OrderBy>) -> Result<Vec<SortKey>> {
        by.into_iter().map(|by| Ok(SortKey::new(self.values(&by.column)?, by.descending))).collect()
    }

    /// The given rows alone, in that order.
    pub(super) fn take(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|c| TableColumn {
            name: c.name.clone(),
            value_type: c.value_type,
            values: c.values.take(rows),
            error: c.error.clone(),
        });
        Self { columns: columns.collect(), n_rows: rows.len() }
    }

    /// The columns called by `names` as an Arrow batch; what is approximate says its `error` in its field's metadata.
    /// In an answer, UUIDs are text.
    pub(super) fn to_batch(&self, names: &[String], is_answer: bool) -> Result<RecordBatch> {
        let mut fields = Vec::with_capacity(names.len());
        let mut arrays = Vec::with_capacity(names.len());
        for name in names {
            let column = &self.columns[self.index_of(name)?];
            let array: ArrayRef = match column.value_type {
                ValueType::Of(ColumnType::Uuid) if is_answer => Arc::new(column.values.uuid_texts()?),
                value_type => column.values.to_array(value_type)?,
            };
            let mut field = Field::new(name, array.data_type().clone(), true);
            if let Some(error) = &column.error {
                field.set_metadata([(ERROR.to_owned(), error.clone())]);
            }
            fields.push(field);
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.n_rows));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }
}
