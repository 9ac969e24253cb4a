//! The files of a log: which make up a version, and what they say.

pub(crate) mod actions;
pub(crate) mod bootstrap;
pub(crate) mod checksum;
pub(crate) mod commit;
pub(crate) mod commit_timestamp;
pub(crate) mod commits;
pub(crate) mod last_checkpoint;
pub(crate) mod log_compaction;
pub mod log_index;
pub(crate) mod log_listing;
pub(crate) mod log_path;
pub(crate) mod log_segment;
pub(crate) mod replay;
pub(crate) mod revalidate;
pub(crate) mod vacuum;

use crate::error::Error;
use crate::storage::Storage;

pub(crate) fn not_found(storage: &Storage, reason: &str) -> Error {
    Error::TableNotFound { url: storage.url().into(), reason: reason.into() }
}
