//! Time buckets and written times, by jiff's calendar.

use jiff::{Span, Timestamp, civil, tz::TimeZone};
use serde_json::Value;

use super::{Cell, Kind, literal_of, power};

const SECOND: i128 = 1_000_000_000;

/// Where the bucket begins that an instant falls into: by the clock of the zone, from Monday 2000-01-03 on, months
/// and years from 2000-01-01.
pub fn bucket(every: &str, zone: &str, nanos: i128) -> i128 {
    let seconds = nanos.div_euclid(SECOND) as i64;
    let digits = every.find(|c: char| !c.is_ascii_digit()).unwrap();
    let (count, unit): (i64, &str) = (every[..digits].parse().unwrap(), &every[digits..]);
    let zone = TimeZone::get(zone).unwrap();
    let local = Timestamp::from_second(seconds).unwrap().to_zoned_datetime(zone.clone());
    let monday = civil::date(2000, 1, 3);
    let start = match unit {
        "s" | "m" | "h" => {
            let width = count * [("s", 1), ("m", 60), ("h", 3_600)].iter().find(|(name, _)| *name == unit).unwrap().1;
            let (offset, origin) = (i64::from(local.offset().seconds()), midnight(monday, &TimeZone::UTC));
            origin + (seconds + offset - origin).div_euclid(width) * width - offset
        }
        "d" | "w" => {
            let width = count * if unit == "w" { 7 } else { 1 };
            let days = i64::from(local.date().since(monday).unwrap().get_days());
            midnight(monday.checked_add(Span::new().days(days.div_euclid(width) * width)).unwrap(), &zone)
        }
        _ => {
            let width = count * [("mo", 1), ("q", 3), ("y", 12)].iter().find(|(name, _)| *name == unit).unwrap().1;
            let months = (i64::from(local.year()) - 2000) * 12 + i64::from(local.month()) - 1;
            let first = months.div_euclid(width) * width;
            midnight(civil::date((2000 + first.div_euclid(12)) as i16, first.rem_euclid(12) as i8 + 1, 1), &zone)
        }
    };
    i128::from(start) * SECOND
}

/// Where the bucket begins that is so many before the one that begins there: the one that ends a second earlier, and so
/// on, or where widths are of the clock, so much time earlier. None for what is no bucket's begin.
pub fn earlier(every: &str, zone: &str, nanos: i128, steps: u64) -> Option<i128> {
    let digits = every.find(|c: char| !c.is_ascii_digit()).unwrap();
    if let Some((_, width)) = [("s", 1), ("m", 60), ("h", 3_600)].iter().find(|(name, _)| *name == &every[digits..]) {
        return Some(nanos - i128::from(steps) * every[..digits].parse::<i128>().unwrap() * width * SECOND);
    }
    let before = |start: i128| bucket(every, zone, start - SECOND);
    (bucket(every, zone, nanos) == nanos).then(|| (0..steps).fold(nanos, |start, _| before(start)))
}

/// How many buckets after the one that begins at `from` the one at `to` comes: where widths are of the clock, by the time
/// between them, else by walking from one to the next, but not farther than just beyond `most`. Negative before it.
pub fn steps(every: &str, zone: &str, from: i128, to: i128, most: i128) -> i128 {
    let digits = every.find(|c: char| !c.is_ascii_digit()).unwrap();
    let (count, unit): (i128, &str) = (every[..digits].parse().unwrap(), &every[digits..]);
    if let Some((_, width)) = [("s", 1), ("m", 60), ("h", 3_600)].iter().find(|(name, _)| *name == unit) {
        let width = count * width * SECOND;
        return (2 * (to - from) + width).div_euclid(2 * width);
    }
    if to < from {
        return -1;
    }
    let days = |days: i128| days * 86_400 * SECOND;
    let onward = match unit {
        "d" => days(count) + days(1) / 2,
        "w" => days(7 * count) + days(1) / 2,
        _ => days(count * [("mo", 1), ("q", 3), ("y", 12)].iter().find(|(name, _)| *name == unit).unwrap().1 * 61 / 2 + 9),
    };
    let (mut start, mut n) = (from, 0);
    while start < to && n <= most {
        start = bucket(every, zone, start + onward);
        n += 1;
    }
    n
}

fn midnight(date: civil::Date, zone: &TimeZone) -> i64 {
    date.at(0, 0, 0, 0).to_zoned_datetime(zone.clone()).unwrap().timestamp().as_second()
}

/// Nanoseconds since 1970, and how many of them the last written part lasts. A number counts units of the column,
/// which keeps so many digits of a second.
pub fn time(literal: &Value, digits: u8) -> (i128, i128) {
    let Some(text) = literal.as_str() else {
        let Cell::Number(units, scale) = literal_of(literal, Kind::Int) else { unreachable!() };
        return (units * power(9 - digits) / power(scale), 1);
    };
    let (padded, lasts) = match text.len() {
        10 => (format!("{text} 00:00:00"), 86_400 * SECOND),
        13 => (format!("{text}:00:00"), 3_600 * SECOND),
        16 => (format!("{text}:00"), 60 * SECOND),
        _ if text.contains('.') => (text.to_owned(), 1),
        _ => (text.to_owned(), SECOND),
    };
    let instant = padded.parse::<Timestamp>().unwrap_or_else(|_| {
        let local: civil::DateTime = padded.parse().unwrap();
        local.to_zoned_datetime(TimeZone::UTC).unwrap().timestamp()
    });
    (instant.as_nanosecond(), lasts)
}
