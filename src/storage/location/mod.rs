//! From a table's location, of any scheme, to where that is over HTTP. Pure.
//!
//! | scheme | becomes |
//! |---|---|
//! | `http`, `https` | itself |
//! | `s3`, `s3a`, `s3n` | the bucket at the endpoint, or at Amazon's |
//! | `gs`, `gcs` | `https://storage.googleapis.com/bucket/…` |
//! | `abfss`, `abfs`, `wasbs`, `wasb`, `az`, `azure` | `https://account.blob.core.windows.net/container/…` |
//!
//! An `http(s)` URL of such a service is recognised by its host, so that it can be signed for and listed too.

pub(crate) mod access;
pub(crate) mod locator;
pub(crate) mod presign;
pub(crate) mod url_provider;

use super::redact;
use crate::error::{Error, Result};
use access::{AccessOptions, BucketStyle};
use url::Url;

/// Where a location is over HTTP, and what kind of service is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Location {
    /// With the query that goes with every object, and without credentials of its own.
    pub url: Url,
    pub service: Service,
}

/// What answers at a location.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Service {
    /// Anything that answers a GET.
    Static,
    /// S3, or what speaks its language.
    S3 {
        /// The bucket's URL, with a slash at its end.
        bucket: Url,
        region: String,
    },
    /// Azure's blobs.
    Azure {
        /// The container's URL.
        container: Url,
    },
}

const GOOGLE: &str = "https://storage.googleapis.com";

/// Where `url` is over HTTP.
pub(super) fn resolve(url: &Url, access: &AccessOptions) -> Result<Location> {
    let mut location = match url.scheme() {
        "http" | "https" => recognise(url, access)?,
        "s3" | "s3a" | "s3n" => s3(url, access, access.endpoint.as_ref())?,
        "gs" | "gcs" => {
            let google = Url::parse(GOOGLE).map_err(Error::internal)?;
            s3(url, access, Some(access.endpoint.as_ref().unwrap_or(&google)))?
        }
        "abfss" | "abfs" | "wasbs" | "wasb" | "az" | "azure" => azure(url, access)?,
        scheme => {
            let reason = format!("{}: tables are read over http(s), s3, gs, abfss and az", redact(url));
            return Err(Error::unsupported(format!("{scheme} locations"), reason));
        }
    };
    for query in [access.query.as_deref(), sas(&location, access)].into_iter().flatten() {
        add_query(&mut location.url, query);
    }
    location.url.set_fragment(None);
    Ok(location)
}

fn sas<'a>(location: &Location, access: &'a AccessOptions) -> Option<&'a str> {
    access.sas_token.as_deref().filter(|_| matches!(location.service, Service::Azure { .. }))
}

/// Appends `query` as it is: it may be signed.
fn add_query(url: &mut Url, query: &str) {
    let query = query.trim().trim_start_matches('?');
    let joined = match url.query().filter(|own| !own.is_empty()) {
        Some(own) => format!("{own}&{query}"),
        None => query.to_owned(),
    };
    url.set_query(Some(&joined));
}

fn not_found(url: &Url, reason: &str) -> Error {
    Error::TableNotFound { url: redact(url), reason: reason.into() }
}

fn region(access: &AccessOptions, endpoint: Option<&Url>) -> String {
    let host = endpoint.and_then(Url::host_str).unwrap_or_default();
    let default = match host {
        host if host.ends_with(".r2.cloudflarestorage.com") || host.ends_with("storage.googleapis.com") => "auto",
        host => amazon_region(host).unwrap_or("us-east-1"),
    };
    access.region.clone().unwrap_or_else(|| default.into())
}

