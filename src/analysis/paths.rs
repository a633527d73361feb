//! Paths: which way actors go, from an event on or to one, as the steps between what they do.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: for each depth and pair of
//! values, how many actors make that step; or a row for each actor's each value. Whole actors make it add up.

mod edges;
mod listed;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema as ArrowSchema};
use edges::{Edge, Edges, REST, between_frequent, edges_of};
use listed::{Listed, Nodes};
use serde_json::Value;
use walk::{Rules, Walk};

use super::actors::{ActorColumns, ActorReader, length};
use super::filter::columns_of;
use super::key::{Key, KeyPlan};
use super::list::{Choice, List};
use super::marks::{Marks, conditions};
use super::spec::{Spec, unknown};
use super::table::{Table, TableColumn, empty};
use super::{Question, Zones};
use crate::event::{ColumnType, Role, Schema};
use crate::fold::Fold;
use crate::kernel::column;
use crate::kernel::ids::NULL;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather, gather_ranked};
use crate::{Error, Result};

/// The question `{"kind": "paths", …}`.
///
/// An actor's path is its values of the column `step` (by default the one with the role action, else item) in the order of
/// time, those of one time in the order of the data. Null values are left out as if their rows were not there, and equal ones
/// that follow each other count once (`"loops": "fold"`), or each (`keep`). With the conditions `from`, the path begins at
/// the actor's first event that fulfils them; with `to`, it ends at the last such event, and leads back; else it begins at
/// the actor's first event. It has at most `depth` steps (4, at most 20), and where the time between two events is longer
/// than `within`, it is at its end. `where` is applied before. Rows without an actor or a time take part in nothing.
///
/// Answer: the steps, as a Sankey diagram draws them: `depth` (from 1; with `to`, 1 is the step to the last event), `source`
/// and `target` (the earlier and the later value), `actors` that make the step there, `rate`, `source_is_rest` and
/// `target_is_rest`. Where a path is at its end before `depth` steps, there is a step whose `target` is null (with `to`,
/// whose `source` is): who goes no further. `rate` is the share of those who come to the source at that depth, with `to` of
/// those who come from the target. At each depth, the values beyond the `limit` (20) that most actors come to, ties by the
/// value, are one: null, and the column `…_is_rest` says so. Order: `depth`, `actors` descending, `source`, `target`, nulls
/// last, rests behind ends.
///
/// With `"each": "actor"`: the actor's column, `depth` (0 is where the path begins, with `to` where it ends) and `value`, one
/// row for each value on an actor's path; `having`, `order_by` and `limit` choose among the rows, ties by the actor and
/// `depth`.
///
/// SQL knows no order of the data, by which events of one time come: none says this question.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,ts\n7,view,2024-03-10 10:00\n7,buy,2024-03-10 10:30\n8,view,2024-03-10 11:00\n")?;
/// let query: Query = serde_json::from_str(r#"{"kind": "paths", "from": {"action": "view"}, "depth": 2}"#).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// let expected = "depth,source,target,actors,rate,source_is_rest,target_is_rest\n\
///     1,view,buy,1,0.5,false,false\n1,view,,1,0.5,false,false\n2,buy,,1,1,false,false\n";
/// assert_eq!(answer, expected);
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Paths {
    columns: ActorColumns,
    filter: Vec<Value>,
    /// What paths begin at, or end at.
    anchor: Vec<Value>,
    backward: bool,
    step: Option<String>,
    depth: usize,
    fold: bool,
    /// In seconds.
    within: Option<i64>,
    asked: Asked,
}

#[derive(Clone, Debug)]
enum Asked {
    /// The steps between so many values at each depth.
    Edges(usize),
    Each(Choice),
}

const LOOPS: [&str; 2] = ["fold", "keep"];
const MOST_DEPTH: u64 = 20;

