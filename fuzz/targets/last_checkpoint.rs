//! Any bytes as `_last_checkpoint`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: lakeglass_fuzz::let_panics_be_caught(), |bytes: &[u8]| {
    let mut objects = lakeglass_fuzz::fixture("checkpoints");
    objects.insert("_delta_log/_last_checkpoint".to_owned(), bytes.to_vec());
    lakeglass_fuzz::read(&objects);
});
