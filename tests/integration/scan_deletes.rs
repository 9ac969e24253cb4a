//! Deleted rows are left out.

use crate::scan_fixture::{Fixture, collect, count, field, small_pages, texts};
use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use bytes::Bytes;
use lakeglass::snapshot::{Deletes, FileLocation};
use object_store::path::Path;
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
