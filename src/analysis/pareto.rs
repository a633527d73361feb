//! Who makes up most of it: ABC classes of items by what each adds to the whole, and how unequal they are.
//!
//! A row fold: any split of the rows answers alike. State: that of an aggregate with one measure, which does the grouping.

mod shares;
mod sql;

use arrow_array::RecordBatch;
use serde_json::{Value, json};
use shares::Shares;

use super::aggregate::Aggregate;
use super::list::Choice;
use super::measure::Measure;
use super::spec::{Spec, unknown};
use super::table::{Table, TableColumn, empty, floats};
use super::{Question, Zones, named};
use crate::event::{ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::sql::Dialect;
use crate::{Error, ErrorKind, Result};

const USUAL_CLASSES: [f64; 2] = [0.8, 0.95];
/// One for each letter but the last.
const MOST_BOUNDS: usize = 25;
const FUNCTIONS: [&str; 3] = ["count", "count_distinct", "sum"];
/// The percents of groups that a concentration tells the share of.
const TOPS: [u64; 4] = [1, 5, 10, 20];

/// What of the groups is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Summary {
    /// Each of them.
    Groups,
    Classes,
    Concentration,
}

/// The question `{"kind": "pareto", …}`.
///
/// An ABC analysis (H. F. Dickie, "ABC Inventory Analysis Shoots for Dollars, not Pennies", Factory Management and
/// Maintenance 109, 1951): the groups of largest value that together make up a share of the whole are its class A.
///
/// * `by`: the column of groups, that with the role item where it is not given. Rows where it is null take part in nothing.
/// * `measure`: each group's value, a `count`, a `count_distinct` or a `sum` as an aggregate's; `{"fn": "count"}` by default.
///   A group whose value is null, 0 or negative has no share and no row.
/// * `classes`: ascending shares above 0 and below 1, at most 25, `[0.8, 0.95]` by default. A group is in the first class whose
///   share is above the cumulative one of the groups before it, so that the one that crosses it still is; groups of equal
///   value are in the class of their first. The last class, which has no share of its own, holds all others.
/// * `where`, `having`, `order_by`, `limit`: as everywhere.
/// * `summary`: false, true or `"concentration"`.
///
/// Answer: one row for each group, called as its column and of its type, with `value`, an integer, or a decimal where such are
/// summed, `share` of the total, `cumulative` share of the groups up to this one, `place`, which groups of equal value share
/// as in SQL's `rank`, and `class`, a letter from A on. Largest value first, ties by the group; that order also decides where
/// `order_by` leaves rows alike.
///
/// With `"summary": true`: one row for each class, in order: `class`, `groups` in it, `rate`, their share of all groups, `value`,
/// the sum of theirs, its `share` of the total, and the `least` and the `most` value, null in a class of none; `rate` and `share`
/// are null where there is no group at all.
///
/// With `"summary": "concentration"`: one row: `groups`, their `total`, `gini`, the coefficient of C. Gini (0 where all have
/// equal values, towards 1 where one has all; of the groups as they are, not corrected as that of a sample), `hhi`, the
/// Herfindahl-Hirschman index, the sum of the squared shares, from 0 to 1; `top_1`, `top_5`, `top_10` and `top_20`, the share of
/// the largest 1, 5, 10 and 20 percent of groups, their number rounded up; and `without`, how many groups have no share. All
/// but the counts and the total are null where there is no group with one.
///
/// Values are exact; a share is the float nearest to the quotient of the floats that are nearest to both.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"item_id,price\na,9.00\nb,0.75\na,7.50\nc,2.75\n")?;
/// let query: Query = serde_json::from_str(r#"{"kind": "pareto", "measure": {"fn": "sum", "column": "price"}}"#).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "item_id,value,share,cumulative,place,class\na,16.50,0.825,0.825,1,A\nc,2.75,0.1375,0.9625,2,B\nb,0.75,0.0375,1,3,C\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pareto {
    filter: Vec<Value>,
    by: Option<String>,
    /// As it was written, and read.
    spelt: Value,
    measure: Measure,
    /// The column that is summed.
    summed: Option<String>,
    bounds: Vec<f64>,
    summary: Summary,
    choice: Choice,
}

