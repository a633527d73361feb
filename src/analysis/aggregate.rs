//! Aggregates per group, filtered, ranked, ordered and cut: the question behind every ranking and time line.
//!
//! A row fold: any split of the rows answers alike. State: one row per group, its keys and each measure's
//! partial result.

mod answer;
#[cfg(feature = "live")]
mod following;
#[cfg(feature = "events")]
mod sql;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema as ArrowSchema};
use serde_json::Value;

use super::filter::{Filter, columns_of};
use super::key::{Key, KeyPlan};
use super::measure::{Measure, MeasurePlan, Measures};
use super::rank::Rank;
use super::spec::Spec;
use super::table::{OrderBy, Table, TableColumn, empty, unknown_output};
use super::{Question, Zones};
use crate::event::Schema;
use crate::fold::Fold;
use crate::kernel::batch::GROUPED_BY;
#[cfg(feature = "events")]
use crate::kernel::bucket::Zone;
use crate::kernel::column;
use crate::kernel::ids::Ids;
use crate::kernel::pairs::Pairs;
use crate::kernel::values::{Rows, ValueType, Values, gather, gather_ranked};
#[cfg(feature = "events")]
use crate::sql::Dialect;
use crate::{Error, Result};

/// The question `{"kind": "aggregate", …}`.
///
/// Answer: the group keys, the measures, the rank, in the order asked for. Sums of integers are `Int64`, of
/// decimals `Decimal128`, means `Float64`; `min` and `max` keep their column's type. Empty groups do not occur;
/// without `group_by` there is one row, even of no events, where counts are 0 and all else is null. Measures of
/// measures (`running_sum`, `previous`) see all groups, before `having`, the ranking and the limit.
///
/// Order: `order_by`, else the ranking's, and ties by the group keys, ascending, nulls last.
#[derive(Clone, Debug)]
pub struct Aggregate {
    filter: Vec<Value>,
    keys: Vec<Key>,
    measures: Measures,
    having: Vec<Value>,
    rank: Option<Rank>,
    order_by: Vec<OrderBy>,
    limit: usize,
}

impl Aggregate {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let keys = spec.list("group_by")?.iter().map(Key::parse).collect::<Result<Vec<_>>>()?;
        let aggregate = Self {
            filter: spec.list("where")?.to_vec(),
            measures: Measures::parse(spec.get("measures"), &keys)?,
            keys,
            having: spec.list("having")?.to_vec(),
            rank: spec.get("rank").map(Rank::parse).transpose()?,
            order_by: spec.texts("order_by")?.iter().map(|by| OrderBy::parse(by)).collect(),
            limit: spec.count("limit")?.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        };
        spec.finish()?;
        if aggregate.keys.is_empty() && aggregate.measures.names.is_empty() {
            return Err(Error::bad_query("an aggregate needs \"group_by\" or \"measures\""));
        }
        Ok(aggregate)
    }
}

impl Question for Aggregate {
    fn distinct_columns(&self) -> Vec<&str> {
        let keys = self.keys.iter().filter_map(Key::plain_column);
        keys.chain(self.measures.plain.iter().filter_map(Measure::distinct_column)).collect()
    }

    fn profits_from_groups(&self, column: &str) -> bool {
        self.measures.plain.iter().any(|measure| measure.distinct_column() == Some(column))
    }

    fn zones(&self) -> Vec<String> {
        self.keys.iter().filter_map(|key| key.zone.clone()).collect()
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        Ok(Box::new(AggregateFold::new(self, schema, zones)?))
    }

    #[cfg(feature = "events")]
    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        let zones = Question::zones(self).into_iter().map(|name| (name, Zone::default())).collect();
        self.statement(&AggregateFold::new(self, schema, &zones)?, schema, dialect)
    }
}
struct AggregateFold {
    spec: Aggregate,
    filter: Filter,
    keys: Vec<KeyPlan>,
    /// Pairs of (the first keys' group, the next key's number), one for each key but the first.
    pairs: Vec<Pairs>,
    measures: Vec<MeasurePlan>,
    /// Which groups have rows, where some may have none.
    seen: Vec<bool>,
    #[cfg(feature = "live")]
    told: Option<following::Told>,
}

