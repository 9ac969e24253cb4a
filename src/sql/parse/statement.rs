//! From text to one statement that reads.

use super::balance::balance;
use super::compat;
use super::depth_limit;
use super::dialect::LakeglassDialect;
use super::params::{self, Params};
use super::visitor::look;
use super::{summarize, time_travel};
use crate::error::{Error, Result};
use crate::sql::catalog::definitions;
use crate::sql::catalog::definitions::Definition;
use crate::sql::error::invalid;
use crate::sql::messages;
use crate::sql::plan::deep_stack;
use datafusion::sql::sqlparser::ast::{
    DescribeAlias, ObjectName, Query, SetExpr, ShowStatementFilter, ShowStatementFilterPosition, ShowStatementOptions,
    Statement, TableFactor, Visitor,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use std::ops::ControlFlow;

/// Parentheses and subqueries within each other, as the parser counts them.
const RECURSION_LIMIT: usize = if cfg!(target_arch = "wasm32") { 64 } else { 250 };

/// What a statement asks for.
#[derive(Debug)]
pub enum Request {
    /// Rows, or a plan: to be planned by DataFusion.
    Query(Box<Statement>),
    /// `SHOW TABLES`, with the pattern of its `LIKE`.
    ShowTables(Option<String>),
    /// `DESCRIBE t`, `SHOW COLUMNS FROM t`.
    Describe(ObjectName),
    /// `DESCRIBE HISTORY t`, with its `LIMIT`.
    DescribeHistory(ObjectName, Option<usize>),
    /// `DESCRIBE DETAIL t`.
    DescribeDetail(ObjectName),
    /// `DESCRIBE SELECT …`: the columns of a query, which is planned only.
    DescribeQuery(Box<Statement>),
    /// `SUMMARIZE t`, `SUMMARIZE SELECT …`.
    Summarize(Box<TableFactor>),
    /// `CREATE VIEW`, `CREATE TABLE … AS`, `DROP`: of what the session holds itself.
    Define(Definition),
}

/// The one statement in `sql`, with the values of its parameters.
pub fn parse(sql: &str, values: &Params) -> Result<Request> {
    deep_stack::call(|| parse_here(sql, values))
}

fn parse_here(sql: &str, values: &Params) -> Result<Request> {
    let tokens = Tokenizer::new(&LakeglassDialect, sql)
        .tokenize_with_location()
        .map_err(|error| invalid(messages::syntax(&error.to_string())))?;
    depth_limit::check(&tokens)?;
    refuse_writing_words(&tokens)?;
    let tokens = params::number(tokens)?;
    let (tokens, summarizes) = summarize::as_select(tokens);
    let tokens = compat::plainer(time_travel::plainer(without_table_keyword(compat::asof(tokens)?)));
    let mut parser =
        Parser::new(&LakeglassDialect).with_recursion_limit(RECURSION_LIMIT).with_tokens_with_locations(tokens);
    if let Some(request) = describe_log(&mut parser)? {
        return Ok(request);
    }
    let mut statement = single(&mut parser)?;
    balance(&mut statement);
    params::bind(&mut statement, values)?;
    compat::clauses(&mut statement)?;
    if summarizes {
        let Request::Query(statement) = reading(statement)? else { return Err(Error::internal("a summary reads")) };
        return Ok(Request::Summarize(Box::new(summarize::source(*statement)?)));
    }
    request(statement)
}

/// `SELECT * FROM name`.
pub fn select_all(name: &ObjectName) -> Result<Statement> {
    let parser = Parser::new(&LakeglassDialect).try_with_sql(&format!("SELECT * FROM {name}")).map_err(syntax)?;
    let mut parser = parser;
    parser.parse_statement().map_err(syntax)
}

fn single(parser: &mut Parser<'_>) -> Result<Statement> {
    while parser.consume_token(&Token::SemiColon) {}
    if parser.peek_token().token == Token::EOF {
        return Err(invalid("there is no statement: write a query such as SELECT 1"));
    }
    let statement = parser.parse_statement().map_err(syntax)?;
    end(parser)?;
    Ok(statement)
}

/// An error where more follows.
fn end(parser: &mut Parser<'_>) -> Result<()> {
    let ended = parser.consume_token(&Token::SemiColon);
    while parser.consume_token(&Token::SemiColon) {}
    let next = parser.peek_token();
    match (next.token, ended) {
        (Token::EOF, _) => Ok(()),
        (_, true) => Err(invalid("more than one statement: run them one at a time")),
        (token, false) => Err(invalid(format!(
            "unexpected {token} at line {}, column {}",
            next.span.start.line, next.span.start.column
        ))),
    }
}

/// `DESCRIBE HISTORY t [LIMIT n]` and `DESCRIBE DETAIL t`, of Delta's own, where a table's name follows the word.
fn describe_log(parser: &mut Parser<'_>) -> Result<Option<Request>> {
    while parser.consume_token(&Token::SemiColon) {}
    let is = |token: Token, words: &[&str]| {
        matches!(token, Token::Word(word) if word.quote_style.is_none()
            && words.iter().any(|name| word.value.eq_ignore_ascii_case(name)))
    };
    let describes = is(parser.peek_nth_token(0).token, &["DESCRIBE", "DESC"]);
    let named = matches!(parser.peek_nth_token(2).token, Token::Word(_));
    if !describes || !named || !is(parser.peek_nth_token(1).token, &["HISTORY", "DETAIL"]) {
        return Ok(None);
    }
    parser.next_token();
    let history = is(parser.next_token().token, &["HISTORY"]);
    let table = parser.parse_object_name(false).map_err(syntax)?;
    if !history {
        end(parser)?;
        return Ok(Some(Request::DescribeDetail(table)));
    }
    let limit = match parser.parse_keyword(Keyword::LIMIT) {
        true => Some(parser.parse_literal_uint().map_err(syntax)?),
        false => None,
    };
    end(parser)?;
    Ok(Some(Request::DescribeHistory(table, limit.and_then(|limit| usize::try_from(limit).ok()))))
}

fn syntax(error: ParserError) -> Error {
    match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => invalid(messages::syntax(&message)),
        ParserError::RecursionLimitExceeded => {
            invalid(format!("the statement is nested too deeply: more than {RECURSION_LIMIT} levels"))
        }
    }
}

