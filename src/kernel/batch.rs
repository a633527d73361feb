//! Typed rows on their way from a decoder to the store.

use arrow_array::ArrayRef;

use super::form::Forms;
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
