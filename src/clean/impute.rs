//! `impute`: puts values where there are none, as scikit-learn's `SimpleImputer` does where it has the strategy.

use serde_json::Value;

use super::cast::Target;
use super::eval::{known, scaled};
use super::fill::{self, Fill};
use super::recipe::{need_text, text_of};
use super::table::Builder;
use super::{Action, Work, groups};
use crate::error::spec::{Spec, unknown};
use crate::event::ColumnType;
use crate::kernel::number::MAX_DIGITS;
use crate::kernel::values::digits;
use crate::{Error, ErrorKind, Result};

/// `impute`: fills the nulls of columns, each row from those of its group `within` some columns. A mean or median is exact,
/// and the column has as many more digits as it needs, at most four and 18 in all, beyond which it is rounded half to even;
/// of times, it has the column's unit. The most frequent value is the smallest of several. `ffill` takes the last value
/// before, in the order of the source. A column or group without any value keeps its nulls, and the note says so.
#[derive(Debug)]
pub(super) struct Impute {
    columns: Vec<String>,
    strategy: Strategy,
    within: Vec<String>,
    indicator: Option<Indicator>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Strategy {
    Mean,
    Median,
    MostFrequent,
    /// A value as text, and whether it is a number in JSON.
    Constant(String, bool),
    ForwardFill,
    Drop,
}

/// A column that says where there was no value.
#[derive(Debug)]
enum Indicator {
    /// Called by the column, with `_missing` behind.
    OwnName,
    Named(String),
}

const STRATEGIES: [&str; 6] = ["mean", "median", "most_frequent", "constant", "ffill", "drop"];

impl Impute {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let columns = match (spec.text("column")?, spec.texts("columns")?) {
            (Some(column), columns) if columns.is_empty() => vec![column.to_owned()],
            (None, columns) if !columns.is_empty() => columns,
            _ => return Err(Error::bad_query("an impute has either \"column\" or \"columns\"").at_column("columns")),
        };
        let name = need_text(spec, "strategy")?;
        let value = spec.get("value");
        let wrong = |sentence: &str, key: &str| Err(Error::bad_query(sentence).at_column(key));
        let strategy = match (name.as_str(), value) {
            ("mean", None) => Strategy::Mean,
            ("median", None) => Strategy::Median,
            ("most_frequent", None) => Strategy::MostFrequent,
            ("ffill", None) => Strategy::ForwardFill,
            ("drop", None) => Strategy::Drop,
            ("constant", Some(value)) => match text_of(value)?.filter(|text| !text.is_empty()) {
                Some(text) => Strategy::Constant(text, value.is_number()),
                None => return wrong("the constant to impute is empty", "value"),
            },
            ("constant", None) => return wrong("imputing a constant needs its \"value\"", "value"),
            (known, Some(_)) if STRATEGIES.contains(&known) => {
                return wrong("only the strategy \"constant\" takes a \"value\"", "value");
            }
            (other, _) => return Err(unknown(&format!("strategy {other:?}"), other, &STRATEGIES)),
        };
        let within = spec.texts("within")?;
        let indicator = match spec.get("indicator") {
            None | Some(Value::Bool(false)) => None,
            Some(Value::Bool(true)) => Some(Indicator::OwnName),
            Some(Value::String(name)) if columns.len() == 1 && !name.is_empty() => Some(Indicator::Named(name.clone())),
            Some(_) => return wrong("\"indicator\" must be true, or the name of a column where one is imputed", "indicator"),
        };
        if strategy == Strategy::Drop && (indicator.is_some() || !within.is_empty()) {
            return wrong("dropping rows has no \"indicator\" and no \"within\"", "strategy");
        }
        Ok(Self { columns, strategy, within, indicator })
    }
}

impl Action for Impute {
    fn needs_all_rows(&self) -> bool {
        !matches!(self.strategy, Strategy::Drop | Strategy::Constant(..))
    }

    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let columns = work.table.indices_of(&self.columns)?;
        if self.strategy == Strategy::Drop {
            return drop_rows(work, &columns);
        }
        let within = work.table.indices_of(&self.within)?;
        let (groups, n_groups) = groups::numbers(&work.table, &within)?;
        for at in columns {
            let name = work.table.names()[at].clone();
            let missing = missing(work, at);
            let n_before = n_true(&missing);
            match &self.strategy {
                Strategy::Constant(text, is_number) => fill_constant(work, at, text, *is_number)?,
                strategy => fill_computed(work, at, strategy, &groups, n_groups)?,
            }
            let n_left = n_true(&self::missing(work, at));
            work.report.changed += n_before - n_left;
            if n_left > 0 && n_left == work.table.n_rows() as u64 {
                work.report.note(format!("column {name} has no value, so its {n_left} nulls stay"));
            } else if n_left > 0 && self.strategy == Strategy::ForwardFill {
                work.report.note(format!("{n_left} nulls of column {name} have no value before them and stay"));
            } else if n_left > 0 {
                work.report.note(format!("{n_left} nulls of column {name} are of groups without a value and stay"));
            }
            let indicator = match &self.indicator {
                None => continue,
                Some(Indicator::OwnName) => format!("{name}_missing"),
                Some(Indicator::Named(name)) => name.clone(),
            };
            put_marks(work, &indicator, &missing)?;
        }
        Ok(())
    }
}

