//! Unary minus, which does not wrap around: `-x` is the function `negative`.

use super::kind::MAX_DIGITS;
use super::operation::explained;
use arrow::compute::cast;
use arrow::compute::kernels::numeric;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// The function `negative(x)`.
pub fn function() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(Negative { signature: Signature::user_defined(Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Negative {
    signature: Signature,
}

/// The type of `-x`: one that has the negative of every value.
fn negated(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 => DataType::Int64,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(MAX_DIGITS, 0),
        DataType::Int64 | DataType::Null | DataType::Interval(_) | DataType::Duration(_) => data_type.clone(),
        other if other.is_floating() || other.is_decimal() => other.clone(),
        _ => return None,
    })
}

impl ScalarUDFImpl for Negative {
    fn name(&self) -> &str {
        "negative"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match arguments {
            [argument] if negated(argument).is_some() => Ok(arguments.to_vec()),
            // A text as it stands is a number.
            [argument] if argument.is_string() => Ok(vec![DataType::Float64]),
            _ => plan_err!("- takes a number or an interval"),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first().and_then(negated) {
            Some(data_type) => Ok(data_type),
            None => plan_err!("- takes a number or an interval"),
        }
    }

    fn display_name(&self, arguments: &[Expr]) -> Result<String> {
        match arguments {
            [argument] => Ok(format!("(- {argument})")),
            _ => plan_err!("- takes a number or an interval"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [argument] = arguments.args.as_slice() else { return plan_err!("- takes a number or an interval") };
        let array = argument.to_array(1)?;
        let data_type = arguments.return_field.data_type();
        let negative = numeric::neg(&cast(&array, data_type)?).map_err(|error| explained(error, data_type))?;
        match argument {
            ColumnarValue::Array(_) => Ok(ColumnarValue::Array(negative)),
            ColumnarValue::Scalar(_) => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&negative, 0)?)),
        }
    }
}
