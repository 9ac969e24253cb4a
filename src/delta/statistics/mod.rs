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

use crate::error::{Error, Result};
use crate::snapshot::{ColumnStatistics, ContainerStatistics, DataFile, FileStatistics, Snapshot, stands_for};
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, UInt64Array};
use arrow::compute::{interleave, take};
use arrow::datatypes::{DataType, Field};
use bounds::{Side, loosened, texts_to_array};
use encoded::Encoded;
use parsed::Parsed;
use std::collections::HashMap;

pub use description::{ColumnDescription, FileDescription, describe};

/// The statistics of `files` (positions in the snapshot) for `columns` (positions in the schema). Partition columns are
/// bounded by their value; nested columns, variants and geometries are left out.
pub fn decode(snapshot: &Snapshot, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
    let chosen = files.iter().map(|file| snapshot.files.get(*file)).collect::<Option<Vec<_>>>();
    let chosen = chosen.ok_or_else(|| Error::internal("statistics of a file that is not in the snapshot"))?;
    let wanted = primitive_columns(snapshot, columns);
    let names: Vec<&str> = wanted.iter().map(|(_, _, physical)| physical.name().as_str()).collect();

    let source = Sources::new(&chosen, &names);
    let row_count = source.row_count();
    let mut found = HashMap::with_capacity(columns.len());
    for (at, (column, field, _)) in wanted.iter().enumerate() {
        found.insert(*column, source.column(at, field.data_type(), &row_count)?);
    }
    for column in columns {
        let at = snapshot.partition_columns.iter().position(|partition| partition == column);
        if let Some(at) = at.filter(|at| *at < snapshot.partition_values.num_columns()) {
            found.insert(*column, partition_column(&snapshot.partition_values, at, files, &row_count)?);
        }
    }
    Ok(ContainerStatistics { containers: files.len(), row_count, columns: found })
}

/// How many rows the table has, if every file's statistics tell; deleted rows are not counted.
pub fn row_count(snapshot: &Snapshot) -> Option<u64> {
    let rows = |file: &DataFile| {
        let deleted = file.deletes.as_ref().map_or(0, |deletes| deletes.cardinality());
        num_records(file)?.checked_sub(deleted)
    };
    snapshot.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(rows(file)?))
}

/// How many rows a file holds, deleted ones included.
pub fn num_records(file: &DataFile) -> Option<u64> {
    match file.statistics.as_ref()? {
        FileStatistics::Json(text) => encoded::num_records(text),
        FileStatistics::Parsed { batch, row } => parsed::num_records(batch, *row as usize),
    }
}

fn primitive_columns<'s>(snapshot: &'s Snapshot, columns: &[usize]) -> Vec<(usize, &'s Field, &'s Field)> {
    let data_columns = columns.iter().filter(|column| !snapshot.partition_columns.contains(column));
    let fields = data_columns.filter_map(|column| {
        let logical = snapshot.schema.logical.fields().get(*column)?;
        Some((*column, &**logical, &**snapshot.schema.physical.fields().get(*column)?))
    });
    // A variant's bounds are variants themselves, in base 85; a geometry's are points.
    let bounded = |field: &Field| {
        !field.data_type().is_nested() && *field.data_type() != DataType::Null && stands_for(field).is_none()
    };
    fields.filter(|(_, field, _)| bounded(field)).collect()
}

fn partition_column(
    values: &RecordBatch,
    column: usize,
    files: &[usize],
    row_count: &UInt64Array,
) -> Result<ColumnStatistics> {
    let rows: UInt32Array = files.iter().map(|file| u32::try_from(*file).ok()).collect();
    let values = take(values.column(column), &rows, None).map_err(Error::internal)?;
    let nulls = |at: usize| match values.is_null(at) {
        true => row_count.is_valid(at).then(|| row_count.value(at)),
        false => Some(0),
    };
    let null_count = (0..values.len()).map(nulls).collect();
    Ok(ColumnStatistics { min: values.clone(), max: values, null_count })
}

