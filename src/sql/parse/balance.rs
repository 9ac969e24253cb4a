//! Long chains of one operator as balanced trees.
//!
//! `a OR b OR c …` parses to a tree as deep as it is long, and everything after the parser recurses over it. Where an operator is
//! associative, the same chain can be a tree of logarithmic depth; then only its length is bounded. AND and OR, and set operations
//! are always balanced. Sums, products and concatenations are from [`LONG`] terms on: of floats, the order of additions shows in the
//! last digits.

use super::dialect::call;
use super::visitor::walk;
use crate::error::Error;
use crate::sql::functions::ALL_TRUE;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Query, SetExpr, SetOperator, Statement, Value, Values, VisitorMut,
};
use std::ops::ControlFlow;

/// Terms of a chain that is left as it was written.
pub const LONG: usize = 40;

/// Terms of a chain of ANDs that stay terms.
const CONJUNCTS: usize = 100;

/// How many calls a longer chain ends with.
const CALLS: usize = 4;

/// Balances every chain of `statement`.
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

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        set_operations(&mut query.body);
        ControlFlow::Continue(())
    }

    // Before its parts are visited: the visit itself recurses, and finds a balanced tree.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let chained = match expr {
            Expr::BinaryOp { op, .. } => chain_of(op),
            _ => None,
        };
        // A part of a chain that is balanced already stays as it is.
        if let Some(op) = &chained
            && self.around.last().and_then(Option::as_ref) != Some(op)
        {
            let always = matches!(op, BinaryOperator::And | BinaryOperator::Or);
            if always || is_long(expr, op) {
                *expr = match op {
                    BinaryOperator::Plus => sum(terms_of_sum(take(expr))),
                    BinaryOperator::And => conjunction(flatten(take(expr), op)),
                    op => build(flatten(take(expr), op), op),
                };
            }
        }
        self.around.push(chained);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expr: &mut Expr) -> ControlFlow<Error> {
        self.around.pop();
        ControlFlow::Continue(())
    }
}

/// The operator of the chain that an operator is part of.
fn chain_of(op: &BinaryOperator) -> Option<BinaryOperator> {
    match op {
        BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Multiply
        | BinaryOperator::StringConcat
        | BinaryOperator::BitwiseAnd
        | BinaryOperator::BitwiseOr => Some(op.clone()),
        BinaryOperator::Plus | BinaryOperator::Minus => Some(BinaryOperator::Plus),
        _ => None,
    }
}

/// A chain of ANDs. The optimizer takes it apart and puts it together as deep as it is long, so that what is behind the first
/// terms, which a scan may use, is calls of one function.
fn conjunction(mut terms: Vec<Expr>) -> Expr {
    if terms.len() > CONJUNCTS {
        let mut rest = terms.split_off(CONJUNCTS - CALLS);
        let each = rest.len().div_ceil(CALLS);
        while !rest.is_empty() {
            let behind = rest.split_off(each.min(rest.len()));
            terms.push(call(ALL_TRUE, std::mem::replace(&mut rest, behind)));
        }
    }
    build(terms, &BinaryOperator::And)
}

fn is_long(expr: &Expr, chained: &BinaryOperator) -> bool {
    let mut next = expr;
    let mut count = 1;
    while let Expr::BinaryOp { left, op, .. } = next
        && chain_of(op).as_ref() == Some(chained)
    {
        count += 1;
        next = left;
    }
    count > LONG
}

/// Balances a chain of unions of one kind; and those in its parts.
fn set_operations(body: &mut SetExpr) {
    let set_quantifier = match body {
        SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, .. } => set_quantifier,
        SetExpr::SetOperation { left, right, .. } => {
            set_operations(left);
            return set_operations(right);
        }
        _ => return,
    };
    let chained = *set_quantifier;
    let empty = || SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: Vec::new() });
    let mut parts = Vec::new();
    let mut rest = std::mem::replace(body, empty());
    loop {
        match rest {
            SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right }
                if set_quantifier == chained =>
            {
                parts.push(*right);
                rest = *left;
            }
            first => {
                parts.push(first);
                break;
            }
        }
    }
    parts.reverse();
    parts.iter_mut().for_each(set_operations);
    let pair = |left, right| SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: chained,
        left: Box::new(left),
        right: Box::new(right),
    };
    *body = pairs(parts, pair).unwrap_or_else(empty);
}

