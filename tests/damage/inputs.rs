//! What is damaged, and how.

use crate::mutation::{Numbers, arbitrary_text, binary, json};
use crate::tables::{Objects, load, note_size};
use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;

/// Makes a table with something wrong.
type Damage = fn(&mut Numbers) -> Objects;

/// By name.
pub const INPUTS: [(&str, Damage); 10] = [
    ("commits", commits),
    ("checkpoints", checkpoints),
    ("last checkpoint", last_checkpoint),
    ("deletion vectors", deletion_vectors),
    ("statistics", statistics),
    ("partition values", partition_values),
    ("schemas", schemas),
    ("checksums", checksums),
    ("data files", data_files),
    ("anything", anything),
];

/// The fixtures' tables, by name.
fn fixtures() -> &'static [(String, Objects)] {
    static FIXTURES: OnceLock<Vec<(String, Objects)>> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.retain(|folder| folder.join("table").is_dir());
        folders.sort();
        folders
            .iter()
            .map(|folder| (folder.file_name().unwrap().to_string_lossy().into_owned(), load(&folder.join("table"))))
            .collect()
    })
}

/// A fixture at random that has an object of these.
fn one_with(numbers: &mut Numbers, wanted: impl Fn(&str) -> bool) -> (Objects, String) {
    let all: Vec<_> = fixtures().iter().filter(|(_, objects)| objects.keys().any(|name| wanted(name))).collect();
    let objects = all[numbers.below(all.len())].1.clone();
    let names: Vec<_> = objects.keys().filter(|name| wanted(name)).cloned().collect();
    let name = names[numbers.below(names.len())].clone();
    (objects, name)
}

fn is_commit(name: &str) -> bool {
    name.starts_with("_delta_log/0") && name.ends_with(".json") && !name.contains("checkpoint")
}

fn is_checkpoint(name: &str) -> bool {
    name.contains(".checkpoint.") || name.contains("_sidecars/")
}

fn commits(numbers: &mut Numbers) -> Objects {
    let (mut objects, name) = one_with(numbers, is_commit);
    objects.insert(name.clone(), json(&objects[&name], numbers));
    // Otherwise a checkpoint may cover what is wrong.
    if numbers.below(2) == 0 {
        objects.retain(|name, _| !is_checkpoint(name));
        objects.remove("_delta_log/_last_checkpoint");
    }
    objects
}

fn checkpoints(numbers: &mut Numbers) -> Objects {
    let (mut objects, name) = one_with(numbers, is_checkpoint);
    let bytes = match name.ends_with(".json") {
        true => json(&objects[&name], numbers),
        false => binary(&objects[&name], numbers.below(4) > 0, numbers),
    };
    objects.insert(name.clone(), bytes);
    // The newest version is to need it: without the commits that would stand for it.
    let version: u64 = name.trim_start_matches("_delta_log/").get(..20).and_then(|text| text.parse().ok()).unwrap_or(0);
    objects.retain(|commit, _| !is_commit(commit) || commit[11..31].parse::<u64>().unwrap() > version);
    objects
}

fn last_checkpoint(numbers: &mut Numbers) -> Objects {
    let (mut objects, name) = one_with(numbers, |name| name.ends_with("_last_checkpoint"));
    objects.insert(name.clone(), json(&objects[&name], numbers));
    objects
}

/// Bitmaps in files, and inline ones by their text.
fn deletion_vectors(numbers: &mut Numbers) -> Objects {
    if numbers.below(2) == 0 {
        let (mut objects, name) = one_with(numbers, |name| name.ends_with(".bin"));
        let mut bytes = binary(&objects[&name], numbers.below(3) > 0, numbers);
        if numbers.below(2) == 0 {
            forge_checksums(&mut bytes);
        }
        objects.insert(name, bytes);
        return without_checkpoints(objects);
    }
    let (objects, _) = one_with(numbers, |name| name.ends_with(".bin"));
    edit_actions(without_checkpoints(objects), numbers, |action, numbers| {
        let Some(vector) = action["add"].get_mut("deletionVector").filter(|vector| vector.is_object()) else { return };
        let text = vector["pathOrInlineDv"].as_str().unwrap_or_default().to_owned();
        let decoded = z85::decode(&text).unwrap_or_default();
        match numbers.below(5) {
            0 => vector["cardinality"] = Value::from(numbers.next() as i64),
            1 => vector["sizeInBytes"] = Value::from(numbers.next() as i32),
            2 => vector["offset"] = Value::from(numbers.next() as i32),
            3 => vector["pathOrInlineDv"] = Value::from(arbitrary_text(numbers)),
            _ => {
                let mut bytes = binary(&decoded, false, numbers);
                bytes.resize(bytes.len().div_ceil(4) * 4, 0);
                vector["storageType"] = "i".into();
                vector["sizeInBytes"] = bytes.len().into();
                vector["pathOrInlineDv"] = z85::encode(bytes).into();
            }
        }
    })
}

