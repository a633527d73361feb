//! Answers that are kept up to date while rows are appended.

mod by_actor;
