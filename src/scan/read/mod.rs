//! From a file's bytes to its rows.

pub(crate) mod content;
pub(crate) mod decode;
pub(crate) mod file;
pub(crate) mod late_materialization;
pub(crate) mod lz4_frames;
pub(crate) mod open;
pub(crate) mod page_prefix;
pub(crate) mod prefetch;
pub(crate) mod row_group;
pub(crate) mod text_bytes;
