//! A question that is watched: of all rows that are kept, or of windows of event time.

use std::sync::Arc;

use arrow_array::RecordBatch;
use serde::Deserialize;
use serde_json::Value;

use super::asker::{Asker, Part};
use super::sessions::SessionWindows;
use super::tables::table;
use super::whole::Whole;
use super::windowed::{Window, Windowed};
use super::windows::Windows;
use crate::analysis::Zones;
use crate::event::{ColumnType, Role, Schema, TimeUnit};
use crate::kernel::bucket::length;
use crate::query::Query;
use crate::{Error, Result};

/// What is watched, and how its answer is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The question.
    pub query: Value,
    /// The windows; none: all rows that are kept.
    #[serde(default)]
    pub window: Option<WindowSpec>,
    /// How many windows are told of.
    #[serde(default = "one")]
    pub show: usize,
    /// The column of the answer whose values are told how far they have moved.
    #[serde(default)]
    pub movement: Option<String>,
    /// Whether windows that close are told of, each once.
    #[serde(default)]
    pub closes: bool,
}

fn one() -> usize {
    1
}

/// Windows of a fixed length, or of sessions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WindowSpec {
    /// How long a window is, such as `1m`.
    pub size: Option<String>,
    /// How much later the next one begins; at its end, if not told.
    pub hop: Option<String>,
    /// The IANA name of the zone whose days, weeks or months they are.
    pub timezone: Option<String>,
    /// The longest silence in a session.
    pub gap: Option<String>,
    /// The column whose values have sessions: that of the actors, if not told.
    pub by: Option<String>,
}

/// What is told of a watched question.
#[derive(Debug)]
pub struct Told {
    /// The answer.
    pub table: RecordBatch,
    /// Start, end and whether it is provisional, of each window in it.
    pub windows: Vec<(i64, i64, bool)>,
}

pub(super) struct View {
    watch: Watch,
    asker: Asker,
    state: State,
    /// Windows that have closed and are not told yet.
    closed: Vec<Told>,
    /// The last of them, to compare the next one with.
    last_closed: Option<Window>,
    /// Why it can be answered no more, until that is told.
    failed: Option<Error>,
    is_over: bool,
}

enum State {
    Whole(Whole),
    Windowed(Box<Windowed>),
    Sessions(Box<SessionWindows>),
}

impl View {
    pub(super) fn new(watch: Watch, zones: Zones, schema: &Schema) -> Result<Self> {
        if watch.show == 0 {
            return Err(Error::bad_query("\"show\" must be 1 at the least").at_column("show"));
        }
        let has_windows = watch.window.as_ref().is_some_and(|window| window.size.is_some());
        if watch.movement.is_some() && !has_windows {
            let sentence = "\"movement\" is told from one window to the next: say a \"window\" with a \"size\"";
            return Err(Error::bad_query(sentence).at_column("movement"));
        }
        let asker = Asker::new(Query::parse(&watch.query)?, Arc::new(zones), schema)?;
        let state = State::new(&watch, &asker, None)?;
        Ok(Self { watch, asker, state, closed: vec![], last_closed: None, failed: None, is_over: false })
    }

    /// Whether the columns are no longer those that the question was asked of.
    pub(super) fn is_outgrown(&self, schema: &Schema) -> bool {
        let known = self.asker.schema.columns();
        let own = &schema.columns()[..known.len().min(schema.columns().len())];
        let roles =
            |columns: &[crate::event::Column]| columns.iter().map(|column| (column.column_type, column.role)).collect::<Vec<_>>();
        roles(known) != roles(own) || self.asker.query.reads_all() && known.len() != schema.columns().len()
    }

