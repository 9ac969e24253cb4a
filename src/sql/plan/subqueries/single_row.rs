//! The check that a subquery which is a value has one row at most.

use datafusion::arrow::array::Datum;
use datafusion::arrow::compute::kernels::cmp::gt;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;
use std::sync::{Arc, LazyLock};

/// `single_row(value, rows)`: the value, or an error where there are several rows.
pub fn single_row() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::any(2, Volatility::Stable);
        Arc::new(ScalarUDF::from(SingleRow { signature }))
    });
    FUNCTION.clone()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SingleRow {
    signature: Signature,
}

impl ScalarUDFImpl for SingleRow {
    fn name(&self) -> &str {
        "single_row"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Null))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, rows] = arguments.args.as_slice() else {
            return Err(DataFusionError::Internal("single_row takes a value and a number of rows".into()));
        };
        let rows = rows.to_array(arguments.number_rows)?;
        let one = ScalarValue::Int64(Some(1)).to_scalar()?;
        let several = gt(&rows as &dyn Datum, &one)?;
        match several.true_count() {
            0 => Ok(value.clone()),
            _ => Err(DataFusionError::Execution(SEVERAL_ROWS.into())),
        }
    }
}

/// What is wrong with a subquery that is a value, and has several rows.
pub const SEVERAL_ROWS: &str =
    "more than one row returned by a subquery used as an expression: add LIMIT 1, or an aggregate";
