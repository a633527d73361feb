//! Times of day and zones as text, both ways.
//!
//! Behind a date come a blank, `T` or `, ` (behind a name, as in logs, a colon), then hours, minutes, seconds and a fraction,
//! of 24 hours or of twelve with `AM` or `PM`. Behind `日` the numbers may have `时`, `分` and `秒` behind them. A zone is
//! none, `Z`, ` UTC`, `+02`, `+02:00` or `+0200`, the latter two also behind a blank.

use super::cursor::{Cursor, SHORT_HOUR, two, write_number, write_short};
use super::date::{CHINESE, joins_by_colon};
use super::{DETAIL_SHIFT, HEAD_SHIFT, JOIN_SHIFT, OFFSET_SHIFT, TAIL};

// What stands behind the time of day.
pub(super) const Z: u32 = 1;
const UTC: u32 = 2;
const HOURS: u32 = 3;
const COLON: u32 = 4;
const FOUR: u32 = 5;
const BLANK_FOUR: u32 = 6;
const BLANK_COLON: u32 = 7;
/// This one and those behind it are halves of a day.
pub(super) const NOON: u32 = 8;
const HALVES: [[&[u8]; 2]; 4] = [[b" AM", b" PM"], [b" am", b" pm"], [b"AM", b"PM"], [b"am", b"pm"]];
/// Stands for `-00:00`.
const MINUS_ZERO: u32 = 0xfff;

// What stands before the time of day.
const BLANK: u32 = 0;
pub(super) const T: u32 = 1;
const LOG: u32 = 2;
const COMMA: u32 = 3;
// Behind Chinese characters: nothing, and Chinese characters between the numbers.
const NOTHING: u32 = 1;
const CHARACTERS: u32 = 2;

/// The second of the day, less the zone's offset, and the nanoseconds behind it.
pub(super) fn parse(cursor: &mut Cursor) -> Option<(i64, u32)> {
    let (mut seconds, mut nanos) = (0, 0);
    if let Some(mut join) = parse_join(cursor) {
        let hour = cursor.number(SHORT_HOUR).filter(|&hour| hour < 24)?;
        let of_hour = if is_chinese(cursor.form) && cursor.eat("时".as_bytes()) {
            join |= CHARACTERS;
            parse_characters(cursor)?
        } else {
            let (of_hour, digits, rest) = parse_time(cursor.rest, &mut cursor.form)?;
            (nanos, cursor.rest) = (digits, rest);
            // A single digit behind a date may be anything.
            if cursor.form & SHORT_HOUR != 0 && cursor.form >> DETAIL_SHIFT & 15 == 1 {
                return None;
            }
            of_hour
        };
        cursor.form |= join << JOIN_SHIFT;
        seconds = i64::from(hour * 3_600 + of_hour);
    }
    if !cursor.rest.is_empty() {
        let offset = parse_tail(cursor.rest, &mut cursor.form)?;
        seconds = match cursor.form & TAIL {
            NOON.. => of_half(seconds, cursor.rest)?,
            _ => seconds - i64::from(offset) * 60,
        };
    }
    Some((seconds, nanos))
}

fn is_chinese(form: u32) -> bool {
    form >> HEAD_SHIFT & 15 == CHINESE
}

/// Seconds of the day of a time that a half of the day stands behind; none where its hour is not one of twelve.
fn of_half(seconds: i64, half: &[u8]) -> Option<i64> {
    let is_afternoon = half.iter().any(|byte| byte.eq_ignore_ascii_case(&b'P'));
    let is_of_twelve = (3_600..13 * 3_600).contains(&seconds);
    is_of_twelve.then_some(seconds % 43_200 + if is_afternoon { 43_200 } else { 0 })
}

/// What stands between the date and a time, if one follows.
fn parse_join(cursor: &mut Cursor) -> Option<u32> {
    let begins = |rest: &[u8]| rest.first().is_some_and(u8::is_ascii_digit);
    let is_chinese = is_chinese(cursor.form);
    let (join, passed) = match cursor.rest {
        rest if is_chinese && begins(rest) => (NOTHING, 0),
        [b' ', rest @ ..] if begins(rest) => (BLANK, 1),
        [b'T', rest @ ..] if begins(rest) && !is_chinese => (T, 1),
        [b':', rest @ ..] if begins(rest) && joins_by_colon(cursor.form) => (LOG, 1),
        [b',', b' ', rest @ ..] if begins(rest) && !is_chinese => (COMMA, 2),
        _ => return None,
    };
    cursor.rest = &cursor.rest[passed..];
    Some(join)
}

/// Seconds of the hour, from behind `时`.
fn parse_characters(cursor: &mut Cursor) -> Option<u32> {
    let (mut detail, mut seconds) = (1, 0);
    for (character, weight) in [("分", 60), ("秒", 1)] {
        if cursor.rest.is_empty() {
            break;
        }
        let part = two(cursor.rest, 0).filter(|&part| part < 60)?;
        cursor.rest = &cursor.rest[2..];
        cursor.eat(character.as_bytes()).then_some(())?;
        seconds += part * weight;
        detail += 1;
    }
    cursor.form |= detail << DETAIL_SHIFT;
    Some(seconds)
}

