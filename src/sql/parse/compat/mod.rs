//! What people write for DuckDB, Spark and their kin, in terms that the planner knows. Pure; before planning, in three places:
//!
//! - `tokens`: what the parser does not know, as something that it does (`USING SAMPLE`, `PIVOT t ON …`).
//! - `clauses`: the parts of a statement that need no names (`FROM t` alone, `FETCH FIRST`, `WITH ROLLUP`); what the planner
//!   would pass over in silence is refused, because that is a wrong answer.
//! - `relations` and `expressions`, called while names are settled (see [`crate::sql::resolve`]), because a PIVOT has to know its
//!   table's columns, and because results are called by what was written, not by what it stands for.
//!
//! Functions are a table of templates (`macros`): one that DataFusion has under another name, or can express, costs a line.

mod access;
mod asof;
mod clauses;
mod collate;
mod expressions;
mod grouping;
mod intervals;
mod literal;
mod macros;
mod null_treatment;
mod patterns;
mod pivot;
mod relations;
mod sample;
mod special;
mod subqueries;
mod template;
mod tokens;
mod unnested;

pub use asof::{Condition as AsofCondition, NEXT, marked as asof};
pub use clauses::rewrite as clauses;
pub use expressions::expand;
pub use intervals::interval;
pub use null_treatment::refuse_trailing;
pub use relations::{Rewritten, rewrite as relation};
pub use subqueries::subqueries;
pub use template::{TABLE, over};
pub use tokens::plainer;
pub use unnested::unnested;
