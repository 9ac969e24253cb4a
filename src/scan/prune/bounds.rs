//! Bounds of row groups and pages, from a Parquet file's own statistics, for a [`Pruner`].
//!
//! A bound is used only where the format defines what it means: none of `INT96`, none of the deprecated ones for types
//! whose order was not defined, no upper ones of floats (writers leave NaN out, which is above them all).

use crate::scan::Pruner;
use crate::scan::convert::cast::{cast, castable};
use crate::scan::convert::constant;
use crate::scan::convert::projection::{FileProjection, Shape, Source};
use crate::snapshot::{ColumnStatistics, ContainerStatistics, stands_for};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array, UInt64Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Schema};
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::basic::{SortOrder, Type as PhysicalType};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What bounds of one file's row groups and pages are made from.
#[derive(Debug)]
pub(in crate::scan) struct FileBounds {
    /// By position in the table's schema: the columns whose bounds some pruner reads.
    columns: Vec<(usize, BoundColumn)>,
    pruners: Vec<Arc<dyn Pruner>>,
}

#[derive(Debug)]
enum BoundColumn {
    /// The same value in all of the file's rows.
    Constant(ArrayRef),
    /// Null in all of them.
    Missing(DataType),
    /// A leaf of the file with usable statistics, as the file types it.
    Leaf { leaf: usize, field: Field, wanted: DataType },
    /// Nothing is known.
    Unknown(DataType),
}

impl FileBounds {
    /// The columns that `pruners` read, where `found` says where the file has them: one source for each of `columns`.
    pub(in crate::scan) fn new(
        pruners: &[Arc<dyn Pruner>],
        logical: &Schema,
        columns: &[usize],
        partition_values: &HashMap<usize, ArrayRef>,
        found: &FileProjection,
        metadata: &ParquetMetaData,
    ) -> FileBounds {
        let columns = columns.iter().zip(&found.sources).filter_map(|(&column, source)| {
            let field = logical.fields().get(column)?;
            let wanted = field.data_type();
            let bound = match (partition_values.get(&column), source) {
                (Some(value), _) => BoundColumn::Constant(value.clone()),
                (None, Source::Missing) => BoundColumn::Missing(wanted.clone()),
                (None, Source::File { leaf, shape: Shape::Leaf | Shape::Decimal(_), .. })
                    if stands_for(field).is_none() =>
                {
                    leaf_column(*leaf, wanted, metadata)
                }
                (None, Source::File { .. }) => BoundColumn::Unknown(wanted.clone()),
            };
            Some((column, bound))
        });
        FileBounds { columns: columns.collect(), pruners: pruners.to_vec() }
    }

    /// The leaf that has a column of the table, its type in the file, and in the table.
    pub(in crate::scan) fn leaf(&self, column: usize) -> Option<(usize, &DataType, &DataType)> {
        self.columns.iter().find_map(|(position, bound)| match bound {
            BoundColumn::Leaf { leaf, field, wanted } if *position == column => {
                Some((*leaf, field.data_type(), wanted))
            }
            _ => None,
        })
    }

    /// The leaves whose page bounds can rule pages out.
    pub(in crate::scan) fn leaves(&self) -> BTreeSet<usize> {
        self.columns
            .iter()
            .filter_map(|(_, column)| match column {
                BoundColumn::Leaf { leaf, .. } => Some(*leaf),
                _ => None,
            })
            .collect()
    }

    /// Which of the row groups can hold a row that every pruner wants.
    pub(in crate::scan) fn keep(&self, groups: &[RowGroupMetaData]) -> Vec<bool> {
        if self.pruners.is_empty() {
            return vec![true; groups.len()];
        }
        let rows: Vec<u64> = groups.iter().map(|group| group.num_rows().max(0) as u64).collect();
        let columns = self.columns.iter().map(|(column, bound)| (*column, group_bounds(bound, groups, &rows)));
        let statistics = ContainerStatistics {
            containers: groups.len(),
            columns: columns.collect(),
            row_count: UInt64Array::from(rows),
        };
        keep(&self.pruners, &statistics)
    }

    /// The rows of the row group of `metadata`, its only one, whose pages can hold a row that every pruner wants. `None`:
    /// all of them.
    pub(in crate::scan) fn pages(&self, metadata: &ParquetMetaData) -> Option<RowSelection> {
        let rows = u64::try_from(metadata.row_groups().first()?.num_rows()).ok()?;
        let mut starts = BTreeSet::from([0]);
        for leaf in self.leaves() {
            starts.extend(page_starts(metadata, leaf)?);
        }
        let starts: Vec<u64> = starts.into_iter().filter(|start| *start < rows).collect();
        let counts = starts.iter().zip(starts.iter().skip(1).chain([&rows])).map(|(start, end)| end - start);
        let counts: Vec<u64> = counts.collect();
        let columns =
            self.columns.iter().map(|(column, bound)| (*column, page_bounds(bound, metadata, &starts, &counts)));
        let statistics = ContainerStatistics {
            containers: counts.len(),
            columns: columns.collect(),
            row_count: UInt64Array::from(counts.clone()),
        };
        let kept = keep(&self.pruners, &statistics);
        if kept.iter().all(|kept| *kept) {
            return None;
        }
        let ranges = starts.iter().zip(&counts).zip(kept).filter(|(_, kept)| *kept);
        let ranges =
            ranges.map(|((start, count), _)| Some(usize::try_from(*start).ok()?..usize::try_from(start + count).ok()?));
        let ranges: Vec<_> = ranges.collect::<Option<_>>()?;
        Some(RowSelection::from_consecutive_ranges(ranges.into_iter(), usize::try_from(rows).ok()?))
    }
}

