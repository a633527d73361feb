//! What each actor did from beginning to end: which cohorts it is in, and in which brackets it came back.

use arrow_array::RecordBatch;

use super::brackets::Brackets;
use super::cohorts::Cell;
use super::{RETURN, START};
use crate::Result;
use crate::analysis::actors::ActorReader;
use crate::analysis::key::KeyPlan;
use crate::event::ColumnType;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::values::{Data, Rows, Values, gather};

/// How actors return.
pub(super) struct Returns {
    pub(super) brackets: Brackets,
    pub(super) on_or_after: bool,
    pub(super) is_recurring: bool,
    /// A period of the rolling clock, in the unit of the times, as is an hour.
    pub(super) rolling: Option<i64>,
    pub(super) hour: i64,
}

/// The columns of return events' values and orders.
pub(super) struct Sales {
    value: usize,
    column_type: ColumnType,
    order: Option<usize>,
    orders: Option<Ids>,
}

/// An actor in a cohort.
#[derive(Debug)]
pub(super) struct Member {
    /// The number of the cohort's bucket, and its start.
    pub(super) cohort: u32,
    pub(super) start: i64,
    /// When its rolling clock begins.
    pub(super) begin: i64,
    /// What it adds to brackets, in any order.
    pub(super) cells: Vec<(usize, Cell)>,
}

/// Reads the rows of whole actors.
pub(super) struct Histories {
    reader: ActorReader,
    actor: usize,
    pub(super) buckets: KeyPlan,
    /// Where each bucket is, by its number, and its start.
    pub(super) places: Vec<i64>,
    starts: Vec<i64>,
    pub(super) returns: Returns,
    sales: Option<Sales>,
    /// Of the actor whose rows come.
    history: History,
    /// The time of the last event.
    pub(super) last: Option<i64>,
}

/// What is known of an actor.
#[derive(Debug, Default)]
struct History {
    /// Its value, of one row.
    actor: Option<Values>,
    /// Start events by bucket and time.
    starts: Vec<(u32, i64)>,
    /// Return events in the order of time.
    returns: Vec<Return>,
}

#[derive(Clone, Copy, Debug)]
struct Return {
    time: i64,
    bucket: u32,
    order: u32,
    value: i128,
}

impl Sales {
    pub(super) fn new(value: usize, column_type: ColumnType, order: Option<usize>) -> Self {
        Self { value, column_type, order, orders: None }
    }

    pub(super) fn column_type(&self) -> ColumnType {
        self.column_type
    }

    /// The value and the order's number of each row.
    fn read(&mut self, batch: &RecordBatch) -> Result<(Vec<i128>, Vec<u32>)> {
        let all = Rows::All(batch.num_rows());
        let values = gather(batch.column(self.value), &all)?;
        let value = |(row, &value): (usize, &i128)| if values.is_valid(row) { value } else { 0 };
        let sold = values.data.wide()?.iter().enumerate().map(value).collect();
        let Some(order) = self.order else { return Ok((sold, vec![NULL; batch.num_rows()])) };
        let orders = gather(batch.column(order), &all)?;
        Ok((sold, self.orders.get_or_insert_with(|| Ids::like(&orders)).of(&orders)?))
    }
}

impl Histories {
    pub(super) fn new(reader: ActorReader, actor: usize, buckets: KeyPlan, returns: Returns, sales: Option<Sales>) -> Self {
        Self { reader, actor, buckets, places: vec![], starts: vec![], returns, sales, history: History::default(), last: None }
    }

