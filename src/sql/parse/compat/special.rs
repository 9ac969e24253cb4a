//! Functions whose meaning hangs on a literal among their arguments: a unit, a pattern, an aggregate's name.

use super::literal::string;
use super::{patterns, template};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::functions::BETWEEN_NAMES;
use crate::sql::times::{is_unit, plain_interval};
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Interval, OrderByExpr, UnaryOperator, Value,
};

/// The template of a call, if it is one of these; its places are the call's arguments.
pub(crate) fn template(name: &str, arguments: &[Expr]) -> Result<Option<String>> {
    match (name, arguments) {
        (name, [Expr::Identifier(unit), _, _]) if counts_units(name) && is_unit(&unit.value) => {
            Ok(Some(format!("{name}('{}', $2, $3)", unit.value)))
        }
        ("date_format", [_, pattern]) => {
            let pattern = literal(name, pattern)?;
            Ok(Some(format!("strftime($1, '{}')", patterns::chrono(pattern)?.replace('\'', "''"))))
        }
        ("to_date" | "to_timestamp" | "try_to_timestamp" | "try_to_date", [_, pattern]) => {
            let name = name.replace("to_", "parse_");
            match string(pattern) {
                Some(text) => Ok(Some(format!("{name}($1, '{}')", patterns::chrono(text)?.replace('\'', "''")))),
                None => Ok(Some(format!("{name}($1, $2)"))),
            }
        }
        ("unix_timestamp" | "from_unixtime", [_, pattern]) => {
            let pattern = patterns::chrono(literal(name, pattern)?)?.replace('\'', "''");
            Ok(Some(match name {
                "from_unixtime" => format!("strftime(timestamp_seconds($1), '{pattern}')"),
                _ => format!("unix_seconds(parse_timestamp($1, '{pattern}'))"),
            }))
        }
        ("aggregate", [_, function]) if string(function).is_some() => Ok(Some("list_aggregate($1, $2)".into())),
        (name, arguments) if !arguments.is_empty() && list_aggregate(name).is_some() => {
            let aggregate = list_aggregate(name).unwrap_or_default();
            let rest: String = (2..=arguments.len()).map(|place| format!(", ${place}")).collect();
            Ok(Some(format!("list_aggregate($1, '{aggregate}'{rest})")))
        }
        ("struct_extract", [_, Expr::Value(place)]) if matches!(place.value, Value::Number(..)) => {
            Ok(Some("struct_extract_at($1, $2)".into()))
        }
        ("regexp_extract", [_, _, Expr::Array(names), rest @ ..]) => {
            let names: Option<Vec<&str>> = names.elem.iter().map(string).collect();
            let names = names.ok_or_else(|| invalid("regexp_extract: the names of groups have to be constants"))?;
            let names = names.join(&BETWEEN_NAMES.to_string()).replace('\'', "''");
            let options = if rest.is_empty() { "" } else { ", $4" };
            Ok(Some(format!("regexp_extract($1, $2, '{names}'{options})")))
        }
        ("approx_quantile" | "approx_percentile" | "percentile_approx", [_, Expr::Array(_)]) => {
            Ok(Some("quantile_disc($1, $2)".into()))
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
        _ => Ok(None),
    }
}

fn literal<'e>(name: &str, expr: &'e Expr) -> Result<&'e str> {
    string(expr).ok_or_else(|| invalid(format!("{name}: {expr} has to be a text as it stands, in single quotes")))
}

/// Whether a function's first of three arguments is a unit, which may stand without quotes.
fn counts_units(name: &str) -> bool {
    const NAMES: [&str; 8] =
        ["date_diff", "datediff", "timestampdiff", "date_add", "dateadd", "timestampadd", "date_sub", "datesub"];
    NAMES.contains(&name)
}

