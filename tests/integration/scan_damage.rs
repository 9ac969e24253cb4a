//! Damaged files are errors that name the file: never a panic, never other rows.

use crate::scan_fixture::{Fixture, collect, field, parquet, small_pages};
use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type, Schema, SchemaRef};
use bytes::Bytes;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

fn schema() -> SchemaRef {
    let list = DataType::List(Arc::new(field("element", DataType::Int64)));
    Arc::new(Schema::new(vec![field("id", DataType::Int64), field("name", DataType::Utf8), field("l", list)]))
}

fn batch() -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..60));
    let names: ArrayRef = Arc::new(StringArray::from_iter((0..60).map(|i| (i % 3 > 0).then(|| format!("name {i}")))));
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(
        (0..60).map(|i| (i % 5 > 0).then(|| (0..i % 4).map(|x| (x > 1).then_some(x)).collect::<Vec<_>>())),
    );
    let list = Arc::new(ListArray::new(
        Arc::new(field("element", DataType::Int64)),
        lists.offsets().clone(),
        lists.values().clone(),
        arrow::array::Array::nulls(&lists).cloned(),
    ));
    RecordBatch::try_new(schema(), vec![ids, names, list]).unwrap()
}

async fn error(bytes: Vec<u8>) -> Option<lakeglass::Error> {
    let mut fixture = Fixture::new(schema().as_ref().clone());
    fixture.add_bytes(bytes, &[]).await;
    let limited = collect(&fixture.scan().with_limit(Some(3))).await.err();
    collect(&fixture.scan()).await.err().or(limited)
}

#[tokio::test]
async fn a_file_that_is_no_parquet_is_named() {
    for bytes in [vec![], b"PAR1".to_vec(), b"hello, this is text".to_vec(), vec![0; 4096]] {
        let error = error(bytes).await.unwrap();
        assert_eq!(error.code().as_str(), "corrupt_table");
        assert!(error.to_string().contains("part-0.parquet"), "{error}");
    }
    let mut encrypted = parquet(&batch(), WriterProperties::default());
    let end = encrypted.len();
    encrypted[end - 1] = b'E';
    assert_eq!(error(encrypted).await.unwrap().code().as_str(), "unsupported_feature");
}

#[tokio::test]
async fn a_file_of_another_size_is_refused() {
    for change in [-1_i64, 1, -100, 100] {
        let mut fixture = Fixture::new(schema().as_ref().clone());
        let file = fixture.add(&batch()).await;
        file.size = file.size.checked_add_signed(change).unwrap();
        assert_eq!(fixture.error().await.code().as_str(), "corrupt_table", "by {change}");
    }
}

#[tokio::test]
async fn a_negative_offset_in_a_footer_is_refused() {
    let good = parquet(&batch(), WriterProperties::default());
    let length = good.len();
    let footer = u32::from_le_bytes(good[length - 8..length - 4].try_into().unwrap()) as usize;
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(good.clone())).unwrap();
    for offset in [-1, i64::MIN] {
        let groups = metadata.row_groups().iter().map(|group| {
            let negative = |column: &ColumnChunkMetaData| {
                column.clone().into_builder().set_dictionary_page_offset(Some(offset)).build().unwrap()
            };
            let columns = group.columns().iter().map(negative).collect();
            group.clone().into_builder().set_column_metadata(columns).build().unwrap()
        });
        let damaged = metadata.clone().into_builder().set_row_groups(groups.collect()).build();
        let mut bytes = good[..length - 8 - footer].to_vec();
        ParquetMetaDataWriter::new(&mut bytes, &damaged).finish().unwrap();
        assert_eq!(error(bytes).await.unwrap().code().as_str(), "corrupt_table", "{offset}");
    }
}

#[tokio::test]
async fn a_missing_file_says_what_may_have_happened() {
    let mut fixture = Fixture::new(schema().as_ref().clone());
    fixture.add(&batch()).await.location = lakeglass::snapshot::FileLocation::Relative("gone.parquet".into());
    let error = fixture.error().await;
    assert_eq!(error.code().as_str(), "corrupt_table");
    assert!(error.to_string().contains("gone.parquet: the log names this file, but it is not there"), "{error}");
}

#[tokio::test]
async fn rows_before_a_damaged_file_come_first() {
    let mut fixture = Fixture::new(schema().as_ref().clone());
    fixture.add(&batch()).await;
    fixture.add_bytes(b"not a parquet file at all".to_vec(), &[]).await;
    let rows = collect(&fixture.scan().with_limit(Some(60))).await.unwrap();
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 60);
    assert_eq!(fixture.error().await.code().as_str(), "corrupt_table");
}

#[tokio::test]
async fn truncated_and_damaged_files_are_errors_or_other_values() {
    let good = parquet(&batch(), small_pages(25, 10));
    assert_eq!(error(good.clone()).await, None);
    for end in (0..good.len()).step_by(37) {
        assert!(error(good[..end].to_vec()).await.is_some(), "cut at {end}");
    }
    let mut failures = 0;
    for at in (0..good.len()).step_by(2) {
        let mut damaged = good.clone();
        damaged[at] ^= if at % 4 == 0 { 0x01 } else { 0x80 };
        if let Some(error) = error(damaged).await {
            let code = error.code().as_str();
            assert!(["corrupt_table", "unsupported_feature"].contains(&code), "byte {at}: {error}");
            failures += 1;
        }
    }
    assert!(failures > good.len() / 8, "{failures} of {}", good.len() / 2);
}
