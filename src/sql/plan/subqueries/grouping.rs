//! Operators within a subquery that look at several rows at a time: they do so for each key.

use super::domain::{Outer, bound};
use super::pulled::{Key, Pending, Pulled};
use super::{Rewriter, unsupported};
use datafusion::common::{Column, ScalarValue};
use datafusion::error::Result;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, FetchType, GroupingSet, Limit, LogicalPlan, LogicalPlanBuilder, Projection,
    SkipType, Sort, SortExpr, Window, WindowFrame, WindowFunctionDefinition, lit,
};
use std::sync::Arc;

impl Rewriter {
    /// The input of such an operator, with keys alone pending, and its expressions without references to the outer query.
    fn grouped(&mut self, outer: Outer<'_>, input: LogicalPlan, expressions: Vec<Expr>) -> Result<(Pulled, Vec<Expr>)> {
        let input = self.pull_whole(outer, input)?;
        let references = outer.references_of(&expressions)?;
        if references.is_empty() {
            return Ok((self.keyed(outer, input)?, expressions));
        }
        let (input, binding) = self.bind(outer, input, &references)?;
        let names = NamePreserver::new_for_projection();
        let named = |expression: Expr| {
            let name = names.save(&expression);
            Ok(name.restore(bound(expression, &binding)?))
        };
        Ok((input, expressions.into_iter().map(named).collect::<Result<_>>()?))
    }

