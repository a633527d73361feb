//! Integers and decimals as text, both ways, to the last digit.
//!
//! A text is read as a number only if the number and its [`Form`] write it back byte for byte. So a
//! column that turns out to be text after a million numbers loses nothing, and `007` stays text.

use super::form::Form;

/// The most digits a decimal holds, as in SQL's `DECIMAL(38)`.
pub const MAX_DIGITS: u32 = 38;

/// Ten to the power of `n`.
///
/// # Panics
///
/// Above 38, where it would overflow.
#[inline]
pub fn pow10(n: u32) -> i128 {
    const POWERS: [i128; 39] = {
        let mut powers = [1i128; 39];
        let mut i = 1;
        while i < 39 {
            powers[i] = powers[i - 1] * 10;
            i += 1;
        }
        powers
    };
    POWERS[n as usize]
}

/// The integer that `text` writes in its shortest form: no sign but `-`, no leading zero, within 64 bits.
#[inline]
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.len() > 18 {
        return parse_long_int(negative, digits);
    }
    let (&first, rest) = digits.split_first()?;
    let mut value = i64::from(first.wrapping_sub(b'0'));
    if value > 9 || (value == 0 && (negative || !rest.is_empty())) {
        return None;
    }
    for &byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// The same for the text `bytes[start..end]`, eight digits at a time. `None` also for what this way does not read:
/// negative integers, more than sixteen digits, and texts within the first sixteen bytes.
#[inline(always)]
pub fn parse_int_within(bytes: &[u8], start: usize, end: usize) -> Option<i64> {
    let n_digits = end.wrapping_sub(start);
    let before: &[u8; 16] = bytes.get(end.wrapping_sub(16)..end)?.try_into().ok()?;
    let low = u64::from_le_bytes(before[8..].try_into().ok()?) ^ ZEROS;
    if n_digits.wrapping_sub(1) < 8 {
        // Digits in the place of bytes that are not the text's would be leading zeros.
        let others = 64 - 8 * n_digits as u32;
        let digits = low >> others;
        let fits = all_digits(digits) && (digits & 0xff != 0 || n_digits == 1);
        return if fits { Some(eight_digits(digits << others) as i64) } else { None };
    }
    let n_digits = n_digits.wrapping_sub(8);
    if n_digits.wrapping_sub(1) >= 8 {
        return None;
    }
    let high = u64::from_le_bytes(before[..8].try_into().ok()?) ^ ZEROS;
    let others = 64 - 8 * n_digits as u32;
    let digits = high >> others;
    let fits = all_digits(digits) && all_digits(low) && digits & 0xff != 0;
    if fits { Some((eight_digits(digits << others) * 100_000_000 + eight_digits(low)) as i64) } else { None }
}

const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// Whether each byte is at most 9.
#[inline(always)]
fn all_digits(word: u64) -> bool {
    (word | ((word & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 == 0
}

/// The number that eight bytes of 0 to 9 write, the first being the lowest byte.
#[inline(always)]
fn eight_digits(word: u64) -> u64 {
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let outer = (pairs & 0xff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let inner = (pairs >> 16 & 0xff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    outer.wrapping_add(inner) >> 32
}

#[cold]
fn parse_long_int(negative: bool, digits: &[u8]) -> Option<i64> {
    if digits.len() > 19 || digits[0] == b'0' {
        return None;
    }
    let magnitude = parse_digits(digits)?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// The value of up to 38 digits; nothing else allowed.
fn parse_digits(digits: &[u8]) -> Option<i128> {
    if digits.len() > MAX_DIGITS as usize {
        return None;
    }
    digits.iter().try_fold(0i128, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i128::from(digit))
    })
}

const NO_ZERO: u32 = 1 << 8; // ".5"
const MINUS_ZERO: u32 = 1 << 9; // "-0.00"
const EXPONENT: u32 = 1 << 10; // "1e5", and then:
const UPPER: u32 = 1 << 11; // "1E5"
const PLUS: u32 = 1 << 12; // "1e+5"
const WIDTH_SHIFT: u32 = 13; // digits of the exponent, two bits
const EXPONENT_SHIFT: u32 = 16; // the exponent itself plus 64, eight bits

/// A decimal, as an integer count of `10^-scale`, and how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The count.
    pub units: i128,
    /// Digits after the point that the count needs.
    pub scale: u8,
    /// How it was written.
    pub form: Form,
}

/// The decimal that `text` writes, plain (`-12.50`, `.5`) or with an exponent (`1.5e-05`).
///
/// Integers are decimals too, unless they have more than 19 digits: those are names, not amounts.
#[inline]
pub fn parse_decimal(text: &[u8]) -> Option<Decimal> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut value = 0u64;
    let mut point = None;
    for (i, &byte) in rest.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            if i >= 18 {
                return parse_long_decimal(negative, rest);
            }
            value = value * 10 + u64::from(digit);
        } else if byte == b'.' && point.is_none() {
            point = Some(i);
        } else {
            return parse_long_decimal(negative, rest);
        }
    }
    let whole = point.unwrap_or(rest.len());
    let fraction = point.map_or(0, |p| rest.len() - p - 1);
    if (fraction == 0 && (point.is_some() || whole == 0)) || (whole > 1 && rest[0] == b'0') {
        return None;
    }
    Some(plain(negative, i128::from(value), whole, fraction))
}

