//! JSON, from bytes in any chunking to typed batches: objects one on each line, in an array, or within a document.
//!
//! A record is an object, and becomes a row. Values within objects have the keys around them joined by dots as their
//! column's name. Where the objects of one of its arrays have times and the record itself has none, these events are the
//! rows, and what the record says besides is said of each. Pairs of a `key` and a `value`, as analytics exports have
//! them, are columns by their keys; other arrays are kept as text. A string that is empty or spells a number is
//! taken as a CSV's cell would be.

mod keys;
mod layout;
mod scan;

use std::ops::Range;

use super::cells::Span;
use super::column::first_kind;
use super::part::Shape;
use super::records::{Cutter, Next, Rows};
use super::{Format, Options};
use crate::{Error, Result};
use keys::{EVENT, Keys, MOST_COLUMNS, RECORD};
use layout::{Finder, Lie, elements, events_of, members};
pub(super) use layout::{Layout, format_of};
pub use scan::check;
use scan::{Fault, Scan, fault, number, pass, string, unescape, value, white, word};

/// Records of the sample that are looked at.
const SAMPLED: usize = 200;
/// Bytes of a document that is no array, or of its array.
const LONGEST_DOCUMENT: usize = 1 << 30;
/// A number whose exponent is larger is kept as it is written.
const MOST_EXPONENT: i32 = 36;

/// Cuts JSON objects into cells.
#[derive(Debug)]
pub(super) struct Json {
    keys: Keys,
    events: Option<String>,
    finder: Finder,
    /// The cells that a record with events has beside them.
    around: Vec<(usize, Span)>,
}

impl Json {
    pub(super) fn new(names: &[String], layout: &Layout) -> Self {
        let keys = Keys::new(names, layout.events.as_deref());
        Self { keys, events: layout.events.clone(), finder: Finder::new(layout.lie), around: vec![] }
    }
}

impl Cutter for Json {
    fn next(&mut self, bytes: &[u8], at: usize, at_end: bool) -> Next {
        if self.finder.lie() == Lie::Lines {
            return super::records::next_line(bytes, at, at_end);
        }
        self.finder.next(bytes, at, at_end, self.events.as_deref())
    }

    fn cut(&mut self, bytes: &[u8], record: Range<usize>, rows: &mut Rows) -> std::result::Result<(), String> {
        let (text, base) = (&bytes[..record.end], record.start);
        let cut = Cut {
            keys: &mut self.keys,
            text,
            rows,
            around: &mut self.around,
            events: self.events.as_deref(),
            array: None,
            is_event: false,
        };
        cut.record(white(text, base)).map_err(|Fault { at, expected }| {
            if expected == TOO_MANY {
                expected.to_owned()
            } else {
                format!("not valid JSON at character {}: expected {expected}", at - base + 1)
            }
        })
    }

    fn names(&self) -> &[String] {
        self.keys.names()
    }

    fn longest(&self) -> usize {
        if self.finder.lie() == Lie::Document { LONGEST_DOCUMENT } else { super::LONGEST_RECORD }
    }

    fn goes_on_with_lines(&self) -> bool {
        self.finder.lie() == Lie::Lines
    }
}

/// Objects within objects that are followed; deeper ones are kept as text.
const MOST_DEPTH: usize = 100;
const TOO_MANY: &str = "the objects have more than 2,000 different keys: these are data, not names of columns";
const _: () = assert!(MOST_COLUMNS == 2_000);

/// One record being cut.
struct Cut<'a> {
    keys: &'a mut Keys,
    text: &'a [u8],
    rows: &'a mut Rows,
    around: &'a mut Vec<(usize, Span)>,
    events: Option<&'a str>,
    /// Where the record's events begin.
    array: Option<usize>,
    is_event: bool,
}

