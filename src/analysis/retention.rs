//! Retention: of the actors that began in a period, how many came back so many periods later?
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: one row for each cohort and
//! period, and the last event's time. Whole actors make it add up.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use serde_json::Value;

use super::actors::{ActorColumns, ActorReader};
use super::filter::columns_of;
use super::key::{Key, KeyPlan};
use super::marks::{Marks, conditions};
use super::spec::{Spec, unknown};
use super::table::{Table, TableColumn};
use super::{Question, Zones};
use crate::event::{ColumnType, Schema};
use crate::fold::Fold;
use crate::kernel::bucket::Every;
use crate::kernel::ids::NULL;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// The most periods after the first one.
const MOST_PERIODS: u64 = 10_000;

/// The question `{"kind": "retention", …}`.
///
/// An actor's cohort is the bucket, as of `group_by`, that its first `start` event lies in. It is counted in each period in which
/// it has a `return` event (`"counting": "on"`), or in which or after which it has one (`on_or_after`), also where that lies beyond the
/// last period. Period n is the nth bucket after the cohort's: by the calendar of the zone for days and longer ones, by
/// elapsed time for shorter ones. Return events before the first start event's time do not count; those of the same time do.
/// `where` is applied before. Rows without an actor or a time take part in nothing.
///
/// Answer: one row for each cohort and period from 0 to `periods`, in that order: `cohort` (its bucket's start), `period`, `actors`
/// and `rate`, their share of the cohort's. Periods that begin after the last event that takes part are left out.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,ts\n7,2024-03-10 10:00\n8,2024-03-10 11:00\n7,2024-03-11 10:30\n")?;
/// let query: Query = serde_json::from_str(r#"{"kind": "retention", "every": "1d", "periods": 7}"#).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "cohort,period,actors,rate\n2024-03-10T00:00:00Z,0,2,1\n2024-03-10T00:00:00Z,1,1,0.5\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Retention {
    columns: ActorColumns,
    filter: Vec<Value>,
    start: Vec<Value>,
    returns: Vec<Value>,
    every: Every,
    periods: usize,
    on_or_after: bool,
    timezone: Option<String>,
}

const COUNTINGS: [&str; 2] = ["on", "on_or_after"];

/// The bits of start and return events.
const START: u64 = 1;
const RETURN: u64 = 2;

impl Retention {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let counting = spec.text("counting")?.unwrap_or("on");
        if !COUNTINGS.contains(&counting) {
            return Err(unknown(&format!("\"counting\" {counting:?}"), counting, &COUNTINGS));
        }
        let periods = spec.count("periods")?.unwrap_or(7);
        if periods > MOST_PERIODS {
            return Err(
                Error::bad_query(format!("\"periods\" may be {MOST_PERIODS} at most, found {periods}")).at_column("periods")
            );
        }
        let retention = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            start: spec.get("start").map(conditions).unwrap_or_default(),
            returns: spec.get("return").map(conditions).unwrap_or_default(),
            every: Every::parse(spec.text("every")?.unwrap_or("1d"))?,
            periods: periods as usize,
            on_or_after: counting != "on",
            timezone: spec.text("timezone")?.filter(|zone| *zone != "UTC").map(str::to_owned),
        };
        spec.finish()?;
        Ok(retention)
    }
}

impl Question for Retention {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn zones(&self) -> Vec<String> {
        self.timezone.iter().cloned().collect()
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let lookup = columns_of(schema);
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, &[self.start.clone(), self.returns.clone()], &lookup)?;
        let time = &schema.columns()[plan.time].name;
        let buckets = Key::buckets(time, self.every, self.timezone.as_deref()).plan(schema, zones)?;
        Ok(Box::new(RetentionFold {
            reader: ActorReader::new(plan, marks),
            buckets,
            places: vec![],
            n_periods: self.periods + 1,
            on_or_after: self.on_or_after,
            sizes: vec![],
            counts: vec![],
            last: None,
            actor: Actor::default(),
        }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }
}

struct RetentionFold {
    reader: ActorReader,
    buckets: KeyPlan,
    /// Where each bucket is, by its number.
    places: Vec<i64>,
    n_periods: usize,
    on_or_after: bool,
    /// The actors of each cohort, by its bucket's number, and of each of its periods.
    sizes: Vec<i64>,
    counts: Vec<i64>,
    /// The time of the last event.
    last: Option<i64>,
    actor: Actor,
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

impl RetentionFold {
    /// Makes room for all buckets that have numbers.
    fn cover(&mut self) {
        let n_buckets = self.buckets.n_numbers();
        self.sizes.resize(n_buckets, 0);
        self.counts.resize(n_buckets * self.n_periods, 0);
        let numbers: Vec<u32> = (self.places.len() as u32..n_buckets as u32).collect();
        if let (Data::Ints(starts), Some(bucketer)) = (self.buckets.values(&numbers).data, &self.buckets.bucketer) {
            self.places.extend(starts.iter().map(|&start| bucketer.place(start)));
        }
    }

    fn steps(&self, from: i64, to: i64) -> i64 {
        self.buckets.bucketer.as_ref().map_or(0, |bucketer| bucketer.steps(from, to))
    }

    /// Takes in a return event in a bucket where the actor had none directly before.
    fn take_return(&mut self, bucket: u32) {
        self.actor.bucket = bucket;
        let period = self.steps(self.places[self.actor.cohort as usize], self.places[bucket as usize]);
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

impl Fold for RetentionFold {
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
        let cohorts: Vec<u32> = self.cohorts().collect();
        let starts = self.buckets.values(&cohorts);
        let rows = order::sort(cohorts.len(), &[SortKey::new(&starts, false)], usize::MAX);
        let last = self.last.zip(self.buckets.bucketer.as_ref()).map_or(0, |(last, bucketer)| bucketer.place_of(last));
        let (mut places, mut periods, mut actors, mut rates) = (vec![], vec![], vec![], vec![]);
        for row in rows {
            let number = cohorts[row as usize] as usize;
            let n_begun = self.steps(self.places[number], last).clamp(0, self.n_periods as i64 - 1) as usize + 1;
            for period in 0..n_begun {
                let count = self.counts[number * self.n_periods + period];
                places.push(row);
                periods.push(period as i64);
                actors.push(count);
                rates.push(count as f64 / self.sizes[number] as f64);
            }
        }
        let n_rows = places.len();
        let int = ValueType::Of(ColumnType::Int);
        let columns = vec![
            TableColumn::exact("cohort", self.buckets.value_type, starts.take(&places)),
            TableColumn::exact("period", int, Values::ints(periods)),
            TableColumn::exact("actors", int, Values::ints(actors)),
            TableColumn::exact("rate", ValueType::Float, Values { data: Data::Floats(rates), valid: None }),
        ];
        Table { columns, n_rows }.to_batch(&["cohort", "period", "actors", "rate"].map(str::to_owned), true)
    }

    fn size(&self) -> usize {
        8 * (self.counts.capacity() + self.sizes.capacity() + self.places.capacity())
    }
}

impl RetentionFold {
    /// The numbers of the buckets that are cohorts.
    fn cohorts(&self) -> impl Iterator<Item = u32> {
        self.sizes.iter().enumerate().filter(|(_, size)| **size > 0).map(|(number, _)| number as u32)
    }
}
