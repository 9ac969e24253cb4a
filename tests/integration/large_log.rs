//! Large logs made for a test: a checkpoint of many files as Spark writes it, with statistics of ten columns each.

use crate::delta_fixture::{Objects, add, checkpoint_name, commit_info, commit_name, last_checkpoint, lines};
use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder,
    StructArray, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};
use std::sync::Arc;

/// Files of one partition.
const PER_DAY: usize = 1_000;

const BATCH: usize = 10_000;

pub fn schema_string() -> String {
    let field =
        |name: &str, data_type: &str| json!({"name": name, "type": data_type, "nullable": true, "metadata": {}});
    let mut fields: Vec<Value> = (0..5).map(|i| field(&format!("number_{i}"), "long")).collect();
    fields.extend((0..3).map(|i| field(&format!("text_{i}"), "string")));
    fields.extend([
        field("time", "timestamp"),
        field("price", "double"),
        field("day", "date"),
        field("region", "string"),
    ]);
    json!({"type": "struct", "fields": fields}).to_string()
}

pub fn path(file: usize) -> String {
    let (day, region) = (day(file), region(file));
    let unique = (file as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    format!("day={day}/region={region}/part-{:05}-{:032x}.c000.snappy.parquet", file % 200, unique)
}

pub fn day(file: usize) -> String {
    let day = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new((file / PER_DAY) as u64);
    day.to_string()
}

fn region(file: usize) -> &'static str {
    ["eu-west", "us-east", "ap-south"][file % 3]
}

