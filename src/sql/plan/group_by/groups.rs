//! The groups of rows: ids of the values of several columns, folded into one.
//!
//! ```text
//! a ids ─┐
//! b ids ─┴ pairs -> ids ─┐
//! c ids ─────────────────┴ pairs -> ids, which are the groups
//! ```

use super::column_ids::ColumnIds;
use super::id_table::IdTable;
use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::error::Result;

/// Numbers the distinct rows of some columns, as they come.
pub struct Groups {
    columns: Vec<ColumnIds>,
    /// For each column but the first.
    pairs: Vec<IdTable<u64>>,
    ids: Vec<u32>,
    next: Vec<u32>,
    keys: Vec<u64>,
}

impl Groups {
    /// By columns of these types, at least one. `None`: one cannot be told apart here.
    pub fn by<'a>(types: impl IntoIterator<Item = &'a DataType>) -> Option<Groups> {
        let columns = types.into_iter().map(ColumnIds::new).collect::<Option<Vec<_>>>()?;
        let pairs = columns.iter().skip(1).map(|_| IdTable::new()).collect();
        (!columns.is_empty()).then_some(Groups { columns, pairs, ids: Vec::new(), next: Vec::new(), keys: Vec::new() })
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.pairs.last().map(IdTable::len).or(self.columns.first().map(ColumnIds::len)).unwrap_or_default()
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        let tables: usize = self.pairs.iter().map(IdTable::size).sum();
        let columns: usize = self.columns.iter().map(ColumnIds::size).sum();
        tables + columns + (self.ids.capacity() + self.next.capacity()) * size_of::<u32>() + self.keys.capacity() * 8
    }

    /// The group of each of so many rows of `arrays`, the columns.
    pub fn intern(&mut self, arrays: &[ArrayRef], rows: usize, groups: &mut Vec<usize>) -> Result<()> {
        self.ids.resize(rows, 0);
        self.next.resize(rows, 0);
        let mut columns = self.columns.iter_mut().zip(arrays);
        if let Some((column, array)) = columns.next() {
            column.intern(array, &mut self.ids)?;
        }
        for ((column, array), pairs) in columns.zip(&mut self.pairs) {
            column.intern(array, &mut self.next)?;
            self.keys.clear();
            self.keys.extend(self.ids.iter().zip(&self.next).map(|(id, next)| pair(*id, *next)));
            pairs.intern(&self.keys, &mut self.ids)?;
        }
        groups.clear();
        groups.extend(self.ids.iter().map(|id| *id as usize));
        Ok(())
    }

    /// The values that the groups have in common.
    pub fn into_columns(self) -> Result<GroupColumns> {
        let len = self.len();
        let values = self.columns.into_iter().map(ColumnIds::into_values).collect::<Result<_>>()?;
        Ok(GroupColumns { len, values, pairs: self.pairs.into_iter().map(IdTable::into_keys).collect() })
    }
}

fn pair(id: u32, next: u32) -> u64 {
    u64::from(id) << 32 | u64::from(next)
}

/// The columns by which was grouped, a row for each group.
pub struct GroupColumns {
    len: usize,
    /// The distinct ones of each column.
    values: Vec<ArrayRef>,
    pairs: Vec<Vec<u64>>,
}

impl GroupColumns {
    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        let values: usize = self.values.iter().map(|values| values.get_array_memory_size()).sum();
        values + self.pairs.iter().map(|pairs| pairs.capacity() * size_of::<u64>()).sum::<usize>()
    }

    /// The values of the `len` groups from `start`.
    #[expect(clippy::cast_possible_truncation, reason = "a pair is two ids of 32 bits, and groups have such ids")]
    pub fn slice(&self, start: usize, len: usize) -> Result<Vec<ArrayRef>> {
        if let ([values], []) = (self.values.as_slice(), self.pairs.as_slice()) {
            return Ok(vec![values.slice(start, len)]);
        }
        let mut ids: Vec<u32> = (start..start + len).map(|group| group as u32).collect();
        let mut columns = Vec::with_capacity(self.values.len());
        for (values, pairs) in self.values.iter().skip(1).zip(&self.pairs).rev() {
            let mut next = Vec::with_capacity(ids.len());
            for id in &mut ids {
                let pair = pairs.get(*id as usize).copied().unwrap_or_default();
                *id = (pair >> 32) as u32;
                next.push(pair as u32);
            }
            columns.push(take(values, &UInt32Array::from(next), None)?);
        }
        if let Some(values) = self.values.first() {
            columns.push(take(values, &UInt32Array::from(ids), None)?);
        }
        columns.reverse();
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, StringViewArray};
    use std::sync::Arc;

    #[test]
    fn rows_of_three_columns_are_folded_into_groups() {
        let a: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(1), Some(1), None, Some(-1)]));
        let b: ArrayRef = Arc::new(StringViewArray::from(vec![None, Some("x"), Some("x"), None, Some("x"), Some("x")]));
        let c: ArrayRef = Arc::new(Int32Array::from(vec![7, 7, 7, 8, 7, 7]));
        let mut groups = Groups::by([a.data_type(), b.data_type(), c.data_type()]).unwrap();
        let mut found = Vec::new();
        groups.intern(&[a.clone(), b.clone(), c.clone()], 6, &mut found).unwrap();
        assert_eq!((found.as_slice(), groups.len()), ([0, 1, 2, 3, 1, 4].as_slice(), 5));
        groups.intern(&[a.slice(3, 2), b.slice(3, 2), c.slice(3, 2)], 2, &mut found).unwrap();
        assert_eq!(found, [3, 1]);
        assert!(groups.size() > 0);
        let columns = groups.into_columns().unwrap();
        assert_eq!(columns.len(), 5);
        let rows = UInt32Array::from(vec![1, 2, 3]);
        let expected: Vec<ArrayRef> = [a, b, c].iter().map(|column| take(column, &rows, None).unwrap()).collect();
        assert_eq!(columns.slice(1, 3).unwrap(), expected);
        assert_eq!(columns.slice(5, 0).unwrap().len(), 3);
    }

    #[test]
    fn no_column_is_no_group() {
        assert!(Groups::by([]).is_none());
        assert!(Groups::by([&DataType::Int32, &DataType::Float64]).is_none());
    }
}
