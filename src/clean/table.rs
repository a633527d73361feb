//! The rows that a recipe works on: batches of narrow columns, each column of one type and one dictionary throughout.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::NullBuffer;

use crate::event::{Column, ColumnType, Schema};
use crate::kernel::batch::{Batch, BatchColumn};
use crate::kernel::column;
use crate::kernel::dictionary::Dictionary;
use crate::kernel::form::{Form, Forms};
use crate::kernel::instant::whole_form;
use crate::kernel::uuid::UUID_SCALE;
use crate::kernel::values::{Rows, Texts, Values, gather, gather_ranked};
use crate::{Error, Result};

/// Rows by batches.
#[derive(Clone, Debug)]
pub struct Table {
    names: Vec<String>,
    types: Vec<ColumnType>,
    batches: Vec<Batch>,
    /// The number that each row came with, from 0 on, by batches.
    places: Vec<Vec<u32>>,
}

impl Table {
    /// Rows as a decoder or a store gives them. `types` are at the least those of the columns.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` when a batch has another number of columns.
    pub fn new(names: Vec<String>, types: Vec<ColumnType>, batches: Vec<Batch>) -> Result<Self> {
        let mut places = vec![];
        let mut n_rows = 0;
        for batch in &batches {
            if batch.columns.len() != names.len() || types.len() != names.len() {
                return Err(Error::bad_state(format!("expected {} columns, found {}", names.len(), batch.columns.len())));
            }
            let next = n_rows + batch.n_rows;
            places.push((n_rows as u32..next as u32).collect());
            n_rows = next;
        }
        let mut table = Self { names, types, batches, places };
        for at in 0..table.names.len() {
            let columns = table.batches.iter().map(|batch| batch.columns[at].clone()).collect();
            table.put(at, table.types[at], columns)?;
        }
        Ok(table)
    }

    /// The columns' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns' types.
    pub fn types(&self) -> &[ColumnType] {
        &self.types
    }

    /// The columns, without roles.
    pub fn schema(&self) -> Schema {
        let column = |(name, &column_type): (&String, &ColumnType)| Column { name: name.clone(), column_type, role: None };
        Schema::new(self.names.iter().zip(&self.types).map(column).collect())
    }

    /// The rows.
    pub fn into_batches(self) -> Vec<Batch> {
        self.batches
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.batches.iter().map(|batch| batch.n_rows).sum()
    }

    pub(super) fn batches(&self) -> &[Batch] {
        &self.batches
    }

    pub(super) fn place(&self, batch: usize, row: u32) -> u32 {
        self.places[batch][row as usize]
    }

    /// The place of a column.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` with the nearest names.
    pub(super) fn index_of(&self, name: &str) -> Result<usize> {
        self.names.iter().position(|known| known == name).map_or_else(|| self.schema().index_of(name), Ok)
    }

    /// The places of some columns.
    ///
    /// # Errors
    ///
    /// As [`index_of`](Table::index_of).
    pub(super) fn indices_of(&self, names: &[String]) -> Result<Vec<usize>> {
        names.iter().map(|name| self.index_of(name)).collect()
    }

    /// A column's values in a batch.
    pub(super) fn values(&self, batch: usize, column: usize) -> Result<Values> {
        let batch = &self.batches[batch];
        gather(&batch.columns[column].array, &Rows::All(batch.n_rows))
    }

    /// A column's values in all rows.
    pub(super) fn whole(&self, column: usize) -> Result<Values> {
        Values::concat((0..self.batches.len()).map(|batch| self.values(batch, column)).collect::<Result<_>>()?)
    }

    /// A column as text, each value as it was written.
    pub(super) fn written(&self, column: usize) -> Result<Vec<BatchColumn>> {
        let columns: Vec<BatchColumn> = self.batches.iter().map(|batch| batch.columns[column].clone()).collect();
        Ok(alike(ColumnType::Text, columns)?.1)
    }

    /// The same in a batch.
    pub(super) fn written_in(&self, batch: usize, column: usize) -> Result<Written> {
        let column = self.batches[batch].columns[column].clone();
        let (_, columns) = alike(ColumnType::Text, vec![column])?;
        let array = columns.into_iter().next().map(|column| column.array);
        let array = array.ok_or_else(|| Error::bad_state("a column has no batch"))?;
        let (codes, texts) = column::codes(&array)?;
        Ok(Written { codes, texts, array })
    }

