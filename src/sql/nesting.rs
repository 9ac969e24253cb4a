//! How deep a statement may nest, measured on its tokens before it is parsed.
//!
//! The parser bounds its own recursion, but builds `a OR b OR c …`, `SELECT … UNION SELECT …` and `x::t::t …` in loops:
//! left-deep trees of any depth. Planner, optimizer and destructors recurse over them, and a stack overflow in wasm
//! takes the whole instance down. So a bound on that depth comes first; it is linear in the text and does not recurse.

use super::error::invalid;
use crate::error::Result;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Levels of a tree that planning and running bear within 8 MiB of stack, without optimization.
pub const MAX_DEPTH: usize = 100;

/// Terms of one chain of ORs, balanced later (see [`super::balance`]).
const MAX_TERMS: usize = 5000;

/// Terms of one chain of ANDs: the optimizer takes them apart, and puts them together as a left-deep tree.
const MAX_CONJUNCTS: usize = 250;

/// One level of parentheses.
#[derive(Default)]
struct Level {
    /// Operators since the last separator: each is a level of a left-deep expression.
    operators: usize,
    /// ORs since the last separator.
    terms: usize,
    /// ANDs since the last OR.
    conjuncts: usize,
    /// After BETWEEN, whose AND is none of them.
    between: bool,
    /// Set operations and joins: each is a level of a left-deep plan.
    relations: usize,
    /// Inside a FROM clause, where a comma joins.
    from: bool,
}

impl Level {
    fn depth(&self) -> usize {
        let balanced = |terms: usize| terms.checked_ilog2().map_or(0, |log| log as usize + 1);
        1 + balanced(self.terms) + balanced(self.conjuncts) + self.operators + self.relations
    }

    /// A new expression begins.
    fn separate(&mut self) {
        self.operators = 0;
        self.terms = 0;
        self.conjuncts = 0;
        self.between = false;
    }

    fn is_too_long(&self) -> bool {
        self.terms > MAX_TERMS || self.conjuncts > MAX_CONJUNCTS
    }
}

/// Refuses tokens whose tree could be deeper than [`MAX_DEPTH`].
pub fn check(tokens: &[TokenWithSpan]) -> Result<()> {
    let mut levels = vec![Level::default()];
    let mut depth = 1usize; // the sum over `levels`
    for token in tokens {
        if let Some(level) = levels.last_mut() {
            depth -= level.depth();
            count(level, &token.token);
            depth += level.depth();
        }
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                levels.push(Level::default());
                depth += 1;
            }
            Token::Word(word) if word.keyword == Keyword::CASE => {
                levels.push(Level::default());
                depth += 1;
            }
            Token::RParen | Token::RBracket | Token::RBrace => close(&mut levels, &mut depth),
            Token::Word(word) if word.keyword == Keyword::END => close(&mut levels, &mut depth),
            _ => {}
        }
        if levels.last().is_some_and(Level::is_too_long) {
            return Err(invalid(format!(
                "too many conditions in a row at line {}: at most {MAX_TERMS} by OR and {MAX_CONJUNCTS} by AND \
                 (a long list of values is better written as IN (…))",
                token.span.start.line
            )));
        }
        if depth > MAX_DEPTH {
            return Err(invalid(format!(
                "the statement is nested too deeply at line {}: more than {MAX_DEPTH} operators, joins or subqueries in each other",
                token.span.start.line
            )));
        }
    }
    Ok(())
}

fn close(levels: &mut Vec<Level>, depth: &mut usize) {
    if levels.len() > 1
        && let Some(level) = levels.pop()
    {
        *depth -= level.depth();
    }
}

fn count(level: &mut Level, token: &Token) {
    match token {
        Token::Word(word) => count_keyword(level, word.keyword),
        Token::Comma if level.from => level.relations += 1,
        Token::Comma => level.separate(),
        Token::SemiColon => *level = Level::default(),
        Token::Whitespace(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::RBracket
        | Token::RBrace
        | Token::EOF => {}
        _ => level.operators += 1,
    }
}

fn count_keyword(level: &mut Level, keyword: Keyword) {
    match keyword {
        Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
            level.relations += 1;
            level.separate();
            level.from = false;
        }
        Keyword::JOIN => level.relations += 1,
        Keyword::FROM => {
            level.separate();
            level.from = true;
        }
        Keyword::SELECT
        | Keyword::WHERE
        | Keyword::GROUP
        | Keyword::HAVING
        | Keyword::QUALIFY
        | Keyword::WINDOW
        | Keyword::ORDER
        | Keyword::LIMIT
        | Keyword::VALUES
        | Keyword::WITH => {
            level.separate();
            level.from = false;
        }
        Keyword::ON | Keyword::WHEN | Keyword::THEN | Keyword::ELSE => level.separate(),
        Keyword::AND if level.between => level.between = false,
        Keyword::AND => {
            level.conjuncts += 1;
            level.operators = 0;
        }
        Keyword::OR => {
            level.terms += 1;
            level.conjuncts = 0;
            level.operators = 0;
        }
        Keyword::BETWEEN => {
            level.operators += 1;
            level.between = true;
        }
        Keyword::XOR
        | Keyword::NOT
        | Keyword::IS
        | Keyword::IN
        | Keyword::LIKE
        | Keyword::ILIKE
        | Keyword::RLIKE
        | Keyword::REGEXP
        | Keyword::SIMILAR
        | Keyword::COLLATE
        | Keyword::AT
        | Keyword::DIV
        | Keyword::NOTNULL => level.operators += 1,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::dialect::LakeglassDialect;
    use datafusion::sql::sqlparser::tokenizer::Tokenizer;

    fn passes(sql: &str) -> bool {
        let tokens = Tokenizer::new(&LakeglassDialect, sql).tokenize_with_location().unwrap();
        check(&tokens).is_ok()
    }

    #[test]
    fn wide_statements_pass_and_deep_ones_do_not() {
        let list = (0..20_000).map(|i| format!("-{i}")).collect::<Vec<_>>().join(", ");
        assert!(passes(&format!("SELECT * FROM t WHERE x IN ({list})")));
        assert!(passes(&format!("VALUES {}", vec!["(1, -2, 'a')"; 20_000].join(", "))));
        assert!(passes(&format!("SELECT CASE {} END", "WHEN a = 1 AND b = 2 THEN 3 ".repeat(2_000))));
        assert!(passes(&format!("SELECT {}", vec!["a + b AS c"; 2_000].join(", "))));
        assert!(passes(&format!("SELECT 1 WHERE {}", vec!["x = 1"; 3_000].join(" OR "))));
        assert!(passes(&format!("SELECT 1 WHERE {}", vec!["x BETWEEN 1 AND 2 AND y"; 3_000].join(" OR "))));
        assert!(!passes(&format!("SELECT 1 WHERE {}", vec!["x = 1"; 3_000].join(" AND "))));
        for deep in [
            format!("SELECT 1 WHERE {}", vec!["x = 1"; 10_000].join(" OR ")),
            format!("SELECT {}", vec!["1"; 10_000].join(" + ")),
            vec!["SELECT 1"; 10_000].join(" UNION ALL "),
            format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
            format!("SELECT 1{}", "::int".repeat(10_000)),
            format!("SELECT * FROM t{}", " JOIN t USING (a)".repeat(10_000)),
            format!("SELECT * FROM t{}", ", t".repeat(10_000)),
            format!("SELECT {}1", "CASE WHEN x THEN ".repeat(10_000)),
            format!("SELECT {}1", "NOT ".repeat(10_000)),
        ] {
            assert!(!passes(&deep), "{}", &deep[..40]);
        }
    }
}
