//! Counting requests and bytes, and in whose place in the queue they are sent.

use super::connections::Urgency;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Arrivals of queries so far.
static ARRIVALS: AtomicU64 = AtomicU64::new(0);

/// Shared counters. Clones count into the same ones.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    counters: Arc<Counters>,
    /// When the query arrived that this counts for; 0 for what is no query.
    arrival: u64,
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
    /// The meter of a query that arrives now. Requests that count into it are sent after those of earlier queries.
    pub fn of_query() -> Meter {
        Meter { arrival: ARRIVALS.fetch_add(1, Ordering::Relaxed) + 1, ..Meter::default() }
    }

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
    urgency: Urgency,
}

impl Meters {
    pub(super) fn new() -> Meters {
        Meters { own: Meter::default(), parents: Vec::new(), urgency: Urgency::default() }
    }

    pub(super) fn own(&self) -> &Meter {
        &self.own
    }

    /// These meters and `meter`, which becomes the own one. A meter never counts twice.
    pub(super) fn with(&self, meter: &Meter) -> Meters {
        let same = |other: &&Meter| !Arc::ptr_eq(&other.counters, &meter.counters);
        let parents: Vec<Meter> = self.all().filter(same).cloned().collect();
        // A table that an earlier query opened is read for the newest one.
        let arrival = parents.iter().map(|parent| parent.arrival).fold(meter.arrival, u64::max);
        Meters { own: meter.clone(), parents, urgency: Urgency::new(arrival) }
    }

    /// These meters for one request, which others may wait for too.
    pub(super) fn for_request(&self, urgency: &Urgency) -> Meters {
        Meters { urgency: urgency.clone(), ..self.clone() }
    }

    /// The place of requests in the queue for connections.
    pub(super) fn urgency(&self) -> &Urgency {
        &self.urgency
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
    fn requests_have_the_place_of_the_newest_query() {
        let (opener, query) = (Meter::of_query(), Meter::of_query());
        assert!(opener.arrival < query.arrival);
        let table = Meters::new().with(&opener);
        let scan = table.with(&query).with(&Meter::default());
        assert_eq!((table.urgency().get(), scan.urgency().get()), (opener.arrival, query.arrival));
        assert_eq!(Meters::new().with(&Meter::default()).urgency().get(), 0);
    }

    #[test]
    fn a_meter_given_twice_counts_once() {
        let query = Meter::default();
        let child = Meters::new().with(&query).with(&Meter::default()).with(&query);
        child.count_retry();
        assert_eq!(query.metrics().retries, 1);
    }
}
