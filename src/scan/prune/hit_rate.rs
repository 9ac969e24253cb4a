//! Whether asking for more before the data has been worth its request so far.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What looking into page indexes, or into Bloom filters, has ruled out in one scan. Where a column's values are spread over
/// all pages that is nothing, and each look would cost a request.
#[derive(Debug, Default)]
pub(in crate::scan) struct Payoff {
    tries: AtomicUsize,
    hits: AtomicUsize,
}

impl Payoff {
    /// Notes whether a look has ruled anything out.
    pub(in crate::scan) fn tried(&self, hit: bool) {
        self.tries.fetch_add(1, Ordering::Relaxed);
        self.hits.fetch_add(usize::from(hit), Ordering::Relaxed);
    }

    /// Whether another one is still worth a request.
    pub(in crate::scan) fn pays(&self) -> bool {
        let (tries, hits) = (self.tries.load(Ordering::Relaxed), self.hits.load(Ordering::Relaxed));
        tries < 4 || hits * 8 >= tries
    }
}
