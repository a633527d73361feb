//! Measures: a function of a column's values in each group.

use serde_json::Value;

use super::spec::{Spec, unknown};
use crate::accumulator::{Accumulator, Count, CountDistinct, Extreme, Sum};
use crate::event::{ColumnType, Schema};
use crate::{Error, ErrorKind, Result};

const FUNCTIONS: [&str; 6] = ["count", "count_distinct", "sum", "avg", "min", "max"];
const LATER_FUNCTIONS: [&str; 12] = [
    "quantile",
    "median",
    "mode",
    "stddev",
    "var",
    "first",
    "last",
    "approx_count_distinct",
    "approx_quantile",
    "approx_top_k",
    "running_sum",
    "previous",
];

/// A measure as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    pub(super) name: String,
    function: String,
    column: Option<String>,
}

/// A measure on data of one schema.
pub(super) struct MeasurePlan {
    /// The column it reads.
    pub(super) at: Option<usize>,
    pub(super) accumulator: Box<dyn Accumulator>,
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
            return Err(unknown(&format!("function {function:?} in measure {name:?}"), function, &FUNCTIONS));
        }
        let column = spec.text("column")?.map(str::to_owned);
        if column.is_none() && function != "count" {
            return Err(Error::bad_query(format!("measure {name:?} needs a \"column\" to take the {function} of")));
        }
        spec.finish()?;
        Ok(Self { name: name.to_owned(), function: function.to_owned(), column })
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
            "sum" if is_number => Box::new(Sum::new(column_type)),
            "avg" if is_number => Box::new(Sum::mean(column_type)),
            function => {
                let column = self.column.as_deref().unwrap_or_default();
                let sentence = format!("cannot take the {function} of {column:?}, which is of type {}", column_type.name());
                return Err(Error::bad_query(sentence).at_column(column));
            }
        };
        Ok(MeasurePlan { at, accumulator })
    }
}
