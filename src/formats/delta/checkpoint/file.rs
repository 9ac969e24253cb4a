//! One Parquet file of a checkpoint: its footer, then the bytes of just the columns asked for, then batches of them.
//!
//! The Parquet crate asserts some of what a damaged file may break. What can be told from the footer is checked here; where
//! panics unwind, the rest becomes an error too.

use crate::error::{Error, Result};
use crate::snapshot::{FileLocation, StoredStatistics};
use crate::storage::{Storage, location_name};
use arrow::array::RecordBatch;
use bytes::Bytes;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataPushDecoder};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The columns of a checkpoint's file that are read to open a table.
#[derive(Debug)]
pub(crate) struct ColumnSelection {
    pub(crate) leaves: Vec<usize>,
    /// Whether the file has statistics that are not among them.
    pub(crate) leaves_statistics: bool,
}

/// Enough for the footer of nearly every checkpoint, and for the whole of most.
const TAIL: u64 = 256 << 10;

/// Rows per decoded batch.
const BATCH_ROWS: usize = 16_384;

/// A file's footer, and the bytes that came with it.
#[derive(Debug)]
pub(crate) struct Footer {
    location: FileLocation,
    metadata: Arc<ParquetMetaData>,
    size: u64,
    tail: Bytes,
}

/// A file of which some columns are here.
#[derive(Debug)]
pub(crate) struct CheckpointFile {
    location: FileLocation,
    /// What errors call it.
    path: String,
    metadata: Arc<ParquetMetaData>,
    wanted: ColumnSelection,
    /// By their start, not overlapping.
    chunks: Vec<(Range<u64>, Bytes)>,
}

impl Footer {
    /// Fetches and decodes the footer: one request, where `size` is known or the file is small.
    pub(crate) async fn fetch(storage: &Storage, location: &FileLocation, size: Option<u64>) -> Result<Footer> {
        let (tail, size) = storage.get_tail(location, size, TAIL).await?;
        check_length(&tail, size).map_err(|reason| Error::corrupt(location_name(location), reason))?;
        let corrupt = |error| corrupt(location_name(location), error);
        let mut decoder = ParquetMetaDataPushDecoder::try_new(size).map_err(corrupt)?;
        let start = size.saturating_sub(tail.len() as u64);
        decoder.push_range(start..size, tail.clone()).map_err(corrupt)?;
        loop {
            match guarded(&location_name(location), || decoder.try_decode().map_err(corrupt))? {
                DecodeResult::Data(metadata) => {
                    check_columns(&metadata, size).map_err(|reason| Error::corrupt(location_name(location), reason))?;
                    return Ok(Footer { location: location.clone(), metadata: Arc::new(metadata), size, tail });
                }
                DecodeResult::NeedsData(ranges) => {
                    let bytes = storage.get_ranges(location, &ranges).await?;
                    decoder.push_ranges(ranges, bytes).map_err(corrupt)?;
                }
                DecodeResult::Finished => {
                    return Err(Error::corrupt(location_name(location), "it has no Parquet footer"));
                }
            }
        }
    }

    pub(crate) fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }

    /// How many bytes of these leaf columns did not come with the footer.
    pub(crate) fn bytes_away(&self, leaves: &[usize]) -> u64 {
        let tail_start = self.size.saturating_sub(self.tail.len() as u64);
        let columns = self
            .metadata
            .row_groups()
            .iter()
            .flat_map(|group| leaves.iter().filter_map(|leaf| range_of(group.columns().get(*leaf)?)));
        columns.filter(|range| range.start < tail_start).map(|range| range.end - range.start).sum()
    }

    /// Fetches the chunks of the wanted columns, of all row groups at once; none where the footer brought them along.
    pub(crate) async fn fetch_columns(self, storage: &Storage, wanted: ColumnSelection) -> Result<CheckpointFile> {
        let path = location_name(&self.location);
        let tail_start = self.size.saturating_sub(self.tail.len() as u64);
        let mut missing = Vec::new();
        for row_group in 0..self.metadata.num_row_groups() {
            missing.extend(ranges_of(&self.metadata, row_group, &wanted.leaves, &path)?);
        }
        missing.retain(|range| range.start < tail_start);
        let fetched = match missing.is_empty() {
            true => Vec::new(),
            false => storage.get_ranges(&self.location, &missing).await?,
        };
        let mut chunks: Vec<_> = missing.into_iter().zip(fetched).collect();
        chunks.push((tail_start..self.size, self.tail));
        chunks.sort_by_key(|(range, _)| range.start);
        Ok(CheckpointFile { location: self.location, path, metadata: self.metadata, wanted, chunks })
    }
}

/// Where the chunks of these leaf columns of a row group are.
fn ranges_of(metadata: &ParquetMetaData, row_group: usize, leaves: &[usize], path: &str) -> Result<Vec<Range<u64>>> {
    let range = |leaf: &usize| range_of(metadata.row_groups().get(row_group)?.columns().get(*leaf)?);
    let ranges: Option<Vec<_>> = leaves.iter().map(range).collect();
    ranges.ok_or_else(|| Error::corrupt(path, "its footer has a broken column range"))
}

/// How many bytes the chunks of these leaf columns of a row group have.
pub(crate) fn bytes_of(metadata: &ParquetMetaData, row_group: usize, leaves: &[usize]) -> u64 {
    let columns = metadata.row_groups().get(row_group).map(|group| group.columns()).unwrap_or_default();
    let sizes = leaves.iter().filter_map(|leaf| u64::try_from(columns.get(*leaf)?.compressed_size()).ok());
    sizes.fold(0, u64::saturating_add)
}

