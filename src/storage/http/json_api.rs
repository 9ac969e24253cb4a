//! Questions to a server that are not for an object: a sharing server's lists and queries.

use super::client::now;
use super::retry::{Failure, RetryPolicy};
use super::transport::{Freshness, Headers, Request, Transport};
use crate::error::Result;
use crate::storage::options::StorageOptions;
use bytes::Bytes;
use url::Url;
use web_time::Instant;

/// Asks one server, with the same headers each time: they go to its origin alone.
#[derive(Debug)]
pub struct Rest {
    transport: Box<dyn Transport>,
    retry: RetryPolicy,
}

/// A server's answer of status 200.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its body.
    pub body: Bytes,
    /// `delta-table-version`, where it is there and CORS lets it be seen.
    pub table_version: Option<u64>,
}

impl Rest {
    /// Asks as persistently as `options` say.
    pub fn new(options: &StorageOptions) -> Rest {
        Rest { transport: super::transport(options), retry: options.retry.clone() }
    }

    /// GETs `url`, or POSTs `body` (JSON) to it. The headers may be secret.
    ///
    /// # Errors
    /// As for objects: `permission_denied`, `http_status`, `network`, …
    pub async fn ask(&self, url: &Url, headers: &[(String, String)], body: Option<String>) -> Result<Answer> {
        let mut headers = headers.to_vec();
        if body.is_some() {
            headers.push(("content-type".into(), "application/json; charset=utf-8".into()));
        }
        let (headers, body) = (Headers::from(headers), body.map(Bytes::from));
        let started = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (url_, headers, body) = (url.clone(), headers.clone(), body.clone());
            let request =
                Request { url: url_, range: None, headers, guarded: false, body, freshness: Freshness::Revalidated };
            let failure = match self.transport.send(request).await {
                Ok(response) if response.status == 200 => {
                    let table_version = response.table_version.and_then(|version| version.trim().parse().ok());
                    return Ok(Answer { body: response.body, table_version });
                }
                Ok(response) => Failure::Status {
                    status: response.status,
                    retry_after: response.retry_after,
                    body: response.body.slice(..response.body.len().min(4096)),
                },
                Err(error) => error.into(),
            };
            match self.retry.delay(&failure, attempts, started.elapsed(), 0.5, now()) {
                Some(delay) => self.transport.sleep(delay).await,
                None => {
                    let answered = failure == Failure::Blocked && self.transport.answers(url).await;
                    return Err(failure.into_error(url, answered, now()));
                }
            }
        }
    }
}
