//! Tables and files by their URL inside a statement.

use crate::loopback::{Fault, Server};
use crate::scan_fixture::parquet;
use crate::sql_fixture::{error, folder, rows, run, session};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use lakeglass::storage::{AccessOptions, StorageOptions};
use lakeglass::{Table, Version};
use parquet::file::properties::WriterProperties;
use serde_json::json;
use std::fs;
use std::sync::Arc;

fn batch(ids: std::ops::Range<i64>) -> RecordBatch {
    let names = StringArray::from_iter_values(ids.clone().map(|id| format!("n{id}")));
    let times = TimestampMillisecondArray::from_iter_values(ids.clone().map(|id| id * 1_000));
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    RecordBatch::try_from_iter([("id", ids), ("Name", Arc::new(names) as _), ("at", Arc::new(times) as _)]).unwrap()
}

fn file(ids: std::ops::Range<i64>) -> Vec<u8> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(500)).build();
    parquet(&batch(ids), properties)
}

#[tokio::test]
async fn a_delta_table_that_is_not_registered() {
    let server = Server::start(folder("www/demo"));
    let session = session(&[]).await;
    let url = server.url("weather");
    assert_eq!(
        rows(&session, &format!("SELECT count(*), max(temperature) FROM delta_scan('{url}')")).await,
        ["4|14.0"]
    );
    let changed = format!(
        "SELECT a.temperature, b.temperature FROM delta_scan('{url}', version => 1) a JOIN delta_scan('{url}', version := 2) b \
         USING (time) WHERE a.temperature <> b.temperature ORDER BY 1"
    );
    assert_eq!(rows(&session, &changed).await, ["11.0|12.0", "12.0|13.0"]);
    let local = folder("www/demo/weather");
    let local = format!("SELECT count(*) FROM delta_scan('{}', timestamp => '2100-01-01')", local.display());
    assert_eq!(rows(&session, &local).await, ["4"]);
    let metadata = format!("SELECT DISTINCT _metadata.file_size > 0 FROM delta_scan('{url}')");
    assert_eq!(rows(&session, &metadata).await, ["true"]);
    let gone = error(&session, &format!("SELECT * FROM delta_scan('{}?sig=secret')", server.url("nothing"))).await;
    assert_eq!(gone.code().as_str(), "table_not_found");
    assert!(!gone.to_string().contains("secret"), "{gone}");
    for sql in ["delta_scan()", "delta_scan(weather)", "delta_scan('x', 2)", "delta_scan('x', version => 'y')"] {
        assert_eq!(error(&session, &format!("SELECT * FROM {sql}")).await.code().as_str(), "invalid_sql", "{sql}");
    }
}

