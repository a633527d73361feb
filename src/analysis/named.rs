//! Columns that a question names, or that have a role where it does not.

use crate::event::{Role, Schema};
use crate::{Error, Result};

/// The place of the column that the question's `key` names; of that with the role where it names none.
///
/// # Errors
///
/// `UNKNOWN_COLUMN`; `BAD_QUERY` where no column is named and none has the role.
pub(super) fn column(named: Option<&str>, key: &str, role: Role, schema: &Schema) -> Result<usize> {
    match named {
        Some(name) => schema.index_of(name),
        None => schema.index_of_role(role).ok_or_else(|| {
            let role = role.name();
            let sentence = format!(
                "the query needs a column for {key:?}: none has the role {role}; give one that role, or name it by {key:?}"
            );
            Error::bad_query(sentence).at_column(key)
        }),
    }
}

/// # Errors
///
/// `BAD_QUERY` where two columns of an answer have one name.
pub(super) fn unique<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut known: Vec<&str> = vec![];
    for name in names {
        if known.contains(&name) {
            return Err(Error::bad_query(format!("two columns of the answer are called {name:?}")).at_column(name));
        }
        known.push(name);
    }
    Ok(())
}
