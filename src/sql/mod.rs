//! SQL over tables, by DataFusion.
//!
//! ```text
//! text -> parse (one statement, that reads) -> time_travel, table_functions (tables opened) -> resolve (names settled)
//!      -> DataFusion's planner and optimizer, with the rules of plan -> exec (our leaf over `scan`) -> output (plain types)
//! ```
//!
//! DataFusion appears in this module alone. Tables enter as [`catalog::table_provider::LakeglassTable`], predicates reach the scan
//! as the pruners of [`plan::prune`], and errors of the scan come out with the codes they had ([`error`]).

mod casts;
mod catalog;
mod commands;
mod error;
mod exec;
pub mod export;
mod functions;
mod json;
mod messages;
mod numbers;
mod options;
mod output;
mod parse;
mod plan;
mod reserved_names;
mod resolve;
mod result;
mod session;
mod session_state;
mod table_functions;
mod time_travel;
mod times;
mod type_names;

pub use commands::explain::PlanNode;
#[cfg(feature = "cli")]
pub use commands::partition_query::files_where;
pub use numbers::SqlDialect;
pub use options::SessionOptions;
pub use parse::params::{ParamValue, Params};
pub use result::QueryResult;
pub use session::Session;
