//! See `event_tests::fuzz::wire`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| event_tests::fuzz::wire(data));
