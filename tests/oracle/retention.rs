//! Retention by looking at every event of an actor for every period.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Kind;
use super::funnel::{actors, fulfils};
use super::{Cell, Column, Table, calendar, place};

pub fn answer(query: &Value, table: &Table) -> Table {
    let every = query["every"].as_str().unwrap_or("1d");
    let zone = query["timezone"].as_str().unwrap_or("UTC");
    let n_periods = query["periods"].as_u64().unwrap_or(7) as i128;
    let period =
        |cohort: i128, nanos: i128| calendar::steps(every, zone, cohort, calendar::bucket(every, zone, nanos), n_periods);
    let actors = actors(query, table);
    let last = actors.iter().flatten().map(|(nanos, _)| *nanos).max();
    let mut cohorts: BTreeMap<i128, Vec<Vec<i128>>> = BTreeMap::new();
    for rows in &actors {
        let is = |key: &str, row| fulfils(&query[key], &table.columns, row);
        let Some(&(first, _)) = rows.iter().find(|(_, row)| is("start", row)) else { continue };
        let cohort = calendar::bucket(every, zone, first);
        let returns = rows.iter().filter(|(nanos, row)| *nanos >= first && is("return", row));
        cohorts.entry(cohort).or_default().push(returns.map(|(nanos, _)| period(cohort, *nanos)).collect());
    }
    let mut rows = vec![];
    for (&cohort, members) in &cohorts {
        for n in (0..=n_periods).take_while(|&n| n <= period(cohort, last.unwrap())) {
            let is_on = |periods: &&Vec<i128>| match query["counting"].as_str() {
                Some("on_or_after") => periods.iter().any(|&period| period >= n),
                _ => periods.contains(&n),
            };
            let count = members.iter().filter(is_on).count();
            let numbers = [n, count as i128].map(|number| Some(Cell::Number(number, 0)));
            let rate = Some(Cell::Float(count as f64 / members.len() as f64));
            rows.push([Some(Cell::Time(cohort))].into_iter().chain(numbers).chain([rate]).collect());
        }
    }
    let time = table.columns[place(&table.columns, query["time"].as_str().unwrap())].kind;
    let columns = [("cohort", time), ("period", Kind::Int), ("actors", Kind::Int), ("rate", Kind::Float)];
    Table { columns: columns.map(|(name, kind)| Column { name: name.to_owned(), kind }).to_vec(), rows }
}
