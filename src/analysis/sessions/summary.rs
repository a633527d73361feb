//! All sessions in one row.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema as ArrowSchema};

use super::found::Found;
use crate::accumulator::{Occurrences, quantile};
use crate::analysis::table::{Table, TableColumn};
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::values::{Data, ValueType, Values};
use crate::{Error, Result};

/// Counts of sessions, and how many last how long.
#[derive(Debug)]
pub(super) struct Summary {
    counts: Counts,
    /// In the unit of the times.
    durations: Occurrences,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    sessions: i64,
    actors: i64,
    events: i64,
    bounced: i64,
    converted: i64,
}

impl Summary {
    pub(super) fn new() -> Self {
        Self { counts: Counts::default(), durations: Occurrences::new(ColumnType::Int) }
    }

    /// Takes in whole sessions.
    pub(super) fn take(&mut self, found: &Found, range: Range<usize>) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let counts = &mut self.counts;
        counts.sessions += range.len() as i64;
        counts.actors += found.ordinals[range.clone()].iter().filter(|ordinal| **ordinal == 1).count() as i64;
        counts.events += found.events[range.clone()].iter().sum::<i64>();
        counts.bounced += found.events[range.clone()].iter().filter(|events| **events == 1).count() as i64;
        counts.converted += range.clone().filter(|&at| found.is_converted(at)).count() as i64;
        self.durations.update(&Values::ints(range.map(|at| found.duration(at)).collect()))
    }

    pub(super) fn state(&self) -> Result<RecordBatch> {
        let Counts { sessions, actors, events, bounced, converted } = self.counts;
        let [list, nulls] = self.durations.state()?;
        let counts = [sessions, actors, events, bounced, converted].map(|n| Arc::new(Int64Array::from(vec![n])) as ArrayRef);
        let arrays: Vec<ArrayRef> = counts.into_iter().chain([list, nulls]).collect();
        let field = |(at, array): (usize, &ArrayRef)| Field::new(format!("{at}"), array.data_type().clone(), true);
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    pub(super) fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let not_a_state = || Error::bad_state("not the state of such sessions");
        let [counts @ .., list, nulls] = state.columns() else { return Err(not_a_state()) };
        let count = |array: &ArrayRef| array.as_primitive_opt::<Int64Type>()?.values().first().copied();
        let counts = counts.iter().map(count).collect::<Option<Vec<i64>>>().ok_or_else(not_a_state)?;
        let &[sessions, actors, events, bounced, converted] = &counts[..] else { return Err(not_a_state()) };
        self.durations.merge([list, nulls])?;
        self.counts.sessions += sessions;
        self.counts.actors += actors;
        self.counts.events += events;
        self.counts.bounced += bounced;
        self.counts.converted += converted;
        Ok(())
    }

    pub(super) fn finish(&self, unit: TimeUnit, has_conversion: bool) -> Result<RecordBatch> {
        let Counts { sessions, actors, events, bounced, converted } = self.counts;
        let (numbers, counts) = self.durations.counted();
        let durations = match self.durations.ids().map(|ids| ids.values(&numbers).data) {
            Some(Data::Ints(durations)) => durations,
            _ => vec![],
        };
        let mut list: Vec<(i64, i64)> = durations.into_iter().zip(counts).collect();
        list.sort_unstable();
        let places: Vec<(u32, i64)> = list.iter().zip(0..).map(|(&(_, count), place)| (place, count)).collect();
        let seconds = |place: u32| list[place as usize].0 as f64 / unit.per_second() as f64;
        let of_durations = |q: f64| (!places.is_empty()).then(|| quantile(q, &places, seconds));
        let mean = |n: i64| (sessions > 0).then(|| n as f64 / sessions as f64);
        let floats = [
            ("bounce_rate", mean(bounced)),
            ("events_per_session", mean(events)),
            ("median_seconds", of_durations(0.5)),
            ("p90_seconds", of_durations(0.9)),
            ("conversion_rate", mean(converted)),
        ];
        let count = |(name, n)| TableColumn::exact(name, ValueType::Of(ColumnType::Int), Values::ints(vec![n]));
        let float = |(name, value): (&str, Option<f64>)| {
            let values = Values { data: Data::Floats(vec![value.unwrap_or_default()]), valid: Some(vec![value.is_some()]) };
            TableColumn::exact(name, ValueType::Float, values)
        };
        let floats = floats.into_iter().take(if has_conversion { 5 } else { 4 });
        let columns: Vec<_> =
            [("sessions", sessions), ("actors", actors)].map(count).into_iter().chain(floats.map(float)).collect();
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        Table { columns, n_rows: 1 }.to_batch(&names, true)
    }

    pub(super) fn size(&self) -> usize {
        self.durations.size()
    }
}
