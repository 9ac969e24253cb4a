//! The files whose rows are changes, and what is the same in all rows of each.

use super::{CHANGE_TYPE, COMMIT_TIMESTAMP, COMMIT_VERSION, ChangedFile, Changes, Commit};
use crate::error::{Error, Result};
use crate::formats::delta::data_file::{Locator, key};
use crate::formats::delta::log::commit_timestamp::make_monotonic;
use crate::formats::delta::partition_values::PartitionValuesBuilder;
use crate::formats::delta::statistics::rows_and_tightness;
use crate::snapshot::{DataFile, Deletes, FileLocation, FileStatistics, Snapshot, TableSchema};
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use chrono::DateTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The files whose rows are the changes of the commits of the table at `url`.
pub(crate) fn plan(url: &str, mut commits: Vec<Commit>, end: &Snapshot) -> Result<Changes> {
    let mut timestamps: Vec<_> = commits.iter().map(|commit| commit.timestamp).collect();
    make_monotonic(&mut timestamps);
    for (commit, timestamp) in commits.iter_mut().zip(timestamps) {
        commit.timestamp = timestamp;
    }
    let locator = Locator::new(url)?;
    let (mut recorded, mut inferred) = (Builder::new(end, &locator, false)?, Builder::new(end, &locator, true)?);
    for commit in &commits {
        if commit.cdc.is_empty() {
            infer(commit, &mut inferred)?;
        }
        for file in &commit.cdc {
            let deletes = recorded.deletes(file)?;
            recorded.push(commit, file, "", deletes)?;
        }
    }
    Ok(Changes { recorded: recorded.finish(end)?, inferred: inferred.finish(end)? })
}

fn infer(commit: &Commit, inferred: &mut Builder<'_>) -> Result<()> {
    let mut removes = BTreeMap::new();
    for file in &commit.removes {
        removes.insert(key(&inferred.locator.locate(&file.path)?, None), file);
    }
    for add in &commit.adds {
        let Some(remove) = removes.remove(&key(&inferred.locator.locate(&add.path)?, None)) else {
            let deletes = inferred.deletes(add)?;
            inferred.push(commit, add, "insert", deletes)?;
            continue;
        };
        let (before, after) = (inferred.deletes(remove)?, inferred.deletes(add)?);
        for (rows, unless, change) in [(&after, &before, "delete"), (&before, &after, "insert")] {
            if let Some(rows) = rows.clone().filter(|_| before != after) {
                let deletes = Deletes::AllBut { kept: Box::new(rows), unless: unless.clone().map(Box::new) };
                inferred.push(commit, add, change, Some(deletes))?;
            }
        }
    }
    for remove in removes.into_values() {
        let deletes = inferred.deletes(remove)?;
        inferred.push(commit, remove, "delete", deletes)?;
    }
    Ok(())
}

/// One of the two snapshots, being made.
struct Builder<'l> {
    locator: &'l Locator,
    schema: TableSchema,
    partition_columns: Vec<usize>,
    files: Vec<DataFile>,
    partition_values: PartitionValuesBuilder,
}

impl<'l> Builder<'l> {
    /// `typed`: whether `_change_type` is the same in all of a file's rows.
    fn new(end: &Snapshot, locator: &'l Locator, typed: bool) -> Result<Builder<'l>> {
        let own = [
            Field::new(CHANGE_TYPE, DataType::Utf8, true),
            Field::new(COMMIT_VERSION, DataType::Int64, true),
            Field::new(COMMIT_TIMESTAMP, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        ];
        let first = end.schema.logical.fields().len();
        let with_own = |schema: &Schema| {
            if let Some(field) = schema.fields().iter().find(|field| own.iter().any(|own| own.name() == field.name())) {
                let reason = format!("the table has a column {} of its own", field.name());
                return Err(Error::unsupported("changeDataFeed", reason));
            }
            let own = own.iter().cloned().map(Arc::new);
            Ok(Arc::new(Schema::new(schema.fields().iter().cloned().chain(own).collect::<Fields>())))
        };
        let schema = TableSchema {
            logical: with_own(&end.schema.logical)?,
            physical: with_own(&end.schema.physical)?,
            field_match: end.schema.field_match,
            defaults: end.schema.defaults.clone(),
        };
        let constant = if typed { first..first + 3 } else { first + 1..first + 3 };
        let partition_columns: Vec<usize> = end.partition_columns.iter().copied().chain(constant).collect();
        let partition_values = PartitionValuesBuilder::new(&schema.logical, &schema.physical, &partition_columns);
        Ok(Builder { locator, schema, partition_columns, files: Vec::new(), partition_values })
    }

    fn deletes(&self, file: &ChangedFile) -> Result<Option<Deletes>> {
        file.deletion_vector.as_ref().map_or(Ok(None), |vector| self.locator.deletes(vector))
    }

    fn push(&mut self, commit: &Commit, file: &ChangedFile, change: &str, deletes: Option<Deletes>) -> Result<()> {
        let location: FileLocation = self.locator.locate(&file.path)?;
        let size = file.size.and_then(|size| u64::try_from(size).ok());
        let (Some(size), Some(values)) = (size, &file.partition_values) else {
            let reason =
                format!("version {} removed {} without its size and partition values", commit.version, file.path);
            return Err(Error::unsupported("changeDataFeed", reason));
        };
        // Statistics count all rows of a file.
        let whole = !matches!(deletes, Some(Deletes::AllBut { .. }));
        let statistics = file.stats.clone().filter(|stats| whole && !stats.is_empty()).map(FileStatistics::Text);
        let version = commit.version.to_string();
        let time = commit.timestamp.and_then(|time| DateTime::from_timestamp_millis(time.millis));
        let time = time.map(|time| time.format("%Y-%m-%d %H:%M:%S%.6f").to_string());
        self.partition_values.append(|name| match name {
            CHANGE_TYPE => Some(change),
            COMMIT_VERSION => Some(&version),
            COMMIT_TIMESTAMP => time.as_deref(),
            name => values.get(name),
        });
        let modification_time = file.modification_time;
        let deletes = deletes.map(Box::new);
        let (row_count, has_tight_bounds) = rows_and_tightness(statistics.as_ref());
        self.files.push(DataFile {
            modification_time,
            row_count,
            has_tight_bounds,
            statistics,
            deletes,
            ..DataFile::new(location, size)
        });
        Ok(())
    }

    fn finish(self, end: &Snapshot) -> Result<Snapshot> {
        Ok(Snapshot {
            version: end.version,
            timestamp: end.timestamp,
            schema: self.schema,
            partition_columns: self.partition_columns,
            files: self.files,
            partition_values: self.partition_values.finish()?,
            metadata: end.metadata.clone(),
            format: end.format.clone(),
            stored_statistics: Vec::new(),
            row_tracking: None,
            damage: None,
        })
    }
}
