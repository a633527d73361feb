//! Dirty files, in any chunks.

use super::*;
use crate::decode::{Decoder, Fixed};
use crate::event::ColumnType;
use crate::kernel::batch::Batch;
use crate::kernel::column;

fn decode(bytes: &[u8], chunk: usize, options: Options) -> Result<Decoder> {
    let mut decoder = Decoder::new(options);
    for piece in bytes.chunks(chunk) {
        decoder.push(piece)?;
    }
    decoder.finish()?;
    Ok(decoder)
}

fn written(decoder: &mut Decoder) -> Vec<Vec<Option<String>>> {
    cells(decoder.take_batches())
}

/// Every cell of every batch, as written.
pub(in crate::decode) fn cells(batches: Vec<Batch>) -> Vec<Vec<Option<String>>> {
    use arrow_array::Array;
    let mut rows = vec![];
    for batch in batches {
        let columns: Vec<Vec<Option<String>>> = batch
            .columns
            .iter()
            .map(|c| {
                let text = match c.column_type {
                    ColumnType::Text => c.array.clone(),
                    from => column::widen(&c.array, &c.forms, from, ColumnType::Text).unwrap().unwrap().0,
                };
                let (codes, texts) = column::codes(&text).unwrap();
                (0..batch.n_rows).map(|row| text.is_valid(row).then(|| texts.value(codes[row] as usize).to_owned())).collect()
            })
            .collect();
        rows.extend((0..batch.n_rows).map(|row| columns.iter().map(|c| c[row].clone()).collect()));
    }
    rows
}

const DIRTY: &str = "user_id,item,price,time\r\n1,\"a \"\"b\"\", c\",3.50,2019-10-01 00:00:00 UTC\r\n\
    2,\"two\nlines\",4,2019-10-01 00:00:01 UTC\n3,short\n4,x,-0.00,\n5,ä,1e-05,2019-10-01 00:00:02.5 UTC\n6,y,n/a,never\n7,z,1,2,3\n8,last,2.5,2019-10-02";

#[test]
fn reads_the_same_in_any_chunks() {
    let mut whole = decode(DIRTY.as_bytes(), DIRTY.len(), Options::default()).unwrap();
    let (rejects, rows) = (whole.rejects().clone(), written(&mut whole));
    assert_eq!(
        rejects.kept.iter().map(|r| (r.line, r.reason.as_str())).collect::<Vec<_>>(),
        [(5, "expected 4 fields, found 2"), (9, "expected 4 fields, found 5")]
    );
    assert_eq!(
        rows[0],
        [Some("1"), Some("a \"b\", c"), Some("3.50"), Some("2019-10-01 00:00:00 UTC")].map(|c| c.map(str::to_owned))
    );
    assert_eq!(rows.len(), 6);
    for chunk in [1, 2, 3, 7] {
        let mut cut = decode(DIRTY.as_bytes(), chunk, Options::default()).unwrap();
        assert_eq!(*cut.rejects(), rejects, "chunks of {chunk}");
        assert_eq!(written(&mut cut), rows, "chunks of {chunk}");
    }
    for reject in &rejects.kept {
        let at = reject.byte as usize;
        assert_eq!(&DIRTY[at..at + reject.text.len()], reject.text);
        assert_eq!(1 + DIRTY[..at].matches('\n').count() as u64, reject.line);
    }
}

#[test]
fn strips_a_byte_order_mark_however_it_is_cut() {
    for chunk in [1, 2, 3, 100] {
        let decoder = decode(b"\xef\xbb\xbfts,user\n1,2\n", chunk, Options::default()).unwrap();
        assert_eq!(decoder.names(), ["ts", "user"]);
    }
}