/// Which containers no pruner rules out. One that fails, or answers for another number of them, rules none out.
pub(in crate::scan) fn keep(pruners: &[Arc<dyn Pruner>], statistics: &ContainerStatistics) -> Vec<bool> {
    let mut keep = vec![true; statistics.containers];
    for pruner in pruners {
        if let Ok(wanted) = pruner.keep(statistics)
            && wanted.len() == keep.len()
        {
            keep.iter_mut().zip(wanted).for_each(|(keep, wanted)| *keep &= wanted);
        }
    }
    keep
}

/// The partition values of file `file`, by position in the table's schema: arrays of one value.
pub(in crate::scan) fn partition_values(
    values: &RecordBatch,
    columns: &[usize],
    file: usize,
) -> HashMap<usize, ArrayRef> {
    let row = |column: &ArrayRef| (file < column.len()).then(|| column.slice(file, 1));
    columns.iter().zip(values.columns()).filter_map(|(&column, values)| Some((column, row(values)?))).collect()
}

fn leaf_column(leaf: usize, wanted: &DataType, metadata: &ParquetMetaData) -> BoundColumn {
    let schema = metadata.file_metadata().schema_descr();
    let unknown = || BoundColumn::Unknown(wanted.clone());
    if leaf >= schema.num_columns() || schema.column(leaf).physical_type() == PhysicalType::INT96 {
        return unknown();
    }
    // The type that the Parquet type suggests: what the statistics are in.
    let Ok(types) = parquet::arrow::parquet_to_arrow_schema_by_columns(
        schema,
        parquet::arrow::ProjectionMask::leaves(schema, [leaf]),
        None,
    ) else {
        return unknown();
    };
    match types.fields().first() {
        Some(field) if !field.data_type().is_nested() && castable(field.data_type(), wanted) => {
            BoundColumn::Leaf { leaf, field: field.as_ref().clone(), wanted: wanted.clone() }
        }
        _ => unknown(),
    }
}

fn group_bounds(bound: &BoundColumn, groups: &[RowGroupMetaData], rows: &[u64]) -> ColumnStatistics {
    let BoundColumn::Leaf { leaf, field, wanted } = bound else {
        return constant_bounds(bound, rows);
    };
    let known = || {
        let schema = groups.first()?.schema_descr();
        let converter = StatisticsConverter::from_column_index(*leaf, field, schema).ok()?;
        let usable = groups.iter().all(|group| {
            group.columns().get(*leaf).is_some_and(|column| {
                column.statistics().is_none_or(|statistics| {
                    let order = column.column_descr().sort_order();
                    usable(statistics, order, field.data_type())
                })
            })
        });
        let null_count = converter.with_missing_null_counts_as_zero(false);
        let nulls = null_count.row_group_null_counts(groups).ok()?;
        if !usable {
            return Some((
                new_null_array(field.data_type(), groups.len()),
                new_null_array(field.data_type(), groups.len()),
                nulls,
            ));
        }
        Some((null_count.row_group_mins(groups).ok()?, null_count.row_group_maxes(groups).ok()?, nulls))
    };
    converted(known(), wanted, rows)
}

fn page_bounds(bound: &BoundColumn, metadata: &ParquetMetaData, starts: &[u64], counts: &[u64]) -> ColumnStatistics {
    let BoundColumn::Leaf { leaf, field, wanted } = bound else {
        return constant_bounds(bound, counts);
    };
    let known = || {
        let (index, offsets) = (metadata.column_index()?, metadata.offset_index()?);
        let column = index.first()?.get(*leaf)?;
        let pages = page_starts(metadata, *leaf)?;
        if column.num_pages() != pages.len() as u64 || !page_bytes_usable(column, field.data_type()) {
            return None;
        }
        let schema = metadata.file_metadata().schema_descr();
        let converter = StatisticsConverter::from_column_index(*leaf, field, schema).ok()?;
        let min = converter.data_page_mins(index, offsets, [&0]).ok()?;
        let max = converter.data_page_maxes(index, offsets, [&0]).ok()?;
        let nulls = converter.data_page_null_counts(index, offsets, [&0]).ok()?;
        if [min.len(), max.len(), nulls.len()] != [pages.len(); 3] {
            return None;
        }
        // A run of rows between two boundaries lies in one page of each column.
        let page_of = |start: &u64| {
            u32::try_from(pages.partition_point(|page| page <= start).saturating_sub(1)).unwrap_or(u32::MAX)
        };
        let of: UInt32Array = starts.iter().map(page_of).collect::<Vec<_>>().into();
        let end = metadata.row_groups().first()?.num_rows().max(0) as u64;
        let page_rows: Vec<u64> = pages.iter().zip(pages.iter().skip(1).chain([&end])).map(|(a, b)| b - a).collect();
        let run_nulls = of.values().iter().zip(counts).map(|(page, count)| {
            let (nulls, rows) = (nulls.iter().nth(*page as usize)??, *page_rows.get(*page as usize)?);
            match nulls {
                0 => Some(0),
                nulls if nulls == rows => Some(*count),
                _ => None,
            }
        });
        let nulls = run_nulls.collect();
        Some((take(&min, &of, None).ok()?, take(&max, &of, None).ok()?, nulls))
    };
    converted(known(), wanted, counts)
}

