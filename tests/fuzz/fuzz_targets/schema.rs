//! See `event_tests::fuzz::schema`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| event_tests::fuzz::schema(data));
