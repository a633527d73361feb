//! Real files, whole: their published counts must come out. The files are not shipped; `CLICKFOLD_SHARED` names the
//! folder that has them, and without it these tests have nothing to read and say so.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::text::{to_csv, to_json};
use serde_json::{Value, json};

fn folder(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("CLICKFOLD_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let folder = shared.join("data").join(name);
    if !folder.is_dir() {
        eprintln!("{name} is not here: set CLICKFOLD_SHARED to test with it");
        return None;
    }
    Some(folder)
}

fn load(mut source: impl Read) -> Dataset {
    let mut loader = Loader::new(LoadOptions::default()).unwrap();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match source.read(&mut buffer).unwrap() {
            0 => return loader.finish().unwrap(),
            n => loader.push(&buffer[..n]).unwrap(),
        }
    }
}

fn file(path: PathBuf) -> Dataset {
    load(std::fs::File::open(path).unwrap())
}

fn ask(data: &Dataset, query: Value) -> String {
    to_csv(&data.query(&Query::parse(&query).unwrap(), &Zones::new()).unwrap())
}

/// A one-row answer's figures by name.
fn figures(data: &Dataset, measures: Value) -> Value {
    let query = json!({"kind": "aggregate", "measures": measures});
    let rows = to_json(&data.query(&Query::parse(&query).unwrap(), &Zones::new()).unwrap());
    serde_json::from_str::<Value>(&rows).unwrap()[0].clone()
}

fn facts(folder: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("facts.json")).unwrap()).unwrap()
}

#[test]
fn online_retail() {
    let Some(folder) = folder("online_retail") else { return };
    let mut gzip =
        Command::new("gzip").arg("-dc").arg(folder.join("online_retail_all.csv.gz")).stdout(Stdio::piped()).spawn().unwrap();
    let data = load(gzip.stdout.take().unwrap());
    assert!(gzip.wait().unwrap().success());
    let facts = facts(&folder);
    assert_eq!((data.n_rows() as u64, data.report().rejected), (facts["rows"].as_u64().unwrap(), 0));
    let distinct = |column: &str| json!({"fn": "count_distinct", "column": column});
    let got = figures(
        &data,
        json!({"customers": distinct("CustomerID"), "invoices": distinct("InvoiceNo"), "stock_codes": distinct("StockCode"),
               "countries": distinct("Country"), "n": {"fn": "count"}, "with": {"fn": "count", "column": "CustomerID"},
               "described": {"fn": "count", "column": "Description"}, "first": {"fn": "min", "column": "InvoiceDate"},
               "last": {"fn": "max", "column": "InvoiceDate"}}),
    );
    for key in ["customers", "invoices", "stock_codes", "countries"] {
        assert_eq!(got[key], facts[key], "{key}");
    }
    let left = |key: &str| got["n"].as_u64().unwrap() - got[key].as_u64().unwrap();
    assert_eq!(left("with"), facts["rows_without_customer"].as_u64().unwrap());
    assert_eq!(left("described"), facts["rows_without_description"].as_u64().unwrap());
    assert_eq!((got["first"].as_str(), got["last"].as_str()), (Some("2010-12-01T08:26:00Z"), Some("2011-12-09T12:50:00Z")));
    let count =
        |conditions: Value| ask(&data, json!({"kind": "aggregate", "where": conditions, "measures": {"n": {"fn": "count"}}}));
    for (key, conditions) in [
        ("cancel_rows", json!([{"column": "InvoiceNo", "starts_with": "C"}])),
        ("negative_quantity_rows", json!([{"column": "Quantity", "lt": 0}])),
        ("zero_price_rows", json!([{"column": "UnitPrice", "eq": 0}])),
        ("negative_price_rows", json!([{"column": "UnitPrice", "lt": 0}])),
    ] {
        assert_eq!(count(conditions), format!("n\n{}\n", facts[key]), "{key}");
    }
    let clean = json!([{"column": "CustomerID", "is_null": false}, {"not": {"column": "InvoiceNo", "starts_with": "C"}}, {"column": "Quantity", "gt": 0}, {"column": "UnitPrice", "gt": 0}]);
    assert_eq!(count(clean.clone()), format!("n\n{}\n", facts["clean"]["rows"]));
    let top = ask(
        &data,
        json!({"kind": "aggregate", "where": clean, "group_by": ["StockCode"], "measures": {"n": {"fn": "sum", "column": "Quantity"}}, "order_by": ["-n"], "limit": 10}),
    );
    let expected: Vec<String> =
        facts["clean"]["top10_stock_by_quantity"].as_object().unwrap().iter().map(|(k, v)| format!("{k},{v}")).collect();
    assert_eq!(top, format!("StockCode,n\n{}\n", expected.join("\n")));
}