impl Pareto {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let spelt = spec.get("measure").cloned().unwrap_or_else(|| json!({"fn": "count"}));
        let measure = Measure::parse(VALUE, &spelt)?;
        let function = spelt["fn"].as_str().unwrap_or_default();
        if !FUNCTIONS.contains(&function) {
            return Err(unknown(&format!("function {function:?} of a pareto's measure"), function, &FUNCTIONS));
        }
        let pareto = Self {
            filter: spec.list("where")?.to_vec(),
            by: spec.text("by")?.map(str::to_owned),
            summed: spelt["column"].as_str().filter(|_| function == "sum").map(str::to_owned),
            spelt,
            measure,
            bounds: bounds(spec.get("classes"))?,
            summary: summary(spec.get("summary"))?,
            choice: Choice::parse(&mut spec)?,
        };
        spec.finish()?;
        Ok(pareto)
    }

    /// The answer's columns, of groups and values of these types.
    fn answer(&self, by: &str, by_type: ValueType, value_type: ValueType) -> Vec<(String, ValueType)> {
        let (int, text, float) = (ValueType::Of(ColumnType::Int), ValueType::Of(ColumnType::Text), ValueType::Float);
        let columns: Vec<(&str, ValueType)> = match self.summary {
            Summary::Groups => {
                vec![(by, by_type), (VALUE, value_type), ("share", float), ("cumulative", float), ("place", int), ("class", text)]
            }
            Summary::Classes => vec![
                ("class", text),
                ("groups", int),
                ("rate", float),
                (VALUE, value_type),
                ("share", float),
                ("least", value_type),
                ("most", value_type),
            ],
            Summary::Concentration => vec![
                ("groups", int),
                ("total", value_type),
                ("gini", float),
                ("hhi", float),
                ("top_1", float),
                ("top_5", float),
                ("top_10", float),
                ("top_20", float),
                ("without", int),
            ],
        };
        columns.into_iter().map(|(name, value_type)| (name.to_owned(), value_type)).collect()
    }
}

impl Question for Pareto {
    fn distinct_columns(&self) -> Vec<&str> {
        self.by.as_deref().into_iter().chain(self.measure.distinct_column()).collect()
    }

    fn profits_from_groups(&self, column: &str) -> bool {
        self.measure.distinct_column() == Some(column)
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let by = &schema.columns()[named::column(self.by.as_deref(), "by", Role::Item, schema)?];
        // In an answer, UUIDs are text.
        let by_type = if by.column_type == ColumnType::Uuid { ColumnType::Text } else { by.column_type };
        let summed = self.summed.as_ref().map(|name| schema.column(name)).transpose()?;
        let value_type = ValueType::Of(summed.map_or(ColumnType::Int, |column| column.column_type));
        let columns = self.answer(&by.name, ValueType::Of(by_type), value_type);
        named::unique(columns.iter().map(|(name, _)| name.as_str()))?;
        let mut filter = self.filter.clone();
        filter.push(json!({"column": by.name, "is_null": false}));
        let groups = json!({"kind": "aggregate", "where": filter, "group_by": [{"column": by.name, "as": "by"}],
            "measures": {VALUE: self.spelt}});
        let groups = Aggregate::parse(&groups)?.fold(schema, zones)?;
        self.choice.check(&columns)?;
        Ok(Box::new(ParetoFold { spec: self.clone(), columns, value_type, groups }))
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement(schema, dialect)
    }
}

/// What the measure is called.
const VALUE: &str = "value";

fn bounds(asked: Option<&Value>) -> Result<Vec<f64>> {
    let Some(asked) = asked else { return Ok(USUAL_CLASSES.to_vec()) };
    let bounds: Option<Vec<f64>> = asked.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
    let are_bounds = |bounds: &Vec<f64>| {
        bounds.len() <= MOST_BOUNDS
            && bounds.iter().all(|bound| *bound > 0.0 && *bound < 1.0)
            && bounds.windows(2).all(|pair| pair[0] < pair[1])
    };
    bounds.filter(are_bounds).ok_or_else(|| {
        let sentence = format!(
            "\"classes\" must be a list of at most {MOST_BOUNDS} ascending shares above 0 and below 1, such as [0.8, 0.95], \
             found {asked}"
        );
        Error::bad_query(sentence).at_column("classes")
    })
}

