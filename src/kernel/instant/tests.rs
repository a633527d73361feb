//! Texts that are times, those that are none, and all of them written back.

use super::*;

fn seconds(text: &str, style: DateStyle) -> Option<i64> {
    InstantReader::new(style, None).read(text.as_bytes()).map(|t| t.seconds)
}

/// Whether a reader reads all texts, and each is written back.
fn round_trips(reader: &mut InstantReader, texts: &[&str]) -> Vec<Form> {
    let written = |text: &&str| {
        let t = reader.read(text.as_bytes()).unwrap_or_else(|| panic!("{text} is no time"));
        let mut out = vec![];
        write_instant(t.count(t.unit()).unwrap(), t.unit(), t.form, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), *text);
        t.form
    };
    texts.iter().map(written).collect()
}

#[test]
fn reads_the_times_of_real_exports() {
    for (text, expected) in [
        ("2019-10-01 00:00:00 UTC", Some(1_569_888_000)),
        ("2014-12-06 02", Some(1_417_831_200)),
        ("2010-12-01 08:26:00", Some(1_291_191_960)),
        ("2016-11-08", Some(1_478_563_200)),
        ("2016/11/08 10:30", Some(1_478_601_000)),
        ("2016/11/8 10:30", Some(1_478_601_000)),
        ("2016.11.08", Some(1_478_563_200)),
        ("2022-08-01T00:00:00.025Z", Some(1_659_312_000)),
        ("2022-08-01T02:00:00+02:00", Some(1_659_312_000)),
        ("2022-08-01 02:00:00 +0200", Some(1_659_312_000)),
        ("2022-07-31 19:00:00-05", Some(1_659_312_000)),
        ("2016年11月08日", Some(1_478_563_200)),
        ("2016年11月8日10时30分", Some(1_478_601_000)),
        ("2016年11月8日 10时30分00秒", Some(1_478_601_000)),
        ("2016年11月8日 10:30", Some(1_478_601_000)),
        ("08-Nov-2016", Some(1_478_563_200)),
        ("8 NOV 2016 10:30:00", Some(1_478_601_000)),
        ("Nov 8, 2016 10:30 AM", Some(1_478_601_000)),
        ("November 8, 2016, 10:30 PM", Some(1_478_644_200)),
        ("08/Nov/2016:12:30:00 +0200", Some(1_478_601_000)),
        ("0001-01-01", Some(-62_135_596_800)),
        ("2019-02-29", None),
        ("2019-13-01", None),
        ("2019-10-01 24:00", None),
        ("2019-10-01 00:00:60", None),
        ("2019-10-01 0", None),
        ("2019-10-01 ", None),
        ("2019-10/01", None),
        ("20191001", None),
        ("10/01/2019", None),
        ("2019-10-01 00:00:00.", None),
        ("2019-10-01 00:00:00 PST", None),
        ("2019-10-01 0:30 AM", None),
        ("2019-10-01 13:30 PM", None),
        ("2019-10-01 AM", None),
        ("2019年10月01", None),
        ("2019年10月01日T10:00", None),
        ("2019年10月01日10时30", None),
        ("Sept 1, 2019", None),
        ("oct 1, 2019", None),
        ("1-Oct/2019", None),
        ("1-Oct-19", None),
        ("0000-00-00", None),
        ("\0\0\0\0\0\0\0\0\0\0", None),
        ("1", None),
        ("12/", None),
    ] {
        assert_eq!(seconds(text, DateStyle::Plain), expected, "{text:?}");
    }
}

#[test]
fn a_style_says_what_a_text_does_not() {
    use DateStyle::{DayFirst, Digits, MonthFirst};
    let december = Some(1_291_191_960);
    for (text, style, expected) in [
        ("12/1/2010 8:26", MonthFirst, december),
        ("1/12/2010 8:26", DayFirst, december),
        ("01.12.2010, 08:26", DayFirst, december),
        ("12-01-2010 08:26 AM", MonthFirst, december),
        ("2010-12-01 08:26", MonthFirst, december),
        ("1 Dec 2010 08:26", MonthFirst, december),
        ("20101201", Digits, Some(1_291_161_600)),
        ("13/1/2010", MonthFirst, None),
        ("1/13/2010", DayFirst, None),
        ("12/1/2010", Digits, None),
        ("12/1-2010", MonthFirst, None),
        ("12/1/10", MonthFirst, None),
        ("20101301", Digits, None),
        ("12345678", Digits, None),
        ("20101201", DayFirst, None),
        ("20101201 08:26", Digits, None),
    ] {
        assert_eq!(seconds(text, style), expected, "{text:?}");
        if expected.is_some() {
            let form = InstantReader::new(style, None).read(text.as_bytes()).unwrap().form;
            assert!([style, DateStyle::Plain].contains(&DateStyle::of(form)), "{text:?}");
        }
    }
}

