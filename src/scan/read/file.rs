//! One data file, opened: its footer, its deleted rows, and the row groups that are left to read.

use crate::error::{Error, Result};
use crate::parquet_file::footer;
use crate::scan::Scan;
use crate::scan::convert::column::column;
use crate::scan::convert::delete_files::FileKeys;
use crate::scan::convert::deletes::DeletedRows;
use crate::scan::convert::metadata_column;
use crate::scan::convert::metadata_column::Positions;
use crate::scan::convert::projection::{FileProjection, Source};
use crate::scan::convert::row_tracking::RowIds;
use crate::scan::convert::schema_adapter;
use crate::scan::costs::WORTH_AN_INDEX;
use crate::scan::prune::bounds::FileBounds;
use crate::scan::prune::page_index;
use crate::snapshot::DataFile;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::DataType;
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// A data file whose row groups can be read.
#[derive(Debug)]
pub(in crate::scan) struct OpenFile {
    pub(in crate::scan) scan: Arc<Scan>,
    pub(in crate::scan) file: DataFile,
    /// What errors call it.
    pub(in crate::scan) name: String,
    pub(in crate::scan) metadata: Arc<ParquetMetaData>,
    pub(in crate::scan) projection: FileProjection,
    pub(in crate::scan) bounds: FileBounds,
    pub(in crate::scan) deleted: Option<DeletedRows>,
    /// What tells its rows that are deleted by their keys.
    pub(in crate::scan) keys: Option<FileKeys>,
    /// The leaves to read, for the scan's columns and for keys.
    pub(in crate::scan) leaves: BTreeSet<usize>,
    /// All its rows, where they are here.
    pub(in crate::scan) rows: Option<RecordBatch>,
    /// The scan's columns that have one value in all of the file, in the scan's types; `None` for a column of the data.
    pub(super) constants: Vec<Option<ArrayRef>>,
    /// Bytes of the file that are here already, by where they begin: what came with the footer, and its page index.
    pub(super) held: Vec<(u64, Bytes)>,
}

/// One row group of an open file, to be read.
#[derive(Debug, Clone)]
pub(in crate::scan) struct RowGroup {
    pub(in crate::scan) file: Arc<OpenFile>,
    pub(in crate::scan) index: usize,
    /// Its rows among the file's.
    pub(in crate::scan) span: Range<u64>,
    /// How many of them are not deleted.
    pub(in crate::scan) rows: u64,
    /// Compressed bytes of the columns to read.
    pub(in crate::scan) bytes: u64,
    /// Whether no other of its file is to be read after it.
    pub(in crate::scan) is_last: bool,
}

/// A row group that can hold a wanted row.
pub(in crate::scan) struct KeptGroup {
    pub(in crate::scan) index: usize,
    span: Range<u64>,
    rows: u64,
    /// Compressed bytes of the columns to read.
    pub(in crate::scan) bytes: u64,
}

impl KeptGroup {
    pub(super) fn row_group(self, file: &Arc<OpenFile>, last: Option<usize>) -> RowGroup {
        let KeptGroup { index, span, rows, bytes } = self;
        RowGroup { file: file.clone(), index, span, rows, bytes, is_last: last == Some(index) }
    }
}

/// Why a file that the snapshot names is not there.
pub(super) async fn explain(error: Error, scan: &Scan) -> Error {
    match (&error, &scan.source) {
        (Error::HttpStatus { url: name, .. }, Some(source)) if error.is_missing() => source.missing_object(name).await,
        _ => error,
    }
}

impl OpenFile {
    /// The row groups that can hold a wanted row.
    pub(super) fn kept_groups(&self) -> Result<Vec<KeptGroup>> {
        let groups = self.metadata.row_groups();
        let mut kept_groups = Vec::new();
        let mut end = 0;
        for ((index, group), kept) in groups.iter().enumerate().zip(self.bounds.keep(groups)) {
            let span = end..end + group.num_rows().max(0) as u64;
            end = span.end;
            let rows = match &self.deleted {
                Some(deleted) => deleted.left(span.clone()),
                None => span.end - span.start,
            };
            if kept && rows > 0 {
                let leaves = self.leaves.iter();
                let bytes = leaves.filter_map(|leaf| group.columns().get(*leaf)).map(|c| c.byte_range().1).sum();
                kept_groups.push(KeptGroup { index, span, rows, bytes });
            }
        }
        if let Some(deleted) = &self.deleted {
            deleted.check(end, &self.name)?;
        }
        Ok(kept_groups)
    }

    /// Fetches the page index of all row groups at once, where their bounds are asked for: they lie near each other.
    pub(super) async fn hold_index(&mut self, groups: &[KeptGroup]) -> Result<()> {
        let bounded = self.bounds.leaves();
        if bounded.is_empty() || !self.scan.page_indexes.pays() {
            return Ok(());
        }
        let kept = groups.iter().filter_map(|kept| self.metadata.row_groups().get(kept.index));
        let ranges = kept.filter_map(|group| {
            let ranges = page_index::ranges(group, &self.leaves, &bounded, self.file.size)?;
            Some([Some(ranges.offsets), ranges.bounds])
        });
        let ranges: Vec<Range<u64>> = ranges.flatten().flatten().filter(|range| !self.holds(range)).collect();
        let is_worth = |group: &KeptGroup| group.bytes >= WORTH_AN_INDEX && !self.has_data(group.index);
        let worth = groups.iter().any(is_worth) || ranges.iter().all(|range| self.is_cached(range));
        if worth && ranges.iter().map(|range| range.end - range.start).sum::<u64>() <= page_index::MAX_BYTES {
            let bytes = self.fetch(&ranges).await?;
            self.held.extend(ranges.iter().map(|range| range.start).zip(bytes));
        }
        Ok(())
    }

