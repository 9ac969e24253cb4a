//! What operators compute from two operands of settled types.

use super::dialect::SqlDialect;
use super::kind::MAX_DIGITS;
use super::quotient;
use arrow::array::{Array, ArrayRef, AsArray, Datum};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use arrow::error::ArrowError;
use datafusion::logical_expr::Operator;
use std::sync::Arc;

/// An arithmetic operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    /// `/`, which is of doubles unless the dialect has decimals or integers for it.
    Divide(SqlDialect),
    /// The quotient of integers towards zero; of anything else that of doubles.
    DivideIntegers,
    Remainder,
    ShiftLeft,
}

impl Operation {
    /// The operator as it is written.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Operation::Add => "+",
            Operation::Subtract => "-",
            Operation::Multiply => "*",
            Operation::Divide(_) => "/",
            Operation::DivideIntegers => "//",
            Operation::Remainder => "%",
            Operation::ShiftLeft => "<<",
        }
    }

    /// DataFusion's operator, which does the same for floats and for integers whose result has room.
    pub(super) fn operator(self) -> Operator {
        match self {
            Operation::Add => Operator::Plus,
            Operation::Subtract => Operator::Minus,
            Operation::Multiply => Operator::Multiply,
            Operation::Divide(_) | Operation::DivideIntegers => Operator::Divide,
            Operation::Remainder => Operator::Modulo,
            Operation::ShiftLeft => Operator::BitwiseShiftLeft,
        }
    }

    /// The result for two operands of one kind: integers of 64 bits, decimals or floats.
    pub(super) fn compute(self, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
        let result = match self {
            Operation::Add => numeric::add(left, right),
            Operation::Subtract => numeric::sub(left, right),
            Operation::Multiply => numeric::mul(left, right),
            Operation::Divide(dialect) if left.get().0.data_type().is_decimal() => {
                return quotient::compute(dialect, left, right);
            }
            Operation::DivideIntegers if left.get().0.data_type().is_decimal() => {
                return quotient::whole(left, right);
            }
            Operation::Divide(_) | Operation::DivideIntegers => numeric::div(left, right),
            Operation::Remainder => numeric::rem(left, right),
            Operation::ShiftLeft => numeric::mul(left, &powers_of_two(right)?),
        };
        let result = result.map_err(|error| explained(error, left.get().0.data_type()))?;
        if let Some(decimals) = result.as_primitive_opt::<Decimal128Type>()
            && decimals.precision() == MAX_DIGITS
        {
            decimals.validate_decimal_precision(MAX_DIGITS).map_err(|_| self.overflow(decimals.data_type()))?;
        }
        Ok(result)
    }

    fn overflow(self, data_type: &DataType) -> ArrowError {
        let (sign, name) = (self.sign(), type_name(data_type));
        overflow(format!("the result of {sign} has more digits than {name} can hold: cast the operands to DOUBLE"))
    }
}

/// An overflow, with what to do about it.
pub(super) fn explained(error: ArrowError, operands: &DataType) -> ArrowError {
    let ArrowError::ArithmeticOverflow(message) = error else { return error };
    let values = message.strip_prefix("Overflow happened on: ").unwrap_or(&message);
    let advice = if operands.is_decimal() { "cast the operands to DOUBLE" } else { "cast an operand to a wider type" };
    overflow(format!("{values} is outside the range of {}: {advice}", type_name(operands)))
}

fn overflow(message: String) -> ArrowError {
    ArrowError::ArithmeticOverflow(message)
}

/// A type as SQL spells it.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        DataType::UInt64 => "UBIGINT".into(),
        DataType::Int64 => "BIGINT".into(),
        other => other.to_string(),
    }
}

/// `2^n` of each integer.
fn powers_of_two(shift: &dyn Datum) -> Result<PowersOfTwo, ArrowError> {
    let (array, is_scalar) = shift.get();
    let power = |n: i64| match u32::try_from(n).ok().and_then(|n| 1i64.checked_shl(n)).filter(|power| *power > 0) {
        Some(power) => Ok(power),
        None => Err(overflow(format!("<< by {n} is outside the range of BIGINT"))),
    };
    let powers = array.as_primitive::<Int64Type>().try_unary::<_, Int64Type, _>(power)?;
    Ok(PowersOfTwo { powers: Arc::new(powers), is_scalar })
}

struct PowersOfTwo {
    powers: ArrayRef,
    is_scalar: bool,
}

impl Datum for PowersOfTwo {
    fn get(&self) -> (&dyn Array, bool) {
        (self.powers.as_ref(), self.is_scalar)
    }
}
