//! Dates, times and intervals in SQL: their types, operators, comparisons and functions.
//!
//! Everything here counts microseconds or days in integers, so that the whole range of a table's timestamps works and no
//! value is rounded by way of a float. DataFusion's own functions count nanoseconds, which end in the year 2262: they are
//! not registered.
//!
//! - `types`: what SQL's `TIMESTAMP` and `TIME` mean.
//! - `operators`: arithmetic, planned by the types of its operands.
//! - `comparisons`: an analyzer rule for literals, casts, and values of different types side by side.
//! - The functions, a file per family, in one shape (`function`).

mod arguments;
mod average;
mod bucket;
mod calendar;
mod clock;
mod compare;
mod comparisons;
mod convert;
mod difference;
mod format;
mod function;
mod interval_groups;
mod interval_text;
mod intervals;
mod literal;
mod make;
mod operators;
mod parse;
mod part;
mod pattern;
mod series;
mod text;
mod trunc;
mod types;
mod unify;
mod units;
mod zone;
mod zoned;

pub use average::average;
pub use comparisons::TimesRule;
pub use convert::{interval_texts, is_time, read as times_of_texts, written as texts_of_times};
pub use interval_text::plain_interval;
pub use operators::Operators;
pub use series::table_functions;
pub use types::Types;
pub use units::is_unit;

use super::type_names::sql_type;
use datafusion::logical_expr::ScalarUDF;
use std::sync::{Arc, LazyLock};

/// The functions.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
        [
            bucket::functions(),
            clock::functions(),
            difference::functions(),
            format::functions(),
            intervals::functions(),
            make::functions(),
            parse::functions(),
            part::functions(),
            series::functions(),
            trunc::functions(),
            zoned::functions(),
        ]
        .concat()
    });
    FUNCTIONS.clone()
}
