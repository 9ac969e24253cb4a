//! Parquet files below any format: their footers and page headers, checked before anything relies on them.

pub(crate) mod catch_panic;
pub(crate) mod decompress;
pub(crate) mod footer;
pub(crate) mod footer_cache;
pub(crate) mod footer_repair;
pub(crate) mod page_header;
pub(crate) mod thrift;
#[cfg(target_arch = "wasm32")]
pub(crate) mod zstd_encoder;
