#![no_main]

use clickfold::clean::Step;
use clickfold::engine::{LoadOptions, Loader};

const ROWS: &[u8] = b"user,item,price,at,note\n1,hat,9.50,2024-03-01 10:00:00, x \n2,cap,,2024-03-02,\n1,hat,9.50,2024-03-01 10:00:00,=1\n,bag,-4.00,,y\n";

// A recipe that is read is applied, or refused with a sentence; and no row is lost.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(steps) = serde_json::from_slice::<Vec<Step>>(data) else { return };
    let options = LoadOptions { clean: Some(steps), ..LoadOptions::default() };
    let Ok(mut loader) = Loader::new(options) else { return };
    loader.push(ROWS).expect("the rows are read");
    let Ok(data) = loader.finish() else { return };
    let report = data.report();
    assert_eq!(report.read, report.used + report.rejected + report.filtered + report.duplicate, "a row was lost");
});
