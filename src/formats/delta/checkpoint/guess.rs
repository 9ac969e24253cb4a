//! Where a classic checkpoint may be on a host that cannot list.
//!
//! Spark writes one at every multiple of the interval, delta-rs at the version before. The interval is 10 or a multiple of it
//! nearly everywhere.

use super::{CheckpointFiles, LogObject};
use crate::error::{Error, Result};
use crate::formats::delta::checkpoint;
use crate::formats::delta::log::log_path;
use crate::snapshot::FileLocation;
use crate::storage::Storage;
use futures::future::join_all;

/// Versions at or below `version` where a checkpoint may be, newest first: every tenth of the last hundred, then of the
/// last thousand, and the one before each.
pub(crate) fn guesses_below(version: u64) -> impl Iterator<Item = Vec<u64>> {
    let near = |from: u64, to: u64| -> Vec<u64> {
        let Some(highest) = version.checked_sub(from) else { return Vec::new() };
        let lowest = version.saturating_sub(to);
        let fits = |candidate: &u64| matches!(candidate % 10, 0 | 9);
        (lowest..=highest).rev().filter(fits).collect()
    };
    [near(0, 100), near(101, 300), near(301, 1000)].into_iter()
}

/// The newest few versions where a checkpoint of this interval may be.
pub(crate) fn guesses_at(version: u64, interval: Option<u64>) -> Vec<u64> {
    let Some(interval) = interval else { return Vec::new() };
    let multiples = (0..4).filter_map(|back| (version / interval).checked_sub(back)?.checked_mul(interval));
    let mut guesses: Vec<u64> =
        multiples.flat_map(|multiple| [Some(multiple), multiple.checked_sub(1)]).flatten().collect();
    // One before the next multiple may be the version itself.
    guesses.extend((version.checked_add(1)).filter(|next| next % interval == 0).map(|_| version));
    guesses.sort_unstable_by(|a, b| b.cmp(a));
    guesses.dedup();
    guesses
}

/// The checkpoint of `version` by its classic name.
pub(crate) fn classic(version: u64) -> CheckpointFiles {
    let path = log_path::classic_checkpoint(version);
    CheckpointFiles { version, files: vec![LogObject { path, size: None }] }
}

/// Those of `versions` that have a classic checkpoint, in the order given: one small request each, all at once.
pub(crate) async fn existing(storage: &Storage, versions: &[u64]) -> Result<Vec<u64>> {
    let probes = versions.iter().map(async |version| {
        let location = FileLocation::Relative(log_path::classic_checkpoint(*version));
        match storage.get_ranges(&location, std::slice::from_ref(&(0..4))).await {
            Ok(magic) => Ok(magic.first().is_some_and(|magic| **magic == *b"PAR1").then_some(*version)),
            Err(error) if error.may_be_missing() => Ok(None),
            // Shorter than that.
            Err(Error::CorruptTable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let found: Result<Vec<_>> = join_all(probes).await.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

/// `delta.checkpointInterval`, where it is not one that was guessed already.
pub(crate) async fn interval(storage: &Storage, hint: &CheckpointFiles) -> Result<Option<u64>> {
    let metadata = checkpoint::metadata(storage, hint).await?;
    let interval = metadata.and_then(|mut metadata| metadata.configuration.remove("delta.checkpointInterval")?);
    Ok(interval.and_then(|interval| interval.parse().ok()).filter(|interval| *interval > 0 && interval % 10 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_near_first() {
        let guesses: Vec<_> = guesses_below(125).collect();
        assert_eq!(guesses[0][..4], [120, 119, 110, 109]);
        assert_eq!((guesses[0].last(), guesses[1].as_slice()), (Some(&29), &[20, 19, 10, 9, 0][..]));
        assert_eq!(guesses_below(3).collect::<Vec<_>>(), [vec![0], vec![], vec![]]);
        assert!(guesses_below(u64::MAX).all(|guesses| !guesses.is_empty()));
    }

    #[test]
    fn guesses_of_an_interval() {
        assert_eq!(guesses_at(80, Some(25)), [75, 74, 50, 49, 25, 24, 0]);
        assert_eq!(guesses_at(74, Some(25))[..2], [74, 50]);
        assert_eq!(guesses_at(u64::MAX, Some(1)).len(), 5);
        assert!(guesses_at(80, None).is_empty());
    }
}
