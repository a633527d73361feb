//! Rows that keep coming: questions whose answers follow them, windows of event time, and rows that are kept for a while.
//!
//! Event time is what the rows say; no clock is looked at. The watermark is the greatest time of any row less the lateness
//! that was agreed: windows that end by then are closed, and a row that comes for them later is late. It is counted, and kept
//! aside, and in all answers that are not of such a window.

mod asker;
mod by_actor;
mod panes;
mod retention;
mod sessions;
mod tables;
mod view;
mod whole;
mod windowed;
mod windows;

use std::collections::{BTreeMap, VecDeque};

use arrow_array::{Array, RecordBatch};
use asker::Part;
pub use retention::Keep;
use retention::Retention;
use serde::{Deserialize, Serialize};
use view::View;
pub use view::{Told, Watch, WindowSpec};

use super::seen::Seen;
use super::{Appended, Dataset, Report};
use crate::analysis::Zones;
use crate::event::{ColumnType, Role, TimeUnit};
use crate::kernel::batch::Batch;
use crate::kernel::bucket::Every;
use crate::kernel::values::{Data, Rows, gather};
use crate::query::Query;
use crate::store::Store;
use crate::{Error, Result};

/// How rows that are appended are taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveOptions {
    /// How long after a later row one may still come, such as `10s`.
    pub lateness: Option<String>,
    /// What is kept of the rows.
    pub keep: Keep,
    /// The column of each row's own id: a row whose id came before is a duplicate, and not taken.
    pub id: Option<String>,
    /// How many ids are remembered at the least: a million, if not told.
    pub ids: Option<usize>,
}

/// How far a stream has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LiveState {
    /// The greatest time of any row, in milliseconds of 1970.
    pub newest: Option<f64>,
    /// The windows that end by then are closed.
    pub watermark: Option<f64>,
    /// Rows that came too late for a window that was watched.
    pub late: u64,
    /// Rows that are no longer kept.
    pub dropped: u64,
}

/// Late rows that are kept aside.
const KEPT_LATE: usize = 1_000;
/// Ids that are remembered.
const IDS: usize = 1_000_000;

/// What a data set knows of the rows that come.
pub(super) struct Live {
    lateness: i64,
    retention: Retention,
    id: Option<String>,
    seen: Seen,
    /// The greatest time of any row, in the unit of its column.
    newest: Option<i64>,
    unit: TimeUnit,
    views: BTreeMap<u32, View>,
    n_views: u32,
    n_late: u64,
    late: VecDeque<Batch>,
    n_dropped: u64,
    /// The greatest time of a row that is no longer kept.
    newest_dropped: Option<i64>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("newest", &self.newest).field("n_views", &self.views.len()).finish_non_exhaustive()
    }
}

impl Live {
    fn new(options: &LiveOptions) -> Result<Self> {
        let lateness = match options.lateness.as_deref() {
            None | Some("0s") => 0,
            Some(text) => length("lateness", text)?,
        };
        Ok(Self {
            lateness,
            retention: Retention::new(&options.keep)?,
            id: options.id.clone(),
            seen: Seen::new(options.ids.unwrap_or(IDS)),
            newest: None,
            unit: TimeUnit::Second,
            views: BTreeMap::new(),
            n_views: 0,
            n_late: 0,
            late: VecDeque::new(),
            n_dropped: 0,
            newest_dropped: None,
        })
    }

    fn watermark(&self) -> Option<i64> {
        self.newest.map(|newest| newest.saturating_sub(self.lateness.saturating_mul(self.unit.per_second())))
    }

    /// Whether rows go, so that those that are left must stay in their order.
    pub(super) fn drops(&self) -> bool {
        self.retention.drops()
    }

    /// Counts in the unit that the column of event time has.
    fn settle_unit(&mut self, time: Option<ColumnType>) {
        let Some(ColumnType::Time { unit }) = time else { return };
        let finer = unit.per_second() / self.unit.per_second();
        if finer > 1 {
            self.retention.rescale(finer);
            for time in [&mut self.newest, &mut self.newest_dropped].into_iter().flatten() {
                *time = time.saturating_mul(finer);
            }
        }
        self.unit = unit;
    }

    fn keep_late(&mut self, rows: Batch) {
        self.late.push_back(rows);
        let mut n_rows: usize = self.late.iter().map(|rows| rows.n_rows).sum();
        while let Some(first) = self.late.front().filter(|first| n_rows - first.n_rows >= KEPT_LATE) {
            n_rows -= first.n_rows;
            self.late.pop_front();
        }
    }
}

