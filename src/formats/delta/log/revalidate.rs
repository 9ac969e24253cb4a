//! A log that was read before: whether it is still the table's.

use super::log_path::{self, LogFile};
use crate::snapshot::FileLocation;
use crate::storage::{Probe, Storage};

/// Brings back what was read of this table's log the last time it was opened, if the newest commit of it is what the host has
/// now. Commits never change, so what comes before it is what it was, too. A request, which goes out beside the hint's. False: nothing
/// was read of it before.
pub(in crate::formats::delta) async fn revalidate(storage: &Storage) -> bool {
    let Some(kept) = storage.persisted_log().await else { return false };
    let commit = |name: &str| match LogFile::parse(name) {
        Some(LogFile::Commit { version }) => Some(version),
        _ => None,
    };
    let Some(newest) = kept.paths().filter_map(|path| commit(path.filename()?)).max() else { return true };
    let path = log_path::commit(newest);
    let Some(known) = kept.whole(&path) else { return true };
    // Its time counts as well: a copy of a table keeps the bytes, and not the times of its versions.
    if let Ok(Probe::Found(now)) = storage.probe_mutable(&FileLocation::Relative(path)).await
        && (now.bytes, now.last_modified) == (known.bytes, known.last_modified)
    {
        storage.restore(kept);
    }
    true
}
