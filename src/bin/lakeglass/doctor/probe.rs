//! Requests as a page of another origin would send them, and what came back.

use lakeglass::snapshot::FileLocation;
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Error, Table, TableUrl, Version};
use object_store::path::Path;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use std::time::Duration;
use url::Url;

/// How long a signed URL has to be good for the probes.
const VALID: Duration = Duration::from_secs(600);

/// A reply: without its body, but for the beginning.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// Where redirects led to.
    pub url: Url,
    /// The beginning of the body, as it came.
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What one request came to.
pub type Answer = Result<Reply, String>;

/// What was seen of a host.
#[derive(Debug)]
pub struct Seen {
    /// The table's URL over HTTP.
    pub url: Url,
    pub origin: String,
    /// Names of the headers that a page would have to send.
    pub headers: Vec<String>,
    /// Whether the table could be opened, without a browser's rules.
    pub opened: Result<u64, Error>,
    /// GET of an object of the log that has to be there.
    pub log: Answer,
    /// GET of the first four bytes of a data file, or of the log where there is none.
    pub range: Answer,
    /// Whether that was a data file.
    pub is_data: bool,
    /// The same, by a preflight.
    pub preflight: Answer,
    /// HEAD of the same object.
    pub head: Answer,
    /// GET of an object that cannot be there.
    pub missing: Answer,
    /// Whether the log can be listed.
    pub lists: bool,
}

/// Asks the host of `url` everything.
pub async fn examine(url: &TableUrl, options: &StorageOptions, origin: &str) -> Result<Seen, Error> {
    let storage = Storage::open(url.as_url(), options)?;
    let first = FileLocation::Relative(Path::from("_delta_log/00000000000000000000.json"));
    let Some(first_url) = storage.url_for(&first, VALID).await? else {
        let reason = "a folder of this machine has no host to look at: publish it first";
        return Err(Error::unsupported("doctor for local folders", reason));
    };
    let opened = Table::open(url, Version::Latest, options).await;
    let hint = FileLocation::Relative(Path::from("_delta_log/_last_checkpoint"));
    let nowhere = FileLocation::Relative(Path::from("_delta_log/99999999999999999999.json"));
    let data = opened.as_ref().ok().and_then(|table| table.snapshot().files.first()).map(|file| file.location.clone());
    let is_data = data.is_some();
    let data_url = match &data {
        Some(location) => storage.url_for(location, VALID).await?.unwrap_or_else(|| first_url.clone()),
        None => first_url.clone(),
    };
    let asker = Asker::new(options, origin)?;
    let mut log = asker.get(&first_url, None).await;
    if !matches!(&log, Ok(reply) if reply.status == 200)
        && let Some(url) = storage.url_for(&hint, VALID).await?
        && let Ok(reply) = asker.get(&url, None).await
        && reply.status == 200
    {
        log = Ok(reply);
    }
    let missing = match storage.url_for(&nowhere, VALID).await? {
        Some(url) => asker.get(&url, None).await,
        None => Err("no URL".into()),
    };
    let lists = matches!(storage.list(&Path::from("_delta_log"), None).await, Ok(Some(_)));
    Ok(Seen {
        url: first_url,
        origin: origin.to_owned(),
        headers: asker.headers.iter().map(|(name, _)| name.clone()).collect(),
        opened: opened.map(|table| table.snapshot().version),
        log,
        range: asker.get(&data_url, Some("bytes=0-3")).await,
        is_data,
        preflight: asker.preflight(&data_url).await,
        head: asker.send(Method::HEAD, &data_url, &[]).await,
        missing,
        lists,
    })
}

struct Asker<'a> {
    client: Client,
    origin: &'a str,
    headers: Vec<(String, String)>,
}

impl<'a> Asker<'a> {
    fn new(options: &StorageOptions, origin: &'a str) -> Result<Asker<'a>, Error> {
        // Only installed once: the transport may have done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(Duration::from_secs(20)).referer(false);
        let access = &options.access;
        let mut headers: Vec<_> =
            access.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        headers.extend(access.bearer_token.iter().map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
        Ok(Asker { client: client.build().map_err(|_| Error::internal("no HTTP client"))?, origin, headers })
    }

    async fn get(&self, url: &Url, range: Option<&str>) -> Answer {
        let mut headers: Vec<(&str, &str)> =
            vec![("origin", self.origin), ("accept-encoding", "gzip, deflate, br, zstd")];
        headers.extend(range.map(|range| ("range", range)));
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.send(Method::GET, url, &headers).await
    }

    async fn preflight(&self, url: &Url) -> Answer {
        let mut asked: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).chain(["range"]).collect();
        asked.sort_unstable();
        let asked = asked.join(",");
        let headers = [
            ("origin", self.origin),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", asked.as_str()),
        ];
        self.send(Method::OPTIONS, url, &headers).await
    }

    async fn send(&self, method: Method, url: &Url, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.request(method, url.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // reqwest's message has the URL: only its causes are told.
        let failed = |error: reqwest::Error| {
            let mut causes = Vec::new();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                causes.push(error.to_string());
                cause = error.source();
            }
            causes.pop().unwrap_or_else(|| "the request failed".into())
        };
        let mut reply = request.send().await.map_err(failed)?;
        let (status, headers, url) = (reply.status().as_u16(), reply.headers().clone(), reply.url().clone());
        // The beginning will do: a host that ignores ranges may send gigabytes.
        let body = reply.chunk().await.ok().flatten().map(|chunk| chunk.to_vec()).unwrap_or_default();
        Ok(Reply { status, headers, url, body: body.get(..body.len().min(512)).unwrap_or_default().to_vec() })
    }
}
