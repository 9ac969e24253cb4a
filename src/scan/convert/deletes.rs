//! Deleted rows: from a bitmap to the rows of a data file that are left.
//!
//! [Deletion vector format](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format): a magic
//! number, then a 64-bit Roaring bitmap in the portable serialization, all of it little-endian. In a file of its own it is
//! framed by its size and a CRC-32, both big-endian. Iceberg's `deletion-vector-v1` blob is the same.

use crate::error::{Error, Result};
use crate::parquet_file::footer::fetch_error;
use crate::snapshot::Deletes;
use crate::storage::{Storage, location_name};
use bytes::Bytes;
use parquet::arrow::arrow_reader::RowSelection;
use roaring::RoaringTreemap;
use std::ops::Range;

/// The portable serialization's magic number.
const PORTABLE: u32 = 1_681_511_377;
/// The one of an older serialization, which no table holds on disk.
const NATIVE: u32 = 1_681_511_376;

/// The specification holds the size in an `int`.
const MAX_BITMAP_BYTES: u64 = i32::MAX as u64;

/// The deleted rows of one data file, by position in it.
#[derive(Debug)]
pub(in crate::scan) enum DeletedRows {
    /// These.
    These(RoaringTreemap),
    /// All others.
    AllBut(RoaringTreemap),
}

impl DeletedRows {
    fn named(&self) -> &RoaringTreemap {
        let (DeletedRows::These(rows) | DeletedRows::AllBut(rows)) = self;
        rows
    }

    /// `rows` are deleted too.
    pub(in crate::scan) fn and(deleted: Option<DeletedRows>, rows: &RoaringTreemap) -> DeletedRows {
        match deleted {
            None => DeletedRows::These(rows.clone()),
            Some(DeletedRows::These(deleted)) => DeletedRows::These(deleted | rows),
            Some(DeletedRows::AllBut(kept)) => DeletedRows::AllBut(kept - rows),
        }
    }

    /// How many rows of the file's `rows` are left.
    pub(in crate::scan) fn left(&self, rows: Range<u64>) -> u64 {
        let named = self.named().range_cardinality(rows.clone());
        match self {
            DeletedRows::These(_) => (rows.end - rows.start).saturating_sub(named),
            DeletedRows::AllBut(_) => named,
        }
    }

    /// The rows that are left of a row group, which begins at row `rows.start` of the file.
    pub(in crate::scan) fn selection(&self, rows: Range<u64>) -> RowSelection {
        let count = usize::try_from(rows.end - rows.start).unwrap_or(usize::MAX);
        let mut left = Vec::new();
        let mut next = 0;
        let mut named = self.named().iter();
        named.advance_to(rows.start);
        for row in named.take_while(|row| *row < rows.end) {
            let row = usize::try_from(row - rows.start).unwrap_or(usize::MAX);
            match self {
                DeletedRows::These(_) if row > next => left.push(next..row),
                DeletedRows::These(_) => {}
                DeletedRows::AllBut(_) => left.push(row..row + 1),
            }
            next = row + 1;
        }
        if next < count && matches!(self, DeletedRows::These(_)) {
            left.push(next..count);
        }
        RowSelection::from_consecutive_ranges(left.into_iter(), count)
    }

    /// An error where a deleted row is not among the file's `rows`.
    pub(in crate::scan) fn check(&self, rows: u64, file: &str) -> Result<()> {
        match self.named().max() {
            Some(last) if last >= rows => {
                Err(Error::corrupt(file, format!("its deletion vector names row {last}, but it has {rows} rows")))
            }
            _ => Ok(()),
        }
    }
}

/// Fetches and decodes the deleted rows of the data file `file`.
pub(in crate::scan) async fn read(storage: &Storage, deletes: &Deletes, file: &str) -> Result<DeletedRows> {
    let Deletes::AllBut { kept, unless } = deletes else {
        return Ok(DeletedRows::These(bitmap(storage, deletes, file).await?));
    };
    let unless = async {
        match unless {
            Some(unless) => bitmap(storage, unless, file).await,
            None => Ok(RoaringTreemap::new()),
        }
    };
    let (kept, unless) = futures::try_join!(bitmap(storage, kept, file), unless)?;
    Ok(DeletedRows::AllBut(kept - unless))
}

/// The rows that one deletion vector names.
async fn bitmap(storage: &Storage, deletes: &Deletes, file: &str) -> Result<RoaringTreemap> {
    match deletes {
        Deletes::AllBut { .. } => Err(Error::internal("deletes of deletes")),
        Deletes::Inline { bitmap, cardinality } => {
            decode(bitmap, *cardinality).map_err(|reason| Error::corrupt(file, format!("its deletion vector {reason}")))
        }
        Deletes::Blob { location, offset, length, cardinality } => {
            let name = location_name(location);
            let framed = offset.checked_add(8).and_then(|end| end.checked_add(*length));
            let (Some(end), true) = (framed, *length <= MAX_BITMAP_BYTES) else {
                return Err(Error::corrupt(name, format!("a deletion vector of {length} bytes at {offset}")));
            };
            let range = *offset..end;
            let blob = storage
                .get_ranges(location, std::slice::from_ref(&range))
                .await
                .map_err(|error| fetch_error(error, &name))?;
            let blob = blob.into_iter().next().unwrap_or_default();
            unframe(&blob, *length)
                .and_then(|bitmap| decode(&bitmap, *cardinality))
                .map_err(|reason| Error::corrupt(name, format!("the deletion vector at {offset} {reason}")))
        }
    }
}

