//! Answers that follow the rows as they are appended, beside questions that are asked again of all rows: `cargo bench --bench live`.
#![allow(missing_docs, reason = "criterion's macros make items without")]

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{Dataset, Loader};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

const ROWS: u64 = 1_000_000;
const USERS: u64 = 100_000;

/// So many events of any of the users, one each second.
fn events(from: u64, n_rows: u64) -> String {
    let mut text = String::from("user,item,action,ts,price\n");
    for at in from..from + n_rows {
        let random = (at ^ 20_171_125).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let action = ["view", "view", "view", "view", "cart", "cart", "buy"][(random >> 40) as usize % 7];
        let (user, item) = ((random >> 20) % USERS, (random >> 8) % 5_000);
        text += &format!("u{user},i{item},{action},{},{}.{:02}\n", 1_700_000_000 + at, random % 90, random % 100);
    }
    text
}

fn load() -> clickfold::Result<Dataset> {
    let schema = json!({"user": {"role": "actor"}, "item": {"role": "item"}, "action": {"role": "action"},
        "ts": {"type": "time", "role": "time"}, "price": {"role": "price"}});
    let mut loader = Loader::new(serde_json::from_value(json!({"schema": schema})).expect("options"))?;
    loader.push(events(0, ROWS).as_bytes())?;
    loader.finish()
}

fn live(c: &mut Criterion) {
    let questions: [(&str, Value); 4] = [
        (
            "top items",
            json!({"kind": "aggregate", "group_by": ["item"], "measures": {"n": {"fn": "count"}}, "order_by": ["-n"], "limit": 20}),
        ),
        (
            "funnel",
            json!({"kind": "funnel", "steps": [{"action": "view"}, {"action": "cart"}, {"action": "buy"}], "within": "24h"}),
        ),
        ("retention", json!({"kind": "retention", "every": "1d", "periods": 7})),
        ("rfm", json!({"kind": "rfm", "purchase": {"action": "buy"}})),
    ];
    for (name, question) in questions {
        let query = Query::parse(&question).expect("a question");
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for n_rows in [25, 1_000] {
            for watches in [true, false] {
                let mut data = load().expect("the events are well-formed");
                let watch = serde_json::from_value(json!({"query": question})).expect("what is watched");
                let view = if watches { data.watch(watch, &Zones::new()).expect("it can be watched") } else { 0 };
                let mut from = ROWS;
                let way = if watches { "watched" } else { "asked again" };
                group.bench_function(format!("{n_rows} rows, {way}"), |b| {
                    b.iter(|| {
                        data.append(events(from, n_rows).as_bytes(), None).expect("rows that fit");
                        from += n_rows;
                        if watches {
                            data.look(view).expect("an answer").map(|told| told.table)
                        } else {
                            data.query(&query, &Zones::new()).ok()
                        }
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, live);
criterion_main!(benches);
