//! The obvious twin: answers a query a row at a time, over plain values, with no thought of speed.
//!
//! It shares no code with the crate. It reads the JSON itself, sorts everything, counts ranks by looking at every
//! other row, and leaves the calendar to jiff.

mod abandonment;
mod attribution;
mod baskets;
mod calendar;
mod condition;
mod conversion;
mod derived;
mod describe;
mod experiment;
mod funnel;
mod intervals;
mod pareto;
mod paths;
mod rank;
mod retention;
mod rfm;
mod sequence;
mod sessions;

use std::cmp::Ordering;

use serde_json::Value;

/// A value that is not null.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Bool(bool),
    /// An integer and how many of its digits follow the point.
    Number(i128, u8),
    /// Nanoseconds since 1970.
    Time(i128),
    Text(String),
    Float(f64),
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    /// So many digits follow the point.
    Decimal(u8),
    /// So many digits of a second are kept.
    Time(u8),
    Text,
    Float,
}

pub type Row = Vec<Option<Cell>>;

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// Columns, and rows in input order.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// The answer, or the code of its error.
pub fn answer(query: &Value, table: &Table) -> Result<Table, &'static str> {
    let mut kept = table.clone();
    kept.rows.retain(|row| condition::all(&query["where"], &table.columns, row) == Some(true));
    match query["kind"].as_str() {
        Some("rows") => Ok(rows(query, kept)),
        Some("funnel") => Ok(funnel::answer(query, &kept)),
        Some("sequence") => Ok(sequence::answer(query, &kept)),
        Some("intervals") => Ok(intervals::answer(query, &kept)),
        Some("retention") => Ok(retention::answer(query, &kept)),
        Some("conversion") => Ok(conversion::answer(query, &kept)),
        Some("pareto") => pareto::answer(query, &kept),
        Some("paths") => Ok(paths::answer(query, &kept)),
        Some("sessions") => sessions::answer(query, &kept),
        Some("rfm") => rfm::answer(query, &kept),
        Some("baskets") => Ok(baskets::answer(query, &kept)),
        Some("abandonment") => abandonment::answer(query, &kept),
        Some("attribution") => Ok(attribution::answer(query, &kept)),
        Some("experiment") => Ok(experiment::answer(query, &kept)),
        Some("describe") => Ok(describe::answer(query, &kept)),
        _ => aggregate(query, &kept),
    }
}

/// How far the values of an answer's column may be from the exact ones, as their share.
pub fn error(query: &Value, column: &str) -> f64 {
    // The ends of intervals may be computed in several ways.
    if query["kind"] == "conversion" && ["low", "high"].contains(&column) {
        return 1e-9;
    }
    if query["kind"] == "attribution" || query["kind"] == "experiment" {
        return match column {
            // The twin adds up densities.
            "p_value" => 1e-3,
            "p" | "srm_p" => 1e-5,
            _ => 1e-7,
        };
    }
    if query["kind"] == "pareto" && ["gini", "hhi"].contains(&column) {
        return 1e-9;
    }
    let measure = &query["measures"][column];
    if measure["fn"] == "trend" {
        return 1e-9;
    }
    if measure["fn"] == "approx_quantile" { measure["error"].as_f64().unwrap_or(0.01) } else { 0.0 }
}

fn rows(query: &Value, mut table: Table) -> Table {
    let mut shown: Vec<String> = match query.get("select") {
        Some(select) => strings(select),
        None => table.columns.iter().map(|column| column.name.clone()).collect(),
    };
    table.columns.push(Column { name: "#".to_owned(), kind: Kind::Int });
    table.rows.iter_mut().enumerate().for_each(|(at, row)| row.push(Some(Cell::Number(at as i128, 0))));
    let ties = ["#".to_owned()];
    if let Some(spec) = query.get("rank") {
        table = rank::ranked(spec, table, &ties);
        shown.push(rank::name(spec));
    }
    let table = ordered(query, table, strings(&query["order_by"]), &ties);
    in_columns(&table, &shown)
}

