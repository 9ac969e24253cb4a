//! Whether somebody waits for an answer of the engine: what can be done later is done when nobody does.

use super::timer::Timer;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// For so long nobody has called, before it counts: whoever reads a result calls for one batch after the other.
const LULL: Duration = Duration::from_millis(100);

static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
static BEGUN: AtomicUsize = AtomicUsize::new(0);
/// What [`BEGUN`] was in the last lull.
static LAST_LULL: AtomicUsize = AtomicUsize::new(0);

/// A call of the engine, as long as it is answered.
#[derive(Debug)]
pub struct Call(());

impl Call {
    /// A call begins.
    pub fn begin() -> Call {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        BEGUN.fetch_add(1, Ordering::Relaxed);
        Call(())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Resolves when nobody has waited for an answer for a while. To be awaited on the event loop.
pub(crate) async fn idle() {
    loop {
        let begun = BEGUN.load(Ordering::Relaxed);
        if UNDER_WAY.load(Ordering::Relaxed) == 0 && begun == LAST_LULL.load(Ordering::Relaxed) {
            return;
        }
        let Some(timer) = Timer::start(LULL) else { return };
        timer.elapsed().await;
        if UNDER_WAY.load(Ordering::Relaxed) == 0 && begun == BEGUN.load(Ordering::Relaxed) {
            LAST_LULL.store(begun, Ordering::Relaxed);
        }
    }
}
