//! Telling the driver of the async runtime that something happened outside it.
//!
//! In a browser nothing may block, so the tokio runtime that runs queries is polled in slices from the event loop and
//! sleeps between them (`src/api/runtime.rs`). A waker of a tokio task only queues that task inside the runtime; it does
//! not wake whoever polls the runtime. So every event from outside calls [`notify`] after it has delivered its result: a
//! completed fetch, a timer, a call from JavaScript. The driver awaits [`event`] when no task is ready.
//!
//! The driver also has to get a turn between tasks, while there are ready ones. It cannot ask for it by itself: a runtime
//! whose own future is always awake never finds itself idle. So what is polled often and works long, a scan's stream and a
//! call's result, says so with [`tick`], and the driver's future is awake when its slice of time is over.
//!
//! One driver per module instance. Natively a runtime wakes itself: there [`notify`] and [`tick`] cost an atomic access.

use futures::task::AtomicWaker;
use std::future::poll_fn;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use web_time::Instant;

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

/// The driver's future, while it runs a slice.
static SLICE: AtomicWaker = AtomicWaker::new();
/// When the slice is over, in milliseconds since the first one; 0 while none runs.
static SLICE_END: AtomicU64 = AtomicU64::new(0);
/// Whether the time of the slice is over, and the next one has not begun.
static OVER: AtomicBool = AtomicBool::new(false);

/// Says that a task is at work: gives the driver its turn, if its slice is over. True: the task should let others at work too; it
/// stays true until the next slice, so that what is polled next to it by the same task stops as well.
pub fn tick() -> bool {
    let end = SLICE_END.load(Ordering::Relaxed);
    if end != 0 && clock() >= end {
        OVER.store(true, Ordering::Relaxed);
        end_slice();
    }
    OVER.load(Ordering::Relaxed)
}

/// [`tick`] for a stream that is polled: pending, to be polled again in the next slice, where the task should let others at work.
pub fn poll_turn(context: &mut Context<'_>) -> Poll<()> {
    if tick() {
        context.waker().wake_by_ref();
        return Poll::Pending;
    }
    Poll::Ready(())
}

/// Begins a slice of at most `millis`; `waker` is woken at its end.
pub fn begin_slice(waker: &Waker, millis: u64) {
    SLICE.register(waker);
    OVER.store(false, Ordering::Relaxed);
    SLICE_END.store(clock() + millis.max(1), Ordering::Relaxed);
}

/// Ends the slice: its time is over, or there is nothing to do.
pub fn end_slice() {
    SLICE_END.store(0, Ordering::Relaxed);
    SLICE.wake();
}

/// Milliseconds since this was first asked.
fn clock() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
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
