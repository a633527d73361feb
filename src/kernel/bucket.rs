//! Time buckets: hours, days, weeks, months, by the clock of a time zone.
//!
//! Defined as DuckDB's `time_bucket`: widths up to weeks count from Monday 2000-01-03, months from
//! 2000-01-01, in local time. A day is from midnight to midnight: 23 or 25 hours where clocks change.

use super::civil::{civil_from_days, days_from_civil};
use crate::event::TimeUnit;
use crate::{Error, Result};

/// The width of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// So many seconds of the local clock.
    Seconds(i64),
    /// So many calendar days.
    Days(i64),
    /// So many calendar months.
    Months(i64),
}

impl Every {
    /// Reads `15m`, `1h`, `1d`, `2w`, `1mo`, `1q`, `1y`; seconds are `s`.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let n = text[..text.len() - unit.len()].parse::<i64>().ok().filter(|n| (1..=100_000).contains(n));
        let every = n.and_then(|n| {
            Some(match unit {
                "s" => Self::Seconds(n),
                "m" => Self::Seconds(60 * n),
                "h" => Self::Seconds(3_600 * n),
                "d" => Self::Days(n),
                "w" => Self::Days(7 * n),
                "mo" => Self::Months(n),
                "q" => Self::Months(3 * n),
                "y" => Self::Months(12 * n),
                _ => return None,
            })
        });
        every.ok_or_else(|| {
            Error::bad_query(format!(
                "cannot read every {text:?}; write a number and s, m, h, d, w, mo, q or y, such as \"15m\" or \"1d\""
            ))
        })
    }
}

/// The seconds of a length of time that a key of the query gives.
///
/// # Errors
///
/// `BAD_QUERY` for a text that is none, and for months.
pub fn length(key: &str, text: &str) -> Result<i64> {
    let seconds = Every::parse(text).ok().and_then(|every| match every {
        Every::Seconds(n) => Some(n),
        Every::Days(n) => Some(86_400 * n),
        Every::Months(_) => None,
    });
    seconds.ok_or_else(|| {
        let sentence = format!("{key:?} must be a number and s, m, h, d or w, such as \"30m\" or \"24h\", found {text:?}");
        Error::bad_query(sentence).at_column(key)
    })
}

/// When a time zone's clocks were set to what, given by who can ask: the browser or a time zone database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// `(from this UTC second on, seconds east of Greenwich)`, in order; the first holds before its time too.
    changes: Vec<(i64, i32)>,
}

impl Zone {
    /// A zone of these changes, in the order of their time.
    pub fn new(changes: Vec<(i64, i32)>) -> Self {
        Self { changes }
    }

    /// Seconds east of Greenwich at a UTC second.
    pub fn offset(&self, utc: i64) -> i64 {
        let at = self.changes.partition_point(|&(from, _)| from <= utc).saturating_sub(1);
        self.changes.get(at).map_or(0, |&(_, offset)| i64::from(offset))
    }

    /// Seconds east of Greenwich when local clocks show `local`, and whether they do so twice or never: then it is what they
    /// were set to before.
    pub fn offset_at_local(&self, local: i64) -> (i64, bool) {
        let (before, after) = (self.offset(local - 86_400 * 3 / 2), self.offset(local + 86_400 * 3 / 2));
        let (is_before, is_after) = (self.offset(local - before) == before, self.offset(local - after) == after);
        match (is_before, is_after) {
            (false, true) => (after, false),
            _ => (before, before != after && is_before == is_after),
        }
    }

    /// The first UTC second at which local clocks show `local` or later.
    pub fn utc(&self, local: i64) -> i64 {
        let (before, after) = (self.offset(local - 86_400 * 3 / 2), self.offset(local + 86_400 * 3 / 2));
        if before == after {
            return local - before;
        }
        let earlier = local - before;
        if self.offset(earlier) == before {
            return earlier;
        }
        // The clocks were set forward past `local`, or it comes after the change.
        let change = self.changes[self.changes.partition_point(|&(from, _)| from <= earlier) - 1].0;
        (local - after).max(change)
    }
}

const MONDAY: i64 = 10_959; // 2000-01-03
const SLOT: i64 = 60; // clocks change at full minutes, since the last zone gave up seconds:
const FULL_MINUTES: i64 = 94_694_400; // 1973-01-01
const SLOTS: usize = 4_096;

/// Days and months that lie this far from 1970 or the year 0 are no time that is told.
const FARTHEST: i64 = 100_000_000;

/// The most minutes that have a table: two years, in 4 MiB.
const TABLE_SLOTS: i64 = 1 << 20;

