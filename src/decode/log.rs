//! Access logs of web servers, from bytes in any chunking to typed batches.
//!
//! A line is a request, and becomes a row. Its fields are said by a pattern, which is a known log's or told, or by the
//! directives of W3C's extended format. Columns that mean the same have the same names whatever server wrote the log.
//! `-` is null, times are said in ISO 8601, the request line is split into method, path, query and protocol.

mod apache;
mod field;
mod nginx;
mod pattern;
mod presets;
mod time;
mod value;
mod w3c;

use std::ops::Range;

use super::column::first_kind;
use super::part::Shape;
use super::records::{Cutter, Next, Rows, next_line};
use super::{Format, LONGEST_RECORD, Options, SAMPLE};
use crate::{Error, Result};
use pattern::Pattern;
use presets::{NGINX_MAIN, PRESETS, preset};
use time::Times;
use value::Row;
use w3c::{DIRECTIVE, Fields};

/// Lines of the sample that tell which log it is.
const LINES: usize = 100;
/// Lines of the sample that tell the columns' types.
const SAMPLED: usize = 200;
/// More columns are not a log's: directives that differ again and again are data.
const MOST_COLUMNS: usize = 2_000;

/// Cuts lines of a log into cells.
#[derive(Debug)]
pub(super) struct Log {
    names: Vec<String>,
    lines: Lines,
    times: Times,
}

/// What lines are cut by.
#[derive(Debug)]
enum Lines {
    Pattern(Pattern),
    Fields(Fields),
    /// Lines that nothing is known of.
    Unknown(&'static str),
}

impl Log {
    /// Of lines of that pattern: a preset's name, a server's format string, or a directive that names fields. Columns of
    /// these names stand first.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when the pattern cannot be read.
    pub(super) fn new(names: &[String], pattern: &str) -> Result<Self> {
        let mut names = names.to_vec();
        let lines = if let Some(preset) = preset(pattern) {
            Lines::Pattern(preset.pattern(&mut names)?)
        } else if pattern.starts_with(DIRECTIVE) {
            let no_fields = || Error::bad_query("the pattern \"#Fields:\" names no fields").at_column("pattern");
            Lines::Fields(Fields::parse(pattern, &mut names).ok_or_else(no_fields)?)
        } else if pattern.contains(['%', '$']) {
            Lines::Pattern(Pattern::parse(pattern, None, &mut names)?)
        } else {
            let known: Vec<String> = PRESETS.iter().map(|preset| preset.name.to_owned()).collect();
            let sentence = format!(
                "unknown pattern {pattern:?}; known are {}, and strings such as {:?} or {:?}",
                known.join(", "),
                "%h %l %u %t \"%r\" %>s %b",
                "$remote_addr [$time_local] \"$request\" $status"
            );
            return Err(Error::bad_query(sentence).at_column("pattern").with_candidates(known));
        };
        Ok(Self { names, lines, times: Times::default() })
    }

    /// Of a shape, whose pattern was read before.
    pub(super) fn of(shape: &Shape) -> Self {
        let pattern = shape.pattern.as_deref().unwrap_or_default();
        Self::new(&shape.names, pattern).unwrap_or_else(|_| Self {
            names: shape.names.clone(),
            lines: Lines::Unknown("the pattern of the lines is not known"),
            times: Times::default(),
        })
    }

    /// Takes a line in that says something of the lines behind it.
    fn hear(&mut self, directive: &[u8]) {
        if !directive.starts_with(DIRECTIVE.as_bytes()) {
            if let Lines::Fields(fields) = &mut self.lines {
                fields.hear(directive);
            }
            return;
        }
        let n_before = self.names.len();
        let former = if let Lines::Fields(fields) = &self.lines { Some(fields) } else { None };
        let fields = Fields::parse(&String::from_utf8_lossy(directive), &mut self.names);
        self.lines = match fields {
            _ if self.names.len() > MOST_COLUMNS => {
                self.names.truncate(n_before);
                Lines::Unknown("the directives name more than 2,000 fields: these are data, not names of columns")
            }
            Some(fields) => Lines::Fields(fields.with_day_of(former)),
            None => Lines::Unknown("the directive before the line names no fields"),
        };
    }
}

impl Cutter for Log {
    fn next(&mut self, bytes: &[u8], at: usize, at_end: bool) -> Next {
        match next_line(bytes, at, at_end) {
            Next::Record { record, next } if bytes[record.start] == b'#' && !matches!(self.lines, Lines::Pattern(_)) => {
                self.hear(&bytes[record]);
                Next::Nothing { next }
            }
            next => next,
        }
    }

    fn cut(&mut self, bytes: &[u8], record: Range<usize>, rows: &mut Rows) -> std::result::Result<(), String> {
        let mut row = Row { bytes, rows, times: &mut self.times };
        match &self.lines {
            Lines::Pattern(pattern) => pattern.cut(record, &mut row),
            Lines::Fields(fields) => fields.cut(record, &mut row),
            Lines::Unknown(reason) => Err((*reason).to_owned()),
        }?;
        rows.end_row();
        Ok(())
    }

