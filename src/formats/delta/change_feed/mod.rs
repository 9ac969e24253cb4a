//! What changed between versions, row by row: from the commits of a range to files whose rows are changes.
//!
//! A commit that recorded its changes (`cdc` actions) is read from those files alone. One that did not changed whole files,
//! or their deletion vectors: a file that was added is rows inserted, one that was removed is rows deleted, and one that
//! was both is the rows in which its deletion vectors differ. That is so only while `delta.enableChangeDataFeed` is on: without
//! it writers copy rows that they did not change, and what was inferred would be wrong. So a range is refused where it was
//! off, as Spark refuses it.
//!
//! The result is two snapshots that are read like any other. Their schema is the last version's with three columns
//! behind it, which are partition columns as far as they are known from the log.
//!
//! Specification: [Add CDC File](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#add-cdc-file).

mod files;

use super::column_mapping::Mode;
use super::definition::positions;
use super::log::actions::{CommitTimes, DeletionVector, Metadata, PartitionValues, Protocol};
use super::log::commit::lines_of;
use super::log::commit_timestamp;
use super::log::commits;
use super::log::commits::FetchedCommit;
use super::log::log_segment;
use super::table_protocol::TableProtocol;
use super::{schema, table_features};
use crate::error::{Error, Result};
use crate::snapshot::{
    CHANGE_TYPE, COMMIT_TIMESTAMP, COMMIT_VERSION, Changes, CommitTimestamp, Snapshot, TableSchema, Version,
};
use crate::storage::{Object, Storage};
use arrow::datatypes::{DataType, Field, Fields};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The changes that the versions `from` to `to` made; `to` is `table`'s own where it is not told. Of a timestamp, `from` is the
/// first version at or after it, `to` the last at or before it.
///
/// Fetches the commits of the range together, `table` being a snapshot of any version; another one only where the range ends
/// elsewhere, or the table's metadata changed in it.
///
/// # Errors
/// `version_not_found` where a commit of the range is not there, `unsupported_feature` where the change data feed was off, or
/// where a column of an earlier version is not in the last.
pub async fn changes(storage: &Storage, table: &Arc<Snapshot>, from: Version, to: Option<Version>) -> Result<Changes> {
    let range = range(storage, table, from, to).await?;
    let (commits, end) = futures::try_join!(
        commits::commits_from(storage, *range.start(), Some(*range.end())),
        at_version(storage, table, *range.end())
    )?;
    complete(storage, &commits, &range)?;
    let commits = commits.iter().map(parse).collect::<Result<Vec<_>>>()?;
    // Metadata is what it is at the end until a commit of the range says that it was changed.
    let changed = commits.iter().any(|commit| commit.metadata.is_some() || commit.protocol.is_some());
    let begins_with_it = commits.first().is_some_and(|commit| commit.metadata.is_some());
    let start = match changed && !begins_with_it {
        true => at_version(storage, table, *range.start()).await?,
        false => end.clone(),
    };
    if !begins_with_it {
        check_enabled(&start.metadata.configuration, *range.start())?;
        check_columns(&start.schema, &start.partition_columns, &end, *range.start())?;
    }
    for commit in &commits {
        check_metadata(commit, &end)?;
    }
    files::plan(storage.url(), commits, &end)
}

/// The changes that commits made which somebody else has chosen, and answers for: a sharing server. Each is a version and the lines
/// of its actions; `end` is the table at the last, at `url`. Pure.
pub(crate) fn of_commits(url: &str, commits: Vec<(u64, Bytes)>, end: &Snapshot) -> Result<Changes> {
    let fetched = commits
        .into_iter()
        .map(|(version, bytes)| parse(&FetchedCommit::new(version, Object { bytes, last_modified: None })));
    let commits = fetched.collect::<Result<Vec<_>>>()?;
    files::plan(url, commits, end)
}

/// The versions that are meant.
async fn range(storage: &Storage, table: &Snapshot, from: Version, to: Option<Version>) -> Result<RangeInclusive<u64>> {
    let to = match to {
        None => table.version,
        Some(Version::Number(version)) => version,
        Some(Version::Latest) => log_segment::latest(storage).await?,
        Some(Version::Timestamp(millis)) => super::time_travel::version_at(storage, millis).await?,
    };
    let from = match from {
        Version::Number(version) => version,
        Version::Latest => log_segment::latest(storage).await?,
        Version::Timestamp(millis) => match millis.checked_sub(1) {
            // The one after the last that is older.
            Some(before) => match super::time_travel::version_at(storage, before).await {
                Ok(version) => version.saturating_add(1),
                Err(Error::VersionNotFound { .. }) => super::versions(storage).await?.earliest(),
                Err(error) => return Err(error),
            },
            None => super::versions(storage).await?.earliest(),
        },
    };
    if from > to {
        let reason = format!("the range of changes ends at version {to}, before it");
        return Err(Error::VersionNotFound { url: storage.url().into(), requested: from.to_string(), reason });
    }
    Ok(from..=to)
}

async fn at_version(storage: &Storage, table: &Arc<Snapshot>, version: u64) -> Result<Arc<Snapshot>> {
    match table.version == version {
        true => Ok(table.clone()),
        false => Ok(Arc::new(super::snapshot(storage, Version::Number(version)).await?)),
    }
}

