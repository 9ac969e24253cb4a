//! The integration tests: one binary, a module per topic.

mod delta;
mod scan_damage;
mod scan_deletes;
mod scan_fixture;
mod scan_requests;
mod scan_rows;
mod scan_schema;
#[cfg(feature = "sql")]
mod sql;
#[cfg(feature = "sql")]
mod sql_depth;
#[cfg(feature = "sql")]
mod sql_fixture;
