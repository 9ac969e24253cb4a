//! Objects over HTTP: one GET each, retried.
//!
//! GET only, never HEAD: a presigned URL signs one method, and answers the other with 403. One explicit range at most. What a
//! reply is worth is [`super::response`]'s to judge, whether to ask again [`super::retry`]'s; here they are put together.

use super::listing::{self, Listed};
use super::network_estimate::Pace;
use super::response::{Reply, judge};
use super::retry::{Failure, RetryPolicy};
use super::transport::{Freshness, Request, Transport};
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use crate::storage::connections::Connections;
use crate::storage::location::locator;
use crate::storage::location::locator::{Locator, Target};
use crate::storage::location::presign::Presigner;
use crate::storage::location::url_provider::{Signed, UrlProvider};
use crate::storage::metrics::Meters;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::{Origin, Url};
use web_time::{Instant, SystemTime, UNIX_EPOCH};

/// Reads objects by their URL.
#[derive(Debug)]
pub(in crate::storage) struct HttpStore {
    transport: Box<dyn Transport>,
    locator: Locator,
    retry: RetryPolicy,
    connections: Arc<Connections>,
    pace: Pace,
    /// Hosts that have answered a range with that range.
    honouring_ranges: Mutex<HashSet<Origin>>,
    /// Hosts whose replies to a range a browser does not take, and whose whole objects it does: those that compress what they
    /// send, asked or not, and those whose preflight knows no `Range`.
    whole_only: Mutex<HashSet<Origin>>,
    /// Of the URLs that are fetched right now, those one request of which goes through the browser's cache.
    through_cache: Mutex<HashSet<Url>>,
    /// Whether a listing is worth a try: until it was refused.
    can_list: AtomicBool,
}

impl HttpStore {
    pub(in crate::storage) fn new(
        transport: Box<dyn Transport>,
        locator: Locator,
        retry: RetryPolicy,
        connections: Arc<Connections>,
        can_list: bool,
    ) -> HttpStore {
        HttpStore {
            transport,
            locator,
            retry,
            connections,
            pace: Pace::default(),
            honouring_ranges: Mutex::default(),
            whole_only: Mutex::default(),
            through_cache: Mutex::default(),
            can_list: AtomicBool::new(can_list),
        }
    }

    /// GETs `range` of the object, or all of it.
    pub(in crate::storage) async fn fetch(
        &self,
        location: &FileLocation,
        range: Option<&Range<u64>>,
        freshness: Freshness,
        meters: &Meters,
    ) -> Result<Reply> {
        let target = self.locator.locate(location, now()).await?;
        match self.fetch_target(&target, range, freshness, meters).await {
            // It was to be good for longer, by this machine's clock at least.
            Err(Error::UrlExpired { .. }) if target.renewable => {
                self.locator.forget(location);
                let target = self.locator.locate(location, now()).await?;
                let again = self.fetch_target(&target, range, freshness, meters).await;
                again.map_err(|error| self.advise(error))
            }
            done => done,
        }
    }

    /// Who made a URL knows whom to ask for another.
    fn advise(&self, error: Error) -> Error {
        match (error, self.locator.signer().and_then(|sign| sign.advice())) {
            (Error::UrlExpired { url, .. }, Some(reason)) => Error::UrlExpired { url, reason },
            (error, _) => error,
        }
    }

    /// Lists `folder`, page by page; `None` where this host cannot, or does not let these credentials.
    pub(in crate::storage) async fn list(
        &self,
        folder: &str,
        start_after: Option<&str>,
        meters: &Meters,
    ) -> Result<Option<Vec<Listed>>> {
        let (Some(root), Some(service)) = (self.locator.root(), self.locator.service()) else { return Ok(None) };
        if !self.can_list() {
            return Ok(None);
        }
        let (mut all, mut next) = (Vec::new(), None::<String>);
        loop {
            let Some(url) = listing::page_url(service, root, folder, start_after, next.as_deref()) else {
                return Ok(None);
            };
            let target = self.locator.own(url, now());
            let page = match self.fetch_target(&target, None, Freshness::Revalidated, meters).await {
                Ok(reply) => listing::parse(&reply.bytes),
                Err(error) if refuses_to_list(&error) => None,
                Err(error) => return Err(error),
            };
            let Some(page) = page else {
                self.can_list.store(false, Ordering::Relaxed);
                return Ok(None);
            };
            all.extend(page.objects);
            if page.next.is_none() || page.next == next {
                return Ok(Some(all));
            }
            next = page.next;
        }
    }

