//! One suite for every backend: in memory, a local folder, HTTP. And what only HTTP does: which requests are sent.

use crate::loopback::{Fault, Server};
use bytes::Bytes;
use lakeglass::error::{Error, ErrorCode};
use lakeglass::snapshot::FileLocation;
use lakeglass::storage::{AccessOptions, Meter, Metrics, Probe, Storage, StorageOptions};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

const ODD_NAME: &str = "year=2024/t=12%3A00/a b+ü&;,'~@#?x [1]{}.txt";

fn objects() -> Vec<(String, Vec<u8>)> {
    let alphabet = (b'a'..=b'z').collect();
    let numbers = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let named = |name: &str, bytes| (format!("lake/t/{name}"), bytes);
    vec![
        named("alphabet", alphabet),
        named("numbers", numbers),
        named("empty", vec![]),
        named(ODD_NAME, b"odd".to_vec()),
        named("_delta_log/2.json", b"two".to_vec()),
        named("_delta_log/1.json", b"one".to_vec()),
        named("_delta_log/deeper/3.json", b"three".to_vec()),
        ("lake/other".to_owned(), b"outside".to_vec()),
    ]
}

pub fn at(path: &str) -> FileLocation {
    FileLocation::Relative(Path::parse(path).unwrap())
}

async fn in_memory() -> Storage {
    let store = InMemory::new();
    for (name, bytes) in objects() {
        store.put(&Path::parse(name).unwrap(), bytes.into()).await.unwrap();
    }
    Storage::from_store(Arc::new(store), Path::from("lake/t"), "memory:///lake/t")
}

fn local_folder() -> (TempDir, Storage) {
    let folder = TempDir::with_prefix("odd %20 ü#").unwrap();
    for (name, bytes) in objects() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let url = Url::from_directory_path(folder.path().join("lake/t")).unwrap();
    let storage = Storage::open(&url, &StorageOptions::default()).unwrap();
    (folder, storage)
}

fn loopback() -> (Server, Storage) {
    let server = Server::in_memory(objects());
    let storage = Storage::open(&server.url("lake/t/"), &StorageOptions::default()).unwrap();
    (server, storage)
}

/// What every backend does.
async fn suite(storage: &Storage) {
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();

    assert_eq!(text(&storage.get(&at("alphabet")).await.unwrap().bytes), "abcdefghijklmnopqrstuvwxyz");
    assert_eq!(text(&storage.get(&at(ODD_NAME)).await.unwrap().bytes), "odd");
    assert_eq!(storage.get(&at("empty")).await.unwrap().bytes.len(), 0);
    assert!(matches!(storage.get(&at("nowhere")).await, Err(Error::HttpStatus { status: 404, .. })));
    assert!(storage.get(&at("_delta_log")).await.unwrap_err().is_missing(), "a folder is no object");
    assert!(storage.get(&at("alphabet/a")).await.unwrap_err().is_missing(), "an object is no folder");

    ranges(storage).await;
    tails(storage).await;
    probes(storage).await;
    as_object_store(storage).await;
}

async fn ranges(storage: &Storage) {
    let ranges = storage.get_ranges(&at("alphabet"), &[5..8, 0..2, 25..26, 3..3, 1..6]).await.unwrap();
    assert_eq!(ranges, ["fgh", "ab", "z", "", "bcdef"].map(Bytes::from));
    let ranges = storage.get_ranges(&at("numbers"), &[399_996..400_000, 4..8, 200_000..200_004]).await.unwrap();
    assert_eq!(ranges, [99_999_u32, 1, 50_000].map(|number| Bytes::from(number.to_be_bytes().to_vec())));
    let odd = storage.get_ranges(&at(ODD_NAME), &[1..3]).await.unwrap();
    assert_eq!(odd, [Bytes::from("dd")]);
    assert_eq!(storage.get_ranges(&at("alphabet"), &[]).await.unwrap(), Vec::<Bytes>::new());
    for range in [20..27, 26..27, 100..200] {
        let error = storage.get_ranges(&at("alphabet"), std::slice::from_ref(&range)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::CorruptTable, "{range:?}: {error}");
        assert!(error.to_string().contains("alphabet"), "{error}");
    }
    let error = storage.get_ranges(&at("alphabet.2"), &[0..1 << 62, 0..u64::MAX]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::MemoryLimit, "{error}");
    let error = storage.get_ranges(&at("empty"), std::slice::from_ref(&(0..1))).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::CorruptTable, "{error}");
    let error = storage.get_ranges(&at("nowhere"), std::slice::from_ref(&(0..1))).await.unwrap_err();
    assert!(error.is_missing(), "{error}");
}

