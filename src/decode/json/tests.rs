//! JSON texts, in any chunks.

use super::*;
use crate::decode::csv::tests::cells;
use crate::decode::{Decoder, Reject};

/// The columns' names, and the rows with null as `-`.
type Table = (Vec<String>, Vec<String>);

fn decode(text: &str, chunk: usize) -> Result<Decoder> {
    let mut decoder = Decoder::new(Options::default());
    text.as_bytes().chunks(chunk).try_for_each(|piece| decoder.push(piece))?;
    decoder.end()?;
    Ok(decoder)
}

fn table(decoder: &mut Decoder) -> Table {
    let row = |row: Vec<Option<String>>| row.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>();
    (decoder.names().to_vec(), cells(decoder.take_batches()).into_iter().map(|cells| row(cells).join(",")).collect())
}

#[test]
fn reads_objects_as_they_lie() {
    for (text, format, names, rows) in [
        ("{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n", Format::Ndjson, "a b", vec!["1,x", "2,y"]),
        ("{\"a\":1,\"b\":\"x\"}\r\n\r\n{\"b\":\"y\",\"a\":2}", Format::Ndjson, "a b", vec!["1,x", "2,y"]),
        ("{\"a\":1}\n{\"b\":2}\n{\"a\":null}\n", Format::Ndjson, "a b", vec!["1,-", "-,2", "-,-"]),
        ("[{\"a\":1},\n {\"a\":2}]", Format::Json, "a", vec!["1", "2"]),
        (" [ {\"a\": [1, 2]} ,{\"a\":{\"b\":true}}\n]\n", Format::Json, "a a.b", vec!["[1, 2],-", "-,true"]),
        ("{\"a\":1}{\"a\":2} {\"a\":3}", Format::Json, "a", vec!["1", "2", "3"]),
        ("{\n \"a\":1}\n{\n \"a\":2}\n", Format::Json, "a", vec!["1", "2"]),
        (
            "{\"n\":2,\"data\":{\"few\":[{\"z\":1}],\"rows\":[{\"a\":1},{\"a\":2}]},\"more\":[1,2,3]}",
            Format::Json,
            "a",
            vec!["1", "2"],
        ),
        ("{\"a\":1,\"b\":[1]}", Format::Json, "a b", vec!["1,[1]"]),
        (
            "{\"geo\":{\"country\":\"CN\",\"at\":{\"lat\":1.5}},\"x.y\":1}\n{\"x\":{\"y\":2}}\n",
            Format::Ndjson,
            "geo.country geo.at.lat x.y",
            vec!["CN,1.5,1", "-,-,2"],
        ),
        (
            "{\"session\":7,\"events\":[{\"aid\":1,\"ts\":1659304800025},{\"aid\":2,\"ts\":1659304800026}],\"end\":true}\n{\"session\":8,\"events\":[]}\n",
            Format::Ndjson,
            "session end aid ts",
            vec!["7,true,1,1659304800025", "7,true,2,1659304800026"],
        ),
        (
            "{\"type\":\"s\",\"events\":[{\"type\":\"e\",\"ts\":1}]}\n{\"type\":\"t\",\"events\":[]}\n",
            Format::Ndjson,
            "type events.type ts",
            vec!["s,e,1"],
        ),
        (
            "{\"p\":[{\"key\":\"id\",\"value\":{\"string_value\":null,\"int_value\":\"12\"}},{\"key\":\"page\",\"value\":{\"string_value\":\"/a\"}}]}\n{\"p\":[]}\n",
            Format::Ndjson,
            "p.id p.page p",
            vec!["12,/a,-", "-,-,[]"],
        ),
        ("{\"a\":\"\\u00e9\\n\\\"\",\"b\":\"\"}\n{\"a\":\"\",\"b\":\"7\"}\n", Format::Ndjson, "a b", vec!["é\n\",-", "-,7"]),
        ("{\"a\":1e3}\n{\"a\":-2.50E-1}\n{\"a\":1E400}\n{\"a\":-0}\n", Format::Ndjson, "a", vec!["1000", "-0.25", "1E400", "-0"]),
        ("{\"a\":1,\"a\":2}\n{\"a\":3}\n", Format::Ndjson, "a", vec!["2", "3"]),
    ] {
        for chunk in [1, 2, 3, 7, text.len()] {
            let mut decoder = decode(text, chunk).unwrap();
            assert_eq!(decoder.shape().unwrap().format, format, "{text}");
            let names: Vec<&str> = names.split(' ').collect();
            let rows: Vec<String> = rows.iter().map(|&row| row.to_owned()).collect();
            assert_eq!(table(&mut decoder), (names.iter().map(|&n| n.to_owned()).collect(), rows), "{text} in chunks of {chunk}");
            assert_eq!(decoder.rejects().count, 0, "{text}: {:?}", decoder.rejects());
        }
    }
}

#[test]
fn says_what_is_no_record_and_where() {
    let text = "{\"a\":1}\n{\"a\":01}\n\n{\"a\":2\n[1]\n{\"a\":3} x\n{\"a\":\"\t\"}\nnull\n{\"a\":4}\n";
    let mut whole = decode(text, text.len()).unwrap();
    let rejects: Vec<(u64, &str)> = whole.rejects().kept.iter().map(|r| (r.line, r.reason.as_str())).collect();
    assert_eq!(
        rejects,
        [
            (2, "not valid JSON at character 6: expected a number without leading zeros"),
            (4, "not valid JSON at character 7: expected a comma or }"),
            (5, "not valid JSON at character 1: expected an object"),
            (6, "not valid JSON at character 9: expected nothing behind the object"),
            (7, "not valid JSON at character 7: expected no control character in a string"),
            (8, "not valid JSON at character 1: expected an object"),
        ]
    );
    for Reject { byte, text: row, .. } in &whole.rejects().kept {
        assert!(text[*byte as usize..].starts_with(row.as_str()));
    }
    let rows = table(&mut whole);
    assert_eq!(rows.1, ["1", "4"]);
    for chunk in [1, 2, 3, 7] {
        let mut cut = decode(text, chunk).unwrap();
        assert_eq!(cut.rejects(), whole.rejects(), "chunks of {chunk}");
        assert_eq!(table(&mut cut), rows, "chunks of {chunk}");
    }
}

