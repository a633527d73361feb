//! Typed rows on their way from a decoder to the store.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema};

use super::form::{Form, Forms};
use super::instant::form_of_times;
use crate::Result;
use crate::event::ColumnType;

/// The key in a batch's schema whose value names a column: the rows of each of its values follow each other, over all
/// batches that come, and a value never comes again elsewhere.
pub const GROUPED_BY: &str = "grouped_by";

/// Rows as the decoder emits them: one array per column, with how its values were written.
///
/// Text is a dictionary of this batch's own; types are those of `src/event.rs` and only ever widen
/// from one batch to the next.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The columns, in file order, all of `n_rows`.
    pub columns: Vec<BatchColumn>,
    /// Rows in the batch.
    pub n_rows: usize,
}

/// A column of a [`Batch`].
#[derive(Clone, Debug)]
pub struct BatchColumn {
    /// Its values.
    pub array: ArrayRef,
    /// How they were written.
    pub forms: Forms,
    /// Their type.
    pub column_type: ColumnType,
}

impl Batch {
    /// Notes how times are written in its columns, where `forms` do not say it yet.
    pub fn note_forms(&self, forms: &mut Vec<Form>) {
        forms.resize(forms.len().max(self.columns.len()), Form::default());
        for (form, column) in forms.iter_mut().zip(&self.columns).filter(|(form, _)| **form == Form::default()) {
            if matches!(column.column_type, ColumnType::Time { .. }) {
                *form = form_of_times(&column.forms).unwrap_or_default();
            }
        }
    }
}

#[cfg(feature = "live")]
impl Batch {
    /// Some of the rows, in that order.
    ///
    /// # Errors
    ///
    /// When a column is not of its type.
    pub fn take(&self, rows: &[u32]) -> Result<Self> {
        let chosen = super::values::Rows::Some(rows.to_vec());
        let column = |column: &BatchColumn| {
            let values = super::values::gather(&column.array, &chosen)?;
            let array = super::column::hold(values, column.column_type)?;
            Ok(BatchColumn { array, forms: column.forms.take(rows), column_type: column.column_type })
        };
        Ok(Self { columns: self.columns.iter().map(column).collect::<Result<_>>()?, n_rows: rows.len() })
    }
}

/// Rows as folds take them: the columns by their names, and, where it is called by a name, each row's place in the data.
///
/// # Errors
///
/// When the columns are not of `n_rows` each.
pub fn record_batch<'a>(
    names: impl Iterator<Item = &'a str>,
    mut arrays: Vec<ArrayRef>,
    n_rows: usize,
    places: Option<(&str, Int64Array)>,
    metadata: HashMap<String, String>,
) -> Result<RecordBatch> {
    let mut fields: Vec<Field> = names.zip(&arrays).map(|(n, a)| Field::new(n, a.data_type().clone(), true)).collect();
    if let Some((name, places)) = places {
        fields.push(Field::new(name, DataType::Int64, false));
        arrays.push(Arc::new(places));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields).with_metadata(metadata)), arrays, &options)?)
}
