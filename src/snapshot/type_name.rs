//! Column types by the names that Delta, Spark and Iceberg users know.

use super::stands_for;
use arrow::datatypes::{DataType, Field, TimeUnit};

/// A field's type as text: that of [`type_name`], or the one that its values stand for.
pub fn field_type_name(field: &Field) -> String {
    stands_for(field).map_or_else(|| type_name(field.data_type()), str::to_string)
}

/// The type as text: `long`, `decimal(10,2)`, `struct<a: long>`, `array<string>`, `map<string, double>`. An Arrow type that no
/// table type maps to is named as Arrow does.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "void".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Int8 => "byte".into(),
        DataType::Int16 => "short".into(),
        DataType::Int32 => "integer".into(),
        DataType::Int64 => "long".into(),
        DataType::Float32 => "float".into(),
        DataType::Float64 => "double".into(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamp".into(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp_ntz".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::List(element) => format!("array<{}>", field_type_name(element)),
        DataType::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| named(field)).collect();
            format!("struct<{}>", fields.join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let types: Vec<_> = fields.iter().map(|field| field_type_name(field)).collect();
                format!("map<{}>", types.join(", "))
            }
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

fn named(field: &Field) -> String {
    format!("{}: {}", field.name(), field_type_name(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Fields;

    #[test]
    fn nested_types_are_spelled_inside_out() {
        let list = DataType::new_list(DataType::Decimal128(38, 18), true);
        let fields = Fields::from(vec![Field::new("a", DataType::Int64, true), Field::new("b", list, true)]);
        assert_eq!(type_name(&DataType::Struct(fields)), "struct<a: long, b: array<decimal(38,18)>>");
        let key = Field::new("key", DataType::Utf8, false);
        let value = Field::new("value", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true);
        let entries = Field::new_struct("key_value", vec![key, value], false);
        assert_eq!(type_name(&DataType::Map(entries.into(), false)), "map<string, timestamp>");
    }
}
