//! `where` and `having` in SQL's three-valued logic: true, false, or `None` for unknown.

use serde_json::Value;

use super::{Cell, Column, Kind, Row, calendar, compare, literal_of, place};

/// Whether all conditions of a list hold; true without a list.
pub fn all(list: &Value, columns: &[Column], row: &Row) -> Option<bool> {
    and(list.as_array().into_iter().flatten().map(|condition| holds(condition, columns, row)))
}

fn and(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let truths: Vec<Option<bool>> = truths.collect();
    match truths.contains(&Some(false)) {
        true => Some(false),
        false if truths.contains(&None) => None,
        false => Some(true),
    }
}

fn not(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}

/// By De Morgan's law.
fn or(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    not(and(truths.map(not)))
}

fn holds(condition: &Value, columns: &[Column], row: &Row) -> Option<bool> {
    let object = condition.as_object().unwrap();
    let test_at = |name: &str, op: &str, literal: &Value| {
        let at = place(columns, name);
        test(op, row[at].as_ref(), literal, columns[at].kind)
    };
    if let Some(list) = object.get("any") {
        return or(list.as_array().unwrap().iter().map(|inner| holds(inner, columns, row)));
    }
    if let Some(list) = object.get("all") {
        return all(list, columns, row);
    }
    if let Some(inner) = object.get("not") {
        return not(holds(inner, columns, row));
    }
    if let Some(name) = object.get("column") {
        let tests = object.iter().filter(|(op, _)| *op != "column");
        return and(tests.map(|(op, literal)| test_at(name.as_str().unwrap(), op, literal)));
    }
    let short = |(name, literal): (&String, &Value)| match literal {
        Value::Null => test_at(name, "is_null", &Value::Bool(true)),
        _ => test_at(name, "eq", literal),
    };
    and(object.iter().map(short))
}

fn test(op: &str, value: Option<&Cell>, literal: &Value, kind: Kind) -> Option<bool> {
    match op {
        "is_null" => return Some(value.is_none() == literal.as_bool().unwrap()),
        // As in DuckDB, null is not even out of an empty list.
        "in" if value.is_none() => return None,
        "in" => return or(literal.as_array().unwrap().iter().map(|literal| test("eq", value, literal, kind))),
        "not_in" => return not(test("in", value, literal, kind)),
        "ne" => return not(test("eq", value, literal, kind)),
        _ if literal.is_null() => return None,
        _ => {}
    }
    let value = value?;
    let other = literal_of(literal, kind);
    let order = compare(value, &other);
    Some(match (op, value, &other) {
        ("eq", ..) => order.is_eq(),
        ("lt", ..) => order.is_lt(),
        ("gt", ..) => order.is_gt(),
        ("gte" | "from", ..) => order.is_ge(),
        ("to", Cell::Time(nanos), _) => {
            let Kind::Time(digits) = kind else { unreachable!() };
            let (start, lasts) = calendar::time(literal, digits);
            *nanos < start + lasts
        }
        ("lte" | "to", ..) => order.is_le(),
        ("contains", Cell::Text(value), Cell::Text(part)) => value.contains(part),
        ("starts_with", Cell::Text(value), Cell::Text(start)) => value.starts_with(start),
        unknown => panic!("no twin of {unknown:?}"),
    })
}
