//! Work on the browser's event loop, awaited from the async runtime.

use super::time_slice;
use futures::channel::oneshot;
use futures::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use wasm_bindgen_futures::spawn_local;

/// Runs `work` as a local task and gives back its result; dropping what this returns drops `work`.
pub(crate) fn on_event_loop<T: Send + 'static>(work: impl Future<Output = T> + 'static) -> oneshot::Receiver<T> {
    let (mut sender, receiver) = oneshot::channel();
    spawn_local(async move {
        let done = match select(pin!(work), sender.cancellation()).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        };
        if let Some(done) = done {
            let _ = sender.send(done);
            time_slice::notify();
        }
    });
    receiver
}
