//! Finding the versions of a Delta table on a host that cannot list, within few round trips, and on one that can.

use crate::delta_fixture::*;
use crate::loopback::{Fault, Server};
use lakeglass::formats::delta;
use lakeglass::snapshot::{FileLocation, TimestampSource};
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Error, ErrorCode, Result, Snapshot, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde_json::json;
use std::sync::Arc;

pub fn storage(server: &Server) -> Storage {
    Storage::open(&server.url(""), &StorageOptions::default()).unwrap()
}

async fn open(objects: &Objects, version: Version) -> Result<Snapshot> {
    delta::snapshot(&storage(&Server::in_memory(objects.clone())), version).await
}

/// The same objects behind a store that lists.
async fn open_listed(objects: &Objects, version: Version) -> Result<Snapshot> {
    delta::snapshot(&listed(objects).await, version).await
}

async fn listed(objects: &Objects) -> Storage {
    let store = InMemory::new();
    for (name, bytes) in objects {
        store.put(&Path::parse(name).unwrap(), bytes.clone().into()).await.unwrap();
    }
    Storage::from_store(Arc::new(store), Path::default(), "memory:///")
}

/// The locations of a snapshot's files, in order.
pub fn files(snapshot: &Snapshot) -> Vec<String> {
    let name = |location: &FileLocation| match location {
        FileLocation::Relative(path) => path.to_string(),
        FileLocation::Absolute(url) => url.to_string(),
    };
    let mut names: Vec<_> = snapshot.files.iter().map(|file| name(&file.location)).collect();
    names.sort();
    assert_eq!(snapshot.partition_values.num_rows(), names.len());
    names
}

async fn check(objects: &Objects, version: Version, expected: u64) {
    for opened in [open(objects, version).await, open_listed(objects, version).await] {
        let snapshot = opened.unwrap();
        assert_eq!(snapshot.version, expected);
        assert_eq!(files(&snapshot), files_at(expected));
    }
}

fn code(result: Result<Snapshot>) -> ErrorCode {
    result.unwrap_err().code()
}

#[tokio::test]
async fn every_version_of_a_table_with_a_checkpoint() {
    let mut objects = table(33);
    objects.insert(checkpoint_name(10), checkpoint_at(10));
    objects.insert(checkpoint_name(20), checkpoint_at(20));
    objects.extend([last_checkpoint(20)]);
    check(&objects, Version::Latest, 33).await;
    for version in [0, 5, 10, 11, 19, 20, 21, 33] {
        check(&objects, Version::Number(version), version).await;
    }
    for opened in [open(&objects, Version::Number(34)).await, open_listed(&objects, Version::Number(34)).await] {
        let Err(Error::VersionNotFound { requested, reason, .. }) = opened else { panic!("{opened:?}") };
        assert_eq!((requested.as_str(), reason.as_str()), ("34", "the latest version is 33"));
    }
}

#[tokio::test]
async fn a_hint_that_is_damaged_stale_or_gone() {
    let mut objects = table(15);
    objects.insert(checkpoint_name(10), checkpoint_at(10));
    for hint in ["", "{", "{\"version\":12}", "{\"version\":99}", "{\"version\":10,\"parts\":3}", "{\"version\":10}"] {
        objects.insert("_delta_log/_last_checkpoint".into(), hint.as_bytes().to_vec());
        check(&objects, Version::Latest, 15).await;
        check(&objects, Version::Number(12), 12).await;
    }
    objects.remove("_delta_log/_last_checkpoint");
    check(&objects, Version::Latest, 15).await;
}

