//! The language of patterns, in words and as ClickHouse writes it.

use crate::kernel::bucket::Every;
use crate::{Error, Result};

/// Events that a pattern may have.
const MOST_ITEMS: usize = 64;

/// What a pattern asks for, event by event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) items: Vec<Item>,
    /// Which event must not come after the last one, and for how many seconds, if not for ever.
    pub(super) never: Option<(usize, Option<i64>)>,
}

/// An event, and what lies between it and the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) gap: Gap,
    /// The place of its name; none for an event of any.
    pub(super) event: Option<usize>,
}

/// What lies between two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    Next,
    /// Any events.
    Any,
    /// Any events, and a time that compares so to that many seconds.
    Time(Compare, i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

const COMPARES: [(&str, Compare); 5] = [
    ("<=", Compare::LessOrEqual),
    (">=", Compare::GreaterOrEqual),
    ("==", Compare::Equal),
    ("<", Compare::Less),
    (">", Compare::Greater),
];

impl Pattern {
    /// Reads a pattern of events of these names.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY`, saying what cannot be read.
    pub(super) fn parse(text: &str, names: &[&str]) -> Result<Self> {
        let mut pattern = Self { items: vec![], never: None };
        if text.trim_start().starts_with("(?") {
            pattern.read_symbols(text.trim(), names.len())?;
        } else {
            pattern.read_words(text, names)?;
        }
        if pattern.items.is_empty() || pattern.items.len() > MOST_ITEMS {
            return Err(wrong(format!("a pattern has 1 to {MOST_ITEMS} events, found {}", pattern.items.len())));
        }
        Ok(pattern)
    }

    fn read_words(&mut self, text: &str, names: &[&str]) -> Result<()> {
        let mut gap = Gap::Next;
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            if self.never.is_some() {
                return Err(wrong(format!("nothing may follow what is not to come, found {rest:?}")));
            }
            let (token, after) = token(rest)?;
            rest = after.trim_start();
            match token {
                "," | "then" => {}
                "..." => self.set_gap(&mut gap, Gap::Any)?,
                "not" => {
                    let (name, after) = token_after_not(rest)?;
                    rest = after.trim_start();
                    let within = match gap {
                        Gap::Next => None,
                        Gap::Time(Compare::LessOrEqual, seconds) => Some(seconds),
                        _ => return Err(wrong("\"not\" may have a time \"within\" before it, and nothing else")),
                    };
                    self.never = Some((place(name, names)?, within));
                    gap = Gap::Next;
                }
                _ if token.starts_with('(') => self.set_gap(&mut gap, time(token)?)?,
                name => {
                    self.items.push(Item { gap, event: Some(place(name, names)?) });
                    gap = Gap::Next;
                }
            }
        }
        if gap != Gap::Next || self.items.is_empty() && self.never.is_some() {
            return Err(wrong("a pattern begins with an event, and each time and \"...\" stands before one"));
        }
        Ok(())
    }

    fn read_symbols(&mut self, text: &str, n_names: usize) -> Result<()> {
        let mut gap = Gap::Next;
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(".*") {
                // It may stand at the end and at the beginning, too, and changes nothing there.
                if !self.items.is_empty() && gap != Gap::Any {
                    self.set_gap(&mut gap, Gap::Any)?;
                }
                rest = after;
            } else if let Some(after) = rest.strip_prefix('.') {
                self.items.push(Item { gap: std::mem::replace(&mut gap, Gap::Next), event: None });
                rest = after;
            } else {
                let inner = rest.strip_prefix("(?").and_then(|inner| inner.split_once(')'));
                let (inner, after) = inner.ok_or_else(|| wrong(format!("cannot read the pattern from {rest:?} on")))?;
                rest = after;
                if let Some(time) = inner.strip_prefix('t') {
                    let found = COMPARES.iter().find_map(|(sign, compare)| Some((compare, time.strip_prefix(sign)?)));
                    let compared = found.and_then(|(compare, n)| Some(Gap::Time(*compare, whole(n)?)));
                    let compared = compared.ok_or_else(|| wrong(format!("cannot read the time \"(?{inner})\"")))?;
                    self.set_gap(&mut gap, compared)?;
                } else {
                    let number = whole(inner).filter(|number| (1..=n_names as i64).contains(number));
                    let number = number.ok_or_else(|| wrong(format!("there is no event \"(?{inner})\"; there are {n_names}")))?;
                    let event = Some(number as usize - 1);
                    self.items.push(Item { gap: std::mem::replace(&mut gap, Gap::Next), event });
                }
            }
        }
        if matches!(gap, Gap::Time(..)) { Err(wrong("a time stands between two events")) } else { Ok(()) }
    }

    fn set_gap(&self, gap: &mut Gap, new: Gap) -> Result<()> {
        if self.items.is_empty() || *gap != Gap::Next {
            return Err(wrong("between two events stands one time or one \"...\" at most, and before the first none"));
        }
        *gap = new;
        Ok(())
    }
}

