//! Calls in a statement: what they ask for, and their place in it. Pure.

use crate::error::{Error, Result};
use crate::snapshot::Version;
use crate::sql::error::invalid;
use crate::sql::parse::visitor::walk;
use crate::storage::redact;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, Statement, TableAlias, TableFactor, Value, VisitorMut,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use url::Url;

/// One call.
#[derive(Debug)]
pub(super) enum Call {
    /// Of a table that is registered.
    Table {
        /// Its name.
        table: ObjectName,
        /// What is asked of it.
        function: Function,
    },
    /// `delta_scan('url', version => 2)`: the table at a URL.
    Location {
        /// Where it is; as written, secrets and all.
        url: String,
        /// Which format it is said to have.
        format: Option<String>,
        /// Which version of it.
        version: Version,
    },
    /// `read_parquet('url')`, `read_parquet(['url', …])`, `FROM 'url.parquet'`: files.
    Parquet(Vec<String>),
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
    walk(statement, &mut calls)?;
    Ok(calls.0)
}

#[derive(Default)]
struct Calls(BTreeMap<String, Call>);

impl VisitorMut for Calls {
    type Break = Error;

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let TableFactor::Table { name, alias, args, version, .. } = factor else { return ControlFlow::Continue(()) };
        let Some(arguments) = args else {
            return match at_url(name, version.is_some()) {
                Ok(Some((key, stem, call))) => {
                    *name = ObjectName::from(vec![Ident::with_quote('"', self.key(&key))]);
                    self.add(name, call, alias, &stem);
                    ControlFlow::Continue(())
                }
                Ok(None) => ControlFlow::Continue(()),
                Err(error) => ControlFlow::Break(error),
            };
        };
        let function = name.to_string().to_lowercase();
        let call = match parse(&function, &arguments.args) {
            Ok(Some(call)) => call,
            Ok(None) => return ControlFlow::Continue(()),
            Err(error) => return ControlFlow::Break(error),
        };
        let key = match &call {
            Call::Table { .. } => {
                let shown = arguments.args.iter().map(|argument| argument.to_string().replace('\'', ""));
                format!("{function}({})", shown.collect::<Vec<_>>().join(", "))
            }
            Call::Location { url, .. } => self.key(&format!("{function}({})", shown(url))),
            Call::Parquet(urls) => {
                let first = urls.first().map(|url| shown(url)).unwrap_or_default();
                let more = if urls.len() > 1 { ", …" } else { "" };
                self.key(&format!("{function}({first}{more})"))
            }
        };
        *name = ObjectName::from(vec![Ident::with_quote('"', key)]);
        *args = None;
        self.add(name, call, alias, &function);
        ControlFlow::Continue(())
    }
}

impl Calls {
    /// A key of its own: what tells two URLs apart may be what is not shown of them.
    fn key(&self, text: &str) -> String {
        match self.0.len() {
            0 => text.into(),
            count => format!("{text} #{}", count + 1),
        }
    }

    fn add(&mut self, name: &ObjectName, call: Call, alias: &mut Option<TableAlias>, otherwise: &str) {
        let named = Ident::with_quote('"', otherwise);
        alias.get_or_insert_with(|| TableAlias { explicit: true, name: named, columns: Vec::new(), at: None });
        if let Some(ident) = name.0.last().and_then(|part| part.as_ident()) {
            self.0.insert(ident.value.clone(), call);
        }
    }
}

/// A URL as it may be shown.
fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_string(), |url| redact(&url))
}

