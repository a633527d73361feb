//! Which encoding a text is written in, guessed from its bytes: Unicode where they are valid, else the one of the legacy
//! encodings of East Asia and the West whose common characters they are.
//!
//! The WHATWG's labels name them, <https://encoding.spec.whatwg.org/>. Only pairs of bytes are looked at, no table of
//! characters is needed: of Chinese in GBK, half the characters have lead bytes that Korean syllables in EUC-KR never have;
//! trail bytes below `A1` are Big5's, and kana's lead bytes are Shift_JIS's.

/// Bytes that are looked at.
pub const SAMPLE: usize = 64 << 10;

/// The label of the encoding that a text's first bytes, or all of them, are written in: `utf-8`, `utf-16le`, `utf-16be`,
/// `gb18030`, `big5`, `shift_jis`, `euc-kr` or `windows-1252`, which Latin-1 is a part of.
///
/// A byte order mark decides. ASCII is UTF-8. Bytes that fit none are `utf-8`: rows that have them are then rejected.
///
/// ```
/// use clickfold::kernel::encoding::guess;
/// assert_eq!(guess("日期,商品\n".as_bytes(), true), "utf-8");
/// assert_eq!(guess(b"\xc8\xd5\xc6\xda,\xc9\xcc\xc6\xb7\n", true), "gb18030");
/// assert_eq!(guess(b"caf\xe9,na\xefve\n", true), "windows-1252");
/// ```
pub fn guess(bytes: &[u8], are_all: bool) -> &'static str {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if sample.starts_with(b"\xff\xfe") {
        return "utf-16le";
    }
    if sample.starts_with(b"\xfe\xff") {
        return "utf-16be";
    }
    if let Some(label) = utf_16(sample) {
        return label;
    }
    match std::str::from_utf8(sample) {
        Ok(_) => return "utf-8",
        // A character may be cut by the sample's end.
        Err(error) if error.error_len().is_none() && !(are_all && sample.len() == bytes.len()) => return "utf-8",
        Err(_) => {}
    }
    legacy(sample)
}

/// UTF-16 without a byte order mark: every second byte of ASCII is zero.
fn utf_16(sample: &[u8]) -> Option<&'static str> {
    let n_zeros = |from: usize| sample.iter().skip(from).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (n_zeros(0), n_zeros(1));
    let most = sample.len() / 8;
    match () {
        () if sample.len() < 4 || even.max(odd) <= most => None,
        () if odd > 8 * even => Some("utf-16le"),
        () if even > 8 * odd => Some("utf-16be"),
        () => None,
    }
}

/// How many of the pairs of bytes are what in one of the encodings.
#[derive(Default)]
struct Seen {
    /// Characters of two bytes.
    pairs: u32,
    /// Those that texts mostly consist of.
    common: u32,
    /// Bytes that are no character.
    wrong: u32,
}

impl Seen {
    /// Reads a text whose high bytes begin pairs: `is` says of a pair whether it is a character, and a common one, `alone` of a
    /// high byte whether it is a character by itself.
    fn of(sample: &[u8], is: impl Fn(u8, u8) -> Option<bool>, alone: impl Fn(u8) -> bool) -> Self {
        let (mut seen, mut at) = (Self::default(), 0);
        while at < sample.len() {
            let lead = sample[at];
            at += 1;
            if lead < 0x80 || alone(lead) {
                continue;
            }
            let Some(&trail) = sample.get(at) else { break };
            match is(lead, trail) {
                Some(is_common) => {
                    seen.pairs += 1;
                    seen.common += u32::from(is_common);
                    at += 1;
                }
                None => seen.wrong += 1,
            }
        }
        seen
    }

    /// The share of common characters in thousandths; none where too many bytes are wrong.
    fn score(&self) -> Option<u32> {
        let is_possible = self.pairs > 0 && self.wrong * 50 <= self.pairs;
        is_possible.then(|| (1_000 * (self.common.saturating_sub(3 * self.wrong)) / self.pairs).min(1_000))
    }
}

