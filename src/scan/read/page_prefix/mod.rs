//! The first rows of a row group, from the beginnings of its pages.
//!
//! A page is compressed as one, and so is a dictionary. For the hundred rows of a preview the decoder asks for both of each column, up to
//! a megabyte each, of which it needs some hundred bytes. But what is compressed is decompressed from front to back, and writers number
//! values in the order of their first appearance: so the beginning of a page and that of its dictionary make the first rows. Where
//! that saves enough, only these are fetched, and the decoder gets short pages made of them, uncompressed, under places behind the
//! file's end. A beginning that is not enough, or not understood, is no loss but of time: the decoder then asks for the pages.

mod page;
mod values;

use super::file::OpenFile;
use crate::error::Result;
use crate::scan::costs::CONNECTIONS;
use bytes::Bytes;
pub(in crate::scan) use page::ShortChunk;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataBuilder, RowGroupMetaData};
use parquet::file::page_index::offset_index::{OffsetIndexMetaData, PageLocation};
use std::ops::Range;

/// Bytes of a page or dictionary that are fetched: zstd makes nothing of less than a block, of up to 128 KiB.
const BEGINNING: u64 = (128 << 10) + 1024;
/// What shortening a column has to save, beside what comes in the time of its requests.
const WORTH: u64 = 64 << 10;
/// More requests than for whole pages, at most: a dictionary and the page behind it are one range.
const REQUESTS: u64 = 2;
/// So many bytes a row group's first rows may take up uncompressed, each column's.
const MOST_RAW: u64 = 64 << 10;

/// A column whose pages are worth shortening.
#[derive(Debug)]
struct Head {
    leaf: usize,
    codec: Compression,
    dictionary: Option<Range<u64>>,
    page: Range<u64>,
}

/// What is there of a row group for its decoder.
pub(in crate::scan) struct Shortened {
    /// Of the row group, as the file's only one.
    pub(in crate::scan) metadata: ParquetMetaData,
    /// Bytes by where the metadata says that they begin.
    pub(in crate::scan) held: Vec<(u64, Bytes)>,
}

/// Fetches what makes the first `rows` rows of the row group of `metadata`, the only one, if that takes much less than its pages.
pub(in crate::scan) async fn shorten(file: &OpenFile, metadata: ParquetMetaData, rows: u64) -> Result<Shortened> {
    let heads = heads(file, &metadata, rows);
    let mut held = Vec::new();
    if heads.is_empty() {
        return Ok(Shortened { metadata, held });
    }
    let is_head = |leaf: &usize| heads.iter().any(|head| head.leaf == *leaf);
    let beginnings = heads.iter().flat_map(|head| head.dictionary.iter().chain([&head.page])).map(beginning_of);
    // In one go with the columns that are read as they are.
    let others = file.projection.leaves.iter().filter(|leaf| !is_head(leaf));
    let whole = others.filter_map(|leaf| Places::of(&metadata, *leaf, rows)).flat_map(|places| places.all());
    let ranges: Vec<Range<u64>> = beginnings.chain(whole).filter(|range| range.end <= file.file.size).collect();
    let bytes = file.fetch(&ranges).await?;
    held.extend(ranges.iter().map(|range| range.start).zip(bytes));
    let mut short = Vec::new();
    for head in heads {
        let find = |range: &Range<u64>| {
            let found = held.iter().find(|(start, _)| *start == range.start);
            found.map(|(_, bytes)| bytes.as_ref())
        };
        let Some(page) = find(&head.page) else { continue };
        let dictionary = head.dictionary.as_ref().and_then(find);
        let column = metadata.file_metadata().schema_descr().column(head.leaf);
        let made = page::shorten(&column, head.codec, usize::try_from(rows).unwrap_or(usize::MAX), dictionary, page);
        short.extend(made.map(|made| (head.leaf, made)));
    }
    Ok(replaced(metadata, short, file.file.size, held))
}

fn beginning_of(range: &Range<u64>) -> Range<u64> {
    range.start..range.end.min(range.start + BEGINNING)
}

/// Where a column's first rows are: whole pages.
struct Places {
    dictionary: Option<Range<u64>>,
    pages: Range<u64>,
    /// Rows of the first page; `None` where only its header tells.
    first_page: Option<u64>,
    first_page_end: u64,
}

impl Places {
    fn of(metadata: &ParquetMetaData, leaf: usize, rows: u64) -> Option<Places> {
        let group = metadata.row_groups().first()?;
        let column = group.columns().get(leaf)?;
        let (start, length) = column.byte_range();
        let end = start.checked_add(length)?;
        let index = metadata.offset_index().and_then(|index| index.first()?.get(leaf));
        let Some(index) = index else {
            let first = u64::try_from(column.data_page_offset()).ok()?;
            let is_inside = (start..end).contains(&first);
            return is_inside.then(|| Places {
                dictionary: (start < first).then_some(start..first),
                pages: first..end,
                first_page: None,
                first_page_end: end,
            });
        };
        let pages = index.page_locations();
        let place = |page: &PageLocation| {
            let start = u64::try_from(page.offset).ok()?;
            Some(start..start.checked_add(u64::try_from(page.compressed_page_size).ok()?)?)
        };
        let first = place(pages.first()?)?;
        let last = pages.iter().take_while(|page| (page.first_row_index as u64) < rows).last()?;
        let second_row = pages.get(1).map_or(group.num_rows(), |page| page.first_row_index);
        Some(Places {
            dictionary: (start < first.start).then_some(start..first.start),
            pages: first.start..place(last)?.end,
            first_page: u64::try_from(second_row).ok(),
            first_page_end: first.end,
        })
    }

