//! Whether and when a failed request is sent again. Pure: clock and chance come in as arguments.

use super::transport::{SendError, http_date};
use super::url_expiry::{end_of_validity, is_expired};
use crate::error::Error;
use crate::storage::redact;
use bytes::Bytes;
use chrono::DateTime;
use std::time::Duration;
use url::Url;

/// How persistent requests are. Delays double from the first to the longest, each shortened by chance to no less than half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is sent at most, the first time included.
    pub attempts: u32,
    /// The delay before the first retry.
    pub first_delay: Duration,
    /// The longest delay, unless the host asks for more by `Retry-After`.
    pub longest_delay: Duration,
    /// No retry starts later than this after the first attempt did.
    pub total: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            attempts: 5,
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(5),
            total: Duration::from_secs(60),
        }
    }
}

/// A browser's `TypeError` is nearly always a reply that CORS blocks, for good: one retry is for the other cases.
const ATTEMPTS_WHEN_BLOCKED: u32 = 2;

/// Why an attempt brought no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage) enum Failure {
    /// The connection failed, or ended before the body did.
    Dropped(String),
    /// Nothing arrived for too long.
    TimedOut,
    /// A browser's `TypeError`.
    Blocked,
    /// The reply is not one to the request that was sent.
    Contradiction(String),
    /// A status that is none of 200, 206, 416.
    Status {
        /// The HTTP status.
        status: u16,
        /// The header of that name.
        retry_after: Option<String>,
        /// The beginning of the body.
        body: Bytes,
    },
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Failure {
        match error {
            SendError::Dropped(reason) => Failure::Dropped(reason),
            SendError::TimedOut => Failure::TimedOut,
            SendError::Blocked => Failure::Blocked,
            SendError::Refused(reason) => Failure::Contradiction(reason),
        }
    }
}

impl RetryPolicy {
    /// How long to wait before the next attempt, after `attempts` of them failed within `elapsed`, the last one by
    /// `failure`; `None` gives up. `chance` is in 0..1, `now` in milliseconds since the Unix epoch.
    pub(in crate::storage) fn delay(
        &self,
        failure: &Failure,
        attempts: u32,
        elapsed: Duration,
        chance: f64,
        now: i64,
    ) -> Option<Duration> {
        let allowed = match failure {
            Failure::Dropped(_) | Failure::TimedOut => self.attempts,
            Failure::Status { status: 408 | 425 | 429 | 500..=599, .. } => self.attempts,
            Failure::Blocked => self.attempts.min(ATTEMPTS_WHEN_BLOCKED),
            Failure::Contradiction(_) | Failure::Status { .. } => 0,
        };
        if attempts >= allowed {
            return None;
        }
        let backoff = self.backoff(attempts, chance);
        let delay = failure.retry_after(now).map_or(backoff, |asked| asked.max(backoff));
        (elapsed.saturating_add(delay) <= self.total).then_some(delay)
    }

