//! Sessions by cutting each actor's list of events, and aggregates over a table of them.

use serde_json::{Value, json};

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, aggregate, calendar, ordered, place, strings};

type Event<'a> = (i128, &'a Row);

pub fn answer(query: &Value, table: &Table) -> Result<Table, &'static str> {
    let all: Vec<Vec<Vec<Event<'_>>>> = actors(query, table).iter().map(|events| sessions(query, table, events)).collect();
    let is_aggregate = query.get("measures").is_some() || query.get("group_by").is_some();
    if query.get("each").is_none() && !is_aggregate {
        return Ok(summary(query, table, &all));
    }
    let made = made(query, table, &all);
    if is_aggregate {
        return aggregate(query, &made);
    }
    let actor = query["actor"].as_str().unwrap().to_owned();
    let n_made = made.columns.len() - table.columns.len() + 1;
    let mut each = Table { columns: made.columns, rows: made.rows };
    each.columns.truncate(n_made);
    each.rows.iter_mut().for_each(|row| row.truncate(n_made));
    each.rows.retain(|row| super::condition::all(&query["having"], &each.columns, row) == Some(true));
    Ok(ordered(query, each, strings(&query["order_by"]), &[actor, "session".to_owned()]))
}

/// An actor's sessions, in the order of their first events.
fn sessions<'a>(query: &Value, table: &Table, events: &[Event<'a>]) -> Vec<Vec<Event<'a>>> {
    let own = query["session"].as_str().map(|name| place(&table.columns, name));
    let zone = query["timezone"].as_str().unwrap_or("UTC");
    let gap = seconds(query["gap"].as_str().unwrap_or("30m")) * 1_000_000_000;
    let split_on: Vec<usize> = strings(&query["split_on"]).iter().map(|name| place(&table.columns, name)).collect();
    let value = |at: Option<usize>, event: &Event<'_>| at.and_then(|at| event.1[at].clone());
    let mut sessions: Vec<Vec<Event<'_>>> = vec![];
    let mut current: Option<usize> = None;
    for event in events {
        let of_file = value(own, event);
        if of_file.is_some() {
            match sessions.iter().position(|session| value(own, &session[0]) == of_file) {
                Some(at) => sessions[at].push(*event),
                None => sessions.push(vec![*event]),
            }
            continue;
        }
        let goes_on = current.is_some_and(|at| {
            let session = &sessions[at];
            let last = session.last().unwrap();
            let day = |event: &Event<'_>| calendar::bucket("1d", zone, event.0);
            let changed = |&at: &usize| {
                let before = session.iter().rev().find_map(|event| event.1[at].clone());
                before.is_some() && event.1[at].is_some() && before != event.1[at]
            };
            event.0 - last.0 <= gap
                && (query["midnight"] != json!(true) || day(last) == day(event))
                && !split_on.iter().any(changed)
        });
        match current.filter(|_| goes_on) {
            Some(at) => sessions[at].push(*event),
            None => {
                current = Some(sessions.len());
                sessions.push(vec![*event]);
            }
        }
    }
    sessions
}

fn seconds(text: &str) -> i128 {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit =
        [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)].iter().find(|(name, _)| *name == unit).unwrap().1;
    number.parse::<i128>().unwrap() * unit
}

