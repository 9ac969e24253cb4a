//! Which tables a statement wants at which version, and their place in it. Pure.

use crate::error::{Error, Result};
use crate::snapshot::Version;
use crate::sql::error::invalid;
use crate::sql::parse::visitor::walk;
use chrono::NaiveDateTime;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArguments, Ident, ObjectName, ObjectNamePart,
    Statement, TableAlias, TableFactor, TableVersion, Value, VisitorMut,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A table at another version than the one it is registered at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Travel {
    /// The table.
    pub(super) table: ObjectName,
    /// Where to.
    pub(super) to: Target,
}

/// A version, or what has to be computed to know it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// Told outright.
    Version(Version),
    /// An expression that gives a time.
    Moment(Box<Expr>),
}

/// Takes the versions out of `statement`: by the name of a table that stands in each one's place now. `is_table` tells the
/// names that are registered as they are written, `@` and all.
pub(super) fn take(statement: &mut Statement, is_table: impl Fn(&str) -> bool) -> Result<BTreeMap<String, Travel>> {
    let mut travels = Travels { is_table, found: BTreeMap::new() };
    walk(statement, &mut travels)?;
    Ok(travels.found)
}

struct Travels<F> {
    is_table: F,
    found: BTreeMap<String, Travel>,
}

impl<F: Fn(&str) -> bool> VisitorMut for Travels<F> {
    type Break = Error;

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let TableFactor::Table { name, alias, args: None, version, .. } = factor else {
            return ControlFlow::Continue(());
        };
        let to = match version.take().map(target) {
            Some(Ok(to)) => Some(to),
            Some(Err(error)) => return ControlFlow::Break(error),
            None => self.suffix(name),
        };
        let Some(to) = to else { return ControlFlow::Continue(()) };
        let key = match &to {
            Target::Version(Version::Number(version)) => format!("{name} VERSION AS OF {version}"),
            Target::Version(version) => format!("{name} TIMESTAMP AS OF {version:?}"),
            Target::Moment(expr) => format!("{name} TIMESTAMP AS OF {expr}"),
        };
        let replacement = ObjectName::from(vec![Ident::with_quote('"', key.as_str())]);
        let table = std::mem::replace(name, replacement);
        if let Some(ident) = table.0.last().and_then(ObjectNamePart::as_ident) {
            alias.get_or_insert_with(|| TableAlias {
                explicit: true,
                name: ident.clone(),
                columns: Vec::new(),
                at: None,
            });
        }
        self.found.insert(key, Travel { table, to });
        ControlFlow::Continue(())
    }
}

impl<F: Fn(&str) -> bool> Travels<F> {
    /// The version behind the `@` of a name, which is taken off.
    fn suffix(&self, name: &mut ObjectName) -> Option<Target> {
        let Some(ObjectNamePart::Identifier(ident)) = name.0.last_mut() else { return None };
        if ident.quote_style.is_some() || (self.is_table)(&ident.value) {
            return None;
        }
        let (table, version) = ident.value.rsplit_once('@')?;
        let to = match version.strip_prefix(['v', 'V']) {
            Some(number) => Version::Number(number.parse().ok()?),
            // yyyyMMddHHmmssSSS
            None if version.len() == 17 => {
                let time = NaiveDateTime::parse_from_str(version, "%Y%m%d%H%M%S%3f").ok()?;
                Version::Timestamp(time.and_utc().timestamp_millis())
            }
            None => return None,
        };
        ident.value = table.to_owned();
        Some(Target::Version(to))
    }
}

fn target(version: TableVersion) -> Result<Target> {
    match version {
        TableVersion::VersionAsOf(expr) => number(&expr),
        TableVersion::TimestampAsOf(expr) | TableVersion::ForSystemTimeAsOf(expr) => moment(expr),
        TableVersion::Function(Expr::Function(function)) => {
            let usage = || invalid("write AT (VERSION => 3) or AT (TIMESTAMP => '2025-09-30 12:00:00')");
            let FunctionArguments::List(list) = function.args else { return Err(usage()) };
            match (function.name.to_string().to_uppercase().as_str(), list.args.as_slice()) {
                ("AT", [argument]) => match named(argument) {
                    Some((name, expr)) if name == "VERSION" => number(expr),
                    Some((name, expr)) if name == "TIMESTAMP" => moment(expr.clone()),
                    _ => Err(usage()),
                },
                _ => Err(usage()),
            }
        }
        other => Err(Error::unsupported(other.to_string(), "table_changes('t', 1, 3) gives the rows that changed")),
    }
}

/// The name, in capitals, and the value of `name => value`.
fn named(argument: &FunctionArg) -> Option<(String, &Expr)> {
    match argument {
        FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), operator: FunctionArgOperator::RightArrow } => {
            Some((name.value.to_uppercase(), expr))
        }
        FunctionArg::ExprNamed {
            name: Expr::Identifier(name),
            arg: FunctionArgExpr::Expr(expr),
            operator: FunctionArgOperator::RightArrow,
        } => Some((name.value.to_uppercase(), expr)),
        _ => None,
    }
}

