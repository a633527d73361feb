//! What an experiment finds out of one actor, and the answer that has a row for each.

use arrow_array::RecordBatch;

use super::arms::Arm;
use crate::analysis::actors::ActorPlan;
use crate::analysis::list::{Choice, List};
use crate::event::{ColumnType, Schema};
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, ErrorKind, Result};

/// An event of an actor.
pub(super) struct Event {
    pub(super) time: i64,
    /// The variant that it exposes to, or null.
    pub(super) exposure: u32,
    pub(super) is_conversion: bool,
    /// 0 for null.
    pub(super) value: i128,
}

/// What is known of an actor.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// Of its first exposure; null before.
    pub(super) variant: u32,
    exposed_at: i64,
    is_mixed: bool,
    converted: bool,
    value: i128,
    /// The time of the last conversion before the exposure: `converted` and `value` are of that time.
    before: i64,
}

/// The rows of actors, and how they are chosen.
pub(super) struct EachUnit {
    list: List,
    columns: Vec<(String, ValueType)>,
    choice: Choice,
    actor: usize,
    value: Option<ColumnType>,
    /// The actors of the batch that is read, and who goes on from the batch before.
    actors: Values,
    carried: Option<Values>,
    /// Those that end in this batch: their rows, and what is known of them.
    ended: Vec<(u32, Unit)>,
}

impl Unit {
    /// # Errors
    ///
    /// `OVERFLOW`.
    pub(super) fn take(&mut self, event: &Event) -> Result<()> {
        if event.is_conversion {
            if self.variant == NULL && self.before != event.time {
                (self.before, self.value) = (event.time, 0);
            }
            self.converted = true;
            self.value = self.value.checked_add(event.value).ok_or_else(overflow)?;
        }
        if event.exposure != NULL && self.variant == NULL {
            if self.converted && self.before != event.time {
                (self.converted, self.value) = (false, 0);
            }
            (self.variant, self.exposed_at) = (event.exposure, event.time);
        }
        self.is_mixed |= event.exposure != NULL && event.exposure != self.variant;
        Ok(())
    }

    /// As an arm of its variant.
    ///
    /// # Errors
    ///
    /// `OVERFLOW`.
    pub(super) fn arm(&self) -> Result<Arm> {
        if self.variant == NULL {
            return Ok(Arm::default());
        }
        if self.is_mixed {
            return Ok(Arm { mixed: 1, ..Arm::default() });
        }
        let squares = self.value.checked_mul(self.value).ok_or_else(overflow)?;
        Ok(Arm { actors: 1, conversions: i64::from(self.converted), sum: self.value, squares, mixed: 0 })
    }

    fn is_listed(&self) -> bool {
        self.variant != NULL && !self.is_mixed
    }
}

fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a sum of values is too large to be exact; filter the rows")
}

impl EachUnit {
    pub(super) fn new(
        schema: &Schema,
        plan: ActorPlan,
        variant: ValueType,
        value: Option<ColumnType>,
        choice: &Choice,
    ) -> Result<Self> {
        let actor = &schema.columns()[plan.actor];
        let mut columns = vec![
            (actor.name.clone(), ValueType::Of(actor.column_type)),
            ("variant".to_owned(), variant),
            ("exposed_at".to_owned(), ValueType::Of(schema.columns()[plan.time].column_type)),
            ("converted".to_owned(), ValueType::Of(ColumnType::Bool)),
        ];
        columns.extend(value.map(|column_type| ("value".to_owned(), ValueType::Of(column_type))));
        if columns[1..].iter().any(|(name, _)| *name == actor.name) {
            let sentence = format!("two columns of the answer are called {:?}", actor.name);
            return Err(Error::bad_query(sentence).at_column(&actor.name));
        }
        choice.check(&columns)?;
        Ok(Self {
            list: List::new(columns.clone()),
            columns,
            choice: choice.clone(),
            actor: plan.actor,
            value,
            actors: Values::ints(vec![]),
            carried: None,
            ended: vec![],
        })
    }

    /// Begins with a batch.
    pub(super) fn begin(&mut self, batch: &RecordBatch) -> Result<()> {
        self.actors = gather(batch.column(self.actor), &Rows::All(batch.num_rows()))?;
        Ok(())
    }

    /// The actor whose rows begin there ends in this batch.
    pub(super) fn end(&mut self, unit: Unit, begin: u32, ids: &Ids) -> Result<()> {
        match self.carried.take() {
            Some(actor) if unit.is_listed() => self.list.push(&values(actor, &[unit], ids, self.value)?),
            None if unit.is_listed() => {
                self.ended.push((begin, unit));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The actor whose rows begin there may go on in the next batch.
    pub(super) fn goes_on(&mut self, begin: u32) {
        if self.carried.is_none() && (begin as usize) < self.actors.len() {
            self.carried = Some(self.actors.take(&[begin]));
        }
    }

    /// Takes in the actors that have ended.
    pub(super) fn push(&mut self, ids: &Ids) -> Result<()> {
        let (rows, units): (Vec<u32>, Vec<Unit>) = std::mem::take(&mut self.ended).into_iter().unzip();
        self.list.push(&values(self.actors.take(&rows), &units, ids, self.value)?)
    }

    pub(super) fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.list.merge(state)
    }

    /// All rows so far, that of the last actor too.
    pub(super) fn all(&self, unit: &Unit, ids: Option<&Ids>) -> Result<List> {
        let mut list = List::new(self.columns.clone());
        list.merge(&self.list.state()?)?;
        if let (Some(actor), Some(ids), true) = (&self.carried, ids, unit.is_listed()) {
            list.push(&values(actor.clone(), std::slice::from_ref(unit), ids, self.value)?)?;
        }
        Ok(list)
    }

    pub(super) fn finish(&self, unit: &Unit, ids: Option<&Ids>) -> Result<RecordBatch> {
        let ties: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        self.choice.of(self.all(unit, ids)?.table(), &ties)
    }

    pub(super) fn size(&self) -> usize {
        self.list.size()
    }
}

/// The columns of actors' rows.
fn values(actors: Values, units: &[Unit], ids: &Ids, value: Option<ColumnType>) -> Result<Vec<Values>> {
    let ints = |of: &dyn Fn(&Unit) -> i64| Values::ints(units.iter().map(of).collect());
    let variants: Vec<u32> = units.iter().map(|unit| unit.variant).collect();
    let mut values = vec![actors, ids.values(&variants), ints(&|unit| unit.exposed_at), ints(&|unit| i64::from(unit.converted))];
    let worth = || units.iter().map(|unit| unit.value);
    values.extend(match value {
        None => None,
        Some(ColumnType::Int) => {
            let narrow = worth().map(|value| i64::try_from(value).map_err(|_| overflow()));
            Some(Values::ints(narrow.collect::<Result<_>>()?))
        }
        Some(_) => Some(Values { data: Data::Wide(worth().collect()), valid: None }),
    });
    Ok(values)
}
