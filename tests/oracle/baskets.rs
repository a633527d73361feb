//! Baskets by looking into each for every pair of items.

use serde_json::Value;

use super::{Cell, Column, Kind, Row, Table, compare, literal_of, ordered, place};

pub fn answer(query: &Value, table: &Table) -> Table {
    let [item, by] = ["item", "by"].map(|key| place(&table.columns, query[key].as_str().unwrap()));
    let mut baskets: Vec<(&Cell, Vec<&Cell>)> = vec![];
    let mut items: Vec<&Cell> = vec![];
    for row in &table.rows {
        let (Some(basket), Some(item)) = (&row[by], &row[item]) else { continue };
        if !items.contains(&item) {
            items.push(item);
        }
        match baskets.iter_mut().find(|(known, _)| *known == basket) {
            Some((_, held)) => held.push(item),
            None => baskets.push((basket, vec![item])),
        }
    }
    items.sort_by(|a, b| compare(a, b));
    let with = |wanted: &[&Cell]| baskets.iter().filter(|(_, held)| wanted.iter().all(|item| held.contains(item))).count() as f64;
    let n = baskets.len() as f64;
    let least = query["min_support"].as_f64().unwrap_or(2.0);
    let is_frequent = |count: f64| count > 0.0 && if least < 1.0 { count >= least * n } else { count >= least };
    let kind = table.columns[item].kind;
    let column = |(name, kind): (&str, Kind)| Column { name: name.to_owned(), kind };
    let count = |count: f64| Some(Cell::Number(count as i128, 0));
    let float = |value: f64| Some(Cell::Float(value));
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut query = query.clone();
    if query.get("limit").is_none() {
        query["limit"] = 100.into();
    }
    if query["of"] == "items" {
        let frequent = items.iter().filter(|item| is_frequent(with(&[item])));
        let rows = frequent.map(|&item| vec![Some(item.clone()), count(with(&[item])), float(with(&[item]) / n)]).collect();
        let columns = [("item", kind), ("baskets", Kind::Int), ("support", Kind::Float)].map(column).to_vec();
        return ordered(&query, Table { columns, rows }, texts(&["-baskets"]), &texts(&["item"]));
    }
    let only = query.get("for").map(|literal| literal_of(literal, kind));
    let mut rows: Vec<Row> = vec![];
    for (&a, &b) in items.iter().flat_map(|a| items.iter().map(move |b| (a, b))) {
        let (both, of_a, of_b) = (with(&[a, b]), with(&[a]), with(&[b]));
        let is_confident = query["min_confidence"].as_f64().is_none_or(|least| both >= least * of_a);
        if a == b || !is_frequent(both) || !is_confident || only.as_ref().is_some_and(|only| compare(only, a).is_ne()) {
            continue;
        }
        let shares = [both / n, both / of_a, both * n / (of_a * of_b), both / (of_a * of_b).sqrt()];
        // What is as great must not be told apart by its last bit.
        let square = both * both / (of_a * of_b);
        let mut row = vec![Some(a.clone()), Some(b.clone()), count(both)];
        row.extend(shares.into_iter().chain([square]).map(float));
        rows.push(row);
    }
    let names = ["support", "confidence", "lift", "cosine", "square"].map(|name| (name, Kind::Float));
    let columns = [("item", kind), ("other", kind), ("baskets", Kind::Int)].into_iter().chain(names).map(column).collect();
    let rank = query["rank"].as_str().unwrap_or("lift").replace("cosine", "square");
    let order = vec![format!("-{rank}"), "-baskets".to_owned()];
    let mut answer = ordered(&query, Table { columns, rows }, order, &texts(&["item", "other"]));
    answer.columns.pop();
    answer.rows.iter_mut().for_each(|row| drop(row.pop()));
    answer
}
