//! Counting requests and bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Shared counters. Clones count into the same ones.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    bytes: AtomicU64,
    retries: AtomicU64,
    cached_bytes: AtomicU64,
    whole_replies: AtomicU64,
}

/// What a [`Meter`] has counted at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Body bytes received.
    pub bytes: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Bytes answered from the cache.
    pub cached_bytes: u64,
    /// Requests for a range of an object that were answered with all of it: the host ignores ranges.
    pub whole_replies: u64,
}

impl Meter {
    /// The counts now.
    pub fn metrics(&self) -> Metrics {
        Metrics {
            requests: self.counters.requests.load(Ordering::Relaxed),
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            retries: self.counters.retries.load(Ordering::Relaxed),
            cached_bytes: self.counters.cached_bytes.load(Ordering::Relaxed),
            whole_replies: self.counters.whole_replies.load(Ordering::Relaxed),
        }
    }
}

/// The meters that one handle of a storage counts into: its own, and those of the handles it was made from.
#[derive(Debug, Clone)]
pub(super) struct Meters {
    own: Meter,
    parents: Vec<Meter>,
}

impl Meters {
    pub(super) fn new() -> Meters {
        Meters { own: Meter::default(), parents: Vec::new() }
    }

    pub(super) fn own(&self) -> &Meter {
        &self.own
    }

    /// These meters and `meter`, which becomes the own one. A meter never counts twice.
    pub(super) fn with(&self, meter: &Meter) -> Meters {
        let same = |other: &&Meter| !Arc::ptr_eq(&other.counters, &meter.counters);
        let parents = self.all().filter(same).cloned().collect();
        Meters { own: meter.clone(), parents }
    }

    pub(super) fn count_request(&self) {
        self.add(1, |counters| &counters.requests);
    }

    pub(super) fn count_bytes(&self, bytes: usize) {
        self.add(bytes as u64, |counters| &counters.bytes);
    }

    pub(super) fn count_retry(&self) {
        self.add(1, |counters| &counters.retries);
    }

    pub(super) fn count_cached_bytes(&self, bytes: usize) {
        self.add(bytes as u64, |counters| &counters.cached_bytes);
    }

    pub(super) fn count_whole_reply(&self) {
        self.add(1, |counters| &counters.whole_replies);
    }

    fn all(&self) -> impl Iterator<Item = &Meter> {
        std::iter::once(&self.own).chain(&self.parents)
    }

    fn add(&self, amount: u64, counter: impl Fn(&Counters) -> &AtomicU64) {
        for meter in self.all() {
            counter(&meter.counters).fetch_add(amount, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_counts_into_its_parents_and_not_the_other_way() {
        let table = Meters::new();
        table.count_request();
        let query = Meter::default();
        let child = table.with(&query);
        child.count_request();
        child.count_bytes(10);
        assert_eq!(query.metrics(), Metrics { requests: 1, bytes: 10, ..Metrics::default() });
        assert_eq!(table.own().metrics(), Metrics { requests: 2, bytes: 10, ..Metrics::default() });
    }

    #[test]
    fn a_meter_given_twice_counts_once() {
        let query = Meter::default();
        let child = Meters::new().with(&query).with(&Meter::default()).with(&query);
        child.count_retry();
        assert_eq!(query.metrics().retries, 1);
    }
}
