//! RFM by comparing every actor with every other.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde_json::Value;

use super::funnel::fulfils;
use super::{Cell, Column, Kind, Row, Table, calendar, compare, condition, ordered, place, power, strings};

/// An actor who bought.
struct Customer {
    actor: Cell,
    last: i128,
    orders: i128,
    money: Option<i128>,
    scores: [i128; 3],
    tiles: [i128; 3],
}

const ORDER: [&str; 11] = [
    "Champions",
    "Loyal",
    "Potential loyalists",
    "New customers",
    "Promising",
    "Need attention",
    "About to sleep",
    "At risk",
    "Cannot lose them",
    "Hibernating",
    "Lost",
];

pub fn answer(query: &Value, table: &Table) -> Result<Table, &'static str> {
    let at = |key: &str| place(&table.columns, query[key].as_str().unwrap());
    let Kind::Time(digits) = table.columns[at("time")].kind else { panic!("times are none") };
    let scale_of = |key: &str| match query[key].as_str().map(|name| table.columns[place(&table.columns, name)].kind) {
        Some(Kind::Decimal(scale)) => scale,
        _ => 0,
    };
    let scale = scale_of("value") + scale_of("quantity");
    let money_kind = if scale == 0 { Kind::Int } else { Kind::Decimal(scale) };
    let bins = query["bins"].as_i64().unwrap_or(5).into();
    let is_ntile = query["ties"] == "ntile";
    let instant = |literal: &Value| instant(literal, query["timezone"].as_str(), digits);
    if let Some(dates) = query["as_of"].as_array() {
        let [before, after] = [0, 1].map(|n| customers(query, table, Some(instant(&dates[n])), bins));
        let (before, after) = (before?, after?);
        let name = |customer: &Customer| rank_of(segment(customer.shown(is_ntile), bins));
        let moves: Vec<(Option<usize>, usize)> = after
            .iter()
            .map(|customer| (before.iter().find(|known| known.actor == customer.actor).map(name), name(customer)))
            .collect();
        let distinct: BTreeSet<(Option<usize>, usize)> = moves.iter().copied().collect();
        let text = |at: usize| Cell::Text(ORDER[at].to_owned());
        let rows = distinct.iter().map(|(from, to)| {
            let n = moves.iter().filter(|known| **known == (*from, *to)).count();
            vec![from.map(text), Some(text(*to)), whole(n as i128)]
        });
        return Ok(named(&[("from", Kind::Text), ("to", Kind::Text), ("actors", Kind::Int)], rows.collect()));
    }
    let date = query.get("as_of").map(instant);
    let customers = customers(query, table, date, bins)?;
    let until = date.or(customers.iter().map(|customer| customer.last).max()).unwrap_or(0);
    let units_per_day = 86_400 * power(digits);
    let days = |members: &[&Customer]| {
        let sum: i128 = members.iter().map(|member| (until - member.last) / power(9 - digits)).sum();
        sum as f64 / (members.len() as f64 * units_per_day as f64)
    };
    let mean_money = |members: &[&Customer]| {
        let known: Vec<i128> = members.iter().filter_map(|member| member.money).collect();
        let sum: i128 = known.iter().sum();
        (!known.is_empty()).then(|| sum as f64 / (known.len() as f64 * power(scale) as f64))
    };
    let value = |members: &[&Customer]| -> Result<Option<Cell>, &'static str> {
        let sums = members
            .iter()
            .filter_map(|member| member.money)
            .try_fold(None, |sum: Option<i128>, money| sum.unwrap_or(0).checked_add(money).map(Some).ok_or("OVERFLOW"))?;
        let most = if scale == 0 { i128::from(i64::MAX) } else { power(38) - 1 };
        if sums.is_some_and(|sum| sum > most || sum < -most) {
            Err("OVERFLOW")
        } else {
            Ok(sums.map(|sum| Cell::Number(sum, scale)))
        }
    };
    let float = |value: f64| Some(Cell::Float(value));
    let mut rows = vec![];
    if query["each"] == "actor" {
        for customer in &customers {
            let shown = customer.shown(is_ntile);
            let mut row =
                vec![Some(customer.actor.clone()), float(days(&[customer])), whole(customer.orders), value(&[customer])?];
            row.extend(shown.map(whole));
            if query.get("value").is_none() {
                row[6] = None;
            }
            row.push(Some(Cell::Text(segment(shown, bins).to_owned())));
            rows.push(row);
        }
        let actor = &table.columns[at("actor")];
        let (int, text) = (Kind::Int, Kind::Text);
        let columns = [
            (actor.name.as_str(), actor.kind),
            ("recency_days", Kind::Float),
            ("frequency", int),
            ("monetary", money_kind),
            ("r", int),
            ("f", int),
            ("m", int),
            ("segment", text),
        ];
        let mut table = named(&columns, rows);
        table.rows.retain(|row| condition::all(&query["having"], &table.columns, row) == Some(true));
        return Ok(ordered(query, table, strings(&query["order_by"]), std::slice::from_ref(&actor.name)));
    }
    match query["group"].as_str() {
        Some("cells") => {
            for (r, f) in (1..=bins).rev().flat_map(|r| (1..=bins).rev().map(move |f| (r, f))) {
                let members: Vec<&Customer> =
                    customers.iter().filter(|customer| customer.shown(is_ntile)[..2] == [r, f]).collect();
                if !members.is_empty() {
                    rows.push(vec![whole(r), whole(f), whole(members.len() as i128), value(&members)?]);
                }
            }
            Ok(named(&[("r", Kind::Int), ("f", Kind::Int), ("actors", Kind::Int), ("value", money_kind)], rows))
        }
        Some("bins") => {
            for (score, name) in ["recency", "frequency", "monetary"].iter().enumerate() {
                let is_known = score < 2 || query.get("value").is_some();
                for bin in 1..=if customers.is_empty() || !is_known { 0 } else { bins } {
                    let members: Vec<&Customer> =
                        customers.iter().filter(|customer| customer.shown(is_ntile)[score] == bin).collect();
                    let known = |member: &&Customer| match score {
                        0 => Some(days(&[*member])),
                        1 => Some(member.orders as f64),
                        _ => mean_money(&[*member]),
                    };
                    let mut known: Vec<f64> = members.iter().filter_map(known).collect();
                    known.sort_by(f64::total_cmp);
                    let moved = members.iter().filter(|member| member.tiles[score] != bin).count();
                    rows.push(vec![
                        Some(Cell::Text((*name).to_owned())),
                        whole(bin),
                        whole(members.len() as i128),
                        known.first().copied().map(Cell::Float),
                        known.last().copied().map(Cell::Float),
                        whole(moved as i128),
                    ]);
                }
            }
            let columns = [("score", Kind::Text), ("bin", Kind::Int), ("actors", Kind::Int), ("least", Kind::Float)];
            Ok(named(&[&columns[..], &[("most", Kind::Float), ("moved", Kind::Int)]].concat(), rows))
        }
        _ => {
            for name in ORDER {
                let members: Vec<&Customer> =
                    customers.iter().filter(|customer| segment(customer.shown(is_ntile), bins) == name).collect();
                if members.is_empty() {
                    continue;
                }
                let n = members.len() as f64;
                let orders: i128 = members.iter().map(|member| member.orders).sum();
                rows.push(vec![
                    Some(Cell::Text(name.to_owned())),
                    whole(members.len() as i128),
                    float(n / customers.len() as f64),
                    float(days(&members)),
                    float(orders as f64 / n),
                    mean_money(&members).map(Cell::Float),
                    value(&members)?,
                ]);
            }
            let columns = [("segment", Kind::Text), ("actors", Kind::Int), ("rate", Kind::Float), ("recency_days", Kind::Float)];
            let more = [("frequency", Kind::Float), ("monetary", Kind::Float), ("value", money_kind)];
            Ok(named(&[&columns[..], &more].concat(), rows))
        }
    }
}

