//! How far each mode of a funnel gets, as ClickHouse 26.9 ran it; and what a funnel or a retention cannot be.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::text::to_csv;
use serde_json::{Value, json};

/// Events as `A1 B1000`: what, and when in milliseconds; without times one each second.
fn dataset(events: &str) -> Dataset {
    let mut csv = String::from("user_id,action,ts\n");
    for (at, event) in events.split(' ').enumerate() {
        let (action, time) = event.split_at(1);
        let time = time.parse::<u64>().unwrap_or(1_000 * (at as u64 + 1));
        csv += &format!("u1,{action},2024-03-10 00:00:{:02}.{:03}\n", time / 1_000, time % 1_000);
    }
    let mut loader = Loader::new(LoadOptions::default()).unwrap();
    loader.push(csv.as_bytes()).unwrap();
    loader.finish().unwrap()
}

fn query(value: Value) -> clickfold::Result<Query> {
    Query::parse(&value)
}

fn levels(events: &str, steps: &str, within: &str) -> [usize; 4] {
    let steps: Vec<Value> = steps.chars().map(|step| json!({"action": step.to_string()})).collect();
    ["default", "strict_deduplication", "strict_order", "strict_increase"].map(|mode| {
        let query = query(json!({"kind": "funnel", "steps": steps, "within": within, "mode": mode})).unwrap();
        let answer = to_csv(&dataset(events).query(&query, &Zones::new()).unwrap());
        answer.lines().skip(1).filter(|line| line.split(',').nth(1) == Some("1")).count()
    })
}

#[test]
fn gets_as_far_as_clickhouse_s_window_funnel() {
    for (events, steps, within, expected) in [
        ("A B C B D", "ABCD", "1000s", [4, 3, 4, 4]),
        ("A B D C", "ABCD", "1000s", [3, 3, 2, 3]),
        ("A X B C D", "ABCD", "1000s", [4, 4, 1, 4]),
        ("A C B D", "ABCD", "1000s", [2, 2, 1, 2]),
        ("A A B C D", "ABCD", "1000s", [4, 4, 4, 4]),
        ("A1 B1 C2 D3", "ABCD", "1000s", [4, 4, 4, 1]),
        ("B1 A1 C2", "ABCD", "1000s", [3, 3, 3, 1]),
        ("A1 B1000 A1001 B1002 C1003 D1500", "ABCD", "1s", [4, 2, 4, 4]),
        ("A1 B1001", "ABCD", "1s", [2, 2, 2, 2]),
        ("A1 B1002", "ABCD", "1s", [1, 1, 1, 1]),
        ("A1 B3", "AAB", "1s", [3, 3, 3, 1]),
        // Beyond the table: what is of no step comes first among the events of its time,
        ("A1 X1 B1 C2", "ABC", "1s", [3, 3, 3, 1]),
        ("A1 B2 X2 C3", "ABC", "1s", [3, 3, 1, 3]),
        // a step repeated at one time is repeated,
        ("A1 B2 B2 C3", "ABC", "1s", [3, 2, 3, 3]),
        // an earlier attempt is late for the last step, a later one is not,
        ("A1 A500 B600 C1200", "ABC", "1s", [3, 3, 3, 3]),
        ("A1 B500 A600 C1200", "ABC", "1s", [2, 2, 2, 2]),
        ("A1 B500 A600 B700 C1200", "ABC", "1s", [3, 2, 3, 3]),
        // and a repeated first step of the second one's time hides no earlier attempt, as it does in ClickHouse.
        ("A1 A2 B2", "AB", "1s", [2, 2, 2, 2]),
    ] {
        assert_eq!(levels(events, steps, within), expected, "{events}");
    }
}

#[test]
fn times_are_those_of_the_earliest_of_the_farthest_attempts() {
    for (events, within, expected) in [
        ("A1000 A2000 B3000 C5000", "10s", [Some("2"), Some("4")]),
        ("A1000 A2000 B3000 C5000", "3s", [Some("1"), Some("3")]),
        ("A1000 B2000 A3000 B4500 C6000", "4s", [Some("1.5"), Some("3")]),
        ("A1000 B2000 A3000 B3500", "4s", [Some("1"), None]),
        ("A1000 A1500 C2000", "4s", [None, None]),
    ] {
        let steps = json!([{"action": "A"}, {"action": "B"}, {"action": "C"}]);
        let query = query(json!({"kind": "funnel", "steps": steps, "within": within})).unwrap();
        let answer = to_csv(&dataset(events).query(&query, &Zones::new()).unwrap());
        let times: Vec<&str> = answer.lines().skip(2).map(|line| line.split(',').nth(4).unwrap()).collect();
        assert_eq!(times, expected.map(Option::unwrap_or_default), "{events}\n{answer}");
    }
}

