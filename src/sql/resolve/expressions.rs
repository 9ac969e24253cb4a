//! Names in expressions.

use super::Resolver;
use super::scope::{Scope, element, field, settle};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::numbers;
use crate::sql::parse::compat;
use crate::sql::parse::visitor::walk;
use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, ObjectNamePart, Query, Subscript, Value, VisitMut, VisitorMut, WindowType,
};
use std::ops::ControlFlow;

/// Idioms of one statement that are expanded at most, counted where they are.
const MAX_EXPANSIONS: usize = 20_000;

/// How deep an expression may be in which an idiom is expanded.
const MAX_EXPANSION_DEPTH: usize = 250;

impl Resolver<'_> {
    /// Settles the names of an expression in `scope`, those of its subqueries included.
    pub fn expression(&mut self, expr: &mut Expr, scope: &Scope<'_>) -> Result<()> {
        self.visit(expr, scope)
    }

    /// Settles the names of anything made of expressions.
    pub fn visit<T: VisitMut>(&mut self, tree: &mut T, scope: &Scope<'_>) -> Result<()> {
        let mut names = Names { resolver: self, scope, subqueries: 0, depth: 0, parameters: Vec::new() };
        walk(tree, &mut names)
    }
}

struct Names<'w, 't, 's> {
    resolver: &'w mut Resolver<'t>,
    scope: &'w Scope<'s>,
    /// How many subqueries deep the walk is. They are settled as a whole when they are met, and only passed through here.
    subqueries: usize,
    /// How many expressions deep.
    depth: usize,
    /// Parameters of the lambdas around.
    parameters: Vec<String>,
}

impl VisitorMut for Names<'_, '_, '_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if self.subqueries == 0 {
            flow(self.resolver.query(query, Some(self.scope)))?;
        }
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.subqueries > 0 {
            return ControlFlow::Continue(());
        }
        self.depth += 1;
        flow(self.expand(expr).and_then(|()| self.alias_before(expr)))?;
        match expr {
            Expr::Lambda(lambda) => {
                self.parameters.extend(lambda.params.iter().map(|parameter| parameter.name.value.to_lowercase()));
            }
            Expr::Function(function) => {
                if let Some(WindowType::NamedWindow(name)) = &mut function.over {
                    lower(name);
                }
            }
            Expr::QualifiedWildcard(name, _) => {
                let last = name.0.last_mut();
                if let Some(ObjectNamePart::Identifier(ident)) = last {
                    flow(self.scope.relation(std::slice::from_mut(ident)))?;
                }
            }
            _ => {
                flow(self.settle(expr))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.subqueries > 0 {
            return ControlFlow::Continue(());
        }
        self.depth = self.depth.saturating_sub(1);
        if let Expr::Lambda(lambda) = expr {
            let left = self.parameters.len().saturating_sub(lambda.params.len());
            self.parameters.truncate(left);
        }
        ControlFlow::Continue(())
    }
}

