//! Which version was the newest at a point in time.
//!
//! A search over the commits that are still there, several at a time, then a look at all of those in between: a log of ten
//! thousand commits costs about fifty small requests in four or five rounds.

use super::commit_timestamp::{self, make_monotonic};
use super::log_path;
use super::log_segment;
use crate::error::{Error, Result};
use crate::snapshot::CommitTimestamp;
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
    // Versions below `low` are too old or gone; those from `high` on are too new.
    let (mut low, mut high) = (0, latest.saturating_add(1));
    let mut first = 0;
    while high - low > FEW {
        let step = (high - low).div_ceil(PROBES + 1);
        let versions: Vec<u64> = (1..=PROBES).map(|i| low + i * step).filter(|version| *version < high).collect();
        for (version, time) in times(storage, versions).await? {
            match time {
                Found::Missing => (low, first) = (low.max(version), first.max(version + 1)),
                Found::At(Some(time)) if time.millis <= millis => low = low.max(version),
                Found::At(Some(_)) => high = high.min(version),
                Found::At(None) => {}
            }
        }
        if step <= 1 {
            break;
        }
    }
    let found = times(storage, (low.saturating_sub(MARGIN).max(first)..high).collect()).await?;
    newest(storage, found, millis)
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
        let found = match log_segment::probe_commit(storage, version).await? {
            Some(object) => Found::At(commit_timestamp::of_commit(&object, log_path::commit(version).as_ref())?),
            None => Found::Missing,
        };
        Ok((version, found))
    };
    futures::stream::iter(versions).map(time).buffered(32).try_collect().await
}
