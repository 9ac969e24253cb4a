//! `COLUMNS(…)`: an expression of the select list that stands for one of each column that fits.

use super::Resolver;
use super::scope::Scope;
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::visitor::walk;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, LambdaFunction,
    ObjectNamePart, OneOrManyWithParens, Query, SelectItem, UnaryOperator, Value, VisitorMut,
    WildcardAdditionalOptions,
};
use regex::Regex;
use std::ops::ControlFlow;

impl Resolver<'_> {
    /// The items that `item` stands for, one of each column; `None` where it has no `COLUMNS(…)`.
    pub(crate) fn columns_item(&mut self, item: &SelectItem, scope: &Scope<'_>) -> Result<Option<Vec<SelectItem>>> {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            _ => return Ok(None),
        };
        let Some((chosen, pattern)) = self.chosen(expr, scope)? else { return Ok(None) };
        let named = |column: &str| match alias {
            Some(alias) => Ident::with_quote('"', alias_of(&alias.value, column, pattern.as_ref())),
            None => Ident::with_quote('"', column),
        };
        let items =
            chosen.iter().map(|name| SelectItem::ExprWithAlias { expr: with(expr, name), alias: named(&name.column) });
        Ok(Some(items.collect()))
    }

    /// A condition with `COLUMNS(…)` holds where it holds for each column.
    pub(crate) fn columns_condition(&mut self, condition: &mut Expr, scope: &Scope<'_>) -> Result<()> {
        let Some((chosen, _)) = self.chosen(condition, scope)? else { return Ok(()) };
        let each = chosen.iter().map(|name| Expr::Nested(Box::new(with(condition, name))));
        let all = each.reduce(|left, right| Expr::BinaryOp {
            left: Box::new(left),
            op: BinaryOperator::And,
            right: Box::new(right),
        });
        if let Some(all) = all {
            *condition = all;
        }
        Ok(())
    }

    /// The columns that the `COLUMNS(…)` of `expr` mean, and the pattern that they were chosen by.
    fn chosen(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Option<(Vec<Chosen>, Option<Regex>)>> {
        let mut found = Calls { argument: None, column: None, subqueries: 0, several: false };
        walk(&mut expr.clone(), &mut found)?;
        let Some(mut argument) = found.argument else { return Ok(None) };
        if found.several {
            return Err(Error::unsupported(
                "different COLUMNS(…) in one expression",
                "let them choose the same columns",
            ));
        }
        let options = match &mut argument {
            FunctionArgExpr::WildcardWithOptions(options) => {
                self.wildcard(options, scope)?;
                Some(&*options)
            }
            _ => None,
        };
        let all = scope.star(options)?;
        let (chosen, pattern) = match &argument {
            FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) => (all, None),
            FunctionArgExpr::QualifiedWildcard(name) => {
                let relation = name.0.last().and_then(ObjectNamePart::as_ident).cloned();
                let is = |chosen: &Chosen| {
                    relation.as_ref().is_some_and(|name| name.value.eq_ignore_ascii_case(&chosen.relation))
                };
                (all.into_iter().filter(is).collect(), None)
            }
            FunctionArgExpr::Expr(Expr::Value(value)) => match &value.value {
                Value::SingleQuotedString(text) => {
                    let pattern = Regex::new(text)
                        .map_err(|_| invalid(format!("COLUMNS('{text}'): not a regular expression")))?;
                    (all.into_iter().filter(|name| pattern.is_match(&name.column)).collect(), Some(pattern))
                }
                _ => return Err(usage()),
            },
            FunctionArgExpr::Expr(Expr::Array(array)) => (listed(&array.elem, &all)?, None),
            FunctionArgExpr::Expr(Expr::Lambda(lambda)) => {
                let mut chosen = Vec::new();
                for name in all {
                    if holds(lambda, &name.column)? {
                        chosen.push(name);
                    }
                }
                (chosen, None)
            }
            FunctionArgExpr::Expr(_) => return Err(usage()),
        };
        match chosen.is_empty() {
            true => Err(invalid(format!("COLUMNS({argument}): no column fits"))),
            false => Ok(Some((chosen, pattern))),
        }
    }
}

/// A column of a relation.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// The relation's name.
    pub relation: String,
    /// The column's.
    pub column: String,
}

fn usage() -> Error {
    invalid(
        "COLUMNS: write COLUMNS(*), COLUMNS('regular expression'), COLUMNS(['a', 'b']) or COLUMNS(c -> condition on c)",
    )
}

