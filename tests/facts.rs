//! Real files, whole: the numbers that others counted in them must come out.
//!
//! Needs the folder `CLICKFOLD_SHARED` (by default `../shared`); without it these tests pass over. What the facts say
//! of products (quantity × price: revenues), of cohorts and funnels is left out, RFM apart: these kinds of question
//! take columns as they are.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod shared;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use clickfold::Query;
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::text::to_csv;
use serde_json::{Value, json};
use shared::shared;

struct File {
    data: RefCell<Dataset>,
    facts: Value,
}

impl File {
    fn load(folder: &Path, bytes: &[u8]) -> Self {
        Self::load_with(LoadOptions::default(), folder, bytes)
    }

    fn load_with(options: LoadOptions, folder: &Path, bytes: &[u8]) -> Self {
        let mut loader = Loader::new(options).unwrap();
        bytes.chunks(1 << 16).for_each(|piece| loader.push(piece).unwrap());
        let facts = serde_json::from_slice(&fs::read(folder.join("facts.json")).unwrap()).unwrap();
        Self { data: RefCell::new(loader.finish().unwrap()), facts }
    }

    /// The export that the file is known to be, and its columns that have a role, with their types.
    fn roles(&self) -> (Option<&'static str>, Vec<(String, &'static str, &'static str)>) {
        let data = self.data.borrow();
        let columns = data.columns().into_iter().filter_map(|c| Some((c.name.to_owned(), c.column_type, c.role?))).collect();
        (data.report().preset, columns)
    }

    fn check_roles(&self, preset: Option<&str>, expected: &[(&str, &str, &str)]) {
        let (found, columns) = self.roles();
        assert_eq!(found, preset);
        let columns: Vec<_> = columns.iter().map(|(name, column_type, role)| (name.as_str(), *column_type, *role)).collect();
        assert_eq!(columns, expected);
    }

    /// The answer's rows, header apart, joined by line ends.
    fn ask(&self, query: Value) -> String {
        let answer = self.data.borrow_mut().query(&Query::parse(&query).unwrap(), &Default::default()).unwrap();
        to_csv(&answer).lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    /// One figure of the rows that pass.
    fn figure(&self, conditions: Value, function: &str, column: &str) -> String {
        let mut measure = json!({"fn": function});
        if !column.is_empty() {
            measure["column"] = json!(column);
        }
        self.ask(json!({"kind": "aggregate", "where": conditions, "measures": {"figure": measure}}))
    }

    /// Groups and their figure, largest first, as many as the fact names.
    fn top(&self, conditions: Value, key: &str, measure: Value, fact: &str) {
        let expected = self.fact(fact).as_object().unwrap();
        let query = json!({"kind": "aggregate", "where": conditions, "group_by": [key], "measures": {"m": measure},
            "order_by": ["-m"], "limit": expected.len()});
        let mut got: Vec<(String, String)> = pairs(&self.ask(query)).collect();
        // The facts break ties in another order than by key.
        let mut expected: Vec<_> = expected.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
        assert_eq!(got.iter().map(|g| &g.1).collect::<Vec<_>>(), expected.iter().map(|e| &e.1).collect::<Vec<_>>(), "{fact}");
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "{fact}");
    }

    fn check(&self, fact: &str, got: &str) {
        let expected = self.fact(fact);
        assert_eq!(got, expected.as_str().map_or_else(|| expected.to_string(), str::to_owned), "{fact}");
    }

    fn fact(&self, path: &str) -> &Value {
        self.facts.pointer(&format!("/{path}")).unwrap_or_else(|| panic!("no fact {path}"))
    }

    /// Rows that were there before: of each group of equal rows all but the first.
    fn n_duplicates(&self) -> String {
        let columns: Vec<String> = self.data.borrow().schema().columns().iter().map(|c| c.name.clone()).collect();
        let query = json!({"kind": "aggregate", "group_by": columns, "measures": {"times": {"fn": "count"}},
            "having": [{"column": "times", "gt": 1}]});
        let times = self.ask(query);
        times.lines().map(|line| line.rsplit(',').next().unwrap().parse::<u64>().unwrap() - 1).sum::<u64>().to_string()
    }
}

