//! The one question: JSON in, a fold out.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[cfg(feature = "events")]
#[cfg(feature = "events")]
#[cfg(feature = "events")]
#[cfg(feature = "events")]
#[cfg(feature = "events")]
#[cfg(feature = "events")]
#[cfg(feature = "events")]
#[cfg(feature = "events")]
use crate::analysis::abandonment::Abandonment;
use crate::analysis::aggregate::Aggregate;
#[cfg(feature = "events")]
use crate::analysis::attribution::Attribution;
#[cfg(feature = "events")]
use crate::analysis::baskets::Baskets;
#[cfg(feature = "events")]
use crate::analysis::conversion::Conversion;
use crate::analysis::describe::Describe;
#[cfg(feature = "events")]
use crate::analysis::experiment::Experiment;
#[cfg(feature = "events")]
use crate::analysis::funnel::Funnel;
#[cfg(feature = "events")]
use crate::analysis::intervals::Intervals;
#[cfg(feature = "events")]
use crate::analysis::pareto::Pareto;
#[cfg(feature = "events")]
use crate::analysis::paths::Paths;
#[cfg(feature = "events")]
use crate::analysis::retention::Retention;
#[cfg(feature = "events")]
use crate::analysis::rfm::Rfm;
pub use crate::analysis::rows::ROW;
use crate::analysis::rows::Rows;
#[cfg(feature = "events")]
use crate::analysis::sequence::Sequence;
#[cfg(feature = "events")]
use crate::analysis::sessions::Sessions;
use crate::analysis::spec::unknown;
use crate::analysis::{Question, Zones};
use crate::event::Schema;
use crate::fold::Fold;
#[cfg(feature = "events")]
use crate::sql::Dialect;
use crate::{Error, Result};

/// A question about a data set, one JSON object whose `kind` says which.
///
/// ```
/// # use clickfold::Query;
/// let top: Query = serde_json::from_str(
///     r#"{"kind": "aggregate", "where": [{"behavior": "pv"}], "group_by": ["item_id"],
///         "measures": {"views": {"fn": "count"}},
///         "rank": {"as": "place", "fn": "rank", "by": ["-views"]}, "limit": 20}"#,
/// )?;
/// let error = serde_json::from_str::<Query>(r#"{"kind": "aggregate", "grop_by": ["item_id"]}"#).unwrap_err();
/// assert!(error.to_string().contains("did you mean \"group_by\"?"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Query(Arc<dyn Question>);

/// Reads the question of one kind.
type Parse = fn(&Value) -> Result<Arc<dyn Question>>;

/// The kinds that every core answers.
const KINDS: [(&str, Parse); 3] = [
    ("aggregate", |value| Ok(Arc::new(Aggregate::parse(value)?))),
    ("rows", |value| Ok(Arc::new(Rows::parse(value)?))),
    ("describe", |value| Ok(Arc::new(Describe::parse(value)?))),
];

/// The kinds that a core with the feature `events` answers, too.
#[cfg(feature = "events")]
const EVENT_KINDS: &[(&str, Parse)] = &[
    ("funnel", |value| Ok(Arc::new(Funnel::parse(value)?))),
    ("retention", |value| Ok(Arc::new(Retention::parse(value)?))),
    ("sequence", |value| Ok(Arc::new(Sequence::parse(value)?))),
    ("intervals", |value| Ok(Arc::new(Intervals::parse(value)?))),
    ("attribution", |value| Ok(Arc::new(Attribution::parse(value)?))),
    ("experiment", |value| Ok(Arc::new(Experiment::parse(value)?))),
    ("conversion", |value| Ok(Arc::new(Conversion::parse(value)?))),
    ("pareto", |value| Ok(Arc::new(Pareto::parse(value)?))),
    ("paths", |value| Ok(Arc::new(Paths::parse(value)?))),
    ("sessions", |value| Ok(Arc::new(Sessions::parse(value)?))),
    ("baskets", |value| Ok(Arc::new(Baskets::parse(value)?))),
    ("rfm", |value| Ok(Arc::new(Rfm::parse(value)?))),
    ("abandonment", |value| Ok(Arc::new(Abandonment::parse(value)?))),
];
#[cfg(not(feature = "events"))]
const EVENT_KINDS: &[(&str, Parse)] = &[];