#[test]
fn an_array_that_does_not_end_costs_its_last_object() {
    let mut decoder = decode("[{\"a\":1},{\"a\":2},{\"a\":", 5).unwrap();
    assert_eq!(decoder.rejects().kept[0].reason, "the record does not end; what follows is not read");
    assert_eq!(table(&mut decoder).1, ["1", "2"]);
    let mut decoder = decode("[{\"a\":1}] what\n", 5).unwrap();
    assert_eq!(decoder.rejects().kept[0].reason, "not valid JSON at character 1: expected an object");
    assert_eq!(table(&mut decoder).1, ["1"]);
}

#[test]
fn keys_that_are_data_are_refused() {
    let object: Vec<String> = (0..2_100).map(|i| format!("\"user{i}\":1")).collect();
    let text = format!("{{\"a\":1}}\n{{{}}}\n{{\"a\":2}}\n", object.join(","));
    let mut decoder = decode(&text, 1_000).unwrap();
    assert!(decoder.rejects().kept[0].reason.starts_with("the objects have more than 2,000 different keys"));
    assert_eq!(table(&mut decoder).1.len(), 2);
}

#[test]
fn a_key_that_comes_late_is_a_column() {
    let mut text = String::new();
    for i in 0..40_000 {
        let late = if i == 39_000 { ",\"late\":\"x\"" } else { "" };
        text += &format!("{{\"id\":{i}{late}}}\n");
    }
    let mut decoder = decode(&text, 10_000).unwrap();
    let (names, rows) = table(&mut decoder);
    assert_eq!(names, ["id", "late"]);
    assert_eq!((rows.len(), rows[39_000].as_str(), rows[39_001].as_str()), (40_000, "39000,x", "39001,-"));
}

#[test]
fn logs_of_servers_that_write_json_are_tables() {
    // Caddy counts seconds since 1970 with a fraction.
    let caddy = r#"{"level":"info","ts":1706940428.1234567,"logger":"http.log.access","request":{"remote_ip":"10.0.0.7","method":"GET","uri":"/hats?size=m","headers":{"User-Agent":["Browser/1"]},"tls":{"resumed":false}},"user_id":"","duration":9.3e-05,"size":512,"status":200}"#;
    let names = "level ts logger request.remote_ip request.method request.uri request.headers.User-Agent request.tls.resumed \
                 user_id duration size status";
    let row = "info,1706940428.1234567,http.log.access,10.0.0.7,GET,/hats?size=m,[\"Browser/1\"],false,-,0.000093,512,200";
    let traefik = r#"{"ClientHost":"10.0.0.7","DownstreamStatus":200,"Duration":930000,"RequestMethod":"GET","RequestPath":"/hats","StartUTC":"2024-02-03T06:07:08.123456789Z","request_User-Agent":"Browser/1","time":"2024-02-03T06:07:08Z"}"#;
    let traefik_names = "ClientHost DownstreamStatus Duration RequestMethod RequestPath StartUTC request_User-Agent time";
    let traefik_row = "10.0.0.7,200,930000,GET,/hats,2024-02-03T06:07:08.123456789Z,Browser/1,2024-02-03T06:07:08Z";
    for (line, names, row) in [(caddy, names, row), (traefik, traefik_names, traefik_row)] {
        let mut decoder = decode(&format!("{line}\n{line}\n"), 7).unwrap();
        assert_eq!(decoder.shape().unwrap().format, Format::Ndjson);
        let types: Vec<_> = decoder.shape().unwrap().kinds.iter().map(|kind| kind.column_type().name()).collect();
        let is_typed =
            |name: &str, column_type: &str| names.split_whitespace().zip(&types).any(|pair| pair == (name, &column_type));
        assert!(is_typed("ts", "time") || is_typed("time", "time"), "{types:?}");
        let (got_names, rows) = table(&mut decoder);
        assert_eq!((got_names, rows), (names.split_whitespace().map(str::to_owned).collect(), vec![row.to_owned(); 2]));
    }
}

#[test]
fn what_is_no_json_comes_to_an_end() {
    for text in [
        "\":1,\"events\":[\u{401}ts\":1659\"typc\":\"x\":\"x\"},{\"ts\":16\"typc\":\"x\"},\"type\":\"y\"}\"\u{1}]",
        ",",
        "{},,",
        "[,",
        "[{},,{}]",
        "1,2",
        "\"a\",\"b\"",
        "} {",
        ":,:",
    ] {
        for format in [Format::Json, Format::Ndjson] {
            let mut decoder = Decoder::new(Options { format: Some(format), ..Options::default() });
            // Whether it is read or refused, it ends.
            let _ = text.as_bytes().chunks(3).try_for_each(|piece| decoder.push(piece)).and_then(|()| decoder.finish());
            assert!(decoder.rejects().count <= text.len() as u64, "{text:?}");
        }
    }
}
