//! The distinct texts of a column, which all buckets share: each holds codes alone.

use std::sync::Arc;

use arrow_array::{Array, StringArray};

use crate::kernel::dictionary::Dictionary;
use crate::kernel::values::{Data, Texts, Values};
use crate::{Error, Result};

/// A text that was not looked up yet.
const UNSEEN: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Interned {
    dictionary: Dictionary,
    /// Of each text, its place among those that are being given; else none.
    given: Vec<u32>,
}

impl Interned {
    /// Texts of any dictionary as integers, their codes here.
    ///
    /// # Errors
    ///
    /// When there are more than 2 GiB of distinct text.
    pub(super) fn take(&mut self, values: Values) -> Result<Values> {
        let Data::Codes(codes, texts) = &values.data else { return Err(not_texts()) };
        let mut known = vec![UNSEEN; texts.0.len()];
        let mut ints = Vec::with_capacity(codes.len());
        for (row, &code) in codes.iter().enumerate() {
            if !values.is_valid(row) {
                ints.push(0);
                continue;
            }
            let code = &mut known[code as usize];
            if *code == UNSEEN {
                *code = self.dictionary.code(texts.get(codes[row]).as_bytes())?;
            }
            ints.push(i64::from(*code));
        }
        self.given.resize(self.dictionary.len(), UNSEEN);
        Ok(Values { data: Data::Ints(ints), valid: values.valid })
    }

    /// The texts of such integers, with a dictionary of no others: what a fold does for each text of it, it does for those
    /// that rows have.
    ///
    /// # Errors
    ///
    /// When the values are no such integers.
    pub(super) fn give(&mut self, values: &Values) -> Result<Values> {
        let Data::Ints(ints) = &values.data else { return Err(not_texts()) };
        let mut own: Vec<u32> = vec![];
        let mut codes = Vec::with_capacity(ints.len());
        for (row, &int) in ints.iter().enumerate() {
            if !values.is_valid(row) {
                codes.push(0);
                continue;
            }
            let place = &mut self.given[int as usize];
            if *place == UNSEEN {
                *place = own.len() as u32;
                own.push(int as u32);
            }
            codes.push(*place);
        }
        let text = |&code: &u32| std::str::from_utf8(self.dictionary.get(code)).map_err(|_| not_texts());
        let mut texts = own.iter().map(text).collect::<Result<Vec<_>>>()?;
        if own.is_empty() {
            texts.push(""); // nulls point at something
        }
        let texts = StringArray::from_iter_values(texts);
        own.iter().for_each(|&code| self.given[code as usize] = UNSEEN);
        Ok(Values { data: Data::Codes(codes, Texts(Arc::new(texts))), valid: values.valid.clone() })
    }

    pub(super) fn len(&self) -> usize {
        self.dictionary.len()
    }

    pub(super) fn size(&self) -> usize {
        self.dictionary.size() + 4 * self.given.capacity()
    }
}

fn not_texts() -> Error {
    Error::bad_state("a column of texts came as something else")
}
