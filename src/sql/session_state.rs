//! DataFusion as this crate uses it: every function, no file formats, no disk, plans for one thread.

use super::casts::CastRule;
use super::catalog::registry::{Catalog, Registry};
use super::error::from_datafusion;
use super::exec::extensions::QueryMeter;
use super::functions;
use super::functions::aggregates;
use super::functions::variant;
use super::numbers::{self, CanonicalRule, ComparisonRule, OperatorPlanner};
use super::options::SessionOptions;
use super::plan::distinct_counts;
use super::plan::distinct_limits::DistinctLimits;
use super::plan::distinct_sums;
use super::plan::group_by::GroupByRule;
use super::plan::grouping_sets::GroupingSets;
use super::plan::moving_frames::MovingFrames;
use super::plan::subqueries::Subqueries;
use super::plan::window_keys::WindowKeys;
use super::reserved_names::{CATALOG, SCHEMA};
use super::times::{self, TimesRule};
use crate::error::Result;
use crate::storage::Meter;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::context::SessionState;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::resolve_grouping_function::ResolveGroupingFunction;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::prelude::SessionConfig;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// How many of the largest users of memory an error about it names.
const CONSUMERS_TOLD: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);

/// The state that every query of a session starts from.
pub fn state(options: &SessionOptions, registry: &Arc<Registry>) -> Result<SessionState> {
    let mut runtime = RuntimeEnvBuilder::new()
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled));
    if let Some(bytes) = options.memory_limit {
        let pool = TrackConsumersPool::new(GreedyMemoryPool::new(bytes), CONSUMERS_TOLD);
        runtime = runtime.with_memory_pool(Arc::new(pool));
    }
    Ok(SessionStateBuilder::new()
        .with_config(config(options))
        .with_runtime_env(runtime.build_arc().map_err(from_datafusion)?)
        .with_catalog_list(Arc::new(Catalog::with(registry, BTreeMap::new())))
        .with_expr_planners(expr_planners(options))
        .with_type_planner(Arc::new(times::Types))
        .with_analyzer_rules(analyzer_rules())
        .with_optimizer_rules(distinct_sums::rules())
        // Before DataFusion's own.
        .with_physical_optimizer_rules([vec![Arc::new(GroupingSets) as _], distinct_counts::rules()].concat())
        .with_physical_optimizer_rule(Arc::new(DistinctLimits))
        .with_physical_optimizer_rule(Arc::new(GroupByRule))
        .with_scalar_functions(
            [
                scalar_functions(),
                times::functions(),
                variant::functions(),
                functions::functions(),
                vec![numbers::negative()],
            ]
            .concat(),
        )
        .with_higher_order_functions(
            [SessionStateDefaults::default_higher_order_functions(), functions::higher_order_functions()].concat(),
        )
        .with_aggregate_functions(aggregates::all())
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_function_list(times::table_functions())
        .build())
}

/// What settles the meaning of a plan, in this order: type coercion decides by the types that the rules before it have made.
fn analyzer_rules() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    vec![
        Arc::new(TimesRule),
        Arc::new(ComparisonRule),
        Arc::new(ResolveGroupingFunction::new()),
        Arc::new(TypeCoercion::new()),
        Arc::new(CanonicalRule),
        Arc::new(CastRule),
        Arc::new(Subqueries),
        Arc::new(MovingFrames),
        Arc::new(WindowKeys),
    ]
}

/// What plans operators: of times, of numbers, then whatever DataFusion knows.
fn expr_planners(options: &SessionOptions) -> Vec<Arc<dyn ExprPlanner>> {
    vec![
        Arc::new(times::Operators),
        Arc::new(OperatorPlanner::new(options.dialect)),
        Arc::new(functions::SubscriptPlanner),
        Arc::new(datafusion::functions::core::planner::CoreFunctionPlanner::default()),
        Arc::new(datafusion::functions_nested::planner::NestedFunctionPlanner),
        Arc::new(datafusion::functions_nested::planner::FieldAccessPlanner),
        Arc::new(datafusion::functions::unicode::planner::UnicodeFunctionPlanner),
        Arc::new(datafusion::functions_aggregate::planner::AggregateFunctionPlanner),
        Arc::new(datafusion::functions_window::planner::WindowFunctionPlanner),
    ]
}

/// DataFusion's functions, but for those of dates and times: [`times`] has all of them.
fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    use datafusion::functions::{core, crypto, encoding, math, regex, string, unicode};
    let mut all = core::functions();
    all.extend(encoding::functions());
    all.extend(math::functions());
    all.extend(regex::functions());
    all.extend(crypto::functions());
    all.extend(unicode::functions());
    all.extend(string::functions());
    all.extend(datafusion::functions_nested::all_default_nested_functions().into_iter().map(functions::coerced));
    all
}

fn config(options: &SessionOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(options.target_partitions.max(1))
        .with_batch_size(options.batch_size.max(1))
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(true);
    let all = config.options_mut();
    // Names are settled before planning: see `names`.
    all.sql_parser.enable_ident_normalization = false;
    all.sql_parser.parse_float_as_decimal = true;
    // It loses columns of the plan above where a struct's field stands in a subquery's condition, and the scan reads whole columns.
    all.optimizer.enable_leaf_expression_pushdown = false;
    all.sql_parser.default_null_ordering = options.dialect.null_ordering().into();
    // Errors say where.
    all.sql_parser.collect_spans = true;
    all.execution.time_zone = Some("UTC".into());
    // An expression may be null to the physical planner that is not to the logical one, as `b IS TRUE`: no reason to refuse it.
    all.execution.skip_physical_aggregate_schema_check = true;
    // Partitions overlap fetches; the work is one thread's, so shuffling rows between partitions only costs.
    all.optimizer.enable_round_robin_repartition = false;
    all.optimizer.repartition_aggregations = false;
    all.optimizer.repartition_joins = false;
    all.optimizer.repartition_windows = false;
    config
}

/// The state of one query, which sees the tables of `catalog` and counts into `meter`.
pub fn query_state(state: &SessionState, catalog: Catalog, meter: &Meter) -> SessionState {
    let mut state = state.clone();
    state.register_catalog_list(Arc::new(catalog));
    state.config_mut().set_extension(Arc::new(QueryMeter(meter.clone())));
    state.mark_start_execution();
    state
}