impl AggregateFold {
    fn new(spec: &Aggregate, schema: &Schema, zones: &Zones) -> Result<Self> {
        let lookup = columns_of(schema);
        let keys = spec.keys.iter().map(|key| key.plan(schema, zones)).collect::<Result<Vec<_>>>()?;
        let measures = spec.measures.plain.iter().map(|measure| measure.plan(schema)).collect::<Result<Vec<_>>>()?;
        let fold = Self {
            filter: Filter::parse(&spec.filter, &lookup)?,
            spec: spec.clone(),
            pairs: (1..keys.len()).map(|_| Pairs::default()).collect(),
            keys,
            measures,
            seen: vec![],
            #[cfg(feature = "live")]
            told: None,
        };
        fold.check_names()?;
        Ok(fold)
    }

    /// Checks all that the answer's own columns are called by.
    fn check_names(&self) -> Result<()> {
        let names = self.names();
        if let Some(twice) = names.iter().enumerate().find_map(|(i, name)| names[..i].contains(name).then_some(name)) {
            return Err(Error::bad_query(format!("two columns of the answer are called {twice:?}; rename one by \"as\""))
                .at_column(twice));
        }
        let known = self.table_names();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let check = |name: &str, known: &[&str]| if known.contains(&name) { Ok(()) } else { Err(unknown_output(name, known)) };
        if let Some(rank) = &self.spec.rank {
            rank.within.iter().try_for_each(|name| check(name, &known))?;
            rank.by.iter().try_for_each(|by| check(&by.column, &known))?;
            rank.column().map_or(Ok(()), |name| check(name, &known))?;
        }
        self.spec.order_by.iter().try_for_each(|by| check(&by.column, &all))?;
        let empty = self.table_types();
        self.spec.measures.derived.iter().try_for_each(|derived| derived.check(known[derived.of], empty[derived.of]))?;
        Filter::parse(&self.spec.having, &|name| {
            check(name, &known)?;
            let at = known.iter().position(|n| *n == name).unwrap_or_default();
            Ok((at, empty[at]))
        })?;
        Ok(())
    }

    fn names(&self) -> Vec<String> {
        let keys = self.spec.keys.iter().map(|key| &key.name);
        keys.chain(&self.spec.measures.names).chain(self.spec.rank.iter().map(|rank| &rank.name)).cloned().collect()
    }

    /// What the table's columns are called: keys, measures of rows, measures of measures.
    fn table_names(&self) -> Vec<&str> {
        let Measures { plain, derived, .. } = &self.spec.measures;
        let keys = self.spec.keys.iter().map(|key| key.name.as_str());
        keys.chain(plain.iter().map(|m| m.name.as_str())).chain(derived.iter().map(|m| m.name.as_str())).collect()
    }

    fn table_types(&self) -> Vec<ValueType> {
        let measures = self.measures.iter().map(|measure| measure.accumulator.result_type());
        let mut types: Vec<ValueType> = self.keys.iter().map(|key| key.value_type).chain(measures).collect();
        types.extend(self.spec.measures.derived.iter().map(|derived| types[derived.of]).collect::<Vec<_>>());
        types
    }

    /// The group of each of `n_rows` rows, given each key's values and how they are numbered.
    fn groups(
        &mut self,
        key_values: Vec<Values>,
        n_rows: usize,
        number: fn(&mut KeyPlan, &Values) -> Result<Vec<u32>>,
    ) -> Result<Vec<u32>> {
        let mut groups = vec![0; n_rows];
        let mut n_groups = 1;
        let key_is_alone = self.keys.len() == 1;
        for (at, (key, values)) in self.keys.iter_mut().zip(key_values).enumerate() {
            let numbers = number(key, &values)?;
            if at == 0 {
                groups = numbers;
                n_groups = key.n_numbers();
                if key_is_alone && key.numbers_all {
                    self.seen.resize(n_groups, false);
                    groups.iter().for_each(|&group| self.seen[group as usize] = true);
                }
            } else {
                let pairs = &mut self.pairs[at - 1];
                pairs.of(&mut groups, n_groups, &numbers, key.n_numbers());
                n_groups = pairs.len();
            }
        }
        Ok(groups)
    }

    fn n_groups(&self) -> usize {
        match (self.pairs.last(), self.keys.first()) {
            (Some(pairs), _) => pairs.len(),
            (None, Some(key)) => key.n_numbers(),
            (None, None) => 1,
        }
    }

