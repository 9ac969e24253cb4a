//! The tables of a session by name, and how DataFusion's catalog sees them: one catalog, one schema.

use super::definitions::{MemoryTable, View};
use super::table_provider::LakeglassTable;
use crate::error::{Error, Result};
use crate::sql::reserved_names::{CATALOG, SCHEMA};
use crate::sql::resolve;
use crate::table::Table;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::ObjectName;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What a name in a session means.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A lakehouse table.
    Lake(Arc<LakeglassTable>),
    /// Rows in memory.
    Memory(Arc<MemoryTable>),
    /// A query.
    View(Arc<View>),
}

impl Entry {
    /// What is planned; a view is put into the statement before.
    fn provider(&self) -> Option<Arc<dyn TableProvider>> {
        match self {
            Entry::Lake(table) => Some(table.clone()),
            Entry::Memory(table) => Some(table.clone()),
            Entry::View(_) => None,
        }
    }
}

/// Tables and views by name. It is the catalog, the schema in it, and the list of catalogs.
#[derive(Debug, Default)]
pub struct Registry {
    entries: RwLock<BTreeMap<String, Entry>>,
}

impl Registry {
    /// Makes `table` known by its name; replaces what had the name.
    pub fn insert(&self, table: LakeglassTable) -> Result<()> {
        let name = table.name().to_string();
        self.define(&name, Entry::Lake(Arc::new(table)))
    }

    /// Makes `entry` known as `name`; replaces what had the name.
    pub fn define(&self, name: &str, entry: Entry) -> Result<()> {
        if name.is_empty() {
            return Err(Error::InvalidSql { message: "a table's name is empty".into() });
        }
        self.entries.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), entry);
        Ok(())
    }

    /// Forgets `name`; false if it was not known.
    pub fn remove(&self, name: &str) -> bool {
        self.entries.write().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }

    /// What there is by name, sorted.
    pub fn entries(&self) -> BTreeMap<String, Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lake(&self) -> impl Iterator<Item = (String, Arc<LakeglassTable>)> {
        self.entries().into_iter().filter_map(|(name, entry)| match entry {
            Entry::Lake(table) => Some((name, table)),
            _ => None,
        })
    }

    /// The lakehouse tables by name, sorted.
    pub fn tables(&self) -> Vec<(String, Table)> {
        self.lake().map(|(name, provider)| (name, provider.table().clone())).collect()
    }

    /// The views by name.
    pub fn views(&self) -> BTreeMap<String, Arc<View>> {
        let view = |(name, entry)| match entry {
            Entry::View(view) => Some((name, view)),
            _ => None,
        };
        self.entries().into_iter().filter_map(view).collect()
    }

    /// What `name` means, exactly as it is spelled.
    pub fn get(&self, name: &str) -> Option<Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The lakehouse table that a name in a statement means.
    pub fn find(&self, name: &ObjectName) -> Result<Arc<LakeglassTable>> {
        let mut schemas = self.schemas();
        schemas.extend(self.views().into_keys().map(|view| (view, Arc::new(Schema::empty()))));
        let name = resolve::table_name(name, &schemas)?;
        match self.get(&name) {
            Some(Entry::Lake(table)) => Ok(table),
            Some(_) => {
                let hint =
                    "it is a view, or a table of this session: it has no log, and so no versions, files or history";
                Err(Error::unsupported(name, hint))
            }
            None => Err(Error::internal("a table vanished")),
        }
    }

    /// The tables with their hidden column `_metadata`, and those of `tracked` in it where a table keeps track of rows; those
    /// that have a column by this name are left out.
    pub fn with_metadata(&self, tracked: &[&str]) -> BTreeMap<String, Arc<dyn TableProvider>> {
        let with = |(name, table): (String, Arc<LakeglassTable>)| {
            Some((name, Arc::new(table.with_metadata(tracked)?) as Arc<dyn TableProvider>))
        };
        self.lake().filter_map(with).collect()
    }

    /// The tables' columns by table name.
    pub fn schemas(&self) -> BTreeMap<String, SchemaRef> {
        self.entries().into_iter().filter_map(|(name, entry)| Some((name, entry.provider()?.schema()))).collect()
    }
}

/// The catalog side of a [`Registry`], of which each level is made anew when asked for.
#[derive(Debug, Clone)]
pub struct Catalog {
    registry: Arc<Registry>,
    /// Tables of one statement alone, which are found and not listed.
    own: Arc<BTreeMap<String, Arc<dyn TableProvider>>>,
}

impl Catalog {
    /// The tables of `registry`, and those that a statement has made for itself.
    pub fn with(registry: &Arc<Registry>, own: BTreeMap<String, Arc<dyn TableProvider>>) -> Catalog {
        Catalog { registry: registry.clone(), own: Arc::new(own) }
    }
}

#[async_trait]
impl SchemaProvider for Catalog {
    fn table_names(&self) -> Vec<String> {
        self.registry.schemas().into_keys().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let registered = || self.registry.get(name).and_then(|entry| entry.provider());
        Ok(self.own.get(name).cloned().or_else(registered))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.registry.get(name).is_some_and(|entry| entry.provider().is_some())
    }
}

impl CatalogProvider for Catalog {
    fn schema_names(&self) -> Vec<String> {
        vec![SCHEMA.into()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        (name == SCHEMA).then(|| Arc::new(self.clone()) as Arc<dyn SchemaProvider>)
    }
}

impl CatalogProviderList for Catalog {
    fn register_catalog(&self, _name: String, _catalog: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![CATALOG.into()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == CATALOG).then(|| Arc::new(self.clone()) as Arc<dyn CatalogProvider>)
    }
}