/// `FROM 'https://host/file.parquet'`: its key, the file's name without its ending, and the call that it is.
fn at_url(name: &ObjectName, with_version: bool) -> Result<Option<(String, String, Call)>> {
    let [part] = name.0.as_slice() else { return Ok(None) };
    let Some(Ident { value: url, quote_style: Some('\''), .. }) = part.as_ident() else { return Ok(None) };
    let shown = shown(url);
    let file = shown.rsplit('/').next().unwrap_or_default();
    match file.rsplit_once('.') {
        Some((stem, ending)) if ["parquet", "parq", "pq"].contains(&ending.to_lowercase().as_str()) => {
            if with_version {
                let hint = "a table has versions: delta_scan('…', version => 2)";
                return Err(Error::unsupported("a version of a Parquet file", hint));
            }
            Ok(Some((shown.clone(), stem.to_string(), Call::Parquet(vec![url.clone()]))))
        }
        _ if url.contains("://") => {
            Err(invalid(format!("FROM '{shown}': write delta_scan('…') for a table, read_parquet('…') for a file")))
        }
        _ => Ok(None),
    }
}

/// The call of `function`, if it is one of these.
fn parse(function: &str, arguments: &[FunctionArg]) -> Result<Option<Call>> {
    match function {
        "delta_scan" => return delta_scan(arguments).map(Some),
        "read_parquet" | "parquet_scan" => return read_parquet(arguments).map(Some),
        _ => {}
    }
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
        Some(function) => Ok(Some(Call::Table { table, function })),
        None => Err(invalid("table_changes: a version is a number, or a time such as '2025-09-30T12:00:00Z'")),
    }
}

fn delta_scan(arguments: &[FunctionArg]) -> Result<Call> {
    let usage = || {
        invalid("delta_scan: write delta_scan('https://…', version => 2) or (…, timestamp => '2025-09-30T12:00:00Z')")
    };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(url)), rest @ ..] = arguments else { return Err(usage()) };
    let url = text(url).ok_or_else(usage)?;
    let is_format = |argument: &FunctionArg| named(argument).is_some_and(|(name, _)| name == "format");
    let (formats, rest): (Vec<&FunctionArg>, Vec<&FunctionArg>) = rest.iter().partition(|argument| is_format(argument));
    let format = match formats.as_slice() {
        [] => None,
        [argument] => Some(named(argument).and_then(|(_, expr)| text(expr)).ok_or_else(usage)?),
        _ => return Err(usage()),
    };
    let version = match rest.as_slice() {
        [] => Version::Latest,
        [argument] => {
            let (name, expr) = named(argument).ok_or_else(usage)?;
            let value = text(expr).unwrap_or_else(|| expr.to_string());
            match (name.as_str(), Version::parse(&value)) {
                ("version", Some(version @ Version::Number(_))) => version,
                ("timestamp", _) => Version::Timestamp(Version::parse_timestamp(&value).ok_or_else(usage)?),
                _ => return Err(usage()),
            }
        }
        _ => return Err(usage()),
    };
    Ok(Call::Location { url, format, version })
}

fn read_parquet(arguments: &[FunctionArg]) -> Result<Call> {
    let usage = || invalid("read_parquet: write read_parquet('https://…') or read_parquet(['…', '…'])");
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(files))] = arguments else { return Err(usage()) };
    let urls = match files {
        Expr::Array(list) => list.elem.iter().map(text).collect::<Option<Vec<_>>>(),
        one => text(one).map(|url| vec![url]),
    };
    Ok(Call::Parquet(urls.filter(|urls| !urls.is_empty()).ok_or_else(usage)?))
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The name, in lower case, and the value of `name => value` or `name := value`.
fn named(argument: &FunctionArg) -> Option<(String, &Expr)> {
    match argument {
        FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. }
        | FunctionArg::ExprNamed { name: Expr::Identifier(name), arg: FunctionArgExpr::Expr(expr), .. } => {
            Some((name.value.to_lowercase(), expr))
        }
        _ => None,
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
    use crate::sql::parse::params::Params;
    use crate::sql::parse::statement;
    use crate::sql::parse::statement::Request;

    fn taken(sql: &str) -> Result<(String, Vec<(String, Function)>)> {
        let Request::Query(mut statement) = statement::parse(sql, &Params::None)? else { panic!("{sql}") };
        let calls = take(&mut statement)?;
        let of_table = |call| match call {
            Call::Table { table, function } => (table.to_string(), function),
            other => panic!("{other:?}"),
        };
        let calls = calls.into_values().map(of_table).collect();
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
