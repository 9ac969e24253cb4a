//! Functions whose meaning hangs on a literal among their arguments: a unit, a pattern, an aggregate's name.

use super::expressions::string;
use super::{patterns, template};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr};

/// The template of a call, if it is one of these; its places are the call's arguments.
pub(super) fn template(name: &str, arguments: &[Expr]) -> Result<Option<String>> {
    match (name, arguments) {
        ("date_diff" | "datediff" | "timestampdiff", [unit, _, _]) => difference(name, unit).map(Some),
        ("date_add" | "dateadd" | "date_sub", [_, days]) => Ok(Some(shifted(name, days))),
        ("date_sub" | "datesub", [_, _, _]) => {
            Err(Error::unsupported("date_sub with a unit", "date_diff('day', from, to) counts the boundaries between"))
        }
        ("date_format", [_, pattern]) => {
            let pattern = literal(name, pattern)?;
            Ok(Some(format!("to_char($1, '{}')", patterns::chrono(pattern)?.replace('\'', "''"))))
        }
        ("to_date" | "to_timestamp" | "try_to_timestamp" | "try_to_date", [_, pattern]) => match string(pattern) {
            Some(text) if !text.contains('%') => {
                let name = name.trim_start_matches("try_");
                Ok(Some(format!("{name}($1, '{}')", patterns::chrono(text)?.replace('\'', "''"))))
            }
            _ => Ok(None),
        },
        ("time_bucket", [width, _]) => {
            let text = width.to_string().to_lowercase();
            let months = ["month", "year", "quarter", "decade"].iter().any(|unit| text.contains(unit));
            let origin = if months { "2000-01-01" } else { "2000-01-03" };
            Ok(Some(format!("date_bin($1, $2, TIMESTAMP '{origin} 00:00:00')")))
        }
        ("list_aggregate" | "list_aggr" | "array_aggregate" | "aggregate", [_, function]) => {
            let function = literal(name, function)?;
            match function {
                "sum" | "min" | "max" | "avg" => Ok(Some(format!("array_{function}($1)"))),
                "count" => Ok(Some("len(array_compact($1))".into())),
                other => Err(Error::unsupported(format!("{name} by {other}"), "one of sum, min, max, avg, count")),
            }
        }
        ("split", [_, separator]) => match string(separator) {
            // A regular expression to Spark, and a text to the others: the same as long as no character of it is special.
            Some(text) if !text.contains(['\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '[', ']', '{', '}']) => {
                Ok(Some("string_to_array($1, $2)".into()))
            }
            _ => Err(Error::unsupported(
                "split",
                "its separator is a regular expression to Spark and a text to DuckDB: write string_split(x, text) or \
                 regexp_split_to_array(x, pattern)",
            )),
        },
        ("hex", [value]) => match string(value) {
            Some(_) => Ok(Some("upper(encode($1, 'hex'))".into())),
            None if value.to_string().parse::<i64>().is_ok() => Ok(Some("upper(to_hex($1))".into())),
            None => Err(Error::unsupported("hex of a column", "write to_hex(number) or encode(text, 'hex')")),
        },
        _ => Ok(None),
    }
}

fn literal<'e>(name: &str, expr: &'e Expr) -> Result<&'e str> {
    string(expr).ok_or_else(|| invalid(format!("{name}: {expr} has to be a text as it stands, in single quotes")))
}

/// The boundaries of a unit between two times.
fn difference(name: &str, unit: &Expr) -> Result<String> {
    let Some(unit) = string(unit) else {
        let hint = "write the unit in single quotes: date_diff('month', from, to) counts the month boundaries between";
        return Err(Error::unsupported(format!("{name}({unit}, …)"), hint));
    };
    let unit = unit.to_lowercase();
    let seconds = |length: u32| {
        format!(
            "CAST(floor(date_part('epoch', $3) / {length}.0) AS BIGINT) - CAST(floor(date_part('epoch', $2) / {length}.0) AS BIGINT)"
        )
    };
    let text = match unit.trim_end_matches('s') {
        "year" | "yr" | "y" => "date_part('year', $3) - date_part('year', $2)".into(),
        "quarter" => {
            "(date_part('year', $3) - date_part('year', $2)) * 4 + date_part('quarter', $3) - date_part('quarter', $2)"
                .into()
        }
        "month" | "mon" => {
            "(date_part('year', $3) - date_part('year', $2)) * 12 + date_part('month', $3) - date_part('month', $2)"
                .into()
        }
        "week" | "w" => seconds(604_800),
        "day" | "d" => "CAST($3 AS DATE) - CAST($2 AS DATE)".into(),
        "hour" | "h" => seconds(3_600),
        "minute" | "min" | "m" => seconds(60),
        "second" | "sec" | "" => seconds(1),
        "millisecond" | "m_s" => {
            "CAST(date_part('epoch', $3) * 1000 AS BIGINT) - CAST(date_part('epoch', $2) * 1000 AS BIGINT)".into()
        }
        _ => {
            let hint = "one of year, quarter, month, week, day, hour, minute, second, millisecond";
            return Err(invalid(format!("{name}: no unit {unit}: {hint}")));
        }
    };
    Ok(format!("CAST({text} AS BIGINT)"))
}

/// A date and an interval (DuckDB), or a number of days (Spark).
fn shifted(name: &str, by: &Expr) -> String {
    let sign = if name == "date_sub" { '-' } else { '+' };
    let interval = match by {
        Expr::Interval(_) => true,
        Expr::Function(function) => function.name.to_string().to_lowercase().starts_with("to_"),
        _ => false,
    };
    match interval {
        true => format!("($1 {sign} $2)"),
        false => format!("(CAST($1 AS DATE) {sign} $2)"),
    }
}

/// `struct_pack(a := 1, b := 2)`.
pub(super) fn struct_pack(arguments: &[FunctionArg]) -> Result<Expr> {
    let usage = || invalid("struct_pack: write struct_pack(name := value, …)");
    let mut values = Vec::with_capacity(arguments.len());
    let mut places = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let (name, value) = match argument {
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } => (name.value.clone(), value),
            FunctionArg::ExprNamed { name: Expr::Identifier(name), arg: FunctionArgExpr::Expr(value), .. } => {
                (name.value.clone(), value)
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value @ Expr::Identifier(name))) => (name.value.clone(), value),
            _ => return Err(usage()),
        };
        values.push(value.clone());
        places.push(format!("'{}', ${}", name.replace('\'', "''"), values.len()));
    }
    if places.is_empty() {
        return Err(usage());
    }
    template::expression(&format!("named_struct({})", places.join(", ")), &values)
}
