//! Variants as `delta_kernel` reads them, two binaries each, as the JSON text that Lakeglass reads them as: by the `parquet-variant`
//! crate, which is another decoder.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, ListArray, MapArray, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use parquet_variant::Variant;
use parquet_variant_json::VariantToJson;
use std::sync::Arc;

/// The type with text for every variant.
fn text_type(data_type: &DataType) -> DataType {
    let field = |field: &FieldRef| Arc::new(Field::clone(field).with_data_type(text_type(field.data_type())));
    match data_type {
        DataType::Struct(fields) if is_variant(fields) => DataType::Utf8,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::List(element) => DataType::List(field(element)),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        other => other.clone(),
    }
}

pub fn text_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::clone(field).with_data_type(text_type(field.data_type())))
}

fn is_variant(fields: &Fields) -> bool {
    let names: Vec<_> = fields.iter().map(|field| field.name().as_str()).collect();
    let binary = |field: &FieldRef| matches!(field.data_type(), DataType::Binary | DataType::BinaryView);
    matches!(names[..], ["metadata", "value"] | ["value", "metadata"]) && fields.iter().all(binary)
}

/// The array with text for every variant.
pub fn text(array: &ArrayRef) -> ArrayRef {
    match (array.data_type(), text_type(array.data_type())) {
        (DataType::Struct(fields), _) if is_variant(fields) => Arc::new(json(array.as_struct())),
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let array = array.as_struct();
            let columns = array.columns().iter().map(text).collect();
            Arc::new(StructArray::try_new_with_length(fields, columns, array.nulls().cloned(), array.len()).unwrap())
        }
        (DataType::List(_), DataType::List(element)) => {
            let list = array.as_list::<i32>();
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::new(element, offsets, text(list.values()), nulls))
        }
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let map = array.as_map();
            let pairs = text(&(Arc::new(map.entries().clone()) as ArrayRef)).as_struct().clone();
            Arc::new(MapArray::new(entries, map.offsets().clone(), pairs, map.nulls().cloned(), sorted))
        }
        _ => array.clone(),
    }
}

fn json(variants: &StructArray) -> StringArray {
    let binary = |name: &str| -> BinaryArray {
        cast(variants.column_by_name(name).unwrap(), &DataType::Binary).unwrap().as_binary::<i32>().clone()
    };
    let (metadata, values) = (binary("metadata"), binary("value"));
    let text = |row: usize| Variant::try_new(metadata.value(row), values.value(row)).unwrap().to_json_string().unwrap();
    (0..variants.len()).map(|row| variants.is_valid(row).then(|| text(row))).collect()
}
