//! The rows of a stream on their way in: duplicates are dropped, the questions that are watched are told, and the oldest rows
//! go.

use std::collections::VecDeque;

use arrow_array::Array;

use super::asker::Part;
use super::view::View;
use super::{KEPT_LATE, Live, close};
use crate::engine::{Appended, Dataset, Report};
use crate::event::{ColumnType, Role, Schema, guess_roles};
use crate::kernel::batch::Batch;
use crate::kernel::column;
use crate::kernel::values::{Data, Rows, gather};
use crate::store::Store;
use crate::{Error, Result};

impl Dataset {
    /// Has the data set take rows as these options say; those that are here came first.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for options that cannot be meant; `UNKNOWN_COLUMN` for the id.
    pub(in crate::engine) fn begin_live(&mut self) -> Result<()> {
        let Some(options) = self.options.live.clone() else { return Ok(()) };
        let mut live = Live::new(&options)?;
        if let Some(id) = &live.id {
            self.schema.index_of(id)?;
        }
        let names = self.names();
        let batches = self.store.batches()?;
        let batches = if live.id.is_some() { self.without_duplicates(&mut live, batches, &names)? } else { batches };
        self.tell_clock(&mut live, &batches)?;
        batches.iter().for_each(|batch| batch.note_forms(&mut live.forms));
        let n_rows: usize = batches.iter().map(|batch| batch.n_rows).sum();
        let n_duplicates = self.n_rows() - n_rows;
        if n_duplicates > 0 {
            self.store = Store::of_types(&self.types())?;
            batches.into_iter().try_for_each(|batch| self.store.append(batch))?;
            self.store.seal()?;
            self.report.used -= n_duplicates as u64;
            self.report.duplicate += n_duplicates as u64;
        }
        self.drop_old(&mut live, n_rows)?;
        self.live = Some(Box::new(live));
        Ok(())
    }

    /// Takes rows that were read in behind the others.
    pub(in crate::engine) fn take_live(&mut self, batches: Vec<Batch>, names: &[String], mut report: Report) -> Result<Appended> {
        let Some(mut live) = self.live.take() else { return Err(Error::bad_state("the data set is not live")) };
        let taken = self.take_with(&mut live, batches, names, &mut report);
        self.live = Some(live);
        let (late, last_id) = taken?;
        self.report.add(&report);
        self.tell();
        Ok(Appended { late, last_id, ..Appended::of(&report) })
    }

    fn take_with(
        &mut self,
        live: &mut Live,
        batches: Vec<Batch>,
        names: &[String],
        report: &mut Report,
    ) -> Result<(u64, Option<String>)> {
        let batches = self.without_duplicates(live, batches, names)?;
        let n_new: usize = batches.iter().map(|batch| batch.n_rows).sum();
        report.duplicate += report.used - n_new as u64;
        report.used = n_new as u64;
        let last_id = self.last_id(live, &batches, names)?;
        let n_before = self.store.n_rows();
        for batch in &batches {
            batch.note_forms(&mut live.forms);
            self.store.append(batch.clone())?;
        }
        let known: Vec<ColumnType> = self.schema.columns().iter().map(|column| column.column_type).collect();
        self.add_columns(names);
        self.take_types();
        self.guess_late_roles(&known);
        live.settle_unit(self.time_type());
        self.renew_views(live, n_before);
        let mut newest = live.newest;
        let (mut n_late, mut place) = (0, live.n_dropped as i64 + n_before as i64);
        for batch in batches {
            let slice = live.retention.slice_for(batch.n_rows, live.newest, live.unit);
            let newest_here = self.newest_of(&batch, live)?;
            live.retention.take(batch.n_rows, newest_here);
            newest = newest.max(newest_here);
            let mut late = vec![];
            for view in live.views.values_mut().filter(|view| !view.has_failed()) {
                let taken = Part::of(&batch, view.types(), place).and_then(|part| view.take(part, slice));
                view.note(taken.map(|rows| late.extend(rows)));
            }
            late.sort_unstable();
            late.dedup();
            n_late += late.len() as u64;
            if !late.is_empty() {
                live.keep_late(batch.take(&late[late.len().saturating_sub(KEPT_LATE)..])?);
            }
            place += batch.n_rows as i64;
        }
        live.n_late += n_late;
        live.newest = newest;
        self.store.join_small()?;
        close(live);
        self.drop_old(live, n_new)?;
        Ok((n_late, last_id))
    }