/// The columns of a list of names.
fn listed(names: &[Expr], all: &[Chosen]) -> Result<Vec<Chosen>> {
    let one = |name: &Expr| {
        let name = text(name).ok_or_else(usage)?;
        let found = all.iter().find(|known| known.column.eq_ignore_ascii_case(name));
        found.cloned().ok_or_else(|| invalid(format!("COLUMNS: no column named {name}")))
    };
    names.iter().map(one).collect()
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// An alias, in which `\0` is the column's name and `\1` the first group of the pattern.
fn alias_of(alias: &str, column: &str, pattern: Option<&Regex>) -> String {
    if !alias.contains('\\') {
        return alias.into();
    }
    let groups = pattern.and_then(|pattern| pattern.captures(column));
    (0..10).fold(alias.to_string(), |alias, group| {
        let value = match (&groups, group) {
            (Some(groups), _) => groups.get(group).map_or("", |found| found.as_str()),
            (None, 0) => column,
            (None, _) => "",
        };
        // The whole name stands for `\0`, not the part of it that fits.
        alias.replace(&format!("\\{group}"), if group == 0 { column } else { value })
    })
}

/// `expr` with the column in the place of `COLUMNS(…)`.
fn with(expr: &Expr, name: &Chosen) -> Expr {
    let names = [&name.relation, &name.column].map(|name| Ident::with_quote('"', name.as_str()));
    let column = match name.relation.is_empty() {
        true => Expr::Identifier(names[1].clone()),
        false => Expr::CompoundIdentifier(names.into()),
    };
    let mut expr = expr.clone();
    let _ = walk(&mut expr, &mut Calls { argument: None, column: Some(column), subqueries: 0, several: false });
    expr
}

/// The calls of `COLUMNS` in an expression, outside of its subqueries.
struct Calls {
    /// What the first is called with.
    argument: Option<FunctionArgExpr>,
    /// What to put in their place.
    column: Option<Expr>,
    /// How many subqueries deep.
    subqueries: usize,
    /// Whether they are called with different arguments.
    several: bool,
}

impl VisitorMut for Calls {
    type Break = Error;

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Function(call) = &*expr else { return ControlFlow::Continue(()) };
        let Some(argument) = argument(call).filter(|_| self.subqueries == 0) else { return ControlFlow::Continue(()) };
        match &self.argument {
            Some(first) if first != argument => self.several = true,
            Some(_) => {}
            None => self.argument = Some(argument.clone()),
        }
        if let Some(column) = &self.column {
            *expr = column.clone();
        }
        ControlFlow::Continue(())
    }
}

fn argument(call: &Function) -> Option<&FunctionArgExpr> {
    let [ObjectNamePart::Identifier(name)] = call.name.0.as_slice() else { return None };
    let FunctionArguments::List(list) = &call.args else { return None };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(argument)] if name.value.eq_ignore_ascii_case("columns") => Some(argument),
        _ => None,
    }
}

/// Whether a lambda's condition holds for a column's name.
fn holds(lambda: &LambdaFunction, column: &str) -> Result<bool> {
    let parameter = match &lambda.params {
        OneOrManyWithParens::One(parameter) => parameter,
        OneOrManyWithParens::Many(parameters) => match parameters.as_slice() {
            [parameter] => parameter,
            _ => return Err(usage()),
        },
    };
    condition(&lambda.body, &parameter.name.value, column)
}

fn condition(expr: &Expr, parameter: &str, column: &str) -> Result<bool> {
    let refused = || {
        let hint = "conditions on a name are =, <>, LIKE, ILIKE, IN, ~, starts_with, ends_with and contains, by AND, OR and NOT";
        Error::unsupported(format!("COLUMNS with {expr}"), hint)
    };
    let is_name = |expr: &Expr| matches!(expr, Expr::Identifier(name) if name.value.eq_ignore_ascii_case(parameter));
    let fits = |pattern: &str| Regex::new(pattern).map(|pattern| pattern.is_match(column)).map_err(|_| refused());
    match expr {
        Expr::Nested(inner) => condition(inner, parameter, column),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(!condition(expr, parameter, column)?),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            Ok(condition(left, parameter, column)? && condition(right, parameter, column)?)
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
            Ok(condition(left, parameter, column)? || condition(right, parameter, column)?)
        }
        Expr::BinaryOp { left, op, right } if is_name(left) => {
            let value = text(right).ok_or_else(refused)?;
            match op {
                BinaryOperator::Eq => Ok(column == value),
                BinaryOperator::NotEq => Ok(column != value),
                BinaryOperator::PGRegexMatch => fits(value),
                BinaryOperator::PGRegexNotMatch => fits(value).map(|fits| !fits),
                _ => Err(refused()),
            }
        }
        Expr::InList { expr, list, negated } if is_name(expr) => {
            let names: Option<Vec<&str>> = list.iter().map(text).collect();
            Ok(names.ok_or_else(refused)?.contains(&column) != *negated)
        }
        Expr::Like { any: false, expr, pattern, negated, escape_char: None } if is_name(expr) => {
            Ok(fits(&like(text(pattern).ok_or_else(refused)?, ""))? != *negated)
        }
        Expr::ILike { any: false, expr, pattern, negated, escape_char: None } if is_name(expr) => {
            Ok(fits(&like(text(pattern).ok_or_else(refused)?, "i"))? != *negated)
        }
        Expr::Function(call) => {
            let FunctionArguments::List(list) = &call.args else { return Err(refused()) };
            let [FunctionArg::Unnamed(FunctionArgExpr::Expr(name)), FunctionArg::Unnamed(FunctionArgExpr::Expr(value))] =
                list.args.as_slice()
            else {
                return Err(refused());
            };
            let value = text(value).filter(|_| is_name(name)).ok_or_else(refused)?;
            match call.name.to_string().to_lowercase().as_str() {
                "starts_with" | "startswith" | "prefix" => Ok(column.starts_with(value)),
                "ends_with" | "endswith" | "suffix" => Ok(column.ends_with(value)),
                "contains" => Ok(column.contains(value)),
                "regexp_matches" => fits(value),
                _ => Err(refused()),
            }
        }
        _ => Err(refused()),
    }
}

/// The regular expression of a LIKE pattern.
fn like(pattern: &str, flags: &str) -> String {
    let part = |letter: char| match letter {
        '%' => ".*".into(),
        '_' => ".".into(),
        letter => regex::escape(&letter.to_string()),
    };
    format!("^(?s{flags}:{})$", pattern.chars().map(part).collect::<String>())
}

/// What `*` lists, with the names that it is told to leave out left out.
impl Scope<'_> {
    fn star(&self, options: Option<&WildcardAdditionalOptions>) -> Result<Vec<Chosen>> {
        let none = WildcardAdditionalOptions::default();
        self.starred(options.unwrap_or(&none))
    }
}
