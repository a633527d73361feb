#![no_main]

use clickfold::decode::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let format = [None, Some(Format::Ndjson), Some(Format::Json)][usize::from(*kind) % 3];
    clickfold_fuzz::check_pieces(format, data);
});
