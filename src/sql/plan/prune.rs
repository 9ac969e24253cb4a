//! Predicates as the scan sees them: DataFusion's `PruningPredicate` over bounds of files, row groups and pages.
//!
//! It only ever rules containers out; the rows that remain are filtered by the plan. A predicate may be dynamic (the bound
//! of a top-k sort, the keys of a join's build side): then it is looked at anew whenever it has changed.

use crate::error::{Error, Result};
use crate::scan::Pruner;
use crate::snapshot::{ColumnStatistics, ContainerStatistics};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::{Guarantee, LiteralGuarantee, collect_columns, reassign_expr_columns};
use datafusion::physical_expr_common::physical_expr::snapshot_generation;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A predicate over a table's columns, as a [`Pruner`].
#[derive(Debug)]
pub struct PredicatePruner {
    predicate: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
    columns: Vec<usize>,
    /// The predicate over just these columns, and their schema.
    of_columns: (Arc<dyn PhysicalExpr>, SchemaRef),
    /// What the predicate was turned into when it was of this generation; `None` where it can rule nothing out.
    built: Mutex<Option<(u64, Option<Arc<PruningPredicate>>)>>,
}

impl PredicatePruner {
    /// A pruner for `predicate`, whose columns are found in `schema`, the table's, by name. `None` where it names others,
    /// or none.
    pub fn new(predicate: Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> Option<PredicatePruner> {
        let predicate = reassign_expr_columns(predicate, schema).ok()?;
        let mut columns: Vec<usize> = collect_columns(&predicate).iter().map(|column| column.index()).collect();
        columns.sort_unstable();
        columns.dedup();
        if columns.is_empty() {
            return None;
        }
        let own = Arc::new(schema.project(&columns).ok()?);
        let of_columns = (reassign_expr_columns(predicate.clone(), &own).ok()?, own);
        Some(PredicatePruner { predicate, schema: schema.clone(), columns, of_columns, built: Mutex::new(None) })
    }

    /// The predicate, over the table's columns.
    pub fn predicate(&self) -> &Arc<dyn PhysicalExpr> {
        &self.predicate
    }

    /// The pruning predicate of now.
    fn current(&self) -> Option<Arc<PruningPredicate>> {
        let generation = snapshot_generation(&self.predicate);
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, predicate)) = built.as_ref()
            && *known == generation
        {
            return predicate.clone();
        }
        let predicate =
            PruningPredicateBuilder::new().with_file_schema(self.schema.clone()).build(self.predicate.clone());
        *built = Some((generation, predicate.clone()));
        predicate
    }
}

impl Pruner for PredicatePruner {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn keep(&self, statistics: &ContainerStatistics) -> Result<Vec<bool>> {
        match self.current() {
            None => Ok(vec![true; statistics.containers]),
            Some(predicate) => predicate.prune(&Bounds { statistics, schema: &self.schema }).map_err(Error::internal),
        }
    }

    /// An error is the plan's to tell, where it filters: it may not look at all of these rows.
    fn rows(&self, values: &[ArrayRef]) -> Result<Option<BooleanArray>> {
        let (predicate, schema) = &self.of_columns;
        let batch = RecordBatch::try_new(schema.clone(), values.to_vec()).map_err(Error::internal)?;
        let found = predicate.evaluate(&batch).and_then(|found| found.into_array(batch.num_rows()));
        Ok(found.ok().and_then(|found| found.as_boolean_opt().cloned()))
    }

    fn one_of(&self) -> Vec<(usize, ArrayRef)> {
        let Some(predicate) = self.current() else { return Vec::new() };
        let few = |guarantee: &&LiteralGuarantee| {
            guarantee.guarantee == Guarantee::In && guarantee.literals.len() <= MOST_VALUES
        };
        let of_column = predicate.literal_guarantees().iter().filter(few).filter_map(|guarantee| {
            let column = self.schema.index_of(&guarantee.column.name).ok()?;
            let literals: Vec<ScalarValue> = guarantee.literals.iter().cloned().collect();
            let values = ScalarValue::iter_to_array(literals).ok()?;
            Some((column, cast(&values, self.schema.field(column).data_type()).ok()?))
        });
        of_column.collect()
    }
}

/// Looking up more values than this says little.
const MOST_VALUES: usize = 100;

/// [`ContainerStatistics`] by column name, as DataFusion asks for them.
struct Bounds<'s> {
    statistics: &'s ContainerStatistics,
    schema: &'s SchemaRef,
}