#[tokio::test]
async fn a_log_whose_beginning_was_cleaned_up() {
    let mut objects = table(240);
    for version in [110, 150, 199, 230] {
        objects.insert(checkpoint_name(version), checkpoint_at(version));
    }
    (0..110).for_each(|version| drop(objects.remove(&commit_name(version))));
    objects.extend([last_checkpoint(230)]);
    check(&objects, Version::Latest, 240).await;
    for version in [110, 149, 155, 200, 229] {
        check(&objects, Version::Number(version), version).await;
    }
    assert_eq!(code(open(&objects, Version::Number(109)).await), ErrorCode::VersionNotFound);
    let server = Server::in_memory(objects.clone());
    let range = delta::versions(&storage(&server)).await.unwrap();
    assert_eq!((range.earliest(), range.latest()), (110, 240));
    assert_eq!(delta::versions(&listed(&objects).await).await.unwrap(), range);
    // The hint points at a checkpoint that was cleaned up with its commits.
    objects.extend([last_checkpoint(100)]);
    check(&objects, Version::Latest, 240).await;
}

#[tokio::test]
async fn checkpoints_at_an_odd_interval() {
    let mut objects = table(180);
    let configured = lines(&[commit_info(0), protocol(), metadata(json!({"delta.checkpointInterval": "33"}))]);
    objects.insert(commit_name(0), configured);
    let v2 = |version: u64| {
        let mut actions = vec![protocol(), metadata(json!({"delta.checkpointInterval": "33"}))];
        actions.extend((1..=version).map(|version| add(&format!("{version}.parquet"))));
        lines(&actions)
    };
    let name = "00000000000000000165.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json";
    objects.insert(format!("_delta_log/{name}"), v2(165));
    objects.insert(checkpoint_name(132), checkpoint(&files_at(132)[1..], &[], true));
    (0..132).for_each(|version| drop(objects.remove(&commit_name(version))));
    let hint = json!({"version": 165, "size": 1, "v2Checkpoint": {"path": name}});
    objects.insert("_delta_log/_last_checkpoint".into(), hint.to_string().into_bytes());
    for version in [132, 140, 164, 165, 180] {
        let snapshot = open(&objects, Version::Number(version)).await.unwrap();
        assert_eq!((snapshot.version, snapshot.files.len() as u64), (version, version));
    }
}

#[tokio::test]
async fn a_table_that_is_not_there() {
    let nothing = Objects::from([("index.html".to_string(), b"hello".to_vec())]);
    assert_eq!(code(open(&nothing, Version::Latest).await), ErrorCode::TableNotFound);
    assert_eq!(code(open(&nothing, Version::Number(3)).await), ErrorCode::TableNotFound);
    assert_eq!(code(open(&nothing, Version::Timestamp(3)).await), ErrorCode::TableNotFound);
    assert_eq!(code(open_listed(&nothing, Version::Latest).await), ErrorCode::TableNotFound);
    assert_eq!(code(open_listed(&nothing, Version::Timestamp(3)).await), ErrorCode::TableNotFound);
    let server = Server::in_memory(nothing);
    let missing = storage(&server);
    assert_eq!(delta::versions(&missing).await.unwrap_err().code(), ErrorCode::TableNotFound);
    assert_eq!(delta::history(&missing, None, None).await.unwrap_err().code(), ErrorCode::TableNotFound);
}

#[tokio::test]
async fn forbidden_altogether_or_only_what_is_not_there() {
    let server = Server::in_memory(table(3));
    server.fault("*", Fault::Status(403));
    assert_eq!(code(delta::snapshot(&storage(&server), Version::Latest).await), ErrorCode::PermissionDenied);
    // S3 answers 403 for what is not there, to who must not list.
    server.heal();
    server.fault("_delta_log/_last_checkpoint", Fault::Status(403));
    (4..200).for_each(|version| server.fault(&commit_name(version), Fault::Status(403)));
    let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
    assert_eq!((snapshot.version, files(&snapshot)), (3, files_at(3)));
}

#[tokio::test]
async fn a_hole_is_corrupt() {
    for hole in 1..9 {
        let mut objects = table(9);
        objects.remove(&commit_name(hole));
        for opened in [open(&objects, Version::Latest).await, open_listed(&objects, Version::Latest).await] {
            let Err(Error::CorruptTable { path, .. }) = opened else { panic!("{opened:?}") };
            assert_eq!(path, commit_name(hole));
        }
        check(&objects, Version::Number(hole - 1), hole - 1).await;
    }
}

