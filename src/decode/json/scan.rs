//! JSON texts, checked as RFC 8259 has them, without building anything of them.

/// Values within values that are followed; deeper ones are refused.
const DEEPEST: usize = 128;

/// Why bytes are no JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

pub(super) type Scan<T> = Result<T, Fault>;

#[cold]
pub(super) fn fault<T>(at: usize, expected: &'static str) -> Scan<T> {
    Err(Fault { at, expected })
}

/// The first byte from `at` on that is no white space, or the end.
#[inline]
pub(super) fn white(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Behind the byte that must stand at `at`, and the white space after it.
#[inline]
pub(super) fn pass(bytes: &[u8], at: usize, byte: u8, expected: &'static str) -> Scan<usize> {
    if bytes.get(at) == Some(&byte) { Ok(white(bytes, at + 1)) } else { fault(at, expected) }
}

/// A string's inside, whether it has escapes, and what follows it.
pub(super) struct Text {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) has_escapes: bool,
}

impl Text {
    /// Behind its closing quote.
    #[inline]
    pub(super) fn next(&self) -> usize {
        self.end + 1
    }
}

/// The string whose opening quote stands at `at`.
#[inline]
pub(super) fn string(bytes: &[u8], at: usize) -> Scan<Text> {
    if bytes.get(at) != Some(&b'"') {
        return fault(at, "a string");
    }
    let start = at + 1;
    let (mut at, mut has_escapes) = (start, false);
    loop {
        at += plain(&bytes[at..]);
        match bytes.get(at) {
            Some(b'"') => return Ok(Text { start, end: at, has_escapes }),
            Some(b'\\') => {
                has_escapes = true;
                at = escape(bytes, at)?;
            }
            Some(byte) if *byte < 0x20 => return fault(at, "no control character in a string"),
            Some(_) => at += 1,
            None => return fault(at, "the string's closing quote"),
        }
    }
}

/// How many of the first bytes, eight at a time, are neither quotes nor backslashes nor control characters.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = 0;
    for eight in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes([eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], eight[7]]);
        let is_control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let marks = is_control | is_zero(word ^ (ONES * u64::from(b'"'))) | is_zero(word ^ (ONES * u64::from(b'\\')));
        if marks != 0 {
            // Only the lowest mark is sure: a borrow may make higher ones.
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at
}

/// Behind the escape at `at`.
fn escape(bytes: &[u8], at: usize) -> Scan<usize> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') if hex(bytes, at + 2).is_some() => Ok(at + 6),
        _ => fault(at, "an escape such as \\n or \\u00e9"),
    }
}

fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

/// Writes a string's inside without its escapes; half a surrogate pair becomes `U+FFFD`.
pub(super) fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let escaped = text.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        let plain = match escaped {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (code, length) = code_point(text, at);
                at += length;
                out.extend_from_slice(
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]).as_bytes(),
                );
                continue;
            }
            other => other,
        };
        out.push(plain);
    }
}

/// The code point whose four digits stand at `at`, or that of a pair, and the bytes it takes.
fn code_point(text: &[u8], at: usize) -> (u32, usize) {
    let high = hex(text, at).unwrap_or(0xfffd);
    let low = if text.get(at + 4..at + 6) == Some(b"\\u") { hex(text, at + 6) } else { None };
    match low {
        Some(low) if (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low) => {
            (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 10)
        }
        _ => (high, 4),
    }
}

/// Behind the number at `at`, and whether it has an exponent.
#[inline]
pub(super) fn number(bytes: &[u8], at: usize) -> Scan<(usize, bool)> {
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut end = digits(first);
    if end == first {
        return fault(at, "a value");
    }
    if end > first + 1 && bytes[first] == b'0' {
        return fault(first, "a number without leading zeros");
    }
    if bytes.get(end) == Some(&b'.') {
        let from = end + 1;
        end = digits(from);
        if end == from {
            return fault(end, "digits behind the point");
        }
    }
    let has_exponent = matches!(bytes.get(end), Some(b'e' | b'E'));
    if has_exponent {
        let from = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(from);
        if end == from {
            return fault(end, "the exponent's digits");
        }
    }
    Ok((end, has_exponent))
}

/// Behind `true`, `false` or `null`.
pub(super) fn word(bytes: &[u8], at: usize) -> Scan<usize> {
    for word in ["true", "false", "null"] {
        if bytes[at..].starts_with(word.as_bytes()) {
            return Ok(at + word.len());
        }
    }
    fault(at, "a value")
}

/// Behind the value at `at`, of whatever kind, `depth` values being around it.
pub(super) fn value(bytes: &[u8], at: usize, depth: usize) -> Scan<usize> {
    if depth > DEEPEST {
        return fault(at, "values that are not nested so deep");
    }
    let inside = |open: usize, close: u8, member: &mut dyn FnMut(usize) -> Scan<usize>| {
        let mut at = white(bytes, open + 1);
        if bytes.get(at) == Some(&close) {
            return Ok(at + 1);
        }
        loop {
            at = white(bytes, member(at)?);
            match bytes.get(at) {
                Some(b',') => at = white(bytes, at + 1),
                Some(byte) if *byte == close => return Ok(at + 1),
                _ => return fault(at, if close == b']' { "a comma or ]" } else { "a comma or }" }),
            }
        }
    };
    match bytes.get(at) {
        Some(b'"') => string(bytes, at).map(|text| text.next()),
        Some(b'{') => inside(at, b'}', &mut |at| {
            let key = string(bytes, at)?;
            let at = pass(bytes, white(bytes, key.next()), b':', "a colon")?;
            value(bytes, at, depth + 1)
        }),
        Some(b'[') => inside(at, b']', &mut |at| value(bytes, at, depth + 1)),
        Some(b't' | b'f' | b'n') => word(bytes, at),
        _ => number(bytes, at).map(|(end, _)| end),
    }
}

/// Whether a text is one JSON value, as RFC 8259 says; values nested deeper than 128 are refused.
///
/// # Errors
///
/// What was expected, and at which byte.
pub fn check(text: &[u8]) -> Result<(), String> {
    let valid = std::str::from_utf8(text).map_or_else(|error| fault(error.valid_up_to(), "UTF-8"), Ok);
    let end = valid.and_then(|_| value(text, white(text, 0), 0)).map(|end| white(text, end));
    let end = end.and_then(|end| if end == text.len() { Ok(()) } else { fault(end, "the end of the text") });
    end.map_err(|fault| format!("expected {} at byte {}", fault.expected, fault.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unescapes() {
        for (text, expected) in [
            (r"a\n\u00e9\/", "a\né/"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx\ude00", "\u{fffd}x\u{fffd}"),
            (r#"\"\\"#, "\"\\"),
        ] {
            let mut out = vec![];
            unescape(text.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 4_000, ..Default::default() })]
        #[test]
        fn accepts_what_serde_json_accepts(text in r#"[\[\]{},:"\\ \n0-9eE.+\-a-fnrstu/é\x01]{0,24}"#) {
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            assert_eq!(check(text.as_bytes()).is_ok(), theirs, "{text:?}");
        }
    }
}
