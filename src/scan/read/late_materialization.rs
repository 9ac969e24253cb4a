//! Late materialisation: the columns that a predicate reads come first, and of the others only the pages that have a row it wants.
//!
//! That saves most of the bytes where few rows match, and costs a round trip where many do: most queries' filters leave a row in every
//! page. So it is done where few are expected. A value that is looked up is expected to be in as many rows as the column's other values
//! are, of which the size of its dictionary tells the number. Of other predicates it is seen in the first row groups, which come whole,
//! how many of their parts have a row that they want.

use super::decode::passing;
use super::file::{OpenFile, RowGroup};
use crate::error::Result;
use crate::scan::Pruner;
use crate::scan::convert::projection::{Shape, Source};
use crate::scan::convert::schema_adapter;
use crate::scan::costs::CONNECTIONS;
use crate::snapshot::canonical_floats;
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, new_null_array};
use arrow::compute::{and, prep_null_mask_filter};
use arrow::datatypes::DataType;
use bytes::Bytes;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What it has to save at least, in bytes.
const WORTH: u64 = 256 << 10;
/// Row groups that are looked at to see where wanted rows are.
const WATCHED: usize = 2;
/// Parts of a row group that are told apart: about as many as a column has pages.
const PARTS: u64 = 8;

/// Whether rows of a file match, by the predicates of its scan.
#[derive(Debug, Clone)]
pub(in crate::scan) struct RowTest {
    tests: Vec<(Arc<dyn Pruner>, Vec<Input>)>,
    /// The leaves that it reads.
    pub(in crate::scan) leaves: BTreeSet<usize>,
}

/// Where the values of a predicate's column come from.
#[derive(Debug, Clone)]
struct Input {
    /// Its position among the scan's columns.
    position: usize,
    /// The leaf of the file; `None`: null in all of it.
    leaf: Option<usize>,
    data_type: DataType,
}

impl RowTest {
    /// Of the predicates all of whose columns are read, and are neither nested nor constant in the file.
    fn new(file: &OpenFile) -> Option<RowTest> {
        let input = |column: &usize| {
            let position = file.scan.columns.iter().position(|read| read == column)?;
            let data_type = file.scan.schema.fields().get(position)?.data_type().clone();
            match file.projection.sources.get(position)? {
                Source::File { leaf, shape: Shape::Leaf, .. } => Some(Input { position, leaf: Some(*leaf), data_type }),
                Source::Missing if !file.is_constant(position) => Some(Input { position, leaf: None, data_type }),
                _ => None,
            }
        };
        let test = |pruner: &Arc<dyn Pruner>| {
            let inputs = pruner.columns().iter().map(input).collect::<Option<Vec<_>>>()?;
            Some((pruner.clone(), inputs))
        };
        let tests: Vec<_> = file.scan.pruners.iter().filter_map(test).collect();
        let leaves: BTreeSet<usize> = tests.iter().flat_map(|(_, inputs)| inputs).filter_map(|of| of.leaf).collect();
        (!leaves.is_empty()).then_some(RowTest { tests, leaves })
    }

    /// Compressed bytes of a row group's columns that are read, and not for the test.
    fn others(&self, group: &RowGroup) -> u64 {
        let columns = group.file.metadata.row_groups().get(group.index).map_or(&[][..], |group| group.columns());
        let others = group.file.projection.leaves.difference(&self.leaves);
        others.filter_map(|leaf| columns.get(*leaf)).map(|column| column.byte_range().1).sum()
    }

    /// Which rows match, of a batch of the leaves as the file has them.
    pub(in crate::scan) fn of_leaves(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        self.matching(batch.num_rows(), |input| {
            let Some(leaf) = input.leaf else { return Some(new_null_array(&input.data_type, batch.num_rows())) };
            let place = self.leaves.iter().position(|other| *other == leaf)?;
            let values = schema_adapter::adapt(batch.columns().get(place)?, &Shape::Leaf, &input.data_type).ok()?;
            Some(canonical_floats(&values))
        })
    }

    /// Which rows match, of a batch of the scan.
    fn of_scan(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        self.matching(batch.num_rows(), |input| batch.columns().get(input.position).cloned())
    }

    /// What cannot be said of a row is as if it matched.
    fn matching(&self, rows: usize, values: impl Fn(&Input) -> Option<ArrayRef>) -> Result<BooleanArray> {
        let mut matching = BooleanArray::from(vec![true; rows]);
        for (pruner, inputs) in &self.tests {
            let values: Option<Vec<ArrayRef>> = inputs.iter().map(&values).collect();
            let Some(values) = values else { continue };
            let Some(found) = pruner.rows(&values)?.filter(|found| found.len() == rows) else { continue };
            let found = if found.null_count() > 0 { prep_null_mask_filter(&found) } else { found };
            matching = and(&matching, &found).unwrap_or(matching);
        }
        Ok(matching)
    }
}

/// What is known of a scan's predicates, for all of its row groups.
#[derive(Debug, Default)]
pub(in crate::scan) struct Lateness(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Of the row groups that were watched, how many parts there were, and how many of them had a wanted row.
    watched: usize,
    parts: u64,
    parts_wanted: u64,
    /// Of those whose columns came one after the other, the bytes of the later ones, and how many of them came.
    tried: usize,
    whole: u64,
    came: u64,
}

