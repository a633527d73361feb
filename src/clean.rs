//! Cleaning as a recipe: a list of steps, each a JSON object, applied one after the other to all rows of a source.
//!
//! A recipe is a file: the same steps clean next month's export. Each step reports what it did, and no row is lost: each
//! that a step takes out is counted as filtered, as duplicate or as rejected.

mod bots;
mod cast;
mod derive;
mod duplicates;
mod eval;
mod expr;
mod fill;
mod groups;
mod impute;
mod numeral;
mod pattern;
mod quarantine;
mod recipe;
mod rows;
mod shape;
mod table;
mod texts;
mod zone;

use std::collections::BTreeMap;

use serde::Serialize;

pub use recipe::Step;
pub use table::Table;

use crate::event::Schema;
use crate::kernel::bucket::Zone;
use crate::kernel::values::{Rows, Values};
use crate::{Error, Result};

/// How many quarantined rows are kept; the rest is counted.
pub const KEPT_QUARANTINED: usize = 1_000;

/// Conditions that were read for the columns of a table.
pub trait Condition {
    /// The rows of a batch of `n_rows` at which they all hold; `values` gives a column's values at all rows.
    ///
    /// # Errors
    ///
    /// When a column has another type than the schema said.
    fn select(&mut self, n_rows: usize, values: &dyn Fn(usize) -> Result<Values>) -> Result<Rows>;
}

/// Reads conditions in a question's syntax, on columns of that schema.
pub type ReadConditions = fn(&[serde_json::Value], &Schema) -> Result<Box<dyn Condition>>;

/// Time zones by their IANA names.
pub type Zones = BTreeMap<String, Zone>;

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Its name.
    pub step: String,
    /// Rows that came to it.
    pub rows_in: u64,
    /// Rows that it left: `rows_in = rows_out + filtered + duplicate + rejected`.
    pub rows_out: u64,
    /// Rows that it left out.
    pub filtered: u64,
    /// Rows that it left out since others are equal.
    pub duplicate: u64,
    /// Rows that it put into quarantine.
    pub rejected: u64,
    /// Values that are others, or null, or no longer null; of a new column, all that are not null.
    pub changed: u64,
    /// What else is to be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl StepReport {
    /// Adds what the same step did with further rows.
    pub fn add(&mut self, other: &Self) {
        self.rows_in += other.rows_in;
        self.rows_out += other.rows_out;
        self.filtered += other.filtered;
        self.duplicate += other.duplicate;
        self.rejected += other.rejected;
        self.changed += other.changed;
        if self.note.is_none() {
            self.note.clone_from(&other.note);
        }
    }

    /// Adds a sentence to the note.
    fn note(&mut self, sentence: String) {
        match &mut self.note {
            Some(note) if note.len() > 1_000 => {}
            Some(note) => *note = format!("{note}; {sentence}"),
            None => self.note = Some(sentence),
        }
    }
}

/// A row that a step put into quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// The step's number in the recipe, from 1 on.
    pub step: u64,
    /// The row's number among those that were read, from 1 on.
    pub row: u64,
    /// Why, such as `column price is negative: -3.50`.
    pub reason: String,
    /// The columns' names at that step.
    pub columns: Vec<String>,
    /// Its values, as they were written.
    pub values: Vec<Option<String>>,
}

/// What a recipe did.
#[derive(Clone, Debug)]
pub struct Cleaned {
    /// The rows that are left.
    pub table: Table,
    /// What each step did.
    pub steps: Vec<StepReport>,
    /// The first rows in quarantine.
    pub quarantined: Vec<Quarantined>,
}

/// The IANA names of the time zones that a recipe needs.
pub fn zones(steps: &[Step]) -> Vec<String> {
    steps.iter().flat_map(Step::zones).collect()
}

/// Applies the steps one after the other.
///
/// # Errors
///
/// `UNKNOWN_COLUMN` and `BAD_QUERY` where a step does not fit the columns; the sentence begins with the step's number.
pub fn apply(table: Table, steps: &[Step], read_conditions: ReadConditions, zones: &Zones) -> Result<Cleaned> {
    let mut work = Work { table, read_conditions, zones, report: StepReport::default(), number: 0, quarantined: vec![] };
    let mut reports = vec![];
    for (at, step) in steps.iter().enumerate() {
        let rows_in = work.table.n_rows() as u64;
        work.report = StepReport { step: step.name().to_owned(), rows_in, ..StepReport::default() };
        work.number = at as u64 + 1;
        step.apply(&mut work).map_err(|e| in_step(at, step.name(), &e))?;
        work.report.rows_out = work.table.n_rows() as u64;
        reports.push(std::mem::take(&mut work.report));
    }
    Ok(Cleaned { table: work.table, steps: reports, quarantined: work.quarantined })
}

/// Says in which step an error happened.
fn in_step(at: usize, name: &str, error: &Error) -> Error {
    let told = Error::new(error.kind(), format!("step {} of the recipe, {name}: {error}", at + 1));
    let told = told.with_candidates(error.detail().candidates.iter().cloned());
    match &error.detail().column {
        Some(column) => told.at_column(column.clone()),
        None => told,
    }
}

/// A step of a recipe, read.
trait Action: std::fmt::Debug + Send + Sync {
    /// Whether it looks at several rows together.
    fn needs_all_rows(&self) -> bool {
        false
    }

    /// The time zones that it needs.
    fn zones(&self) -> Vec<String> {
        vec![]
    }

    /// Changes the table, and says in the report what it did.
    fn apply(&self, work: &mut Work<'_>) -> Result<()>;
}

/// A table while a recipe is applied to it.
struct Work<'a> {
    table: Table,
    read_conditions: ReadConditions,
    zones: &'a Zones,
    /// Of the step that is being applied.
    report: StepReport,
    /// The step's number, from 1 on.
    number: u64,
    quarantined: Vec<Quarantined>,
}

impl Work<'_> {
    /// The rows of each batch at which the conditions hold.
    fn passing(&self, conditions: &[serde_json::Value]) -> Result<Vec<Rows>> {
        let mut condition = (self.read_conditions)(conditions, &self.table.schema())?;
        let batches = self.table.batches().iter().enumerate();
        batches.map(|(at, batch)| condition.select(batch.n_rows, &|column| self.table.values(at, column))).collect()
    }
}