fn s3(url: &Url, access: &AccessOptions, endpoint: Option<&Url>) -> Result<Location> {
    let bucket = url.host_str().filter(|bucket| !bucket.is_empty());
    let bucket = bucket.ok_or_else(|| not_found(url, "write s3://bucket/path"))?;
    let region = region(access, endpoint);
    let amazon = || Url::parse(&format!("https://s3.{region}.amazonaws.com")).map_err(|error| bad(url, error));
    let service = endpoint.cloned().map_or_else(amazon, Ok)?;
    // A dot in a bucket's name breaks the certificate of its host.
    let default = match endpoint.is_some() || bucket.contains('.') {
        true => BucketStyle::Path,
        false => BucketStyle::Virtual,
    };
    let mut root = service.clone();
    match access.style.unwrap_or(default) {
        BucketStyle::Path => root.set_path(&format!("{}/{bucket}/", service.path().trim_end_matches('/'))),
        BucketStyle::Virtual => {
            let host = format!("{bucket}.{}", service.host_str().unwrap_or_default());
            root.set_host(Some(&host)).map_err(|error| bad(url, error))?;
            root.set_path(&format!("{}/", service.path().trim_end_matches('/')));
        }
    }
    plain(&mut root);
    let mut table = root.clone();
    table.set_path(&format!("{}{}", root.path(), url.path().trim_start_matches('/')));
    table.set_query(url.query());
    Ok(Location { url: table, service: Service::S3 { bucket: root, region } })
}

fn bad(url: &Url, error: impl std::fmt::Display) -> Error {
    not_found(url, &format!("not a location of a bucket: {error}"))
}

/// Without user information, query and fragment.
fn plain(url: &mut Url) {
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
}

/// `abfss://container@account.dfs.core.windows.net/path`, or `az://container/path` and the account among the options.
fn azure(url: &Url, access: &AccessOptions) -> Result<Location> {
    let host = url.host_str().unwrap_or_default();
    let (container, service) = match url.username() {
        "" => (host.to_owned(), None),
        container => (container.to_owned(), Some(format!("https://{}", blob_host(host)))),
    };
    let service = match (&access.endpoint, service, &access.account) {
        (Some(endpoint), _, _) => endpoint.as_str().trim_end_matches('/').to_owned(),
        (None, Some(service), _) => service,
        (None, None, Some(account)) => format!("https://{account}.blob.core.windows.net"),
        (None, None, None) => {
            let reason = "the storage account is missing: write abfss://container@account.dfs.core.windows.net/path, \
                          or give the option account";
            return Err(not_found(url, reason));
        }
    };
    if container.is_empty() {
        return Err(not_found(
            url,
            "the container is missing: write abfss://container@account.dfs.core.windows.net/path",
        ));
    }
    let root = Url::parse(&format!("{service}/{container}")).map_err(|error| not_found(url, &error.to_string()))?;
    let mut table = root.clone();
    table.set_path(&format!("{}/{}", root.path(), url.path().trim_start_matches('/')));
    table.set_query(url.query());
    Ok(Location { url: table, service: Service::Azure { container: root } })
}

/// The host that serves blobs of an account, whose files another host serves.
fn blob_host(host: &str) -> String {
    host.replacen(".dfs.", ".blob.", 1)
}

