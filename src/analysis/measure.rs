//! Measures: a function of a column's values in each group.

#[cfg(feature = "events")]
mod sql;

use serde_json::Value;

use super::derived::{self, Derived};
use super::key::Key;
use super::spec::{Spec, unknown};
use crate::accumulator::{Accumulator, ApproxQuantile, Count, CountDistinct, Edge, Extreme, Spread, Sum, Tally, Trend};
use crate::event::{ColumnType, Role, Schema};
use crate::kernel::bucket::length;
use crate::{Error, ErrorKind, Result};

const FUNCTIONS: [&str; 15] = [
    "count",
    "count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "stddev",
    "var",
    "median",
    "quantile",
    "approx_quantile",
    "mode",
    "first",
    "last",
    "trend",
];
const LATER_FUNCTIONS: [&str; 2] = ["approx_count_distinct", "approx_top_k"];

/// The relative errors that an approximation may be asked for, and what it has where none is.
const ERRORS: std::ops::Range<f64> = 0.000_1..1.0;
const USUAL_ERROR: f64 = 0.01;

/// A measure as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    pub(super) name: String,
    function: String,
    column: Option<String>,
    /// Of quantiles.
    q: f64,
    /// Of approximations: the relative error.
    error: Option<f64>,
    /// Of `first`, `last` and `trend`: the column that says when, if not the one with the role time.
    by: Option<String>,
    /// Of `trend`: in seconds.
    half_life: i64,
}

/// A measure on data of one schema.
pub(super) struct MeasurePlan {
    /// The columns it reads.
    pub(super) columns: Vec<usize>,
    pub(super) accumulator: Box<dyn Accumulator>,
    /// How far its values may be from the exact ones.
    pub(super) error: Option<String>,
}

/// Measures as they were asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Measures {
    /// All their names, in the order of the question.
    pub(super) names: Vec<String>,
    /// Those of rows.
    pub(super) plain: Vec<Measure>,
    /// Those of other measures.
    pub(super) derived: Vec<Derived>,
}

impl Measures {
    /// Reads the measures of a question with these keys.
    pub(super) fn parse(value: Option<&Value>, keys: &[Key]) -> Result<Self> {
        let map = match value {
            None => return Ok(Self::default()),
            Some(Value::Object(map)) => map,
            Some(other) => {
                return Err(Error::bad_query(format!("\"measures\" must be an object of names and functions, found {other}")));
            }
        };
        let (derived, plain): (Vec<_>, Vec<_>) = map.iter().partition(|(_, value)| Derived::is_asked(value));
        let plain: Vec<Measure> = plain.into_iter().map(|(name, value)| Measure::parse(name, value)).collect::<Result<_>>()?;
        let others: Vec<&str> = derived.iter().map(|(name, _)| name.as_str()).collect();
        let parse = |(name, value): (&String, &Value)| Derived::parse(name, value, keys, &plain, &others);
        let derived = derived.iter().copied().map(parse).collect::<Result<_>>()?;
        Ok(Self { names: map.keys().cloned().collect(), plain, derived })
    }
}

impl Measure {
    pub(super) fn parse(name: &str, value: &Value) -> Result<Self> {
        let mut spec = Spec::new(format!("measure {name:?}"), value)?;
        let function =
            spec.need("fn")?.as_str().ok_or_else(|| Error::bad_query(format!("\"fn\" in measure {name:?} must be a string")))?;
        if LATER_FUNCTIONS.contains(&function) {
            let sentence = format!(
                "the function {function:?} of measure {name:?} cannot be computed yet; known are {}",
                FUNCTIONS.join(", ")
            );
            return Err(Error::new(ErrorKind::Unsupported, sentence));
        }
        if !FUNCTIONS.contains(&function) {
            let known = [&FUNCTIONS[..], &derived::FUNCTIONS].concat();
            return Err(unknown(&format!("function {function:?} in measure {name:?}"), function, &known));
        }
        let column = spec.text("column")?.map(str::to_owned);
        if column.is_none() && !matches!(function, "count" | "trend") {
            return Err(Error::bad_query(format!("measure {name:?} needs a \"column\" to take the {function} of")));
        }
        let q = if matches!(function, "quantile" | "approx_quantile") {
            let q = spec.get("q").and_then(Value::as_f64).filter(|q| (0.0..=1.0).contains(q));
            q.ok_or_else(|| Error::bad_query(format!("measure {name:?} needs \"q\", a share from 0 to 1")).at_column("q"))?
        } else {
            0.5
        };
        let error = if function == "approx_quantile" { Some(parse_error(name, spec.get("error"))?) } else { None };
        let by = if matches!(function, "first" | "last" | "trend") { spec.text("by")?.map(str::to_owned) } else { None };
        let half_life = if function == "trend" { parse_half_life(name, spec.text("half_life")?)? } else { 0 };
        spec.finish()?;
        Ok(Self { name: name.to_owned(), function: function.to_owned(), column, q, error, by, half_life })
    }

    /// The column whose distinct values it counts.
    pub(super) fn distinct_column(&self) -> Option<&str> {
        self.column.as_deref().filter(|_| self.function == "count_distinct")
    }

