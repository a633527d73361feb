//! Questions answered while a source is read, whose rows are not kept: a source larger than memory is folded in one pass.
//!
//! A fold is made for the types that the columns have when the first rows come. Where a column that it reads needs a wider
//! type later, the fold is of no use: it is dropped, the types are still found out, and the source is to be read again from
//! those.

use std::collections::HashMap;

use arrow_array::{Array, Int64Array};
use serde_json::Value;

use super::LoadOptions;
use super::asked::Asked;
use crate::analysis::Zones;
use crate::event::{Column, ColumnType, Schema};
use crate::fold::Fold;
use crate::kernel::batch::{Batch, record_batch};
use crate::query::{Query, ROW};
use crate::{Error, ErrorKind, Result};

/// The questions, and their answers so far.
pub struct Answers {
    questions: Vec<(Value, Query)>,
    zones: Zones,
    options: LoadOptions,
    names: Vec<String>,
    /// One for each question, once rows have come and while they are of use.
    folds: Vec<Box<dyn Fold>>,
    /// The columns' types as the folds know them; none for those that no question reads.
    read_as: Vec<Option<ColumnType>>,
    outgrown: Option<usize>,
    types: Vec<ColumnType>,
    n_nulls: Vec<u64>,
    n_rows: usize,
    /// The next row's place in the data: places ascend, but may leave some out.
    place: i64,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("n_rows", &self.n_rows).field("types", &self.types).finish_non_exhaustive()
    }
}

impl Answers {
    /// Answers to some questions about rows that come at `place` and behind it. `zones` holds the time zones they name.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` as [`Query::parse`], and when there is no question; `UNSUPPORTED` for one of whole actors.
    pub fn new(questions: Vec<Value>, zones: Zones, options: &LoadOptions, place: i64) -> Result<Self> {
        if questions.is_empty() {
            return Err(Error::bad_query("where only answers are kept, \"queries\" must name the questions, one at least"));
        }
        let parse = |value: Value| match Query::parse(&value)? {
            query if query.is_of_actors() => {
                let sentence = "a funnel or a retention looks at all rows of an actor together; load the rows to ask it";
                Err(Error::new(ErrorKind::Unsupported, sentence))
            }
            query => Ok((value, query)),
        };
        Ok(Self {
            questions: questions.into_iter().map(parse).collect::<Result<_>>()?,
            zones,
            options: options.clone(),
            names: vec![],
            folds: vec![],
            read_as: vec![],
            outgrown: None,
            types: vec![],
            n_nulls: vec![],
            n_rows: 0,
            place,
        })
    }

    /// Takes rows in, of columns of these names. Columns that come behind those of the first rows are read by no question.
    ///
    /// # Errors
    ///
    /// As [`Query::fold`] and [`Fold::update`]; `BAD_INPUT` where such a column comes and a question is about all there are.
    pub(super) fn take(&mut self, batch: &Batch, names: &[String]) -> Result<()> {
        self.types = batch.columns.iter().map(|column| column.column_type).collect();
        self.n_nulls.resize(batch.columns.len(), self.n_rows as u64);
        for (n_nulls, column) in self.n_nulls.iter_mut().zip(&batch.columns) {
            *n_nulls += column.array.null_count() as u64;
        }
        self.n_rows += batch.n_rows;
        if self.folds.is_empty() && self.outgrown.is_none() {
            self.begin(names)?;
        }
        self.check_late(names)?;
        let known = self.read_as.iter().zip(&self.types);
        let outgrown = known.map(|(known, own)| known.is_some_and(|known| known != *own)).position(|outgrown| outgrown);
        self.outgrown = self.outgrown.or(outgrown);
        if self.outgrown.is_some() {
            self.folds.clear();
            return Ok(());
        }
        let of = |places: Option<Int64Array>| {
            let arrays = batch.columns.iter().take(self.read_as.len()).map(|column| column.array.clone()).collect();
            let places = places.map(|places| (ROW, places));
            record_batch(self.names.iter().map(String::as_str), arrays, batch.n_rows, places, HashMap::new())
        };
        let rows = of(None)?;
        for ((_, query), fold) in self.questions.iter().zip(&mut self.folds) {
            if query.wants_row_numbers() {
                fold.update(&of(Some((self.place..self.place + batch.n_rows as i64).collect()))?)?;
            } else {
                fold.update(&rows)?;
            }
        }
        self.place += batch.n_rows as i64;
        Ok(())
    }

    fn begin(&mut self, names: &[String]) -> Result<()> {
        self.names = names.to_vec();
        let schema = self.schema(names, &self.types)?;
        self.folds = self.folds_on(&schema)?;
        let is_read = |at: usize| self.questions.iter().any(|(_, query)| self.reads(query, &schema, at));
        self.read_as = (0..self.types.len()).map(|at| is_read(at).then(|| self.types[at])).collect();
        Ok(())
    }

