//! A page's function that knows where each object of a table is, as the storage's [`UrlProvider`].
//!
//! JavaScript's functions are not `Send`: they stay with their thread, under a number, and are called in a task of the event loop.

use crate::error::{Error, Result};
use crate::runtime::time_slice;
use crate::storage::{Signed, UrlProvider};
use async_trait::async_trait;
use futures::channel::oneshot;
use js_sys::{Function, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

thread_local! {
    static FUNCTIONS: RefCell<HashMap<u32, Function>> = RefCell::default();
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A page's function; forgotten when this is dropped.
#[derive(Debug)]
pub(super) struct PageUrlProvider {
    number: u32,
}

impl PageUrlProvider {
    pub(super) fn new(function: Function) -> PageUrlProvider {
        let number = NEXT.replace(NEXT.get().wrapping_add(1));
        FUNCTIONS.with_borrow_mut(|functions| functions.insert(number, function));
        PageUrlProvider { number }
    }
}

impl Drop for PageUrlProvider {
    fn drop(&mut self) {
        // Dropped on its own thread: this module has no other.
        FUNCTIONS.with_borrow_mut(|functions| functions.remove(&self.number));
    }
}

#[async_trait]
impl UrlProvider for PageUrlProvider {
    async fn sign(&self, path: &str) -> Result<Signed> {
        let (number, name) = (self.number, path.to_owned());
        let (sender, receiver) = oneshot::channel();
        spawn_local(async move {
            let _ = sender.send(call(number, &name).await);
            time_slice::notify();
        });
        let failed = |reason: &str| Error::Network {
            url: path.to_owned(),
            reason: format!("the page's sign function {reason}"),
        };
        match receiver.await {
            Ok(answer) => answer.map_err(|reason| failed(&reason)),
            Err(_) => Err(failed("was abandoned")),
        }
    }
}

/// Only kinds of errors are told: messages may have URLs in them.
async fn call(number: u32, path: &str) -> Result<Signed, String> {
    let function = FUNCTIONS.with_borrow(|functions| functions.get(&number).cloned());
    let function = function.ok_or("is gone")?;
    let threw = |error: JsValue| {
        let name = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
        format!("failed ({})", name.as_deref().unwrap_or("no Error"))
    };
    let answer = function.call1(&JsValue::UNDEFINED, &JsValue::from_str(path)).map_err(threw)?;
    let answer = JsFuture::from(Promise::resolve(&answer)).await.map_err(threw)?;
    signed(&answer).ok_or_else(|| "gave neither a URL, nor { url, expires }, nor null".into())
}

/// `null`: there is no such object; `undefined`: it is below the table's root; a URL, or `{ url, expires }`.
#[expect(clippy::cast_possible_truncation, reason = "a float is cast to the nearest number there is")]
fn signed(answer: &JsValue) -> Option<Signed> {
    if answer.is_undefined() {
        return Some(Signed::Unsigned);
    }
    if answer.is_null() {
        return Some(Signed::Missing);
    }
    let get = |name: &str| Reflect::get(answer, &JsValue::from_str(name)).ok();
    let text = answer.as_string().or_else(|| get("url")?.as_string()).or_else(|| get("href")?.as_string())?;
    let expires = answer.is_object().then(|| get("expires")?.as_f64()).flatten().map(|millis| millis as i64);
    Some(Signed::At { url: Url::parse(&text).ok()?, expires })
}
