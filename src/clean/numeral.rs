//! Numbers as people write them: with a decimal comma, with thousands apart, with a currency sign.

use crate::kernel::number::{MAX_DIGITS, parse_decimal};
use crate::{Error, Result};

/// Digits after the point that are read at the most: one text of many would leave others no room before it.
pub(super) const MOST_SCALE: u8 = 18;

/// Signs that may stand before or behind a number.
const SIGNS: [char; 8] = ['$', '€', '£', '¥', '₹', '₩', '₽', '￥'];

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    decimal: char,
    group: Option<char>,
}

impl Style {
    /// As programs write them.
    pub(super) const PLAIN: Self = Self { decimal: '.', group: None };

    /// The style of an example, such as `1.234,56`.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it does not tell which of its characters is the decimal one.
    pub(super) fn of_example(example: &str) -> Result<Self> {
        let marks: Vec<(usize, char)> = example.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
        let unclear = || {
            Error::bad_query(format!(
                "the format {example:?} is neither a time's, such as \"%d/%m/%Y %H:%M\", nor a number with its decimal character, such as \"1.234,56\""
            ))
            .at_column("format")
        };
        let &[.., (at, last)] = &marks[..] else { return Err(unclear()) };
        let behind = example.len() - at - last.len_utf8();
        let others: Vec<char> = marks.iter().map(|&(_, c)| c).filter(|&c| c != last).collect();
        let is_clear = match (&others[..], marks.len()) {
            ([], 1) => behind > 0 && behind != 3,
            ([], _) => false,
            ([group, ..], _) => others.iter().all(|c| c == group) && others.len() == marks.len() - 1 && behind > 0,
        };
        if !is_clear || !example.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(unclear());
        }
        Ok(Self { decimal: last, group: others.first().copied() })
    }

    /// The number that a text writes: its units of `10^-scale` and the scale; without zeros at the end of a fraction that is
    /// too long. White space and currency signs around it are passed over; between parentheses it is negative.
    pub(super) fn read(self, text: &str) -> Option<(i128, u8)> {
        let around = |c: char| c.is_whitespace() || SIGNS.contains(&c);
        let mut rest = text.trim_matches(around);
        let mut negative = false;
        if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            (rest, negative) = (inner.trim_matches(around), true);
        } else if let Some(positive) = rest.strip_prefix('+') {
            rest = positive;
        } else if let Some(positive) = rest.strip_prefix(['-', '−']) {
            (rest, negative) = (positive, true);
        }
        let rest = rest.trim_matches(around);
        let (mut digits, mut fraction) = (String::new(), None);
        for c in rest.chars() {
            if c.is_ascii_digit() {
                digits.push(c);
                fraction = fraction.map(|n: usize| n + 1);
            } else if c == self.decimal && fraction.is_none() {
                fraction = Some(0);
            } else if !(self.is_group(c) && fraction.is_none() && !digits.is_empty()) {
                return self.read_exponent(rest).map(|(units, scale)| (if negative { -units } else { units }, scale));
            }
        }
        let mut scale = fraction.unwrap_or(0);
        while scale > usize::from(MOST_SCALE) && digits.ends_with('0') {
            digits.pop();
            scale -= 1;
        }
        let significant = digits.trim_start_matches('0');
        if digits.is_empty() || significant.len() > MAX_DIGITS as usize || scale > usize::from(MOST_SCALE) {
            return None;
        }
        let units: i128 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
        Some((if negative { -units } else { units }, scale as u8))
    }

    /// A space between thousands may be any.
    fn is_group(self, c: char) -> bool {
        self.group.is_some_and(|group| c == group || group.is_whitespace() && c.is_whitespace())
    }

    fn read_exponent(self, text: &str) -> Option<(i128, u8)> {
        if self != Self::PLAIN || !text.contains(['e', 'E']) || text.starts_with('-') {
            return None;
        }
        let decimal = parse_decimal(text.as_bytes())?;
        (decimal.scale <= MOST_SCALE).then_some((decimal.units, decimal.scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_tells_the_style() {
        for (example, text, number) in [
            ("1.234,56", "1.234.567,8", Some((12_345_678, 1))),
            ("1.234,56", "-12", Some((-12, 0))),
            ("1.234,56", "1,2,3", None),
            ("1,234.56", "$1,234.50", Some((123_450, 2))),
            ("1,234.56", "(12.50)", Some((-1_250, 2))),
            ("1 234,56", "1\u{a0}234,5 €", Some((12_345, 1))),
            ("1'234.5", "1'000", Some((1_000, 0))),
            ("0,5", "007,25", Some((725, 2))),
            ("0,5", "1.5", None),
            ("1.5", "", None),
            ("1.5", ".", None),
            ("1.5", "--1", None),
            ("1.5", "1e3", Some((1_000, 0))),
            ("1.5", "0.1234567890123456789", None),
            ("1.5", "0.12345678901234567800", Some((123_456_789_012_345_678, 18))),
            ("1.5", "123456789012345678901234567890123456789", None),
        ] {
            assert_eq!(Style::of_example(example).unwrap().read(text), number, "{text:?} as {example:?}");
        }
        for example in ["1,234", "1", "", "1.234.567", "a", "1.2,3.4", "1,"] {
            assert!(Style::of_example(example).is_err(), "{example:?}");
        }
    }
}
