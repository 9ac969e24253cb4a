//! What a large log costs: time, bytes, requests and memory, and that statistics are fetched only when they are asked for.

use crate::allocations;
use crate::delta_fixture::Objects;
use crate::large_log::{PER_DAY, large};
use crate::loopback::Server;
use lakeglass::delta::{self, statistics};
use lakeglass::snapshot::{FileLocation, FileStatistics};
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Snapshot, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use std::sync::Arc;
use std::time::Instant;

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
    assert_eq!(statistics::row_count(&snapshot), None);
    server.forget();

    // All files, some of them from the commits.
    let files: Vec<usize> = (0..snapshot.files.len()).rev().collect();
    let found = statistics::load(&storage, &snapshot, &files, &[NUMBER_0, TEXT_0]).await.unwrap();
    assert_eq!(found.containers, files.len());
    let min = &found.columns[&NUMBER_0].min;
    let min = arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(min);
    for (at, file) in files.iter().enumerate() {
        let FileLocation::Relative(path) = &snapshot.files[*file].location else { panic!() };
        match path.as_ref().starts_with("new-") {
            true => assert!(arrow::array::Array::is_null(min, at) && found.row_count.value(at) == 2),
            // The checkpoint's files are in its order: those that were removed are between them.
            false => {
                let number = min.value(at) / 10;
                assert_eq!(path.as_ref(), crate::large_log::path(number as usize));
                assert_eq!(found.row_count.value(at), 1_000 + number as u64 % 10);
            }
        }
    }
    assert!(server.requests().len() <= 2, "{:?}", server.paths());
    server.forget();
    // Once more costs nothing, and one column of few files would not be worth its bytes.
    statistics::load(&storage, &snapshot, &files, &[TEXT_0]).await.unwrap();
    let few = statistics::load(&storage, &snapshot, &[10, 3_000], &[NUMBER_0]).await.unwrap();
    assert_eq!((few.containers, server.requests().len()), (2, 0));
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

/// `cargo test --profile cli --no-default-features --test integration -- --ignored --nocapture large_tables`
#[tokio::test]
#[ignore = "takes a minute, and says something in an optimised build only"]
async fn large_tables_open_quickly() {
    let objects = large(300_000, 100);
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &objects {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    println!("checkpoint: {} bytes", objects.values().map(Vec::len).max().unwrap());
    for _ in 0..3 {
        let url: lakeglass::TableUrl = folder.path().to_str().unwrap().parse().unwrap();
        let storage = Storage::open(url.as_url(), &StorageOptions::default()).unwrap();
        let start = Instant::now();
        let snapshot = delta::snapshot(&storage, Version::Latest).await.unwrap();
        let opened = start.elapsed();
        assert_eq!((snapshot.version, snapshot.files.len()), (110, 300_000));
        let bytes = storage.meter().metrics().bytes;
        let all: Vec<usize> = (0..snapshot.files.len()).collect();
        let start = Instant::now();
        let found = statistics::load(&storage, &snapshot, &all, &[NUMBER_0]).await.unwrap();
        assert_eq!(found.row_count.iter().flatten().count(), 300_000);
        let loaded = start.elapsed();
        let start = Instant::now();
        statistics::load(&storage, &snapshot, &all[..PER_DAY], &[NUMBER_0]).await.unwrap();
        println!("open {opened:?} ({bytes} bytes), statistics {loaded:?}, of one day {:?}", start.elapsed());
    }
}
