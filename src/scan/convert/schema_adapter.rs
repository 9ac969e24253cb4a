//! From a data file's arrays to the table's: other order, names and types, and nulls for what the file does not have.

use super::cast::cast;
use super::decimal_bytes::decimals;
use super::projection::{Shape, entry};
use super::variant;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, new_null_array};
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;
use std::sync::Arc;

/// The file's array as the type `wanted`, of the same shape as the table's.
pub(in crate::scan) fn adapt(array: &ArrayRef, shape: &Shape, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    match (shape, wanted) {
        (Shape::Leaf, wanted) => cast(array, wanted),
        (Shape::Decimal(stored), wanted) => cast(&decimals(array, stored)?, wanted),
        (Shape::Variant, wanted) => variant::to_json(array, wanted),
        (Shape::Struct(children), DataType::Struct(fields)) => adapt_struct(array, children, fields),
        (Shape::List(element), DataType::List(field)) => {
            let (values, list) = adapt_list(array, element, field)?;
            Ok(Arc::new(ListArray::try_new(field.clone(), list.offsets().clone(), values, list.nulls().cloned())?))
        }
        (Shape::Map(key, value), DataType::Map(entries, sorted)) => adapt_map(array, key, value, entries, *sorted),
        (_, wanted) => Err(ArrowError::SchemaError(format!("cannot be read as {wanted}"))),
    }
}

fn adapt_struct(
    array: &ArrayRef,
    children: &[Option<(usize, Shape)>],
    fields: &Fields,
) -> Result<ArrayRef, ArrowError> {
    let array = array.as_struct_opt().ok_or_else(|| unexpected(array))?;
    let mut columns = Vec::with_capacity(fields.len());
    for (field, child) in fields.iter().zip(children) {
        columns.push(match child {
            Some((position, shape)) => {
                let column = array.columns().get(*position).ok_or_else(|| unexpected(array))?;
                adapt(column, shape, field.data_type())?
            }
            None => new_null_array(field.data_type(), array.len()),
        });
    }
    let nulls = array.nulls().cloned();
    Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())?))
}

fn adapt_list<'a>(
    array: &'a ArrayRef,
    element: &Shape,
    field: &FieldRef,
) -> Result<(ArrayRef, &'a ListArray), ArrowError> {
    let list = array.as_list_opt::<i32>().ok_or_else(|| unexpected(array))?;
    Ok((adapt(list.values(), element, field.data_type())?, list))
}

fn adapt_map(
    array: &ArrayRef,
    key: &Shape,
    value: &Shape,
    entries: &FieldRef,
    sorted: bool,
) -> Result<ArrayRef, ArrowError> {
    let map = array.as_map_opt().ok_or_else(|| unexpected(array))?;
    let (Some((key_field, value_field)), DataType::Struct(fields)) = (entry(entries), entries.data_type()) else {
        return Err(unexpected(array));
    };
    let keys = adapt(map.keys(), key, key_field.data_type())?;
    let values = adapt(map.values(), value, value_field.data_type())?;
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
    Ok(Arc::new(MapArray::try_new(entries.clone(), offsets, pairs, nulls, sorted)?))
}

fn unexpected(array: &dyn Array) -> ArrowError {
    ArrowError::SchemaError(format!("did not expect the type {}", array.data_type()))
}
