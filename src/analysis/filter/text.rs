//! Tests of texts, each by itself.

use super::Op;

#[derive(Debug)]
pub(super) enum TextTest {
    In(Vec<String>),
    Compare(Op, String),
    Contains(String),
    StartsWith(String),
}

impl TextTest {
    pub(super) fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(texts) => texts.iter().any(|t| t == text),
            Self::Compare(op, other) => op.holds(text, other.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::StartsWith(start) => text.starts_with(start.as_str()),
        }
    }
}
