//! Every fixture, at every version: the rows that its catalogue says.

use crate::scan_fixture::collect;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields, Float32Type, Float64Type, TimestampMicrosecondType};
use arrow::util::display::array_value_to_string;
use lakeglass::Version;
use lakeglass::scan::FooterCache;
use lakeglass::storage::{Meter, Storage};
use lakeglass::table::Table;
use object_store::local::LocalFileSystem;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

fn fixtures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expected.json").exists() && path.join("table/_delta_log").exists())
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn rows_are_the_catalogues() {
    let mut versions = 0;
    for fixture in fixtures() {
        let expected: Value = serde_json::from_slice(&std::fs::read(fixture.join("expected.json")).unwrap()).unwrap();
        let Some(list) = expected["versions"].as_object() else { continue };
        let store = Arc::new(LocalFileSystem::new_with_prefix(fixture.join("table")).unwrap());
        let storage = Storage::from_store(store, object_store::path::Path::default(), "file:///table");
        for (version, expected) in list {
            let what = format!("{} at {version}", fixture.display());
            let wanted = Version::Number(version.parse().unwrap());
            let table = Table::open_in(storage.clone(), wanted, &Meter::default()).await.expect(&what);
            let batches = collect(&table.scan(&FooterCache::default())).await.expect(&what);
            let fields = lakeglass::scan::nullable(&table.snapshot().schema.logical).fields().clone();
            let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
            assert_eq!(Some(rows as u64), expected["rowCount"].as_u64(), "{what}");
            if let Some(expected) = expected["rows"].as_array() {
                let mut expected: Vec<String> = expected.iter().map(|row| object(row, &fields)).collect();
                let mut actual = Vec::new();
                for batch in &batches {
                    actual.extend((0..batch.num_rows()).map(|row| struct_text(batch.columns(), &fields, row)));
                }
                expected.sort();
                actual.sort();
                assert_eq!(actual, expected, "{what}");
            }
            versions += 1;
        }
    }
    assert!(versions > 0, "no fixture was read");
}

/// An expected value, spelled as [`text`] does.
fn expected_text(value: &Value, data_type: &DataType) -> String {
    match (value, data_type) {
        (Value::Null, _) => "null".into(),
        (value, DataType::Struct(fields)) => object(value, fields),
        (Value::Array(items), DataType::List(item)) => {
            let items: Vec<String> = items.iter().map(|value| expected_text(value, item.data_type())).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::Array(pairs), DataType::Map(entries, _)) => {
            let (key, entry) = key_and_value(entries);
            let pair = |pair: &Value| {
                format!("{}: {}", expected_text(&pair[0], key.data_type()), expected_text(&pair[1], entry.data_type()))
            };
            format!("<{}>", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        // A scan knows one zero.
        (Value::String(text), DataType::Float32) => float(f64::from(text.parse::<f32>().unwrap()) + 0.0),
        (Value::String(text), DataType::Float64) => float(text.parse::<f64>().unwrap() + 0.0),
        (Value::String(text), _) => text.clone(),
        (other, data_type) => panic!("{other} is no {data_type}"),
    }
}

fn object(row: &Value, fields: &Fields) -> String {
    let value = |field: &Arc<Field>| {
        format!("{}: {}", field.name(), expected_text(row.get(field.name()).unwrap_or(&Value::Null), field.data_type()))
    };
    format!("{{{}}}", fields.iter().map(value).collect::<Vec<_>>().join(", "))
}

fn struct_text(columns: &[ArrayRef], fields: &Fields, row: usize) -> String {
    let value = |(field, column): (&Arc<Field>, &ArrayRef)| format!("{}: {}", field.name(), text(column, row));
    format!("{{{}}}", fields.iter().zip(columns).map(value).collect::<Vec<_>>().join(", "))
}

/// One value as the catalogue spells it.
fn text(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "null".into();
    }
    let list = |items: ArrayRef| (0..items.len()).map(|row| text(&items, row)).collect::<Vec<_>>();
    match array.data_type() {
        DataType::Struct(fields) => struct_text(array.as_struct().columns(), fields, row),
        DataType::List(_) => format!("[{}]", list(array.as_list::<i32>().value(row)).join(", ")),
        DataType::Map(_, _) => {
            let pairs = array.as_map().value(row);
            let pairs = list(pairs.column(0).clone()).into_iter().zip(list(pairs.column(1).clone()));
            format!("<{}>", pairs.map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", "))
        }
        DataType::Float32 => float(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, _) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Timestamp(_, zone) => {
            let at = array.as_primitive::<TimestampMicrosecondType>().value_as_datetime(row).unwrap();
            format!("{}{}", at.format("%Y-%m-%dT%H:%M:%S%.6f"), if zone.is_some() { "Z" } else { "" })
        }
        _ => array_value_to_string(array, row).unwrap(),
    }
}

fn float(value: f64) -> String {
    format!("{value:?}")
}

fn key_and_value(entries: &Field) -> (&Field, &Field) {
    let DataType::Struct(fields) = entries.data_type() else { panic!("{entries} is no map's entry") };
    (&fields[0], &fields[1])
}
