//! Bits of integers of any type: of two that no integer type holds both of, as decimals.

use super::own::{Call, Own};
use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

/// A decimal that has every integer.
const WIDE: DataType = DataType::Decimal128(38, 0);

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![not()]
}

/// `~x`, of the type of `x`.
fn not() -> Arc<ScalarUDF> {
    let takes = |types: &[DataType]| match types {
        [DataType::Null] => Some(vec![DataType::Int64]),
        [data_type] if data_type.is_integer() => Some(types.to_vec()),
        [data_type] if is_whole(data_type) => Some(vec![WIDE]),
        _ => None,
    };
    let gives = super::own::gives::first;
    Own { name: "bit_not", aliases: &[], usage: "an integer", takes, gives, json: false, run: inverted }.function()
}

fn inverted(call: &Call<'_>) -> Result<ArrayRef> {
    let array = call.array(0)?;
    // Of an unsigned type all bits are the number's.
    let all_ones: i128 = match array.data_type() {
        DataType::UInt8 => u8::MAX.into(),
        DataType::UInt16 => u16::MAX.into(),
        DataType::UInt32 => u32::MAX.into(),
        DataType::UInt64 => u64::MAX.into(),
        _ => -1,
    };
    let numbers = cast(array, &WIDE)?;
    let inverted: Decimal128Array = numbers.as_primitive::<Decimal128Type>().unary(|value| all_ones - value);
    let inverted: ArrayRef = Arc::new(inverted.with_data_type(WIDE));
    Ok(cast(&inverted, array.data_type())?)
}

/// Whether a type's values are whole numbers.
pub fn is_whole(data_type: &DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Decimal128(_, 0))
}

macro_rules! wide {
    ($($(#[$doc:meta])* $name:ident $call:literal |$a:ident, $b:ident| $bits:expr;)*) => {
        $($(#[$doc])* pub fn $name() -> Arc<ScalarUDF> {
            wide($call, |call| bits(call, |$a, $b| $bits))
        })*
    };
}

wide! {
    /// `a & b` of whole numbers, as a decimal.
    and "bits_and" |a, b| a & b;
    /// `a | b` of whole numbers, as a decimal.
    or "bits_or" |a, b| a | b;
    /// `xor(a, b)` of whole numbers, as a decimal.
    xor "bits_xor" |a, b| a ^ b;
}

fn wide(name: &'static str, run: super::own::Run) -> Arc<ScalarUDF> {
    let takes = |types: &[DataType]| match types {
        [left, right] if [left, right].iter().all(|side| is_whole(side) || side.is_null()) => Some(vec![WIDE, WIDE]),
        _ => None,
    };
    let gives = |_: &[FieldRef], _: &[Option<&ScalarValue>]| Ok(WIDE);
    Own { name, aliases: &[], usage: "two integers", takes, gives, json: false, run }.function()
}

fn bits(call: &Call<'_>, of: impl Fn(i128, i128) -> i128) -> Result<ArrayRef> {
    let (left, right) = (cast(call.array(0)?, &WIDE)?, cast(call.array(1)?, &WIDE)?);
    let (left, right) = (left.as_primitive::<Decimal128Type>(), right.as_primitive::<Decimal128Type>());
    let numbers: Decimal128Array = arrow::compute::binary(left, right, of)?;
    match numbers.clone().with_precision_and_scale(38, 0).and_then(|wide| {
        wide.validate_decimal_precision(38)?;
        Ok(wide)
    }) {
        Ok(numbers) => Ok(Arc::new(numbers)),
        Err(_) => exec_err!("{}: the result has more digits than a DECIMAL(38, 0) can hold", call.name),
    }
}
