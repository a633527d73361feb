//! W3C's extended log format, as IIS and CloudFront write it: a line that begins with `#Fields:` says what stands in the
//! lines that follow.

use std::ops::Range;

use super::field::{Field, Slot, What, plain, slots};
use super::pattern::{Closes, quoted};
use super::value::Row;

/// How the line begins that names the fields.
pub(super) const DIRECTIVE: &str = "#Fields:";
/// How the line begins that says from when on lines follow.
const DATE: &[u8] = b"#Date:";

/// The fields of lines.
#[derive(Debug)]
pub(super) struct Fields {
    slots: Vec<Slot>,
    /// The date of lines that have a time of day alone.
    day: Option<[u8; 10]>,
}

impl Fields {
    /// Those that a directive names; their columns are put behind `names`. `None` when it names none.
    pub(super) fn parse(directive: &str, names: &mut Vec<String>) -> Option<Self> {
        let fields = fields(directive.strip_prefix(DIRECTIVE)?);
        (!fields.is_empty()).then(|| Self { slots: slots(&fields, names), day: None })
    }

    /// Takes the date that another directive says.
    pub(super) fn hear(&mut self, directive: &[u8]) {
        if let Some(date) = directive.strip_prefix(DATE) {
            self.day = date.trim_ascii_start().first_chunk().copied();
        }
    }

    /// The date that was said last.
    pub(super) fn with_day_of(mut self, former: Option<&Self>) -> Self {
        self.day = former.and_then(|former| former.day);
        self
    }

    /// Cuts a line, at its tabs if it has any, else at its blanks.
    ///
    /// # Errors
    ///
    /// Why it has not these fields.
    pub(super) fn cut(&self, record: Range<usize>, row: &mut Row<'_>) -> Result<(), String> {
        let bytes = row.bytes;
        let separator = if memchr::memchr(b'\t', &bytes[record.clone()]).is_some() { b'\t' } else { b' ' };
        let mut end = record.end;
        while separator == b' ' && end > record.start && bytes[end - 1] == b' ' {
            end -= 1;
        }
        let line = &bytes[..end];
        let (mut at, mut n) = (record.start, 0);
        let (mut day, mut time) = (None, None);
        loop {
            let (text, next) = cell(line, at, separator);
            if let Some(slot) = self.slots.get(n) {
                match slot.what {
                    What::Day => day = Some((slot, text)),
                    What::TimeOfDay => time = Some((slot, text)),
                    _ => row.take(slot, text, false)?,
                }
            }
            n += 1;
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        if n != self.slots.len() {
            return Err(format!("expected {} fields, found {n}", self.slots.len()));
        }
        match (day, time, &self.day) {
            (Some((_, day)), Some((slot, time)), _) if bytes[day.clone()] != *b"-" && bytes[time.clone()] != *b"-" => {
                row.take_time(slot, &bytes[day], &bytes[time])
            }
            (None, Some((slot, time)), Some(day)) if bytes[time.clone()] != *b"-" => row.take_time(slot, day, &bytes[time]),
            (Some((slot, day)), None, _) => row.take(slot, day, false),
            // A time of no known day is no time.
            (None, Some((slot, time)), None) if bytes[time.clone()] != *b"-" => {
                row.set(slot.columns[0], time);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The cell at `at`, its quotes taken off, and where the next one is.
#[inline]
fn cell(line: &[u8], at: usize, separator: u8) -> (Range<usize>, Option<usize>) {
    if line.get(at) == Some(&b'"') {
        let is_behind = |quote: usize| line.get(quote + 1).is_none_or(|&byte| byte == separator);
        let closes = |quote: usize| if is_behind(quote) { Closes::Yes } else { Closes::No };
        if let Some((quote, _)) = quoted(line, at + 1, closes) {
            return (at + 1..quote, (quote + 1 < line.len()).then_some(quote + 2));
        }
    }
    match memchr::memchr(separator, &line[at..]) {
        Some(length) => (at..at + length, Some(at + length + 1)),
        None => (at..line.len(), None),
    }
}

/// What the names of a directive mean.
fn fields(names: &str) -> Vec<Field> {
    let has = |part: &str| names.split_whitespace().any(|name| name.starts_with(part));
    let (is_cloudfront, is_iis) = (has("x-edge-"), has("sc-win32-status") || has("sc-substatus"));
    let field = |name: &str| {
        let (plain_name, what) = match name.to_ascii_lowercase().as_str() {
            "date" => ("time", What::Day),
            "time" => ("time", What::TimeOfDay),
            "c-ip" => ("remote_host", What::Text),
            "c-port" => ("remote_port", What::Text),
            "cs-username" => ("user", What::Text),
            "s-ip" => ("server_address", What::Text),
            "s-port" => ("port", What::Text),
            "cs-method" => ("method", What::Text),
            "cs-uri" => ("request_uri", What::Target),
            "cs-uri-stem" => ("path", What::Text),
            "cs-uri-query" => ("query", What::Text),
            "cs-version" | "cs-protocol-version" => ("protocol", What::Text),
            "sc-status" => ("status", What::Number),
            "sc-bytes" => ("bytes", What::Number),
            "cs-bytes" => ("bytes_received", What::Number),
            // Seconds by the standard, milliseconds as IIS writes it.
            "time-taken" if is_iis => ("duration_ms", What::Number),
            "time-taken" => ("duration_s", What::Text),
            // CloudFront's own host, beside the one that was asked for.
            "x-host-header" => ("host", What::Text),
            "cs-host" | "cs(host)" if !is_cloudfront => ("host", What::Text),
            "cs(user-agent)" if is_cloudfront => ("user_agent", What::PercentTwice),
            "cs(user-agent)" => ("user_agent", What::Plus),
            "cs(referer)" if is_cloudfront => ("referrer", What::Percent),
            "cs(referer)" => ("referrer", What::Text),
            _ => return Field::new(&plain(name), What::Text),
        };
        Field::new(plain_name, what)
    };
    names.split_whitespace().map(field).collect()
}
