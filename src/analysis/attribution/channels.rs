//! Which channel an event came by: a column says so, or rules do, which may test what an address tells.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::{Field, Schema as ArrowSchema};
use serde_json::Value;

use super::address::{Campaign, host};
use crate::analysis::filter::columns_of;
use crate::analysis::marks::conditions;
use crate::analysis::spec::Spec;
use crate::event::{ColumnType, Role, Schema};
use crate::kernel::column;
use crate::kernel::values::{Data, Rows, Texts, ValueType, Values, gather};
use crate::{Error, Result};

/// Each rule is a bit of a mark, beside the conversion's.
const MOST_RULES: usize = 61;
/// The bit of the first rule.
const FIRST_RULE: u32 = 1;

/// The rules where addresses are given and no rules, in the spirit of the channels that web analytics knows by default.
const USUAL_RULES: &str = include_str!("channels.json");

/// What an address and a referrer are made into.
const MADE: [(&str, ColumnType); 6] = [
    ("utm_source", ColumnType::Text),
    ("utm_medium", ColumnType::Text),
    ("utm_campaign", ColumnType::Text),
    ("click_id", ColumnType::Text),
    ("referrer_host", ColumnType::Text),
    ("internal", ColumnType::Bool),
];

/// Where channels come from, as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Channels {
    column: Option<String>,
    rules: Vec<Rule>,
    url: Option<String>,
    referrer: Option<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// None where such an event is no touch.
    channel: Option<String>,
    conditions: Vec<Value>,
}

/// The same on data of one schema.
pub(super) struct ChannelPlan {
    pub(super) value_type: ValueType,
    /// The column that says it; else rules do.
    column: Option<usize>,
    rules: Vec<Rule>,
    names: Texts,
    made: Option<Made>,
}

/// Columns that are made of addresses, behind those of the data.
struct Made {
    n_columns: usize,
    url: Option<usize>,
    referrer: Option<usize>,
    /// What is known of the texts that came last.
    campaigns: Option<(Texts, [Coded; 4])>,
    hosts: Option<(Texts, Vec<Option<String>>)>,
    referrers: Option<(Texts, Vec<Option<String>>, Coded)>,
}

/// For each of some texts another one, or none.
struct Coded {
    codes: Vec<Option<u32>>,
    texts: Arc<StringArray>,
}

impl Channels {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let text = |value: Option<&str>| value.map(str::to_owned);
        let (column, url, referrer) = (text(spec.text("channel")?), text(spec.text("url")?), text(spec.text("referrer")?));
        let usual: Vec<Value>;
        let mut rules = spec.list("rules")?;
        let is_ruled = !rules.is_empty() || url.is_some() || referrer.is_some();
        if column.is_some() && is_ruled {
            let sentence =
                "an event's channel is told by the column \"channel\", or by \"rules\" of columns, \"url\" and \"referrer\"";
            return Err(Error::bad_query(sentence).at_column("channel"));
        }
        if is_ruled && rules.is_empty() {
            usual = serde_json::from_str(USUAL_RULES).map_err(|error| Error::bad_query(error.to_string()))?;
            rules = &usual;
        }
        if rules.len() > MOST_RULES {
            let sentence = format!("there may be {MOST_RULES} \"rules\" at most, found {}", rules.len());
            return Err(Error::bad_query(sentence).at_column("rules"));
        }
        Ok(Self { column, rules: rules.iter().map(Rule::parse).collect::<Result<_>>()?, url, referrer })
    }

    pub(super) fn plan(&self, schema: &Schema) -> Result<ChannelPlan> {
        let text_column = |name: &String| {
            let at = schema.index_of(name)?;
            let column_type = schema.columns()[at].column_type;
            if !matches!(column_type, ColumnType::Text | ColumnType::Null) {
                let sentence = format!("addresses must be text; {name:?} is of type {}", column_type.name());
                return Err(Error::bad_query(sentence).at_column(name));
            }
            Ok(at)
        };
        let url = self.url.as_ref().map(text_column).transpose()?;
        let referrer = self.referrer.as_ref().map(text_column).transpose()?;
        let column = match &self.column {
            Some(name) => Some(schema.index_of(name)?),
            None if self.rules.is_empty() => Some(schema.index_of_role(Role::Channel).ok_or_else(no_channel)?),
            None => None,
        };
        let made = (url.is_some() || referrer.is_some()).then(|| Made {
            n_columns: schema.columns().len(),
            url,
            referrer,
            campaigns: None,
            hosts: None,
            referrers: None,
        });
        let names = self.rules.iter().map(|rule| rule.channel.as_deref().unwrap_or_default());
        Ok(ChannelPlan {
            value_type: ValueType::Of(column.map_or(ColumnType::Text, |at| schema.columns()[at].column_type)),
            column,
            rules: self.rules.clone(),
            names: Texts(Arc::new(StringArray::from_iter_values(names))),
            made,
        })
    }
}