/// The terms of a sum, and whether each is subtracted.
fn terms_of_sum(mut expr: Expr) -> Vec<(bool, Expr)> {
    let mut terms = Vec::new();
    loop {
        match expr {
            Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right } => {
                terms.push((op == BinaryOperator::Minus, *right));
                expr = *left;
            }
            other => {
                terms.push((false, other));
                terms.reverse();
                return terms;
            }
        }
    }
}

/// A sum as a balanced tree. What is subtracted from a part of it that is subtracted is added there.
fn sum(terms: Vec<(bool, Expr)>) -> Expr {
    let pair = |(minus, left): (bool, Expr), (other, right): (bool, Expr)| {
        let op = if minus == other { BinaryOperator::Plus } else { BinaryOperator::Minus };
        (minus, Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) })
    };
    pairs(terms, pair).map_or_else(null, |(_, expr)| expr)
}

/// Puts terms together by twos, and those again.
fn pairs<T>(mut terms: Vec<T>, pair: impl Fn(T, T) -> T) -> Option<T> {
    while terms.len() > 1 {
        let mut paired = Vec::with_capacity(terms.len().div_ceil(2));
        let mut rest = terms.into_iter();
        while let Some(left) = rest.next() {
            paired.push(match rest.next() {
                Some(right) => pair(left, right),
                None => left,
            });
        }
        terms = paired;
    }
    terms.pop()
}

fn null() -> Expr {
    Expr::Value(Value::Null.with_empty_span())
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, null())
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

fn build(terms: Vec<Expr>, chained: &BinaryOperator) -> Expr {
    let pair = |left, right| Expr::BinaryOp { left: Box::new(left), op: chained.clone(), right: Box::new(right) };
    pairs(terms, pair).unwrap_or_else(null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::dialect::LakeglassDialect;
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

    #[test]
    fn long_sums_are_shallow_and_short_ones_as_written() {
        let parsed = |sql: &str| {
            let mut expr = Parser::new(&LakeglassDialect).try_with_sql(sql).unwrap().parse_expr().unwrap();
            walk(&mut expr, &mut Balance::default()).unwrap();
            expr
        };
        for op in [" + ", " - ", " * ", " || ", " & "] {
            assert_eq!(depth(&parsed(&vec!["a"; 1000].join(op))), 10, "{op}");
            assert_eq!(depth(&parsed(&vec!["a"; LONG].join(op))), LONG - 1, "{op}");
        }
        // 50 - 1 - 1 … + 2: what is subtracted stays so.
        let Expr::BinaryOp { left, op: BinaryOperator::Minus, .. } = sum(terms_of_sum(
            Parser::new(&LakeglassDialect).try_with_sql("a - b - c + d").unwrap().parse_expr().unwrap(),
        )) else {
            panic!()
        };
        assert_eq!(left.to_string(), "a - b");
    }

    #[test]
    fn set_operations_are_shallow() {
        let sql = vec!["SELECT 1"; 64].join(" UNION ALL ") + " UNION SELECT 2";
        let mut statement = Parser::parse_sql(&LakeglassDialect, &sql).unwrap().pop().unwrap();
        balance(&mut statement);
        assert_eq!(statement.to_string().matches("UNION ALL").count(), 63);
        fn height(body: &SetExpr) -> usize {
            match body {
                SetExpr::SetOperation { left, right, .. } => 1 + height(left).max(height(right)),
                _ => 0,
            }
        }
        let Statement::Query(query) = statement else { panic!() };
        assert_eq!(height(&query.body), 7);
    }
}
