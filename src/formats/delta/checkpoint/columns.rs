//! Which columns of a checkpoint are read, and what is made of them.
//!
//! `protocol`, `metaData`, `sidecar` and what a reader needs of `add`; never `remove`, `txn` and the like. Statistics come from
//! `stats_parsed` where it says as much as `stats` does, and else from `stats`: one of them is never fetched. Those of a large
//! checkpoint stay in it: [`crate::formats::delta::statistics::load`] fetches what a scan needs of them.
//!
//! Specification: [Checkpoint Schema](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoint-schema).

use super::batch::{Columns, Map, Vectors, long, string};
use super::file::{CheckpointFile, ColumnSelection, Footer};
use crate::error::{Error, Result};
use crate::formats::delta::log::actions::{Metadata, Protocol, Sidecar, Transaction};
use crate::formats::delta::log::replay::{AddedFile, Replay};
use crate::snapshot::FileStatistics;
use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray, StructArray};
use parquet::file::metadata::ParquetMetaData;
use std::sync::Arc;

/// What a checkpoint says besides its files.
#[derive(Debug, Default)]
pub(crate) struct Control {
    pub(crate) metadata: Option<Metadata>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) sidecars: Vec<Sidecar>,
}

/// Statistics of up to this many bytes that are not here yet are fetched with the rest of a checkpoint: to ask for them later
/// would take longer.
const ALONG: u64 = 256 << 10;

/// What of this file [`control`], if it is wanted, and [`replay`] read.
pub(crate) fn wanted(footer: &Footer, control: bool) -> ColumnSelection {
    let metadata = footer.metadata();
    let statistics = statistics(metadata, |_| true);
    let leaves_statistics = footer.bytes_away(&statistics) > ALONG;
    let mut leaves = files(metadata);
    if control {
        leaves.extend(control_leaves(metadata));
    }
    if !leaves_statistics {
        leaves.extend(statistics);
    }
    ColumnSelection { leaves, leaves_statistics }
}

/// The leaf columns that tell of files, without their statistics.
fn files(metadata: &ParquetMetaData) -> Vec<usize> {
    leaves(metadata, |path| match path {
        ["add", "path" | "partitionValues" | "size" | "modificationTime", ..] => true,
        ["add", "baseRowId" | "defaultRowCommitVersion"] => true,
        ["add", "deletionVector", field, ..] => *field != "maxRowIndex",
        _ => false,
    })
}

/// The leaf columns of the files' statistics: of `stats_parsed`, those of the `wanted` columns of the table.
pub(crate) fn statistics(metadata: &ParquetMetaData, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let parsed = parsed_statistics_are_complete(metadata);
    leaves(metadata, |path| match path {
        ["add", "stats"] => !parsed,
        ["add", "stats_parsed", "numRecords" | "tightBounds"] => parsed,
        ["add", "stats_parsed", "minValues" | "maxValues" | "nullCount", column, ..] => parsed && wanted(column),
        _ => false,
    })
}

/// The leaf columns of [`control`].
pub(crate) fn control_leaves(metadata: &ParquetMetaData) -> Vec<usize> {
    leaves(metadata, |path| matches!(path, ["protocol" | "metaData", ..] | ["sidecar", "path" | "sizeInBytes", ..]))
}

/// The leaf columns of [`transactions`].
pub(crate) fn transaction_leaves(metadata: &ParquetMetaData) -> Vec<usize> {
    leaves(metadata, |path| matches!(path, ["txn", "appId" | "version"]))
}

/// Reads `txn`.
pub(crate) fn transactions(file: &CheckpointFile) -> Result<Vec<Transaction>> {
    let mut found = Vec::new();
    file.decode(&transaction_leaves(file.metadata()), |batch| {
        let columns = Columns { path: file.path() };
        let Some(txn) = columns.root(&batch, "txn")? else { return Ok(()) };
        let (app_ids, versions) = (columns.strings(&txn, "appId")?, columns.longs(&txn, "version")?);
        for row in (0..txn.len()).filter(|row| txn.is_valid(*row)) {
            let transaction = string(app_ids.as_ref(), row).zip(long(versions.as_ref(), row));
            found.extend(transaction.map(|(app_id, version)| Transaction { app_id: app_id.into(), version }));
        }
        Ok(())
    })?;
    Ok(found)
}

fn leaves(metadata: &ParquetMetaData, wanted: impl Fn(&[&str]) -> bool) -> Vec<usize> {
    let columns = metadata.file_metadata().schema_descr().columns().iter().enumerate();
    let paths = columns.map(|(leaf, column)| (leaf, column.path().parts().iter().map(String::as_str)));
    paths.filter(|(_, path)| wanted(&path.clone().collect::<Vec<_>>())).map(|(leaf, _)| leaf).collect()
}

/// Whether `stats_parsed` says at least as much as `stats`, as the footer's null counts tell.
fn parsed_statistics_are_complete(metadata: &ParquetMetaData) -> bool {
    let leaf = |wanted: &[&str]| leaves(metadata, |path| path == wanted).first().copied();
    let Some(parsed) = leaf(&["add", "stats_parsed", "numRecords"]) else { return false };
    let Some(encoded) = leaf(&["add", "stats"]) else { return true };
    metadata.row_groups().iter().all(|row_group| {
        let nulls = |leaf: usize| row_group.columns().get(leaf)?.statistics()?.null_count_opt();
        nulls(parsed).zip(nulls(encoded)).is_some_and(|(parsed, encoded)| parsed <= encoded)
    })
}

