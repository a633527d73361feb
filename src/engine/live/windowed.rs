//! Windows of event time, and what each says of a question: provisional until the watermark has passed its end, then final.
//!
//! A row is late for a window that has closed: late rows are told of, and change nothing. As long as no row comes later than
//! the watermark allows, the closed answers are the same in whatever order the rows come.

use std::collections::{BTreeMap, VecDeque};

use arrow_array::RecordBatch;

use super::asker::{Asker, Part};
use super::panes::{Merged, Pane, Taken};
use super::windows::Windows;
use crate::kernel::values::{Data, Rows, gather};
use crate::{Error, Result};

/// The answer of one window.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) is_provisional: bool,
    pub(super) answer: RecordBatch,
}

/// A question asked of windows.
pub(super) struct Windowed {
    windows: Windows,
    time: usize,
    /// By their starts.
    panes: BTreeMap<i64, Pane>,
    merged: Merged,
    /// The windows that end by then have closed.
    watermark: Option<i64>,
    /// The last windows that have closed.
    closed: VecDeque<Window>,
    /// The start of the newest window that has closed.
    newest_closed: Option<i64>,
    /// Windows that were asked for and have not changed since: how many rows they had.
    known: BTreeMap<i64, (u64, RecordBatch)>,
}

impl Windowed {
    pub(super) fn new(windows: Windows, time: usize) -> Self {
        Self {
            windows,
            time,
            panes: BTreeMap::new(),
            merged: Merged::default(),
            watermark: None,
            closed: VecDeque::new(),
            newest_closed: None,
            known: BTreeMap::new(),
        }
    }

    /// Takes rows in; gives those that came too late for any window. Rows without a time are in none.
    pub(super) fn take(&mut self, asker: &Asker, part: Part) -> Result<Vec<u32>> {
        let times = gather(&part.arrays[self.time], &Rows::All(part.n_rows()))?;
        let Data::Ints(instants) = &times.data else { return Err(Error::bad_state("a time is no integer")) };
        let mut late = vec![];
        let mut by_pane: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        let mut last: Option<(i64, i64, &mut Vec<u32>)> = None;
        for (row, &instant) in instants.iter().enumerate() {
            if !times.is_valid(row) {
                continue;
            }
            // As a rule a row is in the pane of the row before it.
            if let Some((start, end, rows)) = &mut last
                && (*start..*end).contains(&instant)
            {
                rows.push(row as u32);
                continue;
            }
            let start = self.windows.pane_of(instant);
            let rows = by_pane.entry(start).or_default();
            rows.push(row as u32);
            last = Some((start, self.windows.next(start), rows));
        }
        // The window that begins with the pane is the last that it is part of.
        by_pane.retain(|&start, rows| {
            let is_late = self.watermark.is_some_and(|watermark| self.windows.end(start) <= watermark);
            if is_late {
                late.append(rows);
            }
            !is_late
        });
        if asker.looks_at_order() {
            for (start, rows) in by_pane {
                let rows = if rows.len() == part.n_rows() { part.clone() } else { part.take(&rows, &asker.types)? };
                self.pane(asker, start, true)?.take(Taken::Part(rows))?;
            }
            return Ok(late);
        }
        // All rows are put in the order of their panes at once: each pane's are a slice then, however few.
        let ordered: Vec<u32> = by_pane.values().flatten().copied().collect();
        let is_ordered = ordered.len() == part.n_rows() && by_pane.len() == 1;
        let all = if is_ordered { asker.rows(&part)? } else { asker.rows(&part.take(&ordered, &asker.types)?)? };
        let mut from = 0;
        for (start, rows) in by_pane {
            let batch = all.slice(from, rows.len());
            from += rows.len();
            self.merged.take(start, &batch)?;
            self.pane(asker, start, false)?.take(Taken::Batch(batch))?;
        }
        Ok(late)
    }