    async fn fetch_target(
        &self,
        target: &Target,
        range: Option<&Range<u64>>,
        freshness: Freshness,
        meters: &Meters,
    ) -> Result<Reply> {
        let started = Instant::now();
        let mut attempts = 0;
        let mut answered = None;
        let mut sent = range.filter(|_| !contains(&self.whole_only, &target.url));
        loop {
            attempts += 1;
            let failure = match self.attempt(target, range, sent, freshness, meters).await {
                Ok(reply) => {
                    if range.is_some() && sent.is_none() {
                        insert(&self.whole_only, &target.url);
                    }
                    return Ok(reply);
                }
                Err(failure) => failure,
            };
            // Asked between two attempts: a connection that was down for both of them was then hardly there in the middle.
            if failure == Failure::Blocked && answered.is_none() {
                answered = Some(self.answers(&target.url, meters).await);
                // It may be the range that keeps the reply from the page.
                if answered == Some(true) && !contains(&self.honouring_ranges, &target.url) {
                    sent = None;
                }
            }
            match self.retry.delay(&failure, attempts, started.elapsed(), chance(), now()) {
                Some(delay) => self.transport.sleep(delay).await,
                None => return Err(failure.into_error(&target.url, answered.unwrap_or(false), now())),
            }
            meters.count_retry();
        }
    }

    async fn answers(&self, url: &Url, meters: &Meters) -> bool {
        let _connection = self.connections.acquire(meters.urgency()).await;
        meters.count_request();
        self.transport.answers(url).await
    }

    /// One request for `range`, which asks for the bytes `sent`: those, or all.
    async fn attempt(
        &self,
        target: &Target,
        range: Option<&Range<u64>>,
        sent: Option<&Range<u64>>,
        freshness: Freshness,
        meters: &Meters,
    ) -> Result<Reply, Failure> {
        let _connection = self.connections.acquire(meters.urgency()).await;
        let through_cache = ThroughCache::take(self, &target.url);
        let freshness = if through_cache.is_some() { freshness } else { Freshness::Uncached };
        meters.count_request();
        let (url, headers, guarded) = (target.url.clone(), target.headers.clone(), target.guarded);
        let request = Request { url, range: sent.cloned(), headers, guarded, body: None, freshness };
        let started = Instant::now();
        self.pace.begin();
        let response = self.transport.send(request).await;
        self.pace.end(response.as_ref().ok().map(|response| response.body.len() as u64), started.elapsed());
        let response = response?;
        meters.count_bytes(response.body.len());
        let status = response.status;
        let reply = judge(range, response)?;
        match range {
            Some(_) if status == 206 => insert(&self.honouring_ranges, &target.url),
            Some(range) if status != 416 && reply.slice(range).as_ref() != Some(&reply.bytes) => {
                meters.count_whole_reply()
            }
            _ => {}
        }
        Ok(reply)
    }

    /// Whether the host of `location` is known to answer a range with that range, and not with the whole object.
    pub(in crate::storage) fn honours_ranges(&self, location: &FileLocation) -> bool {
        let honouring = self.honouring_ranges.lock().unwrap_or_else(PoisonError::into_inner);
        match (location, self.locator.root()) {
            (FileLocation::Absolute(url), _) => honouring.contains(&url.origin()),
            // Where each object has a URL of its own, the last origin that kept to a range stands for all.
            (FileLocation::Relative(_), _) if self.locator.signer().is_some() => !honouring.is_empty(),
            (FileLocation::Relative(_), Some(root)) => honouring.contains(&root.origin()),
            (FileLocation::Relative(_), None) => false,
        }
    }