/// Reads `protocol`, `metaData` and `sidecar`.
pub(crate) fn control(file: &CheckpointFile) -> Result<Control> {
    let mut control = Control::default();
    file.decode(&control_leaves(file.metadata()), |batch| {
        let columns = Columns { path: file.path() };
        if let Some(protocol) = columns.root(&batch, "protocol")?
            && let Some(row) = first_valid(&protocol)
        {
            control.protocol = Some(columns.protocol(&protocol, row)?);
        }
        if let Some(metadata) = columns.root(&batch, "metaData")?
            && let Some(row) = first_valid(&metadata)
        {
            control.metadata = Some(columns.metadata(&metadata, row)?);
        }
        if let Some(sidecars) = columns.root(&batch, "sidecar")? {
            control.sidecars.extend(columns.sidecars(&sidecars)?);
        }
        Ok(())
    })?;
    Ok(control)
}

/// Feeds the files' `add` rows to `replay`.
pub(crate) fn replay(file: &CheckpointFile, replay: &mut Replay<'_>) -> Result<()> {
    let wanted = file.wanted();
    let source = wanted.leaves_statistics.then(|| replay.store(file.stored_statistics()));
    let control = control_leaves(file.metadata());
    let leaves: Vec<usize> = wanted.leaves.iter().copied().filter(|leaf| !control.contains(leaf)).collect();
    replay.reserve(count_adds(file.metadata()));
    let mut first = 0;
    file.decode(&leaves, |batch| {
        let columns = Columns { path: file.path() };
        if let Some(add) = columns.root(&batch, "add")? {
            Adds::new(&columns, &add)?.replay(replay, source.map(|source| (source, first)))?;
        }
        first += batch.num_rows();
        Ok(())
    })
}

/// How many files a checkpoint's file adds, by its footer, or fewer: no more than their paths have bytes.
fn count_adds(metadata: &ParquetMetaData) -> usize {
    let Some(path) = leaves(metadata, |path| path == ["add", "path"]).first().copied() else { return 0 };
    let adds = metadata.row_groups().iter().filter_map(|row_group| {
        let column = row_group.columns().get(path)?;
        let adds = u64::try_from(row_group.num_rows()).ok()?.checked_sub(column.statistics()?.null_count_opt()?)?;
        Some(adds.min(u64::try_from(column.compressed_size()).ok()?))
    });
    usize::try_from(adds.fold(0, u64::saturating_add)).unwrap_or(0)
}

/// The column `add` of a batch.
pub(crate) fn adds(file: &CheckpointFile, batch: &RecordBatch) -> Result<Option<StructArray>> {
    Columns { path: file.path() }.root(batch, "add")
}

fn first_valid(column: &StructArray) -> Option<usize> {
    (0..column.len()).find(|row| column.is_valid(*row))
}

/// The columns of a batch's `add`.
struct Adds {
    add: StructArray,
    path: StringArray,
    size: Int64Array,
    modification_time: Option<Int64Array>,
    partition_values: Option<Map>,
    deletion_vector: Option<Vectors>,
    base_row_id: Option<Int64Array>,
    default_row_commit_version: Option<Int64Array>,
    stats: Option<StringArray>,
    stats_parsed: Option<Arc<StructArray>>,
}

impl Adds {
    fn new(columns: &Columns<'_>, add: &StructArray) -> Result<Adds> {
        let required = |name: &str| Error::corrupt(columns.path, format!("it has no column add.{name}"));
        let vector = add.column_by_name("deletionVector").and_then(|column| column.as_struct_opt());
        let parsed = add.column_by_name("stats_parsed").and_then(|column| column.as_struct_opt());
        Ok(Adds {
            add: add.clone(),
            path: columns.strings(add, "path")?.ok_or_else(|| required("path"))?,
            size: columns.longs(add, "size")?.ok_or_else(|| required("size"))?,
            modification_time: columns.longs(add, "modificationTime")?,
            partition_values: columns.map(add, "partitionValues")?,
            deletion_vector: vector.map(|vector| columns.vectors(vector)).transpose()?,
            base_row_id: columns.longs(add, "baseRowId")?,
            default_row_commit_version: columns.longs(add, "defaultRowCommitVersion")?,
            stats: columns.strings(add, "stats")?,
            stats_parsed: parsed.map(|parsed| Arc::new(parsed.clone())),
        })
    }

    /// `stored`: where the statistics were left, and the number of this batch's first row there.
    fn replay(&self, replay: &mut Replay<'_>, stored: Option<(u32, usize)>) -> Result<()> {
        for row in 0..self.add.len() {
            if self.add.is_null(row) || self.path.is_null(row) {
                continue;
            }
            let vector = self.deletion_vector.as_ref().and_then(|vectors| vectors.at(row));
            let file = AddedFile {
                path: self.path.value(row),
                size: long(Some(&self.size), row).unwrap_or(-1),
                modification_time: long(self.modification_time.as_ref(), row).unwrap_or(0),
                deletion_vector: vector.as_ref(),
                base_row_id: long(self.base_row_id.as_ref(), row),
                default_row_commit_version: long(self.default_row_commit_version.as_ref(), row),
            };
            let map = self.partition_values.as_ref();
            let value = |name: &str| map?.entries(row).find(|(key, _)| *key == name).and_then(|(_, value)| value);
            let statistics = || match stored {
                Some((source, first)) => Some(FileStatistics::Stored { source, row: u32::try_from(first + row).ok()? }),
                None => self.statistics(row),
            };
            replay.checkpoint_add(&file, statistics, value)?;
        }
        Ok(())
    }

    fn statistics(&self, row: usize) -> Option<FileStatistics> {
        if let Some(batch) = self.stats_parsed.as_ref().filter(|parsed| parsed.is_valid(row)) {
            return Some(FileStatistics::Row { batch: batch.clone(), row: u32::try_from(row).ok()? });
        }
        let text = string(self.stats.as_ref(), row).filter(|text| !text.is_empty())?;
        Some(FileStatistics::Text(text.into()))
    }
}
