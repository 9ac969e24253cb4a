//! A session: named tables, and the queries over them.

use super::catalog::definitions;
use super::catalog::registry::{Catalog, Registry};
use super::catalog::table_provider::LakeglassTable;
use super::commands::explain;
use super::commands::explain::PlanNode;
use super::commands::log_tables;
use super::commands::show;
use super::error::from_datafusion;
use super::exec::run::{Running, start};
use super::numbers::SqlDialect;
use super::options::SessionOptions;
use super::output::{plain_batches, plain_schema};
use super::parse::compat;
use super::parse::params::Params;
use super::parse::statement;
use super::parse::statement::Request;
use super::plan::deep_stack;
use super::resolve;
use super::result::{QueryResult, answer};
use super::session_state;
use super::table_functions;
use super::time_travel;
use crate::error::{Error, Result};
use crate::scan::{FooterCache, METADATA, TRACKED};
use crate::storage::{Meter, StorageOptions};
use crate::table::Table;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::execution::context::SessionState;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast::{ObjectName, Statement};
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Named tables at chosen versions, and the queries over them. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Session {
    footers: FooterCache,
    pub(super) registry: Arc<Registry>,
    pub(super) state: Arc<SessionState>,
    storage: StorageOptions,
    dialect: SqlDialect,
}

impl Session {
    /// A session without tables.
    pub fn new(options: SessionOptions) -> Result<Session> {
        Session::with_footers(options, FooterCache::default())
    }

    /// The same, whose scans share `footers` with others.
    pub fn with_footers(options: SessionOptions, footers: FooterCache) -> Result<Session> {
        let registry = Arc::new(Registry::default());
        let state = Arc::new(session_state::state(&options, &registry)?);
        let dialect = options.dialect;
        let mut storage = options.storage;
        storage.pool = storage.pool.clone().or_else(|| Some(storage.new_pool()));
        Ok(Session { footers, registry, state, storage, dialect })
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
        self.query_with(sql, &Params::None).await
    }

    /// The same for a statement with parameters: `?`, `$1` or `$name`.
    pub async fn query_with(&self, sql: &str, params: &Params) -> Result<QueryResult> {
        match statement::parse(sql, params)? {
            Request::ShowTables(pattern) => Ok(answer(show::tables(&self.registry.entries(), pattern.as_deref())?)),
            Request::Describe(name) => self.describe(&name).await,
            Request::DescribeHistory(name, limit) => {
                let meter = Meter::of_query();
                let history = log_tables::history(&self.table(&name)?.with_meter(&meter), limit).await?;
                Ok(QueryResult { meter, ..answer(history) })
            }
            Request::DescribeDetail(name) => Ok(answer(log_tables::detail(&self.table(&name)?).await?)),
            Request::DescribeQuery(statement) => {
                let (_, _, plan) = self.plan(*statement).await?;
                Ok(answer(show::columns(&plan.schema())?))
            }
            Request::Summarize(source) => Box::pin(self.summarize(&source)).await,
            Request::Define(definition) => Box::pin(self.define(definition)).await,
            Request::Query(statement) => Box::pin(self.run(*statement)).await,
        }
    }

    /// The lakehouse table that a name in a statement means.
    pub(super) fn table(&self, name: &ObjectName) -> Result<Table> {
        Ok(self.registry.find(name)?.table().clone())
    }

    async fn run(&self, statement: Statement) -> Result<QueryResult> {
        if let Statement::Explain { analyze: true, statement, .. } = statement {
            return Box::pin(self.analyze(*statement)).await;
        }
        let (state, meter, plan) = self.plan(statement).await?;
        let Running { batches, progress, plan } = start(state, plan)?;
        let schema = plain_schema(&plan.schema());
        let output = schema.clone();
        let plain = move |batch: Result<RecordBatch>| {
            let pieces = batch.and_then(|batch| plain_batches(batch, &output));
            stream::iter(pieces.map_or_else(|error| vec![Err(error)], |pieces| pieces.into_iter().map(Ok).collect()))
        };
        let batches = batches.flat_map(plain).boxed();
        Ok(QueryResult { schema, batches, meter, progress })
    }

    /// `EXPLAIN ANALYZE`: runs the statement to its end when the answer is asked for.
    async fn analyze(&self, statement: Statement) -> Result<QueryResult> {
        let (state, meter, plan) = self.plan(statement).await?;
        let running = start(state, plan)?;
        let progress = running.progress.clone();
        let answer = async move { explain::analyzed(&running.finish().await?).map_err(from_datafusion) };
        Ok(QueryResult { schema: explain::analyzed_schema(), batches: stream::once(answer).boxed(), meter, progress })
    }

