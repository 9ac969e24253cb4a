//! Waiting in a browser.

use js_sys::{Function, Promise, Reflect};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A `setTimeout` that is cleared when dropped.
pub(crate) struct Timer {
    promise: Promise,
    id: JsValue,
}

impl Timer {
    /// `None` where there is no `setTimeout`.
    pub(crate) fn start(delay: Duration) -> Option<Timer> {
        let set_timeout = global_function("setTimeout").ok()?;
        let mut id = None;
        let promise = Promise::new(&mut |resolve, _reject| {
            let millis = JsValue::from_f64(delay.as_millis() as f64);
            id = set_timeout.call2(&js_sys::global(), &resolve, &millis).ok();
        });
        Some(Timer { promise, id: id? })
    }

    pub(crate) async fn elapsed(self) {
        let _ = JsFuture::from(self.promise.clone()).await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Ok(clear_timeout) = global_function("clearTimeout") {
            let _ = clear_timeout.call1(&js_sys::global(), &self.id);
        }
    }
}

pub(crate) fn global_function(name: &str) -> Result<Function, JsValue> {
    Reflect::get(&js_sys::global(), &JsValue::from_str(name))?.dyn_into()
}
