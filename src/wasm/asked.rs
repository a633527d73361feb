//! Questions from JavaScript.

use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::{Dataset, bytes, memory, read, throw};
use crate::analysis::Zones;
use crate::engine::{Answers, LoadOptions};
use crate::kernel::bucket::Zone;
use crate::query::Query;
use crate::{engine, frame};

fn parse(query: JsValue) -> Result<Query, JsValue> {
    Query::parse(&read("the query", query)?).map_err(throw)
}

/// The time zones that some queries name, as `zones` tells them.
pub(super) fn zones_of<'a>(queries: impl Iterator<Item = &'a Query>, zones: &js_sys::Function) -> Result<Zones, JsValue> {
    zones_named(queries.flat_map(Query::zones), zones)
}

/// The time zones of these names, as `zones` tells them.
pub(super) fn zones_named(names: impl IntoIterator<Item = String>, zones: &js_sys::Function) -> Result<Zones, JsValue> {
    let mut known = Zones::new();
    for name in names {
        if let Some(zone) = zone_of(&name, zones)? {
            known.insert(name, zone);
        }
    }
    Ok(known)
}

/// The time zone of that name, as `zones` tells it; none where it is no name of one.
pub(super) fn zone_of(name: &str, zones: &js_sys::Function) -> Result<Option<Zone>, JsValue> {
    let changes = zones.call1(&JsValue::NULL, &JsValue::from_str(name))?;
    let zone = |changes: &js_sys::Float64Array| {
        Zone::new(changes.to_vec().chunks_exact(2).map(|c| (c[0] as i64, c[1] as i32)).collect())
    };
    Ok(changes.dyn_ref::<js_sys::Float64Array>().map(zone))
}

/// What keeps the answers to some queries, where there are any, about rows from `place` on.
pub(super) fn answers_to(
    queries: JsValue,
    zones: &js_sys::Function,
    options: &LoadOptions,
    place: f64,
) -> Result<Option<Answers>, JsValue> {
    if queries.is_undefined() {
        return Ok(None);
    }
    let values: Vec<Value> = read("the queries", queries)?;
    let queries = values.iter().map(Query::parse).collect::<crate::Result<Vec<_>>>().map_err(throw)?;
    let zones = zones_of(queries.iter(), zones)?;
    Answers::new(values, zones, options, place as i64).map(Some).map_err(throw)
}

/// A question that a data set has begun to answer.
#[wasm_bindgen]
pub struct Asked(engine::Asked);

#[wasm_bindgen]
impl Dataset {
    /// Begins to answer a query. `zones` is asked for the clock changes of each time zone that the query names: pairs of
    /// a UTC second and seconds east of Greenwich; it gives nothing for a name that is none.
    pub fn ask(&mut self, query: JsValue, zones: &js_sys::Function) -> Result<Asked, JsValue> {
        let value: Value = read("the query", query)?;
        if let Some(asked) = self.0.ask_kept(&value).map_err(throw)? {
            return Ok(Asked(asked));
        }
        let query = Query::parse(&value).map_err(throw)?;
        memory::make_room("putting the rows in the order of their actors", self.0.bytes_to_ask(&query)).map_err(throw)?;
        let zones = zones_of(std::iter::once(&query), zones)?;
        self.0.ask(&query, &zones).map(Asked).map_err(throw)
    }

    /// Where each actor's rows are not in one data set: whether they `may` come there for a faster answer, or `must` for any.
    #[wasm_bindgen(js_name = needsExchange)]
    pub fn needs_exchange(&self, query: JsValue) -> Result<Option<String>, JsValue> {
        let query = parse(query)?;
        let need = if self.0.must_exchange(&query) { "must" } else { "may" };
        Ok(self.0.needs_exchange(&query).then(|| need.to_owned()))
    }
}

#[wasm_bindgen]
impl Asked {
    /// Looks at the next rows; says whether there are more.
    pub fn step(&mut self, data: &Dataset) -> Result<bool, JsValue> {
        self.0.step(&data.0).map_err(throw)
    }

    /// What was found out so far, for another data set's `merge`.
    pub fn state(&self) -> Result<js_sys::Uint8Array, JsValue> {
        Ok(bytes(&self.0.state().map_err(throw)?))
    }

    /// Takes in what another data set has found out of the same question.
    pub fn merge(&mut self, state: &[u8]) -> Result<(), JsValue> {
        self.0.merge(state).map_err(throw)
    }

    /// The answer, as an Arrow IPC stream.
    pub fn finish(&self) -> Result<js_sys::Uint8Array, JsValue> {
        let answer = self.0.finish().map_err(throw)?;
        Ok(bytes(&frame::write(&answer).map_err(throw)?))
    }
}