async fn tails(storage: &Storage) {
    for size in [None, Some(26)] {
        assert_eq!(storage.get_tail(&at("alphabet"), size, 3).await.unwrap(), (Bytes::from("xyz"), 26));
        let whole = Bytes::from("abcdefghijklmnopqrstuvwxyz");
        assert_eq!(storage.get_tail(&at("alphabet"), size, 26).await.unwrap(), (whole.clone(), 26));
        assert_eq!(storage.get_tail(&at("alphabet"), size, 1000).await.unwrap(), (whole, 26));
    }
    assert_eq!(storage.get_tail(&at("empty"), None, 8).await.unwrap(), (Bytes::new(), 0));
    assert_eq!(storage.get_tail(&at("empty"), Some(0), 8).await.unwrap(), (Bytes::new(), 0));
    for wrong in [25, 27, 1000] {
        let error = storage.get_tail(&at("alphabet"), Some(wrong), 8).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::CorruptTable, "{wrong}: {error}");
    }
    assert!(storage.get_tail(&at("nowhere"), None, 8).await.unwrap_err().is_missing());
}

async fn probes(storage: &Storage) {
    for path in ["alphabet", ODD_NAME] {
        assert!(matches!(storage.probe(&at(path)).await.unwrap(), Probe::Found(object) if !object.bytes.is_empty()));
        assert!(
            matches!(storage.probe_mutable(&at(path)).await.unwrap(), Probe::Found(object) if !object.bytes.is_empty())
        );
    }
    assert!(matches!(storage.probe(&at("nowhere")).await.unwrap(), Probe::Missing));
    assert!(matches!(storage.probe_mutable(&at("nowhere")).await.unwrap(), Probe::Missing));
}

/// The same through the trait that other libraries speak.
async fn as_object_store(storage: &Storage) {
    let store: &dyn ObjectStore = storage;
    let path = Path::from("alphabet");
    assert_eq!(store.head(&path).await.unwrap().size, 26);
    let whole = store.get(&path).await.unwrap();
    assert_eq!((whole.range.clone(), whole.meta.size), (0..26, 26));
    assert_eq!(whole.bytes().await.unwrap().len(), 26);
    assert_eq!(store.get_range(&path, 3..5).await.unwrap(), "de");
    assert_eq!(store.get_ranges(&path, &[3..5, 0..1]).await.unwrap(), ["de", "a"].map(Bytes::from));
    for (range, expected, start) in [
        (GetRange::Suffix(2), "yz", 24),
        (GetRange::Suffix(99), "abcdefghijklmnopqrstuvwxyz", 0),
        (GetRange::Offset(23), "xyz", 23),
        (GetRange::Bounded(24..99), "yz", 24),
    ] {
        let got = store.get_opts(&path, GetOptions::new().with_range(Some(range.clone()))).await.unwrap();
        assert_eq!((got.range.start, got.meta.size), (start, 26), "{range:?}");
        assert_eq!(got.bytes().await.unwrap(), expected, "{range:?}");
    }
    assert!(store.get_range(&path, 30..31).await.is_err());
    let missing = store.get(&Path::from("nowhere")).await.unwrap_err();
    assert!(matches!(missing, object_store::Error::NotFound { .. }), "{missing}");
    let refused = store.put(&path, "overwritten".into()).await.unwrap_err();
    assert!(matches!(refused, object_store::Error::NotSupported { .. }), "{refused}");
}