fn request(statement: Statement) -> Result<Request> {
    match statement {
        Statement::Query(_) => reading(statement),
        Statement::Explain {
            describe_alias: DescribeAlias::Describe | DescribeAlias::Desc, statement: inner, ..
        } => match reading(*inner)? {
            Request::Query(inner) => Ok(Request::DescribeQuery(inner)),
            other => Ok(other),
        },
        Statement::Explain { statement: ref inner, .. } => match inner.as_ref() {
            Statement::Query(_) => reading(statement),
            other => Err(read_only(other)),
        },
        Statement::ShowTables { show_options, .. } => Ok(Request::ShowTables(pattern(show_options)?)),
        Statement::ShowColumns { show_options: ShowStatementOptions { show_in: Some(place), .. }, .. } => {
            match place.parent_name {
                Some(table) => Ok(Request::Describe(table)),
                None => Err(invalid("SHOW COLUMNS needs a table: SHOW COLUMNS FROM t")),
            }
        }
        Statement::ExplainTable { table_name, .. } => Ok(Request::Describe(table_name)),
        other => match definitions::of(other)? {
            Ok(Definition::Create(create)) => {
                // Its query is one that reads.
                reading(Statement::Query(create.query.clone()))?;
                Ok(Request::Define(Definition::Create(create)))
            }
            Ok(drop) => Ok(Request::Define(drop)),
            Err(other) => Err(read_only(&other)),
        },
    }
}

fn pattern(options: ShowStatementOptions) -> Result<Option<String>> {
    match options.filter_position {
        None => Ok(None),
        Some(ShowStatementFilterPosition::Infix(filter) | ShowStatementFilterPosition::Suffix(filter)) => {
            match filter {
                ShowStatementFilter::Like(pattern)
                | ShowStatementFilter::ILike(pattern)
                | ShowStatementFilter::NoKeyword(pattern) => Ok(Some(pattern)),
                ShowStatementFilter::Where(_) => Err(invalid("SHOW TABLES takes a LIKE pattern, not a WHERE")),
            }
        }
    }
}

