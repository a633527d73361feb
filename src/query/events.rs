//! The kinds about what actors do one after the other, which the core of a first visit does not answer.

use std::sync::Arc;

use super::Parse;
use crate::analysis::abandonment::Abandonment;
use crate::analysis::attribution::Attribution;
use crate::analysis::baskets::Baskets;
use crate::analysis::conversion::Conversion;
use crate::analysis::experiment::Experiment;
use crate::analysis::funnel::Funnel;
use crate::analysis::intervals::Intervals;
use crate::analysis::pareto::Pareto;
use crate::analysis::paths::Paths;
use crate::analysis::retention::Retention;
use crate::analysis::rfm::Rfm;
use crate::analysis::sequence::Sequence;
use crate::analysis::sessions::Sessions;

/// Their names, and what reads them.
pub(super) const KINDS: &[(&str, Parse)] = &[
    ("funnel", |value| Ok(Arc::new(Funnel::parse(value)?))),
    ("sequence", |value| Ok(Arc::new(Sequence::parse(value)?))),
    ("retention", |value| Ok(Arc::new(Retention::parse(value)?))),
    ("intervals", |value| Ok(Arc::new(Intervals::parse(value)?))),
    ("sessions", |value| Ok(Arc::new(Sessions::parse(value)?))),
    ("paths", |value| Ok(Arc::new(Paths::parse(value)?))),
    ("rfm", |value| Ok(Arc::new(Rfm::parse(value)?))),
    ("baskets", |value| Ok(Arc::new(Baskets::parse(value)?))),
    ("pareto", |value| Ok(Arc::new(Pareto::parse(value)?))),
    ("conversion", |value| Ok(Arc::new(Conversion::parse(value)?))),
    ("abandonment", |value| Ok(Arc::new(Abandonment::parse(value)?))),
    ("attribution", |value| Ok(Arc::new(Attribution::parse(value)?))),
    ("experiment", |value| Ok(Arc::new(Experiment::parse(value)?))),
];

/// Questions that together use all that can be asked of them.
pub(super) const EXAMPLES: &[&str] = &[
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
    r#"{"kind":"sessions","actor":"user","time":"ts","gap":"7h","conversion":{"action":"buy"}}"#,
    r#"{"kind":"sessions","actor":"user","time":"ts","gap":"1d","midnight":true,"split_on":["action","item"],"step":"action","group_by":["entry","exit"],"measures":{"n":{"fn":"count"},"long":{"fn":"median","column":"seconds"},"price":{"fn":"sum","column":"price"},"item":{"fn":"mode","column":"item"}},"having":[{"column":"n","gt":1}],"rank":{"fn":"rank","by":["-n"]},"limit":9}"#,
    r#"{"kind":"sessions","actor":"user","time":"ts","session":"big","where":[{"column":"item","ne":"a"}],"step":"item","conversion":[{"action":"buy"},{"column":"price","gt":0}],"each":"session","having":[{"column":"events","lt":9}],"order_by":["-seconds","exit"],"limit":7}"#,
    r#"{"kind":"sessions","actor":"item","time":"ts","session":"price","gap":"30m","split_on":["user"],"measures":{"first":{"fn":"first","column":"big"},"n":{"fn":"max","column":"session"},"converted":{"fn":"sum","column":"converted"}},"conversion":{"action":"cart"},"group_by":[{"column":"started","every":"1d"}]}"#,
    r#"{"kind":"paths","actor":"user","time":"ts","step":"action"}"#,
    r#"{"kind":"paths","actor":"user","time":"ts","step":"item","from":{"action":"view"},"depth":2,"limit":1,"loops":"keep","within":"8h","where":[{"column":"action","ne":"none"}]}"#,
    r#"{"kind":"paths","actor":"item","time":"ts","step":"price","to":[{"action":"buy"},{"column":"big","gt":3}],"depth":20,"limit":2}"#,
    r#"{"kind":"paths","actor":"user","time":"ts","step":"big","to":{"item":"b"},"depth":3,"each":"actor","having":[{"column":"depth","gte":1}],"order_by":["-value"],"limit":5}"#,
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
    r#"{"kind":"pareto","by":"item"}"#,
    r#"{"kind":"pareto","by":"big","measure":{"fn":"sum","column":"price"},"classes":[0.3,0.6,0.9],"where":[{"column":"action","ne":"none"}],"having":[{"column":"class","ne":"C"}],"order_by":["class","-big"],"limit":4}"#,
    r#"{"kind":"pareto","by":"user","measure":{"fn":"count_distinct","column":"item"},"classes":[0.5],"summary":true}"#,
    r#"{"kind":"pareto","by":"item","measure":{"fn":"sum","column":"user"},"summary":"concentration"}"#,
    r#"{"kind":"pareto","by":"price","measure":{"fn":"count","column":"action"},"classes":[],"summary":true,"having":[{"column":"groups","gt":0}]}"#,
    r#"{"kind":"conversion","actor":"user","time":"ts","by":"item","steps":[{"action":"view"},{"action":"cart"},{"action":"buy"}]}"#,
    r#"{"kind":"conversion","actor":"user","time":"ts","by":"big","steps":[{"action":"view"},[{"action":"buy"},{"column":"price","gte":0}]],"within":"7h","confidence":0.8,"min_actors":2,"where":[{"column":"item","ne":"b"}],"having":[{"column":"rate","gt":0}],"order_by":["-rate","actors_2"],"limit":5}"#,
    r#"{"kind":"conversion","actor":"item","time":"ts","by":"price","steps":[{},{"column":"action","in":["view","cart"]},{},{"action":"view"}],"within":"1d"}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":"item","cart":{"action":"cart"},"buy":{"action":"buy"}}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":"big","cart":{"column":"action","in":["view","cart"]},"buy":{"action":"buy"},"within":"7h","value":"price","group_by":[{"column":"ts","every":"6h","as":"begun"},"item"],"having":[{"column":"carts","gt":0}],"order_by":["-open","rate"],"limit":6}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":false,"cart":{"action":"view"},"buy":[{"action":"cart"},{"column":"price","gt":0}],"value":"user","where":[{"column":"item","ne":"b"}],"within":"2d","group_by":["action"]}"#,
    r#"{"kind":"abandonment","actor":"user","time":"ts","item":"item","cart":{"action":"view"},"buy":{"action":"cart"},"value":"price","each":"actor","having":[{"column":"bought","eq":false}],"order_by":["-value","at"],"limit":9}"#,
    r#"{"kind":"abandonment","actor":"item","time":"ts","item":false,"cart":{},"buy":{"action":"buy"},"within":"1d","each":"actor"}"#,
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
];