impl Cut<'_> {
    fn record(mut self, at: usize) -> Scan<()> {
        if self.text.get(at) != Some(&b'{') {
            return fault(at, "an object");
        }
        self.around.clear();
        let end = white(self.text, self.object(at, RECORD, 0)?);
        if end < self.text.len() {
            return fault(end, "nothing behind the object");
        }
        let Some(array) = self.array else {
            self.rows.end_row();
            return Ok(());
        };
        self.is_event = true;
        for event in elements(self.text, array) {
            if self.text[event.start] != b'{' {
                return fault(event.start, "an object");
            }
            self.around.iter().for_each(|&(column, cell)| self.rows.set(column, cell));
            self.object(event.start, EVENT, 1)?;
            self.rows.end_row();
        }
        Ok(())
    }

    /// Behind the object at `at`, whose cells belong to the row.
    fn object(&mut self, at: usize, node: usize, depth: usize) -> Scan<usize> {
        let text = self.text;
        let mut at = white(text, at + 1);
        if text.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        let mut place = 0;
        loop {
            let next = match text.get(at + 1..).and_then(|text| self.keys.find(node, place, text)) {
                Some((found, length)) if text[at] == b'"' => {
                    place = found;
                    at + 1 + length
                }
                _ => {
                    let next = string(text, at)?.next();
                    place = self.new_key(at, node)?;
                    next
                }
            };
            let child = self.keys.child(node, place);
            place += 1;
            at = pass(text, white(text, next), b':', "a colon")?;
            at = white(text, self.member(at, child, node, depth)?);
            match text.get(at) {
                Some(b',') => at = white(text, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return fault(at, "a comma or }"),
            }
        }
    }

    /// The place of the key at `at`, which did not come before.
    #[cold]
    fn new_key(&mut self, at: usize, node: usize) -> Scan<usize> {
        let key = string(self.text, at)?;
        let mut name = vec![];
        unescape(&self.text[key.start..key.end], &mut name);
        let place = self.keys.add(node, &self.text[key.start..=key.end], &String::from_utf8_lossy(&name));
        place.map_or_else(|| fault(at, TOO_MANY), Ok)
    }

    /// Behind the value at `at`, the keys down to it being `node`.
    #[inline]
    fn member(&mut self, at: usize, node: usize, parent: usize, depth: usize) -> Scan<usize> {
        let text = self.text;
        match text.get(at) {
            Some(b'"') => {
                let string = string(text, at)?;
                let cell = if string.has_escapes {
                    self.rows.cell(|out| unescape(&text[string.start..string.end], out))
                } else {
                    Span::of(string.start, string.end)
                };
                self.set(at, node, cell)?;
                Ok(string.next())
            }
            Some(b'0'..=b'9' | b'-') => {
                let (end, has_exponent) = number(text, at)?;
                let cell = if has_exponent { self.without_exponent(at, end) } else { Span::of(at, end) };
                self.set(at, node, cell)?;
                Ok(end)
            }
            Some(b'{') if depth < MOST_DEPTH => self.object(at, node, depth + 1),
            Some(b'[') => self.array(at, node, parent, depth),
            Some(b'n') => {
                let end = word(text, at)?;
                self.set(at, node, Span::default())?;
                Ok(end)
            }
            _ => {
                let end = value(text, at, depth)?;
                self.set(at, node, Span::of(at, end))?;
                Ok(end)
            }
        }
    }

    /// Behind the array at `at`: of events, of pairs of keys and values, or of what is kept as text.
    fn array(&mut self, at: usize, node: usize, parent: usize, depth: usize) -> Scan<usize> {
        let end = value(self.text, at, depth)?;
        if parent == RECORD && self.events.is_some_and(|events| events == self.keys.path(node)) {
            self.array = Some(at);
            return Ok(end);
        }
        let pairs = white(self.text, at + 1);
        if self.text[pairs..end].starts_with(b"{") && self.pairs(at, node)? {
            return Ok(end);
        }
        self.set(at, node, Span::of(at, end))?;
        Ok(end)
    }

    /// Sets the cells of an array of pairs of a key and a value, if it is one: as an export of Google Analytics has them in
    /// BigQuery, where the value is an object with one key for each type, of which one is not null.
    fn pairs(&mut self, at: usize, node: usize) -> Scan<bool> {
        let text = self.text;
        let pair = |element: Range<usize>| {
            let mut members = members(text, element.start);
            let (first, second) = (members.next()?, members.next()?);
            let is_pair = text[first.0] == *b"key" && text[first.1.start] == b'"' && text[second.0] == *b"value";
            (is_pair && members.next().is_none()).then_some((first.1, second.1))
        };
        let Some(pairs) =
            elements(text, at).map(|element| (text[element.start] == b'{').then(|| pair(element))?).collect::<Option<Vec<_>>>()
        else {
            return Ok(false);
        };
        for (key, said) in pairs {
            let place = match self.keys.find(node, 0, &text[key.start + 1..]) {
                Some((place, _)) => place,
                None => self.new_key(key.start, node)?,
            };
            let child = self.keys.child(node, place);
            let is_told = |value: &Range<usize>| text[value.start] != b'n';
            let of_types = |value: Range<usize>| members(text, value.start).map(|(_, value)| value).find(is_told);
            let told = if text[said.start] == b'{' { of_types(said) } else { Some(said).filter(is_told) };
            match told.map(|value| (value.start, text[value.start])) {
                None => self.set(at, child, Span::default())?,
                // A value of several values is kept as text.
                Some((at, b'{' | b'[')) => {
                    let end = value(text, at, 0)?;
                    self.set(at, child, Span::of(at, end))?;
                }
                Some((at, _)) => {
                    self.member(at, child, node, MOST_DEPTH)?;
                }
            }
        }
        Ok(true)
    }

    #[inline]
    fn set(&mut self, at: usize, node: usize, cell: Span) -> Scan<()> {
        let Some(column) = self.keys.column(node) else { return fault(at, TOO_MANY) };
        self.rows.set(column, cell);
        if self.events.is_some() && !self.is_event {
            self.around.push((column, cell));
        }
        Ok(())
    }

    /// The same number in digits alone, unless it is very large or small.
    fn without_exponent(&mut self, from: usize, to: usize) -> Span {
        let written = Span::of(from, to);
        let text = String::from_utf8_lossy(&self.text[from..to]).to_ascii_lowercase();
        let Some((mantissa, exponent)) = text.split_once('e') else { return written };
        let exponent = exponent.parse::<i32>().ok().filter(|exponent| exponent.abs() <= MOST_EXPONENT);
        let Some(exponent) = exponent else { return written };
        let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = format!("{whole}{part}");
        let mut point = whole.len() as i32 + exponent;
        if point <= 0 {
            digits.insert_str(0, &"0".repeat((1 - point) as usize));
            point = 1;
        }
        while digits.len() < point as usize {
            digits.push('0');
        }
        let (whole, part) = digits.split_at(point as usize);
        let whole = whole.trim_start_matches('0');
        let (whole, part) = (if whole.is_empty() { "0" } else { whole }, part.trim_end_matches('0'));
        let dot = if part.is_empty() { "" } else { "." };
        self.rows.cell(|out| out.extend_from_slice(format!("{sign}{whole}{dot}{part}").as_bytes()))
    }
}

