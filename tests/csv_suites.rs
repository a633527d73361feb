//! Other people's CSV suites: what each expects, held against the decoder.
//!
//! Needs the folder `CLICKFOLD_SHARED` (by default `../shared`); without it these tests pass over. A case that
//! fails for a reason we stand by is in `KNOWN`: any other failure fails the test, and so does an unexpected pass.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod shared;

use std::fs;
use std::path::{Path, PathBuf};

use clickfold::Query;
use clickfold::decode::csv::{guess_separator, records};
use clickfold::engine::{ColumnOptions, Dataset, LoadOptions, Loader};
use clickfold::text::to_csv;
use serde_json::Value;
use shared::shared;

type Table = Vec<Vec<String>>;

enum Outcome {
    Passed,
    Failed(String),
    NotApplicable(&'static str),
}

struct Case {
    suite: &'static str,
    name: String,
    outcome: Outcome,
}

const THEIRS: &str = "the suite's JSON has another telephone number than its CSV";
const AFTER: &str = "what follows a closing quote belongs to the cell, spaces too, as in csv-core";
const WITHIN: &str = "a quote within an unquoted cell is text, as in csv-core";
const UNCLOSED: &str = "a record whose quote never closes is left out, and a reject when loaded";
const UNQUOTED: &str = "cells hold the separator, or quotes, that nothing marks";
const SECOND: &str = "a second table below the first; its rows count as rows";
const OPENS: &str = "a stray quote at the start of a cell opens it, as in csv-core";
const WIDTH: &str = "a row of another width is not mended; loaded it is a reject";
const HEADER: &str = "the header is what is broken: the file is refused with one sentence";
const CHANCE: &str = "a stray quote and the next one leave as many cells as there should be";

/// Failures that are meant: suite, case, why.
#[rustfmt::skip]
const KNOWN: &[(&str, &str, &str)] = &[
    ("csv-spectrum", "location_coordinates", THEIRS),
    ("csv-spectrum, typed", "location_coordinates", THEIRS),
    ("csv-test-data", "bad-quotes-with-unescaped-quote", AFTER),
    ("csv-test-data", "bad-unescaped-quote", WITHIN),
    ("PapaParse", "CORE_PARSER_TESTS 19 (Quoted field has no closing quote)", UNCLOSED),
    ("PapaParse", "CORE_PARSER_TESTS 20 (Quoted field has invalid trailing quote after delimiter with a valid closer)", AFTER),
    ("PapaParse", "CORE_PARSER_TESTS 21 (Quoted field has invalid trailing quote after delimiter)", AFTER),
    ("PapaParse", "CORE_PARSER_TESTS 22 (Quoted field has invalid trailing quote before delimiter)", AFTER),
    ("PapaParse", "CORE_PARSER_TESTS 23 (Quoted field has invalid trailing quote after new line)", AFTER),
    ("PapaParse", "PARSE_TESTS 5 (Quoted fields with spaces between closing quote and next delimiter)", AFTER),
    ("PapaParse", "PARSE_TESTS 6 (Quoted fields with spaces between closing quote and next new line)", AFTER),
    ("PapaParse", "PARSE_TESTS 7 (Quoted fields with spaces after closing quote)", AFTER),
    ("PapaParse", "PARSE_TESTS 90 (Quoted fields with spaces between closing quote and next delimiter and contains delimiter)", AFTER),
    ("PapaParse", "PARSE_TESTS 91 (Quoted fields with spaces between closing quote and newline and contains newline)", AFTER),
    ("Pollock", "file_escape_char_0x00", UNQUOTED),
    ("Pollock", "file_field_delimiter_0x20", UNQUOTED),
    ("Pollock", "file_multitable_less", SECOND),
    ("Pollock", "file_multitable_more", SECOND),
    ("Pollock", "file_multitable_same", SECOND),
    ("Pollock", "row_extra_quote0_col0", OPENS),
    ("Pollock", "row_extra_quote20_col6", OPENS),
    ("Pollock", "row_extra_quote32_col3", OPENS),
    ("Pollock", "row_extra_quote44_col0", OPENS),
    ("Pollock", "row_extra_quote55_col6", OPENS),
    ("Pollock", "row_extra_quote67_col3", OPENS),
    ("Pollock", "row_extra_quote79_col0", OPENS),
    ("Pollock", "row_field_delimiter_48_0x20", WIDTH),
    ("Pollock", "row_less_sep_row18_col1", WIDTH),
    ("Pollock", "row_less_sep_row30_col3", WIDTH),
    ("Pollock", "row_less_sep_row43_col5", WIDTH),
    ("Pollock", "row_less_sep_row56_col7", WIDTH),
    ("Pollock", "row_less_sep_row6_col1", WIDTH),
    ("Pollock", "row_less_sep_row82_col3", WIDTH),
    ("Pollock", "row_more_sep_row18_col3", WIDTH),
    ("Pollock", "row_more_sep_row2_col0", WIDTH),
    ("Pollock", "row_more_sep_row40_col6", WIDTH),
    ("Pollock", "row_more_sep_row52_col3", WIDTH),
    ("Pollock", "row_more_sep_row64_col0", WIDTH),
    ("Pollock", "row_more_sep_row75_col6", WIDTH),
    ("Pollock, loaded", "row_extra_quote0_col0", HEADER),
    ("Pollock, loaded", "row_extra_quote67_col3", CHANCE),
];

#[test]
fn suites_of_others() {
    let Some(root) = shared("csv_torture") else { return };
    let mut cases = vec![];
    spectrum(&root.join("csv-spectrum"), &mut cases);
    test_data(&root.join("csv-test-data"), &mut cases);
    papa_parse(&root.join("papaparse/cases.json"), &mut cases);
    pollock(&root.join("pollock"), &mut cases);
    let mut wrong = vec![];
    let known = |case: &Case| KNOWN.iter().find(|(suite, name, _)| *suite == case.suite && *name == case.name);
    for case in &cases {
        match (&case.outcome, known(case)) {
            (Outcome::Failed(what), None) => wrong.push(format!("{} {}: {what}", case.suite, case.name)),
            (Outcome::Failed(_), Some((_, _, why))) => println!("  {} {}: {why}", case.suite, case.name),
            (_, Some(_)) => wrong.push(format!("{} {}: is known to fail, but did not", case.suite, case.name)),
            (Outcome::NotApplicable(why), None) => println!("  {} {}: not applicable, {why}", case.suite, case.name),
            (Outcome::Passed, None) => {}
        }
    }
    for (suite, name, _) in KNOWN {
        if !cases.iter().any(|case| case.suite == *suite && case.name == *name) {
            wrong.push(format!("{suite} {name}: is known to fail, but is not there"));
        }
    }
    println!("{:<24}{:>8}{:>8}{:>16}", "suite", "passed", "failed", "not applicable");
    for suite in [
        "csv-spectrum",
        "csv-spectrum, typed",
        "csv-test-data",
        "csv-test-data, typed",
        "PapaParse",
        "Pollock",
        "Pollock, loaded",
    ] {
        let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|c| c.suite == suite && is(&c.outcome)).count();
        let passed = count(|o| matches!(o, Outcome::Passed));
        let failed = count(|o| matches!(o, Outcome::Failed(_)));
        println!("{suite:<24}{passed:>8}{failed:>8}{:>16}", count(|o| matches!(o, Outcome::NotApplicable(_))));
        assert!(passed > 0, "{suite} has no case that passes");
    }
    assert!(wrong.is_empty(), "{} unexpected:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each CSV beside a JSON list of objects.
fn spectrum(folder: &Path, cases: &mut Vec<Case>) {
    for path in files(&folder.join("csvs")) {
        let bytes = fs::read(&path).unwrap();
        let json = lossy(&folder.join("json").join(path.with_extension("json").file_name().unwrap()));
        let expected = table(&serde_json::from_str(&json).unwrap());
        let name = stem(&path);
        cases.push(compared("csv-spectrum", &name, &expected, &records(&bytes, b',', b'"')));
        cases.push(compared("csv-spectrum, typed", &name, &expected, &typed(&bytes)));
    }
}

/// Each CSV beside its rows as JSON; those called `bad-` must be refused, whole or in a row.
fn test_data(folder: &Path, cases: &mut Vec<Case>) {
    for path in files(&folder.join("csv")) {
        let bytes = fs::read(&path).unwrap();
        let name = stem(&path);
        if name.starts_with("bad-") {
            let outcome = match load(&bytes) {
                _ if name.ends_with("-header") => Outcome::NotApplicable("the header would have to be known beforehand"),
                Ok(data) if data.report().rejected == 0 => Outcome::Failed("no row was rejected".into()),
                _ => Outcome::Passed,
            };
            cases.push(Case { suite: "csv-test-data", name, outcome });
            continue;
        }
        let json: Value = serde_json::from_str(&lossy(&folder.join("json").join(format!("{name}.json")))).unwrap();
        let expected = table(&json);
        if expected.contains(&vec![String::new()]) {
            let outcome = Outcome::NotApplicable("it counts empty lines as rows");
            cases.push(Case { suite: "csv-test-data", name, outcome });
            continue;
        }
        let mut got = records(&bytes, b',', b'"');
        if json == Value::Array(vec![]) {
            got.remove(0); // a header and no rows
        }
        cases.push(compared("csv-test-data", &name, &expected, &got));
        if !expected.is_empty() {
            cases.push(compared("csv-test-data, typed", &name, &expected, &typed(&bytes)));
        }
    }
}

/// PapaParse's own cases: input, configuration, expected rows.
fn papa_parse(path: &Path, cases: &mut Vec<Case>) {
    let suites: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for list in ["CORE_PARSER_TESTS", "PARSE_TESTS"] {
        for (at, case) in suites[list].as_array().unwrap().iter().enumerate() {
            let name = format!("{list} {at} ({})", case["description"].as_str().unwrap());
            if let Some(why) = beyond_our_options(case) {
                cases.push(Case { suite: "PapaParse", name, outcome: Outcome::NotApplicable(why) });
                continue;
            }
            let (input, config) = (case["input"].as_str().unwrap().as_bytes(), &case["config"]);
            let byte = |key: &str| config[key].as_str().map(|text| text.as_bytes()[0]);
            let quote = byte("quoteChar").unwrap_or(b'"');
            // The parser alone takes a comma; `Papa.parse` guesses.
            let separator =
                byte("delimiter").unwrap_or_else(|| if list == "PARSE_TESTS" { guess_separator(input, quote) } else { b',' });
            cases.push(compared("PapaParse", &name, &table(&case["expected"]["data"]), &records(input, separator, quote)));
        }
    }
}

/// What of a case has no counterpart here.
fn beyond_our_options(case: &Value) -> Option<&'static str> {
    let config = &case["config"];
    let set = |key: &str| !matches!(config[key], Value::Null | Value::Bool(false));
    let one_byte = |key: &str| config[key].as_str().is_none_or(|text| text.len() == 1 && text != "\n");
    let keeps_empty_lines =
        !set("skipEmptyLines") && case["expected"]["data"].as_array()?.iter().any(|row| *row == serde_json::json!([""]));
    let reasons = [
        (case.get("__has_function").is_some(), "a function of the user's"),
        (set("dynamicTyping"), "types cell by cell; here a column has one"),
        (set("header"), "rows as objects"),
        (config["comments"] == true || config["comments"].is_string(), "comment lines"),
        (set("escapeChar"), "an escape character other than the quote"),
        (!one_byte("delimiter"), "a separator of several bytes, or a line end"),
        (config["preview"].as_i64().unwrap_or(0) > 0, "only the first rows"),
        (config["skipFirstNLines"].as_i64().unwrap_or(0) > 0, "lines before the table"),
        (config["skipEmptyLines"] == "greedy", "leaving out rows of blank cells"),
        (keeps_empty_lines, "empty lines as rows of one cell"),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, why)| why)
}