    /// The groups that have rows.
    fn used_groups(&self) -> Vec<u32> {
        let all = 0..self.n_groups() as u32;
        match &self.keys[..] {
            [_] if !self.seen.is_empty() => all.filter(|&group| self.seen[group as usize]).collect(),
            [key] if !key.has_null => all.skip(1).collect(),
            _ => all.collect(),
        }
    }

    /// The values of each key for some groups.
    fn key_values(&self, groups: &[u32]) -> Vec<Values> {
        let mut groups = groups.to_vec();
        let mut keys = Vec::with_capacity(self.keys.len());
        for (key, pairs) in self.keys.iter().skip(1).zip(&self.pairs).rev() {
            let numbers: Vec<u32> = groups.iter().map(|&group| pairs.get(group).1).collect();
            keys.push(key.values(&numbers));
            groups.iter_mut().for_each(|group| *group = pairs.get(*group).0);
        }
        if let Some(key) = self.keys.first() {
            keys.push(key.values(&groups));
        }
        keys.reverse();
        keys
    }

    /// A key or a measure of rows for some groups.
    fn column(&self, name: &str, groups: &[u32]) -> Result<Values> {
        let at = self.table_names().iter().position(|known| *known == name).unwrap_or_default();
        let Some(measure) = at.checked_sub(self.keys.len()) else {
            let mut values = self.key_values(groups).swap_remove(at);
            if values.is_empty() {
                values = empty(self.keys[at].value_type);
            }
            values.unrank();
            return Ok(values);
        };
        self.measures[measure].accumulator.finish(groups)
    }

    /// One row for each of some groups: keys and measures.
    fn table(&self, used: &[u32]) -> Result<Table> {
        let names = self.table_names();
        let mut columns = Vec::with_capacity(names.len());
        let types = self.table_types();
        for (at, mut values) in self.key_values(used).into_iter().enumerate() {
            if values.is_empty() {
                values = empty(types[at]);
            }
            values.unrank();
            columns.push(TableColumn::exact(names[at], types[at], values));
        }
        for measure in &self.measures {
            let values = measure.accumulator.finish(used)?;
            let at = columns.len();
            columns.push(TableColumn { error: measure.error.clone(), ..TableColumn::exact(names[at], types[at], values) });
        }
        let mut table = Table { columns, n_rows: used.len() };
        self.spec.measures.derived.iter().try_for_each(|derived| derived.apply(&mut table, &self.keys))?;
        Ok(table)
    }
}

