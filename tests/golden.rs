//! Each folder of `tests/golden` is a file, a question and the answer made by hand or by DuckDB.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use std::fs;
use std::path::Path;

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{LoadOptions, Loader};
use clickfold::kernel::bucket::Zone;
use clickfold::text::to_csv;

/// The one zone that cases name: New York in 2024.
fn zones() -> Zones {
    let changes = vec![(1_699_164_000, -18_000), (1_710_054_000, -14_400), (1_730_613_600, -18_000)];
    Zones::from([("America/New_York".to_owned(), Zone::new(changes))])
}

fn answer(folder: &Path, chunk: usize) -> String {
    let mut loader = Loader::new(LoadOptions::default()).unwrap();
    let bytes = fs::read(folder.join("events.csv")).unwrap();
    bytes.chunks(chunk).for_each(|piece| loader.push(piece).unwrap());
    let data = loader.finish().unwrap();
    let query: Query = serde_json::from_slice(&fs::read(folder.join("query.json")).unwrap()).unwrap();
    to_csv(&data.query(&query, &zones()).unwrap())
}

#[test]
fn answers_are_the_golden_ones() {
    let mut cases: Vec<_> = fs::read_dir("tests/golden").unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 35, "only {} cases found", cases.len());
    let mut failed = vec![];
    for case in &cases {
        let expected = fs::read_to_string(case.join("expected.csv")).unwrap();
        for chunk in [1, 7, usize::MAX >> 1] {
            let got = answer(case, chunk);
            if got != expected {
                failed.push(format!("{} in chunks of {chunk}:\n--- expected\n{expected}--- got\n{got}", case.display()));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
