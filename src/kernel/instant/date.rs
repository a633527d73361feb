//! Dates as text, both ways.
//!
//! Years have four digits, days and months one or two. A text says by itself what is what where the year comes first
//! (`2010-12-01`, also with `/` or `.`, and `2010年12月1日`) or the month is a name (`1-Dec-2010`, also with `/` or a blank,
//! `December 1, 2010`, `Dec 1 2010`). Three numbers with the year last, and eight digits, need a [`DateStyle`].

use super::cursor::{Cursor, SHORT_DAY, SHORT_MONTH, two, write_number, write_short};
use super::{DateStyle, HEAD_SHIFT, days_of};

// The ways to write a date.
const YMD: u32 = 0;
pub(super) const YMD_SLASH: u32 = 1;
const YMD_DOT: u32 = 2;
pub(super) const CHINESE: u32 = 3;
const DIGITS: u32 = 4;
const DMY: u32 = 5; // and the two behind it: slashes, dots, dashes
const MDY: u32 = 8; // the same
const DAY_NAME: u32 = 11; // and the two behind it: dashes, slashes, blanks
const NAME_COMMA: u32 = 14;
const NAME_BLANK: u32 = 15;

const UPPER: u32 = 1 << 29;
const LONG: u32 = 1 << 30;

const NUMBERS: &[u8; 3] = b"/.-";
const NAMES: &[u8; 3] = b"-/ ";

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// Years that eight digits may begin with.
const LIKELY: std::ops::RangeInclusive<u32> = 1900..=2100;

/// The style that reads a date written in that way.
pub(super) fn style_of(head: u32) -> DateStyle {
    match head {
        DIGITS => DateStyle::Digits,
        DMY..MDY => DateStyle::DayFirst,
        MDY..DAY_NAME => DateStyle::MonthFirst,
        _ => DateStyle::Plain,
    }
}

/// A way to write a date that is read in that style.
pub(super) fn head_of(style: DateStyle) -> u32 {
    match style {
        DateStyle::Plain | DateStyle::Seconds => YMD,
        DateStyle::Digits => DIGITS,
        DateStyle::DayFirst => DMY,
        DateStyle::MonthFirst => MDY,
    }
}

/// Whether what stands between date and time may be that: a colon only behind names, as in logs.
pub(super) fn joins_by_colon(form: u32) -> bool {
    (DAY_NAME..NAME_COMMA).contains(&(form >> HEAD_SHIFT & 15))
}

/// The days from 1970 to the date that the text begins with.
pub(super) fn parse(cursor: &mut Cursor, style: DateStyle) -> Option<i64> {
    let is_digit = |at: usize| cursor.rest.get(at).is_some_and(u8::is_ascii_digit);
    let (head, year, month, day) = match cursor.rest.first()? {
        b'0'..=b'9' if (1..4).all(is_digit) => parse_year_first(cursor, style)?,
        b'0'..=b'9' => parse_year_last(cursor, style)?,
        _ => {
            let month = parse_name(cursor)?;
            let day = cursor.eat(b" ").then(|| cursor.number(SHORT_DAY))??;
            let head = if cursor.eat(b", ") { NAME_COMMA } else { NAME_BLANK };
            let year = (head == NAME_COMMA || cursor.eat(b" ")).then(|| cursor.year())??;
            (head, year, month, day)
        }
    };
    cursor.form |= head << HEAD_SHIFT;
    days_of(year, month, day)
}

/// The way of writing, year, month and day.
type Date = (u32, u32, u32, u32);

fn parse_year_first(cursor: &mut Cursor, style: DateStyle) -> Option<Date> {
    let year = cursor.year()?;
    if cursor.rest.first()?.is_ascii_digit() {
        let (month, day) = (two(cursor.rest, 0)?, two(cursor.rest, 2)?);
        let is_date = style == DateStyle::Digits && cursor.rest.len() == 4 && LIKELY.contains(&year);
        cursor.rest = &[];
        return is_date.then_some((DIGITS, year, month, day));
    }
    if cursor.eat("年".as_bytes()) {
        let month = cursor.number(SHORT_MONTH)?;
        let day = cursor.eat("月".as_bytes()).then(|| cursor.number(SHORT_DAY))??;
        return cursor.eat("日".as_bytes()).then_some((CHINESE, year, month, day));
    }
    let separator = cursor.byte()?;
    let head = [YMD, YMD_SLASH, YMD_DOT][b"-/.".iter().position(|&known| known == separator)?];
    let month = cursor.number(SHORT_MONTH)?;
    let day = cursor.eat(&[separator]).then(|| cursor.number(SHORT_DAY))??;
    Some((head, year, month, day))
}

