//! One row group: which of its bytes are needed, fetched, and its rows.

use super::decode::{decoder, passing, read};
use super::file::{OpenFile, RowGroup};
use super::late_materialization;
use super::late_materialization::Watch;
use super::lz4_frames;
use super::page_prefix;
use super::page_prefix::Shortened;
use super::text_bytes::cut_by_text;
use crate::error::{Error, Result};
use crate::parquet_file::catch_panic::guarded;
use crate::parquet_file::footer::decode_error;
use crate::scan::convert::delete_files::FileKeys;
use crate::scan::convert::metadata_column::Positions;
use crate::scan::convert::projection::FileProjection;
use crate::scan::costs::WORTH_AN_INDEX;
use crate::scan::prune::page_index;
use crate::scan::prune::page_index::IndexRanges;
use arrow::array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection, RowSelector};
use parquet::file::metadata::ParquetMetaData;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// More rows than these are decoded from whole pages.
const HEAD_ROWS: u64 = 4096;

/// The rows of one row group, fetched, and decoded as they are asked for.
pub(in crate::scan) struct Rows {
    file: Arc<OpenFile>,
    group: RowGroup,
    /// `None` where no data is needed: rows are counted only.
    reader: Option<ParquetRecordBatchReader>,
    /// The pieces of a batch of much text that are still to come.
    pieces: VecDeque<RecordBatch>,
    /// How many rows are to come, at most.
    left: u64,
    watch: Option<Watch>,
    /// Where in the file the rows to come are, if that is asked.
    positions: Option<Positions>,
}

/// Fetches what is needed for the first `limit` wanted rows of a row group.
pub(in crate::scan) async fn fetch(group: RowGroup, limit: u64) -> Result<Rows> {
    let file = group.file.clone();
    let counted = |group, left, positions| Rows {
        file: file.clone(),
        group,
        reader: None,
        pieces: VecDeque::new(),
        left,
        watch: None,
        positions,
    };
    if !still_wanted(&group) {
        return Ok(counted(group, 0, None));
    }
    let positions = |selection: Option<&RowSelection>| {
        file.wants_positions().then(|| Positions::new(group.span.clone(), selection))
    };
    if let Some(rows) = &file.rows {
        return inlined(rows, &file, group.clone(), limit);
    }
    if file.leaves.is_empty() && file.keys.is_none() {
        let left = group.rows.min(limit);
        let selection = file.deleted.as_ref().map(|deleted| deleted.selection(group.span.clone()));
        let positions = positions(selection.as_ref());
        return Ok(counted(group, left, positions));
    }
    let broken = |error| decode_error(error, &file.name);
    let single = page_index::single(&file.metadata, group.index).map_err(broken)?;
    let mut selection = file.deleted.as_ref().map(|deleted| deleted.selection(group.span.clone()));
    let test = late_materialization::row_test(&group);
    let indexed = match indexes(&group, &single, limit, test.is_some()) {
        Some(ranges) => load_index(&file, &single, &ranges).await?,
        None => None,
    };
    let pages = indexed.as_ref().and_then(|metadata| file.bounds.pages(metadata));
    if indexed.is_some() {
        file.scan.page_indexes.tried(pages.is_some());
    }
    if let Some(pages) = pages {
        selection = Some(match selection {
            Some(selection) => selection.intersection(&pages),
            None => pages,
        });
    }
    let selected = match &selection {
        Some(selection) => selection.row_count() as u64,
        None => group.rows,
    };
    let left = selected.min(limit);
    if left == 0 {
        return Ok(counted(group, 0, None));
    }
    let metadata = indexed.unwrap_or(single);
    let has_lz4 = metadata.row_groups().first().is_some_and(|group| lz4_frames::has_any(&file, group));
    let Shortened { mut metadata, mut held } = match has_lz4 {
        true => lz4_frames::unframed(&file, metadata).await?,
        false => Shortened { metadata, held: Vec::new() },
    };
    if let Some(keys) = &file.keys {
        selection = Some(without_keys(&file, keys, &metadata, selection, &mut held).await?);
    }
    let selected = selection.as_ref().map_or(selected, |selection| selection.row_count() as u64);
    let left = selected.min(limit);
    if left == 0 || file.projection.leaves.is_empty() {
        let positions = positions(selection.as_ref());
        return Ok(counted(group, left, positions));
    }
    if let Some(rows) = first_rows(selection.as_ref(), left).filter(|rows| *rows <= HEAD_ROWS && !has_lz4)
        && group.bytes >= WORTH_AN_INDEX
    {
        let shortened = page_prefix::shorten(&file, metadata, rows).await?;
        metadata = shortened.metadata;
        held.splice(..0, shortened.held);
    }
    let Some(test) = test else {
        let positions = positions(selection.as_ref());
        let limit = (left < selected).then(|| usize::try_from(left).unwrap_or(usize::MAX));
        let decoder = decoder(&file, metadata, &file.projection.schema, &file.projection.leaves, selection, limit)?;
        let reader = read(&file, decoder, &mut held).await?;
        let watch = Watch::new(&file, left);
        return Ok(Rows { file, group, reader, pieces: VecDeque::new(), left, watch, positions });
    };
    let selection = late_materialization::matching_rows(&file, &metadata, selection, &test, &mut held).await?;
    let early = held.len();
    let left = selection.row_count() as u64;
    let mut reader = None;
    let positions = positions(Some(&selection));
    if left > 0 {
        let decoder =
            decoder(&file, metadata, &file.projection.schema, &file.projection.leaves, Some(selection), None)?;
        reader = read(&file, decoder, &mut held).await?;
    }
    file.scan.late.tried(&group, &test, held.iter().skip(early).map(|(_, bytes)| bytes.len() as u64).sum());
    Ok(Rows { file, group, reader, pieces: VecDeque::new(), left, watch: None, positions })
}