/// A date as nanoseconds since 1970, without a zone by that zone's clock.
fn instant(literal: &Value, zone: Option<&str>, digits: u8) -> i128 {
    let written = calendar::time(literal, digits).0;
    match zone {
        Some(zone) if literal.as_str().is_some_and(|text| !text.ends_with('Z')) => {
            let local: civil::DateTime = Timestamp::from_nanosecond(written).unwrap().to_zoned_datetime(TimeZone::UTC).into();
            local.to_zoned_datetime(TimeZone::get(zone).unwrap()).unwrap().timestamp().as_nanosecond()
        }
        _ => written,
    }
}

/// Those who bought before the date, by actor, and their scores.
fn customers(query: &Value, table: &Table, date: Option<i128>, bins: i128) -> Result<Vec<Customer>, &'static str> {
    let at = |key: &str| query[key].as_str().map(|name| place(&table.columns, name));
    let (actor, time) = (at("actor").unwrap(), at("time").unwrap());
    let mut bought: Vec<(&Cell, Vec<(i128, &Row)>)> = vec![];
    for row in table.rows.iter().filter(|row| fulfils(&query["purchase"], &table.columns, row)) {
        let (Some(name), Some(Cell::Time(nanos))) = (&row[actor], &row[time]) else { continue };
        if date.is_some_and(|date| *nanos >= date) {
            continue;
        }
        match bought.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push((*nanos, row)),
            None => bought.push((name, vec![(*nanos, row)])),
        }
    }
    bought.sort_by(|(a, _), (b, _)| compare(a, b));
    let mut customers = vec![];
    for (name, rows) in bought {
        let ids = rows.iter().map(|(_, row)| at("order").and_then(|order| row[order].as_ref()));
        let mut known: Vec<&Cell> = vec![];
        let mut orders = 0;
        for id in ids {
            let is_known = id.is_some_and(|id| known.contains(&id));
            orders += i128::from(!is_known);
            known.extend(id);
        }
        let mut money = None;
        for (_, row) in &rows {
            let number = |at: usize| if let Some(Cell::Number(units, _)) = row[at] { Some(units) } else { None };
            let factors = (at("value").and_then(number), at("quantity").map_or(Some(1), number));
            if let (Some(value), Some(quantity)) = factors {
                let amount = value.checked_mul(quantity).ok_or("OVERFLOW")?;
                money = Some(money.unwrap_or(0i128).checked_add(amount).ok_or("OVERFLOW")?);
            }
        }
        let last = rows.iter().map(|(nanos, _)| *nanos).max().unwrap();
        customers.push(Customer { actor: name.clone(), last, orders, money, scores: [0; 3], tiles: [0; 3] });
    }
    for score in 0..3 {
        let key = |customer: &Customer| match score {
            0 => Some(customer.last),
            1 => Some(customer.orders),
            _ => customer.money,
        };
        let keys: Vec<Option<i128>> = customers.iter().map(key).collect();
        let n = keys.len() as i128;
        for (at, own) in keys.iter().enumerate() {
            let below = keys.iter().filter(|other| *other < own).count() as i128;
            let alike = keys.iter().filter(|other| *other == own).count() as i128;
            let alike_before = keys[..at].iter().filter(|other| *other == own).count() as i128;
            let above = bins * (2 * below + alike);
            customers[at].scores[score] = above.div_euclid(2 * n) + i128::from(above.rem_euclid(2 * n) > 0);
            // Each tile takes its share of the places, the first ones what is left over.
            let mut end = 0;
            let tile = (1..=bins).find(|tile| {
                end += n / bins + i128::from(*tile <= n % bins);
                below + alike_before < end
            });
            customers[at].tiles[score] = tile.unwrap();
        }
    }
    if at("value").is_none() {
        customers
            .iter_mut()
            .for_each(|customer| (customer.scores[2], customer.tiles[2]) = (customer.scores[1], customer.tiles[1]));
    }
    Ok(customers)
}