/// Seconds of the hour, nanoseconds, and what follows the time, from behind its hour.
#[inline]
pub(super) fn parse_time<'a>(time: &'a [u8], form: &mut u32) -> Option<(u32, u32, &'a [u8])> {
    let (mut seconds, mut nanos, mut at, mut detail) = (0, 0, 0, 1);
    for weight in [60, 1] {
        if time.get(at) != Some(&b':') {
            break;
        }
        let part = two(time, at + 1).filter(|&part| part < 60)?;
        seconds += part * weight;
        at += 3;
        detail += 1;
    }
    if time.get(at) == Some(&b'.') && detail == 3 {
        let digits = time[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        for i in 0..9 {
            nanos = nanos * 10 + if i < digits { u32::from(time[at + 1 + i] - b'0') } else { 0 };
        }
        detail += digits as u32;
        at += 1 + digits;
    }
    *form |= detail << DETAIL_SHIFT;
    Some((seconds, nanos, &time[at..]))
}

/// Minutes east of Greenwich; none for a half of a day.
pub(super) fn parse_tail(tail: &[u8], form: &mut u32) -> Option<i32> {
    let (kind, sign, digits) = match tail {
        b"Z" | b" UTC" => {
            *form |= if tail == b"Z" { Z } else { UTC };
            return Some(0);
        }
        [sign @ (b'+' | b'-'), digits @ ..] => match digits.len() {
            2 => (HOURS, sign, digits),
            5 => (COLON, sign, digits),
            _ => (FOUR, sign, digits),
        },
        [b' ', sign @ (b'+' | b'-'), digits @ ..] => (if digits.len() == 5 { BLANK_COLON } else { BLANK_FOUR }, sign, digits),
        half => {
            let at = HALVES.iter().position(|halves| halves.contains(&half))?;
            *form |= NOON + at as u32;
            return Some(0);
        }
    };
    let minutes = match (kind, digits.len()) {
        (HOURS, _) => 0,
        (COLON | BLANK_COLON, _) if digits[2] == b':' => two(digits, 3)?,
        (FOUR | BLANK_FOUR, 4) => two(digits, 2)?,
        _ => return None,
    };
    let hours = two(digits, 0)?;
    if hours > 18 || minutes > 59 {
        return None;
    }
    let offset = (hours * 60 + minutes) as i32;
    let offset = if *sign == b'-' { -offset } else { offset };
    let written = if *sign == b'-' && offset == 0 { MINUS_ZERO } else { (offset + 1_440) as u32 };
    *form |= kind | written << OFFSET_SHIFT;
    Some(offset)
}

/// Minutes east of Greenwich of an instant of that form.
pub(super) fn offset_of(form: u32) -> i64 {
    match form >> OFFSET_SHIFT & 0xfff {
        0 | MINUS_ZERO => 0,
        written => i64::from(written) - 1_440,
    }
}

/// Writes a time of day as its form says.
pub(super) fn write_clock(of_day: u32, nanos: u32, form: u32, out: &mut Vec<u8>) {
    let (detail, join) = (form >> DETAIL_SHIFT & 15, form >> JOIN_SHIFT & 3);
    if detail == 0 {
        return;
    }
    let is_chinese = is_chinese(form);
    let before: &[u8] = match join {
        _ if is_chinese => [b" ".as_slice(), b""][(join & NOTHING) as usize],
        T => b"T",
        LOG => b":",
        COMMA => b", ",
        _ => b" ",
    };
    out.extend_from_slice(before);
    let hour = of_day / 3_600;
    write_short(if form & TAIL >= NOON { (hour + 11) % 12 + 1 } else { hour }, form, SHORT_HOUR, out);
    let has_characters = is_chinese && join & CHARACTERS != 0;
    if has_characters {
        out.extend_from_slice("时".as_bytes());
    }
    for (at, (part, character)) in [(of_day / 60 % 60, "分"), (of_day % 60, "秒")].into_iter().enumerate() {
        if detail < at as u32 + 2 {
            break;
        }
        if !has_characters {
            out.push(b':');
        }
        write_number(part, 2, out);
        if has_characters {
            out.extend_from_slice(character.as_bytes());
        }
    }
    if detail > 3 {
        out.push(b'.');
        write_number(nanos / 10u32.pow(12 - detail), detail - 3, out);
    }
}

/// Writes what stands behind the time of day: a zone, or its half.
pub(super) fn write_tail(of_day: u32, form: u32, out: &mut Vec<u8>) {
    let kind = form & TAIL;
    match kind {
        0 => return,
        Z => return out.push(b'Z'),
        UTC => return out.extend_from_slice(b" UTC"),
        NOON.. => return out.extend_from_slice(HALVES[(kind - NOON) as usize % 4][(of_day / 43_200) as usize % 2]),
        _ => {}
    }
    let offset = offset_of(form);
    if kind >= BLANK_FOUR {
        out.push(b' ');
    }
    out.push(if offset < 0 || form >> OFFSET_SHIFT & 0xfff == MINUS_ZERO { b'-' } else { b'+' });
    let minutes = offset.unsigned_abs() as u32;
    write_number(minutes / 60, 2, out);
    if matches!(kind, COLON | BLANK_COLON) {
        out.push(b':');
    }
    if kind != HOURS {
        write_number(minutes % 60, 2, out);
    }
}
