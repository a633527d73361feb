//! A log's lines as a pattern: fields, and what stands before, between and behind them.
//!
//! Patterns are written as servers have them: Apache's `LogFormat` and nginx's `log_format`.

use std::ops::Range;

use super::field::{Field, Slot, slots};
use super::value::Row;
use super::{apache, nginx};
use crate::{Error, Result};

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(String),
    /// A field, and the pattern's character that it begins at, from 0.
    Field(Field, usize),
}

/// Why a pattern cannot be read, and at which of its characters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn new(at: usize, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into() }
    }
}

/// What a line is cut by.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What stands before the first field.
    lead: Vec<u8>,
    steps: Vec<Step>,
    /// How many fields a line must have; behind the last one more may stand than is known, if that are not all.
    needed: usize,
}

#[derive(Debug)]
struct Step {
    slot: Slot,
    /// What stands behind the field, up to the next one or the line's end.
    behind: Vec<u8>,
    is_quoted: bool,
    /// How often what stands behind the field stands in it too.
    n_inside: usize,
}

/// Where a field's text ends, where what stands behind it ends, and whether an escape may be in the text.
type Found = (usize, usize, bool);

impl Pattern {
    /// The pattern that a text writes in Apache's or nginx's way; its columns are put behind `names`. Of its fields the
    /// first `needed` must be there, or all.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` with the position when it cannot be read.
    pub(super) fn parse(text: &str, needed: Option<usize>, names: &mut Vec<String>) -> Result<Self> {
        let pattern = pieces(text).and_then(|pieces| Self::of(pieces, needed, names));
        pattern.map_err(|Fault { at, reason }| {
            Error::bad_query(format!("cannot read the pattern {text:?} at character {}: {reason}", at + 1)).at_column("pattern")
        })
    }

    fn of(pieces: Vec<Piece>, needed: Option<usize>, names: &mut Vec<String>) -> std::result::Result<Self, Fault> {
        let (mut lead, mut fields, mut behind) = (String::new(), vec![], Vec::<String>::new());
        for piece in pieces {
            match (piece, behind.last_mut()) {
                (Piece::Literal(text), Some(behind)) => behind.push_str(&text),
                (Piece::Literal(text), None) => lead += &text,
                (Piece::Field(field, at), last) => {
                    if last.is_some_and(|text| text.is_empty()) {
                        return Err(Fault::new(at, "expected something between two fields that tells them apart"));
                    }
                    fields.push(field);
                    behind.push(String::new());
                }
            }
        }
        let Some(last) = behind.last_mut() else { return Err(Fault::new(0, "expected a field, such as %h or $remote_addr")) };
        last.truncate(last.trim_end().len());
        let lead = lead.trim_start().as_bytes().to_vec();
        let mut before = lead.as_slice();
        let mut steps = vec![];
        for ((slot, field), behind) in slots(&fields, names).into_iter().zip(&fields).zip(&behind) {
            let is_quoted = before.ends_with(b"\"") && behind.starts_with('"');
            let n_inside = if is_quoted || behind.is_empty() { 0 } else { field.inside.matches(behind.as_str()).count() };
            steps.push(Step { slot, behind: behind.as_bytes().to_vec(), is_quoted, n_inside });
            before = behind.as_bytes();
        }
        Ok(Self { needed: needed.unwrap_or(steps.len()), lead, steps })
    }

    /// Cuts a line.
    ///
    /// # Errors
    ///
    /// Why it is none of this pattern.
    pub(super) fn cut(&self, record: Range<usize>, row: &mut Row<'_>) -> std::result::Result<(), String> {
        let blanks = row.bytes[record.clone()].iter().rev().take_while(|&&byte| byte == b' ').count();
        let line = &row.bytes[..record.end - blanks];
        if !line[record.start.min(line.len())..].starts_with(&self.lead) {
            return Err(format!("expected {} at the line's start", said(&self.lead)));
        }
        let mut at = record.start + self.lead.len();
        for (n, step) in self.steps.iter().enumerate() {
            let is_last = n + 1 == self.steps.len() && self.needed == self.steps.len();
            let may_end = !is_last && n + 1 >= self.needed;
            let found = step.find(line, at, is_last).or_else(|| may_end.then(|| step.find_last(line, at))?);
            let Some((end, next, is_escaped)) = found else { return Err(step.missing(&line[at..], is_last)) };
            row.take(&step.slot, at..end, is_escaped)?;
            at = next;
            if n + 1 >= self.needed && at == line.len() {
                break;
            }
        }
        Ok(())
    }
}

