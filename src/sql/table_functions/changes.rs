//! The rows that versions changed, as a table: those that were recorded and those that are inferred, one behind the other.

use crate::scan::FooterCache;
use crate::snapshot::{Changes, Snapshot};
use crate::sql::catalog::table_provider::LakeglassTable;
use crate::storage::Storage;
use crate::table::Table;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use std::sync::Arc;

/// The two kinds of changes, of the same columns; one that has files at least.
#[derive(Debug)]
pub(super) struct ChangesTable {
    parts: Vec<LakeglassTable>,
    schema: SchemaRef,
}

impl ChangesTable {
    /// `changes` of `table`, whose files are read through `storage`.
    pub(super) fn new(
        name: &str,
        table: &Table,
        storage: &Storage,
        changes: Changes,
        footers: &FooterCache,
    ) -> ChangesTable {
        let part = |snapshot: Snapshot| LakeglassTable::new(name, table.with_snapshot(storage, snapshot), footers);
        let (recorded, inferred) = (part(changes.recorded), part(changes.inferred));
        let schema = inferred.schema();
        let mut parts = vec![inferred, recorded];
        if let Some(empty) = parts.iter().position(|part| part.table().snapshot().files.is_empty()) {
            parts.remove(empty);
        }
        ChangesTable { parts, schema }
    }
}

#[async_trait]
impl TableProvider for ChangesTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    /// A filter is settled where both parts settle it: `_change_type` is the same in all of a file's rows in one only.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> PlanResult<Vec<TableProviderFilterPushDown>> {
        let mut support = vec![TableProviderFilterPushDown::Exact; filters.len()];
        for part in &self.parts {
            for (all, one) in support.iter_mut().zip(part.supports_filters_pushdown(filters)?) {
                *all = match (&*all, one) {
                    (TableProviderFilterPushDown::Unsupported, _) | (_, TableProviderFilterPushDown::Unsupported) => {
                        TableProviderFilterPushDown::Unsupported
                    }
                    (TableProviderFilterPushDown::Exact, TableProviderFilterPushDown::Exact) => {
                        TableProviderFilterPushDown::Exact
                    }
                    _ => TableProviderFilterPushDown::Inexact,
                };
            }
        }
        Ok(support)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let mut plans = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            plans.push(part.scan(state, projection, filters, limit).await?);
        }
        UnionExec::try_new(plans)
    }
}
