//! What each row of a batch is to a question of several conditions: which of them it fulfils, as bits.

use arrow_array::{Array, RecordBatch};
use serde_json::Value;

use super::filter::{Filter, Lookup};
use crate::Result;
use crate::kernel::values::{Data, Rows, Texts, Values, gather};

/// The bit of a row that passes the question's `where`.
pub(super) const TAKES_PART: u64 = 1 << 63;

/// Conditions that hold for a text are found out once per text, where there are at most so many.
const MOST_TEXTS: usize = 1 << 12;

/// Conditions on rows, and which rows take part at all.
pub(super) struct Marks {
    filter: Filter,
    conditions: Vec<Filter>,
    /// The one column that all conditions read.
    only_column: Option<usize>,
    /// The marks of each text of that column, and of null.
    memo: Option<(Texts, Vec<u64>)>,
}

/// The conditions of one step, as an object or a list of them.
pub(super) fn conditions(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

impl Marks {
    /// Those of rows that pass `filter`; bit `i` tells of `conditions[i]`, at most 63.
    pub(super) fn new(filter: &[Value], conditions: &[Vec<Value>], lookup: Lookup<'_>) -> Result<Self> {
        let conditions = conditions.iter().map(|list| Filter::parse(list, lookup)).collect::<Result<Vec<_>>>()?;
        let mut columns = vec![];
        conditions.iter().for_each(|condition| condition.columns(&mut columns));
        columns.dedup();
        let only_column = if let [column] = columns[..] { Some(column) } else { None };
        Ok(Self { filter: Filter::parse(filter, lookup)?, conditions, only_column, memo: None })
    }

    /// Of each row [`TAKES_PART`] and the bits of the conditions that hold; 0 for one that takes no part.
    pub(super) fn of(&mut self, batch: &RecordBatch) -> Result<Vec<u64>> {
        let all = Rows::All(batch.num_rows());
        let column = |at: usize| gather(batch.column(at), &all);
        let texts = self.only_column.map(column).transpose()?;
        let mut marks = match texts {
            Some(Values { data: Data::Codes(codes, texts), valid }) if texts.0.len() <= MOST_TEXTS => {
                let table = self.table(&texts)?;
                let null = table[texts.0.len()];
                let mut marks: Vec<u64> = codes.iter().map(|&code| table.get(code as usize).copied().unwrap_or(null)).collect();
                let nulls = marks.iter_mut().zip(valid.iter().flatten()).filter(|(_, valid)| !**valid);
                nulls.for_each(|(mark, _)| *mark = null);
                marks
            }
            _ => marks(&mut self.conditions, batch.num_rows(), &column)?,
        };
        if !self.filter.passes_all() {
            let mut passing = vec![0; marks.len()];
            self.filter.mark(u64::MAX, &mut passing, &column)?;
            marks.iter_mut().zip(passing).for_each(|(mark, passes)| *mark &= passes);
        }
        Ok(marks)
    }

    fn table(&mut self, texts: &Texts) -> Result<&[u64]> {
        if !self.memo.as_ref().is_some_and(|(known, _)| known.is(texts)) {
            let n = texts.0.len();
            let each = Values {
                data: Data::Codes((0..=n as u32).collect(), texts.clone()),
                valid: Some((0..=n).map(|at| at < n).collect()),
            };
            self.memo = Some((texts.clone(), marks(&mut self.conditions, n + 1, &|_| Ok(each.clone()))?));
        }
        Ok(self.memo.as_ref().map_or(&[][..], |(_, table)| table))
    }
}

fn marks(conditions: &mut [Filter], n_rows: usize, values: &dyn Fn(usize) -> Result<Values>) -> Result<Vec<u64>> {
    let is_open = |(at, condition): (usize, &Filter)| if condition.passes_all() { 1 << at } else { 0 };
    let mut marks = vec![TAKES_PART | conditions.iter().enumerate().map(is_open).sum::<u64>(); n_rows];
    for (at, condition) in conditions.iter_mut().enumerate().filter(|(_, condition)| !condition.passes_all()) {
        condition.mark(1 << at, &mut marks, values)?;
    }
    Ok(marks)
}