    /// Gives columns a role that had no value until now, where they speak for one that is free: the first rows of a stream may
    /// be few.
    fn guess_late_roles(&mut self, known: &[ColumnType]) {
        let columns = self.schema.columns();
        let is_late = |at: usize| {
            known.get(at).is_none_or(|&known| known == ColumnType::Null) && columns[at].column_type != ColumnType::Null
        };
        let late: Vec<usize> = (0..columns.len()).filter(|&at| is_late(at)).collect();
        if late.is_empty() {
            return;
        }
        let mut guessed = columns.to_vec();
        guess_roles(&mut guessed);
        for at in late {
            let is_told = self.options.schema.get(&guessed[at].name).is_some_and(|told| told.role.is_some());
            if self.schema.columns()[at].role.is_none() && !is_told {
                self.schema.columns_mut()[at].role = guessed[at].role;
            }
        }
    }

    /// Says what time it is by rows that are there already.
    fn tell_clock(&self, live: &mut Live, batches: &[Batch]) -> Result<()> {
        for batch in batches {
            live.retention.slice_for(batch.n_rows, live.newest, live.unit);
            let newest = self.newest_of(batch, live)?;
            live.retention.take(batch.n_rows, newest);
            live.newest = live.newest.max(newest);
        }
        Ok(())
    }

    /// A question that has been given all rows that are kept.
    pub(super) fn begun(&mut self, mut view: View, live: &Live) -> Result<View> {
        self.feed(&mut view, live, self.n_rows())?;
        live.watermark().map_or(Ok(()), |watermark| view.close(watermark))?;
        Ok(view)
    }

    /// Gives a question the first rows that are kept.
    fn feed(&mut self, view: &mut View, live: &Live, n_rows: usize) -> Result<()> {
        self.store.seal()?;
        let mut left = n_rows;
        let mut place = live.n_dropped as i64;
        let mut slices = live.retention.slices().map(|slice| (slice.number, slice.n_rows)).collect::<VecDeque<_>>();
        for batch in self.store.clone().batches()? {
            let part = Part::of(&batch, view.types(), place)?;
            let n_batch = part.n_rows().min(left);
            let mut from = 0;
            while from < n_batch {
                while slices.front().is_some_and(|&(_, room)| room == 0) {
                    slices.pop_front();
                }
                let no_slice = || Error::bad_state("there are more rows than slices of them");
                let (number, room) = slices.front_mut().ok_or_else(no_slice)?;
                let n = (*room).min(n_batch - from);
                *room -= n;
                let number = *number;
                view.take(part.slice(from, n), number)?;
                from += n;
            }
            left -= n_batch;
            place += n_batch as i64;
        }
        Ok(())
    }

    /// Begins those questions again whose columns have become others.
    fn renew_views(&mut self, live: &mut Live, n_rows: usize) {
        let mut views = std::mem::take(&mut live.views);
        let schema = self.schema.clone();
        for view in views.values_mut().filter(|view| !view.has_failed() && view.is_outgrown(&schema)) {
            let renewed = self.renew(view, live, n_rows, &schema);
            view.note(renewed);
        }
        live.views = views;
    }

    fn renew(&mut self, view: &mut View, live: &Live, n_rows: usize, schema: &Schema) -> Result<()> {
        if view.first_open(live.unit).zip(live.newest_dropped).is_some_and(|(first, dropped)| first <= dropped) {
            let sentence = "a column needs a wider type, and rows of a window that is open are no longer kept; tell the columns' \
                            types with \"schema\", and how fine they are (\"scale\", \"unit\"), or keep the rows for longer than a window";
            return Err(Error::bad_input(sentence));
        }
        let watermark = view.renew(schema)?;
        self.feed(view, live, n_rows)?;
        watermark.map_or(Ok(()), |watermark| view.resume(watermark))
    }

    /// Has the questions that are watched follow columns that are others now, or have other roles.
    pub(in crate::engine) fn follow_columns(&mut self, time_before: Option<usize>) -> Result<()> {
        let Some(mut live) = self.live.take() else { return Ok(()) };
        let is_same_clock = time_before == self.schema.index_of_role(Role::Time);
        let done = if is_same_clock { Ok(()) } else { self.restart_clock(&mut live) };
        let n_rows = self.n_rows();
        self.renew_views(&mut live, n_rows);
        self.live = Some(live);
        done
    }

    /// Another column says what time it is: it is as late as the rows that are kept say, and windows begin anew.
    fn restart_clock(&mut self, live: &mut Live) -> Result<()> {
        self.store.seal()?;
        live.restart();
        let batches = self.store.clone().batches()?;
        self.tell_clock(live, &batches)?;
        let schema = self.schema.clone();
        let mut views = std::mem::take(&mut live.views);
        for view in views.values_mut().filter(|view| !view.has_failed()) {
            match view.anew(&schema).and_then(|fresh| self.begun(fresh, live)) {
                Ok(fresh) => *view = fresh,
                Err(error) => view.note(Err(error)),
            }
        }
        live.views = views;
        Ok(())
    }

