//! Objects over HTTP: plain GETs, their answers, and asking again.

#[cfg(target_arch = "wasm32")]
pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod json_api;
pub(crate) mod listing;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;
pub(crate) mod network_estimate;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod transport;
pub(crate) mod url_expiry;

use super::StorageOptions;
use transport::Transport;

/// What sends requests here.
pub(crate) fn transport(options: &StorageOptions) -> Box<dyn Transport> {
    #[cfg(target_arch = "wasm32")]
    return Box::new(browser::FetchTransport::new(options.timeout, options.fetch.clone()));
    #[cfg(not(target_arch = "wasm32"))]
    return Box::new(native::NativeTransport::new(options.timeout));
}
