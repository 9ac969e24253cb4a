//! What the commits say of themselves, and which versions can be opened.

use super::checkpoint::guess::{existing, guesses_below};
use super::log::commits::probe_commit;
use super::log::log_index;
use super::log::log_path;
use super::log::log_segment;
use super::log::{commit, commit_timestamp, last_checkpoint, vacuum};
use crate::error::{Error, Result};
use crate::snapshot::{Commit, VersionList};
use crate::storage::{Object, Storage};
use futures::stream::{FuturesOrdered, StreamExt};
use serde_json::Value;
use std::collections::BTreeMap;

/// Commits asked for at once.
const WINDOW: usize = 24;

/// So many commits are looked at for a VACUUM.
const VACUUM_WITHIN: usize = 10;

/// The versions that can be opened now.
///
/// Where the host can list, one listing. Else the newest is found as [`super::snapshot`] finds it; the oldest is 0 where
/// commit 0 is there, and otherwise the oldest of the checkpoints at the versions where writers put them. The newest few
/// commits are looked at for a VACUUM; opening the table has mostly fetched them.
pub async fn versions(storage: &Storage) -> Result<VersionList> {
    let (earliest, latest) = ends(storage).await?;
    let newest = history(storage, Some(latest), Some(VACUUM_WITHIN)).await.unwrap_or_default();
    let intact = vacuum::intact(storage, &newest).await?;
    Ok(VersionList::contiguous(earliest, latest, intact.map(|intact| intact.max(earliest))))
}

/// The oldest version that can be rebuilt, and the newest.
async fn ends(storage: &Storage) -> Result<(u64, u64)> {
    if let Some(listing) = log_segment::list(storage, None).await? {
        let range = listing.earliest().zip(listing.latest());
        return range.ok_or_else(|| {
            crate::formats::delta::log::not_found(storage, "its _delta_log is not there, or holds no commit")
        });
    }
    let latest = log_segment::latest(storage).await?;
    if probe_commit(storage, 0).await?.is_some() {
        return Ok((0, latest));
    }
    if let Some(earliest) = log_index::read(storage, Some(latest)).await?.and_then(|listing| listing.earliest()) {
        return Ok((earliest, latest));
    }
    let mut earliest = last_checkpoint::read(storage).await?.map_or(latest, |hint| hint.version);
    loop {
        let before = earliest;
        // Only of the last hundred versions at a time: each guess is a request.
        for candidates in before.checked_sub(1).into_iter().flat_map(|older| guesses_below(older).take(1)) {
            let found = existing(storage, &candidates).await?;
            earliest = found.into_iter().min().unwrap_or(earliest).min(earliest);
        }
        if earliest == before {
            return Ok((earliest, latest));
        }
    }
}

/// The newest `limit` commits at or before `until` (all that are there, if `None`), newest first. Ends where the log was
/// cleaned up.
pub async fn history(storage: &Storage, until: Option<u64>, limit: Option<usize>) -> Result<Vec<Commit>> {
    let newest = match until {
        Some(until) => until,
        None => log_segment::latest(storage).await?,
    };
    let found = commits_before(storage, newest, limit.unwrap_or(usize::MAX)).await?;
    if found.is_empty() && limit != Some(0) && until.is_some() {
        let latest = log_segment::latest(storage).await?;
        if newest > latest {
            let reason = format!("the latest version is {latest}");
            return Err(Error::VersionNotFound { url: storage.url().into(), requested: newest.to_string(), reason });
        }
    }
    let mut commits = found.iter().map(|(version, object)| describe(*version, object)).collect::<Result<Vec<_>>>()?;
    let mut timestamps: Vec<_> = commits.iter().rev().map(|commit| commit.timestamp).collect();
    commit_timestamp::make_monotonic(&mut timestamps);
    for (commit, timestamp) in commits.iter_mut().rev().zip(timestamps) {
        commit.timestamp = timestamp;
    }
    Ok(commits)
}

async fn commits_before(storage: &Storage, newest: u64, limit: usize) -> Result<Vec<(u64, Object)>> {
    let mut found = Vec::new();
    let mut under_way = FuturesOrdered::new();
    let mut versions = (0..=newest).rev().take(limit);
    loop {
        while under_way.len() < WINDOW {
            let Some(version) = versions.next() else { break };
            under_way.push_back(async move { Ok::<_, Error>((version, probe_commit(storage, version).await?)) });
        }
        match under_way.next().await.transpose()? {
            Some((version, Some(object))) => found.push((version, object)),
            Some((_, None)) | None => return Ok(found),
        }
    }
}

