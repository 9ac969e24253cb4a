//! The integration tests: one binary, a module per topic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::single_range_in_vec_init,
    reason = "a test fails by panicking"
)]

mod allocations;
#[cfg(feature = "sql")]
mod change_feed;
#[cfg(feature = "cli")]
mod cli;
mod delta;
mod delta_checksum;
mod delta_discovery;
mod delta_fixture;
mod delta_log_shapes;
mod delta_round_trips;
mod delta_scale;
mod delta_time_travel;
#[cfg(feature = "cli")]
mod doctor;
#[cfg(feature = "sql")]
mod file_metadata;
mod large_log;
#[cfg(feature = "sql")]
mod locations;
mod loopback;
#[cfg(feature = "sql")]
mod made_up_format;
#[cfg(feature = "sql")]
mod manifest;
mod readme;
#[cfg(feature = "sql")]
mod row_tracking;
#[cfg(feature = "sql")]
mod scan_bloom_filters;
mod scan_bounds;
mod scan_damage;
mod scan_deletes;
mod scan_fixture;
mod scan_fixtures;
mod scan_heads;
mod scan_late;
mod scan_lists;
mod scan_random;
mod scan_requests;
mod scan_rows;
mod scan_schema;
mod scan_widening;
#[cfg(feature = "sql")]
mod sharing;
#[cfg(feature = "sql")]
mod sql;
#[cfg(feature = "sql")]
mod sql_definitions;
#[cfg(feature = "sql")]
mod sql_depth;
#[cfg(feature = "sql")]
mod sql_dynamic_filters;
#[cfg(feature = "sql")]
mod sql_equals_scan;
#[cfg(feature = "sql")]
mod sql_fixture;
#[cfg(feature = "sql")]
mod sql_functions;
#[cfg(feature = "sql")]
mod sql_group_by;
#[cfg(feature = "sql")]
mod sql_idioms;
#[cfg(feature = "sql")]
mod sql_late;
#[cfg(feature = "sql")]
mod sql_locations;
#[cfg(feature = "sql")]
mod sql_log_answers;
#[cfg(feature = "sql")]
mod sql_logic;
#[cfg(feature = "sql")]
mod sql_numbers;
#[cfg(feature = "sql")]
mod sql_params;
#[cfg(feature = "sql")]
mod sql_plans;
#[cfg(feature = "sql")]
mod sql_precedence;
#[cfg(feature = "sql")]
mod sql_subqueries;
#[cfg(feature = "sql")]
mod sql_time_travel;
#[cfg(feature = "sql")]
mod sql_together;
#[cfg(feature = "sql")]
mod sql_windows;
mod stand_ins;
mod storage;
mod storage_faults;
mod storage_persistent;
#[cfg(feature = "sql")]
mod tpch;
mod variant;
