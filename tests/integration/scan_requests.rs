//! What is read: as few bytes and requests as the rows asked for need.

use crate::scan_fixture::{Between, CountingStore, Fixture, collect, count, field, small_pages, texts};
use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use futures::StreamExt;
use lakeglass::scan::{FooterCache, Pruner};
use std::sync::Arc;
use std::time::Duration;

const GROUP: usize = 6_000;
const PAGE: usize = 300;

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        field("id", DataType::Int64),
        field("text", DataType::Utf8),
        field("more", DataType::Int64),
    ]))
}

/// 12 thousand rows: 48 kB of ids a row group, twice, and 324 kB of text.
fn batch(start: i64) -> RecordBatch {
    let ids = || Int64Array::from_iter_values(start..start + 2 * GROUP as i64);
    let text = StringArray::from_iter_values((start..start + 2 * GROUP as i64).map(|id| format!("{id:050}")));
    RecordBatch::try_new(schema(), vec![Arc::new(ids()), Arc::new(text), Arc::new(ids())]).unwrap()
}

/// Files of two row groups each.
async fn fixture(files: i64) -> Fixture {
    let mut fixture = Fixture::new(schema().as_ref().clone());
    for file in 0..files {
        fixture.add_with(&batch(file * 2 * GROUP as i64), small_pages(GROUP, PAGE)).await;
    }
    fixture
}

/// How many requests there were, how many bytes they brought, and of which files.
fn reads(store: &CountingStore) -> (usize, u64, Vec<String>) {
    let reads = store.take_reads();
    let mut files: Vec<String> = reads.iter().map(|(path, _)| path.clone()).collect();
    files.sort();
    files.dedup();
    (reads.len(), reads.iter().map(|(_, range)| range.end - range.start).sum(), files)
}

#[tokio::test]
async fn a_preview_reads_one_file_and_few_pages() {
    let fixture = fixture(8).await;
    let rows = texts(&collect(&fixture.scan().with_limit(Some(100))).await.unwrap());
    assert_eq!(rows.len(), 100);
    assert_eq!(rows[99], format!("99 | {:050} | 99", 99));
    let (requests, bytes, files) = reads(&fixture.store);
    assert_eq!(files, ["part-0.parquet"]);
    assert!(requests <= 5, "{requests} requests");
    // The footer's guess, the first page of each column, and the gap between two of them.
    assert!(bytes < (64 << 10) + 70_000, "{bytes} bytes");
}

#[tokio::test]
async fn a_limit_reads_on_only_where_rows_are_missing() {
    let fixture = fixture(4).await;
    let limit = 2 * GROUP + 10;
    assert_eq!(count(&collect(&fixture.scan().with_limit(Some(limit))).await.unwrap()), limit);
    assert_eq!(reads(&fixture.store).2, ["part-0.parquet", "part-1.parquet"]);
}

#[tokio::test]
async fn only_wanted_columns_are_read() {
    let fixture = fixture(1).await;
    let scan = fixture.scan().with_columns(vec![0], Arc::new(schema().project(&[0]).unwrap()));
    assert_eq!(count(&collect(&scan).await.unwrap()), 2 * GROUP);
    let (requests, bytes, _) = reads(&fixture.store);
    assert_eq!(requests, 3, "the footer, and each row group's column");
    assert!(bytes < (64 << 10) + 2 * 50_000, "{bytes} bytes");
}

#[tokio::test]
async fn counting_reads_footers_only_and_those_once() {
    let fixture = fixture(3).await;
    let scan = fixture.scan().with_columns(vec![], Arc::new(Schema::empty()));
    for expected in [3, 0] {
        assert_eq!(count(&collect(&scan).await.unwrap()), 6 * GROUP);
        let (requests, bytes, _) = reads(&fixture.store);
        assert_eq!(requests, expected);
        assert!(bytes <= 3 * (64 << 10), "{bytes} bytes");
    }
}

#[tokio::test]
async fn the_guess_of_a_footers_size_is_learned() {
    let fixture = fixture(2).await;
    let none = || Arc::new(Schema::empty());
    collect(&fixture.scan().with_files(vec![0]).with_columns(vec![], none())).await.unwrap();
    reads(&fixture.store);
    collect(&fixture.scan().with_files(vec![1]).with_columns(vec![], none())).await.unwrap();
    let (requests, bytes, _) = reads(&fixture.store);
    assert_eq!(requests, 1);
    assert!(bytes <= 8 << 10, "{bytes} bytes");
}

#[tokio::test]
async fn a_small_file_is_one_request() {
    let mut fixture = Fixture::new(schema().as_ref().clone());
    fixture.add_with(&batch(0).slice(0, 500), small_pages(100, 10)).await;
    assert_eq!(fixture.rows().await.len(), 500);
    assert_eq!(reads(&fixture.store).0, 1);
}

