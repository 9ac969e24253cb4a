//! The rows that versions changed, through SQL.

use crate::delta_fixture::{commit_name, lines};
use crate::scan_fixture::parquet;
use crate::sql_fixture::{error, folder, rows, run, session, table};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::{Meter, Storage};
use lakeglass::{Table, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};
use std::sync::Arc;

const FEED: (&str, &str) = ("feed", "tests/fixtures/change_feed/table");

/// The rows of a query, sorted.
async fn sorted(session: &Session, sql: &str) -> Vec<String> {
    let mut rows = rows(session, sql).await;
    rows.sort();
    rows
}

/// What another reader says was changed.
fn expected() -> Vec<String> {
    let text = std::fs::read(folder("tests/fixtures/change_feed/changes.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[tokio::test]
async fn every_change_of_a_table_is_told() {
    let session = session(&[FEED]).await;
    let all = "SELECT _commit_version, _change_type, * EXCLUDE (_change_type, _commit_version, _commit_timestamp)
               FROM table_changes('feed', 0)";
    let mut wanted = expected();
    wanted.sort();
    assert_eq!(sorted(&session, all).await, wanted);
    // A part of the range is a part of the changes.
    let some = sorted(&session, &all.replace("0)", "2, 4) c")).await;
    // Of version 4, which has no fifth column yet.
    let of_range = wanted.iter().filter(|row| ("2".."5").contains(&&row[..1]));
    assert_eq!(some, of_range.map(|row| row.strip_suffix("|null").unwrap().to_string()).collect::<Vec<_>>());
    let deleted = "SELECT count(*) FROM table_changes(Feed, 0) WHERE _change_type = 'delete' AND part = 'cd'";
    let count = wanted.iter().filter(|row| row.contains("|delete|") && row.contains("|cd")).count();
    assert_eq!(rows(&session, deleted).await, [count.to_string()]);
    assert_eq!(rows(&session, "SELECT count(*) FROM table_changes('feed', 0)").await, [wanted.len().to_string()]);
    // OPTIMIZE changed no row.
    assert!(rows(&session, "SELECT * FROM table_changes('feed', 5, 5)").await.is_empty());
}

#[tokio::test]
async fn changes_have_the_times_of_their_commits() {
    let session = session(&[FEED]).await;
    let sql = "SELECT DISTINCT c._commit_version, c._commit_timestamp = h.timestamp
               FROM table_changes('feed', 0) c JOIN table_history('feed') h ON h.version = c._commit_version ORDER BY 1";
    assert_eq!(rows(&session, sql).await, ["0|true", "1|true", "2|true", "3|true", "4|true", "6|true", "7|true"]);
    let times = rows(&session, "SELECT timestamp FROM table_history('feed') ORDER BY version").await;
    let between = format!(
        "SELECT DISTINCT _commit_version FROM table_changes('feed', '{}', '{}') ORDER BY 1",
        times[1], times[3]
    );
    assert_eq!(rows(&session, &between).await, ["1", "2", "3"]);
    let early = format!("SELECT min(_commit_version) FROM table_changes('feed', '2001-01-01', '{}')", times[0]);
    assert_eq!(rows(&session, &early).await, ["0"]);
}

#[tokio::test]
async fn the_range_ends_at_the_version_that_is_registered() {
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("feed", table(FEED.1, Version::Number(1)).await).unwrap();
    let versions = "SELECT DISTINCT _commit_version FROM table_changes('feed', 0) ORDER BY 1";
    assert_eq!(rows(&session, versions).await, ["0", "1"]);
    // Four columns then; the fifth was added at version 6.
    let (result, _) = run(&session, "SELECT * FROM table_changes('feed', 0)").await.unwrap();
    assert_eq!(result.schema.fields().len(), 7);
    let (result, _) = run(&session, "SELECT * FROM table_changes('feed', 0, 7)").await.unwrap();
    assert_eq!(result.schema.fields().len(), 8);
    // Planning asks for the commits of the range, and for nothing else: here opening the table has read them already.
    let (result, _) = run(&session, "EXPLAIN SELECT * FROM table_changes('feed', 0)").await.unwrap();
    assert_eq!(result.meter.metrics().requests, 0);
}

#[tokio::test]
async fn ranges_that_cannot_be_told_are_refused() {
    let session = session(&[FEED, ("changes", "tests/fixtures/changes/table")]).await;
    for (sql, code, message) in [
        ("SELECT * FROM table_changes('changes', 0)", "unsupported_feature", "delta.enableChangeDataFeed is not true"),
        ("SELECT * FROM table_changes('feed', 0, 99)", "version_not_found", "the latest version is 7"),
        ("SELECT * FROM table_changes('feed', 99)", "version_not_found", "99"),
        ("SELECT * FROM table_changes('feed', 3, 2)", "version_not_found", "ends at version 2"),
        ("SELECT * FROM table_changes('nowhere', 0)", "invalid_sql", "nowhere"),
    ] {
        let error = error(&session, sql).await;
        assert_eq!(error.code().as_str(), code, "{sql}: {error}");
        assert!(error.to_string().contains(message), "{sql}: {error}");
    }
}

/// Deltalake's own answers for tables that Spark wrote.
#[tokio::test]
async fn tables_of_delta_kernel() {
    let Ok(kernel) = folder("../shared/conformance/delta/kernel").canonicalize() else { return };
    let kernel = kernel.to_str().unwrap();
    let (plain, vectors) = (format!("{kernel}/cdf-table"), format!("{kernel}/cdf-table-with-dv"));
    let mapped = format!("{kernel}/cdf-column-mapping-name-mode");
    let session = session(&[("plain", &plain), ("vectors", &vectors), ("mapped", &mapped)]).await;
    let kinds = "SELECT _commit_version, _change_type, count(*), sum(id) FROM table_changes('plain', 0) GROUP BY 1, 2";
    assert_eq!(
        sorted(&session, kinds).await,
        [
            "0|insert|10|55",
            "1|update_postimage|3|9",
            "1|update_preimage|3|9",
            "2|update_postimage|3|18",
            "2|update_preimage|3|18",
            "3|delete|1|7"
        ]
    );
    let vectors =
        "SELECT _commit_version v, _change_type, array_agg(value ORDER BY value) FROM table_changes('vectors', 0)
                   WHERE _commit_version > 0 GROUP BY 1, 2";
    assert_eq!(
        sorted(&session, vectors).await,
        [
            "1|delete|[0, 9]",
            "2|insert|[0, 9]",
            "3|delete|[0, 1, 4, 5]",
            "4|insert|[1, 4]",
            "5|delete|[3]",
            "5|insert|[0, 5]",
            "6|insert|[3]"
        ]
    );
    let renamed = "SELECT _commit_version, _change_type, id, name, value FROM table_changes('mapped', 1)";
    assert_eq!(
        sorted(&session, renamed).await,
        [
            "2|update_postimage|2|Bob|250.0",
            "2|update_preimage|2|Bob|200.0",
            "3|insert|4|David|400.0",
            "4|delete|1|Alice|100.0"
        ]
    );
    let off = error(&session, "SELECT * FROM table_changes('mapped', 0)").await;
    assert!(off.to_string().contains("at version 0 the table's property"), "{off}");
}

#[tokio::test]
async fn a_log_is_told_as_rows() {
    let session = session(&[FEED]).await;
    let operations = ["WRITE", "WRITE", "UPDATE", "DELETE", "MERGE", "OPTIMIZE", "WRITE", "WRITE"];
    let told: Vec<String> =
        (0..).zip(operations).map(|(version, operation)| format!("{version}|{operation}")).collect();
    assert_eq!(sorted(&session, "SELECT version, operation FROM table_history('feed')").await, told);
    let described = rows(&session, "DESCRIBE HISTORY feed LIMIT 2").await;
    assert!(described.len() == 2 && described[0].starts_with("7|") && described[1].starts_with("6|"), "{described:?}");
    assert_eq!(rows(&session, "SELECT * FROM table_versions('feed')").await, ["0|7|7"]);
    let files = "SELECT num_records, deleted_records, partition_values, size > 0, modification_time > '2025-01-01' FROM table_files('feed')";
    assert_eq!(rows(&session, files).await, ["1|0|{\"part\":null}|true|true"]);
    let (result, batches) = run(&session, "DESCRIBE DETAIL feed").await.unwrap();
    let detail = crate::sql_fixture::text(&batches[0]).remove(0);
    assert!(detail.starts_with("delta|") && detail.contains("|[\"part\"]|1|"), "{detail}");
    assert!(detail.contains("{\"delta.enableChangeDataFeed\":\"true\"}"), "{detail}");
    assert_eq!(result.schema.fields().len(), 16);
    for sql in ["DESCRIBE HISTORY nowhere", "DESCRIBE DETAIL nowhere", "SELECT * FROM table_files('nowhere')"] {
        assert_eq!(error(&session, sql).await.code().as_str(), "invalid_sql", "{sql}");
    }
}

fn file(ids: &[i64], kinds: Option<&str>) -> Vec<u8> {
    let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
    let mut columns = vec![("id", ids.clone())];
    if let Some(kind) = kinds {
        columns.push(("_change_type", Arc::new(StringArray::from(vec![kind; ids.len()]))));
    }
    parquet(&RecordBatch::try_from_iter(columns).unwrap(), WriterProperties::default())
}

/// A table made of commits; `files` are its data.
async fn made(commits: &[Vec<Value>], files: &[(&str, &[u8])]) -> Session {
    let store = InMemory::new();
    for (version, actions) in commits.iter().enumerate() {
        let path = Path::from(commit_name(version as u64));
        store.put(&path, lines(actions).into()).await.unwrap();
    }
    for (path, bytes) in files {
        store.put(&Path::from(*path), bytes.to_vec().into()).await.unwrap();
    }
    let storage = Storage::from_store(Arc::new(store), Path::default(), "memory://table");
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", Table::open_in(storage, Version::Latest, &Meter::default()).await.unwrap()).unwrap();
    session
}

fn protocol() -> Value {
    json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 4}})
}

