//! Whether a refusal means that a signed URL's time is over. Pure.
//!
//! Hosts answer an expired signature like a wrong one, with 403 (Google and S3 session tokens: 400), and tell the
//! difference only in the body: S3 "Request has expired", `ExpiredToken`; Azure `AuthenticationFailed` with "not valid in the
//! specified time frame". CloudFront does not tell at all, so the URL's own date decides as well.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use std::collections::HashMap;
use url::Url;

/// What the error documents of an expired URL contain, in lower case.
const PHRASES: [&str; 5] = [
    "request has expired",
    "expiredtoken",
    "token has expired",
    "not valid in the specified time frame",
    "signature expired",
];

/// Whether `status` and the beginning of its `body`, answered for `url` at `now` (milliseconds since the Unix epoch), say so.
pub(in crate::storage) fn is_expired(url: &Url, status: u16, body: &[u8], now: i64) -> bool {
    let body = String::from_utf8_lossy(body).to_ascii_lowercase();
    let told = PHRASES.iter().any(|phrase| body.contains(phrase));
    // A 400 has a hundred reasons: there the body has to say it.
    told || (status != 400 && end_of_validity(url).is_some_and(|end| end < now))
}

/// Until when a signed URL is valid, in milliseconds since the Unix epoch.
pub(in crate::storage) fn end_of_validity(url: &Url) -> Option<i64> {
    let query: HashMap<String, String> =
        url.query_pairs().map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect();
    let get = |name: &str| query.get(name).map(String::as_str);
    for (date, seconds) in [("x-amz-date", "x-amz-expires"), ("x-goog-date", "x-goog-expires")] {
        if let (Some(date), Some(seconds)) = (get(date), get(seconds)) {
            let signed = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok()?.and_utc().timestamp_millis();
            return signed.checked_add(seconds.parse::<i64>().ok()?.checked_mul(1000)?);
        }
    }
    if let (Some(end), Some(_)) = (get("se"), get("sig")) {
        return azure_time(end);
    }
    // S3 signature 2, Google's older form and CloudFront: seconds since the epoch.
    get("expires")?.parse::<i64>().ok()?.checked_mul(1000)
}

/// Azure takes ISO 8601 with seconds, without them, or a date alone, in UTC.
fn azure_time(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    if let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ") {
        return Some(time.and_utc().timestamp_millis());
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_445_412_480_000; // 2015-10-21T07:28:00Z

    fn expired(query: &str, status: u16, body: &str) -> bool {
        is_expired(&Url::parse(&format!("https://host/t/a?{query}")).unwrap(), status, body.as_bytes(), NOW)
    }

    #[test]
    fn the_body_tells() {
        let s3 =
            "<Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires>";
        let azure = "<Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Signature not valid in the specified time frame: \
                     Start [] - Expiry [Tue]</AuthenticationErrorDetail>";
        assert!(expired("", 403, s3));
        assert!(expired("", 403, azure));
        assert!(expired("", 400, "<Code>ExpiredToken</Code><Message>The provided token has expired.</Message>"));
        assert!(!expired("", 403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"));
        assert!(!expired("", 403, "<Code>SignatureDoesNotMatch</Code>"));
    }

    #[test]
    fn the_url_tells() {
        assert!(expired("X-Amz-Date=20151021T072600Z&X-Amz-Expires=60&X-Amz-Signature=s", 403, ""));
        assert!(!expired("X-Amz-Date=20151021T072600Z&X-Amz-Expires=600&X-Amz-Signature=s", 403, ""));
        assert!(expired("X-Goog-Date=20151021T072600Z&X-Goog-Expires=60", 403, ""));
        assert!(expired("Expires=1445412479&Signature=s", 403, ""));
        assert!(!expired("Expires=1445412481&Signature=s", 403, ""));
        assert!(expired("se=2015-10-21T07:27:59Z&sig=s", 403, ""));
        assert!(expired("se=2015-10-21T07%3A27Z&sig=s", 403, ""));
        assert!(expired("se=2015-10-21&sig=s", 403, ""));
        assert!(!expired("se=2015-10-22&sig=s", 403, ""));
    }

    #[test]
    fn a_date_gone_by_does_not_explain_a_400_and_nonsense_explains_nothing() {
        assert!(!expired("Expires=1&Signature=s", 400, ""));
        assert!(!expired("Expires=soon&X-Amz-Date=now&X-Amz-Expires=9", 403, ""));
        assert!(!expired("Expires=9223372036854775807", 403, ""));
    }
}
