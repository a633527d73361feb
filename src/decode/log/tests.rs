//! Logs of many servers, in any chunks.

use super::*;
use crate::decode::csv::tests::cells;
use crate::decode::{Decoder, Part};
use crate::kernel::hash::mix64;

/// The columns' names, the rows with null as `~`, and the lines and reasons of rejects.
type Read = (Vec<String>, Vec<String>, Vec<(u64, String)>);

fn options(pattern: &str) -> Options {
    let pattern = (!pattern.is_empty()).then(|| pattern.to_owned());
    Options { format: pattern.as_ref().map(|_| Format::Log), pattern, ..Options::default() }
}

fn joined(rows: Vec<Vec<Option<String>>>) -> Vec<String> {
    let row = |row: Vec<Option<String>>| row.into_iter().map(|cell| cell.unwrap_or_else(|| "~".to_owned())).collect::<Vec<_>>();
    rows.into_iter().map(|cells| row(cells).join("|")).collect()
}

fn read(text: &[u8], options: &Options, chunk: usize) -> (Read, Shape) {
    let mut decoder = Decoder::new(options.clone());
    text.chunks(chunk).for_each(|piece| decoder.push(piece).unwrap());
    decoder.end().unwrap();
    let rows = joined(cells(decoder.take_batches()));
    let rejects = decoder.rejects().kept.iter().map(|r| (r.line, r.reason.clone())).collect();
    ((decoder.names().to_vec(), rows, rejects), decoder.shape().unwrap().clone())
}

/// Holds what is read of a text to these columns and rows, in chunks of any size.
fn check_rows(text: &str, pattern: &str, found: &str, names: &str, rows: &[&str]) {
    for chunk in [1, 2, 3, 7, text.len()] {
        let ((got_names, got_rows, rejects), shape) = read(text.as_bytes(), &options(pattern), chunk);
        assert_eq!(shape.format, Format::Log, "{text}");
        assert_eq!(shape.pattern(), Some(found), "{text}");
        assert_eq!(got_names.join(" "), names, "{text}");
        assert_eq!(got_rows, rows, "{text} in chunks of {chunk}");
        assert_eq!(rejects, [], "{text}");
    }
}

const COMMON: &str = "remote_host identity user time method path query protocol status bytes";

#[test]
fn reads_the_logs_of_apache_and_nginx() {
    let combined = &[COMMON, " referrer user_agent"].concat();
    let line = "10.0.0.7 - ann [03/Feb/2024:06:07:08 +0100] \"GET /hats/red?size=m&x HTTP/1.1\" 200 512";
    let cut = "10.0.0.7|~|ann|2024-02-03T06:07:08+01:00|GET|/hats/red|size=m&x|HTTP/1.1|200|512";
    check_rows(&format!("{line}\n"), "", "common", COMMON, &[cut]);
    check_rows(
        &format!("{line} \"https://shop.example/\" \"Browser/1 (X; \\\"Y\\\") \\\\ \\xc3\\xa9\"\r\n\r\n{line} \"-\" \"\""),
        "",
        "combined",
        combined,
        &[&format!("{cut}|https://shop.example/|Browser/1 (X; \"Y\") \\ é"), &format!("{cut}|~|~")],
    );
    check_rows(
        &format!("{line} \"-\" \"B\" \"198.51.100.4, 10.1.1.1\"\n{line} \"-\" \"B\" \"-\"\n"),
        "",
        "nginx_main",
        &format!("{combined} x_forwarded_for"),
        &[&format!("{cut}|~|B|198.51.100.4, 10.1.1.1"), &format!("{cut}|~|B|~")],
    );
    check_rows(
        &format!("{line} \"-\" \"B\" \"basket=3; id=7\"\n"),
        "",
        "ncsa",
        &format!("{combined} cookie"),
        &[&format!("{cut}|~|B|basket=3; id=7")],
    );
    check_rows(
        &format!("{line} \"-\" \"B\" 0.012 upstream\n"),
        "",
        "combined_more",
        &format!("{combined} rest"),
        &[&format!("{cut}|~|B|0.012 upstream")],
    );
    check_rows(
        &format!("shop.example {line}\n"),
        "",
        "vhost_common",
        &format!("host {COMMON}"),
        &[&format!("shop.example|{cut}")],
    );
    check_rows(
        &format!("shop.example:443 {line} \"-\" \"B\"\n"),
        "",
        "vhost_combined",
        &format!("host port {combined}"),
        &[&format!("shop.example|443|{cut}|~|B")],
    );
    check_rows(
        &format!("shop.example {line} \"-\" \"B\"\n"),
        "",
        "vhost_combined_no_port",
        &format!("host {combined}"),
        &[&format!("shop.example|{cut}|~|B")],
    );
}

