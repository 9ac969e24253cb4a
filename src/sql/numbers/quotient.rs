//! The quotient of decimals as a decimal, rounded half away from zero: `/` in Spark and Trino.

use super::dialect::SqlDialect;
use super::kind::MAX_DIGITS;
use arrow::array::{Array, ArrayRef, AsArray, Datum, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type, i256};
use arrow::error::ArrowError;
use std::sync::Arc;

/// Digits behind the point that Spark's quotient has at least, as far as there is room.
const SPARK_SCALE: i32 = 6;

/// Precision and scale of the quotient of two decimals.
pub(super) fn precision_and_scale(dialect: SqlDialect, left: &DataType, right: &DataType) -> Option<(u8, i8)> {
    let (DataType::Decimal128(p1, s1), DataType::Decimal128(p2, s2)) = (left, right) else { return None };
    let (p1, s1, p2, s2) = (i32::from(*p1), i32::from(*s1), i32::from(*p2), i32::from(*s2));
    let most = i32::from(MAX_DIGITS);
    let (precision, scale) = match dialect {
        SqlDialect::Trino => (p1 + s2 + (s2 - s1).max(0), s1.max(s2)),
        _ => {
            let scale = SPARK_SCALE.max(s1 + p2 + 1);
            let whole = p1 - s1 + s2;
            // Digits before the point are kept, of those behind it at least some.
            if whole + scale > most {
                (most, (most - whole).max(scale.min(SPARK_SCALE)))
            } else {
                (whole + scale, scale)
            }
        }
    };
    Some((u8::try_from(precision.min(most)).ok()?, i8::try_from(scale).ok()?))
}

/// `left // right`, both decimals without digits behind the point: cut off towards zero.
pub(super) fn whole(left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    let ((left, left_is_scalar), (right, right_is_scalar)) = (left.get(), right.get());
    let data_type = left.data_type().clone();
    let (left, right) = (left.as_primitive::<Decimal128Type>(), right.as_primitive::<Decimal128Type>());
    let length = if left_is_scalar { right.len() } else { left.len() };
    let quotient = |row: usize| match (at(left, left_is_scalar, row), at(right, right_is_scalar, row)) {
        (Some(left), Some(right)) => left.checked_div(right).map(Some).ok_or(ArrowError::DivideByZero),
        _ => Ok(None),
    };
    let quotients = (0..length).map(quotient).collect::<Result<Decimal128Array, _>>()?;
    Ok(Arc::new(quotients.with_data_type(data_type)))
}

fn at(array: &Decimal128Array, is_scalar: bool, row: usize) -> Option<i128> {
    let row = if is_scalar { 0 } else { row };
    array.is_valid(row).then(|| array.value(row))
}

/// `left / right`, both decimals.
pub(super) fn compute(dialect: SqlDialect, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    let ((left, left_is_scalar), (right, right_is_scalar)) = (left.get(), right.get());
    let (Some((precision, scale)), DataType::Decimal128(_, s1), DataType::Decimal128(_, s2)) =
        (precision_and_scale(dialect, left.data_type(), right.data_type()), left.data_type(), right.data_type())
    else {
        return Err(ArrowError::InvalidArgumentError("/ takes two decimals".into()));
    };
    let shift = u32::try_from(i32::from(scale) - i32::from(*s1) + i32::from(*s2)).unwrap_or(0);
    let factor = i256::from_i128(10).checked_pow(shift);
    let (left, right) = (left.as_primitive::<Decimal128Type>(), right.as_primitive::<Decimal128Type>());
    let length = if left_is_scalar { right.len() } else { left.len() };
    let overflow = || {
        ArrowError::ArithmeticOverflow("the quotient of decimals has too many digits: cast an operand to DOUBLE".into())
    };
    let quotient = |row: usize| match (at(left, left_is_scalar, row), at(right, right_is_scalar, row)) {
        (Some(_), Some(0)) => Err(ArrowError::DivideByZero),
        (Some(left), Some(right)) => {
            factor.and_then(|factor| rounded(left, factor, right)).map(Some).ok_or_else(overflow)
        }
        _ => Ok(None),
    };
    let quotients = (0..length).map(quotient).collect::<Result<Decimal128Array, _>>()?;
    let quotients = quotients.with_precision_and_scale(precision, scale)?;
    quotients.validate_decimal_precision(precision).map_err(|_| overflow())?;
    Ok(Arc::new(quotients))
}

/// `left * factor / right`, rounded half away from zero.
fn rounded(left: i128, factor: i256, right: i128) -> Option<i128> {
    let (scaled, right) = (i256::from_i128(left).checked_mul(factor)?, i256::from_i128(right));
    let quotient = scaled.checked_div(right)?;
    let rest = scaled.checked_sub(quotient.checked_mul(right)?)?;
    let away = rest.checked_abs()?.checked_mul(i256::from_i128(2))? >= right.checked_abs()?;
    let unit = if (left < 0) == (right < i256::ZERO) { i256::ONE } else { i256::MINUS_ONE };
    if away { quotient.checked_add(unit)?.to_i128() } else { quotient.to_i128() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_away_from_zero() {
        let factor = i256::from_i128(10);
        for (left, right, expected) in
            [(2, 3, 7), (-2, 3, -7), (1, 4, 3), (-1, 4, -3), (1, -4, -3), (1, 3, 3), (0, 7, 0)]
        {
            assert_eq!(rounded(left, factor, right), Some(expected), "{left} / {right}");
        }
    }

    #[test]
    fn types_of_each_dialect() {
        let of = |dialect, left: (u8, i8), right: (u8, i8)| {
            precision_and_scale(dialect, &DataType::Decimal128(left.0, left.1), &DataType::Decimal128(right.0, right.1))
        };
        // By the rules in their documentation.
        assert_eq!(of(SqlDialect::Spark, (10, 2), (10, 2)), Some((23, 13)));
        assert_eq!(of(SqlDialect::Spark, (38, 10), (38, 10)), Some((38, 6)));
        assert_eq!(of(SqlDialect::Trino, (10, 2), (10, 2)), Some((12, 2)));
        assert_eq!(of(SqlDialect::Trino, (3, 1), (4, 3)), Some((8, 3)));
    }
}
