//! How many bytes of text rows have, and batches cut by that.
//!
//! A batch of 8192 rows may have more than 2 GiB of text: a dictionary makes a small file of it. Arrow's strings and binaries count their
//! bytes in 32 bits, so that such a batch has no plain form, nor has what is made of its columns. Views have no such limit: files are
//! decoded to them, and batches are cut before anything else is made of them.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use std::sync::Arc;

/// A batch of more text than this is cut.
const MOST: u64 = 64 << 20;

/// The bytes of all strings and binaries in an array, in nested types too.
pub fn text_bytes(array: &ArrayRef) -> u64 {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().views().iter().map(|view| length(*view)).sum(),
        DataType::BinaryView => array.as_binary_view().views().iter().map(|view| length(*view)).sum(),
        DataType::Utf8 => span(array.as_string::<i32>().value_offsets()),
        DataType::Binary => span(array.as_binary::<i32>().value_offsets()),
        DataType::List(item) if has_text(item) => {
            let list = array.as_list::<i32>();
            within(list.values(), list.value_offsets())
        }
        DataType::Map(entries, _) if has_text(entries) => {
            let map = array.as_map();
            within(&(Arc::new(map.entries().clone()) as ArrayRef), map.value_offsets())
        }
        DataType::Struct(_) => array.as_struct().columns().iter().map(text_bytes).sum(),
        _ => 0,
    }
}

/// The length in a view: its lowest 32 bits.
fn length(view: u128) -> u64 {
    let [a, b, c, d, ..] = view.to_le_bytes();
    u64::from(u32::from_le_bytes([a, b, c, d]))
}

fn span(offsets: &[i32]) -> u64 {
    let ends = offsets.first().zip(offsets.last());
    ends.and_then(|(start, end)| u64::try_from(end.checked_sub(*start)?).ok()).unwrap_or(0)
}

fn within(values: &ArrayRef, offsets: &[i32]) -> u64 {
    let start = offsets.first().and_then(|start| usize::try_from(*start).ok()).unwrap_or(0);
    let length = usize::try_from(span(offsets)).unwrap_or(0);
    text_bytes(&values.slice(start.min(values.len()), length.min(values.len().saturating_sub(start))))
}

fn has_text(field: &Field) -> bool {
    match field.data_type() {
        DataType::List(item) | DataType::Map(item, _) => has_text(item),
        DataType::Struct(fields) => fields.iter().any(|field| has_text(field)),
        data_type => data_type.is_string() || data_type.is_binary(),
    }
}

/// `batch` in pieces of some text each: one, as a rule. A row is never cut.
pub fn cut_by_text(batch: RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
    let bytes: u64 = batch.columns().iter().map(text_bytes).sum();
    if bytes <= MOST || batch.num_rows() < 2 {
        return Ok(vec![batch]);
    }
    let (mut pieces, mut halves) = (Vec::new(), vec![(0, batch.num_rows())]);
    while let Some((start, length)) = halves.pop() {
        let piece = batch.slice(start, length);
        if length > 1 && piece.columns().iter().map(text_bytes).sum::<u64>() > MOST {
            let half = length / 2;
            // The first half is to come first.
            halves.extend([(start + half, length - half), (start, half)]);
        } else {
            pieces.push(compact(&batch.schema(), &piece)?);
        }
    }
    Ok(pieces)
}

/// The rows alone: a slice of a list has all of the list's values behind it.
fn compact(schema: &Arc<Schema>, piece: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let all: UInt64Array = (0..piece.num_rows() as u64).collect::<Vec<_>>().into();
    let columns = piece.columns().iter().map(|column| match column.data_type().is_nested() {
        true => take(column, &all, None),
        false => Ok(column.clone()),
    });
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, Int32Array, ListArray, StringArray, StringViewArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::compute::cast;
    use arrow::datatypes::Int32Type;

    /// As many rows of a megabyte each, which share it.
    fn megabytes(rows: usize) -> ArrayRef {
        let text: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(1 << 20)]));
        let keys = Int32Array::from(vec![0; rows]);
        let shared = DictionaryArray::<Int32Type>::new(keys, text);
        cast(&shared, &DataType::Utf8View).unwrap()
    }

    #[test]
    fn views_count_what_they_show() {
        assert_eq!(text_bytes(&megabytes(5000)), 5000 << 20);
        assert_eq!(text_bytes(&(Arc::new(StringViewArray::from(vec![Some("abc"), None, Some("")])) as ArrayRef)), 3);
        assert_eq!(text_bytes(&(Arc::new(StringArray::from(vec!["abc", "de"]).slice(1, 1)) as ArrayRef)), 2);
        assert_eq!(text_bytes(&(Arc::new(Int32Array::from(vec![1])) as ArrayRef)), 0);
    }

    #[test]
    fn a_batch_is_cut_where_it_has_much_text() {
        let item = Arc::new(Field::new_list_field(DataType::Utf8View, true));
        let lists = ListArray::new(item, OffsetBuffer::from_lengths(vec![2; 150]), megabytes(300), None);
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..150));
        let batch = RecordBatch::try_from_iter([("l", Arc::new(lists) as ArrayRef), ("i", numbers)]).unwrap();
        let pieces = cut_by_text(batch.clone()).unwrap();
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| text_bytes(piece.column(0)) <= MOST));
        assert_eq!(arrow::compute::concat_batches(&batch.schema(), &pieces).unwrap(), batch);
        let values = pieces[0].column(0).as_list::<i32>().values();
        assert_eq!(text_bytes(values), text_bytes(pieces[0].column(0)), "no more is behind it");
        assert_eq!(cut_by_text(batch.slice(0, 3)).unwrap().len(), 1);
    }
}
