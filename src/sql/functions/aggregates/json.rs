//! `json_group_array(x)` and `json_group_object(key, x)`.

use super::collected::{Collected, Group, types};
use crate::sql::json::write::{quoted, value};
use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err};
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    let own = |name, usage, columns, takes, result| Collected {
        name,
        aliases: &[],
        usage,
        columns,
        nulls: true,
        takes,
        gives: |_: &[FieldRef]| Ok(DataType::Utf8),
        result,
    };
    let all = [
        own("json_group_array", "one column", 1, types::one, array),
        own("json_group_object", "a column of names and one of values", 2, pairs, object),
    ];
    all.into_iter().map(Collected::function).collect()
}

fn pairs(types: &[DataType]) -> Option<Vec<DataType>> {
    (types.len() == 2).then(|| types.to_vec())
}

fn field<'g>(group: &'g Group<'_>, place: usize) -> Result<&'g FieldRef> {
    match group.fields.get(place) {
        Some(field) => Ok(field),
        None => internal_err!("a field of an aggregate is missing"),
    }
}

fn array(group: &Group<'_>) -> Result<ScalarValue> {
    let (column, field) = (group.column(0)?, field(group, 0)?);
    let mut out = String::from("[");
    for row in 0..column.len() {
        if row > 0 {
            out.push(',');
        }
        value(column, field, row, &mut out)?;
    }
    out.push(']');
    Ok(ScalarValue::from(out))
}

fn object(group: &Group<'_>) -> Result<ScalarValue> {
    let keys = cast(group.column(0)?, &DataType::Utf8)?;
    let keys = keys.as_string::<i32>();
    let (column, field) = (group.column(1)?, field(group, 1)?);
    let mut out = String::from("{");
    for row in 0..column.len() {
        if row > 0 {
            out.push(',');
        }
        if keys.is_null(row) {
            return exec_err!("json_group_object: a name is null");
        }
        quoted(keys.value(row), &mut out);
        out.push(':');
        value(column, field, row, &mut out)?;
    }
    out.push('}');
    Ok(ScalarValue::from(out))
}
