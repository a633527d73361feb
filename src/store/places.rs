//! Where each row of a store is in the data: the order that questions about rows, and ties, go by.

/// The place of each row. Without further word, rows are where they are in the store.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Of the first rows.
    listed: Vec<u32>,
    /// Of the rows behind those: from a row on, in ascending order, its place and the following ones.
    runs: Vec<(usize, u32)>,
}

impl Places {
    /// All rows' places, one by one.
    pub(super) fn listed(listed: Vec<u32>) -> Self {
        Self { listed, runs: vec![] }
    }

    pub(super) fn get(&self, row: usize) -> u32 {
        if let Some(&place) = self.listed.get(row) {
            return place;
        }
        let n_before = self.runs.partition_point(|&(first, _)| first <= row);
        let (first, place) = n_before.checked_sub(1).map_or((0, 0), |at| self.runs[at]);
        place + (row - first) as u32
    }

    /// Says where the rows from `row` on are, which is behind all that was said before.
    pub(super) fn go_on(&mut self, row: usize, place: u32) {
        if self.get(row) != place {
            self.runs.push((row, place));
        }
    }

    /// Cuts off the places of the rows from `row` on, of `n_rows` in all; all are listed from here on.
    pub(super) fn split_off(&mut self, row: usize, n_rows: usize) -> Self {
        let tail = Self::listed((row..n_rows).map(|row| self.get(row)).collect());
        *self = Self::listed((0..row).map(|row| self.get(row)).collect());
        tail
    }

    /// Adds the places of the rows behind those that are listed.
    pub(super) fn extend(&mut self, places: impl IntoIterator<Item = u32>) {
        self.listed.extend(places);
    }

    pub(super) fn size(&self) -> usize {
        4 * self.listed.capacity() + size_of::<(usize, u32)>() * self.runs.capacity()
    }
}
