//! Measures of measures: what a row of an answer is told by the answer's other rows.
//!
//! They are no accumulators and have no state: they are computed from the finished measures of all groups, before `having`,
//! `rank`, `order_by` and `limit`, which may use them.

#[cfg(feature = "events")]
mod sql;

use serde_json::Value;

use super::key::{Key, KeyPlan};
use super::measure::Measure;
use super::spec::{Spec, unknown};
use super::table::{OrderBy, Table, TableColumn, combinations};
use crate::event::ColumnType;
use crate::kernel::ids::Ids;
use crate::kernel::number::{MAX_DIGITS, pow10};
use crate::kernel::order::{self, SortKey};
use crate::kernel::pairs::Pairs;
use crate::kernel::values::{Data, ValueType, Values};
use crate::{Error, ErrorKind, Result};

/// The functions of measures of measures.
pub(super) const FUNCTIONS: [&str; 2] = ["running_sum", "previous"];

/// A measure of a measure.
#[derive(Clone, Debug)]
pub(super) struct Derived {
    pub(super) name: String,
    /// The place of the measure that it is of, among the table's columns.
    pub(super) of: usize,
    function: Function,
}

#[derive(Clone, Debug)]
enum Function {
    /// SQL's `sum(of) over (partition by within order by by rows between unbounded preceding and current row)`; ties are
    /// broken by the group keys, nulls come last.
    RunningSum { within: Vec<String>, by: Vec<OrderBy> },
    /// The value where the time key is so many of its steps earlier and all other keys are the same; null where there is no
    /// such row.
    Previous { time: usize, offset: i64 },
}

impl Derived {
    /// Whether a measure's JSON asks for a measure of a measure.
    pub(super) fn is_asked(value: &Value) -> bool {
        value.get("fn").and_then(Value::as_str).is_some_and(|function| FUNCTIONS.contains(&function))
    }

    /// Reads `{"fn": "running_sum", "of", "by", "within"}` or `{"fn": "previous", "of", "offset"}`, in a question of these
    /// keys and measures; `others` are its measures of measures.
    pub(super) fn parse(name: &str, value: &Value, keys: &[Key], measures: &[Measure], others: &[&str]) -> Result<Self> {
        let mut spec = Spec::new(format!("measure {name:?}"), value)?;
        let is_sum = spec.need("fn")? == "running_sum";
        let of = spec.text("of")?.ok_or_else(|| {
            Error::bad_query(format!("measure {name:?} needs \"of\", the measure that it is computed from")).at_column("of")
        })?;
        let names: Vec<&str> = measures.iter().map(|measure| measure.name.as_str()).collect();
        let of = names.iter().position(|known| *known == of).ok_or_else(|| unknown_measure(name, "of", of, &names, others))?;
        let function = if is_sum {
            let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).chain(names).collect();
            parse_running_sum(name, &mut spec, keys, &known, others)?
        } else {
            let offset = i64::try_from(spec.count("offset")?.unwrap_or(1)).unwrap_or(i64::MAX);
            let mut times = keys.iter().enumerate().filter(|(_, key)| key.is_bucket()).map(|(at, _)| at);
            let (Some(time), None) = (times.next(), times.next()) else {
                let n = keys.iter().filter(|key| key.is_bucket()).count();
                return Err(Error::bad_query(format!(
                    "measure {name:?} needs one group key with \"every\", which says how far back the previous row is; found {n}"
                )));
            };
            Function::Previous { time, offset }
        };
        spec.finish()?;
        Ok(Self { name: name.to_owned(), of: keys.len() + of, function })
    }

    /// Checks the type of what it is of.
    pub(super) fn check(&self, of: &str, value_type: ValueType) -> Result<()> {
        let is_number = matches!(value_type, ValueType::Of(ColumnType::Int | ColumnType::Decimal { .. }));
        if is_number || matches!(self.function, Function::Previous { .. }) {
            return Ok(());
        }
        let sentence =
            format!("measure {:?} can add up integers and decimals alone; {of:?} is of type {}", self.name, value_type.name());
        Err(Error::bad_query(sentence).at_column(of))
    }

    /// Adds it as a column to the table of all groups, which begins with their keys.
    pub(super) fn apply(&self, table: &mut Table, keys: &[KeyPlan]) -> Result<()> {
        let values = match &self.function {
            Function::RunningSum { within, by } => {
                let of = &table.columns[self.of];
                let is_int = of.value_type == ValueType::Of(ColumnType::Int);
                let within =
                    within.iter().map(|name| Ok(SortKey::new(table.values(name)?, false))).collect::<Result<Vec<_>>>()?;
                let ties = table.columns[..keys.len()].iter().map(|key| SortKey::new(&key.values, false));
                let mut by = table.sort_keys(by)?;
                by.extend(ties);
                running_sum(&of.values, is_int, &within, by)?
            }
            Function::Previous { time, offset } => previous(table, self.of, keys, *time, *offset)?,
        };
        let TableColumn { value_type, error, .. } = &table.columns[self.of];
        let column = TableColumn { name: self.name.clone(), value_type: *value_type, values, error: error.clone() };
        table.columns.push(column);
        Ok(())
    }
}

