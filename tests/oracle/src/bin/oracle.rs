//! What delta_kernel reads of a table: `oracle FOLDER [VERSION]` prints one JSON object, with the columns' types, the number of rows
//! and their digest, or with the error. The conformance run asks it, which is built with other features than this.

use lakeglass_oracle::{Content, kernel, spell};
use serde_json::{Value, json};
use std::path::Path;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_default();
    let version = arguments.next().and_then(|version| version.parse().ok());
    // What it has no answer for, it may also panic on: that is said like an error.
    let answer = std::panic::catch_unwind(|| kernel::read(Path::new(&folder), version));
    println!(
        "{}",
        match answer {
            Ok(Ok(content)) => described(&content),
            Ok(Err(error)) => json!({ "error": error }),
            Err(_) => json!({ "error": "it panicked" }),
        }
    );
}

fn described(content: &Content) -> Value {
    let rows = content.rows();
    json!({
        "version": content.version,
        "types": content.types(),
        "rowCount": rows.len(),
        "digest": spell::digest(&rows),
        "first": rows.first(),
    })
}
