//! From an object's name in the log to the URL it is fetched from, and what goes with it.
//!
//! Names below the table's root are decoded keys: each segment is percent-encoded here, once. What the table's host is shown (the
//! root's query, headers, signatures) goes with every object of the root's own origin, and nowhere else: a table that names
//! objects elsewhere must not learn them, and may only name origins that were allowed.

use super::access::AccessOptions;
use super::presign::Presigner;
use super::url_provider::{Signed, UrlProvider};
use super::{Location, Service};
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use crate::storage::http::transport::Headers;
use crate::storage::http::url_expiry::end_of_validity;
use crate::storage::location;
use crate::storage::redact;
use object_store::path::Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// Everything but the unreserved characters and `=` (so that `year=2024` stays readable in a host's log). `+` is among the
/// encoded: S3 takes it for a space. So is `\`: URL parsers take it for `/`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'=');

/// A URL that ends sooner than this is not begun with, in milliseconds.
const MARGIN: i64 = 30_000;

/// Where to fetch an object, and with which headers.
#[derive(Clone)]
pub(in crate::storage) struct Target {
    pub url: Url,
    pub headers: Headers,
    /// Whether the URL's query is the table's own, for its own origin alone.
    pub guarded: bool,
    /// Whether somebody made this URL who can make another when it has expired.
    pub renewable: bool,
}

/// Turns names into URLs.
pub(in crate::storage) struct Locator {
    /// The table's root, if that is reached over HTTP: its path without a slash at the end.
    root: Option<Location>,
    headers: Headers,
    presigner: Option<Presigner>,
    access: AccessOptions,
    sign: Option<Arc<dyn UrlProvider>>,
    /// By name: what [`UrlProvider`] has said, and until when it is right.
    signed: Mutex<HashMap<String, (Url, Option<i64>)>>,
}

impl std::fmt::Debug for Locator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Locator").field(&self.root().map(redact)).finish()
    }
}

impl Locator {
    pub(in crate::storage) fn new(
        root: Option<Location>,
        access: &AccessOptions,
        sign: Option<Arc<dyn UrlProvider>>,
    ) -> Locator {
        let root = root.map(|mut root| {
            root.url.set_fragment(None);
            let path = root.url.path().trim_end_matches('/').to_owned();
            root.url.set_path(&path);
            root
        });
        let presigner = match root.as_ref().map(|root| &root.service) {
            Some(Service::S3 { bucket, region }) => Presigner::new(bucket, region, access),
            _ => None,
        };
        let mut headers = access.own_headers();
        if matches!(root.as_ref().map(|root| &root.service), Some(Service::Azure { .. }))
            && access.bearer_token.is_some()
        {
            // Without it, Azure takes a token for none.
            headers.push(("x-ms-version".into(), "2021-08-06".into()));
        }
        let headers = Headers::from(headers);
        Locator { root, headers, presigner, access: access.clone(), sign, signed: Mutex::default() }
    }

    pub(in crate::storage) fn root(&self) -> Option<&Url> {
        self.root.as_ref().map(|root| &root.url)
    }

    pub(in crate::storage) fn service(&self) -> Option<&Service> {
        self.root.as_ref().map(|root| &root.service)
    }

    /// Who signs requests for the table's bucket, where there is a key.
    pub(in crate::storage) fn presigner(&self) -> Option<&Presigner> {
        self.presigner.as_ref()
    }

    pub(in crate::storage) fn signer(&self) -> Option<&Arc<dyn UrlProvider>> {
        self.sign.as_ref()
    }

    /// What errors call `location`.
    pub(in crate::storage) fn name(&self, location: &FileLocation) -> Result<String> {
        match location {
            FileLocation::Relative(path) => self.below_root(path).map(|url| redact(&url)),
            FileLocation::Absolute(url) => Ok(redact(url)),
        }
    }

