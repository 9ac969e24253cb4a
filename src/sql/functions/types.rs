//! `len(x)`: characters of a string, bytes of a blob, elements of a list, entries of a map; `typeof(x)`: a value's type as SQL writes it.

use super::{arrays, values};
use crate::sql::type_names::sql_type;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let signature = || Signature::any(1, Volatility::Immutable);
    vec![
        Arc::new(ScalarUDF::new_from_impl(Len { signature: signature() })),
        Arc::new(ScalarUDF::new_from_impl(TypeOf { signature: signature() })),
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Len {
    signature: Signature,
}

impl ScalarUDFImpl for Len {
    fn name(&self) -> &str {
        "len"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [
                DataType::Null
                | DataType::List(_)
                | DataType::LargeList(_)
                | DataType::FixedSizeList(..)
                | DataType::Map(..),
            ] => Ok(DataType::Int64),
            [text] if text.is_string() || text.is_binary() => Ok(DataType::Int64),
            _ => plan_err!("len: takes a string, a list or a map"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (arrays, constant) = arrays(&args.args, args.number_rows)?;
        let Some(array) = arrays.first() else { return exec_err!("len: takes one argument") };
        let lengths: Int64Array = match array.data_type() {
            text if text.is_string() => {
                let texts = cast(array, &DataType::Utf8View)?;
                texts.as_string_view().iter().map(|text| text.map(|text| text.chars().count() as i64)).collect()
            }
            blob if blob.is_binary() => {
                let blobs = cast(array, &DataType::BinaryView)?;
                blobs.as_binary_view().iter().map(|blob| blob.map(|blob| blob.len() as i64)).collect()
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                (0..list.len()).map(|i| list.is_valid(i).then(|| i64::from(list.value_length(i)))).collect()
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                (0..list.len()).map(|i| list.is_valid(i).then(|| list.value_length(i))).collect()
            }
            DataType::FixedSizeList(_, length) => {
                (0..array.len()).map(|i| array.is_valid(i).then(|| i64::from(*length))).collect()
            }
            DataType::Map(..) => {
                let map = array.as_map();
                (0..map.len()).map(|i| map.is_valid(i).then(|| i64::from(map.value_length(i)))).collect()
            }
            _ => Int64Array::new_null(array.len()),
        };
        values(Arc::new(lengths) as ArrayRef, constant)
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TypeOf {
    signature: Signature,
}

impl ScalarUDFImpl for TypeOf {
    fn name(&self) -> &str {
        "typeof"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let data_type = args.args.first().map(ColumnarValue::data_type).unwrap_or(DataType::Null);
        Ok(ColumnarValue::Scalar(ScalarValue::from(sql_type(&data_type))))
    }
}
