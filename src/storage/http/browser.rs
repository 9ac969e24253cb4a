//! The browser's transport: `fetch`, in a worker or in a window, or a function that the page gives in its place.
//!
//! What JavaScript hands out is not `Send`, and DataFusion asks for futures that are. So the JavaScript side runs as a
//! local task of the event loop, and its result comes back through a channel; where the receiving end is dropped, the local
//! task ends and aborts the request. Each result is followed by [`time_slice::notify`]: see there.

use super::transport::{Freshness, Request, Response, SendError, Transport};
use crate::runtime::event_loop::on_event_loop;
use crate::runtime::timer::{Timer, global_function};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::{Either, select};
use js_sys::{Function, Promise, Reflect, Uint8Array};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit, RequestMode,
    RequestRedirect, ResponseType,
};

/// No more than this is reserved on a host's word.
const LARGEST_RESERVATION: u64 = 64 << 20;

thread_local! {
    static FUNCTIONS: RefCell<HashMap<u32, Function>> = RefCell::default();
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A function with the contract of `fetch`. JavaScript's functions are not `Send`: it stays with its thread, under a number, until the last
/// copy of this is dropped.
#[derive(Clone, Debug)]
pub struct PageFetch(Arc<Number>);

#[derive(Debug)]
struct Number(u32);

impl PageFetch {
    /// Takes `function` instead of the global `fetch`.
    #[must_use]
    pub fn new(function: Function) -> PageFetch {
        let number = NEXT.replace(NEXT.get().wrapping_add(1));
        FUNCTIONS.with_borrow_mut(|functions| functions.insert(number, function));
        PageFetch(Arc::new(Number(number)))
    }

    fn function(&self) -> Option<Function> {
        FUNCTIONS.with_borrow(|functions| functions.get(&self.0.0).cloned())
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // Dropped on its own thread: a module has no other.
        FUNCTIONS.with_borrow_mut(|functions| functions.remove(&self.0));
    }
}

/// Sends requests by `fetch`.
#[derive(Debug)]
pub(in crate::storage) struct FetchTransport {
    /// How long a reply may stand still.
    timeout: Duration,
    /// What is called in place of the global `fetch`.
    fetch: Option<PageFetch>,
}

impl FetchTransport {
    pub(in crate::storage) fn new(timeout: Duration, fetch: Option<PageFetch>) -> FetchTransport {
        FetchTransport { timeout, fetch }
    }
}

#[async_trait]
impl Transport for FetchTransport {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let reply = on_event_loop(fetch(self.fetch.clone(), request, self.timeout));
        reply.await.unwrap_or_else(|_| Err(SendError::Dropped("the request was abandoned".into())))
    }

    async fn answers(&self, url: &Url) -> bool {
        on_event_loop(answers(self.fetch.clone(), url.clone(), self.timeout)).await.unwrap_or(false)
    }

    async fn sleep(&self, delay: Duration) {
        let timer = on_event_loop(async move {
            if let Some(timer) = Timer::start(delay) {
                timer.elapsed().await;
            }
        });
        let _ = timer.await;
    }
}

async fn fetch(page: Option<PageFetch>, request: Request, timeout: Duration) -> Result<Response, SendError> {
    let controller = AbortController::new().map_err(|error| dropped(&error))?;
    let abort = AbortOnDrop(controller);
    let init = init(&request, &abort.0).map_err(|error| dropped(&error))?;
    let promise = call_fetch(page.as_ref(), request.url.as_str(), &init).map_err(|error| dropped(&error))?;
    let reply = within(timeout, promise).await?.map_err(|error| classify(&error))?;
    let reply: web_sys::Response = reply.dyn_into().map_err(|_| SendError::Dropped("fetch gave no Response".into()))?;
    if reply.type_() == ResponseType::Opaqueredirect {
        let reason = match request.guarded {
            true => {
                "the host redirects, and what its URL is signed with is not sent along: give the URL that it leads to"
            }
            false => "the host redirects, and headers are not sent along: give the URL that it leads to, or no headers",
        };
        return Err(SendError::Refused(reason.into()));
    }
    let headers = reply.headers();
    let content_length = text(&headers, "content-length").and_then(|length| length.parse().ok());
    let body = read_body(&reply, content_length, timeout).await?;
    Ok(Response {
        status: reply.status(),
        content_range: text(&headers, "content-range"),
        content_length,
        last_modified: text(&headers, "last-modified"),
        retry_after: text(&headers, "retry-after"),
        table_version: text(&headers, "delta-table-version"),
        body,
    })
}