/// Key and value of each line of two cells.
fn pairs(lines: &str) -> impl Iterator<Item = (String, String)> {
    lines.lines().map(|line| line.split_once(',').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap())
}

#[test]
fn online_retail() {
    let Some(folder) = shared("online_retail") else { return };
    let gzip = Command::new("gzip").arg("-dc").arg(folder.join("online_retail_all.csv.gz")).output().unwrap();
    assert!(gzip.status.success());
    let file = File::load(&folder, &gzip.stdout);
    check_online_retail(&file);
    check_online_retail(&File::load(&folder, &as_first_published(&gzip.stdout)));
}

/// The same with the dates as they were first published: `12/1/2010 8:26`.
fn as_first_published(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.lines().enumerate() {
        // Descriptions have commas, not what follows the date.
        let cells: Vec<&str> = line.rsplitn(5, ',').collect();
        if at == 0 {
            out += line;
        } else {
            let [country, customer, price, date, before] = cells[..] else { panic!("{line}") };
            let number = |from: usize| date[from..from + 2].parse::<u32>().unwrap();
            let date = format!("{}/{}/{} {}:{}", number(5), number(8), &date[..4], number(11), &date[14..16]);
            out += &[before, &date, price, customer, country].join(",");
        }
        out.push('\n');
    }
    out.into_bytes()
}

fn check_online_retail(file: &File) {
    file.check_roles(
        Some("UCI Online Retail"),
        &[
            ("InvoiceNo", "text", "order"),
            ("StockCode", "text", "item"),
            ("Quantity", "int", "quantity"),
            ("InvoiceDate", "time", "time"),
            ("UnitPrice", "decimal", "price"),
            ("CustomerID", "decimal", "actor"),
        ],
    );
    assert_eq!(file.data.borrow().report().questions, []);
    assert_eq!(file.data.borrow().report().rejected, 0);
    let clean = json!([{"column": "CustomerID", "is_null": false}, {"not": {"column": "InvoiceNo", "starts_with": "C"}},
        {"column": "Quantity", "gt": 0}, {"column": "UnitPrice", "gt": 0}]);
    let cancelled = json!([{"column": "InvoiceNo", "starts_with": "C"}]);
    for (fact, conditions, function, column) in [
        ("rows", json!([]), "count", ""),
        ("customers", json!([]), "count_distinct", "CustomerID"),
        ("invoices", json!([]), "count_distinct", "InvoiceNo"),
        ("stock_codes", json!([]), "count_distinct", "StockCode"),
        ("countries", json!([]), "count_distinct", "Country"),
        ("rows_without_customer", json!([{"CustomerID": null}]), "count", ""),
        ("rows_without_description", json!([{"column": "Description", "is_null": true}]), "count", ""),
        ("cancel_rows", cancelled.clone(), "count", ""),
        ("cancel_invoices", cancelled, "count_distinct", "InvoiceNo"),
        ("negative_quantity_rows", json!([{"column": "Quantity", "lt": 0}]), "count", ""),
        ("zero_price_rows", json!([{"UnitPrice": 0}]), "count", ""),
        ("negative_price_rows", json!([{"column": "UnitPrice", "lt": 0}]), "count", ""),
        ("clean/rows", clean.clone(), "count", ""),
        ("clean/customers", clean.clone(), "count_distinct", "CustomerID"),
        ("clean/invoices", clean.clone(), "count_distinct", "InvoiceNo"),
    ] {
        file.check(fact, &file.figure(conditions, function, column));
    }
    let as_in_the_facts = |time: String| time.replace('T', " ").replace('Z', "");
    file.check("first", &as_in_the_facts(file.figure(json!([]), "min", "InvoiceDate")));
    file.check("last", &as_in_the_facts(file.figure(json!([]), "max", "InvoiceDate")));
    file.check("exact_duplicate_rows", &file.n_duplicates());
    file.top(clean.clone(), "StockCode", json!({"fn": "sum", "column": "Quantity"}), "clean/top10_stock_by_quantity");
    check_rfm(file, &clean);
}

