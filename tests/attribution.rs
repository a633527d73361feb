//! What a channel is credited with: published figures, sums, channels by addresses; and what an attribution cannot be.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod random;

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::engine::{LoadOptions, Loader};
use clickfold::text::to_csv;
use random::Random;
use serde_json::{Value, json};

fn ask(csv: &str, query: &Value) -> clickfold::Result<String> {
    let mut loader = Loader::new(LoadOptions::default())?;
    loader.push(csv.as_bytes())?;
    Ok(to_csv(&loader.finish()?.query(&Query::parse(query)?, &Zones::new())?))
}

/// Events of journeys as `ABC+`, one for each actor, which convert where there is a plus.
fn journeys(paths: &[&str]) -> String {
    let mut csv = String::from("user_id,action,channel,ts\n");
    for (actor, path) in paths.iter().enumerate() {
        for (second, touch) in path.chars().enumerate() {
            let (action, channel) = if touch == '+' { ("buy", String::new()) } else { ("view", touch.to_string()) };
            csv += &format!("{actor},{action},{channel},2024-03-10 00:00:{second:02}\n");
        }
    }
    csv
}

fn numbers(line: &str) -> Vec<f64> {
    line.split(',').skip(3).map(|cell| cell.parse().unwrap()).collect()
}

/// The figures of ChannelAttribution 2.2.5 for rules of thumb, and those of the Markov chain solved exactly.
#[test]
fn credits_are_the_published_ones() {
    let csv = journeys(&["ABC+", "AB", "C+", "BC+", "A"]);
    let query = json!({"kind": "attribution", "conversion": {"action": "buy"}, "models": ["first", "last", "linear", "markov", "shapley"]});
    let answer = ask(&csv, &query).unwrap();
    let (third, half) = (1.0 / 3.0, 0.5);
    for (line, (channel, expected)) in answer.lines().skip(1).zip([
        ("C,3,3", [1.0, 3.0, 1.0 + half + third, 27.0 / 19.0, 1.0 + half + third]),
        ("B,3,3", [1.0, 0.0, half + third, 18.0 / 19.0, half + third]),
        ("A,3,3", [1.0, 0.0, third, 12.0 / 19.0, third]),
    ]) {
        assert!(line.starts_with(channel), "{line}");
        let is_near = numbers(line).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(is_near, "{line}, expected {expected:?}");
    }
}

#[test]
fn every_model_gives_each_attributed_conversion_once() {
    let mut random = Random(7);
    for _ in 0..60 {
        let paths: Vec<String> = (0..random.below(9) + 1)
            .map(|_| (0..random.below(12) + 1).map(|_| random.pick(&["A", "B", "C", "D", "+"])).collect())
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let query = json!({"kind": "attribution", "conversion": {"action": "buy"}, "half_life": "3s"});
        let Ok(answer) = ask(&journeys(&paths), &query) else { continue };
        let attributed =
            paths.iter().flat_map(|path| path.split_inclusive('+')).filter(|path| path.len() > 1 && path.ends_with('+'));
        let attributed = attributed.count() as f64;
        let named: Vec<Vec<f64>> = answer.lines().skip(1).filter(|line| !line.starts_with(',')).map(numbers).collect();
        for model in 0..7 {
            let sum: f64 = named.iter().map(|credits| credits[model]).sum();
            assert!(
                named.is_empty() || (sum - attributed).abs() < 1e-9,
                "model {model}: {sum}, not {attributed}: {paths:?}\n{answer}"
            );
        }
    }
}

