//! Funnels by trying every chain of an actor's events and every set of them, and actors' events for whoever asks for whole actors.

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

/// An event of a step, or of none where that is known, and its row.
#[derive(Clone, Copy)]
struct Entry<'a> {
    nanos: i128,
    step: Option<usize>,
    row: &'a Row,
}

/// An attempt: when it reached each step, how many of them it can be where each is later than the one before, and the last
/// event.
struct Attempt<'a> {
    times: Vec<i128>,
    n_later: usize,
    last: &'a Row,
}

pub fn answer(query: &Value, table: &Table) -> Table {
    let steps = query["steps"].as_array().unwrap();
    let at = |key: &str| query[key].as_str().map(|name| place(&table.columns, name));
    let (split, per) = (at("split_by"), query["per"].as_str().filter(|per| *per != "actor").and_then(|_| at("per")));
    let actor = at("actor").unwrap();
    let mut found: Vec<(Row, Option<Cell>, Attempt<'_>)> = vec![];
    for rows in actors(query, table).iter().flat_map(|rows| pairs(rows, per)) {
        let is_step = |step: usize, row: &Row| fulfils(&steps[step], &table.columns, row);
        let is_first = |row: &Row| (0..steps.len()).any(|step| (step == 0 || is_any_order(query)) && is_step(step, row));
        let Some((_, first)) = rows.iter().find(|(_, row)| is_first(row)) else { continue };
        let attempt = if is_any_order(query) { set(query, table, &rows) } else { ordered(query, table, &rows) };
        if is_excluded(query, table, &rows, &attempt.times) {
            continue;
        }
        let value = split.and_then(|at| if query["split_at"] == "last" { attempt.last } else { first }[at].clone());
        let keys = [Some(actor), per].into_iter().flatten().map(|at| first[at].clone()).collect();
        found.push((keys, value, attempt));
    }
    let digits = match table.columns[at("time").unwrap()].kind {
        Kind::Time(digits) => digits,
        kind => panic!("times are {kind:?}"),
    };
    let split_column = split.map(|at| table.columns[at].clone());
    let answer = if query["each"] == "actor" {
        let keys = [Some(actor), per].into_iter().flatten().map(|at| table.columns[at].clone());
        each(keys.collect(), split_column, &found, digits)
    } else {
        summary(split_column, &found, digits, steps.len())
    };
    let n_keys = if query["each"] == "actor" { 1 + usize::from(per.is_some()) } else { 1 + usize::from(split.is_some()) };
    let ties: Vec<String> = answer.columns[..n_keys].iter().map(|column| column.name.clone()).collect();
    let mut answer = answer;
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    super::ordered(query, answer, super::strings(&query["order_by"]), &ties)
}

fn is_any_order(query: &Value) -> bool {
    query["mode"] == "any_order"
}

/// An actor's rows by their values of a column, but for null.
fn pairs<'a>(rows: &[(i128, &'a Row)], per: Option<usize>) -> Vec<Vec<(i128, &'a Row)>> {
    let Some(at) = per else { return vec![rows.to_vec()] };
    let mut values: Vec<&Cell> = vec![];
    rows.iter().filter_map(|(_, row)| row[at].as_ref()).for_each(|value| {
        if !values.contains(&value) {
            values.push(value);
        }
    });
    let own = |value| rows.iter().filter(|(_, row)| row[at].as_ref() == Some(value)).copied().collect();
    values.into_iter().map(own).collect()
}

fn is_excluded(query: &Value, table: &Table, rows: &[(i128, &Row)], times: &[i128]) -> bool {
    let n_steps = query["steps"].as_array().unwrap().len() as u64;
    query["exclude"].as_array().into_iter().flatten().any(|exclusion| {
        let step = |key: &str, or: u64| times.get(exclusion[key].as_u64().unwrap_or(or) as usize - 1);
        let (Some(after), before) = (step("after", 1), step("before", n_steps)) else { return false };
        let is_early = |nanos: i128| match before {
            Some(before) => nanos < *before,
            None => within(query).is_none_or(|within| nanos - times[0] <= within),
        };
        rows.iter().any(|&(nanos, row)| nanos > *after && is_early(nanos) && fulfils(&exclusion["where"], &table.columns, row))
    })
}

