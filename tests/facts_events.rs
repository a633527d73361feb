//! Real files, whole: who came back when, as others counted it.
//!
//! Needs the folder `CLICKFOLD_SHARED` (by default `../shared`); without it these tests pass over.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod shared;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use clickfold::Query;
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::text::to_csv;
use serde_json::{Value, json};
use shared::shared;

/// Customers by the months of their first purchase and of others, as `2010-12`.
type Cohorts = BTreeMap<String, BTreeMap<String, u64>>;

fn load(bytes: &[u8]) -> Dataset {
    let mut loader = Loader::new(LoadOptions::default()).unwrap();
    bytes.chunks(1 << 16).for_each(|piece| loader.push(piece).unwrap());
    loader.finish().unwrap()
}

fn facts(folder: &Path, path: &str) -> Value {
    let facts: Value = serde_json::from_slice(&fs::read(folder.join("facts.json")).unwrap()).unwrap();
    facts.pointer(path).unwrap_or_else(|| panic!("no fact {path}")).clone()
}

/// The answer's lines, header apart, as cells.
fn ask(data: &mut Dataset, query: &Value) -> Vec<Vec<String>> {
    let answer = to_csv(&data.query(&Query::parse(query).unwrap(), &Default::default()).unwrap());
    answer.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// The cohorts of months, where somebody came.
fn cohorts(lines: &[Vec<String>]) -> Cohorts {
    let mut cohorts = Cohorts::new();
    for line in lines.iter().filter(|line| line[2] != "0") {
        let (year, month): (u64, u64) = (line[0][..4].parse().unwrap(), line[0][5..7].parse().unwrap());
        let months = year * 12 + month - 1 + line[1].parse::<u64>().unwrap();
        let later = format!("{}-{:02}", months / 12, months % 12 + 1);
        cohorts.entry(line[0][..7].to_owned()).or_default().insert(later, line[2].parse().unwrap());
    }
    cohorts
}

#[test]
fn online_retail_customers_come_back_by_month() {
    let Some(folder) = shared("online_retail") else { return };
    let gzip = Command::new("gzip").arg("-dc").arg(folder.join("online_retail_all.csv.gz")).output().unwrap();
    assert!(gzip.status.success());
    let mut data = load(&gzip.stdout);
    // Sales to known customers, without cancellations.
    let clean = json!([{"not": {"column": "InvoiceNo", "starts_with": "C"}}, {"column": "Quantity", "gt": 0},
        {"column": "UnitPrice", "gt": 0}]);
    let query = json!({"kind": "retention", "every": "1mo", "periods": 12, "where": clean, "actor": "CustomerID",
        "time": "InvoiceDate"});
    let lines = ask(&mut data, &query);
    let found = cohorts(&lines);
    let expected: Cohorts = serde_json::from_value(facts(&folder, "/clean/monthly_cohorts_customers_active")).unwrap();
    assert_eq!(found, expected);
    assert_eq!(found["2010-12"].values().take(3).collect::<Vec<_>>(), [&885, &324, &286]);
    // The file ends on the 9th of the last month.
    assert!(lines.iter().all(|line| (line[5] == "true") != is_in(line, "2011-12")), "{lines:?}");

    // Every invoice is an order of the month of its customer's cohort or a later one.
    let orders = json!({"kind": "retention", "every": "1y", "periods": 1, "where": clean, "actor": "CustomerID",
        "time": "InvoiceDate", "value": "Quantity", "order": "InvoiceNo"});
    let lines = ask(&mut data, &orders);
    let sum = |at: usize| lines.iter().map(|line| line[at].parse::<u64>().unwrap()).sum::<u64>();
    assert_eq!(json!(sum(6)), facts(&folder, "/clean/invoices"));

    let again = ask(
        &mut data,
        &json!({"kind": "intervals", "where": clean, "actor": "CustomerID", "time": "InvoiceDate",
        "order": "InvoiceNo"}),
    );
    assert_eq!(json!(again[0][1].parse::<u64>().unwrap()), facts(&folder, "/clean/customers"));
}

/// Whether a line is of that month.
fn is_in(line: &[String], month: &str) -> bool {
    cohorts(&[vec![line[0].clone(), line[1].clone(), "1".to_owned()]])[&line[0][..7]].contains_key(month)
}

#[test]
fn cdnow_customers_come_back_by_month() {
    let Some(folder) = shared("cdnow") else { return };
    let mut data = load(&fs::read(folder.join("CDNOW_master.txt")).unwrap());
    let query = json!({"kind": "retention", "every": "1mo", "periods": 17, "actor": "customer_id", "time": "date",
        "value": "dollar_value"});
    let lines = ask(&mut data, &query);
    let found = cohorts(&lines);
    let expected: Cohorts = serde_json::from_value(facts(&folder, "/master/monthly_cohorts_customers_active")).unwrap();
    assert_eq!(found, expected);
    assert_eq!(["1997-01", "1997-02", "1997-03"].map(|month| found[month][month]), [7_846, 8_476, 7_248]);
    // Each purchase is an order, and all are in the last months of the cohorts.
    let sum = |at: usize| lines.iter().map(|line| line[at].parse::<u64>().unwrap()).sum::<u64>();
    assert_eq!(json!(sum(6)), facts(&folder, "/master/rows"));
    let last: Vec<&Vec<String>> = lines.iter().filter(|line| is_in(line, "1998-06")).collect();
    let dollars: f64 = last.iter().map(|line| line[8].parse::<f64>().unwrap()).sum();
    assert_eq!(format!("{dollars:.2}"), facts(&folder, "/master/dollars").to_string());
}