#[test]
fn a_column_that_is_written_alike_has_one_form() {
    let mut months = InstantReader::new(DateStyle::MonthFirst, None);
    let forms = round_trips(&mut months, &["12/1/2010 8:26", "12/10/2010 10:00", "1/4/2011 10:00", "10/30/2011 9:05"]);
    assert!(forms.windows(2).all(|pair| pair[0] == pair[1]), "{forms:?}");
    let mut days = InstantReader::new(DateStyle::DayFirst, None);
    let forms = round_trips(&mut days, &["13/12/2010 10:30", "04/12/2010 09:30", "05/02/2010 20:30", "10/11/2010 08:30"]);
    assert!(forms.windows(2).all(|pair| pair[0] == pair[1]), "{forms:?}");
}

#[test]
fn times_without_a_zone_are_by_the_clock_of_the_zone_that_is_told() {
    let second = |text: &str| parse_instant(text.as_bytes()).unwrap().seconds;
    let new_york = Arc::new(Zone::new(vec![
        (second("2023-11-05 06:00"), -18_000),
        (second("2024-03-10 07:00"), -14_400),
        (second("2024-11-03 06:00"), -18_000),
    ]));
    for (text, expected, n_unclear) in [
        ("2024-01-15 12:00:00", "2024-01-15T17:00:00Z", 0),
        ("2024-07-15 12:00:00", "2024-07-15T16:00:00Z", 0),
        ("2024-07-15", "2024-07-15T04:00:00Z", 0),
        ("Jul 15, 2024 12:00 PM", "2024-07-15T16:00:00Z", 0),
        ("2024-07-15 12:00:00Z", "2024-07-15T12:00:00Z", 0),
        ("2024-07-15 12:00:00+00:00", "2024-07-15T12:00:00Z", 0),
        ("2024-03-10 01:59:59", "2024-03-10T06:59:59Z", 0),
        ("2024-03-10 02:00:00", "2024-03-10T07:00:00Z", 1),
        ("2024-03-10 02:59:59", "2024-03-10T07:59:59Z", 1),
        ("2024-03-10 03:00:00", "2024-03-10T07:00:00Z", 0),
        ("2024-11-03 00:59:59", "2024-11-03T04:59:59Z", 0),
        ("2024-11-03 01:00:00", "2024-11-03T05:00:00Z", 1),
        ("2024-11-03 01:59:59", "2024-11-03T05:59:59Z", 1),
        ("2024-11-03 02:00:00", "2024-11-03T07:00:00Z", 0),
    ] {
        let mut reader = InstantReader::new(DateStyle::Plain, Some(new_york.clone()));
        let read = reader.read(text.as_bytes()).unwrap();
        assert_eq!(instant_text(read.seconds, TimeUnit::Second), expected, "{text}");
        assert_eq!(reader.n_unclear(), n_unclear, "{text}");
        round_trips(&mut reader, &[text]);
    }
    // Shanghai's mean time until 1901, to the minute.
    let mut reader = InstantReader::new(DateStyle::Plain, Some(Arc::new(Zone::new(vec![(i64::MIN, 29_143)]))));
    assert_eq!(reader.read(b"1900-01-01 08:05:00").unwrap().seconds, second("1900-01-01"));
    round_trips(&mut reader, &["1900-01-01 08:05:00"]);
}

