//! Dates and times as text, both ways.
//!
//! Read are ISO 8601 dates (`2019-10-01`, also with `/`), with an hour, minutes, seconds or a fraction
//! after a space or `T`, and a zone: none (taken as UTC), `Z`, ` UTC`, `+02`, `+02:00` or `+0200`. As with
//! numbers, a text is a time only if the instant and its [`Form`] write it back byte for byte.

use super::civil::{civil_from_days, days_from_civil, days_in_month};
use super::form::Form;
use crate::event::TimeUnit;

/// Instants outside of these years are taken for something else.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

const SLASH: u32 = 1 << 0;
const LETTER_T: u32 = 1 << 1;
const PRECISION_SHIFT: u32 = 2; // 0 day, 1 hour, 2 minute, 3 second
const FRACTION_SHIFT: u32 = 4; // 0–9 digits
const ZONE_SHIFT: u32 = 8; // 0 none, 1 Z, 2 " UTC", 3 +02, 4 +02:00, 5 +0200
const MINUS_ZERO: u32 = 1 << 11; // "-00:00"
const OFFSET_SHIFT: u32 = 12; // minutes east of Greenwich plus 1440

/// The form of an instant written as an integer count of its column's unit since 1970.
pub const EPOCH: Form = Form(1 << 31);

/// The form of an instant as ISO 8601 has it, with as many digits of a fraction as `unit` has, and a `Z` where it is `utc`.
pub fn iso_form(unit: TimeUnit, utc: bool) -> Form {
    let digits = unit.per_second().ilog10();
    let zone = if utc { 1 << ZONE_SHIFT | 1_440 << OFFSET_SHIFT } else { 0 };
    Form(LETTER_T | 3 << PRECISION_SHIFT | digits << FRACTION_SHIFT | zone)
}

/// The form of a date.
pub const DATE: Form = Form(0);

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
        match self.form.0 >> FRACTION_SHIFT & 15 {
            0 => TimeUnit::Second,
            1..=3 => TimeUnit::Milli,
            4..=6 => TimeUnit::Micro,
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
        match (self.form.0 >> PRECISION_SHIFT & 3, self.form.0 >> FRACTION_SHIFT & 15) {
            (_, 1..) => 0,
            (0, _) => 86_400,
            (1, _) => 3_600,
            (2, _) => 60,
            _ => 1,
        }
    }
}

#[inline]
fn two(text: &[u8], at: usize) -> Option<u32> {
    let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Reads instants, remembering the last date: rows of one day share it.
#[derive(Clone, Debug, Default)]
pub struct InstantReader {
    date: [u8; 10],
    days: i64,
}

impl InstantReader {
    /// The instant that `text` writes.
    #[inline]
    pub fn read(&mut self, text: &[u8]) -> Option<Instant> {
        let date: &[u8; 10] = text.first_chunk()?;
        if *date != self.date {
            self.days = parse_date(date)?;
            self.date = *date;
        }
        let mut form = if date[4] == b'/' { SLASH } else { 0 };
        let mut seconds = self.days * 86_400;
        let mut rest = &text[10..];
        let mut nanos = 0;
        if let [b' ' | b'T', time @ ..] = rest
            && time.first().is_some_and(u8::is_ascii_digit)
        {
            form |= if rest[0] == b'T' { LETTER_T } else { 0 };
            let (of_day, digits, left) = parse_time(time, &mut form)?;
            seconds += i64::from(of_day);
            nanos = digits;
            rest = left;
        }
        if !rest.is_empty() {
            let offset = parse_zone(rest, &mut form)?;
            seconds -= i64::from(offset) * 60;
        }
        Some(Instant { seconds, nanos, form: Form(form) })
    }
}

/// The instant that `text` writes.
///
/// ```
/// use clickfold::kernel::instant::parse_instant;
/// assert_eq!(parse_instant(b"2019-10-01 00:00:01 UTC").map(|t| t.seconds), Some(1_569_888_001));
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
    let year = (two(date, 0)? * 100 + two(date, 2)?) as i32;
    let (month, day) = (two(date, 5)?, two(date, 8)?);
    let sane = YEARS.contains(&year) && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    sane.then(|| days_from_civil(year, month, day))
}

