//! The numeric types as arithmetic tells them apart.

use arrow::datatypes::{DataType, Decimal128Type, DecimalType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};

/// Digits of the widest decimal.
pub(super) const MAX_DIGITS: u8 = 38;

/// Digits of a `BIGINT`.
const LONG_DIGITS: u8 = 19;

/// What an operand is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// An integer with `|x| <= 2^bits`.
    Integer {
        bits: u8,
    },
    /// An integer up to `2^64`.
    Unsigned,
    Decimal,
    Single,
    Double,
    Null,
}

impl Kind {
    /// `None` for what is no number.
    pub(super) fn of(data_type: &DataType) -> Option<Kind> {
        Some(match data_type {
            DataType::Int8 => Kind::Integer { bits: 7 },
            DataType::Int16 => Kind::Integer { bits: 15 },
            DataType::Int32 => Kind::Integer { bits: 31 },
            DataType::Int64 => Kind::Integer { bits: 63 },
            DataType::UInt8 => Kind::Integer { bits: 8 },
            DataType::UInt16 => Kind::Integer { bits: 16 },
            DataType::UInt32 => Kind::Integer { bits: 32 },
            DataType::UInt64 => Kind::Unsigned,
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Kind::Decimal
            }
            DataType::Float16 | DataType::Float32 => Kind::Single,
            DataType::Float64 => Kind::Double,
            DataType::Null => Kind::Null,
            _ => return None,
        })
    }
}

/// Whether a type is an integer's, or the decimal that stands for one of more than 64 bits, as that of `sum(bigint)`.
pub(super) fn is_whole(data_type: &DataType) -> bool {
    matches!(Kind::of(data_type), Some(Kind::Integer { .. } | Kind::Unsigned))
        || matches!(data_type, DataType::Decimal128(precision, 0) if *precision > LONG_DIGITS)
}

/// The narrowest decimal that has all values of an exact type.
pub(super) fn decimal_of(data_type: &DataType) -> DataType {
    let (precision, scale) = match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => (*precision, *scale),
        DataType::Int8 | DataType::UInt8 => (3, 0),
        DataType::Int16 | DataType::UInt16 => (5, 0),
        DataType::Int32 | DataType::UInt32 => (10, 0),
        DataType::Int64 => (19, 0),
        DataType::UInt64 => (20, 0),
        _ => (MAX_DIGITS, 0),
    };
    DataType::Decimal128(precision, scale)
}

/// A literal number as one of the type `to`; `None` for anything else and where it would change. Unlike a cast it loses no digit of
/// a decimal on its way to a float.
pub(super) fn converted(expr: &Expr, to: &DataType) -> Option<Expr> {
    let Expr::Literal(value, _) = expr else { return None };
    let value = match (value, to) {
        (ScalarValue::Decimal128(Some(value), precision, scale), DataType::Float64) => {
            ScalarValue::Float64(Some(Decimal128Type::format_decimal(*value, *precision, *scale).parse().ok()?))
        }
        (ScalarValue::Decimal128(Some(value), precision, scale), DataType::Float32) => {
            ScalarValue::Float32(Some(Decimal128Type::format_decimal(*value, *precision, *scale).parse().ok()?))
        }
        (ScalarValue::Int64(Some(value)), DataType::UInt64) => ScalarValue::UInt64(Some(u64::try_from(*value).ok()?)),
        (ScalarValue::Int64(Some(value)), DataType::Decimal128(..)) => {
            let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
            ScalarValue::Decimal128(Some((*value).into()), u8::try_from(digits).ok()?, 0)
        }
        _ => return None,
    };
    Some(lit(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_their_digits() {
        let decimal = lit(ScalarValue::Decimal128(Some(12_345_678_901_234_567_891), 20, 19));
        assert_eq!(converted(&decimal, &DataType::Float64), Some(lit(1.234_567_890_123_456_7_f64)));
        let integer = |value: i64| converted(&lit(value), &DataType::Decimal128(MAX_DIGITS, 0));
        assert_eq!(integer(-120), Some(lit(ScalarValue::Decimal128(Some(-120), 3, 0))));
        assert_eq!(integer(0), Some(lit(ScalarValue::Decimal128(Some(0), 1, 0))));
        assert_eq!(converted(&lit(-1i64), &DataType::UInt64), None);
    }
}
