//! Batches as bytes and back: the one place that knows the wire.

mod ipc;
mod packed;
mod values;

pub use ipc::write;
pub use packed::{pack, unpack};

use arrow_schema::Field;

use crate::kernel::order::sort_by;

/// A field's metadata in the order of its keys: hash maps have none.
fn metadata(field: &Field) -> Vec<(&String, &String)> {
    let pairs: Vec<(&String, &String)> = field.metadata().iter().collect();
    let mut order: Vec<u32> = (0..pairs.len() as u32).collect();
    sort_by(&mut order, &|a, b| pairs[a as usize].0.cmp(pairs[b as usize].0));
    order.into_iter().map(|at| pairs[at as usize]).collect()
}
