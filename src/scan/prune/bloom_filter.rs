//! [Bloom filters](https://github.com/apache/parquet-format/blob/master/BloomFilter.md) of row groups: whether a value that a
//! row must have is surely not among a column's.
//!
//! They are asked where bounds say nothing: a value looked up in a column that is not sorted. A filter that is damaged rules
//! nothing out.

use crate::error::Result;
use crate::scan::costs::WORTH_AN_INDEX;
use crate::scan::read::file::{KeptGroup, OpenFile};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use parquet::basic::Type as PhysicalType;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use std::ops::Range;

/// A longer filter is not worth fetching.
const MAX_BYTES: u64 = 1 << 20;
/// Nor is one that is not this much smaller than what it may save.
const SMALLER: u64 = 8;

/// Values of which every wanted row has one, as the file's column stores them.
#[derive(Debug, PartialEq)]
enum Values {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Bytes(Vec<Vec<u8>>),
}

impl Values {
    /// The values that a leaf of physical type `physical`, which the file types as `found` and the table as `wanted`, would be
    /// stored as. `None` where one value may be stored in several ways, or is read as another one.
    fn new(values: &ArrayRef, physical: PhysicalType, found: &DataType, wanted: &DataType) -> Option<Values> {
        use DataType::{
            Binary, BinaryView, Date32, Int8, Int16, Int32, Int64, LargeBinary, LargeUtf8, Timestamp, Utf8, Utf8View,
        };
        let is_stored_so = match (found, wanted) {
            (Int8 | Int16 | Int32, Int8 | Int16 | Int32 | Int64) | (Int64, Int64) | (Date32, Date32) => true,
            (Timestamp(unit, _), Timestamp(other, _)) => unit == other,
            (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
            (Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => true,
            _ => false,
        };
        if !is_stored_so || values.is_empty() || values.null_count() > 0 {
            return None;
        }
        let stored = |data_type| cast(values, data_type).ok().filter(|cast| cast.null_count() == 0);
        Some(match physical {
            PhysicalType::INT32 => Values::Int32(stored(&Int32)?.as_primitive::<Int32Type>().values().to_vec()),
            PhysicalType::INT64 => Values::Int64(stored(&Int64)?.as_primitive::<Int64Type>().values().to_vec()),
            PhysicalType::BYTE_ARRAY => {
                Values::Bytes(stored(&Binary)?.as_binary::<i32>().iter().flatten().map(<[u8]>::to_vec).collect())
            }
            _ => return None,
        })
    }

    /// Whether one of them may be in a column of this filter.
    fn may_be_in(&self, filter: &Sbbf) -> bool {
        match self {
            Values::Int32(values) => values.iter().any(|value| filter.check(value)),
            Values::Int64(values) => values.iter().any(|value| filter.check(value)),
            Values::Bytes(values) => values.iter().any(|value| filter.check(value.as_slice())),
        }
    }
}

/// Those of `groups` that may hold a value which every wanted row has.
pub(in crate::scan) async fn filter(file: &OpenFile, groups: Vec<KeptGroup>) -> Result<Vec<KeptGroup>> {
    if !has_filters(file) || !file.scan.bloom_filters.pays() {
        return Ok(groups);
    }
    let wanted = wanted(file);
    let mut asked: Vec<(usize, &Values, Range<u64>)> = Vec::new();
    for (position, kept) in groups.iter().enumerate() {
        for (leaf, values) in &wanted {
            let group = file.metadata.row_groups().get(kept.index);
            if let Some(range) = group.and_then(|group| range(group, *leaf, kept.bytes, file.file.size)) {
                asked.push((position, values, range));
            }
        }
    }
    if asked.is_empty() {
        return Ok(groups);
    }
    let ranges: Vec<Range<u64>> = asked.iter().map(|(_, _, range)| range.clone()).collect();
    let mut keep = vec![true; groups.len()];
    for ((position, values, _), bytes) in asked.iter().zip(file.fetch(&ranges).await?) {
        let filter = Sbbf::from_bytes(&bytes).ok().filter(|filter| filter.num_blocks() > 0);
        let kept = filter.is_none_or(|filter| values.may_be_in(&filter));
        if let Some(keep) = keep.get_mut(*position) {
            *keep &= kept;
        }
    }
    file.scan.bloom_filters.tried(keep.contains(&false));
    Ok(groups.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(group, _)| group).collect())
}

fn has_filters(file: &OpenFile) -> bool {
    let mut columns = file.metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    columns.any(|column| column.bloom_filter_offset().is_some())
}

/// What the scan's predicates say of single columns, by leaf of the file.
fn wanted(file: &OpenFile) -> Vec<(usize, Values)> {
    let schema = file.metadata.file_metadata().schema_descr();
    let pruners = file.scan.pruners.iter();
    let one_of = pruners.flat_map(|pruner| pruner.one_of());
    let of_leaf = one_of.filter_map(|(column, values)| {
        let (leaf, found, wanted) = file.bounds.leaf(column)?;
        let physical = (leaf < schema.num_columns()).then(|| schema.column(leaf).physical_type())?;
        Some((leaf, Values::new(&values, physical, found, wanted)?))
    });
    of_leaf.collect()
}

/// Where a filter is, if there is one that is worth asking, for `bytes` of its row group.
fn range(group: &RowGroupMetaData, leaf: usize, bytes: u64, size: u64) -> Option<Range<u64>> {
    let column: &ColumnChunkMetaData = group.columns().get(leaf)?;
    let start = u64::try_from(column.bloom_filter_offset()?).ok()?;
    let length = u64::try_from(column.bloom_filter_length()?).ok()?;
    let end = start.checked_add(length).filter(|end| *end <= size)?;
    let worth = length > 0 && length <= MAX_BYTES && bytes >= WORTH_AN_INDEX && length.saturating_mul(SMALLER) <= bytes;
    worth.then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringViewArray, TimestampMicrosecondArray};
    use arrow::datatypes::TimeUnit;
    use std::sync::Arc;

    #[test]
    fn values_as_they_are_stored() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![7, -1]));
        let narrow = Values::new(&numbers, PhysicalType::INT32, &DataType::Int32, &DataType::Int64);
        assert_eq!(narrow, Some(Values::Int32(vec![7, -1])));
        let wide: ArrayRef = Arc::new(Int64Array::from(vec![1 << 40]));
        assert_eq!(Values::new(&wide, PhysicalType::INT32, &DataType::Int32, &DataType::Int64), None, "no such number");
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "é"]));
        let stored = Values::new(&texts, PhysicalType::BYTE_ARRAY, &DataType::Utf8, &DataType::Utf8View);
        assert_eq!(stored, Some(Values::Bytes(vec![b"a".to_vec(), "é".as_bytes().to_vec()])));
        let null: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        assert_eq!(Values::new(&null, PhysicalType::INT64, &DataType::Int64, &DataType::Int64), None);
    }

    #[test]
    fn what_may_be_stored_in_several_ways_is_not_looked_up() {
        let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1]));
        let (micros, nanos) =
            (DataType::Timestamp(TimeUnit::Microsecond, None), DataType::Timestamp(TimeUnit::Nanosecond, None));
        assert_eq!(Values::new(&times, PhysicalType::INT64, &nanos, &micros), None, "1.5 microseconds are read as 1");
        assert_eq!(Values::new(&times, PhysicalType::INT64, &micros, &micros), Some(Values::Int64(vec![1])));
        let floats: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![0.0]));
        let float = DataType::Float64;
        assert_eq!(Values::new(&floats, PhysicalType::DOUBLE, &float, &float), None, "0.0 equals -0.0");
    }
}
