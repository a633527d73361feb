//! In WebAssembly on Node: the 128-bit scanner cuts random text as csv-core does, byte for byte.
#![cfg(target_family = "wasm")]

use clickfold::decode::csv::records;
use wasm_bindgen_test::wasm_bindgen_test;

/// The records by csv-core, which is right by definition.
fn csv_core(bytes: &[u8], separator: u8) -> Vec<Vec<String>> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(separator).build();
    let (mut out, mut ends) = (vec![0; bytes.len() + 16], vec![0; bytes.len() + 16]);
    let (mut at, mut records) = (0, vec![]);
    loop {
        let (result, read, _, n_ends) = reader.read_record(&bytes[at..], &mut out, &mut ends);
        at += read;
        if !matches!(result, csv_core::ReadRecordResult::Record) {
            return records;
        }
        let starts = std::iter::once(0).chain(ends[..n_ends].iter().copied());
        let cells = starts.zip(&ends[..n_ends]).map(|(from, &to)| String::from_utf8_lossy(&out[from..to]).into_owned());
        records.push(cells.collect());
    }
}

#[wasm_bindgen_test]
fn cuts_random_text_as_csv_core_does() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let alphabet = b"ab,;\"\n\r";
    let mut whole = 0;
    for _ in 0..20_000 {
        // Padding moves the interesting bytes over the edges of the scanner's 64-byte blocks.
        let mut text = vec![b'x'; random(70) as usize];
        text.push(b'\n');
        text.extend((0..random(40)).map(|_| alphabet[random(7) as usize]));
        text.push(b'\n');
        for separator in *b",;" {
            let (ours, theirs) = (records(&text, separator, b'"'), csv_core(&text, separator));
            // A quote that never closes leaves the last record open, which both leave out here.
            assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(&text));
            whole += ours.len();
        }
    }
    assert!(whole > 20_000);
}
