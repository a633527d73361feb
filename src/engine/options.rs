//! What is told of a source beforehand, and what follows from it for its columns.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::decode::{self, Fixed, Options};
use crate::event::{Column, ColumnType, Preset, Role, Schema, guess_roles};
use crate::{Error, Result};

/// What is known of a source beforehand; all of it is otherwise found out.
///
/// ```
/// use clickfold::engine::LoadOptions;
/// let options: LoadOptions = serde_json::from_str(
///     r#"{"format": {"separator": ";"}, "schema": {"sku": {"type": "text", "role": "item"}}}"#,
/// )?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadOptions {
    /// How the records are written.
    pub format: FormatOptions,
    /// Types and roles of columns, by name.
    pub schema: BTreeMap<String, ColumnOptions>,
}

/// How a source's records are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FormatOptions {
    /// `csv`, `ndjson`, `json` or `blanks`.
    pub kind: Option<decode::Format>,
    /// The label of the encoding that the source was written in. The bytes come in UTF-8: the doors decode them.
    pub encoding: Option<String>,
    /// The character between cells: one ASCII character.
    pub separator: Option<String>,
    /// The character around cells that hold separators: one ASCII character.
    pub quote: Option<String>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
}

/// What a column is, told by the user.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnOptions {
    /// `int`, `decimal`, `time`, `bool`, `uuid` or `text`; rows whose cell does not fit are rejected.
    #[serde(rename = "type")]
    pub column_type: Option<String>,
    /// The name of a [`Role`].
    pub role: Option<String>,
}

impl LoadOptions {
    /// The same as the decoder has them.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for an option that cannot be meant.
    pub fn decoding(&self) -> Result<Options> {
        let byte = |name: &str, text: &Option<String>| match text.as_deref().map(str::as_bytes) {
            None => Ok(None),
            Some([byte]) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(Some(*byte)),
            Some(_) => Err(Error::bad_query(format!("\"{name}\" must be one ASCII character")).at_column(name)),
        };
        let mut types = BTreeMap::new();
        for (name, column) in &self.schema {
            if let Some(column_type) = &column.column_type {
                let Some(fixed) = Fixed::parse(column_type) else {
                    let known = Fixed::ALL.map(Fixed::name).join(", ");
                    let sentence = format!("unknown type {column_type:?} of column {name:?}; known are {known}");
                    return Err(Error::bad_query(sentence).at_column(name));
                };
                types.insert(name.clone(), fixed);
            }
            column.role.as_deref().map(parse_role).transpose()?;
        }
        Ok(Options {
            format: self.format.kind,
            separator: byte("separator", &self.format.separator)?,
            quote: byte("quote", &self.format.quote)?,
            header: self.format.header,
            types,
            ..Options::default()
        })
    }

    /// The columns of that name and type, with the roles that are told, those that a known export gives them, or else those
    /// that their names and types speak for.
    pub(super) fn schema_of(&self, names: &[String], types: impl Iterator<Item = ColumnType>) -> Result<Schema> {
        let columns = names.iter().zip(types).map(|(name, column_type)| Column { name: name.clone(), column_type, role: None });
        let mut schema = Schema::new(columns.collect());
        for (name, told) in &self.schema {
            let at = schema.index_of(name)?;
            schema.columns_mut()[at].role = told.role.as_deref().map(parse_role).transpose()?;
        }
        if let Some(preset) = Preset::of(names) {
            preset.give_roles(schema.columns_mut());
        }
        guess_roles(schema.columns_mut());
        Ok(schema)
    }
}

pub(super) fn parse_role(name: &str) -> Result<Role> {
    Role::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        Error::bad_query(format!("unknown role {name:?}; known are {}", known.join(", "))).at_column(name)
    })
}
