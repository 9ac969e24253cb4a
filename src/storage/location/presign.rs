//! Presigned S3 requests (Signature Version 4, in the query). Pure.
//!
//! In the query and not in headers: a browser then sends no preflight, and a URL that stays the same for an hour is one that its
//! cache knows again.

use super::access::AccessOptions;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rusty_s3::Method;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// Signed times are multiples of this.
const STEP_SECONDS: i64 = 3600;

/// Of a URL for one's own use: at least an hour is left of it, whenever it is made.
const OWN_USE: Duration = Duration::from_secs(2 * STEP_SECONDS as u64);

/// What a server's canonical form leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Signs requests to one bucket with one key.
#[derive(Clone)]
pub(in crate::storage) struct Presigner {
    bucket: Url,
    region: String,
    key: String,
    secret: String,
    token: Option<String>,
}

impl Presigner {
    /// For the bucket at `bucket`; `None` without a key among the options.
    pub(in crate::storage) fn new(bucket: &Url, region: &str, access: &AccessOptions) -> Option<Presigner> {
        let (key, secret) = (access.access_key_id.clone()?, access.secret_access_key.clone()?);
        let token = access.session_token.clone();
        Some(Presigner { bucket: bucket.clone(), region: region.to_owned(), key, secret, token })
    }

    /// Whether `url` is in the bucket, and not signed already.
    pub(in crate::storage) fn is_for(&self, url: &Url) -> bool {
        let below = url.path().starts_with(self.bucket.path());
        let signed = url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("x-amz-signature"));
        url.origin() == self.bucket.origin() && below && !signed
    }

    /// `url`, signed for a GET at `now` (milliseconds since the Unix epoch) by whoever asks for it.
    pub(in crate::storage) fn sign(&self, url: &Url, now: i64) -> Url {
        let seconds = now.div_euclid(1000);
        self.sign_until(url, (seconds - seconds.rem_euclid(STEP_SECONDS)) * 1000, OWN_USE)
    }

    /// `url`, signed for a GET from `from` (milliseconds since the Unix epoch) on, for as long as told. Its query is signed
    /// with it.
    pub(in crate::storage) fn sign_until(&self, url: &Url, from: i64, valid: Duration) -> Url {
        let date = Timestamp::from_second(from.div_euclid(1000)).unwrap_or_default();
        let mut plain = url.clone();
        plain.set_query(None);
        plain.set_path(&canonical(url.path()));
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let query = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let token = self.token.as_deref();
        let (key, secret, region) = (self.key.as_str(), self.secret.as_str(), self.region.as_str());
        let seconds = valid.as_secs();
        rusty_s3::signing::sign(
            &date,
            Method::Get,
            plain,
            key,
            secret,
            token,
            region,
            seconds,
            query,
            std::iter::empty(),
        )
    }
}

/// A path as servers encode it to check a signature.
fn canonical(path: &str) -> String {
    let encode = |segment: &str| {
        let decoded = percent_decode_str(segment).collect::<Vec<u8>>();
        percent_encoding::percent_encode(&decoded, UNRESERVED).to_string()
    };
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

/// `text` as a value of a query.
pub(in crate::storage) fn encode_query(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

impl std::fmt::Debug for Presigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presigner").field("bucket", &self.bucket.as_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presigner(bucket: &str) -> Presigner {
        let access = AccessOptions {
            access_key_id: Some("AKIAIOSFODNN7EXAMPLE".into()),
            secret_access_key: Some("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
            ..AccessOptions::default()
        };
        Presigner::new(&Url::parse(bucket).unwrap(), "us-east-1", &access).unwrap()
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
    #[test]
    fn the_example_of_the_documentation() {
        let url = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").unwrap();
        let signed = presigner("https://examplebucket.s3.amazonaws.com/").sign_until(
            &url,
            1_369_353_600_000,
            Duration::from_secs(86_400),
        );
        let signature = "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(signed.as_str().ends_with(signature), "{signed}");
    }

    #[test]
    fn a_url_stays_the_same_for_an_hour_and_paths_are_canonical() {
        let presigner = presigner("http://localhost:9000/b/");
        let url = Url::parse("http://localhost:9000/b/year=2024/a%20b+c").unwrap();
        let at = |minutes: i64| presigner.sign(&url, 1_700_000_000_000 / 3_600_000 * 3_600_000 + minutes * 60_000);
        assert_eq!((at(0).path(), at(0)), ("/b/year%3D2024/a%20b%2Bc", at(59)));
        assert_ne!(at(59), at(60));
        assert!(at(0).as_str().contains("X-Amz-Expires=7200"));
    }

    #[test]
    fn only_its_own_bucket_is_signed_for() {
        let presigner = presigner("http://localhost:9000/b/");
        let is_for = |url: &str| presigner.is_for(&Url::parse(url).unwrap());
        assert!(is_for("http://localhost:9000/b/t?versionId=1"));
        for other in [
            "http://localhost:9000/bb/t",
            "http://localhost:9001/b/t",
            "https://localhost:9000/b/t",
            "http://localhost:9000/b/t?X-Amz-Signature=1",
        ] {
            assert!(!is_for(other), "{other}");
        }
        assert!(!format!("{presigner:?}").contains("wJalr"));
    }
}