/// The first word, sign or time in brackets, and the rest.
fn token(text: &str) -> Result<(&str, &str)> {
    let end = match text.as_bytes()[0] {
        b',' => 1,
        b'(' => 1 + text.find(')').ok_or_else(|| wrong(format!("a bracket is not closed in {text:?}")))?,
        _ => text.find(|c: char| c.is_whitespace() || c == ',' || c == '(').unwrap_or(text.len()),
    };
    Ok(text.split_at(end))
}

fn token_after_not(text: &str) -> Result<(&str, &str)> {
    if text.is_empty() { Err(wrong("\"not\" needs an event behind it")) } else { token(text) }
}

fn place(name: &str, names: &[&str]) -> Result<usize> {
    let at = names.iter().position(|known| *known == name);
    at.ok_or_else(|| crate::analysis::spec::unknown(&format!("event {name:?} in the pattern"), name, names))
}

/// `(within 1h)` or `(after 1h)`.
fn time(token: &str) -> Result<Gap> {
    let mut words = token.trim_matches(['(', ')']).split_whitespace();
    let compare = match words.next() {
        Some("within") => Some(Compare::LessOrEqual),
        Some("after") => Some(Compare::GreaterOrEqual),
        _ => None,
    };
    let seconds = words.next().and_then(|text| Every::parse(text).ok()).and_then(|every| match every {
        Every::Seconds(n) => Some(n),
        Every::Days(n) => Some(86_400 * n),
        Every::Months(_) => None,
    });
    match (compare, seconds, words.next()) {
        (Some(compare), Some(seconds), None) => Ok(Gap::Time(compare, seconds)),
        _ => Err(wrong(format!("a time is written as (within 1h) or (after 1h), with s, m, h, d or w, found {token:?}"))),
    }
}

fn whole(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn wrong(sentence: impl Into<String>) -> Error {
    Error::bad_query(sentence.into()).at_column("pattern")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_symbols_say_the_same() {
        for (words, symbols) in [
            ("view", "(?1)"),
            ("view cart", "(?1)(?2)"),
            ("view, then cart", "(?1)(?2)"),
            ("view ... cart ... buy", ".*(?1).*(?2).*(?3).*"),
            ("view (within 1h) cart (after 2d) buy", "(?1)(?t<=3600)(?2)(?t>=172800)(?3)"),
        ] {
            let names = ["view", "cart", "buy"];
            let symbols = symbols.trim_start_matches(".*");
            assert_eq!(Pattern::parse(words, &names), Pattern::parse(symbols, &names), "{words}");
        }
    }

    #[test]
    fn says_what_it_cannot_read() {
        for (text, expected) in [
            ("", "a pattern has 1 to 64 events, found 0"),
            ("vew", "unknown event \"vew\" in the pattern; did you mean \"view\"?"),
            ("not buy", "a pattern begins with an event, and each time and \"...\" stands before one"),
            ("view ...", "a pattern begins with an event, and each time and \"...\" stands before one"),
            ("... view", "between two events stands one time or one \"...\" at most, and before the first none"),
            ("view not buy view", "nothing may follow what is not to come, found \"view\""),
            ("view ... not buy", "\"not\" may have a time \"within\" before it, and nothing else"),
            ("view (in 1h) buy", "a time is written as (within 1h) or (after 1h), with s, m, h, d or w, found \"(in 1h)\""),
            ("view (within", "a bracket is not closed in \"(within\""),
            ("(?1)(?3)", "there is no event \"(?3)\"; there are 2"),
            ("(?1)(?t<=2)", "a time stands between two events"),
            ("(?1)(?t<=2)(?t>1)(?2)", "between two events stands one time or one \"...\" at most, and before the first none"),
            ("(?1)(?t=2)(?2)", "cannot read the time \"(?t=2)\""),
            ("(?1)x", "cannot read the pattern from \"x\" on"),
        ] {
            assert_eq!(Pattern::parse(text, &["view", "buy"]).map_err(|e| e.to_string()), Err(expected.to_owned()), "{text}");
        }
    }
}
