//! Types as SQL writes them.

use crate::snapshot::stands_for;
use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};

/// A type as SQL writes it.
pub fn sql_type(data_type: &DataType) -> String {
    let simple = match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INTEGER UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float32 => "REAL",
        DataType::Float64 => "DOUBLE",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, None) => "TIMESTAMP",
        DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        DataType::Interval(IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano) => "INTERVAL",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "VARBINARY",
        _ => "",
    };
    if !simple.is_empty() {
        return simple.into();
    }
    match data_type {
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            format!("DECIMAL({precision}, {scale})")
        }
        DataType::List(item) | DataType::LargeList(item) => format!("{}[]", field_type(item)),
        DataType::Struct(fields) => {
            let fields = fields.iter().map(|field| format!("{} {}", quoted(field.name()), field_type(field)));
            format!("STRUCT({})", fields.collect::<Vec<_>>().join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let types = fields.iter().map(|field| field_type(field));
                format!("MAP({})", types.collect::<Vec<_>>().join(", "))
            }
            other => format!("MAP({})", sql_type(other)),
        },
        other => other.to_string(),
    }
}

/// A field's type: that of [`sql_type`], or the one that its values stand for.
pub fn field_type(field: &Field) -> String {
    stands_for(field).map_or_else(|| sql_type(field.data_type()), str::to_uppercase)
}

/// An identifier, quoted where it has to be.
fn quoted(name: &str) -> String {
    let plain =
        !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if plain && !name.is_empty() { name.into() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Fields;
    use std::sync::Arc;

    #[test]
    fn types_as_sql_writes_them() {
        let entries =
            Fields::from(vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Float64, true)]);
        let map = DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false);
        let fields = vec![
            Field::new("a b", DataType::new_list(DataType::Decimal128(10, 2), true), true),
            Field::new("m", map, true),
        ];
        assert_eq!(
            sql_type(&DataType::Struct(fields.into())),
            "STRUCT(\"a b\" DECIMAL(10, 2)[], m MAP(VARCHAR, DOUBLE))"
        );
        assert_eq!(
            sql_type(&DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            "TIMESTAMP WITH TIME ZONE"
        );
    }
}
