//! What need not be read: files, row groups, pages, and rows.

pub(crate) mod bloom_filter;
pub(crate) mod bounds;
pub(crate) mod file_statistics;
pub(crate) mod files;
pub(crate) mod hit_rate;
pub(crate) mod page_index;
