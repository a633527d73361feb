//! Describe: which values each column has, how often, and how they lie.
//!
//! A row fold: any split of the rows answers alike. State: one row, for each column the list of its different values with
//! their counts, and its nulls. All that is said of a column follows from them exactly; ten million different values take
//! ten million counters.
//!
//! An answer's column has one type, and the columns it tells of have several: values are therefore text, and each thing
//! that is said is a row.

mod profile;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{Field, Schema as ArrowSchema};
use profile::Profile;
use serde_json::Value;

use super::filter::{Filter, columns_of};
use super::spec::Spec;
use super::{Question, Zones};
use crate::accumulator::Occurrences;
use crate::event::Schema;
use crate::fold::Fold;
use crate::kernel::values::{Rows, gather, gather_ranked};
use crate::{Error, Result};

/// The most values and bins that may be asked for.
const MOST: u64 = 1_000;

/// The question `{"kind": "describe", …}`.
///
/// `columns` are the columns to describe, all if not given; `where` is applied before. Answer: for each column, in the order of the
/// schema, a row for each of these, in this order: `column`, `statistic`, `value`, `upper` and `count`.
///
/// | `statistic` | of columns | `value` | `count` |
/// |---|---|---|---|
/// | `rows`, `nulls`, `distinct` | all | | rows, nulls, different values but null |
/// | `min`, `max` | all | the least and the greatest, text by bytes | |
/// | `mean` | int, decimal | as `avg` | |
/// | `q1`, `median`, `q3` | int, decimal | as `quantile` at 0.25, 0.5 and 0.75 | |
/// | `top`, up to `top` rows (10) | all | the most frequent first, of equally frequent ones the least first | how often it occurs |
/// | `bin`, up to `bins` rows (20) | int, decimal, time | where the bin begins | values in it |
///
/// Values are text, as the column's are written elsewhere: decimals with all their digits, times in ISO 8601, UUIDs in lower case.
/// A bin reaches from `value` up to and without `upper`, the last one up to the greatest value and with it. They are of the same
/// width, a whole number of the column's units (ones, the last digit of a decimal, seconds or fractions of them), which is the
/// least with which so many reach from the least value to the greatest; so their edges are exact. Bins without values are told, too.
///
/// Nulls are counted as `nulls` and `rows` alone. A column without any value has `rows`, `nulls` and `distinct`, nothing else.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"item,price\nhat,9.50\ncap,9.75\nhat,\n")?;
/// let query = r#"{"kind": "describe", "columns": ["price"], "top": 1, "bins": 2}"#;
/// let query: Query = serde_json::from_str(query).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(
///     answer.lines().collect::<Vec<_>>(),
///     [
///         "column,statistic,value,upper,count", "price,rows,,,3", "price,nulls,,,1", "price,distinct,,,2", "price,min,9.50,,",
///         "price,max,9.75,,", "price,mean,9.625,,", "price,q1,9.5625,,", "price,median,9.625,,", "price,q3,9.6875,,",
///         "price,top,9.50,,1", "price,bin,9.50,9.63,1", "price,bin,9.63,9.75,1",
///     ]
/// );
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Describe {
    columns: Option<Vec<String>>,
    filter: Vec<Value>,
    n_top: usize,
    n_bins: usize,
}

impl Describe {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let describe = Self {
            columns: spec.get("columns").is_some().then(|| spec.texts("columns")).transpose()?,
            filter: spec.list("where")?.to_vec(),
            n_top: at_most(&mut spec, "top")?.unwrap_or(10),
            n_bins: at_most(&mut spec, "bins")?.unwrap_or(20),
        };
        spec.finish()?;
        Ok(describe)
    }
}

impl Question for Describe {
    fn reads_all(&self) -> bool {
        self.columns.is_none()
    }

    fn fold(&self, schema: &Schema, _: &Zones) -> Result<Box<dyn Fold>> {
        let named = self.columns.iter().flatten().map(|name| schema.index_of(name)).collect::<Result<Vec<_>>>()?;
        let is_described = |at: &usize| self.columns.is_none() || named.contains(at);
        let described = |at: usize| {
            let column = &schema.columns()[at];
            Described { at, name: column.name.clone(), values: Occurrences::new(column.column_type) }
        };
        Ok(Box::new(DescribeFold {
            filter: Filter::parse(&self.filter, &columns_of(schema))?,
            columns: (0..schema.columns().len()).filter(is_described).map(described).collect(),
            n_top: self.n_top,
            n_bins: self.n_bins,
        }))
    }
}

