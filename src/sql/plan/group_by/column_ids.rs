//! Dense ids for the values of a column, whatever of two kinds its type is: of a fixed width, or text.

use super::byte_keys::ByteKeys;
use super::id_table::IdTable;
use arrow::array::{Array, ArrayData, ArrayRef, AsArray, make_array};
use arrow::buffer::{MutableBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;

/// Gives each value of a column that it has not seen the next number. Null is a value.
pub struct ColumnIds {
    data_type: DataType,
    kept: Kept,
}

enum Kept {
    /// The bits of a value, widened.
    Bits {
        table: IdTable<u64>,
        keys: Vec<u64>,
    },
    Text {
        table: IdTable<u128>,
        texts: Box<ByteKeys>,
    },
}

/// The type that values of `data_type` are told apart as, if that is surely by their bits.
fn told_apart_as(data_type: &DataType) -> Option<DataType> {
    use DataType::*;
    match data_type {
        Boolean => Some(UInt8),
        Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) => Some(data_type.clone()),
        integer if integer.is_integer() => Some(data_type.clone()),
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView => Some(BinaryView),
        _ => None,
    }
}

impl ColumnIds {
    /// For a column of this type, if it is one of those.
    pub fn new(data_type: &DataType) -> Option<ColumnIds> {
        let kept = match told_apart_as(data_type)? {
            DataType::BinaryView => Kept::Text { table: IdTable::new(), texts: Box::new(ByteKeys::new()) },
            _ => Kept::Bits { table: IdTable::new(), keys: Vec::new() },
        };
        Some(ColumnIds { data_type: data_type.clone(), kept })
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match &self.kept {
            Kept::Bits { table, .. } => table.len(),
            Kept::Text { table, .. } => table.len(),
        }
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        match &self.kept {
            Kept::Bits { table, keys } => table.size() + keys.capacity() * size_of::<u64>(),
            Kept::Text { table, texts } => table.size() + texts.size(),
        }
    }

    /// The id of each row's value, into as many `ids`.
    pub fn intern(&mut self, array: &ArrayRef, ids: &mut [u32]) -> Result<()> {
        let array = match told_apart_as(&self.data_type) {
            Some(other) if other != *array.data_type() => &cast(array, &other)?,
            _ => array,
        };
        match &mut self.kept {
            Kept::Bits { table, keys } => {
                keys.clear();
                widen(&array.to_data(), keys);
                table.intern_valid(keys, array.nulls(), ids)
            }
            Kept::Text { table, texts } => {
                let array = array.as_binary_view();
                table.intern_valid(texts.keys(array)?, array.nulls(), ids)
            }
        }
    }

    /// The values by id.
    pub fn into_values(self) -> Result<ArrayRef> {
        let values = match self.kept {
            Kept::Bits { table, .. } => {
                let stored = told_apart_as(&self.data_type).unwrap_or(self.data_type.clone());
                narrow(stored, table.keys(), nulls(table.len(), table.null()))?
            }
            Kept::Text { table, texts } => {
                let nulls = nulls(table.len(), table.null());
                texts.into_array(table.into_keys(), nulls)?
            }
        };
        Ok(if *values.data_type() == self.data_type { values } else { cast(&values, &self.data_type)? })
    }
}

fn nulls(len: usize, null: Option<u32>) -> Option<NullBuffer> {
    null.map(|null| (0..len).map(|id| id != null as usize).collect())
}

/// The bits of an array's values; signs are lost, and come back with the width.
fn widen(data: &ArrayData, keys: &mut Vec<u64>) {
    match data.data_type().primitive_width() {
        Some(1) => keys.extend(data.buffer::<u8>(0).iter().take(data.len()).map(|bits| u64::from(*bits))),
        Some(2) => keys.extend(data.buffer::<u16>(0).iter().take(data.len()).map(|bits| u64::from(*bits))),
        Some(4) => keys.extend(data.buffer::<u32>(0).iter().take(data.len()).map(|bits| u64::from(*bits))),
        _ => keys.extend_from_slice(data.buffer::<u64>(0).get(..data.len()).unwrap_or_default()),
    }
}

