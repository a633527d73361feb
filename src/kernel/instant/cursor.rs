//! A text that is read from its start to its end, and the form that it turns out to have.

/// Which numbers below ten have one digit.
pub(super) const SHORT_DAY: u32 = 1 << 26;
pub(super) const SHORT_MONTH: u32 = 1 << 27;
pub(super) const SHORT_HOUR: u32 = 1 << 28;
pub(super) const SHORTS: u32 = SHORT_DAY | SHORT_MONTH | SHORT_HOUR;

/// What is left of a text.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
    pub(super) form: u32,
    /// The [`SHORTS`] of the numbers that are in it, and of those below ten.
    pub(super) has: u32,
    pub(super) cares: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, form: 0, has: 0, cares: 0 }
    }

    /// Passes a text, if it stands here.
    pub(super) fn eat(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Passes a byte, which there must be.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// The number of one digit or two that stands here.
    pub(super) fn number(&mut self, short: u32) -> Option<u32> {
        let first = self.byte().filter(u8::is_ascii_digit)?;
        let mut value = u32::from(first - b'0');
        self.has |= short;
        match self.rest.first() {
            Some(digit @ b'0'..=b'9') => {
                value = value * 10 + u32::from(digit - b'0');
                self.rest = &self.rest[1..];
                self.cares |= if value < 10 { short } else { 0 };
            }
            _ => {
                self.form |= short;
                self.cares |= short;
            }
        }
        Some(value)
    }

    /// The four digits of a year.
    pub(super) fn year(&mut self) -> Option<u32> {
        let digits: &[u8; 4] = self.rest.first_chunk()?;
        self.rest = &self.rest[4..];
        Some(two(digits, 0)? * 100 + two(digits, 2)?)
    }
}

/// The number that two digits write.
#[inline]
pub(super) fn two(text: &[u8], at: usize) -> Option<u32> {
    let (tens, ones) = (text.get(at)?.wrapping_sub(b'0'), text.get(at + 1)?.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Writes a number with zeros before it.
pub(super) fn write_number(value: u32, n_digits: u32, out: &mut Vec<u8>) {
    (0..n_digits).rev().for_each(|at| out.push(b'0' + (value / 10u32.pow(at) % 10) as u8));
}

/// Writes a number below a hundred as the form says.
pub(super) fn write_short(value: u32, form: u32, short: u32, out: &mut Vec<u8>) {
    write_number(value, if value < 10 && form & short != 0 { 1 } else { 2 }, out);
}
