//! Any text as a partition value of a column; the first byte picks which.
#![no_main]

libfuzzer_sys::fuzz_target!(init: lakeglass_fuzz::let_panics_be_caught(), |bytes: &[u8]| {
    let Some((column, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let objects = lakeglass_fuzz::edited("partition_types", |add| {
        let Some(values) = add["partitionValues"].as_object_mut() else { return };
        let column = usize::from(*column) % values.len();
        if let Some(value) = values.values_mut().nth(column) {
            *value = text.into();
        }
    });
    lakeglass_fuzz::read(&objects);
});
