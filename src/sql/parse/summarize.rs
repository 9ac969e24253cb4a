//! `SUMMARIZE`, which the parser does not know, as a statement that it knows. Pure.

use crate::error::Result;
use datafusion::sql::sqlparser::ast::{SetExpr, Statement, TableFactor};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// `SUMMARIZE …` as `SELECT * FROM …`, or from a query in parentheses; whether it was one.
pub(super) fn as_select(tokens: Vec<TokenWithSpan>) -> (Vec<TokenWithSpan>, bool) {
    let is = |token: &Token, words: &[&str]| matches!(token, Token::Word(Word { value, quote_style: None, .. }) if words.iter().any(|word| value.eq_ignore_ascii_case(word)));
    let mut rest = tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).peekable();
    let Some(first) = rest.next() else { return (Vec::new(), false) };
    if !is(&first.token, &["SUMMARIZE"]) {
        return (std::iter::once(first).chain(rest).collect(), false);
    }
    let at = |token: Token| TokenWithSpan { token, span: first.span };
    let query = rest.peek().is_some_and(|next| is(&next.token, &["SELECT", "WITH", "FROM", "VALUES"]));
    let mut out = vec![at(Token::make_keyword("SELECT")), at(Token::Mul), at(Token::make_keyword("FROM"))];
    out.extend(query.then(|| at(Token::LParen)));
    let (mut body, mut ends) = (Vec::new(), Vec::new());
    for token in rest {
        if ends.is_empty() && token.token != Token::SemiColon {
            body.push(token);
        } else {
            ends.push(token);
        }
    }
    out.extend(body);
    out.extend(query.then(|| at(Token::RParen)));
    out.extend(ends);
    (out, true)
}

/// What a statement that [`as_select`] has made summarizes.
pub(super) fn source(statement: Statement) -> Result<TableFactor> {
    let usage = || crate::sql::error::invalid("SUMMARIZE: write SUMMARIZE t or SUMMARIZE SELECT …");
    let Statement::Query(query) = statement else { return Err(usage()) };
    let plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    match *query.body {
        SetExpr::Select(select) if plain && select.selection.is_none() => match <[_; 1]>::try_from(select.from) {
            Ok([item]) if item.joins.is_empty() => Ok(item.relation),
            _ => Err(usage()),
        },
        _ => Err(usage()),
    }
}