    /// Begins again, of columns that are others now; windows that have closed stay so. Of sessions it gives the watermark to
    /// go on from, once the rows have come again.
    ///
    /// # Errors
    ///
    /// As [`Query::fold`].
    pub(super) fn renew(&mut self, schema: &Schema) -> Result<Option<i64>> {
        let unit = unit_of(&self.asker).ok();
        self.asker = Asker::new(self.asker.query.clone(), self.asker.zones.clone(), schema)?;
        let finer = unit.zip(unit_of(&self.asker).ok()).map_or(1, |(before, now)| now.per_second() / before.per_second());
        let before = std::mem::replace(&mut self.state, State::Whole(Whole::new(&self.asker)?));
        let watermark = match &before {
            State::Sessions(sessions) => sessions.watermark().map(|watermark| watermark.saturating_mul(finer)),
            State::Whole(_) | State::Windowed(_) => None,
        };
        self.state = State::new(&self.watch, &self.asker, Some((before, finer)))?;
        Ok(watermark)
    }

    /// Goes on from a watermark: sessions that have ended by it were told of before.
    pub(super) fn resume(&mut self, watermark: i64) -> Result<()> {
        match &mut self.state {
            State::Sessions(sessions) => sessions.close(watermark).map(drop),
            State::Whole(_) | State::Windowed(_) => Ok(()),
        }
    }

    /// The same question, as if nothing had come yet.
    pub(super) fn anew(&self, schema: &Schema) -> Result<Self> {
        Self::new(self.watch.clone(), self.asker.zones.as_ref().clone(), schema)
    }

    /// Notes why the question can be answered no more: whoever looks next is told. The rows are taken all the same.
    pub(super) fn note(&mut self, done: Result<()>) {
        if let Err(error) = done {
            self.failed.get_or_insert(error);
            self.is_over = true;
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.is_over
    }

    pub(super) fn types(&self) -> &[ColumnType] {
        &self.asker.types
    }

    /// Takes rows in; gives those that came too late for any window.
    pub(super) fn take(&mut self, part: Part, slice: u64) -> Result<Vec<u32>> {
        match &mut self.state {
            State::Whole(whole) => whole.take(&self.asker, part, slice).map(|()| vec![]),
            State::Windowed(windowed) => windowed.take(&self.asker, part),
            State::Sessions(sessions) => sessions.take(part),
        }
    }

    /// Does some of the work that is to be done before the oldest slice goes, a part of all at the least; whether nothing is left.
    pub(super) fn prepare(&mut self, n_parts: usize) -> Result<bool> {
        match &mut self.state {
            State::Whole(whole) => whole.prepare(&self.asker, n_parts),
            State::Windowed(_) | State::Sessions(_) => Ok(true),
        }
    }

    pub(super) fn forget(&mut self, slice: u64, place: i64) -> Result<()> {
        match &mut self.state {
            State::Whole(whole) => whole.forget(slice, place),
            State::Windowed(_) | State::Sessions(_) => Ok(()),
        }
    }

    pub(super) fn size(&self) -> usize {
        match &self.state {
            State::Whole(whole) => whole.size(),
            State::Windowed(windowed) => windowed.size(),
            State::Sessions(sessions) => sessions.size(),
        }
    }

    /// The earliest time of which an open window has rows, in that unit.
    pub(super) fn first_open(&self, unit: TimeUnit) -> Option<i64> {
        let first = match &self.state {
            State::Whole(_) => None,
            State::Windowed(windowed) => windowed.first_open(),
            State::Sessions(sessions) => sessions.first_open(),
        };
        let own = unit_of(&self.asker).ok()?;
        first.map(|first| first.saturating_mul(unit.per_second() / own.per_second()))
    }

    /// Closes the windows that have ended by the watermark.
    pub(super) fn close(&mut self, watermark: i64) -> Result<()> {
        let (shown, movement) = (self.watch.show, self.watch.movement.as_deref());
        match &mut self.state {
            State::Whole(_) => {}
            State::Windowed(windowed) => {
                let unit = unit_of(&self.asker)?;
                for window in windowed.close(&self.asker, watermark, shown + 1, self.watch.closes)? {
                    if self.watch.closes {
                        let both: Vec<Window> = self.last_closed.take().into_iter().chain([window.clone()]).collect();
                        let windows = vec![(window.start, window.end, false)];
                        self.closed.push(Told { table: table(&both, unit, movement, 1)?, windows });
                    }
                    self.last_closed = Some(window);
                }
            }
            State::Sessions(sessions) => {
                let closed = sessions.close(watermark)?;
                if self.watch.closes
                    && let Some(answer) = closed
                {
                    self.closed.push(sessions.told(answer, false)?);
                }
            }
        }
        Ok(())
    }

    /// The answer as it stands; nothing where no window has a row yet.
    pub(super) fn look(&mut self) -> Result<Option<Told>> {
        if self.is_over {
            return Err(self.failed.take().unwrap_or_else(|| Error::bad_state("the question is watched no more")));
        }
        let shown = self.watch.show;
        match &mut self.state {
            State::Whole(whole) => Ok(Some(Told { table: whole.answer(&self.asker)?, windows: vec![] })),
            State::Windowed(windowed) => {
                let before = usize::from(self.watch.movement.is_some());
                let windows = windowed.newest(&self.asker, shown + before)?;
                if windows.is_empty() {
                    return Ok(None);
                }
                let table = table(&windows, unit_of(&self.asker)?, self.watch.movement.as_deref(), shown)?;
                let shown = windows.iter().skip(windows.len().saturating_sub(shown));
                let windows = shown.map(|window| (window.start, window.end, window.is_provisional)).collect();
                Ok(Some(Told { table, windows }))
            }
            State::Sessions(sessions) => sessions.told(sessions.open()?, true).map(Some),
        }
    }

    /// The windows that have closed since the last time.
    pub(super) fn take_closed(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.closed)
    }
}

