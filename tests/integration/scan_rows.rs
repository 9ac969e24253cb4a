//! Rows come out as they went in, in the order of the files.

use crate::scan_fixture::{Fixture, collect, count, field, parquet, small_pages, texts};
use arrow::array::{ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use futures::StreamExt;
use lakeglass::scan::preview;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

fn schema() -> Schema {
    Schema::new(vec![field("id", DataType::Int64), field("name", DataType::Utf8)])
}

fn batch(ids: std::ops::Range<i64>) -> RecordBatch {
    let names: StringArray = ids.clone().map(|id| (id % 7 != 0).then(|| format!("n{id}"))).collect();
    RecordBatch::try_new(Arc::new(schema()), vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(names)])
        .unwrap()
}

fn expected(ids: impl Iterator<Item = i64>) -> Vec<String> {
    ids.map(|id| if id % 7 == 0 { format!("{id} | ∅") } else { format!("{id} | n{id}") }).collect()
}

async fn fixture() -> Fixture {
    let mut fixture = Fixture::new(schema());
    for file in 0..5 {
        fixture.add_with(&batch(file * 100..file * 100 + 100), small_pages(30, 10)).await;
    }
    fixture
}

#[tokio::test]
async fn files_and_row_groups_keep_their_order() {
    assert_eq!(fixture().await.rows().await, expected(0..500));
}

#[tokio::test]
async fn an_empty_table_has_no_rows() {
    assert!(Fixture::new(schema()).rows().await.is_empty());
    let mut fixture = Fixture::new(schema());
    fixture.add(&batch(0..0)).await;
    assert!(fixture.rows().await.is_empty());
}

#[tokio::test]
async fn chosen_files_and_columns_come_in_the_order_asked() {
    let fixture = fixture().await;
    let schema = Schema::new(vec![field("name", DataType::Utf8View), field("id", DataType::Int64)]);
    let scan = fixture.scan().with_files(vec![4, 1]).with_columns(vec![1, 0], Arc::new(schema.clone()));
    let batches = collect(&scan).await.unwrap();
    assert_eq!(batches[0].schema().as_ref(), &schema);
    assert_eq!(batches[0].column(0).as_string_view().value(1), "n401");
    let rows = texts(&batches);
    assert_eq!(rows.len(), 200);
    assert_eq!((rows[1].as_str(), rows[101].as_str()), ("n401 | 401", "n101 | 101"));
}

#[tokio::test]
async fn batches_have_the_size_asked() {
    let scan = fixture().await.scan().with_batch_size(8);
    let batches = collect(&scan).await.unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= 8));
    assert_eq!(texts(&batches), expected(0..500));
}

#[tokio::test]
async fn a_limit_is_exact() {
    let fixture = fixture().await;
    for limit in [0, 1, 29, 30, 31, 100, 101, 499, 500, 501] {
        let rows = texts(&collect(&fixture.scan().with_limit(Some(limit))).await.unwrap());
        assert_eq!(rows, expected(0..(limit as i64).min(500)), "limit {limit}");
    }
}

#[tokio::test]
async fn no_columns_are_rows_all_the_same() {
    let fixture = fixture().await;
    let scan = fixture.scan().with_columns(vec![], Arc::new(Schema::empty()));
    let batches = collect(&scan).await.unwrap();
    assert_eq!(count(&batches), 500);
    assert!(batches.iter().all(|batch| batch.num_columns() == 0));
    assert_eq!(count(&collect(&scan.with_limit(Some(42))).await.unwrap()), 42);
}

