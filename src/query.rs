//! The one question: JSON in, a fold out.

#[cfg(feature = "events")]
mod events;

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::analysis::aggregate::Aggregate;
use crate::analysis::describe::Describe;
pub use crate::analysis::rows::ROW;
use crate::analysis::rows::Rows;
use crate::analysis::spec::unknown;
use crate::analysis::{Question, Zones};
use crate::event::{Role, Schema};
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

/// None of those about actors.
#[cfg(not(feature = "events"))]
mod events {
    pub(super) const KINDS: &[(&str, super::Parse)] = &[];
    pub(super) const EXAMPLES: &[&str] = &[];
}

impl Query {
    /// Reads a question.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for a key, function or kind that is not known, naming the nearest that is.
    pub fn parse(value: &Value) -> Result<Self> {
        let mut kinds = KINDS.iter().chain(events::KINDS);
        let names = || KINDS.iter().chain(events::KINDS).map(|(name, _)| *name).collect::<Vec<_>>();
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
        KINDS.iter().chain(events::KINDS).any(|(name, _)| *name == kind)
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

    /// Whether the answer may be another where a column has that role, though the question can be asked without.
    pub fn may_go_by(&self, role: Role) -> bool {
        self.0.may_go_by(role)
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
        EXAMPLES.iter().chain(events::EXAMPLES).copied().collect()
    }
}

const EXAMPLES: [&str; 24] = [
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
    r#"{"kind":"aggregate","group_by":["item"],"measures":{"now":{"fn":"trend","half_life":"1h","by":"ts"},"spent":{"fn":"trend","half_life":"2d","column":"price","by":"ts"},"n":{"fn":"count"}},"rank":{"as":"place","fn":"rank","by":["-now"]},"limit":3}"#,
    r#"{"kind":"aggregate","where":[{"action":"view"}],"measures":{"users":{"fn":"trend","half_life":"90s","column":"user","by":"ts"},"long":{"fn":"trend","half_life":"2000w","column":"big","by":"ts"}}}"#,
    r#"{"kind":"rows"}"#,
    r#"{"kind":"rows","select":["item","ts"],"rank":{"fn":"rank","within":["item"],"by":["ts"],"keep":2},"limit":100}"#,
    r#"{"kind":"rows","where":[{"column":"item","is_null":false}],"select":["price"],"order_by":["-price","action"],"limit":4}"#,
    r#"{"kind":"rows","select":["user"],"rank":{"as":"next","fn":"lead","column":"price","within":["user"],"by":["ts"]},"order_by":["-next"]}"#,
    r#"{"kind":"describe"}"#,
    r#"{"kind":"describe","columns":["price","user","ts"],"where":[{"action":"view"}],"top":2,"bins":3}"#,
    r#"{"kind":"describe","columns":["big","item"],"where":[{"column":"price","is_null":false}],"top":100,"bins":40}"#,
];

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
