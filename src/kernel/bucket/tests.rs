//! Buckets where clocks change, by the calendar and by elapsed time.

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
            assert!((far - first) / unit.per_second() < 3_600 || bucketer.fill_known(&[far], &mut [0]) == 0, "{unit:?} {bits}");
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
