//! Dates and times as text, both ways.
//!
//! Read are dates whose text says which number is what (see `date`), with a time of day and a zone behind them, in many ways
//! of writing (see `clock`). A [`DateStyle`] adds those that leave it unsaid. As with numbers, a text is a time only if
//! the instant and its [`Form`] write it back byte for byte.

mod clock;
mod cursor;
mod date;
mod seconds;

use std::sync::Arc;

use super::bucket::Zone;
use super::civil::{civil_from_days, days_from_civil, days_in_month};
use super::form::{Form, Forms};
use crate::event::TimeUnit;
use clock::{parse_tail, parse_time, write_clock, write_tail};
use cursor::{Cursor, SHORTS, two};
use date::write_date;

/// Instants outside of these years are taken for something else.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

// A form: what stands behind the time of day (`clock`), how much of it is written, the zone, the date's way (`date`),
// what stands between both, and which numbers have one digit below ten (`cursor`).
const TAIL: u32 = 0xf;
const DETAIL_SHIFT: u32 = 4; // 0 day, 1 hour, 2 minute, 3 second, and behind it 1–9 digits of a fraction
const OFFSET_SHIFT: u32 = 8; // 0 for none, or minutes east of Greenwich and 1,440
const HEAD_SHIFT: u32 = 20;
const JOIN_SHIFT: u32 = 24;

/// The form of an instant written as an integer count of its column's unit since 1970.
pub const EPOCH: Form = Form(1 << 31);

/// The first form of a time that tells how all of its column are read, where there is one.
pub fn form_of_times(forms: &Forms) -> Option<Form> {
    let tells = |form: &Form| *form == EPOCH || DateStyle::of(*form) != DateStyle::Plain;
    match forms {
        Forms::Plain => None,
        Forms::Alike(form) => Some(*form).filter(tells),
        Forms::Each(each) => each.iter().copied().find(tells),
    }
}

/// The form of an instant as ISO 8601 has it, with as many digits of a fraction as `unit` has, and a `Z` where it is `utc`.
pub fn iso_form(unit: TimeUnit, utc: bool) -> Form {
    let zone = if utc { clock::Z } else { 0 };
    Form(zone | (3 + unit.per_second().ilog10()) << DETAIL_SHIFT | clock::T << JOIN_SHIFT)
}

/// The form of a date.
pub const DATE: Form = Form(0);

/// How a column's dates are read where their text alone does not say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum DateStyle {
    /// Only texts that say it are dates.
    #[default]
    Plain,
    /// Eight digits are a year, a month and a day, too: `20101201`.
    Digits,
    /// Of three numbers the first is the day, too: `1/12/2010`.
    DayFirst,
    /// Of three numbers the first is the month, too: `12/1/2010`.
    MonthFirst,
    /// Numbers are seconds since 1970, with or without a fraction: `1396860669.277`. Nothing else is a time.
    Seconds,
}

impl DateStyle {
    /// The style that reads an instant of that form.
    pub fn of(form: Form) -> Self {
        match form {
            EPOCH => Self::Plain,
            form if seconds::is_of(form) => Self::Seconds,
            form => date::style_of(form.0 >> HEAD_SHIFT & 15),
        }
    }

    /// A form that this style reads and no narrower one.
    pub fn form(self) -> Form {
        if self == Self::Seconds { seconds::form_of(0) } else { Form(date::head_of(self) << HEAD_SHIFT) }
    }
}

/// An instant and how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    pub seconds: i64,
    /// Nanoseconds after that second.
    pub nanos: u32,
    /// How it was written.
    pub form: Form,
}

impl Instant {
    /// The coarsest unit that holds the instant as written: a fraction of three digits asks for milliseconds.
    pub fn unit(&self) -> TimeUnit {
        match self.form.0 >> DETAIL_SHIFT & 15 {
            0..=3 => TimeUnit::Second,
            4..=6 => TimeUnit::Milli,
            7..=9 => TimeUnit::Micro,
            _ => TimeUnit::Nano,
        }
    }

