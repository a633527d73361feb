//! The first few groups of an answer that is asked again and again: only groups whose rows have come since can be new among
//! them, as long as none of those that were there has fallen back.

use arrow_array::RecordBatch;

use super::AggregateFold;
use crate::Result;
use crate::fold::Fold;
use crate::kernel::ids;
use crate::kernel::order::SortKey;
use crate::kernel::values::Values;

/// What was told last.
pub(super) struct Told {
    /// The first groups, in order, and what they were put in order by.
    first: Vec<u32>,
    order: Vec<Values>,
    /// Groups of rows that came since.
    changed: Vec<u32>,
}

/// Beyond so many rows all groups are looked at again.
const MOST_CHANGED: usize = 1 << 16;

impl AggregateFold {
    /// Notes the groups of rows that have come.
    pub(super) fn note(&mut self, groups: &[u32]) {
        if let Some(told) = &mut self.told {
            told.changed.extend_from_slice(groups);
            if told.changed.len() > MOST_CHANGED {
                self.told = None;
            }
        }
    }

    /// The answer, at a cost that follows the rows that have come since the last one where it has few groups of many.
    pub(super) fn answer_again(&mut self) -> Result<RecordBatch> {
        if !self.tells_few() {
            return self.finish();
        }
        let first = match self.told.take() {
            None => self.first_of(&self.used_groups())?,
            Some(Told { first: before, order, mut changed }) => {
                changed.extend_from_slice(&before);
                changed.sort_unstable();
                changed.dedup();
                // Where there are fewer than asked for, all are among them.
                if before.len() < self.spec.limit || !self.fall_back(&before, order)? {
                    self.first_of(&changed)?
                } else {
                    self.first_of(&self.used_groups())?
                }
            }
        };
        let order = self.order_values(&first)?;
        let answer = self.finished(self.table(&first)?)?;
        self.told = Some(Told { first, order, changed: vec![] });
        Ok(answer)
    }

    /// What some groups are put in order by.
    fn order_values(&self, groups: &[u32]) -> Result<Vec<Values>> {
        self.order().iter().map(|by| self.column(&by.column, groups)).collect()
    }

    /// Whether one of some groups is further behind than it was.
    fn fall_back(&self, groups: &[u32], before: Vec<Values>) -> Result<bool> {
        let n = groups.len();
        let both = before.into_iter().zip(self.order_values(groups)?).map(|(before, now)| ids::concat(vec![before, now]));
        let both = both.collect::<Result<Vec<_>>>()?;
        let keys: Vec<SortKey> = both.iter().zip(self.order()).map(|(values, by)| SortKey::new(values, by.descending)).collect();
        let is_behind = |row: u32| {
            keys.iter().map(|key| key.compare(n as u32 + row, row)).find(|o| o.is_ne()).is_some_and(std::cmp::Ordering::is_gt)
        };
        Ok((0..n as u32).any(is_behind))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray};
    use serde_json::json;

    use crate::Query;
    use crate::analysis::Zones;
    use crate::event::{Column, ColumnType, Schema};
    use crate::kernel::hash::mix64;

    #[test]
    fn what_is_told_again_is_what_is_told_at_first() {
        let column = |name: &str, column_type| Column { name: name.to_owned(), column_type, role: None };
        let schema =
            Schema::new(vec![column("item", ColumnType::Int), column("n", ColumnType::Int), column("who", ColumnType::Text)]);
        let measures = json!({ "n": { "fn": "sum", "column": "n" }, "rows": { "fn": "count" }, "people": { "fn": "count_distinct", "column": "who" }, "latest": { "fn": "last", "column": "who", "by": "n" } });
        let query = |key: &str, order: &[&str], rank: bool| {
            let rank = rank.then(|| json!({ "fn": "rank", "by": order }));
            let query = json!({ "kind": "aggregate", "group_by": [key], "measures": measures, "order_by": order, "limit": 5 });
            let mut query = query;
            if let Some(rank) = rank {
                query["rank"] = rank;
            }
            Query::parse(&query).unwrap()
        };
        let queries = [
            query("item", &["-n"], true),
            query("item", &["-rows", "item"], false),
            query("item", &["n", "-people"], false),
            query("who", &["-n", "who"], true),
            query("item", &["-item"], false),
            query("item", &["latest"], false),
            query("who", &["-latest", "n"], false),
        ];
        for (at, query) in queries.iter().enumerate() {
            let mut followed = query.fold(&schema, &Zones::new()).unwrap();
            let mut random = at as u64;
            for batch in 0..200 {
                let mut next = |n: u64| {
                    random = mix64(random.wrapping_add(0x9e37_79b9_7f4a_7c15));
                    random % n
                };
                let rows = 1 + next(9);
                // Sums fall as often as they rise, and now and then many rows come at once.
                let rows = if batch % 50 == 49 { 500 } else { rows };
                let items: Int64Array = (0..rows).map(|_| (next(10) > 0).then(|| next(60) as i64)).collect();
                let values: Int64Array = (0..rows).map(|_| (next(9) > 0).then(|| next(41) as i64 - 20)).collect();
                let who: StringArray = (0..rows).map(|_| (next(7) > 0).then(|| format!("w{}", next(50)))).collect();
                let columns: Vec<arrow_array::ArrayRef> = vec![Arc::new(items), Arc::new(values), Arc::new(who)];
                let names = ["item", "n", "who"];
                let rows = arrow_array::RecordBatch::try_from_iter(names.into_iter().zip(columns)).unwrap();
                if batch % 20 == 19 {
                    let mut other = query.fold(&schema, &Zones::new()).unwrap();
                    other.update(&rows).unwrap();
                    followed.merge(&other.state().unwrap()).unwrap();
                } else {
                    followed.update(&rows).unwrap();
                }
                assert_eq!(followed.follow().unwrap(), followed.finish().unwrap(), "question {at}, batch {batch}");
            }
        }
    }
}
