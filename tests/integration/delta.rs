//! Opening Delta tables: whole logs, over an in-memory store and over the tables of other engines.

use lakeglass::storage::Storage;
use lakeglass::{Error, Result, Snapshot, Version, delta};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

fn conformance() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/delta");
    folder.is_dir().then_some(folder)
}

fn local(folder: &std::path::Path) -> Storage {
    let store = LocalFileSystem::new_with_prefix(folder).unwrap();
    Storage::from_store(Arc::new(store), Path::default(), format!("file://{}", folder.display()))
}

async fn open(folder: &std::path::Path, version: Version) -> Result<Snapshot> {
    delta::snapshot(&local(folder), version).await
}

fn folders(of: &std::path::Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders
}

/// The version, protocol and properties that Delta Acceptance Testing expects.
#[tokio::test]
async fn every_version_of_dat_opens() {
    let Some(conformance) = conformance() else { return };
    let mut failures = Vec::new();
    for table in folders(&conformance.join("dat")) {
        for expected in folders(&table.join("expected")) {
            let name = format!("{} {}", table.display(), expected.display());
            let text = fs::read(expected.join("table_version_metadata.json")).unwrap();
            let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();
            let version = expected["version"].as_u64().unwrap();
            match open(&table.join("delta"), Version::Number(version)).await {
                Ok(snapshot) => {
                    let properties: serde_json::Map<String, serde_json::Value> =
                        snapshot.metadata.configuration.into_iter().map(|(k, v)| (k, v.into())).collect();
                    let protocol = (snapshot.protocol.min_reader_version, snapshot.protocol.min_writer_version);
                    let got = (snapshot.version, properties, u64::from(protocol.0), u64::from(protocol.1));
                    let want = (
                        version,
                        expected["properties"].as_object().unwrap().clone(),
                        expected["min_reader_version"].as_u64().unwrap(),
                        expected["min_writer_version"].as_u64().unwrap(),
                    );
                    if got != want {
                        failures.push(format!("{name}: {got:?} is not {want:?}"));
                    }
                }
                Err(error) => failures.push(format!("{name}: {error}")),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A golden table opens, unless its name says that it must not.
#[tokio::test]
async fn golden_tables_open_or_are_refused() {
    let Some(conformance) = conformance() else { return };
    let refused = [
        "deltalog-invalid-protocol-version",
        "deltalog-state-reconstruction-from-checkpoint-missing-protocol",
        "deltalog-state-reconstruction-without-metadata",
        "versions-not-contiguous",
    ];
    let mut failures = Vec::new();
    for table in folders(&conformance.join("golden")) {
        let name = table.file_name().unwrap().to_str().unwrap().to_string();
        let opened = open(&table.join("delta"), Version::Latest).await;
        match (&opened, refused.contains(&name.as_str())) {
            (Ok(_), false) | (Err(Error::CorruptTable { .. } | Error::UnsupportedFeature { .. }), true) => {}
            (Ok(snapshot), true) => failures.push(format!("{name}: opened at version {}", snapshot.version)),
            (Err(error), _) => failures.push(format!("{name}: {error}")),
        }
        if let Ok(snapshot) = opened {
            println!("{name}: version {}, {} files, {:?}", snapshot.version, snapshot.files.len(), snapshot.timestamp);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The tables of delta-kernel-rs; the one with variants is refused by name.
#[tokio::test]
async fn kernel_tables_open_or_are_refused() {
    let Some(conformance) = conformance() else { return };
    let mut failures = Vec::new();
    for table in folders(&conformance.join("kernel")) {
        let name = table.file_name().unwrap().to_str().unwrap().to_string();
        let inner = table.join("delta");
        let folder = if inner.is_dir() { inner } else { table };
        match open(&folder, Version::Latest).await {
            Err(Error::UnsupportedFeature { feature, .. }) if name == "unshredded-variant" => {
                assert!(feature.starts_with("variantType"), "{feature}");
            }
            Ok(snapshot) if name != "unshredded-variant" => {
                println!("{name}: version {}, {} files", snapshot.version, snapshot.files.len());
            }
            other => failures.push(format!("{name}: {:?}", other.map(|snapshot| snapshot.version))),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
