//! Logs as writers, clean-ups and copies leave them: what is odd and right, and what is broken.

use crate::delta_fixture::*;
use crate::loopback::Server;
use lakeglass::formats::delta;
use lakeglass::snapshot::FileLocation;
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Error, Result, Snapshot, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde_json::{Value, json};
use std::sync::Arc;

const UUID: &str = "80a083e8-7026-4e79-81be-64bd76c43a11";

async fn listed(objects: &Objects) -> Storage {
    let store = InMemory::new();
    for (name, bytes) in objects {
        store.put(&Path::parse(name).unwrap(), bytes.clone().into()).await.unwrap();
    }
    Storage::from_store(Arc::new(store), Path::default(), "memory:///")
}

/// On a host that cannot list, and on one that can.
async fn open(objects: &Objects, version: Version) -> [Result<Snapshot>; 2] {
    let server = Server::in_memory(objects.clone());
    let storage = Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
    [delta::snapshot(&storage, version).await, delta::snapshot(&listed(objects).await, version).await]
}

fn files(snapshot: &Snapshot) -> Vec<String> {
    let name = |location: &FileLocation| match location {
        FileLocation::Relative(path) => path.to_string(),
        FileLocation::Absolute(url) => url.to_string(),
    };
    let mut names: Vec<_> = snapshot.files.iter().map(|file| name(&file.location)).collect();
    names.sort();
    names
}

async fn check(objects: &Objects, version: Version, expected: u64) {
    for snapshot in open(objects, version).await.map(Result::unwrap) {
        assert_eq!((snapshot.version, files(&snapshot)), (expected, files_at(expected)));
    }
}

async fn is_corrupt(objects: &Objects, path: &str) {
    for opened in open(objects, Version::Latest).await {
        let Err(Error::CorruptTable { path: found, .. }) = opened else { panic!("{opened:?}") };
        assert_eq!(found, path);
    }
}

fn hint(objects: &mut Objects, hint: Value) {
    objects.insert("_delta_log/_last_checkpoint".into(), hint.to_string().into_bytes());
}

fn without_commits(objects: &mut Objects, versions: std::ops::Range<u64>) {
    versions.for_each(|version| drop(objects.remove(&commit_name(version))));
}

#[tokio::test]
async fn lines_end_as_they_like() {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let variants: [fn(String) -> String; 6] = [
        |lines| lines.replace('\n', "\r\n"),
        |lines| lines.trim_end().into(),
        |lines| lines.replace('\n', "\n\n \n"),
        |lines| format!("\u{feff}{lines}"),
        |lines| format!("{lines}{{\"fromTheFuture\":{{\"path\":\"x\"}}}}\n{{\"add\":null}}\n{{}}\n"),
        |lines| lines.lines().map(|line| format!("  {line}\t\n")).collect(),
    ];
    for vary in variants {
        let mut objects = table(3);
        objects.values_mut().for_each(|bytes| *bytes = vary(text(bytes)).into_bytes());
        check(&objects, Version::Latest, 3).await;
    }
}

#[tokio::test]
async fn a_line_of_tens_of_megabytes() {
    let mut objects = table(2);
    let mut long = add("2.parquet");
    long["add"]["tags"] = json!({"note": "x".repeat(30 << 20)});
    objects.insert(commit_name(2), lines(&[commit_info(time_of(2)), long]));
    check(&objects, Version::Latest, 2).await;
}

#[tokio::test]
async fn the_same_action_twice_is_one() {
    let mut objects = table(3);
    let twice = |version: u64| vec![add(&format!("{version}.parquet")), add(&format!("{version}.parquet"))];
    let mut actions = vec![commit_info(time_of(2))];
    actions.extend(twice(2).into_iter().chain(twice(1)));
    objects.insert(commit_name(2), lines(&actions));
    objects.insert(
        commit_name(3),
        lines(&[add("3.parquet"), remove("9.parquet"), remove("9.parquet"), protocol(), protocol()]),
    );
    check(&objects, Version::Latest, 3).await;
}

#[tokio::test]
async fn what_is_no_action_is_corrupt() {
    for broken in [&b"{\"add\":{\"path\":\"\xff\xfe\",\"size\":1}}"[..], b"\xff", b"add", b"[]", b"{\"add\":7}", b" \n"]
    {
        let mut objects = table(2);
        objects.insert(commit_name(1), broken.to_vec());
        is_corrupt(&objects, &commit_name(1)).await;
    }
}

#[tokio::test]
async fn a_hint_that_lies() {
    let mut objects = table(15);
    objects.insert(checkpoint_name(10), checkpoint_at(10));
    let name = format!("{:020}.checkpoint.{UUID}.parquet", 10);
    objects.insert(format!("_delta_log/{name}"), checkpoint_at(10));
    for lie in [
        json!({"version": 10, "size": 1, "checksum": "00000000000000000000000000000000"}),
        json!({"version": 10, "size": -1, "sizeInBytes": 1, "numOfAddFiles": 99}),
        json!({"version": 10, "v2Checkpoint": {"path": name, "sizeInBytes": 100}}),
        json!({"version": 10, "v2Checkpoint": {"path": name, "sizeInBytes": 1_u64 << 40}}),
        json!({"version": 10, "v2Checkpoint": {"path": name.replace("80a", "80b"), "sizeInBytes": 100}}),
        json!({"version": 14, "size": 1}),
        json!({"version": 10, "parts": 2}),
        json!({"version": 5}),
        json!([10]),
    ] {
        hint(&mut objects, lie.clone());
        println!("{lie}");
        check(&objects, Version::Latest, 15).await;
        check(&objects, Version::Number(11), 11).await;
    }
}

