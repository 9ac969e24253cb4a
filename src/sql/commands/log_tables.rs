//! What a table's log says of its commits, versions and files, as rows: for `DESCRIBE HISTORY`, `DESCRIBE DETAIL` and the
//! table functions.

use crate::error::Result;
use crate::snapshot::{Commit, CommitTimestamp, DataFile, FormatDetail};
use crate::sql::error::from_arrow;
use crate::storage::location_name;
use crate::table::Table;
use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the newest `limit` commits say of themselves, by the log's own names; objects as JSON.
pub async fn history(table: &Table, limit: Option<usize>) -> Result<RecordBatch> {
    let commits = table.history(None, limit).await?;
    let text =
        |of: fn(&Commit) -> Option<&String>| Arc::new(StringArray::from_iter(commits.iter().map(of))) as ArrayRef;
    let json = |of: fn(&Commit) -> &BTreeMap<String, Value>| {
        let object =
            |commit| Some(of(commit)).filter(|object| !object.is_empty()).and_then(|o| serde_json::to_string(o).ok());
        Arc::new(StringArray::from_iter(commits.iter().map(object))) as ArrayRef
    };
    let blind = BooleanArray::from_iter(commits.iter().map(|commit| commit.is_blind_append));
    let read = Int64Array::from_iter(commits.iter().map(|commit| commit.read_version));
    RecordBatch::try_from_iter_with_nullable([
        ("version", Arc::new(UInt64Array::from_iter_values(commits.iter().map(|c| c.version))) as ArrayRef, false),
        ("timestamp", times(commits.iter().map(|commit| commit.timestamp)), true),
        ("userId", text(|commit| commit.user_id.as_ref()), true),
        ("userName", text(|commit| commit.user_name.as_ref()), true),
        ("operation", text(|commit| commit.operation.as_ref()), true),
        ("operationParameters", json(|commit| &commit.operation_parameters), true),
        ("readVersion", Arc::new(read), true),
        ("isolationLevel", text(|commit| commit.isolation_level.as_ref()), true),
        ("isBlindAppend", Arc::new(blind), true),
        ("operationMetrics", json(|commit| &commit.operation_metrics), true),
        ("userMetadata", text(|commit| commit.user_metadata.as_ref()), true),
        ("engineInfo", text(|commit| commit.engine_info.as_ref()), true),
        ("txnId", text(|commit| commit.txn_id.as_ref()), true),
        ("other", json(|commit| &commit.other), true),
    ])
    .map_err(from_arrow)
}

/// The oldest and the newest version that can be opened, and the one that is registered.
pub async fn versions(table: &Table) -> Result<RecordBatch> {
    let range = table.versions().await?;
    let one = |version: u64| Arc::new(UInt64Array::from(vec![version])) as ArrayRef;
    RecordBatch::try_from_iter([
        ("earliest", one(range.earliest())),
        ("latest", one(range.latest())),
        ("registered", one(table.snapshot().version)),
    ])
    .map_err(from_arrow)
}

/// How many rows each file has, deleted ones included.
async fn num_records(table: &Table) -> Result<UInt64Array> {
    let snapshot = table.snapshot();
    let files: Vec<usize> = (0..snapshot.files.len()).collect();
    Ok(table.statistics().load(&files, &[]).await?.row_count)
}

