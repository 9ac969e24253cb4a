//! The names of an ASOF join, which becomes a plain join.

use super::scope::{Relation, Scope};
use super::using::{Keeps, plain_name};
use super::{Resolver, idents};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::compat::{AsofCondition, NEXT};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableFactor, Visit, Visitor,
};
use std::ops::ControlFlow;

impl Resolver<'_> {
    /// Puts a plain join in the place of an ASOF join with what is in `scope`, and settles its right side.
    pub(crate) fn joined(&mut self, join: &mut Join, scope: &mut Scope<'_>) -> Result<()> {
        if !std::mem::take(&mut join.global) {
            return self.factor(&mut join.relation, scope);
        }
        let (next, merged) = self.asof(join, scope)?;
        self.factor(&mut join.relation, scope)?;
        scope.hide(&next);
        if let Some(right) = scope.relations.last().and_then(|relation| relation.name.clone()) {
            let keeps = Keeps::of(&join.join_operator);
            merged.iter().for_each(|column| drop(scope.merge_outer(column, &right, keeps)));
        }
        Ok(())
    }

    /// The name of the column that is added, and those that USING makes one.
    fn asof(&mut self, join: &mut Join, scope: &Scope<'_>) -> Result<(String, Vec<String>)> {
        let Some(constraint) = constraint(&mut join.join_operator) else {
            return Err(Error::unsupported("ASOF with this kind of join", "write ASOF JOIN or ASOF LEFT JOIN"));
        };
        let mut inner = Scope { outer: scope.outer, ..Scope::default() };
        self.factor(&mut join.relation.clone(), &mut inner)?;
        let (Some(name), [relation]) = (name(&mut join.relation), inner.relations.as_slice()) else {
            return Err(Error::unsupported("ASOF JOIN with this relation", "give its right side an alias"));
        };
        if relation.columns.is_none() {
            return Err(Error::unsupported(
                "ASOF JOIN with a table function",
                "put it into a subquery that lists its columns",
            ));
        }
        let mut merged = Vec::new();
        let condition = match constraint {
            JoinConstraint::On(condition) => condition.clone(),
            JoinConstraint::Using(columns) => using(columns, &name, scope, &mut merged)?,
            _ => return Err(Error::unsupported("ASOF JOIN without ON", "write ON a.k = b.k AND a.t >= b.t")),
        };
        let is_right = |expr: &Expr| side(expr, &name, relation, scope);
        let condition = AsofCondition::of(&condition, &is_right)?;
        let next = format!("{NEXT}{}", scope.relations.len());
        join.relation = condition.right_side(&join.relation, &name, &next)?;
        *constraint = JoinConstraint::On(condition.on(&name, &next));
        Ok((next, merged))
    }
}

/// USING as a condition: the last column is compared by `>=`.
fn using(columns: &[ObjectName], name: &Ident, scope: &Scope<'_>, merged: &mut Vec<String>) -> Result<Expr> {
    let mut terms = Vec::new();
    for (at, column) in columns.iter().filter_map(plain_name).enumerate() {
        let mut spelled = Ident::new(column.as_str());
        scope.column(&mut spelled)?;
        let has = |relation: &&Relation| relation.columns.iter().flatten().any(|found| found.name == spelled.value);
        let Some(left) = scope.relations.iter().find(has).and_then(|relation| relation.name.clone()) else {
            return Err(invalid(format!("USING ({column}): the left side has no such column")));
        };
        merged.push(spelled.value.clone());
        let of = |relation: Ident| Expr::CompoundIdentifier(vec![relation, Ident::new(column.as_str())]);
        let op = if at + 1 == columns.len() { BinaryOperator::GtEq } else { BinaryOperator::Eq };
        let left = Box::new(of(Ident::with_quote('"', left)));
        terms.push(Expr::BinaryOp { left, op, right: Box::new(of(name.clone())) });
    }
    let all = |left, right| Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) };
    terms.into_iter().reduce(all).ok_or_else(|| invalid("USING without columns"))
}

/// Whether an expression is of the relation on the right; `None` where it is of both or none.
fn side(expr: &Expr, name: &Ident, relation: &Relation, scope: &Scope<'_>) -> Option<bool> {
    struct Sides<'a> {
        is_right: &'a dyn Fn(&[Ident]) -> bool,
        left: bool,
        right: bool,
    }
    impl Visitor for Sides<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let names = match expr {
                Expr::Identifier(name) => std::slice::from_ref(name),
                Expr::CompoundIdentifier(names) => names.as_slice(),
                _ => return ControlFlow::Continue(()),
            };
            match (self.is_right)(names) {
                true => self.right = true,
                false => self.left = true,
            }
            ControlFlow::Continue(())
        }
    }
    let same = |left: &Ident, right: &str| left.value.to_lowercase() == right.to_lowercase();
    let is_right = |names: &[Ident]| match names {
        [column] => {
            let has = |relation: &Relation| relation.columns.iter().flatten().any(|found| same(column, &found.name));
            has(relation) && !scope.relations.iter().any(has)
        }
        [first, ..] => {
            let is_relation = same(first, &name.value);
            is_relation
                && !scope.relations.iter().any(|left| left.name.as_deref().is_some_and(|left| same(first, left)))
        }
        [] => false,
    };
    let mut sides = Sides { is_right: &is_right, left: false, right: false };
    let _ = expr.visit(&mut sides); // it never breaks
    (sides.left != sides.right).then_some(sides.right)
}

/// The name of a relation.
fn name(factor: &mut TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::NestedJoin { alias: Some(alias), .. } => Some(alias.name.clone()),
        TableFactor::Table { name, .. } => idents(name).pop().map(|name| name.clone()),
        _ => None,
    }
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}