fn parse_running_sum(name: &str, spec: &mut Spec, keys: &[Key], known: &[&str], derived: &[&str]) -> Result<Function> {
    let by = match spec.get("by") {
        Some(_) => spec.texts("by")?.iter().map(|by| OrderBy::parse(by)).collect(),
        None => {
            let time = keys.iter().find(|key| key.is_bucket()).ok_or_else(|| {
                let sentence =
                    format!("measure {name:?} needs \"by\", the order in which it adds up: no group key has \"every\"");
                Error::bad_query(sentence).at_column("by")
            })?;
            vec![OrderBy { column: time.name.clone(), descending: false }]
        }
    };
    let others = || keys.iter().map(|key| key.name.clone()).filter(|key| by.iter().all(|by: &OrderBy| by.column != *key));
    let within = if spec.get("within").is_some() { spec.texts("within")? } else { others().collect() };
    let check = |key: &str, column: &String| {
        let is_known = known.contains(&column.as_str());
        if is_known { Ok(()) } else { Err(unknown_measure(name, key, column, known, derived)) }
    };
    by.iter().try_for_each(|by| check("by", &by.column))?;
    within.iter().try_for_each(|column| check("within", column))?;
    Ok(Function::RunningSum { within, by })
}

/// The error for what is none of the known keys and measures.
fn unknown_measure(name: &str, key: &str, column: &str, known: &[&str], derived: &[&str]) -> Error {
    if derived.contains(&column) {
        let sentence = format!("{key:?} in measure {name:?} cannot be {column:?}, which is computed from a measure itself");
        return Error::bad_query(sentence).at_column(column);
    }
    unknown(&format!("{key:?} {column:?} in measure {name:?}"), column, known)
}

/// For each row, the sum of the values up to it; null before the first value.
fn running_sum(of: &Values, is_int: bool, within: &[SortKey], by: Vec<SortKey>) -> Result<Values> {
    let most = pow10(MAX_DIGITS) - 1;
    let range = if is_int { i64::MIN.into()..=i64::MAX.into() } else { -most..=most };
    let mut order: Vec<u32> = (0..of.len() as u32).collect();
    let keys: Vec<SortKey> = within.iter().cloned().chain(by).collect();
    order::sort_rows(&mut order, &keys);
    let mut sums: Vec<Option<i128>> = vec![None; order.len()];
    for rows in order.chunk_by(|&a, &b| within.iter().all(|key| key.equal(a, b))) {
        let mut sum = None;
        for row in rows.iter().map(|&row| row as usize) {
            if of.is_valid(row) {
                let value = match &of.data {
                    Data::Ints(ints) => ints[row].into(),
                    Data::Wide(wide) => wide[row],
                    _ => return Err(Error::bad_state("a running sum of values that are no numbers")),
                };
                let next = sum.unwrap_or(0i128).checked_add(value).filter(|sum| range.contains(sum));
                sum = Some(next.ok_or_else(overflow)?);
            }
            sums[row] = sum;
        }
    }
    let plain = sums.iter().map(|sum| sum.unwrap_or(0));
    let data = if is_int { Data::Ints(plain.map(|sum| sum as i64).collect()) } else { Data::Wide(plain.collect()) };
    let valid = sums.contains(&None).then(|| sums.iter().map(Option::is_some).collect());
    Ok(Values { data, valid })
}

fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a running sum is too large to be exact; filter the rows or sum within fewer of them")
}

/// For each row, the value of the column `of` in the row whose time key is `offset` buckets earlier.
fn previous(table: &Table, of: usize, keys: &[KeyPlan], time: usize, offset: i64) -> Result<Values> {
    let key = |at: usize| &table.columns[at].values;
    let others: Vec<&Values> = (0..keys.len()).filter(|&at| at != time).map(key).collect();
    let combined = combinations(&others, table.n_rows)?;
    let (Some((mut pairs, n_others)), Data::Ints(starts)) = (combined, &key(time).data) else {
        return Err(Error::bad_state("group keys are floats, or times no integers"));
    };
    let earlier = |row: usize| key(time).is_valid(row).then(|| keys[time].earlier(starts[row], offset)).flatten();
    let earlier: Vec<Option<i64>> = (0..table.n_rows).map(earlier).collect();
    let sought = Data::Ints(earlier.iter().map(|start| start.unwrap_or(0)).collect());
    let sought = Values { data: sought, valid: Some(earlier.iter().map(Option::is_some).collect()) };
    let mut ids = Ids::like(key(time));
    let (times, sought) = (ids.of(key(time))?, ids.of(&sought)?);
    // Groups differ, so each row makes a pair of its own, of its own number.
    let (mut known, mut rows) = (Pairs::default(), pairs.clone());
    known.of(&mut rows, n_others, &times, ids.len());
    known.of(&mut pairs, n_others, &sought, ids.len());
    let row_of = |(pair, earlier): (u32, &Option<i64>)| (earlier.is_some() && (pair as usize) < table.n_rows).then_some(pair);
    let rows: Vec<Option<u32>> = pairs.into_iter().zip(&earlier).map(row_of).collect();
    Ok(table.columns[of].values.take_known(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sum_leaves_its_type_on_the_way() {
        let most = pow10(MAX_DIGITS) - 1;
        let ints = |values: &[i64]| Values::ints(values.to_vec());
        let wide = |values: &[i128]| Values { data: Data::Wide(values.to_vec()), valid: None };
        for (values, is_int, fits) in [
            (ints(&[i64::MAX, -1, 1]), true, true),
            (ints(&[i64::MAX, 1, -1]), true, false),
            (ints(&[i64::MIN, -1, 1]), true, false),
            (ints(&[i64::MAX, 1]), false, true),
            (wide(&[most, -most, -most]), false, true),
            (wide(&[most, 1, -1]), false, false),
            (wide(&[-most, -1]), false, false),
        ] {
            let found = running_sum(&values, is_int, &[], vec![]);
            assert_eq!(found.as_ref().map_err(|error| error.kind()).err(), (!fits).then_some(ErrorKind::Overflow), "{values:?}");
        }
    }
}
