//! Any bytes as an inline deletion vector; the first two are how many rows it is said to delete.
#![no_main]

use serde_json::json;

libfuzzer_sys::fuzz_target!(init: lakeglass_fuzz::let_panics_be_caught(), |bytes: &[u8]| {
    let Some((count, bitmap)) = bytes.split_first_chunk::<2>() else { return };
    let mut padded = bitmap.to_vec();
    padded.resize(bitmap.len().div_ceil(4) * 4, 0);
    let text = z85::encode(padded);
    let objects = lakeglass_fuzz::edited("primitive_types", |add| {
        add["deletionVector"] = json!({
            "storageType": "i", "pathOrInlineDv": text, "sizeInBytes": bitmap.len(), "cardinality": u16::from_le_bytes(*count),
        });
    });
    lakeglass_fuzz::read(&objects);
});
