//! Attribution: which channels earned the conversions, by seven models side by side.
//!
//! An actor fold: rows come in the order of (actor, time), an actor's all to one fold. State: sums over journeys, for each
//! channel and length of journey; or, for each actor's conversions, the rows of the answer. Whole actors make it add up.

mod address;
mod channels;
mod each;
mod journey;
mod markov;
mod models;

use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema as ArrowSchema};
use channels::{ChannelPlan, Channels};
use each::{Conversions, Each};
use journey::{Entry, Journey, Rules, Tally, What};
use models::{Credits, MODELS, Model};
use serde_json::Value;

use super::actors::{ActorColumns, ActorReader, length};
use super::list::Choice;
use super::marks::{Marks, TAKES_PART, conditions};
use super::spec::{Spec, unknown};
use super::table::{Table, TableColumn, empty};
use super::{Question, Zones, named};
use crate::event::{ColumnType, Schema};
use crate::fold::Fold;
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::number::pow10;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Rows, ValueType, Values, digits, gather};
use crate::{Error, Result};

/// The bit of conversions.
const CONVERSION: u64 = 1;
const HALF_LIFE: &str = "7d";

/// The question `{"kind": "attribution", …}`.
///
/// A touch is an event that has a channel. A journey is what touches an actor has since its conversion before, up to a
/// conversion; one that has a channel itself is its journey's last touch. Touches more than `lookback` before the conversion
/// (both ends are in) belong to no journey. What follows the last conversion is a journey without one. Events of one time
/// are in the order of the data. `where` is applied before all else; rows without an actor or a time take part in nothing.
///
/// Keys: `conversion` (conditions), `value` (the column of what a conversion is worth, null for nothing), `lookback` (as `"30d"`;
/// all that is before, where absent), `half_life` (`"7d"`), `models` (all), `actor` and `time` (by their roles), and where channels
/// come from: the column `channel`, by default that with the role; or `rules`, a list of `{"channel": "Ads", "where": conditions}` of
/// which the first that holds decides, null for no touch, as none that holds. With `url`, a column of addresses or queries, rules
/// and conditions may test `utm_source`, `utm_medium`, `utm_campaign` (decoded, in lower case) and `click_id` (the name of the
/// first parameter such as `gclid`), with `referrer`, too, `referrer_host` (without `www.`) and `internal` (whether the referrer's host
/// is the address's own). Then `rules` may be absent: `attribution/channels.json` has the usual ones. They find no touch in an
/// event without a campaign where no `referrer` is named: it may be direct or internal.
///
/// Models, of which each gives every conversion that has touches in shares that are one in all:
///
/// * `first`, `last`: to that touch; `linear`: as much to each; `position`: 40 % to the first, 40 % to the last, the rest to those
///   between, half to each of two; `time_decay`: half as much to a touch as to one a `half_life` later.
/// * `markov` (Anderl et al. 2016): the shares of the channels' removal effects in a chain of first order of all journeys, those
///   without conversion too, solved exactly.
/// * `shapley`: of the game in which a coalition of channels is worth the conversions whose journeys have no other
///   channels (Zhao, Mahboobi & Bagheri 2018): its value is just as much of each conversion for each distinct channel of its
///   journey. Worth must be a sum for credits to add up to the conversions, which rates are not.
///
/// Answer: one row for each channel that has a journey: `channel`, `touches` and `journeys` (of those with and without conversion),
/// and its credits by each model, in conversions (floats); with `value` these again in its unit, as `first_value`, …, those of
/// `markov` by the same shares. Conversions without touches are in the row of null. Ordered by `linear`, the highest first,
/// then by the channel, null last.
///
/// With `"each": "actor"`, one row for each conversion: the actor's column, `converted_at`, `touches`, `first`, `last` (channels, null
/// without touches), and with `value` that, under this name; ordered by actor, time and the others, or by `having`, `order_by` and
/// `limit`. `half_life` and `models` are no keys of it.
///
/// ```
/// # use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"user_id,action,channel,ts\n7,view,ads,2024-03-10\n7,view,mail,2024-03-11\n7,buy,,2024-03-12\n8,view,ads,2024-03-10\n")?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "attribution", "conversion": {"action": "buy"}, "models": ["last", "linear", "markov"]}"#,
/// ).expect("a query");
/// let answer = text::to_csv(&loader.finish()?.query(&query, &Default::default())?);
/// assert_eq!(answer, "channel,touches,journeys,last,linear,markov\nads,2,2,0,0.5,0.5\nmail,1,1,1,0.5,0.5\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Attribution {
    columns: ActorColumns,
    filter: Vec<Value>,
    conversion: Vec<Value>,
    channels: Channels,
    value: Option<String>,
    /// In seconds.
    lookback: Option<i64>,
    asked: Asked,
}

/// What the rows of the answer are.
#[derive(Clone, Debug)]
enum Asked {
    /// Channels, by these models; a half-life in seconds.
    Channels { models: Vec<Model>, half_life: i64 },
    /// Conversions of actors.
    Each(Choice),
}

