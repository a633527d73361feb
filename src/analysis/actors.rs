//! The rows of whole actors, as funnels and retention read them: one actor behind the other, each in the order of time.

use arrow_array::{Array, RecordBatch};

use super::marks::Marks;
use super::spec::Spec;
use crate::event::{ColumnType, Role, Schema, TimeUnit};
use crate::kernel::batch::GROUPED_BY;
pub(super) use crate::kernel::bucket::length;
use crate::kernel::values::{Data, Rows, Texts, Values, gather, gather_ranked};
use crate::{Error, Result};

/// Which columns say who did it and when, where the question names them; else those with the roles do.
#[derive(Clone, Debug)]
pub(super) struct ActorColumns {
    actor: Option<String>,
    time: Option<String>,
}

/// Those columns of one schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct ActorPlan {
    pub(super) actor: usize,
    pub(super) time: usize,
    pub(super) unit: TimeUnit,
}

impl ActorColumns {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        Ok(Self { actor: spec.text("actor")?.map(str::to_owned), time: spec.text("time")?.map(str::to_owned) })
    }

    /// # Errors
    ///
    /// `UNKNOWN_COLUMN`; `BAD_QUERY` where no column is named and none has the role, or the time is none.
    pub(super) fn plan(&self, schema: &Schema) -> Result<ActorPlan> {
        let find = |named: &Option<String>, role: Role, what: &str| match named {
            Some(name) => schema.index_of(name),
            None => schema.index_of_role(role).ok_or_else(|| {
                let role = role.name();
                let sentence = format!(
                    "the query needs the column that says {what}: none has the role {role}; give one that role, or name it by \
                     {role:?}"
                );
                Error::bad_query(sentence).at_column(role)
            }),
        };
        let actor = find(&self.actor, Role::Actor, "who did it")?;
        let time = find(&self.time, Role::Time, "when it was done")?;
        let column = &schema.columns()[time];
        let ColumnType::Time { unit } = column.column_type else {
            let sentence =
                format!("\"time\" must be a column of times; {:?} is of type {}", column.name, column.column_type.name());
            return Err(Error::bad_query(sentence).at_column(&column.name));
        };
        Ok(ActorPlan { actor, time, unit })
    }
}

/// Reads batches whose rows are together by actor, in the order of time. An actor's rows may go on over several.
pub(super) struct ActorReader {
    plan: ActorPlan,
    marks: Marks,
    /// The actor of the last row.
    last: Option<Values>,
}

/// A batch's rows.
pub(super) struct ActorRows {
    /// Where another actor's rows begin than those before.
    pub(super) begins: Vec<u32>,
    /// When.
    pub(super) times: Values,
    /// What each row is, as [`Marks::of`] says; 0 where the actor or the time is null.
    pub(super) marks: Vec<u64>,
}

impl ActorRows {
    /// The times; anything where there is no mark.
    pub(super) fn instants(&self) -> &[i64] {
        if let Data::Ints(instants) = &self.times.data { instants } else { &[] }
    }

    /// The ranges of rows of one actor each, and whether the range's actor goes on behind it: in the last one.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (std::ops::Range<usize>, bool)> {
        let n_rows = self.times.len();
        let ends = self.begins.iter().map(|&begin| begin as usize).chain([n_rows]);
        let mut from = 0;
        ends.map(move |to| (std::mem::replace(&mut from, to)..to, to == n_rows))
    }
}

impl ActorReader {
    pub(super) fn new(plan: ActorPlan, marks: Marks) -> Self {
        Self { plan, marks, last: None }
    }

    /// # Errors
    ///
    /// `BAD_STATE` for a batch that does not say that its rows are together by actor.
    pub(super) fn read(&mut self, batch: &RecordBatch) -> Result<ActorRows> {
        let (schema, all) = (batch.schema_ref(), Rows::All(batch.num_rows()));
        let name = schema.field(self.plan.actor).name();
        if batch.num_rows() > 0 && schema.metadata().get(GROUPED_BY) != Some(name) {
            return Err(Error::bad_state(format!("the rows of each value of {name:?} must follow each other")));
        }
        let actors = gather_ranked(batch.column(self.plan.actor), &all)?;
        let times = gather(batch.column(self.plan.time), &all)?;
        let mut marks = self.marks.of(batch)?;
        for valid in [&actors.valid, &times.valid].into_iter().flatten() {
            marks.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(mark, _)| *mark = 0);
        }
        if !matches!(times.data, Data::Ints(_)) {
            return Err(Error::bad_state("the times are of another type"));
        }
        let begins = self.begins(&actors);
        Ok(ActorRows { begins, times, marks })
    }

    fn begins(&mut self, actors: &Values) -> Vec<u32> {
        let Some(last_row) = actors.len().checked_sub(1) else { return vec![] };
        let one = |row: usize| {
            let mut value = actors.take(&[row as u32]);
            value.unrank();
            value
        };
        let mut begins = vec![];
        if self.last.replace(one(last_row)).is_some_and(|last| !is_same(&last, &one(0))) {
            begins.push(0);
        }
        match &actors.data {
            Data::Ints(v) => changes(v, &mut begins),
            Data::Wide(v) => changes(v, &mut begins),
            Data::Ranked(v, _) => changes(v, &mut begins),
            Data::Codes(v, texts) => {
                changes(v, &mut begins);
                // A text may have two codes.
                let is_other = |&row: &usize| text(texts, v[row - 1]) != text(texts, v[row]);
                begins.retain(|&row| row == 0 || is_other(&(row as usize)));
            }
            Data::Floats(_) => {}
        }
        if let Some(valid) = &actors.valid {
            // What a column holds at a null row may be anything, the next actor's value too.
            changes(valid, &mut begins);
            begins.sort_unstable();
            begins.dedup();
        }
        begins
    }
}

#[inline(never)]
fn changes<T: PartialEq>(values: &[T], rows: &mut Vec<u32>) {
    rows.extend((1..values.len()).filter(|&row| values[row] != values[row - 1]).map(|row| row as u32));
}

fn text(texts: &Texts, code: u32) -> Option<&str> {
    ((code as usize) < texts.0.len()).then(|| texts.get(code))
}

fn is_same(a: &Values, b: &Values) -> bool {
    if a.is_valid(0) != b.is_valid(0) {
        return false;
    }
    match (&a.data, &b.data) {
        (Data::Ints(a), Data::Ints(b)) => a == b,
        (Data::Wide(a), Data::Wide(b)) => a == b,
        (Data::Ints(a), Data::Wide(b)) | (Data::Wide(b), Data::Ints(a)) => i128::from(a[0]) == b[0],
        (Data::Codes(a, x), Data::Codes(b, y)) => text(x, a[0]) == text(y, b[0]),
        _ => false,
    }
}