/// A query has no part that writes: `SELECT … INTO`, data-changing statements inside a CTE, row locks.
fn reading(statement: Statement) -> Result<Request> {
    if !matches!(statement, Statement::Query(_) | Statement::Explain { .. }) {
        return Err(read_only(&statement));
    }
    struct Writes(Option<Error>);
    impl Visitor for Writes {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            self.0 = match query.body.as_ref() {
                SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) | SetExpr::Merge(inner) => {
                    Some(read_only(inner))
                }
                SetExpr::Select(select) if select.into.is_some() => {
                    Some(Error::unsupported("SELECT INTO", "tables are read-only here"))
                }
                _ if !query.locks.is_empty() => Some(Error::unsupported("FOR UPDATE", "tables are read-only here")),
                _ => None,
            };
            if self.0.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let mut writes = Writes(None);
    look(&statement, &mut writes);
    match writes.0 {
        Some(error) => Err(error),
        None => Ok(Request::Query(Box::new(statement))),
    }
}

/// The refusal of a statement that is not a query, by its leading words.
fn read_only(statement: &Statement) -> Error {
    let text = statement.to_string();
    let words: Vec<_> =
        text.split_whitespace().take_while(|word| word.chars().all(|c| c.is_ascii_uppercase() || c == '_')).collect();
    let name = match words.as_slice() {
        [] => "this statement".to_string(),
        [first, second, ..] if matches!(*first, "CREATE" | "DROP" | "ALTER" | "SHOW" | "INSERT" | "MERGE") => {
            format!("{first} {second}")
        }
        [first, ..] => first.to_string(),
    };
    refusal(&name)
}

fn refusal(name: &str) -> Error {
    Error::unsupported(
        name,
        "only statements that read are run: SELECT, WITH, VALUES, EXPLAIN, DESCRIBE, SHOW TABLES (read-only)",
    )
}

/// Refuses by its first word what would write, whether or not the parser could make sense of the rest.
fn refuse_writing_words(tokens: &[TokenWithSpan]) -> Result<()> {
    const WRITING: [&str; 24] = [
        "INSERT", "UPDATE", "DELETE", "MERGE", "ALTER", "COPY", "SET", "RESET", "TRUNCATE", "GRANT", "REVOKE", "BEGIN",
        "COMMIT", "ROLLBACK", "VACUUM", "OPTIMIZE", "RESTORE", "ATTACH", "DETACH", "INSTALL", "LOAD", "PRAGMA", "CALL",
        "USE",
    ];
    let mut words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::SemiColon));
    let mut next = || match words.next().map(|token| &token.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
        _ => None,
    };
    let Some(first) = next() else { return Ok(()) };
    if WRITING.contains(&first.as_str()) {
        return Err(refusal(&first));
    }
    if ["CREATE", "DROP"].contains(&first.as_str()) {
        // Views and tables of the session itself; what else there may be is told from the words alone.
        let mut what = next();
        while what.as_deref().is_some_and(|word| ["OR", "REPLACE", "TEMP", "TEMPORARY"].contains(&word)) {
            what = next();
        }
        return match what.as_deref() {
            Some("TABLE" | "VIEW") => Ok(()),
            what => Err(refusal(&format!("{first} {}", what.unwrap_or_default()))),
        };
    }
    Ok(())
}

