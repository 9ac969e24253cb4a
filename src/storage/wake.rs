//! Telling the driver of the async runtime that something happened outside it.
//!
//! In a browser nothing may block, so the tokio runtime that runs queries is polled in slices from the event loop and
//! sleeps between them (`src/api/runtime.rs`). A waker of a tokio task only queues that task inside the runtime; it does
//! not wake whoever polls the runtime. So every event from outside calls [`notify`] after it has delivered its result: a
//! completed fetch, a timer, a call from JavaScript. The driver awaits [`event`] when no task is ready.
//!
//! One driver per module instance. Natively a runtime wakes itself: there [`notify`] costs one atomic store.

use futures::task::AtomicWaker;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

static DRIVER: AtomicWaker = AtomicWaker::new();
static NOTIFIED: AtomicBool = AtomicBool::new(false);

/// Wakes the driver: something it did not do itself has made a task ready.
pub fn notify() {
    NOTIFIED.store(true, Ordering::Release);
    DRIVER.wake();
}

/// Resolves once [`notify`] has been called since the last time this resolved: a call between two waits is not lost.
pub async fn event() {
    poll_fn(|context| {
        DRIVER.register(context.waker());
        if NOTIFIED.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_notification_is_kept_until_it_is_awaited_and_only_once() {
        notify();
        notify();
        assert_eq!(event().now_or_never(), Some(()));
        assert_eq!(event().now_or_never(), None);
    }
}
