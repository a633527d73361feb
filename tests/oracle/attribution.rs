//! Attribution by going through every journey for every model, and removal effects by removing each channel.

use serde_json::Value;

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, compare, condition, nanoseconds, ordered, place, strings};

const MODELS: [&str; 7] = ["first", "last", "linear", "position", "time_decay", "markov", "shapley"];

/// Touches up to a conversion, or up to an actor's end.
struct Journey<'a> {
    actor: Option<Cell>,
    touches: Vec<(i128, Cell)>,
    conversion: Option<(i128, &'a Row)>,
}

pub fn answer(query: &Value, table: &Table) -> Table {
    let journeys = journeys(query, table);
    let value = query["value"].as_str().map(|name| place(&table.columns, name));
    if query["each"] == "actor" { each(query, table, &journeys, value) } else { summary(query, table, &journeys, value) }
}

fn channel(query: &Value, table: &Table, row: &Row) -> Option<Cell> {
    let Some(rules) = query["rules"].as_array() else {
        return row[place(&table.columns, query["channel"].as_str().unwrap())].clone();
    };
    let rule = rules.iter().find(|rule| fulfils(&rule["where"], &table.columns, row))?;
    rule["channel"].as_str().map(|name| Cell::Text(name.to_owned()))
}

fn journeys<'a>(query: &Value, table: &'a Table) -> Vec<Journey<'a>> {
    let actor = place(&table.columns, query["actor"].as_str().unwrap());
    let mut journeys = vec![];
    for rows in actors(query, table) {
        let mut touches: Vec<(i128, Cell)> = vec![];
        let actor = rows[0].1[actor].clone();
        for (time, row) in rows {
            touches.extend(channel(query, table, row).map(|channel| (time, channel)));
            if fulfils(&query["conversion"], &table.columns, row) {
                let lookback = query["lookback"].as_str().map_or(i128::MAX, nanoseconds);
                touches.retain(|touch| time - touch.0 <= lookback);
                let touches = std::mem::take(&mut touches);
                journeys.push(Journey { actor: actor.clone(), touches, conversion: Some((time, row)) });
            }
        }
        if !touches.is_empty() {
            journeys.push(Journey { actor, touches, conversion: None });
        }
    }
    journeys
}

fn channel_kind(query: &Value, table: &Table) -> Kind {
    query["channel"].as_str().map_or(Kind::Text, |name| table.columns[place(&table.columns, name)].kind)
}

fn column(name: &str, kind: Kind) -> Column {
    Column { name: name.to_owned(), kind }
}

fn each(query: &Value, table: &Table, journeys: &[Journey], value: Option<usize>) -> Table {
    let of = |key: &str| table.columns[place(&table.columns, query[key].as_str().unwrap())].clone();
    let channel = channel_kind(query, table);
    let mut columns = vec![
        of("actor"),
        column("converted_at", of("time").kind),
        column("touches", Kind::Int),
        column("first", channel),
        column("last", channel),
    ];
    columns.extend(value.map(|at| column("value", table.columns[at].kind)));
    let row = |journey: &Journey| {
        let (time, row) = journey.conversion?;
        let end = |touch: Option<&(i128, Cell)>| touch.map(|touch| touch.1.clone());
        let n = Some(Cell::Number(journey.touches.len() as i128, 0));
        let ends = [end(journey.touches.first()), end(journey.touches.last())];
        let mut cells = vec![journey.actor.clone(), Some(Cell::Time(time)), n];
        cells.extend(ends);
        cells.extend(value.map(|at| row[at].clone()));
        Some(cells)
    };
    let mut answer = Table { columns, rows: journeys.iter().filter_map(row).collect() };
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    let ties: Vec<String> = answer.columns.iter().map(|column| column.name.clone()).collect();
    ordered(query, answer, strings(&query["order_by"]), &ties)
}