/// Polluted files beside what a loader must make of them.
fn pollock(folder: &Path, cases: &mut Vec<Case>) {
    for path in files(&folder.join("csv")) {
        let file = path.file_name().unwrap().to_str().unwrap();
        let parameters: Value = serde_json::from_str(&lossy(&folder.join(format!("parameters/{file}_parameters.json")))).unwrap();
        let given = |key: &str| parameters[key].as_str().filter(|text| !text.is_empty());
        let (separator, quote) = (given("delimiter").unwrap_or(","), given("quotechar").unwrap_or("\""));
        let name = stem(&path);
        let reasons = [
            (separator.len() != 1, "a separator of several bytes"),
            (given("escapechar").unwrap_or(quote) != quote, "an escape character other than the quote"),
            (parameters["preamble_lines"].as_i64() > Some(0), "lines before the table"),
            (parameters["header_lines"].as_i64() > Some(1), "a header of several lines"),
        ];
        if let Some((_, why)) = reasons.into_iter().find(|(holds, _)| *holds) {
            cases.push(Case { suite: "Pollock", name, outcome: Outcome::NotApplicable(why) });
            continue;
        }
        let expected = records(&fs::read(folder.join("clean").join(file)).unwrap(), b',', b'"');
        let bytes = fs::read(&path).unwrap();
        let got = records(&bytes, separator.as_bytes()[0], quote.as_bytes()[0]);
        cases.push(compared("Pollock", &name, &expected, &got));
        if name.starts_with("row_") {
            cases.push(Case { suite: "Pollock, loaded", outcome: no_row_is_wrong(&bytes, &expected), name });
        }
    }
}

