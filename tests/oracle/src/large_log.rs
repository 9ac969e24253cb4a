//! A table with a great many live files, in one checkpoint and some commits after it: what a log costs to open. It has a log and no
//! data files.

use crate::Result;
use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, MapBuilder, RecordBatch, StringArray, StringBuilder, StructArray,
    new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// The version of the checkpoint.
const CHECKPOINT: u64 = 1000;

/// Data columns that have statistics.
const COLUMNS: usize = 10;

/// What each commit after the checkpoint does: files that it adds, and of older ones, that it removes.
const ADDED: usize = 10;
const REMOVED: usize = 5;

/// Files in one batch of the checkpoint's writer.
const BATCH: usize = 10_000;

/// Writes the log: `files` live files in a checkpoint, `commits` commits after it.
pub fn write(root: &Path, files: usize, commits: usize) -> Result<()> {
    let log = root.join("_delta_log");
    fs::create_dir_all(&log).map_err(|error| error.to_string())?;
    let actions = checkpoint(&log, files)?;
    let last = json!({"version": CHECKPOINT, "size": actions, "numOfAddFiles": files});
    fs::write(log.join("_last_checkpoint"), last.to_string()).unwrap();
    // The checkpoint's own commit is there, as writers leave it.
    for number in 0..=commits {
        let mut commit = File::create(log.join(format!("{:020}.json", CHECKPOINT + number as u64))).unwrap();
        let info = json!({"commitInfo": {"timestamp": 1_700_000_000_000_u64 + number as u64, "operation": "WRITE"}});
        writeln!(commit, "{info}").unwrap();
        if number == 0 {
            continue;
        }
        for i in 0..ADDED {
            let file = files + (number - 1) * ADDED + i;
            let add = json!({"add": {
                "path": path(file), "partitionValues": {"day": day(file), "region": region(file)}, "size": size(file),
                "modificationTime": 1_700_000_000_000_u64, "dataChange": true, "stats": statistics(file),
            }});
            writeln!(commit, "{add}").unwrap();
        }
        for i in 0..REMOVED {
            let file = ((number - 1) * REMOVED + i) * 7 % files;
            let remove = json!({"remove": {
                "path": path(file), "partitionValues": {"day": day(file), "region": region(file)}, "size": size(file),
                "deletionTimestamp": 1_700_000_000_000_u64, "dataChange": true, "extendedFileMetadata": true,
            }});
            writeln!(commit, "{remove}").unwrap();
        }
    }
    Ok(())
}

fn day(file: usize) -> String {
    format!("2024-{:02}-{:02}", file / 28 % 12 + 1, file % 28 + 1)
}

fn region(file: usize) -> String {
    format!("region-{}", file / 336 % 40)
}

fn size(file: usize) -> u64 {
    100_000_000 + scattered(file) % 50_000_000
}

fn path(file: usize) -> String {
    let id = (u128::from(scattered(file)) << 64) | u128::from(scattered(file + 1_000_000_007));
    let id = format!("{id:032x}");
    let uuid = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
    format!("day={}/region={}/part-{:05}-{uuid}.c000.snappy.parquet", day(file), region(file), file % 200)
}