    /// Drops the slices that are to go. One alone stays for some batches more where the questions that are watched have much to
    /// do before it goes: no batch, such as the one of `n_new` rows that has come, takes long because of it.
    fn drop_old(&mut self, live: &mut Live, n_new: usize) -> Result<()> {
        let n_due = live.retention.n_due(live.newest, live.unit);
        if n_due == 1 && !prepare(live, n_new) {
            return Ok(());
        }
        self.drop_slices(live, n_due)
    }

    /// Drops the oldest `n` slices.
    pub(super) fn drop_slices(&mut self, live: &mut Live, n: usize) -> Result<()> {
        for slice in live.retention.drop_first(n) {
            self.store.drop_first(slice.n_rows)?;
            live.n_dropped += slice.n_rows as u64;
            live.newest_dropped = live.newest_dropped.max(Some(slice.newest));
            let place = live.n_dropped as i64;
            live.views.values_mut().for_each(|view| {
                let forgotten = view.forget(slice.number, place);
                view.note(forgotten);
            });
        }
        Ok(())
    }

    /// The rows whose id has not come before.
    fn without_duplicates(&self, live: &mut Live, batches: Vec<Batch>, names: &[String]) -> Result<Vec<Batch>> {
        let Some(at) = id_column(live, names) else { return Ok(batches) };
        let mut kept = vec![];
        for batch in batches {
            let Some(ids) = batch.columns.get(at) else {
                kept.push(batch);
                continue;
            };
            let duplicates = live.seen.duplicates(ids)?;
            let rows: Vec<u32> = (0..batch.n_rows as u32).filter(|&row| !duplicates[row as usize]).collect();
            if rows.len() == batch.n_rows {
                kept.push(batch);
            } else if !rows.is_empty() {
                kept.push(batch.take(&rows)?);
            }
        }
        Ok(kept)
    }

    /// The id of the last row, as it was written.
    fn last_id(&self, live: &Live, batches: &[Batch], names: &[String]) -> Result<Option<String>> {
        let column = id_column(live, names).zip(batches.last()).and_then(|(at, batch)| batch.columns.get(at));
        let Some(column) = column.filter(|column| !column.array.is_empty()) else { return Ok(None) };
        let last = column.array.len() - 1;
        if column.array.is_null(last) {
            return Ok(None);
        }
        let ids = Batch { columns: vec![column.clone()], n_rows: last + 1 }.take(&[last as u32])?;
        let id = Part::of(&ids, &[ColumnType::Text], 0)?;
        let (codes, texts) = column::codes(&id.arrays[0])?;
        Ok(codes.first().map(|&code| texts.value(code as usize).to_owned()))
    }

    /// The greatest time of the rows, in the unit of the column.
    fn newest_of(&self, batch: &Batch, live: &mut Live) -> Result<Option<i64>> {
        live.settle_unit(self.time_type());
        let at = self.schema.index_of_role(Role::Time);
        let Some(column) = at.and_then(|at| batch.columns.get(at)) else { return Ok(None) };
        let ColumnType::Time { unit } = column.column_type else { return Ok(None) };
        let times = gather(&column.array, &Rows::All(batch.n_rows))?;
        let Data::Ints(instants) = &times.data else { return Ok(None) };
        let known = instants.iter().enumerate().filter(|&(row, _)| times.is_valid(row)).map(|(_, &instant)| instant);
        Ok(known.max().map(|newest| newest.saturating_mul(live.unit.per_second() / unit.per_second())))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.schema.columns().iter().map(|column| column.name.clone()).collect()
    }

    fn time_type(&self) -> Option<ColumnType> {
        self.schema.index_of_role(Role::Time).map(|at| self.schema.columns()[at].column_type)
    }
}

/// Whether all questions are ready for the oldest slice to go; they are before the next one is to, if batches stay as large.
fn prepare(live: &mut Live, n_new: usize) -> bool {
    let n_parts = live.retention.usual_rows() / (2 * n_new.max(1));
    let mut are_ready = true;
    for view in live.views.values_mut().filter(|view| !view.has_failed()) {
        let prepared = view.prepare(n_parts);
        view.note(prepared.map(|is_ready| are_ready &= is_ready));
    }
    are_ready
}

fn id_column(live: &Live, names: &[String]) -> Option<usize> {
    names.iter().position(|name| live.id.as_ref() == Some(name))
}
