//! What is done to DataFusion's plans, so that they mean what SQL means and read what they need.

pub(crate) mod deep_stack;
pub(crate) mod distinct_counts;
pub(crate) mod distinct_limits;
pub(crate) mod distinct_sums;
pub(crate) mod exact_bounds;
pub(crate) mod expressions;
pub(crate) mod group_by;
pub(crate) mod grouping_sets;
pub(crate) mod guarded_rule;
pub(crate) mod lambda_projections;
pub(crate) mod moving_frames;
pub(crate) mod partition_filter;
pub(crate) mod prune;
pub(crate) mod same_names;
pub(crate) mod subqueries;
pub(crate) mod window_keys;
