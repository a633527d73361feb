//! Whole columns of dates, and what they do not say.

use crate::engine::{Dataset, LoadOptions, Loader};
use crate::{Query, text};

fn load(text: &str, options: &str) -> crate::Result<Dataset> {
    let mut loader = Loader::new(serde_json::from_str(options).unwrap())?;
    text.as_bytes().chunks(7).try_for_each(|piece| loader.push(piece))?;
    loader.finish()
}

fn column(data: &mut Dataset, name: &str) -> Vec<String> {
    let query: Query = serde_json::from_str(&format!(r#"{{"kind": "rows", "select": ["{name}"]}}"#)).unwrap();
    text::to_csv(&data.query(&query, &Default::default()).unwrap()).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_whole_column_says_which_number_is_the_day() {
    for (dates, expected) in [
        (["12/1/2010 8:26", "", "12/13/2010 10:00"], Some(["2010-12-01T08:26:00Z", "", "2010-12-13T10:00:00Z"])),
        (
            ["01.02.2019", "13.02.2019", "02.01.2019"],
            Some(["2019-02-01T00:00:00Z", "2019-02-13T00:00:00Z", "2019-01-02T00:00:00Z"]),
        ),
        (["13-02-2019 10:00 PM", "1-2-2019 12:05 AM", ""], Some(["2019-02-13T22:00:00Z", "2019-02-01T00:05:00Z", ""])),
        (["1/2/2019", "13/2/2019", "2/13/2019"], None),
        (["31/2/2019", "13/2/2019", ""], None),
        (["2019-02-01", "13/2/2019", ""], None),
        (["13/2/2019", "n/a", ""], None),
    ] {
        let text = format!("id,d\n{}", dates.iter().enumerate().map(|(at, date)| format!("{at},{date}\n")).collect::<String>());
        let mut data = load(&text, "{}").unwrap();
        let is_time = data.columns()[1].column_type == "time";
        assert_eq!(is_time, expected.is_some(), "{dates:?}");
        assert_eq!(column(&mut data, "d"), expected.unwrap_or(dates), "{dates:?}");
        assert_eq!(data.report().questions, []);
        assert_eq!(data.columns()[1].role, is_time.then_some("time"));
    }
}

#[test]
fn what_the_column_does_not_say_is_asked_and_can_be_told() {
    let text = "id,d\n1,1/2/2019\n2,3/4/2019\n";
    let mut data = load(text, "{}").unwrap();
    assert_eq!(column(&mut data, "d"), ["1/2/2019", "3/4/2019"]);
    let [question] = &data.report().questions[..] else { panic!("{:?}", data.report()) };
    assert_eq!((question.column.as_str(), question.choices), ("d", ["dmy", "mdy"].as_slice()));
    for (order, expected) in [("dmy", "2019-02-01T00:00:00Z"), ("mdy", "2019-01-02T00:00:00Z")] {
        for told in [format!(r#"{{"type": "time", "order": "{order}"}}"#), format!(r#"{{"order": "{order}"}}"#)] {
            let mut data = load(text, &format!(r#"{{"schema": {{"d": {told}}}}}"#)).unwrap();
            assert_eq!(column(&mut data, "d")[0], expected);
            assert_eq!(data.report().questions, []);
        }
    }
    let data = load(text, r#"{"schema": {"d": {"type": "text"}}}"#).unwrap();
    assert_eq!(data.report().questions, []);
    for told in [r#"{"order": "ymd"}"#, r#"{"type": "text", "order": "dmy"}"#] {
        let refused = load(text, &format!(r#"{{"schema": {{"d": {told}}}}}"#)).map(|_| ()).unwrap_err();
        assert_eq!(refused.kind().code(), "BAD_QUERY", "{told}");
    }
}

#[test]
fn rows_that_are_appended_are_read_alike_and_give_the_texts_back_when_they_cannot_be() {
    let mut data = load("id,d\n1,12/13/2010 8:26\n2,1/2/2011 10:00\n", "{}").unwrap();
    data.append(b"3,3/4/2011 0:05\n", None).unwrap();
    assert_eq!(column(&mut data, "d")[2], "2011-03-04T00:05:00Z");
    data.append(b"4,31/12/2011 10:00\n", None).unwrap();
    assert_eq!(column(&mut data, "d"), ["12/13/2010 8:26", "1/2/2011 10:00", "3/4/2011 0:05", "31/12/2011 10:00"]);
}

#[test]
fn sources_are_decided_together() {
    let unite = |texts: &[&str]| {
        let sources = texts.iter().map(|text| (String::new(), load(&format!("d\n{text}\n"), "{}").unwrap()));
        Dataset::unite(sources.collect()).unwrap()
    };
    assert_eq!(column(&mut unite(&["1/2/2019", "13/2/2019"]), "d"), ["2019-02-01T00:00:00Z", "2019-02-13T00:00:00Z"]);
    assert_eq!(column(&mut unite(&["2/13/2019", "13/2/2019"]), "d"), ["2/13/2019", "13/2/2019"]);
    assert_eq!(column(&mut unite(&["2019-02-01", "13/2/2019"]), "d"), ["2019-02-01", "13/2/2019"]);
    assert_eq!(unite(&["1/2/2019", "2/2/2019"]).report().questions.len(), 1);
}

#[test]
fn a_source_has_a_clock() {
    let options = |zone: Option<crate::kernel::bucket::Zone>| {
        let mut options: LoadOptions = serde_json::from_str(r#"{"timezone": "America/New_York"}"#).unwrap();
        options.zone = zone.map(std::sync::Arc::new);
        options
    };
    let changes = vec![(1_700_000_000, -18_000), (1_710_054_000, -14_400)];
    let mut loader = Loader::new(options(Some(crate::kernel::bucket::Zone::new(changes)))).unwrap();
    let text = "a,b,c,ts\n2024-03-10 02:30:00,3/13/2024 2:30,2024-03-10 12:00:00Z,1710054000\n\
        2024-01-10 12:00:00,3/10/2024 2:30,2024-03-10,1710054001\n";
    loader.push(text.as_bytes()).unwrap();
    let mut data = loader.finish().unwrap();
    assert_eq!(column(&mut data, "a"), ["2024-03-10T07:30:00Z", "2024-01-10T17:00:00Z"]);
    assert_eq!(column(&mut data, "b"), ["2024-03-13T06:30:00Z", "2024-03-10T07:30:00Z"]);
    assert_eq!(column(&mut data, "c"), ["2024-03-10T12:00:00Z", "2024-03-10T05:00:00Z"]);
    assert_eq!(column(&mut data, "ts"), ["2024-03-10T07:00:00Z", "2024-03-10T07:00:01Z"]);
    let notes = &data.report().notes;
    assert!(notes.len() == 1 && notes[0].starts_with("2 times are ones that"), "{notes:?}");
    assert_eq!(Loader::new(options(None)).map(|_| ()).unwrap_err().kind().code(), "BAD_QUERY");
}

#[test]
fn a_day_and_a_clock_in_two_columns_are_noted() {
    let notes = |text: &str| load(text, "{}").unwrap().report().notes.len();
    assert_eq!(notes("Date,Time,x\n2024-01-01,10:00:00,1\n"), 1);
    assert_eq!(notes("date,time,x\n2024-01-01,2024-01-01 10:00:00,1\n"), 0);
}
