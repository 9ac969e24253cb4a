//! How deep a statement's tree will be, measured on its tokens before it is parsed.
//!
//! The parser bounds its own recursion, but builds `a OR b OR c …`, `SELECT … UNION SELECT …` and `x::t::t …` in loops:
//! left-deep trees of any depth. Planner, optimizer and destructors recurse over them, and a stack overflow in wasm
//! takes the whole instance down. So a bound on that depth comes first; it is linear in the text and does not recurse.
//!
//! The height of an expression is that of its operands and what its operators add: one each, or of a chain that is balanced later
//! (see [`super::balance`]) the logarithm of its length.

use super::balance;
use crate::error::Result;
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Levels of a tree that planning and running bear: in the module within its stack of 8 MiB, measured without optimization;
/// natively on a stack of their own (see [`crate::sql::plan::deep_stack`]).
pub const MAX_DEPTH: usize = if cfg!(target_arch = "wasm32") { 100 } else { 220 };

/// Operators, set operations or joins of one chain: what is dropped of a statement that does not parse is as deep.
const MAX_CHAINED: usize = 5000;

/// How operators are grouped, the tightest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// `::`, subscripts, signs, `**`.
    Tight,
    /// `*`, and `/`, `%`, `//`, which break its chains.
    Product,
    /// `+` and `-`.
    Sum,
    /// `||`, `&`, `|` and the like: a chain is of one of them.
    Other,
    /// Comparisons, LIKE, IN, IS, NOT.
    Condition,
    And,
    Or,
}

const CLASSES: usize = 7;

/// One chain of operators of a class.
#[derive(Default, Clone)]
struct Chain {
    operators: usize,
    /// Whether it is one that is balanced later.
    uniform: bool,
    first: Option<Token>,
    /// The height of its highest operand so far.
    height: usize,
}

impl Chain {
    fn add(&mut self, class: Class, token: &Token, operand: usize) {
        if self.operators == 0 {
            self.uniform = match class {
                Class::Tight | Class::Condition => false,
                Class::Product => *token == Token::Mul,
                Class::Sum | Class::And | Class::Or => true,
                Class::Other => matches!(token, Token::StringConcat | Token::Ampersand | Token::Pipe),
            };
            self.first = Some(token.clone());
        } else if matches!(class, Class::Product | Class::Other) && self.first.as_ref() != Some(token) {
            self.break_up();
        }
        // But for the first, an operand is below its operator.
        let below = usize::from(self.operators > 0 && !self.uniform);
        self.operators += 1;
        self.height = self.height.max(operand + below);
        if !self.uniform {
            // A left-deep tree: what came before is one level further down.
            self.height += 1;
        }
    }

    /// It is not balanced later: all that came so far is a left-deep tree.
    fn break_up(&mut self) {
        if std::mem::take(&mut self.uniform) {
            self.height += self.operators;
        }
    }

    /// The height of the chain whose last operand is `operand`.
    fn close(&mut self, class: Class, operand: usize) -> usize {
        let Chain { operators, uniform, height, .. } = std::mem::take(self);
        let always = matches!(class, Class::And | Class::Or);
        match operators {
            0 => operand,
            _ if uniform && (always || operators >= balance::LONG) => height.max(operand) + balanced(operators + 1),
            _ if uniform => height.max(operand) + operators,
            _ => height.max(operand + 1),
        }
    }
}

/// The height of a balanced tree of so many leaves.
fn balanced(leaves: usize) -> usize {
    leaves.next_power_of_two().ilog2() as usize
}

/// One level of parentheses.
#[derive(Default)]
struct Level {
    chains: [Chain; CLASSES],
    /// The height of the operand that is being read.
    operand: usize,
    /// Whether an operand has just ended, so that a sign is an operator between two.
    ended: bool,
    /// After BETWEEN, whose AND is none.
    between: bool,
    /// The height of the highest expression or relation so far.
    height: usize,
    /// The height of the highest SELECT before a set operation.
    selects: usize,
    /// Joins: each is a level of a left-deep plan.
    joins: usize,
    /// Unions, which are balanced, and other set operations, which are not.
    unions: usize,
    set_operations: usize,
    /// Inside a FROM clause, where a comma joins.
    from: bool,
    /// Whether the last token was a star, which another makes `**`.
    star: bool,
}

