//! Intervals between purchases by going through them one after the other.

use serde_json::Value;

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, choice, place};

pub fn answer(query: &Value, table: &Table) -> Table {
    let at = |key: &str| query[key].as_str().map(|name| place(&table.columns, name));
    let (actor, time, order) = (at("actor").unwrap(), at("time").unwrap(), at("order"));
    let most = query["most"].as_u64().unwrap_or(5) as usize;
    let mut all: Vec<(Option<Cell>, Vec<i128>)> = vec![];
    for rows in actors(query, table) {
        let mut purchases: Vec<(Option<Cell>, i128)> = vec![];
        for (nanos, row) in rows.iter().filter(|(_, row)| fulfils(&query["event"], &table.columns, row)) {
            let order = order.and_then(|at| row[at].clone());
            let is_known = purchases.iter().any(|known| known.0 == order && (order.is_some() || known.1 == *nanos));
            if !is_known {
                purchases.push((order, *nanos));
            }
        }
        all.push((rows[0].1[actor].clone(), purchases.into_iter().map(|(_, nanos)| nanos).collect()));
    }
    let kind = |at: usize| table.columns[at].kind;
    let column = |(name, kind): (&str, Kind)| Column { name: name.to_owned(), kind };
    let whole = |n: usize| Some(Cell::Number(n as i128, 0));
    if query["each"] == "actor" {
        let mut rows: Vec<Row> = vec![];
        for (actor, times) in all {
            for nth in 0..times.len().min(most) {
                let seconds = times.get(nth + 1).map(|next| Cell::Float(seconds(next - times[nth], kind(time))));
                rows.push(vec![actor.clone(), whole(nth + 1), Some(Cell::Time(times[nth])), seconds]);
            }
        }
        let name = &table.columns[actor].name;
        let columns = [(name.as_str(), kind(actor)), ("nth", Kind::Int), ("at", kind(time)), ("seconds", Kind::Float)];
        return choice(query, Table { columns: columns.map(column).to_vec(), rows }, &[name.clone(), "nth".to_owned()]);
    }
    let mut rows: Vec<Row> = vec![];
    for nth in 1..=most {
        let actors = all.iter().filter(|(_, times)| times.len() >= nth).count();
        let mut gaps: Vec<i128> =
            all.iter().filter(|(_, times)| times.len() > nth).map(|(_, times)| times[nth] - times[nth - 1]).collect();
        if actors == 0 {
            break;
        }
        gaps.sort_unstable();
        let gaps: Vec<f64> = gaps.into_iter().map(|gap| seconds(gap, kind(time))).collect();
        let quantile = |share: f64| {
            let place = share * gaps.len().checked_sub(1)? as f64;
            let (below, above) = (gaps[place.floor() as usize], gaps[(place.floor() as usize + 1).min(gaps.len() - 1)]);
            let share = place - place.floor();
            Some(Cell::Float(if below == above { below } else { below * (1.0 - share) + above * share }))
        };
        let rate = Cell::Float(gaps.len() as f64 / actors as f64);
        rows.push(vec![whole(nth), whole(actors), whole(gaps.len()), Some(rate), quantile(0.5), quantile(0.9)]);
    }
    let (int, float) = (Kind::Int, Kind::Float);
    let columns =
        [("nth", int), ("actors", int), ("again", int), ("rate", float), ("median_seconds", float), ("p90_seconds", float)];
    Table { columns: columns.map(column).to_vec(), rows }
}

/// The times count units of so many digits of a second.
fn seconds(nanos: i128, time: Kind) -> f64 {
    let Kind::Time(digits) = time else { panic!("{time:?} is no time") };
    (nanos / 10i128.pow(9 - u32::from(digits))) as f64 / 10f64.powi(i32::from(digits))
}
