//! From text to one statement that reads: dialects, limits, and what people write for other engines.

pub(crate) mod balance;
pub(crate) mod compat;
pub(crate) mod depth_limit;
pub(crate) mod dialect;
pub mod params;
pub(crate) mod statement;
mod summarize;
mod time_travel;
pub(crate) mod visitor;
