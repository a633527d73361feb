//! The fold of what is asked most: cohorts by periods of the calendar, each actor in one.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};

use super::cohorts::{Cell, Cohort, Cohorts, Shape};
use super::{RETURN, START};
use crate::analysis::actors::ActorReader;
use crate::analysis::key::KeyPlan;
use crate::event::ColumnType;
use crate::fold::Fold;
use crate::kernel::ids::NULL;
use crate::kernel::values::{Data, Rows, ValueType, gather};
use crate::{Error, Result};

/// Buckets of which all pairs are kept.
const FEW_BUCKETS: usize = 256;

pub(super) struct PlainFold {
    reader: ActorReader,
    buckets: KeyPlan,
    /// Where each bucket is, by its number.
    places: Vec<i64>,
    /// The steps from each bucket to each, where they are few: a division less for each return.
    between: Vec<i64>,
    n_periods: usize,
    on_or_after: bool,
    /// The actors of each cohort, by its bucket's number, and of each of its periods.
    sizes: Vec<i64>,
    counts: Vec<i64>,
    /// The time of the last event.
    last: Option<i64>,
    actor: Actor,
    shape: Shape,
}

/// What is known of the actor whose rows come.
#[derive(Debug, Default)]
struct Actor {
    /// The number of its cohort's bucket; none before its first start event.
    cohort: u32,
    /// When it had a return event before that.
    returned: Option<i64>,
    /// The bucket of the last return event, and the periods that had some.
    bucket: u32,
    periods: Vec<i64>,
}

impl PlainFold {
    pub(super) fn new(reader: ActorReader, buckets: KeyPlan, on_or_after: bool, shape: Shape) -> Self {
        Self {
            reader,
            buckets,
            places: vec![],
            between: vec![],
            n_periods: shape.brackets.len(),
            on_or_after,
            sizes: vec![],
            counts: vec![],
            last: None,
            actor: Actor::default(),
            shape,
        }
    }

    /// Makes room for all buckets that have numbers.
    fn cover(&mut self) {
        let n_buckets = self.buckets.n_numbers();
        if n_buckets == self.places.len() {
            return;
        }
        self.sizes.resize(n_buckets, 0);
        self.counts.resize(n_buckets * self.n_periods, 0);
        let numbers: Vec<u32> = (self.places.len() as u32..n_buckets as u32).collect();
        if let (Data::Ints(starts), Some(bucketer)) = (self.buckets.values(&numbers).data, &self.buckets.bucketer) {
            self.places.extend(starts.iter().map(|&start| bucketer.place(start)));
        }
        let known = if n_buckets <= FEW_BUCKETS { &self.places[..] } else { &[] };
        self.between =
            known.iter().flat_map(|&from| known.iter().map(move |&to| (from, to))).map(|(a, b)| self.steps(a, b)).collect();
    }

    fn steps(&self, from: i64, to: i64) -> i64 {
        self.buckets.bucketer.as_ref().map_or(0, |bucketer| bucketer.steps(from, to))
    }

    #[inline]
    fn steps_between(&self, from: u32, to: u32) -> i64 {
        let (from, to) = (from as usize, to as usize);
        let known = self.between.get(from * self.places.len() + to);
        known.copied().unwrap_or_else(|| self.steps(self.places[from], self.places[to]))
    }

    /// Takes in a return event in a bucket where the actor had none directly before.
    fn take_return(&mut self, bucket: u32) {
        self.actor.bucket = bucket;
        let period = self.steps_between(self.actor.cohort, bucket);
        // Where clocks go back over a bucket's end, it may come a second time.
        let latest = self.actor.periods.last().copied().unwrap_or(-1);
        if period < 0 || period <= latest && (self.on_or_after || self.actor.periods.contains(&period)) {
            return;
        }
        let at = if period > latest { self.actor.periods.len() } else { 0 };
        self.actor.periods.insert(at, period);
        let from = if self.on_or_after { latest + 1 } else { period };
        let first = self.actor.cohort as usize * self.n_periods;
        for period in from..=period.min(self.n_periods as i64 - 1) {
            self.counts[first + period as usize] += 1;
        }
    }