fn check_rfm(file: &File, clean: &Value) {
    let rfm = json!({"kind": "rfm", "where": clean, "quantity": "Quantity", "as_of": "2011-12-10"});
    let with = |key: &str, value: &str| {
        let mut rfm = rfm.clone();
        rfm[key] = json!(value);
        file.ask(rfm)
    };
    // Of each customer recency, frequency and monetary; the facts count whole days from the date.
    let mut customers: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    for line in with("each", "actor").lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let [r, f, m] = [1, 2, 3].map(|at| cells[at].parse::<f64>().unwrap());
        customers.insert(cells[0].to_owned(), [r.ceil(), f, m]);
    }
    for (at, name) in ["R", "F", "M"].iter().enumerate() {
        let fact = file.fact(&format!("clean/rfm_snapshot_2011_12_10/{name}"));
        let mut values: Vec<f64> = customers.values().map(|scores| scores[at]).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let std = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let quantile = |q: f64| {
            let (at, share) = ((q * (n - 1.0)) as usize, (q * (n - 1.0)).fract());
            values[at] + share * (values[(at + 1).min(values.len() - 1)] - values[at])
        };
        let shares = [("min", 0.0), ("25%", 0.25), ("50%", 0.5), ("75%", 0.75), ("max", 1.0)];
        for (key, found) in
            shares.map(|(key, q)| (key, quantile(q))).into_iter().chain([("count", n), ("mean", mean), ("std", std)])
        {
            assert!((fact[key].as_f64().unwrap() - found).abs() < 0.006, "{name} {key}: {found}");
        }
    }
    for customer in ["12347", "17850"] {
        let fact = file.fact(&format!("clean/rfm_snapshot_2011_12_10/customer_{customer}"));
        let known = ["R", "F", "M"].map(|name| fact[name].as_f64().unwrap());
        assert_eq!(customers[&format!("{customer}.0")], known, "{customer}");
    }
    // Whole segments, cells and bins: nobody is lost, and no cent.
    for (group, actors, value) in [("segment", 1, Some(6)), ("cells", 2, Some(3)), ("bins", 2, None)] {
        let answer = with("group", group);
        let sum = |at: usize| answer.lines().map(|line| line.split(',').nth(at).unwrap().parse::<f64>().unwrap()).sum::<f64>();
        let n_scores = if group == "bins" { 3.0 } else { 1.0 };
        assert_eq!(Some(sum(actors)), file.fact("clean/customers").as_f64().map(|n| n * n_scores), "{group}");
        if let Some(value) = value {
            assert!((sum(value) - file.fact("clean/revenue").as_f64().unwrap()).abs() < 0.006, "{group}");
        }
    }
}

#[test]
fn rees46() {
    let Some(folder) = shared("rees46") else { return };
    let file = File::load(&folder, &fs::read(folder.join("2019-Oct.csv")).unwrap());
    file.check_roles(
        Some("REES46 events"),
        &[
            ("event_time", "time", "time"),
            ("event_type", "text", "action"),
            ("product_id", "int", "item"),
            ("category_code", "text", "category"),
            ("price", "decimal", "price"),
            ("user_id", "int", "actor"),
            ("user_session", "uuid", "session"),
        ],
    );
    let report = file.data.borrow().report().clone();
    file.check("data_rows_incl_cut_last", &report.read.to_string());
    assert_eq!((report.used, report.rejected), (17_434, 1));
    let reject = &report.rejects.kept[0];
    assert_eq!((reject.line, reject.reason.as_str()), (17_436, "expected 9 fields, found 8"));
    for (fact, conditions, function, column) in [
        ("sessions", json!([]), "count_distinct", "user_session"),
        ("products", json!([]), "count_distinct", "product_id"),
        ("empty_brand", json!([{"brand": null}]), "count", ""),
        ("empty_category_code", json!([{"category_code": null}]), "count", ""),
        ("events/purchase", json!([{"event_type": "purchase"}]), "count", ""),
        ("events/cart", json!([{"event_type": "cart"}]), "count", ""),
        ("users_with/purchase", json!([{"event_type": "purchase"}]), "count_distinct", "user_id"),
        ("users_with/cart", json!([{"event_type": "cart"}]), "count_distinct", "user_id"),
        ("purchase_revenue", json!([{"event_type": "purchase"}]), "sum", "price"),
    ] {
        file.check(fact, &file.figure(conditions, function, column));
    }
    // The facts count the cut row, a view of a visitor whose number is cut too; here it is a reject.
    let less_the_cut =
        |fact: &str, got: String| assert_eq!(got.parse::<u64>().unwrap() + 1, file.fact(fact).as_u64().unwrap(), "{fact}");
    less_the_cut("events/view", file.figure(json!([{"event_type": "view"}]), "count", ""));
    less_the_cut("users", file.figure(json!([]), "count_distinct", "user_id"));
    less_the_cut("users_with/view", file.figure(json!([{"event_type": "view"}]), "count_distinct", "user_id"));
    file.check("exact_duplicate_rows", &file.n_duplicates());
    file.top(json!([{"event_type": "view"}]), "product_id", json!({"fn": "count"}), "top10_products_viewed");
    let id = "2053013555631882655";
    let query = json!({"kind": "aggregate", "where": [{"column": "category_id", "eq": id}], "group_by": ["category_id"]});
    assert_eq!(file.ask(query), id, "an identifier beyond 2^53, to its last digit");
}

