//! Baskets: which items are bought together, and how much more often than by chance.
//!
//! A row fold: any split of the rows answers alike. State: the distinct pairs of basket and item.

mod rules;
mod sql;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema as ArrowSchema};
use rules::{Least, Rank, Rules};
use serde_json::{Value, json};

use super::filter::{Filter, Lookup, columns_of};
use super::key::{Key, KeyPlan};
use super::spec::{Spec, unknown};
use super::table::{Table, TableColumn, empty};
use super::{Question, Zones};
use crate::event::{ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::column;
use crate::kernel::ids::NULL;
use crate::kernel::order::{self, SortKey};
use crate::kernel::set::PairSet;
use crate::kernel::values::{Data, Rows, ValueType, Values, gather, gather_ranked};
use crate::sql::Dialect;
use crate::{Error, Result};

/// The most rows of an answer.
const MOST_ROWS: u64 = 1_000_000;
const USUAL_LIMIT: u64 = 100;

/// The question `{"kind": "baskets", …}`.
///
/// A basket is the set of the distinct items of all rows with one value of a column. These are association rules of one item to
/// one other, as mlxtend's `association_rules` of itemsets of two (Agrawal, Imielinski & Swami 1993).
///
/// * `item`: the column of items, that with the role item where it is not given. `by`: the column that says which basket, where it
///   is not given that with the role order, where none has it session, then actor. Rows with a null in either take part in nothing.
///   `where` is applied before.
/// * `min_support`: in how many baskets a pair must be at the least: a count from 1 on, below 1 a share of all baskets that have items; 2 where
///   it is not given. `min_confidence`: the least confidence, 0 to 1.
/// * `for`: an item. Only pairs of it and others.
/// * `rank`: the column to order by, descending: `lift`, as where it is not given, `baskets`, `support`, `confidence` or `cosine`.
///   Ties by `baskets` descending, then `item` and `other` ascending. `limit`: the most rows, 100 where it is not given, 1,000,000
///   at most.
/// * `of`: with `pairs`, as where it is not given, the answer has a row for each ordered pair: `item`, `other` (of the column's type),
///   `baskets` (that have both), `support` (their share of all), `confidence` (their share of those that have `item`), `lift`
///   (confidence / the share of all that have `other`) and `cosine` (baskets / √(those with `item` · those with `other`)).
///   With `items`, a row for each item that is in as many baskets as `min_support` says: `item`, `baskets`, `support`, in the order of `baskets`
///   descending, then `item`.
///
/// Pairs are counted exactly, by walking through the baskets of each item that is frequent enough by itself. Where that
/// is more than 4,000,000,000 pairs, such as of one basket of 90,000 items, the question is refused.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"order_id,item_id\n1,tea\n1,cup\n2,tea\n2,cup\n3,pot\n4,tea\n")?;
/// let query: Query = serde_json::from_str(r#"{"kind": "baskets", "for": "cup"}"#).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// let expected = "item,other,baskets,support,confidence,lift,cosine\ncup,tea,2,0.5,1,1.3333333333333333,0.8164965809277261\n";
/// assert_eq!(answer, expected);
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Baskets {
    filter: Vec<Value>,
    item: Option<String>,
    by: Option<String>,
    min_support: Least,
    min_confidence: Option<Least>,
    only: Option<Value>,
    rank: Rank,
    limit: usize,
    of_items: bool,
}

const OF: [&str; 2] = ["pairs", "items"];

impl Baskets {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let of = spec.text("of")?.unwrap_or("pairs");
        if !OF.contains(&of) {
            return Err(unknown(&format!("\"of\" {of:?}"), of, &OF));
        }
        let of_items = of == "items";
        let limit = spec.count("limit")?.unwrap_or(USUAL_LIMIT);
        if limit > MOST_ROWS {
            return Err(Error::bad_query(format!("\"limit\" may be {MOST_ROWS} at most, found {limit}")).at_column("limit"));
        }
        let min_confidence = spec.get("min_confidence");
        let only = spec.get("for").cloned();
        let rank = spec.text("rank")?;
        if of_items && (min_confidence.is_some() || only.is_some() || rank.is_some()) {
            let sentence = "\"for\", \"rank\" and \"min_confidence\" are of pairs; leave them out beside \"of\": \"items\"";
            return Err(Error::bad_query(sentence).at_column("of"));
        }
        let baskets = Self {
            filter: spec.list("where")?.to_vec(),
            item: spec.text("item")?.map(str::to_owned),
            by: spec.text("by")?.map(str::to_owned),
            min_support: spec.get("min_support").map_or(Ok(Least::count(2)), Least::support)?,
            min_confidence: min_confidence.map(Least::confidence).transpose()?,
            only,
            rank: Rank::parse(rank.unwrap_or("lift"))?,
            limit: limit as usize,
            of_items,
        };
        spec.finish()?;
        Ok(baskets)
    }

    /// The columns of items and of baskets.
    fn columns(&self, schema: &Schema) -> Result<[usize; 2]> {
        let find = |named: &Option<String>, roles: &[Role], key: &str, what: &str| match named {
            Some(name) => schema.index_of(name),
            None => roles.iter().find_map(|&role| schema.index_of_role(role)).ok_or_else(|| {
                let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
                let roles = roles.join(", ");
                let sentence =
                    format!("the query needs the column that says {what}: none has the role {roles}; name it by {key:?}");
                Error::bad_query(sentence).at_column(key)
            }),
        };
        Ok([
            find(&self.item, &[Role::Item], "item", "which item")?,
            find(&self.by, &[Role::Order, Role::Session, Role::Actor], "by", "which basket")?,
        ])
    }

    /// The condition that the only item fulfils.
    fn only_filter(&self, item: &str, lookup: Lookup<'_>) -> Result<Option<Filter>> {
        let condition = self.only.as_ref().map(|literal| json!({"column": item, "eq": literal}));
        condition.map(|condition| Filter::parse(&[condition], lookup)).transpose()
    }
}