impl Lateness {
    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes how many bytes of the columns that `test` does not read came of a row group.
    pub(in crate::scan) fn tried(&self, group: &RowGroup, test: &RowTest, came: u64) {
        let whole = test.others(group);
        self.seen(|seen| {
            seen.tried += 1;
            seen.whole += whole;
            seen.came += came.min(whole);
        });
    }

    /// The share of a row group's pages that wanted rows are expected in, by what was seen.
    fn share(&self) -> Option<f64> {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        self.seen(|seen| share(seen.came, seen.whole).or_else(|| share(seen.parts_wanted, seen.parts)))
    }

    /// Whether it has been worth it.
    fn pays(&self) -> bool {
        self.seen(|seen| seen.tried < 3 || seen.whole - seen.came >= seen.whole / 4)
    }
}

/// The test by which a row group's other columns are chosen, where that saves more bytes than come in the time that its requests take.
pub(in crate::scan) fn row_test(group: &RowGroup) -> Option<RowTest> {
    let file = &group.file;
    let scan = &file.scan;
    if scan.pruners.is_empty() || scan.limit.is_some() || !scan.late.pays() {
        return None;
    }
    let test = RowTest::new(file)?;
    let share = scan.late.share().or_else(|| looked_up_share(file, file.metadata.row_groups().get(group.index)?))?;
    // Each part that is wanted takes a page of each column, and its dictionary.
    let columns = file.projection.leaves.len().saturating_sub(test.leaves.len());
    let requests = 1.0 + share * PARTS as f64 * 2.0 * columns as f64 / CONNECTIONS as f64;
    let round_trip = match file.has_data(group.index) {
        true => 0.0, // it spares the decoder, and asks for nothing
        false => scan.storage.bytes_in_a_round_trip(&file.file.location) as f64,
    };
    (test.others(group) as f64 * (1.0 - share) - requests * round_trip >= WORTH as f64).then_some(test)
}

/// The selected rows that match, by the leaves of the test.
pub(in crate::scan) async fn matching_rows(
    file: &OpenFile,
    metadata: &ParquetMetaData,
    selection: Option<RowSelection>,
    test: &RowTest,
    held: &mut Vec<(u64, Bytes)>,
) -> Result<RowSelection> {
    let (schema, leaves) = (&file.projection.schema, &test.leaves);
    passing(file, metadata, schema, leaves, selection, held, &|batch| test.of_leaves(batch)).await
}

/// The share of a row group's pages that one of the values is expected in which every wanted row has.
fn looked_up_share(file: &OpenFile, group: &RowGroupMetaData) -> Option<f64> {
    let rows = group.num_rows().max(0) as f64;
    let share = |(column, values): (usize, ArrayRef)| {
        let (leaf, _, _) = file.bounds.leaf(column)?;
        Some(rows * values.len() as f64 / distinct(group.columns().get(leaf)?)? / PARTS as f64)
    };
    let shares = file.scan.pruners.iter().flat_map(|pruner| pruner.one_of()).filter_map(share);
    shares.min_by(f64::total_cmp).filter(|share| *share < 1.0)
}

/// About how many distinct values a column chunk has, by the size of its dictionary.
fn distinct(column: &ColumnChunkMetaData) -> Option<f64> {
    let dictionary = column.data_page_offset().checked_sub(column.dictionary_page_offset()?)? as f64;
    let width = match column.column_type() {
        PhysicalType::INT32 | PhysicalType::FLOAT => 4.0,
        PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY => 16.0,
        _ => 8.0,
    };
    let shrunk = column.uncompressed_size() as f64 / column.compressed_size().max(1) as f64;
    Some(dictionary * shrunk.clamp(1.0, 4.0) / width).filter(|distinct| *distinct >= 1.0)
}

/// Looks where in a row group the wanted rows are, while it is decoded.
#[derive(Debug)]
pub(in crate::scan) struct Watch {
    test: RowTest,
    rows: u64,
    seen: u64,
    parts_wanted: u64,
    last_wanted: Option<u64>,
}

impl Watch {
    /// A watch over the `rows` rows of a row group that are decoded, while it is not known enough.
    pub(in crate::scan) fn new(file: &OpenFile, rows: u64) -> Option<Watch> {
        if file.scan.pruners.is_empty() || file.scan.limit.is_some() || rows < PARTS {
            return None;
        }
        if file.scan.late.seen(|seen| seen.watched >= WATCHED) {
            return None;
        }
        let test = RowTest::new(file).filter(|test| test.leaves.len() < file.projection.leaves.len())?;
        Some(Watch { test, rows, seen: 0, parts_wanted: 0, last_wanted: None })
    }

    /// Looks at the next batch; after the last one, what was seen is noted.
    pub(in crate::scan) fn look(&mut self, batch: &RecordBatch, late: &Lateness) {
        let Ok(matching) = self.test.of_scan(batch) else { return };
        for row in matching.values().set_indices() {
            let part = (self.seen + row as u64) * PARTS / self.rows;
            if self.last_wanted != Some(part) {
                self.last_wanted = Some(part);
                self.parts_wanted += 1;
            }
        }
        self.seen += batch.num_rows() as u64;
        if self.seen >= self.rows {
            late.seen(|seen| {
                seen.watched += 1;
                seen.parts += PARTS;
                seen.parts_wanted += self.parts_wanted;
            });
        }
    }
}
