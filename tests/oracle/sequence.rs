//! Sequences by trying, from each event on, every way to go on with a pattern.

use serde_json::Value;

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, condition, ordered, place, strings};

/// An event of the pattern: which it is, whether any may lie between it and the one before, and how the seconds between compare.
struct Item {
    event: Option<usize>,
    is_next: bool,
    time: Option<(String, i128)>,
}

pub fn answer(query: &Value, table: &Table) -> Table {
    let names: Vec<&String> = query["events"].as_object().unwrap().keys().collect();
    let (items, never) = read(query["pattern"].as_str().unwrap(), &names);
    let mut found: Vec<(Option<Cell>, i128)> = vec![];
    let actor = place(&table.columns, query["actor"].as_str().unwrap());
    for rows in actors(query, table) {
        let own = |row: &Row| names.iter().map(|name| fulfils(&query["events"][name.as_str()], &table.columns, row)).collect();
        let mut events: Vec<(i128, Vec<bool>)> = rows.iter().map(|&(nanos, row)| (nanos, own(row))).collect();
        events.retain(|(_, own)| own.contains(&true));
        if !events.is_empty() {
            found.push((rows[0].1[actor].clone(), count(&items, &never, &events)));
        }
    }
    let number = |n: i128| Some(Cell::Number(n, 0));
    let int = |name: &str| Column { name: name.to_owned(), kind: Kind::Int };
    let mut answer = if query["each"] == "actor" {
        let rows = found.into_iter().map(|(actor, matches)| vec![actor, number(matches)]);
        Table { columns: vec![table.columns[actor].clone(), int("matches")], rows: rows.collect() }
    } else {
        let (n, matched) = (found.len(), found.iter().filter(|(_, matches)| *matches > 0).count());
        let rate = (n > 0).then(|| Cell::Float(matched as f64 / n as f64));
        let rate_column = Column { name: "rate".to_owned(), kind: Kind::Float };
        let row = vec![number(n as i128), number(matched as i128), rate, number(found.iter().map(|(_, matches)| matches).sum())];
        Table { columns: vec![int("actors"), int("matched"), rate_column, int("matches")], rows: vec![row] }
    };
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    let ties = [answer.columns[0].name.clone()];
    ordered(query, answer, strings(&query["order_by"]), &ties)
}

/// The pattern in words, and what must not come with for how many seconds.
fn read(pattern: &str, names: &[&String]) -> (Vec<Item>, Option<(usize, Option<i128>)>) {
    let (mut items, mut never) = (vec![], None);
    let spaced = pattern.replace(',', " ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().filter(|word| !["then", "(", ")"].contains(word));
    let (mut is_next, mut time, mut is_never) = (true, None, false);
    while let Some(word) = words.next() {
        match word {
            "..." => is_next = false,
            "within" | "after" => {
                let (count, unit) = words.next().map(|text| text.split_at(text.len() - 1)).unwrap();
                let unit = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)].iter().find(|(name, _)| *name == unit).unwrap().1;
                time = Some((if word == "within" { "<=" } else { ">=" }.to_owned(), count.parse::<i128>().unwrap() * unit));
                is_next = false;
            }
            "not" => is_never = true,
            name => {
                let event = names.iter().position(|known| *known == name).unwrap();
                if is_never {
                    never = Some((event, time.take().map(|(_, seconds)| seconds)));
                } else {
                    items.push(Item { event: Some(event), is_next, time: time.take() });
                }
                is_next = true;
            }
        }
    }
    (items, never)
}

fn count(items: &[Item], never: &Option<(usize, Option<i128>)>, events: &[(i128, Vec<bool>)]) -> i128 {
    let is_followed = |end: usize| {
        never.as_ref().is_some_and(|&(event, seconds)| {
            let is_soon = |nanos: i128| seconds.is_none_or(|seconds| nanos - events[end].0 <= seconds * 1_000_000_000);
            events[end + 1..].iter().any(|(nanos, own)| own[event] && is_soon(*nanos))
        })
    };
    let (mut from, mut n) = (0, 0);
    while let Some(end) = (from..events.len()).find(|&end| !is_followed(end) && ends(items, events, from, end)) {
        n += 1;
        from = end + 1;
    }
    n
}

/// Whether the events from `from` to `end` have a match that ends there.
fn ends(items: &[Item], events: &[(i128, Vec<bool>)], from: usize, end: usize) -> bool {
    let Some((last, before)) = items.split_last() else { return false };
    let is_it = last.event.is_none_or(|event| events[end].1[event]);
    let fits = |at: usize| {
        let seconds = events[end].0 - events[at].0;
        let is_time = last.time.as_ref().is_none_or(|(sign, bound)| match sign.as_str() {
            "<=" => seconds <= bound * 1_000_000_000,
            _ => seconds >= bound * 1_000_000_000,
        });
        is_time && (!last.is_next || at + 1 == end)
    };
    is_it && (before.is_empty() || (from..end).any(|at| fits(at) && ends(before, events, from, at)))
}
