//! The part of a file's [page index](https://github.com/apache/parquet-format/blob/master/PageIndex.md) that one row group
//! needs: where its pages are, and their bounds.
//!
//! An index that contradicts its row group is left out, not an error: rows read without it are right.

use crate::scan::convert::decimal_bytes::decoded_schema;
use bytes::Bytes;
use parquet::DecodeResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData,
};
use parquet::schema::types::SchemaDescPtr;
use std::collections::BTreeSet;
use std::ops::Range;

/// An index longer than this is not worth fetching.
pub(in crate::scan) const MAX_BYTES: u64 = 1 << 20;

/// The metadata of one row group as the file's only one, without an index, by the schema that it is decoded by.
pub(in crate::scan) fn single(metadata: &ParquetMetaData, group: usize) -> Result<ParquetMetaData, ParquetError> {
    let file = metadata.file_metadata();
    let group = metadata.row_groups().get(group).ok_or_else(|| ParquetError::General("no such row group".into()))?;
    let columns = group.columns().iter().map(cleaned).collect::<Result<Vec<_>, _>>()?;
    rebuilt(file, decoded_schema(&file.schema_descr_ptr()), group, columns)
}

fn rebuilt(
    file: &FileMetaData,
    schema: SchemaDescPtr,
    group: &RowGroupMetaData,
    columns: Vec<ColumnChunkMetaData>,
) -> Result<ParquetMetaData, ParquetError> {
    let group = group.clone().into_builder().set_column_metadata(columns).build()?;
    let created_by = file.created_by().map(str::to_string);
    let orders = file.column_orders().cloned();
    let file = FileMetaData::new(file.version(), group.num_rows(), created_by, None, schema, orders);
    Ok(ParquetMetaData::new(file, vec![group]))
}

/// Old writers say 0 where there is no dictionary page.
fn cleaned(column: &ColumnChunkMetaData) -> Result<ColumnChunkMetaData, ParquetError> {
    match column.dictionary_page_offset() {
        Some(at) if at <= 0 => column.clone().into_builder().set_dictionary_page_offset(None).build(),
        _ => Ok(column.clone()),
    }
}

/// Where the indexes of a row group are.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scan) struct IndexRanges {
    /// Of the pages' places.
    pub(in crate::scan) offsets: Range<u64>,
    /// Of the pages' bounds.
    pub(in crate::scan) bounds: Option<Range<u64>>,
}

/// Where the page index of a row group's columns is: of `read`, the places of pages, of `bounded`, their bounds too.
/// `None` where a column has none, or where it is not worth fetching.
pub(in crate::scan) fn ranges(
    group: &RowGroupMetaData,
    read: &BTreeSet<usize>,
    bounded: &BTreeSet<usize>,
    file_size: u64,
) -> Option<IndexRanges> {
    let span = |leaves: &mut dyn Iterator<Item = &usize>, range: fn(&ColumnChunkMetaData) -> Option<Range<u64>>| {
        let mut span: Option<Range<u64>> = None;
        for leaf in leaves {
            let next = range(group.columns().get(*leaf)?)?;
            span = Some(match span {
                Some(span) => span.start.min(next.start)..span.end.max(next.end),
                None => next,
            });
        }
        span.filter(|span| span.end <= file_size && span.end - span.start <= MAX_BYTES)
    };
    let offsets = span(&mut read.union(bounded), offset_range)?;
    let bounds = span(&mut bounded.iter(), bounds_range);
    Some(IndexRanges { offsets, bounds })
}

fn offset_range(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    range(column.offset_index_offset(), column.offset_index_length())
}

fn bounds_range(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    range(column.column_index_offset(), column.column_index_length())
}

fn range(offset: Option<i64>, length: Option<i32>) -> Option<Range<u64>> {
    let start = u64::try_from(offset?).ok()?;
    let end = start.checked_add(u64::try_from(length?).ok().filter(|length| *length > 0)?)?;
    Some(start..end)
}

