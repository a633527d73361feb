//! The language of Apache's `LogFormat`: `%h %l %u %t "%r" %>s %b "%{Referer}i"`.

use super::field::{Field, What, plain};
use super::pattern::{Fault, Piece, Reader};

/// The directives that take nothing in braces, or for which it does not matter.
const DIRECTIVES: [(char, &str, What); 27] = [
    ('a', "remote_host", What::Text),
    ('A', "server_address", What::Text),
    ('b', "bytes", What::Number),
    ('B', "bytes", What::Number),
    ('D', "duration_us", What::Number),
    ('f', "file", What::Text),
    ('h', "remote_host", What::Text),
    ('H', "protocol", What::Text),
    ('I', "bytes_received", What::Number),
    ('k', "keepalive_requests", What::Number),
    ('l', "identity", What::Text),
    ('L', "log_id", What::Text),
    ('m', "method", What::Text),
    ('O', "bytes", What::Number),
    ('p', "port", What::Text),
    ('P', "process", What::Text),
    ('q', "query", What::Query),
    ('r', "request", What::Request),
    ('R', "handler", What::Text),
    ('s', "status", What::Number),
    ('S', "bytes_transferred", What::Number),
    ('T', "duration_s", What::Text),
    ('u', "user", What::Text),
    ('U', "path", What::Text),
    ('v', "host", What::Text),
    ('V', "host", What::Text),
    ('X', "connection", What::Text),
];

/// The pieces of a pattern.
///
/// # Errors
///
/// Where a directive is none of Apache's.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Fault> {
    let mut reader = Reader::new(text);
    while let Some(at) = reader.literal('%') {
        if reader.is_next('%') {
            reader.push_literal('%');
            continue;
        }
        // For which statuses, and of which of the requests.
        reader.while_is(|char| char.is_ascii_digit() || "!,<>".contains(char));
        let braced = if reader.is_next('{') {
            let braced = reader.while_is(|char| char != '}');
            if !reader.is_next('}') {
                return Err(Fault::new(at, "expected } behind {"));
            }
            Some(braced)
        } else {
            None
        };
        reader.while_is(|char| "<>".contains(char));
        let letter = match reader.chars.get(reader.at) {
            // A header of the trailer: ^ti and ^to.
            Some('^') => reader.chars.get(reader.at + 2),
            letter => letter,
        };
        let Some(&letter) = letter else { return Err(Fault::new(at, "expected a letter behind %")) };
        reader.at += if reader.chars[reader.at] == '^' { 3 } else { 1 };
        directive(&mut reader, at, letter, braced.as_deref())?;
    }
    Ok(reader.pieces)
}

fn directive(reader: &mut Reader, at: usize, letter: char, braced: Option<&str>) -> Result<(), Fault> {
    let named = |before: &str, name: &str| Field::new(&plain(&[before, name].concat()), What::Text);
    let field = match (letter, braced) {
        ('t', _) => {
            time(reader, at, braced);
            return Ok(());
        }
        ('i', Some(name)) => Field::of_header(name),
        ('o', Some(name)) => named("sent_", name),
        ('n' | 'e', Some(name)) => named("", name),
        ('C', Some(name)) => named("cookie_", name),
        ('c', Some(name)) => named("tls_", name),
        ('x', Some(name)) => named("", name),
        ('T', Some("ms")) => Field::new("duration_ms", What::Number),
        ('T', Some("us")) => Field::new("duration_us", What::Number),
        ('p', Some("remote")) => Field::new("remote_port", What::Text),
        // The query has its question mark, so nothing need stand between the two.
        ('U', _) if reader.are_next("%q") => Field::new("request_uri", What::Target),
        _ => match DIRECTIVES.iter().find(|(known, ..)| *known == letter) {
            Some((_, name, what)) => Field::new(name, *what),
            None if "ioneCcx".contains(letter) => {
                return Err(Fault::new(at, format!("expected a name in braces: %{{name}}{letter}")));
            }
            None => return Err(Fault::new(at, format!("unknown directive %{letter}"))),
        },
    };
    reader.push(field, at);
    Ok(())
}

/// The time, in brackets unless it has a format of its own.
fn time(reader: &mut Reader, at: usize, format: Option<&str>) {
    let Some(format) = format else {
        reader.push_literal('[');
        reader.push(Field::new("time", What::ClfTime), at);
        reader.push_literal(']');
        return;
    };
    let format = format.strip_prefix("begin:").or(format.strip_prefix("end:")).unwrap_or(format);
    if format.ends_with("_frac") {
        return reader.push(Field::new(format, What::Text), at);
    }
    let opening = format.chars().take_while(|&char| char == '[').count();
    let closing = format.chars().rev().take_while(|&char| char == ']').count();
    let core = format.trim_start_matches('[').trim_end_matches(']');
    let is_iso = ["%Y-%m-%d", "%Y/%m/%d", "%F"].iter().any(|date| core.starts_with(date));
    let is_clf = core.starts_with("%d/%b/%Y:");
    let what = if is_clf {
        What::ClfTime
    } else if is_iso {
        What::IsoTime
    } else {
        What::Text
    };
    // Blanks are what may end it too early.
    let inside = ["", " ", "  "][core.matches(' ').count().min(2)];
    (0..opening).for_each(|_| reader.push_literal('['));
    reader.push(Field { inside, ..Field::new("time", what) }, at);
    (0..closing).for_each(|_| reader.push_literal(']'));
}
