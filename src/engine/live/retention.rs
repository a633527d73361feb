//! How long rows are kept: the newest so many, or those of so long a time. They go by slices, so somewhat more are held.

use std::collections::VecDeque;

use serde::Deserialize;

use crate::event::TimeUnit;
use crate::kernel::bucket::length;
use crate::{Error, Result};

/// What is kept of the rows; all, if nothing is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// The newest so many.
    pub rows: Option<usize>,
    /// Those of so long a time before the newest one, such as `1h`.
    pub time: Option<String>,
}

/// Rows that came one behind the other, and go together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) number: u64,
    pub(super) n_rows: usize,
    /// The greatest time of its rows.
    pub(super) newest: i64,
    /// The greatest time of any row when it began.
    begun: i64,
}

/// The slices of the rows that are kept.
#[derive(Debug, Default)]
pub(super) struct Retention {
    rows: Option<usize>,
    seconds: Option<i64>,
    slices: VecDeque<Slice>,
    next: u64,
}

/// What is kept is cut into so many slices.
const SLICES: usize = 16;

impl Retention {
    /// # Errors
    ///
    /// `BAD_QUERY` for less than a row, and for no length of time.
    pub(super) fn new(keep: &Keep) -> Result<Self> {
        if keep.rows == Some(0) {
            return Err(Error::bad_query("\"keep\" must leave one row at the least").at_column("keep"));
        }
        let seconds = keep.time.as_deref().map(|text| length("keep", text)).transpose()?;
        Ok(Self { rows: keep.rows, seconds, ..Self::default() })
    }

    /// Whether rows ever go.
    pub(super) fn drops(&self) -> bool {
        self.rows.is_some() || self.seconds.is_some()
    }

    /// The slice that further rows are in. `newest` is the greatest time of all rows before them.
    pub(super) fn slice_for(&mut self, n_rows: usize, newest: Option<i64>, unit: TimeUnit) -> u64 {
        let newest = newest.unwrap_or(i64::MIN);
        let is_full = |slice: &Slice| {
            let by_rows = self.rows.is_some_and(|rows| slice.n_rows + n_rows > rows.div_ceil(SLICES));
            let width = |seconds: i64| seconds.saturating_mul(unit.per_second()) / SLICES as i64;
            by_rows || self.seconds.is_some_and(|seconds| newest.saturating_sub(slice.begun) >= width(seconds))
        };
        if self.slices.back().is_none_or(|slice| slice.n_rows > 0 && is_full(slice)) {
            self.slices.push_back(Slice { number: self.next, n_rows: 0, newest: i64::MIN, begun: newest });
            self.next += 1;
        }
        self.next - 1
    }

    /// Notes rows of the last slice.
    pub(super) fn take(&mut self, n_rows: usize, newest: Option<i64>) {
        if let Some(slice) = self.slices.back_mut() {
            slice.n_rows += n_rows;
            slice.newest = slice.newest.max(newest.unwrap_or(i64::MIN));
        }
    }

    /// How many of the oldest slices are to go; never the one that rows have just come into.
    pub(super) fn n_due(&self, newest: Option<i64>, unit: TimeUnit) -> usize {
        let mut n_rows: usize = self.slices.iter().map(|slice| slice.n_rows).sum();
        let too_many = |slice: &&Slice| {
            n_rows -= slice.n_rows;
            self.rows.is_some_and(|rows| n_rows >= rows)
        };
        let n_too_many = self.slices.iter().take_while(too_many).count();
        self.past(n_too_many, newest, unit).min(self.slices.len().saturating_sub(1))
    }

    /// How many of the oldest slices are too old.
    pub(super) fn n_past(&self, newest: Option<i64>, unit: TimeUnit) -> usize {
        self.past(0, newest, unit)
    }

    /// The slices up to `from`, and those behind it that are too old. Where none of its rows has a time, a slice is as old as the
    /// one behind it was when that began.
    fn past(&self, from: usize, newest: Option<i64>, unit: TimeUnit) -> usize {
        let Some((seconds, newest)) = self.seconds.zip(newest) else { return from };
        let oldest = newest.saturating_sub(seconds.saturating_mul(unit.per_second()));
        let is_past = |&(at, slice): &(usize, &Slice)| {
            let next = || self.slices.iter().skip(at + 1).map(|slice| slice.begun).find(|begun| *begun != i64::MIN);
            let time = if slice.newest == i64::MIN { next() } else { Some(slice.newest) };
            time.is_some_and(|time| time < oldest)
        };
        from + self.slices.iter().enumerate().skip(from).take_while(is_past).count()
    }

    /// Has the first slices go; gives them, oldest first.
    pub(super) fn drop_first(&mut self, n: usize) -> Vec<Slice> {
        self.slices.drain(..n).collect()
    }

    /// How many rows a slice has as a rule.
    pub(super) fn usual_rows(&self) -> usize {
        self.slices.iter().map(|slice| slice.n_rows).sum::<usize>() / self.slices.len().max(1)
    }

    /// Has no slices: the rows are dealt to new ones.
    pub(super) fn restart(&mut self) {
        self.slices.clear();
    }

    /// The slices in order.
    pub(super) fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.slices.iter()
    }

    /// Counts times in a finer unit from here on.
    pub(super) fn rescale(&mut self, by: i64) {
        let scaled = |time: i64| if time == i64::MIN { time } else { time.saturating_mul(by) };
        for slice in &mut self.slices {
            (slice.newest, slice.begun) = (scaled(slice.newest), scaled(slice.begun));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(keep: &str, rows: impl Iterator<Item = (usize, i64)>) -> (Vec<u64>, usize) {
        let mut retention = Retention::new(&serde_json::from_str(keep).unwrap()).unwrap();
        let (mut newest, mut most) = (None, 0);
        for (n_rows, time) in rows {
            retention.slice_for(n_rows, newest, TimeUnit::Second);
            retention.take(n_rows, Some(time));
            newest = newest.max(Some(time));
            retention.drop_first(retention.n_due(newest, TimeUnit::Second));
            most = most.max(retention.slices().map(|slice| slice.n_rows).sum());
        }
        (retention.slices().map(|slice| slice.number).collect(), most)
    }

    #[test]
    fn the_newest_rows_are_kept_and_few_more() {
        let (slices, most) = kept(r#"{"rows": 1600}"#, (0..1_000).map(|at| (10, at)));
        assert!((16..=17).contains(&slices.len()) && (1_600..=1_700).contains(&most), "{slices:?}, {most}");
        let (slices, most) = kept(r#"{"time": "16m"}"#, (0..10_000).map(|at| (1, at)));
        assert!((16..=18).contains(&slices.len()), "{slices:?}");
        assert!((960..=960 + 120).contains(&most), "{most}");
        // A batch larger than all that is kept stays until there is another.
        assert_eq!(kept(r#"{"rows": 5}"#, [(100, 1), (100, 2), (1, 3)].into_iter()).1, 101);
        assert_eq!(kept(r#"{"rows": 5, "time": "1s"}"#, [(3, 1), (3, 9)].into_iter()).0, [1]);
        assert!(Retention::new(&Keep { rows: Some(0), time: None }).is_err());
    }
}
