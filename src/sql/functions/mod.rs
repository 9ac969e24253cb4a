//! Scalar functions that DataFusion does not have, small ones. Names that it has otherwise, and what can be said in its
//! terms, are templates: see [`super::parse::compat`].

mod aggregated;
pub(crate) mod aggregates;
pub mod bits;
mod coerced;
mod conjunction;
mod digits;
mod distances;
mod format;
mod json;
mod json_write;
mod lambdas;
mod lists;
mod maps;
mod math;
mod named_cast;
mod own;
mod planner;
mod re2;
mod regexps;
mod strings;
mod types;
pub(crate) mod variant;

pub use coerced::coerced;
pub use conjunction::ALL_TRUE;
pub use lambdas::higher_order_functions;
pub use planner::SubscriptPlanner;
pub use regexps::BETWEEN_NAMES;

use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

/// The function that gives a cast a name of its own. No statement names it.
pub const NAMED_CAST: &str = "lakeglass_named_cast";

/// The functions.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    [
        aggregated::functions(),
        bits::functions(),
        conjunction::functions(),
        digits::functions(),
        distances::functions(),
        format::functions(),
        json::functions(),
        json_write::functions(),
        lists::functions(),
        maps::functions(),
        math::functions(),
        named_cast::functions(),
        regexps::functions(),
        strings::functions(),
        types::functions(),
    ]
    .concat()
}

/// Arguments as arrays of equal length: one row where all of them are constants.
pub(in crate::sql) fn arrays(arguments: &[ColumnarValue], rows: usize) -> Result<(Vec<ArrayRef>, bool)> {
    let constant = arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { rows };
    let arrays = arguments.iter().map(|argument| argument.clone().into_array(rows)).collect::<Result<Vec<_>>>()?;
    Ok((arrays, constant))
}

/// A function's values: one, where its arguments were constants.
pub(super) fn values(array: ArrayRef, constant: bool) -> Result<ColumnarValue> {
    match constant {
        true => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?)),
        false => Ok(ColumnarValue::Array(array)),
    }
}

pub(in crate::sql) fn strings(array: Option<&ArrayRef>) -> Result<StringViewArray> {
    let Some(array) = array else { return internal_err!("an argument is missing") };
    Ok(cast(array, &DataType::Utf8View)?.as_string_view().clone())
}