impl Dataset {
    /// Has the data set take rows as these options say; those that are here came first.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for options that cannot be meant; `UNKNOWN_COLUMN` for the id.
    pub(super) fn begin_live(&mut self) -> Result<()> {
        let Some(options) = self.options.live.clone() else { return Ok(()) };
        let mut live = Live::new(&options)?;
        if let Some(id) = &live.id {
            self.schema.index_of(id)?;
        }
        let names = self.names();
        let batches = self.store.batches()?;
        let batches = if live.id.is_some() { self.without_duplicates(&mut live, batches, &names)? } else { batches };
        for batch in &batches {
            live.retention.slice_for(batch.n_rows, live.newest, live.unit);
            let newest = self.newest_of(batch, &mut live)?;
            live.retention.take(batch.n_rows, newest);
            live.newest = live.newest.max(newest);
        }
        let n_rows: usize = batches.iter().map(|batch| batch.n_rows).sum();
        let n_duplicates = self.n_rows() - n_rows;
        if n_duplicates > 0 {
            self.store = Store::of_types(&self.types())?;
            batches.into_iter().try_for_each(|batch| self.store.append(batch))?;
            self.store.seal()?;
            self.report.used -= n_duplicates as u64;
            self.report.duplicate += n_duplicates as u64;
        }
        self.drop_old(&mut live)?;
        self.live = Some(Box::new(live));
        Ok(())
    }

