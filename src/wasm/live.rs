//! Questions that are watched while rows keep coming.

use js_sys::{Array, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::asked::zones_named;
use super::{Dataset, bytes, memory, plain, read, throw};
use crate::engine::{Told, Watch};
use crate::frame;
use crate::query::Query;

/// A window, its bounds in milliseconds of 1970.
#[derive(Serialize)]
struct WindowTold {
    start: f64,
    end: f64,
    provisional: bool,
}

#[wasm_bindgen]
impl Dataset {
    /// Follows a question: `{ query, window?, show?, movement?, closes? }`; for `zones` see `Dataset.ask`. Gives its number.
    pub fn watch(&mut self, watch: JsValue, zones: &js_sys::Function) -> Result<u32, JsValue> {
        let watch: Watch = read("what is watched", watch)?;
        memory::make_room("watching", self.0.size() / 2).map_err(throw)?;
        let names = Query::parse(&watch.query).map_err(throw)?.zones();
        let own = watch.window.iter().filter_map(|window| window.timezone.clone());
        let zones = zones_named(names.into_iter().chain(own), zones)?;
        self.0.watch(watch, &zones).map_err(throw)
    }

    /// No longer follows a question.
    pub fn unwatch(&mut self, number: u32) {
        self.0.unwatch(number);
    }

    /// The answer as it stands: `{ ipc, windows }`; nothing as long as no window has a row.
    pub fn look(&mut self, number: u32) -> Result<JsValue, JsValue> {
        let told = self.0.look(number).map_err(throw)?;
        told.map_or(Ok(JsValue::UNDEFINED), |told| self.told(&told))
    }

    /// The windows that have closed since the last time, oldest first, each as `look` gives it.
    pub fn closed(&mut self, number: u32) -> Result<Array, JsValue> {
        let closed = self.0.closed(number).map_err(throw)?;
        closed.iter().map(|told| self.told(told)).collect()
    }

    /// Says that it is so late by the stream's clock, in milliseconds of 1970.
    pub fn advance(&mut self, milliseconds: f64) -> Result<(), JsValue> {
        self.0.advance(milliseconds as i64).map_err(throw)
    }

    /// How far the stream has come: `{ newest, watermark, late, dropped }`; nothing where rows are not taken so.
    pub fn live(&self) -> Result<JsValue, JsValue> {
        self.0.live_state().map_or(Ok(JsValue::UNDEFINED), |state| plain(&state))
    }

    /// The last rows that came too late for a window that was watched, as an Arrow IPC stream.
    #[wasm_bindgen(js_name = lateRows)]
    pub fn late_rows(&self) -> Result<js_sys::Uint8Array, JsValue> {
        Ok(bytes(&frame::write(&self.0.late_rows().map_err(throw)?).map_err(throw)?))
    }

    fn told(&self, told: &Told) -> Result<JsValue, JsValue> {
        let per_millisecond = self.0.live_unit().per_second() as f64 / 1_000.0;
        let milliseconds = |time: i64| time as f64 / per_millisecond;
        let windows = told.windows.iter();
        let windows: Vec<WindowTold> = windows
            .map(|&(start, end, provisional)| WindowTold { start: milliseconds(start), end: milliseconds(end), provisional })
            .collect();
        let object = Object::new();
        Reflect::set(&object, &"ipc".into(), &bytes(&frame::write(&told.table).map_err(throw)?))?;
        Reflect::set(&object, &"windows".into(), &plain(&windows)?)?;
        Ok(object.into())
    }
}
