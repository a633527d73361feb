//! Each folder of `tests/golden` is one idea: a file, a question, and its answer made by hand or by DuckDB.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use std::fs;
use std::path::Path;

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{LoadOptions, Loader};
use clickfold::kernel::bucket::Zone;
use clickfold::text::to_csv;

#[test]
fn answers_are_the_golden_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> = fs::read_dir(&root).expect("tests/golden is there").map(|e| e.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(!cases.is_empty(), "no case found in {}", root.display());
    let mut failed = vec![];
    for case in &cases {
        let expected = fs::read_to_string(case.join("expected.csv")).unwrap();
        for chunk in [1, 7, 1 << 20] {
            let got = answer(case, chunk).unwrap_or_else(|e| format!("error: {e}\n"));
            if got != expected {
                failed.push(format!("{} in chunks of {chunk}\n{}", case.display(), diff(&expected, &got)));
                break;
            }
        }
    }
    println!("{} cases", cases.len());
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

fn answer(case: &Path, chunk: usize) -> clickfold::Result<String> {
    let mut loader = Loader::new(LoadOptions::default())?;
    for piece in fs::read(case.join("events.csv")).unwrap().chunks(chunk) {
        loader.push(piece)?;
    }
    let query = Query::parse(&serde_json::from_slice(&fs::read(case.join("query.json")).unwrap()).unwrap())?;
    Ok(to_csv(&loader.finish()?.query(&query, &zones(&query))?))
}

/// The zones a question names, with every change of their clocks until 2100.
fn zones(query: &Query) -> Zones {
    let end = jiff::Timestamp::from_second(4_102_444_800).unwrap();
    let zone = |name: String| {
        let tz = jiff::tz::TimeZone::get(&name).unwrap();
        let start = jiff::Timestamp::from_second(-2_208_988_800).unwrap(); // 1900
        let mut changes = vec![(start.as_second(), tz.to_offset(start).seconds())];
        let later = tz.following(start).take_while(|change| change.timestamp() < end);
        changes.extend(later.map(|change| (change.timestamp().as_second(), change.offset().seconds())));
        (name, Zone::new(changes))
    };
    query.zones().into_iter().map(zone).collect()
}

/// The lines that differ, expected with `-`, found with `+`.
fn diff(expected: &str, got: &str) -> String {
    let (expected, got): (Vec<_>, Vec<_>) = (expected.lines().collect(), got.lines().collect());
    let mut out = String::new();
    for at in 0..expected.len().max(got.len()) {
        let (a, b) = (expected.get(at), got.get(at));
        if a != b {
            out += &a.map_or(String::new(), |line| format!("  - {line}\n"));
            out += &b.map_or(String::new(), |line| format!("  + {line}\n"));
        }
    }
    if out.is_empty() { "  only the line ends differ\n".to_owned() } else { out }
}