/// Makes the first bitmap's checksum right again: what is behind the check is to be reached.
fn forge_checksums(bytes: &mut [u8]) {
    let Some(size) = bytes.get(1..5).map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize)
    else {
        return;
    };
    let Some(end) = size.checked_add(5).filter(|end| end + 4 <= bytes.len()) else { return };
    let checksum = crc32fast::hash(&bytes[5..end]);
    bytes[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
}

fn without_checkpoints(mut objects: Objects) -> Objects {
    objects.retain(|name, _| !is_checkpoint(name) && !name.ends_with("_last_checkpoint"));
    // Tables whose first commits are gone keep none: all fixtures have theirs.
    objects
}

/// Changes actions of all commits, each once in three times.
fn edit_actions(mut objects: Objects, numbers: &mut Numbers, edit: impl Fn(&mut Value, &mut Numbers)) -> Objects {
    for (_, bytes) in objects.iter_mut().filter(|(name, _)| is_commit(name)) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let lines = text.lines().map(|line| {
            let mut action: Value = serde_json::from_str(line).unwrap();
            if numbers.below(3) == 0 {
                edit(&mut action, numbers);
            }
            format!("{action}\n")
        });
        *bytes = lines.collect::<String>().into_bytes();
    }
    objects
}

fn statistics(numbers: &mut Numbers) -> Objects {
    let (objects, _) = one_with(numbers, is_commit);
    edit_actions(without_checkpoints(objects), numbers, |action, numbers| {
        let Some(statistics) = action["add"].get_mut("stats") else { return };
        let text = statistics.as_str().unwrap_or_default().to_owned();
        *statistics = String::from_utf8_lossy(&json(text.as_bytes(), numbers)).into_owned().into();
    })
}

fn partition_values(numbers: &mut Numbers) -> Objects {
    let (objects, _) = one_with(numbers, |name| name.contains('=') || name.contains("checkpoint"));
    edit_actions(without_checkpoints(objects), numbers, |action, numbers| {
        let Some(values) = action["add"].get_mut("partitionValues").and_then(Value::as_object_mut) else { return };
        values.values_mut().for_each(|value| *value = arbitrary_text(numbers).into());
    })
}

fn schemas(numbers: &mut Numbers) -> Objects {
    let (objects, _) = one_with(numbers, is_commit);
    edit_actions(without_checkpoints(objects), numbers, |action, numbers| {
        let Some(schema) = action["metaData"].get_mut("schemaString") else { return };
        let text = schema.as_str().unwrap_or_default().to_owned();
        *schema = String::from_utf8_lossy(&json(text.as_bytes(), numbers)).into_owned().into();
    })
}

fn checksums(numbers: &mut Numbers) -> Objects {
    let (mut objects, name) = one_with(numbers, is_commit);
    let checksum = r#"{"tableSizeBytes":10,"numFiles":1,"numMetadata":1,"numProtocol":1,"inCommitTimestampOpt":5,"protocol":{"minReaderVersion":1,"minWriterVersion":2},"metadata":{"id":"t","format":{"provider":"parquet","options":{}},"schemaString":"{}","partitionColumns":[],"configuration":{}}}"#;
    objects.insert(name.replace(".json", ".crc"), json(checksum.as_bytes(), numbers));
    objects
}

fn data_files(numbers: &mut Numbers) -> Objects {
    let (mut objects, name) = one_with(numbers, |name| name.ends_with(".parquet") && !name.starts_with("_delta_log"));
    let bytes = binary(&objects[&name], numbers.below(4) > 0, numbers);
    objects.insert(name.clone(), bytes);
    let mut objects = without_checkpoints(objects);
    note_size(&mut objects, &name);
    objects
}

/// Some object is arbitrary bytes, or another object's.
fn anything(numbers: &mut Numbers) -> Objects {
    let (mut objects, name) = one_with(numbers, |_| true);
    let bytes = match numbers.below(3) {
        0 => (0..numbers.below(200)).map(|_| numbers.next() as u8).collect(),
        1 => Vec::new(),
        _ => one_with(numbers, |_| true).0.into_values().next().unwrap_or_default(),
    };
    objects.insert(name, bytes);
    objects
}
