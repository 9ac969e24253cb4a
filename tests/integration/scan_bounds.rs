//! The bounds of row groups and pages that pruners see: in the table's types, and none that could be too narrow.

use crate::scan_fixture::{Fixture, collect, field, parquet, small_pages};
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Schema, TimeUnit};
use arrow::util::display::array_value_to_string;
use lakeglass::Result;
use lakeglass::scan::Pruner;
use lakeglass::snapshot::ContainerStatistics;
use parquet::data_type::{Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::{Arc, Mutex};

/// Keeps everything, and remembers what it was asked about.
#[derive(Debug)]
struct Recorder {
    columns: Vec<usize>,
    asked: Mutex<Vec<ContainerStatistics>>,
}

impl Pruner for Recorder {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn keep(&self, statistics: &ContainerStatistics) -> Result<Vec<bool>> {
        self.asked.lock().unwrap().push(statistics.clone());
        Ok(vec![true; statistics.containers])
    }
}

/// What a pruner of all columns is asked about.
async fn asked(fixture: &Fixture) -> Vec<ContainerStatistics> {
    let columns = (0..fixture.scan().schema().fields().len()).collect();
    let recorder = Arc::new(Recorder { columns, asked: Mutex::default() });
    collect(&fixture.scan().with_pruner(recorder.clone())).await.unwrap();
    let asked = recorder.asked.lock().unwrap();
    asked.clone()
}

/// `min..max, nulls` of each container for one column; `?` is not known.
fn bounds(statistics: &ContainerStatistics, column: usize) -> Vec<String> {
    let column = &statistics.columns[&column];
    let text = |array: &dyn Array, i: usize| {
        if array.is_null(i) { "?".to_string() } else { array_value_to_string(array, i).unwrap() }
    };
    let one = |i: usize| format!("{}..{}, {}", text(&column.min, i), text(&column.max, i), text(&column.null_count, i));
    (0..statistics.containers).map(one).collect()
}

#[tokio::test]
async fn row_groups_are_bounded_in_the_tables_types() {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let columns: Vec<(DataType, ArrayRef, [&str; 2])> = vec![
        // Widened since.
        (DataType::Int64, Arc::new(Int32Array::from(vec![Some(3), None, Some(-1), Some(9)])), ["3..3, 1", "-1..9, 0"]),
        (
            DataType::Decimal128(12, 3),
            Arc::new(Decimal128Array::from(vec![150, -25, 0, 1]).with_precision_and_scale(5, 2).unwrap()),
            ["-0.250..1.500, 0", "0.000..0.010, 0"],
        ),
        // Writers leave NaN out, and it is above them all; 0.0 may stand for -0.0.
        (DataType::Float64, Arc::new(Float64Array::from(vec![1.5, f64::NAN, 0.0, 2.0])), ["1.5..?, 0", "-0.0..?, 0"]),
        (DataType::Utf8, Arc::new(StringArray::from(vec!["b", "a", "ä", "z"])), ["a..b, 0", "z..ä, 0"]),
        (
            DataType::Date32,
            Arc::new(Date32Array::from(vec![0, 1, 2, 2])),
            ["1970-01-01..1970-01-02, 0", "1970-01-03..1970-01-03, 0"],
        ),
        (
            micros,
            Arc::new(TimestampMillisecondArray::from(vec![-1, 1, 5, 5])),
            [
                "1969-12-31T23:59:59.999Z..1970-01-01T00:00:00.001Z, 0",
                "1970-01-01T00:00:00.005Z..1970-01-01T00:00:00.005Z, 0",
            ],
        ),
        (
            DataType::Boolean,
            Arc::new(BooleanArray::from(vec![None, None, Some(true), Some(false)])),
            ["?..?, 2", "false..true, 0"],
        ),
    ];
    let schema = columns.iter().enumerate().map(|(i, (data_type, ..))| field(&format!("c{i}"), data_type.clone()));
    let missing = field("missing", DataType::Int64);
    let mut fixture = Fixture::new(Schema::new(schema.chain([missing]).collect::<Vec<_>>()));
    let arrays = columns.iter().enumerate().map(|(i, (_, array, _))| (format!("c{i}"), array.clone(), true));
    fixture.add_with(&RecordBatch::try_from_iter_with_nullable(arrays).unwrap(), small_pages(2, 1)).await;

    let asked = asked(&fixture).await;
    let groups = asked.iter().find(|statistics| statistics.containers == 2).unwrap();
    assert_eq!(groups.row_count.values(), &[2, 2]);
    for (i, (data_type, _, expected)) in columns.iter().enumerate() {
        assert_eq!(groups.columns[&i].min.data_type(), data_type);
        assert_eq!(groups.columns[&i].max.data_type(), data_type);
        assert_eq!(bounds(groups, i), expected, "{data_type}");
    }
    assert_eq!(bounds(groups, columns.len()), ["?..?, 2", "?..?, 2"], "null in all rows of the file");
}

#[tokio::test]
async fn pages_of_columns_are_aligned() {
    let mut fixture = Fixture::new(Schema::new(vec![field("a", DataType::Int64), field("b", DataType::Int64)]));
    // Pages of 3 rows; nulls are in the middle one.
    let a: ArrayRef = Arc::new(Int64Array::from_iter((0..9).map(|i| (i / 3 != 1).then_some(i))));
    let b: ArrayRef = Arc::new(Int64Array::from_iter((0..9).map(|i| (i != 4).then_some(i * 10))));
    fixture.add_with(&RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap(), small_pages(9, 3)).await;
    let asked = asked(&fixture).await;
    let pages = asked.iter().find(|statistics| statistics.containers == 3).expect("pages are asked about");
    assert_eq!(pages.row_count.values(), &[3, 3, 3]);
    assert_eq!(bounds(pages, 0), ["0..2, 0", "?..?, 3", "6..8, 0"]);
    // One null among three is neither none nor all of a run of rows.
    assert_eq!(bounds(pages, 1), ["0..20, 0", "30..50, ?", "60..80, 0"]);
}

#[tokio::test]
async fn partition_values_are_bounds() {
    let schema = Schema::new(vec![field("id", DataType::Int64), field("p", DataType::Int32)]);
    let mut fixture = Fixture::new(schema).partitioned(&[1]);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let bytes = parquet(&RecordBatch::try_from_iter([("id", ids)]).unwrap(), WriterProperties::default());
    fixture.add_bytes(bytes.clone(), &[Some("7")]).await;
    fixture.add_bytes(bytes, &[None]).await;
    let asked = asked(&fixture).await;
    let groups: Vec<_> = asked.iter().filter(|s| s.row_count.is_valid(0) && s.row_count.value(0) == 2).collect();
    let of_p: std::collections::BTreeSet<String> = groups.iter().flat_map(|s| bounds(s, 1)).collect();
    assert_eq!(of_p.into_iter().collect::<Vec<_>>(), ["7..7, 0", "?..?, 2"]);
}

#[tokio::test]
async fn int96_is_not_bounded() {
    let mut bytes = Vec::new();
    let schema = Arc::new(parse_message_type("message m { required int96 c; }").unwrap());
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let mut value = Int96::new();
    value.set_data(0, 0, 2_440_588);
    column.typed::<Int96Type>().write_batch(&[value], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let mut fixture = Fixture::new(Schema::new(vec![field("c", micros)]));
    fixture.add_bytes(bytes, &[]).await;
    assert!(asked(&fixture).await.iter().all(|statistics| bounds(statistics, 0)[0].starts_with("?..?")));
}
