//! Lists as texts of JSON, since a cell holds one value.

use std::sync::Arc;

use arrow_array::Array;

use super::typed::as_text;
use crate::Result;
use crate::event::ColumnType;
use crate::kernel::batch::BatchColumn;
use crate::kernel::column;
use crate::kernel::dictionary::Dictionary;
use crate::kernel::form::Forms;

/// How many elements the list of each row has; `None` where there is no list.
#[derive(Debug, Default)]
pub(super) struct Lists {
    rows: Vec<Option<usize>>,
}

impl Lists {
    /// Rows that have begun since the last batch.
    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Begins a row, with a list or without one.
    pub(super) fn begin(&mut self, has_list: bool) {
        self.rows.push(has_list.then_some(0));
    }

    /// Begins a row with a list of so many elements, or without one.
    pub(super) fn begin_of(&mut self, n_elements: Option<usize>) {
        self.rows.push(n_elements);
    }

    /// Adds an element to the last row's list; `None` where no row has begun.
    pub(super) fn push(&mut self) -> Option<()> {
        *self.rows.last_mut()?.get_or_insert(0) += 1;
        Some(())
    }

    /// The lists of all rows as a column, made of their elements; no row is left.
    ///
    /// # Errors
    ///
    /// When they hold more than 2 GiB of distinct text.
    pub(super) fn take(&mut self, elements: &BatchColumn) -> Result<BatchColumn> {
        let array = as_text(elements)?;
        let (codes, texts) = column::codes(&array)?;
        let is_bare = matches!(elements.column_type, ColumnType::Bool | ColumnType::Int | ColumnType::Decimal { .. });
        let (mut dictionary, mut list) = (Dictionary::default(), String::new());
        let (mut list_codes, mut null_rows) = (Vec::with_capacity(self.rows.len()), vec![]);
        let mut at = 0;
        for (row, n) in std::mem::take(&mut self.rows).into_iter().enumerate() {
            list.clear();
            if let Some(n) = n {
                list.push('[');
                for (place, element) in (at..at + n).enumerate() {
                    if place > 0 {
                        list.push(',');
                    }
                    match texts.value(codes[element] as usize) {
                        _ if array.is_null(element) => list.push_str("null"),
                        text if is_bare => list.push_str(text),
                        text => list.push_str(&serde_json::Value::from(text).to_string()),
                    }
                }
                list.push(']');
                at += n;
            } else {
                null_rows.push(row as u32);
            }
            list_codes.push(dictionary.code(list.as_bytes())?);
        }
        let nulls = column::null_buffer(&null_rows, list_codes.len());
        let array = column::texts(&list_codes, Arc::new(dictionary.to_array()), nulls)?;
        Ok(BatchColumn { array, forms: Forms::Plain, column_type: ColumnType::Text })
    }
}
