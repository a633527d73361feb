//! Arrow files and streams, written by Arrow's own code, are loaded as they were written.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod ranges;

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, Int64Builder, ListBuilder, StringViewBuilder};
use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
    LargeStringArray, NullArray, RecordBatch, StringArray, StructArray, Time32SecondArray, TimestampMicrosecondArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{DataType, Field};
use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::{Query, frame, text};
use ranges::load_ranges;

/// Three rows of a column of each type, with what they are to be: type, and values as CSV has them.
fn columns() -> Vec<(&'static str, ArrayRef, &'static str, [&'static str; 3])> {
    let mut lists = ListBuilder::new(Int64Builder::new());
    lists.append_value([Some(1), None, Some(-3)]);
    lists.append_null();
    lists.append_value([]);
    let mut fixed = FixedSizeBinaryBuilder::new(16);
    fixed.append_value([b'a'; 16]).unwrap();
    fixed.append_null();
    fixed.append_value([0xfe; 16]).unwrap();
    let mut views = StringViewBuilder::new();
    views.append_value("short");
    views.append_null();
    views.append_value("a text of more than twelve bytes");
    let names: ArrayRef = Arc::new(StringArray::from(vec![Some("hat"), Some("cap"), None]));
    let sizes: ArrayRef = Arc::new(Int32Array::from(vec![Some(3), None, Some(5)]));
    let fields = vec![
        (Arc::new(Field::new("name", DataType::Utf8, true)), names),
        (Arc::new(Field::new("size", DataType::Int32, true)), sizes),
    ];
    let structure = StructArray::from(fields);
    let decimals = Decimal128Array::from(vec![Some(-5), None, Some(123_456)]).with_precision_and_scale(20, 2).unwrap();
    let micros = TimestampMicrosecondArray::from(vec![Some(0), None, Some(1_569_888_001_000_000)]).with_timezone("UTC");
    let text = |texts: [&'static str; 3]| texts;
    vec![
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])), "bool", text(["true", "", "false"])),
        ("int", Arc::new(Int32Array::from(vec![Some(-7), None, Some(1 << 30)])), "int", text(["-7", "", "1073741824"])),
        ("big", Arc::new(UInt64Array::from(vec![1, u64::MAX, 3])), "text", text(["1", "18446744073709551615", "3"])),
        ("double", Arc::new(Float64Array::from(vec![0.1, f64::NAN, 12.5])), "decimal", text(["0.1", "", "12.5"])),
        ("single", Arc::new(Float32Array::from(vec![0.3, 2.0, -1.25])), "decimal", text(["0.30", "2.00", "-1.25"])),
        ("endless", Arc::new(Float64Array::from(vec![f64::INFINITY, 1.0, 0.5])), "text", text(["inf", "1", "0.5"])),
        ("decimal", Arc::new(decimals), "decimal", text(["-0.05", "", "1234.56"])),
        (
            "day",
            Arc::new(Date32Array::from(vec![Some(0), None, Some(18_170)])),
            "time",
            text(["1970-01-01T00:00:00Z", "", "2019-10-01T00:00:00Z"]),
        ),
        ("instant", Arc::new(micros), "time", text(["1970-01-01T00:00:00Z", "", "2019-10-01T00:00:01Z"])),
        (
            "nanos",
            Arc::new(TimestampNanosecondArray::from(vec![1, 1_000, 0])),
            "time",
            text(["1970-01-01T00:00:00.000000001Z", "1970-01-01T00:00:00.000001000Z", "1970-01-01T00:00:00.000000000Z"]),
        ),
        (
            "clock",
            Arc::new(Time32SecondArray::from(vec![Some(3_661), None, Some(0)])),
            "text",
            text(["01:01:01", "", "00:00:00"]),
        ),
        ("large", Arc::new(LargeStringArray::from(vec![Some("ä"), None, Some("b")])), "text", text(["ä", "", "b"])),
        ("view", Arc::new(views.finish()), "text", text(["short", "", "a text of more than twelve bytes"])),
        (
            "bytes",
            Arc::new(BinaryArray::from_opt_vec(vec![Some(b"ok"), None, Some(&[0xff, 0x00])])),
            "text",
            text(["ok", "", "0xff00"]),
        ),
        ("fixed", Arc::new(fixed.finish()), "text", text(["aaaaaaaaaaaaaaaa", "", "0xfefefefefefefefefefefefefefefefe"])),
        (
            "category",
            Arc::new(vec![Some("buy"), None, Some("view")].into_iter().collect::<DictionaryArray<Int8Type>>()),
            "text",
            text(["buy", "", "view"]),
        ),
        ("nothing", Arc::new(NullArray::new(3)), "null", text(["", "", ""])),
        ("list", Arc::new(lists.finish()), "text", text(["[1,null,-3]", "", "[]"])),
        ("thing", Arc::new(structure), "text", text(["hat", "cap", ""])),
    ]
}