impl Fold for AggregateFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let all = Rows::All(batch.num_rows());
        let rows = self.filter.select(batch.num_rows(), &|column| gather(batch.column(column), &all))?;
        if rows.is_empty() {
            return Ok(());
        }
        let keys = self.keys.iter().map(|key| gather_ranked(batch.column(key.at), &rows)).collect::<Result<_>>()?;
        let groups = self.groups(keys, rows.len(), KeyPlan::numbers)?;
        #[cfg(feature = "live")]
        self.note(&groups);
        let n_groups = self.n_groups();
        let grouped_by = batch.schema_ref().metadata().get(GROUPED_BY);
        for measure in &mut self.measures {
            let gather = if measure.accumulator.takes_ranked() { gather_ranked } else { gather };
            let columns = measure.columns.iter().map(|&at| gather(batch.column(at), &rows)).collect::<Result<Vec<_>>>()?;
            let first = measure.columns.first().map(|&at| batch.schema_ref().field(at).name());
            if first.is_some() && first == grouped_by {
                measure.accumulator.update_grouped(&groups, n_groups, &columns)?;
            } else {
                measure.accumulator.update(&groups, n_groups, &columns)?;
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        let used = self.used_groups();
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (key, mut values) in self.keys.iter().zip(self.key_values(&used)) {
            if values.is_empty() {
                values = empty(key.value_type);
            }
            let ValueType::Of(column_type) = key.value_type else { return Err(Error::bad_state("a group key is no column")) };
            arrays.push(column::hold(values, column_type)?);
            fields.push(Field::new(format!("key{}", fields.len()), arrays[fields.len()].data_type().clone(), true));
        }
        for (at, measure) in self.measures.iter().enumerate() {
            let state = measure.accumulator.state(&used)?;
            for (part, (array, data_type)) in state.into_iter().zip(measure.accumulator.state_types()).enumerate() {
                fields.push(Field::new(format!("measure{at}.{part}"), data_type, true));
                arrays.push(array);
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(used.len()));
        Ok(RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let parts: usize = self.measures.iter().map(|measure| measure.accumulator.state_types().len()).sum();
        if state.num_columns() != self.keys.len() + parts {
            let expected = self.keys.len() + parts;
            return Err(Error::bad_state(format!("expected a state of {expected} columns, found {}", state.num_columns())));
        }
        if state.num_rows() == 0 {
            return Ok(());
        }
        let all = Rows::All(state.num_rows());
        let keys = (0..self.keys.len()).map(|at| gather_ranked(state.column(at), &all)).collect::<Result<_>>()?;
        let groups = self.groups(keys, state.num_rows(), KeyPlan::numbers_of_state)?;
        #[cfg(feature = "live")]
        self.note(&groups);
        let n_groups = self.n_groups();
        let mut at = self.keys.len();
        for measure in &mut self.measures {
            let n_parts = measure.accumulator.state_types().len();
            measure.accumulator.merge(&groups, n_groups, &state.columns()[at..at + n_parts])?;
            at += n_parts;
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let groups = self.used_groups();
        self.finished(if self.tells_few() { self.table(&self.foremost(&groups)?)? } else { self.table(&groups)? })
    }

    #[cfg(feature = "live")]
    fn follow(&mut self) -> Result<RecordBatch> {
        self.answer_again()
    }

    fn has_groups(&self) -> bool {
        true
    }

    fn size(&self) -> usize {
        let keys: usize = self.keys.iter().filter_map(|key| key.ids.as_ref()).map(Ids::size).sum();
        let pairs: usize = self.pairs.iter().map(Pairs::size).sum();
        keys + pairs + self.measures.iter().map(|measure| measure.accumulator.size()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{Column, ColumnType, TimeUnit};

    fn finish(keys: &Value, measures: &Value, rank: &Value) -> Result<RecordBatch> {
        let column = |(name, column_type): (&str, ColumnType)| Column { name: name.to_owned(), column_type, role: None };
        let times = [("at", TimeUnit::Second), ("fine", TimeUnit::Nano)].map(|(name, unit)| (name, ColumnType::Time { unit }));
        let columns = [("n", ColumnType::Int), ("text", ColumnType::Text), times[0], times[1]];
        let schema = Schema::new(columns.map(column).to_vec());
        let query = json!({"kind": "aggregate", "group_by": keys, "measures": measures, "rank": rank});
        Aggregate::parse(&query)?.fold(&schema, &Zones::new())?.finish()
    }

    #[test]
    fn what_is_approximate_says_how_much_and_nothing_else_does() {
        let measures = json!({
            "usual": {"fn": "approx_quantile", "column": "n", "q": 0.5},
            "fine": {"fn": "approx_quantile", "column": "n", "q": 1, "error": 0.0001},
            "exact": {"fn": "quantile", "column": "n", "q": 0.5},
            "before": {"fn": "previous", "of": "usual"},
        });
        let answer =
            finish(&json!([{"column": "at", "every": "1d"}]), &measures, &json!({"fn": "lag", "column": "fine"})).unwrap();
        let errors = answer.schema().fields().iter().map(|f| f.metadata().get("error").cloned()).collect::<Vec<_>>();
        let errors: Vec<Option<&str>> = errors.iter().map(Option::as_deref).collect();
        let (usual, fine) = (Some("0.01 relative"), Some("0.0001 relative"));
        assert_eq!(errors, [None, usual, fine, None, usual, fine]);
    }

    #[test]
    fn says_what_a_measure_cannot_be() {
        for (measure, expected) in [
            (json!({"fn": "approx_quantile", "column": "n"}), "measure \"m\" needs \"q\", a share from 0 to 1"),
            (
                json!({"fn": "approx_quantile", "column": "n", "q": 0.5, "error": 1}),
                "\"error\" of measure \"m\" must be a relative error from 0.0001 to below 1, found 1",
            ),
            (
                json!({"fn": "approx_quantile", "column": "n", "q": 0.5, "error": "1%"}),
                "\"error\" of measure \"m\" must be a relative error from 0.0001 to below 1, found \"1%\"",
            ),
            (
                json!({"fn": "approx_quantile", "column": "text", "q": 0.5}),
                "cannot take the approx_quantile of \"text\", which is of type text",
            ),
            (
                json!({"fn": "quantile", "column": "n", "q": 0.5, "error": 0.1}),
                "unknown key \"error\" in measure \"m\"; known are fn, column, q",
            ),
            (
                json!({"fn": "trend", "by": "at"}),
                "measure \"m\" needs \"half_life\", the time in which a row's weight halves, such as \"1h\"",
            ),
            (
                json!({"fn": "trend", "by": "at", "half_life": "1mo"}),
                "\"half_life\" must be a number and s, m, h, d or w, such as \"30m\" or \"24h\", found \"1mo\"",
            ),
            (
                json!({"fn": "trend", "half_life": "1h"}),
                "measure \"m\" needs \"by\", the column that tells when a row was: none has the role time",
            ),
            (
                json!({"fn": "trend", "by": "n", "half_life": "1h"}),
                "\"by\" of measure \"m\" must be a time; \"n\" is of type int",
            ),
            (
                json!({"fn": "trend", "by": "at", "half_life": "1h", "column": "text"}),
                "cannot take the trend of \"text\", which is of type text",
            ),
            (
                json!({"fn": "trend", "by": "fine", "half_life": "100000w"}),
                "the \"half_life\" of measure \"m\" is too long for times in nanoseconds",
            ),
        ] {
            let error = finish(&json!(["text"]), &json!({"m": measure}), &Value::Null).unwrap_err();
            assert_eq!(error.to_string(), expected, "{measure}");
        }
    }

    #[test]
    fn says_what_a_measure_of_a_measure_cannot_be() {
        let day = json!([{"column": "at", "every": "1d", "as": "day"}, "text"]);
        let twice = json!([{"column": "at", "every": "1d", "as": "day"}, {"column": "at", "every": "1h"}]);
        let one_key = "measure \"m\" needs one group key with \"every\", which says how far back the previous row is; found";
        for (keys, measure, expected) in [
            (&day, json!({"fn": "running_sum"}), "measure \"m\" needs \"of\", the measure that it is computed from".to_owned()),
            (
                &day,
                json!({"fn": "running_sum", "of": "view"}),
                "unknown \"of\" \"view\" in measure \"m\"; did you mean \"views\"?".to_owned(),
            ),
            (
                &day,
                json!({"fn": "previous", "of": "sum"}),
                "\"of\" in measure \"m\" cannot be \"sum\", which is computed from a measure itself".to_owned(),
            ),
            (
                &day,
                json!({"fn": "running_sum", "of": "views", "by": ["-m"]}),
                "\"by\" in measure \"m\" cannot be \"m\", which is computed from a measure itself".to_owned(),
            ),
            (
                &day,
                json!({"fn": "running_sum", "of": "views", "within": ["dya"]}),
                "unknown \"within\" \"dya\" in measure \"m\"; did you mean \"day\"?".to_owned(),
            ),
            (
                &day,
                json!({"fn": "running_sum", "of": "mean"}),
                "measure \"m\" can add up integers and decimals alone; \"mean\" is of type float".to_owned(),
            ),
            (
                &json!(["text"]),
                json!({"fn": "running_sum", "of": "views"}),
                "measure \"m\" needs \"by\", the order in which it adds up: no group key has \"every\"".to_owned(),
            ),
            (&json!(["text"]), json!({"fn": "previous", "of": "views"}), format!("{one_key} 0")),
            (&twice, json!({"fn": "previous", "of": "views"}), format!("{one_key} 2")),
            (
                &day,
                json!({"fn": "previous", "of": "views", "offset": -1}),
                "\"offset\" in measure \"m\" must be a whole number, 0 or more, found a number".to_owned(),
            ),
            (
                &day,
                json!({"fn": "previous", "of": "views", "column": "n"}),
                "unknown key \"column\" in measure \"m\"; known are fn, of, offset".to_owned(),
            ),
        ] {
            let mut measures = json!({"views": {"fn": "count"}, "mean": {"fn": "avg", "column": "n"}, "m": measure});
            measures["sum"] = json!({"fn": "running_sum", "of": "views", "by": []});
            let error = finish(keys, &measures, &Value::Null).unwrap_err();
            assert_eq!((error.to_string(), error.kind().code()), (expected, "BAD_QUERY"), "{measure}");
        }
    }
}