/// Puts instants into buckets.
#[derive(Clone, Debug)]
pub struct Bucketer {
    every: Every,
    zone: Option<Zone>,
    per_second: i64,
    /// `(slot, start of its bucket)`, by the slot's last digits: calendar arithmetic once a minute.
    memo: Vec<(i64, i64)>,
    /// What [`Bucketer::numbers`] was told of the bucket of each minute from `first_slot` on, 0 for nothing yet.
    table: Vec<u32>,
    first_slot: i64,
}

impl Bucketer {
    /// For instants counted in `unit`; in UTC without a zone.
    pub fn new(every: Every, zone: Option<Zone>, unit: TimeUnit) -> Self {
        let by_slot = match every {
            Every::Seconds(width) => zone.is_some() && width % SLOT == 0,
            Every::Days(_) => zone.is_some(),
            Every::Months(_) => true,
        };
        let memo = if by_slot { vec![(i64::MIN, 0); SLOTS] } else { vec![] };
        Self { every, zone, per_second: unit.per_second(), memo, table: vec![], first_slot: 0 }
    }

    /// The start of the bucket that an instant falls into, in the same unit.
    #[inline]
    pub fn start(&mut self, instant: i64) -> i64 {
        let seconds = instant.div_euclid(self.per_second);
        self.start_second(seconds).saturating_mul(self.per_second)
    }

    /// The number of each instant's bucket, by a table of minutes, as `number_of` numbers starts: from 1 on, always alike.
    /// What it gives where `valid` is false means nothing. `None` where minutes are too wide or too many for a table.
    ///
    /// # Errors
    ///
    /// Those of `number_of`.
    pub fn numbers(
        &mut self,
        instants: &[i64],
        valid: Option<&[bool]>,
        mut number_of: impl FnMut(i64) -> Result<u32>,
    ) -> Result<Option<Vec<u32>>> {
        let mut numbers = vec![0; instants.len()];
        let mut row = self.fill_known(instants, &mut numbers);
        if row == instants.len() {
            return Ok(Some(numbers));
        }
        let is_valid = |row: usize| valid.is_none_or(|valid| valid[row]);
        let known = instants.iter().enumerate().filter(|&(row, _)| is_valid(row)).map(|(_, &instant)| instant);
        let Some((min, max)) = range(known) else { return Ok(Some(numbers)) };
        if !self.cover(min, max) {
            return Ok(None);
        }
        while row < instants.len() {
            if is_valid(row) {
                let number = number_of(self.start(instants[row]))?;
                let slot = self.slot(instants[row]);
                self.table[slot] = number;
                numbers[row] = number;
            }
            row += 1;
            row += self.fill_known(&instants[row..], &mut numbers[row..]);
        }
        Ok(Some(numbers))
    }

    /// Where a minute is in the table, or beyond its end.
    #[inline(always)]
    fn slot(&self, instant: i64) -> usize {
        let since = instant.wrapping_sub(self.first_slot * SLOT * self.per_second) as u64;
        match self.per_second {
            _ if since >> 34 != 0 => (since / (SLOT * self.per_second) as u64) as usize,
            1 => (since >> 2) as u32 as usize / 15,
            // Halved this often, what is below 2^34 fits 32 bits: dividing those is a multiplication.
            1_000 => (since >> 5) as u32 as usize / 1_875,
            _ => (since / (SLOT * self.per_second) as u64) as usize,
        }
    }

    /// Numbers instants up to the first whose minute has none yet; gives how many.
    #[inline(never)]
    fn fill_known(&self, instants: &[i64], numbers: &mut [u32]) -> usize {
        for (row, (&instant, number)) in instants.iter().zip(numbers).enumerate() {
            match self.table.get(self.slot(instant)) {
                None | Some(0) => return row,
                Some(&known) => *number = known,
            }
        }
        instants.len()
    }

    /// Makes the table hold all minutes from `min` to `max`; false where it cannot.
    fn cover(&mut self, min: i64, max: i64) -> bool {
        let by_slot = !matches!(self.every, Every::Seconds(width) if width % SLOT != 0);
        let slot = |instant: i64| instant.div_euclid(self.per_second).div_euclid(SLOT);
        let (mut low, mut high) = (slot(min), slot(max));
        if !by_slot || low < FULL_MINUTES / SLOT {
            return false;
        }
        if !self.table.is_empty() {
            low = low.min(self.first_slot);
            high = high.max(self.first_slot + self.table.len() as i64 - 1);
        }
        if high - low >= TABLE_SLOTS {
            return false;
        }
        let n_slots = (high - low + 1) as usize;
        if n_slots > self.table.len() {
            let shift = if self.table.is_empty() { 0 } else { (self.first_slot - low) as usize };
            let mut table = vec![0; n_slots];
            table[shift..shift + self.table.len()].copy_from_slice(&self.table);
            (self.table, self.first_slot) = (table, low);
        }
        true
    }

