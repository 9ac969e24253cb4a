//! What a large log costs: bytes, requests and memory, and that statistics are fetched only when they are asked for. Its time is
//! measured by `scripts/bench log`.

use crate::allocations;
use crate::delta_fixture::{Objects, checkpoint_name};
use crate::large_log::{self, large, large_parsed, parsed_min};
use crate::loopback::{Fault, Server};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use lakeglass::formats::delta;
use lakeglass::formats::delta::statistics;
use lakeglass::scan::{Pruner, prune_files};
use lakeglass::snapshot::{ContainerStatistics, FileLocation, FileStatistics};
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Snapshot, Table, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use std::sync::Arc;

fn storage(server: &Server) -> Storage {
    Storage::open(&server.url(""), &StorageOptions::default()).unwrap()
}

async fn in_memory(objects: &Objects) -> Arc<InMemory> {
    let store = InMemory::new();
    for (name, bytes) in objects {
        store.put(&Path::parse(name).unwrap(), bytes.clone().into()).await.unwrap();
    }
    Arc::new(store)
}

fn stored(snapshot: &Snapshot) -> usize {
    let is_stored = |statistics: &FileStatistics| matches!(statistics, FileStatistics::Stored { .. });
    snapshot.files.iter().filter(|file| file.statistics.as_ref().is_some_and(is_stored)).count()
}

/// The columns of the table that the log's statistics bound.
const NUMBER_0: usize = 0;
const TEXT_0: usize = 5;

#[tokio::test]
async fn statistics_are_fetched_when_they_are_asked_for() {
    let objects = large(4_000, 5);
    let size = objects.values().map(Vec::len).sum::<usize>();
    let server = Server::in_memory(objects);
    let storage = storage(&server);
    let snapshot = delta::snapshot(&storage, Version::Latest).await.unwrap();
    assert_eq!((snapshot.version, snapshot.files.len(), stored(&snapshot)), (15, 4_000, 3_995));
    assert!(server.bytes() < size / 2, "{} of {size} bytes", server.bytes());
    assert_eq!(snapshot.row_count(), None);
    server.forget().await;

    // All files, some of them from the commits.
    let files: Vec<usize> = (0..snapshot.files.len()).rev().collect();
    let found = statistics::load(&storage, &snapshot, &files, &[NUMBER_0, TEXT_0]).await.unwrap();
    assert_eq!(found.containers, files.len());
    let min = found.columns[&NUMBER_0].min.as_primitive::<Int64Type>();
    for (at, file) in files.iter().enumerate() {
        let FileLocation::Relative(path) = &snapshot.files[*file].location else { panic!() };
        match path.as_ref().starts_with("new-") {
            true => assert!(min.is_null(at) && found.row_count.value(at) == 2),
            // The checkpoint's files are in its order: those that were removed are between them.
            false => {
                let number = min.value(at) / 10;
                assert_eq!(path.as_ref(), large_log::path(number as usize));
                assert_eq!(found.row_count.value(at), 1_000 + number as u64 % 10);
            }
        }
    }
    assert!(server.requests().len() <= 2, "{:?}", server.paths());
    server.forget().await;
    // Once more costs nothing, and one column of few files would not be worth its bytes.
    statistics::load(&storage, &snapshot, &files, &[TEXT_0]).await.unwrap();
    let few = statistics::load(&storage, &snapshot, &[10, 3_000], &[NUMBER_0]).await.unwrap();
    assert_eq!((few.containers, server.requests().len()), (2, 0));
}

/// Wants rows with `number_0` of at least this.
#[derive(Debug)]
struct AtLeast(i64);

impl Pruner for AtLeast {
    fn columns(&self) -> &[usize] {
        &[NUMBER_0]
    }

    fn keep(&self, statistics: &ContainerStatistics) -> lakeglass::Result<Vec<bool>> {
        let max = statistics.columns[&NUMBER_0].max.as_primitive::<Int64Type>();
        Ok(max.iter().map(|max| max.is_none_or(|max| max >= self.0)).collect())
    }
}