/// Seconds of the day, nanoseconds, and what follows the time.
#[inline]
fn parse_time<'a>(time: &'a [u8], form: &mut u32) -> Option<(u32, u32, &'a [u8])> {
    let mut seconds = 0;
    let mut at = 0;
    for (precision, (limit, weight)) in [(23, 3_600), (59, 60), (59, 1)].into_iter().enumerate() {
        if precision > 0 {
            if time.get(at) != Some(&b':') {
                break;
            }
            at += 1;
        }
        if time.len() < at + 2 {
            return None;
        }
        let part = two(time, at)?;
        if part > limit {
            return None;
        }
        seconds += part * weight;
        at += 2;
        *form = *form & !(3 << PRECISION_SHIFT) | (precision as u32 + 1) << PRECISION_SHIFT;
    }
    let mut nanos = 0;
    if time.get(at) == Some(&b'.') && *form >> PRECISION_SHIFT & 3 == 3 {
        let digits = time[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        for i in 0..9 {
            nanos = nanos * 10 + if i < digits { u32::from(time[at + 1 + i] - b'0') } else { 0 };
        }
        *form |= (digits as u32) << FRACTION_SHIFT;
        at += 1 + digits;
    }
    Some((seconds, nanos, &time[at..]))
}

/// Minutes east of Greenwich.
fn parse_zone(zone: &[u8], form: &mut u32) -> Option<i32> {
    let (kind, offset) = match zone {
        b"Z" => (1, 0),
        b" UTC" => (2, 0),
        [sign @ (b'+' | b'-'), digits @ ..] => {
            let (kind, hours, minutes) = match digits.len() {
                2 => (3, two(digits, 0)?, 0),
                5 if digits[2] == b':' => (4, two(digits, 0)?, two(digits, 3)?),
                4 => (5, two(digits, 0)?, two(digits, 2)?),
                _ => return None,
            };
            if hours > 18 || minutes > 59 {
                return None;
            }
            let offset = (hours * 60 + minutes) as i32;
            if *sign == b'-' && offset == 0 {
                *form |= MINUS_ZERO;
            }
            (kind, if *sign == b'-' { -offset } else { offset })
        }
        _ => return None,
    };
    *form |= kind << ZONE_SHIFT | ((offset + 1_440) as u32) << OFFSET_SHIFT;
    Some(offset)
}

/// Writes the instant that is `count` units after 1970 in the given form: the text that was read.
pub fn write_instant(count: i64, unit: TimeUnit, form: Form, out: &mut Vec<u8>) {
    if form == EPOCH {
        out.extend_from_slice(count.to_string().as_bytes());
        return;
    }
    let (form, kind) = (form.0, form.0 >> ZONE_SHIFT & 7);
    let offset = if kind == 0 { 0 } else { (form >> OFFSET_SHIFT & 0xfff) as i32 - 1_440 };
    let seconds = count.div_euclid(unit.per_second()) + i64::from(offset) * 60;
    let nanos = count.rem_euclid(unit.per_second()) * (1_000_000_000 / unit.per_second());
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let dash = if form & SLASH == 0 { '-' } else { '/' };
    let mut text = format!("{year:04}{dash}{month:02}{dash}{day:02}");
    let precision = form >> PRECISION_SHIFT & 3;
    if precision >= 1 {
        text.push(if form & LETTER_T == 0 { ' ' } else { 'T' });
        text += &format!("{:02}", of_day / 3_600);
    }
    if precision >= 2 {
        text += &format!(":{:02}", of_day / 60 % 60);
    }
    if precision == 3 {
        text += &format!(":{:02}", of_day % 60);
    }
    let digits = (form >> FRACTION_SHIFT & 15) as usize;
    if digits > 0 {
        text.push('.');
        text += &format!("{nanos:09}")[..digits];
    }
    let sign = if offset < 0 || form & MINUS_ZERO != 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
    text += &match kind {
        0 => String::new(),
        1 => "Z".to_owned(),
        2 => " UTC".to_owned(),
        3 => format!("{sign}{hours:02}"),
        4 => format!("{sign}{hours:02}:{minutes:02}"),
        _ => format!("{sign}{hours:02}{minutes:02}"),
    };
    out.extend_from_slice(text.as_bytes());
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
    let digits = match unit {
        TimeUnit::Second => 0,
        TimeUnit::Milli => 3,
        TimeUnit::Micro => 6,
        TimeUnit::Nano => 9,
    };
    Form(LETTER_T | 3 << PRECISION_SHIFT | digits << FRACTION_SHIFT | 1 << ZONE_SHIFT | 1_440 << OFFSET_SHIFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_times_of_real_exports() {
        for (text, seconds) in [
            ("2019-10-01 00:00:00 UTC", Some(1_569_888_000)),
            ("2014-12-06 02", Some(1_417_831_200)),
            ("2010-12-01 08:26:00", Some(1_291_191_960)),
            ("2016-11-08", Some(1_478_563_200)),
            ("2016/11/08 10:30", Some(1_478_601_000)),
            ("2022-08-01T00:00:00.025Z", Some(1_659_312_000)),
            ("2022-08-01T02:00:00+02:00", Some(1_659_312_000)),
            ("2022-07-31 19:00:00-05", Some(1_659_312_000)),
            ("0001-01-01", Some(-62_135_596_800)),
            ("2019-02-29", None),
            ("2019-13-01", None),
            ("2019-10-01 24:00", None),
            ("2019-10-01 00:00:60", None),
            ("2019-10-01 0", None),
            ("2019-10-01 ", None),
            ("2019-10/01", None),
            ("20191001", None),
            ("2019-10-01 00:00:00.", None),
            ("2019-10-01 00:00:00 PST", None),
        ] {
            assert_eq!(parse_instant(text.as_bytes()).map(|t| t.seconds), seconds, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn writes_back_any_text_it_accepts(
            text in "(19|20)[0-9]{2}[-/](0[1-9]|1[0-2])[-/][0-3][0-9]([ T][0-2][0-9](:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?)?)?(Z| UTC|[+-][01][0-9](:?[0-5][0-9])?)?"
        ) {
            if let Some(t) = parse_instant(text.as_bytes()) {
                for unit in [TimeUnit::Second, TimeUnit::Milli, TimeUnit::Micro, TimeUnit::Nano] {
                    if unit >= t.unit() {
                        let mut out = vec![];
                        write_instant(t.count(unit).unwrap(), unit, t.form, &mut out);
                        assert_eq!(String::from_utf8_lossy(&out), text);
                    }
                }
            }
        }
    }
}
