//! `quarantine`: takes rows out that cannot be meant, and keeps the first of them to be looked at.

use serde_json::Value;

use super::cast::Target;
use super::eval::known;
use super::numeral::Style;
use super::recipe::{need_text, text_of};
use super::table::take;
use super::{Action, KEPT_QUARANTINED, Quarantined, Work};
use crate::error::spec::{Spec, unknown};
use crate::event::ColumnType;
use crate::kernel::column;
use crate::kernel::number::{decimal_text, pow10};
use crate::kernel::values::{Rows, digits};
use crate::{Error, ErrorKind, Result};

/// `quarantine`: rows at which conditions hold, or that a rule finds in a column of numbers or times. They count as rejected.
#[derive(Debug)]
pub(super) struct Quarantine {
    rule: Rule,
    column: String,
}

#[derive(Debug)]
enum Rule {
    Where(Vec<Value>),
    /// Numbers below zero.
    Negative,
    /// Times later than an instant, which is told as it is written.
    Future(String),
    /// Numbers and times outside of `q1 - k·(q3 - q1)` to `q3 + k·(q3 - q1)`, for the quartiles by linear interpolation
    /// (numpy's `quantile`, R's type 7), exactly. `k` is so many units of `10^-scale`.
    Outlier(i128, u8),
}

impl Quarantine {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let conditions = spec.get("where").is_some().then(|| spec.list("where")).transpose()?.map(<[Value]>::to_vec);
        let column = spec.text("column")?.map(str::to_owned);
        let (rule, after, k) = (spec.text("rule")?, spec.text("after")?, spec.get("k"));
        let wrong = |sentence: &str, key: &str| Err(Error::bad_query(sentence).at_column(key));
        if let Some(conditions) = conditions {
            if column.is_some() || rule.is_some() || after.is_some() || k.is_some() {
                return wrong("a quarantine has either \"where\", or \"rule\" and \"column\"", "where");
            }
            return Ok(Self { rule: Rule::Where(conditions), column: String::new() });
        }
        let Some(name) = rule else { return wrong("a quarantine has \"where\", or \"rule\" and \"column\"", "rule") };
        let column = need_text(spec, "column")?;
        let rule = match (name, after, k) {
            ("negative", None, None) => Rule::Negative,
            ("future", Some(after), None) => Rule::Future(after.to_owned()),
            ("future", None, _) => {
                return wrong(
                    "the rule \"future\" needs \"after\", the time that nothing is later than, such as \"2026-01-01\"",
                    "after",
                );
            }
            ("outlier", None, k) => {
                let text = k.map_or(Ok(Some("3".to_owned())), text_of)?;
                let k = text.and_then(|text| Style::PLAIN.read(&text)).filter(|&(units, scale)| units >= 0 && scale <= 6);
                let Some((units, scale)) = k.filter(|&(units, _)| units < pow10(12)) else {
                    return wrong("\"k\" must be a number from 0 on with six digits after the point at the most", "k");
                };
                Rule::Outlier(units, scale)
            }
            ("negative" | "future" | "outlier", ..) => {
                return wrong("\"after\" belongs to the rule \"future\", \"k\" to the rule \"outlier\"", "rule");
            }
            _ => return Err(unknown(&format!("rule {name:?}"), name, &["negative", "future", "outlier"])),
        };
        Ok(Self { rule, column })
    }
}

impl Action for Quarantine {
    fn needs_all_rows(&self) -> bool {
        matches!(self.rule, Rule::Outlier(..))
    }

    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        if let Rule::Where(conditions) = &self.rule {
            let mut is_kept = vec![];
            for (rows, batch) in work.passing(conditions)?.into_iter().zip(work.table.batches()) {
                let first = is_kept.len();
                is_kept.resize(first + batch.n_rows, !matches!(rows, Rows::All(_)));
                if let Rows::Some(rows) = rows {
                    rows.iter().for_each(|&row| is_kept[first + row as usize] = false);
                }
            }
            let reason = format!("is as {}", Value::Array(conditions.clone()));
            return work.quarantine(&is_kept, &reason, None);
        }
        let at = work.table.index_of(&self.column)?;
        let column_type = work.table.types()[at];
        let is_time = matches!(column_type, ColumnType::Time { .. });
        let is_number = matches!(column_type, ColumnType::Int | ColumnType::Decimal { .. });
        if column_type == ColumnType::Null {
            return Ok(());
        }
        if !(is_number || is_time && !matches!(self.rule, Rule::Negative)) || matches!(self.rule, Rule::Future(_)) && !is_time {
            let sentence = format!("the rule does not fit column {:?}, which is of type {}", self.column, column_type.name());
            return Err(Error::bad_query(sentence).at_column(&self.column));
        }
        let values = known(&work.table.whole(at)?)?;
        let scale = digits(column_type) as u8;
        let (least, most, reason) = match &self.rule {
            Rule::Negative => (0, i128::MAX, format!("column {} is negative", self.column)),
            Rule::Future(after) => {
                let Some((count, of)) = Target::Time.read(after) else {
                    return Err(Error::bad_query(format!("\"after\" must be a time, found {after:?}")).at_column("after"));
                };
                // A coarser column holds the last of its units that is not later.
                let nanos = count * pow10(9 - u32::from(of));
                let most = nanos.div_euclid(pow10(9 - u32::from(scale)));
                (i128::MIN, most, format!("column {} is later than {after}", self.column))
            }
            Rule::Outlier(k, k_scale) => {
                let sorted = sorted(&values);
                let Some((least, most)) = fences(&sorted, *k, *k_scale)? else { return Ok(()) };
                let reason = if is_time {
                    format!("column {} is far from the others", self.column)
                } else {
                    let [least, most] = [least, most].map(|bound| decimal_text(bound, scale));
                    format!("column {} is outside of {least} to {most}", self.column)
                };
                (least, most, reason)
            }
            Rule::Where(_) => return Ok(()),
        };
        let is_kept: Vec<bool> = values.iter().map(|value| value.is_none_or(|value| value >= least && value <= most)).collect();
        work.quarantine(&is_kept, &reason, Some(at))
    }
}

