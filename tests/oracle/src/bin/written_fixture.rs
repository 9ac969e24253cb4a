//! `written_fixture FOLDER SEED NOTE`: a fixture from the writer in this package. FOLDER gets `table/` and `expected.json`, whose rows are
//! those that the writer knows the table to have. `scripts/fixtures` runs it.

use lakeglass_oracle::spell;
use lakeglass_oracle::writer::history::History;
use lakeglass_oracle::writer::kind::{Mapping, schema_json};
use serde_json::json;
use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, seed, note] = arguments.as_slice() else { panic!("written_fixture FOLDER SEED NOTE") };
    let folder = Path::new(folder);
    let _ = std::fs::remove_dir_all(folder);
    let history = History::write(&folder.join("table"), seed.parse().unwrap(), false);
    let mut versions = Vec::new();
    for (number, version) in history.versions.iter().enumerate() {
        let mut rows: Vec<_> = spell::rows(&version.batch()).iter().map(|row| row.to_string()).collect();
        rows.sort();
        let schema = &schema_json(&version.columns, Mapping::None)["fields"];
        let rows_text =
            if rows.is_empty() { "[]".into() } else { format!("[\n        {}\n      ]", rows.join(",\n        ")) };
        versions.push(format!(
            "    \"{number}\": {{\n      \"schema\": {schema},\n      \"rowCount\": {},\n      \"rows\": {rows_text}\n    }}",
            rows.len()
        ));
    }
    let text = format!("{{\n  \"note\": {},\n  \"versions\": {{\n{}\n  }}\n}}\n", json!(note), versions.join(",\n"));
    std::fs::write(folder.join("expected.json"), text).unwrap();
}
