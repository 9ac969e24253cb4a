//! What a table's host has to be told and shown: the same options for JavaScript, SQL, the command line and Rust.

use crate::error::{Error, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use url::{Origin, Url};

/// Where a table's host is, and what it wants to be shown. All of it is for the table's own origin: other origins see none of
/// it, whatever a log names and wherever a redirect leads.
///
/// Which of the credentials counts is decided by the location: keys sign for `s3://` and `gs://` (and for `http(s)://` URLs of
/// a bucket), a shared access signature is for Azure, the rest for every host.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AccessOptions {
    /// The S3 region; `us-east-1` by default, `auto` for R2 and Google.
    pub region: Option<String>,
    /// The URL of the S3, Azure or Google service, where it is not the provider's own: `http://localhost:9000`. For Azure it
    /// includes the account, where the path does.
    #[serde(deserialize_with = "absolute_url")]
    pub endpoint: Option<Url>,
    /// How a bucket is named in an S3 URL: in the path by default where an endpoint is given, else in the host.
    pub style: Option<BucketStyle>,
    /// The id of an S3 access key, or of an HMAC key of Google's.
    pub access_key_id: Option<String>,
    /// The secret of that key.
    pub secret_access_key: Option<String>,
    /// The session's token, where the key is temporary.
    pub session_token: Option<String>,
    /// The Azure storage account of an `az://container/…` location.
    pub account: Option<String>,
    /// An Azure shared access signature, of a container, a directory or an account.
    pub sas_token: Option<String>,
    /// Sent as `Authorization: Bearer …`.
    pub bearer_token: Option<String>,
    /// A query that goes with every object: a token for a prefix, as CloudFront and Bunny have it.
    pub query: Option<String>,
    /// Headers that go with every request.
    pub headers: BTreeMap<String, String>,
    /// Headers for other origins that a log names, by origin. To name an origin here is to allow it.
    pub origin_headers: BTreeMap<String, BTreeMap<String, String>>,
    /// Other origins that a log may name: `https://cdn.example.com`, `s3://bucket`. They are sent no credentials.
    pub allowed_origins: Vec<String>,
    /// Whether the log may be listed, where the host is known to be able to; it is tried by default.
    pub list: Option<bool>,
    /// Whether `_delta_log/_index.json` is read in place of a listing. By default it is asked for where a version would have to
    /// be guessed otherwise.
    pub index: Option<bool>,
}

/// How a bucket is named in an S3 URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BucketStyle {
    /// `https://host/bucket/key`.
    Path,
    /// `https://bucket.host/key`.
    Virtual,
}

impl AccessOptions {
    /// The headers for the table's own origin.
    pub(in crate::storage) fn own_headers(&self) -> Vec<(String, String)> {
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(token) = &self.bearer_token {
            headers.push(("authorization".into(), format!("Bearer {token}")));
        }
        headers
    }

    /// The headers for another origin; an error where a log may not send anybody there.
    pub(in crate::storage) fn headers_elsewhere(&self, url: &Url, named: &Url) -> Result<Vec<(String, String)>> {
        let origin = url.origin();
        let is_it = |text: &str| origin_of(text).is_some_and(|allowed| allowed == origin) || names_bucket(text, named);
        if let Some((_, headers)) = self.origin_headers.iter().find(|(text, _)| is_it(text)) {
            return Ok(headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        }
        match self.allowed_origins.iter().any(|text| is_it(text)) {
            true => Ok(Vec::new()),
            false => Err(Error::OriginNotAllowed { url: crate::storage::redact(named), origin: origin_name(named) }),
        }
    }

    /// Whether nothing is shown to the host that it does not show to everybody.
    pub(in crate::storage) fn has_no_secrets(&self) -> bool {
        let secrets = [&self.access_key_id, &self.secret_access_key, &self.sas_token, &self.bearer_token, &self.query];
        secrets.iter().all(|secret| secret.is_none()) && self.headers.is_empty() && self.origin_headers.is_empty()
    }

    /// Everything that tells one holder of credentials from another. A secret.
    pub(in crate::storage) fn identity(&self) -> String {
        let secrets = [&self.access_key_id, &self.secret_access_key, &self.session_token, &self.sas_token];
        let headers = (&self.headers, &self.origin_headers);
        format!("{:?} {:?} {:?} {:?} {:?}", self.endpoint, secrets, self.bearer_token, self.query, headers)
    }
}

/// The message does not repeat the text, which may hold a secret.
fn absolute_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(Some).ok_or_else(|| D::Error::custom("endpoint: write an absolute http(s) URL"))
}

