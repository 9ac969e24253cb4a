//! Checkpoints in [every form](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoints) that the specification has.

use super::numbers::Numbers;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use serde_json::{Value as Json, json};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// A checkpoint's form.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    Classic,
    Parts(usize),
    /// With so many sidecars.
    V2 {
        json: bool,
        classic_name: bool,
        sidecars: usize,
    },
}

impl Form {
    pub fn random(numbers: &mut Numbers) -> Form {
        match numbers.below(5) {
            0 => Form::Classic,
            1 => Form::Parts(2 + numbers.below(3)),
            2 => Form::V2 { json: true, classic_name: false, sidecars: numbers.below(3) },
            _ => Form::V2 { json: false, classic_name: numbers.once_in(2), sidecars: numbers.below(3) },
        }
    }
}

/// Writes the checkpoint of a version, and most often the word about it. `files` are its `add` and `remove` actions, `others` the rest.
pub fn write(log: &Path, version: u64, files: &[Json], others: &[Json], form: Form, numbers: &mut Numbers) {
    let mut hint = json!({"version": version, "size": files.len() + others.len()});
    match form {
        Form::Classic => {
            let actions: Vec<_> = others.iter().chain(files).cloned().collect();
            write_parquet(&log.join(format!("{version:020}.checkpoint.parquet")), &actions);
        }
        Form::Parts(parts) => {
            let actions: Vec<_> = others.iter().chain(files).cloned().collect();
            for part in 0..parts {
                let some: Vec<_> = actions.iter().skip(part).step_by(parts).cloned().collect();
                let name = format!("{version:020}.checkpoint.{:010}.{parts:010}.parquet", part + 1);
                write_parquet(&log.join(name), &some);
            }
            hint["parts"] = json!(parts);
        }
        Form::V2 { json, classic_name, sidecars } => {
            let mut actions = vec![json!({"checkpointMetadata": {"version": version}})];
            actions.extend_from_slice(others);
            if sidecars == 0 {
                actions.extend_from_slice(files);
            }
            for sidecar in 0..sidecars {
                let some: Vec<_> = files.iter().skip(sidecar).step_by(sidecars).cloned().collect();
                let name = format!("{}.parquet", numbers.uuid());
                fs::create_dir_all(log.join("_sidecars")).unwrap();
                let path = log.join("_sidecars").join(&name);
                write_parquet(&path, &some);
                let size = path.metadata().unwrap().len();
                actions.push(
                    json!({"sidecar": {"path": name, "sizeInBytes": size, "modificationTime": 1_700_000_000_000_u64}}),
                );
            }
            let name = match (json, classic_name) {
                (true, _) => format!("{version:020}.checkpoint.{}.json", numbers.uuid()),
                (false, false) => format!("{version:020}.checkpoint.{}.parquet", numbers.uuid()),
                (false, true) => format!("{version:020}.checkpoint.parquet"),
            };
            let path = log.join(&name);
            match json {
                true => fs::write(&path, lines(&actions)).unwrap(),
                false => write_parquet(&path, &actions),
            }
            let size = path.metadata().unwrap().len();
            hint["v2Checkpoint"] =
                json!({"path": name, "sizeInBytes": size, "modificationTime": 1_700_000_000_000_u64});
        }
    }
    match numbers.below(6) {
        0 => drop(fs::remove_file(log.join("_last_checkpoint"))),
        1 => {} // the one before stays
        2 => fs::write(log.join("_last_checkpoint"), "{\"version\":").unwrap(),
        _ => fs::write(log.join("_last_checkpoint"), hint.to_string()).unwrap(),
    }
}

/// Actions as a commit has them.
pub fn lines(actions: &[Json]) -> String {
    actions.iter().map(|action| format!("{action}\n")).collect()
}

fn write_parquet(path: &Path, actions: &[Json]) {
    let schema = Arc::new(schema());
    let mut decoder = ReaderBuilder::new(schema.clone()).with_batch_size(actions.len().max(1)).build_decoder().unwrap();
    decoder.serialize(actions).unwrap();
    let batch = decoder.flush().unwrap().unwrap_or_else(|| RecordBatch::new_empty(schema.clone()));
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(File::create(path).unwrap(), schema, options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn schema() -> Schema {
    let of = |name: &str, kind: DataType| Field::new(name, kind, true);
    let text = |name: &str| of(name, DataType::Utf8);
    let long = |name: &str| of(name, DataType::Int64);
    let integer = |name: &str| of(name, DataType::Int32);
    let boolean = |name: &str| of(name, DataType::Boolean);
    let group = |name: &str, fields: Vec<Field>| of(name, DataType::Struct(fields.into()));
    let map = |name: &str| {
        let entries = DataType::Struct(vec![Field::new("key", DataType::Utf8, false), text("value")].into());
        of(name, DataType::Map(Arc::new(Field::new("key_value", entries, false)), false))
    };
    let list = |name: &str| of(name, DataType::List(Arc::new(text("element"))));
    let vector = group(
        "deletionVector",
        vec![
            text("storageType"),
            text("pathOrInlineDv"),
            integer("offset"),
            integer("sizeInBytes"),
            long("cardinality"),
        ],
    );
    let row_tracking = [long("baseRowId"), long("defaultRowCommitVersion")];
    let mut add = vec![
        text("path"),
        map("partitionValues"),
        long("size"),
        long("modificationTime"),
        boolean("dataChange"),
        text("stats"),
        map("tags"),
        vector.clone(),
    ];
    add.extend(row_tracking.clone());
    let mut remove = vec![
        text("path"),
        long("deletionTimestamp"),
        boolean("dataChange"),
        boolean("extendedFileMetadata"),
        map("partitionValues"),
        long("size"),
        vector,
    ];
    remove.extend(row_tracking);
    let format = group("format", vec![text("provider"), map("options")]);
    let metadata = vec![
        text("id"),
        text("name"),
        text("description"),
        format,
        text("schemaString"),
        list("partitionColumns"),
        map("configuration"),
        long("createdTime"),
    ];
    let protocol =
        vec![integer("minReaderVersion"), integer("minWriterVersion"), list("readerFeatures"), list("writerFeatures")];
    Schema::new(vec![
        group("txn", vec![text("appId"), long("version"), long("lastUpdated")]),
        group("add", add),
        group("remove", remove),
        group("metaData", metadata),
        group("protocol", protocol),
        group("domainMetadata", vec![text("domain"), text("configuration"), boolean("removed")]),
        group("checkpointMetadata", vec![long("version"), map("tags")]),
        group("sidecar", vec![text("path"), long("sizeInBytes"), long("modificationTime"), map("tags")]),
    ])
}