#[test]
fn rees46() {
    let Some(folder) = folder("rees46") else { return };
    let data = file(folder.join("2019-Oct.csv"));
    let facts = facts(&folder);
    let report = data.report();
    assert_eq!((report.read, report.used, report.rejected), (facts["data_rows_incl_cut_last"].as_u64().unwrap(), 17_434, 1));
    assert_eq!((report.rejects.kept[0].line, report.rejects.kept[0].reason.as_str()), (17_436, "expected 9 fields, found 8"));
    let distinct = |column: &str| json!({"fn": "count_distinct", "column": column});
    let got = figures(
        &data,
        json!({"users": distinct("user_id"), "sessions": distinct("user_session"), "products": distinct("product_id"), "n": {"fn": "count"}, "brand": {"fn": "count", "column": "brand"}, "code": {"fn": "count", "column": "category_code"}}),
    );
    // The cut row is one of the facts' rows: its visitor's number is cut too, and its session is missing.
    assert_eq!(got["users"].as_u64(), Some(4_504));
    assert_eq!((got["sessions"].clone(), got["products"].clone()), (facts["sessions"].clone(), facts["products"].clone()));
    assert_eq!(17_434 - got["brand"].as_u64().unwrap(), facts["empty_brand"].as_u64().unwrap());
    assert_eq!(17_434 - got["code"].as_u64().unwrap(), facts["empty_category_code"].as_u64().unwrap());
    let events = ask(&data, json!({"kind": "aggregate", "group_by": ["event_type"], "measures": {"n": {"fn": "count"}}}));
    assert_eq!(events, "event_type,n\ncart,165\npurchase,214\nview,17055\n");
    let bought = ask(
        &data,
        json!({"kind": "aggregate", "where": [{"event_type": "purchase"}], "measures": {"revenue": {"fn": "sum", "column": "price"}}}),
    );
    assert_eq!(bought, format!("revenue\n{}\n", facts["purchase_revenue"]));
    let top = ask(
        &data,
        json!({"kind": "aggregate", "where": [{"event_type": "view"}], "group_by": ["product_id"], "measures": {"n": {"fn": "count"}}, "order_by": ["-n"], "limit": 3}),
    );
    assert_eq!(top, "product_id,n\n1004856,186\n1004767,165\n1005115,162\n");
    let ids = ask(&data, json!({"kind": "rows", "select": ["category_id"], "limit": 1}));
    assert_eq!(ids, "category_id\n2103807459595387724\n");
}

#[test]
fn tianchi_mobile_and_the_article_s_question() {
    let Some(folder) = folder("tianchi_mobile") else { return };
    let path = folder.join("sample_user_behavior.csv");
    let data = file(path.clone());
    let facts = facts(&folder);
    let distinct = |column: &str| json!({"fn": "count_distinct", "column": column});
    let got = figures(
        &data,
        json!({"rows": {"fn": "count"}, "users": distinct("user_id"), "items": distinct("item_id"), "categories": distinct("item_category")}),
    );
    for key in ["rows", "users", "items", "categories"] {
        assert_eq!(got[key], facts[key], "{key}");
    }
    let days = ask(
        &data,
        json!({"kind": "aggregate", "group_by": [{"column": "time", "every": "1d"}], "measures": {"n": {"fn": "count"}}}),
    );
    let expected: Vec<String> =
        facts["rows_by_day"].as_object().unwrap().iter().map(|(day, n)| format!("{day}T00:00:00Z,{n}")).collect();
    assert_eq!(days, format!("time,n\n{}\n", expected.join("\n")));

    // Visits per item among the clicks, ranked; counted again here, the slow way.
    let mut visits = std::collections::BTreeMap::<i64, i64>::new();
    for line in std::fs::read_to_string(path).unwrap().lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[2] == "1" {
            *visits.entry(cells[1].parse().unwrap()).or_default() += 1;
        }
    }
    let mut ranked: Vec<(i64, i64)> = visits.into_iter().collect();
    ranked.sort_by_key(|&(item, n)| (-n, item));
    let place = |n: i64| 1 + ranked.iter().filter(|&&(_, more)| more > n).count();
    let expected: String = ranked.iter().map(|&(item, n)| format!("{item},{n},{}\n", place(n))).collect();
    let got = ask(
        &data,
        json!({"kind": "aggregate", "where": [{"column": "behavior_type", "eq": 1}], "group_by": ["item_id"], "measures": {"visits": {"fn": "count"}}, "rank": {"as": "place", "fn": "rank", "by": ["-visits"]}}),
    );
    assert_eq!(got, format!("item_id,visits,place\n{expected}"));
}

#[test]
fn superstore() {
    let Some(folder) = folder("superstore") else { return };
    let data = file(folder.join("superstore.csv"));
    let facts = facts(&folder);
    assert_eq!((data.n_rows() as u64, data.report().rejected), (facts["csv_rows"].as_u64().unwrap(), 0));
    let distinct = |column: &str| json!({"fn": "count_distinct", "column": column});
    let got = figures(
        &data,
        json!({"customers": distinct("Customer ID"), "orders": distinct("Order ID"), "sales": {"fn": "sum", "column": "Sales"}, "profit": {"fn": "sum", "column": "Profit"}, "first": {"fn": "min", "column": "Order Date"}, "last": {"fn": "max", "column": "Order Date"}}),
    );
    for key in ["customers", "orders", "sales", "profit"] {
        assert_eq!(got[key], facts[key], "{key}");
    }
    assert_eq!((got["first"].as_str(), got["last"].as_str()), (Some("2014-01-03T00:00:00Z"), Some("2017-12-30T00:00:00Z")));
}
