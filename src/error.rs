//! The one error of the crate: a stable code, a sentence, and where it happened.

mod nearest;
pub mod spec;

use std::fmt;

pub use nearest::nearest;

/// What every fallible function of the crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, said so that its reader can mend it.
///
/// Opaque: read it by [`kind`](Error::kind), [`detail`](Error::detail) and `Display`.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    detail: Detail,
}

/// The family of an [`Error`]; its [`code`](ErrorKind::code) never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The question is malformed or does not fit the data's types.
    BadQuery,
    /// A column or role that the data does not have.
    UnknownColumn,
    /// The bytes are not an event file, or hold no rows.
    BadInput,
    /// An exact sum left the range of its type.
    Overflow,
    /// Asked for something that this build cannot do.
    Unsupported,
    /// There is not so much memory as the data or the question needs.
    OutOfMemory,
    /// A state or batch that does not belong to the fold it was given to.
    BadState,
}

impl ErrorKind {
    /// The stable name that JavaScript and scripts match on.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadQuery => "BAD_QUERY",
            Self::UnknownColumn => "UNKNOWN_COLUMN",
            Self::BadInput => "BAD_INPUT",
            Self::Overflow => "OVERFLOW",
            Self::Unsupported => "UNSUPPORTED",
            Self::OutOfMemory => "OUT_OF_MEMORY",
            Self::BadState => "BAD_STATE",
        }
    }
}

/// Where an [`Error`] happened and what was meant instead, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Detail {
    /// The column or key at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The line of the source, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Known names, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

impl Error {
    /// An error of `kind` that says `message`: lower case, no full stop, with the value at fault.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), detail: Detail::default() }))
    }

    /// A question that cannot be asked.
    pub fn bad_query(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadQuery, message)
    }

    /// Bytes that hold no events.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadInput, message)
    }

    /// A state that another fold wrote.
    pub fn bad_state(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadState, message)
    }

    /// Names the column or key at fault.
    pub fn at_column(mut self, column: impl Into<String>) -> Self {
        self.0.detail.column = Some(column.into());
        self
    }

    /// Names the line at fault, counted from 1.
    pub fn at_line(mut self, line: u64) -> Self {
        self.0.detail.line = Some(line);
        self
    }

    /// Adds the names that were perhaps meant, nearest first.
    pub fn with_candidates(mut self, candidates: impl IntoIterator<Item = String>) -> Self {
        self.0.detail.candidates = candidates.into_iter().collect();
        self
    }

    /// The family of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it happened and what was perhaps meant.
    pub fn detail(&self) -> &Detail {
        &self.0.detail
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.code(), self.0.message)
    }
}

impl std::error::Error for Error {}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::bad_state(error.to_string())
    }
}