fn legacy(sample: &[u8]) -> &'static str {
    let high = |byte: u8| byte >= 0xa1 && byte != 0xff;
    let low = |byte: u8| (0x40..0x7f).contains(&byte);
    let never = |_: u8| false;
    let korean = Seen::of(sample, |lead, trail| (high(lead) && high(trail)).then_some((0xb0..=0xc8).contains(&lead)), never);
    let chinese = Seen::of(
        sample,
        |lead, trail| {
            let is_pair =
                (0x81..=0xfe).contains(&lead) && (low(trail) || (0x80..=0xfe).contains(&trail) || trail.is_ascii_digit());
            is_pair.then_some(high(trail) && ((0xb0..=0xd7).contains(&lead) || lead == 0xa3 || lead == 0xa1))
        },
        never,
    );
    let taiwanese = Seen::of(
        sample,
        |lead, trail| {
            let is_pair = (0xa1..=0xf9).contains(&lead) && (low(trail) || high(trail));
            is_pair.then_some((0xa4..=0xc6).contains(&lead) || lead == 0xa1)
        },
        never,
    );
    let japanese = Seen::of(
        sample,
        |lead, trail| {
            let is_lead = (0x81..=0x9f).contains(&lead) || (0xe0..=0xfc).contains(&lead);
            let is_pair = is_lead && (low(trail) || (0x80..=0xfc).contains(&trail));
            is_pair.then_some((0x81..=0x83).contains(&lead) || (0x88..=0x97).contains(&lead))
        },
        |byte| (0xa1..=0xdf).contains(&byte),
    );
    // Letters with accents stand between ASCII letters; two of them in a row are rare.
    let western = western(sample);
    let n_low_trails = low_trails(sample);
    let candidates = [
        // Of Chinese, two characters in five have other lead bytes than Korean ones.
        (korean.score().map(|score| if score >= 900 { score + 60 } else { 0 }), "euc-kr"),
        (chinese.score(), "gb18030"),
        (taiwanese.score().map(|score| if n_low_trails >= 100 { score + 50 } else { 0 }), "big5"),
        (japanese.score().map(|score| score + 10), "shift_jis"),
        (western, "windows-1252"),
    ];
    let best = candidates.into_iter().rev().filter_map(|(score, label)| Some((score?, label))).max_by_key(|&(score, _)| score);
    best.filter(|&(score, _)| score > 0).map_or("utf-8", |(_, label)| label)
}

/// How many thousandths of the high bytes stand alone, next to ASCII; none where a byte is no character of windows-1252.
fn western(sample: &[u8]) -> Option<u32> {
    let (mut n_high, mut n_alone) = (0u32, 0u32);
    for (at, &byte) in sample.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()) {
        if matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d) {
            return None;
        }
        let is_ascii = |at: Option<usize>| at.and_then(|at| sample.get(at)).is_none_or(u8::is_ascii);
        n_high += 1;
        n_alone += u32::from(is_ascii(at.checked_sub(1)) && is_ascii(Some(at + 1)));
    }
    (n_high > 0).then(|| 1_000 * n_alone / n_high)
}

/// How many thousandths of the pairs that begin with a high byte end with one below `80`, as only some encodings' do.
fn low_trails(sample: &[u8]) -> u32 {
    let seen = Seen::of(sample, |_, trail| Some((0x40..0x7f).contains(&trail)), |_| false);
    1_000 * seen.common / seen.pairs.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_unicode() {
        for (bytes, are_all, expected) in [
            (&b"a,b\n1,2\n"[..], true, "utf-8"),
            (b"", true, "utf-8"),
            ("日期,商品\n".as_bytes(), true, "utf-8"),
            (&"日期,商品\n".as_bytes()[..4], false, "utf-8"),
            (b"\xef\xbb\xbfa,b\n", true, "utf-8"),
            (b"\xff\xfea\0,\0b\0", true, "utf-16le"),
            (b"\xfe\xff\0a\0,\0b", true, "utf-16be"),
            (b"a\0,\0b\0\n\0", true, "utf-16le"),
            (b"\0a\0,\0b\0\n", true, "utf-16be"),
            (b"\xfe\xfd\xfc", true, "utf-8"),
        ] {
            assert_eq!(guess(bytes, are_all), expected, "{bytes:?}");
        }
    }

    /// Shops' words in the encodings of their countries, as `encoding_rs` writes them.
    #[test]
    fn tells_the_encodings_of_shops_words() {
        for (text, label) in [
            (
                "日期,商品名称,数量,单价,客户\n2017-12-03,女士冬季羽绒服,2,399.00,张伟\n2017-12-04,手机保护壳,1,19.90,李娜\n",
                "gb18030",
            ),
            ("订单编号,买家会员名,宝贝标题\n", "gb18030"),
            ("用户,行为,时间\n1,点击,今天\n2,购买,昨天\n3,加入购物车,前天\n", "gb18030"),
            ("日期,商品名稱,數量,單價,顧客\n2017-12-03,女士冬季羽絨外套,2,399,王小明\n", "big5"),
            ("訂單編號,會員,商品\n", "big5"),
            ("日付,商品名,数量,単価,顧客\n2017-12-03,レディースダウンジャケット,2,3990,山田太郎\n", "shift_jis"),
            ("注文番号,お客様,商品\n", "shift_jis"),
            ("날짜,상품명,수량,단가,고객\n2017-12-03,여성 겨울 패딩,2,39900,김철수\n", "euc-kr"),
            ("주문번호,구매자,상품\n", "euc-kr"),
            ("Datum,Größe,Stück\n1,Übergröße,schön\n", "windows-1252"),
            ("date,désignation,quantité\n1,café crème,«deux»\n", "windows-1252"),
            ("fecha,descripción,año\n1,Camión niño,2 €\n", "windows-1252"),
        ] {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, had_errors) = encoding.encode(text);
            assert!(!had_errors, "{text}");
            assert_eq!(guess(&bytes, true), label, "{text}");
        }
    }
}
