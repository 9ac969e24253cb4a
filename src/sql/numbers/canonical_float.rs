//! The function that makes floats canonical.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use std::sync::{Arc, LazyLock};

/// A function of one float: the positive NaN for any, `0.0` for `-0.0`, any other number as it is.
pub(super) fn function() -> &'static Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        Arc::new(ScalarUDF::new_from_impl(CanonicalFloat { signature: Signature::user_defined(Volatility::Immutable) }))
    });
    &FUNCTION
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CanonicalFloat {
    signature: Signature,
}

impl ScalarUDFImpl for CanonicalFloat {
    fn name(&self) -> &str {
        "canonical_float"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arguments.to_vec())
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [argument] => Ok(argument.clone()),
            _ => plan_err!("canonical_float takes one number"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(match arguments.args.into_iter().next() {
            Some(ColumnarValue::Array(array)) => ColumnarValue::Array(canonical_array(array)),
            Some(ColumnarValue::Scalar(value)) => ColumnarValue::Scalar(canonical_scalar(&value).unwrap_or(value)),
            None => return plan_err!("canonical_float takes one number"),
        })
    }
}

/// The canonical form of a float where it differs.
pub(super) fn canonical_scalar(value: &ScalarValue) -> Option<ScalarValue> {
    match value {
        ScalarValue::Float64(Some(value)) if is_odd_double(*value) => Some(ScalarValue::Float64(Some(double(*value)))),
        ScalarValue::Float32(Some(value)) if is_odd_single(*value) => Some(ScalarValue::Float32(Some(single(*value)))),
        _ => None,
    }
}

/// An array whose floats are canonical: the same one where they are already.
pub(super) fn canonical_array(array: ArrayRef) -> ArrayRef {
    if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        if doubles.values().iter().fold(false, |odd, value| odd | is_odd_double(*value)) {
            return Arc::new(doubles.unary::<_, Float64Type>(double));
        }
    } else if let Some(singles) = array.as_primitive_opt::<Float32Type>()
        && singles.values().iter().fold(false, |odd, value| odd | is_odd_single(*value))
    {
        return Arc::new(singles.unary::<_, Float32Type>(single));
    }
    array
}

/// Whether a double is a NaN or `-0.0`.
fn is_odd_double(value: f64) -> bool {
    value.is_nan() | (value.to_bits() == (-0.0f64).to_bits())
}

fn is_odd_single(value: f32) -> bool {
    value.is_nan() | (value.to_bits() == (-0.0f32).to_bits())
}

fn double(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value + 0.0 }
}

fn single(value: f32) -> f32 {
    if value.is_nan() { f32::NAN } else { value + 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float32Array, Float64Array};

    #[test]
    fn nan_is_positive_and_zero_has_no_sign() {
        let odd = [f64::from_bits(0xfff8_0000_0000_0000), f64::from_bits(0x7ff0_0000_0000_0001), -0.0, 0.0, -1.5];
        let doubles = canonical_array(Arc::new(Float64Array::from(odd.to_vec())));
        let bits: Vec<u64> =
            doubles.as_primitive::<Float64Type>().values().iter().map(|value| value.to_bits()).collect();
        let nan = 0x7ff8_0000_0000_0000;
        assert_eq!(bits, [nan, nan, 0, 0, (-1.5f64).to_bits()]);
        let singles = canonical_array(Arc::new(Float32Array::from(vec![-f32::NAN, -0.0])));
        let bits: Vec<u32> =
            singles.as_primitive::<Float32Type>().values().iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits, [0x7fc0_0000, 0]);
    }
}
