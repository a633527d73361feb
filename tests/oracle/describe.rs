//! A column's profile by looking at all its values again for each thing that is said of it.

use serde_json::{Value, json};

use super::{Cell, Column, Kind, Row, Table, compare, measure_of, power, strings};

pub fn answer(query: &Value, table: &Table) -> Table {
    let chosen = query.get("columns").map(strings);
    let mut rows = vec![];
    for (at, column) in table.columns.iter().enumerate() {
        if chosen.as_ref().is_none_or(|names| names.contains(&column.name)) {
            let said = describe(query, table, at);
            rows.extend(said.into_iter().map(|row| [Some(Cell::Text(column.name.clone()))].into_iter().chain(row).collect()));
        }
    }
    let kinds =
        [("column", Kind::Text), ("statistic", Kind::Text), ("value", Kind::Text), ("upper", Kind::Text), ("count", Kind::Int)];
    Table { columns: kinds.map(|(name, kind)| Column { name: name.to_owned(), kind }).to_vec(), rows }
}

fn describe(query: &Value, table: &Table, at: usize) -> Vec<Row> {
    let Column { name, kind } = &table.columns[at];
    let mut values: Vec<&Cell> = table.rows.iter().filter_map(|row| row[at].as_ref()).collect();
    values.sort_by(|a, b| compare(a, b));
    let mut distinct = values.clone();
    distinct.dedup();
    let row = |statistic: &str, value: Option<String>, upper: Option<String>, count: Option<usize>| -> Row {
        let count = count.map(|count| Cell::Number(count as i128, 0));
        vec![Some(Cell::Text(statistic.to_owned())), value.map(Cell::Text), upper.map(Cell::Text), count]
    };
    let mut rows = vec![
        row("rows", None, None, Some(table.rows.len())),
        row("nulls", None, None, Some(table.rows.len() - values.len())),
        row("distinct", None, None, Some(distinct.len())),
    ];
    let (Some(least), Some(greatest)) = (values.first(), values.last()) else { return rows };
    rows.push(row("min", Some(written(least, *kind)), None, None));
    rows.push(row("max", Some(written(greatest, *kind)), None, None));
    if matches!(kind, Kind::Int | Kind::Decimal(_)) {
        let members: Vec<&Row> = table.rows.iter().collect();
        for (statistic, function, q) in
            [("mean", "avg", 0.0), ("q1", "quantile", 0.25), ("median", "quantile", 0.5), ("q3", "quantile", 0.75)]
        {
            let measure = json!({"fn": function, "column": name, "q": q});
            let value = measure_of(&measure, &table.columns, &members).unwrap().unwrap();
            rows.push(row(statistic, Some(written(&value, *kind)), None, None));
        }
    }
    let times = |cell: &Cell| values.iter().filter(|other| **other == cell).count();
    let mut often: Vec<(usize, &Cell)> = distinct.iter().map(|cell| (times(cell), *cell)).collect();
    often.sort_by_key(|(count, _)| std::cmp::Reverse(*count)); // keeps the order of equally frequent ones
    for (count, cell) in often.into_iter().take(query["top"].as_u64().unwrap_or(10) as usize) {
        rows.push(row("top", Some(written(cell, *kind)), None, Some(count)));
    }
    let n_bins = query["bins"].as_u64().unwrap_or(20) as i128;
    if n_bins > 0
        && let (Some(least), Some(greatest)) = (units(least, *kind), units(greatest, *kind))
    {
        let width = (1 + greatest - least + n_bins - 1).div_euclid(n_bins);
        for lower in (0..n_bins).map(|bin| least + bin * width).take_while(|lower| *lower <= greatest) {
            let is_last = lower + width > greatest;
            let upper = if is_last { greatest } else { lower + width };
            let is_within = |units: i128| lower <= units && (units < upper || is_last && units == upper);
            let count = values.iter().filter(|cell| units(cell, *kind).is_some_and(is_within)).count();
            rows.push(row("bin", Some(edge(lower, *kind)), Some(edge(upper, *kind)), Some(count)));
        }
    }
    rows
}

/// A number or a time as so many of the smallest steps that its column knows.
fn units(cell: &Cell, kind: Kind) -> Option<i128> {
    match (cell, kind) {
        (Cell::Number(units, _), _) => Some(*units),
        (Cell::Time(nanos), Kind::Time(digits)) => Some(nanos / power(9 - digits)),
        _ => None,
    }
}

fn edge(units: i128, kind: Kind) -> String {
    match kind {
        Kind::Time(digits) => written(&Cell::Time(units * power(9 - digits)), kind),
        Kind::Decimal(scale) => written(&Cell::Number(units, scale), kind),
        _ => units.to_string(),
    }
}

fn written(cell: &Cell, kind: Kind) -> String {
    match cell {
        Cell::Bool(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Number(units, 0) => units.to_string(),
        Cell::Number(units, scale) => {
            let digits = format!("{:0>width$}", units.unsigned_abs(), width = usize::from(*scale) + 1);
            let (whole, fraction) = digits.split_at(digits.len() - usize::from(*scale));
            format!("{}{whole}.{fraction}", if *units < 0 { "-" } else { "" })
        }
        Cell::Time(nanos) => {
            let instant = jiff::Timestamp::from_nanosecond(*nanos).unwrap();
            let Kind::Time(digits) = kind else { panic!("a time in a column of {kind:?}") };
            format!("{instant:.0$}", usize::from(digits))
        }
    }
}
