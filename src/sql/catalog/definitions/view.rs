//! Views: queries under a name, put in its place before anything else is done with a statement. Pure.

use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::visitor::walk;
use datafusion::sql::sqlparser::ast::{
    Cte, Ident, ObjectName, Query, Statement, TableAlias, TableAliasColumnDef, TableFactor, VisitorMut,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Views in each other, and views in one statement. What they stand for adds to a statement's depth and length.
const DEEPEST: usize = 8;
const MOST: usize = 100;

/// A query under a name.
#[derive(Debug)]
pub struct View {
    /// What it stands for.
    pub query: Box<Query>,
    /// Its columns' names, where they were told.
    pub columns: Vec<Ident>,
}

/// Puts what the views stand for in the place of their names.
pub fn inline(statement: &mut Statement, views: &BTreeMap<String, Arc<View>>) -> Result<()> {
    if views.is_empty() {
        return Ok(());
    }
    walk(statement, &mut Inline { views, ctes: Vec::new(), depth: 0, count: 0 })
}

struct Inline<'v> {
    views: &'v BTreeMap<String, Arc<View>>,
    /// The names of the CTEs around, which come before views.
    ctes: Vec<Vec<String>>,
    depth: usize,
    count: usize,
}

impl Inline<'_> {
    /// The view that a name means.
    fn find(&self, name: &ObjectName) -> Option<(String, Arc<View>)> {
        let [.., last] = name.0.as_slice() else { return None };
        let ident = last.as_ident()?;
        let lower = ident.value.to_lowercase();
        if name.0.len() == 1 && self.ctes.iter().flatten().any(|cte| *cte == lower) {
            return None;
        }
        let exact = self.views.get_key_value(&ident.value);
        let mut similar =
            self.views.iter().filter(|(view, _)| ident.quote_style.is_none() && view.to_lowercase() == lower);
        let found = exact.or_else(|| similar.next())?;
        Some((found.0.clone(), found.1.clone()))
    }

    fn put(&mut self, factor: &mut TableFactor) -> Result<()> {
        let TableFactor::Table { name, alias, args: None, version, .. } = factor else { return Ok(()) };
        let Some((spelling, view)) = self.find(name) else { return Ok(()) };
        if version.is_some() {
            let hint = "a view has no versions: ask for them inside of it";
            return Err(Error::unsupported(format!("{spelling} at a version"), hint));
        }
        self.count += 1;
        if self.depth >= DEEPEST || self.count > MOST {
            return Err(invalid(format!("views are too deep in each other, or too many: {spelling}")));
        }
        let mut query = Statement::Query(view.query.clone());
        let around = std::mem::take(&mut self.ctes);
        self.depth += 1;
        let visited = walk(&mut query, self);
        self.depth -= 1;
        self.ctes = around;
        visited?;
        let Statement::Query(subquery) = query else { return Err(Error::internal("a view is a query")) };
        let mut alias = alias.take().unwrap_or(TableAlias {
            explicit: true,
            name: Ident::with_quote('"', spelling),
            columns: Vec::new(),
            at: None,
        });
        if alias.columns.is_empty() {
            let column = |name: &Ident| TableAliasColumnDef { name: name.clone(), data_type: None };
            alias.columns = view.columns.iter().map(column).collect();
        }
        *factor = TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None };
        Ok(())
    }
}

impl VisitorMut for Inline<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let name = |cte: &Cte| cte.alias.name.value.to_lowercase();
        self.ctes.push(query.with.iter().flat_map(|with| with.cte_tables.iter().map(name)).collect());
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.ctes.pop();
        ControlFlow::Continue(())
    }

    // Behind its parts: what is put in has been walked through already.
    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        match self.put(factor) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}