#[test]
fn splits_request_lines_that_are_some() {
    for (request, expected) in [
        ("GET / HTTP/1.1", "GET|/|~|HTTP/1.1"),
        ("POST /a?b=c?d HTTP/2.0", "POST|/a|b=c?d|HTTP/2.0"),
        ("GET /two words HTTP/1.0", "GET|/two words|~|HTTP/1.0"),
        ("GET /old", "GET|/old|~|~"),
        ("OPTIONS * HTTP/1.1", "OPTIONS|*|~|HTTP/1.1"),
        ("CONNECT mail.example:25 HTTP/1.1", "CONNECT|mail.example:25|~|HTTP/1.1"),
        ("GET http://other.example/x?y HTTP/1.1", "GET|http://other.example/x|y|HTTP/1.1"),
        ("GET /say\\\"x\\\" HTTP/1.1", "GET|/say\\\"x\\\"|~|HTTP/1.1"),
        ("GET /say\"x HTTP/1.1", "GET|/say\"x|~|HTTP/1.1"),
        ("-", "~|~|~|~"),
        ("", "~|~|~|~"),
        ("\\x16\\x03\\x01", "~|\\x16\\x03\\x01|~|~"),
        ("hello there", "~|hello there|~|~"),
        ("GET  HTTP/1.1", "~|GET  HTTP/1.1|~|~"),
        ("QUIT", "~|QUIT|~|~"),
        ("GET ", "~|GET |~|~"),
    ] {
        let text = format!("h - - [03/Feb/2024:06:07:08 +0000] \"{request}\" 200 -\n");
        check_rows(&text, "common", "common", COMMON, &[&format!("h|~|~|2024-02-03T06:07:08+00:00|{expected}|200|~")]);
    }
}