fn plain(negative: bool, value: i128, whole: usize, fraction: usize) -> Decimal {
    let mut form = fraction as u32;
    if whole == 0 {
        form |= NO_ZERO;
    }
    if negative && value == 0 {
        form |= MINUS_ZERO;
    }
    Decimal { units: if negative { -value } else { value }, scale: fraction as u8, form: Form(form) }
}

#[cold]
fn parse_long_decimal(negative: bool, text: &[u8]) -> Option<Decimal> {
    let e = text.iter().position(|b| matches!(b, b'e' | b'E'));
    let mantissa = &text[..e.unwrap_or(text.len())];
    let point = mantissa.iter().position(|&b| b == b'.');
    let whole = &mantissa[..point.unwrap_or(mantissa.len())];
    let fraction = point.map_or(&b""[..], |p| &mantissa[p + 1..]);
    let bare = point.is_some() && fraction.is_empty();
    if bare || (whole.is_empty() && fraction.is_empty()) || (whole.len() > 1 && whole[0] == b'0') {
        return None;
    }
    if whole.len() + fraction.len() > MAX_DIGITS as usize || (point.is_none() && e.is_none() && whole.len() > 19) {
        return None;
    }
    let value = parse_digits(whole)? * pow10(fraction.len() as u32) + parse_digits(fraction)?;
    let mut decimal = plain(negative, value, whole.len(), fraction.len());
    if let Some(e) = e {
        let sign = text.get(e + 1)?;
        let digits = &text[e + 1 + usize::from(matches!(sign, b'+' | b'-'))..];
        if digits.is_empty() || digits.len() > 3 || decimal.form.0 & (NO_ZERO | MINUS_ZERO) != 0 {
            return None;
        }
        let magnitude = parse_digits(digits)? as i32;
        let exponent = if *sign == b'-' { -magnitude } else { magnitude };
        if exponent.abs() > 60 || (*sign == b'-' && magnitude == 0) || value == 0 {
            return None;
        }
        let scale = fraction.len() as i32 - exponent;
        let grown = (-scale).max(0) as u32;
        if scale > MAX_DIGITS as i32 - 1 || grown + (whole.len() + fraction.len()) as u32 > MAX_DIGITS {
            return None;
        }
        decimal.units *= pow10(grown);
        decimal.scale = scale.max(0) as u8;
        decimal.form.0 |= EXPONENT
            | if text[e] == b'E' { UPPER } else { 0 }
            | if *sign == b'+' { PLUS } else { 0 }
            | (digits.len() as u32) << WIDTH_SHIFT
            | ((exponent + 64) as u32) << EXPONENT_SHIFT;
    }
    Some(decimal)
}

/// Writes `units · 10^-scale` in the given form: the text that [`parse_decimal`] read.
pub fn write_decimal(units: i128, scale: u8, form: Form, out: &mut Vec<u8>) {
    let fraction = form.0 & 0x3f;
    let exponent = if form.0 & EXPONENT == 0 { 0 } else { (form.0 >> EXPONENT_SHIFT & 0xff) as i32 - 64 };
    let shift = fraction as i32 - exponent - i32::from(scale);
    let mantissa = if shift >= 0 { units * pow10(shift as u32) } else { units / pow10(-shift as u32) };
    if mantissa < 0 || form.0 & MINUS_ZERO != 0 {
        out.push(b'-');
    }
    write_fixed(mantissa.unsigned_abs(), fraction, form.0 & NO_ZERO == 0, out);
    if form.0 & EXPONENT != 0 {
        out.push(if form.0 & UPPER == 0 { b'e' } else { b'E' });
        if exponent < 0 {
            out.push(b'-');
        } else if form.0 & PLUS != 0 {
            out.push(b'+');
        }
        let width = (form.0 >> WIDTH_SHIFT & 3) as usize;
        out.extend_from_slice(format!("{:0width$}", exponent.unsigned_abs()).as_bytes());
    }
}

