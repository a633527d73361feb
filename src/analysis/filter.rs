//! `where` and `having`: conditions in SQL's three-valued logic.
//!
//! A comparison with null is unknown, `not` unknown is unknown, and a row passes only if its condition is
//! true. Text is tested once per dictionary entry, numbers as ranges of integers. UUIDs are text: those asked for by name are
//! looked for as numbers, in all other tests each is written.

#[cfg(feature = "events")]
mod sql;

use serde_json::{Map, Value};

use super::literal::{Point, float, text};
use super::spec::{Spec, unknown};
use crate::event::{ColumnType, Schema};
use crate::kernel::order;
use crate::kernel::uuid::{parse_uuid, write_uuid};
use crate::kernel::values::{Data, Rows, Texts, ValueType, Values};
use crate::{Error, Result};

const FALSE: u8 = 0;
const UNKNOWN: u8 = 1;
const TRUE: u8 = 2;

/// Finds a column by its name: its place and type.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Result<(usize, ValueType)>;

/// Finds a schema's columns.
pub fn columns_of(schema: &Schema) -> impl Fn(&str) -> Result<(usize, ValueType)> {
    |name| {
        let at = schema.index_of(name)?;
        Ok((at, ValueType::Of(schema.columns()[at].column_type)))
    }
}

/// Conditions that must all hold.
#[derive(Debug)]
pub struct Filter {
    root: Node,
}

#[derive(Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    IsNull {
        column: usize,
        wanted: bool,
    },
    Test {
        column: usize,
        test: Test,
    },
    /// A comparison with the literal null.
    Unknown,
}

#[derive(Debug)]
enum Test {
    Ranges(Vec<(i128, i128)>),
    Floats(FloatOp, Vec<f64>),
    Text { test: TextTest, memo: Option<(Texts, Vec<u8>)> },
}

#[derive(Debug)]
enum TextTest {
    In(Vec<String>),
    Compare(Op, String),
    Contains(String),
    StartsWith(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Lt,
    Lte,
    Gt,
    Gte,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FloatOp {
    In,
    Compare(Op),
}

impl Op {
    fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        match self {
            Self::Lt => a < b,
            Self::Lte => a <= b,
            Self::Gt => a > b,
            Self::Gte => a >= b,
        }
    }
}

/// The comparisons, by their names in a condition.
const COMPARISONS: [&str; 12] = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "from", "to", "contains", "starts_with"];

impl Filter {
    /// Reads a list of conditions on columns that `lookup` knows.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for a condition that cannot be read, `UNKNOWN_COLUMN` from `lookup`.
    pub fn parse(conditions: &[Value], lookup: Lookup<'_>) -> Result<Self> {
        Ok(Self { root: Node::All(conditions.iter().map(|c| Node::parse(c, lookup)).collect::<Result<_>>()?) })
    }

    /// Whether every row passes.
    pub fn passes_all(&self) -> bool {
        matches!(&self.root, Node::All(nodes) if nodes.is_empty())
    }

    /// Adds the columns that it reads.
    pub fn columns(&self, into: &mut Vec<usize>) {
        self.root.columns(into);
    }

    /// Sets `bits` in the marks of the rows that pass, one mark for each row.
    ///
    /// # Errors
    ///
    /// When a column is not there, or has another type than the one looked up.
    pub fn mark(&mut self, bits: u64, marks: &mut [u64], values: &dyn Fn(usize) -> Result<Values>) -> Result<()> {
        let truth = self.root.evaluate(marks.len(), values)?;
        marks.iter_mut().zip(truth).for_each(|(mark, t)| *mark |= if t == TRUE { bits } else { 0 });
        Ok(())
    }