/// The same number for the same file always, and otherwise any.
fn scattered(file: usize) -> u64 {
    let mut value = (file as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// About a kilobyte, as Spark writes them for ten columns.
fn statistics(file: usize) -> String {
    let mut lower = Vec::new();
    let mut upper = Vec::new();
    let mut nulls = Vec::new();
    for column in 0..COLUMNS {
        let value = scattered(file * COLUMNS + column);
        match column % 3 {
            0 => {
                lower.push(format!("\"number_{column}\":{}", value % 1_000_000));
                upper.push(format!("\"number_{column}\":{}", value % 1_000_000 + 1_000_000));
            }
            1 => {
                lower.push(format!("\"name_{column}\":\"aaaa-{value:016x}-lower\""));
                upper.push(format!("\"name_{column}\":\"zzzz-{value:016x}-upper\""));
            }
            _ => {
                lower.push(format!("\"moment_{column}\":\"{}T00:00:00.000Z\"", day(file)));
                upper.push(format!("\"moment_{column}\":\"{}T23:59:59.999Z\"", day(file)));
            }
        }
        let kind = ["number", "name", "moment"][column % 3];
        nulls.push(format!("\"{kind}_{column}\":{}", value % 100));
    }
    let rows = scattered(file) % 1_000_000;
    format!(
        "{{\"numRecords\":{rows},\"minValues\":{{{}}},\"maxValues\":{{{}}},\"nullCount\":{{{}}}}}",
        lower.join(","),
        upper.join(","),
        nulls.join(",")
    )
}

fn table_schema() -> String {
    let mut fields = Vec::new();
    for column in 0..COLUMNS {
        let (name, kind) = [("number", "long"), ("name", "string"), ("moment", "timestamp")][column % 3];
        fields.push(json!({"name": format!("{name}_{column}"), "type": kind, "nullable": true, "metadata": {}}));
    }
    fields.push(json!({"name": "day", "type": "date", "nullable": true, "metadata": {}}));
    fields.push(json!({"name": "region", "type": "string", "nullable": true, "metadata": {}}));
    json!({"type": "struct", "fields": fields}).to_string()
}

/// Writes the checkpoint and returns how many actions it has.
fn checkpoint(log: &Path, files: usize) -> Result<usize> {
    let said = |error: parquet::errors::ParquetError| error.to_string();
    let first = [protocol_row(), metadata_row()];
    let schema = checkpoint_schema();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let file = File::create(log.join(format!("{CHECKPOINT:020}.checkpoint.parquet"))).unwrap();
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(said)?;
    for (name, column) in first {
        writer.write(&row_of(&schema, name, column)).map_err(said)?;
    }
    for start in (0..files).step_by(BATCH) {
        let adds = adds(start, (start + BATCH).min(files));
        writer.write(&row_of(&schema, "add", adds)).map_err(said)?;
    }
    writer.close().map_err(said)?;
    Ok(files + 2)
}

/// Rows that have the action `name` and none else.
fn row_of(schema: &Arc<Schema>, name: &str, action: ArrayRef) -> RecordBatch {
    let columns = schema.fields().iter().map(|field| match field.name() == name {
        true => action.clone(),
        false => new_null_array(field.data_type(), action.len()),
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
}

fn string(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn long(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn integer(name: &str) -> Field {
    Field::new(name, DataType::Int32, true)
}

fn structure(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(fields.into()), true)
}

fn map(name: &str) -> Field {
    Field::new(name, empty_maps(0).data_type().clone(), true)
}

fn list(name: &str) -> Field {
    Field::new_list(name, Field::new("element", DataType::Utf8, true), true)
}

/// A map from names to values, as Parquet spells one.
fn map_builder() -> MapBuilder<StringBuilder, StringBuilder> {
    let names = arrow::array::MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
}

fn empty_maps(rows: usize) -> ArrayRef {
    let mut builder = map_builder();
    (0..rows).for_each(|_| builder.append(true).unwrap());
    Arc::new(builder.finish())
}

fn checkpoint_schema() -> Arc<Schema> {
    let format = structure("format", vec![string("provider"), map("options")]);
    let deletion_vector = structure(
        "deletionVector",
        vec![
            string("storageType"),
            string("pathOrInlineDv"),
            integer("offset"),
            integer("sizeInBytes"),
            long("cardinality"),
        ],
    );
    let add = vec![
        string("path"),
        map("partitionValues"),
        long("size"),
        long("modificationTime"),
        Field::new("dataChange", DataType::Boolean, true),
        string("stats"),
        map("tags"),
        deletion_vector.clone(),
    ];
    let remove = vec![
        string("path"),
        long("deletionTimestamp"),
        Field::new("dataChange", DataType::Boolean, true),
        Field::new("extendedFileMetadata", DataType::Boolean, true),
        map("partitionValues"),
        long("size"),
        deletion_vector,
    ];
    let metadata = vec![
        string("id"),
        format,
        string("schemaString"),
        list("partitionColumns"),
        map("configuration"),
        long("createdTime"),
    ];
    let protocol =
        vec![integer("minReaderVersion"), integer("minWriterVersion"), list("readerFeatures"), list("writerFeatures")];
    Arc::new(Schema::new(vec![
        structure("txn", vec![string("appId"), long("version"), long("lastUpdated")]),
        structure("add", add),
        structure("remove", remove),
        structure("metaData", metadata),
        structure("protocol", protocol),
    ]))
}

/// A struct array with the fields of a checkpoint's action: those given, the others null.
fn action(name: &str, rows: usize, given: &[(&str, ArrayRef)]) -> ArrayRef {
    let schema = checkpoint_schema();
    let DataType::Struct(fields) = schema.field_with_name(name).unwrap().data_type() else { unreachable!() };
    structure_of(fields, rows, given)
}

fn structure_of(fields: &Fields, rows: usize, given: &[(&str, ArrayRef)]) -> ArrayRef {
    let columns = fields.iter().map(|field| {
        let found = given.iter().find(|(name, _)| *name == field.name());
        found.map_or_else(|| new_null_array(field.data_type(), rows), |(_, column)| column.clone())
    });
    let all = NullBuffer::new_valid(rows);
    Arc::new(StructArray::new(fields.clone(), columns.collect(), Some(all)))
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn protocol_row() -> (&'static str, ArrayRef) {
    let version = |number: i32| -> ArrayRef { Arc::new(arrow::array::Int32Array::from(vec![number])) };
    ("protocol", action("protocol", 1, &[("minReaderVersion", version(1)), ("minWriterVersion", version(2))]))
}

fn metadata_row() -> (&'static str, ArrayRef) {
    let schema = checkpoint_schema();
    let DataType::Struct(fields) = schema.field_with_name("metaData").unwrap().data_type() else { unreachable!() };
    let part = |name: &str| fields.find(name).unwrap().1.data_type().clone();
    let DataType::Struct(format) = part("format") else { unreachable!() };
    let mut columns =
        arrow::array::ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
    columns.append_value([Some("day"), Some("region")]);
    let given: [(&str, ArrayRef); 6] = [
        ("id", text("5fba94ed-9794-4965-ba6e-6ee3c0d22af9")),
        ("format", structure_of(&format, 1, &[("provider", text("parquet")), ("options", empty_maps(1))])),
        ("schemaString", text(&table_schema())),
        ("partitionColumns", Arc::new(columns.finish())),
        ("configuration", empty_maps(1)),
        ("createdTime", Arc::new(Int64Array::from(vec![1_700_000_000_000]))),
    ];
    ("metaData", action("metaData", 1, &given))
}

fn adds(start: usize, end: usize) -> ArrayRef {
    let files = start..end;
    let texts =
        |of: fn(usize) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values(files.clone().map(of))) };
    let mut values = map_builder();
    for file in files.clone() {
        for (name, value) in [("day", day(file)), ("region", region(file))] {
            values.keys().append_value(name);
            values.values().append_value(value);
        }
        values.append(true).unwrap();
    }
    let rows = files.len();
    let given: [(&str, ArrayRef); 6] = [
        ("path", texts(path)),
        ("partitionValues", Arc::new(values.finish())),
        ("size", Arc::new(Int64Array::from_iter_values(files.clone().map(|file| size(file) as i64)))),
        ("modificationTime", Arc::new(Int64Array::from(vec![1_700_000_000_000; rows]))),
        ("dataChange", Arc::new(BooleanArray::from(vec![false; rows]))),
        ("stats", texts(statistics)),
    ];
    action("add", rows, &given)
}
