//! Delta: from a log's files to a [`Snapshot`].

use crate::error::{Error, Result};
use crate::snapshot::{CommitTimestamp, Snapshot, Version};
use crate::storage::Storage;
use serde_json::Value;
use std::collections::BTreeMap;

/// One version that the log still knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    /// The oldest version that can still be rebuilt.
    pub earliest: u64,
    /// The newest.
    pub latest: u64,
}

/// What a commit says of itself (`commitInfo`).
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The version it made.
    pub version: u64,
    /// When.
    pub timestamp: Option<CommitTimestamp>,
    /// `operation`, such as `WRITE` or `MERGE`.
    pub operation: Option<String>,
    /// `operationParameters`, as written.
    pub operation_parameters: BTreeMap<String, Value>,
    /// `operationMetrics`, as written.
    pub operation_metrics: BTreeMap<String, Value>,
    /// `userName`, else `userId`.
    pub user: Option<String>,
    /// `engineInfo`, else `clientVersion`.
    pub engine: Option<String>,
    /// Everything else in `commitInfo`, by its own name.
    pub other: BTreeMap<String, Value>,
}

/// The table's snapshot at `version`.
pub async fn snapshot(_storage: &Storage, _version: Version) -> Result<Snapshot> {
    Err(Error::internal("not built"))
}

/// The versions that can be opened now.
pub async fn versions(_storage: &Storage) -> Result<VersionRange> {
    Err(Error::internal("not built"))
}

/// The newest `limit` commits at or before `until` (all that are there, if `None`), newest first.
pub async fn history(_storage: &Storage, _until: Option<u64>, _limit: Option<usize>) -> Result<Vec<Commit>> {
    Err(Error::internal("not built"))
}
