//! Late materialisation: of the columns that no predicate reads, what has a wanted row, and when that is tried.

use crate::scan_fixture::{Fixture, collect, field, texts};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Int64Type, Schema};
use futures::TryStreamExt;
use lakeglass::Result;
use lakeglass::scan::Pruner;
use lakeglass::snapshot::{ContainerStatistics, Deletes};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use roaring::RoaringTreemap;
use std::sync::Arc;

const ROWS: usize = 40_000;
const FILES: usize = 6;

/// Wants the rows whose key, column 0, is one of some values; it may say so before it sees a row.
#[derive(Debug)]
struct OneOf {
    values: Vec<i64>,
    tells: bool,
}

impl Pruner for OneOf {
    fn columns(&self) -> &[usize] {
        &[0]
    }

    fn keep(&self, statistics: &ContainerStatistics) -> Result<Vec<bool>> {
        Ok(vec![true; statistics.containers])
    }

    fn one_of(&self) -> Vec<(usize, ArrayRef)> {
        let values: ArrayRef = Arc::new(Int64Array::from(self.values.clone()));
        if self.tells { vec![(0, values)] } else { Vec::new() }
    }

    fn rows(&self, values: &[ArrayRef]) -> Result<Option<BooleanArray>> {
        let keys = values[0].as_primitive::<Int64Type>();
        Ok(Some(keys.iter().map(|key| key.map(|key| self.values.contains(&key))).collect()))
    }
}

fn mixed(row: usize) -> u64 {
    let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn key(row: usize) -> Option<i64> {
    (!row.is_multiple_of(11)).then(|| (mixed(row) >> 20) as i64)
}

/// A file's rows: keys in no order, and two long columns of text.
fn batch(file: usize) -> RecordBatch {
    let rows = || file * ROWS..(file + 1) * ROWS;
    let text = |salt: usize| {
        StringArray::from_iter_values(rows().map(|row| format!("{:x}{:x}", mixed(row + salt), mixed(row * 3 + salt))))
    };
    let columns: Vec<ArrayRef> =
        vec![Arc::new(rows().map(key).collect::<Int64Array>()), Arc::new(text(1)), Arc::new(text(2))];
    RecordBatch::try_new(Arc::new(schema()), columns).unwrap()
}

fn schema() -> Schema {
    Schema::new(vec![field("key", DataType::Int64), field("text", DataType::Utf8), field("more", DataType::Utf8)])
}

async fn fixture(dictionary: bool) -> Fixture {
    let mut fixture = Fixture::new(schema());
    for file in 0..FILES {
        let properties = WriterProperties::builder()
            .set_data_page_row_count_limit(4000)
            .set_write_batch_size(1000)
            .set_compression(Compression::SNAPPY)
            .set_dictionary_enabled(false)
            .set_column_dictionary_enabled("key".into(), dictionary);
        fixture.add_with(&batch(file), properties.build()).await;
    }
    fixture
}

/// The wanted rows among those that a scan gives, how many it gave, and the bytes that it took.
async fn wanted(fixture: &Fixture, values: &[i64], tells: bool) -> (Vec<String>, usize, u64) {
    let pruner = Arc::new(OneOf { values: values.to_vec(), tells });
    let scan = fixture.scan().with_pruner(pruner.clone());
    fixture.store.take_reads();
    let mut stream = scan.stream();
    let (mut found, mut rows) = (Vec::new(), 0);
    while let Some(batch) = stream.try_next().await.unwrap() {
        rows += batch.num_rows();
        let matching = pruner.rows(&[batch.column(0).clone()]).unwrap().unwrap();
        found.extend(texts(&[filter_record_batch(&batch, &matching).unwrap()]));
    }
    (found, rows, fixture.store.take_reads().iter().map(|(_, range)| range.end - range.start).sum())
}

fn expected(values: &[i64], deleted: impl Fn(usize) -> bool) -> Vec<String> {
    let wanted = |file: usize| {
        let kept = (file * ROWS..(file + 1) * ROWS)
            .map(|row| !deleted(row) && key(row).is_some_and(|key| values.contains(&key)));
        texts(&[filter_record_batch(&batch(file), &kept.collect::<Vec<_>>().into()).unwrap()])
    };
    (0..FILES).flat_map(wanted).collect()
}

/// The keys of these rows.
fn keys(rows: &[usize]) -> Vec<i64> {
    rows.iter().filter_map(|row| key(*row)).collect()
}

#[tokio::test]
async fn a_value_that_is_looked_up_brings_few_pages_of_the_other_columns() {
    let fixture = fixture(true).await;
    let size: u64 = fixture.table().snapshot().files.iter().map(|file| file.size).sum();
    let values = keys(&[100, ROWS * 3 + 17, ROWS * 3 + 39_999]);
    let (found, rows, bytes) = wanted(&fixture, &values, true).await;
    assert_eq!(found, expected(&values, |_| false));
    assert_eq!((found.len(), rows), (3, 3));
    // The keys and the footers are a sixth of it; three rows' pages hardly show.
    assert!(bytes < size / 4, "{bytes} of {size}");
    // Nothing at all matches.
    let (found, rows, bytes) = wanted(&fixture, &[-1], true).await;
    assert_eq!((found.len(), rows), (0, 0));
    assert!(bytes < size / 4, "{bytes} of {size}");
}

#[tokio::test]
async fn deleted_rows_stay_away() {
    let mut fixture = fixture(true).await;
    let deleted: RoaringTreemap = (0..ROWS as u64).filter(|row| row % 3 == 0).collect();
    let mut bitmap = 1_681_511_377_u32.to_le_bytes().to_vec();
    deleted.serialize_into(&mut bitmap).unwrap();
    fixture.set_deletes(3, Deletes::Inline { bitmap: bitmap.into(), cardinality: deleted.len() });
    let at = 3 * ROWS;
    let values = keys(&[100, at + 9, at + 10, at + 11, at + 30_000, at + 30_001]);
    let (found, rows, _) = wanted(&fixture, &values, true).await;
    let is_deleted = |row: usize| (at..at + ROWS).contains(&row) && (row - at).is_multiple_of(3);
    assert_eq!(found, expected(&values, is_deleted));
    assert_eq!(rows, found.len());
}

#[tokio::test]
async fn a_predicate_that_says_nothing_before_is_seen_to_match_few_rows() {
    let fixture = fixture(false).await;
    let size: u64 = fixture.table().snapshot().files.iter().map(|file| file.size).sum();
    let values = keys(&[100, ROWS * 5 + 17]);
    // One row group at a time, so that what is seen in one is known before the next one is asked for.
    let pruner = Arc::new(OneOf { values: values.clone(), tells: false });
    let scan = fixture.scan().with_pruner(pruner).with_ahead_bytes(1);
    let rows = collect(&scan).await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>();
    let bytes: u64 = fixture.store.take_reads().iter().map(|(_, range)| range.end - range.start).sum();
    assert!(rows < 3 * ROWS, "{rows}");
    assert!(bytes < size * 2 / 3, "{bytes} of {size}");
}

#[tokio::test]
async fn nothing_changes_where_rows_match_everywhere() {
    let fixture = fixture(true).await;
    let values = keys(&(0..FILES * ROWS).step_by(700).collect::<Vec<_>>());
    for tells in [false, true] {
        let (found, rows, _) = wanted(&fixture, &values, tells).await;
        assert_eq!(found, expected(&values, |_| false));
        assert_eq!(rows, FILES * ROWS, "row groups come whole");
    }
}