/// Whoever went back to try each of the ways would try more than there are seconds.
#[test]
fn a_pattern_of_very_many_ways_is_answered_in_one_walk() {
    let pattern = format!("A{} ... B", " ... A".repeat(30));
    let query = query(json!({"kind": "sequence", "events": {"A": {"action": "A"}, "B": {"action": "B"}}, "pattern": pattern}));
    let answer = dataset(&["A"; 59].join(" ")).query(&query.unwrap(), &Zones::new()).unwrap();
    assert_eq!(to_csv(&answer), "actors,matched,rate,matches\n1,0,0,0\n");
}

#[test]
fn says_what_it_cannot_be() {
    let steps = || json!([{"action": "A"}]);
    let many: Vec<Value> = (0..33).map(|_| json!({})).collect();
    for (value, expected) in [
        (json!({"kind": "funnel"}), "the query lacks the key \"steps\""),
        (json!({"kind": "funnel", "steps": []}), "a funnel has 1 to 32 \"steps\", found 0"),
        (json!({"kind": "funnel", "steps": many}), "a funnel has 1 to 32 \"steps\", found 33"),
        (json!({"kind": "funnel", "steps": ["A"]}), "a condition must be an object, found \"A\""),
        (json!({"kind": "funnel", "steps": [{"acton": "A"}]}), "unknown column \"acton\"; did you mean \"action\"?"),
        (
            json!({"kind": "funnel", "steps": steps(), "within": "1mo"}),
            "\"within\" must be a number and s, m, h, d or w, such as \"30m\" or \"24h\", found \"1mo\"",
        ),
        (
            json!({"kind": "funnel", "steps": steps(), "mode": "strict_ordr"}),
            "unknown \"mode\" \"strict_ordr\"; did you mean \"strict_order\"?",
        ),
        (
            json!({"kind": "funnel", "steps": steps(), "time": "action"}),
            "\"time\" must be a column of times; \"action\" is of type text",
        ),
        (json!({"kind": "funnel", "steps": steps(), "each": "actors"}), "unknown \"each\" \"actors\"; did you mean \"actor\"?"),
        (
            json!({"kind": "funnel", "steps": steps(), "per": "session"}),
            "unknown column \"session\"; the data has none of that name",
        ),
        (
            json!({"kind": "funnel", "steps": steps(), "exclude": [{"where": {"action": "B"}}]}),
            "an exclusion lies after one of the 1 steps and before a later one, found after 1 and before 1",
        ),
        (json!({"kind": "funnel", "steps": steps(), "exclude": [{"after": 1}]}), "an exclusion lacks the key \"where\""),
        (
            json!({"kind": "funnel", "steps": steps(), "each": "actor", "split_by": "user_id"}),
            "two columns of the answer are called \"user_id\"",
        ),
        (
            json!({"kind": "funnel", "steps": steps(), "having": [{"column": "reached", "eq": 1}]}),
            "the answer has no column \"reached\"; it has step, actors, rate, rate_from_previous, median_seconds, p90_seconds, tied",
        ),
        (json!({"kind": "funnel", "steps": steps(), "actor": "usr_id"}), "unknown column \"usr_id\"; did you mean \"user_id\"?"),
        (
            json!({"kind": "funnel", "steps": steps(), "with": "1d"}),
            "unknown key \"with\" in the query; did you mean \"within\"?",
        ),
        (
            json!({"kind": "retention", "every": "day"}),
            "cannot read every \"day\"; write a number and s, m, h, d, w, mo, q or y, such as \"15m\" or \"1d\"",
        ),
        (json!({"kind": "retention", "counting": "after"}), "unknown \"counting\" \"after\"; did you mean \"on_or_after\"?"),
        (json!({"kind": "retention", "periods": 10_001}), "\"periods\" may be 10000 at most, found 10001"),
        (
            json!({"kind": "retention", "timezone": "Europe/Nowhere"}),
            "unknown time zone \"Europe/Nowhere\"; write an IANA name such as \"Asia/Shanghai\"",
        ),
    ] {
        let answer = query(value.clone()).and_then(|query| dataset("A B").query(&query, &Zones::new()));
        assert_eq!(answer.unwrap_err().to_string(), expected, "{value}");
    }
}

#[test]
fn says_which_role_is_missing() {
    let mut data = dataset("A B");
    let query = query(json!({"kind": "retention"})).unwrap();
    for (column, expected) in [
        (
            "ts",
            "the query needs the column that says when it was done: none has the role time; give one that role, or name it by \"time\"",
        ),
        (
            "user_id",
            "the query needs the column that says who did it: none has the role actor; give one that role, or name it by \"actor\"",
        ),
    ] {
        data.set_roles(&[(column.to_owned(), None)].into()).unwrap();
        let error = data.query(&query, &Zones::new()).unwrap_err();
        assert_eq!((error.kind().code(), error.to_string().as_str()), ("BAD_QUERY", expected));
    }
}
