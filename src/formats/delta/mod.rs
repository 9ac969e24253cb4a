//! Delta: from a log's files to a [`Snapshot`].
//!
//! `log` finds and fetches the files that make up a version and reads their actions, `checkpoint` reads checkpoints, and
//! `log/replay` reconciles them; [`schema`], `partition_values` and `data_file` turn the result into plain Arrow and paths.
//! All decisions are pure functions; what fetches is in `log/log_segment`, `checkpoint`, `log/last_checkpoint`, `time_travel`,
//! [`history`] and [`change_feed`].
//!
//! Specification: <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>.

mod assemble;
pub mod change_feed;
mod checkpoint;
mod column_mapping;
mod data_file;
mod definition;
mod history;
pub mod log;
mod partition_values;
mod row_tracking;
pub mod schema;
pub mod statistics;
mod table;
mod table_features;
mod table_protocol;
mod time_travel;
mod type_widening;

use crate::error::{Error, Result};
use crate::snapshot::{CommitTimestamp, Definition, Snapshot, Version};
use crate::storage::Storage;
use checkpoint::CheckpointFiles;
use checkpoint::corrupt_checkpoints::Damage;
use log::actions::CommitTimes;
use log::bootstrap::Bootstrap;
use log::commit::Actions;
use log::commits::FetchedCommit;
use log::log_segment::LogSegment;

pub(crate) use assemble::{Assembly, action};
pub use history::{history, versions};
pub(crate) use log::actions::{Add, Metadata, Protocol};
pub use log::checksum::verify;
pub(crate) use log::commit::lines_of;
pub use log::vacuum::missing_file;
pub use table::DeltaTable;
pub(in crate::formats) use table::{DeltaOpener, LogStatistics, WhyMissing};
pub(in crate::formats) use table_protocol::TableProtocol;

/// The table's snapshot at `version`.
///
/// A table at its newest version costs `_last_checkpoint`, its checkpoint and the commits after it; see `log/log_segment`.
///
/// # Errors
/// `table_not_found` without a log, `version_not_found` for a version that is not there or was cleaned up,
/// `unsupported_feature` by name before anything else is read, `corrupt_table` for a log that contradicts itself.
pub async fn snapshot(storage: &Storage, version: Version) -> Result<Snapshot> {
    storage.set_metadata_folder(log::log_path::LOG);
    let version = match version {
        Version::Latest => None,
        Version::Number(version) => Some(version),
        Version::Timestamp(millis) => Some(time_travel::version_at(storage, millis).await?),
    };
    let snapshot = match log::bootstrap::bootstrap(storage, version).await? {
        Bootstrap::Hint(hint) => read(storage, version, hint.as_ref()).await?,
        Bootstrap::Commits(commits) => {
            build(log::log_segment::without_checkpoint(storage, version, commits).await?, storage.url())?
        }
    };
    storage.persist_log().await;
    Ok(snapshot)
}

/// The definition of the table at `version`: one request where that version has a checksum file, and else what
/// [`snapshot`] takes.
pub async fn definition(storage: &Storage, version: u64) -> Result<Definition> {
    // Side by side: where there is no checksum, nothing was waited for.
    let (checksum, hint) =
        futures::try_join!(log::checksum::read(storage, version), log::last_checkpoint::read(storage))?;
    if let Some((metadata, protocol)) = checksum.and_then(|checksum| checksum.definition()) {
        return definition::parse(&protocol, metadata).map(|(definition, _)| definition);
    }
    let snapshot = read(storage, Some(version), hint.as_ref()).await?;
    Ok(snapshot.into_definition())
}

/// The snapshot at `version`, or at the newest one, from where the hint points. Some damage to a checkpoint shows only when its
/// files are decoded: then the next one is tried.
async fn read(storage: &Storage, version: Option<u64>, hint: Option<&CheckpointFiles>) -> Result<Snapshot> {
    let damage = Damage::default();
    loop {
        let segment = log::log_segment::load(storage, version, hint, &damage).await?;
        let checkpoint = segment.checkpoint.as_ref().map(|checkpoint| (checkpoint.files.clone(), checkpoint.names()));
        match (build(segment, storage.url()), checkpoint) {
            (Ok(snapshot), _) => return Ok(Snapshot { damage: damage.first(), ..snapshot }),
            (Err(Error::CorruptTable { path, reason }), Some((files, names))) if names.contains(&path) => {
                damage.note(&files, Error::CorruptTable { path, reason });
            }
            (Err(error), _) => return Err(error),
        }
    }
}

/// Reconciles a fetched log.
fn build(segment: LogSegment, url: &str) -> Result<Snapshot> {
    let LogSegment { version, mut checkpoint, commits } = segment;
    let covered = checkpoint.as_ref().map(|checkpoint| checkpoint.version);
    let (mut newer, timestamp) = parse(&commits, covered)?;
    drop(commits);
    let protocol = newer.iter_mut().find_map(|actions| actions.protocol.take());
    let protocol = protocol.or_else(|| checkpoint.as_mut()?.protocol.take());
    let protocol = protocol.ok_or_else(|| Error::corrupt("_delta_log", "it has no protocol action"))?;
    let metadata = newer.iter_mut().find_map(|actions| actions.metadata.take());
    let metadata = metadata.or_else(|| checkpoint.as_mut()?.metadata.take());
    let metadata = metadata.ok_or_else(|| Error::corrupt("_delta_log", "it has no metaData action"))?;
    assemble::replayed((version, timestamp), &protocol, metadata, url, |replay| {
        for actions in newer {
            replay.commit(actions.files)?;
        }
        match checkpoint {
            Some(checkpoint) => checkpoint.replay(replay),
            None => Ok(()),
        }
    })
}

/// The actions of the commits, newest first, and the time of the newest.
fn parse(commits: &[FetchedCommit], covered: Option<u64>) -> Result<(Vec<Actions>, Option<CommitTimestamp>)> {
    let mut newer = Vec::with_capacity(commits.len());
    let mut timestamps = Vec::with_capacity(commits.len());
    let newest = commits.last().map(|commit| commit.version);
    for commit in commits {
        let path = commit.path();
        // Nothing was done in it, and the log went on. The newest one may be one that was cut off, or is being written.
        if commit.object.bytes.is_empty() && commit.first.is_none() && Some(commit.version) != newest {
            timestamps.push(log::commit_timestamp::of(CommitTimes::default(), commit.object.last_modified));
            continue;
        }
        if commit.is_for_its_time(covered) {
            timestamps.push(log::commit_timestamp::of_commit(&commit.object, path.as_ref()).unwrap_or(None));
            continue;
        }
        let actions = log::commit::parse(&commit.object.bytes, path.as_ref())?;
        if commit.first.is_none() {
            timestamps.push(log::commit_timestamp::of(actions.times, commit.object.last_modified));
        }
        newer.push(actions);
    }
    newer.reverse();
    log::commit_timestamp::make_monotonic(&mut timestamps);
    Ok((newer, timestamps.last().copied().flatten()))
}