    /// Has other values in a column, of that type at the least.
    pub(super) fn put(&mut self, at: usize, column_type: ColumnType, columns: Vec<BatchColumn>) -> Result<()> {
        let (column_type, columns) = alike(column_type, columns)?;
        self.types[at] = column_type;
        self.batches.iter_mut().zip(columns).for_each(|(batch, column)| batch.columns[at] = column);
        Ok(())
    }

    /// Has these values in the column of that name, which is added behind the others if it is not there.
    pub(super) fn put_named(&mut self, name: &str, column_type: ColumnType, columns: Vec<BatchColumn>) -> Result<()> {
        if let Some(at) = self.names.iter().position(|known| known == name) {
            return self.put(at, column_type, columns);
        }
        let (column_type, columns) = alike(column_type, columns)?;
        self.names.push(name.to_owned());
        self.types.push(column_type);
        self.batches.iter_mut().zip(columns).for_each(|(batch, column)| batch.columns.push(column));
        Ok(())
    }

    /// Keeps these columns, in that order.
    pub(super) fn select(&mut self, columns: &[usize]) {
        self.names = columns.iter().map(|&at| self.names[at].clone()).collect();
        self.types = columns.iter().map(|&at| self.types[at]).collect();
        for batch in &mut self.batches {
            batch.columns = columns.iter().map(|&at| batch.columns[at].clone()).collect();
        }
    }

    /// Calls the columns by these names, one for each.
    pub(super) fn rename(&mut self, names: Vec<String>) {
        self.names = names;
    }

    /// Keeps these rows of each batch; says how many others there were.
    pub(super) fn keep(&mut self, rows: &[Rows]) -> Result<u64> {
        let n_before = self.n_rows();
        for ((batch, places), rows) in self.batches.iter_mut().zip(&mut self.places).zip(rows) {
            let Rows::Some(chosen) = rows else { continue };
            for column in &mut batch.columns {
                *column = take(column, chosen)?;
            }
            batch.n_rows = chosen.len();
            *places = chosen.iter().map(|&row| places[row as usize]).collect();
        }
        self.batches.retain(|batch| batch.n_rows > 0);
        self.places.retain(|places| !places.is_empty());
        Ok((n_before - self.n_rows()) as u64)
    }
}

/// Values as they were written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) codes: Vec<u32>,
    pub(super) texts: Arc<StringArray>,
    /// Tells where there is no value.
    pub(super) array: ArrayRef,
}

impl Written {
    /// The text at a row.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        self.array.is_valid(row).then(|| self.texts.value(self.codes[row] as usize))
    }
}

/// A column at some rows.
pub(super) fn take(of: &BatchColumn, rows: &[u32]) -> Result<BatchColumn> {
    let values = gather_ranked(&of.array, &Rows::Some(rows.to_vec()))?;
    let array = column::hold(values, of.column_type)?;
    Ok(BatchColumn { array, forms: of.forms.take(rows), column_type: of.column_type })
}

/// The columns as the narrowest type that holds all their values, and that type's; texts with one dictionary.
fn alike(column_type: ColumnType, mut columns: Vec<BatchColumn>) -> Result<(ColumnType, Vec<BatchColumn>)> {
    let mut to = columns.iter().fold(column_type, |joined, column| joined.join(column.column_type));
    if columns.iter().any(|column| column.column_type != to) {
        let widen = |column: &BatchColumn, to: ColumnType| {
            if column.column_type == to {
                return Ok(Some(column.clone()));
            }
            let widened = column::widen(&column.array, &column.forms, column.column_type, to)?;
            Ok::<_, Error>(widened.map(|(array, forms)| BatchColumn { array, forms, column_type: to }))
        };
        let widened: Option<Vec<_>> = columns.iter().map(|column| widen(column, to)).collect::<Result<_>>()?;
        columns = match widened {
            Some(widened) => widened,
            None => {
                to = ColumnType::Text;
                columns.iter().filter_map(|column| widen(column, to).transpose()).collect::<Result<_>>()?
            }
        };
    }
    if matches!(to, ColumnType::Text | ColumnType::Null) {
        columns = with_one_dictionary(columns)?;
    }
    Ok((to, columns))
}