    #[inline]
    fn take_row(&mut self, mark: u64, time: i64, bucket: u32) {
        let mut returns = mark & RETURN != 0;
        if self.actor.cohort == NULL {
            self.actor.returned = if returns { Some(time) } else { self.actor.returned };
            if mark & START == 0 {
                return;
            }
            self.actor.cohort = bucket;
            self.sizes[bucket as usize] += 1;
            returns = self.actor.returned == Some(time);
        }
        if returns && bucket != self.actor.bucket {
            self.take_return(bucket);
        }
    }
}

impl Fold for PlainFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let (buckets, times) = (self.buckets.numbers(&rows.times)?, rows.instants());
        self.cover();
        for (range, goes_on) in rows.ranges() {
            // An actor's times ascend.
            let mut last = None;
            for ((&mark, &time), &bucket) in rows.marks[range.clone()].iter().zip(&times[range.clone()]).zip(&buckets[range]) {
                if mark != 0 {
                    last = Some(time);
                    self.take_row(mark, time, bucket);
                }
            }
            self.last = self.last.max(last);
            if !goes_on {
                self.actor.periods.clear();
                self.actor = Actor { periods: std::mem::take(&mut self.actor.periods), ..Actor::default() };
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        // Of each cohort its size, as period -1, and its periods; the last event's time as what no cohort has.
        let (mut numbers, mut periods, mut actors) = (vec![], vec![], vec![]);
        let mut add = |number: u32, period: i64, value: i64| {
            numbers.push(number);
            periods.push(period);
            actors.push(value);
        };
        self.last.iter().for_each(|&last| add(NULL, -1, last));
        for number in self.cohorts() {
            add(number, -1, self.sizes[number as usize]);
            let counts = self.counts[number as usize * self.n_periods..].iter().take(self.n_periods).enumerate();
            counts.filter(|(_, count)| **count > 0).for_each(|(period, &count)| add(number, period as i64, count));
        }
        let cohorts = self.buckets.values(&numbers).to_array(ValueType::Of(ColumnType::Int))?;
        let arrays: Vec<ArrayRef> = vec![cohorts, Arc::new(Int64Array::from(periods)), Arc::new(Int64Array::from(actors))];
        let fields = ["cohort", "period", "actors"].map(|name| Field::new(name, DataType::Int64, true));
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields.to_vec())), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let not_a_state = || Error::bad_state("not the state of such a retention");
        if state.num_columns() != 3 || state.columns().iter().any(|column| *column.data_type() != DataType::Int64) {
            return Err(not_a_state());
        }
        if state.num_rows() == 0 {
            return Ok(());
        }
        let all = Rows::All(state.num_rows());
        let cohorts = self.buckets.numbers_of_state(&gather(state.column(0), &all)?)?;
        let (Data::Ints(periods), Data::Ints(actors)) =
            (gather(state.column(1), &all)?.data, gather(state.column(2), &all)?.data)
        else {
            return Err(not_a_state());
        };
        self.cover();
        for ((&number, &period), &value) in cohorts.iter().zip(&periods).zip(&actors) {
            match usize::try_from(period) {
                _ if number == NULL => self.last = self.last.max(Some(value)),
                Ok(period) if period < self.n_periods => self.counts[number as usize * self.n_periods + period] += value,
                Ok(_) => return Err(not_a_state()),
                Err(_) => self.sizes[number as usize] += value,
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let cohort = |(number, &size): (usize, &i64)| {
            let counts = self.counts[number * self.n_periods..].iter().take(if size > 0 { self.n_periods } else { 0 });
            Cohort { size, cells: counts.map(|&actors| Cell { actors, ..Cell::default() }).collect(), ..Cohort::default() }
        };
        let cohorts = Cohorts::new(self.sizes.iter().enumerate().map(cohort).collect(), self.last);
        cohorts.finish(&self.buckets, &self.places, &self.shape)
    }

    fn size(&self) -> usize {
        8 * (self.counts.capacity() + self.sizes.capacity() + self.places.capacity())
    }
}

impl PlainFold {
    /// The numbers of the buckets that are cohorts.
    fn cohorts(&self) -> impl Iterator<Item = u32> {
        self.sizes.iter().enumerate().filter(|(_, size)| **size > 0).map(|(number, _)| number as u32)
    }
}
