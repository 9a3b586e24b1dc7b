//! See `event_tests::fuzz::contract`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| event_tests::fuzz::contract(data));
