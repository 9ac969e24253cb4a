//! The statistics of some files as they were written, of both kinds, and columns of bounds made from them. Pure.

use super::bounds::{Side, loosened, texts_to_array};
use super::encoded::Encoded;
use super::parsed::Parsed;
use crate::error::{Error, Result};
use crate::snapshot::{ColumnStatistics, FileStatistics};
use arrow::array::{Array, ArrayRef, StructArray, UInt64Array};
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use std::collections::HashMap;

/// One file's statistics as they were written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Written<'a> {
    /// The text of `stats`.
    Json(&'a str),
    /// A row of `stats_parsed`.
    Parsed(&'a StructArray, usize),
}

impl<'a> Written<'a> {
    /// `None` where they are not at hand.
    pub(crate) fn of(statistics: &'a FileStatistics) -> Option<Written<'a>> {
        match statistics {
            FileStatistics::Text(text) => Some(Written::Json(text)),
            FileStatistics::Row { batch, row } => Some(Written::Parsed(batch, *row as usize)),
            FileStatistics::Stored { .. } => None,
        }
    }
}

/// The statistics of some files, parsed as far as every column needs it.
pub(crate) struct Sources<'a> {
    files: usize,
    /// By file; those whose statistics are JSON.
    encoded: Vec<Option<Encoded<'a>>>,
    /// The struct columns that files share.
    batches: Vec<Parsed<'a>>,
    /// By file: which of `batches`, and the row in it.
    rows: Vec<Option<(usize, usize)>>,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(files: impl IntoIterator<Item = Option<Written<'a>>>, names: &[&str]) -> Sources<'a> {
        let mut sources = Sources { files: 0, encoded: Vec::new(), batches: Vec::new(), rows: Vec::new() };
        let mut known = HashMap::new();
        for file in files {
            let (mut encoded, mut at) = (None, None);
            match file {
                Some(Written::Json(text)) => encoded = Encoded::parse(text, names),
                Some(Written::Parsed(batch, row)) => {
                    let batch = *known.entry(std::ptr::from_ref(batch)).or_insert_with(|| {
                        sources.batches.push(Parsed::new(batch, names));
                        sources.batches.len() - 1
                    });
                    at = Some((batch, row));
                }
                None => {}
            }
            sources.files += 1;
            sources.encoded.push(encoded);
            sources.rows.push(at);
        }
        sources
    }

    fn parsed(&self, file: usize) -> Option<(&Parsed<'a>, usize)> {
        let (batch, row) = (*self.rows.get(file)?)?;
        Some((self.batches.get(batch)?, row))
    }

    pub(crate) fn row_count(&self) -> UInt64Array {
        let rows = |file: usize| match self.parsed(file) {
            Some((batch, row)) => batch.num_records(row),
            None => self.encoded.get(file)?.as_ref()?.num_records,
        };
        (0..self.files).map(rows).collect()
    }

    pub(crate) fn column(&self, at: usize, data_type: &DataType, row_count: &UInt64Array) -> Result<ColumnStatistics> {
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
        let encoded = texts_to_array(&texts, data_type, side);
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
