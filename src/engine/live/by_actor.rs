//! A question about whole actors whose answer is kept up to date while rows come and go: what actors did of whom nothing
//! changed is not looked at again.
//!
//! A fold of actors takes further states in, but gives none back. So the actors are dealt to buckets by a hash; each bucket
//! holds the rows of its actors and their state. Rows that come or go make their buckets' states void: an answer folds
//! the rows of those buckets again, and merges the states of all.

mod bucket;
mod interned;

use arrow_array::{Int64Array, RecordBatch};

use crate::analysis::Zones;
use crate::event::{Column, ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::batch::{Batch, GROUPED_BY, record_batch};
use crate::kernel::column;
use crate::kernel::hash::hash_values;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, Values, gather};
use crate::query::Query;
use crate::{Error, Result};
use bucket::Bucket;
use interned::Interned;

/// As many buckets as there are at first, and at most: merging costs as much as there are buckets, folding one again as much
/// as it has rows.
const BUCKETS: (usize, usize) = (16, 1 << 10);
/// Rows in a bucket beyond which there are to be more.
const BUCKET_ROWS: usize = 1 << 11;

/// The rows of whole actors, and what a question's folds found in them.
pub(super) struct ByActor {
    query: Query,
    zones: Zones,
    /// The columns that are kept.
    schema: Schema,
    /// Where they stand in the batches that come.
    kept: Vec<usize>,
    actor: usize,
    time: usize,
    /// What rows of an actor that tie go by; by their places where there is nothing.
    ties: Option<Ties>,
    /// The texts of each column that has some.
    texts: Vec<Option<Interned>>,
    buckets: Vec<Bucket>,
    /// Rows in a bucket, on average, beyond which there are to be more of them.
    bucket_rows: usize,
    /// Rows of earlier places are forgotten.
    before: i64,
    answer: Option<RecordBatch>,
}

/// Rows that tie go by this column of times, if there is one, then by all their values.
struct Ties {
    time: Option<usize>,
}

impl ByActor {
    /// No rows yet, of columns as the batches that come have them. Rows of an actor at the same time are taken in the order of
    /// their places; where `is_canonical`, in that of [`order::canonical`], so that the same rows have the same answer in
    /// whatever order they come.
    ///
    /// # Errors
    ///
    /// As [`Query::fold`]; `BAD_STATE` when the question is not about whole actors.
    pub(super) fn new(query: &Query, schema: &Schema, zones: &Zones, is_canonical: bool) -> Result<Self> {
        query.fold(schema, zones)?;
        let is_kept = |&at: &usize| is_canonical || reads(query, schema, zones, at);
        let kept: Vec<usize> = (0..schema.columns().len()).filter(is_kept).collect();
        let columns: Vec<Column> = kept.iter().map(|&at| schema.columns()[at].clone()).collect();
        let is_text = |column: &Column| matches!(column.column_type, ColumnType::Text | ColumnType::Null);
        let texts = columns.iter().map(|column| is_text(column).then(Interned::default)).collect();
        let schema = Schema::new(columns);
        let actors = query.needs_actors(&schema)?;
        let (actor, time) = actors.ok_or_else(|| Error::bad_state("the question is not about whole actors"))?;
        let ties = is_canonical.then(|| Ties { time: schema.index_of_role(Role::Time) });
        let buckets = (0..BUCKETS.0).map(|_| Bucket::default()).collect();
        Ok(Self {
            query: query.clone(),
            zones: zones.clone(),
            schema,
            kept,
            actor,
            time,
            ties,
            texts,
            buckets,
            bucket_rows: BUCKET_ROWS,
            before: i64::MIN,
            answer: None,
        })
    }

