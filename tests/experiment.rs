//! What an experiment tells, by published figures; and what it cannot be.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{LoadOptions, Loader};
use clickfold::text::to_csv;
use serde_json::{Value, json};

fn ask(csv: &str, query: &Value) -> clickfold::Result<String> {
    let mut loader = Loader::new(LoadOptions::default())?;
    loader.push(csv.as_bytes())?;
    Ok(to_csv(&loader.finish()?.query(&Query::parse(query)?, &Zones::new())?))
}

/// Of a line, the cells of these columns.
fn cells(answer: &str, line: usize, names: &[&str]) -> Vec<f64> {
    let header: Vec<&str> = answer.lines().next().unwrap().split(',').collect();
    let cells: Vec<&str> = answer.lines().nth(line).unwrap().split(',').collect();
    let cell = |name: &&str| cells[header.iter().position(|known| known == name).unwrap()].parse().unwrap_or(f64::NAN);
    names.iter().map(cell).collect()
}

/// 200 of 4,000 and 240 of 4,000, by statsmodels and SciPy.
#[test]
fn figures_are_the_published_ones() {
    let event = |user: usize| {
        let (variant, converts) = if user < 4_000 { ("A", user < 200) } else { ("B", user < 4_240) };
        let buy = if converts { format!("{user},buy,,2024-03-10 01:00:00\n") } else { String::new() };
        format!("{user},view,{variant},2024-03-10 00:00:00\n{buy}")
    };
    let csv: String = (0..8_000).map(event).collect();
    let query = json!({"kind": "experiment", "variant": "variant", "conversion": {"action": "buy"}});
    let answer = ask(&format!("user_id,action,variant,ts\n{csv}"), &query).unwrap();
    let control = cells(&answer, 1, &["actors", "conversions", "low", "high", "z"]);
    assert!(control[..2] == [4_000.0, 200.0] && control[4].is_nan(), "{answer}");
    assert!((control[2] - 0.043_667).abs() < 1e-6 && (control[3] - 0.057_196).abs() < 1e-6, "{answer}");
    let other = cells(&answer, 2, &["lift", "z", "p", "srm_p"]);
    for (found, expected) in other.iter().zip([0.2, 1.961_63, 0.049_805, 1.0]) {
        assert!((found - expected).abs() < 5e-6, "{answer}");
    }
    // Looked at once, it is less sure than the test that may be looked at once only.
    assert!(cells(&answer, 2, &["p_sequential"])[0] > 0.2, "{answer}");
}

#[test]
fn what_cannot_be_asked_is_told() {
    let csv = "user_id,action,variant,n,price,ts\n1,buy,a,1,1.5,2024-03-10\n";
    let base = json!({"kind": "experiment", "variant": "variant", "conversion": {"action": "buy"}});
    for (key, value, expected) in [
        ("variant", Value::Null, "lacks the key \"variant\""),
        ("variant", json!("variants"), "did you mean \"variant\"?"),
        ("conversion", Value::Null, "lacks the key \"conversion\""),
        ("confidence", json!(1), "\"confidence\" must be a number between 0 and 1"),
        ("tau", json!(0), "\"tau\" must be a number"),
        ("expected", json!(["a"]), "\"expected\" must be an object of variants"),
        ("expected", json!({"a": 0}), "numbers above 0, found 0"),
        ("value", json!("action"), "\"value\" must be a column of numbers"),
        ("each", json!("variant"), "known are actor"),
        ("having", json!([]), "unknown key \"having\""),
        ("control", json!(["a"]), "cannot compare"),
    ] {
        let mut query = base.clone();
        query[key] = value;
        let error = ask(csv, &query).unwrap_err().to_string();
        assert!(error.contains(expected), "{query}: {error}");
    }
    let unfit = json!({"kind": "experiment", "variant": "n", "conversion": {}, "control": "a"});
    assert!(ask(csv, &unfit).unwrap_err().to_string().contains("cannot compare it with \"a\""));
}
