//! Parts of a file, and the data sets that share its rows.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::asked::answers_to;
use super::{Dataset, bytes, load_options, memory, plain, read, throw, with_zones};
use crate::decode::Shape;
use crate::engine;
use crate::event::ColumnType;
use crate::store;

/// What the first bytes of a file, or all of them, say of the whole; nothing where they do not tell.
#[wasm_bindgen(js_name = shapeOf)]
pub fn shape_of(bytes: &[u8], are_all: bool, options: JsValue) -> Result<JsValue, JsValue> {
    let options = load_options(options, None)?.decoding().map_err(throw)?;
    match Shape::of(bytes, are_all, &options).map_err(throw)? {
        Some(shape) => plain(&shape),
        None => Ok(JsValue::UNDEFINED),
    }
}

/// Whether a source that begins so is plainly CSV, or no table at all: the core of a first visit reads it, or refuses it.
#[wasm_bindgen(js_name = isPlainCsv)]
pub fn is_plain_csv(bytes: &[u8], are_all: bool) -> bool {
    crate::decode::is_plain_csv(bytes, are_all)
}

/// The label of the encoding that a text's first bytes, or all of them, are written in.
#[cfg(feature = "formats")]
#[wasm_bindgen(js_name = guessEncoding)]
pub fn guess_encoding(bytes: &[u8], are_all: bool) -> String {
    if crate::decode::is_no_text(bytes) { "utf-8".to_owned() } else { crate::kernel::encoding::guess(bytes, are_all).to_owned() }
}

/// The types that hold the values of all parts, which are of these types.
#[wasm_bindgen(js_name = joinTypes)]
pub fn join_types(types: JsValue) -> Result<JsValue, JsValue> {
    let types: Vec<Vec<ColumnType>> = read("the types", types)?;
    let join = |joined: Vec<ColumnType>, types: Vec<ColumnType>| joined.into_iter().zip(types).map(|(a, b)| a.join(b)).collect();
    plain(&types.into_iter().filter(|types| !types.is_empty()).reduce(join).unwrap_or_default())
}

/// Makes memory for the rows of so many bytes of a file, where there is as much as they may need at the most.
#[wasm_bindgen(js_name = makeRoom)]
pub fn make_room(n_bytes: f64) {
    let _ = memory::make_room("the file", (n_bytes / 2.0) as usize);
}

/// Takes the bytes of one part of a file.
#[wasm_bindgen]
pub struct PartLoader {
    loader: engine::PartLoader,
    /// What its bytes are for.
    what: &'static str,
}

#[wasm_bindgen]
impl PartLoader {
    /// A loader of the records that begin from byte `from` on and before `to`; `exact` says that one begins at `from`. It
    /// keeps all rows, or only the answers to some `queries`: then their places in the data begin at `place`, and `types`
    /// are those of parts that were read before; for `zones` see `Dataset.ask`.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::too_many_arguments, reason = "JavaScript's objects would be read into a type of their own")]
    pub fn new(
        options: JsValue,
        shape: JsValue,
        from: f64,
        to: f64,
        exact: bool,
        queries: JsValue,
        zones: &js_sys::Function,
        place: f64,
        types: JsValue,
    ) -> Result<PartLoader, JsValue> {
        let (options, mut shape) = (load_options(options, Some(zones))?, read::<Shape>("the shape", shape)?);
        for types in read::<Vec<Vec<ColumnType>>>("the types", types)? {
            shape = shape.widened(&types);
        }
        let answers = answers_to(queries, zones, &options, place)?;
        let what = if answers.is_some() { "answering" } else { "the file" };
        let loader = engine::PartLoader::new(&options, &shape, from as u64, to as u64, exact, answers).map_err(throw)?;
        Ok(Self { loader, what })
    }

    /// The byte of the file from which on it wants to be given bytes.
    #[wasm_bindgen(getter, js_name = firstByte)]
    pub fn first_byte(&self) -> f64 {
        self.loader.first_byte() as f64
    }

    /// Takes the file's next bytes; says whether it needs more.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool, JsValue> {
        memory::make_room(self.what, bytes.len()).map_err(throw)?;
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

    /// Ends the part.
    pub fn finish(self) -> Result<LoadedPart, JsValue> {
        self.loader.finish().map(LoadedPart).map_err(throw)
    }
}

/// A part of a file that was read.
#[wasm_bindgen]
pub struct LoadedPart(engine::LoadedPart);