impl Attribution {
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
            None => Asked::Channels {
                models: models(&spec.texts("models")?)?,
                half_life: length("half_life", spec.text("half_life")?.unwrap_or(HALF_LIFE))?,
            },
        };
        let attribution = Self {
            columns: ActorColumns::parse(&mut spec)?,
            filter: spec.list("where")?.to_vec(),
            conversion: conditions(spec.need("conversion")?),
            channels: Channels::parse(&mut spec)?,
            value: spec.text("value")?.map(str::to_owned),
            lookback: spec.text("lookback")?.map(|text| length("lookback", text)).transpose()?,
            asked,
        };
        spec.finish()?;
        Ok(attribution)
    }
}

/// The models of these names, in the order in which all are shown.
fn models(names: &[String]) -> Result<Vec<Model>> {
    let known = MODELS.map(|(name, _)| name);
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(unknown(&format!("model {name:?}"), name, &known));
    }
    let is_asked = |(name, _): &&(&str, Model)| names.is_empty() || names.iter().any(|asked| asked == name);
    Ok(MODELS.iter().filter(is_asked).map(|(_, model)| *model).collect())
}

impl Question for Attribution {
    fn actors(&self, schema: &Schema) -> Result<(usize, usize)> {
        let plan = self.columns.plan(schema)?;
        Ok((plan.actor, plan.time))
    }

    fn fold(&self, schema: &Schema, _zones: &Zones) -> Result<Box<dyn Fold>> {
        let plan = self.columns.plan(schema)?;
        let channels = self.channels.plan(schema)?;
        let marks = Marks::new(&self.filter, &channels.conditions(&self.conversion), &channels.lookup(schema))?;
        let value = self.value.as_ref().map(|name| named::number_column("value", name, schema)).transpose()?;
        let per_second = plan.unit.per_second();
        let (models, half_life) = match &self.asked {
            Asked::Channels { models, half_life } => (models.clone(), Some(*half_life)),
            Asked::Each(_) => (vec![], None),
        };
        let rules = Rules {
            lookback: self.lookback.map(|seconds| seconds.saturating_mul(per_second)),
            half_life: half_life.filter(|_| models.contains(&Model::TimeDecay)).map(|seconds| seconds.saturating_mul(per_second)),
            counts_moves: models.contains(&Model::Markov),
        };
        let each = match &self.asked {
            Asked::Each(choice) => Some(Each::new(schema, plan, channels.value_type, value, choice)?),
            Asked::Channels { .. } => None,
        };
        Ok(Box::new(AttributionFold {
            reader: ActorReader::new(plan, marks),
            channels,
            ids: None,
            value,
            rules,
            models,
            journey: Journey::default(),
            tally: Tally::default(),
            each,
        }))
    }

    fn is_of_actors(&self) -> bool {
        true
    }
}

struct AttributionFold {
    reader: ActorReader,
    channels: ChannelPlan,
    /// The channels that came.
    ids: Option<Ids>,
    value: Option<(usize, ColumnType)>,
    rules: Rules,
    models: Vec<Model>,
    /// Of the actor whose rows come.
    journey: Journey,
    /// Of the journeys before.
    tally: Tally,
    each: Option<Each>,
}

impl AttributionFold {
    /// The sums of all rows so far, those of the last actor too.
    fn tally(&self) -> Result<Tally> {
        let mut tally = self.tally.clone();
        self.journey.clone().end_lost(&self.rules, &mut tally)?;
        Ok(tally)
    }

    /// The values of channels.
    fn names(&self, channels: &[u32]) -> Values {
        match &self.ids {
            Some(ids) => ids.values(channels),
            None => empty(self.channels.value_type),
        }
    }

    fn add_state(&mut self, state: &RecordBatch) -> Result<()> {
        let all = Rows::All(state.num_rows());
        let values: Vec<Values> = state.columns().iter().map(|column| gather(column, &all)).collect::<Result<_>>()?;
        let [whats, channels, nexts, lengths, counts, sums] = &values[..] else { return Err(not_a_state()) };
        let (Data::Ints(whats), Data::Ints(lengths), Data::Wide(counts), Data::Wide(sums)) =
            (&whats.data, &lengths.data, &counts.data, &sums.data)
        else {
            return Err(not_a_state());
        };
        if state.num_rows() == 0 {
            return Ok(());
        }
        let ids = self.ids.get_or_insert_with(|| Ids::like(channels));
        let (channels, nexts) = (ids.of(channels)?, ids.of(nexts)?);
        for row in 0..state.num_rows() {
            let what = usize::try_from(whats[row]).ok().and_then(|at| What::ALL.get(at)).ok_or_else(not_a_state)?;
            let entry = Entry { what: *what, channel: channels[row], next: nexts[row], n: lengths[row] };
            self.tally.add(entry, counts[row], sums[row])?;
        }
        Ok(())
    }
}

fn not_a_state() -> Error {
    Error::bad_state("not the state of such an attribution")
}

