//! Lakeglass and delta_kernel read the same of every table: one binary, a module per kind of table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod histories;
mod large_log;
mod report;
mod written;
