//! Recipes: each line is a source, a recipe, and the rows that it leaves; of each, no row is lost.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use clickfold::engine::{Dataset, LoadOptions, Loader, Report};
use clickfold::kernel::bucket::Zone;
use clickfold::text::to_csv;
use clickfold::{ErrorKind, Query, Result};
use proptest::prelude::*;
use serde_json::{Value, json};

fn load(text: &str, options: Value) -> Result<Dataset> {
    let mut options: LoadOptions = serde_json::from_value(options).map_err(|e| clickfold::Error::bad_query(e.to_string()))?;
    // Clocks of this zone were set forward by an hour at the start of 2020.
    options.zones.insert("Test/Zone".to_owned(), Zone::new(vec![(0, 7_200), (1_577_836_800, 10_800)]));
    let mut loader = Loader::new(options)?;
    text.as_bytes().chunks(1 << 16).try_for_each(|piece| loader.push(piece))?;
    loader.finish()
}

fn rows(data: &mut Dataset) -> String {
    let query: Query = serde_json::from_str(r#"{"kind": "rows"}"#).unwrap();
    to_csv(&data.query(&query, &Default::default()).unwrap())
}

/// Each row is somewhere, and each step goes on with the rows that the one before left.
fn check(report: &Report) {
    assert_eq!(report.read, report.used + report.rejected + report.filtered + report.duplicate, "{report:?}");
    let mut rows = report.read - report.rejects.count;
    for step in &report.steps {
        assert_eq!(
            (step.rows_in, step.rows_in),
            (rows, step.rows_out + step.filtered + step.duplicate + step.rejected),
            "{step:?}"
        );
        rows = step.rows_out;
    }
    assert_eq!(rows, report.used);
    let n_quarantined: u64 = report.steps.iter().map(|step| step.rejected).sum();
    assert_eq!(report.quarantined.len() as u64, n_quarantined.min(1_000));
}

/// A source, a recipe, and the rows that it leaves, or the sentence why it cannot.
type Case = (&'static str, Value, &'static str);

fn run(cases: Vec<Case>) {
    let mut failed = vec![];
    for (text, recipe, expected) in cases {
        let got = match load(text, json!({"clean": recipe})) {
            Ok(mut data) => {
                check(data.report());
                rows(&mut data)
            }
            Err(error) => error.to_string(),
        };
        if got != expected {
            failed.push(format!("{recipe}\n  expected {expected:?}\n  found    {got:?}"));
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn texts() {
    let text = "a,b\n  x ,\u{3000}é \ny\t,NULL\n,   \n";
    run(vec![
        (text, json!([{"step": "trim"}]), "a,b\nx,é\ny,\n,\n"),
        (text, json!([{"step": "trim", "columns": ["a"]}]), "a,b\nx,\u{3000}é \ny,\n,   \n"),
        ("a,n\nÄb,1\n,2\nß,3\n", json!([{"step": "case", "columns": ["a", "n"], "to": "upper"}]), "a,n\nÄB,1\n,2\nSS,3\n"),
        ("a\nÄB\n", json!([{"step": "case", "columns": ["a"], "to": "lower"}]), "a\näb\n"),
        (
            "b,n\n1,7\n2,8\n3,9\n,1\n",
            json!([{"step": "replace", "column": "b", "values": {"1": "pv", "2": "fav"}}]),
            "b,n\npv,7\nfav,8\n3,9\n,1\n",
        ),
        // A column of integers stays one where it can.
        (
            "b\n1\n-9\n",
            json!([{"step": "replace", "column": "b", "values": {"-9": null, "1": 2}}, {"step": "derive", "as": "c", "expr": "b + 1"}]),
            "b,c\n2,3\n,\n",
        ),
        ("p\n$5\n$7.50\n", json!([{"step": "replace", "column": "p", "find": "$", "with": ""}]), "p\n5\n7.50\n"),
        ("p\n1.50\n2.5\n", json!([{"step": "replace", "column": "p", "find": ".", "with": ","}]), "p\n\"1,50\"\n\"2,5\"\n"),
        ("a\nx\n", json!([{"step": "replace", "column": "a", "find": "x"}, {"step": "filter", "where": [{"a": null}]}]), "a\n\n"),
        (
            "a\nx\n",
            json!([{"step": "replace", "column": "a"}]),
            "a replace has \"values\", an object of old and new values, or \"find\", a text, and \"with\"",
        ),
        (
            "a\nx\n",
            json!([{"step": "trim", "columns": ["b"]}]),
            "step 1 of the recipe, trim: unknown column \"b\"; did you mean \"a\"?",
        ),
        ("a\nx\n", json!([{"step": "trm"}]), "unknown step \"trm\"; did you mean \"trim\"?"),
        (
            "a\nx\n",
            json!([{"step": "trim", "column": "a"}]),
            "unknown key \"column\" in the step \"trim\"; did you mean \"columns\"?",
        ),
    ]);
}

#[test]
fn columns_and_rows() {
    let text = "a,b,c\n1,x,2.50\n2,,\n3,y,0.10\n";
    run(vec![
        (text, json!([{"step": "filter", "where": [{"column": "c", "gt": 1}]}]), "a,b,c\n1,x,2.50\n"),
        (text, json!([{"step": "filter", "where": [{"column": "a", "gt": 9}]}]), "a,b,c\n"),
        (text, json!([{"step": "filter", "where": []}]), "a,b,c\n1,x,2.50\n2,,\n3,y,0.10\n"),
        (text, json!([{"step": "select", "columns": ["c", "a"]}]), "c,a\n2.50,1\n,2\n0.10,3\n"),
        (text, json!([{"step": "rename", "columns": {"a": "b", "b": "a"}}]), "b,a,c\n1,x,2.50\n2,,\n3,y,0.10\n"),
        (
            text,
            json!([{"step": "rename", "columns": {"a": "b"}}]),
            "step 1 of the recipe, rename: two columns would be called \"b\"",
        ),
        (
            text,
            json!([{"step": "rename", "columns": {"a": "id"}}, {"step": "filter", "where": [{"a": 1}]}]),
            "step 2 of the recipe, filter: unknown column \"a\"; did you mean \"b\"?",
        ),
    ]);
}

#[test]
fn derived_columns() {
    let derive = |expr: &str| json!([{"step": "derive", "as": "d", "expr": expr}, {"step": "select", "columns": ["d"]}]);
    let text = "price,quantity,t,s\n19.99,3,2019-12-31 23:30:00,a-b-c\n-0.01,2,2020-02-29 00:00:00,É\n,1,,\n5.00,0,1969-12-31 00:00:00,-\n";
    run(vec![
        (text, derive("price * quantity"), "d\n59.97\n-0.02\n\n0.00\n"),
        (text, derive("(price + 0.005) * -2"), "d\n-39.990\n0.010\n\n-10.010\n"),
        (text, derive("price / quantity"), "d\n6.663333\n-0.005000\n\n\n"),
        (text, derive("price / 3"), "d\n6.663333\n-0.003333\n\n1.666667\n"),
        (text, derive("-price / 0.02"), "d\n-999.500000\n0.500000\n\n-250.000000\n"),
        (text, derive("coalesce(price, quantity)"), "d\n19.99\n-0.01\n1.00\n5.00\n"),
        (text, derive("coalesce(s, 'none')"), "d\na-b-c\nÉ\nnone\n'-\n"),
        (text, derive("split(s, '-', 2)"), "d\nb\n\n\n\n"),
        (text, derive("concat(lower(s), '/', price)"), "d\na-b-c/19.99\né/-0.01\n/\n'-/5.00\n"),
        (text, derive("length(s)"), "d\n5\n1\n\n1\n"),
        (text, derive("year(t) * 100 + month(t)"), "d\n201912\n202002\n\n196912\n"),
        (text, derive("weekday(t)"), "d\n2\n6\n\n3\n"),
        (text, derive("hour(t)"), "d\n23\n0\n\n0\n"),
        (text, derive("hour(t, 'Test/Zone')"), "d\n1\n3\n\n2\n"),
        (text, derive("day(t, '+01:00')"), "d\n1\n29\n\n31\n"),
        (text, derive("t - t"), "d\n0\n0\n\n0\n"),
        (text, derive("s + 1"), "step 1 of the recipe, derive: + needs numbers, found a text"),
        (
            text,
            derive("hour(t, 'Mars/Base')"),
            "step 1 of the recipe, derive: unknown time zone \"Mars/Base\"; write an IANA name such as \"Asia/Shanghai\", or \"+08:00\"",
        ),
        (text, derive("prize"), "step 1 of the recipe, derive: unknown column \"prize\"; did you mean \"price\"?"),
        ("n\n9223372036854775807\n", derive("n + 1"), "d\n\n"),
        ("n\n9223372036854775807\n", derive("n * 1.0"), "d\n9223372036854775807.0\n"),
        ("\"a \"\"b\"\n1\n", derive("\"a \"\"b\" + .5"), "d\n1.5\n"),
        ("a\n1.50\n2.5\n", json!([{"step": "derive", "as": "a", "expr": "a * 2"}]), "a\n3.00\n5.00\n"),
    ]);
}

#[test]
fn derived_nulls_are_noted() {
    let recipe = json!([{"step": "derive", "as": "d", "expr": "a / b"}, {"step": "derive", "as": "e", "expr": "a * a"}]);
    let data = load("a,b\n1,0\n9223372036854775807,1\n", json!({"clean": recipe})).unwrap();
    let notes: Vec<_> = data.report().steps.iter().map(|step| (step.changed, step.note.clone().unwrap())).collect();
    let expected = [(1, "1 divisions are by zero and null in column d"), (1, "1 numbers are too large and null in column e")];
    assert_eq!(notes, expected.map(|(n, note)| (n, note.to_owned())));
}

#[test]
fn types() {
    let cast = |to: &str| json!([{"step": "cast", "columns": ["a"], "to": to}]);
    let parse = |format: &str| json!([{"step": "parse", "column": "a", "format": format}]);
    run(vec![
        ("a\n007\n+5\n 6 \n5.00\nx\n1.5\n9223372036854775808\n", cast("int"), "a\n7\n5\n6\n5\n\n\n\n"),
        ("a\n007.5\nx\n1e-2\n", json!([{"step": "cast", "columns": ["a"], "to": "decimal"}]), "a\n7.50\n\n0.01\n"),
        ("a\nYes\nno\n1\n2\n", cast("bool"), "a\ntrue\nfalse\ntrue\n\n"),
        ("a\n2019-10-01\n1569888001000\nsoon\n", cast("time"), "a\n2019-10-01T00:00:00.000Z\n2019-10-01T00:00:01.000Z\n\n"),
        ("a\n1.50\n2.5\n.5\n", cast("text"), "a\n1.50\n2.5\n.5\n"),
        ("a\n2019-10-01\n2019-10-01 10:00\n", cast("text"), "a\n2019-10-01\n2019-10-01 10:00\n"),
        ("a\n\"1.234,56\"\n\"7\"\n\"1,2,3\"\n", parse("1.234,56"), "a\n1234.56\n7.00\n\n"),
        ("a\n1.234\n2.500\n", parse("1.234,56"), "a\n1234\n2500\n"),
        ("a\n31/12/2019 23:30\n30/02/2020 00:00\n", parse("%d/%m/%Y %H:%M"), "a\n2019-12-31T23:30:00Z\n\n"),
        (
            "a\n2020-01-01 01:30\n2020-06-01 03:00\n",
            json!([{"step": "parse", "column": "a", "format": "%Y-%m-%d %H:%M", "timezone": "Test/Zone"}]),
            "a\n2019-12-31T23:30:00Z\n2020-06-01T00:00:00Z\n",
        ),
        (
            "a\n2020-01-01T01:30:00.25+0230\n",
            json!([{"step": "parse", "column": "a", "format": "%Y-%m-%dT%H:%M:%S.%f%z", "timezone": "+09:00"}]),
            "a\n2019-12-31T23:00:00.250Z\n",
        ),
        (
            "a\n1\n",
            parse("1,234"),
            "the format \"1,234\" is neither a time's, such as \"%d/%m/%Y %H:%M\", nor a number with its decimal character, such as \"1.234,56\"",
        ),
    ]);
    let data = load("a\nx\n1\ny\n", json!({"clean": cast("int")})).unwrap();
    let step = &data.report().steps[0];
    assert_eq!(
        (step.changed, step.note.as_deref()),
        (2, Some("2 values of column a cannot be read and are null, such as \"x\""))
    );
}

#[test]
fn duplicates() {
    let text = "a,b\n1,x\n1.0,x\n,x\n1,y\n,x\n1,x\n";
    let drop = |keys: Value| {
        let mut step = json!({"step": "drop_duplicates"});
        step.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        json!([step])
    };
    run(vec![
        (text, drop(json!({})), "a,b\n1.0,x\n,x\n1.0,y\n"),
        (text, drop(json!({"keep": "last"})), "a,b\n1.0,y\n,x\n1.0,x\n"),
        (text, drop(json!({"by": ["b"]})), "a,b\n1.0,x\n1.0,y\n"),
        (text, drop(json!({"by": ["b", "a"], "keep": "last"})), "a,b\n1.0,y\n,x\n1.0,x\n"),
    ]);
}

/// The numbers are those of scikit-learn 1.5's `SimpleImputer`, to the digits that are kept.
#[test]
fn imputed() {
    let impute = |keys: Value| {
        let mut step = json!({"step": "impute", "column": "a"});
        step.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        json!([step])
    };
    let text = "a,g\n1,x\n,x\n2,y\n2,y\n5,x\n,y\n,z\n";
    run(vec![
        (text, impute(json!({"strategy": "mean"})), "a,g\n1.0,x\n2.5,x\n2.0,y\n2.0,y\n5.0,x\n2.5,y\n2.5,z\n"),
        (text, impute(json!({"strategy": "median"})), "a,g\n1,x\n2,x\n2,y\n2,y\n5,x\n2,y\n2,z\n"),
        (text, impute(json!({"strategy": "most_frequent"})), "a,g\n1,x\n2,x\n2,y\n2,y\n5,x\n2,y\n2,z\n"),
        (text, impute(json!({"strategy": "constant", "value": 0})), "a,g\n1,x\n0,x\n2,y\n2,y\n5,x\n0,y\n0,z\n"),
        (text, impute(json!({"strategy": "constant", "value": "0.5"})), "a,g\n1.0,x\n0.5,x\n2.0,y\n2.0,y\n5.0,x\n0.5,y\n0.5,z\n"),
        (
            text,
            impute(json!({"strategy": "constant", "value": "x"})),
            "step 1 of the recipe, impute: column \"a\" is of type int; cannot impute \"x\"",
        ),
        (text, impute(json!({"strategy": "ffill"})), "a,g\n1,x\n1,x\n2,y\n2,y\n5,x\n5,y\n5,z\n"),
        (text, impute(json!({"strategy": "ffill", "within": ["g"]})), "a,g\n1,x\n1,x\n2,y\n2,y\n5,x\n2,y\n,z\n"),
        (text, impute(json!({"strategy": "mean", "within": ["g"]})), "a,g\n1,x\n3,x\n2,y\n2,y\n5,x\n2,y\n,z\n"),
        (text, impute(json!({"strategy": "drop"})), "a,g\n1,x\n2,y\n2,y\n5,x\n"),
        (
            text,
            impute(json!({"strategy": "median", "indicator": true})),
            "a,g,a_missing\n1,x,false\n2,x,true\n2,y,false\n2,y,false\n5,x,false\n2,y,true\n2,z,true\n",
        ),
        // SimpleImputer(strategy="mean") on [[1], [2], [4], [nan]] gives 2.3333333333333335; the most frequent of a tie is the smallest.
        ("a,b\n1,\n2,\n4,\n,\n", impute(json!({"strategy": "mean"})), "a,b\n1.0000,\n2.0000,\n4.0000,\n2.3333,\n"),
        ("a,b\n0.10,\n0.25,\n,\n", impute(json!({"strategy": "mean"})), "a,b\n0.100,\n0.250,\n0.175,\n"),
        ("a,b\n1,\n2,\n,\n", impute(json!({"strategy": "median"})), "a,b\n1.0,\n2.0,\n1.5,\n"),
        ("a,b\n3,\n1,\n1,\n3,\n2,\n,\n", impute(json!({"strategy": "most_frequent"})), "a,b\n3,\n1,\n1,\n3,\n2,\n1,\n"),
        ("a,b\nz,\nb,\nz,\nb,\n,\n", impute(json!({"strategy": "most_frequent"})), "a,b\nz,\nb,\nz,\nb,\nb,\n"),
        ("a,b\nz,1\n,2\n", impute(json!({"strategy": "constant", "value": "none"})), "a,b\nz,1\nnone,2\n"),
        ("a,b\n,1\n,2\n", impute(json!({"strategy": "constant", "value": 7})), "a,b\n7,1\n7,2\n"),
        (
            "a,b\n2020-01-01,1\n,2\n2020-01-04,3\n",
            impute(json!({"strategy": "mean"})),
            "a,b\n2020-01-01T00:00:00Z,1\n2020-01-02T12:00:00Z,2\n2020-01-04T00:00:00Z,3\n",
        ),
        (
            "a,b\nx,1\n,2\n",
            impute(json!({"strategy": "mean"})),
            "step 1 of the recipe, impute: the mean needs a column of numbers or times; \"a\" is of type text",
        ),
        (
            "a,b\n-9223372036854775808,1\n9223372036854775807,2\n,3\n",
            impute(json!({"strategy": "mean"})),
            "a,b\n-9223372036854775808.0,1\n9223372036854775807.0,2\n-0.5,3\n",
        ),
    ]);
}

#[test]
fn what_cannot_be_imputed_is_said() {
    let recipe = json!([{"step": "impute", "columns": ["a", "b"], "strategy": "mean", "within": ["g"]}]);
    let mut data = load("a,b,g\n,,x\n,2,y\n,,y\n", json!({"clean": recipe})).unwrap();
    assert_eq!(rows(&mut data), "a,b,g\n,,x\n,2,y\n,2,y\n");
    let step = &data.report().steps[0];
    let note = "column a has no value, so its 3 nulls stay; 1 nulls of column b are of groups without a value and stay";
    assert_eq!((step.changed, step.note.as_deref()), (1, Some(note)));
}

#[test]
fn quarantined() {
    let text = "p,t\n1.50,2020-01-01\n-2,2025-12-31 23:59:59\n,2026-01-01\n3,2026-01-01 00:00:01\n2,\n2,\n100,\n";
    run(vec![
        (
            text,
            json!([{"step": "quarantine", "rule": "negative", "column": "p"}, {"step": "select", "columns": ["p"]}]),
            "p\n1.50\n\n3.00\n2.00\n2.00\n100.00\n",
        ),
        (
            text,
            json!([{"step": "quarantine", "rule": "future", "column": "t", "after": "2026-01-01"}, {"step": "select", "columns": ["p"]}]),
            "p\n1.50\n-2.00\n\n2.00\n2.00\n100.00\n",
        ),
        (
            text,
            json!([{"step": "quarantine", "rule": "outlier", "column": "p"}, {"step": "select", "columns": ["p"]}]),
            "p\n1.50\n\n3.00\n2.00\n2.00\n",
        ),
        (
            text,
            json!([{"step": "quarantine", "where": [{"column": "p", "lte": 2}]}, {"step": "select", "columns": ["p"]}]),
            "p\n\n3.00\n100.00\n",
        ),
        (text, json!([{"step": "quarantine", "where": []}, {"step": "select", "columns": ["p"]}]), "p\n"),
        (
            text,
            json!([{"step": "quarantine", "rule": "negative", "column": "t"}]),
            "step 1 of the recipe, quarantine: the rule does not fit column \"t\", which is of type time",
        ),
        (
            text,
            json!([{"step": "quarantine", "rule": "future", "column": "t"}]),
            "the rule \"future\" needs \"after\", the time that nothing is later than, such as \"2026-01-01\"",
        ),
    ]);
    let recipe = json!([{"step": "filter", "where": [{"column": "p", "ne": 1.5}]}, {"step": "quarantine", "rule": "negative", "column": "p"}]);
    let data = load(text, json!({"clean": recipe})).unwrap();
    let [row] = &data.report().quarantined[..] else { panic!("{:?}", data.report()) };
    assert_eq!((row.step, row.row, row.reason.as_str()), (2, 2, "column p is negative: -2"));
    assert_eq!(row.values, [Some("-2".to_owned()), Some("2025-12-31 23:59:59".to_owned())]);
}

#[test]
fn bots() {
    let text = "n,ua\n1,Mozilla/5.0 Chrome/120.0\n2,Mozilla/5.0 (compatible; Googlebot/2.1)\n3,\n4,curl/8.0\n";
    run(vec![
        (text, json!([{"step": "bots", "column": "ua"}]), "n,ua\n1,Mozilla/5.0 Chrome/120.0\n3,\n"),
        (
            text,
            json!([{"step": "bots", "column": "ua", "mark": "is_bot"}, {"step": "select", "columns": ["n", "is_bot"]}]),
            "n,is_bot\n1,false\n2,true\n3,false\n4,true\n",
        ),
    ]);
}

#[test]
fn roles_are_those_of_the_columns_that_are_left() {
    let recipe =
        json!([{"step": "rename", "columns": {"wer": "user_id"}}, {"step": "derive", "as": "price", "expr": "\"cents\" / 100"}]);
    let schema = json!({"user_id": {"role": "actor"}, "wer": {"type": "text"}, "was": {"role": "item"}});
    let data = load("wer,was,cents\n7,hat,150\n", json!({"clean": recipe, "schema": schema})).unwrap();
    let columns: Vec<_> = data.columns().iter().map(|c| (c.name.to_owned(), c.column_type, c.role)).collect();
    let expected = [
        ("user_id", "text", Some("actor")),
        ("was", "text", Some("item")),
        ("cents", "int", None),
        ("price", "decimal", Some("price")),
    ];
    assert_eq!(columns, expected.map(|(name, column_type, role)| (name.to_owned(), column_type, role)));
    let unknown = load("wer\n7\n", json!({"clean": [{"step": "trim"}], "schema": {"wher": {"role": "actor"}}})).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::UnknownColumn);
}

#[test]
fn appended_rows_are_cleaned_alike() {
    let recipe = json!([{"step": "rename", "columns": {"a": "id"}}, {"step": "filter", "where": [{"column": "n", "gt": 0}]},
        {"step": "derive", "as": "twice", "expr": "n * 2"}]);
    let mut data = load("a,n\nx,1\ny,-1\n", json!({"clean": recipe})).unwrap();
    data.append(b"a,n\nz,1.5\nw,0\nbroken\n", None).unwrap();
    check(data.report());
    assert_eq!(rows(&mut data), "id,n,twice\nx,1.0,2.0\nz,1.5,3.0\n");
    data.append(br#"{"b": 4, "n": 3, "a": "v"}"#, Some(clickfold::decode::Format::Ndjson)).unwrap();
    check(data.report());
    assert_eq!(rows(&mut data), "id,n,twice,b\nx,1.0,2.0,\nz,1.5,3.0,\nv,3.0,6.0,4\n");
    let failed = data.append(b"a,n,b\nz,many,1\n", None).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::BadQuery, "{failed}");
    assert_eq!(rows(&mut data).lines().count(), 4);
    let mut all = load("a,n\nx,1\nx,1\n", json!({"clean": [{"step": "drop_duplicates"}]})).unwrap();
    assert_eq!(all.append(b"x,1\n", None).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_loaded_data_set_is_cleaned_in_the_order_of_its_source() {
    let text = "user_id,action,timestamp\n2,view,2020-01-02\n1,view,2020-01-01\n2,cart,2020-01-01\n1,cart,2020-01-03\n";
    let mut data = load(text, json!({})).unwrap();
    let funnel: Query =
        serde_json::from_value(json!({"kind": "funnel", "steps": [{"action": "view"}, {"action": "cart"}], "within": "7d"}))
            .unwrap();
    let before = to_csv(&data.query(&funnel, &Default::default()).unwrap());
    let steps = |value: Value| serde_json::from_value::<Vec<clickfold::clean::Step>>(value).unwrap();
    data.clean(&steps(json!([{"step": "filter", "where": [{"column": "user_id", "gt": 0}]}])), &Default::default()).unwrap();
    assert_eq!(rows(&mut data).lines().nth(1), Some("2,view,2020-01-02T00:00:00Z"));
    assert_eq!(to_csv(&data.query(&funnel, &Default::default()).unwrap()), before);
    assert!(data.clean(&steps(json!([{"step": "trim"}, {"step": "select", "columns": ["x"]}])), &Default::default()).is_err());
    data.clean(&steps(json!([{"step": "drop_duplicates", "by": ["user_id"]}])), &Default::default()).unwrap();
    check(data.report());
    assert_eq!(rows(&mut data), "user_id,action,timestamp\n2,view,2020-01-02T00:00:00Z\n1,view,2020-01-01T00:00:00Z\n");
    assert_eq!(data.report().steps.iter().map(|step| step.step.as_str()).collect::<Vec<_>>(), ["filter", "drop_duplicates"]);
}

#[test]
fn sources_are_united_before_they_are_cleaned() {
    let options: LoadOptions = serde_json::from_value(json!({"clean": [{"step": "rename", "columns": {"a": "who"}},
        {"step": "drop_duplicates"}], "schema": {"who": {"role": "actor"}}}))
    .unwrap();
    let load = |text: &str| {
        let mut loader = Loader::new(options.of_one_source()).unwrap();
        loader.push(text.as_bytes()).unwrap();
        loader.finish().unwrap()
    };
    let sources = ["a,n\nx,1\ny,2\n", "n,a\n2,y\n3,z\n"].map(|text| (text[..1].to_owned(), load(text)));
    let mut all = Dataset::unite_and_clean(sources.into(), options.clone()).unwrap();
    check(all.report());
    assert_eq!(rows(&mut all), "who,n\nx,1\ny,2\nz,3\n");
    assert_eq!(all.columns()[0].role, Some("actor"));
}

#[test]
fn many_batches_of_many_texts() {
    let mut text = "id,s,n\n".to_owned();
    (0..60_000).for_each(|i| {
        text += &format!("{i}, text {} ,{}\n", i % 30_011, if i % 7 == 0 { String::new() } else { (i % 5).to_string() })
    });
    let recipe = json!([{"step": "trim"}, {"step": "drop_duplicates", "by": ["s"], "keep": "last"}, {"step": "impute", "column": "n", "strategy": "ffill"},
        {"step": "filter", "where": [{"column": "id", "gte": 59_990}]}, {"step": "derive", "as": "w", "expr": "split(s, ' ', 2)"}]);
    let mut data = load(&text, json!({"clean": recipe})).unwrap();
    check(data.report());
    let duplicates: Vec<u64> = data.report().steps.iter().map(|step| step.duplicate).collect();
    assert_eq!(duplicates, [0, 29_989, 0, 0, 0]);
    let mut expected = "id,s,n,w\n".to_owned();
    (59_990..60_000).for_each(|i| {
        let n = if i % 7 == 0 { (i - 1) % 5 } else { i % 5 };
        expected += &format!("{i},text {0},{n},{0}\n", i % 30_011);
    });
    assert_eq!(rows(&mut data), expected);
}

/// Steps on columns `i`, `d`, `t`, `s` and `b`, which fit or do not.
fn step() -> impl Strategy<Value = Value> {
    let column = || prop::sample::select(vec!["i", "d", "t", "s", "b", "x"]);
    let exprs = vec![
        "i * d",
        "d / i",
        "coalesce(i, d)",
        "concat(s, i, t, b)",
        "hour(t) + 1",
        "-i - d",
        "length(s) * i * i * i",
        "t - t",
        "split(s, 'a', 1)",
    ];
    prop_oneof![
        Just(json!({"step": "trim"})),
        column().prop_map(|c| json!({"step": "case", "columns": [c], "to": "upper"})),
        column().prop_map(|c| json!({"step": "replace", "column": c, "values": {"1": null, "a": "b", "0.5": 7}})),
        column().prop_map(|c| json!({"step": "replace", "column": c, "find": "0", "with": "é"})),
        (column(), prop::sample::select(vec!["int", "decimal", "time", "bool", "text"]))
            .prop_map(|(c, to)| json!({"step": "cast", "columns": [c], "to": to})),
        (column(), prop::sample::select(vec!["1.234,5", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"]))
            .prop_map(|(c, format)| json!({"step": "parse", "column": c, "format": format})),
        column().prop_map(|c| json!({"step": "filter", "where": [{"not": {"column": c, "is_null": true}}]})),
        prop::sample::select(exprs).prop_map(|expr| json!({"step": "derive", "as": "x", "expr": expr})),
        (column(), prop::bool::ANY)
            .prop_map(|(c, last)| json!({"step": "drop_duplicates", "by": [c], "keep": if last { "last" } else { "first" }})),
        Just(json!({"step": "drop_duplicates"})),
        (column(), column(), prop::sample::select(vec!["mean", "median", "most_frequent", "ffill"]))
            .prop_map(|(c, g, strategy)| json!({"step": "impute", "column": c, "strategy": strategy, "within": [g]})),
        (column(), prop::sample::select(vec!["mean", "median", "most_frequent", "ffill", "drop"]))
            .prop_map(|(c, strategy)| json!({"step": "impute", "column": c, "strategy": strategy})),
        column().prop_map(|c| json!({"step": "impute", "column": c, "strategy": "constant", "value": "1"})),
        (column(), prop::sample::select(vec!["negative", "outlier"]))
            .prop_map(|(c, rule)| json!({"step": "quarantine", "rule": rule, "column": c})),
        column().prop_map(|c| json!({"step": "quarantine", "rule": "future", "column": c, "after": "2020-01-01"})),
        column().prop_map(|c| json!({"step": "bots", "column": c})),
    ]
}

fn source() -> impl Strategy<Value = String> {
    let int = prop::sample::select(vec!["", "0", "1", "-1", "7", "9223372036854775807", "-9223372036854775808"]);
    let decimal = prop::sample::select(vec!["", "0.5", "-0.005", "1e-05", "12345678901234567.89", ".5", "1"]);
    let time = prop::sample::select(vec![
        "",
        "2019-10-01",
        "2020-02-29 23:59:59",
        "0001-01-01",
        "9999-12-31 00:00:00.123456789",
        "2020/01/01",
    ]);
    let text = prop::sample::select(vec!["", " a ", "a", "É", "bot", "0", "1.5", "🛒", "  "]);
    let boolean = prop::sample::select(vec!["", "true", "False"]);
    let row = (int, decimal, time, text, boolean).prop_map(|(i, d, t, s, b)| format!("{i},{d},{t},{s},{b},\n"));
    prop::collection::vec(row, 1..12).prop_map(|rows| format!("i,d,t,s,b,x\n{}", rows.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_row_is_lost_and_nothing_panics(text in source(), steps in prop::collection::vec(step(), 0..5)) {
        if let Ok(mut data) = load(&text, json!({"clean": steps})) {
            check(data.report());
            prop_assert_eq!(data.report().used, data.n_rows() as u64);
            rows(&mut data);
            let _ = data.append(text.as_bytes(), None);
            check_counts(data.report());
            prop_assert_eq!(data.report().used, data.n_rows() as u64);
        }
    }
}

fn check_counts(report: &Report) {
    assert_eq!(report.read, report.used + report.rejected + report.filtered + report.duplicate, "{report:?}");
}
