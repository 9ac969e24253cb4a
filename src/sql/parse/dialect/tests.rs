//! Pairs of operators, against where DuckDB puts parentheses: `tests/sql/precedence.tsv`.

use super::LakeglassDialect;
use crate::error::Error;
use crate::sql::parse::visitor::walk;
use datafusion::sql::sqlparser::ast::{Expr, VisitorMut};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use std::ops::ControlFlow;

const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sql/precedence.tsv"));

/// Takes parentheses away: the tree has its shape without them.
struct Bare;

impl VisitorMut for Bare {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        while let Expr::Nested(inner) = expr {
            *expr = std::mem::replace(inner.as_mut(), Expr::Tuple(Vec::new()));
        }
        ControlFlow::Continue(())
    }
}

fn tree(text: &str) -> Result<String, ParserError> {
    let mut parser = Parser::new(&LakeglassDialect).try_with_sql(text)?;
    let mut expr = parser.parse_expr()?;
    parser.expect_token(&datafusion::sql::sqlparser::tokenizer::Token::EOF)?;
    walk(&mut expr, &mut Bare).unwrap();
    Ok(spanless(&format!("{expr:?}")))
}

/// A tree as text, without the places in the statement.
fn spanless(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("Span(") {
        out.push_str(&rest[..at]);
        rest = rest[at..].split_once(')').map_or("", |(_, rest)| rest);
        rest = rest.split_once(')').map_or(rest, |(end, after)| if end.contains("Location") { after } else { rest });
    }
    out + rest
}

#[test]
fn every_pair_of_operators_is_read_as_duckdb_reads_it() {
    let mut wrong = Vec::new();
    for line in TABLE.lines() {
        let mut cells = line.split('\t');
        let (plain, meant) = (cells.next().unwrap(), cells.next().unwrap());
        let (found, expected) = (tree(plain), tree(meant));
        if found != expected {
            wrong.push(format!("{plain} is not read as {meant}: {found:?} {expected:?}"));
        }
    }
    assert!(TABLE.lines().count() > 1_500);
    assert!(wrong.is_empty(), "{} pairs:\n{}", wrong.len(), wrong.join("\n"));
}

fn read(text: &str) -> String {
    let parsed = Parser::new(&LakeglassDialect).try_with_sql(text).unwrap().parse_expr();
    match parsed {
        Ok(Expr::Lambda(_)) => "lambda".into(),
        Ok(expr) => expr.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_arrow_makes_a_lambda_where_one_is_taken_and_a_part_of_json_elsewhere() {
    let is_lambda = |text: &str| {
        let Expr::Function(call) = Parser::new(&LakeglassDialect).try_with_sql(text).unwrap().parse_expr().unwrap()
        else {
            panic!("{text}")
        };
        format!("{call:?}").contains("Lambda(")
    };
    for lambda in [
        "list_transform(a, x -> 2 * x)",
        "list_transform(a, x -> 2)",
        "list_transform(a, x -> 'a')",
        "LIST_FILTER(a || [1, (2)], x -> x > 1 AND x < 5 OR x IS NULL)",
        "list_reduce(a, (x, y) -> x + y)",
        "reduce(a, 0, (x, y) -> x + y, x -> x)",
        "list_transform(a, lambda x: x + 1)",
        "list_transform(a, lambda x, i: x + i)",
        "columns(c -> c LIKE 'a%')",
    ] {
        assert!(is_lambda(lambda), "{lambda}");
    }
    for json in [
        "coalesce(j -> 'a', 'x')",
        "list_transform([j -> 'a'], f)",
        "concat(1, j -> 'a')",
        "list_transform(coalesce(1, j -> 'a'), f)",
        "list_transform(a, (j) -> 'a' || 'b' -> 'c', j.x -> 'a')".replace("(j) -> ", "j.y -> ").as_str(),
    ] {
        assert!(!is_lambda(json), "{json}");
    }
}

#[test]
fn words_that_are_operators_are_names_where_no_operand_follows() {
    for (text, expected) in [("div", "div"), ("glob", "glob"), ("isnull", "isnull"), ("a DIV glob", "a DIV glob")] {
        assert_eq!(read(text), expected);
    }
    for statement in ["SELECT a div FROM t", "SELECT a glob, b AS div FROM t glob", "SELECT a FROM t div WHERE b"] {
        assert!(Parser::parse_sql(&LakeglassDialect, statement).is_ok(), "{statement}");
    }
}

#[test]
fn comparisons_are_not_chained() {
    for text in ["a < b < c", "a = b = c", "a = b <> c"] {
        assert!(read(text).contains("cannot be chained"), "{text}");
    }
    assert_eq!(read("(a < b) = (c < d)"), "(a < b) = (c < d)");
}
