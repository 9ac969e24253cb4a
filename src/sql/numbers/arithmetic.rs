//! Operators of two numbers as functions: exact, or an error that names the overflow.
//!
//! A function, and not DataFusion's operator, because type coercion settles its types, when it settles those of its operands: the
//! types of a CASE or a UNION change until then. Where DataFusion's operator does the same, it takes the function's place in the
//! end ([`ScalarUDFImpl::simplify`]).

use super::dialect::SqlDialect;
use super::kind::{Kind, MAX_DIGITS, decimal_of, is_whole};
use super::operation::Operation;
use super::quotient;
use arrow::array::{ArrayRef, Datum, new_empty_array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr_common::datum::apply;

/// Bits that a `BIGINT` has beside its sign.
const BITS: u8 = 63;

/// `left operation right`.
pub(super) fn arithmetic(operation: Operation, left: Expr, right: Expr) -> Expr {
    let function = Arithmetic { operation, signature: Signature::user_defined(Volatility::Immutable) };
    ScalarUDF::new_from_impl(function).call(vec![left, right])
}

/// The operands, where `call` is of this module.
pub(super) fn operands(call: &mut ScalarFunction) -> Option<&mut [Expr]> {
    call.func.inner().downcast_ref::<Arithmetic>().is_some().then_some(call.args.as_mut_slice())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Arithmetic {
    operation: Operation,
    signature: Signature,
}

impl Arithmetic {
    /// The types that operands of these types are computed in; `None` where one is no number.
    fn common(&self, left: &DataType, right: &DataType) -> Option<(DataType, DataType)> {
        use Kind::{Decimal, Double, Integer, Null, Single, Unsigned};
        let both = |data_type: DataType| Some((data_type.clone(), data_type));
        let (l, r) = (Kind::of(left)?, Kind::of(right)?);
        let is_integer = |kind| matches!(kind, Integer { .. } | Unsigned);
        let is_exact = |kind| is_integer(kind) || kind == Decimal;
        match self.operation {
            Operation::ShiftLeft if is_integer(l) || l == Null => return both(DataType::Int64),
            Operation::ShiftLeft => return None,
            Operation::DivideIntegers if [left, right].iter().all(|side| is_whole(side) || side.is_null()) => {}
            Operation::Divide(SqlDialect::Trino) if is_integer(l) && is_integer(r) => {}
            Operation::Divide(SqlDialect::Spark | SqlDialect::Trino)
                if is_exact(l) && is_exact(r) && (l == Decimal || r == Decimal) => {}
            Operation::Divide(_) | Operation::DivideIntegers => {
                return both(if [l, r].contains(&Single) && ![l, r].contains(&Double) {
                    DataType::Float32
                } else {
                    DataType::Float64
                });
            }
            _ => {}
        }
        match (l, r) {
            (Null, Null) => both(DataType::Int64),
            (Null, _) => self.common(right, right),
            (_, Null) => self.common(left, left),
            (Double, _) | (_, Double) => both(DataType::Float64),
            (Single, _) | (_, Single) => both(DataType::Float32),
            (Integer { .. }, Integer { .. }) => Some((left.clone(), right.clone())),
            (Unsigned, Unsigned) => both(DataType::UInt64),
            // Types that are whole numbers' still when they are coerced again.
            _ if self.operation == Operation::DivideIntegers => both(DataType::Decimal128(MAX_DIGITS, 0)),
            _ => Some((decimal_of(left), decimal_of(right))),
        }
    }

    fn result(&self, left: &DataType, right: &DataType) -> Result<DataType> {
        match (Kind::of(left), self.operation) {
            (Some(Kind::Integer { .. }), _) => Ok(DataType::Int64),
            // No quotient of whole numbers has more digits than what is divided.
            (Some(Kind::Decimal), Operation::DivideIntegers) => Ok(left.clone()),
            (Some(Kind::Decimal), Operation::Divide(dialect)) => {
                match quotient::precision_and_scale(dialect, left, right) {
                    Some((precision, scale)) => Ok(DataType::Decimal128(precision, scale)),
                    None => self.usage(),
                }
            }
            // Arrow's rule for the precision and scale of decimals.
            _ => Ok(self.operation.compute(&new_empty_array(left), &new_empty_array(right))?.data_type().clone()),
        }
    }

    /// Whether no result of these operands is outside of a `BIGINT`.
    fn has_room(&self, left: &Expr, right: &Expr, info: &SimplifyContext) -> Result<bool> {
        let (Some(left), Some(right)) = (bits(left, info)?, bits(right, info)?) else { return Ok(false) };
        let result = match self.operation {
            Operation::Add | Operation::Subtract => left.max(right).saturating_add(1),
            Operation::Multiply => left.saturating_add(right),
            _ => return Ok(false),
        };
        Ok(result < BITS)
    }

    fn usage<T>(&self) -> Result<T> {
        plan_err!("{} takes two numbers", self.name())
    }
}

/// The bits of an integer that is not unsigned.
fn bits(expr: &Expr, info: &SimplifyContext) -> Result<Option<u8>> {
    if let Expr::Literal(ScalarValue::Int64(Some(value)), _) = expr {
        return Ok(u8::try_from(64 - value.unsigned_abs().leading_zeros()).ok());
    }
    match Kind::of(&expr.get_type(info.schema())?) {
        Some(Kind::Integer { bits }) => Ok(Some(bits)),
        _ => Ok(None),
    }
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &str {
        self.operation.sign()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let [left, right] = arguments else { return self.usage() };
        match self.common(left, right) {
            Some((left, right)) => Ok(vec![left, right]),
            None => self.usage(),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [left, right] => self.result(left, right),
            _ => self.usage(),
        }
    }

    fn display_name(&self, arguments: &[Expr]) -> Result<String> {
        match arguments {
            [left, right] => Ok(format!("({left} {} {right})", self.name())),
            _ => self.usage(),
        }
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        match arguments {
            [left, right] => Ok(format!("({} {} {})", left.schema_name(), self.name(), right.schema_name())),
            _ => self.usage(),
        }
    }

    fn simplify(&self, mut arguments: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let [left, right] = arguments.as_slice() else { return self.usage() };
        let is_float = matches!(Kind::of(&right.get_type(info.schema())?), Some(Kind::Single | Kind::Double));
        let has_room = !is_float && self.has_room(left, right, info)?;
        let (Some(right), Some(left)) = (arguments.pop(), arguments.pop()) else { return self.usage() };
        if !is_float && !has_room {
            return Ok(ExprSimplifyResult::Original(vec![left, right]));
        }
        let operand =
            |expr: Expr| if has_room { expr.cast_to(&DataType::Int64, info.schema().as_ref()) } else { Ok(expr) };
        let (left, right) = (Box::new(operand(left)?), Box::new(operand(right)?));
        Ok(ExprSimplifyResult::Simplified(Expr::BinaryExpr(BinaryExpr::new(left, self.operation.operator(), right))))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = arguments.args.as_slice() else { return self.usage() };
        let (left, right) = (widened(left)?, widened(right)?);
        apply(&left, &right, |left: &dyn Datum, right: &dyn Datum| -> Result<ArrayRef, _> {
            self.operation.compute(left, right)
        })
    }
}

/// Integers as `BIGINT`, anything else as it is.
fn widened(value: &ColumnarValue) -> Result<ColumnarValue> {
    match Kind::of(&value.data_type()) {
        Some(Kind::Integer { .. }) => Ok(match value {
            ColumnarValue::Array(array) => ColumnarValue::Array(cast(array, &DataType::Int64)?),
            ColumnarValue::Scalar(value) => ColumnarValue::Scalar(value.cast_to(&DataType::Int64)?),
        }),
        _ => Ok(value.clone()),
    }
}
