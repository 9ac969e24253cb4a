//! Decimals that are stored as byte arrays, which may be longer than the number needs.
//!
//! The Parquet crate asserts that such a value is not longer than its type, and an assertion takes the module down. So it is asked for
//! bytes, and they are turned into numbers here: big-endian two's complement of
//! [any length](https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#decimal).

use arrow::array::{Array, ArrayRef, BinaryArray, Decimal128Array, Decimal256Array};
use arrow::datatypes::{DataType, i256};
use arrow::error::ArrowError;
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type, TypePtr};
use std::sync::Arc;

/// The schema by which a file's pages are decoded: its own, with its decimals that are byte arrays without their annotation.
pub(in crate::scan) fn decoded_schema(schema: &SchemaDescPtr) -> SchemaDescPtr {
    let root =
        schema.columns().iter().any(|column| is_stored_so(column.self_type())).then(|| plain(schema.root_schema()));
    match root.flatten() {
        Some(root) => Arc::new(SchemaDescriptor::new(Arc::new(root))),
        None => schema.clone(),
    }
}

/// Whether a leaf is a decimal in a byte array.
pub(in crate::scan) fn is_stored_so(leaf: &Type) -> bool {
    let info = leaf.get_basic_info();
    let is_decimal = match info.logical_type_ref() {
        Some(logical) => matches!(logical, LogicalType::Decimal(_)),
        None => info.converted_type() == ConvertedType::DECIMAL,
    };
    is_decimal && leaf.is_primitive() && leaf.get_physical_type() == PhysicalType::BYTE_ARRAY
}

/// `None` where the type stays what it is.
fn plain(of: &Type) -> Option<Type> {
    match of {
        Type::PrimitiveType { basic_info, .. } => {
            let id = basic_info.has_id().then(|| basic_info.id());
            let plain = Type::primitive_type_builder(basic_info.name(), PhysicalType::BYTE_ARRAY);
            is_stored_so(of).then(|| plain.with_repetition(basic_info.repetition()).with_id(id).build().ok()).flatten()
        }
        Type::GroupType { basic_info, fields } => {
            let plain: Vec<Option<Type>> = fields.iter().map(|field| plain(field)).collect();
            plain.iter().any(Option::is_some).then(|| {
                let fields = plain.into_iter().zip(fields);
                let fields = fields.map(|(plain, field)| plain.map_or_else(|| field.clone(), TypePtr::new));
                Type::GroupType { basic_info: basic_info.clone(), fields: fields.collect() }
            })
        }
    }
}

/// The bytes as decimals of the type `to`.
pub(in crate::scan) fn decimals(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let bytes = array.as_any().downcast_ref::<BinaryArray>();
    let bytes = bytes.ok_or_else(|| ArrowError::CastError(format!("{} is not stored in bytes", array.data_type())))?;
    let digits = || ArrowError::CastError(format!("a decimal does not fit into {to}"));
    match to {
        DataType::Decimal128(precision, scale) => {
            let number = |bytes: &[u8]| extended(bytes).map(i128::from_be_bytes).ok_or_else(digits);
            let numbers = bytes.iter().map(|bytes| bytes.map(number).transpose());
            let numbers: Decimal128Array = numbers.collect::<Result<_, _>>()?;
            Ok(Arc::new(numbers.with_precision_and_scale(*precision, *scale)?))
        }
        DataType::Decimal256(precision, scale) => {
            let number = |bytes: &[u8]| extended(bytes).map(i256::from_be_bytes).ok_or_else(digits);
            let numbers = bytes.iter().map(|bytes| bytes.map(number).transpose());
            let numbers: Decimal256Array = numbers.collect::<Result<_, _>>()?;
            Ok(Arc::new(numbers.with_precision_and_scale(*precision, *scale)?))
        }
        _ => Err(ArrowError::CastError(format!("{to} is no decimal"))),
    }
}

/// The number in `N` bytes; `None` where it needs more. No byte is zero.
fn extended<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let fill = if bytes.first().is_some_and(|first| first & 0x80 != 0) { 0xff } else { 0 };
    let (padding, bytes) = bytes.split_at(bytes.len().saturating_sub(N));
    let mut number = [fill; N];
    number.get_mut(N - bytes.len()..)?.copy_from_slice(bytes);
    let same_sign = (number.first()? ^ fill) & 0x80 == 0;
    (same_sign && padding.iter().all(|byte| *byte == fill)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::Decimal128Type;
    use parquet::schema::parser::parse_message_type;

    fn number(bytes: &[u8]) -> Option<i128> {
        let array: ArrayRef = Arc::new(BinaryArray::from(vec![bytes]));
        let found = decimals(&array, &DataType::Decimal128(38, 2)).ok()?;
        Some(found.as_primitive::<Decimal128Type>().value(0))
    }

    #[test]
    fn numbers_of_any_length() {
        assert_eq!(number(&[]), Some(0));
        assert_eq!(number(&[0x80]), Some(-128));
        assert_eq!(number(&[0, 0x80]), Some(128));
        assert_eq!(number(&[0xff; 40]), Some(-1));
        let mut long = [0; 40];
        long[39] = 7;
        assert_eq!(number(&long), Some(7));
        assert_eq!(number(&i128::MIN.to_be_bytes()), Some(i128::MIN));
    }

    #[test]
    fn a_number_that_does_not_fit_is_an_error() {
        let mut long = [0; 17];
        long[0] = 1;
        assert_eq!(number(&long), None);
        let mut high = [0; 17];
        high[1] = 0x80;
        assert_eq!(number(&high), None, "2^127 is not -2^127");
    }

    #[test]
    fn only_decimals_lose_their_annotation() {
        let parse = |text| SchemaDescriptor::new(Arc::new(parse_message_type(text).unwrap()));
        let schema = Arc::new(parse(
            "message m { optional group g { required binary d (DECIMAL(5,2)) = 7; } required binary s (UTF8);
             required int32 i (DECIMAL(5,2)); }",
        ));
        let plain = parse(
            "message m { optional group g { required binary d = 7; } required binary s (UTF8);
             required int32 i (DECIMAL(5,2)); }",
        );
        assert_eq!(decoded_schema(&schema).root_schema(), plain.root_schema());
        let plain = Arc::new(plain);
        assert!(Arc::ptr_eq(&decoded_schema(&plain), &plain), "nothing to change");
    }
}
