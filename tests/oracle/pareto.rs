//! ABC classes and concentration, each figure by looking at all groups.

use serde_json::{Value, json};

use super::{Cell, Column, Kind, Row, Table, aggregate, condition, in_columns, ordered, place, strings};

pub fn answer(query: &Value, table: &Table) -> Result<Table, &'static str> {
    let (by, measure) = (query["by"].as_str().unwrap(), query.get("measure").cloned().unwrap_or(json!({"fn": "count"})));
    let key = place(&table.columns, by);
    let mut known = table.clone();
    known.rows.retain(|row| row[key].is_some());
    let grouped = json!({"group_by": [by], "measures": {"value": measure}, "order_by": ["-value"]});
    let mut groups = aggregate(&grouped, &known)?;
    let n_all = groups.rows.len();
    let value = |row: &Row| if let Some(Cell::Number(value, _)) = row[1] { value } else { 0 };
    groups.rows.retain(|row| value(row) > 0);
    let values: Vec<i128> = groups.rows.iter().map(value).collect();
    let kind = groups.columns[1].kind;
    let scale = if let Kind::Decimal(scale) = kind { scale } else { 0 };
    let total = values.iter().try_fold(0i128, |sum, value| sum.checked_add(*value)).ok_or("OVERFLOW")?;
    let share = |part: i128| (total > 0).then(|| Cell::Float(part as f64 / total as f64));
    let number = |number: i128| Some(Cell::Number(number, scale));
    let count = |count: usize| Some(Cell::Number(count as i128, 0));
    let above = |value: i128| values.iter().filter(move |other| **other > value);
    let bounds: Vec<f64> = match query["classes"].as_array() {
        Some(list) => list.iter().map(|bound| bound.as_f64().unwrap()).collect(),
        None => vec![0.8, 0.95],
    };
    let class = |value: i128| {
        let before = above(value).sum::<i128>() as f64 / total as f64;
        bounds.iter().filter(|bound| before >= **bound).count()
    };
    let letter = |class: usize| Some(Cell::Text(char::from(b'A' + class as u8).to_string()));
    let (columns, rows): (Vec<(&str, Kind)>, Vec<Row>) = match &query["summary"] {
        Value::Bool(true) => {
            let row = |at: usize| {
                let own: Vec<i128> = values.iter().copied().filter(|value| class(*value) == at).collect();
                let rate = (!values.is_empty()).then(|| Cell::Float(own.len() as f64 / values.len() as f64));
                let sum = own.iter().sum();
                let [least, most] = [own.iter().min(), own.iter().max()].map(|value| value.and_then(|value| number(*value)));
                vec![letter(at), count(own.len()), rate, number(sum), share(sum), least, most]
            };
            let names = ["class", "groups", "rate", "value", "share", "least", "most"];
            let kinds = [Kind::Text, Kind::Int, Kind::Float, kind, Kind::Float, kind, kind];
            (names.into_iter().zip(kinds).collect(), (0..=bounds.len()).map(row).collect())
        }
        Value::String(_) => {
            let pairs = values.iter().flat_map(|a| values.iter().map(move |b| (*a as f64 - *b as f64).abs()));
            let n = values.len() as f64;
            let known = |figure: f64| (total > 0).then_some(Cell::Float(figure));
            let gini = known(pairs.sum::<f64>() / (2.0 * n * total as f64));
            let hhi = known(values.iter().map(|value| (*value as f64 / total as f64).powi(2)).sum());
            let top = |percent: usize| share(values[..(values.len() * percent).div_ceil(100)].iter().sum());
            let tops = [1, 5, 10, 20].map(top);
            let first = [count(values.len()), number(total), gini, hhi];
            let row = first.into_iter().chain(tops).chain([count(n_all - values.len())]).collect();
            let names = ["groups", "total", "gini", "hhi", "top_1", "top_5", "top_10", "top_20", "without"];
            let kind = |name: &str| match name {
                "groups" | "without" => Kind::Int,
                "total" => kind,
                _ => Kind::Float,
            };
            (names.iter().map(|name| (*name, kind(name))).collect(), vec![row])
        }
        _ => {
            let row = |(at, row): (usize, &Row)| {
                let value = value(row);
                let up_to = values[..=at].iter().sum();
                let place = count(above(value).count() + 1);
                vec![row[0].clone(), row[1].clone(), share(value), share(up_to), place, letter(class(value))]
            };
            let kinds = [groups.columns[0].kind, kind, Kind::Float, Kind::Float, Kind::Int, Kind::Text];
            let names = [by, "value", "share", "cumulative", "place", "class"];
            (names.into_iter().zip(kinds).collect(), groups.rows.iter().enumerate().map(row).collect())
        }
    };
    if scale == 0 && rows.iter().flatten().flatten().any(|cell| is_too_large(cell, i128::from(i64::MAX)))
        || rows.iter().flatten().flatten().any(|cell| is_too_large(cell, 10i128.pow(38) - 1))
    {
        return Err("OVERFLOW");
    }
    let column = |&(name, kind): &(&str, Kind)| Column { name: name.to_owned(), kind };
    let mut answer = Table { columns: columns.iter().map(column).collect(), rows };
    let names: Vec<String> = answer.columns.iter().map(|column| column.name.clone()).collect();
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    // What is left alike stays as it is.
    answer.columns.push(Column { name: "#".to_owned(), kind: Kind::Int });
    answer.rows.iter_mut().enumerate().for_each(|(at, row)| row.push(Some(Cell::Number(at as i128, 0))));
    let answer = ordered(query, answer, strings(&query["order_by"]), &["#".to_owned()]);
    Ok(in_columns(&answer, &names))
}

fn is_too_large(cell: &Cell, most: i128) -> bool {
    matches!(cell, Cell::Number(number, _) if *number > most)
}