#[tokio::test]
async fn a_broken_commit_is_named() {
    let mut objects = table(3);
    let mut cut = objects[&commit_name(2)].clone();
    cut.truncate(cut.len() - 9);
    objects.insert(commit_name(2), cut);
    let error = open(&objects, Version::Latest).await.unwrap_err();
    assert!(
        matches!(&error, Error::CorruptTable { path, reason } if *path == commit_name(2) && reason.contains("line 2"))
    );
    let mut objects = table(3);
    objects.insert(commit_name(3), Vec::new());
    assert_eq!(code(open(&objects, Version::Latest).await), ErrorCode::CorruptTable);
}

#[tokio::test]
async fn checkpoints_in_parts_and_with_sidecars() {
    let mut objects = table(12);
    let part = |part: u64| format!("_delta_log/{:020}.checkpoint.{part:010}.{:010}.parquet", 10, 2);
    let all = files_at(10);
    objects.insert(part(1), checkpoint(&all[..4], &[], true));
    objects.insert(part(2), checkpoint(&all[4..], &[], false));
    let hint = json!({"version": 10, "size": 13, "parts": 2});
    objects.insert("_delta_log/_last_checkpoint".into(), hint.to_string().into_bytes());
    check(&objects, Version::Latest, 12).await;
    objects.remove(&part(2));
    check(&objects, Version::Latest, 12).await;

    // V2: a classic name, its files in a sidecar.
    let sidecar = checkpoint(&all, &[], false);
    let sidecars = [("a%20b.parquet".to_string(), sidecar.len() as u64)];
    objects.insert("_delta_log/_sidecars/a b.parquet".into(), sidecar);
    objects.insert(checkpoint_name(10), checkpoint(&[], &sidecars, true));
    objects.extend([last_checkpoint(10)]);
    (0..=10).for_each(|version| drop(objects.remove(&commit_name(version))));
    check(&objects, Version::Latest, 12).await;
    objects.remove("_delta_log/_sidecars/a b.parquet");
    assert_eq!(code(open(&objects, Version::Latest).await), ErrorCode::CorruptTable);
    assert_eq!(code(open_listed(&objects, Version::Latest).await), ErrorCode::CorruptTable);
    objects.extend(table(12));
    check(&objects, Version::Latest, 12).await;
}

/// Ways to break a checkpoint: it does not end as one, or what is before its end is no data.
fn broken(whole: &[u8]) -> Vec<Vec<u8>> {
    let mut pages = whole.to_vec();
    pages[4..whole.len() / 4].fill(0xee);
    let cut = whole[..whole.len() - 1].to_vec();
    vec![vec![], b"PAR1".to_vec(), cut, whole[9..].to_vec(), vec![0xff; 100], pages]
}

#[tokio::test]
async fn a_broken_checkpoint_is_done_without() {
    let mut objects = table(22);
    objects.insert(checkpoint_name(10), checkpoint_at(10));
    objects.extend([last_checkpoint(20)]);
    for broken in broken(&checkpoint_at(20)) {
        objects.insert(checkpoint_name(20), broken);
        // From the commits; from the older checkpoint.
        for first in [0, 11] {
            let mut objects = objects.clone();
            (0..first).for_each(|version| drop(objects.remove(&commit_name(version))));
            for (version, expected) in [(Version::Latest, 22), (Version::Number(20), 20), (Version::Number(21), 21)] {
                for opened in [open(&objects, version).await, open_listed(&objects, version).await] {
                    let snapshot = opened.unwrap();
                    assert_eq!((snapshot.version, files(&snapshot)), (expected, files_at(expected)));
                    let Some(Error::CorruptTable { path, .. }) = &snapshot.damage else {
                        panic!("{:?}", snapshot.damage)
                    };
                    assert_eq!(*path, checkpoint_name(20));
                }
            }
            let whole = open_listed(&objects, Version::Number(19)).await.unwrap();
            assert_eq!((whole.version, whole.damage), (19, None));
            let too_new = open_listed(&objects, Version::Number(23)).await;
            assert_eq!(code(too_new), ErrorCode::VersionNotFound);
        }
    }
}