#[test]
fn reads_the_logs_of_clouds_and_balancers() {
    check_rows(
        "2024-02-03T06:07:08.123456Z front 10.0.0.7:4711 10.1.0.2:80 0.00007 0.01 0.00004 200 200 0 57 \
         \"GET https://shop.example:443/hats?size=m HTTP/1.1\" \"Browser/1 (X)\" SUITE TLSv1.2\n\
         2024-02-03T06:07:09.5Z front 10.0.0.8:4712 - -1 -1 -1 503 0 0 0 \"GET https://shop.example HTTP/1.1\"\n",
        "",
        "elb",
        "time elb remote_host remote_port backend request_processing_time backend_processing_time \
         response_processing_time status backend_status_code bytes_received bytes method path query protocol host \
         user_agent ssl_cipher ssl_protocol",
        &[
            "2024-02-03T06:07:08.123456Z|front|10.0.0.7|4711|10.1.0.2:80|0.00007|0.01|0.00004|200|200|0|57|GET|/hats|size=m|HTTP/1.1|shop.example|Browser/1 (X)|SUITE|TLSv1.2",
            "2024-02-03T06:07:09.5Z|front|10.0.0.8|4712|~|-1|-1|-1|503|0|0|0|GET|~|~|HTTP/1.1|shop.example|~|~|~",
        ],
    );
    let alb = "h2 2024-02-03T06:07:08.1Z app/front/1 10.0.0.7:4711 10.1.0.2:80 0.001 0.002 0.003 200 200 34 366 \
               \"GET https://shop.example:443/ HTTP/2.0\" \"B\" SUITE TLSv1.2 arn:1 \"Root=1-5\" \"shop.example\" \"arn:2\" 1 \
               2024-02-03T06:07:07.9Z \"forward\" \"-\" \"-\"";
    check_rows(
        &format!("{alb}\n{alb} \"10.1.0.2:80\" \"200\" \"-\" \"-\" TID_1 \"of the\" future\n"),
        "",
        "alb",
        "type time elb remote_host remote_port target request_processing_time target_processing_time \
         response_processing_time status target_status_code bytes_received bytes method path query protocol host \
         user_agent ssl_cipher ssl_protocol target_group_arn trace_id domain_name chosen_cert_arn \
         matched_rule_priority request_creation_time actions_executed redirect_url error_reason target_port_list \
         target_status_code_list classification classification_reason conn_trace_id",
        &["~|~|~|~|~", "10.1.0.2:80|200|~|~|TID_1"].map(|end| {
            "h2|2024-02-03T06:07:08.1Z|app/front/1|10.0.0.7|4711|10.1.0.2:80|0.001|0.002|0.003|200|200|34|366|GET|/|~|HTTP/2.0|shop.example|B|SUITE|TLSv1.2|arn:1|Root=1-5|shop.example|arn:2|1|2024-02-03T06:07:07.9Z|forward|~|~|".to_owned() + end
        }).each_ref().map(String::as_str),
    );
    check_rows(
        "0abc hats [03/Feb/2024:06:07:08 +0000] 10.0.0.7 arn:user R1 REST.GET.OBJECT red.png \"GET /hats/red.png HTTP/1.1\" 200 - \
         512 512 17 16 \"-\" \"B \"raw\"/1\" - HOST= SigV4 SUITE AuthHeader hats.example TLSv1.2 - -\n",
        "",
        "s3",
        "bucket_owner bucket time remote_host user request_id operation key method path query protocol status error_code \
         bytes object_size duration_ms turn_around_time referrer user_agent version_id host_id signature_version \
         ssl_cipher authentication_type host ssl_protocol access_point_arn acl_required",
        &[
            "0abc|hats|2024-02-03T06:07:08+00:00|10.0.0.7|arn:user|R1|REST.GET.OBJECT|red.png|GET|/hats/red.png|~|HTTP/1.1|200|~|512|512|17|16|~|B \"raw\"/1|~|HOST=|SigV4|SUITE|AuthHeader|hats.example|TLSv1.2|~|~",
        ],
    );
    let haproxy = "10.0.0.7:4711 [03/Feb/2024:06:07:08.123] front~ shop/web1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0";
    let names = "remote_host remote_port time frontend backend server request_wait_ms queue_ms connect_ms response_ms \
                 duration_ms status bytes request_cookie response_cookie termination_state actconn feconn beconn srv_conn \
                 retries srv_queue backend_queue captured_headers method path query protocol";
    let cut = "10.0.0.7|4711|2024-02-03T06:07:08.123|front~|shop|web1|10|0|30|69|109|200|2750|~|~|----|1|1|1|1|0|0|0";
    check_rows(
        &format!("{haproxy} {{shop.example|x}} {{}} \"GET /hats HTTP/1.1\"\n{haproxy} \"GET /hats HTTP/1.1\"\n"),
        "",
        "haproxy",
        names,
        &[&format!("{cut}|{{shop.example|x}} {{}}|GET|/hats|~|HTTP/1.1"), &format!("{cut}|~|GET|/hats|~|HTTP/1.1")],
    );
    check_rows(
        &format!("Feb  3 06:07:08 lb haproxy[143]: {haproxy} \"GET /hats HTTP/1.1\"\n"),
        "",
        "haproxy_syslog",
        &format!("syslog {names}"),
        &[&format!("Feb  3 06:07:08 lb haproxy[143|{cut}|~|GET|/hats|~|HTTP/1.1")],
    );
}

