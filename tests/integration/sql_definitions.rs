//! Views and tables of a session's own.

use crate::sql_fixture::{error, rows, run, session};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::ipc::writer::{FileWriter, StreamWriter};
use lakeglass::sql::{Params, Session, SessionOptions};
use std::sync::Arc;

const WEATHER: (&str, &str) = ("weather", "www/demo/weather");

#[tokio::test]
async fn a_view_is_its_query() {
    let session = session(&[WEATHER]).await;
    assert_eq!(
        rows(&session, "CREATE VIEW Warm AS SELECT city, temperature AS t FROM weather WHERE temperature > 11").await,
        ["Warm|null"]
    );
    assert_eq!(rows(&session, "SELECT count(*) FROM warm").await, ["3"]);
    assert_eq!(rows(&session, "SELECT W.T FROM Warm w JOIN warm v USING (t) ORDER BY t LIMIT 1").await, ["12.0"]);
    assert_eq!(rows(&session, "CREATE VIEW hottest(degrees) AS SELECT max(t) FROM warm").await, ["hottest|null"]);
    assert_eq!(rows(&session, "SELECT degrees FROM hottest").await, ["14.0"]);
    assert_eq!(rows(&session, "WITH warm AS (SELECT 1 AS one) SELECT one FROM warm").await, ["1"]);
    assert_eq!(rows(&session, "DESCRIBE warm").await, ["city|VARCHAR|YES", "t|REAL|YES"]);
    assert_eq!(rows(&session, "SHOW TABLES LIKE 'w%'").await[0], "Warm|null|null");
    let before = "CREATE VIEW before AS SELECT * FROM weather VERSION AS OF 1";
    rows(&session, before).await;
    assert_eq!(rows(&session, "SELECT count(*) FROM before").await, ["3"]);
    assert_eq!(error(&session, before).await.code().as_str(), "invalid_sql");
    assert!(rows(&session, &before.replace("VIEW", "VIEW IF NOT EXISTS")).await.is_empty());
    rows(&session, "CREATE OR REPLACE VIEW before AS SELECT * FROM weather VERSION AS OF 0").await;
    assert_eq!(rows(&session, "SELECT count(*) FROM before").await, ["0"]);
    assert_eq!(error(&session, "SELECT * FROM before VERSION AS OF 1").await.code().as_str(), "unsupported_feature");
    assert_eq!(error(&session, "SELECT * FROM table_files('before')").await.code().as_str(), "unsupported_feature");
    rows(&session, "DROP VIEW before").await;
    assert_eq!(error(&session, "SELECT * FROM before").await.code().as_str(), "invalid_sql");
    assert!(rows(&session, "DROP VIEW IF EXISTS before").await.is_empty());
}

#[tokio::test]
async fn a_view_of_itself_or_of_what_is_not_there_is_refused() {
    let session = session(&[WEATHER]).await;
    assert_eq!(error(&session, "CREATE VIEW v AS SELECT nothing FROM weather").await.code().as_str(), "invalid_sql");
    assert_eq!(error(&session, "CREATE VIEW v(a, b) AS SELECT 1").await.code().as_str(), "invalid_sql");
    rows(&session, "CREATE VIEW v AS SELECT 1 AS a").await;
    rows(&session, "CREATE OR REPLACE VIEW v AS SELECT * FROM v").await;
    assert_eq!(error(&session, "SELECT * FROM v").await.code().as_str(), "invalid_sql");
    rows(&session, "CREATE OR REPLACE VIEW v0 AS SELECT 1 AS a").await;
    for i in 1..12 {
        let _ = run(&session, &format!("CREATE VIEW v{i} AS SELECT a.a FROM v{} a JOIN v{} b USING (a)", i - 1, i - 1))
            .await;
    }
    assert_eq!(error(&session, "SELECT * FROM v11").await.code().as_str(), "invalid_sql");
}