    /// The URL and the headers of `location`, at `now` (milliseconds since the Unix epoch).
    pub(in crate::storage) async fn locate(&self, location: &FileLocation, now: i64) -> Result<Target> {
        if let Some(sign) = &self.sign
            && let Some(target) = self.ask(sign.as_ref(), location, now).await?
        {
            return Ok(target);
        }
        let (url, own) = match location {
            FileLocation::Relative(path) => (self.below_root(path)?, true),
            FileLocation::Absolute(url) => self.elsewhere(url)?,
        };
        let headers = match own {
            true => self.headers.clone(),
            false => {
                let named = match location {
                    FileLocation::Absolute(named) => named,
                    FileLocation::Relative(_) => &url,
                };
                self.access.headers_elsewhere(&url, named)?.into()
            }
        };
        Ok(self.presigned(url, headers, own, now))
    }

    /// A request to the table's own host, of any kind.
    pub(in crate::storage) fn own(&self, url: Url, now: i64) -> Target {
        self.presigned(url, self.headers.clone(), true, now)
    }

    fn presigned(&self, url: Url, headers: Headers, own: bool, now: i64) -> Target {
        match self.presigner.as_ref().filter(|presigner| presigner.is_for(&url)) {
            Some(presigner) => Target { url: presigner.sign(&url, now), headers, guarded: true, renewable: true },
            None => Target { guarded: own && url.query().is_some(), url, headers, renewable: false },
        }
    }

    /// Forgets a URL that was refused as expired, so that another is asked for.
    pub(in crate::storage) fn forget(&self, location: &FileLocation) {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(location));
    }

    async fn ask(&self, sign: &dyn UrlProvider, location: &FileLocation, now: i64) -> Result<Option<Target>> {
        let key = key(location);
        let target = |url| Some(Target { url, headers: Headers::default(), guarded: false, renewable: true });
        let known = self.signed.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((url, expires)) = known
            && expires.is_none_or(|expires| expires - MARGIN > now)
        {
            return Ok(target(url));
        }
        match sign.sign(&key).await? {
            Signed::Unsigned => Ok(None),
            Signed::Missing => Err(Error::HttpStatus { url: self.name(location)?, status: 404 }),
            Signed::At { mut url, expires } => {
                url.set_fragment(None);
                let expires = expires.or_else(|| end_of_validity(&url));
                let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
                signed.insert(key, (url.clone(), expires));
                Ok(target(url))
            }
        }
    }

    fn below_root(&self, path: &Path) -> Result<Url> {
        let root = self.root().ok_or_else(|| Error::internal(format!("no URL to find {path} below")))?;
        let mut url = root.clone();
        let encoded = encode(path)?;
        url.set_path(&format!("{}/{encoded}", root.path().trim_end_matches('/')));
        Ok(url)
    }

    /// Where an absolute URL is, and whether that is the table's own host.
    fn elsewhere(&self, named: &Url) -> Result<(Url, bool)> {
        // Of another scheme: a bucket or container, at the same endpoint as the table's own if it is that one.
        let mut url = match named.scheme() {
            "http" | "https" => named.clone(),
            "file" | "data" | "blob" => {
                let reason = format!("{} is not where a table elsewhere may have its objects", redact(named));
                return Err(Error::unsupported(format!("{} locations", named.scheme()), reason));
            }
            _ => {
                let without = AccessOptions { query: None, sas_token: None, ..self.access.clone() };
                location::resolve(named, &without)?.url
            }
        };
        url.set_fragment(None);
        let Some(root) = self.root.as_ref() else { return Ok((url, false)) };
        let own = match &root.service {
            // A bucket is somebody's, the host it is at is not.
            Service::S3 { bucket, .. } => url.origin() == bucket.origin() && url.path().starts_with(bucket.path()),
            _ => root.url.origin() == url.origin(),
        };
        if own && url.query().is_none() {
            url.set_query(root.url.query());
        }
        Ok((url, own))
    }
}