    /// The instant as a count of `unit`, rounded down; `None` beyond 64 bits.
    pub fn count(&self, unit: TimeUnit) -> Option<i64> {
        let fraction = i64::from(self.nanos) / (1_000_000_000 / unit.per_second());
        self.seconds.checked_mul(unit.per_second())?.checked_add(fraction)
    }

    /// Seconds in the smallest part that was written: 86,400 for a date, 60 for minutes; 0 with a fraction.
    pub fn seconds_written(&self) -> i64 {
        match self.form.0 >> DETAIL_SHIFT & 15 {
            0 => 86_400,
            1 => 3_600,
            2 => 60,
            3 => 1,
            _ => 0,
        }
    }
}

/// Reads instants, remembering the last date: rows of one day share it.
#[derive(Clone, Debug)]
pub struct InstantReader {
    style: DateStyle,
    zone: Option<Arc<Zone>>,
    n_unclear: u64,
    date: [u8; 10],
    days: i64,
    /// Which numbers below ten were last written with one digit, of those that were seen.
    shorts: u32,
    seen: u32,
}

impl Default for InstantReader {
    fn default() -> Self {
        Self::new(DateStyle::Plain, None)
    }
}

impl InstantReader {
    /// A reader of dates in that style; times without a zone are by that zone's clock, or in UTC. A time that the clock shows
    /// twice, or leaves out, is by the clock before the change.
    pub fn new(style: DateStyle, zone: Option<Arc<Zone>>) -> Self {
        // No text has such bytes.
        Self { style, zone, n_unclear: 0, date: [0xff; 10], days: 0, shorts: 0, seen: 0 }
    }

    /// How dates are read from now on.
    pub fn set_style(&mut self, style: DateStyle) {
        self.style = style;
    }

    /// How many times were read that the zone's clock shows twice or leaves out.
    pub fn n_unclear(&self) -> u64 {
        self.n_unclear
    }

    /// The instant that `text` writes.
    #[inline]
    pub fn read(&mut self, text: &[u8]) -> Option<Instant> {
        match self.read_usual(text) {
            Some(instant) if self.zone.is_none() => Some(instant),
            Some(instant) => Some(self.in_zone(instant)),
            None => self.read_other(text),
        }
    }

    /// `2010-12-01` or with slashes, alone or before two digits each of hours and what follows, and a zone.
    #[inline]
    fn read_usual(&mut self, text: &[u8]) -> Option<Instant> {
        let date: &[u8; 10] = text.first_chunk()?;
        if *date != self.date {
            self.days = parse_date(date)?;
            self.date = *date;
        }
        let mut form = if date[4] == b'/' { date::YMD_SLASH << HEAD_SHIFT } else { 0 };
        let mut seconds = self.days * 86_400;
        let mut rest = &text[10..];
        let mut nanos = 0;
        if let [b' ' | b'T', time @ ..] = rest
            && time.first().is_some_and(u8::is_ascii_digit)
        {
            form |= if rest[0] == b'T' { clock::T << JOIN_SHIFT } else { 0 };
            let hour = two(time, 0).filter(|&hour| hour < 24)?;
            let (of_hour, digits, left) = parse_time(&time[2..], &mut form)?;
            seconds += i64::from(hour * 3_600 + of_hour);
            nanos = digits;
            rest = left;
        }
        if !rest.is_empty() {
            let offset = parse_tail(rest, &mut form).filter(|_| form & TAIL < clock::NOON)?;
            seconds -= i64::from(offset) * 60;
        }
        Some(Instant { seconds, nanos, form: Form(form) })
    }

    #[inline(never)]
    fn read_other(&mut self, text: &[u8]) -> Option<Instant> {
        if self.style == DateStyle::Seconds {
            return seconds::parse(text);
        }
        let mut cursor = Cursor::new(text);
        let days = date::parse(&mut cursor, self.style)?;
        let (seconds, nanos) = clock::parse(&mut cursor)?;
        // A number from ten on is written alike in both ways; it gets that of the others, so that forms stay alike.
        self.shorts = self.shorts & !cursor.cares | cursor.form & cursor.cares;
        self.seen |= cursor.cares;
        let others = if self.shorts == 0 { 0 } else { SHORTS & !self.seen };
        let form = Form(cursor.form & !SHORTS | (self.shorts | others) & cursor.has);
        Some(self.in_zone(Instant { seconds: days * 86_400 + seconds, nanos, form }))
    }

