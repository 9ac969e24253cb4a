//! `all_true(a, b, …)`: AND of any number of conditions in one call.
//!
//! The optimizer takes `a AND b AND …` apart and puts it together as a tree as deep as it is long; not so a call. What is behind the
//! first conditions of a long chain goes into such calls (see [`crate::sql::parse::balance`]).

use super::arrays;
use arrow::array::{AsArray, BooleanArray};
use arrow::compute::and_kleene;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use std::sync::Arc;

/// The function's name.
pub const ALL_TRUE: &str = "all_true";

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![Arc::new(ScalarUDF::new_from_impl(AllTrue { signature: Signature::user_defined(Volatility::Immutable) }))]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AllTrue {
    signature: Signature,
}

impl ScalarUDFImpl for AllTrue {
    fn name(&self) -> &str {
        ALL_TRUE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(vec![DataType::Boolean; arguments.len()])
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (arrays, constant) = arrays(&arguments.args, arguments.number_rows)?;
        let mut all: Option<BooleanArray> = None;
        for array in &arrays {
            let condition = array.as_boolean();
            all = Some(match all {
                Some(all) => and_kleene(&all, condition)?,
                None => condition.clone(),
            });
        }
        match all {
            Some(all) => super::values(Arc::new(all), constant),
            None => Ok(ColumnarValue::Scalar(ScalarValue::Boolean(Some(true)))),
        }
    }
}