impl Query {
    /// Reads a question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for a key, function or kind that is not known, naming the nearest that is.
    pub fn parse(value: &Value) -> Result<Self> {
        let mut kinds = KINDS.iter().chain(EVENT_KINDS);
        let names = || KINDS.iter().chain(EVENT_KINDS).map(|(name, _)| *name).collect::<Vec<_>>();
        let Some(kind) = value.get("kind").and_then(Value::as_str) else {
            let sentence = format!("a query is an object with a \"kind\": one of {}", names().join(", "));
            return Err(Error::bad_query(sentence));
        };
        match kinds.find(|(name, _)| *name == kind) {
            Some((_, parse)) => parse(value).map(Self),
            None => Err(unknown(&format!("kind {kind:?}"), kind, &names())),
        }
    }

    /// Whether this core answers questions of that kind.
    pub fn is_known(kind: &str) -> bool {
        KINDS.iter().chain(EVENT_KINDS).any(|(name, _)| *name == kind)
    }

    /// The IANA names of the time zones that an answer needs.
    pub fn zones(&self) -> Vec<String> {
        self.0.zones()
    }

    /// The columns whose distinct values the question asks for: it is answered faster where integers are held as places
    /// among theirs.
    pub fn distinct_columns(&self) -> Vec<&str> {
        self.0.distinct_columns()
    }

    /// Whether the question is answered faster where the rows of each value of that column are together.
    pub fn profits_from_groups(&self, column: &str) -> bool {
        self.0.profits_from_groups(column)
    }

    /// Whether the question looks at all rows of an actor together.
    pub fn is_of_actors(&self) -> bool {
        self.0.is_of_actors()
    }

    /// The columns (actor, time) of a question that can only be answered where the rows of each actor are together, in the
    /// order of time: its fold's batches must come so, and an actor's all to one fold.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN`; `BAD_QUERY` where no column is named and none has the role.
    pub fn needs_actors(&self, schema: &Schema) -> Result<Option<(usize, usize)>> {
        if self.is_of_actors() { self.0.actors(schema).map(Some) } else { Ok(None) }
    }

    /// Whether the question is about whatever columns there are.
    pub fn reads_all(&self) -> bool {
        self.0.reads_all()
    }

    /// Whether the fold's batches must end with the column [`ROW`], which counts the rows of the data from 0.
    pub fn wants_row_numbers(&self) -> bool {
        self.0.wants_row_numbers()
    }

    /// The fold that answers the question on data of that schema. Its batches have the schema's columns, in order.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` with the nearest names; `BAD_QUERY` where a column's type does not fit.
    pub fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>> {
        self.0.fold(schema, zones)
    }

    /// The question in SQL, of a table `events` that has the schema's columns: one statement, whose rows are the answer's, in
    /// its order.
    ///
    /// # Errors
    ///
    /// As [`fold`](Query::fold); `UNSUPPORTED` where that SQL cannot say it exactly.
    #[cfg(feature = "events")]
    pub fn sql(&self, schema: &Schema, dialect: Dialect) -> Result<String> {
        self.0.sql(schema, dialect)
    }

    /// Questions that together use all that can be asked, on columns `user`, `item`, `action`, `ts`, `price` and
    /// `big`: what the laws are tested with.
    pub fn examples() -> Vec<&'static str> {
        EXAMPLES.iter().chain(EVENT_EXAMPLES).copied().collect()
    }
}

