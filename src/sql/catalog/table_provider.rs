//! A table as DataFusion sees it: its columns, which filters it settles, and the scan of a query.

use crate::scan::nullable;
use crate::scan::{FooterCache, METADATA, Pruner, SharedStatistics, metadata_field, prune_files};
use crate::snapshot::{DataFile, Version};
use crate::snapshot::{STANDS_FOR, is_variant};
use crate::sql::error::to_datafusion;
use crate::sql::exec::extensions::QueryMeter;
use crate::sql::exec::scan_exec::LakeglassScan;
use crate::sql::plan::exact_bounds;
use crate::sql::plan::partition_filter;
use crate::sql::plan::prune::PredicatePruner;
use crate::sql::reserved_names::HIDDEN;
use crate::storage::Meter;
use crate::table::Table;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A table under its name in a session.
#[derive(Debug)]
pub struct LakeglassTable {
    name: String,
    table: Table,
    /// The table's columns, and `_metadata` where it is asked for.
    schema: SchemaRef,
    /// The table's columns alone: what is pruned by.
    columns: SchemaRef,
    footers: FooterCache,
    live_rows: OnceLock<Arc<[Option<u64>]>>,
    /// Versions of it that statements have asked for, the newest last.
    versions: Mutex<VecDeque<Table>>,
}

/// How many versions of a table are kept open beside the one it is registered at.
const VERSIONS_KEPT: usize = 8;

impl LakeglassTable {
    /// `table` as `name`, whose scans share `footers`.
    pub fn new(name: &str, table: Table, footers: &FooterCache) -> LakeglassTable {
        let schema = query_schema(&table.snapshot().schema.logical);
        let columns = schema.clone();
        LakeglassTable {
            name: name.into(),
            table,
            schema,
            columns,
            footers: footers.clone(),
            live_rows: OnceLock::new(),
            versions: Mutex::default(),
        }
    }

    /// The same table with the hidden column `_metadata`, with those of `tracked` in it if it keeps track of rows; `None` where
    /// it has a column by this name.
    pub fn with_metadata(&self, tracked: &[&str]) -> Option<LakeglassTable> {
        let is_metadata = |field: &FieldRef| field.name().eq_ignore_ascii_case(METADATA);
        if self.columns.fields().iter().any(is_metadata) {
            return None;
        }
        let tracked = if self.table.snapshot().row_tracking.is_some() { tracked } else { &[] };
        let hidden = metadata_field(tracked).with_metadata([(HIDDEN.to_string(), String::new())].into());
        let fields: Vec<FieldRef> = self.columns.fields().iter().cloned().chain([Arc::new(hidden)]).collect();
        let table = LakeglassTable::new(&self.name, self.table.clone(), &self.footers);
        Some(LakeglassTable { schema: Arc::new(Schema::new(fields)), ..table })
    }

    /// The name it is registered under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table itself.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The table at another version. One by number is opened once, because it never changes; what opening costs is counted
    /// into `meter`.
    pub async fn at(&self, version: Version, meter: &Meter) -> crate::Result<Table> {
        if let Version::Number(number) = version {
            let is_it = |table: &&Table| table.snapshot().version == number;
            let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(table) = std::iter::once(&self.table).chain(versions.iter()).find(is_it) {
                return Ok(table.clone());
            }
        }
        let table = self.table.at(version, meter).await?;
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.retain(|other| other.snapshot().version != table.snapshot().version);
        versions.push_back(table.clone());
        if versions.len() > VERSIONS_KEPT {
            versions.pop_front();
        }
        Ok(table)
    }
}

/// The columns as queries see them: top-level strings and binaries as views, which filters and joins copy without their
/// bytes; half floats as floats, which numbers are compared with that a half float cannot be; all nullable, because a file may lack a
/// column that its table requires by now, and the optimizer would take a promise for granted. Field metadata stays behind; it would
/// travel through every expression.
fn query_schema(schema: &Schema) -> SchemaRef {
    let view = |field: &FieldRef| {
        let data_type = match field.data_type() {
            DataType::Utf8 => DataType::Utf8View,
            DataType::Binary => DataType::BinaryView,
            other => without_halves(other),
        };
        let view = Field::new(field.name(), data_type, true);
        match is_variant(field) {
            true => view.with_metadata([(STANDS_FOR.to_string(), "variant".to_string())].into()),
            false => view,
        }
    };
    Arc::new(Schema::new(nullable(schema).fields().iter().map(view).collect::<Vec<_>>()))
}

