//! One file per question: what is asked, and the fold that answers it.

mod actors;
pub mod aggregate;
mod derived;
pub mod describe;
pub mod filter;
pub mod funnel;
mod key;
mod literal;
mod marks;
mod measure;
mod rank;
pub mod retention;
pub mod rows;
mod table;

use std::collections::BTreeMap;

pub use crate::error::spec;
use crate::kernel::bucket::Zone;

/// Time zones by their IANA names, as the door could find them.
pub type Zones = BTreeMap<String, Zone>;