#[tokio::test]
async fn pruning_fetches_the_statistics_once() {
    let server = Server::in_memory(large(4_000, 5));
    let table = Table::open_in(storage(&server), Version::Latest, &Default::default()).await.unwrap();
    server.forget().await;
    let all: Vec<usize> = (0..table.snapshot().files.len()).collect();
    let pruners: Vec<Arc<dyn Pruner>> = vec![Arc::new(AtLeast(39_900))];
    let (files, statistics) = prune_files(table.snapshot(), &table.statistics(), all, &pruners).await.unwrap();
    // Ten by their bounds, and those of the commits, of whose bounds nothing is known.
    assert_eq!(files.len(), 15);
    assert_eq!(server.requests().len(), 1, "{:?}", server.paths());
    let again = statistics.of(&files[..3], &[NUMBER_0]).await.unwrap();
    assert_eq!((again.containers, server.requests().len()), (3, 1));
    // Another column is another fetch, of which the storage has the bytes.
    let more = statistics.of(&files[14..], &[TEXT_0]).await.unwrap();
    assert!(more.columns[&TEXT_0].min.is_valid(0));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn parsed_statistics_are_fetched_by_column() {
    let objects = large_parsed(40_000);
    let server = Server::in_memory(objects);
    let storage = storage(&server);
    let snapshot = delta::snapshot(&storage, Version::Latest).await.unwrap();
    assert_eq!((snapshot.files.len(), stored(&snapshot)), (40_000, 40_000));
    server.forget().await;
    // Twice asked for is once told.
    let files: Vec<usize> = (100..40_000).rev().step_by(3).chain([39_999]).collect();
    let counts = statistics::load(&storage, &snapshot, &files, &[]).await.unwrap();
    let of_counts = server.bytes();
    let found = statistics::load(&storage, &snapshot, &files, &[NUMBER_0, TEXT_0]).await.unwrap();
    assert!(of_counts < server.bytes() / 2, "{of_counts} of {}", server.bytes());
    assert_eq!(counts.row_count, found.row_count);
    let column = &found.columns[&NUMBER_0];
    let long = |array: &arrow::array::ArrayRef, at: usize| array.as_primitive::<Int64Type>().value(at);
    for (at, file) in files.iter().enumerate().take(files.len() - 1) {
        assert_eq!((long(&column.min, at), long(&column.max, at)), (parsed_min(*file), parsed_min(*file) + 9));
        assert_eq!(
            (found.row_count.value(at), column.null_count.value(at)),
            (1_000 + *file as u64 % 10, *file as u64 % 3)
        );
    }
    assert!(found.columns[&TEXT_0].min.null_count() == files.len());
    let described = statistics::describe(&storage, &snapshot, &[7, 39_999]).await.unwrap();
    let described = described.into_iter().map(|file| file.unwrap().columns["number_0"].max.clone().unwrap());
    assert_eq!(described.collect::<Vec<_>>(), [7, 39_999].map(|file| parsed_min(file) + 9));
}

#[tokio::test]
async fn a_checkpoint_that_is_gone_by_now_tells_nothing() {
    let server = Server::in_memory(large(4_000, 1));
    let table = Table::open_in(storage(&server), Version::Latest, &Default::default()).await.unwrap();
    server.fault(&checkpoint_name(10), Fault::Status(404));
    let all: Vec<usize> = (0..table.snapshot().files.len()).collect();
    let pruners: Vec<Arc<dyn Pruner>> = vec![Arc::new(AtLeast(39_900))];
    let (files, _) = prune_files(table.snapshot(), &table.statistics(), all, &pruners).await.unwrap();
    assert_eq!(files.len(), 4_000);
}

/// The checkpoint was whole when the table was opened.
#[tokio::test]
async fn damaged_statistics_are_an_error_or_other_values() {
    let objects = large(3_000, 0);
    let good = objects[&checkpoint_name(10)].clone();
    let name = Path::parse(checkpoint_name(10)).unwrap();
    let mut failures = 0;
    for at in (good.len() / 4..good.len() * 3 / 4).step_by(good.len() / 16) {
        let store = in_memory(&objects).await;
        let storage = Storage::from_store(store.clone(), Path::default(), "memory:///");
        let snapshot = delta::snapshot(&storage, Version::Latest).await.unwrap();
        let mut damaged = good.clone();
        damaged[at..at + 40].fill(0xee);
        store.put(&name, damaged.into()).await.unwrap();
        let all: Vec<usize> = (0..snapshot.files.len()).collect();
        match statistics::load(&storage, &snapshot, &all, &[NUMBER_0]).await {
            Ok(found) => assert_eq!(found.containers, all.len()),
            Err(error) => {
                assert_eq!(error.code().as_str(), "corrupt_table", "{error}");
                failures += 1;
            }
        }
    }
    assert!(failures > 0);
}

/// No data file is there: what is counted was read in the log.
#[cfg(feature = "sql")]
#[tokio::test]
async fn rows_are_counted_by_the_log() {
    use lakeglass::sql::{Session, SessionOptions};
    let server = Server::in_memory(large(4_000, 5));
    let table = Table::open_in(storage(&server), Version::Latest, &Default::default()).await.unwrap();
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", table).unwrap();
    let count = async |sql: &str| {
        let result = session.query(sql).await.unwrap();
        let batches: Vec<_> = futures::TryStreamExt::try_collect(result.batches).await.unwrap();
        batches[0].column(0).as_primitive::<Int64Type>().value(0)
    };
    let rows = |files: std::ops::Range<i64>| files.map(|file| 1_000 + file % 10).sum::<i64>();
    // The commits removed the files 11 to 15, and added five of two rows.
    assert_eq!(count("SELECT count(*) FROM t").await, rows(0..4_000) - rows(11..16) + 10);
    assert_eq!(count("SELECT count(*) FROM t WHERE day = DATE '2024-01-03'").await, rows(2_000..3_000));
    assert!(server.paths().iter().all(|path| path.starts_with("_delta_log/")));
}

/// A query on a partition fetches and decodes the statistics of its files, not those of the others.
#[cfg(feature = "sql")]
#[tokio::test]
async fn statistics_of_other_partitions_are_left_alone() {
    use lakeglass::sql::{Session, SessionOptions};
    let server = Server::in_memory(large_log::large_in_groups(6_000, 1_000));
    let mut bytes = Vec::new();
    for filter in ["", "AND day = DATE '2024-01-03'"] {
        let table = Table::open_in(storage(&server), Version::Latest, &Default::default()).await.unwrap();
        assert_eq!((table.snapshot().files.len(), stored(table.snapshot())), (6_000, 6_000));
        let session = Session::new(SessionOptions::default()).unwrap();
        session.register("t", table).unwrap();
        server.forget().await;
        // No data file is there: statistics rule them all out.
        let result = session.query(&format!("SELECT number_0 FROM t WHERE number_0 < 0 {filter}")).await.unwrap();
        let batches: Vec<_> = futures::TryStreamExt::try_collect(result.batches).await.unwrap();
        assert!(batches.iter().all(|batch: &arrow::array::RecordBatch| batch.num_rows() == 0));
        bytes.push(server.bytes());
    }
    // One day of six, which lies in two row groups of seven.
    assert!(bytes[1] > 0 && bytes[1] < bytes[0] * 2 / 5, "{bytes:?}");
}

#[tokio::test]
async fn memory_per_file() {
    let files = 20_000;
    let objects = large(files, 2);
    let store = in_memory(&objects).await;
    let before = allocations::net();
    let storage = Storage::from_store(store.clone(), Path::default(), "memory:///");
    let snapshot = delta::snapshot(&storage, Version::Latest).await.unwrap();
    // With it goes its cache, which has a bound of its own.
    drop(storage);
    let path = |location: &FileLocation| match location {
        FileLocation::Relative(path) => path.as_ref().len(),
        FileLocation::Absolute(url) => url.as_str().len(),
    };
    let paths: usize = snapshot.files.iter().map(|file| path(&file.location)).sum();
    let held = allocations::net() - before - paths as isize;
    let per_file = held / snapshot.files.len() as isize;
    assert_eq!(stored(&snapshot), files - 2);
    println!("{per_file} bytes per file beyond its path");
    assert!((50..300).contains(&per_file), "{per_file} bytes per file beyond its path");
}
