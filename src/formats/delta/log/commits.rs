//! Commits that are asked for one version after the other, until the first that is not there: how a log without a listing is read.
//!
//! They are asked for in a growing number at once. A hole of more than two commits looks like the log's end.

use super::log_path;
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use crate::storage::{Object, Probe, Storage};
use futures::future::{join, join_all};
use futures::stream::{FuturesOrdered, StreamExt};
use object_store::path::Path;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

/// Commits asked for at once, at first.
const AT_FIRST: usize = 10;
/// Commits asked for at once, at most.
pub(in crate::formats::delta) const MOST_AT_ONCE: usize = 64;
/// Commits asked for beside the hint: a browser has six connections to a host.
const BESIDE_THE_HINT: u64 = 5;

/// No log goes on for so long without a checkpoint.
const MOST_COMMITS: usize = 1 << 20;

/// So many commits behind the first that is not there are looked at.
const LOOK_AHEAD: usize = 2;

/// The bytes of a commit, or of a compaction of several.
#[derive(Debug)]
pub(crate) struct FetchedCommit {
    /// The version that it makes.
    pub(crate) version: u64,
    /// A compaction's first version.
    pub(crate) first: Option<u64>,
    pub(crate) object: Object,
    /// Whether a compaction has its actions.
    is_compacted: bool,
}

impl FetchedCommit {
    pub(crate) fn new(version: u64, object: Object) -> FetchedCommit {
        FetchedCommit { version, first: None, object, is_compacted: false }
    }

    /// What stands for the commits from `first` to `version`.
    pub(in crate::formats::delta) fn compaction(first: u64, version: u64, object: Object) -> FetchedCommit {
        FetchedCommit { first: Some(first), ..FetchedCommit::new(version, object) }
    }

    /// A commit whose actions a compaction has.
    pub(in crate::formats::delta) fn for_its_time(self) -> FetchedCommit {
        FetchedCommit { is_compacted: true, ..self }
    }

    /// What errors call it.
    pub(crate) fn path(&self) -> Path {
        match self.first {
            Some(first) => log_path::compaction(first, self.version),
            None => log_path::commit(self.version),
        }
    }

    /// Whether its actions are in a compaction, or in the checkpoint of version `covered`: then it only tells its time.
    pub(crate) fn is_for_its_time(&self, covered: Option<u64>) -> bool {
        self.is_compacted || covered.is_some_and(|covered| self.version <= covered)
    }
}

/// The commits from `first` on, up to `last` or to the first that is not there. A hole is a corrupt table, where one of the
/// next two commits shows that it is one.
pub(crate) async fn commits_from(storage: &Storage, first: u64, last: Option<u64>) -> Result<Vec<FetchedCommit>> {
    with_first(storage, first, last, Vec::new()).await
}

/// The commits from 0 on, where it shows only meanwhile that they are `needed`.
pub(in crate::formats::delta) async fn commits_beside(
    storage: &Storage,
    last: Option<u64>,
    needed: impl Future<Output = ()>,
) -> Result<Vec<FetchedCommit>> {
    let first = (0..BESIDE_THE_HINT).take_while(|version| last.is_none_or(|last| *version <= last));
    let (first, ()) = join(join_all(first.map(|version| probe_commit(storage, version))), needed).await;
    with_first(storage, 0, last, first).await
}