#[tokio::test]
async fn partition_values_come_from_the_log() {
    let schema =
        Schema::new(vec![field("day", DataType::Date32), field("id", DataType::Int64), field("k", DataType::Utf8)]);
    let mut fixture = Fixture::new(schema).partitioned(&[2, 0]);
    // The second file holds a partition column, with another value: the log's counts.
    let plain = RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]).unwrap();
    let extra = RecordBatch::try_from_iter([
        ("k", Arc::new(StringArray::from(vec!["wrong"])) as ArrayRef),
        ("id", Arc::new(Int64Array::from(vec![3])) as ArrayRef),
    ])
    .unwrap();
    fixture.add_bytes(parquet(&plain, WriterProperties::default()), &[Some("a"), Some("2024-02-29")]).await;
    fixture.add_bytes(parquet(&extra, WriterProperties::default()), &[Some("b"), None]).await;
    assert_eq!(fixture.rows().await, ["2024-02-29 | 1 | a", "2024-02-29 | 2 | a", "∅ | 3 | b"]);
    let days = Arc::new(Schema::new(vec![field("day", DataType::Date32)]));
    let scan = fixture.scan().with_columns(vec![0], days);
    assert_eq!(texts(&collect(&scan).await.unwrap()), ["2024-02-29", "2024-02-29", "∅"]);
}

#[tokio::test]
async fn a_preview_names_its_columns() {
    let fixture = fixture().await;
    let (schema, rows) = preview(fixture.table().scan(&fixture.footers), Some(&["NAME"]), 3).unwrap();
    let rows: Vec<_> = rows.map(Result::unwrap).collect().await;
    assert_eq!(schema.field(0).name(), "name");
    assert_eq!(texts(&rows), ["∅", "n1", "n2"]);
    let Err(error) = preview(fixture.table().scan(&fixture.footers), Some(&["nope"]), 3) else {
        panic!("no such column")
    };
    assert_eq!(error.to_string(), "no column nope: the table has id, name");
}

#[tokio::test]
async fn a_required_column_with_nulls_is_refused_unless_made_nullable() {
    let mut fixture = Fixture::new(Schema::new(vec![
        arrow::datatypes::Field::new("id", DataType::Int64, false),
        arrow::datatypes::Field::new("late", DataType::Int32, false),
    ]));
    let batch = RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap();
    fixture.add(&batch).await;
    assert_eq!(fixture.rows().await, ["1 | ∅"]);
    let table = fixture.table();
    let strict = table.scan(&fixture.footers).with_columns(
        vec![1],
        Arc::new(Schema::new(vec![arrow::datatypes::Field::new("late", DataType::Int32, false)])),
    );
    let error = collect(&strict).await.unwrap_err();
    assert_eq!(error.code().as_str(), "corrupt_table");
    assert!(error.to_string().contains("late"), "{error}");
}

#[tokio::test]
async fn a_stream_can_be_dropped_half_way() {
    let scan = fixture().await.scan().with_batch_size(10);
    let mut stream = scan.stream();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(first.column(0).as_primitive::<arrow::datatypes::Int64Type>().value(9), 9);
    drop(stream);
    assert_eq!(count(&collect(&scan).await.unwrap()), 500);
}

#[tokio::test]
async fn a_tiny_budget_still_reads_everything() {
    let fixture = fixture().await;
    let rows = texts(&collect(&fixture.scan().with_ahead_bytes(1)).await.unwrap());
    assert_eq!(rows, expected(0..500));
}

#[tokio::test]
async fn streams_are_send() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let scan = fixture().await.scan();
    let rows = tokio::spawn(async move { count(&collect(&send(scan)).await.unwrap()) });
    assert_eq!(rows.await.unwrap(), 500);
    let _ = Int32Array::from(vec![1]);
}

/// A page's codec, each by the name that the file has for it. Brotli and the rest are in a fixture that other software wrote.
#[tokio::test]
async fn codecs() {
    use parquet::basic::Compression;
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let mut fixture = Fixture::new(Schema::new(vec![field("c", DataType::Utf8)]));
        let column: ArrayRef = Arc::new(StringArray::from(vec!["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; 50]));
        let batch = RecordBatch::try_from_iter_with_nullable([("c", column.clone(), true)]).unwrap();
        let properties = WriterProperties::builder().set_compression(codec).set_dictionary_enabled(false).build();
        fixture.add_with(&batch, properties).await;
        assert_eq!(fixture.rows().await, vec!["a".repeat(40); 50], "{codec}");
    }
}
