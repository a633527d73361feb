//! What is told of a source beforehand, and what follows from it for its columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

#[cfg(feature = "formats")]
use crate::clean::Step;
use crate::decode::{self, Fixed, Options};
use crate::event::{ColumnType, Preset, Role, Schema, TimeUnit, guess_roles};
use crate::kernel::bucket::Zone;
use crate::kernel::instant::DateStyle;
use crate::{Error, ErrorKind, Result};

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
    /// Types and roles of columns, by name. After a recipe, types are those of the source's columns, and roles are of the
    /// columns that it leaves.
    pub schema: BTreeMap<String, ColumnOptions>,
    /// The recipe by which the rows are cleaned.
    #[cfg(feature = "formats")]
    pub clean: Option<Vec<Step>>,
    /// The time zones that the recipe names, as the door could find them.
    #[cfg(feature = "formats")]
    #[serde(skip)]
    pub zones: crate::clean::Zones,
    /// The columns that are wanted of a Parquet or Arrow file, all if not given; files that are read row by row have them all.
    #[cfg(feature = "parquet")]
    pub select: Option<Vec<String>>,
    /// How rows that are appended are taken: those of a stream.
    #[cfg(feature = "live")]
    pub live: Option<super::LiveOptions>,
    /// Whether a header alone is no error, since rows are to be appended.
    pub awaits_rows: bool,
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
    /// `csv`, `ndjson`, `json`, `blanks`, `log`, `parquet` or `arrow`.
    pub kind: Option<decode::Format>,
    /// What is on a log's lines: a known log's name such as `combined`, Apache's `LogFormat` string, nginx's `log_format`
    /// string, or a `#Fields:` directive.
    pub pattern: Option<String>,
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
    /// How many digits behind the point a decimal has at the least: values of more make it wider.
    pub scale: Option<f64>,
    /// `s`, `ms`, `us` or `ns`: how finely a time is counted at the least.
    pub unit: Option<String>,
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
        let format = self.format_kind()?;
        let mut types = vec![];
        for (name, column) in &self.schema {
            let mut fixed = None;
            if let Some(column_type) = &column.column_type {
                fixed = Fixed::parse(column_type);
                if fixed.is_none() {
                    let known = Fixed::ALL.map(Fixed::name).join(", ");
                    let sentence = format!("unknown type {column_type:?} of column {name:?}; known are {known}");
                    return Err(Error::bad_query(sentence).at_column(name));
                }
            }
            if let Some(order) = &column.order {
                let is_time = matches!(fixed, None | Some(Fixed::Time(_)));
                let style = parse_order(order).filter(|_| is_time).ok_or_else(|| {
                    let sentence =
                        format!("the order of column {name:?} must be \"dmy\" or \"mdy\", and its type time, if it is told");
                    Error::bad_query(sentence).at_column(name)
                })?;
                fixed = Some(Fixed::Time(style));
            }
            column.check_width(name, fixed)?;
            types.extend(fixed.map(|fixed| (name.clone(), fixed)));
            column.role.as_deref().map(parse_role).transpose()?;
        }
        if let Some(name) = self.timezone.as_ref().filter(|name| *name != "UTC" && self.zone.is_none()) {
            let sentence = format!("unknown time zone {name:?}; write an IANA name such as \"Asia/Shanghai\"");
            return Err(Error::bad_query(sentence).at_column("timezone"));
        }
        Ok(Options {
            format,
            pattern: self.format.pattern.clone(),
            separator: byte("separator", &self.format.separator)?,
            quote: byte("quote", &self.format.quote)?,
            header: self.format.header,
            types,
            #[cfg(feature = "parquet")]
            select: self.select.clone(),
            zone: self.zone.clone(),
            ..Options::default()
        })
    }

    /// Whether the column's type is told.
    pub(super) fn tells_type(&self, name: &str) -> bool {
        self.schema.get(name).is_some_and(|told| told.column_type.is_some() || told.order.is_some())
    }

    /// The types of columns of these names whose values are of `types`, as wide as they are told to be.
    pub(super) fn told_types(&self, names: &[String], types: impl Iterator<Item = ColumnType>) -> Vec<ColumnType> {
        let told = |name: &String| self.schema.get(name).and_then(ColumnOptions::told_type);
        let widened = |(name, own): (&String, ColumnType)| match told(name) {
            Some(told) if own == ColumnType::Null || own.name() == told.name() => own.join(told),
            _ => own,
        };
        names.iter().zip(types).map(widened).collect()
    }

    /// The format that is told; a pattern says that it is a log's.
    fn format_kind(&self) -> Result<Option<decode::Format>> {
        let Some(pattern) = &self.format.pattern else { return Ok(self.format.kind) };
        match self.format.kind {
            None | Some(decode::Format::Log) => {}
            Some(other) => {
                let sentence = format!("a pattern is of a log's lines, not of {}: {pattern:?}", other.name());
                return Err(Error::bad_query(sentence).at_column("pattern"));
            }
        }
        #[cfg(feature = "formats")]
        decode::check_pattern(pattern)?;
        Ok(Some(decode::Format::Log))
    }

    /// Whether there is a recipe.
    pub fn cleans(&self) -> bool {
        #[cfg(feature = "formats")]
        return self.clean.as_ref().is_some_and(|steps| !steps.is_empty());
        #[cfg(not(feature = "formats"))]
        false
    }

    /// Says that there can be no recipe, if there is one where it cannot be applied.
    pub(super) fn refuse_cleaning(&self, cannot: bool, why: &str) -> Result<()> {
        if cannot && self.cleans() {
            let sentence = format!("a recipe is applied where one data set holds all rows, and {why}");
            return Err(Error::new(ErrorKind::Unsupported, sentence).at_column("clean"));
        }
        Ok(())
    }

    /// The columns of that name and type, with the roles that are told, those that a known export gives them, or else those
    /// that their names and types speak for. `source` has the names of columns that
    /// were there before a recipe: types may be told of those, too.
    pub(super) fn schema_of(
        &self,
        names: &[String],
        types: impl Iterator<Item = ColumnType>,
        source: &[String],
    ) -> Result<Schema> {
        let mut schema = Schema::of(names, types);
        for (name, told) in &self.schema {
            if told.role.is_none() && source.contains(name) {
                continue;
            }
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

/// Digits behind the point with which a decimal has room for every 64-bit integer.
const MAX_SCALE: u8 = 18;

impl ColumnOptions {
    fn check_width(&self, name: &str, fixed: Option<Fixed>) -> Result<()> {
        let is_scale = |scale: f64| scale.fract() == 0.0 && (0.0..=f64::from(MAX_SCALE)).contains(&scale);
        if self.scale.is_some_and(|scale| !is_scale(scale) || fixed != Some(Fixed::Decimal)) {
            let sentence = format!(
                "\"scale\" of column {name:?} is a number of digits, from 0 to {MAX_SCALE}, behind the point of the type decimal"
            );
            return Err(Error::bad_query(sentence).at_column(name));
        }
        if self.unit.as_ref().is_some_and(|unit| TimeUnit::parse(unit).is_none() || !matches!(fixed, Some(Fixed::Time(_)))) {
            let sentence = format!("\"unit\" of column {name:?} must be \"s\", \"ms\", \"us\" or \"ns\", and its type time");
            return Err(Error::bad_query(sentence).at_column(name));
        }
        Ok(())
    }

    fn told_type(&self) -> Option<ColumnType> {
        match Fixed::parse(self.column_type.as_deref()?)?.narrowest() {
            ColumnType::Decimal { .. } => Some(ColumnType::Decimal { scale: self.scale.unwrap_or(0.0) as u8 }),
            ColumnType::Time { unit } => {
                Some(ColumnType::Time { unit: self.unit.as_deref().and_then(TimeUnit::parse).unwrap_or(unit) })
            }
            other => Some(other),
        }
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

#[cfg(all(test, feature = "formats"))]
mod tests {
    use super::*;
    use crate::engine::Loader;

    fn options(json: &str) -> LoadOptions {
        serde_json::from_str(json).expect("options")
    }

    #[test]
    fn a_pattern_says_that_the_file_is_a_log() {
        let mut loader = Loader::new(options(r#"{"format": {"pattern": "%h|%{Basket}o|%>s"}}"#)).unwrap();
        loader.push(b"10.0.0.7|3|200\n10.0.0.8|-|404\n").unwrap();
        let mut data = loader.finish().unwrap();
        let names = |data: &crate::engine::Dataset| data.columns().iter().map(|c| c.name.to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&data), ["remote_host", "sent_basket", "status"]);
        assert_eq!(data.report().pattern.as_deref(), Some("%h|%{Basket}o|%>s"));
        data.append(b"10.0.0.9|4|200\nbroken\n", None).unwrap();
        assert_eq!((data.n_rows(), data.report().rejected), (3, 1));
        let mut loader = Loader::new(LoadOptions::default()).unwrap();
        loader.push(b"#Fields: c-ip sc-status\n10.0.0.7 200\n").unwrap();
        let mut data = loader.finish().unwrap();
        data.append(b"10.0.0.8 404\n#Fields: sc-status c-ip cs-host\n500 10.0.0.9 shop.example\n", None).unwrap();
        assert_eq!(names(&data), ["remote_host", "status", "host"]);
        assert_eq!(data.n_rows(), 3);
    }

    #[test]
    fn a_pattern_that_cannot_be_meant_is_refused() {
        for (json, expected) in [
            (r#"{"format": {"pattern": "%h %y"}}"#, "at character 4: unknown directive %y"),
            (r#"{"format": {"pattern": "combined", "kind": "csv"}}"#, "a pattern is of a log's lines, not of csv"),
        ] {
            let error = Loader::new(options(json)).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::BadQuery);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
