//! The fold: the one shape of every answer.
//!
//! A fold starts empty, takes batches of rows, gives its partial state as a batch, takes other
//! folds' states, and finishes as a batch. *Row folds* answer the same for any split of the rows
//! over folds; *actor folds* for any split that keeps each actor's rows in one fold, in time order.
//! `tests/laws.rs` holds every analysis to its law.

use arrow_array::RecordBatch;

use crate::Result;

/// A question being answered.
///
/// `update` and `merge` may be mixed and repeated in any order; `state` and `finish` change nothing,
/// so a live page reads the answer so far again and again.
pub trait Fold: Send {
    /// Takes rows in.
    ///
    /// # Errors
    ///
    /// When the batch lacks a column that the fold reads, or a column has another type.
    fn update(&mut self, batch: &RecordBatch) -> Result<()>;

    /// The partial answer as a sufficient statistic: same schema from every fold of the same question.
    ///
    /// # Errors
    ///
    /// When the state outgrows an Arrow batch.
    fn state(&self) -> Result<RecordBatch>;

    /// Takes in another fold's [`state`](Fold::state) as if its rows had been updated here.
    ///
    /// # Errors
    ///
    /// When the state was written by a fold of another question.
    fn merge(&mut self, state: &RecordBatch) -> Result<()>;

    /// The answer so far.
    ///
    /// # Errors
    ///
    /// When an exact result leaves the range of its type.
    fn finish(&self) -> Result<RecordBatch>;

    /// The answer so far, for whoever asks again and again: what was told may be remembered, so that the next answer costs
    /// what has changed since.
    ///
    /// # Errors
    ///
    /// As [`finish`](Fold::finish).
    #[cfg(feature = "live")]
    fn follow(&mut self) -> Result<RecordBatch> {
        self.finish()
    }

    /// Whether the rows of a state are of a group each, so that they may be merged in any number of parts.
    fn has_groups(&self) -> bool {
        false
    }

    /// Bytes held, to the nearest few hundred.
    fn size(&self) -> usize;
}