#[tokio::test]
async fn a_checkpoint_without_all_of_its_parts_gives_way_to_an_older_one() {
    let part = |part: u64| format!("_delta_log/{:020}.checkpoint.{part:010}.{:010}.parquet", 120, 3);
    let mut objects = table(125);
    objects.insert(checkpoint_name(110), checkpoint_at(110));
    let all = files_at(120);
    objects.insert(part(1), checkpoint(&all[..40], &[], true));
    objects.insert(part(2), checkpoint(&all[40..80], &[], false));
    objects.insert(part(3), checkpoint(&all[80..], &[], false));
    hint(&mut objects, json!({"version": 120, "size": 123, "parts": 3}));
    without_commits(&mut objects, 0..111);
    check(&objects, Version::Latest, 125).await;
    for missing in 1..=3 {
        let mut objects = objects.clone();
        objects.remove(&part(missing));
        check(&objects, Version::Latest, 125).await;
        check(&objects, Version::Number(121), 121).await;
    }
}

#[tokio::test]
async fn v2_checkpoints_by_hint_and_by_listing() {
    let all = files_at(10);
    let sidecar = checkpoint(&all, &[], false);
    let sidecars = [("a.parquet".to_string(), sidecar.len() as u64)];
    let json_lines = |with_sidecar: bool| {
        let mut actions = vec![json!({"checkpointMetadata": {"version": 10}}), protocol(), metadata(json!({}))];
        match with_sidecar {
            true => actions
                .push(json!({"sidecar": {"path": "a.parquet", "sizeInBytes": sidecar.len(), "modificationTime": 1}})),
            false => actions.extend(all.iter().map(|path| add(path))),
        }
        lines(&actions)
    };
    for (extension, bytes, has_sidecar) in [
        ("json", json_lines(false), false),
        ("json", json_lines(true), true),
        ("parquet", checkpoint(&all, &[], true), false),
        ("parquet", checkpoint(&[], &sidecars, true), true),
    ] {
        let name = format!("{:020}.checkpoint.{UUID}.{extension}", 10);
        let mut objects = table(12);
        without_commits(&mut objects, 0..10);
        objects.insert(format!("_delta_log/{name}"), bytes.clone());
        if has_sidecar {
            objects.insert("_delta_log/_sidecars/a.parquet".into(), sidecar.clone());
        }
        // By its listing alone: such a name cannot be guessed.
        let snapshot = delta::snapshot(&listed(&objects).await, Version::Latest).await.unwrap();
        assert_eq!((snapshot.version, files(&snapshot)), (12, files_at(12)), "{name}");
        hint(
            &mut objects,
            json!({"version": 10, "size": 1, "v2Checkpoint": {"path": name, "sizeInBytes": bytes.len()}}),
        );
        check(&objects, Version::Latest, 12).await;
        check(&objects, Version::Number(10), 10).await;
        if has_sidecar {
            objects.remove("_delta_log/_sidecars/a.parquet");
            is_corrupt(&objects, "_delta_log/_sidecars/a.parquet").await;
        }
    }
}

#[tokio::test]
async fn a_compaction_stands_for_its_commits_and_saves_their_requests() {
    let mut objects = table(30);
    objects.insert(commit_name(12), lines(&[commit_info(time_of(12)), add("12.parquet"), remove("0.parquet")]));
    let compacted = |first: u64, last: u64| format!("_delta_log/{first:020}.{last:020}.compacted.json");
    let mut actions = vec![remove("0.parquet")];
    actions.extend((10..=25).map(|version| add(&format!("{version}.parquet"))));
    objects.insert(compacted(10, 25), lines(&actions));
    let expected: Vec<_> = files_at(30).into_iter().filter(|file| file != "0.parquet").collect();
    let storage = listed(&objects).await;
    let snapshot = delta::snapshot(&storage, Version::Latest).await.unwrap();
    assert_eq!((files(&snapshot), snapshot.timestamp.unwrap().millis), (expected.clone(), time_of(30)));
    // The hint, the listing, the compaction, ten commits before it and five behind.
    assert_eq!(storage.meter().metrics().requests, 18);
    // A version inside is made of commits, one at its end has its own commit's time.
    let inside = delta::snapshot(&storage, Version::Number(24)).await.unwrap();
    assert_eq!((inside.version, inside.files.len(), inside.timestamp.unwrap().millis), (24, 24, time_of(24)));
    let end = delta::snapshot(&storage, Version::Number(25)).await.unwrap();
    assert_eq!((end.version, end.files.len(), end.timestamp.unwrap().millis), (25, 25, time_of(25)));

    // The clean-up may have taken the commits, but not while the compaction says two things of a file.
    without_commits(&mut objects, 11..20);
    let snapshot = delta::snapshot(&listed(&objects).await, Version::Latest).await.unwrap();
    assert_eq!(files(&snapshot), expected);
    actions.push(add("0.parquet"));
    objects.insert(compacted(10, 25), lines(&actions));
    assert!(delta::snapshot(&listed(&objects).await, Version::Latest).await.is_err());
    objects.extend(table(30).into_iter().filter(|(name, _)| *name != commit_name(12)));
    objects.insert(commit_name(12), lines(&[commit_info(time_of(12)), add("12.parquet"), remove("0.parquet")]));
    for snapshot in open(&objects, Version::Latest).await.map(Result::unwrap) {
        assert_eq!(files(&snapshot), expected);
    }
}