/// The statistics of some files, parsed as far as every column needs it.
struct Sources<'a> {
    files: usize,
    /// By file; those whose statistics are JSON.
    encoded: Vec<Option<Encoded<'a>>>,
    /// The struct columns that files share.
    batches: Vec<Parsed<'a>>,
    /// By file: which of `batches`, and the row in it.
    rows: Vec<Option<(usize, usize)>>,
}

impl<'a> Sources<'a> {
    fn new(files: &[&'a DataFile], names: &[&'a str]) -> Sources<'a> {
        let mut sources = Sources { files: files.len(), encoded: Vec::new(), batches: Vec::new(), rows: Vec::new() };
        let mut known = HashMap::new();
        for file in files {
            let (mut encoded, mut at) = (None, None);
            match &file.statistics {
                Some(FileStatistics::Json(text)) => encoded = Encoded::parse(text, names),
                Some(FileStatistics::Parsed { batch, row }) => {
                    let batch = *known.entry(std::sync::Arc::as_ptr(batch)).or_insert_with(|| {
                        sources.batches.push(Parsed::new(batch, names));
                        sources.batches.len() - 1
                    });
                    at = Some((batch, *row as usize));
                }
                None => {}
            }
            sources.encoded.push(encoded);
            sources.rows.push(at);
        }
        sources
    }

    fn parsed(&self, file: usize) -> Option<(&Parsed<'a>, usize)> {
        let (batch, row) = (*self.rows.get(file)?)?;
        Some((self.batches.get(batch)?, row))
    }

    fn row_count(&self) -> UInt64Array {
        let rows = |file: usize| match self.parsed(file) {
            Some((batch, row)) => batch.num_records(row),
            None => self.encoded.get(file)?.as_ref()?.num_records,
        };
        (0..self.files).map(rows).collect()
    }

    fn column(&self, at: usize, data_type: &DataType, row_count: &UInt64Array) -> Result<ColumnStatistics> {
        let bound = |side| Ok::<_, Error>(loosened(self.bound(at, data_type, side)?, side));
        let nulls = |file: usize| {
            let (nulls, tight) = match self.parsed(file) {
                Some((batch, row)) => (batch.null_count(at, row)?, batch.has_tight_bounds(row)),
                None => {
                    let encoded = self.encoded.get(file)?.as_ref()?;
                    (encoded.null_count(at)?, encoded.tight_bounds)
                }
            };
            let rows = row_count.is_valid(file).then(|| row_count.value(file));
            let says = rows.is_none_or(|rows| nulls <= rows) && (tight || nulls == 0 || Some(nulls) == rows);
            says.then_some(nulls)
        };
        Ok(ColumnStatistics {
            min: bound(Side::Min)?,
            max: bound(Side::Max)?,
            null_count: (0..self.files).map(nulls).collect(),
        })
    }

    /// A column's bounds as they were written, by file.
    fn bound(&self, at: usize, data_type: &DataType, side: Side) -> Result<ArrayRef> {
        let texts: Vec<_> =
            self.encoded.iter().map(|encoded| encoded.as_ref().and_then(|encoded| encoded.bound(at, side))).collect();
        let encoded = texts_to_array(&texts, data_type);
        if self.batches.is_empty() {
            return Ok(encoded);
        }
        let parsed: Vec<ArrayRef> = self.batches.iter().map(|batch| batch.bound(at, data_type, side)).collect();
        let sources: Vec<&dyn Array> =
            std::iter::once(&encoded).chain(&parsed).map(|array| array.as_ref() as &dyn Array).collect();
        let places: Vec<(usize, usize)> = self
            .rows
            .iter()
            .enumerate()
            .map(|(file, at)| at.map_or((0, file), |(batch, row)| (batch + 1, row)))
            .collect();
        interleave(&sources, &places).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests;
