//! Statistics that were left in a checkpoint: which bytes of it are worth fetching for some rows, and what is in them.

use super::sources::Written;
use crate::error::{Error, Result};
use crate::formats::delta::checkpoint::columns::{adds, statistics};
use crate::formats::delta::checkpoint::file::{CheckpointFile, bytes_of};
use crate::snapshot::{FileStatistics, Snapshot, StoredStatistics};
use crate::storage::Storage;
use arrow::array::{Array, AsArray, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::stream::{self, StreamExt};
use parquet::arrow::arrow_reader::RowSelection;
use std::collections::BTreeMap;

/// About what a data file's footer costs, bytes and round trip. It says more than the log's statistics.
const FOOTER: u64 = 64 << 10;

/// Row groups fetched at once.
const AHEAD: usize = 3;

/// A row of a checkpoint that is wanted, and where its statistics go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) row: u32,
    pub(crate) at: usize,
}

/// What opening the table left behind of `files`, by where it is.
pub(crate) fn wanted<'s>(snapshot: &'s Snapshot, files: &[usize]) -> Vec<(&'s StoredStatistics, Vec<Wanted>)> {
    let mut found: BTreeMap<u32, Vec<Wanted>> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        let statistics = snapshot.files.get(*file).and_then(|file| file.statistics.as_ref());
        if let Some(FileStatistics::Stored { source, row }) = statistics {
            found.entry(*source).or_default().push(Wanted { row: *row, at });
        }
    }
    let places = found.into_iter();
    places.filter_map(|(source, rows)| Some((snapshot.stored_statistics.get(source as usize)?, rows))).collect()
}

/// The wanted rows of one row group, ascending, counted from its first.
#[derive(Debug)]
struct Group {
    row_group: usize,
    rows: Vec<Wanted>,
}

/// Hands over the wanted rows, some at a time: where they go, and what is written in them. `names`: of `stats_parsed`, just these
/// columns, and nothing if that is not worth it; else all.
pub(crate) async fn read(
    storage: &Storage,
    stored: &StoredStatistics,
    mut rows: Vec<Wanted>,
    names: Option<&[&str]>,
    mut each: impl FnMut(Vec<usize>, Vec<Option<Written<'_>>>) -> Result<()>,
) -> Result<()> {
    rows.sort_unstable_by_key(|wanted| wanted.row);
    // A file that is asked for twice is told of once.
    rows.dedup_by_key(|wanted| wanted.row);
    let affordable = FOOTER.saturating_mul(rows.len() as u64);
    let leaves = statistics(&stored.metadata, |column| names.is_none_or(|names| names.contains(&column)));
    let groups = groups(stored, rows);
    let bytes: u64 = groups.iter().map(|group| bytes_of(&stored.metadata, group.row_group, &leaves)).sum();
    if names.is_some() && bytes > affordable {
        return Ok(());
    }
    let mut fetched = stream::iter(groups)
        .map(async |group| {
            let file = CheckpointFile::fetch_group(storage, stored, group.row_group, leaves.clone()).await;
            (group, file)
        })
        .buffered(AHEAD);
    while let Some((group, file)) = fetched.next().await {
        match file {
            Ok(file) => decode(stored, &file, &group, &mut each)?,
            // Cleaned up since the table was opened: nothing is known.
            Err(error) if error.may_be_missing() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The wanted rows, which are ascending, by row group.
fn groups(stored: &StoredStatistics, rows: Vec<Wanted>) -> Vec<Group> {
    let mut rows = rows.into_iter().peekable();
    let mut first = 0_u64;
    let mut groups = Vec::new();
    for (row_group, metadata) in stored.metadata.row_groups().iter().enumerate() {
        let behind = first.saturating_add(u64::try_from(metadata.num_rows()).unwrap_or(0));
        let mut found = Vec::new();
        while let Some(Wanted { row, at }) = rows.next_if(|wanted| u64::from(wanted.row) < behind) {
            found.push(Wanted { row: row.saturating_sub(u32::try_from(first).unwrap_or(u32::MAX)), at });
        }
        if !found.is_empty() {
            groups.push(Group { row_group, rows: found });
        }
        first = behind;
    }
    groups
}

fn decode(
    stored: &StoredStatistics,
    file: &CheckpointFile,
    group: &Group,
    each: &mut impl FnMut(Vec<usize>, Vec<Option<Written<'_>>>) -> Result<()>,
) -> Result<()> {
    let rows = stored.metadata.row_groups().get(group.row_group).map_or(0, |group| group.num_rows());
    let ranges = group.rows.iter().map(|wanted| wanted.row as usize..wanted.row as usize + 1);
    let selection = RowSelection::from_consecutive_ranges(ranges, usize::try_from(rows).unwrap_or(0));
    let mut places = group.rows.iter().map(|wanted| wanted.at);
    file.decode_group(group.row_group, selection, |batch| {
        let at = places.by_ref().take(batch.num_rows()).collect();
        match adds(file, &batch)? {
            Some(add) => each(at, written(&Columns::new(&add, file.path())?)),
            None => Ok(()),
        }
    })
}

/// The statistics in a batch's `add`.
struct Columns {
    rows: usize,
    stats: Option<StringArray>,
    stats_parsed: Option<StructArray>,
}

impl Columns {
    fn new(add: &StructArray, path: &str) -> Result<Columns> {
        let stats = add.column_by_name("stats").map(|column| cast(column, &DataType::Utf8)).transpose();
        let stats = stats.map_err(|error| Error::corrupt(path, error))?;
        Ok(Columns {
            rows: add.len(),
            stats: stats.and_then(|column| column.as_string_opt::<i32>().cloned()),
            stats_parsed: add.column_by_name("stats_parsed").and_then(|column| column.as_struct_opt().cloned()),
        })
    }
}

fn written(columns: &Columns) -> Vec<Option<Written<'_>>> {
    let row = |row: usize| {
        if let Some(parsed) = columns.stats_parsed.as_ref().filter(|parsed| parsed.is_valid(row)) {
            return Some(Written::Parsed(parsed, row));
        }
        let text = columns.stats.as_ref().filter(|stats| stats.is_valid(row))?.value(row);
        Some(Written::Json(text))
    };
    (0..columns.rows).map(row).collect()
}
