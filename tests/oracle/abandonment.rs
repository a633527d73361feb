//! Carts by looking, for each cart event, for what came before and after it.

use serde_json::Value;

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, column_of, compare, condition, in_columns, key_of, nanoseconds, ordered, place};

struct Cart<'a> {
    first: &'a Row,
    at: i128,
    value: Option<i128>,
    is_bought: bool,
}

pub fn answer(query: &Value, table: &Table) -> Result<Table, &'static str> {
    let at = |key: &str| query[key].as_str().map(|name| place(&table.columns, name));
    let (actor, time, item, value) = (at("actor").unwrap(), at("time").unwrap(), at("item"), at("value"));
    let within = query["within"].as_str().map(nanoseconds);
    let mut carts: Vec<Cart> = vec![];
    let mut last = i128::MIN;
    for rows in actors(query, table) {
        let rows: Vec<(i128, &Row)> = rows.into_iter().filter(|(_, row)| item.is_none_or(|at| row[at].is_some())).collect();
        last = rows.iter().map(|(nanos, _)| *nanos).fold(last, i128::max);
        let mut known: Vec<Option<&Cell>> = vec![];
        for (_, row) in &rows {
            let own = item.and_then(|at| row[at].as_ref());
            if known.contains(&own) {
                continue;
            }
            known.push(own);
            let of = |key: &str| -> Vec<(i128, &Row)> {
                let is_own =
                    |row: &Row| item.is_none_or(|at| row[at].as_ref() == own) && fulfils(&query[key], &table.columns, row);
                rows.iter().copied().filter(|(_, row)| is_own(row)).collect()
            };
            let (puts, buys) = (of("cart"), of("buy"));
            let mut rest = &puts[..];
            while let Some(&(begin, first)) = rest.first() {
                let until = within.map_or(i128::MAX, |within| begin + within);
                let bought = buys.iter().map(|(nanos, _)| *nanos).find(|nanos| (begin..=until).contains(nanos));
                let end = bought.unwrap_or(until);
                let n = rest.iter().take_while(|(nanos, _)| *nanos <= end).count();
                let mut values = rest[..n].iter().filter_map(|(_, row)| match row[value?] {
                    Some(Cell::Number(number, _)) => Some(number),
                    _ => None,
                });
                carts.push(Cart { first, at: begin, value: values.next_back(), is_bought: bought.is_some() });
                rest = &rest[n..];
            }
        }
    }
    let kind = value.map_or(Kind::Int, |at| table.columns[at].kind);
    let names = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    if query["each"] == "actor" {
        let answer = each(&carts, table, &[Some(actor), item], time, kind);
        let n_keys = answer.columns.len() - 2;
        return Ok(chosen(query, &names(&answer), answer, n_keys));
    }
    let is_open = |cart: &Cart| within.is_some_and(|within| !cart.is_bought && cart.at + within > last);
    let answer = groups(query, &carts, table, kind, &is_open)?;
    let n_keys = answer.columns.len() - 6;
    Ok(chosen(query, &names(&answer), answer, n_keys))
}

fn each(carts: &[Cart], table: &Table, keys: &[Option<usize>], time: usize, kind: Kind) -> Table {
    let keys: Vec<usize> = keys.iter().copied().flatten().collect();
    let column = |name: &str, kind: Kind| Column { name: name.to_owned(), kind };
    let mut columns: Vec<Column> = keys.iter().map(|&at| table.columns[at].clone()).collect();
    columns.extend([column("at", table.columns[time].kind), column("value", kind), column("bought", Kind::Bool)]);
    let row = |cart: &Cart| {
        let own = [Some(Cell::Time(cart.at)), cart.value.map(|value| number(value, kind)), Some(Cell::Bool(cart.is_bought))];
        keys.iter().map(|&at| cart.first[at].clone()).chain(own).collect()
    };
    Table { columns, rows: carts.iter().map(row).collect() }
}

fn groups(
    query: &Value,
    carts: &[Cart],
    table: &Table,
    kind: Kind,
    is_open: &dyn Fn(&Cart) -> bool,
) -> Result<Table, &'static str> {
    let keys: Vec<Value> = query["group_by"].as_array().cloned().unwrap_or_default();
    let mut groups: Vec<(Row, Vec<&Cart>)> = if keys.is_empty() { vec![(vec![], vec![])] } else { vec![] };
    for cart in carts {
        let own: Row = keys.iter().map(|key| key_of(key, &table.columns, cart.first)).collect();
        match groups.iter_mut().find(|(known, _)| *known == own) {
            Some((_, members)) => members.push(cart),
            None => groups.push((own, vec![cart])),
        }
    }
    let column = |name: &str, kind: Kind| Column { name: name.to_owned(), kind };
    let key_column = |key: &Value| Column {
        name: key.as_str().or(key["as"].as_str()).unwrap_or_else(|| column_of(key)).to_owned(),
        kind: table.columns[place(&table.columns, column_of(key))].kind,
    };
    let mut columns: Vec<Column> = keys.iter().map(key_column).collect();
    columns.extend([column("carts", Kind::Int), column("abandoned", Kind::Int), column("rate", Kind::Float)]);
    columns.extend([column("value", kind), column("abandoned_value", kind), column("open", Kind::Int)]);
    let count = |n: usize| Some(Cell::Number(n as i128, 0));
    let mut rows = vec![];
    for (mut row, members) in groups {
        let abandoned: Vec<&Cart> = members.iter().copied().filter(|cart| !cart.is_bought).collect();
        let has_value = members.iter().any(|cart| cart.value.is_some());
        let sum = |carts: &[&Cart]| carts.iter().filter_map(|cart| cart.value).sum::<i128>();
        let sums = [sum(&members), sum(&abandoned)];
        let most = if kind == Kind::Int { i128::from(i64::MAX) } else { 10i128.pow(38) - 1 };
        if sums.iter().any(|sum| *sum > most || *sum < -most - i128::from(kind == Kind::Int)) {
            return Err("OVERFLOW");
        }
        row.extend([count(members.len()), count(abandoned.len())]);
        row.push((!members.is_empty()).then(|| Cell::Float(abandoned.len() as f64 / members.len() as f64)));
        row.extend(sums.map(|sum| has_value.then(|| number(sum, kind))));
        row.push(count(members.iter().filter(|cart| is_open(cart)).count()));
        rows.push(row);
    }
    Ok(Table { columns, rows })
}

fn number(value: i128, kind: Kind) -> Cell {
    Cell::Number(value, if let Kind::Decimal(scale) = kind { scale } else { 0 })
}

/// The rows that the question wants, in its order, then in that of the first columns.
fn chosen(query: &Value, names: &[String], mut answer: Table, n_keys: usize) -> Table {
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    answer.rows.sort_by(|a, b| {
        let mut orders = a.iter().zip(b).take(n_keys).map(|(a, b)| match (a, b) {
            (Some(a), Some(b)) => compare(a, b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        orders.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    answer.columns.push(Column { name: "#".to_owned(), kind: Kind::Int });
    answer.rows.iter_mut().enumerate().for_each(|(at, row)| row.push(Some(Cell::Number(at as i128, 0))));
    in_columns(&ordered(query, answer, super::strings(&query["order_by"]), &["#".to_owned()]), names)
}
