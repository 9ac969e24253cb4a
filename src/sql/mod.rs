//! SQL over tables, by DataFusion.
//!
//! ```text
//! text -> statement (one, that reads; idioms) -> time_travel, table_functions (opened) -> names (settled; idioms)
//!      -> DataFusion's planner and optimizer -> exec (our leaf over `scan`) -> output (plain types)
//! ```
//!
//! DataFusion appears in this module alone. Tables enter as [`table_provider::LakeglassTable`], predicates reach the scan
//! as [`prune`]'s pruners, and errors of the scan come out with the codes they had ([`error`]).

mod aggregates;
mod balance;
mod casts;
pub mod context;
mod deep_stack;
mod define;
mod definitions;
mod dialect;
mod distinct_counts;
mod distinct_limits;
mod distinct_sums;
mod engine;
mod error;
mod exact_bounds;
mod exec;
pub mod explain;
pub mod export;
mod functions;
mod group_by;
mod grouping_sets;
mod idioms;
mod json;
mod lambda_projections;
mod log_tables;
mod measure;
mod messages;
mod moving_frames;
mod names;
mod nesting;
mod numbers;
mod output;
pub mod params;
mod partition_filter;
#[cfg(feature = "cli")]
mod partition_query;
mod plan_expressions;
mod prune;
mod registry;
mod running;
mod same_names;
mod show;
mod slices;
mod sort_runs;
mod statement;
mod subqueries;
mod summarize;
mod table_functions;
mod table_provider;
mod time_travel;
mod times;
mod variant;
mod walk;
mod window_keys;

pub use context::{QueryResult, Session, SessionOptions};
pub use explain::PlanNode;
pub use numbers::SqlDialect;
pub use params::{ParamValue, Params};
#[cfg(feature = "cli")]
pub use partition_query::files_where;