fn at_most(spec: &mut Spec<'_>, key: &'static str) -> Result<Option<usize>> {
    match spec.count(key)? {
        Some(count) if count > MOST => {
            Err(Error::bad_query(format!("{key:?} may be {MOST} at most, found {count}")).at_column(key))
        }
        count => Ok(count.map(|count| count as usize)),
    }
}

struct DescribeFold {
    filter: Filter,
    columns: Vec<Described>,
    n_top: usize,
    n_bins: usize,
}

struct Described {
    at: usize,
    name: String,
    values: Occurrences,
}

impl Fold for DescribeFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let all = Rows::All(batch.num_rows());
        let rows = self.filter.select(batch.num_rows(), &|column| gather(batch.column(column), &all))?;
        if rows.is_empty() {
            return Ok(());
        }
        self.columns.iter_mut().try_for_each(|column| column.values.update(&gather_ranked(batch.column(column.at), &rows)?))
    }

    fn state(&self) -> Result<RecordBatch> {
        let (mut fields, mut arrays) = (vec![], vec![]);
        for column in &self.columns {
            for array in column.values.state()? {
                fields.push(Field::new(format!("part{}", fields.len()), array.data_type().clone(), true));
                arrays.push(array);
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        Ok(RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let expected = 2 * self.columns.len();
        if state.num_columns() != expected {
            return Err(Error::bad_state(format!("expected a state of {expected} columns, found {}", state.num_columns())));
        }
        let parts = state.columns().chunks_exact(2);
        self.columns.iter_mut().zip(parts).try_for_each(|(column, parts)| column.values.merge([&parts[0], &parts[1]]))
    }

    fn finish(&self) -> Result<RecordBatch> {
        let (mut names, mut told) = (vec![], vec![]);
        for column in &self.columns {
            Profile::of(&column.values).tell(self.n_top, self.n_bins, &mut told);
            names.resize(told.len(), column.name.as_str());
        }
        let arrays: [(&str, ArrayRef); 5] = [
            ("column", Arc::new(StringArray::from_iter_values(names))),
            ("statistic", Arc::new(StringArray::from_iter_values(told.iter().map(|told| told.statistic)))),
            ("value", Arc::new(told.iter().map(|told| told.value.as_deref()).collect::<StringArray>())),
            ("upper", Arc::new(told.iter().map(|told| told.upper.as_deref()).collect::<StringArray>())),
            ("count", Arc::new(told.iter().map(|told| told.count).collect::<Int64Array>())),
        ];
        let fields = arrays.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect::<Vec<_>>();
        let arrays = arrays.into_iter().map(|(_, array)| array).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    fn size(&self) -> usize {
        self.columns.iter().map(|column| column.values.size()).sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{Column, ColumnType};
    use crate::kernel::number::pow10;
    use crate::kernel::values::{Data, ValueType, Values};
    use crate::text::cell;

    fn fold(query: &Value, column_type: ColumnType) -> Result<Box<dyn Fold>> {
        let column = Column { name: "price".to_owned(), column_type, role: None };
        Describe::parse(query)?.fold(&Schema::new(vec![column]), &Zones::new())
    }

    /// The answer's rows of one statistic, each as its value, upper edge and count.
    fn told(fold: &dyn Fold, statistic: &str) -> Vec<String> {
        let answer = fold.finish().unwrap();
        let text = |row, at: usize| cell(answer.column(at), row).unwrap_or_default();
        let rows = (0..answer.num_rows()).filter(|&row| text(row, 1) == statistic);
        rows.map(|row| [2, 3, 4].map(|at| text(row, at)).join(" ").trim_end().to_owned()).collect()
    }

    fn batch(values: &Values, column_type: ColumnType) -> RecordBatch {
        RecordBatch::try_from_iter([("price", values.to_array(ValueType::Of(column_type)).unwrap())]).unwrap()
    }

    fn described(query: &Value, column_type: ColumnType, values: &Values) -> Box<dyn Fold> {
        let mut fold = fold(query, column_type).unwrap();
        fold.update(&batch(values, column_type)).unwrap();
        fold
    }

    #[test]
    fn of_equally_frequent_values_the_least_come_first() {
        let query = json!({"kind": "describe", "top": 3});
        let fold = described(&query, ColumnType::Int, &Values::ints(vec![9, -3, 9, 4, -3, 100, 5, 4, 4]));
        assert_eq!(told(&*fold, "top"), ["4  3", "-3  2", "9  2"]);
        let fold = described(&query, ColumnType::Int, &Values::ints((0..1_000).rev().collect()));
        assert_eq!(told(&*fold, "top"), ["0  1", "1  1", "2  1"]);
    }

    #[test]
    fn bins_reach_from_the_least_value_to_the_greatest() {
        let query = |bins: u64| json!({"kind": "describe", "bins": bins});
        for (values, bins, expected) in [
            (vec![3, 3], 20, &["3 3 2"][..]),
            (vec![3, 5], 20, &["3 4 1", "4 5 0", "5 5 1"]),
            (vec![0, 4], 4, &["0 2 1", "2 4 0", "4 4 1"]),
            (vec![1, 2, 3, 4], 2, &["1 3 2", "3 4 2"]),
            (vec![1, 2, 3, 4, 5], 1, &["1 5 5"]),
            (vec![i64::MIN, 0, i64::MAX], 2, &["-9223372036854775808 0 1", "0 9223372036854775807 2"]),
            (vec![1, 2], 0, &[]),
            (vec![], 20, &[]),
        ] {
            let fold = described(&query(bins), ColumnType::Int, &Values::ints(values.clone()));
            assert_eq!(told(&*fold, "bin"), expected, "{values:?} in {bins}");
        }
    }

    #[test]
    fn decimals_of_38_digits_have_a_mean_and_bins() {
        let column_type = ColumnType::Decimal { scale: 2 };
        let most = pow10(38) - 1;
        let values = Values { data: Data::Wide(vec![-most, most, most, most]), valid: None };
        let fold = described(&json!({"kind": "describe", "bins": 2}), column_type, &values);
        assert_eq!(told(&*fold, "mean"), [(5e35).to_string()]);
        let (low, high) = (format!("-{}.99", "9".repeat(36)), format!("{}.99", "9".repeat(36)));
        assert_eq!(told(&*fold, "bin"), [format!("{low} 0.01 1"), format!("0.01 {high} 3")]);
    }

    #[test]
    fn a_state_of_other_columns_is_refused() {
        let mut of_int = fold(&json!({"kind": "describe"}), ColumnType::Int).unwrap();
        let of_none = fold(&json!({"kind": "describe", "columns": []}), ColumnType::Int).unwrap();
        assert_eq!(of_none.finish().unwrap().num_rows(), 0);
        let error = of_int.merge(&of_none.state().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "expected a state of 2 columns, found 0");
        let of_texts = described(&json!({"kind": "describe"}), ColumnType::Int, &Values::ints(vec![1]));
        let mut of_text = fold(&json!({"kind": "describe"}), ColumnType::Text).unwrap();
        assert_eq!(of_text.merge(&of_texts.state().unwrap()).unwrap_err().kind().code(), "BAD_STATE");
    }

    #[test]
    fn says_what_cannot_be_asked() {
        for (query, expected) in [
            (json!({"kind": "describe", "colums": []}), "unknown key \"colums\" in the query; did you mean \"columns\"?"),
            (json!({"kind": "describe", "columns": "price"}), "\"columns\" in the query must be a list, found a string"),
            (json!({"kind": "describe", "columns": ["prise"]}), "unknown column \"prise\"; did you mean \"price\"?"),
            (json!({"kind": "describe", "top": 1_001}), "\"top\" may be 1000 at most, found 1001"),
            (json!({"kind": "describe", "bins": 1e4}), "\"bins\" may be 1000 at most, found 10000"),
            (json!({"kind": "describe", "bins": -1}), "\"bins\" in the query must be a whole number, 0 or more, found a number"),
        ] {
            assert_eq!(fold(&query, ColumnType::Int).map(|_| ()).unwrap_err().to_string(), expected, "{query}");
        }
    }
}
