//! From an object's name in the log to the URL it is fetched from. Pure.
//!
//! Names below the table's root are decoded keys: each segment is percent-encoded here, once. The root's query (a token for
//! the whole folder, such as a SAS) and the configured headers go with every object of the root's own origin, and nowhere
//! else: a table that names objects elsewhere must not learn them.

use super::redact;
use super::transport::Headers;
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use object_store::path::Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Everything but the unreserved characters and `=` (so that `year=2024` stays readable in a host's log). `+` is among the
/// encoded: S3 takes it for a space. So is `\`: URL parsers take it for `/`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'=');

/// Where to fetch an object, and with which headers.
pub(super) struct Target {
    pub url: Url,
    pub headers: Headers,
}

/// Turns names into URLs.
pub(super) struct Locator {
    /// The table's root, if that is reached over HTTP: its path without a slash at the end.
    root: Option<Url>,
    headers: Headers,
}

impl std::fmt::Debug for Locator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Locator").field(&self.root.as_ref().map(redact)).finish()
    }
}

impl Locator {
    pub(super) fn new(root: Option<&Url>, headers: Headers) -> Locator {
        let root = root.map(|root| {
            let mut root = root.clone();
            root.set_fragment(None);
            let path = root.path().trim_end_matches('/').to_owned();
            root.set_path(&path);
            root
        });
        Locator { root, headers }
    }

    /// The URL and the headers of `location`.
    pub(super) fn locate(&self, location: &FileLocation) -> Result<Target> {
        match location {
            FileLocation::Relative(path) => self.below_root(path),
            FileLocation::Absolute(url) => self.elsewhere(url),
        }
    }

    fn below_root(&self, path: &Path) -> Result<Target> {
        let root = self.root.as_ref().ok_or_else(|| Error::internal(format!("no URL to find {path} below")))?;
        let mut url = root.clone();
        let encoded = encode(path)?;
        url.set_path(&format!("{}/{encoded}", root.path().trim_end_matches('/')));
        Ok(Target { url, headers: self.headers.clone() })
    }

    fn elsewhere(&self, url: &Url) -> Result<Target> {
        if !matches!(url.scheme(), "http" | "https") {
            let reason = format!("{} can be reached over http and https only", redact(url));
            return Err(Error::unsupported(format!("{} locations", url.scheme()), reason));
        }
        let mut url = url.clone();
        url.set_fragment(None);
        let own = self.root.as_ref().filter(|root| root.origin() == url.origin());
        if let Some(root) = own
            && url.query().is_none()
        {
            url.set_query(root.query());
        }
        let headers = if own.is_some() { self.headers.clone() } else { Headers::default() };
        Ok(Target { url, headers })
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

    fn relative(root: &str, key: &str) -> String {
        let locator = Locator::new(Some(&Url::parse(root).unwrap()), Headers::default());
        locator.locate(&FileLocation::Relative(Path::parse(key).unwrap())).unwrap().url.to_string()
    }

    fn absolute(root: &str, url: &str) -> Result<(String, usize)> {
        let headers = Headers::from(vec![("authorization".to_owned(), "Bearer secret".to_owned())]);
        let locator = Locator::new(Some(&Url::parse(root).unwrap()), headers);
        let target = locator.locate(&FileLocation::Absolute(Url::parse(url).unwrap()))?;
        Ok((target.url.to_string(), target.headers.len()))
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
        let locator = Locator::new(Some(&Url::parse("https://host/t").unwrap()), Headers::default());
        assert!(locator.locate(&FileLocation::Relative(Path::default())).is_err());
    }

    #[test]
    fn another_origin_learns_neither_query_nor_headers() {
        let root = "https://host/t?sig=secret";
        assert_eq!(absolute(root, "https://other/a").unwrap(), ("https://other/a".into(), 0));
        assert_eq!(absolute(root, "https://host:444/a").unwrap(), ("https://host:444/a".into(), 0));
        assert_eq!(absolute(root, "http://host/a").unwrap(), ("http://host/a".into(), 0));
        assert_eq!(absolute(root, "https://host/u/a").unwrap(), ("https://host/u/a?sig=secret".into(), 1));
        assert_eq!(absolute(root, "https://host/u/a?sig=own").unwrap(), ("https://host/u/a?sig=own".into(), 1));
    }

    #[test]
    fn other_schemes_are_refused_by_name() {
        for url in ["s3://bucket/a?x=secret", "abfss://c@a.dfs.core.windows.net/a", "file:///etc/passwd", "data:,a"] {
            let error = absolute("https://host/t", url).unwrap_err();
            assert_eq!(error.code().as_str(), "unsupported_feature", "{url}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