    /// The rows of `n_rows` that pass; `values` gives a column's values at all rows.
    ///
    /// # Errors
    ///
    /// When a column is not there, or has another type than the one looked up.
    pub fn select(&mut self, n_rows: usize, values: &dyn Fn(usize) -> Result<Values>) -> Result<Rows> {
        if self.passes_all() {
            return Ok(Rows::All(n_rows));
        }
        let truth = self.root.evaluate(n_rows, values)?;
        let passing = truth.iter().filter(|&&t| t == TRUE).count();
        if passing == n_rows {
            return Ok(Rows::All(n_rows));
        }
        let mut rows = Vec::with_capacity(passing);
        rows.extend((0..n_rows as u32).filter(|&row| truth[row as usize] == TRUE));
        Ok(Rows::Some(rows))
    }
}

impl Node {
    fn parse(condition: &Value, lookup: Lookup<'_>) -> Result<Self> {
        let map =
            condition.as_object().ok_or_else(|| Error::bad_query(format!("a condition must be an object, found {condition}")))?;
        let list =
            |spec: &mut Spec<'_>, key| -> Result<Vec<Self>> { spec.list(key)?.iter().map(|c| Self::parse(c, lookup)).collect() };
        let mut spec = Spec::new("a condition", condition)?;
        let node = match map.keys().next().map(String::as_str) {
            Some("any") => Self::Any(list(&mut spec, "any")?),
            Some("all") => Self::All(list(&mut spec, "all")?),
            Some("not") => Self::Not(Box::new(Self::parse(spec.need("not")?, lookup)?)),
            _ if map.contains_key("column") => return Self::parse_column(map, lookup),
            Some(_) => return Self::parse_shorthand(map, lookup),
            None => Self::All(vec![]),
        };
        spec.finish()?;
        Ok(node)
    }

    /// `{"column": "price", "gte": 5, "lt": 10}`: all comparisons must hold.
    fn parse_column(map: &Map<String, Value>, lookup: Lookup<'_>) -> Result<Self> {
        let name = map["column"].as_str().ok_or_else(|| Error::bad_query("\"column\" in a condition must be a string"))?;
        let (column, value_type) = lookup(name)?;
        let mut nodes = Vec::new();
        for (key, literal) in map {
            match key.as_str() {
                "column" => {}
                "is_null" => {
                    let wanted = literal.as_bool().ok_or_else(|| Error::bad_query("\"is_null\" must be true or false"))?;
                    nodes.push(Self::IsNull { column, wanted });
                }
                op if COMPARISONS.contains(&op) => nodes.push(Self::compare(name, column, value_type, op, literal)?),
                other => {
                    let known: Vec<&str> = COMPARISONS.into_iter().chain(["column", "is_null"]).collect();
                    return Err(unknown(&format!("key {other:?} in a condition on {name:?}"), other, &known));
                }
            }
        }
        if nodes.is_empty() {
            let sentence = format!("the condition on {name:?} says nothing; add eq, in, from, to, …");
            return Err(Error::bad_query(sentence).at_column(name));
        }
        Ok(Self::All(nodes))
    }

    /// `{"behavior": "pv"}`: equal, or null for null.
    fn parse_shorthand(map: &Map<String, Value>, lookup: Lookup<'_>) -> Result<Self> {
        let nodes = map.iter().map(|(name, literal)| {
            let (column, value_type) = lookup(name)?;
            if literal.is_null() {
                return Ok(Self::IsNull { column, wanted: true });
            }
            Self::compare(name, column, value_type, "eq", literal)
        });
        Ok(Self::All(nodes.collect::<Result<_>>()?))
    }

    fn compare(name: &str, column: usize, value_type: ValueType, op: &str, literal: &Value) -> Result<Self> {
        let many = matches!(op, "in" | "not_in");
        let one = std::slice::from_ref(literal);
        let literals = if many {
            literal.as_array().ok_or_else(|| Error::bad_query(format!("{op:?} on {name:?} must be a list")).at_column(name))?
        } else {
            one
        };
        // As in SQL, nothing is in or not in a list because of its null: then it is unknown.
        let has_null = literals.iter().any(Value::is_null);
        let known: Vec<&Value> = literals.iter().filter(|literal| !literal.is_null()).collect();
        if has_null && !many {
            return Ok(Self::Unknown);
        }
        let test = match value_type {
            ValueType::Float => float_test(name, op, &known)?,
            ValueType::Of(ColumnType::Text | ColumnType::Null) => text_test(name, op, &known)?,
            ValueType::Of(ColumnType::Uuid) => uuid_test(text_test(name, op, &known)?),
            ValueType::Of(column_type) => ranges(name, column_type, op, &known)?,
        };
        let mut node = Self::Test { column, test };
        if has_null {
            node = Self::Any(vec![node, Self::Unknown]);
        }
        Ok(if matches!(op, "ne" | "not_in") { Self::Not(Box::new(node)) } else { node })
    }

