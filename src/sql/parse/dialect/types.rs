//! Nested types as DuckDB writes them: `STRUCT(a INT, b TEXT)`, `MAP(TEXT, INT)`, and lists of those.

use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, CastKind, DataType, Expr, StructBracketKind, StructField};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::is_word;

/// Parses `CAST(a AS type)` or `TRY_CAST`, where the type may be one of these.
pub(crate) fn cast(parser: &mut Parser<'_>, kind: CastKind) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(parser.parse_expr()?);
    parser.expect_keyword(Keyword::AS)?;
    let data_type = parse(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast { kind, expr, data_type, array: false, format: None })
}

/// Whether the token at `place` begins such a type.
pub(crate) fn begins(parser: &Parser<'_>, place: usize) -> bool {
    let [name, paren] = [place, place + 1].map(|place| &parser.peek_nth_token_ref(place).token);
    *paren == Token::LParen && ["STRUCT", "ROW", "MAP"].iter().any(|word| is_word(name, word))
}

/// Parses a type.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    if !begins(parser, 0) {
        return parser.parse_data_type();
    }
    let is_map = is_word(&parser.next_token().token, "MAP");
    parser.expect_token(&Token::LParen)?;
    let mut data_type = if is_map {
        let key = parse(parser)?;
        parser.expect_token(&Token::Comma)?;
        DataType::Map(Box::new(key), Box::new(parse(parser)?))
    } else {
        let field = |parser: &mut Parser<'_>| {
            let field_name = Some(parser.parse_identifier()?);
            Ok(StructField { field_name, field_type: parse(parser)?, options: None })
        };
        DataType::Struct(parser.parse_comma_separated(field)?, StructBracketKind::Parentheses)
    };
    parser.expect_token(&Token::RParen)?;
    while parser.consume_token(&Token::LBracket) {
        parser.expect_token(&Token::RBracket)?;
        data_type = DataType::Array(ArrayElemTypeDef::SquareBracket(Box::new(data_type), None));
    }
    Ok(data_type)
}
