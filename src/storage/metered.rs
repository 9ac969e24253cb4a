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
}

impl Meter {
    /// The counts now.
    pub fn metrics(&self) -> Metrics {
        Metrics {
            requests: self.counters.requests.load(Ordering::Relaxed),
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            retries: self.counters.retries.load(Ordering::Relaxed),
            cached_bytes: self.counters.cached_bytes.load(Ordering::Relaxed),
        }
    }
}
