//! How far the scans of a query are: counted as they go, told as plain data to who asks meanwhile.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How far one scan is. Clones count into the same counters.
#[derive(Debug, Clone, Default)]
pub struct ScanProgress {
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    files: AtomicU64,
    files_done: AtomicU64,
    files_pruned: AtomicU64,
    row_groups: AtomicU64,
    row_groups_done: AtomicU64,
    row_groups_pruned: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
    bytes_fetched: AtomicU64,
}

/// What has been counted at one moment, of a scan or of all scans of a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProgressReport {
    /// Files to read, those among them that turn out to hold no wanted row included.
    pub files: u64,
    /// Files that were read, or ruled out.
    pub files_done: u64,
    /// Of these, the ones that were ruled out while the query ran.
    pub files_pruned: u64,
    /// Row groups to read, of the files opened so far.
    pub row_groups: u64,
    /// Row groups that were read, or ruled out after all.
    pub row_groups_done: u64,
    /// Row groups of opened files that are left out.
    pub row_groups_pruned: u64,
    /// Rows read.
    pub rows: u64,
    /// Compressed bytes of the wanted columns of the row groups to read.
    pub bytes: u64,
    /// Of these, those that are here: fetched, or from a cache.
    pub bytes_fetched: u64,
}

impl ScanProgress {
    /// The counts now.
    pub fn report(&self) -> ProgressReport {
        let counters = &self.counters;
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ProgressReport {
            files: load(&counters.files),
            files_done: load(&counters.files_done),
            files_pruned: load(&counters.files_pruned),
            row_groups: load(&counters.row_groups),
            row_groups_done: load(&counters.row_groups_done),
            row_groups_pruned: load(&counters.row_groups_pruned),
            rows: load(&counters.rows),
            bytes: load(&counters.bytes),
            bytes_fetched: load(&counters.bytes_fetched),
        }
    }

    pub(super) fn started(&self, files: usize) {
        add(&self.counters.files, files as u64);
    }

    pub(super) fn file_pruned(&self) {
        add(&self.counters.files_pruned, 1);
    }

    /// A file was opened: so many row groups are to be read, so many are not, and those have so many bytes.
    pub(super) fn file_opened(&self, kept: usize, pruned: usize, bytes: u64) {
        add(&self.counters.row_groups, kept as u64);
        add(&self.counters.row_groups_pruned, pruned as u64);
        add(&self.counters.bytes, bytes);
    }

    pub(super) fn fetched(&self, bytes: u64) {
        add(&self.counters.bytes_fetched, bytes);
    }

    pub(super) fn row_group_done(&self) {
        add(&self.counters.row_groups_done, 1);
    }

    pub(super) fn file_done(&self) {
        add(&self.counters.files_done, 1);
    }

    pub(super) fn rows(&self, rows: usize) {
        add(&self.counters.rows, rows as u64);
    }
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

/// What a query does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing yet: its first batch was not asked for.
    Waiting,
    /// Tables are read.
    Reading,
    /// Everything was read, and is worked on.
    Computing,
    /// It has ended, or was left.
    Done,
}

/// How far a query is: the scans of its plan, which enter when they start. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    scans: Mutex<Vec<ScanProgress>>,
    begun: AtomicBool,
    ended: AtomicBool,
}

impl Progress {
    /// Counts `scan` among the query's; once, however often it enters.
    pub fn enter(&self, scan: &ScanProgress) {
        let mut scans = self.shared.scans.lock().unwrap_or_else(PoisonError::into_inner);
        if !scans.iter().any(|known| Arc::ptr_eq(&known.counters, &scan.counters)) {
            scans.push(scan.clone());
        }
    }

    /// The query has begun.
    pub fn begin(&self) {
        self.shared.begun.store(true, Ordering::Relaxed);
    }

    /// The query has ended.
    pub fn end(&self) {
        self.shared.ended.store(true, Ordering::Relaxed);
    }

    /// What the query does, and the counts of all its scans together.
    pub fn report(&self) -> (Phase, ProgressReport) {
        let scans = self.shared.scans.lock().unwrap_or_else(PoisonError::into_inner);
        let report = scans.iter().map(ScanProgress::report).fold(ProgressReport::default(), ProgressReport::plus);
        let phase = match (self.shared.ended.load(Ordering::Relaxed), self.shared.begun.load(Ordering::Relaxed)) {
            (true, _) => Phase::Done,
            (false, false) => Phase::Waiting,
            (false, true) if report.files_done < report.files => Phase::Reading,
            (false, true) => Phase::Computing,
        };
        (phase, report)
    }
}

impl ProgressReport {
    fn plus(self, other: ProgressReport) -> ProgressReport {
        ProgressReport {
            files: self.files + other.files,
            files_done: self.files_done + other.files_done,
            files_pruned: self.files_pruned + other.files_pruned,
            row_groups: self.row_groups + other.row_groups,
            row_groups_done: self.row_groups_done + other.row_groups_done,
            row_groups_pruned: self.row_groups_pruned + other.row_groups_pruned,
            rows: self.rows + other.rows,
            bytes: self.bytes + other.bytes,
            bytes_fetched: self.bytes_fetched + other.bytes_fetched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_the_sum_of_its_scans() {
        let (progress, one, other) = (Progress::default(), ScanProgress::default(), ScanProgress::default());
        assert_eq!(progress.report(), (Phase::Waiting, ProgressReport::default()));
        progress.begin();
        for scan in [&one, &other, &one] {
            progress.enter(scan);
        }
        one.started(2);
        one.file_opened(3, 1, 50);
        other.started(1);
        other.rows(7);
        let report =
            ProgressReport { files: 3, row_groups: 3, row_groups_pruned: 1, bytes: 50, rows: 7, ..Default::default() };
        assert_eq!(progress.report(), (Phase::Reading, report));
        for scan in [&one, &one, &other] {
            scan.file_done();
        }
        assert_eq!(progress.report().0, Phase::Computing);
        progress.end();
        assert_eq!(progress.report().0, Phase::Done);
    }
}