impl Customer {
    fn shown(&self, is_ntile: bool) -> [i128; 3] {
        if is_ntile { self.tiles } else { self.scores }
    }
}

fn segment([r, f, m]: [i128; 3], bins: i128) -> &'static str {
    let five = |score: i128| (1..=5).find(|fifth| fifth * bins >= 5 * score).unwrap();
    let mean = (five(f) + five(m)).div_euclid(2) + (five(f) + five(m)) % 2;
    match (five(r), mean) {
        (5, 4..) => "Champions",
        (3.., 4..) => "Loyal",
        (4.., 2..) => "Potential loyalists",
        (5, _) => "New customers",
        (4, _) => "Promising",
        (3, 3) => "Need attention",
        (3, _) => "About to sleep",
        (_, 5) => "Cannot lose them",
        (_, 3 | 4) => "At risk",
        (2, _) => "Hibernating",
        _ => "Lost",
    }
}

fn rank_of(segment: &str) -> usize {
    ORDER.iter().position(|name| *name == segment).unwrap()
}

fn whole(n: i128) -> Option<Cell> {
    Some(Cell::Number(n, 0))
}

fn named(columns: &[(&str, Kind)], rows: Vec<Row>) -> Table {
    let column = |(name, kind): &(&str, Kind)| Column { name: (*name).to_owned(), kind: *kind };
    Table { columns: columns.iter().map(column).collect(), rows }
}
