//! What is made of the sessions: their counts, an aggregate of them, or a list.

use arrow_array::RecordBatch;

use super::Asked;
use super::found::{Carried, Found, What};
use super::summary::Summary;
use crate::Result;
use crate::analysis::list::{Choice, List};
use crate::analysis::{Question, Zones};
use crate::event::{Column, Schema, TimeUnit};
use crate::fold::Fold;
use crate::kernel::values::{Rows, ValueType, Values, gather};

/// What an answer is made by.
pub(super) struct Answers {
    pub(super) asked: Asked,
    /// Of the table of sessions.
    pub(super) columns: Vec<(Column, What)>,
    pub(super) zones: Zones,
    pub(super) unit: TimeUnit,
    pub(super) has_conversion: bool,
}

/// What is made of the sessions.
pub(super) enum Answer {
    Summary(Box<Summary>),
    Table(Box<dyn Fold>),
}

impl Answers {
    /// An answer that has no sessions yet.
    pub(super) fn begin(&self) -> Result<Answer> {
        let columns = || self.columns.iter().map(|(column, _)| column);
        Ok(match &self.asked {
            Asked::Summary => Answer::Summary(Box::new(Summary::new())),
            Asked::Aggregate(aggregate, _) => {
                Answer::Table(aggregate.fold(&Schema::new(columns().cloned().collect()), &self.zones)?)
            }
            Asked::Each(choice) => {
                let columns: Vec<_> = columns().map(|c| (c.name.clone(), ValueType::Of(c.column_type))).collect();
                choice.check(&columns)?;
                let ties = columns[..2].iter().map(|(name, _)| name.clone()).collect();
                Answer::Table(Box::new(EachFold { list: List::new(columns), choice: choice.clone(), ties }))
            }
        })
    }
}

impl Answer {
    /// Takes in whole sessions.
    pub(super) fn take(&mut self, found: &Found, n: usize, answers: &Answers, carried: &[Carried]) -> Result<()> {
        match self {
            Self::Summary(summary) => summary.take(found, 0..n),
            Self::Table(fold) if n > 0 => fold.update(&found.batch(0..n, &answers.columns, carried)?),
            Self::Table(_) => Ok(()),
        }
    }

    pub(super) fn state(&self) -> Result<RecordBatch> {
        match self {
            Self::Summary(summary) => summary.state(),
            Self::Table(fold) => fold.state(),
        }
    }

    pub(super) fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        match self {
            Self::Summary(summary) => summary.merge(state),
            Self::Table(fold) => fold.merge(state),
        }
    }

    pub(super) fn finish(&self, answers: &Answers) -> Result<RecordBatch> {
        match self {
            Self::Summary(summary) => summary.finish(answers.unit, answers.has_conversion),
            Self::Table(fold) => fold.finish(),
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Summary(summary) => summary.size(),
            Self::Table(fold) => fold.size(),
        }
    }
}

/// The table of sessions as the answer: batches of it come.
struct EachFold {
    list: List,
    choice: Choice,
    ties: Vec<String>,
}

impl Fold for EachFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let all = Rows::All(batch.num_rows());
        let values: Vec<Values> = batch.columns().iter().map(|column| gather(column, &all)).collect::<Result<_>>()?;
        self.list.push(&values)
    }

    fn state(&self) -> Result<RecordBatch> {
        self.list.state()
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.list.merge(state)
    }

    fn finish(&self) -> Result<RecordBatch> {
        self.choice.of(self.list.table(), &self.ties.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn size(&self) -> usize {
        self.list.size()
    }
}