impl Paths {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let loops = spec.text("loops")?.unwrap_or("fold");
        if !LOOPS.contains(&loops) {
            return Err(unknown(&format!("\"loops\" {loops:?}"), loops, &LOOPS));
        }
        let depth = spec.count("depth")?.unwrap_or(4);
        if !(1..=MOST_DEPTH).contains(&depth) {
            return Err(Error::bad_query(format!("\"depth\" must be 1 to {MOST_DEPTH}, found {depth}")).at_column("depth"));
        }
        let (from, to) = (spec.get("from"), spec.get("to"));
        if from.is_some() && to.is_some() {
            return Err(Error::bad_query("paths begin with \"from\" or end with \"to\", not both").at_column("to"));
        }
        let paths = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            anchor: from.or(to).map(conditions).unwrap_or_default(),
            backward: to.is_some(),
            step: spec.text("step")?.map(str::to_owned),
            depth: depth as usize,
            fold: loops == "fold",
            within: spec.text("within")?.map(|text| length("within", text)).transpose()?,
            asked: Asked::parse(&mut spec)?,
        };
        spec.finish()?;
        Ok(paths)
    }

    /// The column of the values.
    fn step(&self, schema: &Schema) -> Result<Key> {
        let named = match &self.step {
            Some(name) => Some(name.as_str()),
            None => {
                let at = schema.index_of_role(Role::Action).or_else(|| schema.index_of_role(Role::Item));
                at.map(|at| schema.columns()[at].name.as_str())
            }
        };
        let sentence = "the query needs the column whose values make up the paths: none has the role action or item; name it by \
                        \"step\"";
        Key::parse(&named.ok_or_else(|| Error::bad_query(sentence).at_column("step"))?.into())
    }
}

impl Asked {
    fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        if spec.one_of("each", &["actor"])?.is_some() {
            return Choice::parse(spec).map(Self::Each);
        }
        let limit = spec.count("limit")?.unwrap_or(20);
        Ok(Self::Edges(usize::try_from(limit).unwrap_or(usize::MAX)))
    }
}

impl Question for Paths {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, std::slice::from_ref(&self.anchor), &columns_of(schema))?;
        let steps = self.step(schema)?.plan(schema, zones)?;
        let per_second = plan.unit.per_second() as u64;
        let rules = Rules {
            backward: self.backward,
            depth: self.depth,
            fold: self.fold,
            within: self.within.map_or(u64::MAX, |seconds| (seconds as u64).saturating_mul(per_second)),
        };
        let found = match &self.asked {
            Asked::Edges(limit) => Found::Edges(Edges::new(self.depth), *limit),
            Asked::Each(choice) => {
                let actor = &schema.columns()[plan.actor];
                if [DEPTH, VALUE].contains(&actor.name.as_str()) {
                    let sentence = format!("two columns of the answer are called {:?}", actor.name);
                    return Err(Error::bad_query(sentence).at_column(&actor.name));
                }
                let actors = Key::parse(&actor.name.as_str().into())?.plan(schema, zones)?;
                let columns = vec![
                    (actor.name.clone(), actors.value_type),
                    (DEPTH.to_owned(), ValueType::Of(ColumnType::Int)),
                    (VALUE.to_owned(), steps.value_type),
                ];
                choice.check(&columns)?;
                Found::Each(Box::new(Listed { list: List::new(columns), choice: choice.clone(), actors }))
            }
        };
        Ok(Box::new(PathsFold { reader: ActorReader::new(plan, marks), steps, rules, actor: NULL, walk: Walk::default(), found }))
    }

    fn may_go_by(&self, role: Role) -> bool {
        [Role::Action, Role::Item].contains(&role) && self.step.is_none()
    }

    fn is_of_actors(&self) -> bool {
        true
    }
}

const DEPTH: &str = "depth";
const VALUE: &str = "value";
const COLUMNS: [&str; 7] = [DEPTH, "source", "target", "actors", "rate", "source_is_rest", "target_is_rest"];

struct PathsFold {
    reader: ActorReader,
    steps: KeyPlan,
    rules: Rules,
    /// Of the actor whose rows come: its number, where the answer names it, and its path so far.
    actor: u32,
    walk: Walk,
    /// Of the actors before.
    found: Found,
}

