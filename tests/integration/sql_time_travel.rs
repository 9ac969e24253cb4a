//! Versions inside statements.

use super::sql_fixture::{error, rows, run, session, table};
use lakeglass::Version;
use lakeglass::sql::{Session, SessionOptions};

const WEATHER: &str = "www/demo/weather";

async fn weather() -> Session {
    session(&[("weather", WEATHER)]).await
}

#[tokio::test]
async fn a_version_by_its_number_in_every_spelling() {
    let session = weather().await;
    for from in [
        "weather VERSION AS OF 1",
        "weather FOR VERSION AS OF 1",
        "weather FOR SYSTEM_VERSION AS OF 1",
        "WEATHER version as of '1'",
        "weather AT (VERSION => 1)",
        "weather@v1",
        "main.weather VERSION AS OF 1",
    ] {
        let found = rows(&session, &format!("SELECT count(*), max(temperature) FROM {from}")).await;
        assert_eq!(found, ["3|12.0"], "{from}");
    }
    assert_eq!(rows(&session, "SELECT count(*) FROM weather VERSION AS OF 0").await, ["0"]);
    assert_eq!(rows(&session, "SELECT weather.city FROM weather@v1 LIMIT 1").await, ["Paris"]);
    assert_eq!(rows(&session, "SELECT w.City FROM weather VERSION AS OF 1 AS w LIMIT 1").await, ["Paris"]);
}

#[tokio::test]
async fn versions_meet_in_one_statement() {
    let session = weather().await;
    let added = "SELECT time, temperature FROM weather VERSION AS OF 2 EXCEPT SELECT time, temperature FROM weather VERSION AS OF 1 \
                 ORDER BY time";
    assert_eq!(
        rows(&session, added).await,
        ["2025-09-30T13:00:00Z|12.0", "2025-09-30T14:00:00Z|13.0", "2025-09-30T15:00:00Z|14.0"]
    );
    let changed = "WITH old AS (SELECT * FROM weather@v1) SELECT new.time, old.temperature, new.temperature FROM weather new \
                   JOIN old ON old.time = new.time WHERE old.temperature <> new.temperature ORDER BY 1";
    assert_eq!(rows(&session, changed).await, ["2025-09-30T13:00:00Z|11.0|12.0", "2025-09-30T14:00:00Z|12.0|13.0"]);
    let nested = "SELECT count(*) FROM weather WHERE time NOT IN (SELECT time FROM weather VERSION AS OF 1)";
    assert_eq!(rows(&session, nested).await, ["1"]);
    let beside = "SELECT (SELECT count(*) FROM weather@v0), (SELECT count(*) FROM weather@v1), count(*) FROM weather";
    assert_eq!(rows(&session, beside).await, ["0|3|4"]);
}

#[tokio::test]
async fn a_version_by_its_time() {
    let session = session(&[("changes", "tests/fixtures/changes/table")]).await;
    let history = rows(&session, "SELECT version, timestamp FROM table_history('changes') ORDER BY version").await;
    assert!(history.len() > 2, "{history:?}");
    for line in history {
        let (version, time) = line.split_once('|').unwrap();
        let by_number = rows(&session, &format!("SELECT count(*) FROM changes VERSION AS OF {version}")).await;
        for written in [
            format!("changes TIMESTAMP AS OF '{time}'"),
            format!("changes FOR TIMESTAMP AS OF '{time}'"),
            format!("changes FOR SYSTEM_TIME AS OF TIMESTAMP '{time}'"),
            format!("changes AT (TIMESTAMP => '{time}')"),
            format!("changes TIMESTAMP AS OF CAST('{time}' AS TIMESTAMP) + INTERVAL '0 seconds'"),
        ] {
            let by_time = rows(&session, &format!("SELECT count(*) FROM {written}")).await;
            assert_eq!(by_time, by_number, "{written}");
        }
    }
    let now = rows(&session, "SELECT count(*) FROM changes TIMESTAMP AS OF current_timestamp()").await;
    assert_eq!(now, rows(&session, "SELECT count(*) FROM changes").await);
    let early = error(&session, "SELECT * FROM changes TIMESTAMP AS OF '1999-01-01'").await;
    assert_eq!(early.code().as_str(), "version_not_found");
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let session = weather().await;
    for (sql, code) in [
        ("SELECT * FROM weather VERSION AS OF 3", "version_not_found"),
        ("SELECT * FROM weather@v99", "version_not_found"),
        ("SELECT * FROM other VERSION AS OF 1", "invalid_sql"),
        ("SELECT * FROM weather VERSION AS OF -1", "invalid_sql"),
        ("SELECT * FROM weather TIMESTAMP AS OF 'soon'", "invalid_sql"),
        ("SELECT * FROM weather TIMESTAMP AS OF now() IS NULL", "invalid_sql"),
    ] {
        assert_eq!(error(&session, sql).await.code().as_str(), code, "{sql}");
    }
}

#[tokio::test]
async fn a_version_is_opened_once_and_a_name_with_an_at_sign_is_a_name() {
    let session = weather().await;
    let sql = "SELECT count(*) FROM weather VERSION AS OF 1 WHERE temperature > 0";
    let (first, _) = run(&session, sql).await.unwrap();
    let (again, _) = run(&session, sql).await.unwrap();
    assert!(first.meter.metrics().requests > 0);
    assert_eq!(again.meter.metrics().requests, 0, "log and data are known");
    let odd = Session::new(SessionOptions::default()).unwrap();
    odd.register("weather@v1", table(WEATHER, Version::Number(2)).await).unwrap();
    assert_eq!(rows(&odd, "SELECT count(*) FROM weather@v1").await, ["4"]);
}