/// What backends that can list do.
async fn listing(storage: &Storage) {
    let log = Path::from("_delta_log");
    let entries = storage.list(&log, None).await.unwrap().unwrap();
    let names: Vec<_> = entries.iter().map(|entry| (entry.path.as_ref(), entry.size)).collect();
    assert_eq!(names, [("_delta_log/1.json", 3), ("_delta_log/2.json", 3)]);
    assert!(entries.iter().all(|entry| entry.last_modified.is_some()));
    let after = storage.list(&log, Some(&Path::from("_delta_log/1.json"))).await.unwrap().unwrap();
    assert_eq!(after, entries[1..]);
    assert_eq!(storage.list(&Path::from("nowhere"), None).await.unwrap(), Some(vec![]));
    let odd = storage.list(&Path::parse("year=2024/t=12%3A00").unwrap(), None).await.unwrap().unwrap();
    assert_eq!(odd[0].path.as_ref(), ODD_NAME);
    assert!(storage.get(&at("alphabet")).await.unwrap().last_modified.is_some());
}

#[tokio::test]
async fn in_memory_passes_the_suite() {
    let storage = in_memory().await;
    suite(&storage).await;
    listing(&storage).await;
}

#[tokio::test]
async fn a_local_folder_passes_the_suite() {
    let (folder, storage) = local_folder();
    suite(&storage).await;
    listing(&storage).await;
    let absolute = Url::from_file_path(folder.path().join("lake/other")).unwrap();
    let object = storage.get(&FileLocation::Absolute(absolute)).await.unwrap();
    assert_eq!(object.bytes, "outside");
}

#[tokio::test]
async fn http_passes_the_suite() {
    let (server, storage) = loopback();
    suite(&storage).await;
    assert_eq!(storage.list(&Path::from("_delta_log"), None).await.unwrap(), None);
    for request in server.requests() {
        assert_eq!(request.method, "GET");
        assert!(request.range.is_none() || request.range_bytes().is_some(), "{:?} is not explicit", request.range);
        assert!(request.path.starts_with("lake/t/"), "{}", request.path);
    }
}

#[tokio::test]
async fn http_passes_the_suite_whatever_the_host_does_with_ranges() {
    for fault in [Fault::IgnoreRange, Fault::HideContentRange] {
        let (server, storage) = loopback();
        server.fault("*", fault);
        suite(&storage).await;
    }
}

#[tokio::test]
async fn immutable_objects_are_fetched_once_and_counted() {
    let (server, storage) = loopback();
    for _ in 0..3 {
        storage.get(&at("alphabet")).await.unwrap();
    }
    storage.get_ranges(&at("alphabet"), &[0..2, 20..22]).await.unwrap();
    storage.get_tail(&at("alphabet"), None, 5).await.unwrap();
    assert_eq!(server.paths(), ["lake/t/alphabet"]);
    let metrics = storage.meter().metrics();
    assert_eq!(metrics, Metrics { requests: 1, bytes: 26, cached_bytes: 26 + 26 + 4 + 5, ..Metrics::default() });
}

