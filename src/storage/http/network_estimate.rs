//! How fast a host answers, learned from its replies: how many bytes a round trip is worth.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A reply up to this size tells of the latency.
const SMALL: u64 = 16 << 10;
/// One from this size on tells of the throughput.
const LARGE: u64 = 96 << 10;

/// What comes in a round trip before anything is known: at 40 ms and 13 Mbit/s.
const UNKNOWN: u64 = 64 << 10;
/// No gap less, no gap more: a request costs the host something too, and needless bytes take memory.
const BOUNDS: (u64, u64) = (16 << 10, 512 << 10);

/// Latency and throughput of one host.
#[derive(Debug, Default)]
pub(in crate::storage) struct Pace {
    learned: Mutex<Learned>,
}

#[derive(Debug, Default)]
struct Learned {
    /// In seconds: the lowest of late.
    latency: Option<f64>,
    /// In bytes a second, of all connections together: an average in which the newest reply weighs a quarter.
    throughput: Option<f64>,
    under_way: u32,
}

impl Pace {
    /// A request is sent.
    pub(in crate::storage) fn begin(&self) {
        self.lock().under_way += 1;
    }

    /// A request has ended after `elapsed`, with `bytes` of body; `None`: without a reply.
    pub(in crate::storage) fn end(&self, bytes: Option<u64>, elapsed: Duration) {
        let mut learned = self.lock();
        let beside = f64::from(learned.under_way.max(1));
        learned.under_way = learned.under_way.saturating_sub(1);
        let (Some(bytes), seconds) = (bytes, elapsed.as_secs_f64()) else { return };
        if bytes <= SMALL {
            // A host that has become slower is believed by and by.
            learned.latency = Some(learned.latency.map_or(seconds, |latency| seconds.min(latency * 1.05)));
        } else if bytes >= LARGE {
            let transfer = (seconds - learned.latency.unwrap_or(0.0)).max(1e-3);
            let throughput = bytes as f64 / transfer * beside;
            learned.throughput =
                Some(learned.throughput.map_or(throughput, |average| average * 0.75 + throughput * 0.25));
        }
    }

    /// How many bytes come in the time of a round trip.
    #[expect(clippy::cast_possible_truncation, reason = "a float is cast to the nearest number there is")]
    pub(in crate::storage) fn bytes_in_a_round_trip(&self) -> u64 {
        let learned = self.lock();
        match (learned.latency, learned.throughput) {
            (Some(latency), Some(throughput)) => (latency * throughput) as u64,
            _ => UNKNOWN,
        }
    }

    /// The gap between what is wanted that is better read than skipped.
    pub(in crate::storage) fn gap(&self) -> u64 {
        self.bytes_in_a_round_trip().clamp(BOUNDS.0, BOUNDS.1)
    }

    fn lock(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(replies: &[(u64, u64)]) -> u64 {
        let pace = Pace::default();
        for (bytes, millis) in replies {
            pace.begin();
            pace.end(Some(*bytes), Duration::from_millis(*millis));
        }
        pace.gap()
    }

    #[test]
    fn a_round_trip_is_worth_what_comes_in_its_time() {
        assert_eq!(after(&[]), 64 << 10);
        // 40 ms, and 2.5 MB a second: 100 kB.
        assert_eq!(after(&[(1000, 40), (1_000_000, 440)]), 100_000);
        // The same line at 5 ms.
        assert_eq!(after(&[(1000, 5), (1_000_000, 405)]), 16 << 10);
        assert_eq!(after(&[(1000, 150), (1_000_000, 160)]), 512 << 10, "a fast line far away");
    }

    #[test]
    fn connections_that_share_a_line_are_added_up() {
        let pace = Pace::default();
        pace.begin();
        pace.end(Some(10), Duration::from_millis(40));
        for _ in 0..4 {
            pace.begin();
        }
        pace.end(Some(250_000), Duration::from_millis(440));
        assert_eq!(pace.gap(), 100_000);
        pace.end(None, Duration::from_secs(30));
        assert_eq!(pace.gap(), 100_000, "a lost request tells nothing");
    }
}