    /// Whether what is read of a row group was fetched before: an index could save nothing.
    pub(in crate::scan) fn has_data(&self, group: usize) -> bool {
        let columns = self.metadata.row_groups().get(group).map_or(&[][..], |group| group.columns());
        let mut read = self.projection.leaves.iter().filter_map(|leaf| columns.get(*leaf)).map(|of| of.byte_range());
        read.all(|(start, length)| self.is_cached(&(start..start + length)))
    }

    /// Whether all of `range` is in the memory cache.
    pub(in crate::scan) fn is_cached(&self, range: &Range<u64>) -> bool {
        self.scan.storage.holds_range(&self.file.location, range)
    }

    /// Byte ranges of the file, from those that are here as far as possible.
    pub(in crate::scan) async fn fetch(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let held: Vec<Option<Bytes>> = ranges.iter().map(|range| self.held(range)).collect();
        let missing: Vec<Range<u64>> =
            ranges.iter().zip(&held).filter(|(_, held)| held.is_none()).map(|(range, _)| range.clone()).collect();
        if missing.is_empty() {
            return Ok(held.into_iter().flatten().collect());
        }
        let storage = &self.scan.storage;
        let mut fetched = match storage.get_ranges(&self.file.location, &missing).await {
            Ok(fetched) => fetched.into_iter(),
            Err(error) => return Err(explain(footer::fetch_error(error, &self.name), &self.scan).await),
        };
        let mut all = Vec::with_capacity(ranges.len());
        for (range, held) in ranges.iter().zip(held) {
            match held.or_else(|| fetched.next()) {
                Some(bytes) if bytes.len() as u64 == range.end - range.start => all.push(bytes),
                _ => return Err(Error::corrupt(&self.name, "shorter than its footer says")),
            }
        }
        Ok(all)
    }

    /// The codec of the pages at `range`.
    pub(in crate::scan) fn codec(&self, range: &Range<u64>) -> Option<Compression> {
        let is_at = |column: &&ColumnChunkMetaData| {
            let (start, length) = column.byte_range();
            (start..start.saturating_add(length)).contains(&range.start)
        };
        let mut columns = self.metadata.row_groups().iter().flat_map(|group| group.columns());
        columns.find(is_at).map(ColumnChunkMetaData::compression)
    }

    /// Whether all of `range` is here already.
    pub(in crate::scan) fn holds(&self, range: &Range<u64>) -> bool {
        self.held(range).is_some()
    }

    fn held(&self, range: &Range<u64>) -> Option<Bytes> {
        find(&self.held, range)
    }

    /// Whether one of the scan's columns has the same value in all of the file.
    pub(in crate::scan) fn is_constant(&self, position: usize) -> bool {
        self.constants.get(position).is_some_and(Option::is_some)
    }

    /// Whether the scan asks where rows are.
    pub(in crate::scan) fn wants_positions(&self) -> bool {
        self.scan.columns.contains(&self.scan.metadata_position())
    }

    /// What rows whose columns that are read are `data` carry of their identity: the sources behind the columns'.
    fn row_ids(&self, data: &[ArrayRef]) -> Result<RowIds> {
        let mut row_ids = RowIds::default();
        let sources = self.projection.sources.iter().skip(self.scan.columns.len());
        for (carried, source) in row_ids.carried.iter_mut().zip(sources) {
            if let Source::File { position, shape, .. } = source
                && let Some(array) = data.get(*position)
            {
                let column = schema_adapter::adapt(array, shape, &DataType::Int64);
                *carried = Some(column.map_err(|error| Error::corrupt(&self.name, error))?);
            }
        }
        Ok(row_ids)
    }

    /// The scan's columns for `rows` rows of the file, the next of `positions`, whose columns that are read are `data`.
    pub(in crate::scan) fn batch(
        &self,
        data: &[ArrayRef],
        rows: usize,
        positions: &mut Option<Positions>,
    ) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.projection.sources.len());
        let metadata = match (positions, self.scan.metadata_fields()) {
            (Some(positions), Some(fields)) => {
                let (positions, row_ids) = (positions.take(rows)?, self.row_ids(data)?);
                Some(metadata_column::column(&self.file, &self.name, fields, positions, &row_ids)?)
            }
            _ => None,
        };
        let outputs = self.scan.schema.fields().iter().zip(&self.constants);
        for ((source, position), (output, constant)) in
            self.projection.sources.iter().zip(&self.scan.columns).zip(outputs)
        {
            if let Some(metadata) = metadata.as_ref().filter(|_| *position == self.scan.metadata_position()) {
                columns.push(metadata.clone());
                continue;
            }
            columns.push(column(constant.as_ref(), source, data, output, rows, &self.name)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.scan.schema.clone(), columns, &options)
            .map_err(|error| Error::corrupt(&self.name, error))
    }
}

/// The bytes of `range`, out of runs by where they begin.
pub(in crate::scan) fn find(held: &[(u64, Bytes)], range: &Range<u64>) -> Option<Bytes> {
    let length = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
    held.iter().find_map(|(start, bytes)| {
        let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
        let to = from.checked_add(length).filter(|to| *to <= bytes.len())?;
        Some(bytes.slice(from..to))
    })
}