    /// Takes rows that were read in behind the others.
    pub(super) fn take_live(&mut self, batches: Vec<Batch>, names: &[String], mut report: Report) -> Result<Appended> {
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
            self.store.append(batch.clone())?;
        }
        self.add_columns(names);
        self.take_types();
        live.settle_unit(self.time_type());
        self.renew_views(live, n_before)?;
        let mut newest = live.newest;
        let (mut n_late, mut place) = (0, live.n_dropped as i64 + n_before as i64);
        for batch in batches {
            let slice = live.retention.slice_for(batch.n_rows, live.newest, live.unit);
            let newest_here = self.newest_of(&batch, live)?;
            live.retention.take(batch.n_rows, newest_here);
            newest = newest.max(newest_here);
            let mut late = vec![];
            for view in live.views.values_mut() {
                let part = Part::of(&batch, view.types(), place)?;
                late.extend(view.take(part, slice)?.late);
            }
            late.sort_unstable();
            late.dedup();
            n_late += late.len() as u64;
            if !late.is_empty() {
                live.keep_late(batch.take(&late)?);
            }
            place += batch.n_rows as i64;
        }
        live.n_late += n_late;
        live.newest = newest;
        self.store.join_small()?;
        close(live)?;
        self.drop_old(live)?;
        Ok((n_late, last_id))
    }

    /// Follows a question. Its answer is that of the rows that are here, and then follows those that come.
    ///
    /// # Errors
    ///
    /// As [`Query::fold`]; `BAD_QUERY` for windows that cannot be meant.
    pub fn watch(&mut self, watch: Watch, zones: &Zones) -> Result<u32> {
        let mut live = match self.live.take() {
            Some(live) => live,
            None => {
                self.options.live = Some(LiveOptions::default());
                self.begin_live()?;
                self.live.take().ok_or_else(|| Error::bad_state("the data set is not live"))?
            }
        };
        let view = View::new(watch, zones.clone(), &self.schema).and_then(|mut view| {
            self.feed(&mut view, &live, self.n_rows())?;
            live.watermark().map_or(Ok(()), |watermark| view.close(watermark))?;
            Ok(view)
        });
        let number = live.n_views;
        let added = view.map(|view| {
            live.views.insert(number, view);
            live.n_views += 1;
            number
        });
        self.live = Some(live);
        added
    }

    /// No longer follows a question.
    pub fn unwatch(&mut self, number: u32) {
        if let Some(live) = &mut self.live {
            live.views.remove(&number);
        }
    }

    /// The answer to a question that is watched; nothing as long as no window has a row.
    ///
    /// # Errors
    ///
    /// As [`Fold::finish`](crate::fold::Fold::finish).
    pub fn look(&mut self, number: u32) -> Result<Option<Told>> {
        self.view(number)?.look()
    }

    /// The windows of a watched question that have closed since the last time, oldest first.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` where nothing is watched by that number.
    pub fn closed(&mut self, number: u32) -> Result<Vec<Told>> {
        Ok(self.view(number)?.take_closed())
    }

    /// Says that it is so late by the stream's clock, in milliseconds of 1970, though no row says so.
    ///
    /// # Errors
    ///
    /// As [`Fold::finish`](crate::fold::Fold::finish), of the windows that close.
    pub fn advance(&mut self, milliseconds: i64) -> Result<()> {
        let Some(live) = &mut self.live else { return Ok(()) };
        let time = i128::from(milliseconds) * i128::from(live.unit.per_second()) / 1_000;
        live.newest = live.newest.max(i64::try_from(time).ok());
        close(live)
    }

    /// How far the stream has come; nothing where rows are not taken as those of a stream.
    pub fn live_state(&self) -> Option<LiveState> {
        let live = self.live.as_ref()?;
        let milliseconds = |time: i64| time as f64 * 1_000.0 / live.unit.per_second() as f64;
        Some(LiveState {
            newest: live.newest.map(milliseconds),
            watermark: live.watermark().map(milliseconds),
            late: live.n_late,
            dropped: live.n_dropped,
        })
    }

    /// The unit in which [`Told::windows`] counts.
    pub fn live_unit(&self) -> TimeUnit {
        self.live.as_ref().map_or(TimeUnit::Second, |live| live.unit)
    }

    /// The last rows that came too late for a window that was watched, 1,000 and few more at the most.
    ///
    /// # Errors
    ///
    /// Never, unless a column outgrows what can be held.
    pub fn late_rows(&self) -> Result<RecordBatch> {
        let mut store = Store::of_types(&self.types())?;
        for rows in self.live.iter().flat_map(|live| &live.late) {
            store.append(rows.clone())?;
        }
        store.widen(&self.types())?;
        store.seal()?;
        let query = Query::parse(&serde_json::json!({ "kind": "rows" }))?;
        let mut fold = query.fold(&self.schema, &Zones::new())?;
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for at in 0..store.n_batches() {
            fold.update(&store.batch(at, &names, Some(crate::query::ROW))?)?;
        }
        fold.finish()
    }

    fn view(&mut self, number: u32) -> Result<&mut View> {
        let view = self.live.as_mut().and_then(|live| live.views.get_mut(&number));
        view.ok_or_else(|| Error::bad_state("nothing is watched by that number"))
    }

    fn names(&self) -> Vec<String> {
        self.schema.columns().iter().map(|column| column.name.clone()).collect()
    }

    fn time_type(&self) -> Option<ColumnType> {
        self.schema.index_of_role(Role::Time).map(|at| self.schema.columns()[at].column_type)
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
    fn renew_views(&mut self, live: &mut Live, n_rows: usize) -> Result<()> {
        let mut views = std::mem::take(&mut live.views);
        let schema = self.schema.clone();
        let renewed = views.values_mut().filter(|view| view.is_outgrown(&schema)).try_for_each(|view| {
            if view.first_open().zip(live.newest_dropped).is_some_and(|(first, dropped)| first <= dropped) {
                let sentence = "a column needs a wider type, and rows of a window that is open are no longer kept; tell the \
                                columns' types with \"schema\", or keep the rows for longer than a window";
                return Err(Error::bad_input(sentence));
            }
            view.renew(&schema)?;
            self.feed(view, live, n_rows)
        });
        live.views = views;
        renewed
    }

    fn drop_old(&mut self, live: &mut Live) -> Result<()> {
        for slice in live.retention.drop_old(live.newest, live.unit) {
            self.store.drop_first(slice.n_rows)?;
            live.n_dropped += slice.n_rows as u64;
            live.newest_dropped = live.newest_dropped.max(Some(slice.newest));
            let place = live.n_dropped as i64;
            live.views.values_mut().try_for_each(|view| view.forget(slice.number, place))?;
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
            let duplicates = live.seen.duplicates(&ids.array)?;
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
        let mut store = Store::of_types(&[column.column_type])?;
        let last = column.array.len() as u32 - 1;
        store.append(Batch { columns: vec![column.clone()], n_rows: column.array.len() }.take(&[last])?)?;
        store.widen(&[ColumnType::Text])?;
        store.seal()?;
        let batch = store.batch(0, &["id"], None)?;
        let (codes, texts) = crate::kernel::column::codes(batch.column(0))?;
        Ok((!batch.column(0).is_null(0)).then(|| texts.value(codes[0] as usize).to_owned()))
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
}

fn close(live: &mut Live) -> Result<()> {
    let Some(watermark) = live.watermark() else { return Ok(()) };
    live.views.values_mut().try_for_each(|view| view.close(watermark))
}

fn id_column(live: &Live, names: &[String]) -> Option<usize> {
    names.iter().position(|name| live.id.as_ref() == Some(name))
}

/// The seconds of a length of time.
///
/// # Errors
///
/// `BAD_QUERY` for anything but a number and a unit.
fn length(key: &str, text: &str) -> Result<i64> {
    match Every::parse(text) {
        Ok(Every::Seconds(n)) => Ok(n),
        Ok(Every::Days(n)) => Ok(86_400 * n),
        _ => {
            let sentence = format!("{key:?} must be a number and s, m, h, d or w, such as \"30m\", found {text:?}");
            Err(Error::bad_query(sentence).at_column(key))
        }
    }
}
