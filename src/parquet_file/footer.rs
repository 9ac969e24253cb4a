//! Footers of data files: fetched with one request, or two, and checked before anything relies on them.
//!
//! The Parquet crate asserts some of what is checked here (offsets that are not negative, ranges within the file), and an
//! assertion would take the whole module down.

use super::catch_panic::guarded;
use super::footer_cache::{FooterCache, Key};
use super::footer_repair;
use crate::error::{Error, Result};
use crate::snapshot::DataFile;
use crate::storage::{Storage, location_name};
use bytes::Bytes;
use parquet::DecodeResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FooterTail, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, ParquetMetaDataReader,
};
use std::ops::Range;
use std::sync::Arc;

/// The length of the footer's length and the magic behind it.
const TAIL: u64 = TAIL_BYTES as u64;
const TAIL_BYTES: usize = 8;

/// Up to this size a file whose rows are wanted is fetched at once: a second request would take longer than its bytes.
const SMALL_FILE: u64 = 256 << 10;

/// A file's footer, and what else of the file was fetched with it.
#[derive(Debug, Clone)]
pub(crate) struct Footer {
    pub(crate) metadata: Arc<ParquetMetaData>,
    /// The file's last bytes; may be empty.
    pub(crate) tail: Bytes,
}

/// An error of fetching a file that a table names: one that is not there is called by its name.
pub(crate) fn fetch_error(error: Error, name: &str) -> Error {
    match error {
        Error::HttpStatus { status, .. } if error.is_missing() => Error::HttpStatus { url: name.into(), status },
        error => error,
    }
}

/// An error of decoding a file.
pub(crate) fn decode_error(error: ParquetError, name: &str) -> Error {
    match error {
        ParquetError::NYI(what) => Error::unsupported("Parquet", format!("{name}: {what}")),
        error => Error::corrupt(name, error),
    }
}

/// Reads the footer of `file`, from `cache` if it is there. With `rows`, a small file is fetched whole.
pub(crate) async fn read(storage: &Storage, file: &DataFile, rows: bool, cache: &FooterCache) -> Result<Footer> {
    let key = Key { table: storage.id(), location: file.location.clone(), size: file.size };
    if let Some(metadata) = cache.get(&key) {
        return Ok(Footer { metadata, tail: Bytes::new() });
    }
    let name = location_name(&file.location);
    if file.size < 12 {
        return Err(Error::corrupt(name, format!("{} bytes are too few for a Parquet file", file.size)));
    }
    let guess = cache.guess(key.table).max(TAIL).min(file.size);
    let wanted = if rows && file.size <= SMALL_FILE { file.size } else { guess };
    let tail = tail(storage, file, wanted, &name).await?;
    let length = length(&tail, file.size, &name)?;
    let whole = TAIL + length;
    let (tail, bytes) = match usize::try_from(whole).ok().and_then(|whole| tail.len().checked_sub(whole)) {
        Some(start) => (tail.clone(), tail.slice(start..)),
        None => {
            let bytes = fetch(storage, file, file.size - whole..file.size, &name).await?;
            (bytes.clone(), bytes)
        }
    };
    let metadata = Arc::new(parse(bytes, file.size, &name)?);
    cache.put(key, metadata.clone(), whole);
    Ok(Footer { metadata, tail })
}

async fn tail(storage: &Storage, file: &DataFile, wanted: u64, name: &str) -> Result<Bytes> {
    let (tail, size) =
        storage.get_tail(&file.location, Some(file.size), wanted).await.map_err(|error| fetch_error(error, name))?;
    if size != file.size || tail.len() as u64 != wanted {
        return Err(Error::corrupt(name, format!("{size} bytes long, and {} by the log", file.size)));
    }
    Ok(tail)
}

/// One range of a file.
async fn fetch(storage: &Storage, file: &DataFile, range: Range<u64>, name: &str) -> Result<Bytes> {
    let bytes = storage.get_ranges(&file.location, std::slice::from_ref(&range)).await;
    let bytes = bytes.map_err(|error| fetch_error(error, name))?;
    match bytes.into_iter().next() {
        Some(bytes) if bytes.len() as u64 == range.end - range.start => Ok(bytes),
        _ => Err(Error::corrupt(name, format!("shorter than the {} bytes of the log", file.size))),
    }
}

