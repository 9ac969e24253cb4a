//! Work that goes on whether or not its result is being waited for.
//!
//! A request holds one of the pool's connections, and others wait for its bytes, until it is done. Were it polled by its
//! caller alone, a caller that is paused (a reader that took its first batch, a join that reads its other side) would keep
//! the connection, and others would wait forever. So requests run as tasks of the runtime that polls their caller, aborted
//! when the last caller is dropped. Outside a runtime they are polled with their callers: one must not be paused while others
//! read.
//!
//! A scan runs longer work so too, a file's opening or a row group's requests: it goes on while the rows before are consumed.

use super::time_slice;
use crate::error::{Error, Result};
use futures::future::BoxFuture;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// Starts `work` on the current runtime, if there is one. Dropping what this returns drops `work`.
pub(crate) fn start<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> BoxFuture<'static, Result<T>> {
    match Handle::try_current() {
        Ok(runtime) => Box::pin(Task(runtime.spawn(work))),
        Err(_) => Box::pin(work),
    }
}

/// Resolves after the other tasks that are ready now had their turn.
pub(crate) async fn next_turn() {
    let mut is_next = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_next, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

struct Task<T>(JoinHandle<Result<T>>);

impl<T> Future for Task<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        Pin::new(&mut self.0).poll(cx).map(|done| match done {
            Ok(done) => done,
            Err(error) if error.is_cancelled() => Err(Error::Cancelled),
            Err(error) => Err(Error::internal(error)),
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if !self.0.is_finished() {
            self.0.abort();
            // The runtime drops the task, and so its request, when it next runs.
            time_slice::notify();
        }
    }
}
