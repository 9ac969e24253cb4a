use super::*;
use arrow::array::StructArray;
use arrow::datatypes::{Fields, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveTime};
use parquet_variant::{Variant, VariantBuilder, VariantDecimal4, VariantDecimal16};
use parquet_variant_compute::{VariantArrayBuilder, json_to_variant, shred_variant};
use std::panic::catch_unwind;

fn texts(array: &ArrayRef) -> Vec<Option<String>> {
    let json = to_json(array, &DataType::Utf8).unwrap();
    json.as_string::<i32>().iter().map(|text| text.map(str::to_string)).collect()
}

fn column(rows: &StructArray) -> ArrayRef {
    let field = Field::new("v", rows.data_type().clone(), true);
    assert_eq!(refusal(&field), None, "{field}");
    Arc::new(rows.clone())
}

fn spelled(value: Variant<'_, '_>) -> String {
    let mut builder = VariantArrayBuilder::new(1);
    builder.append_variant(value);
    texts(&column(builder.build().inner())).pop().unwrap().unwrap()
}

/// One value, as its two binaries.
fn one(metadata: &[u8], value: &[u8]) -> Result<String, ArrowError> {
    let mut json = Vec::new();
    JsonWriter::new(&mut json, Metadata::parse(metadata)?).value(value, 0)?;
    Ok(String::from_utf8(json).unwrap())
}

