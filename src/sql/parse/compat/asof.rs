//! `ASOF JOIN`: to each row of the left side the one of the right side that is nearest in an order.
//!
//! Each row of the right side is given the next one's place in the order, so that the join's condition is true of one row at most:
//! `a.t >= b.t AND (a.t < next OR next IS NULL)`.

use super::template::{TABLE, over, put};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::dialect::is_word;
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Ident, TableAlias, TableFactor};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// The name of a column that is added to the right side begins with this.
pub const NEXT: &str = "lakeglass.next";

/// Marks the joins by GLOBAL, a word of ClickHouse's that the parser takes before any join, and that means nothing else here.
pub fn marked(mut tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let words: Vec<usize> = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)))
        .map(|(at, _)| at)
        .collect();
    let has_condition = tokens.iter().any(|token| is_word(&token.token, "match_condition"));
    for pair in words.windows(2) {
        let [at, after] = pair else { continue };
        let joins = |token: &TokenWithSpan| {
            ["join", "left", "right", "full", "inner"].iter().any(|word| is_word(&token.token, word))
        };
        let Some(following) = tokens.get(*after).map(joins) else { continue };
        let Some(token) = tokens.get_mut(*at).filter(|_| following) else { continue };
        if is_word(&token.token, "global") {
            return Err(Error::unsupported("GLOBAL JOIN", "write JOIN"));
        }
        if is_word(&token.token, "asof") && !has_condition {
            let word = Word { value: "GLOBAL".into(), quote_style: None, keyword: Keyword::GLOBAL };
            token.token = Token::Word(word);
        }
    }
    Ok(tokens)
}

/// A condition `left op right`, where `right` is of the right side.
pub struct Nearest {
    left: Expr,
    op: BinaryOperator,
    right: Expr,
}

/// The parts of an ASOF join's condition.
pub struct Condition {
    /// Expressions of both sides that are equal.
    equal: Vec<(Expr, Expr)>,
    nearest: Nearest,
}

impl Condition {
    /// Reads a condition; `is_right` tells of an expression whether it is of the right side.
    pub fn of(condition: &Expr, is_right: &dyn Fn(&Expr) -> Option<bool>) -> Result<Condition> {
        let mut equal = Vec::new();
        let mut nearest = None;
        for term in terms(condition) {
            let usage =
                || invalid("an ASOF JOIN's condition is equalities and one of >=, >, <=, <, each between both sides");
            let Expr::BinaryOp { left, op, right } = term else { return Err(usage()) };
            let (left, op, right) = match (is_right(left), is_right(right)) {
                (Some(false), Some(true)) => (left, op.clone(), right),
                (Some(true), Some(false)) => (right, turned(op), left),
                _ => return Err(usage()),
            };
            let (left, right) = (left.as_ref().clone(), right.as_ref().clone());
            match op {
                BinaryOperator::Eq => equal.push((left, right)),
                BinaryOperator::Gt | BinaryOperator::GtEq | BinaryOperator::Lt | BinaryOperator::LtEq
                    if nearest.is_none() =>
                {
                    nearest = Some(Nearest { left, op, right });
                }
                _ => return Err(usage()),
            }
        }
        let missing = || invalid("an ASOF JOIN needs one of >=, >, <=, < in its condition");
        Ok(Condition { equal, nearest: nearest.ok_or_else(missing)? })
    }

    /// The right side with the next row's place as the column `next`.
    pub fn right_side(&self, right: &TableFactor, name: &Ident, next: &str) -> Result<TableFactor> {
        let descends = matches!(self.nearest.op, BinaryOperator::Lt | BinaryOperator::LtEq);
        let direction = if descends { "DESC" } else { "ASC" };
        let keys: Vec<String> = (2..self.equal.len() + 2).map(|at| format!("${at}")).collect();
        let by = if keys.is_empty() { String::new() } else { format!("PARTITION BY {} ", keys.join(", ")) };
        let text =
            format!("SELECT *, lead($1) OVER ({by}ORDER BY $1 {direction} NULLS LAST) AS \"{next}\" FROM {TABLE}");
        let mut subquery = over(&text, right)?;
        let keys = self.equal.iter().map(|(_, right)| right.clone());
        let values: Vec<Expr> = std::iter::once(self.nearest.right.clone()).chain(keys).collect();
        put(subquery.as_mut(), &values);
        let alias = Some(TableAlias { explicit: true, name: name.clone(), columns: Vec::new(), at: None });
        Ok(TableFactor::Derived { lateral: false, subquery, alias, sample: None })
    }

    /// The condition of the plain join with it.
    pub fn on(self, name: &Ident, next: &str) -> Expr {
        let Nearest { left, op, right } = self.nearest;
        let next = Expr::CompoundIdentifier(vec![name.clone(), Ident::with_quote('"', next)]);
        let beyond = match op {
            BinaryOperator::Gt => BinaryOperator::LtEq,
            BinaryOperator::GtEq => BinaryOperator::Lt,
            BinaryOperator::Lt => BinaryOperator::GtEq,
            _ => BinaryOperator::Gt,
        };
        let no_other =
            binary(Expr::IsNull(Box::new(next.clone())), BinaryOperator::Or, binary(left.clone(), beyond, next));
        let nearest = binary(binary(left, op, right), BinaryOperator::And, Expr::Nested(Box::new(no_other)));
        self.equal.into_iter().fold(nearest, |all, (left, right)| {
            binary(binary(left, BinaryOperator::Eq, right), BinaryOperator::And, all)
        })
    }
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn turned(op: &BinaryOperator) -> BinaryOperator {
    match op {
        BinaryOperator::Gt => BinaryOperator::Lt,
        BinaryOperator::GtEq => BinaryOperator::LtEq,
        BinaryOperator::Lt => BinaryOperator::Gt,
        BinaryOperator::LtEq => BinaryOperator::GtEq,
        other => other.clone(),
    }
}

/// The terms of a conjunction.
fn terms(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => [terms(left), terms(right)].concat(),
        Expr::Nested(inner) => terms(inner),
        other => vec![other],
    }
}
