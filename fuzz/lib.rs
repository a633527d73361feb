//! What every decoder must keep to, whatever the bytes: no panic, and the same rows and rejects however they are cut.

use clickfold::decode::Format;
use clickfold::engine::{LoadOptions, Loader, RangedLoader};
use clickfold::{Query, text};

/// Loads bytes of that format, or of whichever they are, whole and cut into pieces, and compares. The first byte says how they
/// are cut.
pub fn check_pieces(format: Option<Format>, data: &[u8]) {
    let Some((&cut, bytes)) = data.split_first() else { return };
    let whole = load(format, bytes, bytes.len().max(1));
    let pieces = load(format, bytes, usize::from(cut) % 61 + 1);
    assert_eq!(whole, pieces, "the pieces' sizes change what is read");
}

/// Loads bytes whole, and by the ranges that the file says it consists of, and compares. What begins as an Arrow stream has no
/// ranges, whatever it ends as.
pub fn check_ranges(format: Format, bytes: &[u8]) {
    if bytes.starts_with(b"\xff\xff\xff\xff") {
        drop(load(Some(format), bytes, bytes.len()));
        return;
    }
    let whole = load(Some(format), bytes, bytes.len().max(1));
    if let Ok(ranged) = load_ranges(bytes) {
        assert_eq!(whole.map(|read| read.0), Ok(ranged), "ranges give other rows than the whole file");
    }
}

/// The rows as CSV, and the report without what is no row's.
fn load(format: Option<Format>, bytes: &[u8], piece: usize) -> Result<(String, String), String> {
    let mut options = LoadOptions::default();
    options.format.kind = format;
    let mut loader = Loader::new(options).map_err(|e| e.to_string())?;
    for piece in bytes.chunks(piece) {
        loader.push(piece).map_err(|e| e.to_string())?;
    }
    let mut data = loader.finish().map_err(|e| e.to_string())?;
    let report = data.report();
    assert_eq!(report.read, report.used + report.rejected + report.filtered + report.duplicate, "a row was lost");
    let report = serde_json::to_string(report).expect("a report is plain data");
    Ok((rows(&mut data), report))
}

fn load_ranges(bytes: &[u8]) -> Result<String, String> {
    use clickfold::decode::Need;
    let size = bytes.len();
    let mut needed = size.min(64 << 10);
    let mut loader = loop {
        let tail = &bytes[size - needed..];
        match RangedLoader::open(tail, size as u64, LoadOptions::default(), None).map_err(|e| e.to_string())? {
            Need::Nothing(loader) => break loader,
            Need::More(more) => {
                assert!(more as usize > needed && more as usize <= size, "more bytes are needed than there are");
                needed = more as usize;
            }
        }
    };
    while let Some(ranges) = loader.next_ranges() {
        let pieces: Option<Vec<&[u8]>> = ranges.iter().map(|r| bytes.get(r.start as usize..r.end as usize)).collect();
        loader.push(&pieces.ok_or("a range is beyond the file")?).map_err(|e| e.to_string())?;
    }
    loader.finish().map(|mut data| rows(&mut data)).map_err(|e| e.to_string())
}

fn rows(data: &mut clickfold::engine::Dataset) -> String {
    let query: Query = serde_json::from_str(r#"{"kind":"rows","limit":1000}"#).expect("a query");
    data.query(&query, &Default::default()).map_or_else(|e| e.to_string(), |rows| text::to_csv(&rows))
}
