//! Files that are loaded by the ranges that the loader asks for.

use clickfold::decode::Need;
use clickfold::engine::{Dataset, LoadOptions, RangedLoader};

/// The data set of a file of these bytes.
pub fn load_ranges(bytes: &[u8]) -> clickfold::Result<Dataset> {
    let mut n_bytes = 0;
    let mut loader = loop {
        match RangedLoader::open(&bytes[bytes.len() - n_bytes..], bytes.len() as u64, LoadOptions::default(), None)? {
            Need::More(more) => n_bytes = more as usize,
            Need::Nothing(loader) => break loader,
        }
    };
    while let Some(ranges) = loader.next_ranges() {
        let pieces: Vec<&[u8]> = ranges.iter().map(|range| &bytes[range.start as usize..range.end as usize]).collect();
        loader.push(&pieces)?;
    }
    loader.finish()
}