#[tokio::test]
async fn misses_and_mutable_objects_are_asked_for_again() {
    let (server, storage) = loopback();
    assert!(matches!(storage.probe(&at("_delta_log/9.json")).await.unwrap(), Probe::Missing));
    server.put("lake/t/_delta_log/9.json", "nine");
    assert!(matches!(storage.probe(&at("_delta_log/9.json")).await.unwrap(), Probe::Found(_)));
    assert!(matches!(storage.probe(&at("_delta_log/9.json")).await.unwrap(), Probe::Found(_)));
    assert_eq!(server.requests().len(), 2);
    for text in ["ten", "eleven"] {
        server.put("lake/t/_last_checkpoint", text);
        let Probe::Found(object) = storage.probe_mutable(&at("_last_checkpoint")).await.unwrap() else { panic!() };
        assert_eq!(object.bytes, text);
    }
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn neighbours_share_a_request_and_strangers_go_at_once() {
    let (server, storage) = loopback();
    let server = server.with_latency(250);
    storage.get_tail(&at("numbers"), Some(400_000), 8).await.unwrap();
    server.forget().await;
    storage.get_ranges(&at("numbers"), &[0..10, 20..30, 200_000..200_010, 200_005..200_020]).await.unwrap();
    let mut ranges: Vec<_> = server.requests().iter().map(|request| request.range.clone().unwrap()).collect();
    ranges.sort();
    assert_eq!(ranges, ["bytes=0-29", "bytes=200000-200019"]);
    assert_eq!(server.round_trips(), 1);
}

#[tokio::test]
async fn no_more_requests_than_permits_are_under_way() {
    let server = Server::in_memory((0..12).map(|name| (name.to_string(), "x"))).with_latency(300);
    let options = StorageOptions { concurrency: 4, ..StorageOptions::default() };
    let storage = Storage::open(&server.url(""), &options).unwrap();
    let locations: Vec<_> = (0..12).map(|name| at(&name.to_string())).collect();
    let clone = storage.clone();
    let (some, others) = locations.split_at(6);
    let some = futures::future::join_all(some.iter().map(|location| storage.get(location)));
    let others = futures::future::join_all(others.iter().map(|location| clone.get(location)));
    futures::join!(some, others);
    assert_eq!(server.round_trips(), 3);
}

#[tokio::test]
async fn equal_requests_at_the_same_time_are_one() {
    let (server, storage) = loopback();
    let server = server.with_latency(250);
    let location = at("alphabet");
    let (first, second) = futures::join!(storage.get(&location), storage.get(&location));
    assert_eq!(first.unwrap().bytes, second.unwrap().bytes);
    let part = [1..3];
    let location = at("numbers");
    let (first, second) = futures::join!(storage.get_ranges(&location, &part), storage.get_ranges(&location, &part));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(server.requests().len(), 2);
}

/// The byte ranges that were asked for, sorted.
fn asked(server: &Server) -> Vec<std::ops::Range<u64>> {
    let mut asked: Vec<_> = server.requests().iter().map(|request| request.range_bytes().unwrap()).collect();
    asked.sort_by_key(|range| range.start);
    asked
}

/// A storage that knows of its server that it answers ranges with ranges.
async fn known(latency: u64) -> (Server, Storage) {
    let (server, storage) = loopback();
    storage.get_ranges(&at("alphabet"), &[0..1]).await.unwrap();
    server.forget().await;
    (server.with_latency(latency), storage)
}

fn numbers(range: std::ops::Range<u64>) -> Bytes {
    let all: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    Bytes::from(all[range.start as usize..range.end as usize].to_vec())
}

#[tokio::test]
async fn ranges_that_overlap_in_one_turn_are_planned_together() {
    let (server, storage) = known(50).await;
    let location = at("numbers");
    let (first, second, third) = futures::join!(
        storage.get_ranges(&location, &[100_000..300_000]),
        storage.get_ranges(&location, &[0..200_000, 250_000..400_000]),
        storage.get_ranges(&location, &[150_000..250_000]),
    );
    assert_eq!(first.unwrap(), [numbers(100_000..300_000)]);
    assert_eq!(second.unwrap(), [numbers(0..200_000), numbers(250_000..400_000)]);
    assert_eq!(third.unwrap(), [numbers(150_000..250_000)]);
    assert_eq!(asked(&server), [0..100_000, 100_000..300_000, 300_000..400_000]);
    assert_eq!(server.round_trips(), 1);
}

#[tokio::test]
async fn bytes_on_their_way_are_waited_for_and_only_the_rest_is_requested() {
    let (server, storage) = known(200).await;
    let (location, query) = (at("numbers"), Meter::default());
    let later = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        storage.with_meter(&query).get_ranges(&location, &[50_000..150_000, 300_000..300_010]).await
    };
    let (first, later) = futures::join!(storage.get_ranges(&location, &[0..100_000]), later);
    assert_eq!(first.unwrap(), [numbers(0..100_000)]);
    assert_eq!(later.unwrap(), [numbers(50_000..150_000), numbers(300_000..300_010)]);
    assert_eq!(asked(&server), [0..100_000, 100_000..150_000, 300_000..300_010]);
    let counted = query.metrics();
    assert_eq!((counted.requests, counted.bytes, counted.cached_bytes), (2, 50_010, 50_000));
}