    /// Whether the host lists, as far as is known.
    pub(in crate::storage) fn can_list(&self) -> bool {
        self.can_list.load(Ordering::Relaxed)
    }

    /// Who knows the URL of each object, where somebody does.
    pub(in crate::storage) fn signer(&self) -> Option<&Arc<dyn UrlProvider>> {
        self.locator.signer()
    }

    /// Whether somebody has a URL for this very object.
    pub(in crate::storage) async fn is_signed(&self, location: &FileLocation) -> Result<bool> {
        match self.locator.signer() {
            Some(sign) => Ok(!matches!(sign.sign(&locator::key(location)).await?, Signed::Unsigned)),
            None => Ok(false),
        }
    }

    /// Who signs for the table's bucket, where there is a key.
    pub(in crate::storage) fn presigner(&self) -> Option<&Presigner> {
        self.locator.presigner()
    }

    /// The URL of `location` as it would be fetched now. A secret.
    pub(in crate::storage) async fn url_of(&self, location: &FileLocation) -> Result<Url> {
        Ok(self.locator.locate(location, now()).await?.url)
    }

    /// What of an object is better read than skipped.
    pub(in crate::storage) fn gap(&self) -> u64 {
        self.pace.gap()
    }

    /// See [`Pace::bytes_in_a_round_trip`].
    pub(in crate::storage) fn bytes_in_a_round_trip(&self) -> u64 {
        self.pace.bytes_in_a_round_trip()
    }

    /// What errors call `location`.
    pub(in crate::storage) fn name(&self, location: &FileLocation) -> Result<String> {
        self.locator.name(location)
    }
}

fn insert(origins: &Mutex<HashSet<Origin>>, url: &Url) {
    origins.lock().unwrap_or_else(PoisonError::into_inner).insert(url.origin());
}

fn contains(origins: &Mutex<HashSet<Origin>>, url: &Url) -> bool {
    origins.lock().unwrap_or_else(PoisonError::into_inner).contains(&url.origin())
}

/// The one request for a URL that goes through the browser's cache: see [`Freshness::Uncached`].
struct ThroughCache<'a> {
    store: &'a HttpStore,
    url: &'a Url,
}

impl<'a> ThroughCache<'a> {
    fn take(store: &'a HttpStore, url: &'a Url) -> Option<ThroughCache<'a>> {
        let mut taken = store.through_cache.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(url.clone()).then(|| ThroughCache { store, url })
    }
}

impl Drop for ThroughCache<'_> {
    fn drop(&mut self) {
        self.store.through_cache.lock().unwrap_or_else(PoisonError::into_inner).remove(self.url);
    }
}

/// Whether a host that has listings gives none here.
fn refuses_to_list(error: &Error) -> bool {
    match error {
        Error::HttpStatus { status, .. } => matches!(status, 400 | 404 | 405 | 409 | 410 | 501),
        Error::PermissionDenied { .. } | Error::CorsOrNetwork { answered: true, .. } => true,
        _ => false,
    }
}

/// Milliseconds since the Unix epoch, by this machine's clock.
pub fn now() -> i64 {
    i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX)
}

