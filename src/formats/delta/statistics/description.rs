//! A file's statistics for people to look at: as they were written, by the table's own column names.

use super::sources::Written;
use super::stored;
use crate::error::Result;
use crate::snapshot::{ColumnDescription, FileDescription, Snapshot, is_variant};
use crate::storage::Storage;
use arrow::array::{Array, AsArray, StructArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Fields};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::DateTime;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the log says of the values in `files`, by position in the snapshot; `None` where it says nothing that can be read.
/// Fetches what opening the table left in a checkpoint.
pub async fn describe(storage: &Storage, snapshot: &Snapshot, files: &[usize]) -> Result<Vec<Option<FileDescription>>> {
    let statistics = |file: &usize| snapshot.files.get(*file).and_then(|file| file.statistics.as_ref());
    let at_hand = files.iter().map(|file| describe_one(snapshot, Written::of(statistics(file)?)?));
    let mut found: Vec<_> = at_hand.collect();
    for (source, rows) in stored::wanted(snapshot, files) {
        stored::read(storage, source, rows, None, |rows, written| {
            for (at, written) in rows.into_iter().zip(written) {
                if let Some(place) = found.get_mut(at) {
                    *place = written.and_then(|written| describe_one(snapshot, written));
                }
            }
            Ok(())
        })
        .await?;
    }
    Ok(found)
}

fn describe_one(snapshot: &Snapshot, written: Written<'_>) -> Option<FileDescription> {
    let statistics = match written {
        Written::Json(text) => serde_json::from_str(text).ok()?,
        Written::Parsed(batch, row) => object(batch, row)?,
    };
    let Value::Object(mut statistics) = statistics else { return None };
    let num_records = statistics.get("numRecords").and_then(Value::as_u64);
    let mut values = |name: &str| statistics.remove(name).unwrap_or_default();
    let groups = [values("minValues"), values("maxValues"), values("nullCount")];

    let mut columns = BTreeMap::new();
    let schema = &snapshot.schema;
    walk(schema.logical.fields(), schema.physical.fields(), "", groups.each_ref().map(Some), &mut columns);
    Some(FileDescription { num_records, columns })
}

fn walk(
    logical: &Fields,
    physical: &Fields,
    path: &str,
    groups: [Option<&Value>; 3],
    found: &mut BTreeMap<String, ColumnDescription>,
) {
    for (field, spelled) in logical.iter().zip(physical) {
        let path = if path.is_empty() { field.name().clone() } else { format!("{path}.{}", field.name()) };
        let values = groups.map(|group| group?.get(spelled.name()).filter(|value| !value.is_null()));
        if let (DataType::Struct(logical), DataType::Struct(physical)) = (field.data_type(), spelled.data_type()) {
            walk(logical, physical, &path, values, found);
            continue;
        }
        let [min, max, null_count] = if is_variant(field) { [None, None, values[2]] } else { values };
        let null_count = null_count.and_then(Value::as_u64);
        if min.is_some() || max.is_some() || null_count.is_some() {
            found.insert(path, ColumnDescription { min: min.cloned(), max: max.cloned(), null_count });
        }
    }
}

/// A row of a struct column as JSON.
fn object(array: &StructArray, row: usize) -> Option<Value> {
    if row >= array.len() || array.is_null(row) {
        return None;
    }
    let fields = array.fields().iter().zip(array.columns());
    let values: Map<String, Value> =
        fields.filter_map(|(field, column)| Some((field.name().clone(), value(field, column, row)?))).collect();
    Some(Value::Object(values))
}

fn value(field: &Field, array: &dyn Array, row: usize) -> Option<Value> {
    if array.is_null(row) {
        return None;
    }
    if let Some(nested) = array.as_struct_opt() {
        return object(nested, row);
    }
    // Arrow's own formatter knows no time zone by name.
    if let (DataType::Timestamp(_, Some(_)), Some(micros)) = (array.data_type(), array.as_primitive_opt()) {
        let time = DateTime::from_timestamp_micros(TimestampMicrosecondArray::value(micros, row))?;
        return Some(Value::String(time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()));
    }
    let text = ArrayFormatter::try_new(array, &FormatOptions::default()).ok()?.value(row).try_to_string().ok()?;
    let plain = field.data_type().is_numeric() || *field.data_type() == DataType::Boolean;
    Some(plain.then(|| serde_json::from_str(&text).ok()).flatten().unwrap_or(Value::String(text)))
}
