//! `ROLLUP (…)`, `CUBE (…)` and `GROUPING SETS (…)`, whose keys may begin with a parenthesis: `ROLLUP ((a) > 50, c)`.

use super::is_word;
use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// Parses one of these, or `()`, if it comes next.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    let [first, second, third] = parser.peek_tokens_ref::<3>().map(|token| &token.token);
    let (words, make) = match (first, second, third) {
        (name, Token::LParen, _) if is_word(name, "ROLLUP") => (1, Expr::Rollup as fn(_) -> _),
        (name, Token::LParen, _) if is_word(name, "CUBE") => (1, Expr::Cube as fn(_) -> _),
        (name, sets, Token::LParen) if is_word(name, "GROUPING") && is_word(sets, "SETS") => {
            (2, Expr::GroupingSets as fn(_) -> _)
        }
        (Token::LParen, Token::RParen, _) => {
            parser.advance_token();
            parser.advance_token();
            return Some(Ok(Expr::Tuple(Vec::new())));
        }
        _ => return None,
    };
    for _ in 0..words {
        parser.advance_token();
    }
    Some(sets(parser).map(make))
}

fn sets(parser: &mut Parser<'_>) -> Result<Vec<Vec<Expr>>, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let sets = parser.parse_comma_separated(set)?;
    parser.expect_token(&Token::RParen)?;
    Ok(sets)
}

/// One key, or several in parentheses.
fn set(parser: &mut Parser<'_>) -> Result<Vec<Expr>, ParserError> {
    let listed = parser.maybe_parse(|parser| {
        parser.expect_token(&Token::LParen)?;
        let keys = match parser.consume_token(&Token::RParen) {
            true => return Ok(Vec::new()),
            false => parser.parse_comma_separated(Parser::parse_expr)?,
        };
        parser.expect_token(&Token::RParen)?;
        match parser.peek_token_ref().token {
            Token::Comma | Token::RParen => Ok(keys),
            _ => parser.expected_ref("a comma or )", parser.peek_token_ref()),
        }
    })?;
    match listed {
        Some(keys) => Ok(keys),
        None => Ok(vec![parser.parse_expr()?]),
    }
}
