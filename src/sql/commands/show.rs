//! `SHOW TABLES`, `DESCRIBE t` and `SHOW COLUMNS FROM t`: answered from the snapshots, without a plan.

use crate::error::Result;
use crate::sql::catalog::registry::Entry;
use crate::sql::error::from_arrow;
use crate::sql::type_names::field_type;
use crate::table::Table;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::kernels::comparison::ilike;
use arrow::datatypes::Schema;
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