impl Question for Baskets {
    fn distinct_columns(&self) -> Vec<&str> {
        self.item.iter().chain(&self.by).map(String::as_str).collect()
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let lookup = columns_of(schema);
        let [item, basket] = self.columns(schema)?.map(|at| &schema.columns()[at].name);
        let plan = |name: &String| Key::parse(&json!(name))?.plan(schema, zones);
        self.only_filter(item, &lookup)?;
        Ok(Box::new(BasketsFold {
            filter: Filter::parse(&self.filter, &lookup)?,
            items: plan(item)?,
            baskets: plan(basket)?,
            pairs: PairSet::default(),
            asked: self.clone(),
        }))
    }

    fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.statement(schema, dialect)
    }
}

struct BasketsFold {
    filter: Filter,
    items: KeyPlan,
    baskets: KeyPlan,
    /// The numbers of a basket and of an item that it has.
    pairs: PairSet,
    asked: Baskets,
}

impl BasketsFold {
    fn take(&mut self, baskets: &[u32], items: &[u32]) {
        for (&basket, &item) in baskets.iter().zip(items) {
            if basket != NULL && item != NULL {
                self.pairs.insert(basket, item);
            }
        }
    }

    /// The pairs by basket, then item.
    fn sorted_pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs: Vec<(u32, u32)> = self.pairs.iter().collect();
        pairs.sort_unstable();
        pairs
    }

    /// The place of the only item that is asked for among `values`; none where it is not there.
    fn only(&self, values: &Values) -> Result<Option<Option<u32>>> {
        let lookup = |_: &str| Ok((0, self.items.value_type));
        let Some(mut filter) = self.asked.only_filter("item", &lookup)? else { return Ok(None) };
        Ok(Some(match filter.select(values.len(), &|_| Ok(values.clone()))? {
            Rows::All(n) => (n > 0).then_some(0),
            Rows::Some(rows) => rows.first().copied(),
        }))
    }
}

