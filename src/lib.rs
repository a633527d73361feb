//! Clickfold: an online shop's questions about its own events, answered exactly, where the events are.

#![warn(missing_docs)]

pub mod accumulator;
pub mod analysis;
#[cfg(feature = "formats")]
pub mod clean;
pub mod decode;
pub mod engine;
pub mod error;
pub mod event;
pub mod fold;
pub mod frame;
pub mod kernel;
pub mod query;
pub mod sketch;
#[cfg(feature = "events")]
pub mod sql;
pub mod store;
pub mod text;
#[cfg(target_family = "wasm")]
mod wasm;

pub use error::{Error, ErrorKind, Result};
pub use query::Query;
