//! Any text as a file's statistics.
#![no_main]

libfuzzer_sys::fuzz_target!(init: lakeglass_fuzz::let_panics_be_caught(), |text: &str| {
    let objects = lakeglass_fuzz::edited("primitive_types", |add| add["stats"] = text.into());
    lakeglass_fuzz::read(&objects);
});