    /// Takes rows in, and gives each actor that ends, and what it is a member of.
    pub(super) fn read(&mut self, batch: &RecordBatch, mut end: impl FnMut(&Values, Vec<Member>) -> Result<()>) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let buckets = self.buckets.numbers(&rows.times)?;
        self.cover();
        let sales = self.sales.as_mut().map(|sales| sales.read(batch)).transpose()?;
        let sale = |row: usize| sales.as_ref().map_or((0, NULL), |(values, orders)| (values[row], orders[row]));
        let actors = gather(batch.column(self.actor), &Rows::All(batch.num_rows()))?;
        let times = rows.instants();
        for (range, goes_on) in rows.ranges() {
            for row in range.filter(|&row| rows.marks[row] != 0) {
                self.last = self.last.max(Some(times[row]));
                if self.history.actor.is_none() {
                    self.history.actor = Some(actors.take(&[row as u32]));
                }
                let mark = rows.marks[row];
                if mark & START != 0 && (self.returns.is_recurring || self.history.starts.is_empty()) {
                    self.history.start(buckets[row], times[row]);
                }
                if mark & RETURN != 0 {
                    let (value, order) = sale(row);
                    self.history.returned(Return { time: times[row], bucket: buckets[row], order, value });
                }
            }
            if !goes_on {
                let members = self.members()?;
                if let Some(actor) = self.history.actor.take().filter(|_| !members.is_empty()) {
                    end(&actor, members)?;
                }
                self.history.starts.clear();
                self.history.returns.clear();
            }
        }
        Ok(())
    }

    /// The actor whose rows come.
    pub(super) fn actor(&self) -> Option<&Values> {
        self.history.actor.as_ref()
    }

    /// What the actor whose rows come is a member of.
    pub(super) fn members(&self) -> Result<Vec<Member>> {
        let mut starts = self.history.starts.clone();
        starts.sort_unstable();
        starts.dedup_by_key(|start| start.0);
        // The latest place of a return event and all after it: where clocks go back, a bucket comes again.
        let mut latest = i64::MIN;
        let mut farthest: Vec<i64> = self
            .history
            .returns
            .iter()
            .rev()
            .map(|event| {
                latest = latest.max(if self.returns.rolling.is_some() { event.time } else { self.places[event.bucket as usize] });
                latest
            })
            .collect();
        farthest.reverse();
        starts.into_iter().map(|start| self.member(start, &farthest)).collect()
    }

    /// Makes room for all buckets that have numbers.
    pub(super) fn cover(&mut self) {
        let numbers: Vec<u32> = (self.places.len() as u32..self.buckets.n_numbers() as u32).collect();
        if let (Data::Ints(starts), Some(bucketer)) = (self.buckets.values(&numbers).data, &self.buckets.bucketer) {
            self.places.extend(starts.iter().map(|&start| bucketer.place(start)));
            self.starts.extend(starts);
        }
    }

    pub(super) fn size(&self) -> usize {
        let orders = self.sales.as_ref().and_then(|sales| sales.orders.as_ref()).map_or(0, Ids::size);
        size_of::<Return>() * self.history.returns.capacity() + 8 * self.places.capacity() + orders
    }

    /// What the actor is in the cohort of that bucket, where it first starts at that time.
    fn member(&self, (cohort, time): (u32, i64), farthest: &[i64]) -> Result<Member> {
        let hour = self.returns.hour;
        let begin = if self.returns.rolling.is_some() { time.div_euclid(hour).saturating_mul(hour) } else { 0 };
        let period = |at: i64| match (self.returns.rolling, &self.buckets.bucketer) {
            (Some(width), _) => at.saturating_sub(begin).div_euclid(width),
            (None, bucketer) => bucketer.as_ref().map_or(0, |bucketer| bucketer.steps(self.places[cohort as usize], at)),
        };
        let brackets = &self.returns.brackets;
        let since = self.history.returns.partition_point(|event| event.time < time);
        let (mut cells, mut orders, mut counted) = (vec![], vec![], vec![]);
        for event in &self.history.returns[since..] {
            let at = if self.returns.rolling.is_some() { event.time } else { self.places[event.bucket as usize] };
            let period = period(at);
            // Where clocks go back, the bucket before comes again.
            if period > brackets.last() + 1 {
                break;
            }
            let Some((bracket, is_inside)) = Some(period).filter(|&period| period >= 0).and_then(|p| brackets.find(p)) else {
                continue;
            };
            if is_inside {
                counted.push(bracket);
            }
            if self.sales.is_some() {
                let value = if is_inside { event.value } else { 0 };
                cells.push((bracket, Cell { value, value_since: event.value, ..Cell::default() }));
                orders.push((event.order, bracket, is_inside));
            }
        }
        if self.returns.on_or_after {
            let latest = farthest.get(since).map_or(-1, |&at| period(at));
            let n_begun = brackets.bounds().partition_point(|bracket| bracket.0 <= latest);
            counted = (0..n_begun).collect();
        }
        counted.sort_unstable();
        counted.dedup();
        cells.extend(counted.into_iter().map(|bracket| (bracket, Cell { actors: 1, ..Cell::default() })));
        cells.extend(of_orders(orders));
        Ok(Member { cohort, start: self.starts[cohort as usize], begin, cells: summed(cells)? })
    }
}

impl History {
    fn start(&mut self, bucket: u32, time: i64) {
        if self.starts.last().is_none_or(|last| last.0 != bucket) {
            self.starts.push((bucket, time));
        }
    }

    fn returned(&mut self, event: Return) {
        // Before the first start event only those of its time will count.
        if self.starts.is_empty() && self.returns.last().is_some_and(|last| last.time < event.time) {
            self.returns.clear();
        }
        self.returns.push(event);
    }
}

/// The orders of an actor: the number of each row's, the bracket that it is in or before, and whether it is in it.
fn of_orders(mut rows: Vec<(u32, usize, bool)>) -> impl Iterator<Item = (usize, Cell)> {
    // Those in a bracket before those between it and the one before, so that the first of an order's rows tells all.
    rows.sort_unstable_by_key(|&(order, bracket, is_inside)| (order, bracket, !is_inside));
    rows.dedup_by(|next, kept| next.0 != NULL && (next.0, next.1) == (kept.0, kept.1));
    let is_first = |at: usize| rows[at].0 == NULL || at == 0 || rows[at - 1].0 != rows[at].0;
    let mut firsts: Vec<usize> = (0..rows.len()).filter(|&at| is_first(at)).map(|at| rows[at].1).collect();
    firsts.sort_unstable();
    let second = firsts.get(1).map(|&bracket| (bracket, Cell { repeaters: 1, ..Cell::default() }));
    let inside = rows.into_iter().filter(|row| row.2);
    inside.map(|(_, bracket, _)| (bracket, Cell { orders: 1, ..Cell::default() })).chain(second)
}

/// One cell for each bracket, ascending.
fn summed(mut cells: Vec<(usize, Cell)>) -> Result<Vec<(usize, Cell)>> {
    cells.sort_by_key(|cell| cell.0);
    let mut sums: Vec<(usize, Cell)> = vec![];
    for (bracket, cell) in cells {
        match sums.last_mut() {
            Some((last, sum)) if *last == bracket => sum.add(&cell)?,
            _ => sums.push((bracket, cell)),
        }
    }
    Ok(sums)
}