#[test]
fn tianchi_mobile() {
    let Some(folder) = shared("tianchi_mobile") else { return };
    let bytes = fs::read(folder.join("sample_user_behavior.csv")).unwrap();
    let file = File::load(&folder, &bytes);
    file.check_roles(
        Some("Tianchi mobile user behavior"),
        &[
            ("user_id", "int", "actor"),
            ("item_id", "int", "item"),
            ("behavior_type", "int", "action"),
            ("item_category", "int", "category"),
            ("time", "time", "time"),
        ],
    );
    let actions: Vec<_> = file.data.borrow().report().actions.iter().map(|action| (action.value, action.meaning)).collect();
    assert_eq!(actions, [("1", "view"), ("2", "favorite"), ("3", "cart"), ("4", "buy")]);
    assert_eq!(file.data.borrow().report().rejected, 0);
    for (fact, column) in [("rows", ""), ("users", "user_id"), ("items", "item_id"), ("categories", "item_category")] {
        file.check(fact, &file.figure(json!([]), if column.is_empty() { "count" } else { "count_distinct" }, column));
    }
    for (at, action) in ["click", "collect", "cart", "purchase"].into_iter().enumerate() {
        let conditions = json!([{"behavior_type": at + 1}]);
        file.check(&format!("events/{action}"), &file.figure(conditions.clone(), "count", ""));
        file.check(&format!("users_with/{action}"), &file.figure(conditions, "count_distinct", "user_id"));
    }
    let as_in_the_facts = |time: String| time.replace('T', " ").replace(":00:00Z", "");
    file.check("first", &as_in_the_facts(file.figure(json!([]), "min", "time")));
    file.check("last", &as_in_the_facts(file.figure(json!([]), "max", "time")));
    file.check("exact_duplicate_rows", &file.n_duplicates());
    let days = file
        .ask(json!({"kind": "aggregate", "group_by": [{"column": "time", "every": "1d"}], "measures": {"n": {"fn": "count"}}}));
    let days: serde_json::Map<String, Value> =
        pairs(&days).map(|(day, n)| (day.replace("T00:00:00Z", ""), n.parse::<u64>().unwrap().into())).collect();
    assert_eq!(&Value::Object(days), file.fact("rows_by_day"));
    ranked_clicks(&file, &String::from_utf8(bytes).unwrap());
}

/// The article's question, clicks per item, ranked; counted again, the slow way.
fn ranked_clicks(file: &File, text: &str) {
    let mut clicks = BTreeMap::<i64, i64>::new();
    for cells in text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).filter(|cells| cells[2] == "1") {
        *clicks.entry(cells[1].parse().unwrap()).or_default() += 1;
    }
    let rank = |n: i64| 1 + clicks.values().filter(|&&more| more > n).count();
    let mut expected: Vec<_> = clicks.iter().map(|(&item, &n)| (rank(n), item, n)).collect();
    expected.sort_unstable();
    let expected: Vec<_> = expected.iter().map(|(rank, item, n)| format!("{item},{n},{rank}")).collect();
    let got = file.ask(json!({"kind": "aggregate", "where": [{"behavior_type": 1}], "group_by": ["item_id"],
        "measures": {"clicks": {"fn": "count"}}, "rank": {"as": "place", "fn": "rank", "by": ["-clicks"]}}));
    assert_eq!(got, expected.join("\n"));
}

