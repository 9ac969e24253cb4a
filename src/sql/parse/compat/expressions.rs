//! Operators and functions of one engine, as expressions that the planner knows.

use super::literal::string;
use super::{access, collate, macros, special, template};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, ObjectNamePart, TableAlias, TableFactor, TimezoneInfo, UnaryOperator, Value,
    ValueWithSpan,
};

/// Puts in the place of `expr` what it stands for; whether it stood for something. Its parts are still to be expanded.
pub fn expand(expr: &mut Expr) -> Result<bool> {
    if let Some(collated) = collate::expand(expr)? {
        *expr = collated;
        return Ok(true);
    }
    if let Some(expanded) = access::expand(expr)? {
        *expr = expanded;
        return Ok(true);
    }
    let expanded = match expr {
        Expr::Function(function) => self::function(function)?,
        Expr::BinaryOp { left, op, right } => match operator(op) {
            Some(template) => Some(template::expression(template, &[(**left).clone(), (**right).clone()])?),
            None => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } if !is_literal(expr) => {
            Some(template::expression("negative($1)", &[(**expr).clone()])?)
        }
        Expr::RLike { negated, expr, pattern, .. } => {
            let call = template::expression("regexp_like($1, $2)", &[(**expr).clone(), (**pattern).clone()])?;
            Some(if *negated { not(call) } else { call })
        }
        Expr::SimilarTo { negated, expr, pattern, escape_char: None } => {
            let template = "regexp_like($1, concat('^(?:', $2, ')$'))";
            let call = template::expression(template, &[(**expr).clone(), (**pattern).clone()])?;
            Some(if *negated { not(call) } else { call })
        }
        Expr::Like { any: false, pattern, escape_char: escape @ Some(_), .. }
        | Expr::ILike { any: false, pattern, escape_char: escape @ Some(_), .. } => {
            escaped(pattern, escape);
            None
        }
        Expr::Like { any: false, pattern, escape_char: escape @ None, .. }
        | Expr::ILike { any: false, pattern, escape_char: escape @ None, .. } => {
            literally(pattern, escape)?;
            None
        }
        Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } => {
            compared(right)?;
            None
        }
        Expr::Cast { data_type: DataType::JSON, expr, .. } => {
            Some(template::expression("cast_to_json($1)", std::slice::from_ref(expr.as_ref()))?)
        }
        Expr::Cast { data_type, .. } => {
            own_type(data_type);
            None
        }
        Expr::AtTimeZone { timestamp, time_zone } => {
            Some(template::expression("timezone($2, $1)", &[(**timestamp).clone(), (**time_zone).clone()])?)
        }
        Expr::Interval(interval) => special::interval(interval)?,
        Expr::Like { any: true, negated, expr, pattern, .. } => Some(like_any("$1 LIKE $2", *negated, expr, pattern)?),
        Expr::ILike { any: true, negated, expr, pattern, .. } => {
            Some(like_any("$1 ILIKE $2", *negated, expr, pattern)?)
        }
        _ => None,
    };
    match expanded {
        Some(expanded) => {
            *expr = expanded;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Gives the subquery of `a > ALL (SELECT …)` a name of its own: where it reads a relation of the same name as the query
/// around it does, the planner takes the one for the other.
fn compared(right: &mut Expr) -> Result<()> {
    let Expr::Subquery(query) = right else { return Ok(()) };
    let name = Ident::with_quote('"', "lakeglass.compared");
    let alias = Some(TableAlias { explicit: true, name, columns: Vec::new(), at: None });
    let derived = TableFactor::Derived { lateral: false, subquery: query.clone(), alias, sample: None };
    **query = *template::over(&format!("SELECT * FROM {}", template::TABLE), &derived)?;
    Ok(())
}

/// A pattern with another escape character than the backslash, which the planner does not take.
fn escaped(pattern: &mut Expr, escape: &mut Option<ValueWithSpan>) {
    let letter = match escape.as_ref().map(|escape| &escape.value) {
        Some(Value::SingleQuotedString(text)) => text.chars().next().filter(|_| text.chars().count() == 1),
        _ => None,
    };
    let (Some(letter), Some(text)) = (letter.filter(|letter| *letter != '\\'), string(pattern)) else { return };
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            next if next == letter => {
                out.push('\\');
                out.extend(rest.next());
            }
            '\\' => out.push_str("\\\\"),
            next => out.push(next),
        }
    }
    *pattern = Expr::Value(Value::SingleQuotedString(out).with_empty_span());
    *escape = None;
}

