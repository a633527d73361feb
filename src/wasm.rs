//! The door to JavaScript: each function checks, calls the engine, and hands over plain data.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::analysis::Zones;
use crate::engine::{self, LoadOptions};
use crate::kernel::bucket::Zone;
use crate::query::Query;
use crate::{Error, frame};

/// Errors as JavaScript gets them: `{ code, message, detail }`.
#[derive(Serialize)]
struct Thrown<'a> {
    code: &'a str,
    message: String,
    detail: &'a crate::error::Detail,
}

fn throw(error: Error) -> JsValue {
    let thrown = Thrown { code: error.kind().code(), message: error.to_string(), detail: error.detail() };
    plain(&thrown).unwrap_or_else(|_| JsValue::from_str(&error.to_string()))
}

/// Data as plain objects, never maps; 64-bit counts as numbers.
fn plain(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(JsValue::from)
}

fn read<T: serde::de::DeserializeOwned>(what: &str, value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|e| throw(Error::bad_query(format!("cannot read {what}: {e}"))))
}

/// Takes a source's bytes and becomes a data set.
#[wasm_bindgen]
pub struct Loader {
    loader: engine::Loader,
    /// Bytes of the source so far, and those for which there is memory.
    n_bytes: usize,
    room_for: usize,
}

/// Bytes of a source for which memory is made at the least.
const ROOM: usize = 8 << 20;

#[wasm_bindgen]
impl Loader {
    /// A loader with `{ format?, schema? }`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Loader, JsValue> {
        let options =
            if options.is_undefined() || options.is_null() { LoadOptions::default() } else { read("the options", options)? };
        let loader = engine::Loader::new(options).map_err(throw)?;
        Ok(Self { loader, n_bytes: 0, room_for: 0 })
    }

    /// Takes the source's next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.n_bytes += bytes.len();
        if self.n_bytes > self.room_for {
            self.room_for = (self.n_bytes + self.n_bytes / 2).max(ROOM);
            make_room(self.room_for / 3);
        }
        self.loader.push(bytes).map_err(throw)
    }

    /// Rows read so far.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> f64 {
        self.loader.n_rows() as f64
    }

    /// Rows rejected so far.
    #[wasm_bindgen(getter)]
    pub fn rejected(&self) -> f64 {
        self.loader.n_rejected() as f64
    }

    /// Ends the source.
    pub fn finish(self) -> Result<Dataset, JsValue> {
        self.loader.finish().map(Dataset).map_err(throw)
    }
}

/// Takes memory and gives it back, to be taken again: growing it costs the browser much, however small the step. Where
/// there is not so much, the step is not made.
fn make_room(n_bytes: usize) {
    let mut room = Vec::<u8>::new();
    let _ = room.try_reserve_exact(n_bytes);
    std::hint::black_box(room);
}

/// Rows that can be asked.
#[wasm_bindgen]
pub struct Dataset(engine::Dataset);

#[wasm_bindgen]
impl Dataset {
    /// The columns: `[{ name, type, role, nulls, scale?, unit? }]`.
    pub fn schema(&self) -> Result<JsValue, JsValue> {
        plain(&self.0.columns())
    }

    /// How many rows there are.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> f64 {
        self.0.n_rows() as f64
    }

    /// Bytes held.
    #[wasm_bindgen(getter)]
    pub fn size(&self) -> f64 {
        self.0.size() as f64
    }

    /// What became of the source's rows.
    pub fn report(&self) -> Result<JsValue, JsValue> {
        plain(self.0.report())
    }

    /// Gives columns roles by name, or takes them away with null.
    #[wasm_bindgen(js_name = setRoles)]
    pub fn set_roles(&mut self, roles: JsValue) -> Result<(), JsValue> {
        self.0.set_roles(&read("the roles", roles)?).map_err(throw)
    }

    /// The answer to a query, as an Arrow IPC stream. `zones` is asked for the clock changes of each time zone that the
    /// query names: pairs of a UTC second and seconds east of Greenwich; it gives nothing for a name that is none.
    pub fn query(&mut self, query: JsValue, zones: &js_sys::Function) -> Result<js_sys::Uint8Array, JsValue> {
        let query = Query::parse(&read("the query", query)?).map_err(throw)?;
        let mut known = Zones::new();
        for name in query.zones() {
            let changes = zones.call1(&JsValue::NULL, &JsValue::from_str(&name))?;
            if let Some(changes) = changes.dyn_ref::<js_sys::Float64Array>() {
                let changes = changes.to_vec();
                known.insert(name, Zone::new(changes.chunks_exact(2).map(|c| (c[0] as i64, c[1] as i32)).collect()));
            }
        }
        let answer = self.0.query(&query, &known).map_err(throw)?;
        Ok(js_sys::Uint8Array::from(&frame::write(&answer).map_err(throw)?[..]))
    }

    /// Takes rows in behind the others: text in the data set's own format.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.0.append(bytes).map_err(throw)
    }
}

/// Says a panic in the console before the instance is lost.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&JsValue::from_str(&panic.to_string()))));
}
