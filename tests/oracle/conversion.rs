//! Conversion by trying every attempt of each actor with each item, one after the other.

use serde_json::Value;

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, compare, condition, nanoseconds, ordered, place};

pub fn answer(query: &Value, table: &Table) -> Table {
    let steps = query["steps"].as_array().unwrap();
    let by = place(&table.columns, query["by"].as_str().unwrap());
    let mut items: Vec<(Cell, Vec<usize>)> = vec![];
    for rows in actors(query, table) {
        let mut own: Vec<&Cell> = rows.iter().filter_map(|(_, row)| row[by].as_ref()).collect();
        own.sort_by(|a, b| compare(a, b));
        own.dedup();
        for item in own {
            let events: Vec<(i128, &Row)> = rows.iter().copied().filter(|(_, row)| row[by].as_ref() == Some(item)).collect();
            let is_step = |step: usize, row: &Row| fulfils(&steps[step], &table.columns, row);
            let starts = events.iter().filter(|(_, row)| is_step(0, row));
            let way = |&(start, _): &(i128, &Row)| {
                let last = query["within"].as_str().map_or(i128::MAX, |within| start + nanoseconds(within));
                let mut time = start;
                (1..steps.len())
                    .map_while(|step| {
                        let next = events.iter().find(|(at, row)| (time..=last).contains(at) && is_step(step, row));
                        next.inspect(|(at, _)| time = *at)
                    })
                    .count()
            };
            let Some(farthest) = starts.map(way).max() else { continue };
            if !items.iter().any(|(known, _)| known == item) {
                items.push((item.clone(), vec![0; steps.len()]));
            }
            let (_, reached) = items.iter_mut().find(|(known, _)| known == item).unwrap();
            reached[..=farthest].iter_mut().for_each(|actors| *actors += 1);
        }
    }
    let column = |name: &str, kind: Kind| Column { name: name.to_owned(), kind };
    let mut columns = vec![table.columns[by].clone()];
    columns.extend((1..=steps.len()).map(|step| column(&format!("actors_{step}"), Kind::Int)));
    columns.extend(["rate", "low", "high"].map(|name| column(name, Kind::Float)));
    let at_least = query["min_actors"].as_u64().unwrap_or(1) as usize;
    let rows = items.into_iter().filter(|(_, reached)| reached[0] >= at_least).map(|(item, reached)| {
        let (n, k) = (reached[0] as f64, reached[steps.len() - 1] as f64);
        let z = quantile(query["confidence"].as_f64().unwrap_or(0.95));
        let (middle, spread) = (k + z * z / 2.0, z * (k * (n - k) / n + z * z / 4.0).sqrt());
        let ends = [middle - spread, middle + spread].map(|end| (end / (n + z * z)).clamp(0.0, 1.0));
        let low = if k == 0.0 { 0.0 } else { ends[0] };
        let counts = reached.iter().map(|&actors| Cell::Number(actors as i128, 0));
        let floats = [k / n, low, ends[1]].map(Cell::Float);
        [item].into_iter().chain(counts).chain(floats).map(Some).collect()
    });
    let mut answer = Table { rows: rows.collect(), columns };
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    let mut order = super::strings(&query["order_by"]);
    order.push("-actors_1".to_owned());
    let item = answer.columns[0].name.clone();
    ordered(query, answer, order, &[item])
}

/// How many deviations from the middle hold a share of a normal distribution, for the shares that are asked for (R's `qnorm`).
fn quantile(confidence: f64) -> f64 {
    let known = [(0.5, 0.674_489_750_196_081_7), (0.8, 1.281_551_565_544_600_4), (0.95, 1.959_963_984_540_054)];
    known.iter().find(|(share, _)| *share == confidence).unwrap().1
}
