//! Tokens that the parser stumbles over, as ones that it knows.

use crate::sql::parse::dialect::is_word as is;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Rewrites what is written in the way of one engine alone.
pub fn plainer(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    statement_first(using_sample(tokens.into_iter().map(hexadecimal).collect()))
}

/// `0xFF`, which is a number; the parser takes it for `X'FF'`, bytes, which is a character longer.
fn hexadecimal(token: TokenWithSpan) -> TokenWithSpan {
    let TokenWithSpan { token: Token::HexStringLiteral(digits), span } = &token else { return token };
    let written = span.end.column.saturating_sub(span.start.column);
    match u128::from_str_radix(digits, 16) {
        Ok(number) if written == digits.len() as u64 + 2 => {
            TokenWithSpan { token: Token::Number(number.to_string(), false), span: *span }
        }
        _ => token,
    }
}

/// `USING SAMPLE 10%` as `TABLESAMPLE`, its number in parentheses, its method before them.
fn using_sample(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().filter(not_space).peekable();
    while let Some(token) = rest.next() {
        let samples = is(&token.token, "TABLESAMPLE")
            || (is(&token.token, "USING") && rest.peek().is_some_and(|next| is(&next.token, "SAMPLE")));
        if !samples {
            out.push(token);
            continue;
        }
        let at = |kind: Token| TokenWithSpan { token: kind, span: token.span };
        // `SAMPLE` alone is the one that means all of a FROM clause.
        let keyword = match rest.next_if(|_| is(&token.token, "USING")) {
            Some(_) => "SAMPLE",
            None => "TABLESAMPLE",
        };
        out.push(at(Token::make_keyword(keyword)));
        for (method, known) in [("BERNOULLI", "BERNOULLI"), ("SYSTEM", "SYSTEM"), ("RESERVOIR", "ROW")] {
            if rest.peek().is_some_and(|next| is(&next.token, method)) {
                rest.next();
                out.push(at(Token::make_keyword(known)));
            }
        }
        let parenthesized = rest.next_if(|next| next.token == Token::LParen).is_some();
        if !matches!(rest.peek().map(|next| &next.token), Some(Token::Number(..) | Token::Placeholder(_))) {
            if parenthesized {
                out.push(at(Token::LParen));
            }
            continue;
        }
        out.push(at(Token::LParen));
        out.extend(rest.next());
        let percent = rest.next_if(|next| next.token == Token::Mod || is(&next.token, "PERCENT")).is_some();
        let rows = rest.next_if(|next| is(&next.token, "ROWS")).is_some();
        if percent {
            out.push(at(Token::make_keyword("PERCENT")));
        } else if rows || !parenthesized {
            out.push(at(Token::make_keyword("ROWS")));
        }
        if parenthesized {
            if let Some(close) = rest.next_if(|next| next.token == Token::RParen) {
                out.push(close);
            }
            continue;
        }
        out.push(at(Token::RParen));
        // `10% (bernoulli)`, `10 ROWS (reservoir, 42)`: how and from which seed, which are refused or passed over later.
        if rest.peek().is_some_and(|next| next.token == Token::LParen) {
            rest.next();
            let method = rest.next_if(|next| matches!(next.token, Token::Word(_)));
            if method.as_ref().is_some_and(|method| is(&method.token, "BERNOULLI"))
                && let Some(place) = out.iter().rposition(|token| is(&token.token, keyword))
            {
                out.insert(place + 1, at(Token::make_keyword("BERNOULLI")));
            }
            if rest.next_if(|next| next.token == Token::Comma).is_some() {
                let seed = rest.next();
                out.extend([at(Token::make_keyword("REPEATABLE")), at(Token::LParen)]);
                out.extend(seed);
                out.push(at(Token::RParen));
            }
            rest.next_if(|next| next.token == Token::RParen);
        }
    }
    out
}

/// `PIVOT t ON c IN (…) USING sum(x) GROUP BY g` and `UNPIVOT t ON a, b INTO NAME n VALUE v`, which DuckDB has as statements, as
/// a SELECT from the same.
fn statement_first(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let Some(first) = tokens.first() else { return tokens };
    let place = first.span;
    match pivot_statement(&tokens) {
        Some(rewritten) => rewritten.into_iter().map(|token| TokenWithSpan { token, span: place }).collect(),
        None => tokens,
    }
}

