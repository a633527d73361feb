//! Ranks: each row looks at every other row of its partition.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Cell, Column, Kind, Row, Table, in_order, place, strings};

pub fn name(spec: &Value) -> String {
    spec["as"].as_str().or(spec["fn"].as_str()).unwrap().to_owned()
}

/// The table with its rank as the last column, and only the rows that `keep` keeps.
pub fn ranked(spec: &Value, mut table: Table, ties: &[String]) -> Table {
    let ranks: Row = table.rows.iter().map(|row| rank_of(spec, ties, &table, row)).collect();
    table.rows.iter_mut().zip(ranks).for_each(|(row, rank)| row.push(rank));
    let kind = match spec["fn"].as_str().unwrap() {
        "percent_rank" | "cume_dist" => Kind::Float,
        "lag" | "lead" => table.columns[place(&table.columns, spec["column"].as_str().unwrap())].kind,
        _ => Kind::Int,
    };
    table.columns.push(Column { name: name(spec), kind });
    if let Some(keep) = spec["keep"].as_i64() {
        table.rows.retain(|row| match row.last() {
            Some(Some(Cell::Number(rank, _))) => *rank <= i128::from(keep),
            Some(Some(Cell::Float(rank))) => *rank <= keep as f64,
            _ => false,
        });
    }
    table
}

fn rank_of(spec: &Value, ties: &[String], table: &Table, row: &Row) -> Option<Cell> {
    let (within, by) = (strings(&spec["within"]), strings(&spec["by"]));
    let columns = &table.columns;
    let compared = |order: &[String], a: &Row| in_order(order, columns, a, row);
    let partition: Vec<&Row> = table.rows.iter().filter(|other| compared(&within, other) == Ordering::Equal).collect();
    let whole_order = [&by, ties].concat();
    let earlier = partition.iter().filter(|other| compared(&whole_order, other) == Ordering::Less).count();
    let before: Vec<&&Row> = partition.iter().filter(|other| compared(&by, other) == Ordering::Less).collect();
    let peers = partition.iter().filter(|other| compared(&by, other) == Ordering::Equal).count();
    let n = partition.len();
    let whole = |n: usize| Some(Cell::Number(n as i128, 0));
    match spec["fn"].as_str().unwrap() {
        "row_number" => whole(earlier + 1),
        "rank" => whole(before.len() + 1),
        "dense_rank" => {
            let mut different: Vec<&&Row> = Vec::new();
            for row in before {
                if !different.iter().any(|known| in_order(&by, columns, known, row) == Ordering::Equal) {
                    different.push(row);
                }
            }
            whole(different.len() + 1)
        }
        "percent_rank" => Some(Cell::Float(if n == 1 { 0.0 } else { before.len() as f64 / (n - 1) as f64 })),
        "cume_dist" => Some(Cell::Float((before.len() + peers) as f64 / n as f64)),
        "ntile" => {
            let tiles = spec["n"].as_u64().unwrap() as usize;
            let sizes = (0..tiles).map(|tile| n / tiles + usize::from(tile < n % tiles));
            let tile_of_each: Vec<usize> = sizes.enumerate().flat_map(|(tile, size)| vec![tile; size]).collect();
            whole(tile_of_each[earlier] + 1)
        }
        shift => {
            let offset = spec["offset"].as_i64().unwrap_or(1) * if shift == "lag" { -1 } else { 1 };
            let at = usize::try_from(earlier as i64 + offset).ok()?;
            let mut sorted = partition;
            sorted.sort_by(|a, b| in_order(&whole_order, columns, a, b));
            sorted.get(at)?[place(columns, spec["column"].as_str().unwrap())].clone()
        }
    }
}
