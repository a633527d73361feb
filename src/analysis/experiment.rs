//! Experiments: which variant converts better than the control, and is it more than chance?
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: for each variant the actors, those
//! that converted, the sum of their values and of its squares; or a row for each actor. Whole actors make it add up.

mod arms;
mod comparison;
mod units;

use std::sync::Arc;

use arms::{Arm, mismatch};
use arrow_array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema as ArrowSchema};
use comparison::Comparison;
use serde_json::{Value, json};
use units::{EachUnit, Event, Unit};

use super::actors::{ActorColumns, ActorReader};
use super::filter::{Filter, columns_of};
use super::list::Choice;
use super::marks::{Marks, TAKES_PART, conditions};
use super::spec::Spec;
use super::table::{Table, empty};
use super::{Question, Zones, named};
use crate::event::{ColumnType, Schema};
use crate::fold::Fold;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, ValueType, Values, gather};
use crate::{Error, Result};

/// The bits of exposures and conversions.
const EXPOSURE: u64 = 1;
const CONVERSION: u64 = 2;

/// The question `{"kind": "experiment", …}`.
///
/// Each actor is in the variant that its first exposure names: its first event with a `variant` that fulfils `exposure`. One whose
/// exposures name several is left out, and counted as `mixed` of its first. It converts with a `conversion` event from its first
/// exposure's time on; what it is worth is the sum of `value` over these events, 0 without any. `where` is applied before all
/// else; rows without an actor or a time take part in nothing.
///
/// Keys: `variant` (its column), `control` (a variant; the first, ascending), `exposure` (conditions; any event with a variant),
/// `conversion` (conditions), `value` (a column of numbers), `expected` (shares of the actors by variant, as
/// `{"A": 0.5, "B": 0.5}`, in any unit; equal ones), `confidence` (0.95), `tau` (0.01), `actor` and `time` (by their roles).
///
/// Answer: one row for each variant, the control first, then ascending: `variant`, `actors`, `conversions`, their `rate` and
/// Wilson's interval of it, `low` and `high`; against the control `lift` (0.1 for a tenth more), `z` of the test of two proportions
/// with their pooled variance and its two-sided `p`, and `p_sequential`, which stays valid however often one looks: min(1, 1/Λ) of
/// the mixture sequential probability ratio test (Johari, Pekelis & Walsh 2015), Λ = √(V/(V+τ²)) · exp(τ²d²/(2V(V+τ²))), with the
/// difference d of the rates, its variance V = Σ rate·(1-rate)/actors, and `tau` for the size of effects that it is best at, as a
/// difference of rates, which must not be chosen after looking. With `value`: `mean` and `stddev` of an actor's value, and
/// Welch's `t` against the control with its two-sided `p_value`. Then `srm_p`, the p-value of the chi-square test that actors were
/// dealt as expected, the same in each row (a variant that is not `expected` makes it 0), and `mixed`. Null where there is nothing
/// to divide by; in the control's row, what compares with it.
///
/// With `"each": "actor"`, one row for each actor that is in one variant: the actor's column, `variant`, `exposed_at`, `converted`, and
/// with `value` that, under this name; ordered by these, or by `having`, `order_by` and `limit`.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,test,ts\n1,view,A,2024-03-10\n2,view,B,2024-03-10\n2,buy,,2024-03-11\n3,view,B,2024-03-10\n")?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "experiment", "variant": "test", "conversion": {"action": "buy"}, "each": "actor"}"#,
/// ).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert!(answer.starts_with("user_id,variant,exposed_at,converted\n1,A,2024-03-10T00:00:00Z,false\n2,B,"));
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Experiment {
    columns: ActorColumns,
    filter: Vec<Value>,
    variant: String,
    exposure: Vec<Value>,
    conversion: Vec<Value>,
    value: Option<String>,
    asked: Asked,
}

/// What the rows of the answer are.
#[derive(Clone, Debug)]
enum Asked {
    Variants(Comparison),
    Each(Choice),
}

impl Experiment {
    /// Reads the question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, naming the key at fault.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("the query", value)?;
        spec.need("kind")?;
        let asked = match spec.one_of("each", &["actor"])? {
            Some(_) => Asked::Each(Choice::parse(&mut spec)?),
            None => Asked::Variants(Comparison::parse(&mut spec)?),
        };
        spec.need("variant")?;
        let experiment = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            variant: spec.text("variant")?.unwrap_or_default().to_owned(),
            exposure: spec.get("exposure").map(conditions).unwrap_or_default(),
            conversion: conditions(spec.need("conversion")?),
            value: spec.text("value")?.map(str::to_owned),
            asked,
        };
        spec.finish()?;
        Ok(experiment)
    }
}

