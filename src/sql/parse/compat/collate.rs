//! `COLLATE NOCASE` in comparisons and ORDER BY: both sides in lower case. `C`, `POSIX` and `BINARY` are the order that text has.

use super::template;
use crate::error::{Error, Result};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, ObjectName, OrderByKind, Query};

/// What a comparison of collated text stands for. A collation anywhere else is refused.
pub(crate) fn expand(expr: &Expr) -> Result<Option<Expr>> {
    let compared = match expr {
        Expr::BinaryOp { left, op, right } if is_comparison(op) => {
            let Some(collation) = collation(left).or_else(|| collation(right)) else { return Ok(None) };
            Expr::BinaryOp { left: folded(left, collation)?, op: op.clone(), right: folded(right, collation)? }
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            let Some(collation) = collation(left).or_else(|| collation(right)) else { return Ok(None) };
            let (left, right) = (folded(left, collation)?, folded(right, collation)?);
            match expr {
                Expr::IsDistinctFrom(..) => Expr::IsDistinctFrom(left, right),
                _ => Expr::IsNotDistinctFrom(left, right),
            }
        }
        Expr::Between { expr, negated, low, high } => {
            let Some(collation) = collation(expr) else { return Ok(None) };
            let (low, high) = (folded(low, collation)?, folded(high, collation)?);
            Expr::Between { expr: folded(expr, collation)?, negated: *negated, low, high }
        }
        Expr::InList { expr, list, negated } => {
            let Some(collation) = collation(expr) else { return Ok(None) };
            let list = list.iter().map(|item| Ok(*folded(item, collation)?)).collect::<Result<Vec<_>>>()?;
            Expr::InList { expr: folded(expr, collation)?, list, negated: *negated }
        }
        Expr::Collate { expr, collation } => match is_binary(collation) {
            true => Expr::Nested(expr.clone()),
            false => {
                return Err(Error::unsupported(
                    format!("COLLATE {collation}"),
                    "it is known in comparisons and in ORDER BY: write lower(x) here",
                ));
            }
        },
        _ => return Ok(None),
    };
    Ok(Some(compared))
}

/// Folds the collated keys of a query's ORDER BY.
pub(crate) fn order_by(query: &mut Query) -> Result<()> {
    let Some(OrderByKind::Expressions(keys)) = query.order_by.as_mut().map(|order_by| &mut order_by.kind) else {
        return Ok(());
    };
    for key in keys {
        if let Some(collation) = collation(&key.expr) {
            key.expr = *folded(&key.expr, collation)?;
        }
    }
    Ok(())
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

fn collation(expr: &Expr) -> Option<&ObjectName> {
    match expr {
        Expr::Collate { collation, .. } => Some(collation),
        Expr::Nested(inner) => collation(inner),
        _ => None,
    }
}

fn is_binary(collation: &ObjectName) -> bool {
    ["c", "posix", "binary"].contains(&collation.to_string().trim_matches('"').to_lowercase().as_str())
}

/// What text is compared by under a collation.
fn folded(expr: &Expr, collation: &ObjectName) -> Result<Box<Expr>> {
    let text = match expr {
        Expr::Collate { expr, .. } => expr.as_ref(),
        Expr::Nested(inner) => return folded(inner, collation),
        other => other,
    };
    if is_binary(collation) {
        return Ok(Box::new(Expr::Nested(Box::new(text.clone()))));
    }
    if collation.to_string().trim_matches('"').eq_ignore_ascii_case("nocase") {
        return Ok(Box::new(template::expression("lower($1)", std::slice::from_ref(text))?));
    }
    Err(Error::unsupported(format!("COLLATE {collation}"), "NOCASE, C, POSIX and BINARY are known"))
}
