//! Aggregates that DataFusion does not have, or has otherwise: each keeps its group's values and makes its result of all of
//! them, see [`collected`].

mod collected;
mod counts;
mod extremes;
mod json;
mod moments;
mod quantiles;

use crate::sql::{numbers, times};
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

/// The aggregates.
pub fn functions() -> Vec<Arc<AggregateUDF>> {
    [counts::functions(), extremes::functions(), json::functions(), moments::functions(), quantiles::functions()]
        .concat()
}

/// DataFusion's aggregates, and ours in the place of those of the same name.
pub fn all() -> Vec<Arc<AggregateUDF>> {
    let numbers = numbers::aggregates();
    let averages: Vec<Arc<AggregateUDF>> =
        numbers.iter().filter(|function| function.name() == "avg").map(|avg| times::average(avg.clone())).collect();
    [SessionStateDefaults::default_aggregate_functions(), numbers, averages, functions()].concat()
}