/// Without an ESCAPE, a backslash in a pattern is one: the planner takes it for the escape.
fn literally(pattern: &mut Expr, escape: &mut Option<ValueWithSpan>) -> Result<()> {
    match string(pattern) {
        Some(text) if !text.contains('\\') => return Ok(()),
        Some(text) => *pattern = Expr::Value(Value::SingleQuotedString(text.replace('\\', "\\\\")).with_empty_span()),
        None => *pattern = template::expression("replace($1, '\\', '\\\\')", std::slice::from_ref(pattern))?,
    }
    *escape = Some(Value::SingleQuotedString("\\".into()).with_empty_span());
    Ok(())
}

/// `TRY(CAST(a AS t))`, which is null where the cast fails.
fn tried(argument: &Expr) -> Result<Expr> {
    match argument {
        Expr::Nested(inner) => tried(inner),
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon | CastKind::TryCast,
            expr,
            data_type,
            array,
            format,
        } => Ok(Expr::Cast {
            kind: CastKind::TryCast,
            expr: expr.clone(),
            data_type: data_type.clone(),
            array: *array,
            format: format.clone(),
        }),
        other => Err(Error::unsupported(format!("TRY({other})"), "it is known of a cast alone: TRY_CAST(a AS type)")),
    }
}

/// Types by their names in DuckDB, as the planner calls them.
fn own_type(data_type: &mut DataType) {
    let name = data_type.to_string().to_lowercase();
    let whole = |digits| DataType::Decimal(ExactNumberInfo::PrecisionAndScale(digits, 0));
    *data_type = match name.as_str() {
        "utinyint" => DataType::TinyIntUnsigned(None),
        "usmallint" => DataType::SmallIntUnsigned(None),
        "uinteger" => DataType::IntegerUnsigned(None),
        "ubigint" => DataType::BigIntUnsigned(None),
        "hugeint" | "uhugeint" | "int128" => whole(38),
        "blob" => DataType::Bytea,
        "timestamp_s" => DataType::Timestamp(Some(0), TimezoneInfo::None),
        "timestamp_ms" => DataType::Timestamp(Some(3), TimezoneInfo::None),
        "timestamp_ns" => DataType::Timestamp(Some(9), TimezoneInfo::None),
        "timestamp_us" | "timestamp_ntz" => DataType::Timestamp(None, TimezoneInfo::None),
        "timestamp_ltz" => DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
        _ => return,
    };
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(expr))) }
}

fn operator(operator: &BinaryOperator) -> Option<&'static str> {
    match operator {
        BinaryOperator::Arrow => Some("json_extract($1, $2)"),
        BinaryOperator::LongArrow => Some("json_extract_string($1, $2)"),
        BinaryOperator::PGStartsWith => Some("starts_with($1, $2)"),
        BinaryOperator::Custom(operator) => match operator.as_str() {
            "**" => Some("power($1, $2)"),
            "DIV" => Some("$1 // $2"),
            "GLOB" => Some("regexp_like($1, glob_to_regex($2))"),
            _ => None,
        },
        BinaryOperator::PGOverlap => Some("list_has_any($1, $2)"),
        BinaryOperator::PGBitwiseShiftRight => Some("right_shift($1, $2)"),
        _ => None,
    }
}

/// Whether the planner has a literal for the negative of `expr`.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::Interval(_) => true,
        _ => false,
    }
}

