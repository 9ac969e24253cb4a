//! Share manifests: one JSON file that pins versions of a table.
//!
//! It has, for each version, what the log would say (protocol, schema, live files with their sizes, statistics and deletion
//! vectors), and for each file a URL: presigned, or relative to the manifest. Opening it is one GET: no log, no listing, no HEAD;
//! and it prunes as the log does, because its entries are the log's own actions.
//!
//! ```json
//! {"lakeglassManifest": 1, "name": "trade", "contact": "data@example.com", "created": 1764000000000, "expires": 1764600000000,
//!  "base": "./",
//!  "definitions": [{"protocol": {…}, "metaData": {…}}],
//!  "files": [{"path": "year=2024/a.parquet", "partitionValues": {…}, "size": 1, "modificationTime": 2, "stats": "…"}],
//!  "versions": [{"version": 3, "timestamp": {"millis": 1, "source": "inCommit"}, "definition": 0, "files": [0]}],
//!  "urls": {"year=2024/a.parquet": "https://…"}}
//! ```
//!
//! `definitions`, `protocol`, `metaData` and `files` are actions as Delta's specification has them. The versions name them by
//! position. `urls` has decoded paths (of deletion vectors too); what is not in it is relative to `base`, which is relative to
//! the manifest. Unknown keys are skipped, a newer format is refused.

mod encode;
mod read;
mod table;
mod write;

pub use read::Manifest;
pub(in crate::formats) use table::ManifestOpener;
pub use write::{ShareOptions, objects, write};

use crate::snapshot::{CommitTimestamp, TimestampSource};
use serde::{Deserialize, Serialize};

/// The newest format that is understood.
const FORMAT: u32 = 1;

/// A version's time, as a manifest has it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Timestamp {
    millis: i64,
    source: Source,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Source {
    InCommit,
    LastModified,
    CommitInfo,
}

impl From<CommitTimestamp> for Timestamp {
    fn from(timestamp: CommitTimestamp) -> Timestamp {
        let source = match timestamp.source {
            TimestampSource::InCommit => Source::InCommit,
            TimestampSource::LastModified => Source::LastModified,
            TimestampSource::CommitInfo => Source::CommitInfo,
        };
        Timestamp { millis: timestamp.millis, source }
    }
}

impl From<Timestamp> for CommitTimestamp {
    fn from(timestamp: Timestamp) -> CommitTimestamp {
        let source = match timestamp.source {
            Source::InCommit => TimestampSource::InCommit,
            Source::LastModified => TimestampSource::LastModified,
            Source::CommitInfo => TimestampSource::CommitInfo,
        };
        CommitTimestamp { millis: timestamp.millis, source }
    }
}
