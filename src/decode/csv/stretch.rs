//! The loop over a file's bytes: blocks of rows are cut and read, and what is no row is rejected.

use std::ops::Range;

use super::Csv;
use super::reading::Position;
use super::split::Record;
use crate::Result;
use crate::decode::part::Output;
use crate::decode::{BLOCK_ROWS, LONGEST_RECORD};

const UNCLOSED: &str = "a quote is opened in this row and never closed";
const TOO_LONG: &str = "the row, or a quote opened in it, does not end within 16 MiB";

impl Csv {
    /// Reads all whole records of `bytes`, and the rest too when no more come.
    pub(super) fn read(&mut self, at_end: bool, out: &mut Output) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let used = self.read_bytes(&bytes, at_end, out)?;
        out.offset += used as u64;
        bytes.drain(..used);
        self.bytes = bytes;
        Ok(())
    }

    /// Reads `bytes` up to the limit, and the whole of the record that lies across it; says how many need not be seen again.
    pub(super) fn read_bytes(&mut self, bytes: &[u8], at_end: bool, out: &mut Output) -> Result<usize> {
        let mut at = 0;
        loop {
            if !self.skip_given_up(bytes, &mut at, out) {
                return Ok(at);
            }
            let limit = usize::try_from(self.limit.saturating_sub(out.offset)).unwrap_or(usize::MAX);
            if limit > bytes.len() {
                return self.read_from(bytes, at, at_end, out);
            }
            at = self.read_from(&bytes[..limit.max(at)], at, at_end && limit == bytes.len(), out)?;
            if self.reading.skipping {
                continue;
            }
            if at >= limit {
                self.has_ended = true;
                return Ok(at);
            }
            match self.read_long_record(bytes, &mut at, at_end, out)? {
                Stop::Partial if at_end => self.give_up_record(bytes, &mut at, UNCLOSED, out),
                Stop::Partial if bytes.len() - at > LONGEST_RECORD => self.give_up_record(bytes, &mut at, TOO_LONG, out),
                Stop::Partial => return Ok(at),
                Stop::Block | Stop::End => {}
            }
        }
    }

    /// Passes over the rest of a record that was given up; says whether its end is there.
    fn skip_given_up(&mut self, bytes: &[u8], at: &mut usize, out: &mut Output) -> bool {
        let reading = &mut self.reading;
        if reading.skipping {
            let line_end = memchr::memchr(b'\n', &bytes[*at..]);
            *at = line_end.map_or(bytes.len(), |i| *at + i + 1);
            out.lines += u64::from(line_end.is_some());
            reading.skipping = line_end.is_none();
        }
        !reading.skipping
    }

    /// Reads `bytes` from `at` on, and says how far.
    fn read_from(&mut self, bytes: &[u8], mut at: usize, at_end: bool, out: &mut Output) -> Result<usize> {
        loop {
            match self.read_block(bytes, &mut at, at_end, out)? {
                Stop::Block => {}
                Stop::End => return Ok(at),
                Stop::Partial if at_end => self.give_up_record(bytes, &mut at, UNCLOSED, out),
                Stop::Partial if bytes.len() - at > LONGEST_RECORD => self.give_up_record(bytes, &mut at, TOO_LONG, out),
                Stop::Partial => return Ok(at),
            }
        }
    }

    /// Rejects the first line of a record that does not end, so that the lines after it are read on their own.
    fn give_up_record(&mut self, bytes: &[u8], at: &mut usize, reason: &str, out: &mut Output) {
        let reading = &mut self.reading;
        let line_end = memchr::memchr(b'\n', &bytes[*at..]).map(|i| *at + i + 1);
        let end = line_end.unwrap_or(bytes.len());
        out.rejects.push(out.lines + 1, out.offset + *at as u64, || reason.to_owned(), &bytes[*at..end]);
        reading.skipping = line_end.is_none();
        out.lines += u64::from(line_end.is_some());
        *at = end;
    }

    /// Cuts rows from `at` on until a block is full or the bytes end, then reads their columns.
    #[inline(never)]
    fn read_block(&mut self, bytes: &[u8], at: &mut usize, at_end: bool, out: &mut Output) -> Result<Stop> {
        let reading = &mut self.reading;
        let width = reading.names.len();
        // Scanning no further than a few blocks keeps the marks in the cache.
        let scanned = &bytes[..bytes.len().min(*at + (1 << 20))];
        let last_stretch = scanned.len() == bytes.len();
        reading.splitter.start(&scanned[*at..]);
        let stretch = &scanned[*at..];
        let mut next = 0;
        let mut rows: Vec<Range<usize>> = Vec::with_capacity(BLOCK_ROWS);
        let stop = loop {
            let n_uniform = if rows.is_empty() { reading.splitter.n_uniform(width, BLOCK_ROWS) } else { 0 };
            if n_uniform > 0
                && let Some(after) = reading.read_uniform(stretch, next, n_uniform, out)?
            {
                next = after;
                continue;
            }
            next = reading.splitter.plain_records(stretch, next, width, BLOCK_ROWS, &mut rows);
            if rows.len() == BLOCK_ROWS {
                let start = Position { lines: out.lines, byte: out.offset + *at as u64 };
                reading.read_columns(stretch, &rows, start, out)?;
                rows.clear();
                continue;
            }
            if next == stretch.len() {
                break if last_stretch { Stop::End } else { Stop::Block };
            }
            let line = out.lines + reading.splitter.lines() + 1;
            match reading.splitter.record(stretch, next, at_end && last_stretch) {
                Record::Whole { cells, next: after } if cells == width => {
                    rows.push(next..after);
                    next = after;
                }
                Record::Whole { cells, next: after } => {
                    reading.splitter.forget(cells);
                    let reason = || format!("expected {width} fields, found {cells}");
                    out.rejects.push(line, out.offset + (*at + next) as u64, reason, &stretch[next..after]);
                    next = after;
                }
                Record::Empty { next: after } => next = after,
                Record::Partial if !last_stretch && next > 0 => break Stop::Block,
                Record::Partial if !last_stretch => {
                    // One record is longer than the stretch: look at all there is.
                    return self.read_long_record(bytes, at, at_end, out);
                }
                Record::Partial => break Stop::Partial,
            }
        };
        let start = Position { lines: out.lines, byte: out.offset + *at as u64 };
        reading.read_columns(stretch, &rows, start, out)?;
        out.lines += reading.splitter.lines();
        *at += next;
        Ok(stop)
    }

    /// Reads the one record at `at`, longer than a stretch.
    fn read_long_record(&mut self, bytes: &[u8], at: &mut usize, at_end: bool, out: &mut Output) -> Result<Stop> {
        let reading = &mut self.reading;
        let width = reading.names.len();
        let rest = &bytes[*at..bytes.len().min(*at + LONGEST_RECORD + (1 << 20))];
        reading.splitter.start(rest);
        match reading.splitter.record(rest, 0, at_end && *at + rest.len() == bytes.len()) {
            Record::Whole { cells, next } => {
                if cells == width {
                    let start = Position { lines: out.lines, byte: out.offset + *at as u64 };
                    let row = 0..next;
                    reading.read_columns(rest, std::slice::from_ref(&row), start, out)?;
                } else {
                    let reason = || format!("expected {width} fields, found {cells}");
                    out.rejects.push(out.lines + 1, out.offset + *at as u64, reason, &rest[..next]);
                }
                out.lines += reading.splitter.lines();
                *at += next;
                Ok(Stop::Block)
            }
            Record::Empty { next } => {
                out.lines += 1;
                *at += next;
                Ok(Stop::Block)
            }
            Record::Partial => Ok(Stop::Partial),
        }
    }
}

/// Why a block ended.
enum Stop {
    /// There is more to read.
    Block,
    /// All bytes are read.
    End,
    /// The next record is not all there.
    Partial,
}