/// `a LIKE ANY ('x%', 'y%')`.
fn like_any(template: &str, negated: bool, expr: &Expr, pattern: &Expr) -> Result<Expr> {
    let patterns = match pattern {
        Expr::Tuple(patterns) => patterns.as_slice(),
        Expr::Nested(inner) => std::slice::from_ref(inner.as_ref()),
        _ => return Err(Error::unsupported("LIKE ANY", "write its patterns in parentheses: a LIKE ANY ('x%', 'y%')")),
    };
    let mut any: Option<Expr> = None;
    for pattern in patterns {
        let one = template::expression(template, &[expr.clone(), pattern.clone()])?;
        any = Some(match any {
            Some(before) => Expr::BinaryOp { left: Box::new(before), op: BinaryOperator::Or, right: Box::new(one) },
            None => one,
        });
    }
    let any = Expr::Nested(Box::new(any.ok_or_else(|| invalid("LIKE ANY without a pattern"))?));
    Ok(if negated { not(any) } else { any })
}

/// What a call stands for.
fn function(function: &mut Function) -> Result<Option<Expr>> {
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_mut_slice() else { return Ok(None) };
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let lower = name.value.to_lowercase();
    if let Some(other) = macros::renamed(&lower) {
        name.value = other.into();
        return Ok(None);
    }
    if let Some(reason) = macros::refused(&lower, list.args.len()) {
        return Err(Error::unsupported(lower, reason));
    }
    match lower.as_str() {
        "struct_pack" => return special::struct_pack(&list.args).map(Some),
        "struct_insert" => return special::struct_insert(&list.args).map(Some),
        _ => {}
    }
    let Some(arguments) = positional(&list.args) else { return Ok(None) };
    if let ("xor", [left, right]) = (lower.as_str(), arguments.as_slice()) {
        let (left, right) = (Box::new(nested(left)), Box::new(nested(right)));
        return Ok(Some(Expr::BinaryOp { left, op: BinaryOperator::PGBitwiseXor, right }));
    }
    if let ("try", [argument]) = (lower.as_str(), arguments.as_slice()) {
        return tried(argument).map(Some);
    }
    if let Some(expanded) = special::within_group(&lower, &arguments, &function.within_group)? {
        function.within_group.clear();
        return with_clauses(function, expanded, &lower).map(Some);
    }
    let own = special::template(&lower, &arguments)?;
    let Some(template) = own.as_deref().or_else(|| macros::template(&lower, arguments.len())) else { return Ok(None) };
    let expanded = template::expression(template, &arguments)?;
    with_clauses(function, expanded, &lower).map(Some)
}

fn nested(expr: &Expr) -> Expr {
    Expr::Nested(Box::new(expr.clone()))
}

/// The arguments, where none is named and none is `*`.
fn positional(arguments: &[FunctionArg]) -> Option<Vec<Expr>> {
    let one = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    arguments.iter().map(one).collect()
}

/// Hands `FILTER`, `OVER`, `DISTINCT` and the like on to the function that stands there now.
fn with_clauses(written: &mut Function, mut expanded: Expr, name: &str) -> Result<Expr> {
    let FunctionArguments::List(list) = &written.args else { return Ok(expanded) };
    let plain = written.filter.is_none()
        && written.over.is_none()
        && written.within_group.is_empty()
        && written.null_treatment.is_none()
        && list.duplicate_treatment.is_none()
        && list.clauses.is_empty();
    if plain {
        return Ok(expanded);
    }
    let Expr::Function(call) = &mut expanded else {
        let hint = "it stands for an expression, which takes no FILTER, OVER, DISTINCT or ORDER BY";
        return Err(Error::unsupported(format!("{name} with a clause behind it"), hint));
    };
    call.over = written.over.take();
    call.null_treatment = written.null_treatment.take();
    call.within_group.append(&mut written.within_group);
    call.filter = match (call.filter.take(), written.filter.take()) {
        (Some(own), Some(more)) => Some(Box::new(Expr::BinaryOp {
            left: Box::new(Expr::Nested(own)),
            op: BinaryOperator::And,
            right: Box::new(Expr::Nested(more)),
        })),
        (own, more) => own.or(more),
    };
    if let FunctionArguments::List(arguments) = &mut call.args {
        if !list.clauses.is_empty() && !arguments.clauses.is_empty() {
            return Err(Error::unsupported(format!("{name} with ORDER BY"), "it has an order of its own"));
        }
        arguments.clauses.extend(list.clauses.iter().cloned());
        arguments.duplicate_treatment = arguments.duplicate_treatment.or(list.duplicate_treatment);
    }
    Ok(expanded)
}