    fn columns(&self, into: &mut Vec<usize>) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.columns(into)),
            Self::Not(node) => node.columns(into),
            Self::IsNull { column, .. } | Self::Test { column, .. } => into.push(*column),
            Self::Unknown => {}
        }
    }

    /// What the condition is at each row.
    fn evaluate(&mut self, n_rows: usize, values: &dyn Fn(usize) -> Result<Values>) -> Result<Vec<u8>> {
        Ok(match self {
            Self::All(nodes) => {
                let mut truth = vec![TRUE; n_rows];
                for node in nodes {
                    let other = node.evaluate(n_rows, values)?;
                    truth.iter_mut().zip(other).for_each(|(a, b)| *a = (*a).min(b));
                }
                truth
            }
            Self::Any(nodes) => {
                let mut truth = vec![FALSE; n_rows];
                for node in nodes {
                    let other = node.evaluate(n_rows, values)?;
                    truth.iter_mut().zip(other).for_each(|(a, b)| *a = (*a).max(b));
                }
                truth
            }
            Self::Not(node) => {
                let mut truth = node.evaluate(n_rows, values)?;
                truth.iter_mut().for_each(|t| *t = TRUE - *t);
                truth
            }
            Self::IsNull { column, wanted } => {
                let values = values(*column)?;
                (0..n_rows).map(|row| if values.is_valid(row) != *wanted { TRUE } else { FALSE }).collect()
            }
            Self::Test { column, test } => {
                let values = values(*column)?;
                let mut truth = test.evaluate(&values)?;
                if let Some(valid) = &values.valid {
                    truth.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(t, _)| *t = UNKNOWN);
                }
                truth
            }
            Self::Unknown => vec![UNKNOWN; n_rows],
        })
    }
}

fn ranges(name: &str, column_type: ColumnType, op: &str, literals: &[&Value]) -> Result<Test> {
    let points: Vec<Point> = literals.iter().map(|l| Point::parse(l, name, column_type)).collect::<Result<_>>()?;
    let range = |p: &Point| match op {
        "lt" => (i128::MIN, p.ceil - 1),
        "lte" => (i128::MIN, p.floor),
        "to" => (i128::MIN, p.last),
        "gt" => (p.floor + 1, i128::MAX),
        "gte" | "from" => (p.ceil, i128::MAX),
        _ => (p.ceil, p.floor), // empty where the column cannot hold the literal
    };
    if matches!(op, "contains" | "starts_with") {
        let sentence = format!("{op:?} needs a text column; {name:?} is of type {}", column_type.name());
        return Err(Error::bad_query(sentence).at_column(name));
    }
    Ok(sorted(points.iter().map(range).filter(|(low, high)| low <= high).collect()))
}

fn sorted(ranges: Vec<(i128, i128)>) -> Test {
    let mut order: Vec<u32> = (0..ranges.len() as u32).collect();
    order::sort_by(&mut order, &|a, b| ranges[a as usize].cmp(&ranges[b as usize]));
    Test::Ranges(order.into_iter().map(|at| ranges[at as usize]).collect())
}

fn op(name: &str) -> Option<Op> {
    Some(match name {
        "lt" => Op::Lt,
        "lte" | "to" => Op::Lte,
        "gt" => Op::Gt,
        "gte" | "from" => Op::Gte,
        _ => return None,
    })
}

