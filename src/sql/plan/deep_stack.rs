//! Planning on a stack that is deep enough.
//!
//! Parser, planner and optimizer recurse over a statement; without optimization, a level takes up to 80 kB of stack. Natively, a
//! thread may have as little as 2 MiB, so that each step of planning runs on a thread of its own, whose stack is known. In the
//! module there is one stack, and [`crate::sql::parse::depth_limit`] bounds a statement's depth to what it bears.

use futures::future::BoxFuture;

/// Runs `work` on a deep stack.
#[cfg(target_arch = "wasm32")]
pub fn call<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Polls `future` on a deep stack.
#[cfg(target_arch = "wasm32")]
pub async fn poll<T>(future: BoxFuture<'_, T>) -> T {
    future.await
}

#[cfg(not(target_arch = "wasm32"))]
pub use native::{call, poll};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::BoxFuture;
    use std::task::{Context, Poll};
    use std::thread::Builder;
    use tokio::runtime::Handle;

    /// Bytes, which are reserved and not touched before they are needed.
    const STACK: usize = 64 << 20;

    /// Runs `work` on a thread with a deep stack, or here where there is none to be had.
    pub fn call<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        let runtime = Handle::try_current().ok();
        let mut work = Some(move || {
            let _entered = runtime.as_ref().map(Handle::enter);
            work()
        });
        let mut result = None;
        std::thread::scope(|scope| {
            let (work, result) = (&mut work, &mut result);
            let run = move || *result = work.take().map(|work| work());
            if let Ok(thread) = Builder::new().stack_size(STACK).spawn_scoped(scope, run)
                && let Err(panic) = thread.join()
            {
                std::panic::resume_unwind(panic);
            }
        });
        loop {
            match (result, work.take()) {
                (Some(result), _) => return result,
                (None, work) => result = work.map(|work| work()),
            }
        }
    }

    /// Polls `future` on threads with a deep stack.
    pub async fn poll<T: Send>(mut future: BoxFuture<'_, T>) -> T {
        std::future::poll_fn(move |context| -> Poll<T> {
            let waker = context.waker().clone();
            let future = future.as_mut();
            call(move || future.poll(&mut Context::from_waker(&waker)))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(levels: usize) -> usize {
        let room = std::hint::black_box([levels; 512]);
        if levels == 0 { 0 } else { deep(levels - 1) + room[0].min(1) }
    }

    #[tokio::test]
    async fn what_would_overflow_a_small_stack_does_not() {
        // Twenty MiB.
        assert_eq!(call(|| deep(5_000)), 5_000);
        let later = async {
            tokio::task::yield_now().await;
            deep(5_000)
        };
        assert_eq!(poll(Box::pin(later)).await, 5_000);
    }

    #[test]
    #[should_panic(expected = "within")]
    fn a_panic_goes_on() {
        call(|| panic!("within"));
    }
}
