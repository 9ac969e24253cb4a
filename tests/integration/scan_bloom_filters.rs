//! Bloom filters: fetched where they can decide, and only there; the rows are the same with and without.

use crate::scan_fixture::{Fixture, field, parquet};
use crate::sql_fixture::rows;
use arrow::array::{ArrayRef, BinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use lakeglass::sql::{Session, SessionOptions};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

const ROWS: i64 = 120_000;
const GROUP: usize = 30_000;

/// Spread over the whole range: bounds and pages rule nothing out.
fn scattered(row: i64) -> i64 {
    row.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64) & !1
}

fn batch() -> RecordBatch {
    let numbers: Vec<i64> = (0..ROWS).map(scattered).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(numbers.clone()))),
        ("small", Arc::new(numbers.iter().map(|n| (n >> 20) as i32).collect::<Int32Array>())),
        ("name", Arc::new(numbers.iter().map(|n| Some(format!("n{n:x}"))).collect::<StringArray>())),
        ("raw", Arc::new(numbers.iter().map(|n| Some(n.to_be_bytes().to_vec())).collect::<BinaryArray>())),
        ("price", Arc::new(numbers.iter().map(|n| *n as f64).collect::<Float64Array>())),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn file(with_filters: bool) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(GROUP))
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false);
    let properties = match with_filters {
        true => properties.set_bloom_filter_fpp(0.01).set_bloom_filter_max_ndv(GROUP as u64),
        false => properties,
    };
    parquet(&batch(), properties.build())
}

/// The rows of a query over a table of this one file, and the bytes read for it, the footer's aside.
async fn asked(file: &[u8], sql: &str) -> (Vec<String>, u64) {
    let types = [
        ("id", DataType::Int64),
        ("small", DataType::Int64), // wider than the file's
        ("name", DataType::Utf8),
        ("raw", DataType::Binary),
        ("price", DataType::Float64),
    ];
    let fields: Vec<_> = types.map(|(name, data_type)| field(name, data_type)).to_vec();
    let mut fixture = Fixture::new(Schema::new(fields));
    fixture.add_bytes(file.to_vec(), &[]).await;
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", fixture.table()).unwrap();
    rows(&session, "SELECT count(*) FROM t WHERE price IS NULL").await; // brings the footer
    fixture.store.take_reads();
    let rows = rows(&session, sql).await;
    let bytes = fixture.store.take_reads().iter().map(|(_, range)| range.end - range.start).sum();
    (rows, bytes)
}

#[tokio::test]
async fn a_value_is_looked_up_before_it_is_read() {
    let (filtered, plain) = (file(true), file(false));
    let (first, second) = (scattered(5), scattered(40_000));
    for (condition, groups) in [
        (format!("id = {first}"), 1),
        (format!("id IN ({first}, {})", second), 2),
        ("id = 1".into(), 0),
        (format!("small = {}", (first >> 20) as i32), 1),
        (format!("name = 'n{first:x}' AND price > -1e300"), 1),
        ("name = 'none'".into(), 0),
        (format!("raw = X'{first:016x}'"), 1),
    ] {
        let sql = format!("SELECT id, name, price FROM t WHERE {condition} ORDER BY id");
        let (expected, whole) = asked(&plain, &sql).await;
        let (found, bytes) = asked(&filtered, &sql).await;
        assert_eq!(found, expected, "{condition}");
        // A quarter for each row group that is left, and the filters themselves.
        assert!(bytes <= whole * groups / 4 + whole / 8, "{condition}: {bytes} of {whole} bytes");
    }
    for condition in ["price = 1048576.0", "id <> 1", "id > 0 OR name = 'none'", "id % 7 = 1", "id IS NOT NULL"] {
        let sql = format!("SELECT count(*), min(id), max(name) FROM t WHERE {condition}");
        let (expected, whole) = asked(&plain, &sql).await;
        let (found, bytes) = asked(&filtered, &sql).await;
        assert_eq!((found, bytes), (expected, whole), "{condition}");
    }
}
