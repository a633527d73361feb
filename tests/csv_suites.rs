//! CSV files that others made to break parsers. They are not shipped; `CLICKFOLD_SHARED` names the folder that has them.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use std::path::{Path, PathBuf};

use clickfold::decode::csv::{guess_separator, records};
use serde_json::Value;

fn suites() -> Option<PathBuf> {
    let shared = std::env::var_os("CLICKFOLD_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let folder = shared.join("data/csv_torture");
    if !folder.is_dir() {
        eprintln!("the CSV suites are not here: set CLICKFOLD_SHARED to test with them");
        return None;
    }
    Some(folder)
}

/// The records as a suite's JSON has them: a header, then an object for each row.
fn objects(bytes: &[u8]) -> Vec<Vec<(String, String)>> {
    let mut records = records(bytes, b',', b'"').into_iter();
    let header = records.next().unwrap_or_default();
    records.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

fn check(suite: &str, folder: &Path, csvs: &str, known: &[(&str, &str)]) {
    let (mut passed, mut total) = (0, 0);
    let mut surprises = vec![];
    let mut files: Vec<_> = std::fs::read_dir(folder.join("json")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for json in files {
        total += 1;
        let name = json.file_stem().unwrap().to_string_lossy().into_owned();
        let expected: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        let expected = if expected.is_object() { serde_json::json!([expected]) } else { expected };
        let got = objects(&std::fs::read(folder.join(csvs).join(format!("{name}.csv"))).unwrap());
        let same = match expected[0] {
            // Lists with the header first.
            Value::Array(_) => {
                let csv = std::fs::read(folder.join(csvs).join(format!("{name}.csv"))).unwrap();
                serde_json::to_value(records(&csv, b',', b'"')).unwrap() == expected
            }
            _ => {
                let expected: Vec<Vec<(String, String)>> = expected
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| {
                        row.as_object()
                            .unwrap()
                            .iter()
                            .map(|(k, v)| (k.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
                            .collect()
                    })
                    .collect();
                got == expected
            }
        };
        let excuse = known.iter().find(|(n, _)| *n == name);
        passed += usize::from(same);
        if same == excuse.is_some() {
            surprises.push(format!("{name}: {}", if same { "passes now; take it off the list" } else { "fails" }));
        }
        if let (false, Some((_, why))) = (same, excuse) {
            eprintln!("{suite} {name}: {why}");
        }
    }
    eprintln!("{suite}: {passed} of {total} passed");
    assert!(total > 0 && surprises.is_empty(), "{suite}: {}", surprises.join("; "));
}

#[test]
fn csv_spectrum() {
    let Some(folder) = suites() else { return };
    let known = [("location_coordinates", "the suite expects another telephone number than its file has")];
    check("csv-spectrum", &folder.join("csv-spectrum"), "csvs", &known);
}

#[test]
fn csv_test_data() {
    let Some(folder) = suites() else { return };
    let known = [
        ("all-empty", "an empty line is no record here, as in csv-core"),
        ("empty-one-column", "an empty line is no record here, as in csv-core"),
    ];
    check("csv-test-data", &folder.join("csv-test-data"), "csv", &known);
}

/// Why a case of Papa Parse's is about something that a splitter of records does not do.
fn not_ours(case: &Value) -> Option<&'static str> {
    let input = case["input"].as_str().unwrap_or("");
    let config = case["config"].as_object();
    let set = |key: &str| {
        config.and_then(|c| c.get(key)).is_some_and(|v| *v != Value::Bool(false) && *v != Value::String(String::new()))
    };
    if let Some(key) = [
        "comments",
        "dynamicTyping",
        "header",
        "preview",
        "step",
        "chunk",
        "fastMode",
        "newline",
        "escapeChar",
        "transform",
        "transformHeader",
        "download",
        "worker",
        "beforeFirstChunk",
        "__has_function",
        "skipFirstNLines",
        "delimitersToGuess",
    ]
    .iter()
    .find(|key| set(key))
    {
        let _ = key;
        return Some("a setting of Papa Parse's own");
    }
    if set("quoteChar")
        || config.is_some_and(|c| c.get("quoteChar") == Some(&Value::Null) || c.get("quoteChar") == Some(&Value::Bool(false)))
    {
        return Some("another quote");
    }
    if config.and_then(|c| c.get("delimiter")).is_some_and(|d| d.as_str().is_none_or(|d| d.len() != 1 || d == "\"" || d == "\n"))
    {
        return Some("a separator of more than one byte");
    }
    if config.and_then(|c| c.get("skipEmptyLines")).is_some_and(|v| v == "greedy") {
        return Some("lines of spaces skipped");
    }
    if case["expected"]["errors"].as_array().is_some_and(|errors| !errors.is_empty()) {
        return Some("malformed quotes, where each parser mends its own way");
    }
    if case["expected"]["data"].as_array().is_some_and(|rows| rows.iter().any(|row| *row == serde_json::json!([""]))) {
        return Some("an empty line is no record here, as in csv-core");
    }
    if ["\" ", "\"  "].iter().any(|spaced| input.contains(spaced))
        && case["description"].as_str().is_some_and(|d| d.contains("spaces"))
    {
        return Some("spaces after a closing quote are kept, as in csv-core");
    }
    if input.contains(['\x1e', '\x1f']) {
        return Some("ASCII record separators");
    }
    None
}

#[test]
fn papa_parse() {
    let Some(folder) = suites() else { return };
    let cases: Value = serde_json::from_slice(&std::fs::read(folder.join("papaparse/cases.json")).unwrap()).unwrap();
    let (mut passed, mut left_out, mut failed) = (0, std::collections::BTreeMap::<&str, usize>::new(), vec![]);
    let known: [&str; 0] = [];
    for case in cases["CORE_PARSER_TESTS"].as_array().unwrap().iter().chain(cases["PARSE_TESTS"].as_array().unwrap()) {
        let name = case["description"].as_str().unwrap_or("");
        if let Some(why) = not_ours(case) {
            *left_out.entry(why).or_default() += 1;
            continue;
        }
        let input = case["input"].as_str().unwrap_or("");
        let separator = case["config"]["delimiter"].as_str().and_then(|d| d.bytes().next());
        let separator = separator.unwrap_or_else(|| guess_separator(input.as_bytes(), b'"'));
        let got = serde_json::to_value(records(input.as_bytes(), separator, b'"')).unwrap();
        if got == case["expected"]["data"] {
            passed += 1;
        } else if !known.contains(&name) {
            failed.push(format!("{name}: {input:?}\n  expected {}\n  found    {got}", case["expected"]["data"]));
        }
    }
    eprintln!("Papa Parse: {passed} passed; left out: {left_out:?}");
    assert!(passed > 50 && failed.is_empty(), "{passed} passed\n{}", failed.join("\n"));
}