#[tokio::test]
async fn parquet_files_over_http() {
    let server = Server::in_memory([
        ("a/one.parquet", file(0..1000)),
        ("a/two.parquet", file(1000..2000)),
        ("x.txt", b"text".to_vec()),
    ]);
    let session = session(&[]).await;
    let one = server.url("a/one.parquet");
    let two = server.url("a/two.parquet");
    assert_eq!(
        rows(&session, &format!("SELECT count(*), sum(id), max(at) FROM '{one}'")).await,
        ["1000|499500|1970-01-01T00:16:39"]
    );
    assert_eq!(rows(&session, &format!("SELECT one.NAME FROM '{one}?sig=secret' WHERE id = 7")).await, ["n7"]);
    let both = format!("SELECT count(*), max(id) FROM read_parquet(['{one}', '{two}'])");
    assert_eq!(rows(&session, &both).await, ["2000|1999"]);
    let joined = format!("SELECT count(*) FROM '{one}' a JOIN '{one}?v=2' b USING (id)");
    assert_eq!(rows(&session, &joined).await, ["1000"]);
    let (counted, _) = run(&session, &format!("SELECT count(*) FROM '{two}'")).await.unwrap();
    assert!(counted.meter.metrics().requests <= 2, "{:?}", counted.meter);
    let plan = rows(&session, &format!("EXPLAIN SELECT id FROM '{one}?sig=secret' WHERE id > 900")).await.join("\n");
    assert!(plan.contains("one.parquet") && !plan.contains("secret"), "{plan}");
    // A file that was overwritten is read anew.
    server.put("a/one.parquet", file(5000..5003));
    assert_eq!(rows(&session, &format!("SELECT min(id), count(*) FROM '{one}'")).await, ["5000|3"]);
    for (sql, code) in [
        (format!("SELECT * FROM '{}?sig=secret'", server.url("gone.parquet")), "http_status"),
        (format!("SELECT * FROM read_parquet('{}?sig=secret')", server.url("x.txt")), "corrupt_table"),
        (format!("SELECT * FROM read_parquet('{}')", server.url("a/*.parquet")), "unsupported_feature"),
        (format!("SELECT * FROM '{}?sig=secret'", server.url("a")), "invalid_sql"),
        (format!("SELECT * FROM '{one}' VERSION AS OF 1"), "unsupported_feature"),
        ("SELECT * FROM read_parquet([])".into(), "invalid_sql"),
        ("SELECT * FROM read_parquet('s3://b/x.parquet')".into(), "unsupported_feature"),
    ] {
        let error = error(&session, &sql).await;
        assert_eq!(error.code().as_str(), code, "{sql}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn parquet_files_of_a_folder() {
    let home = tempfile::tempdir().unwrap();
    for (name, ids) in [("p-2.parquet", 10..20), ("p-1.parquet", 0..10), ("q.parquet", 0..5)] {
        fs::write(home.path().join(name), file(ids)).unwrap();
    }
    fs::write(home.path().join("p-1.parquet.crc"), b"x").unwrap();
    let session = session(&[]).await;
    let at = |name: &str| home.path().join(name).display().to_string();
    assert_eq!(rows(&session, &format!("SELECT count(*) FROM read_parquet('{}')", at("p-*.parquet"))).await, ["20"]);
    assert_eq!(rows(&session, &format!("SELECT sum(id) FROM '{}'", at("*.parquet"))).await, ["200"]);
    assert_eq!(rows(&session, &format!("SELECT id FROM '{}' WHERE id = 3", at("q.parquet"))).await, ["3"]);
    assert_eq!(error(&session, &format!("SELECT * FROM '{}'", at("z*.parquet"))).await.code().as_str(), "invalid_sql");
    let other = RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap();
    fs::write(home.path().join("p-3.parquet"), parquet(&other, WriterProperties::default())).unwrap();
    let differ = error(&session, &format!("SELECT count(*) FROM '{}'", at("p-*.parquet"))).await;
    assert!(differ.code().as_str() == "invalid_sql" && differ.to_string().contains("Name"), "{differ}");
}

#[tokio::test]
async fn a_parquet_file_that_is_gone_is_not_explained_by_a_log() {
    let server = Server::in_memory([("a.parquet", file(0..20_000))]);
    let url = server.url("a.parquet").to_string().parse().unwrap();
    let table = Table::open(&url, Version::Latest, &StorageOptions::default()).await.unwrap();
    let session = session(&[]).await;
    session.register("t", table).unwrap();
    server.forget().await;
    server.fault("*", Fault::Status(404));
    let error = error(&session, "SELECT * FROM t").await;
    assert!(!error.to_string().contains("log"), "{error}");
    assert!(server.paths().iter().all(|path| path == "a.parquet"), "{:?}", server.paths());
}

/// A Delta table of one file.
fn delta(ids: std::ops::Range<i64>) -> Vec<(String, Vec<u8>)> {
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    let bytes = parquet(&RecordBatch::try_from_iter([("id", ids)]).unwrap(), properties);
    let schema = r#"{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{}}]}"#;
    let log = [
        json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}),
        json!({"metaData": {"id": "t", "format": {"provider": "parquet", "options": {}}, "schemaString": schema,
            "partitionColumns": [], "configuration": {}}}),
        json!({"add": {"path": "a.parquet", "partitionValues": {}, "size": bytes.len(), "modificationTime": 1,
            "dataChange": true}}),
    ];
    let log: String = log.iter().map(|action| format!("{action}\n")).collect();
    vec![("b/t/a.parquet".into(), bytes.to_vec()), (format!("b/t/_delta_log/{:020}.json", 0), log.into_bytes())]
}

#[tokio::test]
async fn two_endpoints_under_one_path_have_footers_of_their_own() {
    let (low, high) = (delta(0..100), delta(100..200));
    assert_eq!(low[0].1.len(), high[0].1.len(), "the size does not tell them apart");
    let session = session(&[]).await;
    let mut servers = Vec::new();
    for (name, objects) in [("low", low), ("high", high)] {
        let server = Server::in_memory(objects);
        let access = AccessOptions { endpoint: Some(server.url("")), ..AccessOptions::default() };
        let options = StorageOptions { access, ..StorageOptions::default() };
        let url = "s3://b/t".parse().unwrap();
        session.register(name, Table::open(&url, Version::Latest, &options).await.unwrap()).unwrap();
        servers.push(server);
    }
    for (name, expected) in [("low", "0"), ("high", "50")] {
        assert_eq!(rows(&session, &format!("SELECT count(*) FROM {name} WHERE id >= 150")).await, [expected]);
    }
}