fn number(expr: &Expr) -> Result<Target> {
    let text = match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Some(number.to_string()),
            Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    let version = text.and_then(|text| text.parse().ok()).map(|version| Target::Version(Version::Number(version)));
    version.ok_or_else(|| invalid(format!("VERSION AS OF {expr}: a version is a number from 0 on")))
}

fn moment(expr: Expr) -> Result<Target> {
    let Expr::Value(value) = &expr else { return Ok(Target::Moment(Box::new(expr))) };
    let time = match &value.value {
        Value::SingleQuotedString(text) => Version::parse_timestamp(text).map(Version::Timestamp),
        _ => None,
    };
    let wrong = || invalid(format!("TIMESTAMP AS OF {expr}: write a time such as '2025-09-30T12:00:00Z'"));
    time.map(Target::Version).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::params::Params;
    use crate::sql::parse::statement;
    use crate::sql::parse::statement::Request;

    /// The statement as it is planned, and where it travels.
    fn taken(sql: &str) -> Result<(String, Vec<(String, Target)>)> {
        let Request::Query(mut statement) = statement::parse(sql, &Params::None)? else { panic!("{sql}") };
        let travels = take(&mut statement, |name| name == "odd@v1")?;
        let travels = travels.into_values().map(|travel| (travel.table.to_string(), travel.to)).collect();
        Ok((statement.to_string(), travels))
    }

    fn number(version: u64) -> Target {
        Target::Version(Version::Number(version))
    }

    #[test]
    fn versions_by_number() {
        for sql in [
            "SELECT * FROM t VERSION AS OF 3",
            "SELECT * FROM t version as of '3'",
            "SELECT * FROM t FOR VERSION AS OF 3",
            "SELECT * FROM t FOR SYSTEM_VERSION AS OF 3",
            "SELECT * FROM t AT (VERSION => 3)",
            "SELECT * FROM t@v3",
        ] {
            let (planned, travels) = taken(sql).unwrap();
            assert_eq!(planned, "SELECT * FROM \"t VERSION AS OF 3\" AS t", "{sql}");
            assert_eq!(travels, [("t".to_string(), number(3))], "{sql}");
        }
        let (planned, _) = taken("SELECT x.a FROM s.t VERSION AS OF 0 x, u").unwrap();
        assert_eq!(planned, "SELECT x.a FROM \"s.t VERSION AS OF 0\" x, u");
    }

    #[test]
    fn versions_by_time() {
        let noon = Target::Version(Version::Timestamp(1_759_233_600_000));
        for sql in [
            "SELECT * FROM t TIMESTAMP AS OF '2025-09-30T12:00:00Z'",
            "SELECT * FROM t FOR TIMESTAMP AS OF '2025-09-30 12:00:00'",
            "SELECT * FROM t FOR SYSTEM_TIME AS OF '2025-09-30T14:00:00+02:00'",
            "SELECT * FROM t AT (TIMESTAMP => '2025-09-30T12:00:00Z')",
            "SELECT * FROM t@20250930120000000",
        ] {
            assert_eq!(taken(sql).unwrap().1, [("t".to_string(), noon.clone())], "{sql}");
        }
        let (_, travels) = taken("SELECT * FROM t TIMESTAMP AS OF now() - INTERVAL '1 day' WHERE a > 1").unwrap();
        assert!(matches!(&travels[..], [(_, Target::Moment(_))]), "{travels:?}");
    }

    #[test]
    fn in_joins_and_subqueries_and_set_operations() {
        let sql = "WITH a AS (SELECT * FROM t VERSION AS OF 1) SELECT * FROM a JOIN t VERSION AS OF 2 b ON a.x = b.x \
                   WHERE b.y IN (SELECT y FROM t@v3) EXCEPT SELECT * FROM t VERSION AS OF 1";
        let (_, travels) = taken(sql).unwrap();
        let to: Vec<Target> = travels.into_iter().map(|(_, to)| to).collect();
        assert_eq!(to, [number(1), number(2), number(3)]);
    }

    #[test]
    fn names_with_an_at_sign_stay() {
        for sql in ["SELECT * FROM odd@v1", "SELECT * FROM \"t@v3\"", "SELECT * FROM t@home", "SELECT * FROM t@v"] {
            assert_eq!(taken(sql).unwrap().1, [], "{sql}");
        }
    }

    #[test]
    fn nonsense_says_how_it_is_written() {
        for sql in [
            "SELECT * FROM t VERSION AS OF 'x'",
            "SELECT * FROM t VERSION AS OF 1.5",
            "SELECT * FROM t TIMESTAMP AS OF 'yesterday'",
            "SELECT * FROM t AT (OFFSET => 3)",
            "SELECT * FROM t BEFORE (VERSION => 3)",
        ] {
            assert_eq!(taken(sql).unwrap_err().code().as_str(), "invalid_sql", "{sql}");
        }
    }
}