    fn backoff(&self, attempts: u32, chance: f64) -> Duration {
        let doubled = self.first_delay.saturating_mul(1 << attempts.saturating_sub(1).min(16));
        doubled.min(self.longest_delay).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

impl Failure {
    /// How long the host asks to wait: seconds, or until a date.
    fn retry_after(&self, now: i64) -> Option<Duration> {
        let Failure::Status { retry_after: Some(header), .. } = self else { return None };
        if let Ok(seconds) = header.trim().parse() {
            return Some(Duration::from_secs(seconds));
        }
        let millis = http_date(header)?.saturating_sub(now);
        Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
    }

    /// The error of a request for `url` that is given up. `answered`: whether the host of a blocked one answers at all.
    pub(in crate::storage) fn into_error(self, url: &Url, answered: bool, now: i64) -> Error {
        let shown = redact(url);
        match self {
            Failure::Dropped(reason) | Failure::Contradiction(reason) => Error::Network { url: shown, reason },
            Failure::TimedOut => Error::Network { url: shown, reason: "timed out: the host stopped answering".into() },
            Failure::Blocked => Error::CorsOrNetwork { url: shown, answered },
            Failure::Status { status: status @ (400 | 401 | 403), body, .. } if is_expired(url, status, &body, now) => {
                let since = end_of_validity(url).and_then(DateTime::from_timestamp_millis);
                match since.filter(|since| since.timestamp_millis() < now) {
                    Some(since) => {
                        let reason = format!("it ended at {}, ask whoever gave it for a fresh one", since.to_rfc3339());
                        Error::UrlExpired { url: shown, reason }
                    }
                    None => Error::expired(shown),
                }
            }
            Failure::Status { status: status @ (401 | 403), .. } => Error::PermissionDenied { url: shown, status },
            Failure::Status { status, .. } => Error::HttpStatus { url: shown, status },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_445_412_480_000; // Wed, 21 Oct 2015 07:28:00 GMT

    fn status(status: u16, retry_after: Option<&str>) -> Failure {
        Failure::Status { status, retry_after: retry_after.map(str::to_owned), body: Bytes::new() }
    }

    fn delay(failure: &Failure, attempts: u32, elapsed: u64, chance: f64) -> Option<u64> {
        let policy = RetryPolicy::default();
        let delay = policy.delay(failure, attempts, Duration::from_secs(elapsed), chance, NOW)?;
        Some(delay.as_millis() as u64)
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let delays: Vec<_> = (1..=5).map(|attempts| delay(&Failure::TimedOut, attempts, 0, 1.0)).collect();
        assert_eq!(delays, [Some(200), Some(400), Some(800), Some(1600), None]);
        let patient = RetryPolicy { attempts: 99, ..RetryPolicy::default() };
        let late = patient.delay(&Failure::TimedOut, 90, Duration::ZERO, 1.0, NOW);
        assert_eq!(late, Some(Duration::from_secs(5)));
    }

    #[test]
    fn chance_shortens_a_delay_to_no_less_than_half() {
        assert_eq!(delay(&Failure::TimedOut, 1, 0, 0.0), Some(100));
        assert_eq!(delay(&Failure::TimedOut, 1, 0, 0.5), Some(150));
    }

    #[test]
    fn what_may_pass_is_retried_and_what_stays_is_not() {
        for code in [408, 425, 429, 500, 502, 503, 504] {
            assert!(delay(&status(code, None), 1, 0, 1.0).is_some(), "{code}");
        }
        for code in [301, 304, 400, 401, 403, 404, 410, 412] {
            assert_eq!(delay(&status(code, None), 1, 0, 1.0), None, "{code}");
        }
        assert!(delay(&Failure::Dropped("reset".into()), 4, 0, 1.0).is_some());
        assert_eq!(delay(&Failure::Contradiction("other bytes".into()), 1, 0, 1.0), None);
        assert!(delay(&Failure::Blocked, 1, 0, 1.0).is_some());
        assert_eq!(delay(&Failure::Blocked, 2, 0, 1.0), None);
    }

    #[test]
    fn retry_after_is_honoured_in_seconds_and_as_a_date() {
        assert_eq!(delay(&status(429, Some("7")), 1, 0, 1.0), Some(7000));
        assert_eq!(delay(&status(503, Some("Wed, 21 Oct 2015 07:28:09 GMT")), 1, 0, 1.0), Some(9000));
        assert_eq!(delay(&status(429, Some("0")), 1, 0, 1.0), Some(200), "never less than the own delay");
        assert_eq!(delay(&status(503, Some("Wed, 21 Oct 2015 07:00:00 GMT")), 1, 0, 1.0), Some(200), "a date gone by");
        assert_eq!(delay(&status(503, Some("soon")), 1, 0, 1.0), Some(200));
    }

    #[test]
    fn the_total_time_is_bounded() {
        assert_eq!(delay(&Failure::TimedOut, 1, 60, 1.0), None);
        assert_eq!(delay(&status(429, Some("61")), 1, 0, 1.0), None);
        assert_eq!(delay(&status(429, Some("99999999999999999999")), 1, 0, 1.0), Some(200), "not a number of seconds");
        assert_eq!(delay(&status(429, Some("18446744073709551615")), 1, 1, 1.0), None);
    }

    #[test]
    fn errors_carry_their_code_and_no_secret() {
        let url = Url::parse("https://user:word@host/t/a?sig=secret#x").unwrap();
        let code = |failure: Failure| {
            let error = failure.into_error(&url, false, NOW);
            let text = format!("{error} {error:?}");
            assert!(!text.contains("secret") && !text.contains("word@"), "{text}");
            error.code().as_str()
        };
        assert_eq!(code(status(404, None)), "http_status");
        assert_eq!(code(status(401, None)), "permission_denied");
        assert_eq!(code(status(403, None)), "permission_denied");
        assert_eq!(code(status(503, None)), "http_status");
        assert_eq!(code(Failure::Blocked), "cors_or_network");
        assert_eq!(code(Failure::TimedOut), "network");
        assert_eq!(code(Failure::Contradiction("other bytes".into())), "network");
        let body =
            Bytes::from_static(b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>");
        assert_eq!(code(Failure::Status { status: 403, retry_after: None, body }), "url_expired");
    }
}
