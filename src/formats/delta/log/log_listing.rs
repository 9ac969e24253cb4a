//! From a listing of the log to the files that make up a version. Pure.
//!
//! A log compaction stands for its commits where it is no newer than the version; see [`super::log_compaction`].

use super::log_path::{self, LogFile};
use crate::error::{Error, Result};
use crate::formats::delta::checkpoint::{CheckpointFiles, LogObject};
use crate::storage::Entry;
use object_store::path::Path;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// What a listing of the log holds, by version.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    commits: BTreeSet<u64>,
    /// Complete ones, the one to prefer last.
    checkpoints: BTreeMap<u64, Vec<CheckpointFiles>>,
    /// By first version, the ones with the most commits last.
    compactions: BTreeMap<u64, BTreeMap<u64, Path>>,
}

/// A log compaction, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compaction {
    pub(crate) versions: RangeInclusive<u64>,
    pub(crate) path: Path,
}

/// What has the actions of some versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Commit(u64),
    Compaction(Compaction),
}

/// The files that make up a version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) version: u64,
    pub(crate) checkpoint: Option<CheckpointFiles>,
    /// Ascending and without gaps: from the checkpoint, or from 0, to the version.
    pub(crate) pieces: Vec<Piece>,
}

impl Listing {
    /// Sorts the files of a listing.
    pub(crate) fn new(entries: &[Entry]) -> Listing {
        let mut listing = Listing::default();
        let mut parts: BTreeMap<(u64, u64), BTreeMap<u64, LogObject>> = BTreeMap::new();
        for entry in entries {
            let object = LogObject { path: entry.path.clone(), size: Some(entry.size) };
            match entry.path.filename().and_then(LogFile::parse) {
                Some(LogFile::Commit { version }) => {
                    listing.commits.insert(version);
                }
                Some(LogFile::Compaction { first, last }) => {
                    listing.compactions.entry(first).or_default().insert(last, entry.path.clone());
                }
                Some(LogFile::ClassicCheckpoint { version }) => listing.push(version, vec![object], true),
                Some(LogFile::UuidCheckpoint { version }) => listing.push(version, vec![object], false),
                Some(LogFile::CheckpointPart { version, part, parts: all }) => {
                    parts.entry((version, all)).or_default().insert(part, object);
                }
                None => {}
            }
        }
        for ((version, all), parts) in parts {
            if parts.len() as u64 == all {
                listing.push(version, parts.into_values().collect(), false);
            }
        }
        listing
    }

    fn push(&mut self, version: u64, files: Vec<LogObject>, preferred: bool) {
        let of_version = self.checkpoints.entry(version).or_default();
        let at = if preferred { of_version.len() } else { 0 };
        of_version.insert(at, CheckpointFiles { version, files });
    }

    /// Commits that the listing does not have yet.
    pub(crate) fn add_commits(&mut self, versions: impl IntoIterator<Item = u64>) {
        self.commits.extend(versions);
    }

    /// The newest version.
    pub(crate) fn latest(&self) -> Option<u64> {
        self.commits.last().max(self.checkpoints.keys().next_back()).copied()
    }

    /// The oldest version that can be rebuilt.
    pub(crate) fn earliest(&self) -> Option<u64> {
        match self.commits.contains(&0) {
            true => Some(0),
            false => self.checkpoints.keys().next().copied(),
        }
    }

    /// Forgets a checkpoint that turned out not to be there.
    pub(crate) fn forget(&mut self, checkpoint: &CheckpointFiles) {
        if let Some(of_version) = self.checkpoints.get_mut(&checkpoint.version) {
            of_version.retain(|other| other != checkpoint);
            if of_version.is_empty() {
                self.checkpoints.remove(&checkpoint.version);
            }
        }
    }

