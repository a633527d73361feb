//! From a field's text to the cells of a row.

use std::ops::Range;

use super::field::{Slot, What};
use super::time::{Times, write_seconds};
use crate::decode::cells::Span;
use crate::decode::records::Rows;

/// A longer first word of a request is no method.
const LONGEST_METHOD: usize = 24;
/// A number of more digits may not fit into 64 bits.
const MOST_DIGITS: usize = 18;

/// The row that is being made of a line.
pub(super) struct Row<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) rows: &'a mut Rows,
    pub(super) times: &'a mut Times,
}

impl Row<'_> {
    /// Takes a field's text in. `-` and nothing are null. `is_escaped` says that a backslash stands in it that may be an
    /// escape.
    #[inline]
    pub(super) fn take(&mut self, slot: &Slot, text: Range<usize>, is_escaped: bool) -> Result<(), String> {
        let value = &self.bytes[text.clone()];
        if matches!(value, b"" | b"-") {
            return Ok(());
        }
        let column = slot.columns[0];
        match slot.what {
            What::Text if is_escaped => self.rewrite(column, text, b'\\', unescape),
            What::Text => self.set(column, text),
            What::Number => {
                let passed = passed_of_number(value).ok_or_else(|| expected(slot, "a number", value))?;
                self.set(column, text.start + passed..text.end);
            }
            What::Percent => self.rewrite(column, text, b'%', unpercent),
            What::PercentTwice => self.rewrite(column, text, b'%', unpercent_twice),
            What::Plus => self.rewrite(column, text, b'+', unplus),
            What::Request | What::UrlRequest => self.request(slot, text),
            What::Target => self.target(slot.columns[0], slot.columns[1], text),
            What::Query => self.set(column, text.start + usize::from(value[0] == b'?')..text.end),
            What::Address if memchr::memchr(b' ', value).is_some() => {
                return Err(expected(slot, "an address and a port", value));
            }
            What::Address => {
                let colon = memchr::memrchr(b':', value).map_or(text.end, |at| text.start + at);
                self.set(column, text.start..colon);
                self.set(slot.columns[1], (colon + 1).min(text.end)..text.end);
            }
            What::Queue => {
                let blank = memchr::memchr(b' ', value).map_or(text.end, |at| text.start + at);
                self.set(column, text.start..blank);
                self.set(slot.columns[1], (blank + 1).min(text.end)..text.end);
            }
            What::ClfTime => {
                let (mut is_time, times) = (false, &mut *self.times);
                let cell = self.rows.cell(|out| is_time = times.write_clf(value, out));
                if !is_time {
                    return Err(expected(slot, "a time such as 17/May/2015:10:05:03 +0000", value));
                }
                self.rows.set(column, cell);
            }
            What::IsoTime | What::Day | What::TimeOfDay => {
                if !self.times.is_iso(value) {
                    return Err(expected(slot, "a time such as 2015-05-17T10:05:03Z", value));
                }
                self.set(column, text);
            }
            What::SecondsTime => {
                let mut is_time = false;
                let cell = self.rows.cell(|out| is_time = write_seconds(value, out));
                if !is_time {
                    return Err(expected(slot, "seconds since 1970", value));
                }
                self.rows.set(column, cell);
            }
        }
        Ok(())
    }

    /// Takes in a day and its time of day, which are UTC.
    pub(super) fn take_time(&mut self, slot: &Slot, day: &[u8], time: &[u8]) -> Result<(), String> {
        let (mut is_time, times) = (false, &mut *self.times);
        let cell = self.rows.cell(|out| is_time = times.write_of_day(day, time, out));
        if !is_time {
            let found = [day, b" ", time].concat();
            return Err(expected(slot, "a date and a time such as 2015-05-17 10:05:03", &found));
        }
        self.rows.set(slot.columns[0], cell);
        Ok(())
    }

    /// Sets a cell that is the text as it stands.
    #[inline]
    pub(super) fn set(&mut self, column: usize, text: Range<usize>) {
        self.rows.set(column, Span::of(text.start, text.end));
    }

    /// Sets a cell that says what a text with these marks means; the text as it stands where that is nothing to show.
    fn rewrite(&mut self, column: usize, text: Range<usize>, mark: u8, write: fn(&[u8], &mut Vec<u8>)) {
        if memchr::memchr(mark, &self.bytes[text.clone()]).is_none() {
            return self.set(column, text);
        }
        let mut is_shown = false;
        let cell = self.rows.cell(|out| {
            let from = out.len();
            write(&self.bytes[text.clone()], out);
            is_shown = !out[from..].iter().any(u8::is_ascii_control) && std::str::from_utf8(&out[from..]).is_ok();
        });
        match is_shown {
            true => self.rows.set(column, cell),
            false => self.set(column, text),
        }
    }

    /// Takes in a request line. One that is none, as attacks and handshakes of TLS are none, is a path as it stands.
    #[inline]
    fn request(&mut self, slot: &Slot, text: Range<usize>) {
        let [method, path, query, protocol, host] = slot.columns;
        let value = &self.bytes[text.clone()];
        let Some((end_of_method, target)) = parts_of_request(value) else {
            return self.set(path, text);
        };
        self.set(method, text.start..text.start + end_of_method);
        self.set(protocol, (text.start + target.end + 1).min(text.end)..text.end);
        let mut start = text.start + target.start;
        if slot.what == What::UrlRequest
            && let Some(scheme) = memchr::memmem::find(&value[target.clone()], b"://")
        {
            let from = target.start + scheme + 3;
            let authority = &value[from..target.end];
            let length = authority.iter().position(|byte| b"/?".contains(byte)).unwrap_or(authority.len());
            let name = memchr::memrchr(b':', &authority[..length]).unwrap_or(length);
            self.set(host, text.start + from..text.start + from + name);
            start = text.start + from + length;
        }
        self.target(path, query, start..text.start + target.end);
    }

    /// Takes in a path and the query behind it.
    #[inline]
    fn target(&mut self, path: usize, query: usize, text: Range<usize>) {
        let mark = memchr::memchr(b'?', &self.bytes[text.clone()]).map_or(text.end, |at| text.start + at);
        self.set(path, text.start..mark);
        self.set(query, (mark + 1).min(text.end)..text.end);
    }
}

