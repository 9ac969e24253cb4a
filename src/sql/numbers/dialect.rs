//! The engine whose meaning ambiguous SQL takes.

use serde::{Deserialize, Serialize};

/// The engine whose meaning a statement takes where engines differ: `/` between integers or decimals, and the place of NULL in an
/// `ORDER BY` that does not give it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlDialect {
    /// `1 / 2` is 0.5, a double, and so is the quotient of decimals. NULL comes last.
    #[default]
    DuckDb,
    /// `1 / 2` is 0.5, a double; the quotient of decimals is a decimal. NULL is the smallest value. `^` is a bitwise XOR.
    Spark,
    /// `1 / 2` is 0, the quotient of decimals is a decimal. NULL comes last.
    Trino,
}

impl SqlDialect {
    /// The name of DataFusion's option for the place of NULL.
    pub(in crate::sql) fn null_ordering(self) -> &'static str {
        match self {
            SqlDialect::DuckDb | SqlDialect::Trino => "nulls_last",
            SqlDialect::Spark => "nulls_min",
        }
    }
}
