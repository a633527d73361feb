//! Experiments by looking at each actor's exposures; the distributions by adding up their densities.

use serde_json::Value;

use super::funnel::{actors, fulfils};
use super::{Cell, Column, Kind, Row, Table, compare, condition, ordered, place, strings};

/// An actor that was exposed.
struct Unit {
    actor: Option<Cell>,
    variant: Cell,
    exposed_at: i128,
    is_mixed: bool,
    converted: bool,
    value: i128,
}

pub fn answer(query: &Value, table: &Table) -> Table {
    let of = |key: &str| query[key].as_str().map(|name| place(&table.columns, name));
    let (actor, variant, value) = (of("actor").unwrap(), of("variant").unwrap(), of("value"));
    let mut units: Vec<Unit> = vec![];
    for rows in actors(query, table) {
        let exposures: Vec<&(i128, &Row)> =
            rows.iter().filter(|(_, row)| row[variant].is_some() && fulfils(&query["exposure"], &table.columns, row)).collect();
        let Some((exposed_at, first)) = exposures.first() else { continue };
        let converting: Vec<&Row> = rows
            .iter()
            .filter(|(time, row)| time >= exposed_at && fulfils(&query["conversion"], &table.columns, row))
            .map(|(_, row)| *row)
            .collect();
        let number = |row: &&Row| match value.and_then(|at| row[at].clone()) {
            Some(Cell::Number(value, _)) => value,
            _ => 0,
        };
        units.push(Unit {
            actor: first[actor].clone(),
            variant: first[variant].clone().unwrap(),
            exposed_at: *exposed_at,
            is_mixed: exposures.iter().any(|(_, row)| row[variant] != first[variant]),
            converted: !converting.is_empty(),
            value: converting.iter().map(number).sum(),
        });
    }
    let kinds = [variant, of("time").unwrap()].map(|at| table.columns[at].kind);
    let value = value.map(|at| table.columns[at].kind);
    if query["each"] == "actor" {
        each(query, &units, &table.columns[actor], kinds, value)
    } else {
        summary(query, &units, kinds[0], value)
    }
}

fn column(name: &str, kind: Kind) -> Column {
    Column { name: name.to_owned(), kind }
}

fn scale(kind: Kind) -> u8 {
    if let Kind::Decimal(scale) = kind { scale } else { 0 }
}

fn each(query: &Value, units: &[Unit], actor: &Column, [variant, time]: [Kind; 2], value: Option<Kind>) -> Table {
    let mut columns =
        vec![actor.clone(), column("variant", variant), column("exposed_at", time), column("converted", Kind::Bool)];
    columns.extend(value.map(|kind| column("value", kind)));
    let row = |unit: &Unit| {
        let (at, converted) = (Cell::Time(unit.exposed_at), Cell::Bool(unit.converted));
        let mut row = vec![unit.actor.clone(), Some(unit.variant.clone()), Some(at), Some(converted)];
        row.extend(value.map(|kind| Some(Cell::Number(unit.value, scale(kind)))));
        row
    };
    let mut answer = Table { columns, rows: units.iter().filter(|unit| !unit.is_mixed).map(row).collect() };
    answer.rows.retain(|row| condition::all(&query["having"], &answer.columns, row) == Some(true));
    let ties: Vec<String> = answer.columns.iter().map(|column| column.name.clone()).collect();
    ordered(query, answer, strings(&query["order_by"]), &ties)
}

/// The actors of a variant: whether they converted, and their values; and how many were left out.
struct Arm {
    variant: Cell,
    members: Vec<(f64, f64)>,
    n_mixed: usize,
}

impl Arm {
    fn n(&self) -> f64 {
        self.members.len() as f64
    }

    fn mean(&self, of: impl Fn(&(f64, f64)) -> f64) -> f64 {
        self.members.iter().map(of).sum::<f64>() / self.n()
    }