fn parse_year_last(cursor: &mut Cursor, style: DateStyle) -> Option<Date> {
    let (first, second) = match style {
        DateStyle::MonthFirst => (SHORT_MONTH, SHORT_DAY),
        _ => (SHORT_DAY, SHORT_MONTH),
    };
    let before = (cursor.rest, cursor.form, cursor.has, cursor.cares);
    let a = cursor.number(first)?;
    let separator = cursor.byte()?;
    if !cursor.rest.first()?.is_ascii_digit() {
        (cursor.rest, cursor.form, cursor.has, cursor.cares) = before;
        let day = cursor.number(SHORT_DAY)?;
        cursor.byte()?;
        let head = DAY_NAME + NAMES.iter().position(|&known| known == separator)? as u32;
        let month = parse_name(cursor)?;
        let year = cursor.eat(&[separator]).then(|| cursor.year())??;
        return Some((head, year, month, day));
    }
    let at = NUMBERS.iter().position(|&known| known == separator)? as u32;
    let b = cursor.number(second)?;
    let year = cursor.eat(&[separator]).then(|| cursor.year())??;
    match style {
        DateStyle::DayFirst => Some((DMY + at, year, b, a)),
        DateStyle::MonthFirst => Some((MDY + at, year, a, b)),
        DateStyle::Plain | DateStyle::Digits | DateStyle::Seconds => None,
    }
}

/// The month whose name stands here: whole or its first three letters, in upper case or with an upper-case letter before
/// others.
fn parse_name(cursor: &mut Cursor) -> Option<u32> {
    let length = cursor.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (name, rest) = cursor.rest.split_at(length);
    cursor.rest = rest;
    // May is both; it is short.
    for (mask, form) in [(3, 0), (usize::MAX, LONG)] {
        for (at, month) in MONTHS.iter().enumerate() {
            let month = &month.as_bytes()[..month.len().min(mask)];
            if name.eq_ignore_ascii_case(month) {
                let is_upper = name.iter().all(u8::is_ascii_uppercase);
                cursor.form |= form | if is_upper { UPPER } else { 0 };
                return (is_upper || name == month).then_some(at as u32 + 1);
            }
        }
    }
    None
}

/// Writes a date as its form says.
pub(super) fn write_date(year: u32, month: u32, day: u32, form: u32, out: &mut Vec<u8>) {
    let head = form >> HEAD_SHIFT & 15;
    let number = |value: u32, short: u32, out: &mut Vec<u8>| write_short(value, form, short, out);
    let year_first = |between: [&str; 3], out: &mut Vec<u8>| {
        write_number(year, 4, out);
        out.extend_from_slice(between[0].as_bytes());
        number(month, SHORT_MONTH, out);
        out.extend_from_slice(between[1].as_bytes());
        number(day, SHORT_DAY, out);
        out.extend_from_slice(between[2].as_bytes());
    };
    match head {
        YMD => year_first(["-", "-", ""], out),
        YMD_SLASH => year_first(["/", "/", ""], out),
        YMD_DOT => year_first([".", ".", ""], out),
        CHINESE => year_first(["年", "月", "日"], out),
        DIGITS => year_first([""; 3], out),
        DMY..DAY_NAME => {
            let separator = NUMBERS[((head - DMY) % 3) as usize];
            let day_first = [(day, SHORT_DAY), (month, SHORT_MONTH)];
            let [a, b] = if head < MDY { day_first } else { [day_first[1], day_first[0]] };
            for (value, short) in [a, b] {
                number(value, short, out);
                out.push(separator);
            }
            write_number(year, 4, out);
        }
        DAY_NAME..NAME_COMMA => {
            let separator = NAMES[(head - DAY_NAME) as usize];
            number(day, SHORT_DAY, out);
            out.push(separator);
            write_name(month, form, out);
            out.push(separator);
            write_number(year, 4, out);
        }
        _ => {
            write_name(month, form, out);
            out.push(b' ');
            number(day, SHORT_DAY, out);
            out.extend_from_slice(if head == NAME_COMMA { b", " } else { b" " });
            write_number(year, 4, out);
        }
    }
}

fn write_name(month: u32, form: u32, out: &mut Vec<u8>) {
    let name = MONTHS[(month as usize + 11) % 12];
    let from = out.len();
    out.extend_from_slice(if form & LONG == 0 { &name.as_bytes()[..3] } else { name.as_bytes() });
    if form & UPPER != 0 {
        out[from..].make_ascii_uppercase();
    }
}