    fn names(&self) -> &[String] {
        &self.names
    }
}

/// Whether lines can be cut by that pattern.
///
/// # Errors
///
/// `BAD_QUERY` when it cannot be read.
pub fn check(pattern: &str) -> Result<()> {
    Log::new(&[], pattern).map(drop)
}

/// The pattern of the log that the sample begins, if it is a known one: four of five of its first lines are read by it.
pub(super) fn pattern_of(sample: &[u8], are_all: bool) -> Option<String> {
    let lines = first_lines(sample, are_all);
    let reads_most = |pattern: &str| n_read(pattern, &lines).is_some_and(|(n_read, n_lines)| n_read * 5 >= n_lines * 4);
    if let Some(directive) = directive_of(&lines) {
        return reads_most(&directive).then_some(directive);
    }
    if lines.is_empty() {
        return None;
    }
    known(&lines).find(|pattern| reads_most(pattern)).map(str::to_owned)
}

/// The pattern that reads the most of the first lines of what is said to be a log.
fn best_pattern(lines: &[&[u8]]) -> Option<String> {
    let read = known(lines).filter_map(|pattern| Some((n_read(pattern, lines)?.0, pattern)));
    let best = read.filter(|&(n, _)| n > 0).rev().max_by_key(|&(n, _)| n);
    directive_of(lines).or(best.map(|(_, pattern)| pattern.to_owned()))
}

/// The directive that names the fields of the lines behind it, if they begin with some.
fn directive_of(lines: &[&[u8]]) -> Option<String> {
    let mut directives = lines.iter().take_while(|line| line.starts_with(b"#"));
    let names_any = |names: &[u8]| !names.trim_ascii().is_empty();
    let directive = directives.find(|line| line.strip_prefix(DIRECTIVE.as_bytes()).is_some_and(names_any))?;
    Some(String::from_utf8_lossy(directive).into_owned())
}

/// The presets that could be meant.
fn known<'a>(lines: &'a [&[u8]]) -> impl DoubleEndedIterator<Item = &'static str> + 'a {
    let are_meant = PRESETS.iter().filter(|preset| preset.name != NGINX_MAIN || end_in_addresses(lines));
    are_meant.map(|preset| preset.name)
}

/// Whether the last quoted text of most lines is made of addresses: nginx's packages log them where others have cookies.
fn end_in_addresses(lines: &[&[u8]]) -> bool {
    let is_of_address = |byte: &u8| byte.is_ascii_hexdigit() || b".:,- ".contains(byte);
    let has = |line: &&&[u8]| line.rsplit(|&byte| byte == b'"').nth(1).is_some_and(|text| text.iter().all(is_of_address));
    lines.iter().filter(has).count() * 5 >= lines.len() * 4
}

/// The sample's first lines that hold anything, the last one only if it is whole.
fn first_lines(sample: &[u8], are_all: bool) -> Vec<&[u8]> {
    let mut lines = vec![];
    let mut at = 0;
    while at < sample.len() && lines.len() < LINES {
        at = match next_line(sample, at, are_all) {
            Next::Record { record, next } => {
                lines.push(&sample[record]);
                next
            }
            Next::Nothing { next } => next,
            Next::Partial => break,
        };
    }
    lines
}

/// How many lines a pattern reads, and of how many, directives apart; `None` when it cannot be read itself.
fn n_read(pattern: &str, lines: &[&[u8]]) -> Option<(usize, usize)> {
    let mut log = Log::new(&[], pattern).ok()?;
    let (mut n_lines, mut n_read) = (0, 0);
    let mut rows = Rows::default();
    for line in lines {
        if let Next::Record { record, .. } = log.next(line, 0, true) {
            n_lines += 1;
            n_read += usize::from(log.cut(line, record, &mut rows).is_ok());
        }
    }
    Some((n_read, n_lines))
}

/// What the first bytes of a log, or all of them, say of the whole; `None` where they do not tell.
///
/// A log with directives is not divisible: what its lines hold may change at any of them.
///
/// # Errors
///
/// `BAD_INPUT` when the log is not known and no pattern is told.
pub(super) fn shape_of(text: &[u8], first_byte: u64, are_all: bool, options: &Options) -> Result<Option<Shape>> {
    // What is decided must not depend on how many more bytes happen to be here.
    let mut sample = &text[..text.len().min(SAMPLE)];
    if first_lines(sample, are_all && sample.len() == text.len()).is_empty() {
        sample = text;
    }
    let is_whole = are_all && sample.len() == text.len();
    if first_lines(sample, is_whole).is_empty() && !are_all && text.len() <= LONGEST_RECORD {
        return Ok(None);
    }
    let found = || pattern_of(sample, is_whole).or_else(|| best_pattern(&first_lines(sample, is_whole)));
    let Some(pattern) = options.pattern.clone().or_else(found) else {
        let sentence = "the lines are of no log that is known; tell their pattern, such as %h %l %u %t \"%r\" %>s %b";
        return Err(Error::bad_input(sentence));
    };
    let mut log = Log::new(options.names.as_deref().unwrap_or_default(), &pattern)?;
    let (mut at, mut n_records, mut rows) = (0, 0, Rows::default());
    while at < sample.len() && n_records < SAMPLED {
        at = match log.next(sample, at, is_whole) {
            Next::Record { record, next } => {
                rows.cut(&mut log, sample, record);
                n_records += 1;
                next
            }
            Next::Nothing { next } => next,
            Next::Partial => break,
        };
    }
    let names = log.names.clone();
    let told = |at: usize| options.kinds.as_ref()?.get(at).copied();
    let kind =
        |(at, name): (usize, &String)| told(at).unwrap_or_else(|| first_kind(name, options.fixed(name), rows.column(sample, at)));
    let kinds = names.iter().enumerate().map(kind).collect();
    let divisible = matches!(log.lines, Lines::Pattern(_));
    let pattern = Some(pattern);
    Ok(Some(Shape { format: Format::Log, pattern, names, first_byte, kinds, divisible, ..Shape::default() }))
}

#[cfg(test)]
mod tests;
