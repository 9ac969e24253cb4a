//! Spellings of time travel that the parser does not know, as ones that it knows. Pure.

use super::dialect::is_word as is;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Turns `FOR VERSION AS OF`, `FOR TIMESTAMP AS OF`, `FOR SYSTEM_VERSION AS OF`, and a version in quotes into the plain forms.
pub fn plainer(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let words: Vec<usize> = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)))
        .map(|(place, _)| place)
        .collect();
    let mut superfluous = Vec::new();
    for window in words.windows(4) {
        let [first, what, by, of] = window else { continue };
        let is = |place: &usize, word: &str| tokens.get(*place).is_some_and(|token| is(&token.token, word));
        if !is(by, "AS") || !is(of, "OF") {
            // `VERSION AS OF` may also begin the window.
            let digits = tokens.get(*of).and_then(|token| digits(&token.token));
            if let Some(digits) = digits.filter(|_| is_version(&tokens, *first) && is(what, "AS") && is(by, "OF")) {
                set(&mut tokens, *of, Token::Number(digits, false));
            }
            continue;
        }
        if is(first, "FOR") && (is(what, "TIMESTAMP") || is_version(&tokens, *what)) {
            superfluous.push(*first);
        }
        if is_version(&tokens, *what) {
            set(&mut tokens, *what, Token::make_keyword("VERSION"));
        }
    }
    for place in superfluous.into_iter().rev() {
        tokens.remove(place);
    }
    tokens
}

fn is_version(tokens: &[TokenWithSpan], place: usize) -> bool {
    tokens.get(place).is_some_and(|token| is(&token.token, "VERSION") || is(&token.token, "SYSTEM_VERSION"))
}

fn digits(token: &Token) -> Option<String> {
    match token {
        Token::SingleQuotedString(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(text.clone())
        }
        _ => None,
    }
}

fn set(tokens: &mut [TokenWithSpan], place: usize, token: Token) {
    if let Some(found) = tokens.get_mut(place) {
        found.token = token;
    }
}
