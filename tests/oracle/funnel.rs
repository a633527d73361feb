//! Funnels by trying every chain of an actor's events, and actors' events for whoever asks for whole actors.

use serde_json::Value;

use super::{Cell, Column, Kind, Row, Table, compare, condition, place};

/// Each actor's rows in the order of time, then of the data, with the row's time in nanoseconds; none without actor or time.
pub fn actors<'a>(query: &Value, table: &'a Table) -> Vec<Vec<(i128, &'a Row)>> {
    let at = |key: &str| place(&table.columns, query[key].as_str().unwrap());
    let (actor, time) = (at("actor"), at("time"));
    let mut actors: Vec<(&Cell, Vec<(i128, &Row)>)> = vec![];
    for row in &table.rows {
        let (Some(name), Some(Cell::Time(nanos))) = (&row[actor], &row[time]) else { continue };
        match actors.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push((*nanos, row)),
            None => actors.push((name, vec![(*nanos, row)])),
        }
    }
    actors.iter_mut().for_each(|(_, rows)| rows.sort_by_key(|(nanos, _)| *nanos));
    actors.into_iter().map(|(_, rows)| rows).collect()
}

/// Whether a row fulfils an object of conditions, or a list of them.
pub fn fulfils(conditions: &Value, columns: &[Column], row: &Row) -> bool {
    let list = if conditions.is_array() { conditions.clone() } else { Value::Array(vec![conditions.clone()]) };
    conditions.is_null() || condition::all(&list, columns, row) == Some(true)
}

/// An event of a step, or of none where that is known.
#[derive(Clone, Copy)]
struct Entry {
    nanos: i128,
    step: Option<usize>,
}

pub fn answer(query: &Value, table: &Table) -> Table {
    let steps = query["steps"].as_array().unwrap();
    let split = query["split_by"].as_str().map(|name| place(&table.columns, name));
    let mut groups: Vec<(Option<Cell>, Vec<Vec<i128>>)> = vec![];
    if split.is_none() {
        groups.push((None, vec![]));
    }
    for rows in actors(query, table) {
        let is_step = |step: usize, row: &Row| fulfils(&steps[step], &table.columns, row);
        let Some((_, first)) = rows.iter().find(|(_, row)| is_step(0, row)) else { continue };
        let mut entries: Vec<Entry> = vec![];
        for &(nanos, row) in &rows {
            let own: Vec<usize> = (0..steps.len()).filter(|&step| is_step(step, row)).collect();
            let none = own.is_empty().then_some(Entry { nanos, step: None });
            entries.extend(own.into_iter().map(|step| Entry { nanos, step: Some(step) }).chain(none));
        }
        entries.sort_by_key(|entry| (entry.nanos, entry.step));
        let chain = chain(query, &entries);
        let value = split.and_then(|at| first[at].clone());
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, chains)) => chains.push(chain),
            None => groups.push((value, vec![chain])),
        }
    }
    groups.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => compare(a, b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
    let mut columns: Vec<Column> = split.map(|at| table.columns[at].clone()).into_iter().collect();
    let kinds = [Kind::Int, Kind::Int, Kind::Float, Kind::Float, Kind::Float];
    let names = ["step", "actors", "rate", "rate_from_previous", "median_seconds"];
    columns.extend(names.iter().zip(kinds).map(|(name, kind)| Column { name: (*name).to_owned(), kind }));
    let digits = match table.columns[place(&table.columns, query["time"].as_str().unwrap())].kind {
        Kind::Time(digits) => digits,
        kind => panic!("times are {kind:?}"),
    };
    let row_of = |value: &Option<Cell>, chains: &[Vec<i128>], step: usize| {
        let reached = |step: usize| chains.iter().filter(|chain| chain.len() > step).count();
        let share = |of: usize| (of > 0).then(|| Cell::Float(reached(step) as f64 / of as f64));
        let mut row: Row = split.map(|_| value.clone()).into_iter().collect();
        row.push(Some(Cell::Number(step as i128 + 1, 0)));
        row.push(Some(Cell::Number(reached(step) as i128, 0)));
        row.push(share(reached(0)));
        row.push(if step == 0 { None } else { share(reached(step - 1)) });
        let mut times: Vec<i128> = chains.iter().filter(|chain| chain.len() > step).map(|chain| chain[step] - chain[0]).collect();
        times.sort_unstable();
        row.push(if step == 0 { None } else { median(&times, digits) });
        row
    };
    let rows = groups.iter().flat_map(|(value, chains)| (0..steps.len()).map(move |step| row_of(value, chains, step)));
    Table { rows: rows.collect(), columns }
}

fn median(nanos: &[i128], digits: u8) -> Option<Cell> {
    let seconds = |at: usize| (nanos[at] / super::power(9 - digits)) as f64 / super::power(digits) as f64;
    let at = nanos.len().checked_sub(1)? as f64 / 2.0;
    let (below, above, share) = (seconds(at.floor() as usize), seconds(at.ceil() as usize), at - at.floor());
    Some(Cell::Float(if below == above { below } else { below * (1.0 - share) + above * share }))
}

/// The times of the longest chain, of those the earliest.
fn chain(query: &Value, entries: &[Entry]) -> Vec<i128> {
    let mode = query["mode"].as_str().unwrap_or("default");
    let mut seen: Vec<Entry> = vec![];
    for &entry in entries {
        let reached = if ["strict_order", "strict_deduplication"].contains(&mode) { longest(query, &seen).len() } else { 0 };
        let ends = match (mode, entry.step) {
            ("strict_order", None) => reached > 0,
            ("strict_order", Some(step)) => reached > 0 && reached < step,
            ("strict_deduplication", Some(step)) => step > 0 && reached > step,
            _ => false,
        };
        if ends {
            break;
        }
        seen.push(entry);
    }
    longest(query, &seen)
}

fn longest(query: &Value, entries: &[Entry]) -> Vec<i128> {
    let within = query["within"].as_str().map(|text| {
        let (count, unit) = text.split_at(text.len() - 1);
        let seconds = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
        count.parse::<i128>().unwrap() * seconds.iter().find(|(name, _)| *name == unit).unwrap().1 * 1_000_000_000
    });
    let mut best = vec![];
    extend(query["mode"] == "strict_increase", within, entries, &mut vec![], &mut best);
    best
}

/// Tries every way to go on with a chain.
fn extend(is_increasing: bool, within: Option<i128>, rest: &[Entry], chain: &mut Vec<i128>, best: &mut Vec<i128>) {
    if chain.len() > best.len() || chain.len() == best.len() && chain < best {
        best.clone_from(chain);
    }
    for (at, entry) in rest.iter().enumerate() {
        let follows = match (chain.first(), chain.last()) {
            (Some(first), Some(last)) => {
                within.is_none_or(|within| entry.nanos - first <= within) && !(is_increasing && entry.nanos == *last)
            }
            _ => true,
        };
        if entry.step == Some(chain.len()) && follows {
            chain.push(entry.nanos);
            extend(is_increasing, within, &rest[at + 1..], chain, best);
            chain.pop();
        }
    }
}
