//! Names in FROM clauses: tables, CTEs, subqueries, table functions, joins.

use super::scope::{Relation, Scope, settle, settle_among};
use super::using::{Keeps, plain_name};
use super::{Resolver, aliased, idents, table_columns};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::compat;
use crate::sql::parse::compat::Rewritten;
use crate::sql::reserved_names;
use datafusion::sql::sqlparser::ast::{
    FunctionArg, FunctionArgExpr, Ident, JoinConstraint, JoinOperator, ObjectName, TableFactor, TableWithJoins,
};

impl Resolver<'_> {
    /// Settles a FROM item; adds its relations to `scope`, which later items and join conditions see.
    pub fn settle_from(&mut self, item: &mut TableWithJoins, scope: &mut Scope<'_>) -> Result<()> {
        self.factor(&mut item.relation, scope)?;
        for join in &mut item.joins {
            self.joined(join, scope)?;
            if let JoinOperator::AsOf { match_condition, .. } = &mut join.join_operator {
                self.expression(match_condition, scope)?;
            }
            let keeps = Keeps::of(&join.join_operator);
            let one_sided = one_sided(&join.join_operator);
            let constraint = constraint(&mut join.join_operator);
            let columns = match &constraint {
                Some(JoinConstraint::Using(_)) => None,
                Some(JoinConstraint::Natural) if has_hidden(scope) => {
                    let hint = "name the columns to join on with USING where _metadata is asked for";
                    return Err(Error::unsupported("NATURAL JOIN", hint));
                }
                Some(JoinConstraint::Natural) => scope.shared(),
                _ => None,
            };
            let replaced = match (constraint, columns) {
                (Some(JoinConstraint::On(condition)), _) => {
                    self.expression(condition, scope)?;
                    None
                }
                (Some(place @ JoinConstraint::Using(_)), _) => {
                    let JoinConstraint::Using(columns) = &mut *place else { continue };
                    for ident in columns.iter_mut().flat_map(idents) {
                        scope.column(ident)?;
                    }
                    let columns: Vec<String> = columns.iter().filter_map(plain_name).collect();
                    scope.join_using(&columns, keeps)?.map(|on| (place, on))
                }
                (Some(place @ JoinConstraint::Natural), Some(columns)) => {
                    scope.join_using(&columns, keeps)?.map(|on| (place, on))
                }
                (Some(JoinConstraint::Natural), None) if keeps != Keeps::Left => {
                    let hint = "of a relation whose columns are not known before planning: write ON";
                    return Err(Error::unsupported("NATURAL RIGHT or FULL JOIN", hint));
                }
                _ => None,
            };
            if let Some((place, on)) = replaced {
                *place = on;
            }
            if one_sided {
                scope.forget_last();
            }
        }
        Ok(())
    }

    pub(crate) fn factor(&mut self, factor: &mut TableFactor, scope: &mut Scope<'_>) -> Result<()> {
        if let Rewritten::Of(mut table) = Rewritten::inner(factor) {
            self.pivoted(factor, &mut table, scope)?;
        }
        compat::unnested(factor)?;
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let relation = self.table(name)?;
                scope.relations.push(aliased(alias.as_ref(), relation.name, relation.columns));
            }
            TableFactor::Table { name, alias, args: Some(args), .. } => {
                self.arguments(&mut args.args, scope)?;
                scope.relations.push(aliased(alias.as_ref(), lower_function(name), None));
            }
            TableFactor::Function { name, alias, args, .. } => {
                self.arguments(args, scope)?;
                scope.relations.push(aliased(alias.as_ref(), lower_function(name), None));
            }
            TableFactor::TableFunction { expr, alias } => {
                self.expression(expr, scope)?;
                scope.relations.push(aliased(alias.as_ref(), None, None));
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let outer = if *lateral { Some(&*scope) } else { scope.outer };
                let columns = self.query(subquery, outer)?;
                scope.relations.push(aliased(alias.as_ref(), None, columns));
            }
            TableFactor::UNNEST { array_exprs, alias, .. } => {
                for array in array_exprs {
                    self.expression(array, scope)?;
                }
                scope.relations.push(aliased(alias.as_ref(), None, None));
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.settle_from(table_with_joins, scope)?,
            TableFactor::NestedJoin { table_with_joins, alias: Some(alias) } => {
                let mut inner = Scope { outer: scope.outer, ..Scope::default() };
                self.settle_from(table_with_joins, &mut inner)?;
                let columns = inner.all_columns();
                scope.relations.push(aliased(Some(alias), None, columns));
            }
            _ => scope.relations.push(Relation { name: None, columns: None }),
        }
        Ok(())
    }

    /// Puts a subquery in the place of a PIVOT or UNPIVOT of `table`.
    fn pivoted(&mut self, factor: &mut TableFactor, table: &mut TableFactor, scope: &Scope<'_>) -> Result<()> {
        let mut inner = Scope { outer: scope.outer, ..Scope::default() };
        self.factor(table, &mut inner)?;
        let Some(columns) = inner.all_columns() else {
            return Err(Error::unsupported(
                "PIVOT or UNPIVOT of a table function",
                "put it into a subquery that lists its columns",
            ));
        };
        let columns: Vec<String> =
            columns.into_iter().filter(|column| !column.hidden).map(|column| column.name).collect();
        *factor = compat::relation(factor.clone(), table.clone(), &columns)?;
        Ok(())
    }

    fn arguments(&mut self, arguments: &mut [FunctionArg], scope: &Scope<'_>) -> Result<()> {
        for argument in arguments {
            match argument {
                FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expr), .. }
                | FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.expression(expr, scope)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Settles the name of a table or CTE.
    pub fn table(&mut self, name: &mut ObjectName) -> Result<Relation> {
        let shown = name.to_string();
        let mut parts = idents(name);
        let Some((table, places)) = parts.split_last_mut() else { return Err(invalid("a table without a name")) };
        if places.is_empty()
            && let Some(cte) = self.cte(table)
        {
            return Ok(cte);
        }
        if let Some(schema) = places.last()
            && schema.value.eq_ignore_ascii_case(reserved_names::INFORMATION_SCHEMA)
        {
            for part in parts {
                let lower = part.value.to_lowercase();
                settle(part, &lower);
            }
            return Ok(Relation { name: None, columns: None });
        }
        for (place, home) in places.iter_mut().rev().zip([reserved_names::SCHEMA, reserved_names::CATALOG]) {
            if place.value.eq_ignore_ascii_case(home) {
                settle(place, home);
            }
        }
        if settle_among(table, self.tables.keys().map(String::as_str))?
            && let Some(schema) = self.tables.get(&table.value)
        {
            return Ok(Relation { name: Some(table.value.clone()), columns: table_columns(schema) });
        }
        Err(self.unknown_table(&shown))
    }

    fn cte(&self, name: &mut Ident) -> Option<Relation> {
        let fits = |exact: bool, cte: &&Relation| match (cte.name.as_deref(), exact) {
            (Some(spelling), true) => spelling == name.value,
            (Some(spelling), false) => {
                name.quote_style.is_none() && spelling.to_lowercase() == name.value.to_lowercase()
            }
            (None, _) => false,
        };
        let found = self
            .ctes
            .iter()
            .rev()
            .find(|cte| fits(true, cte))
            .or_else(|| self.ctes.iter().rev().find(|cte| fits(false, cte)));
        let found = found.cloned()?;
        settle(name, found.name.as_deref()?);
        Some(found)
    }

    fn unknown_table(&self, name: &str) -> Error {
        let known: Vec<&str> = self.tables.keys().map(String::as_str).take(20).collect();
        invalid(match known.as_slice() {
            [] => format!("no table named {name}: no table is registered"),
            known => format!("no table named {name}: the tables are {}", known.join(", ")),
        })
    }
}

/// Table functions are known in lower case.
fn lower_function(name: &mut ObjectName) -> Option<String> {
    for ident in idents(name) {
        if ident.quote_style.is_none() {
            ident.value = ident.value.to_lowercase();
        }
    }
    None
}

/// Whether a join's right side decides over rows, and has no columns of its own in them.
fn one_sided(operator: &JoinOperator) -> bool {
    use JoinOperator::*;
    matches!(operator, Semi(_) | LeftSemi(_) | Anti(_) | LeftAnti(_))
}

fn has_hidden(scope: &Scope<'_>) -> bool {
    scope.relations.iter().flat_map(|relation| relation.columns.iter().flatten()).any(|column| column.hidden)
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::RightSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint)
        | JoinOperator::RightAnti(constraint)
        | JoinOperator::AsOf { constraint, .. }
        | JoinOperator::StraightJoin(constraint) => Some(constraint),
        _ => None,
    }
}
