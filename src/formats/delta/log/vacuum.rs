//! What VACUUM leaves of older versions: their commits, but not their files.
//!
//! It deletes the files that were removed from the table longer ago than a retention, and some writers note in the log that it
//! ran (`VACUUM START`, `VACUUM END`). Nothing tells which files it really deleted: what is told here is told as likely.

use super::commits;
use crate::error::{Error, Result};
use crate::formats::delta::time_travel;
use crate::snapshot::{Commit, Snapshot};
use crate::storage::Storage;

/// How long removed files are kept, unless the table says otherwise: a week.
const RETENTION_MILLIS: i64 = 7 * 24 * 3_600_000;

/// Why the file `name`, which the log says is part of `snapshot`, is not there.
pub async fn missing_file(storage: &Storage, snapshot: &Snapshot, name: &str) -> Error {
    let version = snapshot.version;
    match commits::probe_commit(storage, version.saturating_add(1)).await {
        Ok(Some(_)) => {
            let retention = snapshot.metadata.configuration.get("delta.deletedFileRetentionDuration");
            let retention = retention.map_or("a week, if not told otherwise", String::as_str);
            let reason = format!(
                "its file {name} is not there: VACUUM has probably deleted it, as it may with files that newer versions have \
                 removed (retention: {retention}); open a newer version"
            );
            Error::VersionNotFound { url: storage.url().into(), requested: version.to_string(), reason }
        }
        _ => {
            let reason = format!(
                "the log names this file, but it is not there: version {version}, which it is part of, is the newest, so it may \
                 not have been copied"
            );
            Error::corrupt(name, reason)
        }
    }
}

/// The oldest version whose files VACUUM has surely left alone, as far as `commits` (newest first, the newest of the table
/// among them) tell; `None` where they do not.
pub(crate) async fn intact(storage: &Storage, commits: &[Commit]) -> Result<Option<u64>> {
    let Some(cutoff) = cutoff(commits) else { return Ok(None) };
    match time_travel::version_at(storage, cutoff).await {
        Ok(version) => Ok(Some(version)),
        Err(Error::VersionNotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Files that were removed before this time are deleted.
fn cutoff(commits: &[Commit]) -> Option<i64> {
    let cutoffs =
        commits.iter().filter(|commit| commit.operation.as_deref() == Some("VACUUM START")).filter_map(|start| {
            let millis = |name: &str| {
                let value = start.operation_parameters.get(name)?;
                value.as_i64().or_else(|| value.as_str()?.trim_matches('"').parse().ok())
            };
            let retention = millis("specifiedRetentionMillis").or_else(|| millis("defaultRetentionMillis"));
            start.timestamp?.millis.checked_sub(retention.unwrap_or(RETENTION_MILLIS))
        });
    cutoffs.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{CommitTimestamp, TimestampSource};
    use serde_json::{Value, json};

    fn start(millis: i64, parameters: Value) -> Commit {
        Commit {
            timestamp: Some(CommitTimestamp { millis, source: TimestampSource::InCommit }),
            operation: Some("VACUUM START".into()),
            operation_parameters: serde_json::from_value(parameters).unwrap(),
            ..Commit::default()
        }
    }

    #[test]
    fn the_latest_cutoff_counts() {
        assert_eq!(cutoff(&[Commit::default()]), None);
        let specified = start(1_000, json!({"specifiedRetentionMillis": "100", "defaultRetentionMillis": "500"}));
        let default = start(2_000, json!({"defaultRetentionMillis": 500}));
        assert_eq!(cutoff(&[specified.clone(), Commit::default()]), Some(900));
        assert_eq!(cutoff(&[specified, default]), Some(1_500));
        assert_eq!(cutoff(&[start(0, json!({}))]), Some(-RETENTION_MILLIS));
    }
}