    pub(super) fn plan(&self, schema: &Schema) -> Result<MeasurePlan> {
        let at = self.column.as_ref().map(|name| schema.index_of(name)).transpose()?;
        let column_type = at.map_or(ColumnType::Null, |at| schema.columns()[at].column_type);
        let is_number = matches!(column_type, ColumnType::Int | ColumnType::Decimal { .. });
        let accumulator: Box<dyn Accumulator> = match self.function.as_str() {
            "count" => Box::new(Count::default()),
            "count_distinct" => Box::new(CountDistinct::new(column_type)),
            "min" => Box::new(Extreme::min(column_type)),
            "max" => Box::new(Extreme::max(column_type)),
            "mode" => Box::new(Tally::mode(column_type)),
            "first" | "last" => return self.plan_edge(schema, at, column_type),
            "trend" if is_number || at.is_none() => return self.plan_trend(schema, at, column_type),
            "stddev" if is_number => Box::new(Spread::deviation(column_type)),
            "var" if is_number => Box::new(Spread::variance(column_type)),
            "median" | "quantile" if is_number => Box::new(Tally::quantile(self.q, column_type)),
            "approx_quantile" if is_number => {
                Box::new(ApproxQuantile::new(self.q, self.error.unwrap_or(USUAL_ERROR), column_type))
            }
            "sum" if is_number => Box::new(Sum::new(column_type)),
            "avg" if is_number => Box::new(Sum::mean(column_type)),
            function => {
                let column = self.column.as_deref().unwrap_or_default();
                let sentence = format!("cannot take the {function} of {column:?}, which is of type {}", column_type.name());
                return Err(Error::bad_query(sentence).at_column(column));
            }
        };
        let error = self.error.map(|error| format!("{error} relative"));
        Ok(MeasurePlan { columns: at.into_iter().collect(), accumulator, error })
    }

    /// The plan of a first or last value.
    fn plan_edge(&self, schema: &Schema, at: Option<usize>, column_type: ColumnType) -> Result<MeasurePlan> {
        let (by, order) = self.plan_by(schema, &format!("which row is {}", self.function))?;
        if !matches!(order, ColumnType::Int | ColumnType::Time { .. }) {
            return Err(self.wrong_by(schema, by, "a time or an integer"));
        }
        let edge = if self.function == "first" { Edge::first } else { Edge::last };
        let accumulator = Box::new(edge(column_type, order));
        Ok(MeasurePlan { columns: at.into_iter().chain([by]).collect(), accumulator, error: None })
    }

    /// The plan of a score that halves with time.
    fn plan_trend(&self, schema: &Schema, at: Option<usize>, column_type: ColumnType) -> Result<MeasurePlan> {
        let (by, order) = self.plan_by(schema, "when a row was")?;
        let ColumnType::Time { unit } = order else { return Err(self.wrong_by(schema, by, "a time")) };
        let half_life = self.half_life.checked_mul(unit.per_second()).ok_or_else(|| {
            let sentence = format!("the \"half_life\" of measure {:?} is too long for times in nanoseconds", self.name);
            Error::bad_query(sentence).at_column("half_life")
        })?;
        let accumulator = Box::new(Trend::new(half_life, column_type));
        Ok(MeasurePlan { columns: [by].into_iter().chain(at).collect(), accumulator, error: None })
    }

    /// The column that says when, and its type.
    fn plan_by(&self, schema: &Schema, what: &str) -> Result<(usize, ColumnType)> {
        let by = match &self.by {
            Some(name) => schema.index_of(name)?,
            None => schema.index_of_role(Role::Time).ok_or_else(|| {
                let sentence =
                    format!("measure {:?} needs \"by\", the column that tells {what}: none has the role time", self.name);
                Error::bad_query(sentence).at_column("by")
            })?,
        };
        Ok((by, schema.columns()[by].column_type))
    }

    fn wrong_by(&self, schema: &Schema, by: usize, expected: &str) -> Error {
        let (column, name) = (&schema.columns()[by], &self.name);
        let found = column.column_type.name();
        let sentence = format!("\"by\" of measure {name:?} must be {expected}; {:?} is of type {found}", column.name);
        Error::bad_query(sentence).at_column(&column.name)
    }
}

/// The seconds of the half-life that a score is asked for.
fn parse_half_life(name: &str, asked: Option<&str>) -> Result<i64> {
    let asked = asked.ok_or_else(|| {
        let sentence = format!("measure {name:?} needs \"half_life\", the time in which a row's weight halves, such as \"1h\"");
        Error::bad_query(sentence).at_column("half_life")
    })?;
    length("half_life", asked)
}

/// The relative error that an approximation is asked for.
fn parse_error(name: &str, asked: Option<&Value>) -> Result<f64> {
    let Some(asked) = asked else { return Ok(USUAL_ERROR) };
    asked.as_f64().filter(|error| ERRORS.contains(error)).ok_or_else(|| {
        let sentence = format!("\"error\" of measure {name:?} must be a relative error from 0.0001 to below 1, found {asked}");
        Error::bad_query(sentence).at_column("error")
    })
}
