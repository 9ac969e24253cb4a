//! Results in types that every Arrow reader knows: string and binary views become plain strings and binaries,
//! dictionaries and runs their values, in nested types too.

use super::error::from_arrow;
use crate::error::{Error, Result};
use crate::scan::cut_by_text;
use crate::scan::text_bytes;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use std::sync::Arc;

/// The most bytes that the offsets of a plain string can count.
const MOST_TEXT: u64 = i32::MAX as u64;

/// The plain form of a schema.
pub fn plain_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<FieldRef> = schema.fields().iter().map(plain_field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// `batch` in `schema`, the plain form of its own, in pieces that can have one: a plain string's bytes are counted in 32 bits.
pub fn plain_batches(batch: RecordBatch, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let pieces = cut_by_text(batch).map_err(from_arrow)?;
    pieces.iter().map(|piece| plain_batch(piece, schema)).collect()
}

/// `batch` in `schema`, the plain form of its own.
pub fn plain_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let is_too_long = |column: &ArrayRef| text_bytes(column) > MOST_TEXT;
    if batch.columns().iter().any(is_too_long) {
        return Err(Error::unsupported("more than 2 GiB of text", "in a row of a result"));
    }
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| match column.data_type() == field.data_type() {
            true => Ok(column.clone()),
            false => cast_with_options(column, field.data_type(), &options),
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(from_arrow)?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(from_arrow)
}

fn plain_field(field: &FieldRef) -> FieldRef {
    match plain(field.data_type()) {
        Some(data_type) => Arc::new(Field::clone(field).with_data_type(data_type)),
        None => field.clone(),
    }
}

/// The plain form of a type; `None` where it is plain already.
fn plain(data_type: &DataType) -> Option<DataType> {
    let changed = |field: &FieldRef| Some(plain_field(field)).filter(|new| new != field);
    match data_type {
        DataType::Utf8View => Some(DataType::Utf8),
        DataType::BinaryView => Some(DataType::Binary),
        DataType::Dictionary(_, value) => Some(plain(value).unwrap_or_else(|| value.as_ref().clone())),
        DataType::RunEndEncoded(_, values) => {
            Some(plain(values.data_type()).unwrap_or_else(|| values.data_type().clone()))
        }
        DataType::List(item) => changed(item).map(DataType::List),
        DataType::ListView(item) => Some(DataType::List(plain_field(item))),
        DataType::LargeListView(item) => Some(DataType::LargeList(plain_field(item))),
        DataType::LargeList(item) => changed(item).map(DataType::LargeList),
        DataType::FixedSizeList(item, size) => changed(item).map(|item| DataType::FixedSizeList(item, *size)),
        DataType::Map(entries, sorted) => changed(entries).map(|entries| DataType::Map(entries, *sorted)),
        DataType::Struct(fields) => {
            let new: Vec<FieldRef> = fields.iter().map(plain_field).collect();
            (new.iter().ne(fields.iter())).then(|| DataType::Struct(new.into()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray, ListBuilder, StringViewBuilder};

    #[test]
    fn views_are_cast_in_nested_types_too() {
        let mut list = ListBuilder::new(StringViewBuilder::new());
        list.values().append_value("a string longer than a view's prefix");
        list.values().append_null();
        list.append(true);
        list.append_null();
        let list: ArrayRef = Arc::new(list.finish());
        let schema = Schema::new(vec![Field::new("l", list.data_type().clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), vec![list]).unwrap();
        let plain = plain_batch(&batch, &plain_schema(&schema)).unwrap();
        assert_eq!(plain.schema().field(0).data_type(), &DataType::new_list(DataType::Utf8, true));
        let list = plain.column(0).as_list::<i32>();
        assert_eq!(list.value(0).as_string::<i32>().value(0), "a string longer than a view's prefix");
        assert!(list.value(0).is_null(1) && list.is_null(1));
    }
}