fn expected(slot: &Slot, what: &str, found: &[u8]) -> String {
    let found = String::from_utf8_lossy(&found[..found.len().min(100)]);
    format!("column {}: expected {what}, found {found:?}", slot.name)
}

/// How many bytes stand before a number's first one that counts: a plus, and leading zeros.
#[inline]
fn passed_of_number(value: &[u8]) -> Option<usize> {
    let unsigned = value.strip_prefix(b"-").or(value.strip_prefix(b"+")).unwrap_or(value);
    if unsigned.is_empty() || unsigned.len() > MOST_DIGITS || !unsigned.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = unsigned[..unsigned.len() - 1].iter().take_while(|&&byte| byte == b'0').count();
    match (value[0], unsigned[0]) {
        (b'-', b'0') => None,
        (b'-', _) => Some(0),
        _ => Some(value.len() - unsigned.len() + zeros),
    }
}

/// Where the method of a request line ends, and where its target is; what follows the target is the protocol.
#[inline]
fn parts_of_request(value: &[u8]) -> Option<(usize, Range<usize>)> {
    let method = memchr::memchr(b' ', &value[..value.len().min(LONGEST_METHOD + 1)])?;
    let is_method = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    if method == 0 || !value[..method].iter().all(is_method) {
        return None;
    }
    let last = memchr::memrchr(b' ', value)?;
    let has_protocol = last > method && value[last + 1..].starts_with(b"HTTP/");
    let target = method + 1..if has_protocol { last } else { value.len() };
    let begins_target = value.get(target.start) == Some(&b'/');
    (!target.is_empty() && (has_protocol || begins_target)).then_some((method, target))
}

/// Undoes the escapes that servers write in quoted texts.
fn unescape(text: &[u8], out: &mut Vec<u8>) {
    replace(text, b'\\', out, |rest| match rest {
        [byte @ (b'"' | b'\\'), ..] => Some((*byte, 1)),
        [b'x', digits @ ..] => hex(digits).map(|byte| (byte, 3)),
        _ => None,
    });
}

fn unpercent(text: &[u8], out: &mut Vec<u8>) {
    replace(text, b'%', out, |rest| hex(rest).map(|byte| (byte, 2)));
}

/// The text with the bytes that its marks stand for: `read` gives one, and how many bytes behind the mark write it.
fn replace(text: &[u8], mark: u8, out: &mut Vec<u8>, read: fn(&[u8]) -> Option<(u8, usize)>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(mark, rest) {
        out.extend_from_slice(&rest[..at]);
        let (byte, length) = read(&rest[at + 1..]).unwrap_or((mark, 0));
        out.push(byte);
        rest = &rest[at + 1 + length..];
    }
    out.extend_from_slice(rest);
}

fn unpercent_twice(text: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    unpercent(text, out);
    if memchr::memmem::find(&out[from..], b"%20").is_some() {
        let once = out.split_off(from);
        unpercent(&once, out);
    }
}

/// Of two `+` one behind the other, the latter stands for itself.
fn unplus(text: &[u8], out: &mut Vec<u8>) {
    let mut was_plus = false;
    for &byte in text {
        let is_blank = byte == b'+' && !was_plus;
        out.push(if is_blank { b' ' } else { byte });
        was_plus = is_blank;
    }
}

/// The byte that two hexadecimal digits write.
fn hex(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    Some((digit(0)? << 4 | digit(1)?) as u8)
}