/// Where a column's chunk is in the file; `None` where the footer has negative numbers.
fn range_of(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let start = u64::try_from(start).ok()?;
    Some(start..start.checked_add(u64::try_from(column.compressed_size()).ok()?)?)
}

/// Checks the metadata's length, which the file's last bytes tell.
fn check_length(tail: &Bytes, size: u64) -> Result<(), &'static str> {
    let length = tail.len().checked_sub(8).and_then(|start| tail.get(start..)?.first_chunk::<4>());
    let length = length.map(|length| u64::from(u32::from_le_bytes(*length)));
    match length.is_some_and(|length| length.saturating_add(12) <= size) {
        true => Ok(()),
        false => Err("it does not end like a Parquet file"),
    }
}

/// Checks that every column is where the file is, and every row group has all of them.
fn check_columns(metadata: &ParquetMetaData, size: u64) -> Result<(), &'static str> {
    let leaves = metadata.file_metadata().schema_descr().num_columns();
    for row_group in metadata.row_groups() {
        if row_group.num_rows() < 0 || row_group.columns().len() != leaves {
            return Err("its footer has a broken row group");
        }
        let inside = |column: &ColumnChunkMetaData| {
            range_of(column).is_some_and(|range| range.end <= size) && column.num_values() >= 0
        };
        if !row_group.columns().iter().all(inside) {
            return Err("its footer has a broken column range");
        }
    }
    Ok(())
}

/// What `decode` returns; an error that names the file where it panics.
fn guarded<T>(path: &str, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Error::corrupt(path, "the decoder stopped: the file is damaged")))
}

impl CheckpointFile {
    /// Fetches the chunks of these leaf columns of one row group of a file whose footer is known.
    pub(crate) async fn fetch_group(
        storage: &Storage,
        stored: &StoredStatistics,
        row_group: usize,
        leaves: Vec<usize>,
    ) -> Result<CheckpointFile> {
        let (location, metadata) = (stored.location.clone(), stored.metadata.clone());
        let path = location_name(&location);
        let ranges = ranges_of(&metadata, row_group, &leaves, &path)?;
        let fetched = storage.get_ranges(&location, &ranges).await?;
        let mut chunks: Vec<_> = ranges.into_iter().zip(fetched).collect();
        chunks.sort_by_key(|(range, _)| range.start);
        let wanted = ColumnSelection { leaves, leaves_statistics: false };
        Ok(CheckpointFile { location, path, metadata, wanted, chunks })
    }

    /// What errors call it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }

    /// What of it is here.
    pub(crate) fn wanted(&self) -> &ColumnSelection {
        &self.wanted
    }

    /// The statistics that were left in it.
    pub(crate) fn stored_statistics(&self) -> StoredStatistics {
        StoredStatistics { location: self.location.clone(), metadata: self.metadata.clone() }
    }

    /// Decodes these leaf columns, all of which must have been fetched, and hands over batch by batch.
    pub(crate) fn decode(&self, leaves: &[usize], each: impl FnMut(RecordBatch) -> Result<()>) -> Result<()> {
        self.decode_rows(leaves, None, each)
    }

    /// Decodes the wanted columns of these rows of a row group.
    pub(crate) fn decode_group(
        &self,
        row_group: usize,
        rows: RowSelection,
        each: impl FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        self.decode_rows(&self.wanted.leaves, Some((row_group, rows)), each)
    }

    fn decode_rows(
        &self,
        leaves: &[usize],
        rows: Option<(usize, RowSelection)>,
        mut each: impl FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        if leaves.is_empty() {
            return Ok(());
        }
        let corrupt = |error| corrupt(self.path.clone(), error);
        // The writer's own Arrow schema would bring its own string types.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::try_new(self.metadata.clone(), options).map_err(corrupt)?;
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), leaves.iter().copied());
        let mut builder =
            ParquetPushDecoderBuilder::new_with_metadata(metadata).with_projection(mask).with_batch_size(BATCH_ROWS);
        if let Some((row_group, rows)) = rows {
            builder = builder.with_row_groups(vec![row_group]).with_row_selection(rows);
        }
        let mut decoder = builder.build().map_err(corrupt)?;
        loop {
            match guarded(&self.path, || decoder.try_decode().map_err(corrupt))? {
                DecodeResult::Data(batch) => each(batch)?,
                DecodeResult::Finished => return Ok(()),
                DecodeResult::NeedsData(ranges) => {
                    let bytes = ranges.iter().map(|range| self.slice(range)).collect::<Result<Vec<_>>>()?;
                    decoder.push_ranges(ranges, bytes).map_err(corrupt)?;
                }
            }
        }
    }

    fn slice(&self, range: &Range<u64>) -> Result<Bytes> {
        let holds = |held: &Range<u64>| held.start <= range.start && range.end <= held.end;
        let behind = self.chunks.partition_point(|(held, _)| held.start <= range.start);
        let before = self.chunks.get(..behind).unwrap_or_default();
        let found = before.iter().rev().find(|(held, _)| holds(held)).and_then(|(held, bytes)| {
            let at = |offset: u64| usize::try_from(offset - held.start).ok();
            let wanted = at(range.start)?..at(range.end)?;
            (wanted.start <= wanted.end && wanted.end <= bytes.len()).then(|| bytes.slice(wanted))
        });
        found.ok_or_else(|| Error::corrupt(&*self.path, format!("its footer does not cover bytes {range:?}")))
    }
}

fn corrupt(path: String, error: ParquetError) -> Error {
    Error::corrupt(path, error)
}
