//! What questions are in SQL, as text. That it means the same is told by `tests/conformance`.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use clickfold::event::{Column, ColumnType, Role, Schema, TimeUnit};
use clickfold::sql::Dialect;
use clickfold::{ErrorKind, Query};
use serde_json::{Value, json};

fn schema() -> Schema {
    let column = |name: &str, column_type, role| Column { name: name.to_owned(), column_type, role };
    Schema::new(vec![
        column("item", ColumnType::Text, Some(Role::Item)),
        column("price", ColumnType::Decimal { scale: 2 }, None),
        column("n", ColumnType::Int, None),
        column("at", ColumnType::Time { unit: TimeUnit::Second }, Some(Role::Time)),
        column("fine", ColumnType::Time { unit: TimeUnit::Nano }, None),
    ])
}

fn sql(query: &Value, dialect: Dialect) -> clickfold::Result<String> {
    Query::parse(query)?.sql(&schema(), dialect)
}

/// The condition of rows in DuckDB's SQL.
fn condition(condition: &Value) -> String {
    let query = json!({"kind": "aggregate", "where": [condition], "group_by": ["item"]});
    let sql = sql(&query, Dialect::DuckDb).unwrap();
    let start = sql.find("WHERE ").unwrap() + 6;
    sql[start..].lines().next().unwrap().replace("e.", "")
}

#[test]
fn conditions_are_exact_ranges() {
    for (json, expected) in [
        (json!({"column": "n", "gt": 2.5}), "(\"n\" >= 3)"),
        (json!({"column": "n", "eq": 2.5}), "(\"n\" <> \"n\")"),
        (json!({"column": "n", "gte": i64::MIN}), "(\"n\" = \"n\")"),
        (json!({"column": "n", "in": [3, null]}), "((\"n\" = 3) OR CAST(NULL AS BOOLEAN))"),
        (json!({"column": "n", "not_in": []}), "(NOT (\"n\" <> \"n\"))"),
        (json!({"column": "price", "lt": "-0.015"}), "(\"price\" <= CAST('-0.02' AS DECIMAL(38, 2)))"),
        (json!({"column": "at", "to": "2024-03-10"}), "(\"at\" <= TIMESTAMP '2024-03-10 23:59:59')"),
        (json!({"column": "item", "in": ["it's", "b"]}), "(\"item\" IN ('it''s', 'b'))"),
        (json!({"column": "item", "contains": "100%"}), "contains(\"item\", '100%')"),
        (json!({"any": [{"item": null}, {"not": {"column": "n", "lt": 0}}]}), "((\"item\" IS NULL) OR (NOT (\"n\" <= -1)))"),
        (json!({"any": []}), "FALSE"),
    ] {
        assert_eq!(condition(&json), expected, "{json}");
    }
}

#[test]
fn each_dialect_writes_its_own_way() {
    let query = json!({
        "kind": "aggregate", "where": [{"column": "item", "eq": "a\\'${x}"}],
        "group_by": [{"column": "at", "every": "1d", "timezone": "Europe/Berlin", "as": "day"}],
        "measures": {"price": {"fn": "sum", "column": "price"}}, "order_by": ["-price"], "limit": 3,
    });
    let expected = |day: &str, text: &str, quote: &str| {
        let sql = "WITH grouped AS (\n  SELECT\n    DAY AS ~day~,\n    sum(e.~price~) AS ~price~\n  FROM events AS e\n  \
                   WHERE (e.~item~ = TEXT)\n  GROUP BY 1\n)\nSELECT ~day~, ~price~\nFROM grouped\n\
                   ORDER BY ~price~ DESC NULLS LAST, ~day~ ASC NULLS LAST\nLIMIT 3";
        sql.replace("DAY", day).replace("TEXT", text).replace('~', quote)
    };
    for (dialect, day, text, quote) in [
        (
            Dialect::DuckDb,
            "time_bucket(INTERVAL 1 DAY, e.~at~ AT TIME ZONE 'UTC', 'Europe/Berlin') AT TIME ZONE 'UTC'",
            r"'a\''${x}'",
            "\"",
        ),
        (
            Dialect::ClickHouse,
            "toTimeZone(toDateTime64(toDate32(toTimeZone(e.~at~, 'Europe/Berlin')), 0, 'Europe/Berlin'), 'UTC')",
            r"'a\\\'${x}'",
            "`",
        ),
        (
            Dialect::Spark,
            "to_utc_timestamp(CAST(CAST(from_utc_timestamp(e.~at~, 'Europe/Berlin') AS DATE) AS TIMESTAMP), 'Europe/Berlin')",
            r"'a\\\'$\{x}'",
            "`",
        ),
    ] {
        assert_eq!(sql(&query, dialect).unwrap(), expected(day, text, quote));
    }
}

#[test]
fn what_sql_cannot_say_exactly_is_refused() {
    use Dialect::{ClickHouse, DuckDb, Spark};
    let median = json!({"m": {"fn": "median", "column": "n"}, "k": {"fn": "count"}});
    for (query, refusing) in [
        (json!({"kind": "rows"}), vec![DuckDb, ClickHouse, Spark]),
        (json!({"kind": "rows", "select": ["item"], "order_by": ["price"]}), vec![DuckDb, ClickHouse, Spark]),
        (json!({"kind": "rows", "select": ["item"], "order_by": ["-item"], "limit": 2}), vec![]),
        (
            json!({"kind": "rows", "select": ["item"], "order_by": ["item", "r"], "rank": {"fn": "rank", "as": "r", "by": ["n"]}}),
            vec![],
        ),
        (
            json!({"kind": "rows", "select": ["item"], "order_by": ["item", "r"], "rank": {"fn": "row_number", "as": "r", "by": ["n"]}}),
            vec![DuckDb, ClickHouse, Spark],
        ),
        (json!({"kind": "describe"}), vec![DuckDb, ClickHouse, Spark]),
        (
            json!({"kind": "aggregate", "measures": {"q": {"fn": "approx_quantile", "column": "n", "q": 0.5}}}),
            vec![DuckDb, ClickHouse, Spark],
        ),
        (
            json!({"kind": "aggregate", "measures": {"t": {"fn": "trend", "half_life": "1h", "by": "at"}}}),
            vec![DuckDb, ClickHouse, Spark],
        ),
        (json!({"kind": "aggregate", "group_by": ["item"], "measures": median, "order_by": ["m"]}), vec![ClickHouse]),
        (json!({"kind": "aggregate", "group_by": ["item"], "measures": median, "order_by": ["k"]}), vec![]),
        (json!({"kind": "aggregate", "group_by": ["item"], "measures": {"Item": {"fn": "count"}}}), vec![DuckDb, Spark]),
        (json!({"kind": "aggregate", "group_by": [{"column": "fine", "every": "1h"}]}), vec![DuckDb, Spark]),
    ] {
        for dialect in Dialect::ALL {
            let refused = sql(&query, dialect).err().map(|error| error.kind());
            let expected = refusing.contains(&dialect).then_some(ErrorKind::Unsupported);
            assert_eq!(refused, expected, "{query} in {}", dialect.name());
        }
    }
}
