use super::*;
use crate::formats::delta::column_mapping::Mode;
use crate::formats::delta::schema;
use crate::snapshot::{
    ColumnDescription, ColumnStatistics, DataFile, FileDescription, FileLocation, FormatInfo, TableMetadata,
};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type, Int64Type, Schema, TimestampMicrosecondType};
use object_store::path::Path;
use serde_json::json;
use std::sync::Arc;

fn snapshot(columns: &[(&str, &str)], statistics: Vec<Option<FileStatistics>>) -> Snapshot {
    let field = |(name, data_type): &(&str, &str)| json!({"name": name, "type": data_type, "nullable": true});
    let fields: Vec<_> = columns.iter().map(field).collect();
    let schema = schema::parse(&json!({"type": "struct", "fields": fields}).to_string(), Mode::None).unwrap();
    let file = |statistics: Option<FileStatistics>| {
        let (row_count, has_tight_bounds) = rows_and_tightness(statistics.as_ref());
        let file = DataFile::new(FileLocation::Relative(Path::from("a")), 1);
        DataFile { row_count, has_tight_bounds, statistics, ..file }
    };
    let options = RecordBatchOptions::new().with_row_count(Some(statistics.len()));
    Snapshot {
        version: 0,
        timestamp: None,
        schema,
        partition_columns: Vec::new(),
        partition_values: RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap(),
        files: statistics.into_iter().map(file).collect(),
        stored_statistics: Vec::new(),
        metadata: TableMetadata::default(),
        format: FormatInfo::default(),
        row_tracking: None,
        damage: None,
    }
}

fn encoded(text: &str) -> Option<FileStatistics> {
    Some(FileStatistics::Text(text.into()))
}

/// The bounds of one column of one file with these JSON bounds.
fn bounds(data_type: &str, min: &str, max: &str) -> ColumnStatistics {
    let text =
        format!(r#"{{"numRecords":3,"minValues":{{"c":{min}}},"maxValues":{{"c":{max}}},"nullCount":{{"c":1}}}}"#);
    let snapshot = snapshot(&[("c", data_type)], vec![encoded(&text)]);
    let mut decoded = decode(&snapshot, &[0], &[0]).unwrap();
    assert_eq!(decoded.row_count.value(0), 3);
    decoded.columns.remove(&0).unwrap()
}

#[test]
fn numbers_and_dates() {
    let found = bounds("long", "-5", "9007199254740993");
    assert_eq!(found.min.as_primitive::<Int64Type>().value(0), -5);
    assert_eq!(found.max.as_primitive::<Int64Type>().value(0), 9_007_199_254_740_993);
    assert_eq!(found.null_count.value(0), 1);
    let found = bounds("date", "\"1970-01-02\"", "\"1970-01-03\"");
    assert_eq!(found.max.as_primitive::<Date32Type>().value(0), 2);
    let found = bounds("decimal(10,2)", "-1.5", "12.34");
    assert_eq!(found.min.as_primitive::<Decimal128Type>().value(0), -150);
    assert_eq!(found.max.as_primitive::<Decimal128Type>().value(0), 1234);
    // A value of the narrower type that the column had.
    let found = bounds("timestamp_ntz", "\"1970-01-02\"", "\"1970-01-02\"");
    assert_eq!(found.min.as_primitive::<TimestampMicrosecondType>().value(0), 86_400_000_000);
}

#[test]
fn timestamps_cover_what_was_cut_off() {
    let found = bounds("timestamp", "\"1970-01-01T00:00:00.001Z\"", "\"1970-01-01T01:00:00.002+01:00\"");
    assert_eq!(found.min.as_primitive::<TimestampMicrosecondType>().value(0), 1000);
    assert_eq!(found.max.as_primitive::<TimestampMicrosecondType>().value(0), 2999);
    assert_eq!(
        found.max.data_type(),
        &DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()))
    );
}

#[test]
fn strings_cover_what_was_cut_off() {
    let long = "x".repeat(32);
    let found = bounds("string", "\"a\\\"b\"", &format!("\"{long}\""));
    assert_eq!(found.min.as_string::<i32>().value(0), "a\"b");
    assert_eq!(found.max.as_string::<i32>().value(0), format!("{long}\u{10ffff}"));
    assert_eq!(bounds("string", "\"a\"", "\"b\"").max.as_string::<i32>().value(0), "b");
}