/// The table's columns of these names.
fn in_columns(table: &Table, names: &[String]) -> Table {
    let places: Vec<usize> = names.iter().map(|name| place(&table.columns, name)).collect();
    let rows = table.rows.iter().map(|row| places.iter().map(|&at| row[at].clone()).collect()).collect();
    Table { columns: places.iter().map(|&at| table.columns[at].clone()).collect(), rows }
}

fn aggregate(query: &Value, table: &Table) -> Result<Table, &'static str> {
    let keys: Vec<Value> = query["group_by"].as_array().cloned().unwrap_or_default();
    let mut groups: Vec<(Row, Vec<&Row>)> = Vec::new();
    if keys.is_empty() {
        groups.push((Vec::new(), Vec::new()));
    }
    for row in &table.rows {
        let values: Row = keys.iter().map(|key| key_of(key, &table.columns, row)).collect();
        match groups.iter_mut().find(|(known, _)| *known == values) {
            Some((_, members)) => members.push(row),
            None => groups.push((values, vec![row])),
        }
    }
    let key_column = |key: &Value| Column {
        name: key.as_str().or(key["as"].as_str()).unwrap_or_else(|| column_of(key)).to_owned(),
        kind: table.columns[place(&table.columns, column_of(key))].kind,
    };
    let mut answer = Table { columns: keys.iter().map(key_column).collect(), rows: Vec::new() };
    let ties: Vec<String> = answer.columns.iter().map(|column| column.name.clone()).collect();
    let all = query["measures"].as_object().cloned().unwrap_or_default();
    let measures: Vec<_> = all.iter().filter(|(_, measure)| measure.get("of").is_none()).collect();
    for &(name, measure) in &measures {
        let kind = match measure["fn"].as_str().unwrap() {
            "count" | "count_distinct" => Kind::Int,
            "avg" | "stddev" | "var" | "median" | "quantile" | "approx_quantile" | "trend" => Kind::Float,
            _ => table.columns[place(&table.columns, column_of(measure))].kind,
        };
        answer.columns.push(Column { name: name.clone(), kind });
    }
    for (mut row, members) in groups {
        for (_, measure) in &measures {
            row.push(match measure["fn"].as_str() {
                Some("trend") => trend(measure, table, &members),
                _ => measure_of(measure, &table.columns, &members)?,
            });
        }
        answer.rows.push(row);
    }
    for (name, measure) in all.iter().filter(|(_, measure)| measure.get("of").is_some()) {
        answer = derived::with(name, measure, answer, &keys, &ties)?;
    }
    let mut names = ties.clone();
    names.extend(all.keys().cloned());
    let mut answer = in_columns(&answer, &names);
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    let mut order = strings(&query["order_by"]);
    if let Some(spec) = query.get("rank") {
        answer = rank::ranked(spec, answer, &ties);
        if order.is_empty() {
            order = [strings(&spec["within"]), strings(&spec["by"])].concat();
        }
    }
    Ok(ordered(query, answer, order, &ties))
}

fn key_of(key: &Value, columns: &[Column], row: &Row) -> Option<Cell> {
    let at = place(columns, column_of(key));
    match (&row[at], key["every"].as_str(), key.get("null_as")) {
        (None, _, Some(literal)) => Some(as_held(literal_of(literal, columns[at].kind), columns[at].kind)),
        (Some(Cell::Time(nanos)), Some(every), _) => {
            Some(Cell::Time(calendar::bucket(every, key["timezone"].as_str().unwrap_or("UTC"), *nanos)))
        }
        (value, ..) => value.clone(),
    }
}

/// The literal as a cell of a column of that kind, but with all its digits.
fn literal_of(literal: &Value, kind: Kind) -> Cell {
    let text = literal.as_str().map_or_else(|| literal.to_string(), str::to_owned);
    match kind {
        Kind::Bool => Cell::Bool(text.to_lowercase() == "true"),
        Kind::Text => Cell::Text(text),
        Kind::Float => Cell::Float(text.parse().unwrap()),
        Kind::Time(digits) => Cell::Time(calendar::time(literal, digits).0),
        Kind::Int | Kind::Decimal(_) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            Cell::Number(format!("{whole}{fraction}").parse().unwrap(), fraction.len() as u8)
        }
    }
}

