//! Retention by looking at every event of an actor for every period.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Kind;
use super::funnel::{actors, fulfils};
use super::{Cell, Column, Row, Table, calendar, choice, place, power};

const HOUR: i128 = 3_600_000_000_000;

/// A return event of an actor, counted from its start in a cohort.
struct Return {
    period: i128,
    value: i128,
    order: Option<Cell>,
}

/// An actor in a cohort: its own, when its clock begins, and how it came back.
struct Member {
    actor: Option<Cell>,
    begin: i128,
    returns: Vec<Return>,
}

/// A line of numbers, those of sales only where they are asked for.
struct Line {
    cohort: Option<i128>,
    bracket: (i128, i128),
    actors: Option<i128>,
    size: Option<i128>,
    is_complete: bool,
    rate: f64,
    orders: Option<i128>,
    values: Option<[i128; 2]>,
    repeaters: i128,
    value_per_actor: f64,
    average_order: Option<f64>,
    repeat_rate: f64,
}

fn brackets(query: &Value) -> Vec<(i128, i128)> {
    let whole = |value: &Value| i128::from(value.as_u64().unwrap());
    match query["brackets"].as_array() {
        Some(list) => list.iter().map(|pair| (whole(&pair[0]), whole(&pair[1]))).collect(),
        None => (0..=i128::from(query["periods"].as_u64().unwrap_or(7))).map(|n| (n, n)).collect(),
    }
}

/// The nanoseconds of a period of the rolling clock.
fn width(every: &str) -> i128 {
    let digits = every.find(|c: char| !c.is_ascii_digit()).unwrap();
    let hours = [("m", 1, 60), ("h", 1, 1), ("d", 24, 1), ("w", 168, 1), ("mo", 720, 1), ("q", 2_160, 1), ("y", 8_760, 1)];
    let (_, hours, parts) = hours.iter().find(|(unit, ..)| *unit == &every[digits..]).unwrap();
    every[..digits].parse::<i128>().unwrap() * hours * HOUR / parts
}

/// Each cohort's members.
fn cohorts(query: &Value, table: &Table) -> BTreeMap<i128, Vec<Member>> {
    let (every, zone) = (query["every"].as_str().unwrap_or("1d"), query["timezone"].as_str().unwrap_or("UTC"));
    let most = brackets(query).last().unwrap().1 + 1;
    let is_rolling = query["clock"] == "24h";
    let actor = place(&table.columns, query["actor"].as_str().unwrap());
    let column = |key: &str| query[key].as_str().map(|name| place(&table.columns, name));
    let (value, order) = (column("value"), column("order"));
    let mut cohorts: BTreeMap<i128, Vec<Member>> = BTreeMap::new();
    for rows in actors(query, table) {
        let is = |key: &str, row| fulfils(&query[key], &table.columns, row);
        let mut starts: BTreeMap<i128, i128> = BTreeMap::new();
        for (nanos, _) in rows.iter().filter(|(_, row)| is("start", row)) {
            if starts.is_empty() || query["cohorts"] == "recurring" {
                starts.entry(calendar::bucket(every, zone, *nanos)).or_insert(*nanos);
            }
        }
        for (cohort, first) in starts {
            let begin = first.div_euclid(HOUR) * HOUR;
            let period = |nanos: i128| match is_rolling {
                true => (nanos - begin).div_euclid(width(every)),
                false => calendar::steps(every, zone, cohort, calendar::bucket(every, zone, nanos), most),
            };
            let units = |row: &Row| match value.and_then(|at| row[at].clone()) {
                Some(Cell::Number(units, _)) => units,
                _ => 0,
            };
            let returns = rows.iter().filter(|(nanos, row)| *nanos >= first && is("return", row));
            let returns = returns.map(|(nanos, row)| Return {
                period: period(*nanos),
                value: units(row),
                order: order.and_then(|at| row[at].clone()),
            });
            let member = Member { actor: rows[0].1[actor].clone(), begin, returns: returns.collect() };
            cohorts.entry(cohort).or_default().push(member);
        }
    }
    cohorts
}