impl Step {
    /// The field that begins at `at`; the last one of a line must end with it.
    #[inline]
    fn find(&self, line: &[u8], at: usize, is_last: bool) -> Option<Found> {
        let is_behind = |found: usize| {
            let next = found + self.behind.len();
            line[found..].starts_with(&self.behind) && (!is_last || next == line.len())
        };
        let found = |end: usize, is_escaped| Some((end, end + self.behind.len(), is_escaped));
        if self.is_quoted {
            let closes = |quote: usize| match is_behind(quote) {
                true => Closes::Yes,
                false if line.get(quote + 1) == Some(&b' ') => Closes::Wrongly,
                false => Closes::No,
            };
            return match quoted(line, at, closes) {
                Some((end, is_escaped)) => found(end, is_escaped),
                // Of a server that does not escape: a backslash stands before the closing quote.
                None => {
                    let mut quotes = memchr::memchr_iter(b'"', &line[at..]).map(|length| at + length);
                    let end = quotes.find(|&quote| closes(quote) != Closes::No);
                    end.filter(|&quote| closes(quote) == Closes::Yes).and_then(|end| found(end, true))
                }
            };
        }
        let Some(&first) = self.behind.first() else {
            // What is known ends here, the line may not.
            let end = if is_last { None } else { memchr::memchr(b' ', &line[at..]) };
            return found(end.map_or(line.len(), |i| at + i), false);
        };
        let mut from = at;
        for _ in 0..=self.n_inside {
            loop {
                let end = from + memchr::memchr(first, line.get(from..)?)?;
                from = end + 1;
                if is_behind(end) {
                    break;
                }
            }
        }
        found(from - 1, false)
    }

    /// The field that begins at `at` and is the line's last, as fields behind it are missing.
    fn find_last(&self, line: &[u8], at: usize) -> Option<Found> {
        let end = line.len() - usize::from(self.is_quoted);
        let is_it = end >= at
            && (!self.is_quoted || line[end] == b'"')
            && memchr::memchr(b' ', &line[at..end]).is_none_or(|_| self.is_quoted);
        is_it.then_some((end, line.len(), false))
    }

    #[cold]
    fn missing(&self, rest: &[u8], is_last: bool) -> String {
        let name = &self.slot.name;
        if is_last && memchr::memmem::find(rest, &self.behind).is_some() {
            return format!("expected the line to end after {name}");
        }
        format!("expected {} after {name}", said(&self.behind))
    }
}

/// Whether a quote within a line closes a quoted text. Some servers do not escape the quotes in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closes {
    Yes,
    No,
    /// It does, and what should stand behind it does not.
    Wrongly,
}

/// Where the quoted text at `at` ends, and whether a backslash is in it.
#[inline]
pub(super) fn quoted(line: &[u8], at: usize, closes: impl Fn(usize) -> Closes) -> Option<(usize, bool)> {
    let (mut from, mut is_escaped) = (at, false);
    loop {
        let found = from + memchr::memchr2(b'"', b'\\', line.get(from..)?)?;
        if line[found] == b'\\' {
            is_escaped = true;
            from = found + 2;
            continue;
        }
        match closes(found) {
            Closes::Yes => return Some((found, is_escaped)),
            Closes::No => from = found + 1,
            Closes::Wrongly => return None,
        }
    }
}

fn said(literal: &[u8]) -> String {
    match literal {
        b" " => "a space".to_owned(),
        b"\t" => "a tab".to_owned(),
        [b'"', ..] => "a closing quote".to_owned(),
        _ => format!("{:?}", String::from_utf8_lossy(literal)),
    }
}

/// The pieces of a pattern of either server.
fn pieces(text: &str) -> std::result::Result<Vec<Piece>, Fault> {
    match text.find(['%', '$']) {
        Some(at) if text[at..].starts_with('$') => nginx::pieces(text),
        _ => apache::pieces(text),
    }
}

/// Reads a pattern's characters: what stands between its fields, with `\"` and `\t` as configurations write them.
pub(super) struct Reader {
    pub(super) chars: Vec<char>,
    pub(super) at: usize,
    pub(super) pieces: Vec<Piece>,
}

impl Reader {
    pub(super) fn new(text: &str) -> Self {
        Self { chars: text.chars().collect(), at: 0, pieces: vec![] }
    }

    /// Takes the literal text up to the next `mark`, and passes over that; says where it stood.
    pub(super) fn literal(&mut self, mark: char) -> Option<usize> {
        while let Some(&char) = self.chars.get(self.at) {
            self.at += 1;
            if char == mark {
                return Some(self.at - 1);
            }
            let escaped = self.chars.get(self.at).filter(|_| char == '\\');
            let literal = match escaped {
                Some('t') => Some('\t'),
                Some('"' | '\\' | '\'') => escaped.copied(),
                _ => None,
            };
            self.at += usize::from(literal.is_some());
            self.push_literal(literal.unwrap_or(char));
        }
        None
    }

    pub(super) fn push_literal(&mut self, char: char) {
        match self.pieces.last_mut() {
            Some(Piece::Literal(text)) => text.push(char),
            _ => self.pieces.push(Piece::Literal(char.to_string())),
        }
    }

    pub(super) fn push(&mut self, field: Field, at: usize) {
        self.pieces.push(Piece::Field(field, at));
    }

    /// Takes the characters while they are such.
    pub(super) fn while_is(&mut self, is_it: impl Fn(char) -> bool) -> String {
        let taken: String = self.chars[self.at..].iter().copied().take_while(|&char| is_it(char)).collect();
        self.at += taken.chars().count();
        taken
    }

    /// Takes the character that comes next, if it is that one.
    pub(super) fn is_next(&mut self, char: char) -> bool {
        let is_next = self.chars.get(self.at) == Some(&char);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes those characters, if they come next.
    pub(super) fn are_next(&mut self, text: &str) -> bool {
        let n = text.chars().count();
        let are_next = self.chars.get(self.at..self.at + n).is_some_and(|next| next.iter().copied().eq(text.chars()));
        self.at += if are_next { n } else { 0 };
        are_next
    }
}
