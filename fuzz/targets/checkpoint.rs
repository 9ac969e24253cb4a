//! Any bytes as a table's only checkpoint.
#![no_main]

libfuzzer_sys::fuzz_target!(init: lakeglass_fuzz::let_panics_be_caught(), |bytes: &[u8]| lakeglass_fuzz::read(&lakeglass_fuzz::checkpoint(bytes)));