fn summary(query: &Value, table: &Table, journeys: &[Journey], value: Option<usize>) -> Table {
    let mut channels: Vec<Cell> = journeys.iter().flat_map(|journey| &journey.touches).map(|touch| touch.1.clone()).collect();
    channels.sort_by(compare);
    channels.dedup();
    let touched = || journeys.iter().filter(|journey| !journey.touches.is_empty());
    let converted: Vec<&Journey> = touched().filter(|journey| journey.conversion.is_some()).collect();
    let untouched: Vec<&Journey> = journeys.iter().filter(|journey| journey.touches.is_empty()).collect();
    let worth = |journey: &Journey, is_value: bool| match (value, journey.conversion) {
        (Some(at), Some((_, row))) if is_value => match &row[at] {
            Some(Cell::Number(value, scale)) => *value as f64 / 10f64.powi(i32::from(*scale)),
            _ => 0.0,
        },
        _ => 1.0,
    };
    let names = query["models"].as_array();
    let models = MODELS.iter().filter(|model| names.is_none_or(|names| names.iter().any(|name| name == **model)));
    let models: Vec<&str> = models.copied().collect();
    let kinds: &[bool] = if value.is_some() { &[false, true] } else { &[false] };
    let paths: Vec<(Vec<usize>, bool)> = touched()
        .map(|journey| {
            let at = |touch: &(i128, Cell)| channels.iter().position(|channel| *channel == touch.1).unwrap();
            (journey.touches.iter().map(at).collect(), journey.conversion.is_some())
        })
        .collect();
    let effects: Vec<f64> = (0..channels.len()).map(|removed| conversion(&paths, channels.len(), removed)).collect();
    let whole = conversion(&paths, channels.len(), usize::MAX);
    let effects: Vec<f64> = effects.iter().map(|without| if whole > 0.0 { 1.0 - without / whole } else { 0.0 }).collect();
    let all: f64 = effects.iter().sum();
    let credit = |at: usize, model: &str, is_value: bool| -> f64 {
        if model == "markov" {
            let attributed: f64 = converted.iter().map(|journey| worth(journey, is_value)).sum();
            return if all > 0.0 { effects[at] / all * attributed } else { 0.0 };
        }
        converted.iter().map(|journey| worth(journey, is_value) * share(query, journey, &channels[at], model)).sum()
    };
    // Added up as the answer says, for its order.
    let linear = |channel: &Cell| -> f64 {
        let most = converted.iter().map(|journey| journey.touches.len()).max().unwrap_or(0);
        let touches = |n: usize| {
            let own = converted.iter().filter(|journey| journey.touches.len() == n).flat_map(|journey| &journey.touches);
            own.filter(|touch| touch.1 == *channel).count()
        };
        (1..=most).map(|n| touches(n) as f64 / n as f64).sum()
    };
    let count = |n: usize| Some(Cell::Number(n as i128, 0));
    let mut rows: Vec<(f64, Row)> = vec![];
    for (at, channel) in channels.iter().enumerate() {
        let is_own = |touch: &&(i128, Cell)| touch.1 == *channel;
        let touches = journeys.iter().flat_map(|journey| &journey.touches).filter(is_own).count();
        let n = journeys.iter().filter(|journey| journey.touches.iter().any(|touch| is_own(&touch))).count();
        let credits = kinds.iter().flat_map(|is_value| models.iter().map(move |model| (*model, *is_value)));
        let mut row = vec![Some(channel.clone()), count(touches), count(n)];
        row.extend(credits.map(|(model, is_value)| Some(Cell::Float(credit(at, model, is_value)))));
        rows.push((linear(channel), row));
    }
    if !untouched.is_empty() {
        let mut row = vec![None, count(0), count(untouched.len())];
        for is_value in kinds {
            let sum: f64 = untouched.iter().map(|journey| worth(journey, *is_value)).sum();
            row.extend(models.iter().map(|_| Some(Cell::Float(sum))));
        }
        rows.push((untouched.len() as f64, row));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut columns =
        vec![column("channel", channel_kind(query, table)), column("touches", Kind::Int), column("journeys", Kind::Int)];
    for is_value in kinds {
        let end = if *is_value { "_value" } else { "" };
        columns.extend(models.iter().map(|model| column(&format!("{model}{end}"), Kind::Float)));
    }
    Table { columns, rows: rows.into_iter().map(|(_, row)| row).collect() }
}

/// A channel's share of a converted journey.
fn share(query: &Value, journey: &Journey, channel: &Cell, model: &str) -> f64 {
    let touches = &journey.touches;
    let (n, last) = (touches.len(), touches.len() - 1);
    let half_life = nanoseconds(query["half_life"].as_str().unwrap_or("7d")) as f64;
    let weight = |at: usize| match model {
        "first" => f64::from(u8::from(at == 0)),
        "last" => f64::from(u8::from(at == last)),
        "position" if n > 2 && (at == 0 || at == last) => 0.4,
        "position" if n > 2 => 0.2 / (n - 2) as f64,
        "time_decay" => 0.5f64.powf((touches[last].0 - touches[at].0) as f64 / half_life),
        "shapley" => 1.0 / touches.iter().filter(|other| other.1 == touches[at].1).count() as f64,
        _ => 1.0,
    };
    let own = (0..n).filter(|&at| touches[at].1 == *channel).map(weight).sum::<f64>();
    own / (0..n).map(weight).sum::<f64>()
}

/// How likely a journey converts that ends where it comes to the removed channel: step by step, until nothing changes.
fn conversion(paths: &[(Vec<usize>, bool)], n_channels: usize, removed: usize) -> f64 {
    // The start is behind the channels.
    let mut ways = vec![(vec![0.0; n_channels], 0.0, 0.0); n_channels + 1];
    for (path, converts) in paths {
        let mut from = n_channels;
        for &to in path {
            ways[from].0[to] += 1.0;
            ways[from].2 += 1.0;
            from = to;
        }
        ways[from].1 += f64::from(u8::from(*converts));
        ways[from].2 += 1.0;
    }
    let mut chances = vec![0.0; n_channels + 1];
    loop {
        let chance = |at: usize| {
            let (moves, converts, all) = &ways[at];
            let on: f64 = moves.iter().zip(&chances).map(|(moves, chance)| moves * chance).sum();
            if at == removed || *all == 0.0 { 0.0 } else { (converts + on) / all }
        };
        let next: Vec<f64> = (0..=n_channels).map(chance).collect();
        let change = next.iter().zip(&chances).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        chances = next;
        if change < 1e-17 {
            return chances[n_channels];
        }
    }
}