fn summary(asked: Option<&Value>) -> Result<Summary> {
    match asked {
        None | Some(Value::Bool(false)) => Ok(Summary::Groups),
        Some(Value::Bool(true)) => Ok(Summary::Classes),
        Some(Value::String(text)) if text == "concentration" => Ok(Summary::Concentration),
        Some(other) => {
            let sentence = format!("\"summary\" must be false, true or \"concentration\", found {other}");
            Err(Error::bad_query(sentence).at_column("summary"))
        }
    }
}

struct ParetoFold {
    spec: Pareto,
    columns: Vec<(String, ValueType)>,
    value_type: ValueType,
    /// The groups and their values.
    groups: Box<dyn Fold>,
}

impl Fold for ParetoFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        self.groups.update(batch)
    }

    fn state(&self) -> Result<RecordBatch> {
        self.groups.state()
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        self.groups.merge(state)
    }

    fn finish(&self) -> Result<RecordBatch> {
        let groups = self.groups.finish()?;
        let all = Rows::All(groups.num_rows());
        let (keys, values) = (gather(groups.column(0), &all)?, gather(groups.column(1), &all)?);
        let amounts = values.data.wide()?;
        let sort_keys = [SortKey::new(&values, true), SortKey::new(&keys, false)];
        let mut rows = order::sort(groups.num_rows(), &sort_keys, usize::MAX);
        rows.retain(|&row| values.is_valid(row as usize) && amounts[row as usize] > 0);
        let without = groups.num_rows() - rows.len();
        let amounts = rows.iter().map(|&row| amounts[row as usize]).collect();
        let shares = Shares::new(amounts, &self.spec.bounds).ok_or_else(too_large)?;
        let values = match self.spec.summary {
            Summary::Groups => self.of_groups(keys.take(&rows), &shares)?,
            Summary::Classes => self.of_classes(&shares)?,
            Summary::Concentration => self.of_all(&shares, without)?,
        };
        let n_rows = values.last().map_or(0, Values::len);
        let columns = self.columns.iter().zip(values);
        let columns = columns.map(|((name, value_type), values)| TableColumn::exact(name, *value_type, values)).collect();
        self.spec.choice.of(Table { columns, n_rows }, &[])
    }

    fn has_groups(&self) -> bool {
        self.groups.has_groups()
    }

    fn size(&self) -> usize {
        self.groups.size()
    }
}

impl ParetoFold {
    fn of_groups(&self, keys: Values, shares: &Shares) -> Result<Vec<Values>> {
        let keys = if keys.is_empty() { empty(self.columns[0].1) } else { keys };
        let cumulative = shares.amounts.iter().scan(0, |before, amount| {
            *before += amount;
            Some(shares.of(*before))
        });
        Ok(vec![
            keys,
            self.amounts(shares.amounts.iter().copied().map(Some))?,
            floats(shares.amounts.iter().map(|&amount| shares.of(amount))),
            floats(cumulative),
            Values::ints(shares.places.clone()),
            letters(shares.classes.iter().copied())?,
        ])
    }

    fn of_classes(&self, shares: &Shares) -> Result<Vec<Values>> {
        let n_classes = self.spec.bounds.len() + 1;
        let classes: Vec<&[i128]> = (0..n_classes).map(|class| shares.class(class)).collect();
        let sums: Vec<i128> = classes.iter().map(|class| class.iter().sum()).collect();
        let rate = |class: &&[i128]| Some(class.len() as f64 / shares.amounts.len() as f64).filter(|rate| !rate.is_nan());
        Ok(vec![
            letters(0..n_classes)?,
            Values::ints(classes.iter().map(|class| class.len() as i64).collect()),
            floats(classes.iter().map(rate)),
            self.amounts(sums.iter().copied().map(Some))?,
            floats(sums.iter().map(|&sum| shares.of(sum))),
            self.amounts(classes.iter().map(|class| class.last().copied()))?,
            self.amounts(classes.iter().map(|class| class.first().copied()))?,
        ])
    }

