//! Which version was the newest at a point in time.
//!
//! A search over the commits that are still there, several at a time, then a look at all of those in between: a log of ten
//! thousand commits costs about fifty small requests in four or five rounds. A time after the newest commit is the newest
//! version's; one before the oldest commit that is there is an error. The search takes times for rising: files whose times
//! fall back for longer than a few commits (a clock that was set back) may lead it astray, in-commit timestamps never.
//!
//! Specification: [In-Commit Timestamps](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#in-commit-timestamps).

use super::definition;
use super::log::commit_timestamp;
use super::log::commit_timestamp::make_monotonic;
use super::log::log_path;
use super::log::{commits, log_segment};
use crate::error::{Error, Result};
use crate::snapshot::{CommitTimestamp, TimestampSource};
use crate::storage::Storage;
use chrono::DateTime;
use futures::stream::{StreamExt, TryStreamExt};

/// So few commits are looked at all together.
const FEW: u64 = 32;

/// Commits asked for at once while searching.
const PROBES: u64 = 8;

/// Commits before the interval, for times that are made monotonic.
const MARGIN: u64 = 4;

/// The newest version committed at or before `millis`.
pub(crate) async fn version_at(storage: &Storage, millis: i64) -> Result<u64> {
    let latest = log_segment::latest(storage).await?;
    let mut search = Search { millis, low: 0, high: latest.saturating_add(1), first: 0 };
    // A log whose newest commit has an in-commit timestamp may have begun without: there it has to be known where.
    let mut enablement_is_known = false;
    while search.width() > FEW {
        let step = search.width().div_ceil(PROBES + 1);
        let mut versions: Vec<u64> = (1..=PROBES).map(|i| search.low + i * step).collect();
        versions.push(latest);
        versions.retain(|version| *version < search.high || *version == latest);
        versions.dedup();
        let found = times(storage, versions).await?;
        if !enablement_is_known && search.depends_on_enablement(&found, latest) {
            enablement_is_known = true;
            search.split(enablement(storage, latest).await?);
        }
        search.narrow(&found);
        if step <= 1 {
            break;
        }
    }
    let from = search.low.saturating_sub(MARGIN).max(search.first);
    let found = times(storage, (from..search.high).collect()).await?;
    newest(storage, found, millis)
}

/// Where in-commit timestamps begin in a table that once did without, and the first of them.
async fn enablement(storage: &Storage, latest: u64) -> Result<Option<(u64, i64)>> {
    let configuration = definition(storage, latest).await?.metadata.configuration;
    let property = |name: &str| configuration.get(name).map(String::as_str).unwrap_or_default().to_owned();
    let version = property("delta.inCommitTimestampEnablementVersion").parse().ok();
    Ok(version.zip(property("delta.inCommitTimestampEnablementTimestamp").parse().ok()))
}

/// The versions among which the wanted one is.
#[derive(Debug, PartialEq, Eq)]
struct Search {
    millis: i64,
    /// Versions below are too old, or gone.
    low: u64,
    /// It and those above are too new.
    high: u64,
    /// Versions below are gone.
    first: u64,
}

impl Search {
    fn width(&self) -> u64 {
        self.high.saturating_sub(self.low)
    }

    /// Whether a commit without an in-commit timestamp seems too new, in a log that has them by now: its file may have been
    /// touched later.
    fn depends_on_enablement(&self, found: &[(u64, Found)], latest: u64) -> bool {
        let in_commit = |version: u64, time: &CommitTimestamp| {
            version == latest && time.source == TimestampSource::InCommit && time.millis > self.millis
        };
        let too_new = |time: &CommitTimestamp| time.source != TimestampSource::InCommit && time.millis > self.millis;
        let any = |is: &dyn Fn(u64, &CommitTimestamp) -> bool| {
            found.iter().any(|(version, found)| matches!(found, Found::At(Some(time)) if is(*version, time)))
        };
        any(&in_commit) && any(&|_, time| too_new(time))
    }

    /// Only the commits with in-commit timestamps, or only those before.
    fn split(&mut self, enablement: Option<(u64, i64)>) {
        match enablement {
            Some((version, time)) if time <= self.millis => self.low = self.low.max(version),
            Some((version, _)) => self.high = self.high.min(version),
            None => {}
        }
    }

