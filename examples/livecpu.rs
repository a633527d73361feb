use clickfold::engine::{Loader, Watch};
use std::time::Instant;
fn main() {
    let text = std::fs::read_to_string("/root/.cache/clickfold/peers/data/taobao-1m.csv").unwrap();
    let lines: Vec<&str> = text.lines().take(200_001).collect();
    let batches: Vec<String> = lines[1..].chunks(1000).map(|c| c.join("\n") + "\n").collect();
    let mut loader = Loader::new(serde_json::from_str(r#"{"live": {"lateness": "30d", "keep": {"rows": 500000}}, "schema": {"item_id": {"role": "item"}, "timestamp": {"type": "time", "role": "time"}}}"#).unwrap()).unwrap();
    loader.push(lines[0].as_bytes()).unwrap();
    loader.push(b"\n").unwrap();
    loader.push(batches[0].as_bytes()).unwrap();
    let mut data = loader.finish().unwrap();
    let query = serde_json::json!({"kind": "aggregate", "group_by": [{"column": "item_id", "as": "item"}], "measures": {"n": {"fn": "count"}}, "rank": {"as": "rk", "fn": "rank", "by": ["-n"]}, "order_by": ["-n", "item"], "limit": 20});
    let arg = std::env::args().nth(1).unwrap_or_default();
    let mut views = vec![];
    if arg.contains('a') {
        views.push(
            data.watch(serde_json::from_value::<Watch>(serde_json::json!({"query": query})).unwrap(), &Default::default())
                .unwrap(),
        );
    }
    if arg.contains('w') {
        views.push(
            data.watch(
                serde_json::from_value::<Watch>(
                    serde_json::json!({"query": query, "window": {"size": "1d"}, "movement": "item"}),
                )
                .unwrap(),
                &Default::default(),
            )
            .unwrap(),
        );
    }
    let (mut append, mut look) = (0.0, 0.0);
    for _ in 0..1 {
        for b in &batches[1..] {
            let t = Instant::now();
            data.append(b.as_bytes(), Some(clickfold::decode::Format::Csv)).unwrap();
            append += t.elapsed().as_secs_f64();
            let t = Instant::now();
            for &v in &views {
                data.look(v).unwrap();
            }
            look += t.elapsed().as_secs_f64();
        }
    }
    println!("append {:.3} ms, look {:.3} ms", append / 199.0 * 1e3, look / 199.0 * 1e3);
}
