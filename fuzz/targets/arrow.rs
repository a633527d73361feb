#![no_main]

use clickfold::decode::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| clickfold_fuzz::check_ranges(Format::Arrow, data));