/// The array whose values have these bits.
fn narrow(data_type: DataType, keys: &[u64], nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let width = data_type.primitive_width().unwrap_or(size_of::<u64>());
    let mut bytes = MutableBuffer::new(keys.len() * width);
    for key in keys {
        bytes.extend_from_slice(key.to_le_bytes().get(..width).unwrap_or_default());
    }
    let data = ArrayData::builder(data_type).len(keys.len()).add_buffer(bytes.into()).nulls(nulls).build()?;
    Ok(make_array(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::TimeUnit;
    use std::sync::Arc;

    #[test]
    fn values_of_every_type_come_back() {
        use DataType::*;
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(0), Some(1), Some(127), None]));
        let utc = Some("UTC".into());
        let types = [
            Int8,
            Int16,
            Int32,
            Int64,
            UInt8,
            UInt16,
            UInt32,
            UInt64,
            Date64,
            Time64(TimeUnit::Microsecond),
            Timestamp(TimeUnit::Nanosecond, None),
            Timestamp(TimeUnit::Microsecond, utc),
            Utf8,
            LargeUtf8,
            Utf8View,
        ];
        let mut arrays: Vec<ArrayRef> = types.iter().map(|data_type| cast(&numbers, data_type).unwrap()).collect();
        let narrow = cast(&numbers, &Int32).unwrap();
        arrays.extend([Date32, Time32(TimeUnit::Second)].map(|data_type| cast(&narrow, &data_type).unwrap()));
        let text =
            StringArray::from(vec![Some("1"), None, Some("a text of more than 12 bytes"), Some("1"), Some(""), None]);
        arrays.extend([Utf8, LargeUtf8, Utf8View, Binary, LargeBinary, BinaryView].map(|to| cast(&text, &to).unwrap()));
        for array in arrays {
            // The second half is a slice, whose buffers begin elsewhere.
            let mut column = ColumnIds::new(array.data_type()).unwrap();
            let mut ids = [9; 6];
            column.intern(&array.slice(0, 2), &mut ids[..2]).unwrap();
            column.intern(&array.slice(2, 4), &mut ids[2..]).unwrap();
            assert_eq!((ids, column.len()), ([0, 1, 2, 0, 3, 1], 4), "{}", array.data_type());
            let values = column.into_values().unwrap();
            let expected =
                arrow::compute::take(&array, &arrow::array::UInt32Array::from(vec![0, 1, 2, 4]), None).unwrap();
            assert_eq!(&values, &expected, "{}", array.data_type());
        }
        let flags: ArrayRef = cast(&numbers, &Boolean).unwrap();
        let (mut column, mut ids) = (ColumnIds::new(&Boolean).unwrap(), [9; 6]);
        column.intern(&flags, &mut ids).unwrap();
        assert_eq!(ids, [0, 1, 2, 0, 0, 1]);
        assert_eq!(&column.into_values().unwrap(), &flags.slice(0, 3));
    }

    #[test]
    fn negative_numbers_keep_their_sign() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-1, 255, i64::MIN, -1]));
        let (mut column, mut ids) = (ColumnIds::new(numbers.data_type()).unwrap(), [9; 4]);
        column.intern(&numbers, &mut ids).unwrap();
        assert_eq!((ids, column.into_values().unwrap()), ([0, 1, 2, 0], numbers.slice(0, 3)));
    }

    #[test]
    fn what_bits_do_not_tell_is_refused() {
        use DataType::*;
        for data_type in [Float64, Float32, Decimal128(10, 2), Null, new_list(Int32)] {
            assert!(ColumnIds::new(&data_type).is_none(), "{data_type}");
        }
    }

    fn new_list(of: DataType) -> DataType {
        DataType::new_list(of, true)
    }
}
