//! Parts of values and patterns that have a syntax of their own: `SUBSTRING(s FROM 2)`, `l[2:]`, `SIMILAR TO`, `LIKE`.

use super::literal::string;
use super::template;
use crate::error::{Error, Result};
use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Subscript, UnaryOperator, Value};

/// What an expression of these kinds stands for.
pub(crate) fn expand(expr: &mut Expr) -> Result<Option<Expr>> {
    match expr {
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let number = |text: &str| Expr::Value(Value::Number(text.into(), false).with_empty_span());
            let from = substring_from.as_ref().map_or_else(|| number("1"), |from| from.as_ref().clone());
            match substring_for {
                Some(length) => call("mid($1, $2, $3)", &[expr.as_ref().clone(), from, length.as_ref().clone()]),
                None => call("mid($1, $2)", &[expr.as_ref().clone(), from]),
            }
        }
        Expr::SimilarTo { negated, expr, pattern, escape_char: None } => {
            let template = if *negated { "NOT regexp_full_match($1, $2)" } else { "regexp_full_match($1, $2)" };
            call(template, &[expr.as_ref().clone(), pattern.as_ref().clone()])
        }
        Expr::SimilarTo { .. } => Err(Error::unsupported(
            "SIMILAR TO with ESCAPE",
            "its pattern is a regular expression: escape by a backslash",
        )),
        Expr::UnaryOp { op: UnaryOperator::BitwiseNot, expr } => {
            call("bit_not($1)", std::slice::from_ref(expr.as_ref()))
        }
        Expr::Like { any: false, negated, expr, pattern, escape_char } => {
            like("like_escape", *negated, expr, pattern, escape_char.as_ref().map(|escape| &escape.value))
        }
        Expr::ILike { any: false, negated, expr, pattern, escape_char } => {
            like("ilike_escape", *negated, expr, pattern, escape_char.as_ref().map(|escape| &escape.value))
        }
        Expr::CompoundFieldAccess { root, access_chain } => slice(root, access_chain),
        _ => Ok(None),
    }
}

fn call(template: &str, arguments: &[Expr]) -> Result<Option<Expr>> {
    template::expression(template, arguments).map(Some)
}

/// The planner's LIKE takes a backslash for an escape where none is given, and one of one character elsewhere only before
/// constants. A constant pattern without a backslash is the planner's.
fn like(function: &str, negated: bool, expr: &Expr, pattern: &Expr, escape: Option<&Value>) -> Result<Option<Expr>> {
    let constant = string(pattern);
    let escape = match escape {
        None if constant.is_some_and(|pattern| !pattern.contains('\\')) => return Ok(None),
        None => "",
        Some(Value::SingleQuotedString(_)) if constant.is_some() => return Ok(None),
        Some(Value::SingleQuotedString(escape)) if escape == "\\" => return Ok(None),
        Some(Value::SingleQuotedString(escape)) => escape,
        Some(_) => return Ok(None),
    };
    let escape = Expr::Value(Value::SingleQuotedString(escape.into()).with_empty_span());
    let not = if negated { "NOT " } else { "" };
    call(&format!("{not}{function}($1, $2, $3)"), &[expr.clone(), pattern.clone(), escape])
}

/// The first slice of a chain of subscripts, as a call on what stands before it.
fn slice(root: &Expr, chain: &[AccessExpr]) -> Result<Option<Expr>> {
    let is_slice = |access: &AccessExpr| matches!(access, AccessExpr::Subscript(Subscript::Slice { .. }));
    let Some(place) = chain.iter().position(is_slice) else { return Ok(None) };
    let (before, rest) = chain.split_at(place);
    let Some((AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }), after)) =
        rest.split_first()
    else {
        return Ok(None);
    };
    let base = match before {
        [] => root.clone(),
        before => Expr::CompoundFieldAccess { root: Box::new(root.clone()), access_chain: before.to_vec() },
    };
    let number = |text: &str| Expr::Value(Value::Number(text.into(), false).with_empty_span());
    let last = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number("1")) };
    let mut arguments =
        vec![base, lower_bound.clone().unwrap_or_else(|| number("1")), upper_bound.clone().unwrap_or(last)];
    let template = match stride {
        Some(stride) => {
            arguments.push(stride.clone());
            "list_slice($1, $2, $3, $4)"
        }
        None => "list_slice($1, $2, $3)",
    };
    let sliced = template::expression(template, &arguments)?;
    Ok(Some(match after {
        [] => sliced,
        after => Expr::CompoundFieldAccess { root: Box::new(sliced), access_chain: after.to_vec() },
    }))
}