/// What the first bytes of a JSON text say of the whole; `None` where they do not tell.
///
/// # Errors
///
/// `BAD_INPUT` when there is no object that could be a row.
pub(super) fn shape_of(format: Format, text: &[u8], first_byte: u64, are_all: bool, options: &Options) -> Result<Option<Shape>> {
    let mut layout = Layout { lie: if format == Format::Json { Lie::of(text) } else { Lie::Lines }, events: None };
    let records = |layout: &Layout| -> Vec<Range<usize>> {
        let (mut json, mut at, mut records) = (Json::new(&[], layout), 0, vec![]);
        while at < text.len() && records.len() < SAMPLED {
            match json.next(text, at, are_all) {
                Next::Record { record, next } => {
                    records.push(record);
                    at = next;
                }
                Next::Nothing { next } => at = next,
                Next::Partial => break,
            }
        }
        records
    };
    if layout.lie == Lie::Document && are_all {
        layout.events = events_of(text.trim_ascii());
    }
    let sample = records(&layout);
    if layout.lie != Lie::Document {
        layout.events = sample.iter().find_map(|record| events_of(&text[record.clone()]));
    }
    if sample.is_empty() && !are_all && layout.lie == Lie::Lines {
        return Ok(None);
    }
    if sample.is_empty() && are_all {
        return Err(Error::bad_input("the JSON text holds no object that could be a row"));
    }
    let known = options.names.as_deref().unwrap_or_default();
    let (mut json, mut rows) = (Json::new(known, &layout), Rows::default());
    for record in sample {
        rows.cut(&mut json, text, record);
    }
    let names = json.names().to_vec();
    let told = |at: usize| options.kinds.as_ref()?.get(at).copied();
    let kind =
        |(at, name): (usize, &String)| told(at).unwrap_or_else(|| first_kind(name, options.fixed(name), rows.column(text, at)));
    let kinds = names.iter().enumerate().map(kind).collect();
    let divisible = layout.lie == Lie::Lines;
    Ok(Some(Shape { format, names, first_byte, layout, kinds, divisible, ..Shape::default() }))
}

#[cfg(test)]
mod tests;
