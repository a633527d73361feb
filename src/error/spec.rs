//! Reads JSON that people write, questions and recipes: each key that is asked for is a known one, any other is an error that
//! names the nearest.

use serde_json::{Map, Value};

use super::{Error, Result, nearest};

/// A JSON object being read.
#[derive(Debug)]
pub struct Spec<'a> {
    /// What the object is, for messages: `the query`, `measure "views"`.
    what: String,
    map: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Spec<'a> {
    /// Begins on `value`, which `what` names.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is no object.
    pub fn new(what: impl Into<String>, value: &'a Value) -> Result<Self> {
        let what = what.into();
        let map =
            value.as_object().ok_or_else(|| Error::bad_query(format!("{what} must be an object, found {}", kind(value))))?;
        Ok(Self { what, map, known: vec![] })
    }

    /// The value of a key; `null` is as good as absent.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is not.
    pub fn need(&mut self, key: &'static str) -> Result<&'a Value> {
        self.get(key).ok_or_else(|| Error::bad_query(format!("{} lacks the key {key:?}", self.what)).at_column(key))
    }

    /// The text of a key.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is no string.
    pub fn text(&mut self, key: &'static str) -> Result<Option<&'a str>> {
        self.get(key).map(|value| value.as_str().ok_or_else(|| self.wrong(key, "a string", value))).transpose()
    }

    /// Which of the known words stands under a key.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is none of them, naming the nearest.
    pub fn one_of(&mut self, key: &'static str, known: &[&str]) -> Result<Option<usize>> {
        let Some(word) = self.text(key)? else { return Ok(None) };
        let at = known.iter().position(|known| *known == word);
        at.map(Some).ok_or_else(|| unknown(&format!("{key:?} {word:?}"), word, known))
    }

    /// The count of a key.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is no whole number from 0 on.
    pub fn count(&mut self, key: &'static str) -> Result<Option<u64>> {
        self.get(key).map(|value| whole(value).ok_or_else(|| self.wrong(key, "a whole number, 0 or more", value))).transpose()
    }

    /// The list of a key; empty when absent.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is no list.
    pub fn list(&mut self, key: &'static str) -> Result<&'a [Value]> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(value) => Err(self.wrong(key, "a list", value)),
        }
    }

    /// The list of texts of a key; empty when absent.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is no list of strings.
    pub fn texts(&mut self, key: &'static str) -> Result<Vec<String>> {
        let list = self.list(key)?;
        list.iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(|| self.wrong(key, "a list of strings", value)))
            .collect()
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when the object has a key that was not asked for.
    pub fn finish(self) -> Result<()> {
        match self.map.keys().find(|key| !self.known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(unknown(&format!("key {key:?} in {}", self.what), key, &self.known)),
        }
    }

    fn wrong(&self, key: &str, expected: &str, found: &Value) -> Error {
        Error::bad_query(format!("{key:?} in {} must be {expected}, found {}", self.what, kind(found))).at_column(key)
    }
}

/// A whole number from 0 on, also as JavaScript writes one.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|v| v.fract() == 0.0 && (0.0..9e15).contains(v)).map(|v| v as u64))
}

/// The error for a name that is none of the known ones.
pub fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    let near = nearest(name, known.iter().copied());
    let hint = match near.first() {
        Some(first) => format!("did you mean {first:?}?"),
        None => format!("known are {}", known.join(", ")),
    };
    Error::bad_query(format!("unknown {what}; {hint}")).at_column(name).with_candidates(near)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
