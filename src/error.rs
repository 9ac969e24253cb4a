//! The one error of the crate: a closed list of kinds, each with a stable code.
//!
//! A variant exists because a caller can act on it differently, and carries the facts as fields. Messages say what was
//! being done, to what, and what to try next. URLs in errors never carry a query, a fragment or user information:
//! build them with [`crate::storage::redact`].

use serde::Serialize;
use thiserror::Error as ThisError;

/// What every fallible function of the crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, by what a caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ThisError)]
#[serde(untagged)]
pub enum Error {
    /// No table at this location: neither a log nor a checkpoint answered.
    #[error("no table found at {url}: {reason}")]
    TableNotFound {
        /// The table's root, redacted.
        url: String,
        /// What was looked for, and what to check.
        reason: String,
    },
    /// The table is there, this version of it is not, or can no longer be rebuilt.
    #[error("version {requested} of {url} is not available: {reason}")]
    VersionNotFound {
        /// The table's root, redacted.
        url: String,
        /// The version or timestamp asked for.
        requested: String,
        /// Why, and which versions are there where that is known.
        reason: String,
    },
    /// The connection failed, timed out or ended early, after the retries.
    #[error("could not fetch {url}: {reason}")]
    Network {
        /// The object, redacted.
        url: String,
        /// What happened.
        reason: String,
    },
    /// A browser reports a reply blocked by CORS and a dead network alike; whether the host answers at all tells the more
    /// likely one.
    #[error("could not fetch {url}: {}", no_reply(*.answered))]
    CorsOrNetwork {
        /// The object, redacted.
        url: String,
        /// Whether the host did answer a request whose reply no page may read. `false`: it did not, or was not asked.
        answered: bool,
    },
    /// The host answered with a status that is none of the others. A missing object is 404, of a local folder too.
    #[error("{url} answered with HTTP status {status}")]
    HttpStatus {
        /// The object, redacted.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The host refused the credentials, or asked for some.
    #[error("no permission to read {url} (HTTP status {status}): check the credentials or the signature")]
    PermissionDenied {
        /// The object, redacted.
        url: String,
        /// The HTTP status, 401 or 403.
        status: u16,
    },
    /// A signed URL whose time is over.
    #[error("the signed URL of {url} has expired: {reason}")]
    UrlExpired {
        /// The object, redacted.
        url: String,
        /// Since when, where that is known, and whom to ask for a fresh one.
        reason: String,
    },
    /// The log names an object at an origin that nobody allowed.
    #[error("{url} is at another origin than the table: to let it be read, without credentials, allow {origin}")]
    OriginNotAllowed {
        /// The object, redacted.
        url: String,
        /// What `allowedOrigins` has to name.
        origin: String,
    },
    /// The table, file or statement uses something that cannot be read right here.
    #[error("unsupported feature {feature}: {reason}")]
    UnsupportedFeature {
        /// The feature's name as the specification, or SQL, spells it.
        feature: String,
        /// Where it was met, and what to do.
        reason: String,
    },
    /// The table's bytes contradict its specification.
    #[error("corrupt table: {path}: {reason}")]
    CorruptTable {
        /// The file, relative to the table's root or redacted.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The statement cannot be parsed, planned or run as written.
    #[error("{message}")]
    InvalidSql {
        /// What the parser, the planner or a function said.
        message: String,
    },
    /// The query or the caches need more memory than allowed.
    #[error("memory limit reached: {message}")]
    MemoryLimit {
        /// What asked for it.
        message: String,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A defect of this crate.
    #[error("internal error: {message}")]
    Internal {
        /// What went wrong; please report it.
        message: String,
    },
}

fn no_reply(answered: bool) -> &'static str {
    match answered {
        true => "the host answered, but its reply has no CORS header that lets this page read it",
        false => "the host did not answer, or its CORS rules do not allow this page to read it",
    }
}

/// The stable name of an error's kind: public API, the same in Rust, TypeScript and on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the variant of the same name")]
pub enum ErrorCode {
    TableNotFound,
    VersionNotFound,
    Network,
    CorsOrNetwork,
    HttpStatus,
    PermissionDenied,
    UrlExpired,
    OriginNotAllowed,
    UnsupportedFeature,
    CorruptTable,
    InvalidSql,
    MemoryLimit,
    Cancelled,
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of [`Error`]'s variants.
    pub const ALL: [ErrorCode; 14] = [
        ErrorCode::TableNotFound,
        ErrorCode::VersionNotFound,
        ErrorCode::Network,
        ErrorCode::CorsOrNetwork,
        ErrorCode::HttpStatus,
        ErrorCode::PermissionDenied,
        ErrorCode::UrlExpired,
        ErrorCode::OriginNotAllowed,
        ErrorCode::UnsupportedFeature,
        ErrorCode::CorruptTable,
        ErrorCode::InvalidSql,
        ErrorCode::MemoryLimit,
        ErrorCode::Cancelled,
        ErrorCode::Internal,
    ];

    /// The code as it crosses a boundary, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::TableNotFound => "table_not_found",
            ErrorCode::VersionNotFound => "version_not_found",
            ErrorCode::Network => "network",
            ErrorCode::CorsOrNetwork => "cors_or_network",
            ErrorCode::HttpStatus => "http_status",
            ErrorCode::PermissionDenied => "permission_denied",
            ErrorCode::UrlExpired => "url_expired",
            ErrorCode::OriginNotAllowed => "origin_not_allowed",
            ErrorCode::UnsupportedFeature => "unsupported_feature",
            ErrorCode::CorruptTable => "corrupt_table",
            ErrorCode::InvalidSql => "invalid_sql",
            ErrorCode::MemoryLimit => "memory_limit",
            ErrorCode::Cancelled => "cancelled",
            ErrorCode::Internal => "internal",
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error {
    /// The stable code of this error's kind.
    pub fn code(&self) -> ErrorCode {
        match self {
            Error::TableNotFound { .. } => ErrorCode::TableNotFound,
            Error::VersionNotFound { .. } => ErrorCode::VersionNotFound,
            Error::Network { .. } => ErrorCode::Network,
            Error::CorsOrNetwork { .. } => ErrorCode::CorsOrNetwork,
            Error::HttpStatus { .. } => ErrorCode::HttpStatus,
            Error::PermissionDenied { .. } => ErrorCode::PermissionDenied,
            Error::UrlExpired { .. } => ErrorCode::UrlExpired,
            Error::OriginNotAllowed { .. } => ErrorCode::OriginNotAllowed,
            Error::UnsupportedFeature { .. } => ErrorCode::UnsupportedFeature,
            Error::CorruptTable { .. } => ErrorCode::CorruptTable,
            Error::InvalidSql { .. } => ErrorCode::InvalidSql,
            Error::MemoryLimit { .. } => ErrorCode::MemoryLimit,
            Error::Cancelled => ErrorCode::Cancelled,
            Error::Internal { .. } => ErrorCode::Internal,
        }
    }

    /// Bytes at `path` that contradict the specification.
    pub fn corrupt(path: impl Into<String>, reason: impl std::fmt::Display) -> Error {
        Error::CorruptTable { path: path.into(), reason: reason.to_string() }
    }

    /// A feature, by its name in the specification, that is refused.
    pub fn unsupported(feature: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::UnsupportedFeature { feature: feature.into(), reason: reason.into() }
    }

    /// A defect of this crate, met at run time.
    pub fn internal(message: impl std::fmt::Display) -> Error {
        Error::Internal { message: message.to_string() }
    }

    /// A signed URL whose time is over, of which nothing else is known.
    pub fn expired(url: impl Into<String>) -> Error {
        Error::UrlExpired { url: url.into(), reason: "ask whoever gave it for a fresh one".into() }
    }

    /// Whether the object asked for is not there (404 or 410).
    pub fn is_missing(&self) -> bool {
        matches!(self, Error::HttpStatus { status: 404 | 410, .. })
    }

    /// Whether the reply is one that hosts give for an object that is not there, and for other reasons too: 403 where they
    /// deny listing, no CORS header where they send one with what exists only.
    pub fn may_be_missing(&self) -> bool {
        let hidden =
            matches!(self, Error::PermissionDenied { status: 403, .. } | Error::CorsOrNetwork { answered: true, .. });
        hidden || self.is_missing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_pinned() {
        let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        let pinned = "table_not_found version_not_found network cors_or_network http_status permission_denied url_expired \
                      origin_not_allowed unsupported_feature corrupt_table invalid_sql memory_limit cancelled internal";
        assert_eq!(codes.join(" "), pinned);
    }
}
