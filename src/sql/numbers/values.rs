//! `VALUES` with a column of doubles and decimals: all of it doubles. The planner would settle on a decimal, which has no room for
//! most doubles.

use datafusion::sql::sqlparser::ast::{CastKind, DataType, ExactNumberInfo, Expr, Query, SetExpr, Value};

/// Casts the numbers that stand beside a double.
pub fn rewrite(query: &mut Query) {
    let SetExpr::Values(values) = query.body.as_mut() else { return };
    let columns = values.rows.iter().map(|row| row.content.len()).max().unwrap_or_default();
    for column in 0..columns {
        let cells = || values.rows.iter().filter_map(move |row| row.content.get(column));
        if !cells().any(is_double) || !cells().any(is_decimal) {
            continue;
        }
        for cell in values.rows.iter_mut().filter_map(|row| row.content.get_mut(column)).filter(|cell| is_decimal(cell))
        {
            let number = std::mem::replace(cell, Expr::Value(Value::Null.with_empty_span()));
            *cell = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(number),
                data_type: DataType::Double(ExactNumberInfo::None),
                array: false,
                format: None,
            };
        }
    }
}

fn is_double(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { data_type, .. } => {
            matches!(data_type, DataType::Double(_) | DataType::DoublePrecision | DataType::Float8 | DataType::Float64)
                || matches!(data_type, DataType::Float(_) | DataType::Real | DataType::Float4 | DataType::Float32)
        }
        Expr::Value(value) => matches!(&value.value, Value::Number(text, _) if text.contains(['e', 'E'])),
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_double(inner),
        Expr::BinaryOp { left, right, .. } => is_double(left) || is_double(right),
        Expr::TypedString(typed) => matches!(typed.data_type, DataType::Double(_) | DataType::DoublePrecision),
        _ => false,
    }
}

fn is_decimal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => {
            matches!(&value.value, Value::Number(text, _) if text.contains('.') && !text.contains(['e', 'E']))
        }
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_decimal(inner),
        _ => false,
    }
}
