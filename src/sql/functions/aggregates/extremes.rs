//! The first of a group in some order: `arg_max(x, by, n)`, `max(x, n)` and their counterparts.

use super::collected::{Collected, Group, list};
use arrow::array::{Array, ArrayRef};
use arrow::compute::{SortOptions, interleave};
use arrow::datatypes::{DataType, FieldRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    let own = |name, usage, columns, takes, result| Collected {
        name,
        aliases: &[],
        usage,
        columns,
        nulls: false,
        takes,
        gives: several,
        result,
    };
    let all = [
        own("arg_max_n", "a column, one to order by, and how many", 2, three, |group| first(group, true)),
        own("arg_min_n", "a column, one to order by, and how many", 2, three, |group| first(group, false)),
        own("max_n", "a column and how many", 1, two, |group| first(group, true)),
        own("min_n", "a column and how many", 1, two, |group| first(group, false)),
    ];
    all.into_iter().map(Collected::function).collect()
}

fn two(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [column, count] if count.is_integer() => Some(vec![column.clone(), DataType::Int64]),
        _ => None,
    }
}

fn three(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [column, by, count] if count.is_integer() => Some(vec![column.clone(), by.clone(), DataType::Int64]),
        _ => None,
    }
}

fn several(fields: &[FieldRef]) -> Result<DataType> {
    Ok(DataType::new_list(fields.first().map_or(DataType::Null, |field| field.data_type().clone()), true))
}

fn first(group: &Group<'_>, descending: bool) -> Result<ScalarValue> {
    let column = group.column(0)?;
    let by: &ArrayRef = group.columns.last().unwrap_or(column);
    let count = match group.constants {
        [ScalarValue::Int64(Some(count))] if (1..1_000_000).contains(count) => {
            usize::try_from(*count).unwrap_or(usize::MAX)
        }
        _ => return exec_err!("how many values are wanted has to be a number from 1 to 999999"),
    };
    if column.is_empty() {
        return group.null();
    }
    let options = SortOptions { descending, nulls_first: false };
    let order = RowConverter::new(vec![SortField::new_with_options(by.data_type().clone(), options)])?;
    let order = order.convert_columns(std::slice::from_ref(by))?;
    let mut rows: Vec<usize> = (0..column.len()).collect();
    rows.sort_by(|a, b| order.row(*a).cmp(&order.row(*b)));
    let picks: Vec<(usize, usize)> = rows.into_iter().take(count).map(|row| (0, row)).collect();
    Ok(list(interleave(&[column.as_ref()], &picks)?))
}
