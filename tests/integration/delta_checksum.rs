//! `V.crc`: compared with the log on request, never needed, and one request for a version's definition.

use crate::delta_fixture::*;
use crate::loopback::Server;
use lakeglass::formats::delta;
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Error, Result, Table, Version};
use serde_json::{Value, json};
use std::path::PathBuf;

fn crc_name(version: u64) -> String {
    format!("_delta_log/{version:020}.crc")
}

/// What the writer of [`table`] would note of `version`.
fn crc(version: u64) -> Value {
    let files = version + 1;
    json!({"txnId": "t", "tableSizeBytes": files * 10, "numFiles": files, "numMetadata": 1, "numProtocol": 1,
        "setTransactions": [{"appId": "a", "version": 7, "lastUpdated": 3}], "domainMetadata": [],
        "metadata": metadata(json!({}))["metaData"], "protocol": protocol()["protocol"],
        "numDeletedRecordsOpt": 0, "numDeletionVectorsOpt": 0, "allFiles": [],
        "fileSizeHistogram": {"sortedBinBoundaries": [0], "fileCounts": [files], "totalBytes": [files * 10]}})
}

fn objects() -> Objects {
    let mut objects = table(12);
    let txn = |version: i64| json!({"txn": {"appId": "a", "version": version, "lastUpdated": version}});
    for (version, at) in [(3_u64, 6), (4, 7)] {
        objects.get_mut(&commit_name(version)).unwrap().extend(lines(&[txn(at)]));
    }
    objects.insert(crc_name(9), crc(9).to_string().into_bytes());
    objects
}

async fn verify(objects: Objects, version: u64) -> Result<Option<lakeglass::snapshot::Verified>> {
    let server = Server::in_memory(objects);
    let storage = Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
    let table = Table::open_in(storage, Version::Number(version), &Default::default()).await?;
    table.verify().await
}

#[tokio::test]
async fn what_agrees_is_told() {
    let verified = verify(objects(), 9).await.unwrap().unwrap();
    assert_eq!(verified.path, crc_name(9));
    let fields = "numFiles tableSizeBytes numMetadata numProtocol numDeletionVectorsOpt numDeletedRecordsOpt protocol metadata \
                  setTransactions";
    assert_eq!(verified.fields.join(" "), fields);
    assert_eq!(verify(objects(), 8).await.unwrap(), None);
}

#[tokio::test]
async fn what_differs_is_corrupt_when_it_is_asked() {
    let other_schema = schema_string().replace("long", "integer");
    for (pointer, value, reason) in [
        ("/numFiles", json!(11), "numFiles is 11, the log comes to 10"),
        ("/tableSizeBytes", json!(99), "tableSizeBytes is 99, the log comes to 100"),
        ("/numMetadata", json!(2), "numMetadata is 2, the log comes to 1"),
        ("/numDeletedRecordsOpt", json!(1), "numDeletedRecordsOpt is 1, the log comes to 0"),
        ("/protocol/minWriterVersion", json!(3), "its protocol differs from the log's"),
        ("/metadata/schemaString", json!(other_schema), "its metadata differs from the log's"),
        ("/metadata/configuration", json!({"a": "b"}), "its metadata differs from the log's"),
        ("/setTransactions/0/version", json!(6), "its setTransactions differs from the log's"),
        ("/setTransactions", json!([]), "its setTransactions differs from the log's"),
        ("/protocol", Value::Null, "it lacks metadata or protocol"),
        ("/numFiles", json!("x"), "invalid type: string \"x\", expected u64"),
    ] {
        let mut noted = crc(9);
        *noted.pointer_mut(pointer).unwrap() = value;
        let mut objects = objects();
        objects.insert(crc_name(9), noted.to_string().into_bytes());
        let Err(Error::CorruptTable { path, reason: found }) = verify(objects, 9).await else { panic!("{pointer}") };
        assert_eq!(path, crc_name(9));
        assert!(found.starts_with(reason), "{found} should be {reason}");
    }
}

/// Whoever does not ask does not see it.
#[tokio::test]
async fn a_damaged_one_does_not_matter() {
    for damaged in ["", "{", "[]", "<html>"] {
        let mut objects = objects();
        objects.insert(crc_name(9), damaged.as_bytes().to_vec());
        let server = Server::in_memory(objects);
        let storage = Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
        assert_eq!(delta::snapshot(&storage, Version::Number(9)).await.unwrap().files.len(), 10);
        let definition = delta::definition(&storage, 9).await.unwrap();
        assert_eq!(definition.schema.logical.fields().len(), 2);
        assert!(!server.paths().is_empty());
    }
}

#[tokio::test]
async fn a_definition_takes_one_request_and_no_longer_without() {
    let server = Server::in_memory(objects()).with_latency(100);
    let storage = || Storage::open(&server.url(""), &StorageOptions::default()).unwrap();
    let definition = delta::definition(&storage(), 9).await.unwrap();
    assert_eq!((definition.partition_columns.as_slice(), definition.metadata.id.as_str()), (&[1][..], "t"));
    assert_eq!((server.round_trips(), server.paths().len()), (1, 2), "{:?}", server.paths());
    server.forget().await;
    delta::snapshot(&storage(), Version::Number(5)).await.unwrap();
    let plain = server.round_trips();
    server.forget().await;
    delta::definition(&storage(), 5).await.unwrap();
    assert!(server.round_trips() <= plain, "{:?}", server.paths());
}

/// Checksum files of Spark's writer agree with what its logs come to.
#[tokio::test]
async fn checksums_of_other_writers_agree() {
    let conformance = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/delta");
    let Ok(sources) = std::fs::read_dir(conformance) else { return };
    let mut verified = 0;
    let tables = sources.flatten().filter_map(|source| std::fs::read_dir(source.path()).ok()).flatten();
    for folder in tables.map(|table| table.unwrap().path()) {
        let folder = if folder.join("delta").is_dir() { folder.join("delta") } else { folder };
        let Ok(log) = std::fs::read_dir(folder.join("_delta_log")) else { continue };
        for entry in log.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
            let Some(version) = entry.strip_suffix(".crc").and_then(|version| version.parse().ok()) else { continue };
            let url = folder.to_str().unwrap().parse().unwrap();
            let table = Table::open(&url, Version::Number(version), &StorageOptions::default()).await;
            let found = table.unwrap().verify().await.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            verified += usize::from(found.is_some());
        }
    }
    assert!(verified >= 10, "{verified}");
}
