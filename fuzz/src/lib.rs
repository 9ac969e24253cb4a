//! What the fuzz targets share: a table around the bytes under test, and a reader that has to end with rows or with an error that says
//! what is wrong.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a target fails by panicking")]

#[path = "../../tests/damage/tables.rs"]
mod tables;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub use tables::Objects;

/// What damage may be called.
const CODES: [&str; 4] = ["corrupt_table", "unsupported_feature", "table_not_found", "version_not_found"];

/// Reads the table. Panics on an error of another kind.
pub fn read(objects: &Objects) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Err(error) = runtime.block_on(tables::read(objects)) {
        let code = error.code();
        assert!(CODES.contains(&code.as_str()), "{code}: {error}");
    }
}

/// The reader catches what the Parquet crate panics on; libFuzzer's own hook would end the run at each. One that nobody catches still
/// does.
pub fn let_panics_be_caught() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// A fixture's table. It is read from the disk once.
pub fn fixture(name: &str) -> Objects {
    static FIXTURES: Mutex<BTreeMap<String, Objects>> = Mutex::new(BTreeMap::new());
    let folder = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name).join("table");
    let mut fixtures = FIXTURES.lock().unwrap_or_else(PoisonError::into_inner);
    fixtures.entry(name.to_owned()).or_insert_with(|| tables::load(&folder())).clone()
}

/// A fixture's table whose `add` actions are edited.
pub fn edited(name: &str, edit: impl Fn(&mut Value)) -> Objects {
    let mut objects = fixture(name);
    objects.retain(|name, _| !name.contains("checkpoint"));
    for (_, bytes) in objects.iter_mut().filter(|(name, _)| name.starts_with("_delta_log/0")) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines = text.lines().map(|line| {
            let mut action: Value = serde_json::from_str(line).unwrap();
            if let Some(add) = action.get_mut("add") {
                edit(add);
            }
            format!("{action}\n")
        });
        *bytes = lines.collect::<String>().into_bytes();
    }
    objects
}

/// A log that begins with a checkpoint of these bytes.
pub fn checkpoint(bytes: &[u8]) -> Objects {
    let name = "_delta_log/00000000000000000005.checkpoint.parquet".to_owned();
    let hint = json!({"version": 5, "size": 3}).to_string().into_bytes();
    Objects::from([(name, bytes.to_vec()), ("_delta_log/_last_checkpoint".to_owned(), hint)])
}

/// The table of a fixture whose one data file has these bytes.
pub fn data_file(name: &str, bytes: &[u8]) -> Objects {
    let mut objects = fixture(name);
    let file = objects.keys().find(|name| name.ends_with(".parquet")).unwrap().clone();
    objects.insert(file.clone(), bytes.to_vec());
    tables::note_size(&mut objects, &file);
    objects
}