    /// The plan of a query; with `analyze` it is run, and each operator tells what it did. Of the statements that are no
    /// queries there is none: `invalid_sql`. The meter counts what it takes.
    pub async fn explain(&self, sql: &str, params: &Params, analyze: bool) -> Result<(PlanNode, Meter)> {
        let statement = match statement::parse(sql, params)? {
            Request::Query(statement) => match *statement {
                Statement::Explain { statement, .. } => *statement,
                other => other,
            },
            _ => return Err(Error::InvalidSql { message: "only queries have a plan: SELECT, WITH, VALUES".into() }),
        };
        let (state, meter, plan) = self.plan(statement).await?;
        let plan = if analyze { start(state, plan)?.finish().await? } else { plan };
        Ok((PlanNode::of(&plan), meter))
    }

    /// A statement's plan, with the state to run it in and the meter it will count into.
    pub(super) async fn plan(&self, statement: Statement) -> Result<(SessionState, Meter, Arc<dyn ExecutionPlan>)> {
        let meter = Meter::of_query();
        let (state, plan) = self.plan_into(statement, &meter).await?;
        Ok((state, meter, plan))
    }

    /// The same, counted into `meter`.
    pub(super) async fn plan_into(
        &self,
        statement: Statement,
        meter: &Meter,
    ) -> Result<(SessionState, Arc<dyn ExecutionPlan>)> {
        deep_stack::poll(Box::pin(self.plan_here(statement, meter))).await
    }

    async fn plan_here(
        &self,
        mut statement: Statement,
        meter: &Meter,
    ) -> Result<(SessionState, Arc<dyn ExecutionPlan>)> {
        let plain = session_state::query_state(&self.state, Catalog::with(&self.registry, BTreeMap::new()), meter);
        definitions::inline(&mut statement, &self.registry.views())?;
        if self.dialect == SqlDialect::DuckDb {
            compat::refuse_trailing(&statement)?;
        }
        let with_metadata = resolve::mentions(&statement, &[METADATA]);
        // By whatever name the statement calls `_metadata` further in.
        let tracked: Vec<&str> = TRACKED.into_iter().filter(|field| resolve::mentions(&statement, &[field])).collect();
        let opening = table_functions::Opening {
            registry: &self.registry,
            footers: &self.footers,
            storage: &self.storage,
            meter,
            metadata: with_metadata.then_some(tracked.as_slice()),
        };
        let mut own = table_functions::open(&mut statement, &opening).await?;
        if with_metadata {
            own.extend(self.registry.with_metadata(&tracked));
        }
        for (name, table) in time_travel::open(&mut statement, &self.registry, &self.footers, &plain, meter).await? {
            let table = table.with_metadata(&tracked).filter(|_| with_metadata).unwrap_or(table);
            own.insert(name, Arc::new(table));
        }
        let mut schemas = self.registry.schemas();
        schemas.extend(own.iter().map(|(name, table)| (name.clone(), table.schema())));
        check_tracked(&statement, &schemas)?;
        resolve::resolve(&mut statement, &schemas)?;
        let catalog = Catalog::with(&self.registry, own);
        let state = session_state::query_state(&self.state, catalog, meter);
        let statement = PlannerStatement::Statement(Box::new(statement));
        let logical = state.statement_to_plan(statement).await.map_err(from_datafusion)?;
        let plan = state.create_physical_plan(&logical).await.map_err(from_datafusion)?;
        Ok((state, plan))
    }
}

/// Refuses a statement that asks for the identity of rows where no table keeps track of it.
fn check_tracked(statement: &Statement, schemas: &BTreeMap<String, SchemaRef>) -> Result<()> {
    let has = |schema: &SchemaRef, tracked: &str| match schema.field_with_name(METADATA).map(Field::data_type) {
        Ok(DataType::Struct(fields)) => fields.find(tracked).is_some(),
        _ => false,
    };
    for tracked in TRACKED {
        if resolve::mentions(statement, &[METADATA, tracked]) && !schemas.values().any(|schema| has(schema, tracked)) {
            let reason = format!(
                "_metadata.{tracked} needs a table with delta.enableRowTracking; row_index is a row's place in its file"
            );
            return Err(Error::unsupported("rowTracking", reason));
        }
    }
    Ok(())
}