#[tokio::test]
async fn row_groups_and_pages_out_of_bounds_are_not_read() {
    let fixture = fixture(3).await;
    // Rows of one page of the second file's second row group.
    let pruner = Between::new(0, 19_650..=19_700);
    let scan = fixture.scan().with_pruner(pruner.clone());
    let rows = texts(&collect(&scan).await.unwrap());
    assert_eq!(rows.len(), PAGE);
    assert_eq!(rows[0], format!("19500 | {:050} | 19500", 19_500));
    let reads = fixture.store.take_reads();
    let bytes = |file: &str| -> u64 {
        reads.iter().filter(|(path, _)| path == file).map(|(_, range)| range.end - range.start).sum()
    };
    assert!(bytes("part-0.parquet") <= 64 << 10 && bytes("part-2.parquet") <= 64 << 10, "footers only");
    assert!(bytes("part-1.parquet") <= (64 << 10) + 24_000, "one page of each column");
}

#[tokio::test]
async fn pruners_see_bounds_of_columns_that_are_not_read() {
    let fixture = fixture(1).await;
    let scan = fixture.scan().with_columns(vec![1], Arc::new(schema().project(&[1]).unwrap()));
    let rows = texts(&collect(&scan.with_pruner(Between::new(2, 11_999..=50_000))).await.unwrap());
    assert_eq!(rows.len(), PAGE);
    assert_eq!(rows[PAGE - 1], format!("{:050}", 11_999));
}

#[tokio::test]
async fn two_pruners_both_count() {
    let fixture = fixture(1).await;
    let first: Arc<dyn Pruner> = Between::new(0, 450..=1_050);
    let scan = fixture.scan().with_pruner(first).with_pruner(Between::new(2, 750..=9_999));
    let rows = texts(&collect(&scan).await.unwrap());
    assert_eq!(rows.len(), 2 * PAGE, "pages 2 and 3");
    assert!(rows[0].starts_with("600 | "), "{}", rows[0]);
}

#[tokio::test]
async fn a_pruner_that_learns_more_is_asked_again() {
    let fixture = fixture(8).await;
    let pruner = Between::new(0, 0..=i64::MAX);
    let scan = fixture.scan().with_pruner(pruner.clone()).with_ahead_bytes(1);
    let mut stream = scan.stream();
    let mut rows = stream.next().await.unwrap().unwrap().num_rows();
    pruner.narrow(90_000..=90_000);
    while let Some(batch) = stream.next().await {
        rows += batch.unwrap().num_rows();
    }
    // What was being decoded goes on; of the rest only one page is left.
    assert_eq!(rows, GROUP + PAGE);
}

#[tokio::test]
async fn a_paused_stream_holds_nobody_up() {
    let mut fixture = fixture(8).await;
    fixture.store.slow_down(Duration::from_millis(20));
    let table = fixture.table();
    let scan = || table.scan(&FooterCache::default()).with_batch_size(100);
    let mut paused = scan().stream();
    assert_eq!(paused.next().await.unwrap().unwrap().num_rows(), 100);
    let second = scan();
    let other = tokio::time::timeout(Duration::from_secs(120), collect(&second));
    assert_eq!(count(&other.await.expect("the other stream waits for the paused one").unwrap()), 8 * 2 * GROUP);
    let mut rows = 100;
    while let Some(batch) = paused.next().await {
        rows += batch.unwrap().num_rows();
    }
    assert_eq!(rows, 8 * 2 * GROUP);
}

#[tokio::test]
async fn a_dropped_stream_stops_reading() {
    let mut fixture = fixture(8).await;
    fixture.store.slow_down(Duration::from_millis(20));
    let mut stream = fixture.scan().stream();
    assert!(futures::poll!(stream.next()).is_pending());
    tokio::task::yield_now().await;
    drop(stream);
    let started = reads(&fixture.store).0;
    assert!(started > 0);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(reads(&fixture.store).0, 0, "of {started} that were under way, none went on");
}

#[test]
fn without_a_runtime_rows_come_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fixture = runtime.block_on(fixture(2));
    let scan = fixture.scan();
    let mut rows = std::pin::pin!(collect(&scan));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // The store is in memory: nothing is ever waited for.
    let batches = loop {
        if let std::task::Poll::Ready(batches) = rows.as_mut().poll(&mut context) {
            break batches.unwrap();
        }
    };
    assert_eq!(count(&batches), 4 * GROUP);
}

#[tokio::test]
async fn requests_overlap() {
    let mut fixture = fixture(8).await;
    fixture.store.slow_down(Duration::from_millis(100));
    let scan = fixture.scan().with_columns(vec![], Arc::new(Schema::empty()));
    assert_eq!(count(&collect(&scan).await.unwrap()), 8 * 2 * GROUP);
    // Eight footers with six permits.
    assert!(fixture.store.most_under_way() >= 4, "{} reads at one time", fixture.store.most_under_way());
}
