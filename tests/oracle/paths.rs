//! Paths by writing out each actor's list of values.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, compare, condition, ordered, place, strings};

/// A value of a depth: one that is shown, the end of a path, or the rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Value(usize),
    End,
    Rest,
}

pub fn answer(query: &Value, table: &Table) -> Table {
    let step = place(&table.columns, query["step"].as_str().unwrap());
    let paths: Vec<Vec<Cell>> = actors(query, table).iter().map(|events| path(query, table, step, events)).collect();
    if query.get("each").is_some() {
        return each(query, table, step, &paths);
    }
    let depth = query["depth"].as_u64().unwrap_or(4) as usize;
    let limit = query["limit"].as_u64().unwrap_or(20) as usize;
    let mut values: Vec<Cell> = paths.iter().flatten().cloned().collect();
    values.sort_by(compare);
    values.dedup();
    let number = |cell: &Cell| values.iter().position(|value| value == cell).unwrap();
    let shown = |at: usize, path: &Vec<Cell>| {
        let Some(value) = path.get(at).map(number) else { return Node::End };
        let comers = |value: usize| paths.iter().filter(|path| path.get(at).is_some_and(|cell| *cell == values[value])).count();
        let before = (0..values.len()).filter(|&other| (comers(other), value) > (comers(value), other)).count();
        if before < limit { Node::Value(value) } else { Node::Rest }
    };
    let mut steps: BTreeMap<(usize, Node, Node), usize> = BTreeMap::new();
    for at in 1..=depth {
        for path in paths.iter().filter(|path| path.len() >= at) {
            *steps.entry((at, shown(at - 1, path), shown(at, path))).or_default() += 1;
        }
    }
    let comers = |depth: usize, near: Node| -> usize {
        steps.iter().filter(|((at, other, _), _)| (*at, *other) == (depth, near)).map(|(_, actors)| actors).sum()
    };
    let backward = query.get("to").is_some();
    let mut rows: Vec<((usize, isize, Node, Node), Row)> = vec![];
    for (&(at, near, far), &actors) in &steps {
        let (source, target) = if backward { (far, near) } else { (near, far) };
        let cell = |node: Node| if let Node::Value(value) = node { Some(values[value].clone()) } else { None };
        let row = vec![
            Some(Cell::Number(at as i128, 0)),
            cell(source),
            cell(target),
            Some(Cell::Number(actors as i128, 0)),
            Some(Cell::Float(actors as f64 / comers(at, near) as f64)),
            Some(Cell::Bool(source == Node::Rest)),
            Some(Cell::Bool(target == Node::Rest)),
        ];
        rows.push(((at, -(actors as isize), source, target), row));
    }
    let null = |node: Node| if let Node::Value(value) = node { (0, value) } else { (1, 0) };
    rows.sort_by_key(|((at, actors, source, target), _)| {
        (*at, *actors, null(*source), null(*target), *source == Node::Rest, *target == Node::Rest)
    });
    let kind = table.columns[step].kind;
    let kinds = [Kind::Int, kind, kind, Kind::Int, Kind::Float, Kind::Bool, Kind::Bool];
    let names = ["depth", "source", "target", "actors", "rate", "source_is_rest", "target_is_rest"];
    let columns = names.iter().zip(kinds).map(|(name, kind)| Column { name: (*name).to_owned(), kind }).collect();
    Table { columns, rows: rows.into_iter().map(|(_, row)| row).collect() }
}

/// An actor's path, from where it begins or, with `to`, from where it ends.
fn path(query: &Value, table: &Table, step: usize, events: &[(i128, &Row)]) -> Vec<Cell> {
    let mut events: Vec<(i128, Cell, &Row)> =
        events.iter().filter_map(|(nanos, row)| Some((*nanos, row[step].clone()?, *row))).collect();
    let anchor = if query.get("to").is_some() { &query["to"] } else { &query["from"] };
    if query.get("to").is_some() {
        events.reverse();
    }
    let Some(first) = events.iter().position(|(.., row)| fulfils(anchor, &table.columns, row)) else { return vec![] };
    let within = query["within"].as_str().map(|text| {
        let (number, unit) = text.split_at(text.len() - 1);
        let seconds = match unit {
            "s" => 1,
            "h" => 3_600,
            "d" => 86_400,
            other => panic!("no twin of {other}"),
        };
        number.parse::<i128>().unwrap() * seconds * 1_000_000_000
    });
    let mut path: Vec<Cell> = vec![];
    let mut last = events[first].0;
    for (nanos, value, _) in events.split_off(first) {
        if within.is_some_and(|within| (nanos - last).abs() > within) {
            break;
        }
        last = nanos;
        if query["loops"] == json!("keep") || path.last() != Some(&value) {
            path.push(value);
        }
    }
    path.truncate(query["depth"].as_u64().unwrap_or(4) as usize + 1);
    path
}

fn each(query: &Value, table: &Table, step: usize, paths: &[Vec<Cell>]) -> Table {
    let actor = place(&table.columns, query["actor"].as_str().unwrap());
    let column = |name: &str, kind: Kind| Column { name: name.to_owned(), kind };
    let columns = vec![table.columns[actor].clone(), column("depth", Kind::Int), column("value", table.columns[step].kind)];
    let mut rows: Vec<Row> = vec![];
    for (events, path) in actors(query, table).iter().zip(paths) {
        for (value, depth) in path.iter().zip(0..) {
            rows.push(vec![events[0].1[actor].clone(), Some(Cell::Number(depth, 0)), Some(value.clone())]);
        }
    }
    rows.retain(|row| condition::all(&query["having"], &columns, row) == Some(true));
    let ties = [columns[0].name.clone(), "depth".to_owned()];
    ordered(query, Table { columns, rows }, strings(&query["order_by"]), &ties)
}
