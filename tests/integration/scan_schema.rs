//! Files whose schema is not the table's: older columns, other names, other types.

use crate::scan_fixture::{Fixture, collect, field, parquet, texts, with_id};
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Date32Array, Decimal128Array, Float32Array, Int8Array, Int16Array,
    Int32Array, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use lakeglass::snapshot::FieldMatch;
use parquet::data_type::{ByteArray, ByteArrayType, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

async fn read_as(data_type: DataType, column: ArrayRef) -> lakeglass::Result<Vec<String>> {
    let mut fixture = Fixture::new(Schema::new(vec![field("c", data_type.clone())]));
    fixture.add(&batch(vec![("c", column)])).await;
    let batches = collect(&fixture.scan()).await?;
    assert!(batches.iter().all(|batch| batch.column(0).data_type() == &data_type));
    Ok(texts(&batches))
}

fn micros(zone: Option<&str>) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into))
}

#[tokio::test]
async fn types_are_widened() {
    let cases: Vec<(DataType, ArrayRef, &[&str])> = vec![
        (DataType::Int16, Arc::new(Int8Array::from(vec![Some(-128), None])), &["-128", "∅"]),
        (DataType::Int32, Arc::new(Int16Array::from(vec![-5])), &["-5"]),
        (DataType::Int64, Arc::new(Int32Array::from(vec![i32::MIN])), &["-2147483648"]),
        (DataType::Float64, Arc::new(Int32Array::from(vec![16_777_217])), &["16777217.0"]),
        (DataType::Decimal128(20, 1), Arc::new(Int64Array::from(vec![-7])), &["-7.0"]),
        (DataType::Float64, Arc::new(Float32Array::from(vec![1.5])), &["1.5"]),
        (DataType::Int64, Arc::new(UInt32Array::from(vec![u32::MAX])), &["4294967295"]),
        (
            DataType::Decimal128(38, 4),
            Arc::new(Decimal128Array::from(vec![12345]).with_precision_and_scale(7, 2).unwrap()),
            &["123.4500"],
        ),
        (micros(None), Arc::new(Date32Array::from(vec![-1])), &["1969-12-31T00:00:00"]),
        (DataType::Int8, Arc::new(Int32Array::from(vec![127])), &["127"]),
    ];
    for (data_type, column, expected) in cases {
        let what = format!("{} as {data_type}", column.data_type());
        assert_eq!(read_as(data_type, column).await.unwrap(), expected, "{what}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_corrupt() {
    let cases: Vec<(DataType, ArrayRef)> = vec![
        (DataType::Int8, Arc::new(Int32Array::from(vec![128]))),
        (DataType::Int32, Arc::new(Int64Array::from(vec![1 << 40]))),
        (DataType::Float64, Arc::new(Int64Array::from(vec![1]))),
        (DataType::Utf8, Arc::new(Int32Array::from(vec![1]))),
        (DataType::Int32, Arc::new(StringArray::from(vec!["1"]))),
        (DataType::Utf8, Arc::new(BinaryArray::from(vec![&[0xff_u8][..]]))),
        (
            DataType::Decimal128(4, 1),
            Arc::new(Decimal128Array::from(vec![12345]).with_precision_and_scale(7, 2).unwrap()),
        ),
        (DataType::Struct(vec![field("a", DataType::Int32)].into()), Arc::new(Int32Array::from(vec![1]))),
        (DataType::List(Arc::new(field("element", DataType::Int32))), Arc::new(Int32Array::from(vec![1]))),
    ];
    for (data_type, column) in cases {
        let what = format!("{} as {data_type}", column.data_type());
        let error = read_as(data_type, column).await.expect_err(&what);
        assert_eq!(error.code().as_str(), "corrupt_table", "{what}");
        assert!(error.to_string().starts_with("corrupt table: part-0.parquet: "), "{what}: {error}");
    }
}

#[tokio::test]
async fn timestamps_keep_their_microseconds_whatever_the_label() {
    let wanted = "2024-02-29T12:00:00.000001";
    let at = 1_709_208_000_000_001_i64;
    for zone in [None, Some("+00:00")] {
        for label in [None, Some("+00:00")] {
            let column = Arc::new(TimestampMicrosecondArray::from(vec![at]).with_timezone_opt(label));
            let rows = read_as(micros(zone), column).await.unwrap();
            assert_eq!(rows, [format!("{wanted}{}", if zone.is_some() { "Z" } else { "" })]);
        }
    }
    let column = Arc::new(TimestampNanosecondArray::from(vec![at * 1000 + 999, -1]));
    assert_eq!(read_as(micros(None), column).await.unwrap(), [wanted, "1969-12-31T23:59:59.999999"]);
    let column = Arc::new(TimestampMillisecondArray::from(vec![at / 1000]));
    assert_eq!(read_as(micros(None), column).await.unwrap(), ["2024-02-29T12:00:00"]);
}

#[tokio::test]
async fn strings_and_bytes_come_as_views_where_asked() {
    let (text, bytes) = (DataType::Utf8View, DataType::BinaryView);
    let column = || Arc::new(StringArray::from(vec![Some("a string longer than twelve bytes"), None]));
    let binary = || Arc::new(BinaryArray::from(vec![Some("abc".as_bytes()), None]));
    assert_eq!(read_as(text.clone(), column()).await.unwrap(), ["a string longer than twelve bytes", "∅"]);
    assert_eq!(read_as(text, binary()).await.unwrap(), ["abc", "∅"]);
    assert_eq!(read_as(bytes, binary()).await.unwrap(), ["616263", "∅"]);
    assert_eq!(read_as(DataType::Utf8, binary()).await.unwrap(), ["abc", "∅"]);
    let dictionary = arrow::compute::cast(
        column().as_ref(),
        &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    );
    assert_eq!(read_as(DataType::Utf8, dictionary.unwrap()).await.unwrap()[1], "∅");
}

#[tokio::test]
async fn missing_columns_are_null_and_others_are_found_by_name() {
    let mut fixture = Fixture::new(Schema::new(vec![
        field("a", DataType::Int32),
        field("New", DataType::Utf8),
        field("camelCase", DataType::Int32),
    ]));
    let ints = |value| Arc::new(Int32Array::from(vec![value])) as ArrayRef;
    fixture.add(&batch(vec![("camelcase", ints(1)), ("dropped", ints(2)), ("a", ints(3))])).await;
    fixture.add(&batch(vec![("camelCase", ints(4)), ("CAMELCASE", ints(5)), ("A", ints(6))])).await;
    fixture.add(&batch(vec![("dropped", ints(7))])).await;
    assert_eq!(fixture.rows().await, ["3 | ∅ | 1", "6 | ∅ | 4", "∅ | ∅ | ∅"]);
    fixture.add(&batch(vec![("camelcase", ints(4)), ("CAMELCASE", ints(5))])).await;
    let error = fixture.error().await.to_string();
    assert!(error.contains("part-3.parquet: several columns are called camelCase but for their case"), "{error}");
}

fn nested(inner: &str, renamed: &str, value: DataType, extra: bool) -> Schema {
    let mut fields = vec![with_id(field(inner, value.clone()), 11)];
    if extra {
        fields.insert(0, with_id(field("added", DataType::Utf8), 12));
    }
    let entry = DataType::Struct(Fields::from(fields));
    let pairs =
        DataType::Struct(Fields::from(vec![Field::new("key", DataType::Utf8, false), field("value", entry.clone())]));
    Schema::new(vec![
        with_id(field(renamed, entry.clone()), 1),
        with_id(field("l", DataType::List(Arc::new(field("element", entry)))), 2),
        with_id(field("m", DataType::Map(Arc::new(Field::new("key_value", pairs, false)), false)), 3),
    ])
}

/// Three rows with nulls at every level: `s`, a list of it and a map to it, spelled as `schema` says.
fn nested_batch(schema: &Schema) -> RecordBatch {
    let DataType::Struct(fields) = schema.field(0).data_type() else { unreachable!() };
    let entry = |values: Vec<Option<i32>>, valid: Vec<bool>| {
        StructArray::new(fields.clone(), vec![Arc::new(Int32Array::from(values))], Some(NullBuffer::from(valid)))
    };
    let s = entry(vec![Some(1), None, None], vec![true, true, false]);
    let DataType::List(element) = schema.field(1).data_type() else { unreachable!() };
    let items = entry(vec![Some(1), None, None, Some(4)], vec![true, false, true, true]);
    let lengths = OffsetBuffer::from_lengths([3, 0, 1]);
    let list = ListArray::new(element.clone(), lengths, Arc::new(items), None);
    let DataType::Map(pair, _) = schema.field(2).data_type() else { unreachable!() };
    let DataType::Struct(pair_fields) = pair.data_type() else { unreachable!() };
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let values: ArrayRef = Arc::new(entry(vec![Some(7), None], vec![true, false]));
    let pairs = StructArray::new(pair_fields.clone(), vec![keys, values], None);
    let nulls = NullBuffer::from(vec![true, false, true]);
    let map = MapArray::new(pair.clone(), OffsetBuffer::from_lengths([2, 0, 0]), pairs, Some(nulls), false);
    RecordBatch::try_new(Arc::new(schema.clone()), vec![Arc::new(s), Arc::new(list), Arc::new(map)]).unwrap()
}

const PLAIN: [&str; 3] = ["{a: 1} | [{a: 1}, ∅, {a: ∅}] | {x: {a: 7}, y: ∅}", "{a: ∅} | [] | ∅", "∅ | [{a: 4}] | {}"];
const EVOLVED: [&str; 3] = [
    "{added: ∅, a: 1} | [{added: ∅, a: 1}, ∅, {added: ∅, a: ∅}] | {x: {added: ∅, a: 7}, y: ∅}",
    "{added: ∅, a: ∅} | [] | ∅",
    "∅ | [{added: ∅, a: 4}] | {}",
];

#[tokio::test]
async fn nested_values_keep_their_nulls() {
    let schema = nested("a", "s", DataType::Int32, false);
    let mut fixture = Fixture::new(schema.clone());
    fixture.add(&nested_batch(&schema)).await;
    assert_eq!(fixture.rows().await, PLAIN);
}

#[tokio::test]
async fn nested_fields_are_renamed_added_and_widened() {
    for field_match in [FieldMatch::Name, FieldMatch::Id] {
        let logical = nested("a", "s", DataType::Int64, true);
        let physical = nested("col-1", "col-0", DataType::Int64, true);
        let mut fixture = Fixture::mapped(Arc::new(logical.clone()), Arc::new(physical), field_match);
        // By id the names do not matter; a file without ids is read by its names.
        if field_match == FieldMatch::Id {
            fixture.add(&nested_batch(&nested("whatever", "other", DataType::Int32, false))).await;
        }
        fixture.add(&nested_batch(&nested("col-1", "col-0", DataType::Int32, false))).await;
        let batches = collect(&fixture.scan()).await.unwrap();
        assert_eq!(batches[0].schema().as_ref(), lakeglass::scan::nullable(&logical).as_ref());
        for batch in batches {
            assert_eq!(texts(&[batch]), EVOLVED, "{field_match:?}");
        }
    }
}

#[tokio::test]
async fn by_id_a_name_alone_is_not_enough() {
    let schema = |id| Schema::new(vec![with_id(field("c", DataType::Int32), id)]);
    let mut fixture = Fixture::mapped(Arc::new(schema(1)), Arc::new(schema(1)), FieldMatch::Id);
    let ints: ArrayRef = Arc::new(Int32Array::from(vec![5]));
    fixture.add(&RecordBatch::try_new(Arc::new(schema(2)), vec![ints.clone()]).unwrap()).await;
    assert_eq!(fixture.rows().await, ["∅"], "another column's values");
    fixture.add(&batch(vec![("c", ints)])).await;
    let error = fixture.error().await;
    assert!(error.code().as_str() == "corrupt_table" && error.to_string().contains("no field ids"), "{error}");
}

#[tokio::test]
async fn a_struct_of_which_nothing_is_left_still_knows_its_nulls() {
    let old = nested("a", "s", DataType::Int32, false);
    let schema = Schema::new(vec![field("s", DataType::Struct(vec![field("b", DataType::Int32)].into()))]);
    let mut fixture = Fixture::new(schema);
    fixture.add(&nested_batch(&old)).await;
    assert_eq!(fixture.rows().await, ["{b: ∅}", "{b: ∅}", "∅"]);
}

/// A file written column by column, from a Parquet schema.
fn low_level(message: &str, write: impl FnOnce(&mut SerializedFileWriter<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let schema = Arc::new(parse_message_type(message).unwrap());
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
    write(&mut writer);
    writer.close().unwrap();
    bytes
}

#[tokio::test]
async fn int96_reaches_the_year_9999() {
    let int96 = |day: u32, nanos: u64| {
        let mut value = Int96::new();
        value.set_data(nanos as u32, (nanos >> 32) as u32, day);
        value
    };
    // Julian day 2440588 is 1970-01-01.
    let values = [int96(2_440_588, 1_500), int96(5_373_484, 86_399_999_999_000), int96(2_305_448, 0)];
    let bytes = low_level("message m { optional int96 c; }", |writer| {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int96Type>().write_batch(&values, Some(&[1, 1, 1, 0]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    });
    let mut fixture = Fixture::new(Schema::new(vec![field("c", micros(Some("+00:00")))]));
    fixture.add_bytes(bytes, &[]).await;
    let expected = ["1970-01-01T00:00:00.000001Z", "9999-12-31T23:59:59.999999Z", "1600-01-01T00:00:00Z", "∅"];
    assert_eq!(fixture.rows().await, expected);
}

#[tokio::test]
async fn int96_in_a_list_too() {
    let message = "message m { optional group c (LIST) { repeated group list { optional int96 element; } } }";
    let mut value = Int96::new();
    value.set_data(0, 0, 5_373_484);
    let bytes = low_level(message, |writer| {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int96Type>().write_batch(&[value], Some(&[3, 2, 0]), Some(&[0, 1, 0])).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    });
    let list = DataType::List(Arc::new(field("element", micros(Some("+00:00")))));
    let mut fixture = Fixture::new(Schema::new(vec![field("c", list)]));
    fixture.add_bytes(bytes, &[]).await;
    assert_eq!(fixture.rows().await, ["[9999-12-31T00:00:00Z, ∅]", "∅"]);
}

#[tokio::test]
async fn bytes_without_an_annotation_are_strings_where_the_table_says_so() {
    let bytes = low_level("message m { required binary c; }", |writer| {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values = [ByteArray::from("ä"), ByteArray::from("b")];
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    });
    let mut fixture = Fixture::new(Schema::new(vec![field("c", DataType::Utf8)]));
    fixture.add_bytes(bytes.clone(), &[]).await;
    assert_eq!(fixture.rows().await, ["ä", "b"]);
    let mut fixture = Fixture::new(Schema::new(vec![field("c", DataType::Binary)]));
    fixture.add_bytes(bytes, &[]).await;
    assert_eq!(fixture.rows().await, ["c3a4", "62"]);
}

#[tokio::test]
async fn decimals_are_read_from_integers_and_bytes() {
    let message = "message m {
        required int32 a (DECIMAL(9, 2)); required int64 b (DECIMAL(18, 3));
        required fixed_len_byte_array(9) c (DECIMAL(20, 0)); required binary d (DECIMAL(20, 1)); }";
    let bytes = low_level(message, |writer| {
        use parquet::data_type::{FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type};
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(&[-150], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[12_345], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let minus_two = FixedLenByteArray::from(vec![255, 255, 255, 255, 255, 255, 255, 255, 254]);
        column.typed::<FixedLenByteArrayType>().write_batch(&[minus_two], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&[ByteArray::from(vec![1, 0])], None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    });
    let decimal = |name, precision, scale| field(name, DataType::Decimal128(precision, scale));
    let fields = vec![decimal("a", 10, 2), decimal("b", 18, 3), decimal("c", 20, 0), decimal("d", 22, 2)];
    let mut fixture = Fixture::new(Schema::new(fields));
    fixture.add_bytes(bytes, &[]).await;
    assert_eq!(fixture.rows().await, ["-1.50 | 12.345 | -2 | 25.60"]);
}

#[tokio::test]
async fn the_embedded_arrow_schema_is_not_believed() {
    // Arrow's writer notes the dictionary and the time zone in the footer; the Parquet types rule.
    let zoned = TimestampMicrosecondArray::from(vec![0]).with_timezone("+05:00");
    let mut fixture = Fixture::new(Schema::new(vec![field("c", micros(Some("+00:00")))]));
    let bytes = parquet(&batch(vec![("c", Arc::new(zoned))]), WriterProperties::default());
    fixture.add_bytes(bytes, &[]).await;
    assert_eq!(fixture.rows().await, ["1970-01-01T00:00:00Z"]);
}

#[tokio::test]
async fn only_the_wanted_leaves_of_a_struct_are_decoded() {
    let wide = StructArray::from(vec![
        (Arc::new(field("x", DataType::Int32)), Arc::new(Int32Array::from(vec![1])) as ArrayRef),
        (Arc::new(field("y", DataType::Int32)), Arc::new(Int32Array::from(vec![2])) as ArrayRef),
        (Arc::new(field("z", DataType::Int32)), Arc::new(Int32Array::from(vec![3])) as ArrayRef),
    ]);
    let schema = DataType::Struct(vec![field("z", DataType::Int64), field("y", DataType::Int32)].into());
    let mut fixture = Fixture::new(Schema::new(vec![field("s", schema)]));
    fixture.add(&batch(vec![("before", Arc::new(Int32Array::from(vec![0]))), ("s", Arc::new(wide))])).await;
    let batches = collect(&fixture.scan()).await.unwrap();
    assert_eq!(texts(&batches), ["{z: 3, y: 2}"]);
    assert_eq!(batches[0].column(0).as_struct().num_columns(), 2);
}

#[tokio::test]
async fn void_columns_are_null_whatever_a_file_has() {
    let inner = Fields::from(vec![field("a", DataType::Int32), field("nothing", DataType::Null)]);
    let logical =
        vec![field("id", DataType::Int64), field("void", DataType::Null), field("s", DataType::Struct(inner))];
    let mut fixture = Fixture::new(Schema::new(logical));
    let ids = || Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
    let s = StructArray::from(vec![(
        Arc::new(field("a", DataType::Int32)),
        Arc::new(Int32Array::from(vec![5, 6])) as ArrayRef,
    )]);
    fixture.add(&batch(vec![("id", ids()), ("s", Arc::new(s))])).await;
    fixture.add(&batch(vec![("id", ids())])).await;
    assert_eq!(
        fixture.rows().await,
        ["1 | ∅ | {a: 5, nothing: ∅}", "2 | ∅ | {a: 6, nothing: ∅}", "1 | ∅ | ∅", "2 | ∅ | ∅"]
    );
    let alone = Arc::new(Schema::new(vec![field("void", DataType::Null)]));
    assert_eq!(texts(&collect(&fixture.scan().with_columns(vec![1], alone)).await.unwrap()), ["∅"; 4]);
}

#[tokio::test]
async fn nested_columns_are_mapped_inside_lists_and_maps() {
    let list = |name: &str, id: Option<i32>| {
        let leaf = field(name, DataType::Int64);
        let leaf = id.map_or(leaf.clone(), |id| with_id(leaf, id));
        DataType::List(Arc::new(field("element", DataType::Struct(vec![leaf].into()))))
    };
    let map = |name: &str, id: Option<i32>| {
        let value = field("value", list(name, id));
        let entries = Fields::from(vec![Field::new("key", DataType::Utf8, false), value]);
        DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries), false)), false)
    };
    let logical = Arc::new(Schema::new(vec![field("m", map("x", None))]));
    for (field_match, in_file) in [(FieldMatch::Name, "col-2"), (FieldMatch::Id, "another name")] {
        let physical = Arc::new(Schema::new(vec![with_id(field("col-1", map("col-2", Some(2))), 1)]));
        let written = match field_match {
            FieldMatch::Name => field("col-1", map(in_file, None)),
            FieldMatch::Id | FieldMatch::IdOrName => with_id(field("renamed", map(in_file, Some(2))), 1),
        };
        let values: ArrayRef = Arc::new(Int64Array::from(vec![7, 8]));
        let DataType::Map(entries, _) = written.data_type() else { panic!() };
        let DataType::Struct(entry) = entries.data_type() else { panic!() };
        let DataType::List(element) = entry[1].data_type() else { panic!() };
        let DataType::Struct(leaf) = element.data_type() else { panic!() };
        let structs = StructArray::new(leaf.clone(), vec![values], None);
        let lists = ListArray::new(element.clone(), OffsetBuffer::from_lengths([2]), Arc::new(structs), None);
        let keys: ArrayRef = Arc::new(StringArray::from(vec!["k"]));
        let pairs = StructArray::new(entry.clone(), vec![keys, Arc::new(lists)], None);
        let maps = MapArray::new(entries.clone(), OffsetBuffer::from_lengths([1]), pairs, None, false);
        let mut fixture = Fixture::mapped(logical.clone(), physical, field_match);
        let schema = Arc::new(Schema::new(vec![written.clone()]));
        fixture.add(&RecordBatch::try_new(schema, vec![Arc::new(maps)]).unwrap()).await;
        assert_eq!(fixture.rows().await, ["{k: [{x: 7}, {x: 8}]}"], "{field_match:?}");
    }
}

/// A column that was dropped and added again is another one: the old one's values are not its own.
#[tokio::test]
async fn a_column_that_is_added_again_is_a_new_one() {
    for field_match in [FieldMatch::Name, FieldMatch::Id] {
        let logical = Arc::new(Schema::new(vec![field("id", DataType::Int64), field("c", DataType::Int64)]));
        let physical = Arc::new(Schema::new(vec![
            with_id(field("col-1", DataType::Int64), 1),
            with_id(field("col-3", DataType::Int64), 3),
        ]));
        let mut fixture = Fixture::mapped(logical, physical, field_match);
        let column = |value: i64| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
        for (second, id) in [("col-2", 2), ("col-3", 3)] {
            let fields = vec![with_id(field("col-1", DataType::Int64), 1), with_id(field(second, DataType::Int64), id)];
            let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![column(1), column(2)]).unwrap();
            fixture.add(&batch).await;
        }
        assert_eq!(fixture.rows().await, ["1 | ∅", "1 | 2"], "{field_match:?}");
    }
}

#[tokio::test]
async fn geometries_are_well_known_binary() {
    let point = [1_u8, 1, 0, 0, 0].into_iter().chain([1.5_f64, -2.0].into_iter().flat_map(f64::to_le_bytes));
    let point: Vec<u8> = point.collect();
    for annotation in ["GEOMETRY", "GEOGRAPHY"] {
        let bytes = low_level(&format!("message m {{ optional binary g ({annotation}); }}"), |writer| {
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let values = [ByteArray::from(point.clone())];
            column.typed::<ByteArrayType>().write_batch(&values, Some(&[1, 0]), None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        });
        let mut fixture = Fixture::new(Schema::new(vec![field("g", DataType::Binary)]));
        fixture.add_bytes(bytes, &[]).await;
        let batches = collect(&fixture.scan()).await.unwrap();
        let read = batches[0].column(0).as_binary::<i32>();
        assert_eq!((read.value(0), read.is_null(1)), (&point[..], true), "{annotation}");
    }
}

#[tokio::test]
async fn files_without_ids_are_matched_by_noted_names() {
    let id = |name: &str, id: i32| with_id(field(name, DataType::Int64), id);
    let mut renamed = id("new", 2);
    let names = [("lakeglass.names".to_string(), "older\nold".to_string())];
    renamed.set_metadata(renamed.metadata().clone().into_iter().chain(names).collect());
    let schema = Arc::new(Schema::new(vec![id("a", 1), renamed]));
    let mut fixture = Fixture::mapped(schema.clone(), schema, FieldMatch::IdOrName);
    let numbers = |number: i64| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
    fixture.add(&batch(vec![("old", numbers(2)), ("new", numbers(9)), ("a", numbers(1))])).await;
    let ids = Arc::new(Schema::new(vec![id("new", 1), id("a", 2)]));
    fixture.add(&RecordBatch::try_new(ids, vec![numbers(3), numbers(4)]).unwrap()).await;
    assert_eq!(fixture.rows().await, ["1 | 2", "3 | 4"]);
}

#[tokio::test]
async fn a_column_that_a_file_lacks_has_its_default() {
    let schema = Schema::new(vec![field("id", DataType::Int64), field("d", DataType::Int64)]);
    let mut fixture = Fixture::new(schema);
    fixture.snapshot.schema.defaults = vec![(1, Arc::new(Int64Array::from(vec![7])) as ArrayRef)];
    let numbers = |numbers: [i64; 2]| Arc::new(Int64Array::from(numbers.to_vec())) as ArrayRef;
    fixture.add(&batch(vec![("id", numbers([1, 2]))])).await;
    fixture.add(&batch(vec![("id", numbers([3, 4])), ("d", numbers([5, 6]))])).await;
    assert_eq!(fixture.rows().await, ["1 | 7", "2 | 7", "3 | 5", "4 | 6"]);
    let pruned = fixture.scan().with_pruner(crate::scan_fixture::Between::new(1, 7..=9));
    assert_eq!(texts(&collect(&pruned).await.unwrap()), ["1 | 7", "2 | 7"]);
    let pruned = fixture.scan().with_pruner(crate::scan_fixture::Between::new(1, 1..=6));
    assert_eq!(texts(&collect(&pruned).await.unwrap()), ["3 | 5", "4 | 6"]);
}