impl Level {
    fn operator(&mut self, class: Class, token: &Token) {
        let mut height = std::mem::take(&mut self.operand);
        for (tighter, chain) in ALL.iter().zip(self.chains.iter_mut()) {
            if *tighter == class {
                chain.add(class, token, height);
                break;
            }
            height = chain.close(*tighter, height);
        }
        self.ended = false;
    }

    /// An expression ends.
    fn separate(&mut self) {
        let mut height = std::mem::take(&mut self.operand);
        for (class, chain) in ALL.iter().zip(self.chains.iter_mut()) {
            height = chain.close(*class, height);
        }
        self.height = self.height.max(height);
        self.between = false;
        self.ended = false;
    }

    /// The height of all of it.
    fn total(&mut self) -> usize {
        self.separate();
        self.selects.max(self.height + self.joins) + self.set_operations + balanced(self.unions + 1) + 1
    }

    /// The height of what has been read.
    fn so_far(&self) -> usize {
        let chains = self.chains.iter().map(|chain| if chain.uniform { 0 } else { chain.height }).max();
        let here = self.height.max(self.operand).max(chains.unwrap_or_default()) + self.joins;
        self.selects.max(here) + self.set_operations
    }

    fn longest(&self) -> usize {
        self.chains.iter().map(|chain| chain.operators).max().unwrap_or_default().max(self.unions).max(self.joins)
    }
}

const ALL: [Class; CLASSES] =
    [Class::Tight, Class::Product, Class::Sum, Class::Other, Class::Condition, Class::And, Class::Or];

/// Refuses tokens whose tree could be deeper than [`MAX_DEPTH`].
pub fn check(tokens: &[TokenWithSpan]) -> Result<()> {
    let mut levels = vec![Level::default()];
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::RParen | Token::RBracket | Token::RBrace => close(&mut levels),
            Token::Word(word) if word.keyword == Keyword::END => close(&mut levels),
            _ => {}
        }
        if let Some(level) = levels.last_mut() {
            count(level, &token.token);
        }
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => levels.push(Level::default()),
            Token::Word(word) if word.keyword == Keyword::CASE => levels.push(Level::default()),
            _ => {}
        }
        let line = token.span.start.line;
        let Some(level) = levels.last() else { continue };
        if level.longest() > MAX_CHAINED {
            return Err(invalid(format!(
                "too many conditions or operators in a row at line {line}: at most {MAX_CHAINED}                  (a long list of values is better written as IN (…))",
            )));
        }
        if level.so_far() > MAX_DEPTH || levels.len() > MAX_DEPTH {
            return Err(too_deep(line));
        }
    }
    while levels.len() > 1 {
        close(&mut levels);
    }
    match levels.last_mut().map(Level::total) {
        Some(height) if height > MAX_DEPTH => Err(too_deep(tokens.last().map_or(1, |token| token.span.start.line))),
        _ => Ok(()),
    }
}

fn too_deep(line: u64) -> crate::error::Error {
    invalid(format!(
        "the statement is nested too deeply at line {line}: more than {MAX_DEPTH} operators, joins or subqueries in each other"
    ))
}

fn close(levels: &mut Vec<Level>) {
    if levels.len() > 1
        && let Some(mut level) = levels.pop()
        && let Some(outer) = levels.last_mut()
    {
        outer.operand = outer.operand.max(level.total());
        outer.ended = true;
    }
}