/// What an object is called when it is asked for.
pub(in crate::storage) fn key(location: &FileLocation) -> String {
    match location {
        FileLocation::Relative(path) => path.to_string(),
        FileLocation::Absolute(url) => url.to_string(),
    }
}

/// `path` as part of a URL. No segment of it leaves the root: `.` and `..` would, and an empty one is not a name.
fn encode(path: &Path) -> Result<String> {
    let segments = path.as_ref().split('/').map(|segment| match segment {
        "" | "." | ".." => Err(Error::corrupt(path.as_ref(), "not a path below the table's root")),
        _ => Ok(utf8_percent_encode(segment, SEGMENT).to_string()),
    });
    Ok(segments.collect::<Result<Vec<_>>>()?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use std::collections::BTreeMap;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    const NOW: i64 = 1_700_000_000_000;

    fn locator(root: &str, access: &AccessOptions) -> Locator {
        let root = location::resolve(&Url::parse(root).unwrap(), access).unwrap();
        Locator::new(Some(root), access, None)
    }

    fn relative(root: &str, key: &str) -> String {
        let location = FileLocation::Relative(Path::parse(key).unwrap());
        block_on(locator(root, &AccessOptions::default()).locate(&location, NOW)).unwrap().url.to_string()
    }

    fn absolute_with(root: &str, url: &str, access: &AccessOptions) -> Result<(String, usize)> {
        let location = FileLocation::Absolute(Url::parse(url).unwrap());
        let target = block_on(locator(root, access).locate(&location, NOW))?;
        Ok((target.url.to_string(), target.headers.len()))
    }

    fn absolute(root: &str, url: &str) -> Result<(String, usize)> {
        let access = AccessOptions {
            headers: BTreeMap::from([("authorization".to_owned(), "Bearer secret".to_owned())]),
            allowed_origins: vec!["https://other".into(), "https://host:444".into(), "http://host".into()],
            ..AccessOptions::default()
        };
        absolute_with(root, url, &access)
    }

    #[test]
    fn keys_are_encoded_segment_by_segment() {
        for root in ["https://host/a%20b/t", "https://host/a%20b/t/", "https://host/a%20b/t//#x"] {
            assert_eq!(relative(root, "_delta_log/0.json"), "https://host/a%20b/t/_delta_log/0.json");
        }
        assert_eq!(relative("https://host", "a"), "https://host/a");
        let cases = [
            ("year=2024/a b", "year=2024/a%20b"),
            ("t=12%3A00", "t=12%253A00"),
            ("t=12:00", "t=12%3A00"),
            ("#?&+;@", "%23%3F%26%2B%3B%40"),
            ("häß/日本", "h%C3%A4%C3%9F/%E6%97%A5%E6%9C%AC"),
            ("a\\..\\b", "a%5C..%5Cb"),
            ("%2e%2e/%2e", "%252e%252e/%252e"),
            ("http:evil", "http%3Aevil"),
        ];
        for (key, encoded) in cases {
            assert_eq!(relative("https://host/t", key), format!("https://host/t/{encoded}"), "{key}");
        }
    }

    #[test]
    fn the_roots_query_goes_with_every_object_below_it() {
        assert_eq!(relative("https://host/t?sv=1&sig=a%2Fb", "x?y"), "https://host/t/x%3Fy?sv=1&sig=a%2Fb");
    }

    #[test]
    fn the_root_itself_is_no_object() {
        let locator = locator("https://host/t", &AccessOptions::default());
        assert!(block_on(locator.locate(&FileLocation::Relative(Path::default()), NOW)).is_err());
    }

    #[test]
    fn another_origin_learns_neither_query_nor_headers() {
        let root = "https://host/t?sig=secret";
        assert_eq!(absolute(root, "https://other/a").unwrap(), ("https://other/a".into(), 0));
        assert_eq!(absolute(root, "https://host:444/a").unwrap(), ("https://host:444/a".into(), 0));
        assert_eq!(absolute(root, "http://host/a").unwrap(), ("http://host/a".into(), 0));
        assert_eq!(absolute(root, "https://host/u/a").unwrap(), ("https://host/u/a?sig=secret".into(), 1));
        assert_eq!(absolute(root, "https://host/u/a?sig=own").unwrap(), ("https://host/u/a?sig=own".into(), 1));
        assert_eq!(absolute(root, "https://third/a").unwrap_err().code().as_str(), "origin_not_allowed");
    }

    #[test]
    fn keys_sign_for_their_own_bucket_alone() {
        let access = AccessOptions {
            access_key_id: Some("key".into()),
            secret_access_key: Some("secret".into()),
            allowed_origins: vec!["s3://theirs".into(), "https://s3.us-east-1.amazonaws.com".into()],
            ..AccessOptions::default()
        };
        let signed =
            |url: &str| absolute_with("s3://mine/t", url, &access).map(|(url, _)| url.contains("X-Amz-Signature="));
        assert_eq!(signed("s3://mine/u/a"), Ok(true));
        assert_eq!(signed("https://mine.s3.us-east-1.amazonaws.com/u/a"), Ok(true));
        assert_eq!(signed("s3://theirs/a"), Ok(false));
        assert_eq!(signed("https://s3.us-east-1.amazonaws.com/mine/a"), Ok(false));
        assert_eq!(signed("s3://others/a").unwrap_err().code().as_str(), "origin_not_allowed");
    }

    #[test]
    fn other_schemes_are_refused_by_name() {
        for url in ["ftp://host/a?x=secret", "file:///etc/passwd", "data:,a"] {
            let error = absolute("https://host/t", url).unwrap_err();
            assert_eq!(error.code().as_str(), "unsupported_feature", "{url}");
            assert!(!error.to_string().contains("secret"));
        }
        for url in ["s3://bucket/a?x=secret", "abfss://c@a.dfs.core.windows.net/a"] {
            let error = absolute("https://host/t", url).unwrap_err();
            assert_eq!(error.code().as_str(), "origin_not_allowed", "{url}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    /// Counts how often it is asked.
    #[derive(Debug, Default)]
    struct Counter(Mutex<u64>);

    #[async_trait]
    impl UrlProvider for Counter {
        async fn sign(&self, path: &str) -> Result<Signed> {
            let mut asked = self.0.lock().unwrap();
            *asked += 1;
            Ok(match path {
                "gone" => Signed::Missing,
                "own" => Signed::Unsigned,
                _ => {
                    let url = Url::parse(&format!("https://cdn/{path}?n={asked}")).unwrap();
                    Signed::At { url, expires: Some(NOW + 60_000) }
                }
            })
        }
    }

    #[test]
    fn a_signed_url_is_used_until_shortly_before_its_end() {
        let access =
            AccessOptions { headers: BTreeMap::from([("x".into(), "secret".into())]), ..AccessOptions::default() };
        let root = location::resolve(&Url::parse("https://host/t?q").unwrap(), &access).unwrap();
        let locator = Locator::new(Some(root), &access, Some(Arc::new(Counter::default())));
        let locate = |path: &str, now: i64| {
            let target = block_on(locator.locate(&FileLocation::Relative(Path::from(path)), now))?;
            Ok::<_, Error>((target.url.to_string(), target.headers.len()))
        };
        assert_eq!(locate("a", NOW).unwrap(), ("https://cdn/a?n=1".into(), 0));
        assert_eq!(locate("a", NOW + 29_000).unwrap(), ("https://cdn/a?n=1".into(), 0));
        assert_eq!(locate("a", NOW + 31_000).unwrap(), ("https://cdn/a?n=2".into(), 0));
        assert_eq!(locate("own", NOW).unwrap(), ("https://host/t/own?q".into(), 1));
        assert!(locate("gone", NOW).unwrap_err().is_missing());
        locator.forget(&FileLocation::Relative(Path::from("a")));
        assert_eq!(locate("a", NOW).unwrap().0, "https://cdn/a?n=5");
    }
}
