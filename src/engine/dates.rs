//! Dates of which a text alone does not say whether the day or the month comes first: decided from all of a column, or asked.

use serde::Serialize;

use super::{Dataset, LoadOptions};
use crate::Result;
use crate::event::ColumnType;
use crate::kernel::instant::DateStyle;
use crate::store::Store;

/// Something that the data does not tell, and the user may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The column that it is about.
    pub column: String,
    /// The question, a sentence.
    pub question: String,
    /// The answers that `schema` takes as the column's `order`.
    pub choices: &'static [&'static str],
}

impl Question {
    /// What comes first in a column's dates?
    pub(super) fn of_dates(column: String) -> Self {
        let question =
            format!("Does the day or the month come first in the dates of {column:?}? Each of them can be read in both ways.");
        Self { column, question, choices: &["dmy", "mdy"] }
    }
}

/// The types of a store's columns: of texts whose types are not told, in which orders they are dates.
pub(super) fn types_with_dates(store: &Store, names: &[String], options: &LoadOptions) -> Vec<ColumnType> {
    let is_told = |name: &String| options.schema.get(name).is_some_and(|told| told.column_type.is_some());
    let types = store.types().enumerate();
    types.map(|(at, own)| if names.get(at).is_none_or(is_told) { own } else { store.type_with_dates(at) }).collect()
}

impl Dataset {
    /// Decides on the dates of a data set that nobody shares, and gives the columns their roles, unless a recipe goes before.
    pub(super) fn decide(&mut self) -> Result<()> {
        let names: Vec<String> = self.schema.columns().iter().map(|column| column.name.clone()).collect();
        let types = types_with_dates(&self.store, &names, &self.options);
        self.decide_dates(&types)?;
        if self.options.cleans() { Ok(()) } else { self.guess_roles() }
    }

    /// Makes times of the columns whose texts are dates in one order alone, and asks about those that are in both. `types` are
    /// those of all who share the data.
    pub(super) fn decide_dates(&mut self, types: &[ColumnType]) -> Result<()> {
        self.report.questions.clear();
        let zone = self.options.decoding()?.zone;
        let mut n_unclear = 0;
        for (at, column_type) in types.iter().enumerate() {
            let style = match column_type {
                ColumnType::Dates { day_first: true, month_first: false } => DateStyle::DayFirst,
                ColumnType::Dates { day_first: false, month_first: true } => DateStyle::MonthFirst,
                ColumnType::Dates { .. } => {
                    let column = self.schema.columns()[at].name.clone();
                    self.report.questions.push(Question::of_dates(column));
                    continue;
                }
                _ => continue,
            };
            n_unclear += self.store.read_dates(at, style, zone.clone())?;
            self.styles.resize(self.styles.len().max(at + 1), DateStyle::Plain);
            self.styles[at] = style;
        }
        self.take_types();
        self.report.n_unclear += n_unclear;
        self.tell();
        Ok(())
    }

    /// Has the report say what is to be known of the columns as they are.
    pub(super) fn tell(&mut self) {
        let columns = self.schema.columns();
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        self.report.recognise(&names, &self.options);
        let called = |name: &str| columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        if let (Some(day), Some(clock)) = (called("date"), called("time"))
            && matches!((day.column_type, clock.column_type), (ColumnType::Time { .. }, ColumnType::Text))
        {
            self.report.notes.push(format!(
                "Times are the days of {:?} alone; what {:?} says of the hour is text, so the order within a day is not known.",
                day.name, clock.name
            ));
        }
    }
}

#[cfg(test)]
mod tests;
