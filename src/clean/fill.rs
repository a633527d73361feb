//! What nulls are filled with, group by group, and the filling.

use super::Work;
use super::eval::{known, scaled};
use super::table::{Builder, plain_form};
use crate::event::ColumnType;
use crate::kernel::batch::BatchColumn;
use crate::kernel::column;
use crate::kernel::form::Forms;
use crate::kernel::instant::EPOCH;
use crate::kernel::number::pow10;
use crate::kernel::values::{Data, Rows, Values, digits, gather};
use crate::{Error, ErrorKind, Result};

/// A value to fill with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Units of `10^-digits`, of seconds for times.
    Number(i128, u8),
    Text(String),
}

impl Fill {
    /// Digits after the point.
    pub(super) fn digits(&self) -> u8 {
        match self {
            Self::Number(_, digits) => *digits,
            Self::Text(_) => 0,
        }
    }
}

/// The mean of each group, with `extra` digits more, rounded half to even; nothing where a group has no value. `None`
/// beyond 38 digits.
pub(super) fn means(values: &[Option<i128>], groups: &[u32], n_groups: usize, extra: u8) -> Option<Vec<Option<i128>>> {
    let mut sums = vec![(0i128, 0i128); n_groups];
    for (value, &group) in values.iter().zip(groups) {
        if let Some(value) = value {
            let (sum, n) = &mut sums[group as usize];
            *sum = sum.checked_add(*value)?;
            *n += 1;
        }
    }
    let mean = |(sum, n): (i128, i128)| match n {
        0 => Some(None),
        _ => Some(Some(half_even(sum.checked_mul(pow10(u32::from(extra)))?, n))),
    };
    sums.into_iter().map(mean).collect()
}

/// The median of each group, as [`means`].
pub(super) fn medians(values: &[Option<i128>], groups: &[u32], n_groups: usize, extra: u8) -> Option<Vec<Option<i128>>> {
    let mut sorted: Vec<(u32, i128)> = groups.iter().zip(values).filter_map(|(&group, value)| Some((group, (*value)?))).collect();
    sorted.sort_unstable();
    let mut medians = vec![None; n_groups];
    for of_group in sorted.chunk_by(|a, b| a.0 == b.0) {
        let (group, high) = of_group[of_group.len() / 2];
        let (_, low) = of_group[(of_group.len() - 1) / 2];
        let twice = low.checked_add(high)?.checked_mul(pow10(u32::from(extra)))?;
        medians[group as usize] = Some(half_even(twice, 2));
    }
    Some(medians)
}