fn sorted(values: &[Option<i128>]) -> Vec<i128> {
    let mut sorted: Vec<i128> = values.iter().flatten().copied().collect();
    sorted.sort_unstable();
    sorted
}

/// The least and the greatest integer within the fences around sorted values; nothing where there is no value.
fn fences(sorted: &[i128], k: i128, k_scale: u8) -> Result<Option<(i128, i128)>> {
    let Some(last) = sorted.len().checked_sub(1) else { return Ok(None) };
    // Four times a quartile is an integer.
    let quartile = |n: usize| {
        let (place, rest) = (last * n / 4, (last * n % 4) as i128);
        let next = sorted[(place + 1).min(last)];
        sorted[place].checked_mul(4 - rest)?.checked_add(next.checked_mul(rest)?)
    };
    let unit = pow10(u32::from(k_scale));
    let bounds = || {
        let (q1, q3) = (quartile(1)?, quartile(3)?);
        let reach = q3.checked_sub(q1)?.checked_mul(k)?;
        let low = q1.checked_mul(unit)?.checked_sub(reach)?;
        let high = q3.checked_mul(unit)?.checked_add(reach)?;
        Some((-(-low).div_euclid(4 * unit), high.div_euclid(4 * unit)))
    };
    let too_large = || Error::new(ErrorKind::Overflow, "the numbers are too large to tell how far they lie from each other");
    bounds().map(Some).ok_or_else(too_large)
}

impl Work<'_> {
    /// Takes out the rows that are not marked, and keeps the first of them. The value of the column at fault is said.
    fn quarantine(&mut self, is_kept: &[bool], reason: &str, at_fault: Option<usize>) -> Result<()> {
        let mut first = 0;
        for (number, batch) in self.table.batches().iter().enumerate() {
            let room = KEPT_QUARANTINED.saturating_sub(self.quarantined.len());
            let marks = &is_kept[first..first + batch.n_rows];
            first += batch.n_rows;
            let rows: Vec<u32> = (0..batch.n_rows as u32).filter(|&row| !marks[row as usize]).take(room).collect();
            if rows.is_empty() {
                continue;
            }
            let taken = batch.columns.iter().map(|column| written(&take(column, &rows)?)).collect::<Result<Vec<_>>>()?;
            for (at, &row) in rows.iter().enumerate() {
                let values: Vec<Option<String>> = taken.iter().map(|column| column[at].clone()).collect();
                let value = at_fault.and_then(|column| values[column].clone());
                self.quarantined.push(Quarantined {
                    step: self.number,
                    row: u64::from(self.table.place(number, row)) + 1,
                    reason: value.map_or_else(|| reason.to_owned(), |value| format!("{reason}: {value}")),
                    columns: self.table.names().to_vec(),
                    values,
                });
            }
        }
        self.report.rejected = self.keep_marked(is_kept)?;
        Ok(())
    }
}

/// A few values as they were written.
fn written(of: &crate::kernel::batch::BatchColumn) -> Result<Vec<Option<String>>> {
    let text = match of.column_type {
        ColumnType::Text | ColumnType::Null => of.array.clone(),
        from => match column::widen(&of.array, &of.forms, from, ColumnType::Text)? {
            Some((array, _)) => array,
            None => return Err(Error::bad_state("text holds every value")),
        },
    };
    let (codes, texts) = column::codes(&text)?;
    let cell =
        |(row, &code): (usize, &u32)| arrow_array::Array::is_valid(&text, row).then(|| texts.value(code as usize).to_owned());
    Ok(codes.iter().enumerate().map(cell).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_those_of_linear_quartiles() {
        // numpy.quantile([1, 2, 3, 4, 10], [.25, .75]) = 2, 4; of [1, 2, 3, 10]: 1.75, 4.75.
        for (sorted, k, expected) in [
            (vec![1, 2, 3, 4, 10], (3, 0), (-4, 10)),
            (vec![1, 2, 3, 4, 10], (15, 1), (-1, 7)),
            (vec![1, 2, 3, 10], (1, 0), (-1, 7)),
            (vec![7], (3, 0), (7, 7)),
            (vec![5, 5, 5, 5], (0, 0), (5, 5)),
        ] {
            assert_eq!(fences(&sorted, k.0, k.1).unwrap(), Some(expected), "{sorted:?}");
        }
        assert_eq!(fences(&[], 3, 0).unwrap(), None);
        assert_eq!(fences(&[-pow10(37), pow10(37)], pow10(11), 0).unwrap_err().kind(), ErrorKind::Overflow);
    }
}