fn with_one_dictionary(columns: Vec<BatchColumn>) -> Result<Vec<BatchColumn>> {
    let parts = columns.iter().map(|column| column::codes(&column.array)).collect::<Result<Vec<_>>>()?;
    let texts: Vec<Texts> = parts.iter().map(|(_, texts)| Texts(texts.clone())).collect();
    if texts.windows(2).all(|pair| pair[0].is(&pair[1])) {
        return Ok(columns);
    }
    let column_type = columns.first().map_or(ColumnType::Null, |column| column.column_type);
    let mut builder = Builder::new(column_type);
    for (column, (codes, texts)) in columns.iter().zip(&parts) {
        let is_valid = |row: usize| column.array.is_valid(row);
        let cells = codes.iter().enumerate().map(|(row, &code)| is_valid(row).then(|| texts.value(code as usize)));
        builder.push_texts(cells)?;
    }
    builder.finish()
}

/// Makes a column batch by batch.
#[derive(Debug)]
pub(super) struct Builder {
    column_type: ColumnType,
    numbers: Vec<BatchColumn>,
    codes: Vec<(Vec<u32>, Option<NullBuffer>)>,
    dictionary: Dictionary,
}

impl Builder {
    pub(super) fn new(column_type: ColumnType) -> Self {
        Self { column_type, numbers: vec![], codes: vec![], dictionary: Dictionary::default() }
    }

    /// Takes the next batch's texts; an empty one is none, as in a file.
    pub(super) fn push_texts<'a>(&mut self, cells: impl Iterator<Item = Option<&'a str>>) -> Result<()> {
        let codes = cells.map(|cell| cell.filter(|text| !text.is_empty()).map(|text| self.code(text)).transpose());
        let codes: Vec<Option<u32>> = codes.collect::<Result<_>>()?;
        self.push_codes(codes);
        Ok(())
    }

    /// The code of a text, for [`push_codes`](Builder::push_codes).
    pub(super) fn code(&mut self, text: &str) -> Result<u32> {
        self.dictionary.code(text.as_bytes())
    }

    pub(super) fn push_codes(&mut self, codes: Vec<Option<u32>>) {
        let nulls = nulls_of(&codes);
        self.codes.push((codes.into_iter().map(Option::unwrap_or_default).collect(), nulls));
    }

    /// Takes the next batch's integers in the units of the column's type, all of which it holds.
    pub(super) fn push_numbers(&mut self, numbers: Vec<Option<i128>>) -> Result<()> {
        let form = plain_form(self.column_type);
        let nulls = nulls_of(&numbers);
        let numbers: Vec<i128> = numbers.into_iter().map(Option::unwrap_or_default).collect();
        let ints = || numbers.iter().map(|&number| number as i64).collect::<Vec<_>>();
        let array: ArrayRef = match self.column_type {
            ColumnType::Bool => column::bools(&ints(), nulls),
            ColumnType::Int => column::narrow_ints(&ints(), nulls),
            ColumnType::Time { unit } => column::narrow_instants(&ints(), unit, nulls),
            ColumnType::Decimal { scale } => column::narrow_decimals(&numbers, scale, nulls),
            ColumnType::Uuid => column::narrow_decimals(&numbers, UUID_SCALE, nulls),
            other => return Err(Error::bad_state(format!("numbers are not of type {}", other.name()))),
        };
        self.numbers.push(BatchColumn { array, forms: Forms::Alike(form), column_type: self.column_type });
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<BatchColumn>> {
        if self.dictionary.is_empty() {
            self.dictionary.code(b"")?; // nulls point at something
        }
        let all: Arc<StringArray> = Arc::new(self.dictionary.to_array());
        let column_type = self.column_type;
        let texts = self.codes.into_iter().map(|(codes, nulls)| {
            let array = column::texts(&codes, all.clone(), nulls)?;
            Ok(BatchColumn { array, forms: Forms::Plain, column_type })
        });
        self.numbers.into_iter().map(Ok).chain(texts).collect()
    }
}

/// How values of that type are written that were in no file.
pub(super) fn plain_form(column_type: ColumnType) -> Form {
    match column_type {
        ColumnType::Decimal { scale } => Form(u32::from(scale)),
        ColumnType::Time { unit } => whole_form(unit),
        _ => Form::default(),
    }
}

fn nulls_of<T>(cells: &[Option<T>]) -> Option<NullBuffer> {
    cells.iter().any(Option::is_none).then(|| cells.iter().map(Option::is_some).collect())
}