    fn all(self) -> impl Iterator<Item = Range<u64>> {
        self.dictionary.into_iter().chain([self.pages])
    }
}

/// The columns of which that saves more than it costs.
fn heads(file: &OpenFile, metadata: &ParquetMetaData, rows: u64) -> Vec<Head> {
    let Some(group) = metadata.row_groups().first() else { return Vec::new() };
    let round_trip = file.scan.storage.bytes_in_a_round_trip(&file.file.location);
    let cost = REQUESTS.saturating_mul(round_trip) / CONNECTIONS;
    let head = |leaf: &usize| {
        let column = group.columns().get(*leaf)?;
        let is_flat = column.column_descr().max_rep_level() == 0;
        let codec = column.compression();
        if !is_flat || !crate::parquet_file::decompress::is_known(codec) || column.encodings().any(is_spread) {
            return None;
        }
        let (values, raw) = (u64::try_from(column.num_values()).ok()?, u64::try_from(column.uncompressed_size()).ok()?);
        if raw.checked_div(values)?.checked_mul(rows)? > MOST_RAW {
            return None;
        }
        let Places { dictionary, first_page, first_page_end, pages } = Places::of(metadata, *leaf, rows)?;
        if first_page.is_some_and(|first| first < rows) {
            return None;
        }
        let page = pages.start..first_page_end;
        let length = |range: &Range<u64>| range.end - range.start;
        let whole = dictionary.iter().chain([&page]).map(length).sum::<u64>();
        let short = dictionary.iter().chain([&page]).map(|range| length(&beginning_of(range))).sum::<u64>();
        // What is here spares the decoder, and asks for nothing.
        let is_here = dictionary.iter().chain([&page]).all(|range| file.is_cached(&beginning_of(range)));
        let worth = if is_here { WORTH } else { WORTH.saturating_add(cost) };
        (whole - short >= worth).then_some(Head { leaf: *leaf, codec, dictionary, page })
    };
    file.projection.leaves.iter().filter_map(head).collect()
}

/// Whether the first values of a page in this encoding may need its end.
fn is_spread(encoding: Encoding) -> bool {
    use Encoding::{BYTE_STREAM_SPLIT, DELTA_BINARY_PACKED, DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY};
    [BYTE_STREAM_SPLIT, DELTA_BINARY_PACKED, DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY].contains(&encoding)
}

/// The row group with short chunks in the place of some columns', which stand behind the file.
pub(in crate::scan) fn replaced(
    metadata: ParquetMetaData,
    short: Vec<(usize, ShortChunk)>,
    file_size: u64,
    mut held: Vec<(u64, Bytes)>,
) -> Shortened {
    let Some(group) = metadata.row_groups().first().cloned() else { return Shortened { metadata, held } };
    let mut columns = group.columns().to_vec();
    let mut places = metadata.offset_index().and_then(|index| index.first()).cloned();
    let mut end = file_size;
    for (leaf, ShortChunk { dictionary, page }) in short {
        let start = end;
        let first = start + dictionary.len() as u64;
        let chunk = [dictionary, page].concat();
        let (Some(column), place) = (columns.get_mut(leaf), places.as_mut().map(|places| places.get_mut(leaf))) else {
            continue;
        };
        let Some(moved) = moved(column, start, first, chunk.len()) else { continue };
        if let Some(place) = place {
            let Some(place) = place else { continue };
            *place = first_page_at(place, first, (start + chunk.len() as u64) - first);
        }
        *column = moved;
        end = start + chunk.len() as u64;
        held.push((start, chunk.into()));
    }
    match rebuilt(metadata.clone(), group, columns, places) {
        Some(metadata) => Shortened { metadata, held },
        None => Shortened { metadata, held },
    }
}

fn moved(column: &ColumnChunkMetaData, start: u64, first: u64, length: usize) -> Option<ColumnChunkMetaData> {
    let [start, first] = [i64::try_from(start).ok()?, i64::try_from(first).ok()?];
    let length = i64::try_from(length).ok()?;
    let builder = column.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
    let builder = builder.set_dictionary_page_offset((start < first).then_some(start)).set_data_page_offset(first);
    builder.set_total_compressed_size(length).set_total_uncompressed_size(length).build().ok()
}

fn first_page_at(index: &OffsetIndexMetaData, start: u64, length: u64) -> OffsetIndexMetaData {
    let mut index = index.clone();
    if let Some(page) = index.page_locations.first_mut() {
        page.offset = start as i64;
        page.compressed_page_size = i32::try_from(length).unwrap_or(i32::MAX);
    }
    index
}

fn rebuilt(
    metadata: ParquetMetaData,
    group: RowGroupMetaData,
    columns: Vec<ColumnChunkMetaData>,
    places: Option<Vec<OffsetIndexMetaData>>,
) -> Option<ParquetMetaData> {
    let group = group.into_builder().set_column_metadata(columns).build().ok()?;
    let builder = ParquetMetaDataBuilder::new_from_metadata(metadata);
    let builder = builder.set_row_groups(vec![group]).set_offset_index(places.map(|places| vec![places]));
    Some(builder.build())
}
