//! `_metadata`: where rows are, whatever is left out before them.

use crate::scan_fixture::{Fixture, field, small_pages};
use crate::sql_fixture::{error, rows, run, session};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use lakeglass::snapshot::Deletes;
use lakeglass::sql::{Session, SessionOptions};
use roaring::RoaringTreemap;
use std::sync::Arc;

fn ids(range: std::ops::Range<i64>) -> RecordBatch {
    let ids: ArrayRef = Arc::new(range.collect::<Int64Array>());
    RecordBatch::try_from_iter_with_nullable([("id", ids, true)]).unwrap()
}

fn deletes(rows: impl IntoIterator<Item = u64>) -> Deletes {
    let rows: RoaringTreemap = rows.into_iter().collect();
    let mut bitmap = 1_681_511_377_u32.to_le_bytes().to_vec();
    rows.serialize_into(&mut bitmap).unwrap();
    Deletes::Inline { bitmap: bitmap.into(), cardinality: rows.len() }
}

/// Two files of ids 0..1000 and 1000..1500 in row groups of 200 rows and pages of 20; of the first, every seventh row is
/// deleted.
async fn made() -> Session {
    let mut fixture = Fixture::new(Schema::new(vec![field("id", DataType::Int64)]));
    fixture.add_with(&ids(0..1000), small_pages(200, 20)).await;
    fixture.add_with(&ids(1000..1500), small_pages(200, 20)).await.modification_time = 5;
    fixture.set_deletes(0, deletes((0..1000).step_by(7)));
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", fixture.table()).unwrap();
    session
}

#[tokio::test]
async fn row_indexes_are_those_of_the_file() {
    let session = made().await;
    // Of every row: the id tells the index.
    let wrong =
        "SELECT count(*) FROM t WHERE id <> _metadata.row_index + CASE _metadata.file_path WHEN 'part-0.parquet'
                 THEN 0 ELSE 1000 END";
    assert_eq!(rows(&session, wrong).await, ["0"]);
    assert_eq!(rows(&session, "SELECT count(_metadata.row_index) FROM t").await, ["1357"]);
    // Row groups and pages are left out, deleted rows too.
    let some = "SELECT id, _metadata.row_index FROM t WHERE id BETWEEN 419 AND 422 OR id = 1421 ORDER BY id";
    assert_eq!(rows(&session, some).await, ["419|419", "421|421", "422|422", "1421|421"]);
    let last = "SELECT t._metadata.row_index r FROM t ORDER BY r DESC LIMIT 2";
    assert_eq!(rows(&session, last).await, ["999", "998"]);
    // No column of the data.
    let files = "SELECT _metadata.file_path p, count(*), min(_metadata.row_index), max(_metadata.row_index) FROM t GROUP BY 1 ORDER BY 1";
    assert_eq!(rows(&session, files).await, ["part-0.parquet|857|1|999", "part-1.parquet|500|0|499"]);
    assert_eq!(
        rows(&session, "SELECT _metadata.row_index FROM t WHERE _metadata.row_index < 3 LIMIT 9").await.len(),
        5
    );
}

#[tokio::test]
async fn it_is_there_for_those_who_ask() {
    let session = made().await;
    let (result, _) = run(&session, "SELECT * FROM t").await.unwrap();
    assert_eq!(result.schema.fields().len(), 1);
    for (sql, columns) in [
        ("SELECT *, _metadata.file_size FROM t LIMIT 1", 2),
        ("SELECT t.*, _METADATA FROM t LIMIT 1", 2),
        ("SELECT * FROM t WHERE _metadata.row_index = 3 AND id < 1000", 1),
        ("WITH c AS (SELECT *, _metadata m FROM t) SELECT * FROM c WHERE m.row_index = 3 AND id < 1000", 2),
        ("SELECT * FROM (SELECT _metadata, id FROM t) LIMIT 1", 2),
        ("SELECT a.*, b.* FROM t a JOIN t b ON a.id = b.id WHERE a._metadata.row_index = 499 AND b.id > 1000", 2),
    ] {
        let (result, batches) = run(&session, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(result.schema.fields().len(), columns, "{sql}: {}", result.schema);
        assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1, "{sql}");
    }
    let time = "SELECT DISTINCT _metadata.file_modification_time FROM t WHERE id > 1000";
    assert_eq!(rows(&session, time).await, ["1970-01-01T00:00:00.005Z"]);
    let (result, _) = run(&session, "SELECT *, a._metadata FROM t a JOIN t b USING (id)").await.unwrap();
    assert_eq!(result.schema.fields().len(), 2);
    let natural = error(&session, "SELECT a._metadata FROM t a NATURAL JOIN t b").await;
    assert_eq!(natural.code().as_str(), "unsupported_feature", "{natural}");
}

#[tokio::test]
async fn a_column_called_so_is_the_tables_own() {
    let mut fixture = Fixture::new(Schema::new(vec![field("_metadata", DataType::Int64)]));
    fixture.add(&ids(0..0)).await;
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", fixture.table()).unwrap();
    let (result, _) = run(&session, "SELECT *, _metadata + 1 FROM t").await.unwrap();
    assert_eq!(result.schema.fields().len(), 2);
    let session = self::session(&[("weather", "www/demo/weather")]).await;
    let before = "SELECT count(*), min(_metadata.row_index) FROM weather VERSION AS OF 1";
    assert_eq!(rows(&session, before).await, ["3|0"]);
    let known = "SELECT count(DISTINCT _metadata.file_path), sum(CASE WHEN _metadata.file_size > 0 THEN 1 ELSE 0 END) = count(*) FROM weather";
    let files = "SELECT count(*) FROM table_files('weather')";
    assert_eq!(rows(&session, known).await, [format!("{}|true", rows(&session, files).await[0])]);
}