    fn pane(&mut self, asker: &Asker, start: i64, keeps_rows: bool) -> Result<&mut Pane> {
        Ok(match self.panes.entry(start) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Pane::new(asker, keeps_rows)?),
        })
    }

    /// Closes the windows that have ended by the watermark, oldest first, and keeps the last `n_kept` of them to be shown. Unless it
    /// `wants_all`, only these are worked out.
    pub(super) fn close(&mut self, asker: &Asker, watermark: i64, n_kept: usize, wants_all: bool) -> Result<Vec<Window>> {
        if self.watermark.is_some_and(|before| watermark <= before) {
            return Ok(vec![]);
        }
        let before = self.watermark.replace(watermark);
        let last = self.windows.last_ended(watermark);
        let mut ended = vec![];
        let mut next = last;
        while let Some(start) = next.filter(|&start| self.newest_closed.is_none_or(|newest| start > newest)) {
            let end = self.windows.end(start);
            if before.is_some_and(|before| end <= before) || ended.len() == n_kept && !wants_all {
                break;
            }
            next = if self.panes.range(start..end).next().is_some() {
                ended.push((start, end));
                self.windows.before(start)
            } else {
                // Windows go by without rows where there is no pane.
                self.panes.range(..start).next_back().map(|(&pane, _)| pane)
            };
        }
        let mut closing = vec![];
        for (start, end) in ended.into_iter().rev() {
            let answer = self.answer(asker, start, end)?;
            closing.push(Window { start, end, is_provisional: false, answer });
            self.newest_closed = Some(start);
        }
        // The window that begins with a pane is the last that it is part of.
        while self.panes.first_key_value().is_some_and(|(&pane, _)| Some(pane) <= last) {
            self.panes.pop_first();
        }
        self.known.retain(|&start, _| self.newest_closed.is_none_or(|newest| start > newest));
        self.closed.extend(closing.iter().cloned());
        while self.closed.len() > n_kept {
            self.closed.pop_front();
        }
        Ok(closing)
    }

    /// The newest windows, oldest first: the last one ends with the pane of the newest row.
    pub(super) fn newest(&mut self, asker: &Asker, n: usize) -> Result<Vec<Window>> {
        let mut windows: VecDeque<Window> = VecDeque::new();
        let newest = self.panes.last_key_value().map(|(&pane, _)| pane);
        let mut next = newest.map(|pane| self.windows.window_ending_with(pane));
        while let Some(start) = next.filter(|&start| windows.len() < n && self.newest_closed.is_none_or(|newest| start > newest))
        {
            let end = self.windows.end(start);
            if self.watermark.is_some_and(|watermark| end <= watermark) {
                break; // it closed without a row
            }
            if self.panes.range(start..end).next().is_none() {
                next = self.panes.range(..start).next_back().map(|(&pane, _)| pane);
                continue;
            }
            let answer = self.answer(asker, start, end)?;
            windows.push_front(Window { start, end, is_provisional: true, answer });
            next = self.windows.before(start);
        }
        self.known.retain(|start, _| windows.iter().any(|window| window.start == *start));
        for window in self.closed.iter().rev().take(n.saturating_sub(windows.len())) {
            windows.push_front(window.clone());
        }
        Ok(windows.into())
    }

    fn answer(&mut self, asker: &Asker, start: i64, end: i64) -> Result<RecordBatch> {
        let panes: Vec<&mut Pane> = self.panes.range_mut(start..end).map(|(_, pane)| pane).collect();
        let n_rows = panes.iter().map(|pane| pane.n_rows()).sum();
        if let Some((_, answer)) = self.known.get(&start).filter(|(known, _)| *known == n_rows) {
            return Ok(answer.clone());
        }
        let answer = self.merged.answer(asker, start..end, panes)?;
        self.known.insert(start, (n_rows, answer.clone()));
        Ok(answer)
    }

    /// Bytes held, the answers apart.
    pub(super) fn size(&self) -> usize {
        self.panes.values().map(Pane::size).sum::<usize>() + self.merged.size()
    }

    /// The earliest row that an open window has begun with is not before this.
    pub(super) fn first_open(&self) -> Option<i64> {
        self.panes.first_key_value().map(|(&start, _)| start)
    }

    /// The same windows before any row has come, of which those that have closed stay so. Times are counted so much finer now.
    pub(super) fn emptied(self, windows: Windows, time: usize, finer: i64) -> Self {
        let scaled = |time: i64| time.saturating_mul(finer);
        let closed =
            self.closed.into_iter().map(|window| Window { start: scaled(window.start), end: scaled(window.end), ..window });
        Self {
            closed: closed.collect(),
            watermark: self.watermark.map(scaled),
            newest_closed: self.newest_closed.map(scaled),
            ..Self::new(windows, time)
        }
    }
}