    /// Takes rows in, with the place of each in the data.
    ///
    /// # Errors
    ///
    /// When a text column outgrows 2 GiB of distinct text.
    pub(super) fn take(&mut self, batch: &Batch, places: &Int64Array) -> Result<()> {
        if batch.n_rows == 0 {
            return Ok(());
        }
        let all = Rows::All(batch.n_rows);
        let mut hashes = vec![];
        let mut columns = Vec::with_capacity(self.kept.len() + 1);
        for (at, (&from, texts)) in self.kept.iter().zip(&mut self.texts).enumerate() {
            let values = gather(&batch.columns[from].array, &all)?;
            if at == self.actor {
                hashes = hash_values(&values);
            }
            columns.push(match texts {
                Some(texts) => texts.take(values)?,
                None => values,
            });
        }
        columns.push(Values::ints(places.values().to_vec()));
        let mut rows_of = vec![vec![]; self.buckets.len()];
        for (row, &hash) in hashes.iter().enumerate() {
            rows_of[bucket_of(hash, self.buckets.len())].push(row as u32);
        }
        for (bucket, rows) in self.buckets.iter_mut().zip(&rows_of).filter(|(_, rows)| !rows.is_empty()) {
            bucket.push(&columns, rows)?;
        }
        self.answer = None;
        let outgrown = (0..self.buckets.len()).filter(|&at| self.buckets[at].is_outgrown(self.bucket_rows / 16));
        for at in outgrown.collect::<Vec<_>>() {
            self.arrange(at)?;
        }
        self.grow()?;
        self.forget_texts()
    }

    /// Forgets the rows whose places are before that one.
    ///
    /// # Errors
    ///
    /// Never, unless a bucket's columns are of other types than it was told.
    pub(super) fn forget(&mut self, before: i64) -> Result<()> {
        self.before = self.before.max(before);
        for at in 0..self.buckets.len() {
            let Some(share) = self.buckets[at].share_before(before) else { continue };
            self.buckets[at].state = None;
            self.answer = None;
            // Fewer wait for the next answer, which puts the rows in order anyhow.
            if share > 0.5 {
                self.arrange(at)?;
            }
        }
        Ok(())
    }

    /// The answer to the question about the rows that are here.
    ///
    /// # Errors
    ///
    /// As [`Fold`] says.
    pub(super) fn answer(&mut self) -> Result<RecordBatch> {
        if let Some(answer) = &self.answer {
            return Ok(answer.clone());
        }
        let mut whole = self.fold()?;
        for at in 0..self.buckets.len() {
            if self.buckets[at].is_empty() {
                continue;
            }
            if self.buckets[at].state.is_none() {
                self.buckets[at].state = Some(self.state(at)?);
            }
            if let Some(state) = &self.buckets[at].state {
                whole.merge(state)?;
            }
        }
        let answer = whole.finish()?;
        self.answer = Some(answer.clone());
        Ok(answer)
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        let texts: usize = self.texts.iter().flatten().map(Interned::size).sum();
        texts + self.buckets.iter().map(Bucket::size).sum::<usize>()
    }

    fn fold(&self) -> Result<Box<dyn Fold>> {
        self.query.fold(&self.schema, &self.zones)
    }

    /// What a fold finds in the rows of a bucket.
    fn state(&mut self, at: usize) -> Result<RecordBatch> {
        let values = self.arrange(at)?;
        let mut fold = self.fold()?;
        let n_rows = values.first().map_or(0, Values::len);
        if n_rows > 0 {
            let columns = self.schema.columns();
            let arrays = values.into_iter().zip(columns).map(|(values, column)| column::hold(values, column.column_type));
            let names = columns.iter().map(|column| column.name.as_str());
            let metadata = [(GROUPED_BY.to_owned(), columns[self.actor].name.clone())].into();
            fold.update(&record_batch(names, arrays.collect::<Result<_>>()?, n_rows, None, metadata)?)?;
        }
        fold.state()
    }

    /// Puts a bucket's rows in order, without those that are forgotten; the values of the question's columns.
    fn arrange(&mut self, at: usize) -> Result<Vec<Values>> {
        let mut columns = self.buckets[at].values()?;
        let Some(Values { data: Data::Ints(places), .. }) = columns.last() else {
            return Ok(vec![]);
        };
        let is_kept = |&row: &u32| places[row as usize] >= self.before;
        let mut rows: Vec<u32> = (0..places.len() as u32).filter(is_kept).collect();
        let actors = SortKey::new(&columns[self.actor], false);
        let times = times(&columns[self.time]);
        let shown = self.shown(&columns)?;
        let tied = self.ties.as_ref().map(|ties| ties.time.map(|time| SortKey::new(&shown[time], false)));
        let compare = |a: u32, b: u32| {
            let ordering = actors.compare(a, b).then_with(|| times[a as usize].cmp(&times[b as usize]));
            ordering.then_with(|| match &tied {
                None => places[a as usize].cmp(&places[b as usize]),
                Some(time) => {
                    let ordering = time.as_ref().map_or(std::cmp::Ordering::Equal, |time| time.compare(a, b));
                    ordering.then_with(|| order::compare_values(&shown, a, b))
                }
            })
        };
        if !rows.is_sorted_by(|&a, &b| compare(a, b).is_le()) {
            order::sort_by(&mut rows, &compare);
        }
        if self.buckets[at].is_arranged() && rows.len() == places.len() && rows.is_sorted() {
            return Ok(shown);
        }
        let shown = shown.iter().map(|values| values.take(&rows)).collect();
        columns.iter_mut().for_each(|values| *values = values.take(&rows));
        let types = self.types();
        self.buckets[at].set(columns, &types)?;
        Ok(shown)
    }

