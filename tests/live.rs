//! Rows that keep coming: a question that is watched answers as one that is asked, windows close with the answers of their
//! rows in whatever order those came, and no row is lost without being told.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod random;

use std::collections::{BTreeMap, BTreeSet};

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{Dataset, Loader, Told, Watch};
use clickfold::kernel::bucket::Zone;
use clickfold::text::to_csv;
use random::Random;
use serde_json::{Value, json};

const HEADER: &str = "user,item,action,ts,price,big\n";

fn loaded(text: &str, live: Value, fixed: bool) -> Dataset {
    let column = |column_type: &str, role: Option<&str>| match fixed {
        true => json!({ "type": column_type, "role": role }),
        false => json!({ "role": role }),
    };
    let schema = json!({
        "user": column("int", Some("actor")), "item": column("text", None), "action": column("text", None), "ts": column("time", Some("time")),
        "price": column("decimal", None), "big": column("int", None),
    });
    let options = json!({ "schema": schema, "live": live, "awaits_rows": text == HEADER });
    let mut loader = Loader::new(serde_json::from_value(options).unwrap()).unwrap();
    loader.push(text.as_bytes()).unwrap();
    loader.finish().unwrap()
}

fn zones() -> Zones {
    Zones::from([("Europe/Berlin".to_owned(), Zone::new(vec![(i64::MIN, 3_600), (1_711_846_800, 7_200)]))])
}

/// Rows of few different values, so that all ties occur; later ones may ask for wider types.
fn rows(random: &mut Random, n: usize, widens: bool) -> Vec<String> {
    let row = |at: usize, random: &mut Random| {
        let wide = widens && at > n / 2;
        let price = if wide { random.pick(&["1.255", "7", "n/a", ""]) } else { random.pick(&["1.25", "7.00", "0.10", ""]) };
        let user = if wide { random.pick(&["1", "2", "70000", "x", ""]) } else { random.pick(&["1", "2", "3", "70000", ""]) };
        format!(
            "{user},{},{},{},{price},{}\n",
            random.pick(&["a", "b", "ä", "c", ""]),
            random.pick(&["view", "cart", "buy", ""]),
            time(random.below(40) as i64 * 300),
            random.pick(&["2053013555631882655", "3", "4", ""]),
        )
    };
    (0..n).map(|at| row(at, random)).collect()
}

