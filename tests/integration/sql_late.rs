//! Statements whose columns may come one after the other, over a table of files and over the same rows in memory.

use crate::scan_fixture::{Fixture, field};
use crate::sql_fixture::{run, text};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use arrow::ipc::writer::StreamWriter;
use lakeglass::sql::{Session, SessionOptions};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

const ROWS: usize = 30_000;
const FILES: usize = 8;

fn mixed(row: usize) -> u64 {
    let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn batch(file: usize) -> RecordBatch {
    let rows = || file * ROWS..(file + 1) * ROWS;
    let word = |row: usize| (!row.is_multiple_of(13)).then(|| format!("{:x}", mixed(row) >> 44));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(rows().map(|row| Some((mixed(row) >> 44) as i64)).collect::<Int64Array>())),
        ("word", Arc::new(rows().map(word).collect::<StringArray>())),
        (
            "share",
            Arc::new(
                rows().map(|row| (!row.is_multiple_of(7)).then(|| mixed(row) as f64 / 1e19)).collect::<Float64Array>(),
            ),
        ),
        ("row", Arc::new(rows().map(|row| Some(row as i64)).collect::<Int64Array>())),
        ("long", Arc::new(rows().map(|row| Some(format!("{:x}", mixed(row)).repeat(4))).collect::<StringArray>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, values)| (name, values, true))).unwrap()
}

async fn session() -> (Session, Fixture) {
    let fields =
        batch(0).schema().fields().iter().map(|of| field(of.name(), of.data_type().clone())).collect::<Vec<_>>();
    let mut fixture = Fixture::new(Schema::new(fields));
    let properties =
        WriterProperties::builder().set_data_page_row_count_limit(3000).set_compression(Compression::SNAPPY).build();
    for file in 0..FILES {
        fixture.add_with(&batch(file), properties.clone()).await;
    }
    let session = Session::new(SessionOptions { target_partitions: 1, ..Default::default() }).unwrap();
    session.register("t", fixture.table()).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch(0).schema()).unwrap();
    (0..FILES).for_each(|file| writer.write(&batch(file)).unwrap());
    session.register_ipc("m", writer.into_inner().unwrap()).await.unwrap();
    (session, fixture)
}

/// Its rows, or what is wrong with it.
async fn outcome(session: &Session, sql: &str) -> Result<Vec<String>, String> {
    let (_, batches) = run(session, sql).await.map_err(|error| error.to_string())?;
    Ok(batches.iter().flat_map(text).collect())
}

#[tokio::test]
async fn the_rows_are_those_of_the_same_table_in_memory() {
    let (session, fixture) = session().await;
    let size: u64 = fixture.table().snapshot().files.iter().map(|file| file.size).sum();
    let id = |row: usize| (mixed(row) >> 44).to_string();
    let word = |row: usize| format!("{:x}", mixed(row) >> 44);
    // A statement, and whether it is to take less than half of the bytes.
    let statements = [
        (format!("SELECT * FROM {{t}} WHERE id = {} ORDER BY row", id(70_001)), true),
        (format!("SELECT * FROM {{t}} WHERE id IN ({}, {}, -1) ORDER BY row", id(5), id(200_000)), true),
        (format!("SELECT row, long FROM {{t}} WHERE word = '{}' ORDER BY row", word(123_456)), true),
        (format!("SELECT row, long FROM {{t}} WHERE word = '{}' AND share > 0.5 ORDER BY row", word(99_999)), true),
        (
            format!("SELECT count(*), min(long), max(share) FROM {{t}} WHERE word = '{}' OR id = {}", word(8), id(9)),
            false,
        ),
        ("SELECT row, long FROM {t} WHERE word LIKE '%fffff' ORDER BY row".into(), false),
        ("SELECT count(long), sum(row) FROM {t} WHERE word IS NULL".into(), false),
        ("SELECT max(long), count(*) FROM {t} WHERE share < 0.0001 AND id % 2 = 0".into(), false),
        ("SELECT row, long FROM {t} ORDER BY share DESC NULLS LAST, row LIMIT 5".into(), false),
        (
            format!("SELECT a.row, b.long FROM {{t}} a JOIN {{t}} b ON a.id = b.id WHERE a.row = {} ORDER BY 1, 2", 77),
            false,
        ),
        ("SELECT long FROM {t} WHERE id = -5".into(), true),
        // An error of the plan's, which evaluates both sides.
        (
            format!(
                "SELECT row, long FROM {{t}} WHERE CASE WHEN id = {0} THEN false ELSE 1000 / (id - {0}) > 500 END ORDER BY row",
                id(4)
            ),
            false,
        ),
    ];
    for (sql, is_sparse) in statements {
        fixture.store.take_reads();
        session.register("t", fixture.table()).unwrap(); // with nothing in its cache
        let found = outcome(&session, &sql.replace("{t}", "t")).await;
        let bytes: u64 = fixture.store.take_reads().iter().map(|(_, range)| range.end - range.start).sum();
        assert_eq!(found, outcome(&session, &sql.replace("{t}", "m")).await, "{sql}");
        assert!(!is_sparse || bytes < size / 2, "{sql}: {bytes} of {size}");
    }
}