    /// What is found of single commits. In-commit timestamps increase. Others are made to (see [`make_monotonic`]): what
    /// follows a commit that is too new is too new as well, whatever its file says.
    fn narrow(&mut self, found: &[(u64, Found)]) {
        for (version, _) in found.iter().filter(|(_, found)| matches!(found, Found::Missing)) {
            (self.low, self.first) = (self.low.max(*version), self.first.max(version.saturating_add(1)));
        }
        let times = || {
            found.iter().filter_map(|(version, found)| match found {
                Found::At(Some(time)) => Some((*version, *time)),
                Found::At(None) | Found::Missing => None,
            })
        };
        for (version, time) in times().filter(|(_, time)| time.source == TimestampSource::InCommit) {
            match time.millis <= self.millis {
                true => self.low = self.low.max(version),
                false => self.high = self.high.min(version),
            }
        }
        let others = || times().filter(|(_, time)| time.source != TimestampSource::InCommit);
        for (version, time) in others() {
            if time.millis > self.millis && version > self.low {
                self.high = self.high.min(version);
            }
        }
        for (version, time) in others() {
            if time.millis <= self.millis && version < self.high {
                self.low = self.low.max(version);
            }
        }
    }
}

fn newest(storage: &Storage, found: Vec<(u64, Found)>, millis: i64) -> Result<u64> {
    let there = found.into_iter().filter_map(|(version, found)| match found {
        Found::At(time) => Some((version, time)),
        Found::Missing => None,
    });
    let (versions, mut times): (Vec<u64>, Vec<Option<CommitTimestamp>>) = there.unzip();
    make_monotonic(&mut times);
    let known = || versions.iter().zip(&times).filter_map(|(version, time)| Some((*version, (*time)?.millis)));
    let at_or_before = known().filter(|(_, time)| *time <= millis).map(|(version, _)| version).max();
    at_or_before.ok_or_else(|| {
        let reason = match known().next() {
            Some((version, time)) => format!("the oldest commit that is there, {version}, is of {}", iso(time)),
            None => "no commit that is there tells its time".into(),
        };
        Error::VersionNotFound { url: storage.url().into(), requested: format!("as of {}", iso(millis)), reason }
    })
}

fn iso(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis)
        .map_or_else(|| format!("{millis} ms"), |time| time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// What asking for a commit's time came to.
enum Found {
    At(Option<CommitTimestamp>),
    Missing,
}

async fn times(storage: &Storage, versions: Vec<u64>) -> Result<Vec<(u64, Found)>> {
    let time = async |version| {
        let found = match commits::probe_commit(storage, version).await? {
            Some(object) => Found::At(commit_timestamp::of_commit(&object, log_path::commit(version).as_ref())?),
            None => Found::Missing,
        };
        Ok((version, found))
    };
    futures::stream::iter(versions).map(time).buffered(32).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64, source: TimestampSource) -> Found {
        Found::At(Some(CommitTimestamp { millis, source }))
    }

    #[test]
    fn times_that_fall_do_not_cross_the_bounds() {
        use TimestampSource::{InCommit, LastModified};
        let mut search = Search { millis: 50, low: 0, high: 100, first: 0 };
        search.narrow(&[(10, at(100, LastModified)), (20, at(40, LastModified)), (30, Found::Missing)]);
        // What is gone is too old, whatever else is found.
        assert_eq!((search.low, search.width(), search.first), (30, 70, 31));
        let mut search = Search { millis: 50, low: 0, high: 100, first: 0 };
        search.narrow(&[(5, at(9, LastModified)), (10, at(100, LastModified)), (20, at(40, LastModified))]);
        assert_eq!((search.low, search.high), (5, 10));
        let found = [(10, at(100, LastModified)), (20, at(40, InCommit)), (30, at(60, InCommit))];
        let mut search = Search { millis: 50, low: 0, high: 100, first: 0 };
        assert!(search.depends_on_enablement(&found, 30) && !search.depends_on_enablement(&found, 99));
        search.narrow(&found);
        assert_eq!((search.low, search.high), (20, 30));
    }

    #[test]
    fn enablement_splits_the_log() {
        let split = |millis| {
            let mut search = Search { millis, low: 3, high: 100, first: 0 };
            search.split(Some((20, 50)));
            (search.low, search.high)
        };
        assert_eq!([split(49), split(50)], [(3, 20), (20, 100)]);
    }
}
