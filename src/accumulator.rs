//! Aggregates: each holds one partial result per group, for all groups at once.

mod approx;
mod count;
mod distinct;
mod edge;
mod extreme;
mod lists;
mod occurrences;
mod spread;
mod sum;
mod tally;
mod trend;

use arrow_array::ArrayRef;
use arrow_schema::DataType;

pub use approx::ApproxQuantile;
pub use count::Count;
pub use distinct::CountDistinct;
pub use edge::Edge;
pub use extreme::Extreme;
pub use occurrences::Occurrences;
pub use spread::Spread;
pub use sum::Sum;
pub use tally::{Tally, quantile};
pub use trend::Trend;

use crate::kernel::values::{ValueType, Values};
use crate::{Error, Result};

/// One aggregate over all groups. A group that nothing came for is empty: a count of 0, else null.
///
/// Nulls are skipped, as in SQL. What is given to [`merge`](Accumulator::merge) is another's
/// [`state`](Accumulator::state): columns with one row for each of its groups.
pub trait Accumulator: Send {
    /// Whether integers may come as places, as from [`gather_ranked`](crate::kernel::values::gather_ranked).
    fn takes_ranked(&self) -> bool {
        false
    }

    /// Takes in row `i` of the columns it reads for group `groups[i]`; all groups are below `n_groups`.
    ///
    /// # Errors
    ///
    /// When the values have another shape than before.
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()>;

    /// The same, where equal values of the first column follow each other over all updates, and none comes again to another
    /// accumulator.
    ///
    /// # Errors
    ///
    /// When the values have another shape than before.
    fn update_grouped(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.update(groups, n_groups, columns)
    }

    /// The types of the state's columns.
    fn state_types(&self) -> Vec<DataType>;

    /// The partial results of some groups, in their order.
    ///
    /// # Errors
    ///
    /// When the state outgrows an Arrow array.
    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>>;

    /// Takes in another's state: its group `i` is `groups[i]` here.
    ///
    /// # Errors
    ///
    /// When the columns are not such a state.
    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()>;

    /// The type of the result.
    fn result_type(&self) -> ValueType;

    /// The results of some groups so far, in their order.
    ///
    /// # Errors
    ///
    /// `OVERFLOW` when an exact result leaves the range of its type.
    fn finish(&self, groups: &[u32]) -> Result<Values>;

    /// Bytes held.
    fn size(&self) -> usize;
}

/// The one column that an aggregate reads.
fn only(columns: &[Values]) -> Result<&Values> {
    match columns {
        [values] => Ok(values),
        _ => Err(Error::bad_state(format!("an aggregate reads one column, found {}", columns.len()))),
    }
}

/// What is held for some groups; the default for one that nothing came for.
fn held<T: Copy + Default>(all: &[T], groups: &[u32]) -> Vec<T> {
    groups.iter().map(|&group| all.get(group as usize).copied().unwrap_or_default()).collect()
}
