//! Reading with Lakeglass.

use crate::{Content, LiveFile, Result, spell};
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use futures::TryStreamExt;
use lakeglass::scan::{FooterCache, TRACKED, metadata_field};
use lakeglass::snapshot::FileLocation;
use lakeglass::storage::StorageOptions;
use lakeglass::table::{Table, TableUrl, Version};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// The table in a local folder.
pub async fn open(root: &Path, version: Option<u64>) -> Result<Table> {
    let url: TableUrl = root.to_string_lossy().parse().map_err(said)?;
    Table::open(&url, version.map_or(Version::Latest, Version::Number), &StorageOptions::default()).await.map_err(said)
}

fn said(error: lakeglass::Error) -> String {
    format!("{}: {error}", error.code())
}

/// The table's rows.
pub async fn read(root: &Path, version: Option<u64>) -> Result<Content> {
    let table = open(root, version).await?;
    let scan = table.scan(&FooterCache::default());
    let batches = scan.stream().try_collect().await.map_err(said)?;
    Ok(Content { version: table.snapshot().version, schema: scan.schema().clone(), batches })
}

/// The table's rows with their ids, and the versions that wrote them: columns `row_id` and `row_commit_version` behind the others.
pub async fn read_tracked(root: &Path, version: Option<u64>) -> Result<Content> {
    let table = open(root, version).await?;
    let scan = table.scan(&FooterCache::default());
    let mut fields = scan.schema().fields().to_vec();
    fields.push(Arc::new(metadata_field(&TRACKED)));
    let scan = scan.with_columns((0..fields.len()).collect(), Arc::new(Schema::new(fields)));
    let batches: Vec<RecordBatch> = scan.stream().try_collect().await.map_err(said)?;
    let plain: Vec<_> = batches.iter().map(with_row_ids).collect();
    let schema = plain.first().map_or_else(|| scan.schema().clone(), RecordBatch::schema);
    Ok(Content { version: table.snapshot().version, schema, batches: plain })
}

/// `_metadata` is the last column: two of its fields take its place.
fn with_row_ids(batch: &RecordBatch) -> RecordBatch {
    let (metadata, columns) = batch.columns().split_last().unwrap();
    let field = |name: &str| metadata.as_struct().column_by_name(name).unwrap().clone();
    let fields = batch.schema().fields().iter().take(columns.len()).cloned().collect::<Vec<_>>();
    let tracked = TRACKED.iter().map(|name| Arc::new(Field::new(*name, DataType::Int64, true)));
    let schema = Schema::new(fields.into_iter().chain(tracked).collect::<Vec<_>>());
    let columns = columns.iter().cloned().chain(TRACKED.iter().map(|name| field(name)));
    RecordBatch::try_new(Arc::new(schema), columns.collect()).unwrap()
}

/// The live files.
pub async fn files(root: &Path, version: Option<u64>) -> Result<Vec<LiveFile>> {
    let table = open(root, version).await?;
    let snapshot = table.snapshot();
    let physical = snapshot.schema.physical.fields();
    let names: Vec<_> = snapshot.partition_columns.iter().map(|&position| physical[position].name()).collect();
    let columns = snapshot.partition_values.columns();
    let listed = snapshot.files.iter().enumerate().map(|(row, file)| LiveFile {
        path: match &file.location {
            FileLocation::Relative(path) => path.to_string(),
            FileLocation::Absolute(url) => url.to_string(),
        },
        size: file.size,
        deleted: file.deletes.as_ref().map(|deletes| deletes.cardinality()),
        partition_values: names
            .iter()
            .zip(columns)
            .filter_map(|(name, column)| Some(((*name).clone(), spelt(column, row)?)))
            .collect(),
    });
    Ok(listed.collect())
}

/// As a log has it: a timestamp with a blank, and in UTC without saying so.
fn spelt(column: &ArrayRef, row: usize) -> Option<String> {
    match spell::value(column, row) {
        Value::String(text) if matches!(column.data_type(), DataType::Timestamp(..)) => {
            Some(text.replace('T', " ").replace('Z', ""))
        }
        Value::String(text) => Some(text),
        _ => None,
    }
}