#[tokio::test]
async fn a_table_in_memory_keeps_its_rows() {
    let session = session(&[WEATHER]).await;
    let made = "CREATE TEMP TABLE cities AS SELECT city, count(*) AS n, list(temperature ORDER BY time) AS all FROM weather GROUP BY city";
    assert_eq!(rows(&session, made).await, ["cities|1"]);
    assert_eq!(rows(&session, "SELECT * FROM Cities").await, ["Paris|4|[10.0, 12.0, 13.0, 14.0]"]);
    assert_eq!(
        rows(&session, "SELECT w.time FROM weather w JOIN cities c ON w.city = c.city AND c.n > 3").await.len(),
        4
    );
    assert_eq!(rows(&session, "DESCRIBE cities").await[1], "n|BIGINT|NO");
    assert_eq!(
        rows(&session, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1").await,
        ["cities", "weather"]
    );
    assert_eq!(error(&session, made).await.code().as_str(), "invalid_sql");
    assert_eq!(rows(&session, &made.replace("TEMP", "OR REPLACE")).await, ["cities|1"]);
    assert_eq!(rows(&session, "CREATE TABLE none AS SELECT * FROM cities WHERE false").await, ["none|0"]);
    assert_eq!(rows(&session, "SELECT count(*) FROM none").await, ["0"]);
    assert_eq!(error(&session, "DROP VIEW cities").await.code().as_str(), "invalid_sql");
    rows(&session, "DROP TABLE cities, none").await;
    assert_eq!(rows(&session, "SHOW TABLES").await.len(), 1);
}

#[tokio::test]
async fn lakehouse_tables_are_neither_replaced_nor_dropped() {
    let session = session(&[WEATHER]).await;
    for sql in [
        "CREATE OR REPLACE TABLE Weather AS SELECT 1",
        "CREATE OR REPLACE VIEW weather AS SELECT 1",
        "DROP TABLE weather",
        "DROP TABLE IF EXISTS weather",
        "INSERT INTO weather VALUES (1)",
    ] {
        assert_eq!(error(&session, sql).await.code().as_str(), "unsupported_feature", "{sql}");
    }
    assert_eq!(rows(&session, "SELECT count(*) FROM weather").await, ["4"]);
}

#[tokio::test]
async fn tables_in_memory_count_against_the_limit() {
    let session = Session::new(SessionOptions { memory_limit: Some(4 << 20), ..SessionOptions::default() }).unwrap();
    let made = |name: &str, rows: usize| format!("CREATE TABLE {name} AS SELECT value FROM range({rows})");
    for _ in 0..10 {
        rows(&session, &made("a", 300_000)).await;
        let error = error(&session, &made("b", 300_000)).await;
        assert_eq!(error.code().as_str(), "memory_limit");
        assert!(error.to_string().contains("table b") || error.to_string().contains("table a"), "{error}");
        assert_eq!(rows(&session, "SELECT count(*), max(value) FROM a").await, ["300000|299999"]);
        rows(&session, "DROP TABLE a").await;
    }
    rows(&session, &made("b", 300_000)).await;
}

#[tokio::test]
async fn arrow_bytes_become_a_table() {
    let session = session(&[]).await;
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let batch = RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap();
    let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    stream.write(&batch).unwrap();
    let stream = stream.into_inner().unwrap();
    let mut file = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    file.write(&batch).unwrap();
    let file = file.into_inner().unwrap();
    for bytes in [stream.clone(), file] {
        session.register_ipc("mine", bytes).await.unwrap();
        assert_eq!(rows(&session, "SELECT * FROM mine ORDER BY name").await, ["1|a", "null|b"]);
    }
    for wrong in [Vec::new(), b"ARROW1".to_vec(), vec![0xff; 100], stream[..stream.len() / 2].to_vec()] {
        let outcome = session.register_ipc("broken", wrong).await;
        assert!(outcome.is_err_and(|error| error.code().as_str() == "invalid_sql"));
    }
    let none =
        session.query_with("SELECT count(*) FROM mine WHERE name = ?", &Params::Positional(vec!["x".into()])).await;
    assert!(none.is_ok());
}
