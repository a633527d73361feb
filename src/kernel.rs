//! Pure functions on columns and bytes; none knows what a query is.

pub mod civil;
pub mod nearest;