    /// The types by which buckets hold their columns: texts by their codes, and behind all columns the rows' places.
    fn types(&self) -> Vec<ColumnType> {
        let columns = self.schema.columns().iter().zip(&self.texts);
        let held = columns.map(|(column, texts)| if texts.is_some() { ColumnType::Int } else { column.column_type });
        held.chain([ColumnType::Int]).collect()
    }

    /// A bucket's values as those of the question's columns.
    fn shown(&mut self, columns: &[Values]) -> Result<Vec<Values>> {
        let shown = |(values, texts): (&Values, &mut Option<Interned>)| match texts {
            Some(texts) => texts.give(values),
            None => Ok(values.clone()),
        };
        columns.iter().zip(&mut self.texts).map(shown).collect()
    }

    /// Deals the rows to twice as many buckets once there are many.
    fn grow(&mut self) -> Result<()> {
        let n_rows: usize = self.buckets.iter().map(Bucket::n_rows).sum();
        while self.buckets.len() < BUCKETS.1 && n_rows > self.bucket_rows * self.buckets.len() {
            let n_buckets = 2 * self.buckets.len();
            let types = self.types();
            for at in 0..n_buckets / 2 {
                let shown = self.arrange(at)?;
                let columns = self.buckets[at].values()?;
                let actors = shown.get(self.actor).map_or_else(Vec::new, hash_values);
                let goes = |row: &u32| bucket_of(actors[*row as usize], n_buckets) != at;
                let (gone, left): (Vec<u32>, Vec<u32>) = (0..actors.len() as u32).partition(goes);
                let mut other = Bucket::default();
                for (bucket, rows) in [(&mut self.buckets[at], left), (&mut other, gone)] {
                    bucket.set(columns.iter().map(|values| values.take(&rows)).collect(), &types)?;
                    bucket.state = None;
                }
                self.buckets.push(other);
            }
        }
        Ok(())
    }

    /// Drops the texts that no row has any longer, once they may be most.
    fn forget_texts(&mut self) -> Result<()> {
        let n_rows: usize = self.buckets.iter().map(Bucket::n_rows).sum();
        let is_full = |texts: &Option<Interned>| texts.as_ref().is_some_and(|texts| texts.len() > 2 * n_rows + self.bucket_rows);
        if !self.texts.iter().any(is_full) {
            return Ok(());
        }
        let mut texts: Vec<_> = self.texts.iter().map(|texts| texts.as_ref().map(|_| Interned::default())).collect();
        let types = self.types();
        for at in 0..self.buckets.len() {
            let shown = self.arrange(at)?;
            let mut columns = self.buckets[at].values()?;
            for ((values, shown), texts) in columns.iter_mut().zip(shown).zip(&mut texts) {
                if let Some(texts) = texts {
                    *values = texts.take(shown)?;
                }
            }
            self.buckets[at].set(columns, &types)?;
        }
        self.texts = texts;
        Ok(())
    }
}

/// Whether the question cannot be asked without that column, or may go by its role.
fn reads(query: &Query, schema: &Schema, zones: &Zones, at: usize) -> bool {
    let mut others = schema.columns().to_vec();
    let column = others.remove(at);
    column.role.is_some() || query.reads_all() || query.fold(&Schema::new(others), zones).is_err()
}

/// Other bits of the hash than those by which workers own actors.
fn bucket_of(hash: u64, n_buckets: usize) -> usize {
    hash as usize & (n_buckets - 1)
}

/// What orders rows as their times do, none first.
fn times(values: &Values) -> Vec<i64> {
    match &values.data {
        Data::Ints(ints) if values.valid.is_none() => ints.clone(),
        Data::Ints(ints) => {
            ints.iter().enumerate().map(|(row, &int)| if values.is_valid(row) { int } else { i64::MIN }).collect()
        }
        _ => vec![0; values.len()],
    }
}

#[cfg(test)]
mod tests;
