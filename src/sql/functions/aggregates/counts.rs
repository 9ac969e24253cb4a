//! Aggregates that count how often values are there: `mode`, `histogram`, `entropy`.

use super::collected::{Collected, Group, types};
use arrow::array::{Array, ArrayRef, MapArray, StructArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::AggregateUDF;
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    let own = |name, gives, result| Collected {
        name,
        aliases: &[],
        usage: "one column",
        columns: 1,
        nulls: false,
        takes: types::one,
        gives,
        result,
    };
    let all =
        [own("mode", types::first, mode), own("histogram", map, histogram), own("entropy", types::double, entropy)];
    all.into_iter().map(Collected::function).collect()
}

/// The places at which values are first, and how often they are there: in their order, or in that of the column.
fn counted(column: &ArrayRef, sorted: bool) -> Result<Vec<(usize, u64)>> {
    let rows = RowConverter::new(vec![SortField::new(column.data_type().clone())])?
        .convert_columns(std::slice::from_ref(column))?;
    let mut known = HashMap::new();
    let mut counts: Vec<(usize, u64)> = Vec::new();
    for row in 0..rows.num_rows() {
        let next = counts.len();
        let place = *known.entry(rows.row(row)).or_insert(next);
        match counts.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => counts.push((row, 1)),
        }
    }
    if sorted {
        counts.sort_by(|(a, _), (b, _)| rows.row(*a).cmp(&rows.row(*b)));
    }
    Ok(counts)
}

/// The value that is there most often; of several, the first.
fn mode(group: &Group<'_>) -> Result<ScalarValue> {
    let column = group.column(0)?;
    let most = counted(column, false)?.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
    match most {
        Some((row, _)) => ScalarValue::try_from_array(column, row),
        None => group.null(),
    }
}

fn map(fields: &[FieldRef]) -> Result<DataType> {
    let key = Field::new("key", types::first(fields)?, false);
    let entries = DataType::Struct(vec![key, Field::new("value", DataType::UInt64, true)].into());
    Ok(DataType::Map(Arc::new(Field::new("entries", entries, false)), false))
}

/// How often each value is there.
fn histogram(group: &Group<'_>) -> Result<ScalarValue> {
    let column = group.column(0)?;
    let (DataType::Map(field, _), false) = (group.data_type, column.is_empty()) else { return group.null() };
    let DataType::Struct(fields) = field.data_type() else { return group.null() };
    let counts = counted(column, true)?;
    let picks: Vec<(usize, usize)> = counts.iter().map(|(row, _)| (0, *row)).collect();
    let keys = interleave(&[column.as_ref()], &picks)?;
    let values = Arc::new(counts.iter().map(|(_, count)| Some(*count)).collect::<UInt64Array>());
    let lengths = OffsetBuffer::from_lengths([counts.len()]);
    let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    Ok(ScalarValue::Map(Arc::new(MapArray::try_new(field.clone(), lengths, entries, None, false)?)))
}

/// In bits; none of nothing.
fn entropy(group: &Group<'_>) -> Result<ScalarValue> {
    let column = group.column(0)?;
    let count = column.len() as f64;
    let share = |(_, times): (usize, u64)| times as f64 / count;
    let bits = counted(column, false)?.into_iter().map(share).map(|share| -share * share.log2()).sum::<f64>();
    Ok(ScalarValue::from(bits + 0.0))
}
