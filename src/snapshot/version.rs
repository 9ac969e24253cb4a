//! Which version of a table is wanted.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Which version of a table is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// The newest one.
    #[default]
    Latest,
    /// The one with this number.
    Number(u64),
    /// The newest one committed at or before this time, in milliseconds since the Unix epoch.
    Timestamp(i64),
}

impl Version {
    /// Parses what people write for a version: `latest`, a number, or an ISO 8601 timestamp or date (UTC where it has no
    /// offset). `None` if it is none of these.
    pub fn parse(text: &str) -> Option<Version> {
        match text {
            "latest" => Some(Version::Latest),
            _ => text.parse().map(Version::Number).ok().or_else(|| Self::parse_timestamp(text).map(Version::Timestamp)),
        }
    }

    /// Milliseconds since the Unix epoch of an ISO 8601 timestamp or date; UTC where it has no offset.
    pub fn parse_timestamp(text: &str) -> Option<i64> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Some(time.timestamp_millis());
        }
        let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .or_else(|| text.parse::<NaiveDate>().ok().map(NaiveDateTime::from))?;
        Some(time.and_utc().timestamp_millis())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Version::Latest => f.write_str("latest"),
            Version::Number(version) => version.fmt(f),
            Version::Timestamp(millis) => match DateTime::from_timestamp_millis(*millis) {
                Some(time) => f.write_str(&time.to_rfc3339()),
                None => millis.fmt(f),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_people_write() {
        assert_eq!(Version::parse("latest"), Some(Version::Latest));
        assert_eq!(Version::parse("12"), Some(Version::Number(12)));
        let noon = Some(Version::Timestamp(1_759_233_600_000));
        for text in ["2025-09-30T12:00:00Z", "2025-09-30T14:00:00+02:00", "2025-09-30 12:00:00.000", "2025-09-30T12:00"]
        {
            assert_eq!(Version::parse(text), noon, "{text}");
        }
        assert_eq!(Version::parse("2025-09-30"), Some(Version::Timestamp(1_759_190_400_000)));
        assert_eq!(Version::parse("-1"), None);
        assert_eq!(Version::parse("yesterday"), None);
    }
}