/// `a / b` rounded half to even; `b` is positive.
fn half_even(a: i128, b: i128) -> i128 {
    let (whole, rest) = (a.div_euclid(b), a.rem_euclid(b));
    let up = match rest.cmp(&(b - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => whole % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    whole + i128::from(up)
}

/// The most frequent value of each group, the smallest of several.
pub(super) fn most_frequent(values: &[Option<i128>], groups: &[u32], n_groups: usize) -> Vec<Option<i128>> {
    let mut sorted: Vec<(u32, i128)> = groups.iter().zip(values).filter_map(|(&group, value)| Some((group, (*value)?))).collect();
    sorted.sort_unstable();
    let mut most: Vec<Option<(usize, i128)>> = vec![None; n_groups];
    for run in sorted.chunk_by(|a, b| a == b) {
        let (group, value) = run[0];
        let best = &mut most[group as usize];
        if best.is_none_or(|(n, _)| run.len() > n) {
            *best = Some((run.len(), value));
        }
    }
    most.into_iter().map(|best| best.map(|(_, value)| value)).collect()
}

/// The same of texts, of which the first in the order of their bytes is the smallest.
pub(super) fn most_frequent_texts(values: &Values, groups: &[u32], n_groups: usize) -> Result<Vec<Option<Fill>>> {
    let Data::Codes(codes, texts) = &values.data else { return Ok(vec![None; n_groups]) };
    let mut by_text: Vec<u32> =
        codes.iter().enumerate().filter(|&(row, _)| values.is_valid(row)).map(|(_, &code)| code).collect();
    by_text.sort_unstable();
    by_text.dedup();
    by_text.sort_by_key(|&code| texts.get(code));
    let last = by_text.iter().max().map_or(0, |&code| code as usize + 1);
    let mut places = vec![0i128; last];
    by_text.iter().enumerate().for_each(|(place, &code)| places[code as usize] = place as i128);
    let place = |(row, &code): (usize, &u32)| values.is_valid(row).then(|| places[code as usize]);
    let keys: Vec<Option<i128>> = codes.iter().enumerate().map(place).collect();
    let text = |place: i128| Fill::Text(texts.get(by_text[place as usize]).to_owned());
    Ok(most_frequent(&keys, groups, n_groups).into_iter().map(|place| place.map(text)).collect())
}

/// Fills the nulls of a column with what there is for their group.
pub(super) fn fill(
    work: &mut Work<'_>,
    at: usize,
    column_type: ColumnType,
    fills: &[Option<Fill>],
    groups: &[u32],
) -> Result<()> {
    fill_with(work, at, column_type, fills, &mut |row| Some(groups[row] as usize))
}

/// Fills each null with the last value before it in its group.
pub(super) fn fill_forward(work: &mut Work<'_>, at: usize, groups: &[u32], n_groups: usize) -> Result<()> {
    let column_type = work.table.types()[at];
    let values = work.table.whole(at)?;
    // Values are told by the row that has them.
    let row_value = |row: usize| -> Result<Fill> {
        Ok(match &values.data {
            Data::Codes(codes, texts) => Fill::Text(texts.get(codes[row]).to_owned()),
            Data::Ints(ints) => Fill::Number(i128::from(ints[row]), digits(column_type) as u8),
            data => Fill::Number(data.wide()?[row], digits(column_type) as u8),
        })
    };
    let mut last: Vec<Option<usize>> = vec![None; n_groups];
    let (mut fills, mut places) = (vec![], vec![None; groups.len()]);
    let mut known_fill: Vec<Option<usize>> = vec![None; n_groups];
    for (row, &group) in groups.iter().enumerate() {
        let group = group as usize;
        if values.is_valid(row) {
            (last[group], known_fill[group]) = (Some(row), None);
        } else if let Some(from) = last[group] {
            if known_fill[group].is_none() {
                known_fill[group] = Some(fills.len());
                fills.push(Some(row_value(from)?));
            }
            places[row] = known_fill[group];
        }
    }
    fill_with(work, at, column_type, &fills, &mut |row| places[row])
}

/// Fills each null with the fill that `place` tells for its row.
fn fill_with(
    work: &mut Work<'_>,
    at: usize,
    column_type: ColumnType,
    fills: &[Option<Fill>],
    place: &mut dyn FnMut(usize) -> Option<usize>,
) -> Result<()> {
    if column_type == ColumnType::Text {
        return fill_texts(work, at, fills, place);
    }
    let own = digits(column_type) as u8;
    let most = fills.iter().flatten().map(Fill::digits).max().unwrap_or(0).max(own);
    let wider = match column_type {
        ColumnType::Int | ColumnType::Decimal { .. } if most > 0 => ColumnType::Decimal { scale: most },
        ColumnType::Decimal { scale: 0 } => ColumnType::Int,
        ColumnType::Time { .. } => ColumnType::Time { unit: super::zone::unit_of(most) },
        other => other,
    };
    let name = &work.table.names()[at];
    let too_large = || Error::new(ErrorKind::Overflow, format!("what column {name:?} is to be filled with does not fit into it"));
    let to = digits(wider) as u8;
    let fit = |fill: &Fill| match *fill {
        Fill::Number(units, digits) => {
            let units = scaled(units, digits, to).ok_or_else(too_large)?;
            let is_wide = matches!(wider, ColumnType::Decimal { .. } | ColumnType::Uuid);
            if is_wide || i64::try_from(units).is_ok() { Ok(units) } else { Err(too_large()) }
        }
        Fill::Text(_) => Err(too_large()),
    };
    let fills = fills.iter().map(|fill| fill.as_ref().map(fit).transpose()).collect::<Result<Vec<Option<i128>>>>()?;
    let (mut first, mut columns) = (0, vec![]);
    for batch in work.table.batches() {
        let column = widened(&batch.columns[at], wider)?.ok_or_else(too_large)?;
        let values = gather(&column.array, &Rows::All(batch.n_rows))?;
        let is_epoch = matches!(column.forms, Forms::Alike(form) if form == EPOCH);
        let new_form = if is_epoch { EPOCH } else { plain_form(wider) };
        let (mut filled, mut forms) = (vec![], Forms::default());
        for (row, value) in known(&values)?.into_iter().enumerate() {
            let form = if value.is_some() { column.forms.get(row) } else { new_form };
            let value = value.or_else(|| fills.get(place(first + row)?).copied().flatten());
            if value.is_some() {
                forms.push(row, form);
            }
            filled.push(value);
        }
        first += batch.n_rows;
        let mut builder = Builder::new(wider);
        builder.push_numbers(filled)?;
        columns.extend(builder.finish()?.into_iter().map(|column| BatchColumn { forms: forms.clone(), ..column }));
    }
    work.table.put(at, wider, columns)
}

fn widened(from: &BatchColumn, to: ColumnType) -> Result<Option<BatchColumn>> {
    if from.column_type == to {
        return Ok(Some(from.clone()));
    }
    let widened = column::widen(&from.array, &from.forms, from.column_type, to)?;
    Ok(widened.map(|(array, forms)| BatchColumn { array, forms, column_type: to }))
}

fn fill_texts(
    work: &mut Work<'_>,
    at: usize,
    fills: &[Option<Fill>],
    place: &mut dyn FnMut(usize) -> Option<usize>,
) -> Result<()> {
    let mut builder = Builder::new(ColumnType::Text);
    let mut first = 0;
    for (batch, rows) in work.table.batches().iter().enumerate() {
        let written = work.table.written_in(batch, at)?;
        let mut cell = |row: usize| match written.get(row) {
            Some(text) => Some(text),
            None => match fills.get(place(first + row)?)? {
                Some(Fill::Text(text)) => Some(text.as_str()),
                _ => None,
            },
        };
        let cells: Vec<Option<&str>> = (0..rows.n_rows).map(&mut cell).collect();
        builder.push_texts(cells.into_iter())?;
        first += rows.n_rows;
    }
    work.table.put(at, ColumnType::Text, builder.finish()?)
}