    /// Refuses columns that no fold was made for, where a question is about all of them.
    fn check_late(&self, names: &[String]) -> Result<()> {
        let late = names[..self.types.len().min(names.len())].get(self.read_as.len());
        let Some(name) = late.filter(|_| self.questions.iter().any(|(_, query)| query.reads_all())) else { return Ok(()) };
        let sentence = format!(
            "column {name:?} comes behind the first rows, whose columns the questions are about; name the columns in the \
             questions, or keep the rows"
        );
        Err(Error::bad_input(sentence).at_column(name))
    }

    fn schema(&self, names: &[String], types: &[ColumnType]) -> Result<Schema> {
        self.options.schema_of(names, types.iter().copied(), &[])
    }

    fn folds_on(&self, schema: &Schema) -> Result<Vec<Box<dyn Fold>>> {
        self.questions.iter().map(|(_, query)| query.fold(schema, &self.zones)).collect()
    }

    /// Whether the question cannot be asked, or could mean something else, without that column.
    fn reads(&self, query: &Query, schema: &Schema, at: usize) -> bool {
        let cannot_be_asked = |columns: Vec<Column>| query.fold(&Schema::new(columns), &self.zones).is_err();
        let mut others = schema.columns().to_vec();
        others.remove(at);
        // Another column may come to have a role that the question goes by.
        let without_roles = schema.columns().iter().map(|column| Column { role: None, ..column.clone() });
        query.reads_all() || cannot_be_asked(others) || cannot_be_asked(without_roles.collect())
    }

    /// The types of the columns so far; none before rows have come.
    pub(super) fn types(&self) -> &[ColumnType] {
        &self.types
    }

    /// The types by which the answers read the columns, none for those that they do not read. Nothing where they have come
    /// to nothing.
    pub(super) fn read_as(&self) -> Option<&[Option<ColumnType>]> {
        self.outgrown.is_none().then_some(&self.read_as)
    }

    /// The column that needed a wider type than the folds were made for.
    pub(super) fn outgrown(&self) -> Option<&str> {
        self.outgrown.map(|at| self.names[at].as_str())
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub(super) fn n_nulls(&self, column: usize) -> u64 {
        self.n_nulls.get(column).copied().unwrap_or(0)
    }

    /// Takes in the answers of other rows to the same questions.
    pub(super) fn absorb(&mut self, other: Self) -> Result<()> {
        self.n_nulls.resize(self.n_nulls.len().max(other.n_nulls.len()), self.n_rows as u64);
        let nulls = other.n_nulls.iter().copied().chain(std::iter::repeat(other.n_rows as u64));
        self.n_nulls.iter_mut().zip(nulls).for_each(|(own, other)| *own += other);
        self.n_rows += other.n_rows;
        self.outgrown = self.outgrown.or(other.outgrown);
        if self.folds.is_empty() {
            (self.folds, self.read_as) = (other.folds, other.read_as);
            return Ok(());
        }
        self.folds.iter_mut().zip(&other.folds).try_for_each(|(own, other)| own.merge(&other.state()?))
    }

    /// Makes all answers those of columns of these types: they are whole.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` where they read a column as another type.
    pub(super) fn settle(&mut self, names: &[String], types: &[ColumnType]) -> Result<()> {
        let differs = |(known, own): (&Option<ColumnType>, &ColumnType)| known.is_some_and(|known| known != *own);
        if self.outgrown.is_some() || self.read_as.iter().zip(types).any(differs) {
            return Err(Error::bad_state("the answers read a column as another type; read the source again"));
        }
        (self.names, self.types) = (names.to_vec(), types.to_vec());
        self.n_nulls.resize(types.len(), self.n_rows as u64);
        if self.folds.is_empty() {
            self.folds = self.folds_on(&self.schema(names, types)?)?;
        }
        Ok(())
    }

    /// The answer to one of the questions, ready to be told or merged with that of other rows.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is none of them.
    pub(super) fn ask(&self, asked: &Value) -> Result<Asked> {
        let at = self.questions.iter().position(|(question, _)| question == asked).ok_or_else(|| {
            Error::bad_query(
                "only answers were kept, and not to this question; load again with it among \"queries\", or keep the rows",
            )
        })?;
        let mut fold = self.questions[at].1.fold(&self.schema(&self.names, &self.types)?, &self.zones)?;
        fold.merge(&self.folds[at].state()?)?;
        Ok(Asked::answered(fold, self.types.clone()))
    }
}