impl Bounds<'_> {
    fn column(&self, column: &Column) -> Option<&ColumnStatistics> {
        self.statistics.columns.get(&self.schema.index_of(&column.name).ok()?)
    }
}

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column).map(|bounds| match bounds.min.data_type() {
            DataType::Float16 => new_null_array(&DataType::Float32, bounds.min.len()),
            _ => bounds.min.clone(),
        })
    }

    // Writers leave NaN out of a column's bounds, and it is greater than every number: an upper bound says nothing. The
    // log's are read so already; those of row groups and pages are not.
    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column).map(|bounds| match bounds.max.data_type() {
            DataType::Float16 => new_null_array(&DataType::Float32, bounds.max.len()),
            DataType::Float32 | DataType::Float64 => new_null_array(bounds.max.data_type(), bounds.max.len()),
            _ => bounds.max.clone(),
        })
    }

    fn num_containers(&self) -> usize {
        self.statistics.containers
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column).map(|bounds| Arc::new(bounds.null_count.clone()) as ArrayRef)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.statistics.row_count.clone()))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array, StringArray, UInt64Array};
    use arrow::datatypes::{Field, Schema};
    use datafusion::logical_expr::Operator;
    use datafusion::physical_expr::expressions::{Column as Name, DynamicFilterPhysicalExpr, binary, lit};
    use std::collections::HashMap;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("f", DataType::Float64, true),
            Field::new("i", DataType::Int64, true),
            Field::new("s", DataType::Utf8View, true),
        ]))
    }

    /// Three containers: bounds, bounds, nothing known.
    fn statistics() -> ContainerStatistics {
        let nulls = || UInt64Array::from(vec![Some(0), Some(0), None]);
        let column = |min: ArrayRef, max: ArrayRef| ColumnStatistics { min, max, null_count: nulls() };
        let columns = HashMap::from([
            (
                0,
                column(
                    Arc::new(Float64Array::from(vec![Some(1.0), Some(5.0), None])),
                    Arc::new(Float64Array::from(vec![Some(2.0), Some(9.0), None])),
                ),
            ),
            (
                1,
                column(
                    Arc::new(Int64Array::from(vec![Some(1), Some(10), None])),
                    Arc::new(Int64Array::from(vec![Some(9), Some(19), None])),
                ),
            ),
            (
                2,
                column(
                    Arc::new(StringArray::from(vec![Some("a"), Some("m"), None])),
                    Arc::new(StringArray::from(vec![Some("l"), Some("z"), None])),
                ),
            ),
        ]);
        ContainerStatistics { containers: 3, row_count: UInt64Array::from(vec![Some(10), Some(10), None]), columns }
    }

    fn compare(name: &str, op: Operator, value: ScalarValue) -> Arc<dyn PhysicalExpr> {
        let schema = schema();
        binary(Arc::new(Name::new_with_schema(name, &schema).unwrap()), op, lit(value), &schema).unwrap()
    }

    fn keep(predicate: Arc<dyn PhysicalExpr>) -> Vec<bool> {
        PredicatePruner::new(predicate, &schema()).unwrap().keep(&statistics()).unwrap()
    }

    #[test]
    fn bounds_rule_containers_out() {
        assert_eq!(keep(compare("i", Operator::Gt, 9i64.into())), [false, true, true]);
        assert_eq!(keep(compare("i", Operator::Eq, 9i64.into())), [true, false, true]);
        assert_eq!(keep(compare("s", Operator::Lt, ScalarValue::Utf8View(Some("b".into())))), [true, false, true]);
    }

    #[test]
    fn an_upper_bound_of_floats_may_hide_a_nan() {
        assert_eq!(keep(compare("f", Operator::Gt, 3.0f64.into())), [true, true, true]);
        assert_eq!(keep(compare("f", Operator::Lt, 3.0f64.into())), [true, false, true]);
    }

    #[test]
    fn a_dynamic_predicate_is_looked_at_anew() {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Name::new("i", 0));
        let dynamic = Arc::new(DynamicFilterPhysicalExpr::new(vec![column], lit(true)));
        let pruner = PredicatePruner::new(dynamic.clone(), &schema()).unwrap();
        assert_eq!(pruner.columns(), [1]);
        assert_eq!(pruner.keep(&statistics()).unwrap(), [true, true, true]);
        let schema = Schema::new(vec![Field::new("i", DataType::Int64, true)]);
        let bound = binary(Arc::new(Name::new("i", 0)), Operator::Lt, lit(5i64), &schema).unwrap();
        dynamic.update(bound).unwrap();
        assert_eq!(pruner.keep(&statistics()).unwrap(), [true, false, true]);
    }
}