const EXAMPLES: [&str; 22] = [
    r#"{"kind":"aggregate","measures":{"n":{"fn":"count"},"users":{"fn":"count_distinct","column":"user"},"total":{"fn":"sum","column":"price"},"mean":{"fn":"avg","column":"price"},"low":{"fn":"min","column":"price"},"high":{"fn":"max","column":"price"}}}"#,
    r#"{"kind":"aggregate","group_by":["item"],"measures":{"n":{"fn":"count"},"prices":{"fn":"count","column":"price"},"acts":{"fn":"count_distinct","column":"action"}},"rank":{"as":"place","fn":"rank","by":["-n"]},"limit":3}"#,
    r#"{"kind":"aggregate","where":[{"action":"view"}],"group_by":["item"],"measures":{"n":{"fn":"count"}},"rank":{"as":"place","fn":"dense_rank","by":["-n"]},"order_by":["-n","item"],"limit":2}"#,
    r#"{"kind":"aggregate","group_by":[{"column":"ts","every":"1h","as":"hour"},{"column":"action","null_as":"none"}],"measures":{"n":{"fn":"count"},"first":{"fn":"min","column":"ts"}}}"#,
    r#"{"kind":"aggregate","group_by":[{"column":"ts","every":"1d","as":"day"},{"column":"ts","every":"6h","as":"quarter"}],"measures":{"n":{"fn":"count"}},"having":[{"column":"n","gte":2}]}"#,
    r#"{"kind":"aggregate","group_by":["action","item"],"measures":{"n":{"fn":"count"},"total":{"fn":"sum","column":"user"}},"rank":{"as":"place","fn":"row_number","within":["action"],"by":["-n"],"keep":2}}"#,
    r#"{"kind":"aggregate","group_by":["action"],"measures":{"first":{"fn":"min","column":"item"},"last":{"fn":"max","column":"item"},"bigs":{"fn":"count_distinct","column":"big"},"big":{"fn":"max","column":"big"}},"rank":{"fn":"percent_rank","by":["bigs"]}}"#,
    r#"{"kind":"aggregate","group_by":["user"],"measures":{"n":{"fn":"count"}},"rank":{"as":"tile","fn":"ntile","n":3,"by":["-n"]},"order_by":["tile","-user"]}"#,
    r#"{"kind":"aggregate","group_by":["big"],"measures":{"mean":{"fn":"avg","column":"user"}},"having":[{"column":"mean","gt":1.5}],"rank":{"as":"before","fn":"lag","column":"mean","by":["big"]}}"#,
    r#"{"kind":"aggregate","where":[{"any":[{"column":"price","gte":1.5},{"not":{"column":"action","in":["view",null]}}]}],"group_by":["price"],"measures":{"n":{"fn":"count"}},"rank":{"fn":"cume_dist","by":["-n"]},"order_by":["-cume_dist"]}"#,
    r#"{"kind":"aggregate","group_by":["action"],"measures":{"spread":{"fn":"stddev","column":"price"},"var":{"fn":"var","column":"user"},"middle":{"fn":"median","column":"price"},"most":{"fn":"quantile","column":"user","q":0.9},"often":{"fn":"mode","column":"item"},"first":{"fn":"first","column":"item","by":"ts"},"last":{"fn":"last","column":"price","by":"ts"}}}"#,
    r#"{"kind":"aggregate","group_by":["item"],"measures":{"middle":{"fn":"approx_quantile","column":"price","q":0.5,"error":0.05},"most":{"fn":"approx_quantile","column":"big","q":0.9}},"rank":{"as":"before","fn":"lag","column":"middle","by":["most"]}}"#,
    r#"{"kind":"aggregate","group_by":["item",{"column":"ts","every":"1d","as":"day"}],"measures":{"so_far":{"fn":"running_sum","of":"n"},"n":{"fn":"count"},"before":{"fn":"previous","of":"n"},"text":{"fn":"max","column":"action"},"then":{"fn":"previous","of":"text","offset":2}},"having":[{"column":"so_far","gt":2}],"order_by":["-so_far"],"limit":5}"#,
    r#"{"kind":"aggregate","group_by":["user","action"],"measures":{"n":{"fn":"count"},"item":{"fn":"count","column":"item"},"a":{"fn":"running_sum","of":"n","by":["-n"],"within":[]},"b":{"fn":"running_sum","of":"item","by":["user"]}},"rank":{"fn":"rank","by":["-b"]}}"#,
    r#"{"kind":"aggregate","group_by":[{"column":"ts","every":"1h"},"item"],"measures":{"n":{"fn":"count"},"a":{"fn":"previous","of":"n","offset":5},"b":{"fn":"running_sum","of":"n"}}}"#,
    r#"{"kind":"rows"}"#,
    r#"{"kind":"rows","select":["item","ts"],"rank":{"fn":"rank","within":["item"],"by":["ts"],"keep":2},"limit":100}"#,
    r#"{"kind":"rows","where":[{"column":"item","is_null":false}],"select":["price"],"order_by":["-price","action"],"limit":4}"#,
    r#"{"kind":"rows","select":["user"],"rank":{"as":"next","fn":"lead","column":"price","within":["user"],"by":["ts"]},"order_by":["-next"]}"#,
    r#"{"kind":"describe"}"#,
    r#"{"kind":"describe","columns":["price","user","ts"],"where":[{"action":"view"}],"top":2,"bins":3}"#,
    r#"{"kind":"describe","columns":["big","item"],"where":[{"column":"price","is_null":false}],"top":100,"bins":40}"#,
];

