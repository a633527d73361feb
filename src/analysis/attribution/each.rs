//! The answer that has a row for each conversion.

use arrow_array::RecordBatch;

use crate::analysis::actors::ActorPlan;
use crate::analysis::list::{Choice, List};
use crate::event::{ColumnType, Schema};
use crate::kernel::ids::Ids;
use crate::kernel::values::{Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// The conversions found, and which of them are asked for.
pub(super) struct Each {
    pub(super) list: List,
    choice: Choice,
    names: Vec<String>,
    actor: usize,
    time: usize,
}

/// The conversions of one batch: their rows, how many touches they have, and the first and the last one's channels.
#[derive(Default)]
pub(super) struct Conversions {
    pub(super) rows: Vec<u32>,
    pub(super) touches: Vec<i64>,
    pub(super) firsts: Vec<u32>,
    pub(super) lasts: Vec<u32>,
}

impl Each {
    pub(super) fn new(
        schema: &Schema,
        plan: ActorPlan,
        channel: ValueType,
        value: Option<(usize, ColumnType)>,
        choice: &Choice,
    ) -> Result<Self> {
        let actor = &schema.columns()[plan.actor];
        let mut columns = vec![
            (actor.name.clone(), ValueType::Of(actor.column_type)),
            ("converted_at".to_owned(), ValueType::Of(schema.columns()[plan.time].column_type)),
            ("touches".to_owned(), ValueType::Of(ColumnType::Int)),
            ("first".to_owned(), channel),
            ("last".to_owned(), channel),
        ];
        columns.extend(value.map(|(_, column_type)| ("value".to_owned(), ValueType::Of(column_type))));
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        if names[1..].contains(&actor.name) {
            let sentence = format!("two columns of the answer are called {:?}", actor.name);
            return Err(Error::bad_query(sentence).at_column(&actor.name));
        }
        choice.check(&columns)?;
        Ok(Self { list: List::new(columns), choice: choice.clone(), names, actor: plan.actor, time: plan.time })
    }

    pub(super) fn push(
        &mut self,
        batch: &RecordBatch,
        found: Conversions,
        ids: &Ids,
        value: Option<(usize, ColumnType)>,
    ) -> Result<()> {
        let rows = Rows::Some(found.rows);
        let mut values = vec![
            gather(batch.column(self.actor), &rows)?,
            gather(batch.column(self.time), &rows)?,
            Values::ints(found.touches),
            ids.values(&found.firsts),
            ids.values(&found.lasts),
        ];
        values.extend(value.map(|(at, _)| gather(batch.column(at), &rows)).transpose()?);
        self.list.push(&values)
    }

    /// The rows that are chosen.
    pub(super) fn finish(&self) -> Result<RecordBatch> {
        let ties: Vec<&str> = self.names.iter().map(String::as_str).collect();
        self.choice.of(self.list.table(), &ties)
    }
}
