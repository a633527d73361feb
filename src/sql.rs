//! How dialects of SQL write names and values.

use crate::{Error, Result};

/// A system that takes SQL, as it writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// DuckDB 2.0 or newer.
    DuckDb,
    /// ClickHouse 26.9 or newer.
    ClickHouse,
    /// Spark 4.0 or newer, ANSI mode as by default.
    Spark,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DuckDb, Self::ClickHouse, Self::Spark];

    /// `duckdb`, `clickhouse` or `spark`.
    pub fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::ClickHouse => "clickhouse",
            Self::Spark => "spark",
        }
    }

    /// The dialect of that name.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` with the names that are known.
    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|dialect| dialect.name() == name);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::bad_query(format!("unknown dialect {name:?}; known are {names}"))
        })
    }

    /// A column's or a table's name, quoted.
    pub fn ident(self, name: &str) -> String {
        match self {
            Self::DuckDb => format!("\"{}\"", name.replace('"', "\"\"")),
            Self::ClickHouse => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
            Self::Spark => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// A text as a literal.
    pub fn text(self, text: &str) -> String {
        match self {
            Self::DuckDb => format!("'{}'", text.replace('\'', "''")),
            Self::ClickHouse => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            // `${…}` would be a variable.
            Self::Spark => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace("${", "$\\{")),
        }
    }
}