    /// The same by the zone's clock, where no zone is written.
    fn in_zone(&mut self, instant: Instant) -> Instant {
        let tail = instant.form.0 & TAIL;
        let Some(zone) = self.zone.as_ref().filter(|_| tail == 0 || tail >= clock::NOON) else { return instant };
        let (offset, is_unclear) = zone.offset_at_local(instant.seconds);
        self.n_unclear += u64::from(is_unclear);
        // The few zones whose clocks went by seconds did so long ago.
        let minutes = offset.div_euclid(60);
        let form = Form(instant.form.0 | ((minutes + 1_440) as u32) << OFFSET_SHIFT);
        Instant { seconds: instant.seconds - minutes * 60, form, ..instant }
    }
}

/// The instant that `text` writes.
///
/// ```
/// use clickfold::kernel::instant::parse_instant;
/// assert_eq!(parse_instant(b"2019-10-01 00:00:01 UTC").map(|t| t.seconds), Some(1_569_888_001));
/// assert_eq!(parse_instant(b"Oct 1, 2019 12:00 AM").map(|t| t.seconds), Some(1_569_888_000));
/// assert_eq!(parse_instant(b"yesterday"), None);
/// ```
pub fn parse_instant(text: &[u8]) -> Option<Instant> {
    InstantReader::default().read(text)
}

fn parse_date(date: &[u8; 10]) -> Option<i64> {
    let separator = date[4];
    if !matches!(separator, b'-' | b'/') || date[7] != separator {
        return None;
    }
    days_of(two(date, 0)? * 100 + two(date, 2)?, two(date, 5)?, two(date, 8)?)
}

fn days_of(year: u32, month: u32, day: u32) -> Option<i64> {
    let year = year as i32;
    let sane = YEARS.contains(&year) && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    sane.then(|| days_from_civil(year, month, day))
}

/// Writes the instant that is `count` units after 1970 in the given form: the text that was read.
pub fn write_instant(count: i64, unit: TimeUnit, form: Form, out: &mut Vec<u8>) {
    if form == EPOCH {
        out.extend_from_slice(count.to_string().as_bytes());
        return;
    }
    if seconds::is_of(form) {
        let nanos = count.rem_euclid(unit.per_second()) * (1_000_000_000 / unit.per_second());
        return seconds::write(count.div_euclid(unit.per_second()), nanos as u32, form, out);
    }
    let form = form.0;
    let seconds = count.div_euclid(unit.per_second()) + clock::offset_of(form) * 60;
    let nanos = count.rem_euclid(unit.per_second()) * (1_000_000_000 / unit.per_second());
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    write_date(year as u32, month, day, form, out);
    write_clock(seconds.rem_euclid(86_400) as u32, nanos as u32, form, out);
    write_tail(seconds.rem_euclid(86_400) as u32, form, out);
}

/// The instant in ISO 8601, as `2019-10-01T00:00:00Z`, with as many digits of a fraction as `unit` has.
///
/// ```
/// use clickfold::{event::TimeUnit, kernel::instant::instant_text};
/// assert_eq!(instant_text(1_500, TimeUnit::Milli), "1970-01-01T00:00:01.500Z");
/// ```
pub fn instant_text(count: i64, unit: TimeUnit) -> String {
    let mut out = Vec::new();
    write_instant(count, unit, whole_form(unit), &mut out);
    String::from_utf8(out).expect("a time is ASCII")
}

/// The form that [`instant_text`] writes.
pub fn whole_form(unit: TimeUnit) -> Form {
    iso_form(unit, true)
}

#[cfg(test)]
mod tests;
