//! Operators that sqlparser does not know, or reads with another right side than DuckDB.

use super::is_word;
use super::precedence::{self, ARROW, IS, LIKE, OTHER, POWER, TIMES};
use super::types;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, ObjectName, UnaryOperator,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// Parses the operator behind `left`, if it is one of these.
pub(crate) fn parse(parser: &mut Parser<'_>, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let next = parser.peek_nth_token_ref(0).token.clone();
    match &next {
        Token::Mul if precedence::is_power(parser) => {
            parser.advance_token();
            Some(binary(parser, left, BinaryOperator::Custom("**".into()), POWER))
        }
        Token::Caret => Some(binary(parser, left, BinaryOperator::BitwiseXor, POWER)),
        Token::DoubleColon if types::begins(parser, 1) => {
            parser.advance_token();
            let expr = Box::new(left.clone());
            Some(types::parse(parser).map(|data_type| Expr::Cast {
                kind: CastKind::DoubleColon,
                expr,
                data_type,
                array: false,
                format: None,
            }))
        }
        Token::Arrow => Some(arrow(parser, left)),
        Token::LongArrow => Some(binary(parser, left, BinaryOperator::LongArrow, OTHER)),
        Token::Eq | Token::DoubleEq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq
            if is_comparison(left) =>
        {
            Some(chained(parser))
        }
        Token::Word(word) if word.quote_style.is_none() => match word.keyword {
            Keyword::DIV => Some(binary(parser, left, BinaryOperator::Custom("DIV".into()), TIMES)),
            Keyword::IS => distinct(parser, left),
            Keyword::IN => in_list(parser, left, false),
            Keyword::NOT if is_word(&parser.peek_nth_token_ref(1).token, "IN") => in_list(parser, left, true),
            Keyword::NOT if is_word(&parser.peek_nth_token_ref(1).token, "GLOB") => {
                parser.advance_token();
                Some(binary(parser, left, BinaryOperator::Custom("GLOB".into()), LIKE).map(not))
            }
            _ if is_word(&next, "GLOB") => Some(binary(parser, left, BinaryOperator::Custom("GLOB".into()), LIKE)),
            _ if is_word(&next, "ISNULL") => {
                parser.advance_token();
                Some(Ok(Expr::IsNull(Box::new(left.clone()))))
            }
            _ => None,
        },
        _ => None,
    }
}

/// An operator of one token, whose right side takes what binds more tightly.
fn binary(parser: &mut Parser<'_>, left: &Expr, op: BinaryOperator, precedence: u8) -> Result<Expr, ParserError> {
    parser.advance_token();
    let right = parser.parse_subexpr(precedence)?;
    Ok(Expr::BinaryOp { left: Box::new(left.clone()), op, right: Box::new(right) })
}

/// `json -> key`. What follows by `->>` is taken from the result: `j -> 'a' ->> 'b'`.
fn arrow(parser: &mut Parser<'_>, left: &Expr) -> Result<Expr, ParserError> {
    parser.advance_token();
    let mut right = parser.parse_subexpr(OTHER)?;
    loop {
        let next = parser.get_next_precedence()?;
        if next <= ARROW || parser.peek_token_ref().token == Token::LongArrow {
            break;
        }
        right = parser.parse_infix(right, next)?;
    }
    Ok(Expr::BinaryOp { left: Box::new(left.clone()), op: BinaryOperator::Arrow, right: Box::new(right) })
}

/// `a IS [NOT] DISTINCT FROM b`: its right side ends before AND.
fn distinct(parser: &mut Parser<'_>, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let negated = is_word(&parser.peek_nth_token_ref(1).token, "NOT");
    let from = if negated { 2 } else { 1 };
    if !is_word(&parser.peek_nth_token_ref(from).token, "DISTINCT")
        || !is_word(&parser.peek_nth_token_ref(from + 1).token, "FROM")
    {
        return None;
    }
    for _ in 0..from + 2 {
        parser.advance_token();
    }
    let left = Box::new(left.clone());
    Some(parser.parse_subexpr(IS).map(|right| match negated {
        true => Expr::IsNotDistinctFrom(left, Box::new(right)),
        false => Expr::IsDistinctFrom(left, Box::new(right)),
    }))
}

/// `a IN b`, where `b` is a list without parentheses around it.
fn in_list(parser: &mut Parser<'_>, left: &Expr, negated: bool) -> Option<Result<Expr, ParserError>> {
    let behind = if negated { 2 } else { 1 };
    let token = &parser.peek_nth_token_ref(behind).token;
    if *token == Token::LParen || is_word(token, "UNNEST") {
        return None;
    }
    for _ in 0..behind {
        parser.advance_token();
    }
    Some(parser.parse_subexpr(LIKE).map(|list| {
        let contains = call("array_has", vec![list, left.clone()]);
        if negated { not(contains) } else { contains }
    }))
}

/// `a < b < c`, which is no condition on `b` in any engine.
fn chained(parser: &Parser<'_>) -> Result<Expr, ParserError> {
    let place = parser.peek_token_ref().span.start;
    Err(ParserError::ParserError(format!(
        "comparisons cannot be chained: write a < b AND b < c, or put one of them in parentheses, at Line: {}, Column: {}",
        place.line, place.column
    )))
}

fn is_comparison(expr: &Expr) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(expr, Expr::BinaryOp { op: Eq | NotEq | Lt | LtEq | Gt | GtEq, .. })
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(expr))) }
}

/// A call of a function.
pub fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let argument = |expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(argument).collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
