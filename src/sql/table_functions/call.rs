//! Calls in a statement: what they ask for, and their place in it. Pure.

use crate::error::{Error, Result};
use crate::snapshot::Version;
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, Statement, TableAlias, TableFactor, Value, VisitMut,
    VisitorMut,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    /// The table it is about.
    pub(super) table: ObjectName,
    pub(super) function: Function,
}

/// What is asked of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Changes { from: Version, to: Option<Version> },
    History { limit: Option<usize> },
    Versions,
    Files,
}

/// The calls, by the name of a table that each was replaced by.
pub(super) fn take(statement: &mut Statement) -> Result<BTreeMap<String, Call>> {
    let mut calls = Calls::default();
    match VisitMut::visit(statement, &mut calls) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(calls.0),
    }
}

#[derive(Default)]
struct Calls(BTreeMap<String, Call>);

impl VisitorMut for Calls {
    type Break = Error;

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let TableFactor::Table { name, alias, args, .. } = factor else { return ControlFlow::Continue(()) };
        let Some(arguments) = args else { return ControlFlow::Continue(()) };
        let function = name.to_string().to_lowercase();
        let call = match parse(&function, &arguments.args) {
            Ok(Some(call)) => call,
            Ok(None) => return ControlFlow::Continue(()),
            Err(error) => return ControlFlow::Break(error),
        };
        let shown: Vec<String> = arguments.args.iter().map(|argument| argument.to_string().replace('\'', "")).collect();
        let key = format!("{function}({})", shown.join(", "));
        let ident = |name: &str| Ident::with_quote('"', name);
        *name = ObjectName::from(vec![ident(&key)]);
        *args = None;
        alias.get_or_insert_with(|| TableAlias {
            explicit: true,
            name: ident(&function),
            columns: Vec::new(),
            at: None,
        });
        self.0.insert(key, call);
        ControlFlow::Continue(())
    }
}

/// The call of `function`, if it is one of these.
fn parse(function: &str, arguments: &[FunctionArg]) -> Result<Option<Call>> {
    let values: Vec<Option<Argument>> = arguments.iter().map(argument).collect();
    let usage = |usage: &str| Err(invalid(format!("{function}: write {function}({usage})")));
    let (table, rest) = match (function, values.as_slice()) {
        (
            "table_changes" | "table_history" | "table_versions" | "table_files",
            [Some(Argument::Name(table)), rest @ ..],
        ) => (table.clone(), rest),
        ("table_changes", _) => return usage("'table', from, to"),
        ("table_history", _) => return usage("'table', limit"),
        ("table_versions" | "table_files", _) => return usage("'table'"),
        _ => return Ok(None),
    };
    let version = |argument: &Option<Argument>| argument.as_ref().and_then(Argument::version);
    let function = match (function, rest) {
        ("table_changes", [from]) if version(from).is_some() => {
            version(from).map(|from| Function::Changes { from, to: None })
        }
        ("table_changes", [from, to]) => {
            version(from).zip(version(to)).map(|(from, to)| Function::Changes { from, to: Some(to) })
        }
        ("table_changes", _) => return usage("'table', from, to"),
        ("table_history", []) => Some(Function::History { limit: None }),
        ("table_history", [Some(Argument::Number(limit))]) => {
            Some(Function::History { limit: usize::try_from(*limit).ok() })
        }
        ("table_history", _) => return usage("'table', limit"),
        ("table_versions", []) => Some(Function::Versions),
        ("table_files", []) => Some(Function::Files),
        _ => return usage("'table'"),
    };
    match function {
        Some(function) => Ok(Some(Call { table, function })),
        None => Err(invalid("table_changes: a version is a number, or a time such as '2025-09-30T12:00:00Z'")),
    }
}

#[derive(Debug)]
enum Argument {
    /// A text, or a name without quotes around it.
    Name(ObjectName),
    Number(u64),
    /// A time that says that it is one.
    Time(String),
}

impl Argument {
    fn version(&self) -> Option<Version> {
        match self {
            Argument::Number(version) => Some(Version::Number(*version)),
            Argument::Time(text) => Version::parse_timestamp(text).map(Version::Timestamp),
            Argument::Name(name) => match name.0.as_slice() {
                [text] => Version::parse(&text.as_ident()?.value),
                _ => None,
            },
        }
    }
}

fn argument(argument: &FunctionArg) -> Option<Argument> {
    let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else { return None };
    match expr {
        Expr::Identifier(name) => Some(Argument::Name(ObjectName::from(vec![name.clone()]))),
        Expr::CompoundIdentifier(names) => Some(Argument::Name(ObjectName::from(names.clone()))),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(Argument::Name(ObjectName::from(vec![Ident::new(text.as_str())]))),
            Value::Number(number, _) => Some(Argument::Number(number.to_string().parse().ok()?)),
            _ => None,
        },
        Expr::TypedString(typed) => Some(Argument::Time(typed.value.clone().into_string()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::params::Params;
    use crate::sql::statement::{self, Request};

    fn taken(sql: &str) -> Result<(String, Vec<(String, Function)>)> {
        let Request::Query(mut statement) = statement::parse(sql, &Params::None)? else { panic!("{sql}") };
        let calls = take(&mut statement)?;
        let calls = calls.into_values().map(|call| (call.table.to_string(), call.function)).collect();
        Ok((statement.to_string(), calls))
    }

    #[test]
    fn calls_become_tables() {
        let (statement, calls) = taken("SELECT * FROM table_changes('t', 2, '2025-09-30') c").unwrap();
        assert_eq!(statement, "SELECT * FROM \"table_changes(t, 2, 2025-09-30)\" c");
        let to = Some(Version::Timestamp(1_759_190_400_000));
        assert_eq!(calls, [("t".to_string(), Function::Changes { from: Version::Number(2), to })]);
        let (statement, calls) =
            taken("WITH h AS (SELECT * FROM Table_History(t, 5)) SELECT * FROM h, table_files('T')").unwrap();
        assert!(statement.contains("\"table_history(t, 5)\" AS \"table_history\""), "{statement}");
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[1].1, Function::History { limit: Some(5) });
        assert_eq!(taken("SELECT * FROM generate_series(1, 2)").unwrap().1, []);
        let named = taken("SELECT * FROM table_changes('t', TIMESTAMP '2025-09-30 00:00:00')").unwrap().1;
        assert_eq!(named[0].1, Function::Changes { from: Version::Timestamp(1_759_190_400_000), to: None });
    }

    #[test]
    fn others_say_how_they_are_written() {
        for sql in [
            "SELECT * FROM table_changes()",
            "SELECT * FROM table_changes('t')",
            "SELECT * FROM table_changes('t', -1)",
            "SELECT * FROM table_changes('t', 1, 'yesterday')",
            "SELECT * FROM table_changes('t', 1, 2, 3)",
            "SELECT * FROM table_history('t', 'x')",
            "SELECT * FROM table_files('t', 1)",
        ] {
            let error = taken(sql).unwrap_err();
            assert_eq!(error.code().as_str(), "invalid_sql", "{sql}");
            assert!(error.to_string().contains("table_"), "{error}");
        }
    }
}
