//! Lakeglass: a lakehouse reader for the browser tab.

#[cfg(target_arch = "wasm32")]
pub mod api;
pub mod delta;
pub mod error;
pub mod scan;
pub mod snapshot;
#[cfg(feature = "sql")]
pub mod sql;
pub mod storage;
pub mod table;

pub use error::{Error, ErrorCode, Result};
pub use snapshot::{Snapshot, Version};
pub use table::{Table, TableUrl};