/// Of the selected rows of a row group, those that no key deletes.
async fn without_keys(
    file: &OpenFile,
    keys: &FileKeys,
    metadata: &ParquetMetaData,
    selection: Option<RowSelection>,
    held: &mut Vec<(u64, Bytes)>,
) -> Result<RowSelection> {
    let FileProjection { schema, leaves, .. } = &keys.projection;
    if !leaves.is_empty() {
        let left = |batch: &RecordBatch| keys.left(batch.columns(), batch.num_rows(), &file.name);
        return passing(file, metadata, schema, leaves, selection, held, &left).await;
    }
    // All rows are alike.
    let rows = usize::try_from(metadata.file_metadata().num_rows()).unwrap_or_default();
    let all = match keys.left(&[], 1, &file.name)?.value(0) {
        true => RowSelector::select(rows),
        false => RowSelector::skip(rows),
    };
    let all = RowSelection::from(vec![all]);
    Ok(match selection {
        Some(selection) => selection.intersection(&all),
        None => all,
    })
}

/// The first `limit` wanted rows of a file whose rows are here.
fn inlined(rows: &RecordBatch, file: &Arc<OpenFile>, group: RowGroup, limit: u64) -> Result<Rows> {
    let deleted = file.deleted.as_ref().map(|deleted| deleted.selection(group.span.clone()));
    let mut selection = deleted.unwrap_or_else(|| RowSelection::from(vec![RowSelector::select(rows.num_rows())]));
    if let Some(keys) = &file.keys {
        let left = keys.left(rows.columns(), rows.num_rows(), &file.name)?;
        selection = selection.intersection(&RowSelection::from_filters(&[left]));
    }
    let positions = file.wants_positions().then(|| Positions::new(group.span.clone(), Some(&selection)));
    let left = (selection.row_count() as u64).min(limit);
    let (mut pieces, mut from, mut wanted) = (VecDeque::new(), 0, usize::try_from(left).unwrap_or(usize::MAX));
    for run in selection.iter() {
        let mut taken = if run.skip { run.row_count } else { 0 };
        while taken < run.row_count.min(taken.saturating_add(wanted)) {
            let length = (run.row_count - taken).min(wanted).min(file.scan.batch_size);
            pieces.push_back(rows.slice(from + taken, length));
            (taken, wanted) = (taken + length, wanted - length);
        }
        from += run.row_count;
    }
    Ok(Rows { file: file.clone(), group, reader: None, pieces, left, watch: None, positions })
}

fn still_wanted(group: &RowGroup) -> bool {
    let groups = group.file.metadata.row_groups();
    match groups.get(group.index) {
        Some(one) => group.file.bounds.keep(std::slice::from_ref(one)).first().copied().unwrap_or(true),
        None => false,
    }
}

