//! From the pages of a row group to batches, by the Parquet crate's push decoder.

use super::file::{OpenFile, find};
use crate::error::{Error, Result};
use crate::parquet_file::catch_panic::guarded;
use crate::parquet_file::footer::decode_error;
use crate::parquet_file::page_header;
use crate::runtime::time_slice;
use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowSelection};
use parquet::arrow::push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder};
use parquet::file::metadata::ParquetMetaData;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;

/// What decodes the selected rows, of some leaves, of the row group of `metadata`, its only one, to the types of `schema`.
pub(in crate::scan) fn decoder(
    file: &OpenFile,
    metadata: ParquetMetaData,
    schema: &SchemaRef,
    leaves: &BTreeSet<usize>,
    selection: Option<RowSelection>,
    limit: Option<usize>,
) -> Result<ParquetPushDecoder> {
    let build = || {
        let options = ArrowReaderOptions::new().with_schema(schema.clone());
        let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), options)?;
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), leaves.iter().copied());
        let mut builder = ParquetPushDecoderBuilder::new_with_metadata(metadata)
            .with_projection(mask)
            .with_batch_size(file.scan.batch_size);
        if let Some(limit) = limit {
            builder = builder.with_limit(limit);
        }
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        builder.build()
    };
    build().map_err(|error| decode_error(error, &file.name))
}

/// Fetches what the decoder asks for and is not held yet, until it can decode. What came is held from then on.
pub(in crate::scan) async fn read(
    file: &OpenFile,
    mut decoder: ParquetPushDecoder,
    held: &mut Vec<(u64, Bytes)>,
) -> Result<Option<ParquetRecordBatchReader>> {
    let broken = |error| decode_error(error, &file.name);
    loop {
        match guarded(&file.name, || decoder.try_next_reader().map_err(broken))? {
            DecodeResult::Data(reader) => return Ok(Some(reader)),
            DecodeResult::Finished => return Ok(None),
            DecodeResult::NeedsData(ranges) => {
                let (here, missing): (Vec<_>, Vec<_>) =
                    ranges.into_iter().partition(|range| find(held, range).is_some());
                if missing.iter().any(|range| range.start > range.end || range.end > file.file.size) {
                    return Err(Error::corrupt(&file.name, "a column is outside the file"));
                }
                let mut bytes = file.fetch(&missing).await?;
                held.extend(missing.iter().map(|range| range.start).zip(bytes.iter().cloned()));
                bytes.extend(here.iter().filter_map(|range| find(held, range)));
                let ranges = [missing, here].concat();
                let pages = bytes.into_iter().zip(&ranges);
                let pages = pages.map(|(pages, range)| page_header::checked(pages, &file.name, || file.codec(range)));
                decoder.push_ranges(ranges.clone(), pages.collect::<Result<_>>()?).map_err(broken)?;
            }
        }
    }
}

/// Of the selected rows, those that pass `test`, which looks at batches of some leaves.
pub(in crate::scan) async fn passing(
    file: &OpenFile,
    metadata: &ParquetMetaData,
    schema: &SchemaRef,
    leaves: &BTreeSet<usize>,
    selection: Option<RowSelection>,
    held: &mut Vec<(u64, Bytes)>,
    test: &(dyn Fn(&RecordBatch) -> Result<BooleanArray> + Send + Sync),
) -> Result<RowSelection> {
    let decoder = decoder(file, metadata.clone(), schema, leaves, selection.clone(), None)?;
    let mut reader = read(file, decoder, held).await?;
    let mut passing = Vec::new();
    while let Some(batch) = guarded(&file.name, || Ok(reader.as_mut().and_then(Iterator::next)))? {
        passing.push(test(&batch.map_err(|error| Error::corrupt(&file.name, error))?)?);
        poll_fn(time_slice::poll_turn).await;
    }
    let of = selection
        .as_ref()
        .map_or_else(|| usize::try_from(metadata.file_metadata().num_rows()).unwrap_or(0), RowSelection::row_count);
    if passing.iter().map(Array::len).sum::<usize>() != of {
        return Err(Error::corrupt(&file.name, "a row group has fewer rows than its footer says"));
    }
    let passing = RowSelection::from_filters(&passing);
    Ok(match selection {
        Some(selection) => selection.and_then(&passing),
        None => passing,
    })
}