fn origin_of(text: &str) -> Option<Origin> {
    Url::parse(text).ok().map(|url| url.origin()).filter(Origin::is_tuple)
}

/// `s3://bucket` names a bucket whatever its endpoint is.
fn names_bucket(text: &str, named: &Url) -> bool {
    let Ok(allowed) = Url::parse(text) else { return false };
    !matches!(named.scheme(), "http" | "https")
        && allowed.scheme() == named.scheme()
        && allowed.authority() == named.authority()
}

/// What a person writes into `allowedOrigins` to allow `url`.
fn origin_name(url: &Url) -> String {
    match url.origin() {
        origin @ Origin::Tuple(..) => origin.ascii_serialization(),
        Origin::Opaque(_) => {
            let mut origin = url.clone();
            origin.set_path("");
            origin.set_query(None);
            origin.set_fragment(None);
            let _ = origin.set_password(None);
            origin.to_string()
        }
    }
}

impl std::fmt::Debug for AccessOptions {
    /// Names what is set; shows no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = |set: bool| if set { "set" } else { "not set" };
        f.debug_struct("AccessOptions")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint.as_ref().map(crate::storage::redact))
            .field("style", &self.style)
            .field("keys", &secret(self.access_key_id.is_some()))
            .field("account", &self.account)
            .field("sas_token", &secret(self.sas_token.is_some()))
            .field("bearer_token", &secret(self.bearer_token.is_some()))
            .field("query", &secret(self.query.is_some()))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("origin_headers", &self.origin_headers.keys().collect::<Vec<_>>())
            .field("allowed_origins", &self.allowed_origins)
            .field("list", &self.list)
            .field("index", &self.index)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn options_are_camel_case_and_typos_are_told() {
        let text = r#"{"endpoint":"http://localhost:9000","style":"path","accessKeyId":"k","secretAccessKey":"s",
            "originHeaders":{"https://a":{"x":"y"}},"allowedOrigins":["https://b"],"list":false}"#;
        let options: AccessOptions = serde_json::from_str(text).unwrap();
        assert_eq!((options.style, options.list), (Some(BucketStyle::Path), Some(false)));
        assert!(serde_json::from_str::<AccessOptions>(r#"{"acessKeyId":"k"}"#).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = || Some("secret".to_owned());
        let options = AccessOptions {
            access_key_id: secret(),
            secret_access_key: secret(),
            session_token: secret(),
            sas_token: secret(),
            bearer_token: secret(),
            query: secret(),
            endpoint: Some(url("https://me:secret@host/?secret")),
            headers: BTreeMap::from([("x".into(), "secret".into())]),
            origin_headers: BTreeMap::from([("https://a".into(), BTreeMap::from([("x".into(), "secret".into())]))]),
            ..AccessOptions::default()
        };
        assert!(!format!("{options:?}").contains("secret\""), "{options:?}");
        assert_eq!(format!("{options:?}").matches("secret").count(), 0);
    }

    #[test]
    fn other_origins_have_to_be_allowed() {
        let options = AccessOptions {
            allowed_origins: vec!["https://b/ignored".into(), "s3://theirs".into(), "nonsense".into()],
            origin_headers: BTreeMap::from([("https://a:444".into(), BTreeMap::from([("x".into(), "y".into())]))]),
            ..AccessOptions::default()
        };
        let headers = |text: &str| options.headers_elsewhere(&url(text), &url(text)).map(|headers| headers.len());
        assert_eq!(headers("https://b/t/a?sig=1"), Ok(0));
        assert_eq!(headers("https://a:444/t"), Ok(1));
        for (text, origin) in
            [("https://a/t?x=secret", "https://a"), ("http://b/t", "http://b"), ("https://b:444/", "https://b:444")]
        {
            let error = headers(text).unwrap_err();
            assert!(matches!(&error, Error::OriginNotAllowed { origin: named, .. } if named == origin), "{error:?}");
            assert!(!error.to_string().contains("secret"));
        }
        let theirs = |named: &str| options.headers_elsewhere(&url("https://theirs.s3.amazonaws.com/k"), &url(named));
        assert_eq!(theirs("s3://theirs/k"), Ok(vec![]));
        let error = theirs("s3://others/k").unwrap_err();
        assert!(matches!(&error, Error::OriginNotAllowed { origin, .. } if origin == "s3://others"), "{error:?}");
    }
}