/// How many rows from the row group's beginning on have the first `wanted` selected ones among them.
fn first_rows(selection: Option<&RowSelection>, wanted: u64) -> Option<u64> {
    let Some(selection) = selection else { return Some(wanted) };
    let (mut rows, mut found) = (0, 0);
    for run in selection.iter() {
        let count = run.row_count as u64;
        if run.skip {
            rows += count;
        } else if found + count >= wanted {
            return Some(rows + wanted - found);
        } else {
            (rows, found) = (rows + count, found + count);
        }
    }
    None
}

/// Where the row group's page index is, if reading it can save more than it costs: where bounds can rule pages out, where
/// few rows are wanted, or few are left or expected to match.
fn indexes(group: &RowGroup, single: &ParquetMetaData, limit: u64, few_match: bool) -> Option<IndexRanges> {
    let file = &group.file;
    let bounded = file.bounds.leaves();
    let rows = group.span.end - group.span.start;
    let sparse = few_match || group.rows.min(limit) <= rows / 4;
    let single_group = single.row_groups().first()?;
    if (bounded.is_empty() && !sparse) || lz4_frames::has_any(file, single_group) {
        return None;
    }
    let ranges = page_index::ranges(single_group, &file.leaves, &bounded, file.file.size)?;
    let is_here = |range: &Range<u64>| file.holds(range) || file.is_cached(range);
    let held = is_here(&ranges.offsets) && ranges.bounds.as_ref().is_none_or(is_here);
    let pays = sparse || file.scan.page_indexes.pays();
    let worth = group.bytes >= WORTH_AN_INDEX && pays && !file.has_data(group.index);
    (held || worth).then_some(ranges)
}

async fn load_index(
    file: &OpenFile,
    single: &ParquetMetaData,
    ranges: &IndexRanges,
) -> Result<Option<ParquetMetaData>> {
    let asked: Vec<_> = std::iter::once(ranges.offsets.clone()).chain(ranges.bounds.clone()).collect();
    let mut bytes = file.fetch(&asked).await?.into_iter();
    let Some(offsets) = bytes.next() else {
        return Ok(None);
    };
    let (read, bounded) = (&file.leaves, file.bounds.leaves());
    let bounded = if ranges.bounds.is_some() { bounded } else { Default::default() };
    Ok(page_index::load(single, read, &bounded, ranges, offsets, bytes.next(), file.file.size))
}

impl Rows {
    /// How many rows are to come, at most.
    pub(in crate::scan) fn left(&self) -> u64 {
        self.left
    }

    /// Compressed bytes held for them, at most.
    pub(in crate::scan) fn bytes(&self) -> u64 {
        self.group.bytes
    }

    /// Says that nothing of it is read any more.
    pub(in crate::scan) fn done(&self) {
        let progress = &self.file.scan.progress;
        progress.row_group_done();
        if self.group.is_last {
            progress.file_done();
        }
    }

    /// Asks the pruners again: what was fetched may not be wanted any more.
    pub(in crate::scan) fn still_wanted(&self) -> bool {
        still_wanted(&self.group)
    }

    /// The next batch.
    pub(in crate::scan) fn next(&mut self) -> Result<Option<RecordBatch>> {
        if self.left == 0 {
            return Ok(None);
        }
        if self.pieces.is_empty() {
            let Some(reader) = &mut self.reader else {
                if !self.file.projection.leaves.is_empty() {
                    return Err(Error::corrupt(&self.file.name, "a row group ends early"));
                }
                let rows = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.file.scan.batch_size);
                self.left -= rows as u64;
                return self.file.batch(&[], rows, &mut self.positions).map(Some);
            };
            let broken = |error| Error::corrupt(&self.file.name, error);
            match guarded(&self.file.name, || Ok(reader.next()))? {
                Some(batch) => self.pieces.extend(batch.and_then(cut_by_text).map_err(broken)?),
                None => return Err(Error::corrupt(&self.file.name, "a row group has fewer rows than its footer says")),
            }
        }
        let Some(batch) = self.pieces.pop_front() else { return Ok(None) };
        self.left = self.left.saturating_sub(batch.num_rows() as u64);
        let batch = self.file.batch(batch.columns(), batch.num_rows(), &mut self.positions)?;
        if let Some(watch) = &mut self.watch {
            watch.look(&batch, &self.file.scan.late);
        }
        Ok(Some(batch))
    }
}
