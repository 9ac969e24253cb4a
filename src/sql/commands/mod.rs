//! Statements that are answered without a plan, or that make something.

pub(crate) mod define;
pub mod explain;
pub(crate) mod log_tables;
#[cfg(feature = "cli")]
pub(crate) mod partition_query;
pub(crate) mod show;
pub(crate) mod summarize;
