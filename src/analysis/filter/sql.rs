//! Conditions as SQL, whose logic they have.

use serde_json::Value;

use super::{Filter, FloatOp, Node, Op, Test, TextTest};
use crate::analysis::sql::{float, literal, unknown};
use crate::analysis::table::unknown_output;
use crate::event::{ColumnType, Schema};
use crate::kernel::number::{MAX_DIGITS, pow10};
use crate::kernel::values::ValueType;
use crate::sql::Dialect;
use crate::{Error, Result};

/// A column as SQL writes it, and its type, by its place.
type Columns<'a> = &'a dyn Fn(usize) -> (String, ValueType);

impl Filter {
    /// Reads conditions on a table's columns of these names and types.
    ///
    /// # Errors
    ///
    /// As [`parse`](Filter::parse).
    pub(in crate::analysis) fn of_columns(conditions: &[Value], columns: &[(String, ValueType)]) -> Result<Self> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        Self::parse(conditions, &|name| {
            let at = names.iter().position(|known| *known == name).ok_or_else(|| unknown_output(name, &names))?;
            Ok((at, columns[at].1))
        })
    }

    /// The condition in SQL, on a schema's columns: true, false or null at each row. `TRUE` where all rows pass.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED` where the dialect cannot write a literal.
    pub fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let columns = schema.columns().iter().map(|column| (column.name.clone(), ValueType::Of(column.column_type)));
        self.sql_of(&columns.collect::<Vec<_>>(), dialect)
    }

    /// The same on columns of these names and types.
    pub(in crate::analysis) fn sql_of(&self, columns: &[(String, ValueType)], dialect: Dialect) -> Result<String> {
        self.root.sql(&|at| (dialect.ident(&columns[at].0), columns[at].1), dialect)
    }

    /// The same on a schema's columns in a table called `table`: where other columns may be called alike.
    pub(in crate::analysis) fn sql_in(&self, table: &str, schema: &Schema, dialect: Dialect) -> Result<String> {
        let column = |at: usize| {
            let column = &schema.columns()[at];
            (format!("{table}.{}", dialect.ident(&column.name)), ValueType::Of(column.column_type))
        };
        self.root.sql(&column, dialect)
    }
}

impl Node {
    fn sql(&self, columns: Columns<'_>, dialect: Dialect) -> Result<String> {
        let joined = |nodes: &[Self], word: &str, empty: &str| -> Result<String> {
            let parts: Vec<String> = nodes.iter().map(|node| node.sql(columns, dialect)).collect::<Result<_>>()?;
            Ok(match &parts[..] {
                [] => empty.to_owned(),
                [part] => part.clone(),
                _ => format!("({})", parts.join(word)),
            })
        };
        Ok(match self {
            Self::All(nodes) => joined(nodes, " AND ", "TRUE")?,
            Self::Any(nodes) => joined(nodes, " OR ", "FALSE")?,
            Self::Not(node) => format!("(NOT {})", node.sql(columns, dialect)?),
            Self::IsNull { column, wanted } => {
                format!("({} IS {}NULL)", columns(*column).0, if *wanted { "" } else { "NOT " })
            }
            Self::Test { column, test } => test.sql(columns(*column), dialect)?,
            Self::Unknown => unknown(dialect).to_owned(),
        })
    }
}

impl Test {
    fn sql(&self, (column, value_type): (String, ValueType), dialect: Dialect) -> Result<String> {
        let any = |parts: &[String]| match parts {
            [] => never(&column),
            [part] => part.clone(),
            parts => format!("({})", parts.join(" OR ")),
        };
        Ok(match (self, value_type) {
            (Self::Ranges(ranges), ValueType::Of(column_type)) => {
                let part = |&(low, high): &(i128, i128)| range(&column, column_type, low, high, dialect);
                any(&ranges.iter().map(part).collect::<Result<Vec<_>>>()?)
            }
            (Self::Floats(op, values), _) => {
                let sign = match op {
                    FloatOp::In => "=",
                    FloatOp::Compare(op) => op.sign(),
                };
                let part = |value: &f64| -> Result<String> { Ok(format!("({column} {sign} {})", float(*value, dialect)?)) };
                any(&values.iter().map(part).collect::<Result<Vec<_>>>()?)
            }
            (Self::Text { test, .. }, _) => test.sql(&column, dialect),
            (Self::Ranges(_), ValueType::Float) => return Err(Error::bad_state("floats are in no ranges of integers")),
        })
    }
}

impl TextTest {
    fn sql(&self, column: &str, dialect: Dialect) -> String {
        match self {
            Self::In(texts) => match &texts[..] {
                [] => never(column),
                [text] => format!("({column} = {})", dialect.text(text)),
                texts => {
                    let texts: Vec<String> = texts.iter().map(|text| dialect.text(text)).collect();
                    format!("({column} IN ({}))", texts.join(", "))
                }
            },
            Self::Compare(op, text) => format!("({column} {} {})", op.sign(), dialect.text(text)),
            Self::Contains(part) => match dialect {
                Dialect::DuckDb | Dialect::Spark => format!("contains({column}, {})", dialect.text(part)),
                Dialect::ClickHouse => format!("(position({column}, {}) > 0)", dialect.text(part)),
            },
            Self::StartsWith(start) => match dialect {
                Dialect::DuckDb => format!("starts_with({column}, {})", dialect.text(start)),
                Dialect::ClickHouse => format!("startsWith({column}, {})", dialect.text(start)),
                Dialect::Spark => format!("startswith({column}, {})", dialect.text(start)),
            },
        }
    }
}

impl Op {
    fn sign(self) -> &'static str {
        match self {
            Self::Lt => "<",
            Self::Lte => "<=",
            Self::Gt => ">",
            Self::Gte => ">=",
        }
    }
}

/// Whether a value lies in a range of the column's units; bounds that no value of the type passes are left out.
fn range(column: &str, column_type: ColumnType, low: i128, high: i128, dialect: Dialect) -> Result<String> {
    let (least, most) = match column_type {
        ColumnType::Bool => (0, 1),
        ColumnType::Int | ColumnType::Time { .. } => (i128::from(i64::MIN), i128::from(i64::MAX)),
        ColumnType::Decimal { .. } => (1 - pow10(MAX_DIGITS), pow10(MAX_DIGITS) - 1),
        _ => (i128::MIN, i128::MAX),
    };
    if low > most || high < least {
        return Ok(never(column));
    }
    let (low, high) = (low.max(least), high.min(most));
    let bound =
        |sign: &str, units: i128| -> Result<String> { Ok(format!("{column} {sign} {}", literal(units, column_type, dialect)?)) };
    Ok(match (low > least, high < most) {
        _ if low == high => format!("({})", bound("=", low)?),
        (true, true) => format!("({} AND {})", bound(">=", low)?, bound("<=", high)?),
        (true, false) => format!("({})", bound(">=", low)?),
        (false, true) => format!("({})", bound("<=", high)?),
        (false, false) => format!("({column} = {column})"),
    })
}

/// False, but unknown for null.
fn never(column: &str) -> String {
    format!("({column} <> {column})")
}
