//! Questions as SQL, of any core's data: their columns are enough.

use wasm_bindgen::prelude::*;

use super::{read, throw};
use crate::engine::{Field, schema_of_fields};
use crate::query::Query;
use crate::sql::Dialect;

/// A query in the SQL of `duckdb`, `clickhouse` or `spark`, of a table `events` with the columns that a data set's schema shows.
#[wasm_bindgen(js_name = sqlOf)]
pub fn sql_of(query: JsValue, schema: JsValue, dialect: &str) -> Result<String, JsValue> {
    let query = Query::parse(&read("the query", query)?).map_err(throw)?;
    let fields: Vec<Field> = read("the schema", schema)?;
    let dialect = Dialect::parse(dialect).map_err(throw)?;
    schema_of_fields(&fields).and_then(|schema| query.sql(&schema, dialect)).map_err(throw)
}
