//! How tightly operators bind, as in [DuckDB's grammar](https://duckdb.org/docs/stable/sql/expressions/overview): in sqlparser's
//! own table `||` binds as tightly as `*`, the bitwise operators have a level each, and `LIKE` binds more loosely than `=`.

use super::is_word;
use datafusion::sql::sqlparser::dialect::Precedence;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

/// `IS NULL`, `IS DISTINCT FROM`, `ISNULL`, `NOTNULL`.
pub(crate) const IS: u8 = 17;
/// `LIKE`, `IN`, `BETWEEN`, `GLOB`, `~`: tighter than the comparisons.
pub(crate) const LIKE: u8 = 22;
/// `->`. DuckDB's binds more loosely than OR, so that `j -> 'a' = 'x'` is an error there; here it means `(j -> 'a') = 'x'`. What
/// DuckDB takes (`a || b -> 'x'`, `j -> 0 + 1`) is read in the same way.
pub(crate) const ARROW: u8 = 24;
/// `||`, `->>`, `^@` and all operators without a level of their own, from left to right.
pub(crate) const OTHER: u8 = 26;
/// `&`, `|`, `<<`, `>>`, from left to right, and `~` before an operand.
pub(crate) const BITWISE: u8 = 27;
/// `*`, `/`, `//`, `%`, `DIV`.
pub(crate) const TIMES: u8 = 40;
/// `**` and `^`, from left to right.
pub(crate) const POWER: u8 = 42;
/// `AT TIME ZONE`.
const AT: u8 = 44;
/// Unary `-` and `+`: tighter than `**`, looser than `::`.
pub(crate) const SIGN: u8 = 47;

/// sqlparser's levels, in DuckDB's order.
pub(crate) fn value(precedence: Precedence) -> u8 {
    match precedence {
        Precedence::Period => 100,
        Precedence::DoubleColon => 50,
        Precedence::AtTz => AT,
        Precedence::MulDivModOp => TIMES,
        Precedence::PlusMinus => 30,
        Precedence::Ampersand | Precedence::Caret | Precedence::Pipe => BITWISE,
        Precedence::PgOther => OTHER,
        Precedence::Between | Precedence::Like => LIKE,
        Precedence::Colon => 21,
        Precedence::Eq => 20,
        Precedence::Is => IS,
        Precedence::UnaryNot => 15,
        Precedence::And => 10,
        // MySQL's, between AND and OR: DuckDB has a function for it.
        Precedence::Xor => 7,
        Precedence::Or => 5,
    }
}

/// The level of the operator that comes next, where it is not sqlparser's level for its token.
pub(crate) fn next(parser: &Parser<'_>) -> Option<u8> {
    match &parser.peek_nth_token_ref(0).token {
        Token::Mul if is_power(parser) => Some(POWER),
        Token::Caret => Some(POWER),
        Token::StringConcat | Token::LongArrow | Token::CaretAt => Some(OTHER),
        Token::Arrow => Some(ARROW),
        Token::Tilde
        | Token::TildeAsterisk
        | Token::ExclamationMarkTilde
        | Token::ExclamationMarkTildeAsterisk
        | Token::DoubleTilde
        | Token::DoubleTildeAsterisk
        | Token::ExclamationMarkDoubleTilde
        | Token::ExclamationMarkDoubleTildeAsterisk => Some(LIKE),
        token @ Token::Word(word) if word.quote_style.is_none() => match word.keyword {
            Keyword::NOT if is_word(&parser.peek_nth_token_ref(1).token, "GLOB") => Some(LIKE),
            Keyword::DIV => Some(if operand_follows(parser) { TIMES } else { 0 }),
            // A column's name or an alias, where no pattern follows.
            _ if is_word(token, "GLOB") => Some(if operand_follows(parser) { LIKE } else { 0 }),
            _ if is_word(token, "ISNULL") => Some(IS),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the two stars of `**` come next.
pub(crate) fn is_power(parser: &Parser<'_>) -> bool {
    matches!(parser.peek_tokens_ref::<2>().map(|token| &token.token), [Token::Mul, Token::Mul])
}

/// Whether the token behind the next may begin an operand: words that are operators are names too.
fn operand_follows(parser: &Parser<'_>) -> bool {
    match &parser.peek_nth_token_ref(1).token {
        Token::Word(word) => match word.keyword {
            Keyword::NoKeyword => true,
            Keyword::CASE | Keyword::CAST | Keyword::NULL | Keyword::INTERVAL => true,
            // A name behind, as in `a DIV count`, unless a clause begins or the expression goes on.
            keyword => !ENDS.contains(&keyword),
        },
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::Placeholder(_)
        | Token::LParen
        | Token::Minus
        | Token::Plus
        | Token::Tilde => true,
        _ => false,
    }
}

/// Words behind an expression.
const ENDS: [Keyword; 32] = [
    Keyword::FROM,
    Keyword::WHERE,
    Keyword::GROUP,
    Keyword::HAVING,
    Keyword::QUALIFY,
    Keyword::WINDOW,
    Keyword::ORDER,
    Keyword::LIMIT,
    Keyword::OFFSET,
    Keyword::FETCH,
    Keyword::UNION,
    Keyword::EXCEPT,
    Keyword::INTERSECT,
    Keyword::AS,
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::IS,
    Keyword::IN,
    Keyword::LIKE,
    Keyword::ILIKE,
    Keyword::BETWEEN,
    Keyword::THEN,
    Keyword::WHEN,
    Keyword::ELSE,
    Keyword::END,
    Keyword::ASC,
    Keyword::DESC,
    Keyword::NULLS,
    Keyword::ON,
    Keyword::COLLATE,
    Keyword::USING,
];