/// About a thousand characters, different for every file. `number_0` is the file's number times ten.
fn stats(file: usize) -> String {
    let n = file as u64;
    let mix = |i: u64| (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(i as u32 * 7) >> 12;
    let bounds = |high: bool| {
        let mut text = String::from("{");
        text.push_str(&format!("\"number_0\":{},", n * 10 + if high { 9 } else { 0 }));
        for i in 1..5 {
            text.push_str(&format!("\"number_{i}\":{},", mix(i) + u64::from(high) * 1_000));
        }
        for i in 0..3 {
            text.push_str(&format!(
                "\"text_{i}\":\"{}{:016x}{:013x}\",",
                if high { "z" } else { "a" },
                mix(i + 5),
                mix(i + 1)
            ));
        }
        let seconds = (n * 61 + u64::from(high) * 60) % 86_400;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        text.push_str(&format!("\"time\":\"{}T{hours:02}:{minutes:02}:{seconds:02}.000Z\",", day(file)));
        text.push_str(&format!("\"price\":{}.{:02}}}", mix(9) % 10_000, n % 100));
        text
    };
    let nulls: Vec<String> = (0..5).map(|i| format!("\"number_{i}\":0")).collect();
    let more: Vec<String> = (0..3).map(|i| format!("\"text_{i}\":{}", n % 7 + i)).collect();
    format!(
        "{{\"numRecords\":{},\"minValues\":{},\"maxValues\":{},\"nullCount\":{{{},{},\"time\":0,\"price\":0}}}}",
        1_000 + n % 10,
        bounds(false),
        bounds(true),
        nulls.join(","),
        more.join(",")
    )
}

/// A table of `files` files in a checkpoint at version 10, and `commits` commits behind it, each of which adds a file and
/// removes one.
pub fn large(files: usize, commits: u64) -> Objects {
    large_of(files, commits, false, 100_000)
}

/// The same without commits, in row groups of so many rows.
#[cfg(feature = "sql")]
pub fn large_in_groups(files: usize, rows: usize) -> Objects {
    large_of(files, 0, false, rows)
}

/// The same, with `stats_parsed` of one column in place of `stats`.
pub fn large_parsed(files: usize) -> Objects {
    large_of(files, 0, true, 100_000)
}

fn large_of(files: usize, commits: u64, parsed: bool, group_rows: usize) -> Objects {
    let mut objects = Objects::new();
    objects.insert(checkpoint_name(10), checkpoint(files, parsed, group_rows));
    objects.extend([last_checkpoint(10)]);
    for version in 11..=10 + commits {
        let mut added = add(&format!("new-{version}.parquet"));
        added["add"]["partitionValues"] = json!({"day": "2024-01-01", "region": "eu-west"});
        let removed = json!({"remove": {"path": path(version as usize), "dataChange": true, "deletionTimestamp": 1}});
        objects.insert(commit_name(version), lines(&[commit_info(version as i64), added, removed]));
    }
    objects
}

fn checkpoint(files: usize, parsed: bool, group_rows: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let first = control(parsed);
    let options = parquet::arrow::arrow_writer::ArrowWriterOptions::new()
        .with_properties(
            WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .set_max_row_group_row_count(Some(group_rows))
                .set_data_page_row_count_limit(20_000)
                .build(),
        )
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, first.schema(), options).unwrap();
    writer.write(&first).unwrap();
    for start in (0..files).step_by(BATCH) {
        writer.write(&adds(&first.schema(), start..files.min(start + BATCH), parsed)).unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn text(value: Option<&str>, rows: usize) -> ArrayRef {
    Arc::new(StringArray::from(vec![value; rows]))
}

fn group(columns: Vec<(&str, ArrayRef)>, valid: Vec<bool>) -> ArrayRef {
    let fields: Fields =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    Arc::new(StructArray::new(
        fields,
        columns.into_iter().map(|(_, array)| array).collect(),
        Some(NullBuffer::from(valid)),
    ))
}

/// Protocol and metadata: two rows.
fn control(parsed: bool) -> RecordBatch {
    let version = |value: i32| Arc::new(Int32Array::from(vec![value, 0])) as ArrayRef;
    let protocol = group(vec![("minReaderVersion", version(1)), ("minWriterVersion", version(2))], vec![true, false]);
    let mut columns = arrow::array::ListBuilder::new(StringBuilder::new());
    columns.append_null();
    columns.append_value([Some("day"), Some("region")]);
    let schema_string = schema_string();
    let metadata = group(
        vec![
            ("id", text(Some("large"), 2)),
            ("schemaString", text(Some(&schema_string), 2)),
            ("partitionColumns", Arc::new(columns.finish()) as ArrayRef),
        ],
        vec![false, true],
    );
    let add = new_null_array(add_of(0..0, parsed).data_type(), 2);
    RecordBatch::try_from_iter_with_nullable([
        ("add", add, true),
        ("protocol", protocol, true),
        ("metaData", metadata, true),
    ])
    .unwrap()
}

fn adds(schema: &SchemaRef, files: std::ops::Range<usize>, parsed: bool) -> RecordBatch {
    let rows = files.len();
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "add" => add_of(files.clone(), parsed),
        _ => new_null_array(field.data_type(), rows),
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
}

fn add_of(files: std::ops::Range<usize>, parsed: bool) -> ArrayRef {
    let rows = files.len();
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut partition = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for file in files.clone() {
        partition.keys().append_value("day");
        partition.values().append_value(day(file));
        partition.keys().append_value("region");
        partition.values().append_value(region(file));
        partition.append(true).unwrap();
    }
    let vector: Vec<(&str, ArrayRef)> = vec![
        ("storageType", text(None, rows)),
        ("pathOrInlineDv", text(None, rows)),
        ("offset", Arc::new(Int32Array::from(vec![None; rows]))),
        ("sizeInBytes", Arc::new(Int32Array::from(vec![None; rows]))),
        ("cardinality", Arc::new(Int64Array::from(vec![None; rows]))),
    ];
    let long = |value: fn(usize) -> i64| Arc::new(Int64Array::from_iter_values(files.clone().map(value))) as ArrayRef;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("path", Arc::new(StringArray::from_iter_values(files.clone().map(path)))),
        ("partitionValues", Arc::new(partition.finish())),
        ("size", long(|file| 1_000_000 + file as i64)),
        ("modificationTime", long(|file| 1_700_000_000_000 + file as i64)),
        ("dataChange", Arc::new(BooleanArray::from(vec![false; rows]))),
        match parsed {
            true => ("stats_parsed", stats_parsed(&long, rows)),
            false => ("stats", Arc::new(StringArray::from_iter_values(files.clone().map(stats)))),
        },
        ("deletionVector", group(vector, vec![false; rows])),
        ("baseRowId", new_null_array(&DataType::Int64, rows)),
    ];
    group(columns, vec![true; rows])
}

/// The lower bound in `stats_parsed`, nine below the upper one. It does not compress.
pub fn parsed_min(file: usize) -> i64 {
    ((file as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 12) as i64
}

fn stats_parsed(long: &dyn Fn(fn(usize) -> i64) -> ArrayRef, rows: usize) -> ArrayRef {
    let of_column = |value: fn(usize) -> i64| group(vec![("number_0", long(value))], vec![true; rows]);
    let columns = vec![
        ("numRecords", long(|file| 1_000 + file as i64 % 10)),
        ("minValues", of_column(parsed_min)),
        ("maxValues", of_column(|file| parsed_min(file) + 9)),
        ("nullCount", of_column(|file| file as i64 % 3)),
    ];
    group(columns, vec![true; rows])
}