fn batch() -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns().into_iter().map(|(name, array, ..)| (name, array, true))).unwrap()
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(vec![], batches[0].schema_ref()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn file(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = FileWriter::try_new(vec![], batches[0].schema_ref()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn load(bytes: &[u8], chunk: usize) -> clickfold::Result<Dataset> {
    let mut loader = Loader::new(LoadOptions::default())?;
    bytes.chunks(chunk).try_for_each(|piece| loader.push(piece))?;
    loader.finish()
}

fn rows(data: &mut Dataset, column: &str) -> Vec<String> {
    let query = serde_json::json!({"kind": "rows", "select": [column]});
    let answer = data.query(&Query::parse(&query).unwrap(), &Default::default()).unwrap();
    let csv = text::to_csv(&answer);
    csv.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn each_type_is_read_from_files_and_streams() {
    let batches = [batch(), batch().slice(1, 2)];
    for (what, mut data) in [
        ("stream", load(&stream(&batches), 1 << 20).unwrap()),
        ("stream in pieces", load(&stream(&batches), 7).unwrap()),
        ("file", load(&file(&batches), 1000).unwrap()),
        ("ranges", load_ranges(&file(&batches)).unwrap()),
    ] {
        assert_eq!((data.n_rows(), data.report().format.name()), (5, "arrow"), "{what}");
        for (name, _, column_type, values) in columns() {
            let name = if name == "thing" { "thing.name" } else { name };
            let told = data.columns().iter().find(|column| column.name == name).unwrap().column_type;
            assert_eq!(told, column_type, "{what}: {name}");
            let expected: Vec<String> = values.iter().chain(&values[1..]).map(|&value| value.to_owned()).collect();
            let got: Vec<String> = rows(&mut data, name).into_iter().map(|cell| cell.trim_matches('"').to_owned()).collect();
            let loosely = |cells: &[String]| cells.iter().map(|c| c.trim_end_matches('0').to_owned()).collect::<Vec<_>>();
            if column_type == "decimal" {
                assert_eq!(loosely(&got), loosely(&expected), "{what}: {name}");
            } else {
                assert_eq!(got, expected, "{what}: {name}");
            }
        }
    }
}

#[test]
fn answers_are_loaded_as_they_left() {
    let mut loader = Loader::new(LoadOptions::default()).unwrap();
    loader.push(b"item,action,at,price\nhat,view,2019-10-01 00:00:01,1.50\nhat,buy,2019-10-02 00:00:00,\ncap,view,2019-10-02 00:00:00,3.25\n").unwrap();
    let mut data = loader.finish().unwrap();
    let query = serde_json::json!({"kind": "rows", "select": ["item", "action", "at", "price"]});
    let query = Query::parse(&query).unwrap();
    let answer = data.query(&query, &Default::default()).unwrap();
    let mut again = load(&frame::write(&answer).unwrap(), 100).unwrap();
    assert_eq!(text::to_csv(&again.query(&query, &Default::default()).unwrap()), text::to_csv(&answer));
    again.append(&frame::write(&answer).unwrap(), None).unwrap();
    assert_eq!((again.n_rows(), again.columns().len()), (6, 4));
    assert_eq!(rows(&mut again, "price"), ["1.50", "", "3.25", "1.50", "", "3.25"]);
    data.append(&frame::write(&answer).unwrap(), None).unwrap();
    assert_eq!(rows(&mut data, "item"), ["hat", "hat", "cap", "hat", "hat", "cap"]);
}

#[test]
fn damaged_bytes_are_refused_or_read_but_never_end_the_program() {
    let batches = [batch(), batch()];
    for bytes in [stream(&batches), file(&batches)] {
        let mut seed = 1u64;
        for _ in 0..3_000 {
            let mut bytes = bytes.clone();
            for _ in 0..3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 33) as usize % bytes.len();
                bytes[at] = (seed >> 25) as u8;
            }
            let _ = load(&bytes, 1 << 20).map(|data| data.n_rows());
        }
        for end in (0..bytes.len()).step_by(7) {
            let _ = load(&bytes[..end], 1 << 20).map(|data| data.n_rows());
        }
    }
}
