//! Files of which only the wanted ranges are read.

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::asked::answers_to;
use super::{Dataset, load_options, memory, throw, with_zones};
use crate::decode::Need;
use crate::engine;

/// Takes the pieces of a Parquet or Arrow file that are wanted.
#[wasm_bindgen]
pub struct RangedLoader(engine::RangedLoader);

#[wasm_bindgen]
impl RangedLoader {
    /// A loader of a file of `file_size` bytes, of which `tail` are the last; where more of them are needed, `need` is told how
    /// many, and there is none. For the rest see `Loader`.
    pub fn open(
        tail: &[u8],
        file_size: f64,
        options: JsValue,
        queries: JsValue,
        zones: &Function,
        need: &Function,
    ) -> Result<Option<RangedLoader>, JsValue> {
        let options = with_zones(load_options(options, Some(zones))?, zones)?;
        let answers = answers_to(queries, zones, &options, 0.0)?;
        match engine::RangedLoader::open(tail, file_size as u64, options, answers).map_err(throw)? {
            Need::Nothing(loader) => Ok(Some(Self(loader))),
            Need::More(n_bytes) => need.call1(&JsValue::NULL, &JsValue::from_f64(n_bytes as f64)).map(|_| None),
        }
    }

    /// Where the bytes are that it wants next, `[[from, to], …]`; nothing where it wants no more.
    #[wasm_bindgen(js_name = nextRanges)]
    pub fn next_ranges(&self) -> Option<Array> {
        let pair = |range: std::ops::Range<u64>| Array::of2(&(range.start as f64).into(), &(range.end as f64).into());
        self.0.next_ranges().map(|ranges| ranges.into_iter().map(pair).collect())
    }

    /// Takes the bytes of those ranges.
    pub fn push(&mut self, bytes: Vec<Uint8Array>) -> Result<(), JsValue> {
        let n_bytes: usize = bytes.iter().map(|bytes| bytes.length() as usize).sum();
        // Packed values may unpack to several times as much.
        memory::make_room("the file", 4 * n_bytes).map_err(throw)?;
        let bytes: Vec<Vec<u8>> = bytes.iter().map(Uint8Array::to_vec).collect();
        self.0.push(&bytes.iter().map(Vec::as_slice).collect::<Vec<_>>()).map_err(throw)
    }

    /// Rows read so far.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> f64 {
        self.0.n_rows() as f64
    }

    /// Rows rejected so far: none are.
    #[wasm_bindgen(getter)]
    pub fn rejected(&self) -> f64 {
        0.0
    }

    /// Ends the file.
    pub fn finish(self) -> Result<Dataset, JsValue> {
        self.0.finish().map(Dataset).map_err(throw)
    }
}
