//! Rows that are equal in some columns, numbered; null is equal to null.

use super::table::Table;
use crate::Result;
use crate::kernel::ids::Ids;
use crate::kernel::pairs::Pairs;

/// The number of each row's group, below the number of groups, which comes second; all rows are of one where no column is
/// named.
pub(super) fn numbers(table: &Table, columns: &[usize]) -> Result<(Vec<u32>, usize)> {
    let mut groups = vec![0; table.n_rows()];
    let mut n_groups = 1;
    for &column in columns {
        let values = table.whole(column)?;
        let mut ids = Ids::like(&values);
        let numbers = ids.of(&values)?;
        let mut pairs = Pairs::default();
        pairs.of(&mut groups, n_groups, &numbers, ids.len());
        n_groups = pairs.len();
    }
    Ok((groups, n_groups.max(1)))
}