/// What kind of service an `http(s)` URL is of.
fn recognise(url: &Url, access: &AccessOptions) -> Result<Location> {
    let host = url.host_str().unwrap_or_default();
    let mut url = url.clone();
    if [".dfs.core.", ".dfs.fabric.", ".dfs.storage."].iter().any(|part| host.contains(part)) {
        let blobs = blob_host(host);
        url.set_host(Some(&blobs)).map_err(|error| bad(&url.clone(), error))?;
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let of_endpoint = access.endpoint.as_ref().is_some_and(|endpoint| endpoint.origin() == url.origin());
    let is_azure = [".blob.core.", ".blob.fabric.", ".blob.storage."].iter().any(|part| host.contains(part));
    let service = if is_azure || (of_endpoint && access.sas_token.is_some()) {
        // At an endpoint without a host of its own, the account is the first part of the path.
        let segments = if is_azure { 1 } else { 2 };
        first_segments(&url, segments).map(|container| Service::Azure { container })
    } else if let Some(bucket) = amazon_bucket(&url, &host) {
        Some(Service::S3 { bucket, region: region(access, Some(&url)) })
    } else if access.access_key_id.is_some() || host == "storage.googleapis.com" {
        let bucket = first_segments(&url, 1).map(with_slash);
        bucket.map(|bucket| Service::S3 { bucket, region: region(access, Some(&url)) })
    } else {
        None
    };
    Ok(Location { url, service: service.unwrap_or(Service::Static) })
}

/// The URL up to its first `count` segments; `None` where it has not as many.
fn first_segments(url: &Url, count: usize) -> Option<Url> {
    let segments: Vec<&str> = url.path_segments()?.take(count).filter(|segment| !segment.is_empty()).collect();
    let mut root = url.clone();
    root.set_path(&segments.join("/"));
    plain(&mut root);
    (segments.len() == count).then_some(root)
}

fn with_slash(mut url: Url) -> Url {
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

/// The bucket of `bucket.s3.region.amazonaws.com/key` and `s3.region.amazonaws.com/bucket/key`.
fn amazon_bucket(url: &Url, host: &str) -> Option<Url> {
    let rest = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let names_bucket = !(rest == "s3" || rest.starts_with("s3.") || rest.starts_with("s3-"));
    if !names_bucket {
        return first_segments(url, 1).map(with_slash);
    }
    (rest.contains(".s3.") || rest.contains(".s3-") || rest.ends_with(".s3")).then(|| {
        let mut bucket = url.clone();
        bucket.set_path("/");
        plain(&mut bucket);
        bucket
    })
}

/// The region that a host of Amazon's names.
fn amazon_region(host: &str) -> Option<&str> {
    let rest = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let last = rest.rsplit('.').next()?;
    let last = last.strip_prefix("s3-").unwrap_or(last);
    (last != "s3" && last.contains('-')).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn at(text: &str, access: &AccessOptions) -> (String, String) {
        let location = resolve(&parse(text), access).unwrap();
        let service = match location.service {
            Service::Static => "static".into(),
            Service::S3 { bucket, region } => format!("{bucket} {region}"),
            Service::Azure { container } => container.to_string(),
        };
        (location.url.to_string(), service)
    }

    #[test]
    fn buckets_of_amazon() {
        let access = AccessOptions { region: Some("eu-west-1".into()), ..AccessOptions::default() };
        let own = "https://b.s3.eu-west-1.amazonaws.com/";
        assert_eq!(at("s3://b/lake/t", &access), (format!("{own}lake/t"), format!("{own} eu-west-1")));
        let dotted = "https://s3.eu-west-1.amazonaws.com/b.c/";
        assert_eq!(at("s3a://b.c/t", &access), (format!("{dotted}t"), format!("{dotted} eu-west-1")));
        let none = AccessOptions::default();
        for (url, bucket, region) in [
            ("https://b.s3.eu-west-1.amazonaws.com/t", "https://b.s3.eu-west-1.amazonaws.com/", "eu-west-1"),
            ("https://b.c.s3.us-west-2.amazonaws.com/t", "https://b.c.s3.us-west-2.amazonaws.com/", "us-west-2"),
            ("https://b.s3.amazonaws.com/t", "https://b.s3.amazonaws.com/", "us-east-1"),
            ("https://s3.us-west-2.amazonaws.com/b/t", "https://s3.us-west-2.amazonaws.com/b/", "us-west-2"),
            ("https://s3-us-west-2.amazonaws.com/b/t", "https://s3-us-west-2.amazonaws.com/b/", "us-west-2"),
        ] {
            assert_eq!(at(url, &none), (url.to_owned(), format!("{bucket} {region}")));
        }
        assert_eq!(at("https://d1.cloudfront.net/t", &none).1, "static");
    }

    #[test]
    fn buckets_elsewhere() {
        let minio = AccessOptions { endpoint: Some(parse("http://localhost:9000")), ..AccessOptions::default() };
        let bucket = "http://localhost:9000/b/";
        assert_eq!(at("s3://b/t", &minio), (format!("{bucket}t"), format!("{bucket} us-east-1")));
        let hosts = AccessOptions { style: Some(BucketStyle::Virtual), ..minio };
        assert_eq!(at("s3://b/t", &hosts).0, "http://b.localhost:9000/t");
        let r2 = parse("https://1.r2.cloudflarestorage.com/");
        let r2 = AccessOptions { endpoint: Some(r2), ..AccessOptions::default() };
        assert_eq!(at("s3://b/t", &r2).1, "https://1.r2.cloudflarestorage.com/b/ auto");
        let google = "https://storage.googleapis.com/b/";
        assert_eq!(at("gs://b/t", &AccessOptions::default()), (format!("{google}t"), format!("{google} auto")));
        let keys = AccessOptions { access_key_id: Some("k".into()), ..AccessOptions::default() };
        assert_eq!(at("http://localhost:9000/b/t", &keys).1, "http://localhost:9000/b/ us-east-1");
    }

    #[test]
    fn containers_of_azure() {
        let access = AccessOptions { sas_token: Some("?sv=1&sig=a%2Fb".into()), ..AccessOptions::default() };
        let container = "https://acc.blob.core.windows.net/c";
        let table = format!("{container}/lake/t?sv=1&sig=a%2Fb");
        for url in [
            "abfss://c@acc.dfs.core.windows.net/lake/t",
            "wasbs://c@acc.blob.core.windows.net/lake/t",
            "https://acc.blob.core.windows.net/c/lake/t",
            "https://acc.dfs.core.windows.net/c/lake/t",
        ] {
            assert_eq!(at(url, &access), (table.clone(), container.to_owned()), "{url}");
        }
        let account = AccessOptions { account: Some("acc".into()), ..access.clone() };
        assert_eq!(at("az://c/lake/t", &account).0, table);
        assert!(resolve(&parse("az://c/lake/t"), &access).is_err());
        let azurite = parse("http://127.0.0.1:10000/devstoreaccount1");
        let azurite = AccessOptions { endpoint: Some(azurite), ..account };
        let container = "http://127.0.0.1:10000/devstoreaccount1/c";
        let table = format!("{container}/t?sv=1&sig=a%2Fb");
        assert_eq!(at("az://c/t", &azurite), (table.clone(), container.to_owned()));
        assert_eq!(at(&format!("{container}/t"), &azurite), (table, container.to_owned()));
    }

    #[test]
    fn queries_are_joined_as_they_are() {
        let access = AccessOptions { query: Some("Policy=x~y&Signature=a%2F".into()), ..AccessOptions::default() };
        assert_eq!(at("https://cdn/t?v=1#x", &access).0, "https://cdn/t?v=1&Policy=x~y&Signature=a%2F");
        let not_azure = AccessOptions { sas_token: Some("sig=secret".into()), ..AccessOptions::default() };
        assert_eq!(at("https://cdn/t", &not_azure).0, "https://cdn/t", "a signature for Azure is not shown to others");
    }

    #[test]
    fn what_cannot_be_reached_is_refused() {
        for url in ["ftp://host/t?secret", "data:,secret"] {
            let error = resolve(&parse(url), &AccessOptions::default()).unwrap_err();
            assert_eq!(error.code().as_str(), "unsupported_feature");
            assert!(!error.to_string().contains("?secret"));
        }
        for url in ["s3:///t", "abfss://@acc.dfs.core.windows.net/t"] {
            assert_eq!(resolve(&parse(url), &AccessOptions::default()).unwrap_err().code().as_str(), "table_not_found");
        }
    }
}
