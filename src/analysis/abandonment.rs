//! Abandoned carts: how many are never bought, and what they would have been worth.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: one row for each cart, and the time
//! of the last event, which tells whose time is over. Whole actors make it add up.

mod answer;
mod carts;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use carts::{Cart, Carts, Event};
use serde_json::Value;

use super::actors::{ActorColumns, ActorReader, length};
use super::filter::columns_of;
use super::key::{Key, KeyPlan};
use super::list::Choice;
use super::marks::{Marks, TAKES_PART, conditions};
use super::spec::Spec;
use super::table::{Table, TableColumn, empty};
use super::{Question, Zones, named};
use crate::event::{ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::column;
use crate::kernel::ids::NULL;
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// The question `{"kind": "abandonment", …}`.
///
/// A cart is of one actor and one item. It begins with a cart event and lasts until the pair's next buy event, at that time or
/// later, which is when it is bought; further cart events until then belong to it. A cart that is not bought `within` the time
/// since its first event, both ends included, is abandoned; the next cart event begins another one. Events of one time are
/// cart events first, then buy events, each in the order of the data; an event may be both. What is bought without a cart
/// is none.
///
/// * `cart`, `buy`: the conditions of such events.
/// * `item`: the column of items, that with the role item where it is not given. `false`: a cart is of an actor alone, whatever
///   is in it.
/// * `within`: how long a cart may be bought; for ever where it is not given.
/// * `value`: the column that says what a cart is worth, at the last of its cart events that has a value; that with the role price
///   where it is not given, and nothing where there is none or it holds nulls alone.
/// * `group_by`: keys as an aggregate's, of the cart's first event.
/// * `where`, `actor`, `time`, `having`, `order_by`, `limit`: as everywhere. Rows without an actor, a time or an item take
///   part in nothing.
///
/// Answer: one row, or one for each combination of keys that has carts, ascending, nulls last: the keys, `carts`, `abandoned`, `rate`,
/// their share of all, null where there is none, `value`, the exact sum of all carts' values, `abandoned_value`, that of the abandoned
/// ones, both null where no cart has a value, and `open`, how many of the abandoned ones may still be bought: those whose time was
/// not over at the last event of all; 0 without `within`.
///
/// With `"each": "actor"`: one row for each cart: the actor and the item, called as their columns and of their types, `at`, when it
/// began, its `value`, null where it has none, and `bought`, true or false; by actor, item and time, which also decide where
/// `order_by` leaves rows alike.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,item_id,action,ts,price\n7,a,cart,2024-03-10 10:00,1.50\n7,b,cart,2024-03-10 10:01,9.25\n7,a,buy,2024-03-10 10:30,1.50\n")?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "abandonment", "cart": {"action": "cart"}, "buy": {"action": "buy"}, "within": "1h"}"#,
/// ).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "carts,abandoned,rate,value,abandoned_value,open\n2,1,0.5,10.75,9.25,1\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Abandonment {
    columns: ActorColumns,
    filter: Vec<Value>,
    cart: Vec<Value>,
    buy: Vec<Value>,
    item: Item,
    /// In seconds.
    within: Option<i64>,
    value: Option<String>,
    keys: Vec<Key>,
    is_each: bool,
    choice: Choice,
}

/// What a cart is of, but for the actor.
#[derive(Clone, Debug)]
enum Item {
    Nothing,
    Column(Option<String>),
}

impl Abandonment {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let each = spec.one_of("each", &["actor"])?;
        let abandonment = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            cart: conditions(spec.need("cart")?),
            buy: conditions(spec.need("buy")?),
            item: item(spec.get("item"))?,
            within: spec.text("within")?.map(|text| length("within", text)).transpose()?,
            value: spec.text("value")?.map(str::to_owned),
            keys: spec.list("group_by")?.iter().map(Key::parse).collect::<Result<_>>()?,
            is_each: each.is_some(),
            choice: Choice::parse(&mut spec)?,
        };
        spec.finish()?;
        if abandonment.is_each && !abandonment.keys.is_empty() {
            return Err(
                Error::bad_query("\"each\" tells of carts, not of groups of them: leave out \"group_by\"").at_column("each")
            );
        }
        Ok(abandonment)
    }
}

fn item(asked: Option<&Value>) -> Result<Item> {
    match asked {
        None => Ok(Item::Column(None)),
        Some(Value::String(name)) => Ok(Item::Column(Some(name.clone()))),
        Some(Value::Bool(false)) => Ok(Item::Nothing),
        Some(other) => {
            Err(Error::bad_query(format!("\"item\" must be a column's name or false, found {other}")).at_column("item"))
        }
    }
}

