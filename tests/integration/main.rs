//! The integration tests: one binary, a module per topic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod delta;
mod loopback;
mod scan_bounds;
mod scan_damage;
mod scan_deletes;
mod scan_fixture;
mod scan_fixtures;
mod scan_random;
mod scan_requests;
mod scan_rows;
mod scan_schema;
mod storage;
mod storage_faults;
