//! One request: the seam between the HTTP store and what sends its requests (browser `fetch`, or reqwest natively).

use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Headers that go with every request to the table's own origin.
pub(in crate::storage) type Headers = Arc<[(String, String)]>;

/// A GET to send, or a POST to a server that is asked a question.
#[derive(Clone)]
pub(in crate::storage) struct Request {
    /// The whole URL, its signature included: never shown.
    pub url: Url,
    /// The bytes wanted; `None` is the whole object. Never empty.
    pub range: Option<Range<u64>>,
    /// Headers beside `Range`. May hold secrets: never shown, and never sent to where a redirect to another origin leads.
    pub headers: Headers,
    /// Whether the URL's query is for its own origin alone: a redirect that could take it elsewhere is not followed.
    pub guarded: bool,
    /// What is posted; without it, this is a GET.
    pub body: Option<Bytes>,
    /// Whether an answer that a cache on the way holds will do.
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "no cache on the way but a browser's"))]
    pub freshness: Freshness,
}

impl Request {
    /// The value of the `Range` header: one explicit range, never a suffix (Azure refuses those, others answer them wrongly).
    pub fn range_header(&self) -> Option<String> {
        let range = self.range.as_ref()?;
        Some(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))
    }
}

/// What a browser's own cache may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) enum Freshness {
    /// The object never changes: answer, and keep.
    Immutable,
    /// The object may have changed or appeared: the host is asked.
    Revalidated,
    /// Stay out of it, because another request for the same URL is under way: Chromium lets only one at a time at an entry
    /// of its cache, so that six ranges of a file would take six round trips.
    Uncached,
}

/// A reply, its body read to the end.
#[derive(Debug, Clone, Default)]
pub(in crate::storage) struct Response {
    pub status: u16,
    /// Absent where CORS hides it.
    pub content_range: Option<String>,
    /// What the host announced: of a compressed body it is not the object's length.
    pub content_length: Option<u64>,
    pub last_modified: Option<String>,
    pub retry_after: Option<String>,
    /// Of a sharing server's reply: `delta-table-version`.
    pub table_version: Option<String>,
    /// Complete as far as the transport can tell: a body that ends before its announced end is [`SendError::Dropped`].
    pub body: Bytes,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage) enum SendError {
    /// The connection failed, or ended before the reply did. The text names no URL.
    Dropped(String),
    /// Nothing arrived for as long as the options allow.
    TimedOut,
    /// A browser's `TypeError`: no connection, or a reply that CORS keeps from the page. It does not say which.
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "only browsers have CORS"))]
    Blocked,
    /// A reply that is not taken, for good: a redirect to where nobody should be sent. The text names no URL.
    Refused(String),
}

/// Sends requests and waits. Dropping a future of it aborts the request.
#[async_trait]
pub(in crate::storage) trait Transport: Debug + Send + Sync {
    /// Sends one request, following redirects of a GET.
    async fn send(&self, request: Request) -> Result<Response, SendError>;

    /// Whether the host of a request that was [`SendError::Blocked`] answers at all, with a reply that cannot be read. Sends
    /// one more request, without headers.
    async fn answers(&self, _url: &Url) -> bool {
        false // only a browser blocks replies
    }

    /// Resolves after `delay`.
    async fn sleep(&self, delay: Duration);
}

/// An HTTP date in milliseconds since the Unix epoch.
pub(in crate::storage) fn http_date(text: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|date| date.timestamp_millis())
}