enum Found {
    /// And how many values each depth shows.
    Edges(Edges, usize),
    Each(Box<Listed>),
}

impl PathsFold {
    /// All steps, with those of the actor whose rows come.
    fn edges(&self, edges: &Edges) -> Vec<Edge> {
        let mut all = edges.all();
        all.extend(edges_of(&self.walk.path(&self.rules), self.rules.depth));
        all
    }

    /// The values of some numbers, null for the rest.
    fn values(&self, numbers: &[u32]) -> Values {
        if numbers.is_empty() || self.steps.ids.is_none() {
            return empty(self.steps.value_type);
        }
        let known: Vec<u32> = numbers.iter().map(|&number| if number == REST { NULL } else { number }).collect();
        let mut values = self.steps.values(&known);
        values.unrank();
        values
    }

    fn answer(&self, edges: &Edges, limit: usize) -> Result<RecordBatch> {
        let edges = between_frequent(&self.edges(edges), self.steps.n_numbers(), limit, |numbers| self.values(numbers));
        let mut comers: BTreeMap<(usize, u32), i64> = BTreeMap::new();
        edges.iter().for_each(|edge| *comers.entry((edge.depth, edge.near)).or_default() += edge.actors);
        let rates = edges.iter().map(|edge| edge.actors as f64 / comers[&(edge.depth, edge.near)] as f64).collect();
        let sides = |is_near: bool| -> Vec<u32> { edges.iter().map(|edge| if is_near { edge.near } else { edge.far }).collect() };
        let (sources, targets) = (sides(!self.rules.backward), sides(self.rules.backward));
        let is_rest = |numbers: &[u32]| Values::ints(numbers.iter().map(|&number| i64::from(number == REST)).collect());
        let (int, flag) = (ValueType::Of(ColumnType::Int), ValueType::Of(ColumnType::Bool));
        let columns = [
            (int, Values::ints(edges.iter().map(|edge| edge.depth as i64).collect())),
            (self.steps.value_type, self.values(&sources)),
            (self.steps.value_type, self.values(&targets)),
            (int, Values::ints(edges.iter().map(|edge| edge.actors).collect())),
            (ValueType::Float, Values { data: Data::Floats(rates), valid: None }),
            (flag, is_rest(&sources)),
            (flag, is_rest(&targets)),
        ];
        let keys = [(0, false), (3, true), (1, false), (2, false), (5, false), (6, false)];
        let keys = keys.map(|(at, descending): (usize, bool)| SortKey::new(&columns[at].1, descending));
        let rows = order::sort(edges.len(), &keys, usize::MAX);
        let column = |(name, (value_type, values)): (&&str, (ValueType, Values))| TableColumn::exact(name, value_type, values);
        let table = Table { columns: COLUMNS.iter().zip(columns).map(column).collect(), n_rows: edges.len() };
        table.take(&rows).to_batch(&COLUMNS.map(str::to_owned), true)
    }
}

