//! Data sets that move from the core of a first visit into the complete one, which answers more kinds of questions.

use wasm_bindgen::prelude::*;

use super::shard::Exchange;
use super::{Dataset, throw};
use crate::Query;

/// Whether this core answers questions of that kind.
#[wasm_bindgen(js_name = isKnownKind)]
pub fn is_known_kind(kind: &str) -> bool {
    Query::is_known(kind)
}

#[wasm_bindgen]
impl Dataset {
    /// Begins to give all rows away, by `give`.
    pub fn leave(&mut self) -> Result<Exchange, JsValue> {
        self.0.leave().map(Exchange).map_err(throw)
    }

    /// How dates are read in each column, by the names of the core's own.
    #[wasm_bindgen(getter, js_name = dateStyles)]
    pub fn date_styles(&self) -> Result<JsValue, JsValue> {
        super::plain(&self.0.date_styles())
    }

    /// Whether other data sets have rows of the same data.
    #[wasm_bindgen(getter, js_name = isShard)]
    pub fn is_shard(&self) -> bool {
        self.0.sharing().0
    }

    /// Whether none of them has rows of the actors in this one.
    #[wasm_bindgen(getter, js_name = hasWholeActors)]
    pub fn has_whole_actors(&self) -> bool {
        self.0.sharing().1
    }
}

#[cfg(feature = "events")]
#[wasm_bindgen]
impl Dataset {
    /// What another core's data set becomes here, as which `told` describes it: `{ schema, types, report, styles, is_shard,
    /// has_whole_actors }`. Its rows are still to be taken in; then it has to `arrive`.
    pub fn arriving(told: JsValue, options: JsValue, zones: &js_sys::Function) -> Result<Dataset, JsValue> {
        let options = super::with_zones(super::load_options(options, Some(zones))?, zones)?;
        crate::engine::Dataset::arriving(super::read("the data set", told)?, options).map(Dataset).map_err(throw)
    }

    /// All rows have come.
    pub fn arrive(&mut self) -> Result<(), JsValue> {
        self.0.arrive().map_err(throw)
    }
}

/// Says what is wrong with a question, if anything is, before any data is asked.
#[cfg(feature = "events")]
#[wasm_bindgen(js_name = checkQuery)]
pub fn check_query(query: JsValue) -> Result<(), JsValue> {
    Query::parse(&super::read("the query", query)?).map(drop).map_err(throw)
}