impl Fold for AttributionFold {
    fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = &self.channels.extended(batch)?;
        let rows = self.reader.read(batch)?;
        let channels = self.channels.channels(batch, &rows.marks)?;
        let ids = self.ids.get_or_insert_with(|| Ids::like(&channels));
        let channels = ids.of(&channels)?;
        let values = self.value.map(|(at, _)| gather(batch.column(at), &Rows::All(batch.num_rows()))).transpose()?;
        let wide = values.as_ref().map(|values| values.data.wide()).transpose()?;
        let value = |row: usize| {
            let is_valid = values.as_ref().is_some_and(|values| values.is_valid(row));
            wide.as_ref().filter(|_| is_valid).map_or(0, |wide| wide[row])
        };
        let mut found = Conversions::default();
        for (range, goes_on) in rows.ranges() {
            for row in range {
                let (mark, time) = (rows.marks[row], rows.instants()[row]);
                if mark & TAKES_PART == 0 {
                    continue;
                }
                if channels[row] != NULL {
                    self.journey.touch(channels[row], time);
                }
                if mark & CONVERSION != 0 {
                    let touches = self.journey.convert(time, self.rules.lookback);
                    if self.each.is_some() {
                        found.rows.push(row as u32);
                        found.touches.push(touches.len() as i64);
                        found.firsts.push(touches.first().map_or(NULL, |touch| touch.0));
                        found.lasts.push(touches.last().map_or(NULL, |touch| touch.0));
                        self.journey = Journey::default();
                    } else {
                        self.journey.end_converted(&self.rules, value(row), &mut self.tally)?;
                    }
                }
            }
            if !goes_on {
                match &self.each {
                    Some(_) => self.journey = Journey::default(),
                    None => self.journey.end_lost(&self.rules, &mut self.tally)?,
                }
            }
        }
        self.each.as_mut().map_or(Ok(()), |each| each.push(batch, found, ids, self.value))
    }

    fn state(&self) -> Result<RecordBatch> {
        if let Some(each) = &self.each {
            return each.list.state();
        }
        let tally = self.tally()?;
        let entries = || tally.0.keys();
        let (channels, nexts): (Vec<u32>, Vec<u32>) = entries().map(|entry| (entry.channel, entry.next)).unzip();
        let wide = |of: &dyn Fn(&journey::Sum) -> i128| {
            Ok::<_, Error>(Arc::new(tally.0.values().map(of).collect::<Decimal128Array>().with_precision_and_scale(38, 0)?))
        };
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(entries().map(|entry| entry.what as i64).collect::<Int64Array>()),
            self.names(&channels).to_array(self.channels.value_type)?,
            self.names(&nexts).to_array(self.channels.value_type)?,
            Arc::new(entries().map(|entry| entry.n).collect::<Int64Array>()),
            wide(&|sum| sum.count)?,
            wide(&|sum| sum.value)?,
        ];
        let field = |(at, array): (usize, &ArrayRef)| Field::new(format!("{at}"), array.data_type().clone(), true);
        let fields: Vec<Field> = arrays.iter().enumerate().map(field).collect();
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?)
    }

    fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        match &mut self.each {
            Some(each) => each.list.merge(state),
            None => self.add_state(state),
        }
    }

    fn finish(&self) -> Result<RecordBatch> {
        if let Some(each) = &self.each {
            return each.finish();
        }
        let tally = self.tally()?;
        let mut numbers: Vec<u32> = tally.0.keys().map(|entry| entry.channel).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let names = self.names(&numbers);
        let rows = order::sort(numbers.len(), &[SortKey::new(&names, false)], usize::MAX);
        let numbers: Vec<u32> = rows.iter().map(|&row| numbers[row as usize]).collect();
        let credits = Credits::new(&tally, &numbers);
        let counts = |of: &dyn Fn(usize) -> i128| Values::ints((0..numbers.len()).map(|at| of(at) as i64).collect());
        let int = ValueType::Of(ColumnType::Int);
        let mut columns = vec![
            TableColumn::exact("channel", self.channels.value_type, names.take(&rows)),
            TableColumn::exact("touches", int, counts(&|at| credits.touches(at))),
            TableColumn::exact("journeys", int, counts(&|at| credits.journeys(at))),
        ];
        for is_value in [false, true] {
            let unit = match self.value {
                Some((_, column_type)) if is_value => pow10(digits(column_type)) as f64,
                None if is_value => break,
                _ => 1.0,
            };
            for (name, model) in MODELS.iter().filter(|(_, model)| self.models.contains(model)) {
                let name = if is_value { format!("{name}_value") } else { (*name).to_owned() };
                let shares = credits.of(*model, is_value)?.into_iter().map(|credit| credit / unit).collect();
                columns.push(TableColumn::exact(&name, ValueType::Float, Values { data: Data::Floats(shares), valid: None }));
            }
        }
        let linear = Values { data: Data::Floats(credits.of(Model::Linear, false)?), valid: None };
        let table = Table { columns, n_rows: numbers.len() };
        let rows = order::sort(table.n_rows, &[SortKey::new(&linear, true)], usize::MAX);
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        table.take(&rows).to_batch(&names, true)
    }

    fn size(&self) -> usize {
        self.tally.size() + self.ids.as_ref().map_or(0, Ids::size) + self.each.as_ref().map_or(0, |each| each.list.size())
    }
}
