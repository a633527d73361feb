//! Values that a column's rows refer to by their places in a list: texts are looked at once for each batch.

use super::typed::{Typed, code_of};
use crate::Result;

/// The values of a column's dictionary.
#[derive(Debug)]
pub(super) enum Known {
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
    Texts(Texts),
}

/// Texts one behind the other.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The code that each has in the batch being filled, plus one.
    codes: Vec<u32>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        self.codes.push(0);
    }
}

impl Known {
    /// Forgets which codes the texts had in the batch before.
    pub(super) fn begin_batch(&mut self) {
        if let Self::Texts(texts) = self {
            texts.codes.fill(0);
        }
    }

    /// Takes the values at some places into a column; `None` where there is none at one.
    ///
    /// # Errors
    ///
    /// When the texts outgrow 2 GiB.
    pub(super) fn look_up(&mut self, places: &[u32], values: &mut Typed) -> Result<Option<()>> {
        match self {
            Self::Narrow(known) => {
                for &place in places {
                    let Some(&value) = known.get(place as usize) else { return Ok(None) };
                    values.narrow.push(value);
                }
            }
            Self::Wide(known) => {
                for &place in places {
                    let Some(&value) = known.get(place as usize) else { return Ok(None) };
                    values.wide.push(value);
                }
            }
            Self::Texts(Texts { bytes, ends, codes }) => {
                for &place in places {
                    let place = place as usize;
                    let Some(code) = codes.get_mut(place) else { return Ok(None) };
                    if *code == 0 {
                        let start = if place == 0 { 0 } else { ends[place - 1] };
                        *code = code_of(&mut values.dictionary, &bytes[start..ends[place]])? + 1;
                    }
                    values.narrow.push(i64::from(*code - 1));
                }
            }
        }
        Ok(Some(()))
    }
}