/// Adds a column of booleans, one for each row.
pub(super) fn put_marks(work: &mut Work<'_>, name: &str, marks: &[bool]) -> Result<()> {
    if work.table.names().iter().any(|known| known == name) {
        return Err(Error::bad_query(format!("there is a column {name:?} already; name the new one otherwise")).at_column(name));
    }
    let mut builder = Builder::new(ColumnType::Bool);
    let mut rest = marks;
    for batch in work.table.batches() {
        let (own, others) = rest.split_at(batch.n_rows);
        builder.push_numbers(own.iter().map(|&mark| Some(i128::from(mark))).collect())?;
        rest = others;
    }
    work.table.put_named(name, ColumnType::Bool, builder.finish()?)
}

fn n_true(marks: &[bool]) -> u64 {
    marks.iter().filter(|&&mark| mark).count() as u64
}

/// Where a column has no value.
fn missing(work: &Work<'_>, at: usize) -> Vec<bool> {
    let arrays = work.table.batches().iter().map(|batch| &batch.columns[at].array);
    let of = |array: &arrow_array::ArrayRef| {
        let nulls = arrow_array::Array::nulls(array).cloned();
        (0..arrow_array::Array::len(array)).map(move |row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)))
    };
    arrays.flat_map(of).collect()
}

fn drop_rows(work: &mut Work<'_>, columns: &[usize]) -> Result<()> {
    let mut is_kept = vec![true; work.table.n_rows()];
    for &at in columns {
        is_kept.iter_mut().zip(missing(work, at)).for_each(|(kept, missing)| *kept &= !missing);
    }
    work.report.filtered = work.keep_marked(&is_kept)?;
    Ok(())
}

fn fill_constant(work: &mut Work<'_>, at: usize, text: &str, is_number: bool) -> Result<()> {
    let column_type = match work.table.types()[at] {
        ColumnType::Null if is_number => ColumnType::Decimal { scale: 0 },
        ColumnType::Null => ColumnType::Text,
        known => known,
    };
    let target = match Target::of(column_type) {
        // An integer column takes a decimal, too.
        Target::Int => Target::Decimal,
        target => target,
    };
    let does_not_fit = || {
        let name = &work.table.names()[at];
        let sentence = format!("column {name:?} is of type {}; cannot impute {text:?}", column_type.name());
        Error::bad_query(sentence).at_column(name)
    };
    let fill = match (target, column_type) {
        (_, ColumnType::Uuid) => Fill::Number(crate::kernel::uuid::parse_uuid(text.as_bytes()).ok_or_else(does_not_fit)?, 0),
        (Target::Text, _) => Fill::Text(text.to_owned()),
        _ => {
            let (units, digits) = target.read(text).ok_or_else(does_not_fit)?;
            Fill::Number(units, digits)
        }
    };
    let fills = vec![Some(fill); 1];
    let groups = vec![0; work.table.n_rows()];
    fill::fill(work, at, column_type, &fills, &groups)
}

fn fill_computed(work: &mut Work<'_>, at: usize, strategy: &Strategy, groups: &[u32], n_groups: usize) -> Result<()> {
    let column_type = work.table.types()[at];
    if column_type == ColumnType::Null || !missing(work, at).contains(&true) {
        return Ok(());
    }
    if *strategy == Strategy::ForwardFill {
        return fill::fill_forward(work, at, groups, n_groups);
    }
    let is_text = column_type == ColumnType::Text;
    if *strategy == Strategy::MostFrequent {
        let fills = if is_text {
            fill::most_frequent_texts(&work.table.whole(at)?, groups, n_groups)?
        } else {
            let keys = known(&work.table.whole(at)?)?;
            let most = fill::most_frequent(&keys, groups, n_groups);
            most.into_iter().map(|fill| fill.map(|units| Fill::Number(units, digits(column_type) as u8))).collect()
        };
        return fill::fill(work, at, column_type, &fills, groups);
    }
    if !matches!(column_type, ColumnType::Int | ColumnType::Decimal { .. } | ColumnType::Time { .. }) {
        let name = &work.table.names()[at];
        let what = if *strategy == Strategy::Mean { "mean" } else { "median" };
        let sentence = format!("the {what} needs a column of numbers or times; {name:?} is of type {}", column_type.name());
        return Err(Error::bad_query(sentence).at_column(name));
    }
    let scale = digits(column_type) as u8;
    let extra = if matches!(column_type, ColumnType::Time { .. }) { 0 } else { 18u8.saturating_sub(scale).min(4) };
    let values = known(&work.table.whole(at)?)?;
    let fills = match strategy {
        Strategy::Mean => fill::means(&values, groups, n_groups, extra),
        _ => fill::medians(&values, groups, n_groups, extra),
    };
    let too_large =
        || Error::new(ErrorKind::Overflow, format!("the numbers of column {:?} are too large", work.table.names()[at]));
    let fills = fills.ok_or_else(too_large)?;
    let fills: Vec<Option<Fill>> =
        fills.into_iter().map(|fill| fill.map(|units| shortest(units, scale + extra, scale))).collect();
    let most = fills.iter().flatten().map(Fill::digits).max().unwrap_or(scale);
    let fits = |value: &i128| {
        scaled(*value, scale, most).is_some_and(|v| v.unsigned_abs() < crate::kernel::number::pow10(MAX_DIGITS) as u128)
    };
    if !values.iter().flatten().all(fits) {
        return Err(too_large());
    }
    fill::fill(work, at, column_type, &fills, groups)
}

/// The same number without zeros at the end, but not fewer digits than `least`.
fn shortest(mut units: i128, mut scale: u8, least: u8) -> Fill {
    while scale > least && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    Fill::Number(units, scale)
}
