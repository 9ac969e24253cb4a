//! What is kept for the next visit, and has time until nobody waits for an answer.
//!
//! To keep a megabyte takes a browser some milliseconds of the thread that decodes, and more of the processes that fetch: of a query
//! that reads 55 MB it was a fifth. So bytes wait, one entry behind the other, for a moment of [idle](crate::storage::ByteStore::idle);
//! when they have become many, they wait no longer: they are memory.

use futures::future::select;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Mutex, MutexGuard, Notify};

/// Bytes that may wait.
const MOST_BYTES: u64 = 64 << 20;

/// Those who wait to write.
#[derive(Debug, Default)]
pub(in crate::storage) struct WriteQueue {
    bytes: AtomicU64,
    grown: Notify,
    turns: Mutex<()>,
    /// How often all was forgotten.
    era: AtomicU64,
}

/// Leave to write, for one at a time.
#[derive(Debug)]
pub(in crate::storage) struct Turn<'a> {
    _turn: MutexGuard<'a, ()>,
    _waiting: Waiting<'a>,
}

#[derive(Debug)]
struct Waiting<'a> {
    write_queue: &'a WriteQueue,
    bytes: u64,
}

impl WriteQueue {
    /// Waits to write `bytes` bytes until `idle`, behind those who came before; `None`: all was [forgotten](WriteQueue::forget)
    /// meanwhile.
    pub(in crate::storage) async fn turn(&self, bytes: u64, idle: impl Future<Output = ()>) -> Option<Turn<'_>> {
        let era = self.era.load(Ordering::Relaxed);
        let waiting = Waiting::new(self, bytes);
        let turn = self.turns.lock().await;
        let too_many = async {
            while self.bytes.load(Ordering::Relaxed) <= MOST_BYTES {
                self.grown.notified().await;
            }
        };
        select(pin!(too_many), pin!(idle)).await;
        (era == self.era.load(Ordering::Relaxed)).then_some(Turn { _turn: turn, _waiting: waiting })
    }

    /// Nothing that waits is to be written.
    pub(in crate::storage) fn forget(&self) {
        self.era.fetch_add(1, Ordering::Relaxed);
    }
}

impl<'a> Waiting<'a> {
    fn new(write_queue: &'a WriteQueue, bytes: u64) -> Waiting<'a> {
        write_queue.bytes.fetch_add(bytes, Ordering::Relaxed);
        write_queue.grown.notify_one();
        Waiting { write_queue, bytes }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.write_queue.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::future::{pending, ready};

    #[test]
    fn one_writes_at_a_time_and_at_leisure() {
        let write_queue = WriteQueue::default();
        let first = write_queue.turn(1, ready(())).now_or_never().flatten();
        assert!(first.is_some());
        assert!(write_queue.turn(1, ready(())).now_or_never().is_none(), "the first one is at it");
        drop(first);
        assert!(write_queue.turn(1, pending()).now_or_never().is_none(), "there is no idle");
        assert!(write_queue.turn(1, ready(())).now_or_never().flatten().is_some());
        assert_eq!(write_queue.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn too_many_bytes_do_not_wait_for_leisure() {
        let write_queue = WriteQueue::default();
        let mut first = Box::pin(write_queue.turn(MOST_BYTES, pending()));
        assert!(first.as_mut().now_or_never().is_none());
        let mut second = Box::pin(write_queue.turn(1, pending()));
        assert!(second.as_mut().now_or_never().is_none(), "its turn is after the first");
        assert!(first.as_mut().now_or_never().flatten().is_some());
        drop(first);
        assert!(second.as_mut().now_or_never().is_none(), "one byte is not too many");
    }

    #[test]
    fn what_is_forgotten_is_not_written() {
        let write_queue = WriteQueue::default();
        let writing = write_queue.turn(1, ready(())).now_or_never().flatten();
        let mut waiting = Box::pin(write_queue.turn(1, ready(())));
        assert!(waiting.as_mut().now_or_never().is_none());
        write_queue.forget();
        drop(writing);
        assert!(matches!(waiting.as_mut().now_or_never(), Some(None)));
        assert!(write_queue.turn(1, ready(())).now_or_never().flatten().is_some(), "what comes after is");
    }
}
