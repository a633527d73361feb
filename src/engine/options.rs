//! What is told of a source beforehand, and what follows from it for its columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::decode::{self, Fixed, Options};
use crate::event::{ColumnType, Preset, Role, Schema, guess_roles};
use crate::kernel::bucket::Zone;
use crate::kernel::instant::DateStyle;
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
    /// The IANA name of the time zone by whose clock times are that are written without a zone; UTC if not given.
    pub timezone: Option<String>,
    /// That zone, which the door finds.
    #[serde(skip)]
    pub zone: Option<Arc<Zone>>,
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
    /// `dmy` or `mdy`: what comes first in a time whose text does not say it.
    pub order: Option<String>,
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
            if let Some(order) = &column.order {
                let is_time = matches!(types.get(name), None | Some(Fixed::Time(_)));
                let style = parse_order(order).filter(|_| is_time).ok_or_else(|| {
                    let sentence =
                        format!("the order of column {name:?} must be \"dmy\" or \"mdy\", and its type time, if it is told");
                    Error::bad_query(sentence).at_column(name)
                })?;
                types.insert(name.clone(), Fixed::Time(style));
            }
            column.role.as_deref().map(parse_role).transpose()?;
        }
        if let Some(name) = self.timezone.as_ref().filter(|name| *name != "UTC" && self.zone.is_none()) {
            let sentence = format!("unknown time zone {name:?}; write an IANA name such as \"Asia/Shanghai\"");
            return Err(Error::bad_query(sentence).at_column("timezone"));
        }
        Ok(Options {
            format: self.format.kind,
            separator: byte("separator", &self.format.separator)?,
            quote: byte("quote", &self.format.quote)?,
            header: self.format.header,
            types,
            zone: self.zone.clone(),
            ..Options::default()
        })
    }

    /// The columns of that name and type, with the roles that are told, those that a known export gives them, or else those
    /// that their names and types speak for.
    pub(super) fn schema_of(&self, names: &[String], types: impl Iterator<Item = ColumnType>) -> Result<Schema> {
        let mut schema = Schema::of(names, types);
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

fn parse_order(order: &str) -> Option<DateStyle> {
    match order {
        "dmy" => Some(DateStyle::DayFirst),
        "mdy" => Some(DateStyle::MonthFirst),
        _ => None,
    }
}

pub(super) fn parse_role(name: &str) -> Result<Role> {
    Role::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        Error::bad_query(format!("unknown role {name:?}; known are {}", known.join(", "))).at_column(name)
    })
}
