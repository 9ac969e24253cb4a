//! What a session defines for itself: `CREATE VIEW`, `CREATE TABLE … AS SELECT`, and `DROP` of those.
//!
//! A view is a query that is put in the place of its name ([`view`]); a table is rows in memory, counted against the session's
//! limit for as long as it is there ([`memory_table`]). Nothing is ever written to a lakehouse table.

mod memory_table;
mod view;

use crate::error::{Error, Result};
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{
    CreateTable, CreateTableOptions, CreateView, Ident, ObjectName, ObjectType, Query, Statement,
};

pub use memory_table::MemoryTable;
pub use view::{View, inline};

/// A statement that defines something.
#[derive(Debug)]
pub enum Definition {
    /// `CREATE VIEW`, `CREATE TABLE … AS`.
    Create(Box<Create>),
    /// `DROP VIEW`, `DROP TABLE`.
    Drop {
        /// What is dropped.
        names: Vec<ObjectName>,
        /// A view, rather than a table.
        view: bool,
        /// Whether one that is not there is no error.
        if_exists: bool,
    },
}

/// A view or a table to be.
#[derive(Debug)]
pub struct Create {
    /// Its name.
    pub name: String,
    /// Its columns' names, where they are told.
    pub columns: Vec<Ident>,
    /// What it is of.
    pub query: Box<Query>,
    /// A view, rather than a table.
    pub view: bool,
    /// Whether it may take the place of another.
    pub replace: bool,
    /// Whether one that is there stays.
    pub if_not_exists: bool,
}

/// The definition that `statement` makes, if it makes one that is known.
pub fn of(statement: Statement) -> Result<Result<Definition, Statement>> {
    match statement {
        Statement::CreateView(view) if !view.materialized && view.to.is_none() => {
            let CreateView { or_replace: replace, if_not_exists, name, columns, query, .. } = view;
            let columns = columns.into_iter().map(|column| column.name).collect();
            let name = own_name(&name)?;
            Ok(Ok(Definition::Create(Box::new(Create { name, columns, query, view: true, replace, if_not_exists }))))
        }
        Statement::CreateTable(table) if is_plain(&table) => {
            let CreateTable { or_replace: replace, if_not_exists, name, query, .. } = table;
            let Some(query) = query else {
                return Err(Error::unsupported("CREATE TABLE without a query", "write CREATE TABLE name AS SELECT …"));
            };
            let name = own_name(&name)?;
            let columns = Vec::new();
            Ok(Ok(Definition::Create(Box::new(Create { name, columns, query, view: false, replace, if_not_exists }))))
        }
        Statement::Drop { object_type: kind @ (ObjectType::Table | ObjectType::View), if_exists, names, .. } => {
            Ok(Ok(Definition::Drop { names, view: kind == ObjectType::View, if_exists }))
        }
        other => Ok(Err(other)),
    }
}

/// Whether nothing is asked of a table but its name and its rows.
fn is_plain(table: &CreateTable) -> bool {
    !table.external
        && !table.iceberg
        && table.columns.is_empty()
        && table.constraints.is_empty()
        && table.location.is_none()
        && table.file_format.is_none()
        && table.like.is_none()
        && table.clone.is_none()
        && table.partition_by.is_none()
        && matches!(table.table_options, CreateTableOptions::None)
}

/// The name, without the schema that all tables are in.
fn own_name(name: &ObjectName) -> Result<String> {
    let parts: Option<Vec<&str>> = name.0.iter().map(|part| Some(part.as_ident()?.value.as_str())).collect();
    match parts.as_deref() {
        Some([name]) => Ok(name.to_string()),
        Some([schema, name]) if schema.eq_ignore_ascii_case(crate::sql::reserved_names::SCHEMA) => Ok(name.to_string()),
        _ => Err(invalid(format!("{name}: there is one schema, {}", crate::sql::reserved_names::SCHEMA))),
    }
}