impl Question for Abandonment {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn zones(&self) -> Vec<String> {
        self.keys.iter().filter_map(|key| key.zone.clone()).collect()
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, &[self.cart.clone(), self.buy.clone()], &columns_of(schema))?;
        let key = |at: usize| Key::parse(&schema.columns()[at].name.as_str().into());
        let item = match &self.item {
            Item::Nothing => None,
            Item::Column(named) => Some(key(named::column(named.as_deref(), "item", Role::Item, schema)?)?),
        };
        let keys = if self.is_each { [key(plan.actor)?].into_iter().chain(item.clone()).collect() } else { self.keys.clone() };
        let is_known = |at: &usize| schema.columns()[*at].column_type != ColumnType::Null;
        let value = match &self.value {
            Some(name) => Some(schema.index_of(name)?).filter(is_known),
            None => named::price(schema),
        };
        let value_type = value.map(|at| named::number_type("value", at, schema)).transpose()?.unwrap_or(ColumnType::Int);
        let fold = AbandonmentFold {
            names: keys.iter().map(|key| key.name.clone()).collect(),
            keys: keys.iter().map(|key| key.plan(schema, zones)).collect::<Result<_>>()?,
            item: item.map(|item| item.plan(schema, zones)).transpose()?,
            value,
            value_type,
            time_type: schema.columns()[plan.time].column_type,
            within: self.within.map(|seconds| (seconds as u64).saturating_mul(plan.unit.per_second() as u64)),
            is_each: self.is_each,
            choice: self.choice.clone(),
            carts: Carts::new(keys.len()),
            events: vec![],
            last: None,
            reader: ActorReader::new(plan, marks),
        };
        let columns = fold.columns();
        named::unique(columns.iter().map(|(name, _)| name.as_str()))?;
        self.choice.check(&columns)?;
        Ok(Box::new(fold))
    }

    fn is_of_actors(&self) -> bool {
        true
    }
}

struct AbandonmentFold {
    reader: ActorReader,
    /// What is known of each cart: the keys of its group, or its actor and item.
    names: Vec<String>,
    keys: Vec<KeyPlan>,
    item: Option<KeyPlan>,
    value: Option<usize>,
    value_type: ColumnType,
    time_type: ColumnType,
    /// In the unit of the times.
    within: Option<u64>,
    is_each: bool,
    choice: Choice,
    /// Of the actors before.
    carts: Carts,
    /// Of the actor whose rows come.
    events: Vec<Event>,
    /// The time of the last event.
    last: Option<i64>,
}

impl AbandonmentFold {
    /// The answer's columns.
    fn columns(&self) -> Vec<(String, ValueType)> {
        let (int, value) = (ValueType::Of(ColumnType::Int), ValueType::Of(self.value_type));
        let others = if self.is_each {
            vec![("at", ValueType::Of(self.time_type)), ("value", value), ("bought", ValueType::Of(ColumnType::Bool))]
        } else {
            let rate = ValueType::Float;
            vec![("carts", int), ("abandoned", int), ("rate", rate), ("value", value), ("abandoned_value", value), ("open", int)]
        };
        let keys = self.names.iter().zip(&self.keys).map(|(name, key)| (name.clone(), key.value_type));
        keys.chain(others.into_iter().map(|(name, value_type)| (name.to_owned(), value_type))).collect()
    }

    /// All carts so far, those of the last actor too.
    fn carts(&self) -> Carts {
        let mut carts = self.carts.clone();
        carts.add_actor(&mut self.events.clone(), self.within.unwrap_or(u64::MAX));
        carts
    }

    /// What each key of these carts is.
    fn key_values(&self, carts: &Carts) -> Vec<Values> {
        let values = |(at, key): (usize, &KeyPlan)| {
            let mut values = key.values(&carts.key(at));
            values.unrank();
            if values.is_empty() { empty(key.value_type) } else { values }
        };
        self.keys.iter().enumerate().map(values).collect()
    }
}

/// In a state, what a row is that tells when the last event was.
const LAST: i64 = -1;