fn count(level: &mut Level, token: &Token) {
    let star = std::mem::replace(&mut level.star, *token == Token::Mul);
    match token {
        Token::Word(word) if word.quote_style.is_none() => count_keyword(level, word.keyword, token),
        Token::Comma if level.from => {
            level.separate();
            level.joins += 1;
        }
        Token::Comma => level.separate(),
        Token::SemiColon => *level = Level::default(),
        // The second star of `**`, whose first was taken for a product's.
        Token::Mul if star => {
            if let Some(product) = level.chains.get_mut(Class::Product as usize) {
                product.break_up();
            }
        }
        Token::Mul if level.ended => level.operator(Class::Product, token),
        Token::Mul => {}
        Token::Div | Token::Mod | Token::DuckIntDiv => level.operator(Class::Product, token),
        Token::Plus | Token::Minus if level.ended => level.operator(Class::Sum, token),
        Token::Plus | Token::Minus | Token::Tilde | Token::DoubleColon | Token::LBracket | Token::Caret => {
            level.operator(Class::Tight, token);
        }
        Token::Word(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::RParen
        | Token::RBracket
        | Token::RBrace
        | Token::Placeholder(_) => level.ended = true,
        Token::Period | Token::LParen | Token::LBrace | Token::EOF => {}
        Token::Eq | Token::DoubleEq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq => {
            level.operator(Class::Condition, token);
        }
        _ => level.operator(Class::Other, token),
    }
}

fn count_keyword(level: &mut Level, keyword: Keyword, token: &Token) {
    match keyword {
        Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
            level.separate();
            match keyword {
                Keyword::UNION => level.unions += 1,
                _ => level.set_operations += 1,
            }
            level.selects = level.selects.max(std::mem::take(&mut level.height) + std::mem::take(&mut level.joins));
            level.from = false;
        }
        Keyword::JOIN => {
            level.separate();
            level.joins += 1;
        }
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
        Keyword::ON | Keyword::WHEN | Keyword::THEN | Keyword::ELSE | Keyword::BY | Keyword::AS => level.separate(),
        Keyword::AND if level.between => {
            level.between = false;
            level.ended = false;
        }
        Keyword::AND => level.operator(Class::And, token),
        Keyword::OR | Keyword::XOR => level.operator(Class::Or, token),
        Keyword::BETWEEN => {
            level.operator(Class::Condition, token);
            level.between = true;
        }
        // Two of them in a row are none.
        Keyword::NOT => level.ended = false,
        Keyword::IS
        | Keyword::IN
        | Keyword::LIKE
        | Keyword::ILIKE
        | Keyword::RLIKE
        | Keyword::REGEXP
        | Keyword::SIMILAR
        | Keyword::NOTNULL => level.operator(Class::Condition, token),
        Keyword::COLLATE | Keyword::AT => level.operator(Class::Tight, token),
        Keyword::DIV if level.ended => level.operator(Class::Product, token),
        Keyword::CASE | Keyword::DISTINCT | Keyword::ALL => level.ended = false,
        _ => level.ended = true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::dialect::LakeglassDialect;
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
        assert!(passes(&format!("SELECT 1 WHERE {}", vec!["x = 1"; 3_000].join(" AND "))));
        assert!(passes(&format!("SELECT {}", vec!["a * b"; 2_000].join(" + "))));
        assert!(passes(&format!("SELECT {}", vec!["a - -b"; 2_000].join(" || "))));
        assert!(passes(&vec!["SELECT a FROM t, u"; 1_000].join(" UNION ALL ")));
        assert!(passes(&format!("SELECT {}1", "NOT ".repeat(10_000))));
        assert!(passes(&format!("SELECT {}1{}", "f(".repeat(200), ")".repeat(200))));
        // Left-deep within left-deep, where no one place has much.
        assert!(!passes(&format!("SELECT {}1{}", "1 / 1 / 1 / (".repeat(60), ") / 1 / 1".repeat(60))));
        assert!(!passes(&format!("SELECT {}1{}", "1 + 1 + 1 + (".repeat(60), ") + 1 + 1".repeat(60))));
        for deep in [
            format!("SELECT 1 WHERE {}", vec!["x = 1"; 10_000].join(" OR ")),
            format!("SELECT {}", vec!["1"; 10_000].join(" + ")),
            format!("SELECT {}", vec!["1"; 300].join(" / ")),
            format!("SELECT {}", vec!["1"; 300].join(" / -")),
            format!("SELECT {}", vec!["1 / 2"; 300].join(" * ")),
            format!("SELECT {}", vec!["1"; 300].join(" ** ")),
            format!("SELECT {}", vec!["1"; 300].join(" << ")),
            format!("SELECT 1{}", "[1]".repeat(300)),
            format!("SELECT 1{}", " IS NULL".repeat(300)),
            vec!["SELECT 1"; 10_000].join(" UNION ALL "),
            format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
            format!("SELECT 1{}", "::int".repeat(10_000)),
            format!("SELECT * FROM t{}", " JOIN t USING (a)".repeat(10_000)),
            format!("SELECT * FROM t{}", ", t".repeat(10_000)),
            format!("SELECT {}1", "CASE WHEN x THEN ".repeat(10_000)),
        ] {
            assert!(!passes(&deep), "{}", &deep[..40]);
        }
    }
}