fn metadata(columns: &[&str], enabled: &str) -> Value {
    let fields: Vec<_> =
        columns.iter().map(|name| json!({"name": name, "type": "long", "nullable": true, "metadata": {}})).collect();
    json!({"metaData": {"id": "t", "format": {"provider": "parquet"}, "partitionColumns": [],
        "schemaString": json!({"type": "struct", "fields": fields}).to_string(),
        "configuration": {"delta.enableChangeDataFeed": enabled}}})
}

fn action(kind: &str, path: &str, bytes: &[u8], change: bool) -> Value {
    json!({kind: {"path": path, "partitionValues": {}, "size": bytes.len(), "modificationTime": 1, "dataChange": change}})
}

#[tokio::test]
async fn recorded_changes_stand_for_the_whole_commit() {
    let (a, b, cdc) = (file(&[1, 2, 3], None), file(&[1, 3], None), file(&[2], Some("delete")));
    let commits = [
        vec![protocol(), metadata(&["id"], "true"), action("add", "a", &a, true)],
        vec![
            action("remove", "a", &a, true),
            action("add", "b", &b, true),
            action("cdc", "_change_data/c", &cdc, false),
        ],
        vec![action("remove", "b", &b, false), action("add", "a", &a, false)],
        vec![action("remove", "a", &a, true)],
    ];
    let session = made(&commits, &[("a", &a), ("b", &b), ("_change_data/c", &cdc)]).await;
    let all = "SELECT _commit_version, _change_type, id FROM table_changes('t', 0)";
    assert_eq!(
        sorted(&session, all).await,
        ["0|insert|1", "0|insert|2", "0|insert|3", "1|delete|2", "3|delete|1", "3|delete|2", "3|delete|3"]
    );
    assert_eq!(
        rows(&session, &format!("{all} WHERE _change_type = 'delete' AND id = 2 ORDER BY 1")).await,
        ["1|delete|2", "3|delete|2"]
    );
    assert_eq!(rows(&session, &format!("{all} WHERE _commit_version = 1")).await, ["1|delete|2"]);
    assert_eq!(rows(&session, &format!("{all} ORDER BY 1, 3 LIMIT 2")).await, ["0|insert|1", "0|insert|2"]);
}

