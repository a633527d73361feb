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
mod tests {
    use super::*;
    use crate::kernel::instant::{instant_text, parse_instant};

    fn bucket(every: &str, zone: Option<Zone>, instant: &str) -> String {
        let seconds = parse_instant(instant.as_bytes()).unwrap().seconds;
        let mut bucketer = Bucketer::new(Every::parse(every).unwrap(), zone, TimeUnit::Second);
        let start = bucketer.start(seconds);
        assert_eq!(bucketer.start(seconds), start);
        instant_text(start, TimeUnit::Second)
    }

    #[test]
    fn buckets_start_where_duckdb_s_do() {
        for (every, instant, start) in [
            ("15m", "2017-11-25 10:29:59", "2017-11-25T10:15:00Z"),
            ("1h", "1969-12-31 23:59:59", "1969-12-31T23:00:00Z"),
            ("1d", "2017-11-25 10:29:59", "2017-11-25T00:00:00Z"),
            ("1w", "2017-11-26 23:00:00", "2017-11-20T00:00:00Z"),
            ("2w", "2000-01-02 00:00:00", "1999-12-20T00:00:00Z"),
            ("1mo", "2017-11-25 10:29:59", "2017-11-01T00:00:00Z"),
            ("1q", "2017-11-25 10:29:59", "2017-10-01T00:00:00Z"),
            ("1y", "1969-06-01", "1969-01-01T00:00:00Z"),
            ("5y", "2017-06-01", "2015-01-01T00:00:00Z"),
        ] {
            assert_eq!(bucket(every, None, instant), start, "{every} {instant}");
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_buckets_as_it_starts_them(
            unit in 0usize..3, every in 0usize..6, in_zone: bool,
            batches in proptest::collection::vec((0i64..2_000_000_000, 1i64..70_000_000, 0usize..60), 1..4),
        ) {
            let unit = [TimeUnit::Second, TimeUnit::Milli, TimeUnit::Micro][unit];
            let every = Every::parse(["90s", "1m", "1h", "1d", "1w", "1mo"][every]).unwrap();
            let mut bucketer = Bucketer::new(every, in_zone.then(new_york), unit);
            let mut starts: Vec<i64> = vec![];
            for (from, width, n) in batches {
                let instant = |i: i64| (from + i.wrapping_mul(7_919_987) % width) * unit.per_second() + i % unit.per_second();
                let instants: Vec<i64> = (0..n as i64).map(instant).collect();
                let valid: Vec<bool> = (0..n).map(|i| i % 5 != 3).collect();
                let mut number_of = |start| {
                    let known = starts.iter().position(|&s| s == start).unwrap_or(starts.len());
                    starts.resize(starts.len().max(known + 1), start);
                    Ok(known as u32 + 1)
                };
                let Some(numbers) = bucketer.numbers(&instants, Some(&valid), &mut number_of).unwrap() else { continue };
                let mut plain = Bucketer::new(every, in_zone.then(new_york), unit);
                for row in (0..n).filter(|&row| valid[row]) {
                    assert_eq!(starts[numbers[row] as usize - 1], plain.start(instants[row]));
                }
            }
        }
    }

    #[test]
    fn an_instant_centuries_behind_is_in_no_minute_of_the_table() {
        for unit in [TimeUnit::Second, TimeUnit::Milli, TimeUnit::Micro] {
            let mut bucketer = Bucketer::new(Every::Seconds(3_600), None, unit);
            let first = 1_500_000_000 * unit.per_second();
            bucketer.numbers(&[first], None, |_| Ok(1)).unwrap();
            for bits in 30..63 {
                let far = first.saturating_add(1 << bits);
                assert!(
                    (far - first) / unit.per_second() < 3_600 || bucketer.fill_known(&[far], &mut [0]) == 0,
                    "{unit:?} {bits}"
                );
            }
        }
    }

    fn new_york() -> Zone {
        let second = |text: &str| parse_instant(text.as_bytes()).unwrap().seconds;
        Zone::new(vec![
            (second("2023-11-05 06:00"), -18_000),
            (second("2024-03-10 07:00"), -14_400),
            (second("2024-11-03 06:00"), -18_000),
        ])
    }

    #[test]
    fn days_are_as_long_as_the_clock_makes_them() {
        for (every, instant, start) in [
            ("1d", "2024-03-10T04:59:59Z", "2024-03-09T05:00:00Z"),
            ("1d", "2024-03-10T05:00:00Z", "2024-03-10T05:00:00Z"),
            ("1d", "2024-03-11T03:59:59Z", "2024-03-10T05:00:00Z"),
            ("1d", "2024-03-11T04:00:00Z", "2024-03-11T04:00:00Z"),
            ("1d", "2024-11-04T04:59:59Z", "2024-11-03T04:00:00Z"),
            ("1d", "2024-11-04T05:00:00Z", "2024-11-04T05:00:00Z"),
            ("1mo", "2024-03-20T00:00:00Z", "2024-03-01T05:00:00Z"),
            ("1mo", "2024-12-01T04:59:59Z", "2024-11-01T04:00:00Z"),
            ("1h", "2024-11-03T05:30:00Z", "2024-11-03T05:00:00Z"),
            ("1h", "2024-11-03T06:30:00Z", "2024-11-03T06:00:00Z"),
        ] {
            assert_eq!(bucket(every, Some(new_york()), instant), start, "{every} {instant}");
        }
    }

    #[test]
    fn clocks_that_go_back_over_midnight_split_no_minute_wrong() {
        // In St. John's clocks went from 2010-11-07 00:01 -02:30 back to 23:01 -03:30 of the day before.
        let zone = Zone::new(vec![(0, -9_000), (1_289_097_060, -12_600)]);
        for (instant, start) in [
            ("2010-11-07T02:30:30Z", "2010-11-07T02:30:00Z"),
            ("2010-11-07T02:31:30Z", "2010-11-06T02:30:00Z"),
            ("2010-11-07T03:29:00Z", "2010-11-06T02:30:00Z"),
        ] {
            let mut bucketer = Bucketer::new(Every::Days(1), Some(zone.clone()), TimeUnit::Second);
            for warm in ["2010-11-07T02:30:30Z", "2010-11-07T02:31:30Z", instant] {
                bucketer.start(parse_instant(warm.as_bytes()).unwrap().seconds);
            }
            let got = bucketer.start(parse_instant(instant.as_bytes()).unwrap().seconds);
            assert_eq!(instant_text(got, TimeUnit::Second), start, "{instant}");
        }
    }

    #[test]
    fn a_midnight_that_the_clocks_skip_is_the_moment_they_change() {
        // In São Paulo clocks went from 2018-11-04 00:00 -03 to 01:00 -02.
        let zone = Zone::new(vec![(0, -10_800), (1_541_300_400, -7_200)]);
        assert_eq!(bucket("1d", Some(zone), "2018-11-04T12:00:00Z"), "2018-11-04T03:00:00Z");
    }

    #[test]
    fn a_step_back_is_one_of_the_calendar() {
        let apia = || Zone::new(vec![(0, -36_000), (1_325_239_200, 50_400)]); // left out 2011-12-30
        let st_johns = || Zone::new(vec![(0, -9_000), (1_289_097_060, -12_600)]);
        for (every, zone, start, steps, expected) in [
            ("1mo", None, "2024-03-01", 1, Some("2024-02-01T00:00:00Z")),
            ("1mo", None, "2024-03-01", 13, Some("2023-02-01T00:00:00Z")),
            ("1q", None, "2024-01-01", 1, Some("2023-10-01T00:00:00Z")),
            ("2w", None, "2000-01-03", 2, Some("1999-12-06T00:00:00Z")),
            ("1y", None, "2024-01-01", 0, Some("2024-01-01T00:00:00Z")),
            ("15m", None, "2024-01-01", 1, Some("2023-12-31T23:45:00Z")),
            ("1d", None, "2024-03-01 12:00:00", 1, None),
            ("1mo", None, "2024-03-02", 1, None),
            ("1y", None, "2024-01-01", i64::MAX, None),
            ("100000y", None, "2000-01-01", 100_000, None),
            ("100000d", None, "2024-01-01", i64::MAX / 50_000, None),
            ("1d", Some(new_york()), "2024-03-11T04:00:00Z", 1, Some("2024-03-10T05:00:00Z")),
            ("1d", Some(new_york()), "2024-03-10T05:00:00Z", 1, Some("2024-03-09T05:00:00Z")),
            ("1d", Some(new_york()), "2024-11-04T05:00:00Z", 1, Some("2024-11-03T04:00:00Z")),
            ("1w", Some(new_york()), "2024-03-11T04:00:00Z", 1, Some("2024-03-04T05:00:00Z")),
            ("1mo", Some(new_york()), "2024-12-01T05:00:00Z", 1, Some("2024-11-01T04:00:00Z")),
            ("1h", Some(new_york()), "2024-11-03T07:00:00Z", 1, Some("2024-11-03T06:00:00Z")),
            ("1h", Some(new_york()), "2024-11-03T06:00:00Z", 1, Some("2024-11-03T05:00:00Z")),
            ("1d", Some(st_johns()), "2010-11-07T02:30:00Z", 1, Some("2010-11-06T02:30:00Z")),
            ("1d", Some(apia()), "2011-12-30T10:00:00Z", 1, None),
            ("1d", Some(apia()), "2011-12-30T10:00:00Z", 2, Some("2011-12-29T10:00:00Z")),
            ("1d", Some(apia()), "2011-12-31T10:00:00Z", 1, Some("2011-12-30T10:00:00Z")),
        ] {
            for unit in [TimeUnit::Second, TimeUnit::Milli] {
                let start = parse_instant(start.as_bytes()).unwrap().seconds * unit.per_second();
                let bucketer = Bucketer::new(Every::parse(every).unwrap(), zone.clone(), unit);
                let found = bucketer.earlier(start, steps).map(|start| instant_text(start / unit.per_second(), TimeUnit::Second));
                assert_eq!(found.as_deref(), expected, "{steps} times {every} before {start}");
            }
        }
    }

    #[test]
    fn says_how_a_width_is_written() {
        for text in ["", "h", "0d", "1 d", "1M", "999999999999d", "-1d", "d1"] {
            assert!(Every::parse(text).unwrap_err().to_string().contains("cannot read every"), "{text}");
        }
    }
}
