//! Arithmetic that is exact or an error, one rule for NaN and zero, and literals that keep their digits.
//!
//! - [`literal`], on the syntax tree: a number with an exponent is a double, any other with a point a decimal.
//! - [`OperatorPlanner`], while a statement is planned: `+ - * / // % <<` of numbers. DataFusion's operators wrap around, divide
//!   integers to integers and cut decimals off.
//! - [`ComparisonRule`], before DataFusion's type coercion: literals take the type of what they are compared with.
//! - [`CanonicalRule`], after it: what computes floats yields no `-0.0` and one NaN, as the scan does, because DataFusion
//!   compares, hashes and sorts floats by their bits.
//! - [`aggregates`]: `sum` and `avg` without overflow, `min` and `max` of grouped floats.

mod aggregates;
mod arithmetic;
mod canonical;
mod canonical_float;
mod comparisons;
mod dialect;
mod exact_sum;
mod float_bounds;
mod kind;
mod literals;
mod mixed;
mod negative;
mod operation;
mod operators;
mod quotient;
mod values;

pub use aggregates::functions as aggregates;
pub use canonical::CanonicalRule;
pub use comparisons::ComparisonRule;
pub use dialect::SqlDialect;
pub use literals::rewrite as literal;
pub use mixed::common_number;
pub use negative::function as negative;
pub use operators::OperatorPlanner;
pub use values::rewrite as values;
