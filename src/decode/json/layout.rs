//! How records lie in a JSON text: one on each line, in an array, or somewhere within a document.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::scan::{Fault, pass, string, value, white};
use crate::decode::Format;
use crate::decode::kind::sounds_like_time;
use crate::decode::records::Next;

/// Lines of which most must be objects.
const LINES: usize = 10;

/// How the records of a text lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::decode) enum Lie {
    /// Each on a line.
    #[default]
    Lines,
    /// One behind the other.
    Values,
    /// As the elements of an array that is the whole text.
    Elements,
    /// As the elements of the largest array of objects within the object that is the whole text.
    Document,
}

/// How the records of a text lie, and which of their arrays has the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::decode) struct Layout {
    pub(super) lie: Lie,
    /// The array of a record whose elements are rows.
    pub(super) events: Option<String>,
}

/// The format of a text that begins with a brace or a bracket; `None` where it is no JSON.
pub(in crate::decode) fn format_of(sample: &[u8], are_all: bool) -> Option<Format> {
    let start = white(sample, 0);
    let is_cut = |fault: Fault| fault.at >= sample.len() && !are_all;
    let is_object = |line: &[u8]| line.first() == Some(&b'{') && is_whole(line);
    match value(sample, start, 0) {
        Ok(end) => {
            let rest = white(sample, end);
            let is_alone = rest == sample.len() && are_all;
            let is_line = memchr::memchr(b'\n', &sample[start..end]).is_none();
            let is_next_line = memchr::memchr(b'\n', &sample[end..rest]).is_some() || rest == sample.len();
            Some(if sample[start] == b'{' && is_line && is_next_line && !is_alone { Format::Ndjson } else { Format::Json })
        }
        Err(fault) if is_cut(fault) => {
            let is_line = memchr::memchr(b'\n', &sample[start..]).is_none() && sample[start] == b'{';
            Some(if is_line { Format::Ndjson } else { Format::Json })
        }
        // A broken line may stand before others that are not.
        Err(_) => {
            let mut lines: Vec<&[u8]> = sample.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).collect();
            if !are_all {
                lines.pop();
            }
            lines.retain(|line| !line.is_empty());
            lines.truncate(LINES);
            let n_objects = lines.iter().filter(|line| is_object(line)).count();
            let begins_array = sample[start] == b'[' && matches!(sample.get(white(sample, start + 1)), Some(b'{'));
            match () {
                () if 2 * n_objects > lines.len() => Some(Format::Ndjson),
                () if begins_array => Some(Format::Json),
                () => None,
            }
        }
    }
}

pub(super) fn is_whole(text: &[u8]) -> bool {
    value(text, 0, 0).is_ok_and(|end| white(text, end) == text.len())
}

impl Lie {
    /// How the records of a JSON document lie that begins with these bytes.
    pub(super) fn of(sample: &[u8]) -> Self {
        let start = white(sample, 0);
        if sample.get(start) == Some(&b'[') {
            return Self::Elements;
        }
        match value(sample, start, 0) {
            Ok(end) if white(sample, end) < sample.len() => Self::Values,
            _ => Self::Document,
        }
    }
}

/// Finds records as they lie.
#[derive(Debug)]
pub(super) struct Finder {
    lie: Lie,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Before,
    Inside,
    Behind,
}

impl Finder {
    pub(super) fn new(lie: Lie) -> Self {
        Self { lie, state: if lie == Lie::Values { State::Inside } else { State::Before } }
    }

    pub(super) fn lie(&self) -> Lie {
        self.lie
    }