    /// The variance of the values; not a number of fewer than two.
    fn variance(&self) -> f64 {
        if self.members.len() < 2 {
            return f64::NAN;
        }
        let mean = self.mean(|member| member.1);
        self.members.iter().map(|member| (member.1 - mean).powi(2)).sum::<f64>() / (self.n() - 1.0)
    }
}

/// Whether a variant is what a literal says.
fn is(variant: &Cell, kind: Kind, literal: &Value) -> bool {
    let columns = [column("variant", kind)];
    let condition = serde_json::json!([{"column": "variant", "eq": literal}]);
    condition::all(&condition, &columns, &vec![Some(variant.clone())]) == Some(true)
}

fn summary(query: &Value, units: &[Unit], kind: Kind, value: Option<Kind>) -> Table {
    let unit = 10f64.powi(i32::from(value.map_or(0, scale)));
    let mut variants: Vec<Cell> = units.iter().map(|unit| unit.variant.clone()).collect();
    variants.sort_by(compare);
    variants.dedup();
    let arm = |variant: Cell| {
        let own = || units.iter().filter(|unit| unit.variant == variant);
        let member = |own: &Unit| (f64::from(u8::from(own.converted)), own.value as f64 / unit);
        let members = own().filter(|unit| !unit.is_mixed).map(member).collect();
        let n_mixed = own().filter(|unit| unit.is_mixed).count();
        Arm { members, n_mixed, variant }
    };
    let mut arms: Vec<Arm> = variants.into_iter().map(arm).collect();
    let srm = mismatch(query, kind, &arms);
    let control = match &query["control"] {
        Value::Null => arms.iter().position(|_| true),
        literal => arms.iter().position(|arm| is(&arm.variant, kind, literal)),
    };
    if let Some(at) = control {
        arms[..=at].rotate_right(1);
    }
    let z = quantile(query["confidence"].as_f64().unwrap_or(0.95));
    let rows = arms.iter().enumerate().map(|(at, arm)| {
        let n = arm.n();
        let some = |value: f64| value.is_finite().then_some(Cell::Float(value));
        let control = control.filter(|_| at > 0).map(|_| &arms[0]);
        let rate = arm.mean(|member| member.0);
        let k = rate * n;
        let spread = z * (k * (n - k) / n + z * z / 4.0).sqrt();
        let ends = [k + z * z / 2.0 - spread, k + z * z / 2.0 + spread].map(|end| (end / (n + z * z)).clamp(0.0, 1.0));
        let count = |n: usize| Some(Cell::Number(n as i128, 0));
        let converted = arm.members.iter().filter(|member| member.0 > 0.0).count();
        let mut row = vec![Some(arm.variant.clone()), count(arm.members.len()), count(converted), some(rate)];
        row.extend([some(if k == 0.0 { 0.0 } else { ends[0] }), some(ends[1])]);
        let tested = control.map_or([None, None, None, None], |control| test(query, arm, control).map(&some));
        row.extend(tested);
        if value.is_some() {
            row.extend([some(arm.mean(|member| member.1)), some(arm.variance().sqrt())]);
            row.extend(control.map_or([None, None], |control| welch(arm, control).map(&some)));
        }
        row.extend([some(srm), count(arm.n_mixed)]);
        row
    });
    let mut columns = vec![column("variant", kind), column("actors", Kind::Int), column("conversions", Kind::Int)];
    columns.extend(["rate", "low", "high", "lift", "z", "p", "p_sequential"].map(|name| column(name, Kind::Float)));
    columns.extend(value.into_iter().flat_map(|_| ["mean", "stddev", "t", "p_value"].map(|name| column(name, Kind::Float))));
    columns.extend([column("srm_p", Kind::Float), column("mixed", Kind::Int)]);
    Table { rows: rows.collect(), columns }
}