impl Names<'_, '_, '_> {
    /// Puts what an idiom stands for in its place. Bounded, because what it stands for may be deeper, and name its
    /// arguments more than once.
    fn expand(&mut self, expr: &mut Expr) -> Result<()> {
        numbers::literal(expr);
        compat::interval(expr);
        if compat::subqueries(expr)? || compat::expand(expr)? {
            self.resolver.expansions += 1;
            if self.resolver.expansions > MAX_EXPANSIONS || self.depth > MAX_EXPANSION_DEPTH {
                return Err(invalid("the statement calls too many functions within each other"));
            }
        }
        Ok(())
    }

    /// A name that the select list has given before, where it is no column's: what it stands for.
    fn alias_before(&mut self, expr: &mut Expr) -> Result<()> {
        let Expr::Identifier(name) = expr else { return Ok(()) };
        if self.is_parameter(name) || self.scope.before.is_empty() || self.scope.knows(name) {
            return Ok(());
        }
        let same = |alias: &String| {
            *alias == name.value || (name.quote_style.is_none() && alias.to_lowercase() == name.value.to_lowercase())
        };
        let Some((_, before)) = self.scope.before.iter().rev().find(|(alias, _)| same(alias)) else { return Ok(()) };
        self.resolver.expansions += 1;
        if self.resolver.expansions > MAX_EXPANSIONS || self.depth > MAX_EXPANSION_DEPTH {
            return Err(invalid("the select list refers to its own names too often"));
        }
        *expr = Expr::Nested(Box::new(before.clone()));
        Ok(())
    }

    /// Settles an expression that is a name or begins with one; its type where that is known.
    fn settle(&self, expr: &mut Expr) -> Result<Option<DataType>> {
        match expr {
            Expr::Identifier(name) if self.is_parameter(name) => {
                lower(name);
                Ok(None)
            }
            Expr::Identifier(name) => {
                if name.quote_style.is_none()
                    && !self.scope.knows(name)
                    && let Some(row) = self.scope.row(name)?
                {
                    *expr = row;
                    return Ok(None);
                }
                let data_type = self.scope.column(name)?;
                if let Some(merged) = self.scope.merged_from(name) {
                    *expr = merged;
                }
                Ok(data_type)
            }
            Expr::CompoundIdentifier(names) => match names.first() {
                Some(first) if self.is_parameter(first) => Ok(None),
                _ => self.scope.compound(names),
            },
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::Nested(inner) => self.settle(inner),
            _ => Ok(None),
        }
    }

    /// `name.name[…].name`: the names before the first subscript are one compound name, those after it fields.
    fn access(&self, root: &mut Expr, chain: &mut [AccessExpr]) -> Result<Option<DataType>> {
        let leading = match root {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                chain.iter().take_while(|access| matches!(access, AccessExpr::Dot(Expr::Identifier(_)))).count()
            }
            _ => 0,
        };
        let (names, rest) = chain.split_at_mut(leading);
        let mut data_type = if names.is_empty() { self.settle(root)? } else { self.leading(root, names)? };
        for access in rest {
            data_type = match access {
                AccessExpr::Dot(inner) => {
                    let Expr::Identifier(name) = inner else { return Ok(None) };
                    let found = field(data_type.as_ref(), name)?;
                    // The planner takes a field after a subscript only as a string.
                    *inner = Expr::Value(Value::SingleQuotedString(name.value.clone()).with_empty_span());
                    found
                }
                AccessExpr::Subscript(Subscript::Slice { .. }) => data_type,
                AccessExpr::Subscript(Subscript::Index { .. }) => element(data_type),
            };
        }
        Ok(data_type)
    }

    fn leading(&self, root: &mut Expr, names: &mut [AccessExpr]) -> Result<Option<DataType>> {
        let mut parts: Vec<Ident> = match root {
            Expr::Identifier(name) => vec![name.clone()],
            Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => return Ok(None),
        };
        let before = parts.len();
        parts.extend(names.iter().filter_map(|access| match access {
            AccessExpr::Dot(Expr::Identifier(name)) => Some(name.clone()),
            _ => None,
        }));
        let data_type = self.scope.compound(&mut parts)?;
        let fields = parts.split_off(before);
        for (access, name) in names.iter_mut().zip(fields) {
            *access = AccessExpr::Dot(Expr::Identifier(name));
        }
        match (root, parts.as_slice()) {
            (Expr::Identifier(root), [name]) => *root = name.clone(),
            (Expr::CompoundIdentifier(root), _) => *root = parts,
            _ => {}
        }
        Ok(data_type)
    }

    fn is_parameter(&self, name: &Ident) -> bool {
        self.parameters.contains(&name.value.to_lowercase())
    }
}

/// Window names and lambda parameters are compared in lower case.
pub fn lower(name: &mut Ident) {
    if name.quote_style.is_none() {
        let lower = name.value.to_lowercase();
        settle(name, &lower);
    }
}

fn flow<T>(result: Result<T>) -> ControlFlow<Error> {
    match result {
        Ok(_) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}
