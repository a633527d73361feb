//! Apache's files for readers of Parquet: each is read as it should be, or refused for a reason that is said.
//!
//! Needs the folder `CLICKFOLD_SHARED` (by default `../shared`); without it these tests pass over.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod ranges;
mod shared;

use std::fs;
use std::path::{Path, PathBuf};

use clickfold::engine::{Dataset, LoadOptions, Loader};
use clickfold::{Query, text};
use ranges::load_ranges;
use shared::shared;

/// Files that are refused, and why.
const REFUSED: [(&str, &str); 6] = [
    // Its column is of no row.
    ("column_chunk_key_value_metadata.parquet", "no rows"),
    ("datapage_v1-corrupt-checksum.parquet", "checksum"),
    ("rle-dict-uncompressed-corrupt-checksum.parquet", "checksum"),
    // Texts of two GiB, in one page.
    ("large_string_map.brotli.parquet", "more than 256 MiB"),
    // Lists of lists of integers, and nothing else.
    ("old_list_structure.parquet", "no column that can be read"),
    // Without a key.
    (".encrypted", "encrypted"),
];

/// Columns that are left out: what lies in lists of lists.
const LEFT_OUT: [(&str, &[&str]); 4] = [
    ("nested_lists.snappy.parquet", &["a"]),
    ("nested_maps.snappy.parquet", &["a.value.key", "a.value.value"]),
    (
        "nonnullable.impala.parquet",
        &[
            "int_array_array",
            "int_map_array.key",
            "int_map_array.value",
            "nested_Struct.c.D.e",
            "nested_Struct.c.D.f",
            "nested_Struct.G.value.h.i",
        ],
    ),
    (
        "nullable.impala.parquet",
        &[
            "int_array_Array",
            "int_Map_Array.key",
            "int_Map_Array.value",
            "nested_struct.C.d.E",
            "nested_struct.C.d.F",
            "nested_struct.g.value.H.i",
        ],
    ),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.to_string_lossy().contains(".parquet") && path.extension().is_none_or(|ext| ext != "json") {
            found.push(path);
        }
    }
}

fn load(bytes: &[u8]) -> clickfold::Result<Dataset> {
    let mut loader = Loader::new(LoadOptions::default())?;
    bytes.chunks(10_000).try_for_each(|piece| loader.push(piece))?;
    loader.finish()
}

/// All rows of all columns, in text.
fn rows(data: &mut Dataset) -> String {
    let names: Vec<String> = data.columns().iter().map(|column| column.name.to_owned()).collect();
    let query = serde_json::json!({"kind": "rows", "select": names});
    text::to_csv(&data.query(&Query::parse(&query).unwrap(), &Default::default()).unwrap())
}

#[test]
fn every_file_is_read_or_refused_for_a_reason() {
    let Some(folder) = shared("parquet_testing") else { return };
    let mut paths = vec![];
    files(&folder, &mut paths);
    let (mut n_read, mut n_refused, mut wrong) = (0, 0, vec![]);
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(path).unwrap();
        let reason = REFUSED.iter().find(|(file, _)| name.ends_with(file)).map(|(_, reason)| *reason);
        match (load(&bytes), reason) {
            (Ok(mut data), None) => {
                n_read += 1;
                let left_out = LEFT_OUT.iter().find(|(file, _)| *file == name).map_or(&[][..], |(_, columns)| columns);
                if data.report().left_out != left_out || rows(&mut data) != rows(&mut load_ranges(&bytes).unwrap()) {
                    wrong.push(name);
                }
            }
            (Err(error), Some(reason)) if error.to_string().contains(reason) => n_refused += 1,
            (Ok(_), Some(_)) => wrong.push(format!("{name}: is read")),
            (Err(error), _) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((n_read, n_refused), (N_READ, N_REFUSED));
}

const N_READ: usize = 70;
const N_REFUSED: usize = 18;

#[test]
fn values_are_those_that_are_expected() {
    let Some(folder) = shared("parquet_testing") else { return };
    for name in ["delta_binary_packed", "delta_byte_array", "delta_encoding_optional_column", "delta_encoding_required_column"] {
        let read = |file: String| rows(&mut load(&fs::read(folder.join("data").join(file)).unwrap()).unwrap());
        let (got, expected) = (read(format!("{name}.parquet")), read(format!("{name}_expect.csv")));
        for (at, (got, expected)) in got.lines().zip(expected.lines()).enumerate().skip(1) {
            assert_eq!(got, expected, "{name}: line {at}");
        }
        assert_eq!(got.lines().count(), expected.lines().count(), "{name}");
    }
}

#[test]
fn known_values_come_out() {
    let Some(folder) = shared("parquet_testing") else { return };
    for (name, expected) in [
        ("int32_decimal", "value\n1.00\n2.00\n3.00\n4.00\n5.00\n"),
        ("int64_decimal", "value\n1.00\n2.00\n3.00\n4.00\n5.00\n"),
        ("fixed_length_decimal", "value\n1.00\n2.00\n3.00\n4.00\n5.00\n"),
        ("byte_array_decimal", "value\n1.00\n2.00\n3.00\n4.00\n5.00\n"),
        (
            "list_columns",
            "int64_list,utf8_list\n\"[1,2,3]\",\"[\"\"abc\"\",\"\"efg\"\",\"\"hij\"\"]\"\n\"[null,1]\",\n[4],\"[\"\"efg\"\",null,\"\"hij\"\",\"\"xyz\"\"]\"\n",
        ),
        (
            "alltypes_plain",
            "id,bool_col,tinyint_col,smallint_col,int_col,bigint_col,float_col,double_col,date_string_col,string_col,timestamp_col\n4,true,0,0,0,0,0.0,0.0,03/01/09,0,2009-03-01T00:00:00Z\n",
        ),
        ("float16_zeros_and_nans", "x\n\n0\n\n"),
    ] {
        let got = rows(&mut load(&fs::read(folder.join("data").join(format!("{name}.parquet"))).unwrap()).unwrap());
        assert!(got.starts_with(expected), "{name}:\n{got}");
    }
}

#[test]
fn damaged_bytes_are_refused_or_read_but_never_end_the_program() {
    let Some(folder) = shared("parquet_testing") else { return };
    let mut seed = 1u64;
    for name in [
        "alltypes_plain.snappy",
        "delta_byte_array",
        "list_columns",
        "datapage_v2.snappy",
        "byte_stream_split.zstd",
        "nulls.snappy",
    ] {
        let whole = fs::read(folder.join("data").join(format!("{name}.parquet"))).unwrap();
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 33) as usize % bytes.len();
                bytes[at] = (seed >> 25) as u8;
            }
            let _ = load(&bytes).map(|data| data.n_rows());
        }
        for end in (0..whole.len()).step_by(whole.len() / 50 + 1) {
            assert!(load(&whole[..end]).is_err(), "{name} cut off at {end}");
        }
    }
}
