//! The language of nginx's `log_format`: `$remote_addr - $remote_user [$time_local] "$request" $status`.

use super::field::{Field, What};
use super::pattern::{Fault, Piece, Reader};

/// The variables whose meaning is known, beside those of headers; others are text with their own names.
const VARIABLES: [(&str, &str, What); 24] = [
    ("remote_addr", "remote_host", What::Text),
    ("remote_user", "user", What::Text),
    ("time_local", "time", What::ClfTime),
    ("time_iso8601", "time", What::IsoTime),
    ("msec", "time", What::SecondsTime),
    ("request", "request", What::Request),
    ("request_uri", "request_uri", What::Target),
    ("uri", "path", What::Text),
    ("document_uri", "path", What::Text),
    ("args", "query", What::Text),
    ("query_string", "query", What::Text),
    ("request_method", "method", What::Text),
    ("server_protocol", "protocol", What::Text),
    ("status", "status", What::Number),
    ("body_bytes_sent", "bytes", What::Number),
    ("bytes_sent", "bytes", What::Number),
    ("request_length", "bytes_received", What::Number),
    ("request_time", "duration_s", What::Text),
    ("host", "host", What::Text),
    ("server_name", "host", What::Text),
    ("server_port", "port", What::Text),
    // Of this crate alone, for what other servers write.
    ("remote_addr_and_port", "remote_host", What::Address),
    ("request_with_url", "request", What::UrlRequest),
    ("queue_and_headers", "backend_queue", What::Queue),
];

/// The pieces of a pattern.
///
/// # Errors
///
/// Where a variable has no name.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Fault> {
    let mut reader = Reader::new(text);
    while let Some(at) = reader.literal('$') {
        let is_braced = reader.is_next('{');
        let name = reader.while_is(|char| char.is_ascii_alphanumeric() || char == '_');
        if name.is_empty() {
            return Err(Fault::new(at, "expected a variable's name behind $"));
        }
        if is_braced && !reader.is_next('}') {
            return Err(Fault::new(at, "expected } behind the variable's name"));
        }
        if name == "uri" && (reader.are_next("$is_args$args") || reader.are_next("$is_args$query_string")) {
            reader.push(Field::new("request_uri", What::Target), at);
            continue;
        }
        reader.push(field(&name), at);
    }
    Ok(reader.pieces)
}

fn field(name: &str) -> Field {
    match VARIABLES.iter().find(|(known, ..)| *known == name) {
        Some((_, name, what)) => Field::new(name, *what),
        None => Field::of_header(name.strip_prefix("http_").unwrap_or(name)),
    }
}