/// A number in 0..1 that differs from tab to tab and time to time: enough to keep retries from marching in step.
fn chance() -> f64 {
    let nanos = u64::from(since_epoch().subsec_nanos());
    let mixed = (nanos ^ (nanos >> 17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::http::transport::{Response, SendError};
    use crate::storage::location;
    use crate::storage::location::access::AccessOptions;
    use async_trait::async_trait;
    use object_store::path::Path;

    /// Answers every request alike, and remembers what was asked of a browser's cache.
    #[derive(Debug)]
    struct Recorder {
        answer: Result<Response, SendError>,
        sent: Arc<Mutex<Vec<Freshness>>>,
    }

    #[async_trait]
    impl Transport for Recorder {
        async fn send(&self, request: Request) -> Result<Response, SendError> {
            self.sent.lock().unwrap().push(request.freshness);
            tokio::task::yield_now().await;
            self.answer.clone()
        }

        async fn answers(&self, _: &Url) -> bool {
            true
        }

        async fn sleep(&self, _: Duration) {}
    }

    fn store(answer: Result<Response, SendError>) -> (HttpStore, Arc<Mutex<Vec<Freshness>>>) {
        let sent: Arc<Mutex<Vec<Freshness>>> = Arc::default();
        let transport = Box::new(Recorder { answer, sent: sent.clone() });
        let access = AccessOptions::default();
        let root = location::resolve(&Url::parse("https://host/t?sig=secret").unwrap(), &access).unwrap();
        let locator = Locator::new(Some(root), &access, None);
        (HttpStore::new(transport, locator, RetryPolicy::default(), Connections::new(6), false), sent)
    }

    fn at(path: &str) -> FileLocation {
        FileLocation::Relative(Path::parse(path).unwrap())
    }

    #[tokio::test]
    async fn a_browsers_type_error_is_tried_twice() {
        let (store, sent) = store(Err(SendError::Blocked));
        let error = store.fetch(&at("a"), None, Freshness::Immutable, &Meters::new()).await.unwrap_err();
        assert_eq!(error, Error::CorsOrNetwork { url: "https://host/t/a".into(), answered: true });
        assert_eq!(sent.lock().unwrap().len(), 2);
    }

    /// A browser in front of a host that compresses whatever it sends: ranges are not taken.
    #[derive(Debug, Default)]
    struct Compressing(Arc<Mutex<Vec<bool>>>);

    #[async_trait]
    impl Transport for Compressing {
        async fn send(&self, request: Request) -> Result<Response, SendError> {
            self.0.lock().unwrap().push(request.range.is_some());
            let body = bytes::Bytes::from_static(b"abcdef");
            match request.range {
                Some(_) => Err(SendError::Blocked),
                None => Ok(Response { status: 200, body, ..Response::default() }),
            }
        }

        async fn answers(&self, _: &Url) -> bool {
            true
        }

        async fn sleep(&self, _: Duration) {}
    }

    #[tokio::test]
    async fn where_the_range_is_what_a_browser_refuses_the_whole_object_is_asked_for() {
        let asked: Arc<Mutex<Vec<bool>>> = Arc::default();
        let root = location::resolve(&Url::parse("https://host/t").unwrap(), &AccessOptions::default()).unwrap();
        let locator = Locator::new(Some(root), &AccessOptions::default(), None);
        let transport = Box::new(Compressing(asked.clone()));
        let store = HttpStore::new(transport, locator, RetryPolicy::default(), Connections::new(6), false);
        for name in ["a", "b"] {
            let reply = store.fetch(&at(name), Some(&(2..4)), Freshness::Immutable, &Meters::new()).await.unwrap();
            assert_eq!(reply.slice(&(2..4)).unwrap(), "cd");
        }
        assert_eq!(*asked.lock().unwrap(), [true, false, false]);
    }

    #[tokio::test]
    async fn one_request_for_a_url_at_a_time_goes_through_the_browsers_cache() {
        let body = bytes::Bytes::from_static(b"ab");
        let (store, sent) = store(Ok(Response { status: 206, body, ..Response::default() }));
        let (a, b, meters) = (at("a"), at("b"), Meters::new());
        let (first, second) = (0..2, 2..4);
        let fetch = |location, range, freshness| store.fetch(location, Some(range), freshness, &meters);
        let (one, two, three) = futures::join!(
            fetch(&a, &first, Freshness::Immutable),
            fetch(&a, &second, Freshness::Immutable),
            fetch(&b, &first, Freshness::Revalidated),
        );
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        assert!(fetch(&a, &second, Freshness::Immutable).await.is_ok());
        let expected = [Freshness::Immutable, Freshness::Uncached, Freshness::Revalidated, Freshness::Immutable];
        assert_eq!(*sent.lock().unwrap(), expected);
    }
}
