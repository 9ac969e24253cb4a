//! Filters on partition columns alone: a file has one value of each, so they are settled for its rows by looking at it.

use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::sql::error::{from_arrow, from_datafusion};
use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{ColumnarValue, Expr, Volatility};
use datafusion::physical_expr::create_physical_expr;
use std::sync::Arc;

/// Whether a filter means the same wherever and whenever it is evaluated, from the row alone.
pub fn is_plain(filter: &Expr) -> bool {
    let mut plain = true;
    let walked = filter.apply(|expr| {
        plain &= !matches!(
            expr,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::ScalarVariable(..)
                | Expr::Placeholder(_)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::Unnest(_)
        );
        if let Expr::ScalarFunction(function) = expr {
            plain &= function.func.signature().volatility == Volatility::Immutable;
        }
        Ok(if plain { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    walked.is_ok() && plain
}

/// Whether `filter` needs partition values only.
pub fn is_settled_by_files(filter: &Expr, snapshot: &Snapshot) -> bool {
    let names = snapshot.partition_column_names();
    let columns = filter.column_refs();
    !columns.is_empty() && columns.iter().all(|column| names.contains(&column.name())) && is_plain(filter)
}

/// Of `files`, those whose rows pass `filter`, which [`is_settled_by_files`]. Where it fails on their values, so does the
/// query.
pub fn passing(filter: &Expr, files: Vec<usize>, snapshot: &Snapshot, schema: &SchemaRef) -> Result<Vec<usize>> {
    let values = partition_values(snapshot, schema, &files)?;
    let df_schema = DFSchema::try_from(values.schema()).map_err(from_datafusion)?;
    let filter = unnormalize_col(filter.clone());
    let props = ExecutionProps::new();
    let physical = create_physical_expr(&filter, &df_schema, &props, &PhysicalPlanningContext::default());
    match physical.and_then(|physical| physical.evaluate(&values)).map_err(from_datafusion)? {
        ColumnarValue::Scalar(ScalarValue::Boolean(Some(true))) => Ok(files),
        ColumnarValue::Scalar(ScalarValue::Boolean(_) | ScalarValue::Null) => Ok(Vec::new()),
        ColumnarValue::Array(array) if array.data_type() == &DataType::Boolean => {
            let passes = array.as_boolean().iter().map(|value| value == Some(true));
            Ok(files.into_iter().zip(passes).filter_map(|(file, passes)| passes.then_some(file)).collect())
        }
        _ => Err(Error::internal("a filter that is not boolean")),
    }
}

/// The files' partition values in the types that queries see.
fn partition_values(snapshot: &Snapshot, schema: &SchemaRef, files: &[usize]) -> Result<RecordBatch> {
    let positions = UInt64Array::from_iter_values(files.iter().map(|&file| file as u64));
    let wanted: Vec<_> =
        snapshot.partition_columns.iter().filter_map(|&position| schema.fields().get(position).cloned()).collect();
    let columns = wanted
        .iter()
        .zip(snapshot.partition_values.columns())
        .map(|(field, values)| cast(&take(values, &positions, None)?, field.data_type()))
        .collect::<Result<Vec<_>, ArrowError>>()
        .map_err(from_arrow)?;
    // Nullable, whatever the table says: a wrong log must not fail here.
    let fields: Vec<_> = wanted.iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(files.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).map_err(from_arrow)
}