impl Fold for AbandonmentFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let all = Rows::All(batch.num_rows());
        let numbers = |key: &mut KeyPlan| key.numbers(&gather(batch.column(key.at), &all)?);
        let items = self.item.as_mut().map(numbers).transpose()?;
        let keys = self.keys.iter_mut().map(numbers).collect::<Result<Vec<_>>>()?;
        let values = self.value.map(|at| gather(batch.column(at), &all)).transpose()?;
        let amounts = values.as_ref().map(|values| values.data.wide()).transpose()?;
        let times = rows.instants();
        for (range, goes_on) in rows.ranges() {
            for row in range {
                let mark = rows.marks[row];
                let item = items.as_ref().map(|items| items[row]);
                if mark == 0 || item == Some(NULL) {
                    continue;
                }
                self.last = self.last.max(Some(times[row]));
                if mark != TAKES_PART {
                    let value = values.as_ref().zip(amounts.as_ref()).filter(|(values, _)| values.is_valid(row));
                    self.events.push(Event {
                        item: item.unwrap_or(NULL),
                        time: times[row],
                        mark,
                        value: value.map(|(_, amounts)| amounts[row]),
                        keys: keys.iter().map(|key| key[row]).collect(),
                    });
                }
            }
            if !goes_on {
                self.carts.add_actor(&mut self.events, self.within.unwrap_or(u64::MAX));
                self.events.clear();
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        let mut carts = self.carts();
        let mut kinds: Vec<i64> = carts.all().iter().map(|cart| i64::from(cart.is_bought)).collect();
        if let Some(last) = self.last {
            carts.push(Cart { at: last, value: None, is_bought: false }, &vec![NULL; self.keys.len()]);
            kinds.push(LAST);
        }
        let mut arrays: Vec<ArrayRef> = vec![];
        for (key, values) in self.keys.iter().zip(self.key_values(&carts)) {
            let ValueType::Of(column_type) = key.value_type else { return Err(Error::bad_state("a group key is no column")) };
            arrays.push(column::hold(values, column_type)?);
        }
        arrays.push(Arc::new(Int64Array::from_iter_values(carts.all().iter().map(|cart| cart.at))));
        arrays.push(Arc::new(Int64Array::from(kinds)));
        arrays.push(column::hold(self.amounts(carts.all().iter().map(|cart| cart.value))?, self.value_type)?);
        let field = |(at, array): (usize, &ArrayRef)| Field::new(format!("{at}"), array.data_type().clone(), true);
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let n_keys = self.keys.len();
        let not_a_state = || Error::bad_state("not the state of such an abandonment");
        if state.num_columns() != n_keys + 3
            || state.columns()[n_keys..n_keys + 2].iter().any(|column| *column.data_type() != DataType::Int64)
        {
            return Err(not_a_state());
        }
        if state.num_rows() == 0 {
            return Ok(());
        }
        let all = Rows::All(state.num_rows());
        let keys = self.keys.iter_mut().enumerate();
        let keys = keys.map(|(at, key)| key.numbers_of_state(&gather(state.column(at), &all)?)).collect::<Result<Vec<_>>>()?;
        let (at, kinds) = (gather(state.column(n_keys), &all)?.data, gather(state.column(n_keys + 1), &all)?.data);
        let (Data::Ints(at), Data::Ints(kinds)) = (at, kinds) else { return Err(not_a_state()) };
        let values = gather(state.column(n_keys + 2), &all)?;
        let amounts = values.data.wide()?;
        for row in 0..state.num_rows() {
            if kinds[row] == LAST {
                self.last = self.last.max(Some(at[row]));
                continue;
            }
            let cart = Cart { at: at[row], value: values.is_valid(row).then(|| amounts[row]), is_bought: kinds[row] == 1 };
            self.carts.push(cart, &keys.iter().map(|key| key[row]).collect::<Vec<_>>());
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        let carts = self.carts();
        let (values, n_rows) = if self.is_each { self.each(&carts)? } else { self.groups(&carts)? };
        let columns = self.columns().into_iter().zip(values);
        let columns = columns.map(|((name, value_type), values)| TableColumn::exact(&name, value_type, values)).collect();
        self.choice.of(Table { columns, n_rows }, &[])
    }

    fn size(&self) -> usize {
        let keys: usize = self.keys.iter().chain(&self.item).filter_map(|key| key.ids.as_ref()).map(|ids| ids.size()).sum();
        keys + self.carts.size() + self.events.capacity() * (size_of::<Event>() + 4 * self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_what_cannot_be_asked() {
        for (key, value, expected) in [
            ("each", json!("item"), "unknown \"each\" \"item\"; known are actor"),
            ("item", json!(true), "\"item\" must be a column's name or false, found true"),
            ("cart", json!(null), "the query lacks the key \"cart\""),
            (
                "within",
                json!("1mo"),
                "\"within\" must be a number and s, m, h, d or w, such as \"30m\" or \"24h\", found \"1mo\"",
            ),
            ("group", json!([]), "unknown key \"group\" in the query; did you mean \"group_by\"?"),
        ] {
            let mut query = json!({"kind": "abandonment", "cart": {}, "buy": {}});
            query[key] = value;
            assert_eq!(Abandonment::parse(&query).unwrap_err().to_string(), expected);
        }
        let both = json!({"kind": "abandonment", "cart": {}, "buy": {}, "each": "actor", "group_by": ["item"]});
        let sentence = "\"each\" tells of carts, not of groups of them: leave out \"group_by\"";
        assert_eq!(Abandonment::parse(&both).unwrap_err().to_string(), sentence);
    }
}
