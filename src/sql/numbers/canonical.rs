//! One NaN and one zero.
//!
//! SQL knows one NaN, above every number, and `-0.0 = 0.0`; DataFusion compares, hashes and sorts the bits. The scan yields
//! canonical floats (a positive NaN, no `-0.0`), and this rule has computed floats made canonical before anything but arithmetic
//! looks at them.

use super::aggregates::is_sum;
use super::arithmetic::operands;
use super::canonical_float::{canonical_scalar, function};
use crate::sql::plan::expressions::rewrite_expressions;
use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRewriter};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Cast, ScalarFunction, TryCast};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::optimizer::AnalyzerRule;

/// Makes computed floats canonical. To come after type coercion, which shows every cast.
#[derive(Debug)]
pub struct CanonicalRule;

impl AnalyzerRule for CanonicalRule {
    fn name(&self) -> &str {
        "canonical_floats"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            rewrite_expressions(plan, &mut |expr| expr.rewrite(&mut Rewriter { schema: &schema }))
        })
        .data()
    }
}

struct Rewriter<'s> {
    schema: &'s DFSchema,
}

impl TreeNodeRewriter for Rewriter<'_> {
    type Node = Expr;

    fn f_up(&mut self, expr: Expr) -> Result<Transformed<Expr>> {
        Ok(match expr {
            Expr::Literal(value, metadata) => match canonical_scalar(&value) {
                Some(value) => Transformed::yes(Expr::Literal(value, metadata)),
                None => Transformed::no(Expr::Literal(value, metadata)),
            },
            // Within arithmetic the last step is enough.
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_arithmetic(op) => {
                let known = is_wrapped(&left) || is_wrapped(&right);
                let operation = Expr::BinaryExpr(BinaryExpr::new(Box::new(bare(*left)), op, Box::new(bare(*right))));
                if known || self.is_float(last_operand(&operation)) {
                    Transformed::yes(function().call(vec![operation]))
                } else {
                    Transformed::no(operation)
                }
            }
            Expr::ScalarFunction(mut call) => {
                for operand in operands(&mut call).into_iter().flatten() {
                    *operand = bare(std::mem::take(operand));
                }
                self.wrapped(Expr::ScalarFunction(call))
            }
            Expr::AggregateFunction(mut aggregate) if is_sum(aggregate.func.name()) => {
                aggregate.params.args = aggregate.params.args.into_iter().map(bare).collect();
                Transformed::yes(Expr::AggregateFunction(aggregate))
            }
            expr => self.wrapped(expr),
        })
    }
}

impl Rewriter<'_> {
    fn wrapped(&self, expr: Expr) -> Transformed<Expr> {
        match self.computes_float(&expr) {
            true => Transformed::yes(function().call(vec![expr])),
            false => Transformed::no(expr),
        }
    }

    fn is_float(&self, expr: &Expr) -> bool {
        matches!(expr.get_type(self.schema), Ok(DataType::Float32 | DataType::Float64))
    }

    /// Whether `expr` may yield a float that is not canonical.
    fn computes_float(&self, expr: &Expr) -> bool {
        let from_number = |expr: &Expr| expr.get_type(self.schema).is_ok_and(|from| from.is_numeric());
        match expr {
            Expr::ScalarFunction(_) => !is_wrapped(expr) && self.is_float(expr),
            Expr::Negative(_) | Expr::HigherOrderFunction(_) => self.is_float(expr),
            Expr::Cast(Cast { expr: inner, .. }) | Expr::TryCast(TryCast { expr: inner, .. }) => {
                self.is_float(expr) && !from_number(inner)
            }
            _ => false,
        }
    }
}

fn is_arithmetic(operator: Operator) -> bool {
    matches!(operator, Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo)
}

/// An operand of arithmetic within arithmetic: after type coercion all have one type.
fn last_operand(expr: &Expr) -> &Expr {
    match expr {
        Expr::BinaryExpr(BinaryExpr { op, right, .. }) if is_arithmetic(*op) => last_operand(right),
        other => other,
    }
}

fn is_wrapped(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(ScalarFunction { func, .. }) if func.as_ref() == function().as_ref())
}

/// What is computed, without being made canonical.
fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::ScalarFunction(mut call) if call.func.as_ref() == function().as_ref() && call.args.len() == 1 => {
            call.args.swap_remove(0)
        }
        other => other,
    }
}
