//! A session: named tables, and the queries over them.

use super::engine;
use super::error::from_datafusion;
use super::log_tables;
use super::names;
use super::output::{plain_batch, plain_schema};
use super::registry::{Catalog, Registry};
use super::show;
use super::statement::{self, Request};
use super::table_functions;
use super::table_provider::LakeglassTable;
use super::time_travel;
use crate::error::{Error, Result};
use crate::scan::{FooterCache, METADATA, TRACKED};
use crate::storage::Meter;
use crate::table::Table;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::execution::context::SessionState;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast::{ObjectName, Statement};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a session runs its queries.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Partitions of a plan. One is best where one thread does the work: a scan reads several files ahead by itself, and what
    /// is split has to be put together again (an aggregate would keep each group once for each partition).
    pub target_partitions: usize,
    /// Rows per batch.
    pub batch_size: usize,
    /// Bytes that queries may hold; `None` sets no limit.
    pub memory_limit: Option<usize>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions { target_partitions: 1, batch_size: 8192, memory_limit: None }
    }
}

/// Named tables at chosen versions, and the queries over them. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Session {
    footers: FooterCache,
    registry: Arc<Registry>,
    state: Arc<SessionState>,
}

/// A running query: its columns, its rows as they come, and what they cost.
pub struct QueryResult {
    /// The columns. View types are turned into plain ones, so that every Arrow reader understands the batches.
    pub schema: SchemaRef,
    /// The rows. Dropping it cancels the query. It has to be polled within a tokio runtime.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
    /// What this query has fetched, so far.
    pub meter: Meter,
}

impl Session {
    /// A session without tables.
    pub fn new(options: SessionOptions) -> Result<Session> {
        Session::with_footers(options, FooterCache::default())
    }

    /// The same, whose scans share `footers` with others.
    pub fn with_footers(options: SessionOptions, footers: FooterCache) -> Result<Session> {
        let registry = Arc::new(Registry::default());
        let state = Arc::new(engine::state(&options, &registry)?);
        Ok(Session { footers, registry, state })
    }

    /// Makes `table` known as `name` (one that needs quotes is quoted in SQL). Replaces what had the name. A name without
    /// quotes finds its table whatever its case, as long as only one fits.
    pub fn register(&self, name: &str, table: Table) -> Result<()> {
        self.registry.insert(LakeglassTable::new(name, table, &self.footers))
    }

    /// Forgets `name`; false if it was not known.
    pub fn deregister(&self, name: &str) -> Result<bool> {
        Ok(self.registry.remove(name))
    }

    /// The tables by name, sorted.
    pub fn tables(&self) -> Vec<(String, Table)> {
        self.registry.tables()
    }

    /// The footers read so far, for scans beside SQL.
    pub fn footers(&self) -> &FooterCache {
        &self.footers
    }

    /// Plans `sql`, one statement, and starts it. No data file is read before the first batch is asked for.
    pub async fn query(&self, sql: &str) -> Result<QueryResult> {
        match statement::parse(sql)? {
            Request::ShowTables(pattern) => Ok(answer(show::tables(&self.tables(), pattern.as_deref())?)),
            Request::Describe(name) => Ok(answer(show::columns(&self.table(&name)?.snapshot().schema.logical)?)),
            Request::DescribeHistory(name, limit) => {
                let meter = Meter::default();
                let history = log_tables::history(&self.table(&name)?.with_meter(&meter), limit).await?;
                Ok(QueryResult { meter, ..answer(history) })
            }
            Request::DescribeDetail(name) => Ok(answer(log_tables::detail(&self.table(&name)?).await?)),
            Request::DescribeQuery(statement) => {
                let (_, _, plan) = self.plan(*statement).await?;
                Ok(answer(show::columns(&plan.schema())?))
            }
            Request::Query(statement) => self.run(*statement).await,
        }
    }

    /// The table that a name in a statement means.
    fn table(&self, name: &ObjectName) -> Result<Table> {
        Ok(self.registry.find(name)?.table().clone())
    }

    async fn run(&self, statement: Statement) -> Result<QueryResult> {
        let (state, meter, plan) = self.plan(statement).await?;
        let schema = plain_schema(&plan.schema());
        // Some operators start their tasks when they are executed: that waits for the first poll.
        let started = stream::once(async move { execute_stream(plan, state.task_ctx()) }).try_flatten();
        let output = schema.clone();
        let batches = started.map(move |batch| plain_batch(&batch.map_err(from_datafusion)?, &output)).boxed();
        Ok(QueryResult { schema, batches, meter })
    }

    /// A statement's plan, with the state to run it in and the meter it will count into.
    async fn plan(&self, mut statement: Statement) -> Result<(SessionState, Meter, Arc<dyn ExecutionPlan>)> {
        let meter = Meter::default();
        let plain = engine::query_state(&self.state, Catalog::with(&self.registry, BTreeMap::new()), &meter);
        let with_metadata = names::mentions(&statement, &[METADATA]);
        // By whatever name the statement calls `_metadata` further in.
        let tracked: Vec<&str> = TRACKED.into_iter().filter(|field| names::mentions(&statement, &[field])).collect();
        let mut own = table_functions::open(&mut statement, &self.registry, &self.footers, &meter).await?;
        if with_metadata {
            own.extend(self.registry.with_metadata(&tracked));
        }
        for (name, table) in time_travel::open(&mut statement, &self.registry, &self.footers, &plain, &meter).await? {
            let table = table.with_metadata(&tracked).filter(|_| with_metadata).unwrap_or(table);
            own.insert(name, Arc::new(table));
        }
        let mut schemas = self.registry.schemas();
        schemas.extend(own.iter().map(|(name, table)| (name.clone(), table.schema())));
        check_tracked(&statement, &schemas)?;
        names::resolve(&mut statement, &schemas)?;
        let catalog = Catalog::with(&self.registry, own);
        let state = engine::query_state(&self.state, catalog, &meter);
        let statement = PlannerStatement::Statement(Box::new(statement));
        let logical = state.statement_to_plan(statement).await.map_err(from_datafusion)?;
        let plan = state.create_physical_plan(&logical).await.map_err(from_datafusion)?;
        Ok((state, meter, plan))
    }
}

/// Refuses a statement that asks for the identity of rows where no table keeps track of it.
fn check_tracked(statement: &Statement, schemas: &BTreeMap<String, SchemaRef>) -> Result<()> {
    let has = |schema: &SchemaRef, tracked: &str| match schema.field_with_name(METADATA).map(Field::data_type) {
        Ok(DataType::Struct(fields)) => fields.find(tracked).is_some(),
        _ => false,
    };
    for tracked in TRACKED {
        if names::mentions(statement, &[METADATA, tracked]) && !schemas.values().any(|schema| has(schema, tracked)) {
            let reason = format!(
                "_metadata.{tracked} needs a table with delta.enableRowTracking; row_index is a row's place in its file"
            );
            return Err(Error::unsupported("rowTracking", reason));
        }
    }
    Ok(())
}

/// A result that is there already.
fn answer(batch: RecordBatch) -> QueryResult {
    QueryResult { schema: batch.schema(), batches: stream::iter([Ok(batch)]).boxed(), meter: Meter::default() }
}