fn init(request: &Request, controller: &AbortController) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    if let Some(range) = request.range_header() {
        headers.set("range", &range)?;
    }
    for (name, value) in request.headers.iter() {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    match &request.body {
        Some(body) => {
            init.set_method("POST");
            init.set_body(&Uint8Array::from(body.as_ref()).into());
        }
        None => init.set_method("GET"),
    }
    init.set_headers(&headers);
    init.set_signal(Some(&controller.signal()));
    init.set_credentials(RequestCredentials::SameOrigin);
    // To another origin, `fetch` takes all headers along but `Authorization`, and does not say where a redirect leads.
    // A query goes where the host says, who may repeat it.
    let secret = request.guarded || request.headers.iter().any(|(name, _)| !is_harmless(name));
    init.set_redirect(if secret { RequestRedirect::Manual } else { RequestRedirect::Follow });
    match request.freshness {
        Freshness::Immutable => {}
        Freshness::Revalidated => init.set_cache(RequestCache::NoCache),
        Freshness::Uncached => init.set_cache(RequestCache::NoStore),
    }
    Ok(init)
}

/// Whether a header stays at its origin when `fetch` follows a redirect, or is no secret.
fn is_harmless(name: &str) -> bool {
    ["authorization", "content-type", "delta-sharing-capabilities", "x-ms-version"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether anything answers: in this mode `fetch` resolves whatever CORS says, with a reply that tells nothing. Its body is
/// not read.
async fn answers(page: Option<PageFetch>, url: Url, timeout: Duration) -> bool {
    let Ok(controller) = AbortController::new() else { return false };
    let abort = AbortOnDrop(controller);
    let init = RequestInit::new();
    init.set_method("GET");
    init.set_mode(RequestMode::NoCors);
    init.set_signal(Some(&abort.0.signal()));
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    let Ok(promise) = call_fetch(page.as_ref(), url.as_str(), &init) else { return false };
    matches!(within(timeout, promise).await, Ok(Ok(_)))
}

/// The page's function, or the `fetch` of whatever this runs in: `window` and worker scopes have no type in common.
fn call_fetch(page: Option<&PageFetch>, url: &str, init: &RequestInit) -> Result<Promise, JsValue> {
    let fetch = match page.and_then(PageFetch::function) {
        Some(function) => function,
        None => global_function("fetch")?,
    };
    fetch.call2(&js_sys::global(), &JsValue::from_str(url), init)?.dyn_into()
}

async fn read_body(reply: &web_sys::Response, announced: Option<u64>, timeout: Duration) -> Result<Bytes, SendError> {
    let Some(stream) = reply.body() else { return Ok(Bytes::new()) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut body = Vec::with_capacity(usize::try_from(announced.unwrap_or(0).min(LARGEST_RESERVATION)).unwrap_or(0));
    loop {
        // The reply was let through: from here on a rejection is a connection that broke.
        let step = within(timeout, reader.read()).await?.map_err(|error| dropped(&error))?;
        let value = Reflect::get(&step, &JsValue::from_str("value")).map_err(|error| dropped(&error))?;
        let Ok(chunk) = value.dyn_into::<Uint8Array>() else { return Ok(Bytes::from(body)) };
        let start = body.len();
        body.resize(start + usize::try_from(chunk.length()).unwrap_or(0), 0);
        if let Some(space) = body.get_mut(start..) {
            chunk.copy_to(space);
        }
    }
}

async fn within(timeout: Duration, promise: Promise) -> Result<Result<JsValue, JsValue>, SendError> {
    let Some(timer) = Timer::start(timeout) else { return Ok(JsFuture::from(promise).await) };
    match select(JsFuture::from(promise), pin!(timer.elapsed())).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(SendError::TimedOut),
    }
}

/// `fetch` rejects with a `TypeError` when there is no connection, and when there is no permission to read the reply.
fn classify(error: &JsValue) -> SendError {
    if error.is_instance_of::<js_sys::TypeError>() { SendError::Blocked } else { dropped(error) }
}

/// Only the error's kind: browsers put the URL into its message, with the query.
fn dropped(error: &JsValue) -> SendError {
    let name = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
    SendError::Dropped(format!("the browser ended the request ({})", name.as_deref().unwrap_or("no reason given")))
}

fn text(headers: &Headers, name: &str) -> Option<String> {
    headers.get(name).ok().flatten()
}

/// Aborts the request when its future is dropped; one that has ended does not mind.
struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
