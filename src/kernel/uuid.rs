//! UUIDs as integers that order as their texts do, eight digits at a time.

use arrow_array::StringArray;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};

/// The scale, beyond that of any decimal, that a column of UUIDs has as Arrow's 128-bit decimals.
pub const UUID_SCALE: u8 = 38;

/// Characters of a UUID.
const LEN: usize = 36;
/// Where its hyphens are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// Where each half of its groups of eight digits begins.
const DIGITS: [[usize; 2]; 4] = [[0, 4], [9, 14], [19, 24], [28, 32]];
/// Signed integers order as unsigned ones do when this bit is turned.
const TURNED: i128 = i128::MIN;

/// A one in each byte.
const EACH: u64 = u64::MAX / 0xff;
/// How much farther a letter is from its value than a digit.
const TO_LETTER: u64 = (b'a' - 10 - b'0') as u64;

/// Reads a UUID as [`write_uuid`] writes it: of any version, with hyphens, its letters in lower case.
///
/// ```
/// use clickfold::kernel::uuid::parse_uuid;
/// let [a, b] = ["72d76fde-8bb3-4e00-8c23-a032dfed738c", "a2d76fde-8bb3-4e00-8c23-a032dfed738c"].map(|text| parse_uuid(text.as_bytes()));
/// assert!(a.is_some() && a < b);
/// assert_eq!(parse_uuid(b"72D76FDE-8BB3-4E00-8C23-A032DFED738C"), None);
/// ```
#[inline(never)]
pub fn parse_uuid(text: &[u8]) -> Option<i128> {
    let text: &[u8; LEN] = text.try_into().ok()?;
    let half = |at: usize| u64::from(u32::from_le_bytes([text[at], text[at + 1], text[at + 2], text[at + 3]]));
    let mut wrong = HYPHENS.iter().fold(0, |wrong, &at| wrong | u64::from(text[at] ^ b'-'));
    // No branch before the end, and what overflows is wrong before it does.
    let groups = DIGITS.map(|[first, second]| {
        let chars = half(first) | half(second) << 32;
        let letters = chars >> 6 & EACH;
        let digits = chars.wrapping_sub(u64::from(b'0') * EACH).wrapping_sub(letters * TO_LETTER);
        wrong |= above_nine(digits) ^ letters | digits & (0xf0 * EACH);
        // Two digits make a byte, two bytes a pair, two pairs 32 bits, the first of two always the higher.
        let bytes = digits.wrapping_mul(0x1001) >> 8 & 0x00ff_00ff_00ff_00ff;
        let pairs = bytes.wrapping_mul(0x0100_0001) >> 16 & 0x0000_ffff_0000_ffff;
        pairs.wrapping_mul(0x0001_0000_0000_0001) >> 32
    });
    let [a, b, c, d] = groups;
    (wrong == 0).then_some((i128::from(a << 32 | b) << 64 | i128::from(c << 32 | d)) ^ TURNED)
}

/// The same of its 128 bits.
pub fn uuid_of(bits: u128) -> i128 {
    bits as i128 ^ TURNED
}

/// The text of a UUID.
#[inline(never)]
pub fn write_uuid(value: i128) -> [u8; LEN] {
    let mut text = [b'-'; LEN];
    for (group, at) in ((value ^ TURNED) as u128).to_be_bytes().chunks_exact(4).zip(DIGITS) {
        let digits = group.iter().rev().fold(0, |digits, &byte| digits << 16 | u64::from(byte >> 4) | u64::from(byte & 15) << 8);
        let chars = (digits + u64::from(b'0') * EACH + above_nine(digits) * TO_LETTER).to_le_bytes();
        text[at[0]..at[0] + 4].copy_from_slice(&chars[..4]);
        text[at[1]..at[1] + 4].copy_from_slice(&chars[4..]);
    }
    text
}

/// A one in each byte of 10 to 15, a zero in those below.
fn above_nine(digits: u64) -> u64 {
    digits.wrapping_add(6 * EACH) >> 4 & EACH
}

/// The texts of UUIDs.
pub fn uuid_texts(values: &[i128], valid: Option<&[bool]>) -> StringArray {
    let mut bytes = Vec::with_capacity(LEN * values.len());
    values.iter().for_each(|&value| bytes.extend_from_slice(&write_uuid(value)));
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(LEN, values.len()));
    StringArray::new(offsets, Buffer::from_vec(bytes), valid.map(NullBuffer::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i128> {
        parse_uuid(text.as_bytes())
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let uuid = "72d76fde-8bb3-4e00-8c23-a032dfed738c";
        let value = read(uuid).unwrap();
        assert_eq!(write_uuid(value), uuid.as_bytes());
        for at in 0..LEN {
            for byte in 0..=255 {
                let mut text = uuid.as_bytes().to_vec();
                text[at] = byte;
                let is_uuid = if HYPHENS.contains(&at) { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') };
                let found = parse_uuid(&text);
                assert_eq!(found.is_some(), is_uuid, "{byte} at {at}");
                assert!(found.is_none_or(|found| write_uuid(found) == text[..] && (found == value) == (text == uuid.as_bytes())));
            }
        }
        for text in ["", &uuid[1..], &format!("{uuid}0"), &format!("{{{}}}", &uuid[2..]), &uuid.to_uppercase()] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("00000000-0000-0000-0000-000000000000"), Some(i128::MIN));
        assert_eq!(read("ffffffff-ffff-ffff-ffff-ffffffffffff"), Some(i128::MAX));
    }

    proptest::proptest! {
        #[test]
        fn is_written_back_and_orders_as_its_text(a: u128, b: u128, same in 0u32..129) {
            let texts = [a, a ^ b.checked_shr(same).unwrap_or(0)].map(|bits| {
                let hex = format!("{bits:032x}");
                [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
            });
            let [first, second] = texts.each_ref().map(|text| read(text).unwrap());
            assert_eq!(write_uuid(first), texts[0].as_bytes());
            assert_eq!(first.cmp(&second), texts[0].cmp(&texts[1]));
        }

        #[test]
        fn reads_no_other_text(text in "[0-9a-gA-F{}/:`-]{36}|[0-9a-f]{8}-[0-9a-f]{4}.[0-9a-gA]{4}-[0-9a-f]{4}-[0-9a-f]{12}") {
            assert!(read(&text).is_none_or(|value| write_uuid(value) == text.as_bytes()));
        }
    }
}
