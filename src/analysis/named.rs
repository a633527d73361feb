//! Columns that a question names, or that have a role where it does not.

use crate::event::{ColumnType, Role, Schema};
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

/// The type of a column of integers or decimals, which the question's `key` names.
///
/// # Errors
///
/// `BAD_QUERY` where it is of another.
pub(super) fn number_type(key: &str, at: usize, schema: &Schema) -> Result<ColumnType> {
    let column = &schema.columns()[at];
    match column.column_type {
        ColumnType::Int | ColumnType::Decimal { .. } => Ok(column.column_type),
        other => {
            let sentence = format!("{key:?} must be a column of numbers; {:?} is of type {}", column.name, other.name());
            Err(Error::bad_query(sentence).at_column(&column.name))
        }
    }
}

/// The place and the type of such a column, by its name.
///
/// # Errors
///
/// As [`number_type`], and `UNKNOWN_COLUMN`.
pub(super) fn number_column(key: &str, name: &str, schema: &Schema) -> Result<(usize, ColumnType)> {
    let at = schema.index_of(name)?;
    Ok((at, number_type(key, at, schema)?))
}

/// The column with the role price, if it is of numbers: whether a text has the role depends on which rows were seen first.
pub(super) fn price(schema: &Schema) -> Option<usize> {
    let at = schema.index_of_role(Role::Price)?;
    number_type("value", at, schema).is_ok().then_some(at)
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