    #[inline]
    fn start_second(&mut self, utc: i64) -> i64 {
        if self.memo.is_empty() || utc < FULL_MINUTES {
            return self.compute(utc);
        }
        let slot = utc.div_euclid(SLOT);
        let at = slot as usize % SLOTS;
        if self.memo[at].0 != slot {
            self.memo[at] = (slot, self.compute(utc));
        }
        self.memo[at].1
    }

    fn compute(&self, utc: i64) -> i64 {
        let offset = self.zone.as_ref().map_or(0, |zone| zone.offset(utc));
        let local = utc + offset;
        match self.every {
            Every::Seconds(width) => floor(local, MONDAY * 86_400, width) - offset,
            Every::Days(_) | Every::Months(_) => self.midnight_of(self.first(local)),
        }
    }

    /// The first day or month, counted from 1970 or the year 0, of the bucket of days or months at a local second.
    fn first(&self, local: i64) -> i64 {
        let days = local.div_euclid(86_400);
        match self.every {
            Every::Seconds(_) => days,
            Every::Days(n) => floor(days, MONDAY, n),
            Every::Months(n) => {
                let (year, month, _) = civil_from_days(days);
                floor(i64::from(year) * 12 + i64::from(month) - 1, 2_000 * 12, n)
            }
        }
    }

    /// The second at which such a day or month begins.
    fn midnight_of(&self, first: i64) -> i64 {
        let days = match self.every {
            Every::Months(_) => days_from_civil(first.div_euclid(12) as i32, first.rem_euclid(12) as u32 + 1, 1),
            Every::Seconds(_) | Every::Days(_) => first,
        };
        self.zone.as_ref().map_or(days * 86_400, |zone| zone.utc(days * 86_400))
    }

    /// Where the bucket that starts at `start` is among all, for [`steps`](Bucketer::steps).
    pub fn place(&self, start: i64) -> i64 {
        let utc = start.div_euclid(self.per_second);
        match self.every {
            Every::Seconds(_) => utc,
            Every::Days(_) | Every::Months(_) => self.first(utc + self.zone.as_ref().map_or(0, |zone| zone.offset(utc))),
        }
    }

    /// Where the bucket is that an instant falls into.
    pub fn place_of(&self, instant: i64) -> i64 {
        self.place(self.compute(instant.div_euclid(self.per_second)).saturating_mul(self.per_second))
    }

    /// How many steps it is from one place to another: by the calendar for days and longer ones, by elapsed time for seconds,
    /// minutes and hours, to the nearest step.
    pub fn steps(&self, from: i64, to: i64) -> i64 {
        match self.every {
            Every::Seconds(n) => to.saturating_sub(from).saturating_add(n / 2).div_euclid(n),
            Every::Days(n) | Every::Months(n) => to.saturating_sub(from).div_euclid(n),
        }
    }

    /// The start of the bucket that is so many steps before the one that starts at `start`: by the calendar for days and
    /// longer ones, by elapsed time for seconds, minutes and hours. `None` where `start` starts no bucket, and
    /// where there is no such bucket, as the day that Samoa left out.
    pub fn earlier(&self, start: i64, steps: i64) -> Option<i64> {
        let utc = start.div_euclid(self.per_second);
        let local = |utc: i64| utc + self.zone.as_ref().map_or(0, |zone| zone.offset(utc));
        let (Every::Seconds(n) | Every::Days(n) | Every::Months(n)) = self.every;
        let back = n.checked_mul(steps)?;
        if let Every::Seconds(_) = self.every {
            return start.checked_sub(back.checked_mul(self.per_second)?);
        }
        let first = self.first(local(utc)).checked_sub(back).filter(|first| first.abs() < FARTHEST)?;
        let earlier = self.midnight_of(first);
        let is_bucket = self.compute(utc).checked_mul(self.per_second) == Some(start) && self.first(local(earlier)) == first;
        if is_bucket { earlier.checked_mul(self.per_second) } else { None }
    }
}

/// The least and the greatest, if there is one.
fn range(mut values: impl Iterator<Item = i64>) -> Option<(i64, i64)> {
    let first = values.next()?;
    Some(values.fold((first, first), |(min, max), value| (min.min(value), max.max(value))))
}

fn floor(value: i64, origin: i64, width: i64) -> i64 {
    (value - origin).div_euclid(width) * width + origin
}

#[cfg(test)]
mod tests;