/// The table at the version that is registered, in one row; lists and properties as JSON.
pub async fn detail(table: &Table) -> Result<RecordBatch> {
    let snapshot = table.snapshot();
    let counts = num_records(table).await?;
    let live = counts
        .iter()
        .zip(&snapshot.files)
        .try_fold(0_u64, |sum, (count, file)| sum.checked_add(file.live_rows_of(count)?));
    let (metadata, format) = (&snapshot.metadata, &snapshot.format);
    let text = |text: Option<&str>| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let number = |number: u64| Arc::new(UInt64Array::from(vec![number])) as ArrayRef;
    let json = |value: Value| text(Some(&value.to_string()));
    let created = metadata.created_time.and_then(|millis| millis.checked_mul(1_000));
    let created = TimestampMicrosecondArray::from(vec![created]).with_timezone("UTC");
    let bytes = snapshot.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
    let mut columns = vec![
        ("format".to_owned(), text(Some(&format.name)), false),
        ("id".into(), text(Some(&metadata.id)), false),
        ("name".into(), text(metadata.name.as_deref()), true),
        ("description".into(), text(metadata.description.as_deref()), true),
        ("location".into(), text(Some(table.storage().url())), false),
        ("version".into(), number(snapshot.version), false),
        ("created_at".into(), Arc::new(created), true),
        ("last_modified".into(), times(std::iter::once(snapshot.timestamp)), true),
        ("partition_columns".into(), json(snapshot.partition_column_names().into()), false),
        ("num_files".into(), number(snapshot.files.len() as u64), false),
        ("size_in_bytes".into(), number(bytes), false),
        ("num_records".into(), Arc::new(UInt64Array::from(vec![live])), true),
        (
            "properties".into(),
            json(metadata.configuration.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect()),
            false,
        ),
    ];
    columns.extend(format.details.iter().filter_map(|(name, detail)| match detail {
        FormatDetail::Number(value) => Some((snake_case(name), number(*value), false)),
        FormatDetail::Names(_) => None,
    }));
    columns.push(("table_features".into(), json(format.features.clone().into()), false));
    RecordBatch::try_from_iter_with_nullable(columns).map_err(from_arrow)
}

/// A format's name for something as a column's: `numFiles` as `num_files`.
fn snake_case(name: &str) -> String {
    let letter = |letter: char| match letter.is_ascii_uppercase() {
        true => format!("_{}", letter.to_ascii_lowercase()),
        false => letter.to_string(),
    };
    name.chars().map(letter).collect()
}

/// The live files.
pub async fn files(table: &Table) -> Result<RecordBatch> {
    let snapshot = table.snapshot();
    let files = &snapshot.files;
    let modified = files.iter().map(|file| file.modification_time.checked_mul(1_000));
    let modified: TimestampMicrosecondArray = modified.collect();
    let deleted: UInt64Array = files.iter().map(DataFile::deleted_rows).collect();
    RecordBatch::try_from_iter_with_nullable([
        (
            "path",
            Arc::new(StringArray::from_iter_values(files.iter().map(|f| location_name(&f.location)))) as ArrayRef,
            false,
        ),
        ("size", Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.size))), false),
        ("modification_time", Arc::new(modified.with_timezone("UTC")), true),
        ("num_records", Arc::new(num_records(table).await?), true),
        ("deleted_records", Arc::new(deleted), true),
        ("partition_values", partition_values(table)?, true),
    ])
    .map_err(from_arrow)
}

/// Each file's partition values as JSON; null where the table has no partition columns.
fn partition_values(table: &Table) -> Result<ArrayRef> {
    let values = &table.snapshot().partition_values;
    let mut rows: Vec<BTreeMap<String, Option<String>>> = vec![BTreeMap::new(); values.num_rows()];
    for (field, column) in values.schema_ref().fields().iter().zip(values.columns()) {
        let texts = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).map_err(from_arrow)?;
        let texts = arrow::array::AsArray::as_string_opt::<i32>(&texts).cloned();
        for (row, text) in rows.iter_mut().zip(texts.iter().flatten()) {
            row.insert(field.name().clone(), text.map(str::to_string));
        }
    }
    let json = rows.iter().map(|row| (!row.is_empty()).then(|| serde_json::to_string(row).unwrap_or_default()));
    let files = table.snapshot().files.len();
    let mut json: Vec<Option<String>> = json.collect();
    json.resize(files, None);
    Ok(Arc::new(StringArray::from(json)))
}

fn times(times: impl Iterator<Item = Option<CommitTimestamp>>) -> ArrayRef {
    let micros = times.map(|time| time.and_then(|time| time.millis.checked_mul(1_000)));
    Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}
