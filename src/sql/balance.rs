//! Long chains of AND and OR as balanced trees.
//!
//! `a OR b OR c …` parses to a tree as deep as it is long, and everything after the parser recurses over it. Both operators
//! are associative, so the same chain can be a tree of logarithmic depth; then only its length is bounded.

use crate::error::Error;
use crate::sql::walk::walk;
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Statement, Value, VisitorMut};
use std::ops::ControlFlow;

/// Balances every chain of AND or OR in `statement`.
pub fn balance(statement: &mut Statement) {
    let _ = walk(statement, &mut Balance::default()); // it never breaks
}

/// For every expression around the one visited, the operator of the chain it is part of.
#[derive(Default)]
struct Balance {
    around: Vec<Option<BinaryOperator>>,
}

impl VisitorMut for Balance {
    type Break = Error;

    // Before its parts are visited: the visit itself recurses, and finds a balanced tree.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let chained = match expr {
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => Some(op.clone()),
            _ => None,
        };
        // A part of a chain that is balanced already stays as it is.
        if let Some(op) = &chained
            && self.around.last().and_then(Option::as_ref) != Some(op)
        {
            let terms = flatten(take(expr), op);
            *expr = build(terms, op);
        }
        self.around.push(chained);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expr: &mut Expr) -> ControlFlow<Error> {
        self.around.pop();
        ControlFlow::Continue(())
    }
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::Value(Value::Null.with_empty_span()))
}

/// The terms of a left-deep chain, in order.
fn flatten(mut expr: Expr, chained: &BinaryOperator) -> Vec<Expr> {
    let mut terms = Vec::new();
    loop {
        match expr {
            Expr::BinaryOp { left, op, right } if op == *chained => {
                terms.push(*right);
                expr = *left;
            }
            other => {
                terms.push(other);
                terms.reverse();
                return terms;
            }
        }
    }
}

fn build(mut terms: Vec<Expr>, chained: &BinaryOperator) -> Expr {
    while terms.len() > 1 {
        let mut paired = Vec::with_capacity(terms.len().div_ceil(2));
        let mut rest = terms.into_iter();
        while let Some(left) = rest.next() {
            paired.push(match rest.next() {
                Some(right) => Expr::BinaryOp { left: Box::new(left), op: chained.clone(), right: Box::new(right) },
                None => left,
            });
        }
        terms = paired;
    }
    terms.pop().unwrap_or(Expr::Value(Value::Null.with_empty_span()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::dialect::LakeglassDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn depth(expr: &Expr) -> usize {
        match expr {
            Expr::BinaryOp { left, right, .. } => 1 + depth(left).max(depth(right)),
            Expr::Nested(inner) => depth(inner),
            _ => 0,
        }
    }

    #[test]
    fn order_and_terms_stay() {
        let sql = "SELECT * FROM t WHERE a OR b AND c OR d OR e AND f AND g AND h OR (i OR j OR k) OR l";
        let mut statement = Parser::parse_sql(&LakeglassDialect, sql).unwrap().pop().unwrap();
        balance(&mut statement);
        assert_eq!(statement.to_string(), sql);
    }

    #[test]
    fn a_long_chain_is_shallow() {
        let mut expr =
            Parser::new(&LakeglassDialect).try_with_sql(&vec!["a"; 1000].join(" OR ")).unwrap().parse_expr().unwrap();
        walk(&mut expr, &mut Balance::default()).unwrap();
        assert_eq!(depth(&expr), 10);
    }
}
