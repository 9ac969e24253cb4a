//! Running the engine's tasks from the browser's event loop.
//!
//! DataFusion spawns tasks on tokio, and nothing in a browser may block. So a current-thread runtime is run in slices: a
//! slice polls tasks until none is ready or its time is up, then gives the event loop its turn, so that messages (a cancel,
//! a reply) get in between. When nothing is ready, the driver sleeps until [`time_slice`] tells of a reply, a timer or a call.
//!
//! A runtime that finds nothing to do would park its thread, which no browser lets it. The hook that it runs before that ends
//! the slice instead: it wakes the slice's future, and tokio polls that rather than park.

use crate::error::{Error, Result};
use crate::runtime::idle::Call;
use crate::runtime::time_slice;
use futures::future::{Either, select};
use std::cell::OnceCell;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use tokio::runtime::{Builder, Runtime};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, MessageChannel};

/// How long a slice may keep the event loop waiting, unless one poll of one task is longer.
const SLICE_MILLIS: u64 = 8;

/// Set by the runtime when it finds no task ready.
static IDLE: AtomicBool = AtomicBool::new(false);

thread_local! {
    static DRIVER: OnceCell<Runtime> = const { OnceCell::new() };
}

/// Runs `work` as a task of the runtime, until it ends or `signal` aborts it; an aborted task is dropped, and with it its
/// requests.
pub(super) async fn run<T: Send + 'static>(
    signal: Option<AbortSignal>,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let _call = Call::begin();
    let listener = signal.map(AbortListener::new).transpose()?;
    let aborted = async {
        match listener {
            Some(listener) => listener.aborted().await,
            None => pending().await,
        }
    };
    let mut work = Box::pin(work);
    let task = spawn(poll_fn(move |context| {
        time_slice::tick();
        work.as_mut().poll(context)
    }))?;
    let abort_handle = task.abort_handle();
    match select(task, pin!(aborted)).await {
        Either::Left((Ok(result), _)) => result,
        Either::Left((Err(error), _)) if error.is_cancelled() => Err(Error::Cancelled),
        Either::Left((Err(error), _)) => Err(Error::internal(error)),
        Either::Right(_) => {
            abort_handle.abort();
            time_slice::notify();
            Err(Error::Cancelled)
        }
    }
}

fn spawn<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<tokio::task::JoinHandle<Result<T>>> {
    DRIVER.with(|driver| {
        if driver.get().is_none() {
            let _ = driver.set(build()?);
            spawn_local(drive());
        }
        let runtime = driver.get().ok_or_else(|| Error::internal("the runtime did not start"))?;
        let task = runtime.spawn(work);
        time_slice::notify();
        Ok(task)
    })
}

fn build() -> Result<Runtime> {
    Builder::new_current_thread()
        .event_interval(1) // the slice's future gets its turn after every poll of a task
        .on_thread_park(|| {
            IDLE.store(true, Ordering::Relaxed);
            time_slice::end_slice();
        })
        .build()
        .map_err(Error::internal)
}

async fn drive() {
    loop {
        let idle = DRIVER.with(|driver| driver.get().is_none_or(run_slice));
        if idle {
            time_slice::event().await;
        } else {
            next_turn().await;
        }
    }
}

/// Polls ready tasks; true when none is left.
fn run_slice(runtime: &Runtime) -> bool {
    IDLE.store(false, Ordering::Relaxed);
    let mut begun = false;
    runtime.block_on(poll_fn(|context| {
        if std::mem::replace(&mut begun, true) {
            return Poll::Ready(());
        }
        time_slice::begin_slice(context.waker(), SLICE_MILLIS);
        Poll::Pending
    }));
    IDLE.load(Ordering::Relaxed)
}

/// Lets the event loop handle what is waiting. A message and not a timeout: nested timeouts are held back for 4 ms.
async fn next_turn() {
    thread_local! {
        static CHANNEL: Option<MessageChannel> = MessageChannel::new().ok();
    }
    let turn = CHANNEL.with(|channel| {
        js_sys::Promise::new(&mut |resolve, _reject| {
            if let Some(channel) = channel {
                channel.port1().set_onmessage(Some(&resolve));
                let _ = channel.port2().post_message(&JsValue::NULL);
            } else {
                let _ = resolve.call0(&JsValue::UNDEFINED);
            }
        })
    });
    let _ = JsFuture::from(turn).await;
    // In Node, a port that listens keeps the process from ending.
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            channel.port1().set_onmessage(None);
        }
    });
}

/// Listens to a signal for as long as it lives.
struct AbortListener {
    signal: AbortSignal,
    callback: Closure<dyn FnMut()>,
    aborted: futures::channel::oneshot::Receiver<()>,
}

impl AbortListener {
    fn new(signal: AbortSignal) -> Result<AbortListener> {
        if signal.aborted() {
            return Err(Error::Cancelled);
        }
        let (sender, aborted) = futures::channel::oneshot::channel();
        let mut sender = Some(sender);
        let callback = Closure::new(move || {
            if let Some(sender) = sender.take() {
                let _ = sender.send(());
            }
        });
        let added = signal.add_event_listener_with_callback("abort", callback.as_ref().unchecked_ref());
        added.map_err(|_| Error::internal("the AbortSignal takes no listener"))?;
        Ok(AbortListener { signal, callback, aborted })
    }

    async fn aborted(mut self) {
        if (&mut self.aborted).await.is_err() {
            pending::<()>().await;
        }
    }
}

impl Drop for AbortListener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self.signal.remove_event_listener_with_callback("abort", callback);
    }
}
