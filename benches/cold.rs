//! A file in hand to its first answer, and the parts of that: `make bench`.
#![allow(missing_docs, reason = "criterion's macros make items without")]

use std::hint::black_box;

use clickfold::Query;
use clickfold::engine::{Dataset, LoadOptions, Loader};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROWS: u64 = 200_000;

/// Events of a shop with few busy and many quiet items.
fn events() -> Vec<u8> {
    let mut text = String::from("user_id,item_id,category_id,behavior,timestamp\n");
    let mut state = 20_171_125u64;
    for at in 0..ROWS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (user, item) = (state >> 44, (state >> 20) % (1 + (state >> 50)));
        let action = ["pv", "pv", "pv", "cart", "fav", "buy"][(state >> 33) as usize % 6];
        text += &format!("{user},{item},{},{action},{}\n", item % 97, 1_511_568_000 + at / 4);
    }
    text.into_bytes()
}

fn load(bytes: &[u8]) -> clickfold::Result<Dataset> {
    let mut loader = Loader::new(LoadOptions::default())?;
    loader.push(bytes)?;
    loader.finish()
}

fn cold(c: &mut Criterion) {
    let bytes = events();
    let top = r#"{"kind": "aggregate", "where": [{"behavior": "pv"}], "group_by": ["item_id"], "measures": {"n": {"fn": "count"}},
                  "rank": {"fn": "rank", "by": ["-n"]}, "limit": 20}"#;
    let hours = r#"{"kind": "aggregate", "group_by": [{"column": "timestamp", "every": "1h"}, "behavior"], "measures": {"n": {"fn": "count"}}}"#;
    let mut group = c.benchmark_group("cold");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("load", |b| b.iter(|| load(black_box(&bytes))));
    let mut data = load(&bytes).expect("the events are well-formed");
    group.throughput(Throughput::Elements(ROWS));
    for (name, json) in [("top 20 items", top), ("events per hour", hours)] {
        let query: Query = serde_json::from_str(json).expect("the query is well-formed");
        group.bench_function(name, |b| b.iter(|| data.query(black_box(&query), &Default::default())));
    }
    group.finish();
}

criterion_group!(benches, cold);
criterion_main!(benches);