    pub fn pull_aggregate(&mut self, outer: Outer<'_>, aggregate: Aggregate) -> Result<Pulled> {
        let groups = aggregate.group_expr.len();
        let expressions = [aggregate.group_expr, aggregate.aggr_expr].concat();
        let input = Arc::unwrap_or_clone(aggregate.input);
        let (input, mut group) = self.grouped(outer, input, expressions)?;
        let functions = group.split_off(groups);
        let mut missing = Vec::new();
        for function in functions.iter().filter(|_| groups == 0) {
            let (relation, name) = function.qualified_name();
            let value = value_of_nothing(function, &input.plan)?;
            missing.push((Column::new(relation, name), value));
        }
        let mut pending = Vec::new();
        for key in input.keys().unwrap_or_default() {
            let name = self.fresh();
            group.push(Expr::Column(key.column).alias(name.as_str()));
            pending.push(Pending::Key(Key { column: Column::new_unqualified(name), ..key }));
        }
        let is_keyed = !pending.is_empty();
        if is_keyed && group.iter().any(has_empty_set) {
            return Err(unsupported("ROLLUP, CUBE or the grouping set () in a correlated subquery"));
        }
        let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input.plan), group, functions)?);
        Ok(Pulled { plan, pending, missing: (groups == 0 && is_keyed).then_some(missing) })
    }

    pub fn pull_distinct(&mut self, outer: Outer<'_>, input: LogicalPlan) -> Result<Pulled> {
        let columns = input.schema().columns().into_iter().map(Expr::Column).collect();
        let (input, _) = self.grouped(outer, input, Vec::new())?;
        let mut input = self.carry(input, columns)?;
        input.plan = LogicalPlanBuilder::from(input.plan).distinct()?.build()?;
        Ok(input)
    }

    pub fn pull_window(&mut self, outer: Outer<'_>, window: Window) -> Result<Pulled> {
        let (input, functions) = self.grouped(outer, Arc::unwrap_or_clone(window.input), window.window_expr)?;
        let keys = key_columns(&input);
        let names = NamePreserver::new_for_projection();
        let functions = functions
            .into_iter()
            .map(|function| {
                let name = names.save(&function);
                Ok(name.restore(partitioned(function, &keys)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let plan = LogicalPlan::Window(Window::try_new(functions, Arc::new(input.plan))?);
        Ok(Pulled { plan, pending: input.pending, missing: None })
    }

    /// The rows of each key are numbered in the limit's order.
    pub fn pull_limit(&mut self, outer: Outer<'_>, limit: Limit) -> Result<Pulled> {
        let (SkipType::Literal(skip), FetchType::Literal(fetch)) = (limit.get_skip_type()?, limit.get_fetch_type()?)
        else {
            return Err(unsupported("LIMIT or OFFSET by an expression in a correlated subquery"));
        };
        // The sort that decides may be below a projection, which changes no row's place.
        match Arc::unwrap_or_clone(limit.input.clone()) {
            LogicalPlan::Projection(projection) => {
                let limit = Limit { input: projection.input, ..limit };
                let input = Arc::new(LogicalPlan::Limit(limit));
                let projection = Projection::try_new(projection.expr, input)?;
                self.pull(outer, LogicalPlan::Projection(projection))
            }
            LogicalPlan::Sort(sort) => self.numbered(outer, sort, skip, fetch),
            other => {
                let sort = Sort { expr: Vec::new(), input: Arc::new(other), fetch: None };
                self.numbered(outer, sort, skip, fetch)
            }
        }
    }

    fn numbered(&mut self, outer: Outer<'_>, sort: Sort, skip: usize, fetch: Option<usize>) -> Result<Pulled> {
        let (expressions, orders): (Vec<_>, Vec<_>) =
            sort.expr.into_iter().map(|key| (key.expr, (key.asc, key.nulls_first))).unzip();
        let (input, expressions) = self.grouped(outer, Arc::unwrap_or_clone(sort.input), expressions)?;
        let order_by = expressions
            .into_iter()
            .zip(orders)
            .map(|(expr, (asc, nulls_first))| SortExpr { expr: expr.unalias(), asc, nulls_first })
            .collect::<Vec<_>>();
        let number = self.fresh();
        let function = WindowFunction {
            fun: WindowFunctionDefinition::WindowUDF(row_number_udwf()),
            params: WindowFunctionParams {
                args: Vec::new(),
                partition_by: key_columns(&input),
                window_frame: WindowFrame::new((!order_by.is_empty()).then_some(true)),
                order_by,
                filter: None,
                null_treatment: None,
                distinct: false,
            },
        };
        let place = Expr::Column(Column::new_unqualified(number.as_str()));
        let first = u64::try_from(skip).unwrap_or(u64::MAX);
        let mut kept = place.clone().gt(lit(first));
        if let Some(fetch) = fetch {
            kept = kept.and(place.lt_eq(lit(first.saturating_add(u64::try_from(fetch).unwrap_or(u64::MAX)))));
        }
        let function = Expr::WindowFunction(Box::new(function)).alias(number);
        let plan = LogicalPlan::Window(Window::try_new(vec![function], Arc::new(input.plan))?);
        let plan = LogicalPlanBuilder::from(plan).filter(kept)?.build()?;
        Ok(Pulled { plan, pending: input.pending, missing: None })
    }
}

/// Whether rows are grouped by nothing too: then there is a group without rows, which no key would have.
fn has_empty_set(group: &Expr) -> bool {
    match group {
        Expr::GroupingSet(GroupingSet::GroupingSets(sets)) => sets.iter().any(Vec::is_empty),
        Expr::GroupingSet(_) => true,
        _ => false,
    }
}

fn key_columns(pulled: &Pulled) -> Vec<Expr> {
    pulled.pending_columns().into_iter().map(Expr::Column).collect()
}

/// A window function over the rows of each key.
fn partitioned(expression: Expr, keys: &[Expr]) -> Result<Expr> {
    match expression {
        Expr::WindowFunction(mut function) => {
            function.params.partition_by.extend(keys.iter().cloned());
            Ok(Expr::WindowFunction(function))
        }
        Expr::Alias(alias) => Ok(partitioned(*alias.expr, keys)?.alias_qualified(alias.relation, alias.name)),
        _ => Err(unsupported("a window function of this form in a correlated subquery")),
    }
}

/// What an aggregate function returns over no row.
fn value_of_nothing(expression: &Expr, input: &LogicalPlan) -> Result<Expr> {
    let data_type = expression.get_type(input.schema())?;
    let value = match expression.clone().unalias() {
        Expr::AggregateFunction(function) => function.func.default_value(&data_type)?,
        _ => return Err(unsupported("an aggregate of this form in a correlated subquery")),
    };
    let value = match value.is_null() {
        true => ScalarValue::try_from(&data_type)?,
        false => value.cast_to(&data_type)?,
    };
    Ok(lit(value))
}
