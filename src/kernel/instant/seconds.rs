//! Instants as seconds since 1970 with a fraction: `1396860669.277`, as programs and servers write them.

use super::{DETAIL_SHIFT, Instant};
use crate::kernel::form::Form;

/// The bit of a form that says so, beside how many digits the fraction has; alone it is [`EPOCH`](super::EPOCH).
const SECONDS: u32 = 1 << 31;

/// Seconds of the years 1990 to 2100: other numbers count something else.
const LIKELY: std::ops::Range<i64> = 631_152_000..4_102_444_800;

/// The form of so many digits.
pub(super) const fn form_of(digits: u32) -> Form {
    Form(SECONDS | (3 + digits) << DETAIL_SHIFT)
}

/// Whether an instant of that form was written so.
pub(super) fn is_of(form: Form) -> bool {
    form.0 & SECONDS != 0 && form.0 != SECONDS
}

pub(super) fn parse(text: &[u8]) -> Option<Instant> {
    let point = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    let whole = &text[..point];
    let fraction = text.get(point + 1..).unwrap_or_default();
    let is_written_so = matches!(whole.len(), 9 | 10)
        && whole[0] != b'0'
        && (point == text.len()
            || text[point] == b'.' && matches!(fraction.len(), 1..=9) && fraction.iter().all(u8::is_ascii_digit));
    let seconds = number(whole.get(..whole.len().min(10))?);
    if !is_written_so || !LIKELY.contains(&seconds) {
        return None;
    }
    let nanos = number(fraction) as u32 * 10u32.pow(9 - fraction.len() as u32);
    Some(Instant { seconds, nanos, form: form_of(fraction.len() as u32) })
}

pub(super) fn write(seconds: i64, nanos: u32, form: Form, out: &mut Vec<u8>) {
    out.extend_from_slice(seconds.to_string().as_bytes());
    let digits = (form.0 >> DETAIL_SHIFT & 15).saturating_sub(3) as usize;
    if digits > 0 {
        out.push(b'.');
        out.extend_from_slice(&format!("{nanos:09}").as_bytes()[..digits]);
    }
}