/// The first row of each page of a column of the only row group.
fn page_starts(metadata: &ParquetMetaData, leaf: usize) -> Option<Vec<u64>> {
    let pages = metadata.offset_index()?.first()?.get(leaf)?.page_locations();
    pages.iter().map(|page| u64::try_from(page.first_row_index).ok()).collect()
}

fn constant_bounds(bound: &BoundColumn, rows: &[u64]) -> ColumnStatistics {
    let unknown = |data_type: &DataType| new_null_array(data_type, rows.len());
    let none = || UInt64Array::new_null(rows.len());
    match bound {
        BoundColumn::Constant(value) => {
            let null = value.is_null(0);
            let values = constant::repeat(value, rows.len()).unwrap_or_else(|_| unknown(value.data_type()));
            let null_count = rows.iter().map(|rows| Some(if null { *rows } else { 0 })).collect();
            ColumnStatistics { min: values.clone(), max: values, null_count }
        }
        BoundColumn::Missing(data_type) => ColumnStatistics {
            min: unknown(data_type),
            max: unknown(data_type),
            null_count: UInt64Array::from(rows.to_vec()),
        },
        BoundColumn::Unknown(data_type) | BoundColumn::Leaf { wanted: data_type, .. } => {
            ColumnStatistics { min: unknown(data_type), max: unknown(data_type), null_count: none() }
        }
    }
}

/// Bounds in the table's type. Every cast that a scan makes keeps the order of values.
fn converted(known: Option<(ArrayRef, ArrayRef, UInt64Array)>, wanted: &DataType, rows: &[u64]) -> ColumnStatistics {
    let unknown = || new_null_array(wanted, rows.len());
    let Some((min, max, null_count)) = known.filter(|(min, max, _)| [min.len(), max.len()] == [rows.len(); 2]) else {
        return ColumnStatistics { min: unknown(), max: unknown(), null_count: UInt64Array::new_null(rows.len()) };
    };
    let max = match max.data_type() {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => new_null_array(max.data_type(), max.len()),
        _ => max,
    };
    let min = cast(&lowest_zero(min), wanted).unwrap_or_else(|_| unknown());
    let max = cast(&max, wanted).unwrap_or_else(|_| unknown());
    ColumnStatistics { min, max, null_count }
}

/// A lower bound of 0.0 may stand for -0.0, and NaN bounds nothing.
fn lowest_zero(min: ArrayRef) -> ArrayRef {
    match min.data_type() {
        DataType::Float32 => {
            let values = min.as_primitive::<Float32Type>();
            Arc::new(values.unary_opt::<_, Float32Type>(|v| (!v.is_nan()).then_some(if v == 0.0 { -0.0 } else { v })))
        }
        DataType::Float64 => {
            let values = min.as_primitive::<Float64Type>();
            Arc::new(values.unary_opt::<_, Float64Type>(|v| (!v.is_nan()).then_some(if v == 0.0 { -0.0 } else { v })))
        }
        DataType::Float16 => new_null_array(&DataType::Float16, min.len()),
        _ => min,
    }
}

/// Whether a column chunk's bounds mean what the format says today.
fn usable(statistics: &Statistics, order: SortOrder, data_type: &DataType) -> bool {
    if statistics.min_bytes_opt().is_none() && statistics.max_bytes_opt().is_none() {
        return true;
    }
    let fits = |bytes: Option<&[u8]>| bytes.is_none_or(|bytes| !bytes.is_empty() && bytes.len() <= 16);
    if is_decimal(data_type) && !(fits(statistics.min_bytes_opt()) && fits(statistics.max_bytes_opt())) {
        return false;
    }
    let bytes = matches!(statistics, Statistics::ByteArray(_) | Statistics::FixedLenByteArray(_));
    !statistics.is_min_max_deprecated() || (order == SortOrder::SIGNED && !bytes)
}

/// The crate's conversion of decimal bounds asserts that they are not longer than the type.
fn page_bytes_usable(column: &ColumnIndexMetaData, data_type: &DataType) -> bool {
    let fits = |bytes: Option<&[u8]>| bytes.is_none_or(|bytes| !bytes.is_empty() && bytes.len() <= 16);
    if !is_decimal(data_type) {
        return true;
    }
    match column {
        ColumnIndexMetaData::BYTE_ARRAY(index) | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index) => {
            index.min_values_iter().all(fits) && index.max_values_iter().all(fits)
        }
        _ => true,
    }
}

fn is_decimal(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..)
    )
}
