//! Values and types as text, in the one spelling that every comparison here uses: that of tests/fixtures/README.md.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::*;
use arrow::temporal_conversions::{date32_to_datetime, timestamp_us_to_datetime};
use serde_json::{Value, json};

/// The rows of a batch as JSON objects, keys sorted.
pub fn rows(batch: &RecordBatch) -> Vec<Value> {
    (0..batch.num_rows())
        .map(|row| {
            let names = batch.schema_ref().fields().iter().map(|field| field.name().clone());
            object(names.zip(batch.columns().iter().map(|column| value(column, row))).collect())
        })
        .collect()
}

/// An object with its keys sorted, whatever serde_json's features make of insertion order.
fn object(mut fields: Vec<(String, Value)>) -> Value {
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(fields.into_iter().collect())
}

/// One value.
pub fn value(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().iter();
            object(
                fields.iter().zip(columns).map(|(field, column)| (field.name().clone(), value(column, row))).collect(),
            )
        }
        DataType::List(_) => items(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => items(&array.as_list::<i64>().value(row)),
        DataType::Map(_, _) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            Value::Array((0..entries.len()).map(|i| json!([value(keys, i), value(values, i)])).collect())
        }
        _ => Value::String(scalar(array, row)),
    }
}

fn items(array: &ArrayRef) -> Value {
    Value::Array((0..array.len()).map(|i| value(array, i)).collect())
}

fn scalar(array: &ArrayRef, row: usize) -> String {
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        // A scan yields one zero; delta_kernel yields both.
        DataType::Float32 => format!("{:?}", array.as_primitive::<Float32Type>().value(row) + 0.0).to_lowercase(),
        DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row) + 0.0).to_lowercase(),
        DataType::Decimal128(_, _) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::Binary => hex(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => hex(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => hex(array.as_binary_view().value(row)),
        DataType::Date32 => {
            let day = array.as_primitive::<Date32Type>().value(row);
            date32_to_datetime(day).map_or_else(|| format!("day {day}"), |day| day.format("%Y-%m-%d").to_string())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let suffix = if zone.is_some() { "Z" } else { "" };
            timestamp_us_to_datetime(micros)
                .map_or_else(|| format!("{micros} us"), |at| at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string() + suffix)
        }
        other => format!("a value of the type {other}, which no Delta type is read as"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The Delta type that an Arrow type stands for.
pub fn arrow_type(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "boolean".into(),
        DataType::Int8 => "byte".into(),
        DataType::Int16 => "short".into(),
        DataType::Int32 => "integer".into(),
        DataType::Int64 => "long".into(),
        DataType::Float32 => "float".into(),
        DataType::Float64 => "double".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if matches!(zone.as_ref(), "UTC" | "+00:00") => {
            "timestamp".into()
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp_ntz".into(),
        DataType::List(item) | DataType::LargeList(item) => format!("array<{}>", arrow_type(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => match fields.as_ref() {
                [key, item] => format!("map<{},{}>", arrow_type(key.data_type()), arrow_type(item.data_type())),
                _ => format!("{kind}"),
            },
            _ => format!("{kind}"),
        },
        DataType::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|f| format!("{}:{}", f.name(), arrow_type(f.data_type()))).collect();
            format!("struct<{}>", fields.join(","))
        }
        other => format!("{other}"),
    }
}

/// The same of a type as a log's `schemaString` (and Spark's schema in a Parquet footer) has it.
pub fn json_type(kind: &Value) -> String {
    let part = |name: &str| kind.get(name).map(json_type).unwrap_or_default();
    match kind.get("type").and_then(Value::as_str) {
        Some("array") => format!("array<{}>", part("elementType")),
        Some("map") => format!("map<{},{}>", part("keyType"), part("valueType")),
        Some("struct") => {
            let fields = kind.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
            let fields: Vec<_> =
                json_fields(&fields).into_iter().map(|(name, kind)| format!("{name}:{kind}")).collect();
            format!("struct<{}>", fields.join(","))
        }
        // Which is read as JSON.
        _ if kind == "variant" => "string".into(),
        _ => kind.as_str().unwrap_or("no type").into(),
    }
}

/// Names and types of the fields of a JSON struct type.
pub fn json_fields(fields: &[Value]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|field| {
            let name = field.get("name").and_then(Value::as_str).unwrap_or("no name");
            (name.to_owned(), field.get("type").map(json_type).unwrap_or_default())
        })
        .collect()
}

/// A row-order-free digest of rows, as tests/conformance/oracle.py makes it.
pub fn digest(rows: &[Value]) -> String {
    let hash = |row: &Value| {
        row.to_string()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    };
    format!("{:016x}", rows.iter().fold(0_u64, |sum, row| sum.wrapping_add(hash(row))))
}
