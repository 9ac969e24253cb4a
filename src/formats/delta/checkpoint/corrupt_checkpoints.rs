//! Checkpoints that cannot be read: an older one, or the commits from the first on, say the same.

use super::CheckpointFiles;
use crate::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The checkpoints that were found damaged while a version was looked for, and what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Damage(Mutex<Vec<(CheckpointFiles, Error)>>);

impl Damage {
    fn found(&self) -> MutexGuard<'_, Vec<(CheckpointFiles, Error)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a checkpoint is damaged.
    pub(crate) fn note(&self, checkpoint: &CheckpointFiles, error: Error) {
        self.found().push((checkpoint.clone(), error));
    }

    /// Whether a checkpoint is known to be damaged, by whatever way its files were found.
    pub(crate) fn has(&self, checkpoint: &CheckpointFiles) -> bool {
        let paths = |checkpoint: &CheckpointFiles| -> Vec<_> {
            checkpoint.files.iter().map(|file| file.path.clone()).collect()
        };
        self.found().iter().any(|(other, _)| paths(other) == paths(checkpoint))
    }

    /// The newest version that a damaged checkpoint is of: the table has at least this one.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.found().iter().map(|(checkpoint, _)| checkpoint.version).max()
    }

    /// What is wrong with the first, if there is one.
    pub(crate) fn first(&self) -> Option<Error> {
        self.found().first().map(|(_, error)| error.clone())
    }

    /// Why a version cannot be rebuilt: for want of the checkpoint that is damaged, or because of `error`.
    pub(crate) fn instead_of(&self, error: Error) -> Error {
        self.first().unwrap_or(error)
    }
}