fn converts(query: &Value, table: &Table, session: &[Event<'_>]) -> bool {
    session.iter().any(|(_, row)| fulfils(&query["conversion"], &table.columns, row))
}

fn digits(query: &Value, table: &Table) -> u8 {
    match table.columns[place(&table.columns, query["time"].as_str().unwrap())].kind {
        Kind::Time(digits) => digits,
        kind => panic!("times are {kind:?}"),
    }
}

/// The table of sessions: the actor, what is made up, and all columns of the file.
fn made(query: &Value, table: &Table, all: &[Vec<Vec<Event<'_>>>]) -> Table {
    let (digits, mut rows) = (digits(query, table), vec![]);
    let actor = place(&table.columns, query["actor"].as_str().unwrap());
    let step = query["step"].as_str().map(|name| place(&table.columns, name));
    let int = |n: usize| Some(Cell::Number(n as i128, 0));
    for sessions in all {
        for (at, session) in sessions.iter().enumerate() {
            let (first, last) = (session[0], session[session.len() - 1]);
            let length = (last.0 - first.0) / 10i128.pow(9 - u32::from(digits));
            let mut row = vec![first.1[actor].clone(), int(at + 1), Some(Cell::Time(first.0)), Some(Cell::Time(last.0))];
            row.extend([Some(Cell::Number(length, digits)), int(session.len()), int(usize::from(session.len() == 1))]);
            row.extend(query.get("conversion").map(|_| int(usize::from(converts(query, table, session)))));
            row.extend(step.into_iter().flat_map(|at| [first.1[at].clone(), last.1[at].clone()]));
            row.extend((0..table.columns.len()).map(|at| session.iter().find_map(|event| event.1[at].clone())));
            row.remove(row.len() - table.columns.len() + actor);
            rows.push(row);
        }
    }
    let length = if digits == 0 { Kind::Int } else { Kind::Decimal(digits) };
    let column = |name: &str, kind: Kind| Column { name: name.to_owned(), kind };
    let mut columns = vec![table.columns[actor].clone(), column("session", Kind::Int)];
    columns.extend(["started", "ended"].map(|name| column(name, Kind::Time(digits))));
    columns.extend([column("seconds", length), column("events", Kind::Int), column("bounced", Kind::Int)]);
    columns.extend(query.get("conversion").map(|_| column("converted", Kind::Int)));
    columns.extend(step.into_iter().flat_map(|at| ["entry", "exit"].map(|name| column(name, table.columns[at].kind))));
    columns.extend(table.columns.iter().enumerate().filter(|(at, _)| *at != actor).map(|(_, column)| column.clone()));
    Table { columns, rows }
}

fn summary(query: &Value, table: &Table, all: &[Vec<Vec<Event<'_>>>]) -> Table {
    let unit = 10i128.pow(u32::from(digits(query, table))) as f64;
    let per_unit = 1_000_000_000 / unit as i128;
    let sessions: Vec<&Vec<Event<'_>>> = all.iter().flatten().collect();
    let mut lengths: Vec<i128> = sessions.iter().map(|s| (s[s.len() - 1].0 - s[0].0) / per_unit).collect();
    lengths.sort_unstable();
    let quantile = |q: f64| {
        let place = q * (lengths.len() - 1) as f64;
        let value = |at: f64| lengths[(at as usize).min(lengths.len() - 1)] as f64 / unit;
        let (below, above) = (value(place.floor()), value(place.floor() + 1.0));
        let share = place - place.floor();
        if below == above { below } else { below * (1.0 - share) + above * share }
    };
    let some = |value: &dyn Fn() -> f64| (!sessions.is_empty()).then(|| Cell::Float(value()));
    let n = sessions.len() as f64;
    let mut cells = vec![
        ("bounce_rate", some(&|| sessions.iter().filter(|s| s.len() == 1).count() as f64 / n)),
        ("events_per_session", some(&|| sessions.iter().map(|s| s.len()).sum::<usize>() as f64 / n)),
        ("median_seconds", some(&|| quantile(0.5))),
        ("p90_seconds", some(&|| quantile(0.9))),
    ];
    if query.get("conversion").is_some() {
        let rate = some(&|| sessions.iter().filter(|s| converts(query, table, s)).count() as f64 / n);
        cells.push(("conversion_rate", rate));
    }
    let counts = [("sessions", sessions.len()), ("actors", all.iter().filter(|sessions| !sessions.is_empty()).count())];
    let counts = counts.map(|(name, n)| (name, Kind::Int, Some(Cell::Number(n as i128, 0))));
    let all = counts.into_iter().chain(cells.into_iter().map(|(name, cell)| (name, Kind::Float, cell)));
    let (columns, row) = all.map(|(name, kind, cell)| (Column { name: name.to_owned(), kind }, cell)).unzip();
    Table { columns, rows: vec![row] }
}
