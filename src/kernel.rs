//! Pure functions on columns and bytes; none knows what a query is.

pub mod batch;
pub mod civil;
pub mod column;
pub mod dictionary;
pub mod form;
pub mod hash;
pub mod instant;
pub mod number;
pub mod scan;
