//! What an event file's columns are: types, roles, and the schema that names them.
//!
//! A column has one logical type in the whole data set. How a batch stores it may differ from
//! batch to batch, so that memory follows the values:
//!
//! | type | in a batch, one of |
//! |---|---|
//! | `Bool` | `Boolean` |
//! | `Int` | `Int8`, `Int16`, `Int32`, `Int64`, `Dictionary(UInt8 / UInt16 / UInt32, Int64)` in ascending order |
//! | `Decimal { scale }` | `Decimal32(9, scale)`, `Decimal64(18, scale)`, `Decimal128(38, scale)` |
//! | `Time { unit }` | `Timestamp(unit, "UTC")`, seconds `UInt32` too |
//! | `Uuid` | `Decimal128(38, 38)`, a scale that no decimal has: see `src/kernel/uuid.rs` |
//! | `Text`, `Null` | `Dictionary(UInt8 / UInt16 / UInt32, Utf8)` |
//!
//! All batches of one data set share each text column's dictionary; a reader may use that for
//! speed, and must be right without it.

mod presets;
mod role;

pub use presets::{Action, Preset};
pub use role::{Role, guess_roles};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result, nearest};

/// The logical type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnType {
    /// No value seen yet.
    Null,
    /// True or false.
    Bool,
    /// 64-bit signed integer.
    Int,
    /// Exact decimal: an integer count of `10^-scale`, at most 38 digits.
    Decimal {
        /// Digits after the point, at most 37.
        scale: u8,
    },
    /// An instant, stored in UTC.
    Time {
        /// What the stored integer counts since 1970-01-01.
        unit: TimeUnit,
    },
    /// 128 bits that are written as lower-case hexadecimal digits in five groups. Answers give it as text.
    Uuid,
    /// UTF-8 text.
    Text,
    /// Text, all of which are dates that have the year last, and can be read so. What the parts of a file tell each other: a
    /// data set's own column is of times or of text.
    Dates {
        /// With the day before the month.
        day_first: bool,
        /// With the month before the day.
        month_first: bool,
    },
}

impl ColumnType {
    /// The name that schemas show: `null`, `bool`, `int`, `decimal`, `time`, `uuid`, `text`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Decimal { .. } => "decimal",
            Self::Time { .. } => "time",
            Self::Uuid => "uuid",
            Self::Text | Self::Dates { .. } => "text",
        }
    }

    /// The narrowest type that holds the values of both.
    pub fn join(self, other: Self) -> Self {
        use ColumnType::{Dates, Decimal, Int, Null, Text, Time};
        match (self, other) {
            (a, b) if a == b => a,
            (Null, x) | (x, Null) => x,
            (Int, Decimal { scale }) | (Decimal { scale }, Int) => Decimal { scale },
            (Decimal { scale: a }, Decimal { scale: b }) => Decimal { scale: a.max(b) },
            (Time { unit: a }, Time { unit: b }) => Time { unit: a.max(b) },
            (Dates { day_first: a, month_first: b }, Dates { day_first: c, month_first: d }) if a && c || b && d => {
                Dates { day_first: a && c, month_first: b && d }
            }
            _ => Text,
        }
    }

    /// The same as a data set holds it.
    pub(crate) fn held(self) -> Self {
        if let Self::Dates { .. } = self { Self::Text } else { self }
    }
}

/// The resolution of a time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Seconds.
    Second,
    /// Milliseconds.
    Milli,
    /// Microseconds.
    Micro,
    /// Nanoseconds.
    Nano,
}

impl TimeUnit {
    /// Units in a second: 1, 1,000, 1,000,000 or 1,000,000,000.
    pub fn per_second(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Milli => 1_000,
            Self::Micro => 1_000_000,
            Self::Nano => 1_000_000_000,
        }
    }

    /// The name that schemas show: `s`, `ms`, `us`, `ns`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Milli => "ms",
            Self::Micro => "us",
            Self::Nano => "ns",
        }
    }

    /// The unit of that [`name`](TimeUnit::name), if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Second, Self::Milli, Self::Micro, Self::Nano].into_iter().find(|unit| unit.name() == name)
    }

    /// Arrow's name of the unit.
    pub fn arrow(self) -> arrow_schema::TimeUnit {
        match self {
            Self::Second => arrow_schema::TimeUnit::Second,
            Self::Milli => arrow_schema::TimeUnit::Millisecond,
            Self::Micro => arrow_schema::TimeUnit::Microsecond,
            Self::Nano => arrow_schema::TimeUnit::Nanosecond,
        }
    }
}

/// A column's name, type and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As in the file's header; `column1`, `column2`, … where the file has none.
    pub name: String,
    /// What its values are.
    pub column_type: ColumnType,
    /// What it means to a shop, guessed or told.
    pub role: Option<Role>,
}

/// The columns of a data set, in file order, with unique names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    columns: Vec<Column>,
}

impl Schema {
    /// A schema of these columns.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }

    /// A schema of columns of these names and types, without roles.
    pub(crate) fn of(names: &[String], types: impl Iterator<Item = ColumnType>) -> Self {
        let column = |(name, column_type): (&String, ColumnType)| Column { name: name.clone(), column_type, role: None };
        Self::new(names.iter().zip(types).map(column).collect())
    }

    /// All columns, in file order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// All columns, to retype or give a role.
    pub(crate) fn columns_mut(&mut self) -> &mut [Column] {
        &mut self.columns
    }

    /// The place of the column called `name`.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` with the nearest known names.
    pub fn index_of(&self, name: &str) -> Result<usize> {
        self.columns.iter().position(|c| c.name == name).ok_or_else(|| {
            let near = nearest(name, self.columns.iter().map(|c| c.name.as_str()));
            let hint = match near.first() {
                Some(first) => format!("did you mean {first:?}?"),
                None => "the data has none of that name".to_owned(),
            };
            Error::new(ErrorKind::UnknownColumn, format!("unknown column {name:?}; {hint}")).at_column(name).with_candidates(near)
        })
    }

    /// The column called `name`.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` with the nearest known names.
    pub fn column(&self, name: &str) -> Result<&Column> {
        Ok(&self.columns[self.index_of(name)?])
    }

    /// The place of the column that plays `role`, if any.
    pub fn index_of_role(&self, role: Role) -> Option<usize> {
        self.columns.iter().position(|c| c.role == Some(role))
    }
}