fn describe(version: u64, object: &Object) -> Result<Commit> {
    let path = log_path::commit(version);
    let timestamp = commit_timestamp::of_commit(object, path.as_ref())?;
    let mut commit = Commit { version, timestamp, ..Commit::default() };
    let Some(commit_info) = commit::commit_info(&object.bytes, path.as_ref())? else { return Ok(commit) };
    let Ok(mut info) = serde_json::from_str::<BTreeMap<String, Value>>(commit_info.get()) else { return Ok(commit) };
    info.retain(|key, value| !value.is_null() && key != "timestamp" && key != "inCommitTimestamp");

    commit.operation = text(&mut info, "operation");
    commit.operation_parameters = object_of(&mut info, "operationParameters");
    commit.operation_metrics = object_of(&mut info, "operationMetrics");
    commit.user_name = text(&mut info, "userName");
    commit.user_id = text(&mut info, "userId");
    commit.engine_info = text(&mut info, "engineInfo");
    commit.is_blind_append = take(&mut info, "isBlindAppend", Value::as_bool);
    commit.read_version = take(&mut info, "readVersion", Value::as_i64);
    commit.isolation_level = text(&mut info, "isolationLevel");
    commit.txn_id = text(&mut info, "txnId");
    commit.user_metadata = text(&mut info, "userMetadata");
    commit.other = info;
    Ok(commit)
}

fn text(info: &mut BTreeMap<String, Value>, key: &str) -> Option<String> {
    take(info, key, |value| value.as_str().map(String::from))
}

/// Takes a value out of `info`; one of another type stays where it is.
fn take<T>(info: &mut BTreeMap<String, Value>, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let found = read(info.get(key)?)?;
    info.remove(key);
    Some(found)
}

fn object_of(info: &mut BTreeMap<String, Value>, key: &str) -> BTreeMap<String, Value> {
    match info.remove(key) {
        Some(Value::Object(object)) => object.into_iter().collect(),
        Some(other) => {
            info.insert(key.into(), other);
            BTreeMap::new()
        }
        None => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::CommitTimestamp;
    use crate::snapshot::TimestampSource;
    use bytes::Bytes;
    use serde_json::json;

    fn commit(text: &'static str) -> Commit {
        describe(3, &Object { bytes: Bytes::from_static(text.as_bytes()), last_modified: None }).unwrap()
    }

    #[test]
    fn a_commit_info_is_sorted_into_fields() {
        let commit = commit(
            r#"{"commitInfo":{"timestamp":5,"operation":"WRITE","operationParameters":{"mode":"Append"},
            "operationMetrics":{"numFiles":"1"},"userId":"7","userName":"ann","engineInfo":"Spark","clientVersion":"x",
            "isBlindAppend":true,"readVersion":2,"isolationLevel":"Serializable","txnId":"x","userMetadata":"why","tags":null,
            "notebook":{"notebookId":"9"}}}"#
                .replace('\n', "")
                .leak(),
        );
        assert_eq!(commit.timestamp.unwrap(), CommitTimestamp { millis: 5, source: TimestampSource::CommitInfo });
        assert_eq!(commit.operation.as_deref(), Some("WRITE"));
        assert_eq!(commit.operation_parameters, BTreeMap::from([("mode".into(), json!("Append"))]));
        assert_eq!(commit.operation_metrics, BTreeMap::from([("numFiles".into(), json!("1"))]));
        let texts = [commit.user_name, commit.user_id, commit.engine_info, commit.isolation_level, commit.txn_id];
        assert_eq!(texts.map(Option::unwrap), ["ann", "7", "Spark", "Serializable", "x"]);
        assert_eq!((commit.is_blind_append, commit.read_version), (Some(true), Some(2)));
        assert_eq!(commit.user_metadata.as_deref(), Some("why"));
        let other: Vec<_> = commit.other.keys().map(String::as_str).collect();
        assert_eq!(other, ["clientVersion", "notebook"]);
    }

    #[test]
    fn a_commit_may_say_nothing() {
        let silent = Commit { version: 3, ..Commit::default() };
        assert_eq!(commit(r#"{"txn":{"appId":"a","version":1}}"#), silent);
        assert_eq!(commit(r#"{"commitInfo":[1]}"#), silent);
        let odd = commit(r#"{"commitInfo":{"operation":7,"operationParameters":"x","isBlindAppend":"yes"}}"#);
        let other: Vec<_> = odd.other.into_iter().collect();
        let kept = [("isBlindAppend", json!("yes")), ("operation", json!(7)), ("operationParameters", json!("x"))];
        assert_eq!(other, kept.map(|(key, value)| (key.to_string(), value)));
    }
}