#[test]
fn reads_lines_by_the_fields_that_directives_name() {
    let iis = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) \
               sc-status sc-win32-status time-taken";
    check_rows(
        &format!(
            "#Software: Server 10.0\r\n#Version: 1.0\r\n#Date: 2024-02-03 06:07:08\r\n{iis}\r\n\
             2024-02-03 06:07:08 10.0.0.1 GET /hats size=m 443 - 10.0.0.7 Bot/1+(++http://bot.example) id=7 200 0 31\r\n\
             2024-02-03 06:07:09 10.0.0.1 GET / - 443 SHOP\\ann 10.0.0.7 - - 000 0 0 \r\n"
        ),
        "",
        iis,
        "time server_address method path query port user remote_host user_agent cs_cookie status sc_win32_status duration_ms",
        &[
            "2024-02-03T06:07:08Z|10.0.0.1|GET|/hats|size=m|443|~|10.0.0.7|Bot/1 ( +http://bot.example)|id=7|200|0|31",
            "2024-02-03T06:07:09Z|10.0.0.1|GET|/|~|443|SHOP\\ann|10.0.0.7|~|~|0|0|0",
        ],
    );
    let cloudfront = "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) \
                      cs(User-Agent) x-host-header time-taken";
    check_rows(
        &format!(
            "#Version: 1.0\n{cloudfront}\n2024-02-03\t06:07:08\tFRA1\t2390\t10.0.0.7\tGET\td1.edge.example\t/a%20b\t200\t\
             https://shop.example/?q=red%2520hat\tBrowser/1%2520(X;%2520Y)\tshop.example\t0.001\n\
             2024-02-03\t06:07:09\tFRA1\t1\t10.0.0.7\tGET\td1.edge.example\t/\t200\t-\tBrowser/1%20(%C3%A9%0A)\t-\t0.002\n"
        ),
        "",
        cloudfront,
        "time x_edge_location bytes remote_host method cs_host path status referrer user_agent host duration_s",
        &[
            "2024-02-03T06:07:08Z|FRA1|2390|10.0.0.7|GET|d1.edge.example|/a%20b|200|https://shop.example/?q=red%20hat|Browser/1 (X; Y)|shop.example|0.001",
            // An escape that stands for a line end is left as it is, with its text.
            "2024-02-03T06:07:09Z|FRA1|1|10.0.0.7|GET|d1.edge.example|/|200|~|Browser/1%20(%C3%A9%0A)|~|0.002",
        ],
    );
    check_rows(
        "#Date: 03-Feb-2024 06:07:08\n#Fields: time c-ip cs-uri\n#Date: 2024-02-03\n06:07:08 10.0.0.7 \"/two words?q\"\n\
         #Date: 2024-02-04 00:00:00\n#Fields: cs-uri time sc-status c-ip\n/b 00:00:01 404 10.0.0.8\n",
        "",
        "#Fields: time c-ip cs-uri",
        "time remote_host path query status",
        &["2024-02-03T06:07:08Z|10.0.0.7|/two words|q|~", "2024-02-04T00:00:01Z|10.0.0.8|/b|~|404"],
    );
}

#[test]
fn reads_lines_by_patterns_that_are_told() {
    for (pattern, line, names, row) in [
        (
            "%h %{X-Real-IP}i %U%q %>s %Dus",
            "a b /c?d 200 17us",
            "remote_host x_real_ip path query status duration_us",
            "a|b|/c|d|200|17",
        ),
        (
            "%a %m %U %q %H %{ms}T",
            "a GET /c ?d HTTP/1.1 5",
            "remote_host method path query protocol duration_ms",
            "a|GET|/c|d|HTTP/1.1|5",
        ),
        ("%a,%!200,304{Cookie}i %{Foo}o %{id}C %{X}e %%", "a,b c d e %", "remote_host cookie sent_foo cookie_id x", "a|b|c|d|e"),
        (
            "%{[%d/%b/%Y:%H:%M:%S %z]}t %b %O",
            "[03/Feb/2024:06:07:08 +0000] 1 2",
            "time bytes bytes_2",
            "2024-02-03T06:07:08+00:00|1|2",
        ),
        ("%{%Y-%m-%d %H:%M:%S}t %B", "2024-02-03 06:07:08 1", "time bytes", "2024-02-03 06:07:08|1"),
        ("%{%F %T %z}t %s", "2024-02-03 06:07:08+00 1", "time status", ""),
        ("%{msec}t %{msec_frac}t", "1706940428123 123", "time msec_frac", "1706940428123|123"),
        (
            "$msec $request_time \\\"$uri$is_args$args\\\"",
            "1706940428.123 0.5 \"/a?b\"",
            "time duration_s path query",
            "2024-02-03T06:07:08.123Z|0.5|/a|b",
        ),
        (
            "$time_iso8601\t$http_host\t${scheme}\t$sent_http_etag",
            "2024-02-03T06:07:08+00:00\tshop.example\thttps\t-",
            "time host scheme sent_http_etag",
            "2024-02-03T06:07:08+00:00|shop.example|https|~",
        ),
        (
            "$remote_addr [$time_local] $request $status",
            "::1 [03/Feb/2024:06:07:08 +0000] GET /a HTTP/1.1 200",
            "remote_host time method path query protocol status",
            "::1|2024-02-03T06:07:08+00:00|GET|/a|~|HTTP/1.1|200",
        ),
        (
            "$remote_addr - $remote_user [$time_local]",
            "a - ann lee [03/Feb/2024:06:07:08 +0000]",
            "remote_host user time",
            "a|ann lee|2024-02-03T06:07:08+00:00",
        ),
    ] {
        if row.is_empty() {
            let (_, rows, rejects) = read(line.as_bytes(), &options(pattern), 7).0;
            assert_eq!((rows.len(), rejects.len()), (0, 1), "{pattern}");
        } else {
            check_rows(&format!("{line}\n"), pattern, pattern, names, &[row]);
        }
    }
}

