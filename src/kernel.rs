//! Pure functions on columns and bytes; none knows what a query is.

pub mod batch;
pub mod bucket;
pub mod civil;
pub mod column;
pub mod decay;
pub mod dictionary;
pub mod encoding;
pub mod form;
#[cfg(feature = "parquet")]
pub mod half;
pub mod hash;
pub mod ids;
pub mod instant;
pub mod number;
pub mod order;
pub mod pairs;
pub mod ranks;
pub mod scan;
pub mod set;
#[cfg(feature = "events")]
pub mod statistics;
pub mod uuid;
pub mod values;
