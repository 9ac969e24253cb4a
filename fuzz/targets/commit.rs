//! Any bytes as a table's second commit.
#![no_main]

libfuzzer_sys::fuzz_target!(init: lakeglass_fuzz::let_panics_be_caught(), |bytes: &[u8]| {
    let mut objects = lakeglass_fuzz::fixture("timestamp_ntz");
    objects.insert("_delta_log/00000000000000000001.json".to_owned(), bytes.to_vec());
    lakeglass_fuzz::read(&objects);
});