#[test]
fn widens_far_behind_the_sample_and_loses_nothing() {
    let mut text = String::from("id,price,flag,at\n");
    for i in 0..30_000 {
        text += &format!("{i},{i}.50,true,2019-10-01\n");
    }
    text += "0071,abc,maybe,later\n";
    let mut decoder = decode(text.as_bytes(), 64 << 10, Options::default()).unwrap();
    let batches = decoder.take_batches();
    let batch_types: Vec<_> = batches.last().unwrap().columns.iter().map(|c| c.column_type.name()).collect();
    assert_eq!(batch_types, ["text"; 4]);
    let rows = cells(batches);
    let lines: Vec<String> =
        rows.iter().map(|r| r.iter().map(|c| c.clone().unwrap_or_default()).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(lines.join("\n") + "\n", text["id,price,flag,at\n".len()..]);
}

/// Long enough for several blocks, with few that do not fit, so that some blocks are read without a closer look.
#[test]
fn only_rows_that_do_not_fit_the_fixed_types_are_rejects() {
    let fixed = [("n", Fixed::Int), ("at", Fixed::Time(crate::kernel::instant::DateStyle::Plain)), ("what", Fixed::Text)];
    let types: Vec<_> = fixed.iter().map(|&(name, fixed)| (name.to_owned(), fixed)).collect();
    let (mut text, mut expected, mut rows) = ("n,at,what\n".to_owned(), vec![], vec![]);
    for row in 0..20_000_usize {
        let n = if row % 9_001 == 77 { "1.5" } else { ["1", "", "-20", "123456789"][row % 4] };
        let at = if row % 7_001 == 4_500 { "5" } else { ["1511539200", "1511539201", ""][row % 3] };
        let line = format!("{n},{at},w{}", row % 10);
        if n == "1.5" || at == "5" {
            expected.push(row as u64 + 2);
        } else {
            rows.push(line.clone());
        }
        text += &(line + "\n");
    }
    for chunk in [text.len(), 10_007] {
        let mut decoder = decode(text.as_bytes(), chunk, Options { types: types.clone(), ..Options::default() }).unwrap();
        assert_eq!(decoder.rejects().kept.iter().map(|reject| reject.line).collect::<Vec<_>>(), expected);
        let read: Vec<String> = written(&mut decoder)
            .into_iter()
            .map(|cells| cells.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(","))
            .collect();
        assert!(read == rows);
    }
}

#[test]
fn a_fixed_type_makes_rejects_of_what_does_not_fit() {
    let types = Vec::from([("price".to_owned(), Fixed::Decimal), ("id".to_owned(), Fixed::Text)]);
    let mut decoder = decode(b"id,price\n1,2\n2,free\n3,2.25\n", 5, Options { types, ..Options::default() }).unwrap();
    assert_eq!(decoder.rejects().kept[0].reason, "column price: expected decimal, found \"free\"");
    let batches = decoder.take_batches();
    let types: Vec<_> = batches[0].columns.iter().map(|c| c.column_type).collect();
    assert_eq!(types, [ColumnType::Text, ColumnType::Decimal { scale: 2 }]);
    assert_eq!(cells(batches).len(), 2);
}

#[test]
fn text_that_is_not_utf8_is_rejected_with_its_column() {
    let decoder = decode(b"id,name\n1,caf\xe9\n2,ok\n", 4, Options::default()).unwrap();
    assert_eq!(decoder.rejects().kept[0].reason, "column name: the text is not UTF-8");
    assert_eq!((decoder.n_rows(), decoder.rejects().kept[0].line, decoder.rejects().kept[0].byte), (1, 2, 8));
}

#[test]
fn a_quote_that_never_closes_costs_one_row() {
    let decoder = decode(b"id,name\n1,\"open\n2,b\n3,c\n", 7, Options::default()).unwrap();
    assert_eq!((decoder.n_rows(), decoder.rejects().count), (2, 1));
    assert_eq!(decoder.rejects().kept[0].reason, "a quote is opened in this row and never closed");
}

#[test]
fn says_in_one_sentence_what_is_no_event_file() {
    for (bytes, sentence) in [
        (&b""[..], "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "this is a PNG image, not a table of events; save or export it as CSV text in UTF-8"),
        (b"a\0b\0c", "this is a binary file, not a table of events; save or export it as CSV text in UTF-8"),
        (b"<!doctype html>", "this is HTML or XML, not a table of events; save or export it as CSV text in UTF-8"),
        (b"user,item\n", "the file has a header (user, item) but no rows"),
        (b"user,item\n1\n", "no row of the file could be read; the first, on line 2: expected 2 fields, found 1"),
    ] {
        for chunk in [1, 1 << 20] {
            let error = decode(bytes, chunk, Options::default()).unwrap_err();
            assert_eq!(error.to_string(), sentence);
        }
    }
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let mut decoder = Decoder::new(Options::default());
    let piece = vec![b'x'; 1 << 20];
    let error = (0..3_000).find_map(|_| decoder.push(&piece).err()).expect("refused");
    assert_eq!(error.to_string(), "the first line does not end within 16 MiB; this is not a CSV file of events");
    let shape = Shape::of(b"a,b\n1,2\n", false, &Options::default()).unwrap().unwrap();
    let columns = shape.kinds.iter().map(|&kind| ColumnBuilder::new(kind, None, None)).collect();
    let (mut csv, mut out) = (Csv::new(&shape, columns, u64::MAX), Output::default());
    csv.push(b"1,2\n", &mut out).unwrap();
    for _ in 0..100 {
        csv.push(&piece, &mut out).unwrap();
        assert!(csv.bytes.len() < 20 << 20);
    }
    csv.push(b"\n3,4\n", &mut out).unwrap();
    csv.end(&mut out).unwrap();
    assert_eq!((out.n_rows, out.rejects.count), (2, 1));
}
