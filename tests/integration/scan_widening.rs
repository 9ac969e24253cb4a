//! [Type widening](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#type-widening): every change of the specification's table,
//! in a column, in nested fields and in a partition column, from the log to the rows.

use crate::delta_fixture::{Objects, commit_info, commit_name, lines};
use crate::scan_fixture::{collect, parquet, texts};
use arrow::array::{ArrayRef, ListArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use lakeglass::scan::FooterCache;
use lakeglass::storage::{Meter, Storage};
use lakeglass::{Result, Table, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};
use std::sync::Arc;

/// The type before, what it may become, and values of it.
const CHANGES: &[(&str, &[&str], [&str; 2])] = &[
    ("byte", &["short", "integer", "long", "double", "decimal(10,0)", "decimal(13,3)"], ["-128", "127"]),
    ("short", &["integer", "long", "double", "decimal(10,0)", "decimal(12,2)"], ["-32768", "32767"]),
    ("integer", &["long", "double", "decimal(10,0)", "decimal(38,28)"], ["-2147483648", "2147483647"]),
    ("long", &["decimal(20,0)", "decimal(22,2)"], ["-9223372036854775808", "9223372036854775807"]),
    ("float", &["double"], ["-0.5", "1234.25"]),
    ("decimal(5,2)", &["decimal(6,2)", "decimal(10,2)", "decimal(8,5)", "decimal(38,18)"], ["-999.99", "0.01"]),
    ("decimal(18,0)", &["decimal(19,0)", "decimal(38,20)"], ["-999999999999999999", "7"]),
    ("date", &["timestamp_ntz"], ["0001-01-01", "2024-02-29"]),
];

/// As data files had it.
fn arrow(name: &str) -> DataType {
    match name {
        "byte" => DataType::Int8,
        "short" => DataType::Int16,
        "integer" => DataType::Int32,
        "long" => DataType::Int64,
        "float" => DataType::Float32,
        "date" => DataType::Date32,
        decimal => {
            let (precision, scale) = digits(decimal);
            DataType::Decimal128(precision, scale as i8)
        }
    }
}

fn digits(decimal: &str) -> (u8, usize) {
    let digits = decimal.strip_prefix("decimal(").unwrap().strip_suffix(')').unwrap();
    let (precision, scale) = digits.split_once(',').unwrap();
    (precision.parse().unwrap(), scale.parse().unwrap())
}

/// A value's text in the type that it has become.
fn widened(text: &str, from: &str, to: &str) -> String {
    match to {
        "timestamp_ntz" => format!("{text}T00:00:00"),
        "double" if from != "float" => format!("{text}.0"),
        decimal if decimal.starts_with("decimal") => {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            match digits(decimal).1 {
                0 => whole.into(),
                scale => format!("{whole}.{part:0<scale$}"),
            }
        }
        _ => text.into(),
    }
}

/// One row: a value by itself, in a struct, in a list, and as a map's key and value.
fn file(from: &str, text: &str) -> Vec<u8> {
    let value = cast(&StringArray::from(vec![text]), &arrow(from)).unwrap();
    let of = |name: &str, nullable: bool| Arc::new(Field::new(name, arrow(from), nullable));
    let one = || OffsetBuffer::from_lengths([1]);
    let list = ListArray::new(of("element", true), one(), value.clone(), None);
    let entry: Fields = vec![of("key", false), of("value", true)].into();
    let pairs = StructArray::new(entry.clone(), vec![value.clone(), value.clone()], None);
    let entries = Arc::new(Field::new("key_value", DataType::Struct(entry), false));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("c", value.clone()),
        ("s", Arc::new(StructArray::new(vec![of("f", true)].into(), vec![value], None))),
        ("l", Arc::new(list)),
        ("m", Arc::new(MapArray::new(entries, one(), pairs, None, false))),
    ];
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    parquet(&RecordBatch::try_from_iter_with_nullable(columns).unwrap(), WriterProperties::default())
}

fn schema(from: &str, to: &str) -> String {
    let change = |path: &[&str]| {
        let changes = path.iter().map(|path| match *path {
            "" => json!({"fromType": from, "toType": to}),
            path => json!({"fromType": from, "toType": to, "fieldPath": path}),
        });
        json!({"delta.typeChanges": changes.collect::<Vec<_>>()})
    };
    let column = |name: &str, kind: Value, metadata: Value| json!({"name": name, "type": kind, "nullable": true, "metadata": metadata});
    let inner = json!({"type": "struct", "fields": [column("f", json!(to), change(&[""]))]});
    let list = json!({"type": "array", "elementType": to, "containsNull": true});
    let map = json!({"type": "map", "keyType": to, "valueType": to, "valueContainsNull": true});
    let fields = [
        column("c", json!(to), change(&[""])),
        column("s", inner, json!({})),
        column("l", list, change(&["element"])),
        column("m", map, change(&["key", "value"])),
        column("p", json!(to), change(&[""])),
    ];
    json!({"type": "struct", "fields": fields}).to_string()
}

/// The rows of a table whose files have the values as `from`, and which says that they are `to`.
async fn rows(feature: &str, from: &str, to: &str, values: &[&str]) -> Result<Vec<String>> {
    let protocol = json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": [feature, "timestampNtz"],
        "writerFeatures": [feature, "timestampNtz"]}});
    let metadata = json!({"metaData": {"id": "t", "format": {"provider": "parquet", "options": {}}, "schemaString": schema(from, to),
        "partitionColumns": ["p"], "configuration": {"delta.enableTypeWidening": "true"}}});
    let mut actions = vec![commit_info(1), protocol, metadata];
    let mut objects = Objects::new();
    for (at, text) in values.iter().enumerate() {
        let (path, bytes) = (format!("{at}.parquet"), file(from, text));
        actions.push(
            json!({"add": {"path": path, "partitionValues": {"p": text}, "size": bytes.len(), "modificationTime": 1,
            "dataChange": true}}),
        );
        objects.insert(path, bytes);
    }
    // The last action comes first.
    actions[3..].reverse();
    objects.insert(commit_name(0), lines(&actions));
    let store = InMemory::new();
    for (name, bytes) in objects {
        store.put(&Path::parse(name).unwrap(), bytes.into()).await.unwrap();
    }
    let storage = Storage::from_store(Arc::new(store), Path::default(), "memory:///table/");
    let table = Table::open_in(storage, Version::Latest, &Meter::default()).await?;
    Ok(texts(&collect(&table.scan(&FooterCache::default())).await?))
}

#[tokio::test]
async fn every_change_of_the_specification() {
    for (from, wider, values) in CHANGES {
        for to in *wider {
            let expected = values.map(|text| {
                let value = widened(text, from, to);
                format!("{value} | {{f: {value}}} | [{value}] | {{{value}: {value}}} | {value}")
            });
            for feature in ["typeWidening", "typeWidening-preview"] {
                assert_eq!(rows(feature, from, to, values).await.unwrap(), expected, "{from} -> {to}");
            }
        }
    }
}

#[tokio::test]
async fn other_changes_are_refused() {
    for (from, to, text) in [
        ("long", "double", "1"),
        ("integer", "short", "1"),
        ("date", "timestamp", "2024-02-29"),
        ("decimal(5,2)", "decimal(6,4)", "1.00"),
    ] {
        let refused = rows("typeWidening", from, to, &[text]).await;
        assert_eq!(refused.unwrap_err().code().as_str(), "unsupported_feature", "{from} -> {to}");
    }
}
