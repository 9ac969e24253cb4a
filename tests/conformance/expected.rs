//! What a table has to hold, from the three places that say so: Parquet files that Spark wrote, expected.json of our own
//! fixtures, and kernel.json, which another reader made.

use crate::spell;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A table's contents: names and types of its columns by name, and its rows in any order.
pub struct Expected {
    pub types: BTreeMap<String, String>,
    pub rows: Rows,
}

pub enum Rows {
    These(Vec<Value>),
    Count(usize),
    Digest { count: usize, digest: String },
}

impl Expected {
    /// The same with a column less.
    pub fn without(mut self, column: &str) -> Expected {
        self.types.remove(column);
        if let Rows::These(rows) = &mut self.rows {
            rows.iter_mut().filter_map(Value::as_object_mut).for_each(|row| drop(row.remove(column)));
        }
        self
    }
}

/// The rows of all Parquet files in a folder. Types are those of the Spark schema in the footer, where there is one.
pub fn from_parquet(folder: &Path) -> Result<Expected> {
    let mut files: Vec<_> =
        fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?.iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "parquet"));
    let (mut types, mut rows) = (BTreeMap::new(), Vec::new());
    for file in &files {
        let file = File::open(file)?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        let schema = Arc::new(Schema::new(in_microseconds(metadata.schema().fields())));
        types.extend(spark_types(&metadata).unwrap_or_else(|| {
            schema.fields().iter().map(|field| (field.name().clone(), spell::arrow_type(field.data_type()))).collect()
        }));
        let options = ArrowReaderOptions::new().with_schema(schema);
        for batch in ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?.build()? {
            rows.extend(spell::rows(&batch?));
        }
    }
    if files.is_empty() {
        return Err(format!("no Parquet file in {}", folder.display()).into());
    }
    Ok(Expected { types, rows: Rows::These(rows) })
}

/// The columns as Spark noted them: Parquet alone cannot tell an INT96 timestamp from anything else.
fn spark_types(metadata: &ArrowReaderMetadata) -> Option<Vec<(String, String)>> {
    let notes = metadata.metadata().file_metadata().key_value_metadata()?;
    let note = notes.iter().find(|note| note.key == "org.apache.spark.sql.parquet.row.metadata")?;
    let schema: Value = serde_json::from_str(note.value.as_deref()?).ok()?;
    Some(spell::json_fields(schema.get("fields")?.as_array()?))
}

/// The fields with INT96 timestamps read as microseconds in UTC: nanoseconds, which the reader takes, overflow after 2262.
fn in_microseconds(fields: &Fields) -> Fields {
    fields.iter().map(field_in_microseconds).collect()
}

fn field_in_microseconds(field: &FieldRef) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        DataType::Struct(fields) => DataType::Struct(in_microseconds(fields)),
        DataType::List(item) => DataType::List(field_in_microseconds(item)),
        DataType::Map(entries, sorted) => DataType::Map(field_in_microseconds(entries), *sorted),
        other => other.clone(),
    };
    Arc::new(Field::new(field.name(), kind, field.is_nullable()).with_metadata(field.metadata().clone()))
}

/// Every version of a fixture of our own.
pub fn from_fixture(file: &Path) -> Result<BTreeMap<u64, Expected>> {
    let content: Value = serde_json::from_slice(&fs::read(file)?)?;
    let versions = content.get("versions").and_then(Value::as_object).ok_or("no versions")?;
    versions
        .iter()
        .map(|(version, content)| {
            let fields = content.get("schema").and_then(Value::as_array).ok_or("no schema")?;
            let types: BTreeMap<_, _> = spell::json_fields(fields).into_iter().collect();
            let rows = match content.get("rows").and_then(Value::as_array) {
                Some(rows) => Rows::These(rows.iter().map(|row| respelt_row(row, fields)).collect()),
                None => Rows::Count(count_of(content)?),
            };
            Ok((version.parse()?, Expected { types, rows }))
        })
        .collect()
}

/// Every version of a table that another reader has read.
pub fn from_oracle(versions: &Value) -> Result<BTreeMap<u64, Expected>> {
    let versions = versions.as_object().ok_or("no versions")?;
    versions
        .iter()
        .map(|(version, content)| {
            let schema = content.get("schema").and_then(Value::as_object).ok_or("no schema")?;
            let types = schema.iter().map(|(name, kind)| (name.clone(), spell::json_type(kind))).collect();
            let digest = content.get("digest").and_then(Value::as_str).ok_or("no digest")?.to_owned();
            Ok((version.parse()?, Expected { types, rows: Rows::Digest { count: count_of(content)?, digest } }))
        })
        .collect()
}

fn count_of(content: &Value) -> Result<usize> {
    Ok(content.get("rowCount").and_then(Value::as_u64).ok_or("no rowCount")? as usize)
}

/// A row of expected.json with its floating-point numbers spelt as Rust does: Python writes 1e+16 where Rust writes 1e16.
fn respelt_row(row: &Value, fields: &[Value]) -> Value {
    let respelt = fields.iter().filter_map(|field| {
        let name = field.get("name")?.as_str()?;
        Some((name.to_owned(), respelt(row.get(name)?, field.get("type")?)))
    });
    let sorted: BTreeMap<_, _> = respelt.collect();
    Value::Object(sorted.into_iter().collect())
}

fn respelt(value: &Value, kind: &Value) -> Value {
    let part = |name: &str| kind.get(name).unwrap_or(&Value::Null);
    match (value, kind.get("type").and_then(Value::as_str), kind.as_str()) {
        (Value::Object(_), _, _) => {
            respelt_row(value, part("fields").as_array().map(Vec::as_slice).unwrap_or_default())
        }
        (Value::Array(items), Some("map"), _) => items
            .iter()
            .map(|pair| Value::Array(vec![respelt(&pair[0], part("keyType")), respelt(&pair[1], part("valueType"))]))
            .collect(),
        (Value::Array(items), _, _) => items.iter().map(|item| respelt(item, part("elementType"))).collect(),
        // Of floats a scan knows one zero.
        (Value::String(text), _, Some("float")) => text
            .parse::<f32>()
            .map_or_else(|_| value.clone(), |number| format!("{:?}", number + 0.0).to_lowercase().into()),
        (Value::String(text), _, Some("double")) => text
            .parse::<f64>()
            .map_or_else(|_| value.clone(), |number| format!("{:?}", number + 0.0).to_lowercase().into()),
        _ => value.clone(),
    }
}