#[test]
fn bounds_by_another_collation_are_not_used() {
    let text = r#"{"numRecords":2,"minValues":{"c":"B"},"maxValues":{"c":"a"},
        "statsWithCollation":{"icu.en_US.72":{"minValues":{"c":"a"},"maxValues":{"c":"B"}}}}"#;
    let mut decoded = decode(&snapshot(&[("c", "string")], vec![encoded(text)]), &[0], &[0]).unwrap();
    let found = decoded.columns.remove(&0).unwrap();
    assert_eq!((found.min.as_string::<i32>().value(0), found.max.as_string::<i32>().value(0)), ("B", "a"));
}

#[test]
fn floats_leave_room_for_nan_and_rounding() {
    let found = bounds("double", "0.7", "5.0");
    let min = found.min.as_primitive::<Float64Type>().value(0);
    assert!(min <= f64::from(0.7_f32) && min > 0.699_999, "{min}");
    assert!(found.max.is_null(0));
    assert!(bounds("double", "0.0", "1.0").min.as_primitive::<Float64Type>().value(0).is_sign_negative());
    assert!(bounds("double", "\"NaN\"", "\"NaN\"").min.is_null(0));
    let infinite = bounds("double", "\"-Infinity\"", "1");
    assert_eq!(infinite.min.as_primitive::<Float64Type>().value(0), f64::NEG_INFINITY);
}

#[test]
fn long_decimals_leave_room_for_rounding() {
    let found = bounds("decimal(38,2)", "12345678901234567000.00", "12345678901234567000.00");
    let exact = 1_234_567_890_123_456_789_012_i128 / 1000 * 1000;
    assert!(found.min.as_primitive::<Decimal128Type>().value(0) < exact);
    assert!(found.max.as_primitive::<Decimal128Type>().value(0) > exact);
    let nines = "9".repeat(38);
    let most = bounds("decimal(38,0)", &nines, &nines).max.as_primitive::<Decimal128Type>().value(0);
    assert_eq!(most.to_string(), nines);
}

#[test]
fn what_is_broken_is_not_known() {
    for broken in ["\"x\"", "{}", "[1]", "true", "1.5", "99999999999999999999", "null"] {
        let found = bounds("long", broken, broken);
        assert!(found.min.is_null(0) && found.max.is_null(0), "{broken}");
    }
    for text in ["", "{", "[]", "7", "{\"minValues\":7}", "{\"numRecords\":-1,\"nullCount\":{\"c\":\"x\"}}"] {
        let snapshot = snapshot(&[("c", "long")], vec![encoded(text), None]);
        let decoded = decode(&snapshot, &[0, 1], &[0]).unwrap();
        assert_eq!(decoded.containers, 2);
        assert_eq!((decoded.row_count.null_count(), decoded.columns[&0].min.null_count()), (2, 2), "{text}");
        assert_eq!(decoded.columns[&0].null_count.null_count(), 2, "{text}");
        assert_eq!(snapshot.row_count(), None);
    }
}

#[test]
fn null_counts_of_wide_bounds_say_all_or_nothing() {
    let nulls = |tight: &str, nulls: u64| {
        let text = format!(r#"{{"numRecords":3,"tightBounds":{tight},"nullCount":{{"c":{nulls}}}}}"#);
        let snapshot = snapshot(&[("c", "long")], vec![encoded(&text)]);
        let decoded = decode(&snapshot, &[0], &[0]).unwrap();
        let found = &decoded.columns[&0].null_count;
        found.is_valid(0).then(|| found.value(0))
    };
    assert_eq!([0, 1, 3].map(|count| nulls("true", count)), [Some(0), Some(1), Some(3)]);
    assert_eq!([0, 1, 3].map(|count| nulls("false", count)), [Some(0), None, Some(3)]);
    assert_eq!(nulls("true", 4), None);
}

fn parsed_batch() -> Arc<StructArray> {
    let field = |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
    let group = |columns: Vec<(&str, ArrayRef)>| -> ArrayRef {
        Arc::new(StructArray::from(columns.into_iter().map(|(n, a)| (field(n, &a), a)).collect::<Vec<_>>()))
    };
    let micros = |values: Vec<i64>| Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC")) as ArrayRef;
    let min: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![1, 2]))),
        ("t", micros(vec![0, 1000])),
        ("s", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("d", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
    ];
    let max: Vec<(&str, ArrayRef)> =
        vec![("i", Arc::new(Int32Array::from(vec![Some(10), None]))), ("t", micros(vec![5000, 6000]))];
    let nulls: Vec<(&str, ArrayRef)> = vec![("i", Arc::new(Int64Array::from(vec![0, 1])))];
    let whole = group(vec![
        ("numRecords", Arc::new(Int64Array::from(vec![4, 5]))),
        ("tightBounds", Arc::new(BooleanArray::from(vec![true, false]))),
        ("minValues", group(min)),
        ("maxValues", group(max)),
        ("nullCount", group(nulls)),
    ]);
    Arc::new(whole.as_struct().clone())
}