    fn of_all(&self, shares: &Shares, without: usize) -> Result<Vec<Values>> {
        let mut values = vec![
            Values::ints(vec![shares.amounts.len() as i64]),
            self.amounts([Some(shares.total)].into_iter())?,
            floats([shares.gini()].into_iter()),
            floats([shares.herfindahl()].into_iter()),
        ];
        values.extend(TOPS.map(|percent| floats([shares.top(percent)].into_iter())));
        values.push(Values::ints(vec![without as i64]));
        Ok(values)
    }

    /// Amounts as values of the measure's type.
    fn amounts(&self, amounts: impl Iterator<Item = Option<i128>>) -> Result<Values> {
        let (valid, wide): (Vec<bool>, Vec<i128>) = amounts.map(|amount| (amount.is_some(), amount.unwrap_or(0))).unzip();
        let data = if self.value_type == ValueType::Of(ColumnType::Int) {
            Data::Ints(wide.into_iter().map(|amount| i64::try_from(amount).map_err(|_| too_large())).collect::<Result<_>>()?)
        } else {
            if wide.iter().any(|amount| *amount >= 10i128.pow(38)) {
                return Err(too_large());
            }
            Data::Wide(wide)
        };
        Ok(Values { data, valid: Some(valid) })
    }
}

fn too_large() -> Error {
    Error::new(ErrorKind::Overflow, "the total is too large to be exact; filter the rows")
}

/// A, B, C, … for classes 0, 1, 2, …
fn letters(classes: impl Iterator<Item = usize>) -> Result<Values> {
    let letters = ('A'..='Z').map(String::from).collect::<Vec<_>>();
    let texts = arrow_array::StringArray::from_iter_values(letters);
    let mut values = gather(&texts, &Rows::Some(classes.map(|class| class as u32).collect()))?;
    values.valid = None;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Column;

    #[test]
    fn says_what_cannot_be_asked() {
        let schema = Schema::new(vec![Column { name: "share".to_owned(), column_type: ColumnType::Int, role: None }]);
        let shares = "\"classes\" must be a list of at most 25 ascending shares above 0 and below 1, such as [0.8, 0.95], found";
        for (asked, expected) in [
            (json!({"classes": [0.8, 0.8]}), format!("{shares} [0.8,0.8]")),
            (json!({"classes": [0.8, 1]}), format!("{shares} [0.8,1]")),
            (json!({"classes": ["0.8"]}), format!("{shares} [\"0.8\"]")),
            (json!({"classes": 0.8}), format!("{shares} 0.8")),
            (json!({"summary": "all"}), "\"summary\" must be false, true or \"concentration\", found \"all\"".to_owned()),
            (
                json!({"measure": {"fn": "avg", "column": "share"}}),
                "unknown function \"avg\" of a pareto's measure; known are count, count_distinct, sum".to_owned(),
            ),
            (json!({"clases": [0.8]}), "unknown key \"clases\" in the query; did you mean \"classes\"?".to_owned()),
            (json!({"by": "share"}), "two columns of the answer are called \"share\"".to_owned()),
            (json!({"by": "shares"}), "unknown column \"shares\"; did you mean \"share\"?".to_owned()),
            (
                json!({}),
                "the query needs a column for \"by\": none has the role item; give one that role, or name it by \"by\""
                    .to_owned(),
            ),
            (
                json!({"by": "share", "summary": true, "order_by": ["-vlaue"]}),
                "the answer has no column \"vlaue\"; did you mean \"value\"?".to_owned(),
            ),
        ] {
            let mut query = asked.clone();
            query["kind"] = json!("pareto");
            let error = Pareto::parse(&query).and_then(|pareto| pareto.fold(&schema, &Zones::new()).map(|_| ())).unwrap_err();
            assert_eq!(error.to_string(), expected, "{asked}");
        }
    }
}