/// The length of the metadata, as the file's last bytes say.
fn length(tail: &Bytes, size: u64, name: &str) -> Result<u64> {
    let end = tail.len().checked_sub(TAIL_BYTES).and_then(|start| tail.get(start..)).unwrap_or_default();
    let footer = FooterTail::try_from(end).map_err(|_| {
        let reason = format!("does not end like a Parquet file at its {size} bytes: another file, or a damaged one");
        Error::corrupt(name, reason)
    })?;
    if footer.is_encrypted_footer() {
        return Err(Error::unsupported("Parquet encryption", format!("{name} is encrypted")));
    }
    let length = footer.metadata_length() as u64;
    if length == 0 || length > size - 12 {
        return Err(Error::corrupt(name, format!("a footer of {length} bytes in a file of {size}")));
    }
    Ok(length)
}

/// Parses a footer, the file's last `bytes`, whose length is checked. One that is refused is read once more, repaired.
fn parse(bytes: Bytes, size: u64, name: &str) -> Result<ParquetMetaData> {
    let parsed = guarded(name, || decoded(&bytes, size).map_err(|error| decode_error(error, name)));
    let repaired = || {
        let footer = bytes.get(..bytes.len().checked_sub(TAIL_BYTES)?)?;
        let footer = Bytes::from(footer_repair::repaired(footer)?);
        guarded(name, || ParquetMetaDataReader::decode_metadata(&footer).map_err(|error| decode_error(error, name)))
            .ok()
    };
    let metadata = match parsed {
        Ok(Some(metadata)) => metadata,
        Ok(None) => return Err(Error::corrupt(name, "the footer ends early")),
        Err(error) => repaired().ok_or(error)?,
    };
    check(&metadata, size).map_err(|reason| Error::corrupt(name, reason))?;
    Ok(metadata)
}

fn decoded(bytes: &Bytes, size: u64) -> std::result::Result<Option<ParquetMetaData>, ParquetError> {
    let mut decoder = ParquetMetaDataPushDecoder::try_new(size)?.with_page_index_policy(PageIndexPolicy::Skip);
    decoder.push_range(size - bytes.len() as u64..size, bytes.clone())?;
    match decoder.try_decode()? {
        DecodeResult::Data(metadata) => Ok(Some(metadata)),
        _ => Ok(None),
    }
}

/// Checks what the rest of the reader, and the Parquet crate, take for granted.
fn check(metadata: &ParquetMetaData, size: u64) -> std::result::Result<(), String> {
    let leaves = metadata.file_metadata().schema_descr().num_columns();
    let mut rows = 0_u64;
    for (i, group) in metadata.row_groups().iter().enumerate() {
        let count = u64::try_from(group.num_rows()).map_err(|_| format!("row group {i} has a negative row count"))?;
        // The Parquet crate counts a row group's rows in `usize`, of 32 bits in a browser.
        if usize::try_from(count).is_err() {
            return Err(format!("row group {i} has {count} rows, more than can be counted here"));
        }
        rows = rows.checked_add(count).filter(|rows| *rows < 1 << 48).ok_or("more rows than can be counted")?;
        if group.columns().len() != leaves {
            return Err(format!("row group {i} has {} columns instead of {leaves}", group.columns().len()));
        }
        for column in group.columns() {
            if column.file_path().is_some() {
                return Err(format!("column {} is in another file", column.column_path()));
            }
            // Zero is how some writers say that there is no dictionary; a negative offset is an assertion of the Parquet crate.
            let start = column.dictionary_page_offset().filter(|at| *at != 0).unwrap_or(column.data_page_offset());
            let range = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
            let end = range.and_then(|(start, length)| start.checked_add(length));
            if end.is_none_or(|end| end > size - TAIL) || column.num_values() < 0 {
                return Err(format!("column {} of row group {i} is outside the file", column.column_path()));
            }
        }
    }
    Ok(())
}