impl Question for Experiment {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, _zones: &Zones) -> Result<Box<dyn Fold>> {
        let lookup = columns_of(schema);
        let plan = self.columns.plan(schema)?;
        let marks = Marks::new(&self.filter, &[self.exposure.clone(), self.conversion.clone()], &lookup)?;
        let variant = lookup(&self.variant)?;
        let value = self.value.as_ref().map(|name| named::number_column("value", name, schema)).transpose()?;
        let (each, comparison) = match &self.asked {
            Asked::Each(choice) => (Some(EachUnit::new(schema, plan, variant.1, value.map(|value| value.1), choice)?), None),
            Asked::Variants(comparison) => {
                let named = comparison.expected.iter().map(|(variant, _)| json!(variant)).chain(comparison.control.clone());
                named.map(|literal| is_variant(&self.variant, &literal, variant.1)).try_for_each(|filter| filter.map(|_| ()))?;
                (None, Some(comparison.clone()))
            }
        };
        Ok(Box::new(ExperimentFold {
            reader: ActorReader::new(plan, marks),
            name: self.variant.clone(),
            variant,
            value,
            ids: None,
            unit: Unit::default(),
            arms: vec![],
            comparison,
            each,
        }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }
}

/// The condition that a variant, of that type and in a column of that name, is the one that a literal says.
fn is_variant(name: &str, literal: &Value, value_type: ValueType) -> Result<Filter> {
    Filter::parse(&[json!({ "column": name, "eq": literal })], &|_| Ok((0, value_type)))
}

struct ExperimentFold {
    reader: ActorReader,
    /// The variants' column.
    name: String,
    variant: (usize, ValueType),
    value: Option<(usize, ColumnType)>,
    /// The variants that came.
    ids: Option<Ids>,
    /// Whose rows come.
    unit: Unit,
    /// Of the actors before, by their variants' numbers.
    arms: Vec<Arm>,
    comparison: Option<Comparison>,
    each: Option<EachUnit>,
}

/// Adds to a variant's arm.
fn add(arms: &mut Vec<Arm>, variant: u32, arm: &Arm) -> Result<()> {
    let at = variant as usize;
    if variant != NULL && arms.len() <= at {
        arms.resize(at + 1, Arm::default());
    }
    if variant == NULL { Ok(()) } else { arms[at].add(arm) }
}

impl ExperimentFold {
    /// The arms of all rows so far, those of the last actor too.
    fn arms(&self) -> Result<Vec<Arm>> {
        let mut arms = self.arms.clone();
        add(&mut arms, self.unit.variant, &self.unit.arm()?)?;
        Ok(arms)
    }

    /// The variants that have actors, ascending, and their values.
    fn variants(&self, arms: &[Arm]) -> (Vec<u32>, Values) {
        let numbers: Vec<u32> = (1..arms.len() as u32).filter(|&at| arms[at as usize] != Arm::default()).collect();
        let values = self.ids.as_ref().map_or_else(|| empty(self.variant.1), |ids| ids.values(&numbers));
        let rows = order::sort(numbers.len(), &[SortKey::new(&values, false)], usize::MAX);
        (rows.iter().map(|&row| numbers[row as usize]).collect(), values.take(&rows))
    }

    /// The places of the variants that a literal says.
    fn places(&self, variants: &Values, literal: &Value) -> Result<Vec<usize>> {
        let found = is_variant(&self.name, literal, self.variant.1)?.select(variants.len(), &|_| Ok(variants.clone()))?;
        Ok(match found {
            Rows::All(n) => (0..n).collect(),
            Rows::Some(rows) => rows.iter().map(|&row| row as usize).collect(),
        })
    }