/// [`commits_from`], the first of which came already.
async fn with_first(
    storage: &Storage,
    first: u64,
    last: Option<u64>,
    came: Vec<Result<Option<Object>>>,
) -> Result<Vec<FetchedCommit>> {
    let is_missing = |(version, commit): (u64, &Result<_>)| matches!(commit, Ok(None)).then_some(version);
    let missing = AtomicU64::new((first..).zip(&came).find_map(is_missing).unwrap_or(u64::MAX));
    let mut found = Vec::new();
    let mut under_way = FuturesOrdered::new();
    let last = last.unwrap_or(u64::MAX);
    let mut versions = (first..=last).fuse().peekable();
    let is_held = |version: &u64| storage.holds(&FileLocation::Relative(log_path::commit(*version)));
    let held = if came.is_empty() { (first..=last).take_while(is_held).count() } else { 0 };
    let mut came = came.into_iter();
    let ask = async |version, came: Option<Result<Option<Object>>>| {
        let commit = match came {
            Some(commit) => commit?,
            None => probe_commit(storage, version).await?,
        };
        if commit.is_none() {
            missing.fetch_min(version, Ordering::Relaxed);
        }
        Ok::<_, Error>((version, commit))
    };
    let end = loop {
        // A log that is here is as a rule all there is: behind it no more is asked for than shows its end.
        let at_once = match found.len() {
            found if held == 0 => (found / 2).clamp(AT_FIRST, MOST_AT_ONCE),
            found => (2 * found.saturating_sub(held)).clamp(LOOK_AHEAD + 1, MOST_AT_ONCE),
        };
        // Not one for each that came: replies come in flocks, and the log's end may be in this one.
        if under_way.len() <= (at_once / 2).max(LOOK_AHEAD) {
            let enough = missing.load(Ordering::Relaxed).saturating_add(LOOK_AHEAD as u64);
            while under_way.len() < at_once
                && let Some(version) = versions.next_if(|version| *version <= enough)
            {
                under_way.push_back(ask(version, came.next()));
            }
        }
        match under_way.next().await.transpose()? {
            Some((version, Some(object))) => {
                // No writer commits the same twice; a host may answer the same for whatever is asked.
                let is_same = |last: &FetchedCommit| last.object.bytes == object.bytes && !object.bytes.is_empty();
                if found.last().is_some_and(is_same)
                    && answers_everything(storage, |other| other.bytes == object.bytes).await?
                {
                    return Ok(found);
                }
                if found.len() >= MOST_COMMITS {
                    let reason = format!("more than {MOST_COMMITS} commits without a checkpoint");
                    return Err(Error::unsupported("this log", reason));
                }
                found.push(FetchedCommit::new(version, object));
            }
            Some((0, None)) | None => return Ok(found),
            Some((version, None)) => break version,
        }
    };
    // The next ones were asked for at the same time: if they are there, this is a hole, and no end.
    let mut later = false;
    for _ in 0..LOOK_AHEAD {
        later |= matches!(under_way.next().await, Some(Ok((_, Some(_)))));
    }
    drop(under_way);
    if !later {
        return Ok(found);
    }
    match probe_commit(storage, end).await? {
        // It was written in the meantime, before the later one.
        Some(_) => Box::pin(commits_from(storage, first, Some(last))).await,
        None => Err(Error::corrupt(log_path::commit(end).as_ref(), "this commit is not there, and newer ones are")),
    }
}

/// A commit, if it is there.
///
/// Some static hosts answer with their front page, and status 200, for what is not there, others with nothing. Either in a commit's place
/// counts as none only where the host does the same for a name that cannot exist; anywhere else it is a commit, broken or empty.
pub(crate) async fn probe_commit(storage: &Storage, version: u64) -> Result<Option<Object>> {
    match storage.probe(&FileLocation::Relative(log_path::commit(version))).await? {
        Probe::Found(object) if is_no_action(&object) && answers_everything(storage, is_no_action).await? => Ok(None),
        Probe::Found(object) => Ok(Some(object)),
        Probe::Missing | Probe::Denied | Probe::Hidden => Ok(None),
    }
}

fn is_no_action(object: &Object) -> bool {
    let text = object.bytes.trim_ascii_start();
    text.is_empty() || text.starts_with(b"<")
}

/// Whether the host answers for a name that cannot exist, and in this way.
async fn answers_everything(storage: &Storage, so: impl Fn(&Object) -> bool) -> Result<bool> {
    let nowhere = FileLocation::Relative(log_path::commit(log_path::LAST_VERSION));
    Ok(matches!(storage.probe(&nowhere).await?, Probe::Found(other) if so(&other)))
}
