//! A funnel's answer with a row for each actor, or for each of its pairs, that reached the first step.
//!
//! State: the rows.

use arrow_array::RecordBatch;

use super::walk::{Counted, Walk};
use crate::Result;
use crate::analysis::key::KeyPlan;
use crate::analysis::list::{Choice, List};
use crate::event::ColumnType;
use crate::fold::Fold;
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};

pub(super) struct EachFold {
    pub(super) walk: Walk,
    /// The column of the actors.
    pub(super) actor: usize,
    /// The actor whose rows may go on.
    pub(super) last: Option<Values>,
    pub(super) columns: Vec<(String, ValueType)>,
    pub(super) list: List,
    pub(super) per_second: f64,
    pub(super) choice: Choice,
}

/// The answer's last columns, where times are of that type.
pub(super) fn columns(time: ColumnType) -> [(&'static str, ValueType); 3] {
    [("reached", ValueType::Of(ColumnType::Int)), ("started", ValueType::Of(time)), ("seconds", ValueType::Float)]
}

/// Attempts that count.
#[derive(Default)]
struct Found {
    rows: Vec<u32>,
    pairs: Vec<u32>,
    groups: Vec<u32>,
    reached: Vec<i64>,
    started: Vec<i64>,
    lasted: Vec<i64>,
}

impl Found {
    fn push(&mut self, counted: Counted<'_>) {
        let [first, .., last] = counted.times else {
            return self.push_times(counted, counted.times[0], 0);
        };
        self.push_times(counted, *first, last.saturating_sub(*first));
    }

    fn push_times(&mut self, counted: Counted<'_>, started: i64, lasted: i64) {
        self.rows.push(counted.row.unwrap_or(0));
        self.pairs.push(counted.pair);
        self.groups.push(counted.group);
        self.reached.push(counted.times.len() as i64);
        self.started.push(started);
        self.lasted.push(lasted);
    }

    /// Moves the attempts of these actors to the list.
    fn list(self, actors: &Values, walk: &Walk, per_second: f64, list: &mut List) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let value = |(key, numbers): (&Option<KeyPlan>, &[u32])| {
            let mut values = key.as_ref()?.values(numbers);
            values.unrank();
            Some(values)
        };
        let keys = [(&walk.per, &self.pairs[..]), (&walk.split, &self.groups[..])];
        let seconds = self.lasted.iter().map(|&lasted| lasted as f64 / per_second).collect();
        let has_gone_on = self.reached.iter().map(|&reached| reached > 1).collect();
        let mut values = vec![actors.take(&self.rows)];
        values.extend(keys.into_iter().filter_map(value));
        values.push(Values::ints(self.reached));
        values.push(Values::ints(self.started));
        values.push(Values { data: Data::Floats(seconds), valid: Some(has_gone_on) });
        list.push(&values)
    }
}

impl EachFold {
    /// The rows of all actors so far, the last one too.
    fn whole(&self) -> Result<List> {
        let mut list = List::new(self.columns.iter().cloned());
        list.merge(&self.list.state()?)?;
        let mut found = Found::default();
        self.walk.show_last(|counted| found.push(counted))?;
        if let Some(last) = &self.last {
            found.list(last, &self.walk, self.per_second, &mut list)?;
        }
        Ok(list)
    }
}

impl Fold for EachFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let (mut before, mut here) = (Found::default(), Found::default());
        self.walk.update(batch, |counted| if counted.row.is_none() { before.push(counted) } else { here.push(counted) })?;
        let actors = gather(batch.column(self.actor), &Rows::All(batch.num_rows()))?;
        if let Some(last) = &self.last {
            before.list(last, &self.walk, self.per_second, &mut self.list)?;
        }
        here.list(&actors, &self.walk, self.per_second, &mut self.list)?;
        if let Some(row) = self.walk.last_row {
            self.last = Some(actors.take(&[row]));
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        self.whole()?.state()
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.list.merge(state)
    }

    fn finish(&self) -> Result<RecordBatch> {
        let keys = self.columns.len() - columns(ColumnType::Null).len();
        let ties: Vec<&str> = self.columns[..keys].iter().map(|(name, _)| name.as_str()).collect();
        self.choice.of(self.whole()?.table(), &ties)
    }

    fn size(&self) -> usize {
        self.list.size() + self.walk.size()
    }
}
