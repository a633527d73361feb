//! Group keys in SQL.

use super::{Key, null_value};
use crate::Result;
use crate::analysis::sql::{bucket, literal, unsupported};
use crate::event::{ColumnType, Schema};
use crate::kernel::bucket::Every;
use crate::kernel::values::Data;
use crate::sql::Dialect;

impl Key {
    /// The key of a row of the table called `table`.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED` where the dialect cannot say it.
    pub(in crate::analysis) fn sql(&self, table: &str, schema: &Schema, dialect: Dialect) -> Result<String> {
        let column_type = schema.column(&self.column)?.column_type;
        let mut key = format!("{table}.{}", dialect.ident(&self.column));
        if let (Some(every), ColumnType::Time { unit }) = (self.every, column_type) {
            key = bucket(&key, every, self.zone.as_deref(), unit, dialect)?;
        }
        let Some(null_as) = &self.null_as else { return Ok(key) };
        let instead = match null_value(null_as, &self.column, column_type)?.data {
            Data::Codes(_, texts) => dialect.text(texts.get(0)),
            other => match other.wide()?[..] {
                [units] => literal(units, column_type, dialect)?,
                _ => return Err(unsupported("such a \"null_as\"", dialect)),
            },
        };
        Ok(format!("coalesce({key}, {instead})"))
    }

    /// Whether a value of its own stands for null.
    pub(in crate::analysis) fn has_stand_in(&self) -> bool {
        self.null_as.is_some()
    }

    /// The widths of its time buckets and their zone.
    pub(in crate::analysis) fn every(&self) -> Option<(Every, Option<&str>)> {
        self.every.map(|every| (every, self.zone.as_deref()))
    }
}
