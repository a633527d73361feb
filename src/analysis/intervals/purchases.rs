//! The purchases of each actor: events of one order, or of one time, are one.

use arrow_array::RecordBatch;

use crate::Result;
use crate::analysis::actors::ActorReader;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::values::{Rows, Values, gather};

/// Reads the purchases of whole actors.
pub(super) struct Purchases {
    reader: ActorReader,
    actor_at: usize,
    order_at: Option<usize>,
    orders: Option<Ids>,
    /// The actor whose rows come, as a value of one row, and its events' orders and times.
    actor: Option<Values>,
    events: Vec<(u32, i64)>,
    most: usize,
}

impl Purchases {
    pub(super) fn new(reader: ActorReader, actor_at: usize, order_at: Option<usize>, most: usize) -> Self {
        Self { reader, actor_at, order_at, orders: None, actor: None, events: vec![], most }
    }

    /// Takes rows in, and gives each actor that ends with the times of its purchases.
    pub(super) fn read(&mut self, batch: &RecordBatch, mut end: impl FnMut(&Values, &[i64]) -> Result<()>) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let all = Rows::All(batch.num_rows());
        let orders = match self.order_at {
            None => vec![NULL; batch.num_rows()],
            Some(at) => {
                let values = gather(batch.column(at), &all)?;
                self.orders.get_or_insert_with(|| Ids::like(&values)).of(&values)?
            }
        };
        let actors = gather(batch.column(self.actor_at), &all)?;
        let times = rows.instants();
        for (range, goes_on) in rows.ranges() {
            for row in range.filter(|&row| rows.marks[row] & 1 != 0) {
                if self.actor.is_none() {
                    self.actor = Some(actors.take(&[row as u32]));
                }
                self.events.push((orders[row], times[row]));
            }
            if !goes_on && let Some(actor) = self.actor.take() {
                end(&actor, &self.times())?;
                self.events.clear();
            }
        }
        Ok(())
    }

    /// The actor whose rows come, where it made a purchase.
    pub(super) fn actor(&self) -> Option<&Values> {
        self.actor.as_ref()
    }

    /// The last purchase that is told of.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// When the actor whose rows come made its purchases, up to one beyond the last that is told of.
    pub(super) fn times(&self) -> Vec<i64> {
        let mut events = self.events.clone();
        events.sort_unstable();
        events.dedup_by(|next, kept| next.0 == kept.0 && (next.0 != NULL || next.1 == kept.1));
        let mut times: Vec<i64> = events.into_iter().map(|(_, time)| time).collect();
        times.sort_unstable();
        times.truncate(self.most + 1);
        times
    }

    pub(super) fn size(&self) -> usize {
        16 * self.events.capacity() + self.orders.as_ref().map_or(0, Ids::size)
    }
}
