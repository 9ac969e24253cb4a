//! Numbers as they are written: `1.5` is a decimal, `1e3` and what no decimal can hold is a double.

use datafusion::sql::sqlparser::ast::{CastKind, DataType, ExactNumberInfo, Expr, Value};

/// Digits that a decimal can hold.
const DECIMAL_DIGITS: usize = 38;

/// Turns a number that is a double into a cast of its text.
pub fn rewrite(expr: &mut Expr) {
    if let Expr::Value(value) = expr
        && let Value::Number(text, _) = &value.value
        && is_double(text)
    {
        let text = Value::SingleQuotedString(text.replace('_', "")).with_empty_span();
        *expr = Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(Expr::Value(text)),
            data_type: DataType::Double(ExactNumberInfo::None),
            array: false,
            format: None,
        };
    }
}

fn is_double(text: &str) -> bool {
    let digits = text.trim_start_matches('0').chars().filter(char::is_ascii_digit).count();
    let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    text.contains(['e', 'E']) || digits > DECIMAL_DIGITS || scale > DECIMAL_DIGITS
}

#[cfg(test)]
mod tests {
    use super::is_double;

    #[test]
    fn exponents_and_long_numbers_are_doubles() {
        for text in ["1e3", "1.5E-7", "1E400", &"9".repeat(39), &format!("0.{}1", "0".repeat(38))] {
            assert!(is_double(text), "{text}");
        }
        for text in
            ["1", "1.5", "0.1", ".5", "9007199254740993", &"9".repeat(38), "00000000000000000000000000000000000000001"]
        {
            assert!(!is_double(text), "{text}");
        }
    }
}