#[test]
fn scalars_are_spelled_as_the_module_says() {
    let time = DateTime::parse_from_rfc3339("2024-02-29T12:30:05.001234Z").unwrap().to_utc();
    let nanos = DateTime::parse_from_rfc3339("1969-12-31T23:59:59.999999999Z").unwrap().to_utc();
    let uuid = uuid::Uuid::parse_str("f24f9b64-81fa-49d1-b74e-8c09a6e31c56").unwrap();
    for (value, expected) in [
        (Variant::Null, "null"),
        (Variant::from(true), "true"),
        (Variant::from(-7_i8), "-7"),
        (Variant::from(i64::MIN), "-9223372036854775808"),
        (Variant::from(1.1_f32), "1.1"),
        (Variant::from(1e300), "1e+300"),
        (Variant::from(-0.0), "-0.0"),
        (Variant::from(f64::NAN), r#""NaN""#),
        (Variant::from(f32::NEG_INFINITY), r#""-Infinity""#),
        (Variant::from(VariantDecimal4::try_new(-150, 2).unwrap()), "-1.50"),
        (
            Variant::from(VariantDecimal16::try_new(10_i128.pow(37), 38).unwrap()),
            "0.10000000000000000000000000000000000000",
        ),
        (Variant::from(NaiveDate::from_ymd_opt(1, 1, 1).unwrap()), r#""0001-01-01""#),
        (Variant::TimestampMicros(time), r#""2024-02-29T12:30:05.001234Z""#),
        (Variant::TimestampNtzMicros(time.naive_utc()), r#""2024-02-29T12:30:05.001234""#),
        (Variant::TimestampNanos(nanos), r#""1969-12-31T23:59:59.999999999Z""#),
        (Variant::Time(NaiveTime::from_hms_micro_opt(1, 2, 3, 4).unwrap()), r#""01:02:03.000004""#),
        (Variant::from(&[0xfb_u8, 0xff][..]), r#""+/8=""#),
        (Variant::from("a \"b\"\n\u{1}ä"), r#""a \"b\"\n\u0001ä""#),
        (Variant::from("x".repeat(100).as_str()), &format!("\"{}\"", "x".repeat(100))),
        (Variant::Uuid(uuid), r#""f24f9b64-81fa-49d1-b74e-8c09a6e31c56""#),
    ] {
        assert_eq!(spelled(value), expected);
    }
}

#[test]
fn a_value_has_one_spelling_however_it_is_shredded() {
    let texts_in = [
        Some(r#"{"a":1,"b":"x","c":[1,2,"three",null,{"d":"y"}],"ä":{}}"#),
        Some(r#"{"a":"not a number","b":null}"#),
        Some(r#"{"b":{"d":[]},"z":1.5}"#),
        Some("{}"),
        Some("[]"),
        Some("[1,null,[2]]"),
        Some("7"),
        Some("null"),
        None,
        Some(r#"{"a":12345678901,"c":[{"d":1},{"d":"x","e":2}],"o":{"p":{"q":1,"r":2}}}"#),
    ];
    let json: ArrayRef = Arc::new(texts_in.into_iter().collect::<arrow::array::StringArray>());
    let variants = json_to_variant(&json).unwrap();
    let expected: Vec<Option<String>> = texts_in.iter().map(|text| text.map(str::to_string)).collect();
    assert_eq!(texts(&column(variants.inner())), expected);
    let plain = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    let q = DataType::Struct(vec![plain("q", DataType::Int32)].into());
    let d = DataType::Struct(vec![plain("d", DataType::Int64)].into());
    for shape in [
        DataType::Int64,
        DataType::Utf8,
        DataType::Struct(vec![plain("a", DataType::Int64), plain("b", DataType::Utf8)].into()),
        DataType::Struct(
            vec![plain("o", DataType::Struct(vec![plain("p", q)].into())), plain("none", DataType::Date32)].into(),
        ),
        DataType::Struct(vec![plain("c", DataType::new_list(d, true)), plain("z", DataType::Decimal128(4, 1))].into()),
        DataType::new_list(DataType::Int32, true),
    ] {
        let shredded = shred_variant(&variants, &shape).unwrap();
        assert!(shredded.inner().column_by_name("typed_value").is_some());
        assert_eq!(texts(&column(shredded.inner())), expected, "{shape}");
    }
}

#[test]
fn shredded_leaves_are_spelled_like_values() {
    let time = DateTime::parse_from_rfc3339("2024-02-29T12:30:05.001234Z").unwrap().to_utc();
    let utc = Some(Arc::from("UTC"));
    let cases: Vec<(Variant<'_, '_>, DataType)> = vec![
        (Variant::from(true), DataType::Boolean),
        (Variant::from(-7_i8), DataType::Int8),
        (Variant::from(300_i16), DataType::Int16),
        (Variant::from(1.1_f32), DataType::Float32),
        (Variant::from(0.1), DataType::Float64),
        (Variant::from(VariantDecimal16::try_new(123, 2).unwrap()), DataType::Decimal128(38, 2)),
        (Variant::from(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()), DataType::Date32),
        (Variant::TimestampMicros(time), DataType::Timestamp(TimeUnit::Microsecond, utc.clone())),
        (Variant::TimestampNtzMicros(time.naive_utc()), DataType::Timestamp(TimeUnit::Microsecond, None)),
        (Variant::TimestampNanos(time), DataType::Timestamp(TimeUnit::Nanosecond, utc)),
        (Variant::Time(NaiveTime::from_hms_opt(1, 2, 3).unwrap()), DataType::Time64(TimeUnit::Microsecond)),
        (Variant::from(&[1_u8, 2][..]), DataType::Binary),
        (Variant::from("text"), DataType::Utf8),
        (Variant::Uuid(uuid::Uuid::from_u128(7)), DataType::FixedSizeBinary(16)),
    ];
    for (value, data_type) in cases {
        let mut builder = VariantArrayBuilder::new(1);
        builder.append_variant(value.clone());
        let shredded = shred_variant(&builder.build(), &data_type).unwrap();
        let typed = shredded.inner().column_by_name("typed_value").unwrap();
        assert_eq!((typed.data_type(), typed.null_count()), (&data_type, 0));
        assert_eq!(texts(&column(shredded.inner())), [Some(spelled(value))], "{data_type}");
    }
}

#[test]
fn large_containers_have_wider_offsets() {
    let mut builder = VariantBuilder::new();
    let mut object = builder.new_object();
    for number in 0..300 {
        object.insert(&format!("key {number:03}"), Variant::from("x".repeat(300).as_str()));
    }
    let mut list = object.new_list("list");
    list.extend((0..300).map(|number| Variant::from(i64::from(number))));
    list.finish();
    object.finish();
    let (metadata, value) = builder.finish();
    let parsed: serde_json::Value = serde_json::from_str(&one(&metadata, &value).unwrap()).unwrap();
    assert_eq!(parsed.as_object().unwrap().len(), 301);
    assert_eq!(parsed["key 299"], "x".repeat(300));
    assert_eq!(parsed["list"][299], 299);
}

#[test]
fn damaged_bytes_are_errors() {
    let mut builder = VariantBuilder::new();
    let mut object = builder.new_object();
    object.insert("a", Variant::from("text"));
    object.insert("b", Variant::from(VariantDecimal4::try_new(5, 1).unwrap()));
    let mut list = object.new_list("c");
    list.append_value(Variant::from(1_i8));
    list.finish();
    object.finish();
    let (metadata, value) = builder.finish();
    assert!(one(&metadata, &value).is_ok());
    for end in 0..value.len() {
        assert!(one(&metadata, &value[..end]).is_err(), "value of {end} bytes");
    }
    for end in 0..metadata.len() {
        assert!(one(&metadata[..end], &value).is_err(), "metadata of {end} bytes");
    }
    for at in 0..value.len() {
        for byte in 0..=255 {
            let mut damaged = value.clone();
            damaged[at] = byte;
            let text = catch_unwind(|| one(&metadata, &damaged)).unwrap();
            assert!(text.is_err() || serde_json::from_str::<serde_json::Value>(&text.unwrap()).is_ok());
        }
    }
    assert!(one(&[2, 0, 0], &[0]).is_err(), "another version");
    assert!(one(&[1, 0, 0], &[21 << 2]).is_err(), "an unknown primitive type");
    assert!(one(&[1, 0, 0], &[8 << 2, 39, 0, 0, 0, 0]).is_err(), "a scale of 39");
}

#[test]
fn depth_and_work_are_bounded() {
    let empty = [1, 0, 0];
    let nested = |depth: usize| {
        // An array of one element, two bytes of offset: its header, count, offsets, and the element.
        (0..depth).fold(vec![0_u8], |inner, _| {
            let end = u16::try_from(inner.len()).unwrap().to_le_bytes();
            [&[0b0000_0111, 1, 0, 0, end[0], end[1]], &inner[..]].concat()
        })
    };
    assert!(one(&empty, &nested(encoding::MAX_DEPTH)).is_ok());
    assert!(one(&empty, &nested(encoding::MAX_DEPTH + 1)).unwrap_err().to_string().contains("levels deep"));
    // Arrays of 200 elements, all of which are the next array: 200 to the tenth values in two kilobytes.
    let bomb = (0..10).fold(vec![0_u8], |inner, _| {
        let mut array = vec![0b0000_0111, 200];
        array.extend((0..200).flat_map(|_| [0, 0]));
        array.extend(u16::try_from(inner.len()).unwrap().to_le_bytes());
        [array, inner].concat()
    });
    assert!(one(&empty, &bomb).unwrap_err().to_string().contains("overlap"));
}

#[test]
fn contradictions_are_errors() {
    let binary = |bytes: &[u8]| Arc::new(arrow::array::BinaryArray::from(vec![bytes])) as ArrayRef;
    let group = |columns: Vec<(&str, ArrayRef)>| {
        let fields: Fields = columns.iter().map(|(name, a)| Field::new(*name, a.data_type().clone(), true)).collect();
        Arc::new(StructArray::new(fields, columns.into_iter().map(|(_, array)| array).collect(), None)) as ArrayRef
    };
    let number: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![5]));
    let both = group(vec![("metadata", binary(&[1, 0, 0])), ("value", binary(&[0])), ("typed_value", number.clone())]);
    assert!(to_json(&both, &DataType::Utf8).is_err(), "a value beside a typed one that is no object");
    // {"a": null} beside a shredded "a".
    let a = group(vec![("typed_value", group(vec![("typed_value", number.clone())]))]);
    let left = binary(&[0b10, 1, 0, 0, 1, 0]);
    let typed = group(vec![("a", group(vec![("typed_value", number)]))]);
    let twice = group(vec![("metadata", binary(&[1, 1, 0, 1, b'a'])), ("value", left), ("typed_value", typed)]);
    assert!(to_json(&twice, &DataType::Utf8).unwrap_err().to_string().contains("twice"));
    assert!(refusal(&Field::new("v", a.data_type().clone(), true)).is_some(), "no metadata");
    assert!(refusal(&Field::new("v", DataType::Utf8, true)).is_some());
}
