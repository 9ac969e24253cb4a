//! Reading with `delta_kernel`.

use crate::{Content, LiveFile, Result, variant};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use delta_kernel::engine::arrow_conversion::TryIntoArrow;
use delta_kernel::engine::arrow_data::EngineDataArrowExt;
use delta_kernel::scan::StatsOptions;
use delta_kernel::scan::state::ScanFile;
use delta_kernel::schema::MetadataColumnSpec;
use delta_kernel::{Engine, KernelError, Snapshot};
use delta_kernel_default_engine::DefaultEngine;
use delta_kernel_default_engine::storage::store_from_url;
use percent_encoding::percent_decode_str;
use std::path::Path;
use std::sync::Arc;
use url::Url;

fn said(error: KernelError) -> String {
    error.to_string()
}

fn url(root: &Path) -> Url {
    Url::from_directory_path(root.canonicalize().unwrap()).unwrap()
}

/// An engine for tables in local folders.
pub fn engine(root: &Path) -> Arc<dyn Engine> {
    Arc::new(DefaultEngine::builder(store_from_url(&url(root)).unwrap()).build())
}

fn snapshot(engine: &dyn Engine, root: &Path, version: Option<u64>) -> Result<Arc<Snapshot>> {
    let builder = Snapshot::builder_for(url(root).as_str());
    let builder = match version {
        Some(version) => builder.at_version(version),
        None => builder,
    };
    builder.build(engine).map_err(said)
}

/// The table's rows.
pub fn read(root: &Path, version: Option<u64>) -> Result<Content> {
    read_with(root, version, &[])
}

/// The table's rows with their ids, and the versions that wrote them: columns `row_id` and `row_commit_version` behind the others.
pub fn read_tracked(root: &Path, version: Option<u64>) -> Result<Content> {
    let row_tracking = [MetadataColumnSpec::RowId, MetadataColumnSpec::RowCommitVersion];
    read_with(root, version, &row_tracking)
}

fn read_with(root: &Path, version: Option<u64>, more: &[MetadataColumnSpec]) -> Result<Content> {
    let engine = engine(root);
    let snapshot = snapshot(&*engine, root, version)?;
    let version = snapshot.version();
    let mut logical = snapshot.schema().as_ref().clone();
    for spec in more {
        logical = logical.add_metadata_column(spec.text_value(), *spec).map_err(said)?;
    }
    let scan = snapshot.scan_builder().with_schema(Arc::new(logical)).build().map_err(said)?;
    let schema: Schema = scan.logical_schema().as_ref().try_into_arrow().map_err(|error| format!("{error}"))?;
    let data = scan.execute(engine).map_err(said)?;
    let batches: std::result::Result<Vec<_>, _> = data.map(|data| data?.try_into_record_batch()).collect();
    let text = |batch: &RecordBatch| {
        let fields: Vec<_> = batch.schema().fields().iter().map(variant::text_field).collect();
        let columns = batch.columns().iter().map(variant::text).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    };
    let batches: std::result::Result<Vec<_>, _> = batches.map_err(said)?.iter().map(text).collect();
    let schema = Schema::new(schema.fields().iter().map(variant::text_field).collect::<Vec<_>>());
    Ok(Content { version, schema: schema.into(), batches: batches.map_err(|error| error.to_string())? })
}

/// The live files as `delta_kernel` lists them. Without `statistics` it is asked for nothing but what a [`LiveFile`] has, which is
/// its quickest way.
pub fn list(engine: &dyn Engine, root: &Path, version: Option<u64>, statistics: bool) -> Result<Vec<ScanFile>> {
    let scan = snapshot(engine, root, version)?.scan_builder();
    let scan = match statistics {
        true => scan,
        false => scan.with_stats(StatsOptions::none()).without_row_transforms(),
    };
    let scan = scan.build().map_err(said)?;
    let mut files = Vec::new();
    for metadata in scan.scan_metadata(engine).map_err(said)? {
        files = metadata.map_err(said)?.visit_scan_files(files, Vec::push).map_err(said)?;
    }
    Ok(files)
}

/// The live files in the form that both readers are compared in.
pub fn files(root: &Path, version: Option<u64>) -> Result<Vec<LiveFile>> {
    let listed = list(&*engine(root), root, version, false)?;
    Ok(listed
        .into_iter()
        .map(|file| LiveFile {
            path: percent_decode_str(&file.path).decode_utf8_lossy().into_owned(),
            size: file.size as u64,
            deleted: file.dv_info.cardinality().unwrap_or(None),
            partition_values: file.partition_values.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        })
        .collect())
}
