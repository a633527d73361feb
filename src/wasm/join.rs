//! Another file's columns beside those of the events.

use js_sys::Uint8Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{Dataset, bytes, memory, plain, read, throw};
use crate::engine::Joined;

#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    joined: Joined,
    /// For each row of the other data, 1 where an event has its key.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    used: Uint8Array,
}

#[wasm_bindgen]
impl Dataset {
    /// Brings another data set's columns in: `{ on, to?, columns?, indicator? }`.
    pub fn join(&mut self, other: &Dataset, join: JsValue) -> Result<JsValue, JsValue> {
        memory::make_room("bringing in the other file's columns", 8 * self.0.n_rows()).map_err(throw)?;
        let joined = self.0.join(&other.0, &read("the join", join)?).map_err(throw)?;
        let used: Vec<u8> = joined.used.iter().map(|&is_used| u8::from(is_used)).collect();
        plain(&Told { used: bytes(&used), joined })
    }

    /// Adds a column of that name, true where `used` is not 0; gives the name that it took.
    pub fn mark(&mut self, name: &str, used: &[u8]) -> String {
        self.0.mark(name, &used.iter().map(|&byte| byte != 0).collect::<Vec<_>>())
    }

    /// All rows as CSV in UTF-8, each value as it was written.
    #[cfg(feature = "formats")]
    #[wasm_bindgen(js_name = toCsv)]
    pub fn to_csv(&mut self) -> Result<Uint8Array, JsValue> {
        let query = crate::Query::parse(&serde_json::json!({ "kind": "rows" })).map_err(throw)?;
        let rows = self.0.query(&query, &crate::analysis::Zones::new()).map_err(throw)?;
        Ok(bytes(crate::text::to_plain_csv(&rows).as_bytes()))
    }
}