impl Fold for BasketsFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let all = Rows::All(batch.num_rows());
        let rows = self.filter.select(batch.num_rows(), &|at| gather(batch.column(at), &all))?;
        let numbers = |key: &mut KeyPlan| key.numbers(&gather_ranked(batch.column(key.at), &rows)?);
        let (baskets, items) = (numbers(&mut self.baskets)?, numbers(&mut self.items)?);
        self.take(&baskets, &items);
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        let (baskets, items): (Vec<u32>, Vec<u32>) = self.sorted_pairs().into_iter().unzip();
        let array = |key: &KeyPlan, numbers: &[u32]| {
            let ValueType::Of(column_type) = key.value_type else { return Err(Error::bad_state("a column of floats")) };
            let values = if numbers.is_empty() { empty(key.value_type) } else { key.values(numbers) };
            column::hold(values, column_type)
        };
        let arrays = vec![array(&self.baskets, &baskets)?, array(&self.items, &items)?];
        let fields =
            ["basket", "item"].iter().zip(&arrays).map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields.collect::<Vec<_>>())), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        if state.num_columns() != 2 {
            return Err(Error::bad_state("not the state of such baskets"));
        }
        if state.num_rows() == 0 {
            return Ok(());
        }
        let all = Rows::All(state.num_rows());
        let numbers = |key: &mut KeyPlan, at: usize| key.numbers_of_state(&gather_ranked(state.column(at), &all)?);
        let (baskets, items) = (numbers(&mut self.baskets, 0)?, numbers(&mut self.items, 1)?);
        self.take(&baskets, &items);
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let pairs = self.sorted_pairs();
        let n_baskets = pairs.chunk_by(|a, b| a.0 == b.0).count() as u64;
        let mut counts = vec![0u32; self.items.n_numbers()];
        pairs.iter().for_each(|(_, item)| counts[*item as usize] += 1);
        let is_frequent = |&item: &u32| self.asked.min_support.holds(u64::from(counts[item as usize]), n_baskets);
        let frequent: Vec<u32> = (1..counts.len() as u32).filter(|item| counts[*item as usize] > 0).filter(is_frequent).collect();
        let mut values = if frequent.is_empty() { empty(self.items.value_type) } else { self.items.values(&frequent) };
        values.unrank();
        let order = order::sort(frequent.len(), &[SortKey::new(&values, false)], usize::MAX);
        let values = values.take(&order);
        let items: Vec<u32> = order.iter().map(|&row| frequent[row as usize]).collect();
        let sizes: Vec<u32> = items.iter().map(|&item| counts[item as usize]).collect();
        if self.asked.of_items {
            return self.items_answer(&values, &sizes, n_baskets);
        }
        let mut places = vec![u32::MAX; counts.len()];
        items.iter().zip(0..).for_each(|(&item, place)| places[item as usize] = place);
        let rules = Rules {
            n_baskets,
            sizes,
            min_support: self.asked.min_support,
            min_confidence: self.asked.min_confidence,
            rank: self.asked.rank,
            limit: self.asked.limit,
        };
        let members = pairs.into_iter().map(|(basket, item)| (basket, places[item as usize]));
        let only = self.only(&values)?;
        let found = rules.find(members.filter(|(_, place)| *place != u32::MAX).collect(), only)?;
        let floats = |values: Vec<f64>| Values { data: Data::Floats(values), valid: None };
        let columns = [
            ("item", self.items.value_type, values.take(&found.items)),
            ("other", self.items.value_type, values.take(&found.others)),
            ("baskets", INT, Values::ints(found.baskets.clone())),
            ("support", ValueType::Float, floats(rules.of(&found, Rank::Support))),
            ("confidence", ValueType::Float, floats(rules.of(&found, Rank::Confidence))),
            ("lift", ValueType::Float, floats(rules.of(&found, Rank::Lift))),
            ("cosine", ValueType::Float, floats(rules.of(&found, Rank::Cosine))),
        ];
        batch(columns, found.items.len())
    }

    fn size(&self) -> usize {
        let ids = [&self.items, &self.baskets].map(|key| key.ids.as_ref().map_or(0, |ids| ids.size()));
        self.pairs.size() + ids.iter().sum::<usize>()
    }
}

const INT: ValueType = ValueType::Of(ColumnType::Int);

impl BasketsFold {
    fn items_answer(&self, values: &Values, sizes: &[u32], n_baskets: u64) -> Result<RecordBatch> {
        let baskets = Values::ints(sizes.iter().map(|&size| i64::from(size)).collect());
        let rows = order::sort(sizes.len(), &[SortKey::new(&baskets, true)], self.asked.limit);
        let shares = rows.iter().map(|&row| f64::from(sizes[row as usize]) / n_baskets as f64).collect();
        let columns = [
            ("item", self.items.value_type, values.take(&rows)),
            ("baskets", INT, baskets.take(&rows)),
            ("support", ValueType::Float, Values { data: Data::Floats(shares), valid: None }),
        ];
        batch(columns, rows.len())
    }
}

fn batch<const N: usize>(columns: [(&str, ValueType, Values); N], n_rows: usize) -> Result<RecordBatch> {
    let names = columns.each_ref().map(|(name, ..)| (*name).to_owned());
    let columns = columns.into_iter().map(|(name, value_type, values)| TableColumn::exact(name, value_type, values));
    Table { columns: columns.collect(), n_rows }.to_batch(&names, true)
}