#[wasm_bindgen]
impl LoadedPart {
    /// Bytes that its rows take, its texts apart.
    #[wasm_bindgen(getter, js_name = bytesOfRows)]
    pub fn bytes_of_rows(&self) -> f64 {
        self.0.bytes_of_rows() as f64
    }

    /// What the other parts must know.
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        plain(&self.0.summary())
    }
}

/// Rows that leave for the data sets that own their actors.
#[wasm_bindgen]
pub struct Exchange(pub(super) store::Exchange);

/// Rows for one of them.
#[derive(Serialize)]
struct Given {
    to: usize,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    rows: js_sys::Uint8Array,
}

#[wasm_bindgen]
impl Dataset {
    /// The rows of some parts, or of all where they are `alone`, each with the place of its first row in the whole data, and
    /// the types of all parts. Where they keep the answers to some `queries`, those.
    #[wasm_bindgen(js_name = ofParts)]
    #[expect(clippy::too_many_arguments, reason = "JavaScript's objects would be read into a type of their own")]
    pub fn of_parts(
        options: JsValue,
        shape: JsValue,
        parts: Vec<LoadedPart>,
        first_rows: Vec<u32>,
        types: JsValue,
        alone: bool,
        queries: JsValue,
        zones: &js_sys::Function,
    ) -> Result<Dataset, JsValue> {
        let parts = parts.into_iter().map(|part| part.0).zip(first_rows).collect();
        let types: Vec<Vec<ColumnType>> = read("the types", types)?;
        let options = with_zones(load_options(options, Some(zones))?, zones)?;
        let answers = answers_to(queries, zones, &options, 0.0)?;
        engine::Dataset::of_parts(options, &read("the shape", shape)?, parts, &types, alone, answers).map(Dataset).map_err(throw)
    }

    /// The columns' types, for others to settle on.
    pub fn types(&self) -> Result<JsValue, JsValue> {
        plain(&self.0.types())
    }

    /// Widens the columns to hold those of the other data sets; all of them are called by `names`.
    pub fn settle(&mut self, types: JsValue, names: Vec<String>) -> Result<(), JsValue> {
        let types: Vec<Vec<ColumnType>> = read("the types", types)?;
        memory::make_room("holding the columns as their widest values", self.0.bytes_to_settle(&types)).map_err(throw)?;
        self.0.settle(&types, &names).map_err(throw)
    }

    /// Gives the columns roles by their names and types, as after loading.
    #[wasm_bindgen(js_name = guessRoles)]
    pub fn guess_roles(&mut self) -> Result<(), JsValue> {
        self.0.guess_roles().map_err(throw)
    }

    /// Makes memory for an exchange.
    #[wasm_bindgen(js_name = makeRoomToExchange)]
    pub fn make_room_to_exchange(&self) -> Result<(), JsValue> {
        memory::make_room("bringing each actor's rows to one worker", self.0.bytes_to_exchange()).map_err(throw)
    }

    /// Says that rows of any actor come to one of the data sets.
    pub fn mix(&mut self) {
        self.0.mix();
    }

    /// Says where in the whole data the rows appended next are.
    #[wasm_bindgen(js_name = goOnAt)]
    pub fn go_on_at(&mut self, place: u32) {
        self.0.go_on_at(place);
    }

    /// Begins to give each actor's rows to one of `n` data sets, of which this is number `me`.
    pub fn exchange(&mut self, n: usize, me: usize) -> Result<Exchange, JsValue> {
        self.0.exchange(n, me).map(Exchange).map_err(throw)
    }

    /// The next rows that go, `[{ to, rows }]`; nothing when there are none left.
    pub fn give(&mut self, exchange: &mut Exchange) -> Result<JsValue, JsValue> {
        let Some(given) = self.0.give(&mut exchange.0).map_err(throw)? else { return Ok(JsValue::UNDEFINED) };
        let all = js_sys::Array::new();
        for given in given {
            all.push(&plain(&Given { to: given.to, rows: bytes(&given.rows) })?);
        }
        Ok(all.into())
    }

    /// Takes in rows that another data set gave.
    #[wasm_bindgen(js_name = takeIn)]
    pub fn take_in(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        memory::make_room("bringing each actor's rows to one worker", bytes.len()).map_err(throw)?;
        self.0.take_in(bytes).map_err(throw)
    }

    /// Ends the exchange: all rows were given and have come.
    #[wasm_bindgen(js_name = endExchange)]
    pub fn end_exchange(&mut self) -> Result<(), JsValue> {
        self.0.end_exchange().map_err(throw)
    }
}