fn no_channel() -> Error {
    let sentence = "the query needs the column that says by which channel an event came: none has the role channel; give one that \
                    role, name it by \"channel\", or give \"rules\" or the column \"url\"";
    Error::bad_query(sentence).at_column("channel")
}

impl Rule {
    fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("a rule", value)?;
        if value.get("channel").is_none() {
            spec.need("channel")?;
        }
        let rule = Self { channel: spec.text("channel")?.map(str::to_owned), conditions: conditions(spec.need("where")?) };
        spec.finish()?;
        Ok(rule)
    }
}

impl ChannelPlan {
    /// Finds the columns of the data, and those that are made.
    pub(super) fn lookup<'a>(&'a self, schema: &'a Schema) -> impl Fn(&str) -> Result<(usize, ValueType)> + 'a {
        let of_data = columns_of(schema);
        move |name| match (&self.made, MADE.iter().position(|(made, _)| *made == name)) {
            (Some(made), Some(at)) if of_data(name).is_err() => Ok((made.n_columns + at, ValueType::Of(MADE[at].1))),
            _ => of_data(name),
        }
    }

    /// The conditions of the conversion and of the rules, whose bits [`channels`](Self::channels) reads.
    pub(super) fn conditions(&self, conversion: &[Value]) -> Vec<Vec<Value>> {
        let rules = self.rules.iter().map(|rule| rule.conditions.clone());
        [conversion.to_vec()].into_iter().chain(rules).collect()
    }

    /// A batch with the columns that are made.
    pub(super) fn extended(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        self.made.as_mut().map_or_else(|| Ok(batch.clone()), |made| made.extended(batch))
    }

    /// The channel of each row of a batch that has these marks.
    pub(super) fn channels(&self, batch: &RecordBatch, marks: &[u64]) -> Result<Values> {
        if let Some(at) = self.column {
            return gather(batch.column(at), &Rows::All(batch.num_rows()));
        }
        let rules = (1 << self.rules.len()) - 1;
        let first = |mark: &u64| {
            let at = (mark >> FIRST_RULE & rules).trailing_zeros();
            self.rules.get(at as usize).and_then(|rule| rule.channel.as_ref()).map(|_| at)
        };
        let codes: Vec<Option<u32>> = marks.iter().map(first).collect();
        let valid = codes.iter().map(Option::is_some).collect();
        let codes = codes.iter().map(|code| code.unwrap_or(0)).collect();
        Ok(Values { data: Data::Codes(codes, self.names.clone()), valid: Some(valid) })
    }
}