fn pivot_statement(tokens: &[TokenWithSpan]) -> Option<Vec<Token>> {
    let all: Vec<&Token> = tokens.iter().map(|token| &token.token).collect();
    let keyword = Token::make_keyword;
    let first = all.first()?;
    let end = all.iter().position(|token| **token == Token::SemiColon).unwrap_or(all.len());
    let body = all.get(1..end)?;
    let on = outermost(body, "ON")?;
    let (source, rest) = (body.get(..on)?, body.get(on + 1..)?);
    let mut out = vec![keyword("SELECT"), Token::Mul, keyword("FROM")];
    let owned = |tokens: &[&Token]| tokens.iter().map(|token| (*token).clone()).collect::<Vec<_>>();
    if is(first, "UNPIVOT") {
        let into = outermost(rest, "INTO")?;
        let (columns, names) = (rest.get(..into)?, rest.get(into + 1..)?);
        let [name_word, name, value_word, value] = names else { return None };
        if !is(name_word, "NAME") || !is(value_word, "VALUE") {
            return None;
        }
        out.extend(owned(source));
        out.extend([keyword("UNPIVOT"), Token::LParen, (*value).clone(), keyword("FOR"), (*name).clone()]);
        out.extend([keyword("IN"), Token::LParen]);
        out.extend(owned(columns));
        out.extend([Token::RParen, Token::RParen]);
        return Some(out);
    }
    if !is(first, "PIVOT") {
        return None;
    }
    let using = outermost(rest, "USING")?;
    let (column, after) = (rest.get(..using)?, rest.get(using + 1..)?);
    let (aggregates, groups) = match outermost(after, "GROUP") {
        Some(group) => (after.get(..group)?, Some(after.get(group + 2..)?)),
        None => (after, None),
    };
    // Only the grouped columns, those pivoted by and those aggregated are left for the pivot to group by.
    match groups {
        Some(groups) => {
            out = vec![keyword("SELECT"), Token::Mul, keyword("FROM"), Token::LParen, keyword("SELECT")];
            out.extend(owned(groups));
            out.push(Token::Comma);
            out.extend(owned(column.get(..outermost(column, "IN").unwrap_or(column.len()))?));
            for argument in arguments(aggregates) {
                out.push(Token::Comma);
                out.push(argument);
            }
            out.push(keyword("FROM"));
            out.extend(owned(source));
            out.push(Token::RParen);
        }
        None => out.extend(owned(source)),
    }
    out.extend([keyword("PIVOT"), Token::LParen]);
    out.extend(owned(aggregates));
    out.push(keyword("FOR"));
    out.extend(owned(column));
    if outermost(column, "IN").is_none() {
        out.extend([keyword("IN"), Token::LParen, keyword("ANY"), Token::RParen]);
    }
    out.push(Token::RParen);
    Some(out)
}

/// The plain names that stand alone inside the parentheses of calls.
fn arguments(tokens: &[&Token]) -> Vec<Token> {
    let mut names: Vec<Token> = Vec::new();
    for window in tokens.windows(3) {
        let [before, name, after] = window else { continue };
        let bounded = matches!(before, Token::LParen | Token::Comma) && matches!(after, Token::RParen | Token::Comma);
        if bounded && matches!(name, Token::Word(_)) && !names.contains(name) {
            names.push((*name).clone());
        }
    }
    names
}

/// The place of a word outside of all parentheses.
fn outermost(tokens: &[&Token], word: &str) -> Option<usize> {
    let mut depth = 0usize;
    tokens.iter().position(|token| {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is(token, word)
    })
}

fn not_space(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::dialect::LakeglassDialect;
    use datafusion::sql::sqlparser::tokenizer::Tokenizer;

    fn plain(sql: &str) -> String {
        let tokens = Tokenizer::new(&LakeglassDialect, sql).tokenize_with_location().unwrap();
        let words: Vec<String> = plainer(tokens).iter().map(|token| token.token.to_string()).collect();
        words.join(" ")
    }

    #[test]
    fn samples() {
        for (sql, expected) in [
            ("FROM t USING SAMPLE 10", "FROM t SAMPLE ( 10 ROWS )"),
            ("FROM t USING SAMPLE 10%", "FROM t SAMPLE ( 10 PERCENT )"),
            ("FROM t USING SAMPLE 10 PERCENT (bernoulli)", "FROM t SAMPLE BERNOULLI ( 10 PERCENT )"),
            ("FROM t TABLESAMPLE reservoir(20%)", "FROM t TABLESAMPLE ROW ( 20 PERCENT )"),
            ("FROM t TABLESAMPLE (5 ROWS) WHERE a", "FROM t TABLESAMPLE ( 5 ROWS ) WHERE a"),
            ("FROM t USING SAMPLE 5 ROWS (reservoir, 42)", "FROM t SAMPLE ( 5 ROWS ) REPEATABLE ( 42 )"),
            ("FROM t JOIN u USING (a)", "FROM t JOIN u USING ( a )"),
        ] {
            assert_eq!(plain(sql), expected, "{sql}");
        }
    }

    #[test]
    fn hexadecimal_numbers() {
        for (sql, expected) in [
            ("SELECT 0xFF, X'FF', 0x7f", "SELECT 255 , X'FF' , 127"),
            ("SELECT 0xFFFFFFFFFFFFFFFF", "SELECT 18446744073709551615"),
        ] {
            assert_eq!(plain(sql), expected, "{sql}");
        }
    }

    #[test]
    fn pivots_as_statements() {
        for (sql, expected) in [
            ("PIVOT t ON c IN (1, 2) USING sum(x)", "SELECT * FROM t PIVOT ( sum ( x ) FOR c IN ( 1 , 2 ) )"),
            (
                "PIVOT t ON c IN (1) USING sum(x) GROUP BY g;",
                "SELECT * FROM ( SELECT g , c , x FROM t ) PIVOT ( sum ( x ) FOR c IN ( 1 ) )",
            ),
            ("UNPIVOT t ON a, b INTO NAME n VALUE v", "SELECT * FROM t UNPIVOT ( v FOR n IN ( a , b ) )"),
            ("SELECT pivot FROM t", "SELECT pivot FROM t"),
        ] {
            assert_eq!(plain(sql), expected, "{sql}");
        }
    }
}