/// The type with a float for each half float in it.
fn without_halves(data_type: &DataType) -> DataType {
    let field = |field: &FieldRef| Arc::new(Field::clone(field).with_data_type(without_halves(field.data_type())));
    match data_type {
        DataType::Float16 => DataType::Float32,
        DataType::List(item) => DataType::List(field(item)),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}

#[async_trait]
impl TableProvider for LakeglassTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters on partition columns alone are settled by leaving files out; the others rule files, row groups and pages
    /// out, and stay in the plan.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let snapshot = self.table.snapshot();
        let support = |filter: &&Expr| {
            if filter.column_refs().iter().any(|column| self.columns.index_of(column.name()).is_err()) {
                TableProviderFilterPushDown::Unsupported
            } else if partition_filter::is_settled_by_files(filter, snapshot) {
                TableProviderFilterPushDown::Exact
            } else if partition_filter::is_plain(filter) {
                TableProviderFilterPushDown::Inexact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let snapshot = self.table.snapshot();
        let (settled, rest): (Vec<&Expr>, Vec<&Expr>) =
            filters.iter().partition(|filter| partition_filter::is_settled_by_files(filter, snapshot));
        let mut files: Vec<usize> = (0..snapshot.files.len()).collect();
        for filter in settled {
            files = partition_filter::passing(filter, files, snapshot, &self.schema).map_err(to_datafusion)?;
        }
        let pruner = conjunction(rest.into_iter().cloned()).and_then(|predicate| self.pruner(state, predicate));
        let table = match state.config().get_extension::<QueryMeter>() {
            Some(meter) => self.table.with_meter(&meter.0),
            None => self.table.clone(),
        };
        let pruners: Vec<Arc<dyn Pruner>> = pruner.iter().map(|pruner| pruner.clone() as _).collect();
        let (files, statistics) =
            prune_files(snapshot, &table.statistics(), files, &pruners).await.map_err(to_datafusion)?;
        let columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        // Rows that are only counted need not be read where the log knows their number.
        let live_rows = match columns.is_empty() && pruner.is_none() {
            true => self.counted_rows(&files, &statistics).await.map_err(to_datafusion)?,
            false => self.live_rows(),
        };
        let bounds = match pruner.is_none() && limit.is_none() && !columns.is_empty() {
            true => exact_bounds::of(snapshot, &files, &columns, &self.columns, &statistics).await,
            false => Ok(None),
        };
        let bounds = bounds.map_err(to_datafusion)?;
        let scan = LakeglassScan::new(&self.name, &self.table, &self.footers, &self.schema, columns, live_rows)?
            .with_bounds(bounds)
            .with_files(files, state.config().target_partitions())
            .with_statistics(statistics)
            .with_pruner(pruner)
            .with_limit(limit);
        Ok(Arc::new(scan))
    }
}

impl LakeglassTable {
    /// For each file, how many rows of it are not deleted, where that was read with the log; worked out once.
    fn live_rows(&self) -> Arc<[Option<u64>]> {
        self.live_rows.get_or_init(|| self.table.snapshot().files.iter().map(DataFile::live_rows).collect()).clone()
    }

    /// The same, and for `files` what was not read with the snapshot.
    async fn counted_rows(&self, files: &[usize], statistics: &SharedStatistics) -> crate::Result<Arc<[Option<u64>]>> {
        let snapshot = self.table.snapshot();
        let may_be_told = |file: &DataFile| file.row_count.is_none() && file.statistics.is_some();
        if !files.iter().filter_map(|file| snapshot.files.get(*file)).any(may_be_told) {
            return Ok(self.live_rows());
        }
        let counts = statistics.of(files, &[]).await?.row_count;
        let mut rows = vec![None; snapshot.files.len()];
        for (file, row_count) in files.iter().zip(&counts) {
            if let (Some(place), Some(data_file)) = (rows.get_mut(*file), snapshot.files.get(*file)) {
                *place = data_file.live_rows_of(row_count);
            }
        }
        Ok(rows.into())
    }

    /// A pruner for a predicate of the logical plan; `None` where it cannot prune.
    fn pruner(&self, state: &dyn Session, predicate: Expr) -> Option<Arc<PredicatePruner>> {
        let schema = DFSchema::try_from(self.columns.clone()).ok()?;
        let physical = state.create_physical_expr(predicate, &schema).ok()?;
        PredicatePruner::new(physical, &self.columns).map(Arc::new)
    }
}
