//! The door to JavaScript: each function checks, calls the engine, and hands over plain data.

mod asked;
mod join;
#[cfg(feature = "live")]
mod live;
mod memory;
mod moving;
#[cfg(feature = "parquet")]
mod ranged;
mod shard;
#[cfg(feature = "events")]
mod sql;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::Error;
use crate::engine::{self, LoadOptions};

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
    /// None where no rows are kept.
    room: Option<Room>,
}

#[wasm_bindgen]
impl Loader {
    /// A loader with `{ format?, schema?, timezone? }`, which keeps all rows, or only the answers to some `queries`; for `zones` see
    /// `Dataset.ask`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue, queries: JsValue, zones: &js_sys::Function) -> Result<Loader, JsValue> {
        let options = with_zones(load_options(options, Some(zones))?, zones)?;
        let answers = asked::answers_to(queries, zones, &options, 0.0)?;
        let room = answers.is_none().then(Room::default);
        Ok(Self { loader: engine::Loader::keeping(options, answers).map_err(throw)?, room })
    }

    /// Takes the source's next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        match &mut self.room {
            Some(room) => room.make_for(bytes.len())?,
            None => memory::make_room("answering", bytes.len()).map_err(throw)?,
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

/// The options with the zone that they name, as `zones` tells it; where nobody does, times are not read.
fn load_options(options: JsValue, zones: Option<&js_sys::Function>) -> Result<LoadOptions, JsValue> {
    if options.is_undefined() || options.is_null() {
        return Ok(LoadOptions::default());
    }
    let mut options: LoadOptions = read("the options", options)?;
    match (options.timezone.take(), zones) {
        (Some(name), Some(zones)) => {
            options.zone = asked::zone_of(&name, zones)?.map(std::sync::Arc::new);
            options.timezone = Some(name);
        }
        (name, _) => drop(name),
    }
    Ok(options)
}

/// The options with the time zones that their recipe names.
#[cfg(feature = "formats")]
fn with_zones(mut options: LoadOptions, zones: &js_sys::Function) -> Result<LoadOptions, JsValue> {
    options.zones = asked::zones_named(crate::clean::zones(options.clean.as_deref().unwrap_or_default()), zones)?;
    Ok(options)
}

#[cfg(not(feature = "formats"))]
fn with_zones(options: LoadOptions, _: &js_sys::Function) -> Result<LoadOptions, JsValue> {
    Ok(options)
}

/// Memory for a source's rows, made in few large steps: growing it costs the browser much, however small the step.
#[derive(Default)]
struct Room {
    /// Bytes of the source so far, and those for which there is memory.
    n_bytes: usize,
    made_for: usize,
}

impl Room {
    /// Bytes of a source for which memory is made at the least.
    const LEAST: usize = 8 << 20;

    fn make_for(&mut self, n_bytes: usize) -> Result<(), JsValue> {
        self.n_bytes += n_bytes;
        if self.n_bytes <= self.made_for {
            return memory::make_room("the file", 0).map_err(throw);
        }
        self.made_for = (self.n_bytes + self.n_bytes / 2).max(Self::LEAST);
        // Where there is not so much in one piece, there may be enough for what comes.
        let least = memory::make_room("the file", n_bytes);
        memory::make_room("the file", self.made_for / 3).or(least).map_err(throw)
    }
}

/// Rows that can be asked.
#[wasm_bindgen]
pub struct Dataset(engine::Dataset);

#[wasm_bindgen]
impl Dataset {
    /// The columns: `[{ name, type, role, nulls, bytes, scale?, unit? }]`.
    pub fn schema(&self) -> Result<JsValue, JsValue> {
        plain(&self.0.columns())
    }

    /// How many rows there are.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> f64 {
        self.0.n_rows() as f64
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

    /// Takes rows in behind the others: text in that format, or in the data set's own. Tells what became of them.
    pub fn append(&mut self, bytes: &[u8], format: JsValue) -> Result<JsValue, JsValue> {
        memory::make_room("appending rows", bytes.len()).map_err(throw)?;
        plain(&self.0.append(bytes, read("the format", format)?).map_err(throw)?)
    }
}

/// Bytes that JavaScript owns.
fn bytes(bytes: &[u8]) -> js_sys::Uint8Array {
    js_sys::Uint8Array::from(bytes)
}

/// Says a panic in the console before the instance is lost.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&JsValue::from_str(&panic.to_string()))));
}
