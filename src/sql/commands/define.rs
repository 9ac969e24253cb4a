//! A session's own views and tables: made, dropped, described.

use super::show;
use crate::error::{Error, Result};
use crate::sql::catalog::definitions::{Create, Definition, MemoryTable, View};
use crate::sql::catalog::registry::Entry;
use crate::sql::error::{from_arrow, invalid};
use crate::sql::exec::run::start;
use crate::sql::result::{QueryResult, answer};
use crate::sql::session::Session;
use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Statement};
use std::sync::Arc;

impl Session {
    /// Makes the rows of an Arrow IPC stream or file known as `name`: a table in memory, counted against the session's limit.
    /// Replaces what had the name.
    pub async fn register_ipc(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let table = MemoryTable::from_ipc(name, bytes, &self.state.runtime_env().memory_pool).await?;
        self.registry.define(name, Entry::Memory(Arc::new(table)))
    }

    pub(in crate::sql) async fn define(&self, definition: Definition) -> Result<QueryResult> {
        match definition {
            Definition::Create(create) => self.create(*create).await,
            Definition::Drop { names, view, if_exists } => {
                let found: Vec<Option<String>> =
                    names.iter().map(|name| self.droppable(name, view, if_exists)).collect::<Result<_>>()?;
                let found: Vec<String> = found.into_iter().flatten().collect();
                for name in &found {
                    self.registry.remove(name);
                }
                done("dropped", found, None)
            }
        }
    }

    /// The columns of a table or view.
    pub(in crate::sql) async fn describe(&self, name: &ObjectName) -> Result<QueryResult> {
        match self.spelled(name) {
            Some((_, Entry::Memory(_) | Entry::View(_))) => {
                let (_, _, plan) = self.plan(crate::sql::parse::statement::select_all(name)?).await?;
                Ok(answer(show::columns(&plan.schema())?))
            }
            _ => Ok(answer(show::columns(&self.table(name)?.snapshot().schema.logical)?)),
        }
    }

    async fn create(&self, create: Create) -> Result<QueryResult> {
        let Create { name, columns, query, view, replace, if_not_exists } = create;
        match self.spelled(&ObjectName::from(vec![Ident::new(name.as_str())])) {
            Some((_, Entry::Lake(_))) => {
                let hint = "a lakehouse table has this name, and is read-only: choose another";
                return Err(Error::unsupported(format!("CREATE {name}"), hint));
            }
            Some(_) if if_not_exists => return done("created", Vec::new(), None),
            Some(_) if !replace => {
                return Err(invalid(format!("{name} is there already: write CREATE OR REPLACE, or DROP it")));
            }
            Some((other, _)) if other != name => {
                return Err(invalid(format!("{other} is there already, of another case: DROP it")));
            }
            _ => {}
        }
        let (state, _, plan) = self.plan(Statement::Query(query.clone())).await?;
        let schema = plan.schema();
        if view {
            let count = schema.fields().len();
            if !columns.is_empty() && columns.len() != count {
                return Err(invalid(format!("{name}: {} names for {count} columns", columns.len())));
            }
            self.registry.define(&name, Entry::View(Arc::new(View { query, columns })))?;
            return done("created", vec![name], None);
        }
        let pool = state.runtime_env().memory_pool.clone();
        let table = MemoryTable::collect(&name, schema, start(state, plan)?.batches, &pool).await?;
        let rows = table.rows();
        self.registry.define(&name, Entry::Memory(Arc::new(table)))?;
        done("created", vec![name], Some(rows))
    }

    /// What a name means, and how it is spelled.
    fn spelled(&self, name: &ObjectName) -> Option<(String, Entry)> {
        let ident = name.0.last()?.as_ident()?;
        let entries = self.registry.entries();
        if let Some(entry) = entries.get(&ident.value) {
            return Some((ident.value.clone(), entry.clone()));
        }
        let lower = ident.value.to_lowercase();
        entries.into_iter().find(|(known, _)| ident.quote_style.is_none() && known.to_lowercase() == lower)
    }

    /// The spelling of what is to be dropped; `None` where it need not be there.
    fn droppable(&self, name: &ObjectName, view: bool, if_exists: bool) -> Result<Option<String>> {
        match (self.spelled(name), view) {
            (Some((_, Entry::Lake(_))), _) => {
                let hint = "it is a lakehouse table, which is read-only; deregister forgets its name";
                Err(Error::unsupported(format!("DROP {name}"), hint))
            }
            (Some((spelling, Entry::View(_))), true) | (Some((spelling, Entry::Memory(_))), false) => {
                Ok(Some(spelling))
            }
            (Some(_), true) => Err(invalid(format!("{name} is a table: write DROP TABLE"))),
            (Some(_), false) => Err(invalid(format!("{name} is a view: write DROP VIEW"))),
            (None, _) if if_exists => Ok(None),
            (None, _) => Err(invalid(format!("there is no {name}"))),
        }
    }
}

/// What was done, as a result: the names, and how many rows they have.
fn done(what: &str, names: Vec<String>, rows: Option<usize>) -> Result<QueryResult> {
    let rows: UInt64Array = names.iter().map(|_| rows.map(|rows| rows as u64)).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        (what, Arc::new(StringArray::from(names)) as ArrayRef, false),
        ("rows", Arc::new(rows), true),
    ]);
    Ok(answer(batch.map_err(from_arrow)?))
}