/// The metadata of one row group with its page index, from the bytes of `ranges`. `None` where the index does not fit the
/// row group.
pub(in crate::scan) fn load(
    single: &ParquetMetaData,
    read: &BTreeSet<usize>,
    bounded: &BTreeSet<usize>,
    ranges: &IndexRanges,
    offsets: Bytes,
    bounds: Option<Bytes>,
    file_size: u64,
) -> Option<ParquetMetaData> {
    let needed: BTreeSet<usize> = read.union(bounded).copied().collect();
    let narrowed = narrowed(single, &needed, bounded).ok()?;
    let mut metadata = decode(narrowed, file_size, ranges.offsets.clone(), offsets, false)?;
    if let (Some(range), Some(bytes)) = (ranges.bounds.clone(), bounds) {
        metadata = decode(metadata, file_size, range, bytes, true)?;
    }
    needed.iter().all(|leaf| places_fit(&metadata, *leaf).unwrap_or(false)).then_some(metadata)
}

/// The row group with indexes for just the needed columns. The decoder drops an index which is not there for every
/// column, so the others borrow one: their pages are never asked for.
fn narrowed(
    single: &ParquetMetaData,
    needed: &BTreeSet<usize>,
    bounded: &BTreeSet<usize>,
) -> Result<ParquetMetaData, ParquetError> {
    let missing = || ParquetError::General("no such column".into());
    let group = single.row_groups().first().ok_or_else(missing)?;
    let lender = needed.first().and_then(|leaf| group.columns().get(*leaf)).ok_or_else(missing)?;
    let mut columns = Vec::with_capacity(group.columns().len());
    for (leaf, column) in group.columns().iter().enumerate() {
        let mut builder = column.clone().into_builder();
        if !needed.contains(&leaf) {
            builder = builder
                .set_offset_index_offset(lender.offset_index_offset())
                .set_offset_index_length(lender.offset_index_length());
        }
        if !bounded.contains(&leaf) {
            builder = builder.set_column_index_offset(None).set_column_index_length(None);
        }
        columns.push(builder.build()?);
    }
    rebuilt(single.file_metadata(), single.file_metadata().schema_descr_ptr(), group, columns)
}

fn decode(
    metadata: ParquetMetaData,
    file_size: u64,
    range: Range<u64>,
    bytes: Bytes,
    bounds: bool,
) -> Option<ParquetMetaData> {
    if bytes.len() as u64 != range.end - range.start {
        return None;
    }
    let policy = |wanted| if wanted { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let mut decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(file_size, metadata)
        .ok()?
        .with_column_index_policy(policy(bounds))
        .with_offset_index_policy(policy(!bounds));
    decoder.push_range(range, bytes).ok()?;
    match decoder.try_decode() {
        Ok(DecodeResult::Data(metadata)) => Some(metadata),
        _ => None,
    }
}

/// Whether a column's pages lie in its chunk, one right behind the other up to its end, and cover its rows from the first on. An index
/// that lacks a page would lose the page's rows.
fn places_fit(metadata: &ParquetMetaData, leaf: usize) -> Option<bool> {
    let group = metadata.row_groups().first()?;
    let column = group.columns().get(leaf)?;
    let (start, length) = column.byte_range();
    let pages = metadata.offset_index()?.first()?.get(leaf)?.page_locations();
    let mut place = start;
    let mut row = 0;
    for (i, page) in pages.iter().enumerate() {
        let offset = u64::try_from(page.offset).ok()?;
        let size = u64::try_from(page.compressed_page_size).ok()?;
        let in_order = if i == 0 { page.first_row_index == 0 } else { page.first_row_index > row };
        let is_next = if i == 0 { offset >= place } else { offset == place };
        if !in_order || page.first_row_index >= group.num_rows() || !is_next || size == 0 {
            return Some(false);
        }
        (place, row) = (offset.checked_add(size)?, page.first_row_index);
    }
    let is_first = pages.first().is_some_and(|page| page.offset == column.data_page_offset());
    Some(is_first && place == start + length)
}
