//! JSONTestSuite: what is valid JSON is taken, what is not is refused, and no text of it is too much for the loader.
//!
//! Needs the folder `CLICKFOLD_SHARED` (by default `../shared`); without it these tests pass over.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod shared;

use std::fs;

use clickfold::decode::json::check;
use clickfold::engine::{LoadOptions, Loader};
use shared::shared;

/// Texts that may be taken or not (`i_`), and are refused here: they are not UTF-8, or nested deeper than 128.
const REFUSED: [&str; 14] = [
    "i_string_UTF-16LE_with_BOM.json",
    "i_string_UTF-8_invalid_sequence.json",
    "i_string_UTF8_surrogate_U+D800.json",
    "i_string_invalid_utf-8.json",
    "i_string_iso_latin_1.json",
    "i_string_lone_utf8_continuation_byte.json",
    "i_string_not_in_unicode_range.json",
    "i_string_overlong_sequence_2_bytes.json",
    "i_string_overlong_sequence_6_bytes.json",
    "i_string_overlong_sequence_6_bytes_null.json",
    "i_string_truncated-utf-8.json",
    "i_string_utf16BE_no_BOM.json",
    "i_string_utf16LE_no_BOM.json",
    "i_structure_500_nested_arrays.json",
];

#[test]
fn texts_are_taken_or_refused_as_they_should_be() {
    let Some(folder) = shared("json_suite") else { return };
    let (mut n_taken, mut n_refused, mut wrong) = (0, 0, vec![]);
    for entry in fs::read_dir(folder.join("test_parsing")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read(&path).unwrap();
        let is_taken = check(&text).is_ok();
        let should_be = match name.as_bytes()[0] {
            b'y' => true,
            b'n' => false,
            _ => !REFUSED.contains(&name.as_str()) && name != "i_structure_UTF-8_BOM_empty_object.json",
        };
        if is_taken != should_be {
            wrong.push(name);
        }
        n_taken += usize::from(is_taken);
        n_refused += usize::from(!is_taken);
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(n_taken + n_refused, 318);
}

#[test]
fn every_text_is_loaded_or_refused_in_any_chunks() {
    let Some(folder) = shared("json_suite") else { return };
    for entry in fs::read_dir(folder.join("test_parsing")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read(&path).unwrap();
        let load = |chunk: usize| {
            let options: LoadOptions = serde_json::from_str(r#"{"format": {"kind": "json"}}"#).unwrap();
            let mut loader = Loader::new(options).unwrap();
            text.chunks(chunk).try_for_each(|piece| loader.push(piece))?;
            loader.finish()
        };
        let told =
            |chunk| load(chunk).map(|data| (data.n_rows(), data.report().rejects.clone())).map_err(|error| error.to_string());
        let whole = told(text.len().max(1));
        for chunk in [1, 2, 3, 7] {
            assert_eq!(told(chunk), whole, "{} in chunks of {chunk}", path.display());
        }
    }
}
