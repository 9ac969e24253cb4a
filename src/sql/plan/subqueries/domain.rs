//! The domain of a subquery: the values that the query around it has for its outer references.

use super::pulled::{Key, Pending, Pulled, with_columns};
use super::{Rewriter, unsupported};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, LogicalPlanBuilder, Operator, Projection, lit, when};
use std::sync::Arc;

/// The query around a subquery.
#[derive(Debug, Clone, Copy)]
pub struct Outer<'p> {
    /// Its rows, over which the subquery is evaluated.
    pub plan: &'p LogicalPlan,
}

/// Columns of the outer query, with those that stand for them in a subquery.
pub type Binding = Vec<(Column, Column)>;

impl Outer<'_> {
    /// The columns of the outer query that `expression` refers to.
    pub fn references(&self, expression: &Expr) -> Result<Vec<Column>> {
        let mut columns = Vec::new();
        expression.apply(|expression| {
            if let Expr::OuterReferenceColumn(_, column) = expression
                && self.plan.schema().has_column(column)
                && !columns.contains(column)
            {
                columns.push(column.clone());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(columns)
    }

    /// Whether an expression refers to the outer query.
    pub fn is_in(&self, expression: &Expr) -> Result<bool> {
        Ok(!self.references(expression)?.is_empty())
    }

    /// Those that any of several expressions refers to.
    pub fn references_of<'e>(&self, expressions: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<Column>> {
        let mut columns = Vec::new();
        for expression in expressions {
            for column in self.references(expression)? {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        Ok(columns)
    }

    /// Whether a plan refers to the outer query.
    pub fn is_in_plan(&self, plan: &LogicalPlan) -> Result<bool> {
        plan.exists(|plan| {
            let mut found = false;
            plan.apply_expressions(|expression| {
                found |= self.is_in(expression)?;
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })?;
            Ok(found)
        })
    }

    /// A reference to a column of the outer query.
    pub fn reference(&self, column: &Column) -> Result<Expr> {
        let field = self.plan.schema().qualified_field_from_column(column)?.1.clone();
        Ok(Expr::OuterReferenceColumn(field, column.clone()))
    }

    /// The expression over the outer query's columns as one over references to them.
    pub fn referring(&self, expression: Expr) -> Result<Expr> {
        with_columns(expression, &|column| self.reference(column).ok())
    }

    /// The expression with the outer query's columns in the place of references.
    pub fn resolved(&self, expression: Expr) -> Result<Expr> {
        replaced(expression, &|column| self.plan.schema().has_column(column).then(|| Expr::Column(column.clone())))
    }

    /// The expression with other columns in the place of references.
    pub fn resolved_to(&self, expression: Expr, other: &dyn Fn(&Column) -> Option<Column>) -> Result<Expr> {
        replaced(expression, &|column| other(column).map(Expr::Column))
    }
}

/// `expression` with other expressions in the place of outer references.
fn replaced(expression: Expr, other: &dyn Fn(&Column) -> Option<Expr>) -> Result<Expr> {
    let rewritten = expression.transform_up(|expression| match &expression {
        Expr::OuterReferenceColumn(_, column) => Ok(match other(column) {
            Some(other) => Transformed::yes(other),
            None => Transformed::no(expression),
        }),
        _ => Ok(Transformed::no(expression)),
    })?;
    Ok(rewritten.data)
}

/// `expression` with the columns that stand for outer references.
pub fn bound(expression: Expr, binding: &Binding) -> Result<Expr> {
    let find = |column: &Column| binding.iter().find(|(outer, _)| outer == column);
    replaced(expression, &|column| find(column).map(|(_, own)| Expr::Column(own.clone())))
}

impl Rewriter {
    /// The distinct values of these columns of the outer query.
    pub fn domain(&mut self, outer: Outer<'_>, columns: &[Column]) -> Result<(LogicalPlan, Binding)> {
        let is_volatile = |plan: &LogicalPlan| plan.expressions().iter().any(Expr::is_volatile);
        if outer.plan.exists(|plan| Ok(is_volatile(plan)))? {
            return Err(unsupported("a correlated subquery of this form over rows with random values"));
        }
        let alias = self.fresh();
        let mut values = Vec::new();
        let mut binding = Vec::new();
        for column in columns {
            let name = self.fresh();
            values.push(Expr::Column(column.clone()).alias(name.as_str()));
            binding.push((column.clone(), Column::new(Some(alias.as_str()), name)));
        }
        let plan = LogicalPlanBuilder::from(outer.plan.clone()).project(values)?.distinct()?.alias(alias)?.build()?;
        Ok((plan, binding))
    }

    /// Joins with the domain of all that is pending, and of `columns`: afterwards only keys are pending.
    pub fn bind(&mut self, outer: Outer<'_>, pulled: Pulled, columns: &[Column]) -> Result<(Pulled, Binding)> {
        let mut all = columns.to_vec();
        let condition = pulled.condition()?;
        if let Some(condition) = &condition {
            all.extend(outer.references(condition)?);
        }
        let mut distinct: Vec<Column> = Vec::new();
        all.into_iter().for_each(|column| {
            if !distinct.contains(&column) {
                distinct.push(column)
            }
        });
        let (domain, binding) = self.domain(outer, &distinct)?;
        let keys = keys(outer, &binding)?;
        let plan = match (&pulled.plan, condition) {
            (LogicalPlan::EmptyRelation(empty), None) if empty.produce_one_row => domain,
            (plan, condition) => {
                let condition = condition.map(|condition| bound(condition, &binding)).transpose()?;
                LogicalPlanBuilder::from(domain).join_on(plan.clone(), JoinType::Inner, condition)?.build()?
            }
        };
        Ok((Pulled { plan, pending: keys, missing: None }, binding))
    }

    /// The same with keys alone pending.
    pub fn keyed(&mut self, outer: Outer<'_>, pulled: Pulled) -> Result<Pulled> {
        let mut computed = Vec::new();
        let mut pending = Vec::new();
        for predicate in &pulled.pending {
            match predicate {
                Pending::Key(_) => pending.push(predicate.clone()),
                Pending::Other(expression) => match self.key(outer, expression, &mut computed)? {
                    Some(key) => pending.push(Pending::Key(key)),
                    None => return Ok(self.bind(outer, pulled, &[])?.0),
                },
            }
        }
        let plan = match computed.is_empty() {
            true => pulled.plan,
            false => {
                let columns = pulled.plan.schema().columns().into_iter().map(Expr::Column);
                LogicalPlan::Projection(Projection::try_new(columns.chain(computed).collect(), Arc::new(pulled.plan))?)
            }
        };
        Ok(Pulled { plan, pending, missing: pulled.missing })
    }

    /// A predicate as a key, where it is one; an expression that has to be a column for that is added to `computed`.
    fn key(&mut self, outer: Outer<'_>, predicate: &Expr, computed: &mut Vec<Expr>) -> Result<Option<Key>> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = predicate else { return Ok(None) };
        let null_safe = match op {
            Operator::Eq => false,
            Operator::IsNotDistinctFrom => true,
            _ => return Ok(None),
        };
        for (own, other) in [(left, right), (right, left)] {
            let is_own = !outer.is_in(own)? && own.any_column_refs() && !own.is_volatile();
            if !is_own || other.any_column_refs() || !outer.is_in(other)? {
                continue;
            }
            let column = match own.as_ref() {
                Expr::Column(column) => column.clone(),
                expression => {
                    let name = self.fresh();
                    computed.push(expression.clone().alias(name.as_str()));
                    Column::new_unqualified(name)
                }
            };
            return Ok(Some(Key { column, outer: other.as_ref().clone(), null_safe }));
        }
        Ok(None)
    }

    /// The same with a row where there would be none but for [`Pulled::missing`].
    pub fn complete(&mut self, outer: Outer<'_>, pulled: Pulled) -> Result<Pulled> {
        let Some(missing) = pulled.missing.clone() else { return Ok(pulled) };
        let condition = pulled.condition()?;
        let columns = outer.references_of(condition.as_ref())?;
        let (domain, binding) = self.domain(outer, &columns)?;
        let condition = condition.map(|condition| bound(condition, &binding)).transpose()?;
        let marker = self.fresh();
        let own = pulled.plan.schema().columns();
        let marked = own.iter().cloned().map(Expr::Column).chain([lit(true).alias(marker.as_str())]);
        let right = LogicalPlanBuilder::from(pulled.plan).project(marked)?.build()?;
        let there = Expr::Column(Column::new_unqualified(marker));
        let mut values: Vec<Expr> = binding.iter().map(|(_, column)| Expr::Column(column.clone())).collect();
        for column in own {
            let value = Expr::Column(column.clone());
            values.push(match missing.iter().find(|(name, _)| *name == column) {
                Some((_, instead)) => when(there.clone().is_null(), instead.clone())
                    .otherwise(value)?
                    .alias_qualified(column.relation, column.name),
                None => value,
            });
        }
        let plan =
            LogicalPlanBuilder::from(domain).join_on(right, JoinType::Left, condition)?.project(values)?.build()?;
        Ok(Pulled { plan, pending: keys(outer, &binding)?, missing: None })
    }

    /// The plan with these columns, and those that are pending under names of their own.
    pub fn carry(&mut self, pulled: Pulled, mut values: Vec<Expr>) -> Result<Pulled> {
        let mut names = Vec::new();
        for column in pulled.pending_columns() {
            let name = self.fresh();
            values.push(Expr::Column(column.clone()).alias(name.as_str()));
            names.push((column, Column::new_unqualified(name)));
        }
        let pending = pulled.pending.into_iter().map(|pending| pending.renamed(&names)).collect::<Result<_>>()?;
        let plan = LogicalPlan::Projection(Projection::try_new(values, Arc::new(pulled.plan))?);
        Ok(Pulled { plan, pending, missing: pulled.missing })
    }

    /// `pulled` as the right side of a join with the outer query: with these columns under the names returned, and its condition.
    pub fn side(&mut self, outer: Outer<'_>, pulled: Pulled, values: Vec<Expr>) -> Result<Side> {
        let alias = self.fresh();
        let mut columns = Vec::new();
        let mut named = Vec::new();
        for value in values {
            let name = self.fresh();
            named.push(value.alias(name.as_str()));
            columns.push(Column::new(Some(alias.as_str()), name));
        }
        if named.is_empty() && pulled.pending.is_empty() {
            named.push(lit(true).alias(self.fresh()));
        }
        let carried = self.carry(pulled, named)?;
        let names: Vec<(Column, Column)> = carried
            .pending_columns()
            .into_iter()
            .map(|column| (column.clone(), Column::new(Some(alias.as_str()), column.name)))
            .collect();
        let plan = LogicalPlanBuilder::from(carried.plan).alias(alias.as_str())?.build()?;
        let mut condition = Vec::new();
        for pending in carried.pending {
            condition.push(outer.resolved(pending.renamed(&names)?.to_expr(plan.schema())?)?);
        }
        Ok(Side { plan, alias, columns, condition: conjunction(condition).unwrap_or_else(|| lit(true)) })
    }
}

/// The right side of a join.
#[derive(Debug)]
pub struct Side {
    /// Its rows.
    pub plan: LogicalPlan,
    /// The name of its relation.
    pub alias: String,
    /// The columns asked for.
    pub columns: Vec<Column>,
    /// The condition of the join.
    pub condition: Expr,
}

fn keys(outer: Outer<'_>, binding: &Binding) -> Result<Vec<Pending>> {
    let key = |(column, own): &(Column, Column)| {
        let null_safe = outer.plan.schema().qualified_field_from_column(column)?.1.is_nullable();
        Ok(Pending::Key(Key { column: own.clone(), outer: outer.reference(column)?, null_safe }))
    };
    binding.iter().map(key).collect()
}