#[test]
fn parsed_and_encoded_statistics_mix() {
    let batch = parsed_batch();
    let parsed = |row| Some(FileStatistics::Row { batch: batch.clone(), row });
    let json = encoded(r#"{"numRecords":6,"minValues":{"i":7},"maxValues":{"i":8},"nullCount":{"i":2}}"#);
    let columns = [("i", "long"), ("t", "timestamp"), ("s", "string"), ("d", "double"), ("missing", "long")];
    let snapshot = snapshot(&columns, vec![parsed(1), json, None, parsed(0)]);
    let decoded = decode(&snapshot, &[0, 1, 2, 3], &[0, 1, 2, 3, 4]).unwrap();

    let longs = |array: &ArrayRef| array.as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
    assert_eq!(decoded.row_count.iter().collect::<Vec<_>>(), [Some(5), Some(6), None, Some(4)]);
    assert_eq!(longs(&decoded.columns[&0].min), [Some(2), Some(7), None, Some(1)]);
    assert_eq!(longs(&decoded.columns[&0].max), [None, Some(8), None, Some(10)]);
    assert_eq!(decoded.columns[&0].null_count.iter().collect::<Vec<_>>(), [None, Some(2), None, Some(0)]);
    let max: Vec<_> = decoded.columns[&1].max.as_primitive::<TimestampMicrosecondType>().iter().collect();
    assert_eq!(max, [Some(6999), None, None, Some(5999)]);
    assert_eq!(
        decoded.columns[&2].min.as_string::<i32>().iter().collect::<Vec<_>>(),
        [Some("b"), None, None, Some("a")]
    );
    assert_eq!(decoded.columns[&3].max.null_count(), 4);
    assert_eq!(decoded.columns[&4].min.null_count(), 4);
    // Files out of order, and one twice.
    let decoded = decode(&snapshot, &[3, 1, 3], &[0]).unwrap();
    assert_eq!(longs(&decoded.columns[&0].min), [Some(1), Some(7), Some(1)]);
    assert!(decode(&snapshot, &[9], &[0]).is_err());
}

#[test]
fn a_partition_column_is_bounded_by_its_value() {
    let count = encoded(r#"{"numRecords":6}"#);
    let mut snapshot = snapshot(&[("c", "long"), ("p", "string")], vec![count.clone(), count, None]);
    snapshot.partition_columns = vec![1];
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None, None]));
    snapshot.partition_values = RecordBatch::try_from_iter([("p", values)]).unwrap();
    let decoded = decode(&snapshot, &[1, 0, 2], &[1]).unwrap();
    let found = &decoded.columns[&1];
    assert_eq!(found.min.as_string::<i32>().iter().collect::<Vec<_>>(), [None, Some("x"), None]);
    assert_eq!(found.null_count.iter().collect::<Vec<_>>(), [Some(6), Some(0), None]);
    assert!(!decoded.columns.contains_key(&0));
}

