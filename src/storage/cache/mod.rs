//! What is kept of the bytes that were read: in memory, and beyond the page's life where the host page allows it.

#[cfg(target_arch = "wasm32")]
pub(crate) mod cache_api;
pub(crate) mod log_cache;
pub(crate) mod memory;
pub(crate) mod persistent;
pub(crate) mod shared;
pub(crate) mod write_queue;