#[test]
fn says_why_a_pattern_cannot_be_read_and_where() {
    for (pattern, reason) in [
        ("%h %y", "at character 4: unknown directive %y"),
        ("%h %", "at character 4: expected a letter behind %"),
        ("%h %{Referer", "at character 4: expected } behind {"),
        ("é %i", "at character 3: expected a name in braces: %{name}i"),
        ("%h%l", "at character 3: expected something between two fields that tells them apart"),
        ("$remote_addr$status", "at character 13: expected something between two fields that tells them apart"),
        ("$status $ x", "at character 9: expected a variable's name behind $"),
        ("${status x", "at character 1: expected } behind the variable's name"),
        ("100%%", "at character 1: expected a field, such as %h or $remote_addr"),
        ("combind", "unknown pattern \"combind\"; known are vhost_combined, "),
        ("#Fields: ", "the pattern \"#Fields:\" names no fields"),
    ] {
        let error = check(pattern).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::BadQuery);
        assert!(error.to_string().contains(reason), "{pattern}: {error}");
    }
    PRESETS.iter().for_each(|preset| check(preset.name).unwrap());
}

const DIRTY: &str = "h - - [03/Feb/2024:06:07:08 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"B\"\n\
    h - - [03/Feb/2024:06:07:08 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"B\n\
    \n\
    h - - [30/Feb/2024:06:07:08 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"B\"\r\n\
    h - -\n\
    h - - [03/Feb/2024:06:07:09 +0000] \"\\x16\\x03\" 400 0 \"-\" \"-\"\n\
    h - - [03/Feb/2024:06:07:08 +0000] \"GET / HTTP/1.1\" ok 5 \"-\" \"B\"\n\
    h - - [03/Feb/2024:06:07:08 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"B\" more\n\
    h - - [03/Feb/2024:06:07:08 +0000] \"GET / HTTP/1.1\" 200\n\
    h - - [03/Feb/2024:06:07:10 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"C\\\\\"";

#[test]
fn says_why_a_line_is_none() {
    let options = options("combined");
    let whole = read(DIRTY.as_bytes(), &options, DIRTY.len()).0;
    let rejects: Vec<(u64, &str)> = whole.2.iter().map(|(line, reason)| (*line, reason.as_str())).collect();
    assert_eq!(
        rejects,
        [
            (2, "expected a closing quote after user_agent"),
            (4, "column time: expected a time such as 17/May/2015:10:05:03 +0000, found \"30/Feb/2024:06:07:08 +0000\""),
            (5, "expected \" [\" after user"),
            (7, "column status: expected a number, found \"ok\""),
            (8, "expected the line to end after user_agent"),
            (9, "expected a space after status"),
        ]
    );
    assert_eq!(whole.1.len(), 3);
    for chunk in [1, 2, 3, 7] {
        assert_eq!(read(DIRTY.as_bytes(), &options, chunk).0, whole, "chunks of {chunk}");
    }
    let fields = "#Fields: date time sc-status\n2024-02-03 06:07:08 200\n2024-02-03 06:07 200 x\n2024-02-03 6.07 200\n- - -\n";
    let reasons: Vec<String> = read(fields.as_bytes(), &Options { format: Some(Format::Log), ..Options::default() }, 5)
        .0
        .2
        .into_iter()
        .map(|r| r.1)
        .collect();
    assert_eq!(
        reasons,
        [
            "expected 3 fields, found 4",
            "column time: expected a date and a time such as 2015-05-17 10:05:03, found \"2024-02-03 6.07\""
        ]
    );
}

#[test]
fn every_part_reads_as_the_whole_does() {
    let options = options("combined");
    let text = DIRTY.as_bytes();
    let shape = Shape::of(text, true, &options).unwrap().unwrap();
    assert!(shape.divisible);
    let (_, rows, rejects) = read(text, &options, text.len()).0;
    for cut in 1..text.len() as u64 {
        let (mut got_rows, mut got_rejects, mut lines) = (vec![], vec![], 0);
        for (from, to, exact) in [(0, cut, true), (cut, u64::MAX, false)] {
            let mut part = Part::new(&shape, &options, from, to, exact);
            part.push(&text[part.first_byte() as usize..]).unwrap();
            part.finish().unwrap();
            got_rows.extend(joined(cells(part.take_batches())));
            got_rejects.extend(part.rejects().kept.iter().map(|r| (r.line + lines, r.reason.clone())));
            lines += part.n_lines();
        }
        assert_eq!((got_rows, got_rejects), (rows.clone(), rejects.clone()), "cut at {cut}");
    }
}

#[test]
fn tells_logs_from_other_files() {
    let log = "h - - [03/Feb/2024:06:07:08 +0000] \"GET / HTTP/1.1\" 200 5\n";
    for (text, expected) in [
        (log.repeat(4) + "broken\n", Some("common")),
        (log.repeat(3) + "broken\n", None),
        (log.trim_end().to_owned(), Some("common")),
        ("user,item,time\nann,\"a - b [c] \"\"d\"\"\",2024-02-03 06:07:08\n".to_owned(), None),
        ("a b c d e f g\n1 2 3 4 5 6 7\n".to_owned(), None),
        ("# a comment\nuser,item\n1,2\n".to_owned(), None),
        ("#Fields: date time c-ip\n".to_owned(), Some("#Fields: date time c-ip")),
        ("#Fields: date time c-ip\n1,2,3\n".to_owned(), None),
        ("#Fields:\n1\n".to_owned(), None),
        (String::new(), None),
    ] {
        assert_eq!(pattern_of(text.as_bytes(), true).as_deref(), expected, "{text}");
    }
    assert_eq!(pattern_of(log.trim_end().as_bytes(), false), None, "a line that may go on");
    let error = Shape::of(b"x\n", true, &Options { format: Some(Format::Log), ..Options::default() }).unwrap_err();
    assert!(error.to_string().contains("the lines are of no log that is known"), "{error}");
}

/// Texts of few pieces, all of which mean something.
#[test]
fn survives_any_bytes() {
    let pieces: [&[u8]; 24] = [
        b" ",
        b"\"",
        b"\\",
        b"[",
        b"]",
        b"-",
        b"\n",
        b"\r\n",
        b"\t",
        b"%",
        b"+",
        b"?",
        b":",
        b"/",
        b"#Fields: date time ",
        b"200",
        b"[03/Feb/2024:06:07:08 +0000]",
        b"GET / HTTP/1.1",
        b"\\x41",
        b"%41",
        b"\xff",
        "é".as_bytes(),
        b"#Date: 2024",
        b"2024-02-03",
    ];
    let patterns =
        PRESETS.map(|preset| preset.name).into_iter().chain(["#Fields: date time cs-uri cs(User-Agent)", "%U%q \"%{a}i\""]);
    for (seed, pattern) in patterns.enumerate() {
        let mut state = mix64(seed as u64 + 1);
        for _ in 0..40 {
            let mut text = vec![];
            while text.len() < 300 {
                state = mix64(state.wrapping_add(1));
                text.extend_from_slice(pieces[(state >> 33) as usize % pieces.len()]);
            }
            let options = options(pattern);
            let whole = read(&text, &options, text.len()).0;
            for chunk in [1, 3] {
                assert_eq!(read(&text, &options, chunk).0, whole, "{pattern}: {:?}", String::from_utf8_lossy(&text));
            }
            let _ = pattern_of(&text, false);
        }
    }
}

#[test]
fn directives_that_differ_again_and_again_are_data() {
    let mut text = String::from("#Fields: c-ip\na\n");
    for i in 0..300 {
        let names: Vec<String> = (0..10).map(|k| format!("x{i}-{k}")).collect();
        text += &format!("#Fields: {}\nb\n", names.join(" "));
    }
    let (names, rows, rejects) = read(text.as_bytes(), &Options { format: Some(Format::Log), ..Options::default() }, 64).0;
    assert!(names.len() <= MOST_COLUMNS);
    assert_eq!((rows.len(), rejects.len()), (1, 300));
    assert_eq!(rejects[299].1, "the directives name more than 2,000 fields: these are data, not names of columns");
}
