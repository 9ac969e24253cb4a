//! The first rows of large row groups, which are made from the beginnings of pages: the same rows as from whole ones.

use crate::scan_fixture::{Fixture, collect, field, parquet, texts};
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array,
    ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Fields, Int64Type, Schema};
use lakeglass::Error;
use lakeglass::snapshot::Deletes;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion};
use roaring::RoaringTreemap;
use std::sync::Arc;

const ROWS: usize = 60_000;

/// Numbers in no order, so that pages are long.
fn mixed(row: usize) -> u64 {
    let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Columns of all physical types, each with a distinct value in nearly every row, most with nulls in between.
fn batch() -> RecordBatch {
    let rows = || 0..ROWS;
    let some = |row: usize, every: u64| !mixed(row + 7).is_multiple_of(every);
    let inner = Fields::from(vec![field("a", DataType::Int64), field("b", DataType::Utf8)]);
    let longs = |every| rows().map(move |row| some(row, every).then(|| mixed(row) as i64)).collect::<Int64Array>();
    let words = |every| {
        rows()
            .map(move |row| some(row, every).then(|| format!("{:x}", mixed(row) >> (row % 40))))
            .collect::<StringArray>()
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("long", Arc::new(longs(u64::MAX))),
        ("long_or_null", Arc::new(longs(3))),
        (
            "mostly_null",
            Arc::new(rows().map(|row| (!some(row, 50)).then(|| mixed(row) as i64)).collect::<Int64Array>()),
        ),
        ("int", Arc::new(rows().map(|row| Some(mixed(row) as i32 >> 8)).collect::<Int32Array>())),
        ("double", Arc::new(rows().map(|row| some(row, 5).then(|| mixed(row) as f64 / 3.0)).collect::<Float64Array>())),
        ("flag", Arc::new(rows().map(|row| some(row, 9).then(|| mixed(row) & 4 == 0)).collect::<BooleanArray>())),
        ("text", Arc::new(words(4))),
        ("few", Arc::new(rows().map(|row| Some(format!("word {}", mixed(row) % 9))).collect::<StringArray>())),
        ("same", Arc::new(StringArray::from_iter_values(rows().map(|_| "same")))),
        (
            "bytes",
            Arc::new(
                rows().map(|row| some(row, 6).then(|| mixed(row).to_le_bytes().repeat(2))).collect::<BinaryArray>(),
            ),
        ),
        (
            "fixed",
            Arc::new(
                FixedSizeBinaryArray::try_from_iter(rows().map(|row| (mixed(row) as u128).pow(2).to_be_bytes()))
                    .unwrap(),
            ),
        ),
        (
            "decimal",
            Arc::new(
                rows()
                    .map(|row| some(row, 8).then(|| mixed(row) as i128 * 10_000))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(30, 4)
                    .unwrap(),
            ),
        ),
        (
            "nested",
            Arc::new(StructArray::new(
                inner,
                vec![Arc::new(longs(4)), Arc::new(words(5))],
                Some(rows().map(|row| some(row, 7)).collect::<Vec<_>>().into()),
            )),
        ),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(rows().map(|row| {
                some(row, 5).then(|| (0..row % 4).map(move |i| Some(mixed(row + i) as i64)).collect::<Vec<_>>())
            }))),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, values)| (name, values, true))).unwrap()
}

fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder().set_max_row_group_row_count(Some(40_000)).set_data_page_row_count_limit(20_000)
}

async fn fixture(batch: &RecordBatch, properties: WriterProperties) -> Fixture {
    let fields = batch.schema().fields().iter().map(|of| field(of.name(), of.data_type().clone())).collect::<Vec<_>>();
    let mut fixture = Fixture::new(Schema::new(fields));
    fixture.add_with(batch, properties).await;
    fixture
}

/// The bytes that the first rows took, which are as many as `expected` and the same.
async fn bytes_of_first(fixture: &Fixture, expected: &RecordBatch) -> u64 {
    let scan = fixture.scan().with_limit(Some(expected.num_rows()));
    let rows = texts(&collect(&scan).await.unwrap());
    assert_eq!(rows.len(), expected.num_rows());
    for (row, (found, wanted)) in rows.iter().zip(texts(std::slice::from_ref(expected))).enumerate() {
        assert_eq!(*found, wanted, "row {row}");
    }
    fixture.store.take_reads().iter().map(|(_, range)| range.end - range.start).sum()
}

