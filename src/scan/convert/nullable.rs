//! A schema whose every field may be null.

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use std::sync::Arc;

/// The schema with every field nullable, nested ones too, but for what Arrow requires of a map (its entries and keys). A
/// table's `NOT NULL` binds its writers; files from before it, or without the column, are still read.
pub fn nullable(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new_with_metadata(all(schema.fields()), schema.metadata().clone()))
}

fn all(fields: &Fields) -> Fields {
    fields.iter().map(|field| field_nullable(field)).collect()
}

fn field_nullable(field: &Field) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(all(fields)),
        DataType::List(item) => DataType::List(field_nullable(item)),
        DataType::Map(entries, sorted) => DataType::Map(map_entries(entries), *sorted),
        other => other.clone(),
    };
    Arc::new(field.clone().with_data_type(data_type).with_nullable(true))
}

fn map_entries(entries: &FieldRef) -> FieldRef {
    let DataType::Struct(fields) = entries.data_type() else {
        return entries.clone();
    };
    let mut fields = fields.iter().map(|field| field_nullable(field));
    let key = fields.next().map(|key| Arc::new(key.as_ref().clone().with_nullable(false)));
    let fields: Fields = key.into_iter().chain(fields).collect();
    Arc::new(entries.as_ref().clone().with_data_type(DataType::Struct(fields)))
}