/// A number with as many digits after the point as its column has.
fn as_held(cell: Cell, kind: Kind) -> Cell {
    match (cell, kind) {
        (Cell::Number(value, from), Kind::Decimal(scale)) => Cell::Number(value * power(scale - from), scale),
        (cell, _) => cell,
    }
}

fn measure_of(measure: &Value, columns: &[Column], members: &[&Row]) -> Result<Option<Cell>, &'static str> {
    let whole = |n: usize| Ok(Some(Cell::Number(n as i128, 0)));
    if measure.get("column").is_none() {
        return whole(members.len());
    }
    let at = place(columns, column_of(measure));
    let mut values: Vec<Cell> = members.iter().filter_map(|row| row[at].clone()).collect();
    values.sort_by(compare);
    let (numbers, scales): (Vec<i128>, Vec<u8>) = values
        .iter()
        .filter_map(|cell| if let Cell::Number(value, scale) = cell { Some((*value, *scale)) } else { None })
        .unzip();
    let sum: i128 = numbers.iter().sum();
    let share = if measure["fn"] == "median" { 0.5 } else { measure["q"].as_f64().unwrap_or_default() };
    match measure["fn"].as_str().unwrap() {
        "count" => whole(values.len()),
        "count_distinct" => {
            values.dedup();
            whole(values.len())
        }
        "min" => Ok(values.first().cloned()),
        "max" => Ok(values.last().cloned()),
        _ if values.is_empty() => Ok(None),
        "sum" if columns[at].kind == Kind::Int && i64::try_from(sum).is_err() => Err("OVERFLOW"),
        "sum" => Ok(Some(Cell::Number(sum, scales[0]))),
        // As in DuckDB, the nearest double to the sum is divided.
        "avg" => {
            Ok(Some(Cell::Float(sum.to_string().parse::<f64>().unwrap() / (values.len() as i128 * power(scales[0])) as f64)))
        }
        "stddev" | "var" => spread(&numbers, scales[0], measure["fn"] == "stddev"),
        "median" | "quantile" => {
            let place = share * (numbers.len() - 1) as f64;
            let value = |at: f64| numbers[(at as usize).min(numbers.len() - 1)] as f64 / power(scales[0]) as f64;
            let (below, above) = (value(place.floor()), value(place.floor() + 1.0));
            let share = place - place.floor();
            Ok(Some(Cell::Float(if below == above { below } else { below * (1.0 - share) + above * share })))
        }
        // The exact value that the answer must be near.
        "approx_quantile" => {
            let at = (share * (numbers.len() - 1) as f64).floor() as usize;
            Ok(Some(Cell::Float(numbers[at] as f64 / power(scales[0]) as f64)))
        }
        "mode" => {
            let times = |cell: &Cell| values.iter().filter(|other| *other == cell).count();
            let most = values.iter().map(times).max();
            Ok(values.iter().find(|cell| Some(times(cell)) == most).cloned())
        }
        edge @ ("first" | "last") => {
            let by = place(columns, measure["by"].as_str().unwrap());
            let mut both: Vec<(&Cell, &Cell)> = members.iter().filter_map(|row| row[by].as_ref().zip(row[at].as_ref())).collect();
            both.sort_by(|a, b| compare(a.0, b.0).then(compare(a.1, b.1)));
            let place = if edge == "first" { both.first() } else { both.last() }.map(|both| both.0.clone());
            Ok(both.iter().find(|both| Some(both.0) == place.as_ref()).map(|both| both.1.clone()))
        }
        other => panic!("no twin of {other}"),
    }
}

