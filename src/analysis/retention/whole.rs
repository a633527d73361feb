//! The folds that look at all that an actor did at once: of cohorts, and of their members.

use arrow_array::RecordBatch;

use super::brackets::Brackets;
use super::cohorts::{Cohorts, Shape};
use super::histories::{Histories, Member};
use crate::analysis::list::{Choice, List};
use crate::event::{Column, ColumnType};
use crate::fold::Fold;
use crate::kernel::values::{ValueType, Values};
use crate::{Error, Result};

/// Counts the members of each cohort.
pub(super) struct CohortsFold {
    histories: Histories,
    cohorts: Cohorts,
    shape: Shape,
}

/// Lists the members of each cohort.
pub(super) struct MembersFold {
    histories: Histories,
    brackets: Brackets,
    columns: Vec<(String, ValueType)>,
    list: List,
    choice: Choice,
}

impl CohortsFold {
    pub(super) fn new(histories: Histories, shape: Shape) -> Self {
        Self { histories, cohorts: Cohorts::default(), shape }
    }

    /// The cohorts of all rows so far, those of the last actor too.
    fn cohorts(&self) -> Result<Cohorts> {
        let mut cohorts = self.cohorts.clone();
        add(&mut cohorts, self.histories.members()?)?;
        cohorts.last = cohorts.last.max(self.histories.last);
        Ok(cohorts)
    }
}

fn add(cohorts: &mut Cohorts, members: Vec<Member>) -> Result<()> {
    for member in members {
        let cohort = cohorts.cohort(member.cohort);
        cohort.add_actor(member.begin);
        member.cells.iter().try_for_each(|(bracket, cell)| cohort.cell(*bracket).add(cell))?;
    }
    Ok(())
}

impl Fold for CohortsFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        self.histories.read(batch, |_, members| add(&mut self.cohorts, members))
    }

    fn state(&self) -> Result<RecordBatch> {
        self.cohorts()?.state(&self.histories.buckets)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.cohorts.merge(state, &mut self.histories.buckets, self.shape.brackets.len())?;
        self.histories.cover();
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        self.cohorts()?.finish(&self.histories.buckets, &self.histories.places, &self.shape)
    }

    fn size(&self) -> usize {
        self.cohorts.size() + self.histories.size()
    }
}

impl MembersFold {
    /// # Errors
    ///
    /// `BAD_QUERY` where the actor's column is called as another of the answer; those of the choice.
    pub(super) fn new(histories: Histories, actor: &Column, choice: Choice) -> Result<Self> {
        let actor_type = ValueType::Of(actor.column_type);
        let columns = vec![
            (actor.name.clone(), actor_type),
            ("cohort".to_owned(), histories.buckets.value_type),
            ("period".to_owned(), ValueType::Of(ColumnType::Int)),
        ];
        if columns[1..].iter().any(|(name, _)| *name == actor.name) {
            let sentence = format!("two columns of the answer are called {:?}", actor.name);
            return Err(Error::bad_query(sentence).at_column(&actor.name));
        }
        choice.check(&columns)?;
        let brackets = histories.returns.brackets.clone();
        Ok(Self { histories, brackets, list: List::new(columns.clone()), columns, choice })
    }

    /// The rows of all actors so far, those of the last one too.
    fn list(&self) -> Result<List> {
        let mut list = List::new(self.columns.clone());
        list.merge(&self.list.state()?)?;
        if let Some(actor) = self.histories.actor() {
            list.push(&rows(actor, &self.histories.members()?, &self.brackets))?;
        }
        Ok(list)
    }
}

/// A row for each cohort of an actor and bracket in which it is counted.
fn rows(actor: &Values, members: &[Member], brackets: &Brackets) -> [Values; 3] {
    let (mut cohorts, mut periods) = (vec![], vec![]);
    for member in members {
        for (bracket, _) in member.cells.iter().filter(|(_, cell)| cell.actors > 0) {
            cohorts.push(member.start);
            periods.push(brackets.bounds()[*bracket].0);
        }
    }
    [actor.take(&vec![0; cohorts.len()]), Values::ints(cohorts), Values::ints(periods)]
}

impl Fold for MembersFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        self.histories.read(batch, |actor, members| self.list.push(&rows(actor, &members, &self.brackets)))
    }

    fn state(&self) -> Result<RecordBatch> {
        self.list()?.state()
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.list.merge(state)
    }

    fn finish(&self) -> Result<RecordBatch> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        self.choice.of(self.list()?.table(), &names)
    }

    fn size(&self) -> usize {
        self.list.size() + self.histories.size()
    }
}
