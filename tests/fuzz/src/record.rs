//! A stored session. What was read must be the same after it is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velox_session::Record;

fuzz_target!(|text: &[u8]| {
    if let Ok(record) = Record::try_from_json(text) {
        let written = record.to_json();
        let again = Record::try_from_json(written.as_bytes()).expect("it was written by us");
        assert_eq!(again.to_json(), written);
    }
});