fn each(keys: Vec<Column>, split: Option<Column>, found: &[(Row, Option<Cell>, Attempt<'_>)], digits: u8) -> Table {
    let own = [("reached", Kind::Int), ("started", Kind::Time(digits)), ("seconds", Kind::Float)];
    let own = own.map(|(name, kind)| Column { name: name.to_owned(), kind });
    let columns = keys.into_iter().chain(split.clone()).chain(own).collect();
    let row = |(keys, value, attempt): &(Row, Option<Cell>, Attempt<'_>)| {
        let (first, n) = (attempt.times[0], attempt.times.len());
        let mut row = keys.clone();
        row.extend(split.as_ref().map(|_| value.clone()));
        row.push(Some(Cell::Number(n as i128, 0)));
        row.push(Some(Cell::Time(first)));
        row.push((n > 1).then(|| Cell::Float(seconds(attempt.times[n - 1] - first, digits))));
        row
    };
    Table { columns, rows: found.iter().map(row).collect() }
}

fn summary(split: Option<Column>, found: &[(Row, Option<Cell>, Attempt<'_>)], digits: u8, n_steps: usize) -> Table {
    let mut groups: Vec<(Option<Cell>, Vec<&Attempt<'_>>)> = vec![];
    if split.is_none() {
        groups.push((None, vec![]));
    }
    for (_, value, attempt) in found {
        match groups.iter_mut().find(|(known, _)| known == value) {
            Some((_, attempts)) => attempts.push(attempt),
            None => groups.push((value.clone(), vec![attempt])),
        }
    }
    groups.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => compare(a, b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
    let mut columns: Vec<Column> = split.clone().into_iter().collect();
    let kinds = [Kind::Int, Kind::Int, Kind::Float, Kind::Float, Kind::Float, Kind::Float, Kind::Int];
    let names = ["step", "actors", "rate", "rate_from_previous", "median_seconds", "p90_seconds", "tied"];
    columns.extend(names.iter().zip(kinds).map(|(name, kind)| Column { name: (*name).to_owned(), kind }));
    let row_of = |value: &Option<Cell>, attempts: &[&Attempt<'_>], step: usize| {
        let reached = |step: usize| attempts.iter().filter(|attempt| attempt.times.len() > step).count();
        let share = |of: usize| (of > 0).then(|| Cell::Float(reached(step) as f64 / of as f64));
        let mut row: Row = split.as_ref().map(|_| value.clone()).into_iter().collect();
        row.push(Some(Cell::Number(step as i128 + 1, 0)));
        row.push(Some(Cell::Number(reached(step) as i128, 0)));
        row.push(share(reached(0)));
        row.push(if step == 0 { None } else { share(reached(step - 1)) });
        let there = attempts.iter().filter(|attempt| attempt.times.len() > step);
        let mut times: Vec<i128> = there.clone().map(|attempt| attempt.times[step] - attempt.times[0]).collect();
        times.sort_unstable();
        row.push(if step == 0 { None } else { quantile(0.5, &times, digits) });
        row.push(if step == 0 { None } else { quantile(0.9, &times, digits) });
        row.push(Some(Cell::Number(there.filter(|attempt| attempt.n_later <= step).count() as i128, 0)));
        row
    };
    let rows = groups.iter().flat_map(|(value, attempts)| (0..n_steps).map(move |step| row_of(value, attempts, step)));
    Table { rows: rows.collect(), columns }
}

fn seconds(nanos: i128, digits: u8) -> f64 {
    (nanos / super::power(9 - digits)) as f64 / super::power(digits) as f64
}

fn quantile(q: f64, nanos: &[i128], digits: u8) -> Option<Cell> {
    let at = q * nanos.len().checked_sub(1)? as f64;
    let (below, above) = (seconds(nanos[at.floor() as usize], digits), seconds(nanos[at.ceil() as usize], digits));
    let share = at - at.floor();
    Some(Cell::Float(if below == above { below } else { below * (1.0 - share) + above * share }))
}

fn within(query: &Value) -> Option<i128> {
    query["within"].as_str().map(|text| {
        let (count, unit) = text.split_at(text.len() - 1);
        let seconds = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
        count.parse::<i128>().unwrap() * seconds.iter().find(|(name, _)| *name == unit).unwrap().1 * 1_000_000_000
    })
}

/// Any events as steps in any order: of all windows the first one with the most steps.
fn set<'a>(query: &Value, table: &Table, rows: &[(i128, &'a Row)]) -> Attempt<'a> {
    let steps = query["steps"].as_array().unwrap();
    let own = |row: &Row| (0..steps.len()).filter(|&step| fulfils(&steps[step], &table.columns, row)).collect::<Vec<usize>>();
    let events: Vec<(i128, Vec<usize>, &Row)> = rows.iter().map(|&(nanos, row)| (nanos, own(row), row)).collect();
    let mut best: Vec<(i128, &Row)> = vec![];
    let mut n_later = 0;
    for &(start, ref own, _) in &events {
        if own.is_empty() {
            continue;
        }
        let is_in = |nanos: i128| nanos >= start && within(query).is_none_or(|within| nanos - start <= within);
        let window: Vec<_> = events.iter().filter(|(nanos, ..)| is_in(*nanos)).collect();
        let mut reached: Vec<(i128, &Row)> = vec![];
        for n in 1..=window.len() {
            let masks: Vec<Vec<usize>> = window[..n].iter().map(|(_, own, _)| own.clone()).collect();
            if most(&masks, steps.len()) > reached.len() {
                reached.push((window[n - 1].0, window[n - 1].2));
            }
        }
        if reached.len() > best.len() {
            best = reached;
        }
        let mut merged: Vec<(i128, Vec<usize>)> = vec![];
        for (nanos, own, _) in window {
            match merged.last_mut() {
                Some((known, all)) if known == nanos => all.extend(own),
                _ => merged.push((*nanos, own.clone())),
            }
        }
        n_later = n_later.max(most(&merged.into_iter().map(|(_, own)| own).collect::<Vec<_>>(), steps.len()));
    }
    let last = best.last().unwrap().1;
    Attempt { times: best.into_iter().map(|(nanos, _)| nanos).collect(), n_later, last }
}

/// The most steps that events can be, each one of its own: by all sets of steps, how many events can only be those or none (the
/// theorem of Hall, as Ore put it).
fn most(events: &[Vec<usize>], n_steps: usize) -> usize {
    let some_of = |set: u32| events.iter().filter(|own| own.iter().any(|step| set >> step & 1 != 0)).count();
    (0..1u32 << n_steps).map(|set| n_steps - set.count_ones() as usize + some_of(set)).min().unwrap()
}

/// Steps in their order: the longest chain, of those the earliest.
fn ordered<'a>(query: &Value, table: &Table, rows: &[(i128, &'a Row)]) -> Attempt<'a> {
    let steps = query["steps"].as_array().unwrap();
    let mut entries: Vec<Entry<'a>> = vec![];
    for &(nanos, row) in rows {
        let own: Vec<usize> = (0..steps.len()).filter(|&step| fulfils(&steps[step], &table.columns, row)).collect();
        let none = own.is_empty().then_some(Entry { nanos, step: None, row });
        entries.extend(own.into_iter().map(|step| Entry { nanos, step: Some(step), row }).chain(none));
    }
    entries.sort_by_key(|entry| (entry.nanos, entry.step));
    let is_increasing = query["mode"] == "strict_increase";
    let times = chain(query, is_increasing, &entries);
    let is_last = |entry: &&Entry<'_>| entry.step == Some(times.len() - 1) && entry.nanos == times[times.len() - 1];
    let last = entries.iter().find(is_last).unwrap().row;
    Attempt { n_later: chain(query, true, &entries).len(), times, last }
}

/// The times of the longest chain, of those the earliest.
fn chain(query: &Value, is_increasing: bool, entries: &[Entry<'_>]) -> Vec<i128> {
    let mode = query["mode"].as_str().unwrap_or("default");
    let mut seen: Vec<Entry<'_>> = vec![];
    for &entry in entries {
        let is_strict = ["strict_order", "strict_deduplication"].contains(&mode);
        let reached = if is_strict { longest(query, is_increasing, &seen).len() } else { 0 };
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
    longest(query, is_increasing, &seen)
}

fn longest(query: &Value, is_increasing: bool, entries: &[Entry<'_>]) -> Vec<i128> {
    let mut best = vec![];
    extend(is_increasing, within(query), entries, &mut vec![], &mut best);
    best
}

/// Tries every way to go on with a chain.
fn extend(is_increasing: bool, within: Option<i128>, rest: &[Entry<'_>], chain: &mut Vec<i128>, best: &mut Vec<i128>) {
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