#[test]
fn rows_are_counted_without_the_deleted_ones() {
    let mut snapshot = snapshot(&[("i", "long")], vec![encoded(r#"{"numRecords":6,"minValues":{"i":1}}"#)]);
    assert_eq!(snapshot.row_count(), Some(6));
    let parsed = FileStatistics::Row { batch: parsed_batch(), row: 1 };
    snapshot.files[0].row_count = rows_and_tightness(Some(&parsed)).0;
    snapshot.files[0].statistics = Some(parsed);
    let location = FileLocation::Relative(Path::from("d"));
    let deletes = crate::snapshot::Deletes::Blob { location, offset: 0, length: 1, cardinality: 2 };
    snapshot.files[0].deletes = Some(Box::new(deletes));
    assert_eq!(snapshot.row_count(), Some(3));
}

async fn described(snapshot: &Snapshot) -> FileDescription {
    let store = std::sync::Arc::new(object_store::memory::InMemory::new());
    let storage = Storage::from_store(store, Path::default(), "memory:///");
    let found = describe(&storage, snapshot, &[0]).await.unwrap();
    found.into_iter().next().flatten().unwrap()
}

#[tokio::test]
async fn descriptions_show_what_was_written() {
    let nested = json!({"type": "struct", "fields": [{"name": "x", "type": "long", "nullable": true}]});
    let fields =
        json!([{"name": "i", "type": "long"}, {"name": "n", "type": nested}, {"name": "t", "type": "timestamp"}]);
    let mut snapshot = snapshot(
        &[],
        vec![encoded(
            r#"{"numRecords":2,"minValues":{"i":1,"n":{"x":3}},"maxValues":{"i":2},"nullCount":{"i":0,"n":{"x":1}}}"#,
        )],
    );
    snapshot.schema = schema::parse(&json!({"type": "struct", "fields": fields}).to_string(), Mode::None).unwrap();
    let found = described(&snapshot).await;
    let column = |min: Option<Value>, max: Option<Value>, null_count| ColumnDescription { min, max, null_count };
    use serde_json::Value;
    assert_eq!(found.num_records, Some(2));
    assert_eq!(found.columns["i"], column(Some(json!(1)), Some(json!(2)), Some(0)));
    assert_eq!(found.columns["n.x"], column(Some(json!(3)), None, Some(1)));

    snapshot.files[0].statistics = Some(FileStatistics::Row { batch: parsed_batch(), row: 0 });
    let found = described(&snapshot).await;
    assert_eq!(found.num_records, Some(4));
    assert_eq!(found.columns["i"], column(Some(json!(1)), Some(json!(10)), Some(0)));
    assert_eq!(found.columns["t"].min, Some(json!("1970-01-01T00:00:00Z")));
}

#[test]
fn offsets_without_their_seconds() {
    let micros = |text: &str| partition_timestamp(text);
    // Berlin's local mean time, +00:53:28, as Delta Spark 3 writes it (delta-io/delta#5249).
    let found = bounds("timestamp", r#""1850-01-01T01:01:01.000+00:53""#, r#""1850-01-01T01:01:01.000+00:53""#);
    let value = micros("1850-01-01 00:07:33");
    assert!(found.min.as_primitive::<TimestampMicrosecondType>().value(0) <= value);
    assert!(found.max.as_primitive::<TimestampMicrosecondType>().value(0) >= value);
    // Moscow's, +02:30:17, is a multiple of a quarter of an hour then.
    let found = bounds("timestamp", r#""1870-01-01T02:30:17.000+02:30""#, r#""1870-01-01T02:30:17.000+02:30""#);
    assert!(found.min.as_primitive::<TimestampMicrosecondType>().value(0) <= micros("1870-01-01 00:00:00"));
    // New York's lies the other way.
    let found = bounds("timestamp", r#""1870-05-05T07:03:58.000-04:56""#, r#""1870-05-05T07:03:58.000-04:56""#);
    assert!(found.max.as_primitive::<TimestampMicrosecondType>().value(0) >= micros("1870-05-05 12:00:00"));
    // Standard times have no seconds: bounds stay as narrow as they were.
    let found = bounds("timestamp", r#""2020-05-05T14:00:00.123+05:45""#, r#""2020-05-05T14:00:00.123+05:45""#);
    assert_eq!(found.min.as_primitive::<TimestampMicrosecondType>().value(0), micros("2020-05-05 08:15:00.123"));
    let found = bounds("timestamp", r#""1850-01-01T00:00:00.000Z""#, r#""1850-01-01T00:00:00.000Z""#);
    assert_eq!(found.min.as_primitive::<TimestampMicrosecondType>().value(0), micros("1850-01-01 00:00:00"));
}

fn partition_timestamp(text: &str) -> i64 {
    crate::formats::delta::partition_values::timestamp(text).unwrap()
}
