//! What changed between versions, row by row.

use super::Snapshot;

/// How a row was changed: `insert`, `delete`, `update_preimage`, `update_postimage`.
pub const CHANGE_TYPE: &str = "_change_type";
/// The version that changed it.
pub const COMMIT_VERSION: &str = "_commit_version";
/// When that was committed.
pub const COMMIT_TIMESTAMP: &str = "_commit_timestamp";

/// The changes of a range of versions, as rows of two snapshots of the same columns.
#[derive(Debug)]
pub struct Changes {
    /// Those that writers recorded: `_change_type` is in the files.
    pub recorded: Snapshot,
    /// Those that whole files and deletion vectors tell of: every file has one `_change_type`.
    pub inferred: Snapshot,
}