#[test]
fn superstore() {
    let Some(folder) = shared("superstore") else { return };
    for (name, rows) in [("superstore.csv", "csv_rows"), ("superstore.parquet", "parquet_rows")] {
        let file = File::load(&folder, &fs::read(folder.join(name)).unwrap());
        assert_eq!(file.data.borrow().report().rejected, 0);
        for (fact, function, column) in [
            (rows, "count", ""),
            ("customers", "count_distinct", "Customer ID"),
            ("orders", "count_distinct", "Order ID"),
            ("sales", "sum", "Sales"),
            ("profit", "sum", "Profit"),
        ] {
            file.check(fact, &file.figure(json!([]), function, column));
        }
        let as_in_the_facts = |time: String| time.replace("T00:00:00Z", "");
        file.check("first", &as_in_the_facts(file.figure(json!([]), "min", "Order Date")));
        file.check("last", &as_in_the_facts(file.figure(json!([]), "max", "Order Date")));
    }
}

#[test]
fn otto() {
    let Some(folder) = shared("otto") else { return };
    let file = File::load(&folder, &fs::read(folder.join("train.jsonl")).unwrap());
    assert_eq!(file.roles().0, Some("OTTO sessions"));
    let columns: Vec<(String, &str, Option<&str>)> =
        file.data.borrow().columns().iter().map(|c| (c.name.to_owned(), c.column_type, c.role)).collect();
    let expected = [
        ("session", "int", Some("session")),
        ("aid", "int", Some("item")),
        ("ts", "time", Some("time")),
        ("type", "text", Some("action")),
    ];
    assert_eq!(columns, expected.map(|(name, column_type, role)| (name.to_owned(), column_type, role)));
    assert_eq!(file.data.borrow().report().rejected, 0);
    file.check("events", &file.figure(json!([]), "count", ""));
    file.check("sessions", &file.figure(json!([]), "count_distinct", "session"));
    file.check("items", &file.figure(json!([]), "count_distinct", "aid"));
    file.top(json!([]), "type", json!({"fn": "count"}), "by_type");
    let per_session = file
        .ask(json!({"kind": "aggregate", "group_by": ["session"], "measures": {"n": {"fn": "count"}}, "order_by": ["session"]}));
    let per_session: Vec<u64> = pairs(&per_session).map(|(_, n)| n.parse().unwrap()).collect();
    assert_eq!(json!(per_session), *file.fact("events_per_session"));
    for (fact, function) in [("first_ms", "min"), ("last_ms", "max")] {
        let ms = file.fact(fact).as_i64().unwrap();
        assert_eq!(
            file.figure(json!([{"column": "ts", "eq": ms}]), function, "ts"),
            file.figure(json!([]), function, "ts"),
            "{fact}"
        );
    }
}

#[test]
fn cdnow() {
    let Some(folder) = shared("cdnow") else { return };
    let file = File::load(&folder, &fs::read(folder.join("CDNOW_master.txt")).unwrap());
    assert_eq!(file.data.borrow().report().rejected, 0);
    for (fact, conditions, function, column) in [
        ("master/rows", json!([]), "count", ""),
        ("master/customers", json!([]), "count_distinct", "customer_id"),
        ("master/cds", json!([]), "sum", "number_of_cds"),
        ("master/dollars", json!([]), "sum", "dollar_value"),
        ("master/zero_amount_rows", json!([{"dollar_value": 0}]), "count", ""),
    ] {
        file.check(fact, &file.figure(conditions, function, column));
    }
    file.check("master/exact_duplicate_rows", &file.n_duplicates());
    let options = serde_json::from_value(json!({"schema": {"column3": {"type": "time"}}})).unwrap();
    let sample = File::load_with(options, &folder, &fs::read(folder.join("CDNOW_sample.txt")).unwrap());
    assert_eq!(sample.figure(json!([]), "count", ""), "6919");
    assert_eq!(sample.figure(json!([]), "count_distinct", "column2"), "2357");
    // The calibration period of the published fits: 39 weeks; x are further days with purchases, T - t_x the weeks since the last.
    let rfm = json!({"kind": "rfm", "actor": "column2", "time": "column3", "order": "column3", "value": "column5",
        "as_of": "1997-10-01", "each": "actor"});
    let summary = fs::read_to_string(folder.join("cdnow_customers_summary.csv")).unwrap();
    let mut n_customers = 0;
    for (found, known) in sample.ask(rfm).lines().zip(summary.lines().skip(1)) {
        let cells = |line: &str| line.split(',').map(|cell| cell.trim().parse::<f64>().unwrap_or(f64::NAN)).collect::<Vec<f64>>();
        let (found, known) = (cells(found), cells(known));
        let days = ((known[3] - known[2]) * 7.0).round() + 1.0;
        assert_eq!((found[0], found[1], found[2]), (known[0], days, known[1] + 1.0));
        n_customers += 1;
    }
    assert_eq!(n_customers, 2_357);
}