#[cfg(feature = "events")]
const EVENT_EXAMPLES: &[&str] = &[
    r#"{"kind":"funnel","actor":"user","time":"ts","steps":[{"action":"view"},{"action":"cart"},{"action":"buy"}],"within":"24h"}"#,
    r#"{"kind":"funnel","actor":"user","time":"ts","steps":[{"action":"view"},[{"action":"cart"},{"column":"price","gt":0}],{"action":"cart"}],"split_by":"item"}"#,
    r#"{"kind":"funnel","actor":"user","time":"ts","steps":[{"action":"view"},{"action":"cart"},{}],"within":"7d","mode":"strict_order","where":[{"column":"item","ne":"b"}],"split_by":"big"}"#,
    r#"{"kind":"funnel","actor":"user","time":"ts","steps":[{"item":"a"},{"action":"cart"},{"item":"b"}],"within":"390m","mode":"strict_deduplication"}"#,
    r#"{"kind":"funnel","actor":"item","time":"ts","steps":[{},{"column":"action","in":["buy","cart"]},{}],"mode":"strict_increase","split_by":"price"}"#,
    r#"{"kind":"funnel","actor":"user","time":"ts","steps":[{"action":"view"},{"action":"view"},{"column":"action","in":["cart","buy"]}],"within":"7h","mode":"any_order","split_by":"item","split_at":"last","having":[{"column":"actors","gt":0}],"order_by":["-tied"],"limit":5}"#,
    r#"{"kind":"funnel","actor":"user","time":"ts","steps":[{"action":"view"},{"action":"cart"},{"action":"buy"}],"exclude":[{"where":{"action":"none"}},{"where":[{"item":"a"}],"after":2,"before":3}],"per":"big","each":"actor","split_by":"price"}"#,
    r#"{"kind":"funnel","actor":"item","time":"ts","steps":[{},{"action":"cart"}],"within":"2d","mode":"any_order","each":"actor","exclude":[{"where":{"action":"buy"}}],"order_by":["-seconds"],"having":[{"column":"reached","gt":1}]}"#,
    r#"{"kind":"sequence","actor":"user","time":"ts","events":{"view":{"action":"view"},"cart":[{"action":"cart"},{"column":"price","gt":0}],"a":{"item":"a"}},"pattern":"view ... cart (within 7h) a, then view (within 1d) not cart","where":[{"column":"big","gt":3}]}"#,
    r#"{"kind":"sequence","actor":"item","time":"ts","events":{"view":{"action":"view"},"any":{}},"pattern":"view (after 6h) any, any","having":[{"column":"matches","gt":0}]}"#,
    r#"{"kind":"sequence","actor":"user","time":"ts","events":{"view":{"action":"view"},"buy":{"action":"buy"}},"pattern":"(?1).*(?2)(?t<=90000).(?t>0)(?1)(?t==0)(?1)","each":"actor","having":[{"column":"matches","gte":0}],"order_by":["-matches"],"limit":9}"#,
    r#"{"kind":"sequence","actor":"price","time":"ts","events":{"view":{"action":"view"},"buy":{"action":"buy"}},"pattern":"view not view","each":"actor"}"#,
    r#"{"kind":"retention","actor":"user","time":"ts","every":"1d","periods":3}"#,
    r#"{"kind":"retention","actor":"user","time":"ts","start":{"action":"view"},"return":[{"action":"buy"}],"every":"6h","periods":40,"counting":"on_or_after"}"#,
    r#"{"kind":"retention","actor":"price","time":"ts","start":{"item":"a"},"return":{"column":"action","is_null":false},"where":[{"column":"big","gt":3}],"every":"1mo","periods":800}"#,
    r#"{"kind":"retention","actor":"user","time":"ts","every":"1h","periods":60,"counting":"on_or_after","mean":"simple"}"#,
    r#"{"kind":"retention","actor":"user","time":"ts","brackets":[[0,0],[1,3],[5,90]],"every":"6h","cohorts":"recurring","mean":"weighted","start":{"action":"view"}}"#,
    r#"{"kind":"retention","actor":"user","time":"ts","clock":"24h","every":"1d","periods":4,"value":"price","order":"big","mean":"weighted"}"#,
    r#"{"kind":"retention","actor":"user","time":"ts","clock":"24h","every":"1q","brackets":[[1,3],[210,230]],"counting":"on_or_after","value":"price","mean":"simple","cohorts":"recurring"}"#,
    r#"{"kind":"retention","actor":"item","time":"ts","every":"1d","value":"price","order":"action","return":{"column":"action","ne":"view"}}"#,
    r#"{"kind":"retention","actor":"item","time":"ts","each":"actor","every":"6h","cohorts":"recurring","having":[{"column":"period","gt":0}],"order_by":["-period"],"limit":9}"#,
    r#"{"kind":"retention","actor":"big","time":"ts","each":"actor","every":"1h","clock":"24h","brackets":[[0,6],[7,100]],"counting":"on_or_after"}"#,
    r#"{"kind":"intervals","actor":"user","time":"ts"}"#,
    r#"{"kind":"intervals","actor":"user","time":"ts","event":{"action":"buy"},"order":"big","most":2,"where":[{"column":"item","is_null":false}]}"#,
    r#"{"kind":"intervals","actor":"price","time":"ts","order":"item","each":"actor","most":3}"#,
    r#"{"kind":"intervals","actor":"item","time":"ts","event":[{"column":"action","ne":"view"}],"each":"actor","having":[{"column":"seconds","gt":60}],"order_by":["-seconds","at"],"limit":5}"#,
    r#"{"kind":"attribution","actor":"user","time":"ts","channel":"item","conversion":{"action":"buy"}}"#,
    r#"{"kind":"attribution","actor":"user","time":"ts","channel":"big","conversion":[{"action":"buy"},{"column":"price","gt":0}],"value":"big","lookback":"2d","half_life":"5h","where":[{"column":"item","ne":"b"}]}"#,
    r#"{"kind":"attribution","actor":"item","time":"ts","rules":[{"channel":"many","where":{"column":"user","gt":2}},{"channel":null,"where":{"action":"none"}},{"channel":"few","where":[{"user":1},{}]}],"conversion":{"column":"action","in":["buy","cart"]},"value":"price","models":["markov","shapley","last","linear"]}"#,
    r#"{"kind":"attribution","actor":"user","time":"ts","url":"item","referrer":"action","conversion":{"referrer_host":null},"models":["time_decay"]}"#,
    r#"{"kind":"attribution","actor":"user","time":"ts","channel":"item","conversion":{"action":"buy"},"value":"price","each":"actor","having":[{"column":"touches","gt":0}],"order_by":["-value","last"],"limit":9}"#,
    r#"{"kind":"attribution","actor":"price","time":"ts","channel":"user","conversion":{"action":"cart"},"lookback":"7h","each":"actor"}"#,
    r#"{"kind":"experiment","actor":"user","time":"ts","variant":"item","conversion":{"action":"buy"},"exposure":{"action":"view"}}"#,
    r#"{"kind":"experiment","actor":"price","time":"ts","variant":"user","control":2,"conversion":{"action":"cart"},"value":"user","expected":{"1":0.5,"2":0.2,"9":1},"confidence":0.8,"tau":0.3,"where":[{"column":"item","ne":"b"}]}"#,
    r#"{"kind":"experiment","actor":"user","time":"ts","variant":"item","conversion":{"action":"buy"},"exposure":[{"action":"view"},{"item":"a"}],"value":"price","each":"actor"}"#,
    r#"{"kind":"experiment","actor":"big","time":"ts","variant":"action","exposure":{"column":"action","ne":"none"},"conversion":{},"each":"actor","having":[{"converted":true}],"order_by":["-variant"],"limit":2}"#,
    r#"{"kind":"conversion","actor":"user","time":"ts","by":"item","steps":[{"action":"view"},{"action":"cart"},{"action":"buy"}]}"#,
    r#"{"kind":"conversion","actor":"user","time":"ts","by":"big","steps":[{"action":"view"},[{"action":"buy"},{"column":"price","gte":0}]],"within":"7h","confidence":0.8,"min_actors":2,"where":[{"column":"item","ne":"b"}],"having":[{"column":"rate","gt":0}],"order_by":["-rate","actors_2"],"limit":5}"#,
    r#"{"kind":"conversion","actor":"item","time":"ts","by":"price","steps":[{},{"column":"action","in":["view","cart"]},{},{"action":"view"}],"within":"1d"}"#,
    r#"{"kind":"pareto","by":"item"}"#,
    r#"{"kind":"pareto","by":"big","measure":{"fn":"sum","column":"price"},"classes":[0.3,0.6,0.9],"where":[{"column":"action","ne":"none"}],"having":[{"column":"class","ne":"C"}],"order_by":["class","-big"],"limit":4}"#,
    r#"{"kind":"pareto","by":"user","measure":{"fn":"count_distinct","column":"item"},"classes":[0.5],"summary":true}"#,
    r#"{"kind":"pareto","by":"item","measure":{"fn":"sum","column":"user"},"summary":"concentration"}"#,
    r#"{"kind":"pareto","by":"price","measure":{"fn":"count","column":"action"},"classes":[],"summary":true,"having":[{"column":"groups","gt":0}]}"#,
    r#"{"kind":"paths","actor":"user","time":"ts","step":"action"}"#,
    r#"{"kind":"paths","actor":"user","time":"ts","step":"item","from":{"action":"view"},"depth":2,"limit":1,"loops":"keep","within":"8h","where":[{"column":"action","ne":"none"}]}"#,
    r#"{"kind":"paths","actor":"item","time":"ts","step":"price","to":[{"action":"buy"},{"column":"big","gt":3}],"depth":20,"limit":2}"#,
    r#"{"kind":"paths","actor":"user","time":"ts","step":"big","to":{"item":"b"},"depth":3,"each":"actor","having":[{"column":"depth","gte":1}],"order_by":["-value"],"limit":5}"#,
    r#"{"kind":"sessions","actor":"user","time":"ts","gap":"7h","conversion":{"action":"buy"}}"#,
    r#"{"kind":"sessions","actor":"user","time":"ts","gap":"1d","midnight":true,"split_on":["action","item"],"step":"action","group_by":["entry","exit"],"measures":{"n":{"fn":"count"},"long":{"fn":"median","column":"seconds"},"price":{"fn":"sum","column":"price"},"item":{"fn":"mode","column":"item"}},"having":[{"column":"n","gt":1}],"rank":{"fn":"rank","by":["-n"]},"limit":9}"#,
    r#"{"kind":"sessions","actor":"user","time":"ts","session":"big","where":[{"column":"item","ne":"a"}],"step":"item","conversion":[{"action":"buy"},{"column":"price","gt":0}],"each":"session","having":[{"column":"events","lt":9}],"order_by":["-seconds","exit"],"limit":7}"#,
    r#"{"kind":"sessions","actor":"item","time":"ts","session":"price","gap":"30m","split_on":["user"],"measures":{"first":{"fn":"first","column":"big"},"n":{"fn":"max","column":"session"},"converted":{"fn":"sum","column":"converted"}},"conversion":{"action":"cart"},"group_by":[{"column":"started","every":"1d"}]}"#,
    r#"{"kind":"rfm","actor":"user","time":"ts","purchase":{"action":"buy"},"order":"big","value":"user"}"#,
    r#"{"kind":"rfm","actor":"user","time":"ts","where":[{"column":"item","is_null":false}],"as_of":"2024-03-11","value":"price","quantity":"user","bins":3,"ties":"ntile","each":"actor","having":[{"column":"f","gt":1}],"order_by":["-monetary","segment"],"limit":4}"#,
    r#"{"kind":"rfm","actor":"user","time":"ts","order":"item","each":"actor"}"#,
    r#"{"kind":"rfm","actor":"user","time":"ts","value":"price","order":"item","group":"cells","bins":10}"#,
    r#"{"kind":"rfm","actor":"item","time":"ts","value":"price","purchase":[{"action":"buy"}],"group":"bins","as_of":"2024-03-11 23:59:59"}"#,
    r#"{"kind":"rfm","actor":"user","time":"ts","value":"big","as_of":["2024-03-10 05:00","2024-03-12"],"bins":4}"#,
    r#"{"kind":"baskets","item":"item","by":"user","min_support":1}"#,
    r#"{"kind":"baskets","item":"big","by":"ts","where":[{"column":"action","ne":"view"}],"min_support":0.02,"min_confidence":0.3,"rank":"confidence","limit":7}"#,
    r#"{"kind":"baskets","item":"item","by":"user","for":"a","rank":"cosine"}"#,
    r#"{"kind":"baskets","item":"user","by":"item","of":"items","min_support":1,"limit":3}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":"item","cart":{"action":"cart"},"buy":{"action":"buy"}}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":"big","cart":{"column":"action","in":["view","cart"]},"buy":{"action":"buy"},"within":"7h","value":"price","group_by":[{"column":"ts","every":"6h","as":"begun"},"item"],"having":[{"column":"carts","gt":0}],"order_by":["-open","rate"],"limit":6}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":false,"cart":{"action":"view"},"buy":[{"action":"cart"},{"column":"price","gt":0}],"value":"user","where":[{"column":"item","ne":"b"}],"within":"2d","group_by":["action"]}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":"item","cart":{"action":"view"},"buy":{"action":"cart"},"value":"price","each":"actor","having":[{"column":"bought","eq":false}],"order_by":["-value","at"],"limit":9}"#,
    r#"{"kind":"abandonment","actor":"item","time":"ts","item":false,"cart":{},"buy":{"action":"buy"},"within":"1d","each":"actor"}"#,
];
#[cfg(not(feature = "events"))]
const EVENT_EXAMPLES: &[&str] = &[];

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
