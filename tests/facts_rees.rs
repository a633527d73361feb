//! A real shop's first hours: its funnel as others counted it, and why so few carts explain so many purchases.
//!
//! Needs the folder `CLICKFOLD_SHARED` (by default `../shared`); without it these tests pass over.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod shared;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clickfold::Query;
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::text::to_csv;
use serde_json::{Value, json};
use shared::shared;

const VIEW_CART_PURCHASE: [&str; 3] = ["view", "cart", "purchase"];

fn load(folder: &Path) -> Dataset {
    let mut loader = Loader::new(LoadOptions::default()).unwrap();
    loader.push(&fs::read(folder.join("2019-Oct.csv")).unwrap()).unwrap();
    loader.finish().unwrap()
}

/// The answer's cells, header apart.
fn ask(data: &mut Dataset, query: &Value) -> Vec<Vec<String>> {
    let answer = to_csv(&data.query(&Query::parse(query).unwrap(), &Default::default()).unwrap());
    answer.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// How many of `actor` got to each step.
fn funnel(data: &mut Dataset, actor: &str, steps: &[&str]) -> Vec<u64> {
    let steps: Vec<Value> = steps.iter().map(|step| json!({"event_type": step})).collect();
    let rows = ask(data, &json!({"kind": "funnel", "actor": actor, "steps": steps}));
    rows.iter().map(|row| row[1].parse().unwrap()).collect()
}

fn facts(folder: &Path, name: &str, steps: &[&str]) -> Vec<u64> {
    let facts: Value = serde_json::from_slice(&fs::read(folder.join("facts.json")).unwrap()).unwrap();
    let step = |(at, step): (usize, &&str)| facts[name][format!("{}:{step}", at + 1)].as_u64().unwrap();
    steps.iter().enumerate().map(step).collect()
}

/// The file's last row is cut within the user's number. The facts count it as one more visitor; here it is a reject.
#[test]
fn the_funnel_of_visitors_is_the_published_one_but_for_the_cut_row() {
    let Some(folder) = shared("rees46") else { return };
    let mut data = load(&folder);
    assert_eq!(data.report().rejected, 1);
    let mut published = facts(&folder, "funnel_user_view_cart_purchase", &VIEW_CART_PURCHASE);
    assert_eq!(published, [4_505, 111, 62]);
    published[0] -= 1;
    assert_eq!(funnel(&mut data, "user_id", &VIEW_CART_PURCHASE), published);
    let mut published = facts(&folder, "funnel_user_view_purchase", &["view", "purchase"]);
    published[0] -= 1;
    assert_eq!(funnel(&mut data, "user_id", &["view", "purchase"]), published);
    // The cut row has no visit.
    let published = facts(&folder, "funnel_session_view_cart_purchase", &VIEW_CART_PURCHASE);
    assert_eq!(funnel(&mut data, "user_session", &VIEW_CART_PURCHASE), published);
}

#[test]
fn most_buyers_skip_the_cart() {
    let Some(folder) = shared("rees46") else { return };
    let mut data = load(&folder);
    let mut users = |action: &str| -> BTreeSet<String> {
        let query = json!({"kind": "aggregate", "where": [{"event_type": action}], "group_by": ["user_id"]});
        ask(&mut data, &query).into_iter().map(|mut row| row.remove(0)).collect()
    };
    let (buyers, fillers) = (users("purchase"), users("cart"));
    assert_eq!((buyers.len(), fillers.len()), (193, 111));
    assert_eq!(buyers.difference(&fillers).count(), 131, "buyers who put nothing into a cart");
    assert_eq!(buyers.intersection(&fillers).count(), 62, "all others went the whole way");
}

/// As counted in SQL: purchases of the same visitor and product at or after the first event of a cart.
#[test]
fn carts_of_visitors_and_products() {
    let Some(folder) = shared("rees46") else { return };
    let mut data = load(&folder);
    let mut query = json!({"kind": "abandonment", "cart": {"event_type": "cart"}, "buy": {"event_type": "purchase"}});
    assert_eq!(ask(&mut data, &query), [["125", "56", "0.448", "41513.60", "19526.19", "0"]]);
    query["each"] = json!("actor");
    query["having"] = json!([{"bought": false}]);
    assert_eq!(ask(&mut data, &query).len(), 56);
}
