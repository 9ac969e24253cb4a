//! What a file's statistics say, decoded for just the files and columns that are asked about.
//!
//! Statistics are advisory: what is missing or broken is not known, never an error. And they are only ever loosened, so
//! that no row is ruled out wrongly:
//!
//! - Timestamps were cut off to milliseconds, long strings to a prefix: upper bounds are moved up behind what was cut off.
//! - With `tightBounds: false` (rows were deleted since) bounds still hold, but a null count says something only where it
//!   is none or all of the rows.
//! - A float's upper bound is not known: NaN is greater than every number here, and writers that take their statistics from
//!   Parquet's leave it out. Its lower bound, and a long decimal's bounds, leave room for having been rounded.
//!
//! Specification: [Per-file Statistics](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics).

mod bounds;
mod description;
mod encoded;
mod parsed;
mod pieces;
mod sources;
mod stored;

use crate::error::{Error, Result};
use crate::formats::plain_statistics::partition_columns;
use crate::snapshot::{ContainerStatistics, FileStatistics, Snapshot, stands_for};
use crate::storage::Storage;
use arrow::datatypes::{DataType, Field};
use pieces::{Piece, Pieces};
use sources::{Sources, Written};
use std::collections::HashMap;

pub use description::describe;

/// The statistics of `files` (positions in the snapshot) for `columns` (positions in the schema), as far as they were read
/// with the log; see [`load`]. Partition columns are bounded by their value; nested columns, variants and geometries are left
/// out.
pub fn decode(snapshot: &Snapshot, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
    let wanted = primitive_columns(snapshot, columns);
    let piece = Piece::new(&at_hand(snapshot, files, &wanted)?, &wanted)?;
    finish(snapshot, files, columns, &wanted, piece)
}

/// Like [`decode`], and fetches what opening the table left in a checkpoint: once, for all of `files`. Where that would cost
/// more bytes than the files' own footers, which say more, nothing is known; nor of a file that `files` has twice, the second time.
pub async fn load(
    storage: &Storage,
    snapshot: &Snapshot,
    files: &[usize],
    columns: &[usize],
) -> Result<ContainerStatistics> {
    let stored = stored::wanted(snapshot, files);
    if stored.is_empty() {
        return decode(snapshot, files, columns);
    }
    let wanted = primitive_columns(snapshot, columns);
    let mut pieces = Pieces::new(Piece::new(&at_hand(snapshot, files, &wanted)?, &wanted)?);
    for (source, rows) in stored {
        stored::read(storage, source, rows, Some(&names(&wanted)), |rows, written| {
            pieces.push(rows, Piece::new(&Sources::new(written, &names(&wanted)), &wanted)?);
            Ok(())
        })
        .await?;
    }
    finish(snapshot, files, columns, &wanted, pieces.join()?)
}

fn at_hand<'s>(snapshot: &'s Snapshot, files: &[usize], wanted: &[Column<'s>]) -> Result<Sources<'s>> {
    let chosen = files.iter().map(|file| snapshot.files.get(*file)).collect::<Option<Vec<_>>>();
    let chosen = chosen.ok_or_else(|| Error::internal("statistics of a file that is not in the snapshot"))?;
    Ok(Sources::new(chosen.iter().map(|file| Written::of(file.statistics.as_ref()?)), &names(wanted)))
}

fn finish(
    snapshot: &Snapshot,
    files: &[usize],
    columns: &[usize],
    wanted: &[Column<'_>],
    piece: Piece,
) -> Result<ContainerStatistics> {
    let Piece { row_count, columns: decoded } = piece;
    let mut found: HashMap<_, _> = wanted.iter().map(|column| column.position).zip(decoded).collect();
    partition_columns(snapshot, files, columns, &row_count, &mut found)?;
    Ok(ContainerStatistics { containers: files.len(), row_count, columns: found })
}

/// How many rows a file has whose statistics are `statistics`, deleted ones included, and whether they are of exactly the rows
/// in it; as far as that was read with the log.
pub(crate) fn rows_and_tightness(statistics: Option<&FileStatistics>) -> (Option<u64>, bool) {
    match statistics {
        Some(FileStatistics::Text(text)) => (encoded::num_records(text), encoded::has_tight_bounds(text)),
        Some(FileStatistics::Row { batch, row }) => {
            let row = *row as usize;
            (parsed::num_records(batch, row), parsed::has_tight_bounds(batch, row))
        }
        Some(FileStatistics::Stored { .. }) | None => (None, false),
    }
}

/// A column whose statistics are wanted.
#[derive(Debug, Clone, Copy)]
struct Column<'s> {
    /// In the table's schema.
    position: usize,
    field: &'s Field,
    /// As the log spells it.
    name: &'s str,
}

fn names<'s>(columns: &[Column<'s>]) -> Vec<&'s str> {
    columns.iter().map(|column| column.name).collect()
}

fn primitive_columns<'s>(snapshot: &'s Snapshot, columns: &[usize]) -> Vec<Column<'s>> {
    let data_columns = columns.iter().filter(|column| !snapshot.partition_columns.contains(column));
    let fields = data_columns.filter_map(|position| {
        let field = snapshot.schema.logical.fields().get(*position)?;
        let name = snapshot.schema.physical.fields().get(*position)?.name();
        Some(Column { position: *position, field, name })
    });
    // A variant's bounds are variants themselves, in base 85; a geometry's are points.
    let bounded = |field: &Field| {
        !field.data_type().is_nested() && *field.data_type() != DataType::Null && stands_for(field).is_none()
    };
    fields.filter(|column| bounded(column.field)).collect()
}

#[cfg(test)]
mod tests;
