//! `INTERVAL 1 DAY` as `INTERVAL '1' DAY`: a window's frame is read from texts alone.

use datafusion::sql::sqlparser::ast::{Expr, Interval, Value};

/// Puts the text in the place of an interval's number.
pub fn interval(expr: &mut Expr) {
    let Expr::Interval(Interval { value, .. }) = expr else { return };
    let mut inner = value.as_ref();
    while let Expr::Nested(nested) = inner {
        inner = nested;
    }
    if let Expr::Value(number) = inner
        && let Value::Number(text, _) = &number.value
    {
        **value = Expr::Value(Value::SingleQuotedString(text.to_string()).with_empty_span());
    }
}