    /// The p-value of actors that are dealt as they are.
    fn srm_p(&self, comparison: &Comparison, variants: &Values, arms: &[Arm]) -> Result<Option<f64>> {
        let mut actors: Vec<i64> = arms.iter().map(|arm| arm.actors).collect();
        if comparison.expected.is_empty() {
            return Ok(mismatch(&actors, &vec![1.0; actors.len()]));
        }
        let mut weights = vec![0.0; actors.len()];
        for (variant, share) in &comparison.expected {
            match self.places(variants, &json!(variant))?[..] {
                [place, ..] => weights[place] += share,
                [] => {
                    actors.push(0);
                    weights.push(*share);
                }
            }
        }
        Ok(mismatch(&actors, &weights))
    }
}

impl Fold for ExperimentFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = self.reader.read(batch)?;
        let all = Rows::All(batch.num_rows());
        let variants = gather(batch.column(self.variant.0), &all)?;
        let ids = self.ids.get_or_insert_with(|| Ids::like(&variants));
        let variants = ids.of(&variants)?;
        let values = self.value.map(|(at, _)| gather(batch.column(at), &all)).transpose()?;
        let wide = values.as_ref().map(|values| values.data.wide()).transpose()?;
        let value = |row: usize| {
            let is_valid = values.as_ref().is_some_and(|values| values.is_valid(row));
            wide.as_ref().filter(|_| is_valid).map_or(0, |wide| wide[row])
        };
        if let Some(each) = &mut self.each {
            each.begin(batch)?;
        }
        for (range, goes_on) in rows.ranges() {
            let begin = range.start as u32;
            for row in range {
                let mark = rows.marks[row];
                if mark & TAKES_PART != 0 {
                    let exposure = if mark & EXPOSURE == 0 { NULL } else { variants[row] };
                    let event =
                        Event { time: rows.instants()[row], exposure, is_conversion: mark & CONVERSION != 0, value: value(row) };
                    self.unit.take(&event)?;
                }
            }
            if goes_on {
                self.each.iter_mut().for_each(|each| each.goes_on(begin));
                continue;
            }
            let unit = std::mem::take(&mut self.unit);
            match &mut self.each {
                Some(each) => each.end(unit, begin, ids)?,
                None => add(&mut self.arms, unit.variant, &unit.arm()?)?,
            }
        }
        self.each.as_mut().map_or(Ok(()), |each| each.push(ids))
    }

    fn state(&self) -> Result<RecordBatch> {
        if let Some(each) = &self.each {
            return each.all(&self.unit, self.ids.as_ref())?.state();
        }
        let arms = self.arms()?;
        let (numbers, variants) = self.variants(&arms);
        let of = || numbers.iter().map(|&number| &arms[number as usize]);
        let ints = |part: &dyn Fn(&Arm) -> i64| Arc::new(of().map(part).collect::<Int64Array>()) as ArrayRef;
        let wide = |part: &dyn Fn(&Arm) -> i128| {
            let array = of().map(part).collect::<Decimal128Array>().with_precision_and_scale(38, 0)?;
            Ok::<_, Error>(Arc::new(array) as ArrayRef)
        };
        let arrays = vec![
            variants.to_array(self.variant.1)?,
            ints(&|arm| arm.actors),
            ints(&|arm| arm.conversions),
            ints(&|arm| arm.mixed),
            wide(&|arm| arm.sum)?,
            wide(&|arm| arm.squares)?,
        ];
        let field = |(at, array): (usize, &ArrayRef)| Field::new(format!("{at}"), array.data_type().clone(), true);
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        if let Some(each) = &mut self.each {
            return each.merge(state);
        }
        let all = Rows::All(state.num_rows());
        let values: Vec<Values> = state.columns().iter().map(|column| gather(column, &all)).collect::<Result<_>>()?;
        let not_a_state = || Error::bad_state("not the state of such an experiment");
        let [variants, actors, conversions, mixed, sums, squares] = &values[..] else { return Err(not_a_state()) };
        let (Data::Ints(actors), Data::Ints(conversions), Data::Ints(mixed), Data::Wide(sums), Data::Wide(squares)) =
            (&actors.data, &conversions.data, &mixed.data, &sums.data, &squares.data)
        else {
            return Err(not_a_state());
        };
        if state.num_rows() == 0 {
            return Ok(());
        }
        let numbers = self.ids.get_or_insert_with(|| Ids::like(variants)).of(variants)?;
        for (row, number) in numbers.into_iter().enumerate() {
            let (actors, conversions, mixed) = (actors[row], conversions[row], mixed[row]);
            add(&mut self.arms, number, &Arm { actors, conversions, sum: sums[row], squares: squares[row], mixed })?;
        }
        Ok(())
    }

    fn finish(&self) -> Result<RecordBatch> {
        if let Some(each) = &self.each {
            return each.finish(&self.unit, self.ids.as_ref());
        }
        let comparison =
            self.comparison.as_ref().ok_or_else(|| Error::bad_state("an experiment compares variants or lists actors"))?;
        let arms = self.arms()?;
        let (numbers, variants) = self.variants(&arms);
        let arms: Vec<Arm> = numbers.iter().map(|&number| arms[number as usize]).collect();
        let srm_p = self.srm_p(comparison, &variants, &arms)?;
        let control = match &comparison.control {
            Some(control) => self.places(&variants, control)?.first().copied(),
            None => Some(0).filter(|_| !arms.is_empty()),
        };
        let rows: Vec<u32> =
            control.into_iter().chain((0..arms.len()).filter(|at| Some(*at) != control)).map(|at| at as u32).collect();
        let arms: Vec<Arm> = rows.iter().map(|&row| arms[row as usize]).collect();
        let columns = {
            let variants = (self.variant.1, variants.take(&rows));
            comparison.columns(variants, self.value.map(|value| value.1), &arms, control.is_some(), srm_p)?
        };
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        Table { columns, n_rows: arms.len() }.to_batch(&names, true)
    }

    fn size(&self) -> usize {
        self.arms.capacity() * size_of::<Arm>()
            + self.ids.as_ref().map_or(0, Ids::size)
            + self.each.as_ref().map_or(0, EachUnit::size)
    }
}
