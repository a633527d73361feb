//! Batches as bytes and back: the one place that knows the wire.

mod ipc;
mod packed;
mod values;

pub use ipc::write;
pub use packed::{pack, unpack};
