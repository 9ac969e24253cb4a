//! The native transport: reqwest with rustls.

use super::transport::{Headers, Request, Response, SendError, Transport};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, LOCATION, RANGE};
use std::error::Error as _;
use std::future::Future;
use std::io::Read;
use std::sync::OnceLock;
use std::time::Duration;
use url::Url;

/// No more than this is reserved on a host's word.
const LARGEST_RESERVATION: u64 = 64 << 20;

/// No more than this is made of a body that came compressed: logs are stored so, and not data.
const LARGEST_OBJECT: u64 = 1 << 30;

/// As many as browsers follow.
const MOST_REDIRECTS: usize = 20;

/// Parts of a query that are shorter are the same in many signatures: `sr=c`.
const SHORTEST_SECRET: usize = 12;

/// Sends requests through one reqwest client, made when it is first needed.
#[derive(Debug)]
pub(in crate::storage) struct NativeTransport {
    client: OnceLock<Result<reqwest::Client, String>>,
    /// How long a reply may stand still.
    timeout: Duration,
}

impl NativeTransport {
    pub(in crate::storage) fn new(timeout: Duration) -> NativeTransport {
        NativeTransport { client: OnceLock::new(), timeout }
    }

    fn client(&self) -> Result<&reqwest::Client, SendError> {
        let client = self.client.get_or_init(|| build_client().map_err(|error| describe(&error)));
        client.as_ref().map_err(|reason| SendError::Dropped(reason.clone()))
    }

    fn prepare(&self, request: &Request, url: &Url, headers: &Headers) -> Result<reqwest::RequestBuilder, SendError> {
        let client = self.client()?;
        let mut builder = match &request.body {
            Some(body) => client.post(url.clone()).body(body.clone()),
            None => client.get(url.clone()),
        };
        builder = builder.header(ACCEPT_ENCODING, "identity");
        if let Some(range) = request.range_header() {
            builder = builder.header(RANGE, range);
        }
        for (name, value) in headers.iter() {
            builder = builder.header(name, value);
        }
        Ok(builder)
    }

    async fn within<T>(&self, work: impl Future<Output = reqwest::Result<T>>) -> Result<T, SendError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done.map_err(|error| SendError::Dropped(describe(&error))),
            Err(_) => Err(SendError::TimedOut),
        }
    }

    async fn read(&self, mut reply: reqwest::Response) -> Result<Response, SendError> {
        let headers = reply.headers().clone();
        // Not asked for: taken for the object's bytes it would be read as garbage. A whole object that is stored so is decoded, as browsers
        // do; a range is one of the encoded bytes.
        let encoding = text(&headers, CONTENT_ENCODING.as_str()).filter(|it| !it.eq_ignore_ascii_case("identity"));
        let is_gzip = |encoding: &String| encoding.eq_ignore_ascii_case("gzip") && reply.status().as_u16() == 200;
        if let Some(encoding) = encoding.as_ref().filter(|encoding| !is_gzip(encoding)) {
            return Err(SendError::Dropped(format!("the body came with content encoding {encoding}, not asked for")));
        }
        let content_length = text(&headers, "content-length").and_then(|length| length.parse().ok());
        let reserved = content_length.unwrap_or(0).min(LARGEST_RESERVATION);
        let mut body = BytesMut::with_capacity(reserved as usize);
        while let Some(chunk) = self.within(reply.chunk()).await? {
            body.extend_from_slice(&chunk);
        }
        let body = match &encoding {
            Some(_) => unzipped(&body)?,
            None => body.freeze(),
        };
        Ok(Response {
            status: reply.status().as_u16(),
            content_range: text(&headers, "content-range"),
            content_length: content_length.filter(|_| encoding.is_none()),
            last_modified: text(&headers, "last-modified"),
            retry_after: text(&headers, "retry-after"),
            table_version: text(&headers, "delta-table-version"),
            body,
        })
    }
}

#[async_trait]
impl Transport for NativeTransport {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let (mut url, mut headers) = (request.url.clone(), request.headers.clone());
        for _ in 0..MOST_REDIRECTS {
            let reply = self.within(self.prepare(&request, &url, &headers)?.send()).await?;
            let Some(next) = redirected(&url, &reply)? else { return self.read(reply).await };
            if request.body.is_some() {
                return Err(SendError::Refused("the server redirects what is posted".into()));
            }
            // What the table's own host is shown is for nobody else.
            if next.origin() != url.origin() {
                if request.guarded && repeats(&request.url, &next) {
                    let reason = "the host redirects to another one, with what its URL is signed with: give the URL that it leads to";
                    return Err(SendError::Refused(reason.into()));
                }
                headers = Headers::default();
            }
            url = next;
        }
        Err(SendError::Refused("too many redirects".into()))
    }

    async fn sleep(&self, delay: Duration) {
        tokio::time::sleep(delay).await;
    }
}

/// The object in a body that is gzipped.
fn unzipped(body: &[u8]) -> Result<Bytes, SendError> {
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(body).take(LARGEST_OBJECT);
    let broken = |error| SendError::Dropped(format!("the body's content encoding gzip is broken: {error}"));
    decoder.read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes.into())
}

/// Whether `next` has a part of the query of `first` that is long enough to be a secret.
fn repeats(first: &Url, next: &Url) -> bool {
    let mut parts = first.query().unwrap_or_default().split('&').filter(|part| part.len() >= SHORTEST_SECRET);
    parts.any(|part| next.as_str().contains(part))
}

/// Where a reply leads, if it is not the answer itself.
fn redirected(url: &Url, reply: &reqwest::Response) -> Result<Option<Url>, SendError> {
    let location = text(reply.headers(), LOCATION.as_str());
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (reply.status().as_u16(), location) else { return Ok(None) };
    let next = url.join(&location).map_err(|_| SendError::Refused("redirected to what is no URL".into()))?;
    match (url.scheme(), next.scheme()) {
        ("https", "https") | ("http", "http" | "https") => Ok(Some(next)),
        (from, to) => Err(SendError::Refused(format!("redirected from {from} to {to}"))),
    }
}

fn build_client() -> reqwest::Result<reqwest::Client> {
    // Fails where the process has one already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Redirects are followed here: reqwest's own take all headers along but a few that it knows. A referrer would carry a
    // signature to where one leads.
    reqwest::Client::builder().referer(false).redirect(reqwest::redirect::Policy::none()).build()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The chain of causes, without the URL: its query may be a secret.
fn describe(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut causes = Vec::new();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if causes.is_empty() { "the request failed".to_owned() } else { causes.join(": ") }
}
