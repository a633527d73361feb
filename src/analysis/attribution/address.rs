//! What an address tells of where a visit came from: its campaign, the click that was paid for, its host.

use std::borrow::Cow;

/// Parameters that advertisers' links carry, each click with a number of its own.
const CLICK_IDS: [&str; 15] = [
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "msclkid",
    "fbclid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "yclid",
    "epik",
    "rdt_cid",
    "sccid",
    "irclickid",
    "awc",
];

/// The campaign's parameters, in lower case and decoded, and the name of the first click id; none where it is not there or
/// empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Campaign {
    pub(super) source: Option<String>,
    pub(super) medium: Option<String>,
    pub(super) name: Option<String>,
    pub(super) click_id: Option<&'static str>,
}

impl Campaign {
    /// That of an address, or of its query alone.
    pub(super) fn of(address: &str) -> Self {
        let mut campaign = Self::default();
        for (name, value) in parameters(address) {
            if value.is_empty() {
                continue;
            }
            let place = match &*name.to_ascii_lowercase() {
                "utm_source" => &mut campaign.source,
                "utm_medium" => &mut campaign.medium,
                "utm_campaign" => &mut campaign.name,
                name => {
                    let known = CLICK_IDS.into_iter().find(|known| *known == name);
                    campaign.click_id = campaign.click_id.or(known);
                    continue;
                }
            };
            place.get_or_insert_with(|| decoded(value).to_lowercase());
        }
        campaign
    }
}

/// The host of an address in lower case, without `www.`; also of an address without a scheme.
pub(super) fn host(address: &str) -> Option<String> {
    let address = address.trim();
    let (after, is_sure) = match address.split_once("://") {
        Some((_, after)) => (after, true),
        None => address.strip_prefix("//").map_or((address, false), |after| (after, true)),
    };
    let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let host = match authority.find(']') {
        Some(end) if authority.starts_with('[') => &authority[..=end],
        _ => authority.split(':').next().unwrap_or_default(),
    };
    let is_host = !host.is_empty() && !host.contains(char::is_whitespace) && (is_sure || host.contains('.'));
    let host = host.to_lowercase();
    is_host.then(|| host.strip_prefix("www.").unwrap_or(&host).to_owned())
}

fn parameters(address: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let address = address.split('#').next().unwrap_or_default();
    let query = match address.split_once('?') {
        Some((_, query)) => query,
        // What has neither a path nor a host is a query itself.
        None if address.contains('=') && !address.contains("://") && !address.starts_with('/') => address,
        None => "",
    };
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), value))
}

/// A query's text: `+` is a blank, `%20` too; what is no such code stays.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let (bytes, mut out, mut at) = (text.as_bytes(), vec![], 0);
    while let Some(&byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|code| Some(16 * digit(code[0])? + digit(code[1])?));
        match (byte, code) {
            (b'%', Some(code)) => {
                out.push(code);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn campaigns_are_read_from_addresses_and_queries() {
        let campaign = |source: &str, medium: &str, name: &str, click_id: &'static str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let click_id = Some(click_id).filter(|text| !text.is_empty());
            Campaign { source: some(source), medium: some(medium), name: some(name), click_id }
        };
        for (address, expected) in [
            (
                "https://shop.example/p?utm_source=Google&utm_medium=CPC&utm_campaign=Summer%20Sale+1",
                campaign("google", "cpc", "summer sale 1", ""),
            ),
            ("/p?gclid=abc&fbclid=x", campaign("", "", "", "gclid")),
            ("?utm_source=&utm_source=a&utm_source=b", campaign("a", "", "", "")),
            ("utm_medium=email&x", campaign("", "email", "", "")),
            ("UTM_Source=a%zz%4", campaign("a%zz%4", "", "", "")),
            ("https://a.example/#utm_source=b", campaign("", "", "", "")),
            ("https://a.example/x=1", campaign("", "", "", "")),
            ("/gclid=1", campaign("", "", "", "")),
            ("?utm_source=%FF%e4%bd%a0&msclkid=", campaign("\u{fffd}你", "", "", "")),
            ("?utm_source=%", campaign("%", "", "", "")),
            ("", campaign("", "", "", "")),
        ] {
            assert_eq!(Campaign::of(address), expected, "{address}");
        }
    }

    #[test]
    fn hosts_are_found() {
        for (address, expected) in [
            ("https://WWW.Google.com/search?q=a", Some("google.com")),
            ("http://user:secret@a.example:8080", Some("a.example")),
            ("//cdn.example/x", Some("cdn.example")),
            ("android-app://com.google.android.gm/", Some("com.google.android.gm")),
            ("news.example/a", Some("news.example")),
            ("http://localhost/", Some("localhost")),
            ("http://[::1]:80/", Some("[::1]")),
            ("localhost", None),
            ("/a.b", None),
            ("(direct)", None),
            ("a text with. blanks", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(host(address).as_deref(), expected, "{address}");
        }
    }
}
