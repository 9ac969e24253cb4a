//! Deleted rows are left out.

use crate::scan_fixture::{Between, Fixture, collect, count, field, parquet, small_pages, texts};
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type, Schema};
use bytes::Bytes;
use lakeglass::snapshot::{DeleteFile, DeleteKind, Deletes, FileDetails, FileLocation};
use object_store::path::Path;
use parquet::file::properties::WriterProperties;
use roaring::RoaringTreemap;
use std::sync::Arc;

fn bitmap(rows: impl IntoIterator<Item = u64>) -> Bytes {
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    rows.into_iter().collect::<RoaringTreemap>().serialize_into(&mut bytes).unwrap();
    bytes.into()
}

fn inline(rows: impl IntoIterator<Item = u64> + Clone) -> Deletes {
    let cardinality = rows.clone().into_iter().count() as u64;
    Deletes::Inline { bitmap: bitmap(rows), cardinality }
}

/// One file of 1000 rows, `0..1000`, in row groups of 300 and pages of 50.
async fn fixture() -> Fixture {
    let schema = Schema::new(vec![field("id", DataType::Int64)]);
    let mut fixture = Fixture::new(schema.clone());
    let ids = Arc::new(Int64Array::from_iter_values(0..1000));
    fixture.add_with(&RecordBatch::try_new(Arc::new(schema), vec![ids]).unwrap(), small_pages(300, 50)).await;
    fixture
}

fn without(deleted: impl Fn(u64) -> bool) -> Vec<String> {
    (0..1000).filter(|row| !deleted(*row)).map(|row| row.to_string()).collect()
}

#[tokio::test]
async fn rows_are_deleted_across_row_groups() {
    let mut fixture = fixture().await;
    for (what, deleted) in [
        ("none", vec![]),
        ("the first", vec![0]),
        ("the last", vec![999]),
        ("at a boundary", vec![299, 300]),
        ("a whole row group", (300..600).collect()),
        ("every other", (0..1000).step_by(2).collect()),
        ("all but one", (0..1000).filter(|row| *row != 777).collect()),
        ("all", (0..1000).collect::<Vec<u64>>()),
    ] {
        fixture.set_deletes(0, inline(deleted.clone()));
        assert_eq!(fixture.rows().await, without(|row| deleted.contains(&row)), "{what}");
        let counted = fixture.scan().with_columns(vec![], Arc::new(Schema::empty()));
        assert_eq!(count(&collect(&counted).await.unwrap()), 1000 - deleted.len(), "{what}, counted");
        let limited = texts(&collect(&fixture.scan().with_limit(Some(7))).await.unwrap());
        let expected: Vec<_> = without(|row| deleted.contains(&row)).into_iter().take(7).collect();
        assert_eq!(limited, expected, "{what}, limited");
    }
}

#[tokio::test]
async fn a_row_group_without_rows_is_not_fetched() {
    // Too large to be fetched whole with its footer.
    let mut fixture = Fixture::new(Schema::new(vec![field("id", DataType::Int64)]));
    let ids = Arc::new(Int64Array::from_iter_values(0..60_000));
    let batch = RecordBatch::try_from_iter([("id", ids as _)]).unwrap();
    fixture.add_with(&batch, small_pages(20_000, 1000)).await;
    fixture.set_deletes(0, inline(20_000..40_000));
    assert_eq!(fixture.rows().await.len(), 40_000);
    let read: u64 = fixture.store.take_reads().iter().map(|(_, range)| range.end - range.start).sum();
    assert!(read < 2 * 160_000 + 80_000, "{read} bytes were read");
}

#[tokio::test]
async fn a_blob_is_read_at_its_offset() {
    let mut fixture = fixture().await;
    let (first, second) = (bitmap([1]), bitmap(0..995));
    let mut file = vec![1_u8];
    let mut offsets = Vec::new();
    for bitmap in [&first, &second] {
        offsets.push(file.len() as u64);
        file.extend((bitmap.len() as u32).to_be_bytes());
        file.extend_from_slice(bitmap);
        file.extend(crc32fast::hash(bitmap).to_be_bytes());
    }
    fixture.store.put_bytes("dv/a b.bin", file).await;
    let location = FileLocation::Relative(Path::from("dv/a b.bin"));
    let length = second.len() as u64;
    let blob = |offset, length, cardinality| Deletes::Blob { location: location.clone(), offset, length, cardinality };
    fixture.set_deletes(0, blob(offsets[1], length, 995));
    assert_eq!(fixture.rows().await, ["995", "996", "997", "998", "999"]);
    for (wrong, message) in [
        (blob(offsets[1], length, 994), "names 995 rows, and 994 by the log"),
        (blob(offsets[1], length - 1, 995), "bytes long, and"),
        (blob(offsets[1] - 1, length, 995), "bytes long, and"),
        (blob(u64::MAX - 3, length, 995), "a deletion vector of"),
        (blob(0, u64::MAX, 995), "a deletion vector of"),
    ] {
        fixture.set_deletes(0, wrong);
        let error = fixture.error().await;
        assert_eq!(error.code().as_str(), "corrupt_table");
        assert!(error.to_string().contains(message) && error.to_string().contains("dv/a b.bin"), "{error}");
    }
}

