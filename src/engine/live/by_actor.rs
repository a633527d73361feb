//! A question about whole actors whose answer is kept up to date while rows come and go: what actors did of whom nothing
//! changed is not looked at again.
//!
//! A fold of actors takes further states in, but gives none back. So the actors are dealt to buckets by a hash; each bucket
//! holds the rows of its actors and their state. Rows that come or go make their buckets' states void: an answer folds
//! the rows of those buckets again, and merges the states of all others.

mod bucket;
mod interned;

use std::cmp::Ordering;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};

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
    /// Rows that came since all were put in order, as the buckets hold theirs.
    recent: Vec<Values>,
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
            recent: vec![],
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
        let first = self.recent.first().map_or(0, Values::len);
        for (row, &hash) in hashes.iter().enumerate() {
            let at = bucket_of(hash, self.buckets.len());
            self.buckets[at].push((first + row) as u32, places.value(row));
        }
        self.answer = None;
        if first == 0 {
            self.recent = columns;
        } else {
            self.recent.iter_mut().zip(&columns).try_for_each(|(recent, values)| append(recent, values))?;
        }
        let n_rows = self.n_rows();
        if first + batch.n_rows > (8 * self.bucket_rows).max(n_rows / 4) {
            self.arrange_all()?;
        }
        self.grow(n_rows)?;
        self.forget_texts(n_rows)
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
            self.buckets[at].void();
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
        // Where the next answer will have little use for them, no states are made.
        let keeps_states = self.buckets.iter().filter(|bucket| bucket.is_changed).count() * 3 < self.buckets.len();
        for at in 0..self.buckets.len() {
            self.buckets[at].is_changed = false;
            if self.buckets[at].is_empty() {
                continue;
            }
            if self.buckets[at].state.is_none() && keeps_states {
                let mut fold = self.fold()?;
                self.tell(at, fold.as_mut())?;
                self.buckets[at].state = Some(fold.state()?);
            }
            match &self.buckets[at].state {
                Some(state) => whole.merge(state)?,
                None => self.tell(at, whole.as_mut())?,
            }
        }
        self.recent.clear();
        let answer = whole.finish()?;
        self.answer = Some(answer.clone());
        Ok(answer)
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        let texts: usize = self.texts.iter().flatten().map(Interned::size).sum();
        let width = |values: &Values| if matches!(values.data, Data::Wide(_)) { 17 } else { 9 };
        let recent: usize = self.recent.iter().map(|values| width(values) * values.len()).sum();
        texts + recent + self.buckets.iter().map(Bucket::size).sum::<usize>()
    }

    fn fold(&self) -> Result<Box<dyn Fold>> {
        self.query.fold(&self.schema, &self.zones)
    }

    fn n_rows(&self) -> usize {
        self.buckets.iter().map(Bucket::n_rows).sum()
    }

    /// Gives a fold the rows of a bucket.
    fn tell(&mut self, at: usize, fold: &mut dyn Fold) -> Result<()> {
        self.arrange(at)?;
        let bucket = &self.buckets[at];
        if bucket.is_empty() {
            return Ok(());
        }
        let columns = self.schema.columns();
        let array = |(array, texts): (&ArrayRef, &mut Option<Interned>)| match texts {
            None => Ok(array.clone()),
            Some(texts) => column::hold(texts.give(&gather(array, &Rows::All(array.len()))?)?, ColumnType::Text),
        };
        let arrays = bucket.arranged.iter().zip(&mut self.texts).map(array).collect::<Result<_>>()?;
        let names = columns.iter().map(|column| column.name.as_str());
        let metadata = [(GROUPED_BY.to_owned(), columns[self.actor].name.clone())].into();
        fold.update(&record_batch(names, arrays, bucket.n_rows(), None, metadata)?)
    }

    /// Puts all rows in order: none is recent any longer.
    fn arrange_all(&mut self) -> Result<()> {
        (0..self.buckets.len()).try_for_each(|at| self.arrange(at))?;
        self.recent.clear();
        Ok(())
    }

    /// Puts a bucket's rows in order, without those that are forgotten.
    fn arrange(&mut self, at: usize) -> Result<()> {
        if self.buckets[at].is_arranged(self.before) {
            return Ok(());
        }
        let columns = self.buckets[at].values(&self.recent)?;
        let places = match columns.last() {
            Some(Values { data: Data::Ints(places), .. }) => places.as_slice(),
            _ => &[],
        };
        let mut rows: Vec<u32> = (0..places.len() as u32).filter(|&row| places[row as usize] >= self.before).collect();
        let actors = SortKey::new(&columns[self.actor], false);
        let times = times(&columns[self.time]);
        let by_actor = |a: u32, b: u32| actors.compare(a, b).then_with(|| times[a as usize].cmp(&times[b as usize]));
        if let Some(ties) = &self.ties {
            let shown = shown(&columns, &mut self.texts)?;
            let time = ties.time.map(|time| SortKey::new(&shown[time], false));
            let by_time = |a, b| time.as_ref().map_or(Ordering::Equal, |time| time.compare(a, b));
            let by_values = |a, b| by_time(a, b).then_with(|| order::compare_values(&shown, a, b));
            order::sort_by(&mut rows, &|a, b| by_actor(a, b).then_with(|| by_values(a, b)));
        } else {
            order::sort_by(&mut rows, &|a, b| by_actor(a, b).then_with(|| places[a as usize].cmp(&places[b as usize])));
        }
        let types = self.types();
        self.buckets[at].set(columns.iter().map(|values| values.take(&rows)), &types)
    }

    /// The types by which buckets hold their columns: texts by their codes, and behind all columns the rows' places.
    fn types(&self) -> Vec<ColumnType> {
        let columns = self.schema.columns().iter().zip(&self.texts);
        let held = columns.map(|(column, texts)| if texts.is_some() { ColumnType::Int } else { column.column_type });
        held.chain([ColumnType::Int]).collect()
    }

    /// Deals the rows to twice as many buckets once there are many.
    fn grow(&mut self, n_rows: usize) -> Result<()> {
        while self.buckets.len() < BUCKETS.1 && n_rows > self.bucket_rows * self.buckets.len() {
            self.arrange_all()?;
            let n_buckets = 2 * self.buckets.len();
            let types = self.types();
            for at in 0..n_buckets / 2 {
                let columns = self.buckets[at].values(&[])?;
                let goes = match (columns.get(self.actor), &mut self.texts[self.actor]) {
                    (None, _) => vec![],
                    (Some(values), None) => hash_values(values),
                    (Some(values), Some(texts)) => hash_values(&texts.give(values)?),
                };
                let goes = |row: &u32| bucket_of(goes[*row as usize], n_buckets) != at;
                let (gone, left): (Vec<u32>, Vec<u32>) = (0..self.buckets[at].n_rows() as u32).partition(goes);
                let mut other = Bucket::default();
                for (bucket, rows) in [(&mut self.buckets[at], left), (&mut other, gone)] {
                    bucket.set(columns.iter().map(|values| values.take(&rows)), &types)?;
                }
                self.buckets.push(other);
            }
        }
        Ok(())
    }

    /// Drops the texts that no row has any longer, once they may be most.
    fn forget_texts(&mut self, n_rows: usize) -> Result<()> {
        let is_full = |texts: &Option<Interned>| texts.as_ref().is_some_and(|texts| texts.len() > 2 * n_rows + self.bucket_rows);
        if !self.texts.iter().any(is_full) {
            return Ok(());
        }
        self.arrange_all()?;
        let new = self.texts.iter().map(|texts| texts.as_ref().map(|_| Interned::default())).collect();
        let mut old: Vec<Option<Interned>> = std::mem::replace(&mut self.texts, new);
        let types = self.types();
        for bucket in self.buckets.iter_mut().filter(|bucket| !bucket.is_empty()) {
            let mut columns = bucket.values(&[])?;
            for ((values, old), new) in columns.iter_mut().zip(&mut old).zip(&mut self.texts) {
                if let (Some(old), Some(new)) = (old, new) {
                    *values = new.take(old.give(values)?)?;
                }
            }
            bucket.set(columns.into_iter(), &types)?;
        }
        Ok(())
    }
}

