//! Another file's columns beside those of the events.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::{Dataset, bytes, memory, throw};
use crate::engine;

/// What a join has brought, and what did not match.
#[wasm_bindgen]
pub struct Joined(engine::Joined);

#[wasm_bindgen]
impl Joined {
    /// The names of the columns that came.
    #[wasm_bindgen(getter)]
    pub fn columns(&self) -> Vec<String> {
        self.0.columns.clone()
    }

    /// Rows whose key was found.
    #[wasm_bindgen(getter)]
    pub fn matched(&self) -> f64 {
        self.0.matched as f64
    }

    /// Rows of the other data whose key had come before.
    #[wasm_bindgen(getter)]
    pub fn repeated(&self) -> f64 {
        self.0.repeated as f64
    }

    /// For each row of the other data, 1 where an event has its key.
    #[wasm_bindgen(getter)]
    pub fn used(&self) -> Uint8Array {
        bytes(&self.0.used.iter().map(|&is_used| u8::from(is_used)).collect::<Vec<_>>())
    }
}

#[wasm_bindgen]
impl Dataset {
    /// Brings another data set's columns in, each row's from the other's first row of the same key: of the column `on` here,
    /// `to` there. An `indicator` is a further column that says whether there was one.
    pub fn join(
        &mut self,
        other: &Dataset,
        on: String,
        to: String,
        columns: Option<Vec<String>>,
        indicator: String,
    ) -> Result<Joined, JsValue> {
        memory::make_room("bringing in the other file's columns", 8 * self.0.n_rows()).map_err(throw)?;
        let join = engine::Join { on, to: Some(to), columns, indicator: Some(indicator) };
        self.0.join(&other.0, &join).map(Joined).map_err(throw)
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
