//! Opening Delta tables: whole logs, over an in-memory store and over the tables of other engines.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, Scalar};
use arrow::compute::kernels::cmp::{gt, lt};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, TimeUnit};
use lakeglass::formats::delta;
use lakeglass::snapshot::{ColumnStatistics, FileLocation};
use lakeglass::storage::Storage;
use lakeglass::{Error, Result, Snapshot, Version};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
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
                    let protocol =
                        (snapshot.format.number("minReaderVersion"), snapshot.format.number("minWriterVersion"));
                    let got = (snapshot.version, properties, protocol.0.unwrap(), protocol.1.unwrap());
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

/// The tables of delta-kernel-rs.
#[tokio::test]
async fn kernel_tables_open() {
    let Some(conformance) = conformance() else { return };
    let mut failures = Vec::new();
    for table in folders(&conformance.join("kernel")) {
        let name = table.file_name().unwrap().to_str().unwrap().to_string();
        let inner = table.join("delta");
        let folder = if inner.is_dir() { inner } else { table };
        match open(&folder, Version::Latest).await {
            Ok(snapshot) => {
                println!("{name}: version {}, {} files", snapshot.version, snapshot.files.len());
            }
            other => failures.push(format!("{name}: {:?}", other.map(|snapshot| snapshot.version))),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn read(path: &std::path::Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn rows_of(folder: &std::path::Path) -> Option<usize> {
    let files = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path());
    Some(files.filter(|path| path.extension().is_some_and(|e| e == "parquet")).map(|path| read(&path).num_rows()).sum())
}

/// Live rows, by the footers of the data files and the deletion vectors' cardinalities.
fn live_rows(snapshot: &Snapshot, folder: &std::path::Path) -> usize {
    let rows = |file: &lakeglass::snapshot::DataFile| {
        let FileLocation::Relative(path) = &file.location else { panic!("{:?}", file.location) };
        let path = folder.join(path.as_ref());
        assert_eq!(fs::metadata(&path).unwrap().len(), file.size, "{}", path.display());
        let deleted = file.deletes.as_ref().map_or(0, |deletes| deletes.cardinality());
        read(&path).num_rows() - deleted as usize
    };
    snapshot.files.iter().map(rows).sum()
}

#[tokio::test]
async fn the_live_files_hold_the_expected_rows() {
    let Some(conformance) = conformance() else { return };
    let mut checked = 0;
    for table in folders(&conformance.join("dat")) {
        for expected in folders(&table.join("expected")) {
            let text = fs::read(expected.join("table_version_metadata.json")).unwrap();
            let version = serde_json::from_slice::<serde_json::Value>(&text).unwrap()["version"].as_u64().unwrap();
            let folder = table.join("delta");
            let snapshot = open(&folder, Version::Number(version)).await.unwrap();
            let rows = rows_of(&expected.join("table_content")).unwrap();
            assert_eq!(live_rows(&snapshot, &folder), rows, "{} {version}", table.display());
            checked += 1;
        }
    }
    for table in folders(&conformance.join("golden")) {
        let Some(rows) = rows_of(&table.join("expected")) else { continue };
        let folder = table.join("delta");
        let snapshot = open(&folder, Version::Latest).await.unwrap();
        assert_eq!(live_rows(&snapshot, &folder), rows, "{}", table.display());
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Timestamp(_, _) => cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None)).unwrap(),
        _ => array.clone(),
    }
}

/// How many bounds of the container at `at` were checked against the values they bound.
fn check_bounds(statistics: &ColumnStatistics, at: usize, values: &ArrayRef, name: &str) -> usize {
    let target = statistics.min.data_type();
    let values = match target {
        DataType::Timestamp(_, _) => plain(values),
        _ => cast(values, target).unwrap(),
    };
    if statistics.null_count.is_valid(at) {
        assert_eq!(statistics.null_count.value(at) as usize, values.null_count(), "{name}");
    }
    let outside = |bound: &ArrayRef, is_min: bool| {
        let bound = plain(&bound.slice(at, 1));
        if bound.is_null(0) {
            return 0;
        }
        let bound = Scalar::new(bound);
        let outside = if is_min { lt(&values, &bound) } else { gt(&values, &bound) };
        assert_eq!(outside.unwrap().true_count(), 0, "{name}");
        1
    };
    outside(&statistics.min, true) + outside(&statistics.max, false)
}

/// How many bounds of the snapshot's statistics were checked against the values in its files.
fn check_statistics(snapshot: &Snapshot, folder: &std::path::Path) -> usize {
    let files: Vec<usize> = (0..snapshot.files.len()).collect();
    let columns: Vec<usize> = (0..snapshot.schema.logical.fields().len()).collect();
    let statistics = delta::statistics::decode(snapshot, &files, &columns).unwrap();
    let mut checked = 0;
    for (at, file) in snapshot.files.iter().enumerate() {
        let FileLocation::Relative(path) = &file.location else { continue };
        let path = folder.join(path.as_ref());
        if !path.exists() {
            continue;
        }
        let batch = read(&path);
        if statistics.row_count.is_valid(at) {
            assert_eq!(statistics.row_count.value(at) as usize, batch.num_rows(), "{}", path.display());
        }
        for (column, found) in &statistics.columns {
            let physical = snapshot.schema.physical.field(*column).name();
            let name = format!("{} {physical}", path.display());
            match batch.column_by_name(physical) {
                Some(values) if !snapshot.partition_columns.contains(column) => {
                    checked += check_bounds(found, at, values, &name);
                }
                _ => {}
            }
        }
    }
    checked
}

#[tokio::test]
async fn statistics_hold_for_the_values() {
    let Some(conformance) = conformance() else { return };
    let mut checked = 0;
    let tables = ["dat", "golden", "kernel"].map(|source| folders(&conformance.join(source))).concat();
    for table in tables {
        let inner = table.join("delta");
        let folder = if inner.is_dir() { inner } else { table };
        let Ok(snapshot) = open(&folder, Version::Latest).await else { continue };
        checked += check_statistics(&snapshot, &folder);
    }
    assert!(checked > 300, "{checked}");
}

#[tokio::test]
async fn every_version_of_the_fixtures() {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut checked = 0;
    for fixture in folders(&fixtures).into_iter().filter(|fixture| fixture.join("expected.json").exists()) {
        let text = fs::read(fixture.join("expected.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for (version, expected) in expected["versions"].as_object().unwrap() {
            let folder = fixture.join("table");
            let snapshot = open(&folder, Version::Number(version.parse().unwrap())).await.unwrap();
            let rows = expected["rowCount"].as_u64().unwrap();
            assert_eq!(live_rows(&snapshot, &folder) as u64, rows, "{} {version}", fixture.display());
            assert!(snapshot.row_count().is_none_or(|count| count == rows));
            checked += check_statistics(&snapshot, &folder);
        }
    }
    assert!(checked > 300, "{checked}");
}

#[tokio::test]
async fn partition_values_are_typed() {
    let Some(conformance) = conformance() else { return };
    let folder = conformance.join("golden/data-reader-partition-values/delta");
    let snapshot = open(&folder, Version::Latest).await.unwrap();
    let values = &snapshot.partition_values;
    assert_eq!(values.num_rows(), 3);
    let types: Vec<_> = values.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert!(types.contains(&DataType::Date32) && types.contains(&DataType::Float64), "{types:?}");
    let nulls: Vec<_> = values.columns().iter().map(|column| column.null_count()).collect();
    assert!(nulls.iter().all(|nulls| *nulls == 1), "{nulls:?}");
    let strings = values.column_by_name("as_string").unwrap().as_string::<i32>();
    assert!(strings.iter().flatten().any(|text| text == "0") && strings.iter().flatten().any(|text| text == "1"));
}

#[tokio::test]
async fn a_log_compaction_stands_for_its_commits() {
    let Some(conformance) = conformance() else { return };
    let table = conformance.join("kernel/compacted-log-files-table");
    let folder = if table.join("delta").is_dir() { table.join("delta") } else { table };
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("_delta_log")).unwrap();
    let mut compactions = 0;
    for entry in fs::read_dir(folder.join("_delta_log")).unwrap().map(Result::unwrap) {
        match entry.file_name().to_str().unwrap() {
            name if name.contains("compacted") => compactions += 1,
            name => drop(fs::copy(entry.path(), copy.path().join("_delta_log").join(name)).unwrap()),
        }
    }
    assert!(compactions > 0);
    let names = |snapshot: &Snapshot| {
        let mut names: Vec<_> =
            snapshot.files.iter().map(|file| format!("{:?} {}", file.location, file.size)).collect();
        names.sort();
        (snapshot.version, names)
    };
    for version in [Version::Latest, Version::Number(10), Version::Number(17)] {
        let with = open(&folder, version).await.unwrap();
        let without = open(copy.path(), version).await.unwrap();
        assert_eq!(names(&with), names(&without));
    }
}