fn float_test(name: &str, op_name: &str, literals: &[&Value]) -> Result<Test> {
    if matches!(op_name, "contains" | "starts_with") {
        return Err(Error::bad_query(format!("{op_name:?} needs a text column; {name:?} is a number")).at_column(name));
    }
    let floats = literals.iter().map(|l| float(l, name)).collect::<Result<_>>()?;
    Ok(Test::Floats(op(op_name).map_or(FloatOp::In, FloatOp::Compare), floats))
}

fn text_test(name: &str, op_name: &str, literals: &[&Value]) -> Result<Test> {
    let mut texts: Vec<String> = literals.iter().map(|l| text(l, name)).collect::<Result<_>>()?;
    let test = match (op(op_name), op_name) {
        (Some(op), _) => TextTest::Compare(op, texts.swap_remove(0)),
        (None, "contains") => TextTest::Contains(texts.swap_remove(0)),
        (None, "starts_with") => TextTest::StartsWith(texts.swap_remove(0)),
        _ => TextTest::In(texts),
    };
    Ok(Test::Text { test, memo: None })
}

/// The test of texts where they are UUIDs.
fn uuid_test(test: Test) -> Test {
    let Test::Text { test: TextTest::In(texts), .. } = test else { return test };
    let point = |text: &String| parse_uuid(text.as_bytes()).map(|uuid| (uuid, uuid));
    sorted(texts.iter().filter_map(point).collect())
}

impl Test {
    fn evaluate(&mut self, values: &Values) -> Result<Vec<u8>> {
        let truth = |holds: bool| if holds { TRUE } else { FALSE };
        Ok(match (self, &values.data) {
            (Self::Ranges(ranges), Data::Ints(ints)) => {
                let clamp = |v: i128| v.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
                let fits = |&&(low, high): &&(i128, i128)| low <= i128::from(i64::MAX) && high >= i128::from(i64::MIN);
                let ranges: Vec<(i64, i64)> = ranges.iter().filter(fits).map(|&(low, high)| (clamp(low), clamp(high))).collect();
                match ranges[..] {
                    [] => vec![FALSE; ints.len()],
                    [(low, high)] => ints.iter().map(|&v| truth(v >= low && v <= high)).collect(),
                    _ => ints.iter().map(|&v| truth(within(&ranges, v))).collect(),
                }
            }
            (Self::Ranges(ranges), Data::Wide(wide)) => wide.iter().map(|&v| truth(within(ranges, v))).collect(),
            (Self::Floats(op, literals), Data::Floats(floats)) => {
                let op = *op;
                let holds = |&v: &f64| match op {
                    FloatOp::In => literals.contains(&v),
                    FloatOp::Compare(op) => op.holds(v, literals[0]),
                };
                floats.iter().map(|v| truth(holds(v))).collect()
            }
            (Self::Text { test, memo }, Data::Codes(codes, texts)) => {
                if !memo.as_ref().is_some_and(|(known, _)| known.is(texts)) {
                    let table = texts.0.iter().map(|text| truth(test.holds(text.unwrap_or_default()))).collect();
                    *memo = Some((texts.clone(), table));
                }
                let table = memo.as_ref().map_or(&[][..], |(_, table)| table);
                codes.iter().map(|&code| table.get(code as usize).copied().unwrap_or(FALSE)).collect()
            }
            (Self::Text { test, .. }, uuids) => {
                let holds = |&uuid: &i128| truth(test.holds(std::str::from_utf8(&write_uuid(uuid)).unwrap_or_default()));
                uuids.wide()?.iter().map(holds).collect()
            }
            _ => return Err(Error::bad_state("a condition meets a column of another type")),
        })
    }
}

/// Whether a value is in one of the ranges, which are sorted and meet in no more than a point.
fn within<T: PartialOrd + Copy>(ranges: &[(T, T)], value: T) -> bool {
    let after = ranges.partition_point(|&(low, _)| low <= value);
    ranges[..after].last().is_some_and(|&(_, high)| value <= high)
}