/// lift, z, p and p_sequential, not a number where there is none.
fn test(query: &Value, arm: &Arm, control: &Arm) -> [f64; 4] {
    let (n, m) = (arm.n(), control.n());
    let [rate, other] = [arm, control].map(|arm| arm.mean(|member| member.0));
    let pooled = (rate * n + other * m) / (n + m);
    let z = (rate - other) / (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let variance = rate * (1.0 - rate) / n + other * (1.0 - other) / m;
    let square = query["tau"].as_f64().unwrap_or(0.01).powi(2);
    let ratio = (variance / (variance + square)).sqrt()
        * (square * (rate - other).powi(2) / (2.0 * variance * (variance + square))).exp();
    let sequential = if variance > 0.0 { (1.0 / ratio).min(1.0) } else { f64::NAN };
    [rate / other - 1.0, z, beyond(z.abs(), 0), sequential]
}

/// Welch's t and its p.
fn welch(arm: &Arm, control: &Arm) -> [f64; 2] {
    let [own, other] = [arm, control].map(|arm| arm.variance() / arm.n());
    let t = (arm.mean(|member| member.1) - control.mean(|member| member.1)) / (own + other).sqrt();
    let degrees = (own + other).powi(2) / (own.powi(2) / (arm.n() - 1.0) + other.powi(2) / (control.n() - 1.0));
    if !t.is_finite() || !degrees.is_finite() {
        return [f64::NAN; 2];
    }
    let density = |angle: f64| angle.cos().max(0.0).powf(degrees - 1.0);
    let (from, to) = ((t.abs() / degrees.sqrt()).atan(), std::f64::consts::FRAC_PI_2);
    [t, area(&density, from, to) / area(&density, 0.0, to)]
}

fn mismatch(query: &Value, kind: Kind, arms: &[Arm]) -> f64 {
    let mut dealt: Vec<(f64, f64)> = vec![];
    match query["expected"].as_object() {
        None => dealt.extend(arms.iter().map(|arm| (arm.n(), 1.0))),
        Some(expected) => {
            let names: Vec<Value> = expected.keys().map(|name| Value::from(name.as_str())).collect();
            for (name, share) in names.iter().zip(expected.values()) {
                let n = arms.iter().find(|arm| is(&arm.variant, kind, name)).map_or(0.0, Arm::n);
                dealt.push((n, share.as_f64().unwrap()));
            }
            let is_named = |arm: &&Arm| names.iter().any(|name| is(&arm.variant, kind, name));
            if arms.iter().filter(|arm| !is_named(arm)).any(|arm| arm.n() > 0.0) {
                return 0.0;
            }
        }
    }
    let (n, shares): (f64, f64) = (dealt.iter().map(|part| part.0).sum(), dealt.iter().map(|part| part.1).sum());
    if n == 0.0 || dealt.len() < 2 {
        return f64::NAN;
    }
    let distance: f64 = dealt.iter().map(|(found, share)| (found - n * share / shares).powi(2) / (n * share / shares)).sum();
    beyond(distance.sqrt(), dealt.len() as i32 - 2)
}

/// How much of the distance from 0, in so many and two more directions less one, lies beyond `from`, if each is normal.
fn beyond(from: f64, power: i32) -> f64 {
    if from.is_nan() {
        return from;
    }
    let density = |x: f64| x.powi(power) * (-x * x / 2.0).exp();
    area(&density, from, from + 12.0) / area(&density, 0.0, 14.0)
}

/// By Simpson's rule.
fn area(density: &dyn Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    const STEPS: i32 = 500;
    let width = (to - from) / f64::from(STEPS);
    let part = |at: i32| f64::from(if at % STEPS == 0 { 1 } else { 2 + 2 * (at % 2) }) * density(from + f64::from(at) * width);
    (0..=STEPS).map(part).sum::<f64>() * width / 3.0
}

/// The normal deviate that an interval of that confidence is wide to both sides, by halving.
fn quantile(confidence: f64) -> f64 {
    let (mut low, mut high) = (0.0, 8.0);
    let density = |x: f64| (-x * x / 2.0).exp() * std::f64::consts::FRAC_2_PI.sqrt();
    for _ in 0..32 {
        let middle = (low + high) / 2.0;
        if area(&density, 0.0, middle) < confidence { low = middle } else { high = middle }
    }
    low
}
