//! Exports and published data sets that are known by the names of their columns: what the columns mean, what their words
//! for actions mean, and what whoever asks should know.
//!
//! The tables are searched from end to end: there are few, and a file is looked at once.

mod files;
#[cfg(feature = "formats")]
mod nested;

use serde::Serialize;

use super::{Column, Role};

/// An export that is known by its columns.
#[derive(Debug)]
pub struct Preset {
    /// What it is called by those who know it.
    pub name: &'static str,
    /// The columns that it has at the least, in any order and case.
    required: &'static [&'static str],
    /// Which column plays a role; of several for one role the first that is there and is of a type that can.
    roles: &'static [(Role, &'static str)],
    /// What its words or codes for actions mean.
    pub actions: &'static [Action],
    /// Sentences that whoever asks should know.
    pub notes: &'static [&'static str],
}

/// What a word or a code for an action means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// As it stands in the data.
    pub value: &'static str,
    /// `view`, `favorite`, `cart`, `uncart` (out of the cart again), `checkout` or `buy`.
    pub meaning: &'static str,
}

impl Preset {
    /// The export that columns of these names are of, if one is known. Of several the one that asks for the most names,
    /// and of those the first in the table.
    ///
    /// ```
    /// use clickfold::event::Preset;
    /// let of = |header: &str| Preset::of(&header.split(',').map(str::to_owned).collect::<Vec<_>>()).map(|preset| preset.name);
    /// assert_eq!(of("timestamp,visitorid,event,itemid,transactionid"), Some("RetailRocket events"));
    /// assert_eq!(of("time,user,what"), None);
    /// ```
    pub fn of(names: &[String]) -> Option<&'static Self> {
        let has = |required: &&str| names.iter().any(|name| is_called(name, required));
        let known = all().filter(|preset| preset.required.iter().all(has));
        // The last of the greatest is found: the first of the table, from behind.
        known.rev().max_by_key(|preset| preset.required.len())
    }

    /// Gives its columns their roles, but those that a column has already and those whose column is of a type that cannot play
    /// them.
    pub fn give_roles(&self, columns: &mut [Column]) {
        for &(role, name) in self.roles {
            if columns.iter().any(|column| column.role == Some(role)) {
                continue;
            }
            let fits =
                |column: &&mut Column| column.role.is_none() && is_called(&column.name, name) && role.accepts(column.column_type);
            if let Some(column) = columns.iter_mut().find(fits) {
                column.role = Some(role);
            }
        }
    }
}

#[cfg(feature = "formats")]
fn all() -> impl DoubleEndedIterator<Item = &'static Preset> {
    files::FILES.iter().chain(nested::NESTED)
}

#[cfg(not(feature = "formats"))]
fn all() -> impl DoubleEndedIterator<Item = &'static Preset> {
    files::FILES.iter()
}

fn is_called(name: &str, known: &str) -> bool {
    name.trim().eq_ignore_ascii_case(known)
}

const fn action(value: &'static str, meaning: &'static str) -> Action {
    Action { value, meaning }
}

#[cfg(test)]
mod tests;