#[tokio::test]
async fn a_broken_checkpoint_that_nothing_stands_for_is_corrupt() {
    let mut objects = table(12);
    objects.extend([last_checkpoint(10)]);
    let whole = checkpoint_at(10);
    // Without it the log seems to begin with a hole, or to end before it.
    for gone in [0..11, 3..11, 8..13] {
        let mut objects = objects.clone();
        gone.for_each(|version| drop(objects.remove(&commit_name(version))));
        for broken in broken(&whole) {
            objects.insert(checkpoint_name(10), broken);
            for opened in [open(&objects, Version::Latest).await, open_listed(&objects, Version::Latest).await] {
                let Err(Error::CorruptTable { path, .. }) = opened else { panic!("{opened:?}") };
                assert_eq!(path, checkpoint_name(10));
            }
        }
    }
    // No byte of it may lead to a panic, whatever it leads to.
    (0..11).for_each(|version| drop(objects.remove(&commit_name(version))));
    for at in (0..whole.len()).step_by(7) {
        let mut broken = whole.clone();
        broken[at] ^= 0x55;
        objects.insert(checkpoint_name(10), broken);
        if let Err(error) = open_listed(&objects, Version::Latest).await {
            assert!(matches!(error, Error::CorruptTable { .. } | Error::UnsupportedFeature { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn an_unknown_feature_is_refused_by_name() {
    let mut objects = table(1);
    let protocol = json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["deletionVectors", "fromTheFuture"], "writerFeatures": ["fromTheFuture"]}});
    objects.insert(commit_name(2), lines(&[commit_info(0), protocol]));
    let opened = open(&objects, Version::Latest).await;
    assert!(matches!(opened, Err(Error::UnsupportedFeature { feature, .. }) if feature == "fromTheFuture"));
    check(&objects, Version::Number(1), 1).await;
}

#[tokio::test]
async fn ten_thousand_commits_without_a_checkpoint() {
    let latest = 10_000;
    let mut objects = table(latest);
    objects
        .insert(commit_name(latest), lines(&[commit_info(time_of(latest)), remove("5.parquet"), remove("77.parquet")]));
    let snapshot = open_listed(&objects, Version::Latest).await.unwrap();
    assert_eq!((snapshot.version, snapshot.files.len()), (latest, latest as usize - 2));
    // Over HTTP fewer: the test's server keeps a log of every request.
    let server = Server::in_memory(table(1_500));
    let options = StorageOptions { concurrency: 64, ..StorageOptions::default() };
    let storage = Storage::open(&server.url(""), &options).unwrap();
    let snapshot = delta::snapshot(&storage, Version::Latest).await.unwrap();
    assert_eq!((snapshot.version, snapshot.files.len()), (1_500, 1_501));
}

#[tokio::test]
async fn time_travel_by_time() {
    let objects = table(300);
    let server = Server::in_memory(objects.clone());
    for storage in [storage(&server), listed(&objects).await] {
        for (millis, expected) in [
            (time_of(0), 0),
            (time_of(1) - 1, 0),
            (time_of(137), 137),
            (time_of(138) - 1, 137),
            (time_of(300), 300),
            (i64::MAX, 300),
        ] {
            let snapshot = delta::snapshot(&storage, Version::Timestamp(millis)).await.unwrap();
            assert_eq!((snapshot.version, files(&snapshot)), (expected, files_at(expected)), "{millis}");
        }
        let error = delta::snapshot(&storage, Version::Timestamp(time_of(0) - 1)).await.unwrap_err();
        let Error::VersionNotFound { requested, reason, .. } = error else { panic!("{error}") };
        assert_eq!(requested, "as of 2023-11-14T22:13:19.999Z");
        assert_eq!(reason, "the oldest commit that is there, 0, is of 2023-11-14T22:13:20.000Z");
    }
}

#[tokio::test]
async fn time_travel_in_a_log_whose_beginning_was_cleaned_up() {
    let mut objects = table(300);
    objects.insert(checkpoint_name(200), checkpoint_at(200));
    (0..150).for_each(|version| drop(objects.remove(&commit_name(version))));
    objects.extend([last_checkpoint(200)]);
    let server = Server::in_memory(objects);
    let storage = storage(&server);
    for version in [200, 201, 250, 300] {
        let snapshot = delta::snapshot(&storage, Version::Timestamp(time_of(version) + 5)).await.unwrap();
        assert_eq!((snapshot.version, files(&snapshot)), (version, files_at(version)));
    }
    for version in [160, 20] {
        let opened = delta::snapshot(&storage, Version::Timestamp(time_of(version))).await;
        assert_eq!(opened.unwrap_err().code(), ErrorCode::VersionNotFound, "{version}");
    }
}

#[tokio::test]
async fn in_commit_timestamps_come_first() {
    let mut objects = table(2);
    let info = json!({"commitInfo": {"timestamp": 7, "inCommitTimestamp": time_of(50), "operation": "WRITE"}});
    objects.insert(commit_name(3), lines(&[info, add("3.parquet")]));
    let snapshot = open(&objects, Version::Latest).await.unwrap();
    let timestamp = snapshot.timestamp.unwrap();
    assert_eq!((timestamp.millis, timestamp.source), (time_of(50), TimestampSource::InCommit));
    assert_eq!(open(&objects, Version::Timestamp(time_of(49))).await.unwrap().version, 2);
    assert_eq!(open(&objects, Version::Timestamp(time_of(50))).await.unwrap().version, 3);
}

#[tokio::test]
async fn history_is_newest_first_and_ends_where_the_log_begins() {
    let mut objects = table_with_checkpoint(60, 40);
    (0..30).for_each(|version| drop(objects.remove(&commit_name(version))));
    let server = Server::in_memory(objects);
    let storage = storage(&server);
    let versions =
        |commits: &[lakeglass::snapshot::Commit]| commits.iter().map(|commit| commit.version).collect::<Vec<_>>();
    let all = delta::history(&storage, None, None).await.unwrap();
    assert_eq!(versions(&all), (30..=60).rev().collect::<Vec<_>>());
    assert_eq!((all[0].operation.as_deref(), all[0].timestamp.unwrap().millis), (Some("WRITE"), time_of(60)));
    let some = delta::history(&storage, Some(45), Some(3)).await.unwrap();
    assert_eq!(versions(&some), [45, 44, 43]);
    assert!(delta::history(&storage, Some(29), None).await.unwrap().is_empty());
    assert!(delta::history(&storage, None, Some(0)).await.unwrap().is_empty());
    let error = delta::history(&storage, Some(61), None).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::VersionNotFound);
    let range = delta::versions(&storage).await.unwrap();
    assert_eq!((range.earliest(), range.latest()), (40, 60));
}

#[tokio::test]
async fn a_failing_host_is_no_end_of_the_log() {
    let server = Server::in_memory(table(5));
    server.fault(&commit_name(6), Fault::Status(400));
    let opened = delta::snapshot(&storage(&server), Version::Latest).await;
    assert!(matches!(opened, Err(Error::HttpStatus { status: 400, .. })), "{opened:?}");
}

#[tokio::test]
async fn a_large_checkpoint_is_read_by_column() {
    let paths: Vec<String> =
        (0..120_000).map(|file| format!("p=x/part-{file:05}-{:016x}.parquet", file * 7919)).collect();
    let bytes = checkpoint(&paths, &[], true);
    let mut objects = table(10);
    objects.insert(checkpoint_name(10), bytes);
    objects.extend([last_checkpoint(10)]);
    let server = Server::in_memory(objects);
    let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
    assert_eq!((snapshot.files.len(), snapshot.partition_values.num_rows()), (120_000, 120_000));
    assert_eq!(snapshot.row_count(), Some(240_000));
}

/// Some hosts answer with nothing, and status 200, for what is not there: a log of empty commits without an end.
#[tokio::test]
async fn nothing_is_no_commit_where_everything_is_nothing() {
    for (nothing, hint) in [("", true), ("", false), ("\n", false)] {
        let mut objects = table(12);
        if hint {
            objects.insert(checkpoint_name(10), checkpoint_at(10));
            objects.extend([last_checkpoint(10)]);
        }
        let server = Server::in_memory(objects);
        server.fault("*", Fault::Missing(200, nothing));
        let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
        assert_eq!((snapshot.version, files(&snapshot)), (12, files_at(12)));
        assert!(server.requests().len() < 60, "{}", server.requests().len());

        let server = Server::in_memory(Objects::new());
        server.fault("*", Fault::Missing(200, nothing));
        let error = delta::snapshot(&storage(&server), Version::Latest).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TableNotFound, "{error}");
        assert!(server.requests().len() < 60, "{}", server.requests().len());
    }
}

/// A host that answers the same for whatever is asked ends the log, too.
#[tokio::test]
async fn one_answer_for_everything_is_no_log() {
    let server = Server::in_memory(Objects::new());
    server.fault("*", Fault::Missing(200, "{\"commitInfo\":{}}"));
    let error = delta::snapshot(&storage(&server), Version::Latest).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::CorruptTable, "{error}");
    assert!(server.requests().len() < 60, "{}", server.requests().len());
}