/// So many seconds after a Sunday morning.
fn time(seconds: i64) -> String {
    format!("2024-03-10T{:02}:{:02}:{:02}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn asked(data: &mut Dataset, query: &Value) -> String {
    to_csv(&data.query(&Query::parse(query).unwrap(), &zones()).unwrap())
}

fn watch(data: &mut Dataset, watch: Value) -> u32 {
    let watch: Watch = serde_json::from_value(watch).unwrap();
    data.watch(watch, &zones()).unwrap()
}

fn looked(data: &mut Dataset, view: u32) -> String {
    data.look(view).unwrap().map_or_else(String::new, |told| to_csv(&told.table))
}

fn examples() -> Vec<Value> {
    Query::examples().into_iter().map(|query| serde_json::from_str(query).unwrap()).collect()
}

#[test]
fn what_is_watched_is_what_is_asked() {
    let mut n_told = 0;
    for seed in 0..6 {
        let mut random = Random(seed);
        for query in examples() {
            let begins_empty = random.below(3) == 0;
            let rows = rows(&mut random, 120, !begins_empty); // the types are told where no row has come
            let keep = random.pick(&["all", "rows", "time"]);
            let keep = match keep {
                "rows" => json!({ "rows": 50 }),
                "time" => json!({ "time": "1h" }),
                _ => json!({}),
            };
            let mut next = if begins_empty { 0 } else { 20 };
            let mut data = loaded(&(HEADER.to_owned() + &rows[..next].concat()), json!({ "keep": keep }), begins_empty);
            let view = watch(&mut data, json!({ "query": query }));
            while next < rows.len() {
                let n = (1 + random.below(30)).min(rows.len() - next);
                data.append(rows[next..next + n].concat().as_bytes(), None).unwrap();
                next += n;
                if random.below(8) == 0 {
                    data.advance(1_710_028_800_000 + random.below(8) as i64 * 3_600_000).unwrap();
                }
                if random.below(2) == 0 {
                    continue;
                }
                let expected = data.query(&Query::parse(&query).unwrap(), &zones());
                let told = data.look(view);
                match (&expected, &told) {
                    (Ok(expected), Ok(Some(told))) => {
                        assert_eq!(to_csv(&told.table), to_csv(expected), "seed {seed}, {keep}, {query}");
                    }
                    // A column's type may no longer do for the question; then it is watched no more.
                    (Err(expected), Err(told)) => assert_eq!(told.to_string(), expected.to_string()),
                    _ => panic!("{expected:?}, {told:?}, {query}"),
                }
                if told.is_err() {
                    break;
                }
                n_told += 1;
            }
            let state = data.live_state().unwrap();
            assert_eq!(data.report().used, data.n_rows() as u64 + state.dropped);
        }
    }
    assert!(n_told > 500, "{n_told}");
}

/// The closed windows' answers by their starts, each of which must be told once, in order.
fn closed(data: &mut Dataset, view: u32, into: &mut BTreeMap<i64, String>) {
    for Told { table, windows } in data.closed(view).unwrap() {
        let [(start, _, provisional)] = windows[..] else { panic!("{windows:?}") };
        assert!(!provisional && into.last_key_value().is_none_or(|(&last, _)| last < start));
        assert!(into.insert(start, to_csv(&table)).is_none());
    }
}

/// What each window must say: the answer to the question of its rows alone.
fn windows_of(rows: &[String], query: &Value, size: i64, hop: i64) -> BTreeMap<i64, String> {
    let mut sorted = rows.to_vec();
    sorted.sort_by_cached_key(|row| canonical(row));
    let mut data = loaded(&(HEADER.to_owned() + &sorted.concat()), Value::Null, true);
    let at = |row: &String| row.split(',').nth(3).unwrap().to_owned();
    let day = 1_710_028_800;
    let mut told = BTreeMap::new();
    for start in (day - size + hop..day + 86_400).step_by(hop as usize) {
        let (first, end) = (time((start - day).max(0)), time(start - day + size));
        if !rows.iter().any(|row| at(row) >= first && at(row) < end) {
            continue;
        }
        let mut inside = query.clone();
        let mut conditions = vec![json!({ "column": "ts", "gte": first, "lt": end })];
        conditions.extend(query.get("where").and_then(Value::as_array).into_iter().flatten().cloned());
        inside["where"] = Value::Array(conditions);
        told.insert(start, asked(&mut data, &inside));
    }
    told
}

/// What rows are put in order by: their time, then their values, nulls last.
fn canonical(row: &str) -> impl Ord + use<> {
    let cells: Vec<&str> = row.trim_end().split(',').collect();
    let number = |cell: &str| (cell.is_empty(), cell.replace('.', "").parse::<i64>().unwrap_or(0));
    let text = |cell: &str| (cell.is_empty(), cell.to_owned());
    (text(cells[3]), number(cells[0]), text(cells[1]), text(cells[2]), number(cells[4]), number(cells[5]))
}

/// The answer without what windows put before it.
fn bare(answers: &BTreeMap<i64, String>) -> BTreeMap<i64, Vec<String>> {
    let line = |line: &str| line.splitn(4, ',').nth(3).unwrap_or("").to_owned();
    answers.iter().map(|(&start, text)| (start, text.lines().map(line).collect())).collect()
}

#[test]
fn windows_close_with_the_answers_of_their_rows_in_whatever_order_those_come() {
    for seed in 0..3 {
        let mut random = Random(100 + seed);
        for query in examples() {
            let rows = rows(&mut random, 60, false);
            let (size, hop) = [("1h", "1h"), ("1h", "15m"), ("30m", "10m")][random.below(3)];
            let seconds = |text: &str| if text == "1h" { 3_600 } else { text[..2].parse::<i64>().unwrap() * 60 };
            let expected = windows_of(&rows, &query, seconds(size), seconds(hop));
            for (order, n_first) in [(0, 10), (1, 0)] {
                let mut shuffled = rows.clone();
                for at in (1..shuffled.len()).rev() {
                    shuffled.swap(at, random.below(at + 1));
                }
                let mut data = loaded(
                    &(HEADER.to_owned() + &shuffled[..n_first].concat()),
                    json!({ "lateness": "1d", "keep": { "rows": 8 } }),
                    true,
                );
                let view = watch(&mut data, json!({ "query": query, "window": { "size": size, "hop": hop }, "closes": true }));
                for part in shuffled[n_first..].chunks(1 + random.below(20)) {
                    assert_eq!(data.append(part.concat().as_bytes(), None).unwrap().late, 0);
                }
                let mut told = BTreeMap::new();
                closed(&mut data, view, &mut told);
                assert!(told.is_empty());
                data.advance(1_710_028_800_000 + 3 * 86_400_000).unwrap();
                closed(&mut data, view, &mut told);
                let expected: BTreeMap<i64, Vec<String>> =
                    expected.iter().map(|(&start, text)| (start, text.lines().map(str::to_owned).collect())).collect();
                assert_eq!(bare(&told), expected, "seed {seed}, order {order}, {size} by {hop}, {query}");
            }
        }
    }
}

#[test]
fn rows_that_are_no_later_than_agreed_are_never_late() {
    let mut random = Random(7);
    let query = json!({ "kind": "aggregate", "group_by": ["item"], "measures": { "n": { "fn": "count" }, "users": { "fn": "count_distinct", "column": "user" } } });
    for _ in 0..20 {
        let mut rows = rows(&mut random, 300, false);
        rows.sort_by_cached_key(|row| canonical(row));
        let all = rows.clone();
        // Each row comes up to ten minutes, by the times of others, after its turn.
        let second = |row: &String| {
            let clock: Vec<i64> = row.split(',').nth(3).unwrap()[11..19].split(':').map(|part| part.parse().unwrap()).collect();
            clock[0] * 3_600 + clock[1] * 60 + clock[2]
        };
        rows.sort_by_cached_key(|row| second(row) + random.below(601) as i64);
        let mut data = loaded(&(HEADER.to_owned() + &rows[..5].concat()), json!({ "lateness": "10m" }), true);
        let mut watched = |closes| {
            watch(&mut data, json!({ "query": query, "window": { "size": "20m", "hop": "10m" }, "show": 3, "closes": closes }))
        };
        let (view, quiet) = (watched(true), watched(false));
        let mut told = BTreeMap::new();
        closed(&mut data, view, &mut told);
        for part in rows[5..105].chunks(7).chain([&rows[105..205]]).chain(rows[205..].chunks(7)) {
            assert_eq!(data.append(part.concat().as_bytes(), None).unwrap().late, 0);
            closed(&mut data, view, &mut told);
            assert_eq!(
                looked(&mut data, view),
                looked(&mut data, quiet),
                "the windows that are shown do not depend on which are told"
            );
        }
        assert!(told.len() > 10);
        let expected = windows_of(&all, &query, 1_200, 600);
        data.advance(1_710_028_800_000 + 2 * 86_400_000).unwrap();
        closed(&mut data, view, &mut told);
        assert_eq!(bare(&told).keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        assert!(bare(&told).values().flatten().eq(expected.values().flat_map(|text| text.lines())));
    }
}

#[test]
fn late_rows_change_nothing_and_are_kept_aside() {
    let row = |minute: i64, item: &str| format!("1,{item},view,{},1.00,3\n", time(minute * 60));
    let count = json!({ "kind": "aggregate", "group_by": ["item"], "measures": { "n": { "fn": "count" } } });
    let mut data = loaded(&(HEADER.to_owned() + &row(0, "a")), json!({ "lateness": "1m" }), true);
    let view = watch(&mut data, json!({ "query": count, "window": { "size": "10m" }, "show": 3, "closes": true }));
    let all = watch(&mut data, json!({ "query": count }));
    assert_eq!(data.append((row(9, "a") + &row(10, "b")).as_bytes(), None).unwrap().late, 0);
    assert!(data.closed(view).unwrap().is_empty(), "a minute must pass");
    assert_eq!(
        data.append((row(11, "b") + &row(9, "c")).as_bytes(), None).unwrap().late,
        0,
        "the window closes behind the rows that close it"
    );
    assert_eq!(data.append((row(9, "d") + &row(5, "d") + &row(12, "b")).as_bytes(), None).unwrap().late, 2);
    let told = data.closed(view).unwrap();
    assert_eq!(told.len(), 1);
    let expected = "window_start,window_end,provisional,item,n\n\
        2024-03-10T00:00:00Z,2024-03-10T00:10:00Z,false,a,2\n2024-03-10T00:00:00Z,2024-03-10T00:10:00Z,false,c,1\n";
    assert_eq!(to_csv(&told[0].table), expected);
    let open = "2024-03-10T00:10:00Z,2024-03-10T00:20:00Z,true,b,3\n";
    assert_eq!(looked(&mut data, view), expected.to_owned() + open);
    assert_eq!(looked(&mut data, all), "item,n\na,2\nb,3\nc,1\nd,2\n", "all rows are in what has no windows");
    assert_eq!(to_csv(&data.late_rows().unwrap()).lines().count(), 3);
    let state = data.live_state().unwrap();
    assert_eq!((state.late, state.newest, state.watermark), (2, Some(1_710_029_520_000.0), Some(1_710_029_460_000.0)));
    let report = data.report();
    assert_eq!((report.read, report.used), (8, 8));
}

#[test]
fn rows_that_are_kept_for_a_time_go_as_time_passes_without_rows() {
    let mut data = loaded(HEADER, json!({ "keep": { "time": "16m" } }), true);
    let count = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" } } });
    let view = watch(&mut data, json!({ "query": count }));
    for minute in 0..16 {
        data.append(format!("1,a,view,{},1.00,3\n", time(minute * 60)).as_bytes(), None).unwrap();
    }
    let morning = 1_710_028_800_000;
    for (minute, n) in [(10, 16), (16, 16), (17, 15), (24, 8), (31, 1), (32, 0)] {
        data.advance(morning + minute * 60_000).unwrap();
        assert_eq!((data.n_rows(), looked(&mut data, view)), (n, format!("n\n{n}\n")), "{minute}");
    }
    assert_eq!(data.live_state().unwrap().dropped, 16);
    assert_eq!(asked(&mut data, &count), "n\n0\n");
    data.append(format!("1,a,view,{},1.00,3\n1,a,view,,1.00,3\n", time(40 * 60)).as_bytes(), None).unwrap();
    assert_eq!(looked(&mut data, view), "n\n2\n");
    assert_eq!(data.report().used, 18);
}

#[test]
fn how_times_are_written_is_known_when_all_rows_have_gone() {
    let mut loader = Loader::new(serde_json::from_value(json!({ "live": { "keep": { "time": "16m" } } })).unwrap()).unwrap();
    loader.push(b"user,ts,day\na,1710028800,20240310\nb,1710028860,20240311\n").unwrap();
    let mut data = loader.finish().unwrap();
    let types = |data: &Dataset| data.columns().iter().map(|column| column.column_type).collect::<Vec<_>>();
    let before = types(&data);
    data.advance(1_710_036_000_000).unwrap();
    assert_eq!(data.n_rows(), 0);
    data.append(b"c,1710036000,20240312\n", None).unwrap();
    assert_eq!((types(&data), before[1]), (before.clone(), "time"));
    data.append(b"d,1710036060,\n", None).unwrap();
    assert_eq!(types(&data), before);
}

#[test]
fn rows_without_a_time_are_kept_by_when_they_came() {
    let mut data = loaded(HEADER, json!({ "keep": { "time": "16m" } }), true);
    for minute in 0..16 {
        let at = if minute % 2 == 0 { time(minute * 60) } else { String::new() };
        data.append(format!("1,a,view,{at},1.00,3\n").as_bytes(), None).unwrap();
    }
    let mut kept = vec![];
    for minute in [14, 17, 24, 31] {
        data.advance(1_710_028_800_000 + minute * 60_000).unwrap();
        kept.push(data.n_rows());
    }
    assert_eq!(kept, [16, 15, 9, 1]);
    let mut data = loaded(HEADER, json!({ "keep": { "time": "16m" } }), true);
    for _ in 0..3 {
        data.append(b"1,a,view,,1.00,3\n", None).unwrap();
    }
    data.advance(1_710_028_800_000).unwrap();
    assert_eq!(data.n_rows(), 3, "nobody knows how old they are");
}

#[test]
fn a_stream_may_begin_before_its_first_event_and_that_before_its_times() {
    let mut data = loaded(HEADER, json!({}), true);
    let types = |data: &Dataset| data.columns().iter().map(|column| column.column_type).collect::<Vec<_>>();
    assert_eq!(types(&data), ["int", "text", "text", "time", "decimal", "int"]);
    let hours = json!({ "kind": "aggregate", "group_by": [{ "column": "ts", "every": "1h", "as": "hour" }], "measures": { "n": { "fn": "count" } } });
    let view = watch(&mut data, json!({ "query": hours }));
    assert_eq!(looked(&mut data, view), "hour,n\n");
    for row in ["1,a,view,,1.00,3\n", "1,a,view,1710028800,1,3\n", "2,a,buy,1710028801,,\n"] {
        data.append(row.as_bytes(), None).unwrap();
    }
    assert_eq!(types(&data), ["int", "text", "text", "time", "decimal", "int"]);
    assert_eq!(looked(&mut data, view), "hour,n\n2024-03-10T00:00:00Z,2\n,1\n");
    let windowed = watch(&mut data, json!({ "query": hours, "window": { "size": "1d" } }));
    assert!(looked(&mut data, windowed).ends_with("2024-03-10T00:00:00Z,2\n"));

    let schema = json!({ "day": { "type": "time" }, "ts": { "type": "time", "role": "time" } });
    let options = json!({ "schema": schema, "live": {}, "clean": [{ "step": "trim" }, { "step": "derive", "as": "later", "expr": "ts" }], "awaits_rows": true });
    let mut loader = Loader::new(serde_json::from_value(options).unwrap()).unwrap();
    loader.push(b"user,day,ts\n").unwrap();
    let mut data = loader.finish().unwrap();
    for row in ["a,,\n", "a,2024-03-10,1710028800\n", " b,2024-03-11,1710028801\n"] {
        data.append(row.as_bytes(), None).unwrap();
    }
    assert_eq!(types(&data), ["text", "time", "time", "time"]);
    let all = json!({ "kind": "rows", "select": ["user", "day", "ts"], "order_by": ["user"] });
    assert_eq!(
        asked(&mut data, &all),
        "user,day,ts\na,,\na,2024-03-10T00:00:00Z,2024-03-10T00:00:00Z\nb,2024-03-11T00:00:00Z,2024-03-10T00:00:01Z\n"
    );

    let refused = |text: &str, awaits_rows: bool| {
        let mut loader = Loader::new(serde_json::from_value(json!({ "awaits_rows": awaits_rows })).unwrap()).unwrap();
        loader.push(text.as_bytes()).unwrap();
        loader.finish().unwrap_err().to_string()
    };
    assert_eq!(refused("user,item\n", false), "the file has a header (user, item) but no rows");
    assert_eq!(refused("", true), "the file is empty");
    assert_eq!(refused("[]", true), "the JSON text holds no object that could be a row");
}

#[test]
fn a_window_says_how_far_its_items_have_moved() {
    let row = |minute: i64, item: &str| format!("1,{item},view,{},1.00,3\n", time(minute * 60));
    let top = json!({ "kind": "aggregate", "group_by": ["item"], "measures": { "n": { "fn": "count" } }, "order_by": ["-n"], "limit": 3 });
    let first: String = ["a", "a", "a", "b", "b", "c"].iter().map(|item| row(1, item)).collect();
    let mut data = loaded(&(HEADER.to_owned() + &first), json!({}), true);
    let view = watch(&mut data, json!({ "query": top, "window": { "size": "10m" }, "movement": "item", "closes": true }));
    assert_eq!(
        looked(&mut data, view),
        "window_start,window_end,provisional,item,n,place_before,moved\n\
         2024-03-10T00:00:00Z,2024-03-10T00:10:00Z,true,a,3,,\n2024-03-10T00:00:00Z,2024-03-10T00:10:00Z,true,b,2,,\n\
         2024-03-10T00:00:00Z,2024-03-10T00:10:00Z,true,c,1,,\n"
    );
    let second: String = ["c", "c", "c", "d", "d", "a"].iter().map(|item| row(11, item)).collect();
    data.append(second.as_bytes(), None).unwrap();
    let moved = "window_start,window_end,provisional,item,n,place_before,moved\n\
         2024-03-10T00:10:00Z,2024-03-10T00:20:00Z,true,c,3,3,2\n2024-03-10T00:10:00Z,2024-03-10T00:20:00Z,true,d,2,,\n\
         2024-03-10T00:10:00Z,2024-03-10T00:20:00Z,true,a,1,1,-2\n";
    assert_eq!(looked(&mut data, view), moved);
    data.append(row(40, "z").as_bytes(), None).unwrap();
    let told = data.closed(view).unwrap();
    assert_eq!(to_csv(&told[1].table), moved.replace("true", "false"));
}

#[test]
fn sessions_close_when_the_silence_is_longer_than_the_gap() {
    let query = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" }, "items": { "fn": "count_distinct", "column": "item" } } });
    for seed in 0..40 {
        let mut random = Random(seed);
        let mut all = rows(&mut random, 80, false);
        all.retain(|row| !row.starts_with(','));
        all.dedup();
        let mut expected = BTreeSet::new();
        let mut by_user: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        for row in &all {
            by_user.entry(row.split(',').next().unwrap()).or_default().push(row);
        }
        let instant = |row: &str| {
            let clock: Vec<i64> = row.split(',').nth(3).unwrap()[11..19].split(':').map(|part| part.parse().unwrap()).collect();
            clock[0] * 3_600 + clock[1] * 60 + clock[2]
        };
        for (user, mut rows) in by_user {
            rows.sort_by_key(|row| instant(row));
            for session in rows.chunk_by(|a, b| instant(b) - instant(a) <= 600) {
                let items: BTreeSet<&str> =
                    session.iter().map(|row| row.split(',').nth(1).unwrap()).filter(|item| !item.is_empty()).collect();
                let (start, end) = (time(instant(session[0])), time(instant(session[session.len() - 1]) + 600));
                expected.insert(format!("{start},{end},false,{user},{},{}", session.len(), items.len()));
            }
        }
        // Up to half an hour late.
        all.sort_by_cached_key(|row| instant(row) + random.below(1_801) as i64);
        let mut data = loaded(&(HEADER.to_owned() + &all[..3].concat()), json!({ "lateness": "30m" }), true);
        let view = watch(&mut data, json!({ "query": query, "window": { "gap": "10m" }, "closes": true }));
        let mut told = BTreeSet::new();
        let mut take = |data: &mut Dataset| {
            for session in data.closed(view).unwrap() {
                for line in to_csv(&session.table).lines().skip(1) {
                    assert!(told.insert(line.to_owned()), "{line} twice");
                }
            }
            told.len()
        };
        for part in all[3..].chunks(1 + random.below(9)) {
            assert_eq!(data.append(part.concat().as_bytes(), None).unwrap().late, 0);
            take(&mut data);
        }
        let open = looked(&mut data, view);
        assert!(open.lines().skip(1).all(|line| line.contains(",true,")) && open.lines().count() > 1);
        data.advance(1_710_028_800_000 + 86_400_000).unwrap();
        let n_told = take(&mut data);
        assert_eq!(told, expected, "seed {seed}");
        // A row that comes now is late, and says so.
        assert_eq!(data.append(all[0].as_bytes(), None).unwrap().late, 1);
        assert_eq!(told.len(), n_told);
    }
}

/// Rows of any columns, loaded as a stream's are.
fn stream(text: &str, schema: Value, live: Value) -> Dataset {
    let options = json!({ "schema": schema, "live": live, "awaits_rows": text.lines().count() == 1 });
    let mut loader = Loader::new(serde_json::from_value(options).unwrap()).unwrap();
    loader.push(text.as_bytes()).unwrap();
    loader.finish().unwrap()
}

#[test]
fn the_last_of_all_times_closes_what_comes_before() {
    let mut data = stream("t,v\n2024-03-10T00:00:00.000000001Z,1\n", json!({ "t": { "role": "time" } }), json!({}));
    let count = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" } } });
    let view = watch(&mut data, json!({ "query": count, "window": { "size": "1h", "hop": "15m" }, "closes": true }));
    data.append(b"2262-04-11T23:47:16.854775807Z,2\n", None).unwrap();
    assert_eq!(data.closed(view).unwrap().len(), 4 + 4, "the last of all times is the end of its own windows, too");
    assert!(data.look(view).unwrap().is_some());
}

#[test]
fn the_first_fraction_of_a_second_ends_no_window() {
    let rows = |from: i64, to: i64| (from..to).map(|at| format!("{},1\n", time(at * 60))).collect::<String>();
    let mut data =
        stream(&("t,v\n".to_owned() + &rows(0, 1)), json!({ "t": { "role": "time" } }), json!({ "keep": { "rows": 32 } }));
    let count = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" } } });
    let view = watch(&mut data, json!({ "query": count, "window": { "size": "10m" } }));
    for at in 1..75 {
        data.append(rows(at, at + 1).as_bytes(), None).unwrap();
    }
    assert!(data.live_state().unwrap().dropped > 30);
    data.append(b"2024-03-10T01:15:00.5Z,1\n", None).unwrap();
    assert!(looked(&mut data, view).ends_with(",true,6\n"));
}

#[test]
fn open_sessions_keep_their_rows_when_a_type_widens() {
    let row = |minute: i64, user: &str, v: &str| format!("{user},{},{v}\n", time(minute * 60));
    let schema = json!({ "user": { "role": "actor" }, "t": { "role": "time" } });
    let mut data = stream(&("user,t,v\n".to_owned() + &row(0, "u", "1")), schema, json!({ "keep": { "rows": 16 } }));
    let count = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" } } });
    let view = watch(&mut data, json!({ "query": count, "window": { "gap": "30m" } }));
    for (minute, user) in [(20, "u"), (40, "u"), (45, "w")] {
        data.append(row(minute, user, "1").as_bytes(), None).unwrap();
    }
    let before = looked(&mut data, view);
    assert!(before.contains("2024-03-10T00:00:00Z,2024-03-10T01:10:00Z,true,u,3\n"), "{before}");
    data.append(row(46, "w", "1.5").as_bytes(), None).unwrap();
    assert_eq!(looked(&mut data, view), before.replace(",w,1\n", ",w,2\n").replace("01:15:00Z,true,w", "01:16:00Z,true,w"));
}

#[test]
fn sessions_are_watched_before_any_row_has_come() {
    for fixed in [true, false] {
        let schema = match fixed {
            true => json!({ "user": { "type": "text", "role": "actor" }, "t": { "type": "time", "role": "time" } }),
            false => json!({ "user": { "role": "actor" }, "t": { "type": "time", "role": "time" } }),
        };
        let mut data = stream("user,t\n", schema, json!({}));
        let count = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" } } });
        let view = watch(&mut data, json!({ "query": count, "window": { "gap": "30m" }, "closes": true }));
        assert_eq!(looked(&mut data, view), "window_start,window_end,provisional,user,n\n");
        data.advance(1_710_028_800_000).unwrap();
        assert_eq!(looked(&mut data, view), "window_start,window_end,provisional,user,n\n");
        data.append(format!("u,{}\n", time(60)).as_bytes(), None).unwrap();
        assert!(looked(&mut data, view).ends_with("2024-03-10T00:01:00Z,2024-03-10T00:31:00Z,true,u,1\n"));
    }
    let mut data = stream("user,t\n", json!({ "user": { "role": "actor" }, "t": { "type": "time", "role": "time" } }), json!({}));
    let trend = json!({ "query": { "kind": "aggregate", "measures": { "n": { "fn": "trend", "half_life": "1m" } } }, "window": { "gap": "1m" } });
    let error = data.watch(serde_json::from_value(trend).unwrap(), &zones()).unwrap_err();
    assert!(error.kind().code() == "UNSUPPORTED" && error.to_string().contains("each session has its own"), "{error}");
}

#[test]
fn a_window_that_closed_without_a_row_does_not_come_back() {
    let row = |second: i64| format!("u,{},a\n", time(second));
    let count = json!({ "kind": "aggregate", "group_by": ["item"], "measures": { "n": { "fn": "count" } } });
    let hops = json!({ "size": "1m", "hop": "20s" });
    let schema = json!({ "user": { "role": "actor" }, "t": { "role": "time" } });
    let mut data = stream(&("user,t,item\n".to_owned() + &row(3_600)), schema, json!({}));
    let view = watch(&mut data, json!({ "query": count, "window": hops, "show": 4, "movement": "item", "closes": true }));
    data.append(row(4_241).as_bytes(), None).unwrap();
    data.closed(view).unwrap();
    // Too late for the window from 4,180 to 4,240, in time for the two behind it.
    assert_eq!(data.append(row(4_234).as_bytes(), None).unwrap().late, 0);
    let told = data.look(view).unwrap().unwrap();
    let instants = |(start, _, provisional): &(i64, i64, bool)| (start - 1_710_028_800, *provisional);
    let windows: Vec<(i64, bool)> = told.windows.iter().map(instants).collect();
    assert_eq!(windows, [(3_560, false), (3_580, false), (3_600, false), (4_200, true)]);
    data.append(row(5_000).as_bytes(), None).unwrap();
    let closed: Vec<String> = data.closed(view).unwrap().iter().map(|told| to_csv(&told.table)).collect();
    assert_eq!(closed.len(), 3);
    assert!(closed[0].ends_with(",false,a,2,1,0\n"), "{closed:?}");
}

/// Half a year of rows are in some ten million windows of an hour by the second.
#[test]
fn windows_that_nobody_is_told_are_passed_over() {
    let row = |at: usize| format!("u,2024-{:02}-{:02}T{:02}:00:00Z,a\n", 1 + at / 28 / 24 % 6, 1 + at / 24 % 28, at % 24);
    let count = json!({ "kind": "aggregate", "group_by": ["item"], "measures": { "n": { "fn": "count" } } });
    let schema = json!({ "user": { "role": "actor" }, "t": { "role": "time" } });
    let mut data = stream(&("user,t,item\n".to_owned() + &(0..6 * 28 * 24).map(row).collect::<String>()), schema, json!({}));
    let view = watch(&mut data, json!({ "query": count, "window": { "size": "1h", "hop": "1s" }, "show": 2 }));
    assert_eq!(
        looked(&mut data, view),
        "window_start,window_end,provisional,item,n\n2024-06-28T22:00:00Z,2024-06-28T23:00:00Z,false,a,1\n2024-06-28T22:00:01Z,2024-06-28T23:00:01Z,true,a,1\n"
    );
    assert!(data.closed(view).unwrap().is_empty());
}

#[test]
fn a_type_that_is_told_stays_and_is_as_wide_as_told() {
    let schema = json!({
        "user": { "role": "actor" }, "t": { "type": "time", "role": "time", "unit": "ms" }, "price": { "type": "decimal", "scale": 4 },
        "tax": { "type": "decimal" }, "at": { "type": "time" },
    });
    let mut data = stream("user,t,price,tax,at\nu,2024-03-10T00:00:00Z,2,,\n", schema, json!({ "keep": { "rows": 1 } }));
    let types = |data: &Dataset| {
        let told =
            data.columns().into_iter().map(|c| format!("{} {}{}", c.column_type, c.unit.unwrap_or(""), c.scale.unwrap_or(0)));
        told.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(types(&data), "text 0, time ms0, decimal 4, decimal 0, time s0");
    let sum = json!({ "kind": "aggregate", "measures": { "sum": { "fn": "sum", "column": "price" }, "n": { "fn": "count", "column": "tax" } } });
    let view = watch(&mut data, json!({ "query": sum, "window": { "size": "1h" } }));
    for at in 1..40 {
        data.append(format!("u,{},1.5,,\n", time(at)).as_bytes(), None).unwrap();
    }
    assert_eq!(data.live_state().unwrap().dropped, 39);
    // Rows of the window are gone: it could not begin again with wider types.
    data.append(b"u,2024-03-10T00:01:00.125Z,0.1255,,\n", None).unwrap();
    assert!(looked(&mut data, view).ends_with(",60.6255,0\n"), "{}", looked(&mut data, view));
    data.append(b"u,2024-03-10T00:01:02Z,0.12345,,\n", None).unwrap();
    let error = data.look(view).unwrap_err().to_string();
    assert!(error.contains("\"scale\""), "{error}");
    for (told, expected) in [
        (json!({ "type": "int", "scale": 2 }), "of the type decimal"),
        (json!({ "type": "decimal", "scale": 19 }), "from 0 to 18"),
        (json!({ "type": "decimal", "scale": 300 }), "from 0 to 18"),
        (json!({ "type": "decimal", "scale": 1.5 }), "from 0 to 18"),
        (json!({ "type": "time", "unit": "m" }), "\"ns\""),
        (json!({ "unit": "ms" }), "its type time"),
    ] {
        let mut loader = Loader::new(serde_json::from_value(json!({ "schema": { "a": told } })).unwrap());
        let refused = loader.as_mut().map_or_else(|error| error.to_string(), |_| String::new());
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn another_column_may_say_what_time_it_is_and_who_it_was() {
    let text = "u,w,a,b\n1,1,2024-03-10T00:00:00.000Z,2024-01-01T00:00:00Z\n1,2,2024-03-10T00:30:00.000Z,2024-01-01T05:00:00Z\n";
    let roles = |role: &str| {
        std::collections::BTreeMap::from([(role.to_owned(), Some(if role == "b" { "time" } else { "actor" }.to_owned()))])
    };
    let mut data = stream(text, json!({ "u": { "role": "actor" }, "a": { "role": "time" } }), json!({}));
    let count = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" } } });
    let windows = watch(&mut data, json!({ "query": count, "window": { "size": "1h" } }));
    let sessions = json!({ "kind": "sessions", "gap": "10h" });
    let visits = watch(&mut data, json!({ "query": sessions }));
    assert!(looked(&mut data, windows).contains("2024-03-10T00:00:00.000Z"));
    data.set_roles(&roles("b")).unwrap();
    assert_eq!(data.live_state().unwrap().newest, Some(1_704_085_200_000.0));
    assert!(looked(&mut data, windows).contains("2024-01-01T05:00:00Z,2024-01-01T06:00:00Z,true,1\n"));
    assert_eq!(looked(&mut data, visits), asked(&mut data, &sessions));
    data.set_roles(&roles("w")).unwrap();
    assert_eq!(looked(&mut data, visits), asked(&mut data, &sessions));
    assert_eq!(data.append(b"1,2,2024-03-10T00:31:00.000Z,2024-01-01T05:30:00Z\n", None).unwrap().late, 0);
    assert!(looked(&mut data, windows).contains("2024-01-01T05:00:00Z,2024-01-01T06:00:00Z,true,2\n"));
}

#[test]
fn a_column_whose_first_value_comes_late_has_its_role_then() {
    let mut loader = Loader::new(serde_json::from_value(json!({ "live": {} })).unwrap()).unwrap();
    loader.push(b"{\"visitor_id\":\"u1\",\"item_id\":null,\"price\":null,\"time\":\"2024-03-10T00:00:00Z\"}\n").unwrap();
    let mut data = loader.finish().unwrap();
    let roles = |data: &Dataset| data.columns().iter().filter_map(|column| column.role).collect::<Vec<_>>();
    assert!(!roles(&data).contains(&"item"));
    let more = "{\"visitor_id\":\"u1\",\"item_id\":\"hat\",\"price\":1.5,\"time\":\"2024-03-10T00:00:01Z\",\"order_id\":7}\n";
    data.append(more.as_bytes(), None).unwrap();
    let now = roles(&data);
    assert!(["item", "price", "time", "order"].iter().all(|role| now.contains(role)), "{now:?}");
}

#[test]
fn what_cannot_be_meant_is_said() {
    let mut data = loaded(&(HEADER.to_owned() + "1,a,view,2024-03-10 00:00:00,1.00,3\n"), Value::Null, true);
    let count = json!({ "kind": "aggregate", "measures": { "n": { "fn": "count" } } });
    let mut refused = |watch: Value, part: &str| {
        let watch: Watch = serde_json::from_value(watch).unwrap();
        let sentence = data.watch(watch, &zones()).unwrap_err().to_string();
        assert!(sentence.contains(part), "{sentence}");
    };
    refused(json!({ "query": count, "window": { "size": "1h", "hop": "7m" } }), "a whole number of times");
    refused(json!({ "query": count, "window": { "size": "1h", "gap": "1h" } }), "\"size\"");
    refused(json!({ "query": count, "movement": "n" }), "\"window\"");
    refused(json!({ "query": count, "window": { "size": "1d", "timezone": "Mars/Base" } }), "time zone");
    refused(json!({ "query": { "kind": "funnel", "steps": [{ "action": "view" }] }, "window": { "gap": "1h" } }), "aggregate");
    let view = watch(&mut data, json!({ "query": count, "window": { "size": "1h" }, "movement": "item" }));
    assert!(data.look(view).unwrap_err().to_string().contains("\"item\""));
    data.unwatch(view);
    assert!(data.look(view).is_err());
}

#[test]
fn memory_is_that_of_the_rows_that_are_kept() {
    let row = |at: usize| format!("{},item {at},view,{},1.00,{at}\n", at % 97, time(at as i64 / 20));
    let mut data = loaded(&(HEADER.to_owned() + &row(0)), json!({ "keep": { "rows": 5_000 }, "lateness": "10s" }), true);
    let top = json!({ "kind": "aggregate", "group_by": ["item"], "measures": { "n": { "fn": "count" } }, "limit": 3 });
    let views = [json!({ "query": top }), json!({ "query": top, "window": { "size": "1m" } })].map(|spec| watch(&mut data, spec));
    let mut most = [0; 4];
    for batch in 0..450 {
        let rows: String = (0..500).map(|at| row(1 + batch * 500 + at)).collect();
        data.append(rows.as_bytes(), None).unwrap();
        views.iter().for_each(|&view| drop(looked(&mut data, view)));
        assert!(data.n_rows() <= 5_000 + 5_000 / 8);
        most[batch / 150] = data.size().max(most[batch / 150]);
    }
    assert!(most[2] <= most[1] + most[1] / 10, "{most:?} bytes");
}

#[test]
fn a_slice_of_many_groups_goes_some_batches_later_and_answers_stay_those_of_the_rows_that_are_kept() {
    // Some groups, and so many that all of a slice would be too many at once.
    for (n_batch, n_kept, n_items, n_batches, n_gone) in [(100, 32_000, 30_000, 600, 13), (1_000, 320_000, 10_000_000, 435, 5)] {
        let mut random = Random(4);
        let mut rows = |n: usize| -> String { (0..n).map(|at| format!("item {},{at}\n", random.below(n_items))).collect() };
        let mut data = stream(&("item,price\n".to_owned() + &rows(n_batch)), json!({}), json!({ "keep": { "rows": n_kept } }));
        let query = json!({ "kind": "aggregate", "group_by": ["item"], "measures": { "n": { "fn": "count" }, "sum": { "fn": "sum", "column": "price" } }, "order_by": ["-n"], "limit": 10 });
        let view = watch(&mut data, json!({ "query": query }));
        let (mut most, mut n_before, mut n_drops) = (0, 0, 0);
        for batch in 0..n_batches {
            data.append(rows(n_batch).as_bytes(), None).unwrap();
            let told = looked(&mut data, view);
            if batch % (n_batch / 33) == 0 {
                assert_eq!(told, asked(&mut data, &query));
            }
            most = most.max(data.n_rows());
            n_drops += usize::from(data.n_rows() < n_before);
            n_before = data.n_rows();
        }
        let slice = n_kept / 16;
        assert!((n_kept + slice + 2 * n_batch..n_kept + 2 * slice).contains(&most), "{most} rows at the most");
        assert_eq!(n_drops, n_gone, "slices of {slice} rows go one by one");
        // More than a slice at once does not wait.
        data.append(rows(10 * slice).as_bytes(), None).unwrap();
        assert_eq!(looked(&mut data, view), asked(&mut data, &query));
        assert!(data.n_rows() < n_kept + slice, "{} rows", data.n_rows());
    }
}
