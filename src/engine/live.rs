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
mod taking;
mod view;
mod whole;
mod windowed;
mod windows;

use std::collections::{BTreeMap, VecDeque};

use arrow_array::RecordBatch;
pub use retention::Keep;
use retention::Retention;
use serde::{Deserialize, Serialize};
use view::View;
pub use view::{Told, Watch, WindowSpec};

use super::Dataset;
use super::seen::Seen;
use crate::analysis::Zones;
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::batch::Batch;
use crate::kernel::bucket::length;
use crate::kernel::form::Form;
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
    /// How times were written in each column, whether or not those rows are still kept.
    forms: Vec<Form>,
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
            forms: vec![],
        })
    }

    /// Bytes held beside the rows.
    pub(super) fn size(&self) -> usize {
        self.views.values().map(View::size).sum::<usize>() + self.seen.size()
    }

    fn watermark(&self) -> Option<i64> {
        self.newest.map(|newest| newest.saturating_sub(self.lateness.saturating_mul(self.unit.per_second())))
    }

    /// Forgets what time it is.
    fn restart(&mut self) {
        self.retention.restart();
        (self.newest, self.newest_dropped, self.unit) = (None, None, TimeUnit::Second);
    }

    /// How times are written in each column, as far as any row has told.
    pub(super) fn forms(&self) -> &[Form] {
        &self.forms
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
        let begun = View::new(watch, zones.clone(), &self.schema).and_then(|view| self.begun(view, &live));
        let added = begun.map(|view| {
            live.views.insert(live.n_views, view);
            live.n_views += 1;
            live.n_views - 1
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

    /// Says that it is so late by the stream's clock, in milliseconds of 1970, though no row says so: windows close, and
    /// rows go that are kept for a time.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` where the rows are no longer in the order in which they came.
    pub fn advance(&mut self, milliseconds: i64) -> Result<()> {
        let Some(mut live) = self.live.take() else { return Ok(()) };
        let time = i128::from(milliseconds) * i128::from(live.unit.per_second()) / 1_000;
        live.newest = live.newest.max(i64::try_from(time).ok());
        close(&mut live);
        let n_past = live.retention.n_past(live.newest, live.unit);
        let dropped = self.drop_slices(&mut live, n_past);
        self.live = Some(live);
        dropped
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
}

fn close(live: &mut Live) {
    let Some(watermark) = live.watermark() else { return };
    for view in live.views.values_mut().filter(|view| !view.has_failed()) {
        let closed = view.close(watermark);
        view.note(closed);
    }
}