/// An error where a commit of the range is missing.
fn complete(storage: &Storage, commits: &[FetchedCommit], range: &RangeInclusive<u64>) -> Result<()> {
    let missing = range.start().saturating_add(commits.len() as u64);
    if missing > *range.end() {
        return Ok(());
    }
    let reason = "its commit is not there; changes are told by the commits alone, which the table's owner cleans up \
                  after delta.logRetentionDuration"
        .into();
    Err(Error::VersionNotFound { url: storage.url().into(), requested: missing.to_string(), reason })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeLine<'a> {
    add: Option<ChangedFile>,
    remove: Option<ChangedFile>,
    cdc: Option<ChangedFile>,
    meta_data: Option<Metadata>,
    protocol: Option<Protocol>,
    #[serde(borrow)]
    commit_info: Option<&'a RawValue>,
}

/// What `add`, `remove` and `cdc` say of a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangedFile {
    path: Box<str>,
    partition_values: Option<PartitionValues>,
    size: Option<i64>,
    #[serde(default)]
    modification_time: i64,
    #[serde(default = "yes")]
    data_change: bool,
    stats: Option<Box<str>>,
    deletion_vector: Option<DeletionVector>,
}

fn yes() -> bool {
    true
}

/// A commit's changes.
struct Commit {
    version: u64,
    timestamp: Option<CommitTimestamp>,
    adds: Vec<ChangedFile>,
    removes: Vec<ChangedFile>,
    cdc: Vec<ChangedFile>,
    metadata: Option<Metadata>,
    protocol: Option<Protocol>,
}

fn parse(fetched: &FetchedCommit) -> Result<Commit> {
    let path = fetched.path();
    let (mut adds, mut removes, mut cdc) = (Vec::new(), Vec::new(), Vec::new());
    let (mut metadata, mut protocol, mut times) = (None, None, CommitTimes::default());
    for line in lines_of::<ChangeLine<'_>>(&fetched.object.bytes, path.as_ref()) {
        let (_, line) = line?;
        adds.extend(line.add.filter(|add| add.data_change));
        removes.extend(line.remove.filter(|remove| remove.data_change));
        cdc.extend(line.cdc);
        metadata = line.meta_data.or(metadata);
        protocol = line.protocol.or(protocol);
        times = line.commit_info.map(CommitTimes::of).unwrap_or(times);
    }
    let timestamp = commit_timestamp::of(times, fetched.object.last_modified);
    Ok(Commit { version: fetched.version, timestamp, adds, removes, cdc, metadata, protocol })
}

fn check_metadata(commit: &Commit, end: &Snapshot) -> Result<()> {
    let protocol = commit.protocol.as_ref().map(table_features::check).transpose()?;
    let Some(metadata) = &commit.metadata else { return Ok(()) };
    let configuration: BTreeMap<String, String> =
        metadata.configuration.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
    check_enabled(&configuration, commit.version)?;
    let mode = Mode::of(&protocol.unwrap_or_else(|| TableProtocol::of(&end.format)), &configuration)?;
    let schema = schema::parse(&metadata.schema_string, mode)?;
    let partition_columns = positions(&schema.logical, &metadata.partition_columns)?;
    check_columns(&schema, &partition_columns, end, commit.version)
}

fn check_enabled(configuration: &BTreeMap<String, String>, version: u64) -> Result<()> {
    match configuration.get("delta.enableChangeDataFeed").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        true => Ok(()),
        false => {
            let reason = format!(
                "at version {version} the table's property delta.enableChangeDataFeed is not true, so that its commits do not \
                 tell which rows were changed; ask for versions from where it is, or compare two versions with EXCEPT"
            );
            Err(Error::unsupported("changeDataFeed", reason))
        }
    }
}

/// Refuses a range whose files hold what the last version has no place for, or hold it elsewhere.
fn check_columns(earlier: &TableSchema, partitions: &[usize], end: &Snapshot, version: u64) -> Result<()> {
    let names = |schema: &TableSchema, columns: &[usize]| {
        let names = columns.iter().filter_map(|column| schema.physical.fields().get(*column));
        names.map(|field| field.name().clone()).collect::<BTreeSet<_>>()
    };
    if names(earlier, partitions) != names(&end.schema, &end.partition_columns) {
        let reason = format!("the table was partitioned otherwise at version {version} than at {}", end.version);
        return Err(Error::unsupported("changeDataFeed", format!("{reason}: ask for a range that ends before")));
    }
    match lost(earlier.physical.fields(), end.schema.physical.fields(), "") {
        Some(what) => {
            let reason =
                format!("at version {version} {what} at version {}: ask for a range that ends before", end.version);
            Err(Error::unsupported("changeDataFeed", reason))
        }
        None => Ok(()),
    }
}

/// The first field that is not among the later ones, or is another kind of thing there.
fn lost(earlier: &Fields, later: &Fields, path: &str) -> Option<String> {
    earlier.iter().find_map(|field| {
        let path = format!("{path}{}", field.name());
        match later.iter().find(|other| other.name() == field.name()) {
            Some(other) => differs(field, other, &path),
            None => Some(format!("there is a column {path}, which is not there")),
        }
    })
}

fn differs(earlier: &Field, later: &Field, path: &str) -> Option<String> {
    match (earlier.data_type(), later.data_type()) {
        (DataType::Struct(earlier), DataType::Struct(later)) => lost(earlier, later, &format!("{path}.")),
        (DataType::List(earlier), DataType::List(later)) | (DataType::Map(earlier, _), DataType::Map(later, _)) => {
            differs(earlier, later, path)
        }
        (earlier, later) if earlier == later => None,
        // What type widening allows, and what does not fit after all is an error where it is read.
        (earlier, later) if earlier.is_numeric() && later.is_numeric() => None,
        (DataType::Date32, DataType::Timestamp(_, None)) => None,
        _ => Some(format!("the column {path} is of another type than")),
    }
}