#[tokio::test]
async fn cached_bytes_are_not_requested_again_where_they_take_longer_than_a_round_trip() {
    let server = Server::in_memory([("large", vec![7_u8; 3_000_000]), ("small", vec![7; 10])]);
    let storage = Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
    storage.get_ranges(&at("small"), &[0..1]).await.unwrap();
    let location = at("large");
    storage.get_ranges(&location, &[1_000_000..1_400_000]).await.unwrap();
    storage.get_ranges(&location, &[1_400_000..2_000_000]).await.unwrap();
    server.forget().await;
    let wanted = [500_000..2_500_000];
    assert_eq!(storage.get_ranges(&location, &wanted).await.unwrap(), [vec![7_u8; 2_000_000]]);
    assert_eq!(asked(&server), [500_000..1_000_000, 2_000_000..2_500_000]);
}

#[tokio::test]
async fn a_caller_that_is_dropped_leaves_others_their_bytes() {
    let (server, storage) = known(200).await;
    let location = at("numbers");
    let dropped = tokio::time::timeout(Duration::from_millis(50), storage.get_ranges(&location, &[0..100_000]));
    let (dropped, kept) = futures::join!(dropped, storage.get_ranges(&location, &[50_000..150_000]));
    assert!(dropped.is_err());
    assert_eq!(kept.unwrap(), [numbers(50_000..150_000)]);
    assert_eq!(asked(&server), [0..100_000, 100_000..150_000], "none was sent again");
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_ends() {
    let (server, storage) = known(100).await;
    server.fault_times("lake/t/numbers", Fault::Hang, 1);
    let location = at("numbers");
    let dropped = tokio::time::timeout(Duration::from_millis(50), storage.get_ranges(&location, &[0..10])).await;
    assert!(dropped.is_err());
    let again = tokio::time::timeout(Duration::from_secs(20), storage.get_ranges(&location, &[0..10]));
    assert_eq!(again.await.expect("waits for a request that was aborted").unwrap(), [numbers(0..10)]);
}

#[tokio::test]
async fn a_retry_is_one_for_all_and_an_error_reaches_all() {
    let (server, storage) = known(50).await;
    let location = at("numbers");
    for (fault, requests) in [(Fault::Status(503), 2), (Fault::Status(404), 1)] {
        server.forget().await;
        server.fault_times("lake/t/numbers", fault, 1);
        let start = requests * 100_000;
        let (ranges, inside) = ([start..start + 50_000], [start + 20..start + 30]);
        let (first, second) =
            futures::join!(storage.get_ranges(&location, &ranges), storage.get_ranges(&location, &inside));
        assert_eq!(server.requests().len() as u64, requests);
        match requests {
            1 => assert!(first.unwrap_err().is_missing() && second.unwrap_err().is_missing()),
            _ => assert_eq!((first.unwrap().len(), second.unwrap()), (1, vec![numbers(inside[0].clone())])),
        }
    }
    assert_eq!(storage.get_ranges(&location, &[100_000..100_010]).await.unwrap(), [numbers(100_000..100_010)]);
}

#[tokio::test]
async fn an_unknown_host_is_asked_for_one_range_first() {
    for (fault, requests) in [(Fault::IgnoreRange, 1), (Fault::HideContentRange, 3)] {
        let (server, storage) = loopback();
        server.fault("*", fault);
        let server = server.with_latency(50);
        let location = at("numbers");
        let (first, second) = futures::join!(
            storage.get_ranges(&location, &[0..100, 200_000..200_100]),
            storage.get_ranges(&location, &[300_000..300_100]),
        );
        assert_eq!(first.unwrap(), [numbers(0..100), numbers(200_000..200_100)]);
        assert_eq!(second.unwrap(), [numbers(300_000..300_100)]);
        assert_eq!(server.requests().len(), requests);
    }
}

#[tokio::test]
async fn the_earlier_query_is_served_first() {
    let server = Server::in_memory((0..8).map(|name| (name.to_string(), "x"))).with_latency(50);
    let options = StorageOptions { concurrency: 1, ..StorageOptions::default() };
    let storage = Storage::open(&server.url(""), &options).unwrap();
    let (first, second) = (Meter::of_query(), Meter::of_query());
    let (first, second) = (storage.with_meter(&first), storage.with_meter(&second));
    let names: Vec<_> = (0..8).map(|name| at(&name.to_string())).collect();
    let gets = names.iter().enumerate().map(|(i, name)| [&second, &first][i % 2].get(name));
    for object in futures::future::join_all(gets).await {
        assert_eq!(object.unwrap().bytes, "x");
    }
    // The connection was idle when the later query came.
    assert_eq!(server.paths(), ["0", "1", "3", "5", "7", "2", "4", "6"]);
}

#[tokio::test]
async fn the_second_gets_its_object_when_the_first_is_dropped() {
    let (server, _) = loopback();
    let options = StorageOptions { timeout: Duration::from_secs(1), ..StorageOptions::default() };
    let storage = Storage::open(&server.url("lake/t/"), &options).unwrap();
    server.fault_times("lake/t/alphabet", Fault::Hang, 1);
    let location = at("alphabet");
    let first = tokio::time::timeout(Duration::from_millis(200), storage.get(&location));
    let second = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        storage.get(&location).await
    };
    let (first, second) = futures::join!(first, second);
    assert!(first.is_err());
    assert_eq!(second.unwrap().bytes.len(), 26);
}

