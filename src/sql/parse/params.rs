//! Values for a statement's parameters: `?`, `$1` and `$name`.
//!
//! They are put into the syntax tree, as the literals they are: never into text, so that no value can be read as SQL. From
//! there on a parameter means what a literal in its place means: in a LIMIT, a version, a list.

use super::visitor::walk;
use crate::error::Result;
use crate::sql::error::invalid;
use arrow::datatypes::{TimestampMicrosecondType, TimestampSecondType};
use arrow::temporal_conversions::as_datetime;
use datafusion::sql::sqlparser::ast::{
    Array, CastKind, DataType, ExactNumberInfo, Expr, Statement, TimezoneInfo, UnaryOperator, Value, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The values of a statement's parameters.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Params {
    /// None.
    #[default]
    None,
    /// By place: of each `?` in turn, or of `$1`, `$2` and so on.
    Positional(Vec<ParamValue>),
    /// By name, without the `$`.
    Named(BTreeMap<String, ParamValue>),
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// NULL, of any type.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A whole number. One that no 64 bits hold is a decimal of 38 digits.
    Integer(i128),
    /// Any number.
    Double(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// A day, since the Unix epoch.
    Date(i32),
    /// An instant, in microseconds since the Unix epoch.
    Timestamp(i64),
    /// Values, of one type.
    List(Vec<ParamValue>),
}

impl From<&str> for ParamValue {
    fn from(text: &str) -> ParamValue {
        ParamValue::Text(text.into())
    }
}

impl From<i64> for ParamValue {
    fn from(number: i64) -> ParamValue {
        ParamValue::Integer(number.into())
    }
}

impl From<f64> for ParamValue {
    fn from(number: f64) -> ParamValue {
        ParamValue::Double(number)
    }
}

/// Gives each `?` its number, in the order of the text.
pub(in crate::sql) fn number(mut tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let mut count = 0;
    let mut numbered = false;
    for token in &mut tokens {
        match &token.token {
            Token::Placeholder(name) if name == "?" => {
                count += 1;
                token.token = Token::Placeholder(format!("${count}"));
            }
            Token::Question => {
                count += 1;
                token.token = Token::Placeholder(format!("${count}"));
            }
            Token::Placeholder(_) => numbered = true,
            _ => {}
        }
    }
    match count > 0 && numbered {
        true => Err(invalid("parameters are either all ? or all have a number or a name")),
        false => Ok(tokens),
    }
}

/// Puts the values into `statement`.
///
/// # Errors
/// `invalid_sql` for a parameter without a value, and for a value without a parameter.
pub(in crate::sql) fn bind(statement: &mut Statement, params: &Params) -> Result<()> {
    let mut binding = Binding { params, used: BTreeSet::new() };
    walk(statement, &mut binding)?;
    let unused = match params {
        Params::None => None,
        Params::Positional(values) => {
            (1..=values.len()).map(|place| place.to_string()).find(|name| !binding.used.contains(name))
        }
        Params::Named(values) => values.keys().find(|name| !binding.used.contains(*name)).cloned(),
    };
    match unused {
        Some(name) => Err(invalid(format!("there is a value for ${name}, and no such parameter in the statement"))),
        None => Ok(()),
    }
}

struct Binding<'p> {
    params: &'p Params,
    used: BTreeSet<String>,
}

impl VisitorMut for Binding<'_> {
    type Break = crate::error::Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        let Expr::Value(value) = expr else { return ControlFlow::Continue(()) };
        let Value::Placeholder(written) = &value.value else { return ControlFlow::Continue(()) };
        let name = written.trim_start_matches(['$', ':']);
        let found = match self.params {
            Params::None => None,
            Params::Positional(values) => {
                name.parse::<usize>().ok().and_then(|place| values.get(place.checked_sub(1)?))
            }
            Params::Named(values) => values.get(name),
        };
        match found.map(literal) {
            Some(Ok(literal)) => {
                self.used.insert(name.to_string());
                *expr = literal;
                ControlFlow::Continue(())
            }
            Some(Err(error)) => ControlFlow::Break(error),
            None => ControlFlow::Break(invalid(format!("the parameter {written} has no value"))),
        }
    }
}

/// A value as the literal that it is.
fn literal(value: &ParamValue) -> Result<Expr> {
    let plain = |value: Value| Expr::Value(value.with_empty_span());
    let text = |text: String| plain(Value::SingleQuotedString(text));
    let out_of_range = || invalid("a parameter's time is out of range");
    Ok(match value {
        ParamValue::Null => plain(Value::Null),
        ParamValue::Boolean(value) => plain(Value::Boolean(*value)),
        ParamValue::Integer(value) => match i64::try_from(*value) {
            Ok(value) if value >= 0 => plain(Value::Number(value.to_string(), false)),
            Ok(value) => Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr: Box::new(plain(Value::Number(value.unsigned_abs().to_string(), false))),
            },
            Err(_) => cast(text(value.to_string()), DataType::Decimal(ExactNumberInfo::PrecisionAndScale(38, 0))),
        },
        ParamValue::Double(value) => cast(text(value.to_string()), DataType::Double(ExactNumberInfo::None)),
        ParamValue::Text(value) => text(value.clone()),
        ParamValue::Binary(bytes) => {
            plain(Value::HexStringLiteral(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
        }
        ParamValue::Date(days) => {
            let day = as_datetime::<TimestampSecondType>(i64::from(*days) * 86_400).ok_or_else(out_of_range)?;
            cast(text(day.format("%Y-%m-%d").to_string()), DataType::Date)
        }
        ParamValue::Timestamp(micros) => {
            let time = as_datetime::<TimestampMicrosecondType>(*micros).ok_or_else(out_of_range)?;
            let zoned = DataType::Timestamp(None, TimezoneInfo::WithTimeZone);
            cast(text(time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()), zoned)
        }
        ParamValue::List(values) => {
            let elem = values.iter().map(literal).collect::<Result<Vec<_>>>()?;
            Expr::Array(Array { elem, named: false })
        }
    })
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}