proptest::proptest! {
    #[test]
    fn writes_back_any_text_it_accepts(
        text in "(19|20)[0-9]{2}[-/](0[1-9]|1[0-2])[-/][0-3][0-9]([ T][0-2][0-9](:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?)?)?(Z| UTC|[+-][01][0-9](:?[0-5][0-9])?)?"
    ) {
        writes_back(&[&text]);
    }

    #[test]
    fn writes_back_whatever_stands_between(
        texts in proptest::collection::vec((
            "(20[01][0-9][-/.年])?([0-3]?[0-9]|Dec|May|MAR|June|[0-3]?[0-9]) ?[-/. 月]?([0-3]?[0-9]|Dec|APR|May)日?,?(( |-|/|\\.)20[01][0-9])?",
            "(|( |T|:|, )[0-2]?[0-9](:[0-5][0-9]|时[0-5][0-9]分|时)?(:[0-5][0-9](\\.[0-9]{1,4})?|[0-5][0-9]秒)?)",
            "(|| AM|PM| pm|am|Z| UTC| ?[+-][01][0-9](:?[0-5][0-9])?)",
        ), 1..4)
    ) {
        let texts: Vec<String> = texts.into_iter().map(|(date, time, tail)| date + &time + &tail).collect();
        writes_back(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn writes_back_dates_in_any_style(
        dates in proptest::collection::vec((1u32..=12, 1u32..=28, 0usize..10, 0u32..24, proptest::bool::ANY, proptest::bool::ANY), 1..6)
    ) {
        let text = |&(month, day, way, hour, padded, hour_padded): &(u32, u32, usize, u32, bool, bool)| {
            let two = |value: u32, padded: bool| if padded { format!("{value:02}") } else { value.to_string() };
            let (m, d, h) = (two(month, padded), two(day, padded), two(hour, hour_padded));
            let half = two((hour + 11) % 12 + 1, hour_padded) + ":05" + if hour < 12 { " AM" } else { " PM" };
            match way {
                0 => format!("{d}.{m}.2019 {h}:05"),
                1 => format!("{m}/{d}/2019, {half}"),
                2 => format!("2019年{m}月{d}日{h}时05分"),
                3 => format!("2019年{m}月{d}日 {h}:05:06"),
                4 => format!("{d}/Mar/2019:{h}:05:06.7 +0530"),
                5 => format!("August {d}, 2019 {half}"),
                6 => format!("2019{month:02}{day:02}"),
                7 => format!("{d}-JUN-2019"),
                8 => format!("2019.{m}.{d}T{h}:05Z"),
                _ => format!("{d}-{m}-2019 {half}"),
            }
        };
        let texts: Vec<String> = dates.iter().map(text).collect();
        let n_read = writes_back(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        // One style reads each, though none all.
        assert!(n_read >= texts.len(), "{texts:?}");
    }
}

/// Readers in all styles and some zones write back what they read; how many times they read.
fn writes_back(texts: &[&str]) -> usize {
    let zones = [None, Some(Arc::new(Zone::new(vec![(0, 3_600), (1_500_000_000, -5_400), (1_550_000_000, 43_200)])))];
    let mut n_read = 0;
    for style in [DateStyle::Plain, DateStyle::Digits, DateStyle::DayFirst, DateStyle::MonthFirst, DateStyle::Seconds] {
        for zone in &zones {
            let mut reader = InstantReader::new(style, zone.clone());
            for text in texts {
                let Some(t) = reader.read(text.as_bytes()) else { continue };
                n_read += 1;
                for unit in [TimeUnit::Second, TimeUnit::Milli, TimeUnit::Micro, TimeUnit::Nano] {
                    if unit >= t.unit() {
                        let mut out = vec![];
                        write_instant(t.count(unit).unwrap(), unit, t.form, &mut out);
                        assert_eq!(String::from_utf8_lossy(&out), *text, "{style:?}");
                    }
                }
            }
        }
    }
    n_read
}

#[test]
fn seconds_with_a_fraction_are_times_in_their_style_alone() {
    let mut reader = InstantReader::new(DateStyle::Seconds, None);
    for (text, seconds, nanos, unit) in [
        ("1396860669.277", 1_396_860_669, 277_000_000, TimeUnit::Milli),
        ("1396437466.94", 1_396_437_466, 940_000_000, TimeUnit::Milli),
        ("1646861401.5241024", 1_646_861_401, 524_102_400, TimeUnit::Nano),
        ("1396437466", 1_396_437_466, 0, TimeUnit::Second),
    ] {
        let t = reader.read(text.as_bytes()).unwrap();
        assert_eq!((t.seconds, t.nanos, t.unit()), (seconds, nanos, unit), "{text}");
        let mut out = vec![];
        write_instant(t.count(t.unit()).unwrap(), t.unit(), t.form, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), text);
        assert_eq!(parse_instant(text.as_bytes()), None, "only in that style");
    }
    for text in [
        "139686066.",
        "0396860669.2",
        "1396860669.2770000001",
        "96860669.2",
        "4102444800.0",
        "1396860669,5",
        "-1396860669.5",
        ".5",
        "",
    ] {
        assert_eq!(reader.read(text.as_bytes()), None, "{text}");
    }
}
