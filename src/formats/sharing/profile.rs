//! Profile files: where a sharing server is, and what opens it.

use crate::error::{Error, Result};
use crate::storage::{now, redact};
use chrono::DateTime;
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

/// A server and the token for it.
#[derive(Clone)]
pub struct Profile {
    /// The server's URL, without a slash at its end.
    pub endpoint: Url,
    pub(crate) bearer_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    share_credentials_version: u32,
    endpoint: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    bearer_token: Option<String>,
    expiration_time: Option<String>,
}

impl Profile {
    /// Whether a file's content is a profile.
    pub fn is_one(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Mark {
            share_credentials_version: Option<IgnoredAny>,
        }
        bytes.trim_ascii_start().starts_with(b"{")
            && serde_json::from_slice::<Mark>(bytes).is_ok_and(|mark| mark.share_credentials_version.is_some())
    }

    /// Reads a profile; `url` is where it was found, for errors.
    ///
    /// # Errors
    /// `url_expired` where its time is over, `unsupported_feature` for a kind of credentials that is not known.
    pub fn parse(bytes: &[u8], url: &Url) -> Result<Profile> {
        let shown = redact(url);
        // serde's message could repeat the token.
        let text: Text = serde_json::from_slice(bytes)
            .map_err(|error| Error::corrupt(shown.clone(), format!("not a sharing profile (line {})", error.line())))?;
        let kind = text.kind.as_deref().unwrap_or("bearer_token");
        if text.share_credentials_version > 2 || kind != "bearer_token" {
            let reason =
                format!("version {}, of kind {kind}; bearer tokens are understood", text.share_credentials_version);
            return Err(Error::unsupported("sharing profile", reason));
        }
        let expires = text.expiration_time.as_deref().and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        if let Some(expires) = expires.filter(|expires| expires.timestamp_millis() <= now()) {
            let reason =
                format!("this profile ended at {}, ask whoever shares the table for a fresh one", expires.to_rfc3339());
            return Err(Error::UrlExpired { url: shown, reason });
        }
        let endpoint = Url::parse(text.endpoint.trim_end_matches('/')).ok();
        let endpoint = endpoint.filter(|url| matches!(url.scheme(), "http" | "https"));
        let endpoint = endpoint.ok_or_else(|| Error::corrupt(shown.clone(), "its endpoint is no http(s) URL"))?;
        let bearer_token = text.bearer_token.ok_or_else(|| Error::corrupt(shown, "it has no bearerToken"))?;
        Ok(Profile { endpoint, bearer_token })
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("endpoint", &redact(&self.endpoint)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Profile> {
        assert!(Profile::is_one(text.as_bytes()));
        Profile::parse(text.as_bytes(), &Url::parse("https://host/my.share?x=secret").unwrap())
    }

    #[test]
    fn profiles() {
        let good = r#"{"shareCredentialsVersion":1,"endpoint":"https://s/delta/","bearerToken":"secret","expirationTime":"2999-01-01T00:00:00Z"}"#;
        let profile = parse(good).unwrap();
        assert_eq!(profile.endpoint.as_str(), "https://s/delta");
        assert!(!format!("{profile:?}").contains("secret"));
        for (text, code) in [
            (good.replace("2999", "2019"), "url_expired"),
            (good.replace("\"endpoint\"", "\"type\":\"oauth_client_credentials\",\"endpoint\""), "unsupported_feature"),
            (good.replace("Version\":1", "Version\":3"), "unsupported_feature"),
            (good.replace("https://s", "file://s"), "corrupt_table"),
            (good.replace("\"bearerToken\":\"secret\",", ""), "corrupt_table"),
            (good.replace("\"secret\"", "[\"secret\"]"), "corrupt_table"),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error.code().as_str(), code, "{text}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert!(!Profile::is_one(br#"{"lakeglassManifest":1}"#));
    }
}