/// A commit of nothing in a log that goes on did nothing. The newest one may be one that is being written.
#[tokio::test]
async fn an_empty_commit_did_nothing() {
    let mut objects = table(12);
    objects.insert(commit_name(13), Vec::new());
    let server = Server::in_memory(objects.clone());
    let error = delta::snapshot(&storage(&server), Version::Latest).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::CorruptTable, "{error}");
    let later = table(14).remove(&commit_name(14)).unwrap();
    objects.insert(commit_name(14), later);
    let server = Server::in_memory(objects);
    let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
    let without: Vec<String> = files_at(14).into_iter().filter(|file| file != "13.parquet").collect();
    assert_eq!((snapshot.version, files(&snapshot)), (14, without));
}

/// Hosts of single-page applications answer with their front page for what is not there.
#[tokio::test]
async fn a_front_page_is_no_commit() {
    const PAGE: &str = "<!doctype html><title>App</title>";
    let mut objects = table(12);
    objects.insert(checkpoint_name(10), checkpoint_at(10));
    let server = Server::in_memory(objects.clone());
    let missing = (13..90).map(commit_name).chain(["_delta_log/_last_checkpoint".into()]);
    for name in missing.chain([commit_name(i64::MAX as u64)]) {
        server.fault(&name, Fault::StatusBody(200, PAGE));
    }
    let snapshot = delta::snapshot(&storage(&server), Version::Latest).await.unwrap();
    assert_eq!((snapshot.version, files(&snapshot)), (12, files_at(12)));
    let commits = delta::history(&storage(&server), None, Some(2)).await.unwrap();
    assert_eq!(commits.len(), 2);

    // Where the host does say what is not there, a page is a broken commit.
    let server = Server::in_memory(objects);
    server.fault(&commit_name(5), Fault::StatusBody(200, PAGE));
    let opened = delta::snapshot(&storage(&server), Version::Latest).await;
    assert!(matches!(opened, Err(Error::CorruptTable { path, .. }) if path == commit_name(5)));
}