/// `INTERVAL (a + 1) DAY`: an interval of a number that is no literal. One that is gets a text that the planner reads.
pub(crate) fn interval(interval: &mut Interval) -> Result<Option<Expr>> {
    if let Some(text) = number(&interval.value)
        && interval.last_field.is_none()
    {
        let text = match interval.leading_field.take() {
            Some(unit) => format!("{text} {unit}"),
            None => text,
        };
        let plain = plain_interval(&text)
            .ok_or_else(|| invalid(format!("'{text}' is no INTERVAL: write it as '1 month 2 days 03:04:05'")))?;
        *interval.value = Expr::Value(Value::SingleQuotedString(plain).with_empty_span());
        return Ok(None);
    }
    let literal = match interval.value.as_ref() {
        Expr::Nested(inner) => is_literal(inner),
        value => is_literal(value),
    };
    let (Some(unit), false) = (&interval.leading_field, literal || interval.last_field.is_some()) else {
        return Ok(None);
    };
    let unit = unit.to_string().to_lowercase();
    let function = match unit.trim_end_matches('s') {
        "centurie" | "century" => "to_centuries",
        "millennium" | "millennia" => "to_millennia",
        "year" => "to_years",
        "quarter" => "to_quarters",
        "month" => "to_months",
        "week" => "to_weeks",
        "day" => "to_days",
        "hour" => "to_hours",
        "minute" => "to_minutes",
        "second" => "to_seconds",
        "millisecond" => "to_milliseconds",
        "microsecond" => "to_microseconds",
        "decade" => "to_decades",
        _ => {
            return Err(Error::unsupported(
                format!("INTERVAL … {unit}"),
                "one of YEAR, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND",
            ));
        }
    };
    template::expression(&format!("{function}($1)"), &[interval.value.as_ref().clone()]).map(Some)
}

/// The text of a literal, with its sign.
fn number(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::Number(text, _) => Some(text.clone()),
            _ => None,
        },
        Expr::Nested(inner) => number(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => number(expr).map(|text| format!("-{}", text.trim_start())),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => true,
        Expr::UnaryOp { expr, .. } => is_literal(expr),
        _ => false,
    }
}

/// The aggregate in the name of a function such as `list_median`.
fn list_aggregate(name: &str) -> Option<&str> {
    const AGGREGATES: [&str; 24] = [
        "any_value",
        "approx_count_distinct",
        "avg",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bool_and",
        "bool_or",
        "count",
        "entropy",
        "histogram",
        "kurtosis",
        "kurtosis_pop",
        "mad",
        "median",
        "mode",
        "product",
        "sem",
        "skewness",
        "stddev_pop",
        "stddev_samp",
        "string_agg",
        "sum",
        "var_pop",
    ];
    let aggregate = name.strip_prefix("list_")?;
    (AGGREGATES.contains(&aggregate) || aggregate == "var_samp").then_some(aggregate)
}

/// An aggregate written with its order behind it: `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`, `mode() WITHIN GROUP …`.
pub(crate) fn within_group(name: &str, arguments: &[Expr], order: &[OrderByExpr]) -> Result<Option<Expr>> {
    let [OrderByExpr { expr, options, .. }] = order else { return Ok(None) };
    let back = if options.asc == Some(false) { ", 'DESC'" } else { "" };
    let template = match (name, arguments) {
        ("percentile_cont" | "quantile_cont", [_]) => format!("quantile_cont($1, $2{back})"),
        ("percentile_disc" | "quantile_disc", [_]) => format!("quantile_disc($1, $2{back})"),
        ("mode", []) => "mode($1)".to_string(),
        _ => return Ok(None),
    };
    let all: Vec<Expr> = std::iter::once(expr.clone()).chain(arguments.iter().cloned()).collect();
    template::expression(&template, &all).map(Some)
}

/// `struct_insert(s, a := 1, b := 2)`.
pub(crate) fn struct_insert(arguments: &[FunctionArg]) -> Result<Expr> {
    let Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(whole)), fields)) = arguments.split_first() else {
        return Err(invalid("struct_insert: write struct_insert(s, name := value, …)"));
    };
    template::expression("struct_concat($1, $2)", &[whole.clone(), struct_pack(fields)?])
}

/// `struct_pack(a := 1, b := 2)`.
pub(crate) fn struct_pack(arguments: &[FunctionArg]) -> Result<Expr> {
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