impl State {
    fn new(watch: &Watch, asker: &Asker, before: Option<(Self, i64)>) -> Result<Self> {
        let Some(window) = &watch.window else { return Whole::new(asker).map(Self::Whole) };
        let unit = unit_of(asker)?;
        match (&window.size, &window.gap) {
            (Some(size), None) if window.by.is_none() => {
                let zone = match &window.timezone {
                    Some(name) if name != "UTC" => Some(asker.zones.get(name).cloned().ok_or_else(|| {
                        let sentence = format!("unknown time zone {name:?}; write an IANA name such as \"Asia/Shanghai\"");
                        Error::bad_query(sentence).at_column("window")
                    })?),
                    _ => None,
                };
                let windows = Windows::new(size, window.hop.as_deref(), zone, unit)?;
                let time = asker.time()?;
                Ok(Self::Windowed(Box::new(match before {
                    Some((Self::Windowed(before), finer)) => before.emptied(windows, time, finer),
                    _ => Windowed::new(windows, time),
                })))
            }
            (None, Some(gap)) if window.hop.is_none() && window.timezone.is_none() => {
                let by = match &window.by {
                    Some(name) => asker.schema.index_of(name)?,
                    None => asker.schema.index_of_role(Role::Actor).ok_or_else(|| {
                        Error::bad_query("sessions are somebody's: say \"by\" which column, or give one the role actor")
                            .at_column("window")
                    })?,
                };
                let gap = length("gap", gap)?.saturating_mul(unit.per_second());
                Ok(Self::Sessions(Box::new(SessionWindows::new(&watch.query, asker, by, gap)?)))
            }
            _ => {
                let sentence = "a window has a \"size\", and may have a \"hop\" and a \"timezone\"; or it has a \"gap\", and may have \"by\"";
                Err(Error::bad_query(sentence).at_column("window"))
            }
        }
    }
}

/// That of the column of event time.
fn unit_of(asker: &Asker) -> Result<TimeUnit> {
    match asker.types[asker.time()?] {
        ColumnType::Time { unit } => Ok(unit),
        _ => Err(Error::bad_state("event time is no time")),
    }
}
