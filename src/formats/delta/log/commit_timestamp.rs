//! When a version was committed. Pure.
//!
//! In-commit timestamps where the commit carries one (writers write it only while the feature is on, so that no table
//! property is needed to judge an old commit), else the commit file's Last-Modified, as the specification says. But a table
//! that was copied (a git checkout, an upload to a static host) has the copy's time on all its commits: a Last-Modified
//! more than [`COPIED_AFTER`] later than the writer's own clock (`commitInfo.timestamp`) is a copy's, and the writer's
//! clock is the better witness; its source says that it is approximate. The rule looks at one commit at a time, so that
//! snapshot, history and time travel agree whichever commits they have read.
//!
//! Specification: [In-Commit Timestamps](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#in-commit-timestamps).

use super::actions::CommitTimes;
use super::commit;
use crate::error::Result;
use crate::snapshot::{CommitTimestamp, TimestampSource};
use crate::storage::Object;

/// Milliseconds. No commit takes this long between reading the clock and writing the file.
const COPIED_AFTER: i64 = 3_600_000;

/// The time of one commit.
pub(crate) fn of(times: CommitTimes, last_modified: Option<i64>) -> Option<CommitTimestamp> {
    let (millis, source) = match (times.in_commit, last_modified, times.timestamp) {
        (Some(millis), _, _) => (millis, TimestampSource::InCommit),
        (None, Some(modified), Some(written)) if modified.saturating_sub(written) > COPIED_AFTER => {
            (written, TimestampSource::CommitInfo)
        }
        (None, Some(modified), _) => (modified, TimestampSource::LastModified),
        (None, None, Some(written)) => (written, TimestampSource::CommitInfo),
        (None, None, None) => return None,
    };
    Some(CommitTimestamp { millis, source })
}

/// The time of the commit that `object` holds; `path` is what errors call it.
pub(crate) fn of_commit(object: &Object, path: &str) -> Result<Option<CommitTimestamp>> {
    let times = commit::commit_info(&object.bytes, path)?.map(CommitTimes::of).unwrap_or_default();
    Ok(of(times, object.last_modified))
}

/// Makes times of consecutive commits, oldest first, strictly increasing, as Delta does: a time that is not later than
/// the one before becomes a millisecond later. In-commit timestamps are so already, and what a copy did to the files of
/// older commits says nothing about them.
pub(crate) fn make_monotonic(timestamps: &mut [Option<CommitTimestamp>]) {
    let mut newest = None;
    for timestamp in timestamps.iter_mut().flatten() {
        if timestamp.source != TimestampSource::InCommit
            && let Some(newest) = newest.filter(|newest| timestamp.millis <= *newest)
        {
            timestamp.millis = newest.saturating_add(1);
        }
        newest = Some(timestamp.millis);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(timestamp: Option<i64>, in_commit: Option<i64>, modified: Option<i64>) -> Option<(i64, TimestampSource)> {
        of(CommitTimes { timestamp, in_commit }, modified).map(|found| (found.millis, found.source))
    }

    #[test]
    fn sources_in_their_order() {
        assert_eq!(at(Some(1), Some(2), Some(3)), Some((2, TimestampSource::InCommit)));
        assert_eq!(at(Some(1), None, Some(3)), Some((3, TimestampSource::LastModified)));
        assert_eq!(at(None, None, Some(3)), Some((3, TimestampSource::LastModified)));
        assert_eq!(at(Some(1), None, None), Some((1, TimestampSource::CommitInfo)));
        assert_eq!(at(None, None, None), None);
    }

    #[test]
    fn a_copied_log_is_dated_by_its_writer() {
        assert_eq!(at(Some(1), None, Some(COPIED_AFTER + 1)), Some((COPIED_AFTER + 1, TimestampSource::LastModified)));
        assert_eq!(at(Some(1), None, Some(COPIED_AFTER + 2)), Some((1, TimestampSource::CommitInfo)));
        assert_eq!(at(Some(i64::MIN), None, Some(i64::MAX)), Some((i64::MIN, TimestampSource::CommitInfo)));
    }

    #[test]
    fn equal_and_falling_times_are_pushed_on() {
        let stamp = |millis| Some(CommitTimestamp { millis, source: TimestampSource::LastModified });
        let mut times = [stamp(5), None, stamp(5), stamp(3), stamp(9)];
        make_monotonic(&mut times);
        assert_eq!(times, [stamp(5), None, stamp(6), stamp(7), stamp(9)]);
        let in_commit = |millis| Some(CommitTimestamp { millis, source: TimestampSource::InCommit });
        let mut times = [stamp(50), stamp(5), in_commit(7), in_commit(8), stamp(3)];
        make_monotonic(&mut times);
        assert_eq!(times, [stamp(50), stamp(51), in_commit(7), in_commit(8), stamp(9)]);
    }
}
