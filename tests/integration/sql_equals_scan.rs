//! SQL and the scan without it return the same rows and types, for every fixture.

use crate::sql_fixture::{folder, run, table, text};
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt;
use lakeglass::scan::nullable;
use lakeglass::scan::{FooterCache, preview};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::{Table, Version};

fn types(schema: &SchemaRef) -> Vec<(String, String)> {
    nullable(schema).fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
}

async fn compare(name: &str, table: Table) {
    let (schema, batches) = preview(table.scan(&FooterCache::default()), None, usize::MAX).unwrap();
    let batches: Vec<_> = batches.try_collect().await.unwrap();
    let mut expected: Vec<String> = batches.iter().flat_map(text).collect();
    let session = Session::new(SessionOptions { batch_size: 100, ..SessionOptions::default() }).unwrap();
    session.register("t", table).unwrap();
    let (result, batches) = run(&session, "SELECT * FROM T").await.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(types(&result.schema), types(&schema), "{name}");
    let mut found: Vec<String> = batches.iter().flat_map(text).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{name}");
    let (_, counts) = run(&session, "SELECT count(*) FROM t").await.unwrap();
    assert_eq!(counts.iter().flat_map(text).collect::<Vec<_>>(), [expected.len().to_string()], "{name}");
    // Not answered from the log.
    let (_, counts) = run(&session, "SELECT count(*) FROM t WHERE random() >= 0").await.unwrap();
    assert_eq!(counts.iter().flat_map(text).collect::<Vec<_>>(), [expected.len().to_string()], "{name}");
}

#[tokio::test]
async fn every_fixture() {
    let mut compared = 0;
    for entry in std::fs::read_dir(folder("tests/fixtures")).unwrap() {
        let path = entry.unwrap().path().join("table");
        if path.is_dir() {
            let name = path.to_str().unwrap().to_string();
            let newest = table(&name, Version::Latest).await;
            for version in [newest.snapshot().version / 2, newest.snapshot().version] {
                compare(&format!("{name} at {version}"), table(&name, Version::Number(version)).await).await;
            }
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared}");
}

#[tokio::test]
async fn every_table_of_other_engines() {
    let shared = folder("../shared/conformance/delta/dat");
    let Ok(entries) = std::fs::read_dir(&shared) else { return };
    for entry in entries {
        let path = entry.unwrap().path().join("delta");
        if path.is_dir() {
            let name = path.to_str().unwrap().to_string();
            let url: lakeglass::TableUrl = name.parse().unwrap();
            match Table::open(&url, Version::Latest, &Default::default()).await {
                Ok(table) => compare(&name, table).await,
                Err(error) => assert_eq!(error.code().as_str(), "unsupported_feature", "{name}: {error}"),
            }
        }
    }
}
