//! Parquet and Arrow files, of which only the bytes that are wanted are read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use clickfold::decode::{Format, Need};
use clickfold::engine::{Dataset, LoadOptions, RangedLoader};

use super::Failure;

/// Loads the file, if it is such a one.
pub fn load(path: &str, options: &LoadOptions) -> Result<Option<Dataset>, Failure> {
    let Ok(mut file) = File::open(path) else { return Ok(None) };
    let mut start = [0; 8];
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file || file.read_exact(&mut start).is_err() || start.starts_with(&[0xff]) || Format::told_by(&start).is_none() {
        return Ok(None);
    }
    let bad = |e: clickfold::Error| Failure::Data(format!("{path}: {e}"));
    let mut read = |range: Range<u64>| {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(std::io::Error::other)?];
        file.seek(SeekFrom::Start(range.start))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    let failed = |e: std::io::Error| Failure::Data(format!("cannot read {path}: {e}"));
    let size = std::fs::metadata(path).map_err(failed)?.len();
    let mut tail = vec![];
    let mut loader = loop {
        match RangedLoader::open(&tail, size, options.clone(), None).map_err(bad)? {
            Need::More(n_bytes) => tail = read(size - n_bytes..size).map_err(failed)?,
            Need::Nothing(loader) => break loader,
        }
    };
    while let Some(ranges) = loader.next_ranges() {
        let pieces = ranges.into_iter().map(&mut read).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        loader.push(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>()).map_err(bad)?;
    }
    loader.finish().map(Some).map_err(bad)
}
