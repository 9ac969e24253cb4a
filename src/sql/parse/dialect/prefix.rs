//! Expressions that begin with an operator, and lambdas.

use super::is_word;
use super::precedence::{BITWISE, SIGN};
use super::types;
use datafusion::sql::sqlparser::ast::{
    CastKind, Expr, LambdaFunction, LambdaFunctionParameter, LambdaSyntax, OneOrManyWithParens, UnaryOperator,
};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// Functions that take a lambda: in their arguments, `x -> …` is one. Elsewhere it takes a part of a JSON document.
const TAKE_LAMBDAS: [&str; 40] = [
    "aggregate",
    "all_match",
    "any_match",
    "apply",
    "array_all_match",
    "array_any_match",
    "array_apply",
    "array_filter",
    "array_reduce",
    "array_sort",
    "array_transform",
    "columns",
    "exists",
    "filter",
    "fold",
    "forall",
    "list_all_match",
    "list_any_match",
    "list_apply",
    "list_filter",
    "list_reduce",
    "list_sort",
    "list_transform",
    "map_filter",
    "map_zip_with",
    "none_match",
    "reduce",
    "transform",
    "transform_keys",
    "transform_values",
    "zip_with",
    "list_zip_with",
    "array_none_match",
    "list_none_match",
    "array_exists",
    "array_forall",
    "reduce_agg",
    "map_transform_keys",
    "map_transform_values",
    "array_zip_with",
];

/// Parses an expression, if it begins with one of these.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    skip_pairs(parser);
    let [first, second, third] = parser.peek_tokens_ref::<3>().map(|token| &token.token);
    match (first, second) {
        (Token::Minus, _) => Some(unary(parser, UnaryOperator::Minus, SIGN)),
        (Token::Plus, _) => Some(unary(parser, UnaryOperator::Plus, SIGN)),
        (Token::Tilde, _) => Some(unary(parser, UnaryOperator::BitwiseNot, BITWISE)),
        (name, Token::LParen) if is_word(name, "CAST") => Some(types::cast(parser, CastKind::Cast)),
        (name, Token::LParen) if is_word(name, "TRY_CAST") => Some(types::cast(parser, CastKind::TryCast)),
        (Token::Word(_), Token::Arrow) if takes_lambda(parser) => Some(lambda(parser, false)),
        (lambda_word, Token::Word(_))
            if is_word(lambda_word, "LAMBDA") && matches!(third, Token::Colon | Token::Comma) =>
        {
            parser.advance_token();
            Some(colon_lambda(parser))
        }
        (Token::LParen, Token::Word(_))
            if matches!(third, Token::Comma | Token::RParen) && names_before_arrow(parser) && takes_lambda(parser) =>
        {
            Some(lambda(parser, true))
        }
        _ => None,
    }
}

/// Two of the signs of `NOT NOT NOT a` and `- - - a` are none. The rest has the type that all of them have.
fn skip_pairs(parser: &mut Parser<'_>) {
    loop {
        let [first, second, third] = parser.peek_tokens_ref::<3>().map(|token| &token.token);
        let same = match first {
            Token::Minus | Token::Plus | Token::Tilde => first == second && first == third,
            first => [first, second, third].iter().all(|token| is_word(token, "NOT")),
        };
        if !same {
            return;
        }
        parser.advance_token();
        parser.advance_token();
    }
}

fn unary(parser: &mut Parser<'_>, op: UnaryOperator, precedence: u8) -> Result<Expr, ParserError> {
    parser.advance_token();
    Ok(Expr::UnaryOp { op, expr: Box::new(parser.parse_subexpr(precedence)?) })
}

/// Whether an argument of a function that takes a lambda begins here.
fn takes_lambda(parser: &Parser<'_>) -> bool {
    let mut before = (0..=parser.get_current_index())
        .rev()
        .map(|index| &parser.token_at(index).token)
        .filter(|token| !matches!(token, Token::Whitespace(_)));
    let mut depth = 0usize;
    let mut separator = true;
    while let Some(token) = before.next() {
        match token {
            Token::RParen | Token::RBracket | Token::RBrace if !separator => depth += 1,
            Token::LParen if depth == 0 => {
                let name = before.next();
                return name.is_some_and(|name| TAKE_LAMBDAS.iter().any(|taker| is_word(name, taker)));
            }
            Token::LBracket | Token::LBrace if depth == 0 => return false,
            Token::LParen | Token::LBracket | Token::LBrace => depth -= 1,
            Token::Comma => {}
            _ if separator => return false,
            _ => {}
        }
        separator = false;
    }
    false
}

/// Whether `(x)`, `(x, y)` and then an arrow come next.
fn names_before_arrow(parser: &Parser<'_>) -> bool {
    let mut at = 1;
    loop {
        let is_name = matches!(parser.peek_nth_token_ref(at).token, Token::Word(_));
        match parser.peek_nth_token_ref(at + 1).token {
            Token::Comma if is_name => at += 2,
            Token::RParen if is_name => return parser.peek_nth_token_ref(at + 2).token == Token::Arrow,
            _ => return false,
        }
    }
}

/// `x -> …`, or with parentheses around its parameters.
fn lambda(parser: &mut Parser<'_>, parenthesized: bool) -> Result<Expr, ParserError> {
    let params = match parenthesized {
        true => {
            parser.expect_token(&Token::LParen)?;
            let params = parser.parse_comma_separated(parameter)?;
            parser.expect_token(&Token::RParen)?;
            OneOrManyWithParens::Many(params)
        }
        false => OneOrManyWithParens::One(parameter(parser)?),
    };
    parser.expect_token(&Token::Arrow)?;
    body(parser, params, LambdaSyntax::Arrow)
}

/// `lambda x, y: …`, behind its first word.
fn colon_lambda(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let mut params = parser.parse_comma_separated(parameter)?;
    let params = match (params.pop(), params.is_empty()) {
        (Some(one), true) => OneOrManyWithParens::One(one),
        (last, _) => OneOrManyWithParens::Many(params.into_iter().chain(last).collect()),
    };
    parser.expect_token(&Token::Colon)?;
    body(parser, params, LambdaSyntax::LambdaKeyword)
}

fn parameter(parser: &mut Parser<'_>) -> Result<LambdaFunctionParameter, ParserError> {
    Ok(LambdaFunctionParameter { name: parser.parse_identifier()?, data_type: None })
}

fn body(
    parser: &mut Parser<'_>,
    params: OneOrManyWithParens<LambdaFunctionParameter>,
    syntax: LambdaSyntax,
) -> Result<Expr, ParserError> {
    Ok(Expr::Lambda(LambdaFunction { params, body: Box::new(parser.parse_expr()?), syntax }))
}