/// `DESCRIBE TABLE t`, as Spark has it, without the word that the parser would take for the table's name.
fn without_table_keyword(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is = |token: &TokenWithSpan, keywords: &[Keyword]| matches!(&token.token, Token::Word(word) if keywords.contains(&word.keyword));
    let mut words = tokens.iter().enumerate().filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)));
    if let (Some((_, first)), Some((place, second))) = (words.next(), words.next())
        && is(first, &[Keyword::DESCRIBE, Keyword::DESC])
        && is(second, &[Keyword::TABLE])
    {
        tokens.remove(place);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(sql: &str) -> String {
        match parse(sql, &Params::None) {
            Ok(request) => format!("{request:?}").split(['(', ' ']).next().unwrap().to_string(),
            Err(error) => error.code().to_string(),
        }
    }

    #[test]
    fn what_reads_is_taken() {
        for sql in [
            "SELECT 1",
            "select 1;",
            " ; SELECT 1 ; ; ",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "VALUES (1), (2)",
            "SELECT 1 UNION ALL SELECT 2",
            "EXPLAIN SELECT 1",
            "EXPLAIN ANALYZE SELECT 1",
            "FROM t",
            "(SELECT 1)",
            "SELECT * EXCLUDE (a) FROM t",
            "SELECT a::int FROM t QUALIFY row_number() OVER (ORDER BY a) = 1",
            "SELECT `a b` FROM t -- comment",
            "SELECT x FROM t GROUP BY ALL",
            "/* c */ SELECT array_transform(a, x -> x + 1)",
        ] {
            assert_eq!(code(sql), "Query", "{sql}");
        }
        assert_eq!(code("DESCRIBE SELECT 1"), "DescribeQuery");
        assert_eq!(code("SHOW TABLES"), "ShowTables");
        assert_eq!(code("SHOW TABLES LIKE 'w%'"), "ShowTables");
        for sql in ["DESCRIBE t", "DESC t", "SHOW COLUMNS FROM t", "DESCRIBE TABLE t"] {
            assert_eq!(code(sql), "Describe", "{sql}");
        }
        for sql in ["DESCRIBE HISTORY t", "desc history \"t\" limit 5;"] {
            assert_eq!(code(sql), "DescribeHistory", "{sql}");
        }
        assert_eq!(code("DESCRIBE DETAIL t"), "DescribeDetail");
        // Tables may be called so.
        for sql in ["DESCRIBE history", "DESCRIBE detail;"] {
            assert_eq!(code(sql), "Describe", "{sql}");
        }
    }

    #[test]
    fn what_writes_is_refused() {
        for sql in [
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "DELETE FROM t",
            "CREATE TABLE t (a int)",
            "CREATE TABLE t",
            "CREATE MATERIALIZED VIEW v AS SELECT 1",
            "CREATE INDEX i ON t (a)",
            "CREATE TABLE t AS SELECT * INTO x FROM t",
            "DROP SCHEMA t",
            "COPY t TO 'x'",
            "SET a = 1",
            "TRUNCATE TABLE t",
            "EXPLAIN DELETE FROM t",
            "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
            "ALTER TABLE t ADD COLUMN b int",
            "VACUUM t",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
            "SELECT * INTO x FROM t",
            "SELECT * FROM t FOR UPDATE",
            "COPY gibberish (",
            "BEGIN",
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'x'",
        ] {
            assert_eq!(code(sql), "unsupported_feature", "{sql}");
        }
        assert!(parse("DROP SCHEMA t", &Params::None).unwrap_err().to_string().contains("DROP"));
        for sql in [
            "CREATE VIEW v AS SELECT 1",
            "CREATE OR REPLACE TEMP TABLE t AS SELECT 1",
            "DROP TABLE t",
            "drop view if exists v",
        ] {
            assert_eq!(code(sql), "Define", "{sql}");
        }
    }

    #[test]
    fn one_statement_at_a_time() {
        for sql in [
            "SELECT 1; SELECT 2",
            "",
            " ; ",
            "SELEC 1",
            "SELECT FROM WHERE",
            "SELECT 1 1",
            "SELECT 'a",
            "DESCRIBE HISTORY t x",
        ] {
            assert_eq!(code(sql), "invalid_sql", "{sql}");
        }
        assert!(parse("SELECT 1; SELECT 2", &Params::None).unwrap_err().to_string().contains("one at a time"));
        assert!(code(&format!("SELECT {}1{}", "(".repeat(300), ")".repeat(300))) == "invalid_sql");
    }
}
