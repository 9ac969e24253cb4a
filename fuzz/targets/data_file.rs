//! Any bytes as a data file; its first picks the table.
#![no_main]

libfuzzer_sys::fuzz_target!(init: lakeglass_fuzz::let_panics_be_caught(), |bytes: &[u8]| {
    let Some((table, bytes)) = bytes.split_first() else { return };
    let table = if table % 2 == 0 { "nested_types" } else { "primitive_types" };
    lakeglass_fuzz::read(&lakeglass_fuzz::data_file(table, bytes));
});