impl Fold for PathsFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let all = Rows::All(batch.num_rows());
        let values = self.steps.numbers(&gather_ranked(batch.column(self.steps.at), &all)?)?;
        let actors = match &mut self.found {
            Found::Edges(..) => vec![],
            Found::Each(each) => each.actors.numbers(&gather_ranked(batch.column(each.actors.at), &all)?)?,
        };
        let mut nodes = Nodes::default();
        for (range, goes_on) in rows.ranges() {
            for row in range.filter(|&row| rows.marks[row] != 0) {
                self.actor = actors.get(row).copied().unwrap_or(NULL);
                self.walk.take(&self.rules, values[row], rows.instants()[row], rows.marks[row]);
            }
            if !goes_on {
                let path = self.walk.path(&self.rules);
                match &mut self.found {
                    Found::Edges(edges, _) => edges_of(&path, self.rules.depth).for_each(|edge| edges.add(edge)),
                    Found::Each(_) => nodes.push(self.actor, &path),
                }
                self.walk.clear();
            }
        }
        match &mut self.found {
            Found::Edges(edges, _) => edges.count(self.steps.n_numbers()),
            Found::Each(each) => nodes.add_to(&mut each.list, &each.actors, &self.steps)?,
        }
        Ok(())
    }

    fn state(&self) -> Result<RecordBatch> {
        let edges = match &self.found {
            Found::Edges(edges, _) => self.edges(edges),
            Found::Each(each) => return each.list_with(self.actor, &self.walk.path(&self.rules), &self.steps)?.state(),
        };
        let ValueType::Of(column_type) = self.steps.value_type else { return Err(Error::bad_state("a step is no column")) };
        let values = |number: &dyn Fn(&Edge) -> u32| {
            let mut values = self.values(&edges.iter().map(number).collect::<Vec<_>>());
            values.unrank();
            column::hold(values, column_type)
        };
        let ints = |int: &dyn Fn(&Edge) -> i64| Arc::new(Int64Array::from_iter_values(edges.iter().map(int))) as ArrayRef;
        let arrays = vec![
            ints(&|edge| edge.depth as i64),
            values(&|edge| edge.near)?,
            values(&|edge| edge.far)?,
            ints(&|edge| edge.actors),
        ];
        let field = |(at, array): (usize, &ArrayRef)| Field::new(format!("{at}"), array.data_type().clone(), true);
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let edges = match &mut self.found {
            Found::Each(each) => return each.list.merge(state),
            Found::Edges(edges, _) => edges,
        };
        let not_a_state = || Error::bad_state("not the state of such paths");
        let [depths, nears, fars, actors] = state.columns() else { return Err(not_a_state()) };
        if state.num_rows() == 0 {
            return Ok(());
        }
        let all = Rows::All(state.num_rows());
        let nears = self.steps.numbers_of_state(&gather(nears, &all)?)?;
        let fars = self.steps.numbers_of_state(&gather(fars, &all)?)?;
        let (Data::Ints(depths), Data::Ints(actors)) = (gather(depths, &all)?.data, gather(actors, &all)?.data) else {
            return Err(not_a_state());
        };
        for (((&depth, &near), &far), &actors) in depths.iter().zip(&nears).zip(&fars).zip(&actors) {
            let depth = usize::try_from(depth).ok().filter(|depth| (1..=self.rules.depth).contains(depth));
            edges.add(Edge { depth: depth.ok_or_else(not_a_state)?, near, far, actors });
        }
        edges.count(self.steps.n_numbers());
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        match &self.found {
            Found::Edges(edges, limit) => self.answer(edges, *limit),
            Found::Each(each) => {
                let table = each.list_with(self.actor, &self.walk.path(&self.rules), &self.steps)?.table();
                let actor = table.columns[0].name.clone();
                each.choice.of(table, &[&actor, DEPTH])
            }
        }
    }

    fn size(&self) -> usize {
        match &self.found {
            Found::Edges(edges, _) => edges.size(),
            Found::Each(each) => each.list.size(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_what_paths_cannot_be() {
        for (query, expected) in [
            (json!({"depth": 0}), "\"depth\" must be 1 to 20, found 0"),
            (json!({"depth": 21}), "\"depth\" must be 1 to 20, found 21"),
            (json!({"from": {}, "to": {}}), "paths begin with \"from\" or end with \"to\", not both"),
            (json!({"loops": "flod"}), "unknown \"loops\" \"flod\"; did you mean \"fold\"?"),
            (json!({"each": "session"}), "unknown \"each\" \"session\"; known are actor"),
            (
                json!({"having": [{"column": "depth", "gt": 1}]}),
                "unknown key \"having\" in the query; known are kind, loops, depth, from, to, actor, time, where, step, within, \
                 each, limit",
            ),
        ] {
            let mut query = query;
            query["kind"] = "paths".into();
            assert_eq!(Paths::parse(&query).unwrap_err().to_string(), expected, "{query}");
        }
    }
}