/// With one polluted row, all others must be there, and that one right or a reject.
fn no_row_is_wrong(bytes: &[u8], expected: &Table) -> Outcome {
    let (data, got) = (load(bytes), typed(bytes));
    let mut left = expected.iter();
    let strange = got.iter().find(|row| !left.any(|other| other == *row));
    let rejected = data.map_or(0, |data| data.report().rejected);
    match strange {
        Some(row) => Outcome::Failed(format!("a row that is none: {row:?}")),
        None if got.len() as u64 + rejected != expected.len() as u64 => {
            Outcome::Failed(format!("{} rows expected, found {} and {rejected} rejects", expected.len(), got.len()))
        }
        None => Outcome::Passed,
    }
}

fn compared(suite: &'static str, name: &str, expected: &Table, got: &Table) -> Case {
    let differ = |at: &usize| expected.get(*at) != got.get(*at);
    let outcome = match (0..expected.len().max(got.len())).find(differ) {
        None => Outcome::Passed,
        Some(at) => Outcome::Failed(format!("row {at}: expected {:?}, found {:?}", expected.get(at), got.get(at))),
    };
    Case { suite, name: name.to_owned(), outcome }
}

/// JSON rows as cells: lists as they are, objects below a row of their keys.
fn table(json: &Value) -> Table {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows = json.as_array().cloned().unwrap_or_else(|| vec![json.clone()]);
    let header = rows.first().and_then(Value::as_object).map(|row| row.keys().cloned().collect());
    let cells = |row: &Value| match row {
        Value::Object(row) => row.values().map(text).collect(),
        row => row.as_array().into_iter().flatten().map(text).collect(),
    };
    header.into_iter().chain(rows.iter().map(cells)).collect()
}

/// The file through types and back to text.
fn typed(bytes: &[u8]) -> Table {
    let answer = load(bytes).and_then(|mut data| {
        let query = Query::parse(&serde_json::json!({"kind": "rows"}))?;
        data.query(&query, &Default::default())
    });
    answer.map_or_else(|e| vec![vec![e.to_string()]], |batch| records(to_csv(&batch).as_bytes(), b',', b'"'))
}

/// The file's rows, times as text: answers write those in a way of their own.
fn load(bytes: &[u8]) -> clickfold::Result<Dataset> {
    let data = load_as(bytes, LoadOptions::default())?;
    let times = data.columns().into_iter().filter(|column| column.column_type == "time");
    let text = |name: &str| (name.to_owned(), ColumnOptions { column_type: Some("text".to_owned()), ..ColumnOptions::default() });
    let schema = times.map(|column| text(column.name)).collect();
    load_as(bytes, LoadOptions { schema, ..LoadOptions::default() })
}

fn load_as(bytes: &[u8], mut options: LoadOptions) -> clickfold::Result<Dataset> {
    options.format.header = Some(true);
    options.format.separator = Some(",".to_owned());
    let mut loader = Loader::new(options)?;
    loader.push(bytes)?;
    loader.finish()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn lossy(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}
