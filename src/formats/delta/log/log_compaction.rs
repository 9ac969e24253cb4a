//! Log compactions: one file with the actions of several commits, used where a listing shows it, for the requests it saves.
//!
//! It has to be reconciled: one word on each logical file. Files in the wild have an `add` and a `remove` of the same one, in
//! no order that the specification defines; those are left alone, and their commits are read.
//!
//! Specification: [Log Compaction Files](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#log-compaction-files).

use super::actions::DeletionVector;
use super::commit::{self, FileAction};
use super::log_listing::Compaction;
use crate::error::Result;
use crate::snapshot::FileLocation;
use crate::storage::{Object, Probe, Storage};
use std::collections::HashSet;

/// The compaction's bytes, if it is there and says one thing of each file.
pub(crate) async fn fetch(storage: &Storage, compaction: &Compaction) -> Result<Option<Object>> {
    Ok(match storage.probe(&FileLocation::Relative(compaction.path.clone())).await? {
        Probe::Found(object) => Some(object).filter(|object| is_reconciled(&object.bytes, compaction.path.as_ref())),
        Probe::Missing | Probe::Denied | Probe::Hidden => None,
    })
}

fn is_reconciled(bytes: &[u8], path: &str) -> bool {
    let Ok(actions) = commit::parse(bytes, path) else { return false };
    let mut seen = HashSet::new();
    actions.files.iter().all(|action| {
        let (path, vector) = match action {
            FileAction::Add(add) => (&*add.path, add.deletion_vector.as_ref()),
            FileAction::Remove(remove) => (&*remove.path, remove.deletion_vector.as_ref()),
        };
        seen.insert((path, vector.filter(|vector| !vector.is_none()).map(DeletionVector::unique_id)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_on_each_file() {
        let add = "{\"add\":{\"path\":\"a\",\"size\":1}}\n";
        let remove = "{\"remove\":{\"path\":\"a\"}}\n";
        let other =
            "{\"remove\":{\"path\":\"a\",\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"x\"}}}\n";
        let reconciled = |parts: &[&str]| is_reconciled(parts.concat().as_bytes(), "c");
        assert!(reconciled(&[add, other]));
        assert!(!reconciled(&[add, remove]));
        assert!(!reconciled(&[add, add]));
        assert!(!reconciled(&["{"]) && !reconciled(&[]));
    }
}
