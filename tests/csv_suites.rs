//! Other people's CSV suites: what each expects, held against the decoder.
//!
//! Needs the folder `CLICKFOLD_SHARED` (by default `../shared`); without it these tests pass over. A case that
//! fails for a reason we stand by is in `KNOWN`: any other failure fails the test, and so does an unexpected pass.

use std::fs;
use std::path::{Path, PathBuf};

use clickfold::Query;
use clickfold::decode::csv::{guess_separator, records};
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::text::to_csv;
use serde_json::Value;

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

/// Failures that are meant: suite, case, why.
const KNOWN: &[(&str, &str, &str)] = &[];

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
    for suite in ["csv-spectrum", "csv-spectrum, typed", "csv-test-data", "csv-test-data, typed", "PapaParse", "Pollock"] {
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
            let separator = byte("delimiter").unwrap_or_else(|| if list == "PARSE_TESTS" { guess_separator(input, quote) } else { b',' });
            cases.push(compared("PapaParse", &name, &table(&case["expected"]["data"]), &records(input, separator, quote)));
        }
    }
}

/// What of a case has no counterpart here.
fn beyond_our_options(case: &Value) -> Option<&'static str> {
    let config = &case["config"];
    let set = |key: &str| !matches!(config[key], Value::Null | Value::Bool(false));
    let one_byte = |key: &str| config[key].as_str().is_none_or(|text| text.len() == 1 && text != "\n");
    let keeps_empty_lines = !set("skipEmptyLines") && case["expected"]["data"].as_array()?.iter().any(|row| *row == serde_json::json!([""]));
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
        let parameters: Value =
            serde_json::from_str(&lossy(&folder.join(format!("parameters/{file}_parameters.json")))).unwrap();
        let text = |key: &str| parameters[key].as_str().unwrap_or("\"").to_owned();
        let name = stem(&path);
        let reasons = [
            (text("delimiter").len() != 1, "a separator of several bytes"),
            (text("escapechar") != text("quotechar"), "an escape character other than the quote"),
            (parameters["preamble_lines"].as_i64() > Some(0), "lines before the table"),
            (parameters["header_lines"].as_i64() > Some(1), "a header of several lines"),
        ];
        if let Some((_, why)) = reasons.into_iter().find(|(holds, _)| *holds) {
            cases.push(Case { suite: "Pollock", name, outcome: Outcome::NotApplicable(why) });
            continue;
        }
        let expected = records(&fs::read(folder.join("clean").join(file)).unwrap(), b',', b'"');
        let got = records(&fs::read(&path).unwrap(), text("delimiter").as_bytes()[0], text("quotechar").as_bytes()[0]);
        cases.push(compared("Pollock", &name, &expected, &got));
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
    let answer = load(bytes).and_then(|data| {
        let query = Query::parse(&serde_json::json!({"kind": "rows"}))?;
        data.query(&query, &Default::default())
    });
    answer.map_or_else(|e| vec![vec![e.to_string()]], |batch| records(to_csv(&batch).as_bytes(), b',', b'"'))
}

fn load(bytes: &[u8]) -> clickfold::Result<Dataset> {
    let mut options = LoadOptions::default();
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

/// A folder of data that is not in the repository.
fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CLICKFOLD_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("data").join(name);
    if !folder.is_dir() {
        println!("passed over: {} is not there; set CLICKFOLD_SHARED", folder.display());
        return None;
    }
    Some(folder)
}