#[tokio::test]
async fn what_was_lost_on_the_way_is_refused() {
    let a = file(&[1], None);
    let add = || action("add", "a", &a, true);
    for (columns, enabled, wanted) in [
        (&["id", "more"][..], "true", None),
        (&["other"], "true", Some("there is a column id, which is not there")),
        (&["id"], "false", Some("at version 1 the table's property delta.enableChangeDataFeed")),
    ] {
        let commits = [vec![protocol(), metadata(&["id"], "true"), add()], vec![metadata(columns, enabled)]];
        let session = made(&commits, &[("a", &a)]).await;
        assert_eq!(rows(&session, "SELECT id, _change_type FROM table_changes('t', 0, 0)").await, ["1|insert"]);
        let sql = "SELECT * EXCLUDE (_commit_timestamp) FROM table_changes('t', 0)";
        match wanted {
            None => assert_eq!(rows(&session, sql).await, ["1|null|insert|0"]),
            Some(message) => {
                let error = error(&session, sql).await;
                assert_eq!(error.code().as_str(), "unsupported_feature", "{error}");
                assert!(error.to_string().contains(message), "{error}");
            }
        }
    }
    let mut typed = metadata(&["id"], "true");
    typed["metaData"]["schemaString"] =
        json!(typed["metaData"]["schemaString"].as_str().unwrap().replace("long", "string"));
    let mut partitioned = metadata(&["id"], "true");
    partitioned["metaData"]["partitionColumns"] = json!(["id"]);
    for (changed, message) in [(typed, "of another type"), (partitioned, "partitioned otherwise at version 0")] {
        let session = made(&[vec![protocol(), metadata(&["id"], "true"), add()], vec![changed]], &[("a", &a)]).await;
        let error = error(&session, "SELECT * FROM table_changes('t', 0)").await;
        assert_eq!(error.code().as_str(), "unsupported_feature", "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let nameless = json!({"remove": {"path": "a", "dataChange": true}});
    let session = made(&[vec![protocol(), metadata(&["id"], "true"), add()], vec![nameless]], &[("a", &a)]).await;
    let error = error(&session, "SELECT * FROM table_changes('t', 1)").await;
    assert!(error.to_string().contains("without its size"), "{error}");
}
