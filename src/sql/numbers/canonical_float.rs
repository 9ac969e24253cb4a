//! The function that makes floats canonical.

use crate::snapshot::canonical_floats;
use arrow::datatypes::DataType;
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
            Some(ColumnarValue::Array(array)) => ColumnarValue::Array(canonical_floats(&array)),
            Some(ColumnarValue::Scalar(value)) => ColumnarValue::Scalar(canonical_scalar(&value).unwrap_or(value)),
            None => return plan_err!("canonical_float takes one number"),
        })
    }
}

/// The canonical form of a NaN or a zero.
pub(super) fn canonical_scalar(value: &ScalarValue) -> Option<ScalarValue> {
    match value {
        ScalarValue::Float64(Some(value)) if value.is_nan() => Some(ScalarValue::Float64(Some(f64::NAN))),
        ScalarValue::Float64(Some(0.0)) => Some(ScalarValue::Float64(Some(0.0))),
        ScalarValue::Float32(Some(value)) if value.is_nan() => Some(ScalarValue::Float32(Some(f32::NAN))),
        ScalarValue::Float32(Some(0.0)) => Some(ScalarValue::Float32(Some(0.0))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_positive_and_zero_has_no_sign() {
        let bits = |value: f64| match canonical_scalar(&ScalarValue::Float64(Some(value))) {
            Some(ScalarValue::Float64(Some(value))) => Some(value.to_bits()),
            _ => None,
        };
        assert_eq!(bits(-f64::NAN), Some(0x7ff8 << 48));
        assert_eq!(bits(-0.0), Some(0));
        assert_eq!(bits(-1.5), None);
    }
}
