//! Measures of measures: each row looks at every other row.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Cell, Column, Kind, Row, Table, calendar, column_of, in_order, place, power, strings};

/// The table with the measure as its last column.
pub fn with(name: &str, spec: &Value, mut table: Table, keys: &[Value], ties: &[String]) -> Result<Table, &'static str> {
    let of = place(&table.columns, spec["of"].as_str().unwrap());
    let of_row = |row| {
        if spec["fn"] == "previous" { Ok(previous(spec, &table, keys, of, row)) } else { sum(spec, &table, keys, ties, of, row) }
    };
    let cells = table.rows.iter().map(of_row).collect::<Result<Row, _>>()?;
    table.rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    table.columns.push(Column { name: name.to_owned(), kind: table.columns[of].kind });
    Ok(table)
}

fn previous(spec: &Value, table: &Table, keys: &[Value], of: usize, row: &Row) -> Option<Cell> {
    let time = keys.iter().position(|key| key.get("every").is_some()).unwrap();
    let Some(Cell::Time(start)) = row[time] else { return None };
    let zone = keys[time]["timezone"].as_str().unwrap_or("UTC");
    let steps = spec["offset"].as_u64().unwrap_or(1);
    let start = calendar::earlier(keys[time]["every"].as_str().unwrap(), zone, start, steps)?;
    let mut sought = row[..keys.len()].to_vec();
    sought[time] = Some(Cell::Time(start));
    table.rows.iter().find(|other| other[..keys.len()] == sought)?[of].clone()
}

fn sum(spec: &Value, table: &Table, keys: &[Value], ties: &[String], of: usize, row: &Row) -> Result<Option<Cell>, &'static str> {
    let time = || {
        let time = keys.iter().find(|key| key.get("every").is_some()).unwrap();
        vec![time["as"].as_str().unwrap_or_else(|| column_of(time)).to_owned()]
    };
    let by = spec.get("by").map_or_else(time, strings);
    let is_by = |name: &String| by.iter().any(|by| by.trim_start_matches('-') == name);
    let others = || ties.iter().filter(|name| !is_by(name)).cloned().collect();
    let within: Vec<String> = spec.get("within").map_or_else(others, strings);
    let order = [&by, ties].concat();
    let compared = |order: &[String], other: &Row| in_order(order, &table.columns, other, row);
    let same = table.rows.iter().filter(|other| compared(&within, other) == Ordering::Equal);
    let mut up_to: Vec<&Row> = same.filter(|other| compared(&order, other) != Ordering::Greater).collect();
    up_to.sort_by(|a, b| in_order(&order, &table.columns, a, b));
    let numbers: Vec<(i128, u8)> = up_to
        .iter()
        .filter_map(|row| if let Some(Cell::Number(value, scale)) = &row[of] { Some((*value, *scale)) } else { None })
        .collect();
    let Some(&(_, scale)) = numbers.first() else { return Ok(None) };
    let is_int = table.columns[of].kind == Kind::Int;
    let fits = |sum: &i128| if is_int { i64::try_from(*sum).is_ok() } else { sum.abs() < power(38) };
    let total = numbers.iter().try_fold(0i128, |sum, (value, _)| sum.checked_add(*value).filter(fits));
    total.map(|total| Some(Cell::Number(total, scale))).ok_or("OVERFLOW")
}