#[tokio::test]
async fn meters_count_what_goes_through_their_handle() {
    let (_server, storage) = loopback();
    let query = Meter::default();
    storage.get(&at("empty")).await.unwrap();
    storage.with_meter(&query).get(&at("alphabet")).await.unwrap();
    assert_eq!(query.metrics(), Metrics { requests: 1, bytes: 26, ..Metrics::default() });
    assert_eq!(storage.meter().metrics().requests, 2);
}

#[tokio::test]
async fn a_cache_without_room_changes_nothing_but_the_requests() {
    let server = Server::in_memory(objects());
    let options = StorageOptions { cache_bytes: 0, ..StorageOptions::default() };
    let storage = Storage::open(&server.url("lake/t"), &options).unwrap();
    storage.get(&at("alphabet")).await.unwrap();
    storage.get(&at("alphabet")).await.unwrap();
    assert_eq!(server.requests().len(), 2);
    ranges(&storage).await;
    server.fault("*", Fault::IgnoreRange);
    ranges(&storage).await;
}

#[tokio::test]
async fn the_roots_query_goes_with_every_object_and_stays_at_home() {
    let (server, elsewhere) = (Server::in_memory(objects()), Server::in_memory(objects()));
    let access = AccessOptions {
        headers: BTreeMap::from([("x-token".into(), "secret".into())]),
        allowed_origins: vec![elsewhere.url("").to_string()],
        ..AccessOptions::default()
    };
    let options = StorageOptions { access, ..StorageOptions::default() };
    let storage = Storage::open(&server.url("lake/t?sig=secret"), &options).unwrap();
    assert!(!format!("{storage:?} {options:?}").contains("secret"));
    storage.get(&at("alphabet")).await.unwrap();
    storage.get(&FileLocation::Absolute(elsewhere.url("lake/other?sig=its"))).await.unwrap();
    storage.get(&FileLocation::Absolute(elsewhere.url("lake/t/alphabet"))).await.unwrap();
    let seen = |server: &Server| -> Vec<_> {
        let of = |request: &crate::loopback::Request| (request.query.clone(), request.headers.contains_key("x-token"));
        server.requests().iter().map(of).collect()
    };
    assert_eq!(seen(&server), [(Some("sig=secret".to_owned()), true)]);
    assert_eq!(seen(&elsewhere), [(Some("sig=its".to_owned()), false), (None, false)]);
}

#[tokio::test]
async fn schemes_that_cannot_be_reached_are_refused() {
    for url in ["hdfs://host/t?secret", "ftp://host/t"] {
        let error = Storage::open(&Url::parse(url).unwrap(), &StorageOptions::default()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnsupportedFeature);
        assert!(!error.to_string().contains("secret"));
    }
    let (_server, storage) = loopback();
    let local = FileLocation::Absolute(Url::parse("file:///etc/hostname").unwrap());
    assert_eq!(storage.get(&local).await.unwrap_err().code(), ErrorCode::UnsupportedFeature, "not from a remote table");
}