#[test]
fn access_log() {
    let Some(folder) = shared("access_logs") else { return };
    let file = File::load(&folder, &fs::read(folder.join("apache_combined_10k.log")).unwrap());
    let report = file.data.borrow().report().clone();
    assert_eq!((report.format.name(), report.pattern.as_deref()), ("log", Some("combined")));
    let fact = |name: &str| file.fact(&format!("apache_combined_10k/{name}"));
    assert_eq!(json!(report.read), *fact("lines"));
    // A line whose user agent is cut off in the middle; the expression that the facts were counted with passes over it too.
    assert_eq!(json!(report.used), *fact("matched_by_simple_combined_regex"));
    let rejects: Vec<(u64, &str)> = report.rejects.kept.iter().map(|r| (r.line, r.reason.as_str())).collect();
    assert_eq!(json!([rejects[0].0]), *fact("unmatched_line_numbers"));
    assert_eq!(rejects, [(8_899, "expected a closing quote after user_agent")]);
    let columns: Vec<(String, &str, Option<&str>)> =
        file.data.borrow().columns().iter().map(|c| (c.name.to_owned(), c.column_type, c.role)).collect();
    let expected = [
        ("remote_host", "text", Some("actor")),
        ("identity", "null", None),
        ("user", "null", None),
        ("time", "time", Some("time")),
        ("method", "text", None),
        ("path", "text", Some("item")),
        ("query", "text", None),
        ("protocol", "text", None),
        ("status", "int", None),
        ("bytes", "int", None),
        ("referrer", "text", Some("channel")),
        ("user_agent", "text", None),
    ];
    assert_eq!(columns, expected.map(|(name, column_type, role)| (name.to_owned(), column_type, role)));
    file.check("apache_combined_10k/unique_client", &file.figure(json!([]), "count_distinct", "remote_host"));
    file.check("apache_combined_10k/bytes", &file.figure(json!([]), "sum", "bytes"));
    file.check("apache_combined_10k/bytes_dash", &file.figure(json!([{"bytes": null}]), "count", ""));
    let statuses = file.ask(json!({"kind": "aggregate", "group_by": ["status"], "measures": {"n": {"fn": "count"}}}));
    let statuses: BTreeMap<String, u64> = pairs(&statuses).map(|(status, n)| (status, n.parse().unwrap())).collect();
    assert_eq!(json!(statuses), *fact("status"));
    let days = file
        .ask(json!({"kind": "aggregate", "group_by": [{"column": "time", "every": "1d"}], "measures": {"n": {"fn": "count"}}}));
    let days: serde_json::Map<String, Value> =
        pairs(&days).map(|(day, n)| (format!("{}/May/2015", &day[8..10]), n.parse::<u64>().unwrap().into())).collect();
    assert_eq!(&Value::Object(days), fact("by_day"));
    // The facts count a path apart with each query behind it; here these are two columns.
    for (column, name, conditions) in [("remote_host", "top5_client", json!([])), ("path", "top5_path", json!([{"query": null}]))]
    {
        let top = file
            .ask(json!({"kind": "aggregate", "where": conditions, "group_by": [column], "measures": {"n": {"fn": "count"}},
            "order_by": ["-n"], "limit": 5}));
        let top: Vec<(String, u64)> = pairs(&top).map(|(key, n)| (key, n.parse().unwrap())).collect();
        assert_eq!(json!(top), *fact(name), "{name}");
    }
}

