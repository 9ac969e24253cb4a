//! What was done to make a version.

use super::CommitTimestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a commit says of itself; where it says nothing, only its version and perhaps its time are known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Commit {
    /// The version it made.
    pub version: u64,
    /// When.
    pub timestamp: Option<CommitTimestamp>,
    /// What was done, such as `WRITE` or `MERGE`.
    pub operation: Option<String>,
    /// With which parameters, as written.
    pub operation_parameters: BTreeMap<String, Value>,
    /// What it counted, as written.
    pub operation_metrics: BTreeMap<String, Value>,
    /// Who did it, by name.
    pub user_name: Option<String>,
    /// Who did it, by id.
    pub user_id: Option<String>,
    /// The writer and its version.
    pub engine_info: Option<String>,
    /// Whether the commit added files and had read none.
    pub is_blind_append: Option<bool>,
    /// The version that the writer had read.
    pub read_version: Option<i64>,
    /// How it is kept apart from others, such as `Serializable`.
    pub isolation_level: Option<String>,
    /// What tells the commit from every other.
    pub txn_id: Option<String>,
    /// What the writer's user noted.
    pub user_metadata: Option<String>,
    /// Everything else, by its own name.
    pub other: BTreeMap<String, Value>,
}