    /// The files that make up `version`, which must not be newer than the latest.
    pub(crate) fn plan(&self, version: u64) -> Result<Plan> {
        let checkpoint = self.checkpoints.range(..=version).next_back().and_then(|(_, found)| found.last()).cloned();
        let first = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version + 1);
        let mut pieces = Vec::new();
        let mut next = first;
        while next <= version {
            let compaction = self.compactions.get(&next).and_then(|found| found.range(..=version).next_back());
            if let Some((last, path)) = compaction {
                pieces.push(Piece::Compaction(Compaction { versions: next..=*last, path: path.clone() }));
                next = last.saturating_add(1);
            } else if self.commits.contains(&next) {
                pieces.push(Piece::Commit(next));
                next = next.saturating_add(1);
            } else {
                return Err(self.gap(next));
            }
        }
        Ok(Plan { version, checkpoint, pieces })
    }

    fn gap(&self, gap: u64) -> Error {
        let reason = match self.commits.first().is_none_or(|oldest| *oldest > gap) {
            true => "this commit is not there, and no checkpoint stands for it",
            false => "this commit is not there, and newer ones are",
        };
        Error::corrupt(log_path::commit(gap).as_ref(), reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let entry =
            |name: &&str| Entry { path: Path::from(format!("_delta_log/{name}")), size: 5, last_modified: None };
        Listing::new(&names.iter().map(entry).collect::<Vec<_>>())
    }

    fn name(version: u64, rest: &str) -> String {
        format!("{version:020}.{rest}")
    }

    fn commits(versions: impl IntoIterator<Item = u64>) -> Vec<String> {
        versions.into_iter().map(|version| name(version, "json")).collect()
    }

    /// The versions of a plan's pieces.
    fn versions(plan: Plan) -> Vec<RangeInclusive<u64>> {
        let versions = |piece: Piece| match piece {
            Piece::Commit(version) => version..=version,
            Piece::Compaction(compaction) => compaction.versions,
        };
        plan.pieces.into_iter().map(versions).collect()
    }

    fn listed(names: &[String]) -> Listing {
        listing(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn commits_alone() {
        let listing = listed(&commits(0..3));
        assert_eq!((listing.earliest(), listing.latest()), (Some(0), Some(2)));
        let plan = listing.plan(1).unwrap();
        assert!(plan.checkpoint.is_none());
        assert_eq!(versions(plan), [0..=0, 1..=1]);
        assert_eq!(Listing::default().latest(), None);
    }

    #[test]
    fn the_newest_complete_checkpoint_is_taken() {
        let mut names = commits(2..7);
        names.push(name(2, "checkpoint.parquet"));
        names.push(name(4, "checkpoint.0000000001.0000000002.parquet"));
        names.push(name(4, "checkpoint.0000000002.0000000002.parquet"));
        names.push(name(5, "checkpoint.0000000001.0000000002.parquet"));
        let mut listing = listed(&names);
        assert_eq!((listing.earliest(), listing.latest()), (Some(2), Some(6)));
        let plan = listing.plan(6).unwrap();
        let checkpoint = plan.checkpoint.clone().unwrap();
        assert_eq!((checkpoint.version, checkpoint.files.len()), (4, 2));
        assert_eq!(versions(plan), [5..=5, 6..=6]);
        assert_eq!(listing.plan(3).unwrap().checkpoint.unwrap().version, 2);
        listing.forget(&checkpoint);
        assert_eq!(versions(listing.plan(6).unwrap()), [3..=3, 4..=4, 5..=5, 6..=6]);
        assert!(listing.plan(1).is_err());
    }

    #[test]
    fn classic_checkpoints_are_preferred() {
        let uuid = name(1, "checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json");
        let classic = name(1, "checkpoint.parquet");
        for names in [[uuid.clone(), classic.clone()], [classic.clone(), uuid]] {
            let checkpoint = listed(&names).plan(1).unwrap().checkpoint.unwrap();
            assert_eq!(checkpoint.files[0].path.filename(), Some(classic.as_str()));
        }
    }

    #[test]
    fn compactions_stand_for_commits_up_to_the_version() {
        let mut names = commits([0, 1, 2, 3, 6, 7]);
        let compacted = |first: u64, last: u64| format!("{first:020}.{last:020}.compacted.json");
        names.extend([compacted(1, 2), compacted(1, 3), compacted(2, 3), compacted(4, 5)]);
        let listing = listed(&names);
        assert_eq!(versions(listing.plan(7).unwrap()), [0..=0, 1..=3, 4..=5, 6..=6, 7..=7]);
        assert_eq!(versions(listing.plan(2).unwrap()), [0..=0, 1..=2]);
        assert!(listing.plan(4).is_err());
    }

    #[test]
    fn gaps_are_corrupt() {
        let listing = listed(&commits([0, 1, 3]));
        assert_eq!(versions(listing.plan(1).unwrap()), [0..=0, 1..=1]);
        let Err(Error::CorruptTable { path, .. }) = listing.plan(3) else { panic!() };
        assert_eq!(path, "_delta_log/00000000000000000002.json");
    }
}