#[test]
fn yoochoose() {
    let Some(folder) = shared("yoochoose100k") else { return };
    for (part, name) in [("train", "yoochoose-clicks-100k_train_full.txt"), ("test", "yoochoose-clicks-100k_test.txt")] {
        let file = File::load(&folder, &fs::read(folder.join(name)).unwrap());
        assert_eq!(file.data.borrow().report().rejected, 0);
        for (fact, function, column) in
            [("rows", "count", ""), ("sessions", "count_distinct", "SessionId"), ("items", "count_distinct", "ItemId")]
        {
            file.check(&format!("{part}/{fact}"), &file.figure(json!([]), function, column));
        }
        let columns: Vec<_> =
            file.data.borrow().columns().iter().map(|column| (column.name.to_owned(), column.column_type, column.role)).collect();
        assert_eq!(columns[2], ("Time".to_owned(), "time", Some("time")), "seconds with a fraction");
        let first = if part == "train" { "2014-04-01T" } else { "2014-04-07T" };
        assert!(file.figure(json!([]), "min", "Time").starts_with(first));
        if part == "train" {
            file.top(json!([]), "ItemId", json!({"fn": "count"}), "train/top10_items");
        }
    }
}

#[test]
fn retentioneering_ecom() {
    let Some(folder) = shared("retentioneering_ecom") else { return };
    let packed = Command::new("gzip").arg("-dc").arg(folder.join("ecom.csv.gz")).output().unwrap();
    assert!(packed.status.success());
    let file = File::load(&folder, &packed.stdout);
    assert_eq!(file.data.borrow().report().rejected, 0);
    for (fact, function, column) in
        [("rows", "count", ""), ("users", "count_distinct", "user_id"), ("sessions", "count_distinct", "session_id")]
    {
        file.check(fact, &file.figure(json!([]), function, column));
    }
    file.top(json!([]), "event", json!({"fn": "count"}), "events");
    let as_in_the_facts = |time: String| time.replace('T', " ").replace('Z', "");
    file.check("first", &as_in_the_facts(file.figure(json!([]), "min", "timestamp")));
    file.check("last", &as_in_the_facts(file.figure(json!([]), "max", "timestamp")));
    let query =
        json!({"kind": "aggregate", "group_by": [{"column": "timestamp", "every": "1d"}], "measures": {"n": {"fn": "count"}}});
    let days: serde_json::Map<String, Value> =
        pairs(&file.ask(query)).map(|(day, n)| (day.replace("T00:00:00Z", ""), n.parse::<u64>().unwrap().into())).collect();
    assert_eq!(&Value::Object(days), file.fact("events_by_day"));
}

#[test]
fn tianchi_catalogue_is_joined() {
    let Some(folder) = shared("tianchi_mobile") else { return };
    let events = File::load(&folder, &fs::read(folder.join("sample_user_behavior.csv")).unwrap());
    let items = fs::read(folder.join("sample_item_info.csv")).unwrap();
    let catalogue = File::load(&folder, &items);
    let join =
        clickfold::engine::Join { on: "item_id".to_owned(), indicator: Some("is_listed".to_owned()), ..Default::default() };
    let joined = events.data.borrow_mut().join(&catalogue.data.borrow(), &join).unwrap();
    // The same, counted by hand.
    let listed: std::collections::BTreeSet<&str> =
        std::str::from_utf8(&items).unwrap().lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let text = fs::read_to_string(folder.join("sample_user_behavior.csv")).unwrap();
    let keys: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    let n_matched = keys.iter().filter(|key| listed.contains(*key)).count();
    let without: std::collections::BTreeSet<&&str> = keys.iter().filter(|key| !listed.contains(*key)).collect();
    assert_eq!((joined.matched, joined.without), (n_matched as u64, (keys.len() - n_matched) as u64));
    assert_eq!(joined.keys_without, without.len() as u64);
    assert_eq!(joined.columns, ["item_geohash", "item_category_2", "is_listed"]);
    assert_eq!(events.figure(json!([{"is_listed": true}]), "count", ""), n_matched.to_string());
    let n_used = listed.iter().filter(|item| keys.contains(*item)).count();
    assert_eq!(joined.used.iter().filter(|used| **used).count(), n_used);
}