    /// What begins at `at`, lines apart. `events` are rows of a record that is the document.
    pub(super) fn next(&mut self, bytes: &[u8], at: usize, at_end: bool, events: Option<&str>) -> Next {
        let start = white(bytes, at);
        if start == bytes.len() {
            return if start > at { Next::Nothing { next: start } } else { Next::Partial };
        }
        match (self.lie, self.state, bytes[start]) {
            (Lie::Document, State::Before, _) if !at_end => Next::Partial,
            (Lie::Document, State::Before, _) => {
                let whole = value(bytes, start, 0).ok();
                let array = if events.is_some() { None } else { largest_array(bytes, start) };
                match (whole, array) {
                    (Some(_), Some(array)) => {
                        self.state = State::Inside;
                        Next::Nothing { next: array + 1 }
                    }
                    (end, _) => {
                        self.state = State::Behind;
                        Next::Record { record: start..end.unwrap_or(bytes.len()), next: end.unwrap_or(bytes.len()) }
                    }
                }
            }
            // What follows the array belongs to the same document, which is whole.
            (Lie::Document, State::Behind, _) => Next::Nothing { next: bytes.len() },
            (Lie::Elements, State::Before, b'[') => {
                self.state = State::Inside;
                Next::Nothing { next: start + 1 }
            }
            (Lie::Elements | Lie::Document, State::Inside, b']') => {
                self.state = State::Behind;
                Next::Nothing { next: start + 1 }
            }
            (Lie::Elements | Lie::Document, State::Inside, b',') => Next::Nothing { next: start + 1 },
            (_, State::Inside, _) => match balanced(bytes, start, at_end) {
                Some(end) => Next::Record { record: start..end, next: end },
                None => Next::Partial,
            },
            // No array begins here, or something follows it.
            (..) if !at_end => Next::Partial,
            (..) => Next::Record { record: start..bytes.len(), next: bytes.len() },
        }
    }
}

/// Where the value at `start` ends, by its brackets and strings alone.
fn balanced(bytes: &[u8], start: usize, at_end: bool) -> Option<usize> {
    let (mut depth, mut at) = (0usize, start);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = closing_quote(bytes, at + 1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at.max(start + 1)),
            b'}' | b']' if depth == 1 => return Some(at + 1),
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\n' | b'\t' | b'\r' if depth == 0 => return Some(at.max(start + 1)),
            _ => {}
        }
        at += 1;
    }
    (at_end && depth == 0).then_some(bytes.len())
}

fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[found] == b'"' {
            return Some(found);
        }
        at = found + 2;
    }
}

/// Where the array with the most objects begins in the object at `start`, among those that no other array is around.
fn largest_array(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut best, mut most) = (None, 0);
    let mut objects = vec![start];
    while let Some(object) = objects.pop() {
        for (_, range) in members(bytes, object) {
            match bytes[range.start] {
                b'{' => objects.push(range.start),
                b'[' => {
                    let n_objects = elements(bytes, range.start).filter(|element| bytes[element.start] == b'{').count();
                    if n_objects > most {
                        (best, most) = (Some(range.start), n_objects);
                    }
                }
                _ => {}
            }
        }
    }
    best
}

/// The members of the valid object at `start`: where their keys, with their quotes, and their values are.
pub(super) fn members(bytes: &[u8], start: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let mut at = white(bytes, start + 1);
    std::iter::from_fn(move || {
        let key = string(bytes, at).ok()?;
        let from = pass(bytes, white(bytes, key.next()), b':', "").ok()?;
        let end = value(bytes, from, 0).ok()?;
        at = pass(bytes, white(bytes, end), b',', "").unwrap_or(bytes.len());
        Some((key.start..key.end, from..end))
    })
}

/// Where the elements of the valid array at `start` are.
pub(super) fn elements(bytes: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = white(bytes, start + 1);
    std::iter::from_fn(move || {
        let from = at;
        let end = value(bytes, from, 0).ok()?;
        at = pass(bytes, white(bytes, end), b',', "").unwrap_or(bytes.len());
        Some(from..end)
    })
}

/// The array of a record whose elements are events: objects with a time, where the record itself has none.
pub(super) fn events_of(record: &[u8]) -> Option<String> {
    if record.first() != Some(&b'{') || !is_whole(record) {
        return None;
    }
    let name = |key: Range<usize>| String::from_utf8_lossy(&record[key]).into_owned();
    let has_time = |object: usize| members(record, object).any(|(key, _)| sounds_like_time(&name(key)));
    if has_time(0) {
        return None;
    }
    let is_of_events = |value: &Range<usize>| {
        record[value.start] == b'['
            && elements(record, value.start).next().is_some_and(|first| record[first.start] == b'{' && has_time(first.start))
    };
    members(record, 0).find(|(_, value)| is_of_events(value)).map(|(key, _)| name(key))
}