impl TextTest {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(texts) => texts.iter().any(|t| t == text),
            Self::Compare(op, other) => op.holds(text, other.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::StartsWith(start) => text.starts_with(start.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    /// Columns n (5, null, -2, 7) and t ("pv", "buy", null, "PV").
    fn passing(condition: Value) -> Result<Vec<u32>> {
        let lookup = |name: &str| match name {
            "n" => Ok((0, ValueType::Of(ColumnType::Int))),
            "t" => Ok((1, ValueType::Of(ColumnType::Text))),
            _ => Err(Error::bad_query("no such column")),
        };
        let texts = Texts(Arc::new(arrow_array::StringArray::from_iter_values(["pv", "buy", "PV", ""])));
        let columns = [
            Values { data: Data::Ints(vec![5, 0, -2, 7]), valid: Some(vec![true, false, true, true]) },
            Values { data: Data::Codes(vec![0, 1, 3, 2], texts), valid: Some(vec![true, true, false, true]) },
        ];
        let mut filter = Filter::parse(&[condition], &lookup)?;
        Ok(match filter.select(4, &|column| Ok(columns[column].clone()))? {
            Rows::All(n) => (0..n as u32).collect(),
            Rows::Some(rows) => rows,
        })
    }

    #[test]
    fn conditions_are_sql_s() {
        for (condition, rows) in [
            (json!({"column": "n", "gt": 4.5}), vec![0, 3]),
            (json!({"column": "n", "gte": -2, "lt": 7}), vec![0, 2]),
            (json!({"column": "n", "ne": 5}), vec![2, 3]),
            (json!({"not": {"column": "n", "eq": 5}}), vec![2, 3]),
            (json!({"column": "n", "eq": 5.5}), vec![]),
            (json!({"column": "n", "in": [5, "7", 99]}), vec![0, 3]),
            (json!({"column": "n", "not_in": [5]}), vec![2, 3]),
            (json!({"column": "n", "not_in": [5, null]}), vec![]),
            (json!({"column": "n", "in": []}), vec![]),
            (json!({"column": "n", "not_in": []}), vec![0, 2, 3]),
            (json!({"column": "n", "eq": null}), vec![]),
            (json!({"column": "n", "is_null": true}), vec![1]),
            (json!({"n": null}), vec![1]),
            (json!({"t": "pv"}), vec![0]),
            (json!({"column": "t", "starts_with": "p"}), vec![0]),
            (json!({"column": "t", "contains": "u"}), vec![1]),
            (json!({"column": "t", "lt": "a"}), vec![3]),
            (json!({"any": [{"n": 5}, {"t": "buy"}]}), vec![0, 1]),
            (json!({"all": []}), vec![0, 1, 2, 3]),
            (json!({"any": []}), vec![]),
            (json!({"not": {"any": [{"n": 5}, {"t": "buy"}]}}), vec![3]),
        ] {
            assert_eq!(passing(condition.clone()).unwrap(), rows, "{condition}");
        }
    }

    #[test]
    fn conditions_that_cannot_be_read_say_why() {
        for (condition, sentence) in [
            (
                json!({"column": "n", "greater": 1}),
                "unknown key \"greater\" in a condition on \"n\"; known are eq, ne, lt, lte, gt, gte, in, not_in, from, to, contains, starts_with, column, is_null",
            ),
            (json!({"column": "n", "lte_": 1}), "unknown key \"lte_\" in a condition on \"n\"; did you mean \"lte\"?"),
            (json!({"column": "n"}), "the condition on \"n\" says nothing; add eq, in, from, to, …"),
            (json!({"column": "n", "contains": "1"}), "\"contains\" needs a text column; \"n\" is of type int"),
            (json!({"column": "n", "eq": "x"}), "column \"n\" is of type int; cannot compare it with \"x\""),
            (json!({"column": "t", "in": "x"}), "\"in\" on \"t\" must be a list"),
            (json!([]), "a condition must be an object, found []"),
        ] {
            assert_eq!(passing(condition).unwrap_err().to_string(), sentence);
        }
    }
}