/// Values that hold texts by their codes, as those of the question's columns.
fn shown(columns: &[Values], texts: &mut [Option<Interned>]) -> Result<Vec<Values>> {
    let shown = |(values, texts): (&Values, &mut Option<Interned>)| match texts {
        Some(texts) => texts.give(values),
        None => Ok(values.clone()),
    };
    columns.iter().zip(texts).map(shown).collect()
}

/// Adds values behind those that are there.
fn append(to: &mut Values, values: &Values) -> Result<()> {
    if to.valid.is_some() || values.valid.is_some() {
        let n_before = to.len();
        let valid = to.valid.get_or_insert_with(|| vec![true; n_before]);
        valid.extend((0..values.len()).map(|row| values.is_valid(row)));
    }
    match (&mut to.data, &values.data) {
        (Data::Ints(to), Data::Ints(ints)) => to.extend_from_slice(ints),
        (Data::Wide(to), of) => to.extend_from_slice(&of.wide()?),
        (to, of) => {
            let mut wide = to.wide()?.into_owned();
            wide.extend_from_slice(&of.wide()?);
            *to = Data::Wide(wide);
        }
    }
    Ok(())
}

/// Whether the question cannot be asked without that column, or may go by its role.
fn reads(query: &Query, schema: &Schema, zones: &Zones, at: usize) -> bool {
    let mut others = schema.columns().to_vec();
    let column = others.remove(at);
    column.role.is_some_and(|role| query.may_go_by(role)) || query.reads_all() || query.fold(&Schema::new(others), zones).is_err()
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
