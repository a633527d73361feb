//! Schemas of no data: as one was shown, or as options tell it. What a question is in SQL needs no more.

use serde::Deserialize;

use super::LoadOptions;
use super::options::parse_role;
use crate::event::{Column, ColumnType, Schema, TimeUnit};
use crate::{Error, Result};

/// A column as schemas show it.
#[derive(Clone, Debug, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `null`, `bool`, `int`, `decimal`, `time`, `uuid` or `text`.
    #[serde(rename = "type")]
    pub column_type: String,
    /// Its role, if it has one.
    pub role: Option<String>,
    /// Digits after the point, of decimals: 2, if not told.
    pub scale: Option<u8>,
    /// `s`, `ms`, `us` or `ns`, of times: `us`, if not told.
    pub unit: Option<String>,
}

impl Field {
    fn column_type(&self) -> Result<ColumnType> {
        let refuse = |what: &str, found: &str| {
            Error::bad_query(format!("unknown {what} {found:?} of column {:?}", self.name)).at_column(&self.name)
        };
        Ok(match self.column_type.as_str() {
            "null" => ColumnType::Null,
            "bool" => ColumnType::Bool,
            "int" => ColumnType::Int,
            "decimal" => ColumnType::Decimal { scale: self.scale.unwrap_or(2).min(37) },
            "time" => {
                let unit = self.unit.as_deref().unwrap_or("us");
                ColumnType::Time { unit: TimeUnit::parse(unit).ok_or_else(|| refuse("unit", unit))? }
            }
            "uuid" => ColumnType::Uuid,
            "text" => ColumnType::Text,
            other => return Err(refuse("type", other)),
        })
    }
}

/// The schema that shows such fields.
///
/// # Errors
///
/// `BAD_QUERY` for a type, unit or role that is not known.
pub fn schema_of_fields(fields: &[Field]) -> Result<Schema> {
    let column = |field: &Field| {
        let role = field.role.as_deref().map(parse_role).transpose()?;
        Ok(Column { name: field.name.clone(), column_type: field.column_type()?, role })
    };
    fields.iter().map(column).collect::<Result<Vec<_>>>().map(Schema::new)
}

impl LoadOptions {
    /// The schema of the columns whose types are told, in the order of their names: decimals have two digits after the point,
    /// times are of microseconds. Roles are those told, or guessed as for a file's.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` where a column's type is not told, or is none.
    pub fn told_schema(&self) -> Result<Schema> {
        let field = |(name, told): (&String, &super::ColumnOptions)| {
            let column_type = told
                .column_type
                .clone()
                .ok_or_else(|| Error::bad_query(format!("without a file, column {name:?} needs its \"type\"")).at_column(name))?;
            Field { name: name.clone(), column_type, role: None, scale: None, unit: None }.column_type()
        };
        let types = self.schema.iter().map(field).collect::<Result<Vec<_>>>()?;
        let names: Vec<String> = self.schema.keys().cloned().collect();
        self.schema_of(&names, types.into_iter(), &[])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Query;
    use crate::sql::Dialect;

    #[test]
    fn a_question_is_said_in_sql_without_data() {
        let fields: Vec<Field> = serde_json::from_value(json!([
            {"name": "item", "type": "text", "role": "item", "nulls": 0, "bytes": 12},
            {"name": "price", "type": "decimal", "role": null, "scale": 3, "nulls": 0, "bytes": 8},
            {"name": "at", "type": "time", "role": "time", "unit": "ms", "nulls": 0, "bytes": 8},
        ]))
        .unwrap();
        let query =
            json!({"kind": "aggregate", "where": [{"column": "price", "gte": "0.5"}], "measures": {"n": {"fn": "count"}}});
        let sql = Query::parse(&query).unwrap().sql(&schema_of_fields(&fields).unwrap(), Dialect::ClickHouse).unwrap();
        assert!(sql.contains("WHERE (e.`price` >= toDecimal128('0.500', 3))"), "{sql}");
    }

    #[test]
    fn told_types_make_a_schema() {
        let options = |json| serde_json::from_value::<LoadOptions>(json).unwrap().told_schema();
        let schema = options(json!({"schema": {"paid": {"type": "decimal"}, "at": {"type": "time", "role": "time"}}})).unwrap();
        let types: Vec<ColumnType> = schema.columns().iter().map(|column| column.column_type).collect();
        assert_eq!(types, [ColumnType::Time { unit: TimeUnit::Micro }, ColumnType::Decimal { scale: 2 }]);
        for (json, sentence) in [
            (json!({"schema": {"paid": {"role": "price"}}}), "without a file, column \"paid\" needs its \"type\""),
            (json!({"schema": {"paid": {"type": "money"}}}), "unknown type \"money\" of column \"paid\""),
        ] {
            assert_eq!(options(json).unwrap_err().to_string(), sentence);
        }
    }
}
