//! Objects that have a URL each: who knows them.

use crate::error::Result;
use crate::storage::Entry;
use async_trait::async_trait;
use std::fmt::Debug;
use url::Url;

/// Where one object is.
#[derive(Clone)]
pub enum Signed {
    /// At this URL, whoever asks: no credentials of the table's go there.
    At {
        /// The whole URL: never shown.
        url: Url,
        /// Until when, in milliseconds since the Unix epoch. Without it, the URL's own words count, where it has some.
        expires: Option<i64>,
    },
    /// There is no such object.
    Missing,
    /// Where any object of this name is: below the table's root.
    Unsigned,
}

impl Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Signed::At { url, expires } => {
                f.debug_struct("At").field("url", &crate::storage::redact(url)).field("expires", expires).finish()
            }
            Signed::Missing => f.write_str("Missing"),
            Signed::Unsigned => f.write_str("Unsigned"),
        }
    }
}

/// Knows the URL of each object of a table: a page's own function, a share, a server that signs on demand.
///
/// A URL is asked for again when it has expired, and shortly before.
#[async_trait]
pub trait UrlProvider: Debug + Send + Sync {
    /// Where the object at `path` is: decoded, relative to the table's root; or an absolute URL, as the log names it.
    async fn sign(&self, path: &str) -> Result<Signed>;

    /// The objects right below `folder`; `None` where that is not known.
    async fn list(&self, _folder: &str) -> Result<Option<Vec<Entry>>> {
        Ok(None)
    }

    /// What a person can do about a URL that has expired and cannot be renewed here.
    fn advice(&self) -> Option<String> {
        None
    }
}