/// Writes `units · 10^-scale` with exactly `scale` digits after the point.
///
/// ```
/// assert_eq!(clickfold::kernel::number::decimal_text(-5, 2), "-0.05");
/// ```
pub fn decimal_text(units: i128, scale: u8) -> String {
    let mut out = Vec::new();
    write_decimal(units, scale, Form(u32::from(scale)), &mut out);
    String::from_utf8(out).expect("digits are ASCII")
}

fn write_fixed(magnitude: u128, fraction: u32, leading_zero: bool, out: &mut Vec<u8>) {
    let digits = magnitude.to_string();
    let fraction = fraction as usize;
    if digits.len() > fraction {
        out.extend_from_slice(&digits.as_bytes()[..digits.len() - fraction]);
    } else if leading_zero {
        out.push(b'0');
    }
    if fraction > 0 && !(digits == "0" && !leading_zero && fraction == 0) {
        out.push(b'.');
        out.extend(std::iter::repeat_n(b'0', fraction.saturating_sub(digits.len())));
        out.extend_from_slice(&digits.as_bytes()[digits.len().saturating_sub(fraction)..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integers_in_their_shortest_form_only() {
        for (text, value) in [
            ("0", Some(0)),
            ("-17", Some(-17)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("2053013555631882655", Some(2_053_013_555_631_882_655)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("007", None),
            ("-0", None),
            ("+5", None),
            ("", None),
            ("-", None),
            ("1 ", None),
            ("1.0", None),
            ("12345678901234567890123", None),
        ] {
            assert_eq!(parse_int(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn reads_decimals_exactly() {
        for (text, value) in [
            ("35.79", Some((3579, 2))),
            ("-0.05", Some((-5, 2))),
            ("3.50", Some((350, 2))),
            ("17850.0", Some((178_500, 1))),
            (".5", Some((5, 1))),
            ("-0.00", Some((0, 2))),
            ("1e-05", Some((1, 5))),
            ("1.5E+10", Some((15_000_000_000, 0))),
            ("0.12345678901234567890123456789", Some((12_345_678_901_234_567_890_123_456_789, 29))),
            ("12", Some((12, 0))),
            ("5.", None),
            ("", None),
            (".", None),
            ("00.5", None),
            ("1.2.3", None),
            ("12345678901234567890123", None),
            ("1e99", None),
            ("e5", None),
            ("1e", None),
            ("nan", None),
        ] {
            assert_eq!(parse_decimal(text.as_bytes()).map(|d| (d.units, d.scale)), value, "{text:?}");
        }
    }

    #[test]
    fn writes_back_what_it_read() {
        let texts = [
            "0", "-1", "35.79", "-0.05", "3.50", ".5", ".00", "-.50", "-0.00", "1e-05", "1.5E+10", "12.5e3", "1e0", "0.1",
            "10.001",
        ];
        for text in texts {
            let d = parse_decimal(text.as_bytes()).unwrap_or_else(|| panic!("{text:?} is a decimal"));
            for wider in 0..3 {
                let mut out = vec![];
                write_decimal(d.units * pow10(wider), d.scale + wider as u8, d.form, &mut out);
                assert_eq!(String::from_utf8_lossy(&out), text);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn reads_integers_alike_eight_digits_at_a_time(before in "[0-9,x-]{0,24}", text in "-?[0-9:/x-]{0,19}|-?[0-9]{1,17}", after in "[0-9,]{0,9}") {
            let line = format!("{before}{text}{after}");
            let (start, end) = (before.len(), before.len() + text.len());
            let expected = parse_int(text.as_bytes()).filter(|_| text.len() <= 16 && end >= 16 && !text.starts_with('-'));
            assert_eq!(parse_int_within(line.as_bytes(), start, end), expected, "{text:?} in {line:?}");
        }

        #[test]
        fn writes_back_any_text_it_accepts(text in "-?[0-9]{0,22}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?") {
            if let Some(d) = parse_decimal(text.as_bytes()) {
                let mut out = vec![];
                write_decimal(d.units, d.scale, d.form, &mut out);
                assert_eq!(String::from_utf8_lossy(&out), text);
            }
            if let Some(i) = parse_int(text.as_bytes()) {
                assert_eq!(i.to_string(), text);
            }
        }
    }
}
