//! Subqueries become joins, with SQL's three-valued logic.
//!
//! DataFusion turns `IN`, `EXISTS` and correlated subqueries into joins too, but loses NULLs, rows and limits in many of them
//! (apache/datafusion#25336, #25340, #25507, #24960, #25283, #16965, #25350). This analyzer rule runs before its optimizer and leaves
//! nothing of that kind but scalar subqueries that refer to nothing around them.
//!
//! A subquery is *pulled* ([`pull`]): its predicates over columns of the query around it (*outer references*) rise to its top as
//! [`pending`](pulled::Pulled::pending) predicates, which become the condition of a join. Operators that treat rows together
//! (aggregates, limits, windows, set operations) let only keys rise, `column = outer expression`: they work on each key's rows by
//! themselves. What is no key is first joined with the *domain*, the distinct values that the outer query has
//! (Neumann and Kemper, Unnesting Arbitrary Queries, BTW 2015).
//!
//! - [`predicates`]: EXISTS, IN, ANY and ALL as semi, anti and mark joins
//! - [`scalar`]: subqueries that are values
//! - [`joins`]: subqueries in join conditions, and LATERAL
//! - [`pull`], [`grouping`], [`sides`]: one operator of a subquery each

mod domain;
mod grouping;
mod joins;
mod lateral;
mod predicates;
mod pull;
mod pulled;
mod scalar;
mod sides;
mod single_row;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::AnalyzerRule;

/// The rule.
#[derive(Debug)]
pub struct Subqueries;

impl AnalyzerRule for Subqueries {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        match has_subqueries(&plan)? {
            true => Rewriter::default().plan(plan),
            false => Ok(plan),
        }
    }

    fn name(&self) -> &str {
        "subqueries_to_joins"
    }
}

/// The walk over a plan.
#[derive(Debug, Default)]
struct Rewriter {
    names: usize,
}

impl Rewriter {
    /// A name that nothing else in the plan has.
    fn fresh(&mut self) -> String {
        self.names += 1;
        format!("__subquery_{}", self.names)
    }

    /// Replaces every subquery in `plan`. References to a query around `plan` stay.
    fn plan(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let plan = plan.map_children(|child| self.plan(child).map(Transformed::yes))?.data;
        match plan {
            LogicalPlan::Filter(filter) if is_subquery_in(&filter.predicate) => self.filter(filter),
            LogicalPlan::Join(join) => self.join(join),
            plan if plan.expressions().iter().any(is_subquery_in) => self.embedded(plan),
            plan => Ok(plan),
        }
    }

    /// Replaces the subqueries in the expressions of an operator with one input.
    fn embedded(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let inputs = plan.inputs();
        let [input] = inputs.as_slice() else { return Err(unsupported("a subquery in this place")) };
        let mut input = (*input).clone();
        let columns = plan.schema().columns();
        let names = NamePreserver::new(&plan);
        let mut expressions = Vec::new();
        for expression in plan.expressions() {
            let name = names.save(&expression);
            expressions.push(name.restore(self.embed(expression, &mut input)?));
        }
        let plan = plan.with_new_exprs(expressions, vec![input])?;
        project_back(plan, columns)
    }

    /// `expression` without subqueries, over `input` extended by what they come to.
    fn embed(&mut self, expression: Expr, input: &mut LogicalPlan) -> Result<Expr> {
        let done = |expression: Expr| Transformed::new(expression, true, TreeNodeRecursion::Jump);
        let rewritten = expression.transform_down(|expression| {
            Ok(match expression {
                Expr::Exists(exists) => done(self.exists(exists, input)?),
                Expr::InSubquery(membership) => done(self.is_in(membership, input)?),
                Expr::SetComparison(comparison) => done(self.quantified(comparison, input)?),
                Expr::ScalarSubquery(subquery) => done(self.scalar(subquery, input)?),
                other => Transformed::no(other),
            })
        })?;
        Ok(rewritten.data)
    }
}

/// `plan` with these columns alone.
fn project_back(plan: LogicalPlan, columns: Vec<datafusion::common::Column>) -> Result<LogicalPlan> {
    match plan.schema().fields().len() == columns.len() {
        true => Ok(plan),
        false => LogicalPlanBuilder::from(plan).project(columns.into_iter().map(Expr::Column))?.build(),
    }
}

/// Whether an expression is a subquery, or has one in it.
fn is_subquery_in(expression: &Expr) -> bool {
    let is = |expression: &Expr| {
        matches!(expression, Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) | Expr::ScalarSubquery(_))
    };
    expression.exists(|expression| Ok(is(expression))).unwrap_or(true)
}

fn has_subqueries(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|plan| {
        let lateral = matches!(plan, LogicalPlan::Subquery(_));
        let mut found = lateral;
        plan.apply_expressions(|expression| {
            found |= is_subquery_in(expression);
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        Ok(found)
    })
}

/// The refusal of a form of subquery.
fn unsupported(what: &str) -> DataFusionError {
    let hint = "write a join, or compute it in a subquery of FROM first";
    crate::sql::error::to_datafusion(crate::error::Error::unsupported(what, hint))
}