#[tokio::test]
async fn deletes_that_do_not_fit_the_file_are_refused() {
    let mut fixture = fixture().await;
    fixture.set_deletes(0, inline([1000]));
    let error = fixture.error().await.to_string();
    assert_eq!(error, "corrupt table: part-0.parquet: its deletion vector names row 1000, but it has 1000 rows");
    let location = FileLocation::Relative(Path::from("gone.bin"));
    fixture.set_deletes(0, Deletes::Blob { location, offset: 1, length: 40, cardinality: 1 });
    let error = fixture.error().await;
    assert_eq!(error.code().as_str(), "corrupt_table");
    assert!(error.to_string().contains("gone.bin: the log names this file, but it is not there"), "{error}");
}

/// One file of 60,000 rows in row groups of 20,000 and pages of 1000, whose third part is deleted by key; a few by a bitmap.
async fn keyed() -> (Fixture, Vec<i64>) {
    let schema = Schema::new(vec![
        field("id", DataType::Int64),
        field("key", DataType::Int64),
        field("text", DataType::Utf8),
        field("absent", DataType::Utf8),
    ]);
    let mut fixture = Fixture::new(schema);
    let ids = || 0..60_000_i64;
    let numbers = |numbers: &mut dyn Iterator<Item = i64>| Arc::new(Int64Array::from_iter_values(numbers)) as ArrayRef;
    let texts = StringArray::from_iter_values(ids().map(|id| format!("{:>40}", id * 7919)));
    let columns = [
        ("id", numbers(&mut ids())),
        ("key", numbers(&mut ids().map(|id| id % 1000))),
        ("text", Arc::new(texts) as ArrayRef),
    ];
    fixture.add_with(&RecordBatch::try_from_iter(columns).unwrap(), small_pages(20_000, 1000)).await;
    let deleted = numbers(&mut (0..1000).step_by(3));
    let deletes = parquet(&RecordBatch::try_from_iter([("key", deleted)]).unwrap(), WriterProperties::default());
    let size = deletes.len() as u64;
    fixture.store.put_bytes("keys.parquet", deletes).await;
    let kind = DeleteKind::Keys { columns: vec![1], ordering: None };
    let file = DeleteFile { location: FileLocation::Relative(Path::from("keys.parquet")), size, kind };
    let details = FileDetails { delete_files: vec![Arc::new(file)], ..FileDetails::default() };
    fixture.snapshot.files[0].details = Some(Arc::new(details));
    fixture.snapshot.files[0].row_count = Some(60_000);
    fixture.set_deletes(0, inline([1, 2, 30_001, 59_999]));
    let left = ids().filter(|id| id % 1000 % 3 != 0 && ![1, 2, 30_001, 59_999].contains(id)).collect();
    (fixture, left)
}

#[tokio::test]
async fn keys_are_deleted_whatever_is_read() {
    let (fixture, left) = keyed().await;
    let schema = fixture.scan().schema().clone();
    for limit in [None, Some(1), Some(5), Some(700), Some(13_330), Some(45_000)] {
        for columns in [vec![0], vec![2, 0], vec![0, 1, 2], vec![0, 3], vec![]] {
            let projected = Arc::new(schema.project(&columns).unwrap());
            let scan = fixture.scan().with_columns(columns.clone(), projected).with_limit(limit);
            let batches = collect(&scan).await.unwrap();
            let expected = &left[..limit.unwrap_or(usize::MAX).min(left.len())];
            assert_eq!(count(&batches), expected.len(), "{columns:?}, {limit:?}");
            if let Some(at) = columns.iter().position(|column| *column == 0) {
                let found =
                    batches.iter().flat_map(|batch| batch.column(at).as_primitive::<Int64Type>().values().to_vec());
                assert!(found.eq(expected.iter().copied()), "{columns:?}, {limit:?}");
            }
        }
    }
}

#[tokio::test]
async fn keys_are_read_of_what_is_left_by_pruners() {
    let (fixture, left) = keyed().await;
    let read = |fixture: &Fixture| -> u64 {
        let reads = fixture.store.take_reads();
        reads.iter().filter(|(path, _)| path.starts_with("part")).map(|(_, range)| range.end - range.start).sum()
    };
    let pruned = fixture.scan().with_pruner(Between::new(0, 30_500..=30_600));
    let found: Vec<i64> = collect(&pruned)
        .await
        .unwrap()
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
        .collect();
    let expected: Vec<i64> = left.iter().copied().filter(|id| (30_000..31_000).contains(id)).collect();
    assert_eq!(found, expected);
    let bytes = read(&fixture);
    assert!(bytes < 400_000, "{bytes}");
    // All rows are alike where the file lacks the key: null is deleted by null alone.
    let (mut fixture, _) = keyed().await;
    let nulls = RecordBatch::try_from_iter_with_nullable([(
        "absent",
        Arc::new(StringArray::from(vec![None::<&str>])) as ArrayRef,
        true,
    )]);
    let deletes = parquet(&nulls.unwrap(), WriterProperties::default());
    let kind = DeleteKind::Keys { columns: vec![3], ordering: None };
    let location = FileLocation::Relative(Path::from("nulls.parquet"));
    let file = DeleteFile { location, size: deletes.len() as u64, kind };
    fixture.store.put_bytes("nulls.parquet", deletes).await;
    let details = FileDetails { delete_files: vec![Arc::new(file)], ..FileDetails::default() };
    fixture.snapshot.files[0].details = Some(Arc::new(details));
    assert!(fixture.rows().await.is_empty());
}
