//! From a listing of the log to the files that make up a version. Pure.

use super::checkpoint::{CheckpointFiles, LogObject};
use super::log_path::{self, LogFile};
use crate::error::{Error, Result};
use crate::storage::Entry;
use object_store::path::Path;
use std::collections::{BTreeMap, BTreeSet};

/// What a listing of the log holds, by version.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    commits: BTreeSet<u64>,
    /// Complete ones, the one to prefer last.
    checkpoints: BTreeMap<u64, Vec<CheckpointFiles>>,
    /// The longest per first version.
    compactions: BTreeMap<u64, u64>,
}

/// The files that make up a version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) version: u64,
    pub(crate) checkpoint: Option<CheckpointFiles>,
    /// Ascending and without gaps: from the checkpoint, or from 0, to the version.
    pub(crate) deltas: Vec<Delta>,
}

/// A commit, or a log compaction that stands for several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Delta {
    /// The file.
    pub(crate) fn path(&self) -> Path {
        match self.start == self.end {
            true => log_path::commit(self.end),
            false => log_path::in_log(&format!("{:020}.{:020}.compacted.json", self.start, self.end)),
        }
    }
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
                Some(LogFile::ClassicCheckpoint { version }) => listing.push(version, vec![object], true),
                Some(LogFile::UuidCheckpoint { version }) => listing.push(version, vec![object], false),
                Some(LogFile::CheckpointPart { version, part, parts: all }) => {
                    parts.entry((version, all)).or_default().insert(part, object);
                }
                Some(LogFile::Compaction { start, end }) => {
                    let longest = listing.compactions.entry(start).or_insert(end);
                    *longest = end.max(*longest);
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
        let mut next = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version + 1);
        let mut deltas = Vec::new();
        while next <= version {
            // One that ends with the version itself is left alone: the version's own commit says when it was made.
            let compacted = self.compactions.get(&next).copied().filter(|end| *end < version);
            if compacted.is_none() && !self.commits.contains(&next) {
                let reason = match checkpoint {
                    None if self.commits.first().is_none_or(|first| *first > next) => {
                        "this commit is not there, and no checkpoint stands for it"
                    }
                    _ => "this commit is not there, and newer ones are",
                };
                return Err(Error::corrupt(log_path::commit(next).as_ref(), reason));
            }
            let end = compacted.unwrap_or(next);
            deltas.push(Delta { start: next, end });
            next = end + 1;
        }
        Ok(Plan { version, checkpoint, deltas })
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

    fn listed(names: &[String]) -> Listing {
        listing(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn spans(plan: &Plan) -> Vec<(u64, u64)> {
        plan.deltas.iter().map(|delta| (delta.start, delta.end)).collect()
    }

    #[test]
    fn commits_alone() {
        let listing = listed(&commits(0..3));
        assert_eq!((listing.earliest(), listing.latest()), (Some(0), Some(2)));
        let plan = listing.plan(1).unwrap();
        assert_eq!((plan.checkpoint.is_none(), spans(&plan)), (true, vec![(0, 0), (1, 1)]));
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
        assert_eq!((checkpoint.version, checkpoint.files.len(), spans(&plan)), (4, 2, vec![(5, 5), (6, 6)]));
        assert_eq!(listing.plan(3).unwrap().checkpoint.unwrap().version, 2);
        listing.forget(&checkpoint);
        assert_eq!(spans(&listing.plan(6).unwrap()), [(3, 3), (4, 4), (5, 5), (6, 6)]);
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
    fn compactions_stand_for_commits() {
        let mut names = commits(0..7);
        names.push(name(1, "00000000000000000002.compacted.json"));
        names.push(name(1, "00000000000000000004.compacted.json"));
        let listing = listed(&names);
        assert_eq!(spans(&listing.plan(6).unwrap()), [(0, 0), (1, 4), (5, 5), (6, 6)]);
        assert_eq!(spans(&listing.plan(3).unwrap()), [(0, 0), (1, 1), (2, 2), (3, 3)]);
        let delta = Delta { start: 1, end: 4 };
        assert_eq!(delta.path().filename(), Some(name(1, "00000000000000000004.compacted.json").as_str()));
    }

    #[test]
    fn gaps_are_corrupt() {
        let listing = listed(&commits([0, 1, 3]));
        assert_eq!(listing.plan(1).unwrap().deltas.len(), 2);
        let Err(Error::CorruptTable { path, .. }) = listing.plan(3) else { panic!() };
        assert_eq!(path, "_delta_log/00000000000000000002.json");
    }
}