#[tokio::test]
async fn the_first_rows_are_the_same_however_the_file_is_written() {
    let batch = batch();
    for codec in
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default()), Compression::LZ4_RAW]
    {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for (dictionary, indexed) in [(true, true), (true, false), (false, true), (false, false)] {
                let mut properties = properties()
                    .set_compression(codec)
                    .set_writer_version(version)
                    .set_dictionary_enabled(dictionary)
                    .set_dictionary_page_size_limit(8 << 20)
                    .set_offset_index_disabled(!indexed);
                if !indexed {
                    properties = properties.set_statistics_enabled(EnabledStatistics::Chunk);
                }
                let fixture = fixture(&batch, properties.build()).await;
                let bytes = bytes_of_first(&fixture, &batch.slice(0, 100)).await;
                let whole = fixture.table().snapshot().files[0].size;
                // Without a dictionary, the second version's pages have the lengths of all their texts in front.
                let is_shortened =
                    codec != Compression::LZ4_RAW && (dictionary || version == WriterVersion::PARQUET_1_0);
                let told = format!("{codec:?} {version:?} dictionary {dictionary} index {indexed}: {bytes} of {whole}");
                assert!(!is_shortened || bytes < 2_800_000, "{told}");
            }
        }
    }
}

#[tokio::test]
async fn deleted_rows_are_passed_over() {
    let batch = batch();
    let mut fixture = fixture(&batch, properties().set_compression(Compression::SNAPPY).build()).await;
    let deleted: RoaringTreemap = (0..900).chain(950..1000).collect();
    let mut bitmap = 1_681_511_377_u32.to_le_bytes().to_vec();
    deleted.serialize_into(&mut bitmap).unwrap();
    fixture.set_deletes(0, Deletes::Inline { bitmap: bitmap.into(), cardinality: deleted.len() });
    let left = concat_batches(&batch.schema(), [&batch.slice(900, 50), &batch.slice(1000, ROWS - 1000)]).unwrap();
    for (limit, most) in [(1, 2_500_000), (60, 2_500_000), (3000, 2_800_000), (50_000, u64::MAX)] {
        let bytes = bytes_of_first(&fixture, &left.slice(0, limit)).await;
        assert!(bytes < most, "{limit}: {bytes}");
    }
}

#[tokio::test]
async fn what_a_beginning_does_not_hold_is_fetched() {
    // Of texts of 5 kB a beginning holds few; some encodings have their values' lengths in front.
    let long = StringArray::from_iter_values(
        (0..3000).map(|row| format!("{:04}{}", row, format!("{:x}", mixed(row)).repeat(300))),
    );
    let batch = RecordBatch::try_from_iter([("long", Arc::new(long) as ArrayRef)]).unwrap();
    for encoding in [None, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY), Some(Encoding::DELTA_BYTE_ARRAY)] {
        let mut properties = properties().set_compression(Compression::SNAPPY);
        if let Some(encoding) = encoding {
            properties = properties.set_dictionary_enabled(false).set_encoding(encoding);
        }
        let fixture = fixture(&batch, properties.build()).await;
        for limit in [1, 10, 100, 2999] {
            bytes_of_first(&fixture, &batch.slice(0, limit)).await;
        }
    }
}

#[tokio::test]
async fn damage_in_a_beginning_is_an_error_or_other_values() {
    let batch = batch();
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default())] {
        let intact = parquet(&batch, properties().set_compression(codec).set_offset_index_disabled(true).build());
        let mut errors = 0;
        for round in 0..60 {
            let mut fixture = Fixture::new(batch.schema().as_ref().clone());
            let mut bytes = intact.clone();
            // Headers, and the runs and lengths behind them, are at the front of pages; this is where the first ones begin.
            let place = 4 + mixed(round) as usize % if round % 2 == 0 { 100 } else { 400_000 };
            bytes[place] ^= 1 << (mixed(round) >> 40 & 7);
            fixture.add_bytes(bytes, &[]).await;
            match collect(&fixture.scan().with_limit(Some(100))).await {
                Ok(batches) => assert_eq!(texts(&batches).len(), 100, "{codec:?} {place}"),
                Err(Error::CorruptTable { .. }) => errors += 1,
                Err(error) => panic!("{codec:?} {place}: {error}"),
            }
        }
        assert!(errors > 0, "{codec:?}");
    }
}