/// Each row's weight, halved with each half-life from its time to the latest of the table.
fn trend(measure: &Value, table: &Table, members: &[&Row]) -> Option<Cell> {
    let by = place(&table.columns, measure["by"].as_str().unwrap());
    let nanos = |row: &Row| if let Some(Cell::Time(nanos)) = row[by] { Some(nanos) } else { None };
    let latest = table.rows.iter().filter_map(nanos).max()?;
    let weight = |row: &Row| match measure["column"].as_str().map(|column| &row[place(&table.columns, column)]) {
        None => Some(1.0),
        Some(Some(Cell::Number(value, scale))) => Some(*value as f64 / power(*scale) as f64),
        Some(_) => None,
    };
    let half_life = nanoseconds(measure["half_life"].as_str().unwrap());
    let halved = |time: i128| (-((latest - time) as f64) / half_life as f64).exp2();
    let mut terms: Vec<f64> = members.iter().filter_map(|row| Some(weight(row)? * halved(nanos(row)?))).collect();
    terms.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    (!terms.is_empty()).then(|| Cell::Float(terms.iter().sum()))
}

/// The variance of a sample or its root, from exact sums, which 38 digits must hold.
fn spread(numbers: &[i128], scale: u8, is_root: bool) -> Result<Option<Cell>, &'static str> {
    let n = numbers.len() as i128;
    let squares = numbers.iter().try_fold(0i128, |sum, x| sum.checked_add(x.checked_mul(*x)?).filter(|sum| *sum < power(38)));
    let squares = squares.ok_or("OVERFLOW")?;
    if n == 1 {
        return Ok(None);
    }
    let sum: i128 = numbers.iter().sum();
    let above = n.checked_mul(squares).and_then(|all| all.checked_sub(sum.checked_mul(sum)?)).ok_or("OVERFLOW")?;
    let (variance, unit) = (above as f64 / (n * (n - 1)) as f64, power(scale) as f64);
    Ok(Some(Cell::Float(if is_root { variance.sqrt() / unit } else { variance / (unit * unit) })))
}

fn ordered(query: &Value, mut table: Table, mut order: Vec<String>, ties: &[String]) -> Table {
    order.extend(ties.iter().cloned());
    table.rows.sort_by(|a, b| in_order(&order, &table.columns, a, b));
    if let Some(limit) = query["limit"].as_u64() {
        table.rows.truncate(limit as usize);
    }
    table
}

/// The rows that a question for one of each chooses, by `having`, `order_by` and `limit`.
fn choice(query: &Value, mut table: Table, ties: &[String]) -> Table {
    table.rows.retain(|row| condition::all(&query["having"], &table.columns, row) == Some(true));
    ordered(query, table, strings(&query["order_by"]), ties)
}

fn in_order(order: &[String], columns: &[Column], a: &Row, b: &Row) -> Ordering {
    for name in order {
        let (name, descending) = name.strip_prefix('-').map_or((name.as_str(), false), |name| (name, true));
        let at = place(columns, name);
        let order = match (&a[at], &b[at]) {
            (Some(a), Some(b)) if descending => compare(b, a),
            (Some(a), Some(b)) => compare(a, b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

pub fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        (Cell::Time(a), Cell::Time(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Cell::Float(a), Cell::Float(b)) => a.partial_cmp(b).unwrap(),
        (Cell::Number(a, i), Cell::Number(b, j)) => {
            let scale = *i.max(j);
            (a * power(scale - i)).cmp(&(b * power(scale - j)))
        }
        _ => panic!("{a:?} and {b:?} have no order"),
    }
}

fn power(n: u8) -> i128 {
    10i128.pow(u32::from(n))
}

/// A length of time.
fn nanoseconds(text: &str) -> i128 {
    let (count, unit) = text.split_at(text.len() - 1);
    let seconds = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
    count.parse::<i128>().unwrap() * seconds.iter().find(|(name, _)| *name == unit).unwrap().1 * 1_000_000_000
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn column_of(spec: &Value) -> &str {
    spec.as_str().or(spec["column"].as_str()).unwrap()
}

fn place(columns: &[Column], name: &str) -> usize {
    columns.iter().position(|column| column.name == name).unwrap_or_else(|| panic!("no column {name}"))
}
