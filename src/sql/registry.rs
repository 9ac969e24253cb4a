//! The tables of a session by name, and how DataFusion's catalog sees them: one catalog, one schema.

use super::names;
use super::table_provider::LakeglassTable;
use crate::error::{Error, Result};
use crate::table::Table;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::ObjectName;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The one catalog's name.
pub const CATALOG: &str = "lakeglass";
/// The one schema's name.
pub const SCHEMA: &str = "main";
/// The schema that describes the others.
pub const INFORMATION_SCHEMA: &str = "information_schema";

/// Tables by name. It is the catalog, the schema in it, and the list of catalogs.
#[derive(Debug, Default)]
pub struct Registry {
    tables: RwLock<BTreeMap<String, Arc<LakeglassTable>>>,
}

impl Registry {
    /// Makes `table` known by its name; replaces what had the name.
    pub fn insert(&self, table: LakeglassTable) -> Result<()> {
        let name = table.name().to_string();
        if name.is_empty() {
            return Err(Error::InvalidSql { message: "a table's name is empty".into() });
        }
        self.tables.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(table));
        Ok(())
    }

    /// Forgets `name`; false if it was not known.
    pub fn remove(&self, name: &str) -> bool {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }

    fn snapshot(&self) -> BTreeMap<String, Arc<LakeglassTable>> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tables by name, sorted.
    pub fn tables(&self) -> Vec<(String, Table)> {
        self.snapshot().into_iter().map(|(name, provider)| (name, provider.table().clone())).collect()
    }

    /// The table of this name.
    pub fn get(&self, name: &str) -> Option<Arc<LakeglassTable>> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The table that a name in a statement means.
    pub fn find(&self, name: &ObjectName) -> Result<Arc<LakeglassTable>> {
        let name = names::table_name(name, &self.schemas())?;
        self.get(&name).ok_or_else(|| Error::internal("a table vanished"))
    }

    /// The tables with their hidden column `_metadata`, and those of `tracked` in it where a table keeps track of rows; those
    /// that have a column by this name are left out.
    pub fn with_metadata(&self, tracked: &[&str]) -> BTreeMap<String, Arc<dyn TableProvider>> {
        let with = |(name, table): (String, Arc<LakeglassTable>)| {
            Some((name, Arc::new(table.with_metadata(tracked)?) as Arc<dyn TableProvider>))
        };
        self.snapshot().into_iter().filter_map(with).collect()
    }

    /// The tables' columns by table name.
    pub fn schemas(&self) -> BTreeMap<String, SchemaRef> {
        self.snapshot().into_iter().map(|(name, provider)| (name, provider.schema())).collect()
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
        self.registry.snapshot().into_keys().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let registered = || self.registry.get(name).map(|table| table as Arc<dyn TableProvider>);
        Ok(self.own.get(name).cloned().or_else(registered))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.registry.get(name).is_some()
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