/// The bitmap between its size and its checksum.
fn unframe(blob: &Bytes, length: u64) -> std::result::Result<Bytes, String> {
    let ends_early = || "ends early".to_string();
    let (size, rest) = blob.split_first_chunk::<4>().ok_or_else(ends_early)?;
    let (bitmap, checksum) = rest.split_last_chunk::<4>().ok_or_else(ends_early)?;
    if bitmap.len() as u64 != length {
        return Err(ends_early());
    }
    let size = u32::from_be_bytes(*size);
    if u64::from(size) != length {
        return Err(format!("is {size} bytes long, and {length} by the log"));
    }
    if crc32fast::hash(bitmap) != u32::from_be_bytes(*checksum) {
        return Err("does not match its checksum".into());
    }
    Ok(blob.slice(4..4 + bitmap.len()))
}

/// The bitmap, which has to name `cardinality` rows.
fn decode(bitmap: &[u8], cardinality: u64) -> std::result::Result<RoaringTreemap, String> {
    let (magic, mut rows) = bitmap.split_first_chunk::<4>().ok_or("ends early")?;
    match u32::from_le_bytes(*magic) {
        PORTABLE => {}
        NATIVE => return Err("has the native serialization, which is for memory only".into()),
        magic => return Err(format!("begins with the magic number {magic} instead of {PORTABLE}")),
    }
    let rows = RoaringTreemap::deserialize_from(&mut rows).map_err(|error| format!("is damaged: {error}"))?;
    if rows.len() != cardinality {
        return Err(format!("names {} rows, and {cardinality} by the log", rows.len()));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::arrow::arrow_reader::RowSelector;

    fn bitmap(rows: &[u64]) -> Vec<u8> {
        let mut bytes = PORTABLE.to_le_bytes().to_vec();
        rows.iter().copied().collect::<RoaringTreemap>().serialize_into(&mut bytes).unwrap();
        bytes
    }

    fn framed(bitmap: &[u8]) -> Vec<u8> {
        let mut blob = (bitmap.len() as u32).to_be_bytes().to_vec();
        blob.extend_from_slice(bitmap);
        blob.extend_from_slice(&crc32fast::hash(bitmap).to_be_bytes());
        blob
    }

    #[test]
    fn rows_are_cut_by_row_group() {
        let deleted = DeletedRows::These(decode(&bitmap(&[0, 3, 4, 9, 10, 1 << 33]), 6).unwrap());
        let selection: Vec<RowSelector> = deleted.selection(0..10).into();
        let (select, skip) = (RowSelector::select, RowSelector::skip);
        assert_eq!(selection, [skip(1), select(2), skip(2), select(4), skip(1)]);
        assert_eq!(Vec::<RowSelector>::from(deleted.selection(10..12)), [skip(1), select(1)]);
        assert_eq!(Vec::<RowSelector>::from(deleted.selection(11..14)), [select(3)]);
        assert_eq!(deleted.left(0..10), 6);
        assert_eq!(deleted.left(11..14), 3);
        assert!(deleted.check((1 << 33) + 1, "f").is_ok());
        assert!(deleted.check(1 << 33, "f").is_err());
    }

    #[test]
    fn all_rows_but_some_may_be_deleted() {
        let deleted = DeletedRows::AllBut(decode(&bitmap(&[0, 3, 4, 9, 10]), 5).unwrap());
        let (select, skip) = (RowSelector::select, RowSelector::skip);
        let selection = Vec::<RowSelector>::from(deleted.selection(0..10));
        assert_eq!(selection, [select(1), skip(2), select(2), skip(4), select(1)]);
        assert_eq!(Vec::<RowSelector>::from(deleted.selection(10..12)), [select(1), skip(1)]);
        assert_eq!((deleted.left(0..10), deleted.left(11..14)), (4, 0));
        assert!(deleted.check(10, "f").is_err());
    }

    #[test]
    fn the_documented_example_decodes() {
        // Made by other writers for the rows {3, 4, 7, 11, 18, 29}.
        let bytes = z85::decode("^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L").unwrap();
        let deleted = decode(&bytes, 6).unwrap();
        assert_eq!(deleted.iter().collect::<Vec<_>>(), [3, 4, 7, 11, 18, 29]);
    }

    #[test]
    fn a_blob_is_checked() {
        let bitmap = bitmap(&[1, 2, 70_000]);
        let good = framed(&bitmap);
        let length = bitmap.len() as u64;
        let rows = |blob: Vec<u8>, length, count| unframe(&blob.into(), length).and_then(|b| decode(&b, count)).err();
        assert_eq!(rows(good.clone(), length, 3), None);
        assert!(rows(good.clone(), length, 2).unwrap().contains("names 3 rows, and 2 by the log"));
        assert!(rows(good.clone(), length - 1, 3).unwrap().contains("ends early"));
        assert!(rows(good[..good.len() - 1].to_vec(), length, 3).unwrap().contains("ends early"));
        let mut flipped = good.clone();
        flipped[10] ^= 1;
        assert!(rows(flipped, length, 3).unwrap().contains("checksum"));
        let mut resized = good;
        resized[3] ^= 1;
        assert!(rows(resized, length, 3).unwrap().contains("bytes long"));
    }

    #[test]
    fn damaged_bitmaps_are_errors() {
        let good = bitmap(&[1, 2, 70_000, 1 << 40]);
        for end in 0..good.len() {
            assert!(decode(&good[..end], 4).is_err(), "cut at {end}");
        }
        for at in 0..good.len() {
            let mut damaged = good.clone();
            damaged[at] ^= 0x81;
            let _ = decode(&damaged, 4);
        }
        let mut native = good;
        native[..4].copy_from_slice(&NATIVE.to_le_bytes());
        assert!(decode(&native, 4).unwrap_err().contains("native"));
    }
}