fn is_counted(query: &Value, member: &Member, bracket: (i128, i128)) -> bool {
    member.returns.iter().any(|event| match query["counting"].as_str() {
        Some("on_or_after") => event.period >= bracket.0,
        _ => (bracket.0..=bracket.1).contains(&event.period),
    })
}

/// The orders among the events that pass.
fn n_orders(member: &Member, passes: impl Fn(&Return) -> bool) -> i128 {
    let mut known: Vec<&Cell> = vec![];
    let mut n = 0;
    for event in member.returns.iter().filter(|event| event.period >= 0 && passes(event)) {
        match &event.order {
            Some(order) if known.contains(&order) => {}
            order => {
                known.extend(order);
                n += 1;
            }
        }
    }
    n
}

pub fn answer(query: &Value, table: &Table) -> Table {
    let cohorts = cohorts(query, table);
    let time = table.columns[place(&table.columns, query["time"].as_str().unwrap())].kind;
    if query["each"] == "actor" {
        return members(query, table, &cohorts, time);
    }
    let (every, zone) = (query["every"].as_str().unwrap_or("1d"), query["timezone"].as_str().unwrap_or("UTC"));
    let last = actors(query, table).iter().flatten().map(|(nanos, _)| *nanos).max().unwrap_or(0);
    let value_kind = query["value"].as_str().map(|name| table.columns[place(&table.columns, name)].kind);
    let unit = if let Some(Kind::Decimal(scale)) = value_kind { power(scale) as f64 } else { 1.0 };
    let most = brackets(query).last().unwrap().1 + 1;
    let mut lines: Vec<Line> = vec![];
    for (&cohort, members) in &cohorts {
        let size = members.len() as i128;
        let now = match query["clock"] == "24h" {
            true => 0,
            false => calendar::steps(every, zone, cohort, calendar::bucket(every, zone, last), most),
        };
        for bracket in brackets(query) {
            let (has_begun, is_complete) = match query["clock"] == "24h" {
                false => (bracket.0 <= now.max(0), bracket.1 < now),
                true => (
                    members.iter().any(|member| member.begin + bracket.0 * width(every) <= last),
                    members.iter().all(|member| member.begin + (bracket.1 + 1) * width(every) <= last),
                ),
            };
            if !has_begun {
                continue;
            }
            let is_in = |event: &Return| (bracket.0..=bracket.1).contains(&event.period);
            let is_by = |event: &Return| (0..=bracket.1).contains(&event.period);
            let sum = |passes: &dyn Fn(&Return) -> bool| -> i128 {
                members.iter().flat_map(|member| &member.returns).filter(|event| passes(event)).map(|event| event.value).sum()
            };
            let repeaters = members.iter().filter(|member| n_orders(member, is_by) >= 2).count() as i128;
            let actors = members.iter().filter(|member| is_counted(query, member, bracket)).count() as i128;
            let orders = members.iter().map(|member| n_orders(member, is_in)).sum();
            let numbers = (actors, size, orders, [sum(&is_in), sum(&is_by)], repeaters);
            lines.push(line(Some(cohort), bracket, is_complete, numbers, unit));
        }
    }
    for bracket in brackets(query) {
        let of: Vec<&Line> =
            lines.iter().filter(|line| line.cohort.is_some() && line.bracket == bracket && line.is_complete).collect();
        if of.is_empty() || query["mean"].is_null() {
            continue;
        }
        let sum = |value: &dyn Fn(&Line) -> i128| of.iter().map(|line| value(line)).sum::<i128>();
        let mean = |value: &dyn Fn(&Line) -> Option<f64>| {
            let values: Vec<f64> = of.iter().filter_map(|line| value(line)).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let mut mean_line = line(
            None,
            bracket,
            true,
            (
                sum(&|line| line.actors.unwrap()),
                sum(&|line| line.size.unwrap()),
                sum(&|line| line.orders.unwrap()),
                [0, 1].map(|at| sum(&|line| line.values.unwrap()[at])),
                sum(&|line| line.repeaters),
            ),
            unit,
        );
        if query["mean"] == "simple" {
            mean_line = Line {
                actors: None,
                size: None,
                orders: None,
                values: None,
                rate: mean(&|line| Some(line.rate)).unwrap(),
                value_per_actor: mean(&|line| Some(line.value_per_actor)).unwrap(),
                average_order: mean(&|line| line.average_order),
                repeat_rate: mean(&|line| Some(line.repeat_rate)).unwrap(),
                ..mean_line
            };
        }
        lines.push(mean_line);
    }
    shown(query, &lines, time, value_kind)
}

fn line(
    cohort: Option<i128>,
    bracket: (i128, i128),
    is_complete: bool,
    (actors, size, orders, values, repeaters): (i128, i128, i128, [i128; 2], i128),
    unit: f64,
) -> Line {
    Line {
        cohort,
        bracket,
        actors: Some(actors),
        size: Some(size),
        is_complete,
        rate: actors as f64 / size as f64,
        orders: Some(orders),
        values: Some(values),
        repeaters,
        value_per_actor: values[1] as f64 / (size as f64 * unit),
        average_order: (orders > 0).then(|| values[0] as f64 / (orders as f64 * unit)),
        repeat_rate: repeaters as f64 / size as f64,
    }
}

fn shown(query: &Value, lines: &[Line], time: Kind, value_kind: Option<Kind>) -> Table {
    let mut columns = vec![("cohort", time), ("period", Kind::Int)];
    if query["brackets"].is_array() {
        columns.push(("until", Kind::Int));
    }
    columns.extend([("actors", Kind::Int), ("rate", Kind::Float), ("size", Kind::Int), ("complete", Kind::Bool)]);
    let scale = if let Some(Kind::Decimal(scale)) = value_kind { scale } else { 0 };
    if let Some(kind) = value_kind {
        columns.extend([("orders", Kind::Int), ("value", kind), ("cumulative_value", kind)]);
        columns.extend(["value_per_actor", "average_order", "repeat_rate"].map(|name| (name, Kind::Float)));
    }
    let cell = |line: &Line, name: &str| match name {
        "cohort" => line.cohort.map(Cell::Time),
        "period" => Some(Cell::Number(line.bracket.0, 0)),
        "until" => Some(Cell::Number(line.bracket.1, 0)),
        "actors" => line.actors.map(|n| Cell::Number(n, 0)),
        "rate" => Some(Cell::Float(line.rate)),
        "size" => line.size.map(|n| Cell::Number(n, 0)),
        "complete" => Some(Cell::Bool(line.is_complete)),
        "orders" => line.orders.map(|n| Cell::Number(n, 0)),
        "value" => line.values.map(|values| Cell::Number(values[0], scale)),
        "cumulative_value" => line.values.map(|values| Cell::Number(values[1], scale)),
        "value_per_actor" => Some(Cell::Float(line.value_per_actor)),
        "average_order" => line.average_order.map(Cell::Float),
        _ => Some(Cell::Float(line.repeat_rate)),
    };
    let rows = lines.iter().map(|line| columns.iter().map(|(name, _)| cell(line, name)).collect()).collect();
    Table { columns: columns.iter().map(|&(name, kind)| Column { name: name.to_owned(), kind }).collect(), rows }
}

/// A row for each bracket in which a member of a cohort is counted.
fn members(query: &Value, table: &Table, cohorts: &BTreeMap<i128, Vec<Member>>, time: Kind) -> Table {
    let actor = table.columns[place(&table.columns, query["actor"].as_str().unwrap())].clone();
    let names = vec![actor.name.clone(), "cohort".to_owned(), "period".to_owned()];
    let column = |name: &str, kind: Kind| Column { name: name.to_owned(), kind };
    let mut rows = vec![];
    for (&cohort, members) in cohorts {
        for member in members {
            for bracket in brackets(query).into_iter().filter(|&bracket| is_counted(query, member, bracket)) {
                rows.push(vec![member.actor.clone(), Some(Cell::Time(cohort)), Some(Cell::Number(bracket.0, 0))]);
            }
        }
    }
    choice(query, Table { columns: vec![actor, column("cohort", time), column("period", Kind::Int)], rows }, &names)
}
