//! `SHOW TABLES`, `DESCRIBE t` and `SHOW COLUMNS FROM t`: answered from the snapshots, without a plan.

use crate::error::Result;
use crate::snapshot::stands_for;
use crate::sql::catalog::registry::Entry;
use crate::sql::error::from_arrow;
use crate::table::Table;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::kernels::comparison::ilike;
use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, TimeUnit};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tables and views, those whose name is like `pattern`, whatever its case. What the session holds itself has no version
/// and no URL.
pub fn tables(entries: &BTreeMap<String, Entry>, pattern: Option<&str>) -> Result<RecordBatch> {
    let table = |entry: &'_ Entry| match entry {
        Entry::Lake(table) => Some(table.table().clone()),
        _ => None,
    };
    let tables: Vec<Option<Table>> = entries.values().map(table).collect();
    let names = StringArray::from_iter_values(entries.keys());
    let versions: UInt64Array = tables.iter().map(|table| Some(table.as_ref()?.snapshot().version)).collect();
    let urls: StringArray = tables.iter().map(|table| Some(table.as_ref()?.storage().url())).collect();
    let keep = match pattern {
        Some(pattern) => ilike(&names, &StringArray::new_scalar(pattern)).map_err(from_arrow)?,
        None => BooleanArray::from(vec![true; tables.len()]),
    };
    let all = RecordBatch::try_from_iter_with_nullable([
        ("table_name", Arc::new(names) as ArrayRef, false),
        ("version", Arc::new(versions), true),
        ("url", Arc::new(urls), true),
    ]);
    arrow::compute::filter_record_batch(&all.map_err(from_arrow)?, &keep).map_err(from_arrow)
}

/// The columns of a table or a query.
pub fn columns(schema: &Schema) -> Result<RecordBatch> {
    let fields = schema.fields().iter();
    let nullable = fields.clone().map(|field| if field.is_nullable() { "YES" } else { "NO" });
    RecordBatch::try_from_iter([
        ("column_name", Arc::new(StringArray::from_iter_values(fields.clone().map(|field| field.name()))) as ArrayRef),
        ("data_type", Arc::new(StringArray::from_iter_values(fields.map(|field| field_type(field))))),
        ("is_nullable", Arc::new(StringArray::from_iter_values(nullable))),
    ])
    .map_err(from_arrow)
}

/// A field's type: that of [`sql_type`], or the one that its values stand for.
fn field_type(field: &Field) -> String {
    stands_for(field).map_or_else(|| sql_type(field.data_type()), str::to_uppercase)
}

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