impl Made {
    fn extended(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let n_rows = batch.num_rows();
        let text_column = |at: Option<usize>| match at {
            None => Ok((vec![None; n_rows], Texts(Arc::new(StringArray::from_iter_values([""; 0]))))),
            Some(at) => codes(batch, at),
        };
        let (urls, texts) = text_column(self.url)?;
        let mut arrays = self.campaigns(&urls, &texts)?;
        let own_hosts = known(&mut self.hosts, &texts, host);
        let (referrers, texts) = text_column(self.referrer)?;
        if !self.referrers.as_ref().is_some_and(|(known, ..)| known.is(&texts)) {
            let hosts: Vec<Option<String>> = (0..texts.0.len() as u32).map(|code| host(texts.get(code))).collect();
            let coded = Coded::new(&hosts);
            self.referrers = Some((texts.clone(), hosts, coded));
        }
        if let Some((texts, hosts, coded)) = &self.referrers {
            arrays.push(coded.array(&referrers)?);
            let is_internal = |(url, referrer): (&Option<u32>, &Option<u32>)| {
                self.referrer?;
                let Some(referrer) = *referrer else { return Some(false) };
                match (&hosts[referrer as usize], url.and_then(|url| own_hosts[url as usize].as_ref())) {
                    (Some(host), own) => own.map(|own| own == host),
                    (None, _) => Some(texts.get(referrer).starts_with('/')),
                }
            };
            let internal = urls.iter().zip(&referrers).map(is_internal);
            arrays.push(Arc::new(internal.collect::<BooleanArray>()));
        }
        let schema = batch.schema_ref();
        let fields = schema.fields().iter().take(self.n_columns).map(|field| field.as_ref().clone());
        let made = MADE.iter().zip(&arrays).map(|((name, _), array)| Field::new(*name, array.data_type().clone(), true));
        let schema = ArrowSchema::new(fields.chain(made).collect::<Vec<_>>()).with_metadata(schema.metadata().clone());
        let arrays = batch.columns().iter().take(self.n_columns).cloned().chain(arrays).collect();
        Ok(RecordBatch::try_new(Arc::new(schema), arrays)?)
    }

    fn campaigns(&mut self, urls: &[Option<u32>], texts: &Texts) -> Result<Vec<ArrayRef>> {
        if !self.campaigns.as_ref().is_some_and(|(known, _)| known.is(texts)) {
            let all: Vec<Campaign> = (0..texts.0.len() as u32).map(|code| Campaign::of(texts.get(code))).collect();
            let of = |part: &dyn Fn(&Campaign) -> Option<String>| Coded::new(&all.iter().map(part).collect::<Vec<_>>());
            let parts = [
                of(&|campaign| campaign.source.clone()),
                of(&|campaign| campaign.medium.clone()),
                of(&|campaign| campaign.name.clone()),
                of(&|campaign| campaign.click_id.map(str::to_owned)),
            ];
            self.campaigns = Some((texts.clone(), parts));
        }
        self.campaigns.iter().flat_map(|(_, parts)| parts).map(|coded| coded.array(urls)).collect()
    }
}

impl Coded {
    fn new(texts: &[Option<String>]) -> Self {
        let mut distinct: Vec<&str> = texts.iter().flatten().map(String::as_str).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let code = |text: &String| distinct.binary_search(&text.as_str()).ok().map(|at| at as u32);
        let codes = texts.iter().map(|text| text.as_ref().and_then(code)).collect();
        Self { codes, texts: Arc::new(StringArray::from_iter_values(&distinct)) }
    }

    fn array(&self, rows: &[Option<u32>]) -> Result<ArrayRef> {
        let codes: Vec<Option<u32>> = rows.iter().map(|row| row.and_then(|row| self.codes[row as usize])).collect();
        let nulls = codes.iter().map(Option::is_some).collect::<Vec<bool>>().into();
        let codes: Vec<u32> = codes.iter().map(|code| code.unwrap_or(0)).collect();
        column::texts(&codes, self.texts.clone(), Some(nulls))
    }
}

/// What a function makes of texts, found out once for the same texts.
fn known<'a, T>(memo: &'a mut Option<(Texts, Vec<T>)>, texts: &Texts, of: impl Fn(&str) -> T) -> &'a [T] {
    if !memo.as_ref().is_some_and(|(known, _)| known.is(texts)) {
        *memo = Some((texts.clone(), (0..texts.0.len() as u32).map(|code| of(texts.get(code))).collect()));
    }
    memo.as_ref().map_or(&[], |(_, all)| all)
}

/// The code of each row's text, none for null.
fn codes(batch: &RecordBatch, at: usize) -> Result<(Vec<Option<u32>>, Texts)> {
    let values = gather(batch.column(at), &Rows::All(batch.num_rows()))?;
    let Data::Codes(codes, texts) = &values.data else {
        return Err(Error::bad_state("addresses are of another type"));
    };
    let code = |(row, &code): (usize, &u32)| (values.is_valid(row) && (code as usize) < texts.0.len()).then_some(code);
    Ok((codes.iter().enumerate().map(code).collect(), texts.clone()))
}
