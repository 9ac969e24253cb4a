//! A table whose folder a sharing server gives out: credentials for it, asked for anew before they end.

use super::client::{Client, SharedName};
use super::grant::Grant;
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use crate::storage::{AccessOptions, Entry, Signed, Storage, StorageOptions, UrlProvider, now};
use async_trait::async_trait;
use object_store::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// Credentials that end sooner than this are renewed first, in milliseconds.
const MARGIN: i64 = 60_000;

/// How long a URL is signed for.
const VALID: Duration = Duration::from_secs(3600);

/// Signs for a folder with whatever credentials are good now.
struct Folder {
    client: Arc<Client>,
    name: SharedName,
    options: StorageOptions,
    current: Mutex<(Storage, Option<i64>)>,
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder").field("table", &self.name).finish_non_exhaustive()
    }
}

/// The storage of the folder of `grant`, whose credentials are renewed as long as the server gives them. `options`, a shared
/// table's, say where the cloud's service is and hold no credentials; what opens it is the grant's alone.
pub(crate) fn open(client: Arc<Client>, name: SharedName, options: &StorageOptions, grant: Grant) -> Result<Storage> {
    let storage = grant.storage(options)?;
    if grant.access.bearer_token.is_some() {
        // It is sent in a header, which no URL has: good until it ends.
        return Ok(storage);
    }
    let folder = Folder { client, name, options: options.clone(), current: Mutex::new((storage, grant.ends)) };
    let access = AccessOptions { list: Some(false), ..options.access.clone() };
    Storage::open(&grant.location, &StorageOptions { access, sign: Some(Arc::new(folder)), ..options.clone() })
}

impl Folder {
    async fn current(&self) -> Result<(Storage, Option<i64>)> {
        // Held while asking: the others wait, and find what this one has fetched.
        let mut current = self.current.lock().await;
        if current.1.is_some_and(|ends| ends - MARGIN <= now()) {
            let grant = self.client.grant(&self.name).await?;
            *current = (grant.storage(&self.options)?, grant.ends);
        }
        Ok(current.clone())
    }
}

#[async_trait]
impl UrlProvider for Folder {
    async fn sign(&self, path: &str) -> Result<Signed> {
        let (storage, ends) = self.current().await?;
        let location = match Url::parse(path) {
            Ok(url) => FileLocation::Absolute(url),
            Err(_) => FileLocation::Relative(Path::parse(path).map_err(|error| Error::corrupt(path, error))?),
        };
        let until = now().saturating_add(i64::try_from(VALID.as_millis()).unwrap_or(i64::MAX));
        match storage.url_for(&location, VALID).await? {
            Some(url) => Ok(Signed::At { url, expires: Some(ends.map_or(until, |ends| ends.min(until))) }),
            None => Ok(Signed::Unsigned),
        }
    }

    async fn list(&self, folder: &str) -> Result<Option<Vec<Entry>>> {
        let (storage, _) = self.current().await?;
        storage.list(&Path::from(folder), None).await
    }

    fn advice(&self) -> Option<String> {
        Some("the server's fresh credentials do not work either: compare this machine's clock, or ask whoever shares the table".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_three_clouds() {
        let grant = |what: &str| {
            let text = format!(r#"{{"credentials":{{"location":"s3://b/t",{what},"expirationTime":9}}}}"#);
            Grant::parse(text.as_bytes(), "t").unwrap()
        };
        let amazon = grant(r#""awsTempCredentials":{"accessKeyId":"k","secretAccessKey":"s","sessionToken":"t"}"#);
        assert_eq!((amazon.access.session_token.as_deref(), amazon.ends), (Some("t"), Some(9)));
        assert_eq!(grant(r#""azureUserDelegationSas":{"sasToken":"sig=1"}"#).access.sas_token.unwrap(), "sig=1");
        assert_eq!(grant(r#""gcpOauthToken":{"oauthToken":"o"}"#).access.bearer_token.unwrap(), "o");
        let broken = br#"{"credentials":{"location":"s3://b/t","azureUserDelegationSas":{"sasToken":["secret"]}}}"#;
        let error = Grant::parse(broken, "t").map(|_| ()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