#[test]
fn channels_are_found_by_addresses() {
    let shop = "https://www.shop.example/p";
    for (url, referrer, expected) in [
        ("?gclid=1", "https://www.google.com/", "Paid search"),
        ("?utm_source=google&utm_medium=cpc", "", "Paid search"),
        ("?utm_source=Facebook&utm_medium=CPC", "", "Paid social"),
        ("?ttclid=1", "", "Paid social"),
        ("?utm_source=google&utm_medium=cpc&utm_campaign=Shopping%20all", "", "Paid shopping"),
        ("?utm_source=youtube&utm_medium=paid", "", "Paid video"),
        ("?utm_source=site&utm_medium=banner", "", "Display"),
        ("?utm_source=site&utm_medium=other", "", "Unassigned"),
        ("?utm_source=site&utm_medium=cpv", "", "Paid other"),
        ("?utm_medium=affiliate&utm_source=x", "", "Affiliates"),
        ("?utm_medium=email", "", "Email"),
        ("?utm_source=newsletter&utm_medium=x", "", "Email"),
        ("?utm_medium=sms", "", "SMS"),
        ("?utm_medium=web-push", "", "Push"),
        ("?fbclid=1", "https://l.facebook.com/", "Organic social"),
        ("", "https://t.co/abc", "Organic social"),
        ("", "https://www.youtube.com/watch", "Organic video"),
        ("", "https://chatgpt.com/", "AI assistants"),
        ("", "https://www.google.co.uk/", "Organic search"),
        ("", "https://www.baidu.com/s", "Organic search"),
        ("?utm_source=bing&utm_medium=organic", "", "Organic search"),
        ("", "https://blog.example/post", "Referral"),
        ("?utm_campaign=spring", "", "Unassigned"),
        ("", "", "Direct"),
        // From one page of the shop to another, no touch; but a campaign within it is one.
        ("?size=3", "https://shop.example/", ""),
        ("?utm_source=site&utm_medium=banner", "https://shop.example/", "Display"),
    ] {
        let csv = format!("user_id,action,url,referrer,ts\n1,buy,{shop}{url},{referrer},2024-03-10\n2,x,y,z,2024-03-10\n");
        let query = json!({"kind": "attribution", "conversion": {"action": "buy"}, "url": "url", "referrer": "referrer", "each": "actor"});
        let answer = ask(&csv, &query).unwrap();
        assert_eq!(answer.lines().nth(1).unwrap().rsplit(',').next(), Some(expected), "{url} from {referrer:?}");
    }
    // Without referrers nobody knows who came directly.
    let csv = format!("user_id,action,url,ts\n1,buy,{shop},2024-03-10\n");
    let query = json!({"kind": "attribution", "conversion": {"action": "buy"}, "url": "url", "models": ["linear"]});
    assert_eq!(ask(&csv, &query).unwrap(), "channel,touches,journeys,linear\n,0,1,1\n");
}

#[test]
fn own_rules_test_what_addresses_tell() {
    let csv = "user_id,action,landing,from,price,ts\n1,buy,?utm_source=A&utm_campaign=b+C,,3.50,2024-03-10\n2,buy,?gclid=1,https://x.example,1,2024-03-10\n";
    let query = json!({"kind": "attribution", "conversion": {"action": "buy"}, "url": "landing", "referrer": "from", "value": "price",
        "where": [{"column": "price", "gt": 0}], "models": ["last"],
        "rules": [{"channel": "mine", "where": {"utm_source": "a", "utm_campaign": "b c"}},
                  {"channel": "other", "where": [{"click_id": "gclid"}, {"referrer_host": "x.example"}, {"utm_medium": null}]}]});
    let expected = "channel,touches,journeys,last,last_value\nmine,1,1,1,3.5\nother,1,1,1,1\n";
    assert_eq!(ask(csv, &query).unwrap(), expected);
}

#[test]
fn what_cannot_be_asked_is_told() {
    let csv = "user_id,action,channel,url,price,ts\n1,buy,a,u,1.5,2024-03-10\n";
    let base = json!({"kind": "attribution", "conversion": {"action": "buy"}});
    let rule = json!({"channel": "a", "where": {"action": "buy"}});
    for (key, value, expected) in [
        ("conversion", Value::Null, "lacks the key \"conversion\""),
        ("models", json!(["linaer"]), "did you mean \"linear\"?"),
        ("half_life", json!("1mo"), "\"half_life\" must be a number and s, m, h, d or w"),
        ("lookback", json!("x"), "\"lookback\" must be"),
        ("each", json!("channel"), "known are actor"),
        ("limit", json!(3), "unknown key \"limit\""),
        ("value", json!("action"), "\"value\" must be a column of numbers"),
        ("channel", json!("chanel"), "did you mean \"channel\"?"),
        ("url", json!("price"), "addresses must be text"),
        ("rules", json!([{"where": {}}]), "a rule lacks the key \"channel\""),
        ("rules", json!([{"channel": "a"}]), "a rule lacks the key \"where\""),
        ("rules", json!([{"channel": "a", "where": {"utm_source": "x"}}]), "utm_source"),
        ("rules", json!(vec![rule; 62]), "61 \"rules\" at most, found 62"),
    ] {
        let mut query = base.clone();
        query[key] = value;
        let error = ask(csv, &query).unwrap_err().to_string();
        assert!(error.contains(expected), "{query}: {error}");
    }
    let both = json!({"kind": "attribution", "conversion": {}, "channel": "channel", "url": "url"});
    assert!(ask(csv, &both).unwrap_err().to_string().contains("told by the column"));
    let none = ask("user_id,action,ts\n1,buy,2024-03-10\n", &base).unwrap_err().to_string();
    assert!(none.contains("none has the role channel"), "{none}");
    let many: String = (0..1_001).map(|at| format!("{at},buy,c{at},2024-03-10\n")).collect();
    let many = ask(&format!("user_id,action,channel,ts\n{many}"), &base).unwrap_err().to_string();
    assert!(many.contains("at most 1000 channels, found 1001"), "{many}");
}
