//! What the log answers without a data file, and what it must not answer.

use crate::scan_fixture::{Fixture, field};
use crate::sql_fixture::{error, rows, run, session};
use arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use bytes::Bytes;
use lakeglass::snapshot::{Deletes, FileStatistics};
use lakeglass::sql::{Session, SessionOptions};
use roaring::RoaringTreemap;
use std::sync::Arc;

/// Two files of a whole number, a day, a text and a float, with statistics for each.
async fn fixture(first: &str, second: &str) -> Fixture {
    let schema = Schema::new(vec![
        field("n", DataType::Int32),
        field("day", DataType::Date32),
        field("text", DataType::Utf8),
        field("x", DataType::Float64),
    ]);
    let mut fixture = Fixture::new(schema.clone());
    for (numbers, statistics) in [([Some(3), None, Some(-7)], first), ([Some(40), Some(5), Some(6)], second)] {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(numbers.to_vec())),
            Arc::new(Date32Array::from(numbers.to_vec())),
            Arc::new(StringArray::from(vec!["b", "a", "c"])),
            Arc::new(Float64Array::from(vec![1.5, f64::NAN, 0.5])),
        ];
        let file = fixture.add(&RecordBatch::try_new(Arc::new(schema.clone()), columns).unwrap()).await;
        file.statistics = Some(FileStatistics::Text(statistics.into()));
    }
    fixture
}

const FIRST: &str = r#"{"numRecords":3,"minValues":{"n":-7,"day":"1969-12-25","text":"a","x":0.5},
    "maxValues":{"n":3,"day":"1970-01-04","text":"c","x":1.5},"nullCount":{"n":1,"day":1,"text":0,"x":0}}"#;
const SECOND: &str = r#"{"numRecords":3,"minValues":{"n":5,"day":"1970-01-06","text":"a","x":0.5},
    "maxValues":{"n":40,"day":"1970-02-10","text":"c","x":1.5},"nullCount":{"n":0,"day":0,"text":0,"x":0}}"#;

/// The answer, and whether a data file was read for it.
async fn answer(fixture: &Fixture, sql: &str) -> (Vec<String>, bool) {
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", fixture.table()).unwrap();
    fixture.store.take_reads();
    let found = rows(&session, sql).await;
    (found, !fixture.store.take_reads().is_empty())
}

#[tokio::test]
async fn extremes_of_whole_numbers_and_dates() {
    let fixture = fixture(FIRST, SECOND).await;
    let (found, read) = answer(&fixture, "SELECT min(n), max(n), min(day), max(day), count(*), count(n) FROM t").await;
    assert_eq!((found[0].as_str(), read), ("-7|40|1969-12-25|1970-02-10|6|5", false));
    for (sql, expected) in [
        ("SELECT min(text), max(text) FROM t", "a|c"),
        ("SELECT min(x) FROM t", "0.5"),
        ("SELECT max(n) FROM t WHERE n < 10", "6"),
        ("SELECT max(n + 1) FROM t", "41"),
        ("SELECT max(n) FROM (SELECT n FROM t ORDER BY n LIMIT 2)", "3"),
    ] {
        let (found, read) = answer(&fixture, sql).await;
        assert_eq!((found[0].as_str(), read), (expected, true), "{sql}");
    }
}

#[tokio::test]
async fn what_is_in_doubt_is_read() {
    let loose = FIRST.replacen('{', r#"{"tightBounds":false,"#, 1);
    let without_nulls = FIRST.replace(r#""nullCount":{"n":1,"#, r#""nullCount":{"#);
    let without_max = FIRST.replace(r#""maxValues":{"n":3,"#, r#""maxValues":{"#);
    for first in [loose.as_str(), &without_nulls, &without_max, r#"{"numRecords":3}"#] {
        let fixture = fixture(first, SECOND).await;
        let (found, read) = answer(&fixture, "SELECT min(n), max(n) FROM t").await;
        assert_eq!((found[0].as_str(), read), ("-7|40", true), "{first}");
    }
    // Row 2 of the first file has the smallest value, and is deleted.
    let mut fixture = fixture(FIRST, SECOND).await;
    let mut bitmap = 1_681_511_377_u32.to_le_bytes().to_vec();
    RoaringTreemap::from_iter([2_u64]).serialize_into(&mut bitmap).unwrap();
    fixture.set_deletes(0, Deletes::Inline { bitmap: Bytes::from(bitmap), cardinality: 1 });
    let (found, read) = answer(&fixture, "SELECT min(n), max(n), count(*) FROM t").await;
    assert_eq!((found[0].as_str(), read), ("3|40|5", true));
}

#[tokio::test]
async fn partition_columns_are_in_the_log() {
    let session = session(&[("trade", "www/demo/trade"), ("eight", "tests/fixtures/eight_files/table")]).await;
    let read = "SELECT year, count(*) FROM (SELECT year, value FROM trade WHERE value IS NULL OR value IS NOT NULL) GROUP BY year ORDER BY year";
    let expected = rows(&session, read).await;
    for (sql, expected) in [
        ("SELECT year, count(*) FROM trade GROUP BY year ORDER BY year", expected.clone()),
        ("SELECT count(DISTINCT year) FROM trade", vec![expected.len().to_string()]),
        ("SELECT min(id), max(id) FROM eight", vec!["0|4799".to_string()]),
    ] {
        let (result, _) = run(&session, sql).await.unwrap();
        assert_eq!(result.meter.metrics().requests, 0, "{sql}");
        assert_eq!(rows(&session, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn summaries() {
    let session = session(&[("weather", "www/demo/weather"), ("nested", "tests/fixtures/nested_types/table")]).await;
    let found = rows(&session, "SUMMARIZE weather").await;
    assert_eq!(found.len(), 3);
    assert_eq!(found[2], "temperature|REAL|10.0|14.0|4|12.25|1.707825127659933|11.5|12.5|13.25|4|0.0");
    assert_eq!(found[1], "city|VARCHAR|Paris|Paris|1|null|null|null|null|null|4|0.0");
    let of_query = rows(&session, "SUMMARIZE SELECT temperature * 2 AS t FROM weather WHERE temperature > 11;").await;
    assert_eq!(of_query, ["t|REAL|24.0|28.0|3|26.0|2.0|25.0|26.0|27.0|3|0.0"]);
    assert!(rows(&session, "SUMMARIZE nested").await.len() > 3);
    assert_eq!(
        rows(&session, "SUMMARIZE SELECT 1 AS a WHERE false").await,
        ["a|BIGINT|null|null|0|null|null|null|null|null|0|null"]
    );
    assert_eq!(error(&session, "SUMMARIZE").await.code().as_str(), "invalid_sql");
    assert_eq!(error(&session, "SUMMARIZE nothing").await.code().as_str(), "invalid_sql");
}

#[tokio::test]
async fn a_limit_of_memory_says_who_used_it_and_the_session_goes_on() {
    let session = Session::new(SessionOptions { memory_limit: Some(1 << 20), ..SessionOptions::default() }).unwrap();
    for _ in 0..10 {
        let error = error(&session, "SELECT value FROM generate_series(1, 1000000) ORDER BY value % 1000, value").await;
        assert_eq!(error.code().as_str(), "memory_limit");
        assert!(error.to_string().contains("Sort"), "{error}");
        assert_eq!(rows(&session, "SELECT sum(value) FROM generate_series(1, 100)").await, ["5050"]);
    }
}
