//! How a table's host is spoken to.

use super::cache::persistent::ByteStore;
use super::cache::shared::Pool;
use super::http::retry::RetryPolicy;
use super::location::access::AccessOptions;
use super::location::url_provider::UrlProvider;
use std::sync::Arc;
use std::time::Duration;

/// How a table's host is spoken to. The defaults suit a static host.
#[derive(Clone)]
pub struct StorageOptions {
    /// What this table shares with others; `None`: it has a pool of its own, of the sizes and with the store that follow.
    pub pool: Option<Pool>,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Bytes of immutable objects kept in memory.
    pub cache_bytes: usize,
    /// Where bytes of data files and logs are kept beyond this process; `None`: nowhere.
    pub store: Option<Arc<dyn ByteStore>>,
    /// How many bytes are kept there, at most.
    pub store_bytes: u64,
    /// How long a request may go without a byte arriving before it counts as dropped.
    pub timeout: Duration,
    /// How persistent failed requests are.
    pub retry: RetryPolicy,
    /// Where the host is and what it is shown.
    pub access: AccessOptions,
    /// Who knows the URL of each object, where a URL for all of them will not do.
    pub sign: Option<Arc<dyn UrlProvider>>,
    /// What sends requests in place of the global `fetch`.
    #[cfg(target_arch = "wasm32")]
    pub fetch: Option<super::http::browser::PageFetch>,
}

impl StorageOptions {
    /// A pool of the sizes and with the store that these name.
    pub fn new_pool(&self) -> Pool {
        let store = self.store.clone().filter(|_| self.store_bytes > 0);
        Pool::new(self.concurrency, self.cache_bytes, store.map(|store| (store, self.store_bytes)))
    }
}

impl Default for StorageOptions {
    fn default() -> Self {
        StorageOptions {
            pool: None,
            concurrency: 6,
            cache_bytes: 256 << 20,
            store: None,
            store_bytes: 256 << 20,
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            access: AccessOptions::default(),
            sign: None,
            #[cfg(target_arch = "wasm32")]
            fetch: None,
        }
    }
}

impl std::fmt::Debug for StorageOptions {
    /// Shows no credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StorageOptions")
            .field("pool", &self.pool)
            .field("concurrency", &self.concurrency)
            .field("cache_bytes", &self.cache_bytes)
            .field("store", &self.store)
            .field("store_bytes", &self.store_bytes)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("access", &self.access)
            .field("sign", &self.sign)
            .finish()
    }
}
