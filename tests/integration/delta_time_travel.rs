//! Versions by time: exact bounds, in-commit timestamps before and after they were switched on.

use crate::delta_fixture::*;
use crate::loopback::Server;
use lakeglass::formats::delta;
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Error, Version};
use serde_json::json;

/// Ten years.
const LATER: i64 = 315_360_000_000;

/// A table of `latest` commits. From `enabled` on they have in-commit timestamps, [`time_of`] their version; the files of those before
/// look `touched` later than that.
fn enabled_at(enabled: u64, latest: u64, touched: i64) -> Objects {
    let mut objects = table(latest);
    for version in 0..=latest {
        let mut actions = match version < enabled {
            true => vec![commit_info(time_of(version) + touched)],
            false => vec![
                json!({"commitInfo": {"timestamp": 5, "inCommitTimestamp": time_of(version), "operation": "WRITE"}}),
            ],
        };
        if version == 0 {
            actions.extend([protocol(), metadata(json!({}))]);
        }
        if version == enabled {
            actions.push(metadata(json!({"delta.enableInCommitTimestamps": "true",
                "delta.inCommitTimestampEnablementVersion": enabled.to_string(),
                "delta.inCommitTimestampEnablementTimestamp": time_of(enabled).to_string()})));
        }
        actions.push(add(&format!("{version}.parquet")));
        objects.insert(commit_name(version), lines(&actions));
    }
    objects
}

async fn at(objects: &Objects, millis: i64) -> Result<u64, Error> {
    let server = Server::in_memory(objects.clone());
    let storage = Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
    delta::snapshot(&storage, Version::Timestamp(millis)).await.map(|snapshot| snapshot.version)
}

#[tokio::test]
async fn in_commit_timestamps_count_from_their_enablement_on() {
    for (enabled, latest) in [(20, 25), (150, 300), (290, 300), (5, 300)] {
        let mut objects = enabled_at(enabled, latest, LATER);
        objects.insert(checkpoint_name(10), checkpoint_at(10));
        for version in [enabled, enabled + 1, latest - 1, latest] {
            assert_eq!(at(&objects, time_of(version)).await, Ok(version), "{enabled} of {latest}");
            assert_eq!(at(&objects, time_of(version) + 59_999).await, Ok(version), "{enabled} of {latest}");
        }
        assert_eq!(at(&objects, i64::MAX).await, Ok(latest));
        // Before the enablement only the older commits count, and by their files all of them are too new.
        let error = at(&objects, time_of(enabled) - 1).await.unwrap_err();
        assert!(matches!(error, Error::VersionNotFound { .. }), "{error}");
    }
}

#[tokio::test]
async fn older_commits_are_found_by_their_files() {
    let objects = enabled_at(150, 300, 0);
    for version in [0, 1, 77, 148, 149, 150, 151, 299, 300] {
        assert_eq!(at(&objects, time_of(version)).await, Ok(version));
        assert_eq!(at(&objects, time_of(version + 1) - 1).await, Ok(version));
    }
    assert!(matches!(at(&objects, time_of(0) - 1).await, Err(Error::VersionNotFound { .. })));
}

#[tokio::test]
async fn a_version_whose_files_were_vacuumed_says_so() {
    use futures::TryStreamExt;
    use lakeglass::scan::FooterCache;
    let mut objects = table(3);
    let larger = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace("\"size\":10", "\"size\":1000");
    objects.values_mut().for_each(|bytes| *bytes = larger(bytes).into_bytes());
    let server = Server::in_memory(objects);
    let storage = Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
    let read = async |version| {
        let table = lakeglass::Table::open_in(storage.clone(), version, &Default::default()).await.unwrap();
        table.scan(&FooterCache::default()).stream().try_collect::<Vec<_>>().await.unwrap_err()
    };
    let Error::VersionNotFound { requested, reason, .. } = read(Version::Number(2)).await else { panic!() };
    assert_eq!(requested, "2");
    assert!(reason.starts_with("its file 2.parquet is not there: VACUUM has probably deleted it"), "{reason}");
    let Error::CorruptTable { path, reason } = read(Version::Latest).await else { panic!() };
    assert_eq!(path, "3.parquet");
    assert!(reason.contains("version 3, which it is part of, is the newest"), "{reason}");
}

#[tokio::test]
async fn the_log_tells_what_vacuum_left_alone() {
    let vacuum = |version: u64, retention: i64| {
        let parameters = json!({"retentionCheckEnabled": "true", "specifiedRetentionMillis": retention.to_string()});
        let info = json!({"commitInfo": {"timestamp": time_of(version), "operation": "VACUUM START",
            "operationParameters": parameters}});
        lines(&[info])
    };
    let versions = async |objects: &Objects| {
        let server = Server::in_memory(objects.clone());
        let storage = Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
        let range = delta::versions(&storage).await.unwrap();
        (range.earliest(), range.latest(), range.intact)
    };
    let mut objects = table(60);
    assert_eq!(versions(&objects).await, (0, 60, None));
    // Ten minutes, which is ten versions.
    objects.insert(commit_name(58), vacuum(58, 600_000));
    assert_eq!(versions(&objects).await, (0, 60, Some(48)));
    objects.insert(commit_name(58), vacuum(58, 0));
    assert_eq!(versions(&objects).await, (0, 60, Some(58)));
    objects.insert(commit_name(58), vacuum(58, i64::MAX));
    assert_eq!(versions(&objects).await, (0, 60, None));
}
